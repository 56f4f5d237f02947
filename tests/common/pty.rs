//! A program in a pseudo-terminal: keys go in, a screen comes out.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub use portable_pty::CommandBuilder;
use portable_pty::{Child, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Far above what anything here takes; it only bounds a test that has failed.
const DEADLINE: Duration = Duration::from_secs(180);

pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    modes: String,
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

impl Pty {
    /// Starts `command` in a terminal of this size, with these variables beside the usual ones, and
    /// without those that would change what it looks like.
    pub fn spawn(mut command: CommandBuilder, columns: u16, rows: u16, variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let modes = modes(pair.master.as_ref());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS", "LINES", "VTE_VERSION", "WT_SESSION"] {
            command.env_remove(name);
        }
        let usual = [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")];
        for (name, value) in usual.iter().chain(variables) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let parser = vt100::Parser::new(cells(rows), cells(columns), 2000);
        let seen = Arc::new((Mutex::new(Seen { parser, raw: Vec::new(), ended: false }), Condvar::new()));
        let mut output = pair.master.try_clone_reader().expect("its output");
        let feed = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = output.read(&mut buffer).unwrap_or(0);
                let mut seen = feed.0.lock().expect("nobody panics with it");
                seen.parser.process(&buffer[..count]);
                seen.raw.extend_from_slice(&buffer[..count]);
                seen.ended = count == 0;
                feed.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().expect("its input");
        Self { master: pair.master, child, keys, seen, modes }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the keys are taken");
        self.keys.flush().expect("the keys are taken");
    }

    /// Waits until the screen is as `wanted` says, and gives its text.
    pub fn until(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> String {
        let (seen, changed) = (&self.seen.0, &self.seen.1);
        let until = Instant::now() + DEADLINE;
        let mut now = seen.lock().expect("nobody panics with it");
        loop {
            if wanted(now.parser.screen()) {
                return now.parser.screen().contents();
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !now.ended, "{what}: the screen shows\n{}", now.parser.screen().contents());
            now = changed.wait_timeout(now, left).expect("nobody panics with it").0;
        }
    }

    /// Waits until `text` is on the screen.
    pub fn shows(&self, text: &str) -> String {
        self.until(&format!("waited for {text:?}"), |screen| screen.contents().contains(text))
    }

    /// The same, and the screen is drawn to its end: mode 2026 (synchronized output) was left.
    pub fn drawn(&self, text: &str) -> String {
        let (seen, changed) = (&self.seen.0, &self.seen.1);
        self.shows(text);
        let until = Instant::now() + DEADLINE;
        let mut now = seen.lock().expect("nobody panics with it");
        while !now.raw.ends_with(b"\x1b[?2026l") || !now.parser.screen().contents().contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !now.ended, "it is never drawn to its end: {}", now.parser.screen().contents());
            now = changed.wait_timeout(now, left).expect("nobody panics with it").0;
        }
        now.parser.screen().contents()
    }

    /// What the screen shows now, with its colours.
    pub fn screen(&self) -> vt100::Screen {
        self.seen.0.lock().expect("nobody panics with it").parser.screen().clone()
    }

    /// Everything that was written so far.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().expect("nobody panics with it").raw).into_owned()
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen.0.lock().expect("nobody panics with it").parser.screen_mut().set_size(cells(rows), cells(columns));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a new size");
    }

    /// Ends the process as nothing else does: SIGKILL.
    pub fn kill(mut self) {
        // That of `Child` begins with SIGHUP, and gives it time.
        let sent = std::process::Command::new("kill").args(["-s", "KILL", &self.pid().to_string()]).status();
        assert!(sent.expect("a command kill").success());
        self.child.wait().expect("it has ended");
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it is there")
    }

    /// Waits for the end, checks that the terminal is as it was, and gives the exit status's success
    /// and everything that was written.
    pub fn end(self) -> (bool, String) {
        let (code, _, raw) = self.ended();
        (code == 0, raw)
    }

    /// The same, with the exit code, what the screen shows at the end, and everything that was written.
    pub fn ended(mut self) -> (u32, String, String) {
        let until = Instant::now() + DEADLINE;
        let mut now = self.seen.0.lock().expect("nobody panics with it");
        while !now.ended {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end; the screen shows\n{}", now.parser.screen().contents());
            // The reader ends only when the last process that holds the terminal has gone.
            now = self.seen.1.wait_timeout(now, left).expect("nobody panics with it").0;
        }
        let screen = now.parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(modes(self.master.as_ref()), self.modes, "raw mode is off again");
        let status = self.child.wait().expect("it has ended");
        (status.exit_code(), screen.contents(), String::from_utf8_lossy(&now.raw).into_owned())
    }
}

impl Drop for Pty {
    /// A test that has failed leaves no process behind.
    fn drop(&mut self) {
        let _gone = self.child.kill();
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a size")
}

fn modes(master: &dyn MasterPty) -> String {
    let modes = master.get_termios().expect("a Unix terminal");
    format!("{:?} {:?} {:?}", modes.input_flags, modes.output_flags, modes.local_flags)
}
