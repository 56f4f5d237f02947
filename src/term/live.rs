//! The live screen of an exercise: its checks change in place while the learner works elsewhere.
//!
//! Invariants: the first check that has not passed is in sight whole wherever the screen allows it,
//! whatever else must give way; nothing is written when nothing has changed; the terminal is as it
//! was when [`Live`] is dropped, and on a panic.

use super::{
    Screen, Terminal,
    canvas::Canvas,
    line::{Line, Span, Style},
    live_layout::layout,
    markdown,
    pager::{Page, Pager},
    prompt::{PromptError, Reply, leaves},
};
use crate::check::Finding;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use std::io;

/// What the screen shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// Title of the exercise.
    pub title: &'a str,
    /// Which round of how many, where there are several.
    pub round: Option<(usize, usize)>,
    /// The task, in Markdown; as much of it is shown as there is room for.
    pub task: &'a str,
    /// What is known; before the first check see [`super::findings::waiting`].
    pub findings: &'a [Finding],
    /// Something to read now (a hint, what a build said), in Markdown.
    pub note: Option<&'a str>,
    /// A check is going on.
    pub busy: bool,
    /// What is being watched: `watching: files and engine`.
    pub status: &'a str,
    /// Keys and what they do: `("h", "hint")`.
    pub keys: &'a [(&'a str, &'a str)],
}

/// What happened at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// A key, in lower case; Enter is `\n`.
    Key(char),
    /// Ctrl-C, `q`, Esc, or the terminal has gone.
    Left,
    /// The screen has another size: draw again.
    Resize,
}

/// Holds the whole screen until it is dropped.
#[derive(Debug)]
pub struct Live {
    canvas: Canvas,
    /// None while somebody else reads the keyboard. Before `screen`: its reader ends first.
    events: Option<EventStream>,
    screen: Screen,
}

impl Live {
    /// Takes the screen. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where no terminal is attached.
    pub fn new(terminal: &Terminal) -> Result<Self, PromptError> {
        if !terminal.interactive() {
            return Err(PromptError::NoTerminal);
        }
        let screen = Screen::full()?;
        Ok(Self { canvas: Canvas::new(terminal), events: Some(EventStream::new()), screen })
    }

    /// Shows `frame`; writes only what has changed.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn draw(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.canvas.refresh();
        let terminal = self.canvas.terminal();
        let lines = layout(frame, self.canvas.columns().min(terminal.width), self.canvas.rows(), terminal);
        self.canvas.show(&lines)
    }

    /// The next key or change of size. May be dropped while it waits, and called again.
    pub async fn next_event(&mut self) -> LiveEvent {
        loop {
            match self.event().await {
                None => return LiveEvent::Left,
                Some(Event::Resize(columns, rows)) => {
                    self.canvas.resize(columns, rows);
                    return LiveEvent::Resize;
                }
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                    if leaves(&key) {
                        return LiveEvent::Left;
                    }
                    match key.code {
                        KeyCode::Enter => return LiveEvent::Key('\n'),
                        KeyCode::Char(char) if !command(&key) => {
                            return LiveEvent::Key(char.to_lowercase().next().unwrap_or(char));
                        }
                        _ => {}
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Shows a text (a hint, the whole task) on the whole screen, scrolled where it is longer, until
    /// Enter, `q` or Esc. Ctrl-C is [`Reply::Left`]. Draw the frame again afterwards.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub async fn page(&mut self, title: &str, text: &str) -> io::Result<Reply<()>> {
        let header = |_: &Terminal| Line::new(title, Style::ACCENT);
        let body = |terminal: &Terminal| markdown::lines(text, terminal.text_width(), terminal);
        let page = Page { header: &header, body: &body, hints: &[("Enter", "back")] };
        let mut pager = Pager::new(page, &self.canvas, false);
        loop {
            pager.draw(&mut self.canvas)?;
            match self.event().await {
                None => return Ok(Reply::Left),
                Some(Event::Resize(columns, rows)) => {
                    self.canvas.resize(columns, rows);
                    pager.resize(&self.canvas);
                }
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                    if command(&key) && leaves(&key) {
                        return Ok(Reply::Left);
                    }
                    if pager.key(&key).is_some() {
                        return Ok(Reply::Given(()));
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Runs a prompt on the cleared screen, `lines` above it. It blocks. Draw the frame again
    /// afterwards.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn ask<T>(&mut self, lines: &[Line], prompt: impl FnOnce(&Terminal) -> T) -> io::Result<T> {
        let terminal = self.canvas.terminal().clone();
        self.canvas.begin(lines)?;
        self.events = None;
        let answer = self.screen.lend(|| prompt(&terminal));
        self.canvas = Canvas::new(&terminal);
        answer
    }

    /// None when the terminal has gone.
    async fn event(&mut self) -> Option<Event> {
        self.events.get_or_insert_with(EventStream::new).next().await.and_then(Result::ok)
    }
}

/// Whether it is a key with Ctrl or Alt.
fn command(key: &KeyEvent) -> bool {
    key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
}

/// Spans of the line at the bottom, left part.
pub(super) fn status(frame: &Frame<'_>, terminal: &Terminal) -> Vec<Span> {
    match frame.busy {
        true => vec![Span::new(terminal.sign("● checking …", "* checking ..."), Style::UNSURE)],
        false => vec![Span::new(frame.status, Style::DIM)],
    }
}
