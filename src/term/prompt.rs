//! Asking a person: text, yes or no, a key.
//!
//! Invariants: nothing is asked where no terminal is attached ([`PromptError::NoTerminal`]);
//! Ctrl-C, Esc and `q` are an answer ([`Reply::Left`]), never the end of the process.

use super::{
    Terminal,
    line::{Line, Span, Style, paint},
    sanitize::sanitize_line,
    screen::{Screen, note_interrupt, ready},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use inquire::{
    InquireError,
    ui::{Attributes, RenderConfig, StyleSheet, Styled},
};
use std::io;

/// What a person gave, or that they left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reply<T> {
    /// The answer.
    Given(T),
    /// Ctrl-C, Esc or `q`.
    Left,
}

/// Nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Input, output or error is not a terminal.
    #[error("a question cannot be asked: no terminal is attached")]
    NoTerminal,
    /// The terminal failed.
    #[error("the terminal cannot be read or written: {0}")]
    Terminal(#[from] io::Error),
}

impl PromptError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoTerminal => "run it in a terminal, or give the answer as an option (see --help)",
            Self::Terminal(_) => "open another terminal and run the command again",
        }
    }
}

/// Asks for yes or no. Enter takes `default`.
///
/// # Errors
/// Where nobody can be asked.
pub fn confirm(message: &str, default: bool, terminal: &Terminal) -> Result<Reply<bool>, PromptError> {
    attached(terminal)?;
    let _raw = ready()?;
    let message = sanitize_line(message);
    let prompt = inquire::Confirm::new(&message).with_default(default).with_render_config(colors(terminal));
    replied(prompt.prompt())
}

/// Asks for a line of text. Enter takes `default`.
///
/// # Errors
/// Where nobody can be asked.
pub fn text(
    message: &str,
    default: Option<&str>,
    help: Option<&str>,
    terminal: &Terminal,
) -> Result<Reply<String>, PromptError> {
    attached(terminal)?;
    let _raw = ready()?;
    let message = sanitize_line(message);
    let default = default.map(sanitize_line);
    let mut prompt = inquire::Text::new(&message).with_render_config(colors(terminal));
    prompt.default = default.as_deref();
    prompt.help_message = help;
    replied(prompt.prompt())
}

/// Waits for Enter or Space ([`Turn::Next`]) or `b` ([`Turn::Back`]), below a line that says so.
///
/// # Errors
/// Where nobody can be asked.
pub fn turn(terminal: &Terminal) -> Result<Reply<Turn>, PromptError> {
    attached(terminal)?;
    let hint = Line(keys(&[("Enter", "go on"), ("b", "back"), ("q", "leave")], terminal));
    // Raw before the line is shown: whoever answers it at once must not be missed.
    let _raw = Screen::raw()?;
    terminal.print(&hint.paint(terminal))?;
    let reply = key(|key| match key.code {
        KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Right | KeyCode::PageDown => Some(Turn::Next),
        KeyCode::Char('b') | KeyCode::Backspace | KeyCode::Left | KeyCode::PageUp => Some(Turn::Back),
        _ => None,
    });
    terminal.print("\r\x1b[K")?;
    Ok(reply?)
}

/// Where to go from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// On.
    Next,
    /// Back.
    Back,
}

/// `Enter go on · b back · q leave`, as a line of hints.
pub fn keys(hints: &[(&str, &str)], terminal: &Terminal) -> Vec<Span> {
    let mut spans = Vec::new();
    for (key, does) in hints {
        if !spans.is_empty() {
            spans.push(Span::new(terminal.sign(" · ", " | "), Style::DIM));
        }
        spans.push(Span::new(key, Style::ACCENT));
        spans.push(Span::new(&format!(" {does}"), Style::DIM));
    }
    spans
}

/// Keys that give way where there is no room for all, in this order; `?` tells them.
const GIVE_WAY: [&str; 5] = ["t", "/", "N", "?", "b"];

/// Keys and a note behind them, as many as `columns` have room for.
pub(super) fn footer(hints: &[(&str, &str)], note: &str, columns: usize, terminal: &Terminal) -> Line {
    let line = |hints: &[(&str, &str)]| {
        let mut spans = keys(hints, terminal);
        if !note.is_empty() {
            spans.push(Span::new(&format!("   {note}"), Style::DIM));
        }
        Line(spans)
    };
    let mut hints = hints.to_vec();
    for key in GIVE_WAY {
        if line(&hints).width() > columns {
            hints.retain(|(other, _)| *other != key);
        }
    }
    line(&hints)
}

/// Whether a key means "leave": Ctrl-C, Ctrl-D, Esc, `q`. That it was Ctrl-C is kept for [`super::interrupted`].
pub(super) fn leaves(key: &KeyEvent) -> bool {
    let leaves = match key.code {
        KeyCode::Char('c' | 'd') => key.modifiers.contains(KeyModifiers::CONTROL),
        KeyCode::Char('q') | KeyCode::Esc => true,
        _ => false,
    };
    if leaves {
        note_interrupt(interrupts(key));
    }
    leaves
}

/// Whether a key is Ctrl-C.
pub(super) fn interrupts(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

/// Waits for a key that `wanted` knows. The terminal must be in raw mode.
fn key<T>(wanted: impl Fn(&KeyEvent) -> Option<T>) -> io::Result<Reply<T>> {
    loop {
        if let Event::Key(key) = crossterm::event::read()? {
            if key.kind == KeyEventKind::Release {
                continue;
            }
            if leaves(&key) {
                return Ok(Reply::Left);
            }
            if let Some(answer) = wanted(&key) {
                return Ok(Reply::Given(answer));
            }
        }
    }
}

fn attached(terminal: &Terminal) -> Result<(), PromptError> {
    if terminal.interactive() { Ok(()) } else { Err(PromptError::NoTerminal) }
}

fn replied<T>(answer: Result<T, InquireError>) -> Result<Reply<T>, PromptError> {
    match answer {
        Ok(answer) => Ok(Reply::Given(answer)),
        Err(ended @ (InquireError::OperationCanceled | InquireError::OperationInterrupted)) => {
            note_interrupt(matches!(ended, InquireError::OperationInterrupted));
            Ok(Reply::Left)
        }
        Err(InquireError::NotTTY) => Err(PromptError::NoTerminal),
        Err(InquireError::IO(error)) => Err(PromptError::Terminal(error)),
        Err(other) => Err(PromptError::Terminal(io::Error::other(other.to_string()))),
    }
}

/// inquire draws on standard error; its colours are ours.
fn colors(terminal: &Terminal) -> RenderConfig<'static> {
    use inquire::ui::Color as C;
    let plain = RenderConfig::empty().with_canceled_prompt_indicator(Styled::new(""));
    if !terminal.color_stderr {
        return plain;
    }
    let accent = StyleSheet::new().with_fg(C::DarkCyan).with_attr(Attributes::BOLD);
    plain
        .with_prompt_prefix(Styled::new("?").with_style_sheet(accent))
        .with_answered_prompt_prefix(Styled::new("?").with_style_sheet(accent))
        .with_answer(StyleSheet::new().with_fg(C::DarkCyan))
        .with_help_message(StyleSheet::new().with_fg(C::DarkCyan))
}

/// Shows `lines` on standard output.
///
/// # Errors
/// As [`Terminal::print`].
pub fn show(lines: &[Line], terminal: &Terminal) -> io::Result<()> {
    terminal.print(&paint(lines, terminal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_room_the_keys_that_matter_stay() {
        let hints =
            [("Enter", "go on"), ("b", "back"), ("/", "search"), ("t", "sections"), ("?", "keys"), ("q", "leave")];
        let shown = |columns| footer(&hints, "", columns, &Terminal::plain(80)).text();
        assert_eq!(shown(80), "Enter go on · b back · / search · t sections · ? keys · q leave");
        assert_eq!(shown(60), "Enter go on · b back · / search · ? keys · q leave");
        assert_eq!(shown(40), "Enter go on · b back · ? keys · q leave");
        assert_eq!(shown(20), "Enter go on · q leave");
    }
}
