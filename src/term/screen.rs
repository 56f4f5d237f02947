//! The terminal's modes: raw input, the alternate screen, the cursor.
//!
//! Invariant: whoever changes a mode holds a [`Screen`]; when that is dropped, and when the program
//! panics, everything is as it was. The process is never ended from here.

use crossterm::{cursor, event, execute, terminal};
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Raw mode is on because of us.
static RAW: AtomicBool = AtomicBool::new(false);
/// The alternate screen is shown because of us.
static ALTERNATE: AtomicBool = AtomicBool::new(false);
/// The last key that left something was Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Holds the terminal in raw mode, and its whole screen where asked for. One may be held within
/// another; each puts back what it changed itself.
#[derive(Debug)]
#[must_use]
pub struct Screen {
    raw: bool,
    alternate: bool,
}

impl Screen {
    /// Raw mode: keys come one by one and are not echoed; Ctrl-C is a key.
    ///
    /// # Errors
    /// Where standard input is no terminal.
    pub fn raw() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        let screen = Self { raw: !RAW.swap(true, Ordering::SeqCst), alternate: false };
        terminal::enable_raw_mode()?;
        // Listening begins with the first poll; a change of size before that would go unnoticed.
        event::poll(Duration::ZERO)?;
        Ok(screen)
    }

    /// Raw mode and the alternate screen, without a cursor.
    ///
    /// # Errors
    /// As [`Self::raw`].
    pub fn full() -> io::Result<Self> {
        let mut screen = Self::raw()?;
        screen.alternate = !ALTERNATE.swap(true, Ordering::SeqCst);
        execute!(io::stdout(), terminal::EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide)?;
        Ok(screen)
    }

    /// Runs a prompt that takes the terminal for itself (inquire turns raw mode off when it ends).
    /// The cursor is shown meanwhile.
    ///
    /// # Errors
    /// Where raw mode cannot be turned on again.
    pub fn lend<T>(&mut self, prompt: impl FnOnce() -> T) -> io::Result<T> {
        leave_raw();
        execute!(io::stdout(), cursor::Show)?;
        let answer = prompt();
        RAW.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        execute!(io::stdout(), event::EnableBracketedPaste, cursor::Hide)?;
        Ok(answer)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.alternate {
            leave_alternate();
        }
        if self.raw {
            leave_raw();
        }
    }
}

/// Raw mode for a prompt, without the keys that were pressed before it could be read.
pub(super) fn ready() -> io::Result<Screen> {
    let screen = Screen::raw()?;
    forget_keys()?;
    Ok(screen)
}

/// Drops what was pressed and not read yet: an Enter held down to turn pages must not answer a
/// question.
pub(super) fn forget_keys() -> io::Result<()> {
    while event::poll(Duration::ZERO)? {
        event::read()?;
    }
    Ok(())
}

/// Takes down whether the key that leaves something was Ctrl-C.
pub(super) fn note_interrupt(interrupted: bool) {
    INTERRUPTED.store(interrupted, Ordering::SeqCst);
}

/// Whether the last key that left something was Ctrl-C. In raw mode it is a key and no signal, and the program's exit
/// code tells the two ways of leaving apart all the same.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Puts the terminal back, whoever holds it: for a panic, and before the process is ended by a
/// signal while another thread reads keys.
pub fn restore() {
    leave_alternate();
    if RAW.load(Ordering::SeqCst) {
        // A prompt that was cut off had hidden the cursor.
        let _gone = execute!(io::stdout(), event::DisableBracketedPaste, cursor::Show);
    }
    leave_raw();
}

// Nothing can be done about a terminal that does not take these, so their errors are not kept.

fn leave_alternate() {
    if ALTERNATE.swap(false, Ordering::SeqCst) {
        let _gone = execute!(
            io::stdout(),
            terminal::EndSynchronizedUpdate,
            event::DisableBracketedPaste,
            terminal::LeaveAlternateScreen,
            cursor::Show
        );
        let _gone = io::stdout().flush();
    }
}

fn leave_raw() {
    if RAW.swap(false, Ordering::SeqCst) {
        let _gone = terminal::disable_raw_mode();
    }
}
