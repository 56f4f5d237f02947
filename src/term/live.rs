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
    pager::{Page, Pager, Pressed},
    prompt::{PromptError, Reply, Turn, leaves},
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
    /// Which round of how many, where there are several: `round 2 of 3`.
    pub round: &'a str,
    /// Where the learner's files are; may be empty.
    pub folder: &'a str,
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
    /// A key, in lower case; Enter is `\n`. On an open page, one that means nothing to the page.
    Key(char),
    /// The open page was closed by Enter at its end or `b` at its head ([`Reply::Given`]), or by `q`
    /// or Esc ([`Reply::Left`]).
    Closed(Reply<Turn>),
    /// Ctrl-C, or the terminal has gone; without an open page `q` and Esc too.
    Left,
    /// The screen has another size: draw again.
    Resize,
}

/// Holds the whole screen until it is dropped.
pub struct Live {
    canvas: Canvas,
    /// What lies over the frame.
    page: Option<Pager<'static>>,
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
        Ok(Self { canvas: Canvas::new(terminal), page: None, events: Some(EventStream::new()), screen })
    }

    /// Shows `frame`, or the open page with the frame's state beside its title; writes only what has
    /// changed.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn draw(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.refresh();
        let terminal = self.canvas.terminal();
        match &mut self.page {
            Some(page) => {
                page.aside = status(frame, terminal);
                page.draw(&mut self.canvas)
            }
            None => {
                let lines = layout(frame, self.canvas.columns().min(terminal.width), self.canvas.rows(), terminal);
                self.canvas.show(&lines)
            }
        }
    }

    /// Lays a text (Markdown) over the frame, on the whole screen, scrolled where it is longer; the
    /// page that was there before is gone. Draw afterwards.
    pub fn open(&mut self, title: &str, text: &str, hints: &[(&'static str, &'static str)]) {
        self.refresh();
        self.page = Some(Pager::new(Page::markdown(title, text, hints), &self.canvas, false));
    }

    /// Takes the page away, where there is one. Draw afterwards.
    pub fn close(&mut self) {
        self.page = None;
    }

    fn refresh(&mut self) {
        if self.canvas.refresh()
            && let Some(page) = &mut self.page
        {
            page.resize(&self.canvas);
        }
    }

    /// The next key or change of size. May be dropped while it waits, and called again.
    pub async fn next_event(&mut self) -> LiveEvent {
        loop {
            match self.event().await {
                None => return LiveEvent::Left,
                Some(Event::Resize(columns, rows)) => {
                    self.canvas.resize(columns, rows);
                    if let Some(page) = &mut self.page {
                        page.resize(&self.canvas);
                    }
                    return LiveEvent::Resize;
                }
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                    if let Some(event) = self.key(&key) {
                        return event;
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Option<LiveEvent> {
        if leaves(key) && (self.page.is_none() || command(key)) {
            return Some(LiveEvent::Left);
        }
        if let Some(page) = &mut self.page {
            match page.key(key) {
                Pressed::Ended(reply) => {
                    self.page = None;
                    return Some(LiveEvent::Closed(reply));
                }
                // A terminal that cannot be written has gone.
                Pressed::Moved => return page.draw(&mut self.canvas).err().map(|_| LiveEvent::Left),
                Pressed::Nothing => {}
            }
        }
        match key.code {
            KeyCode::Enter => Some(LiveEvent::Key('\n')),
            KeyCode::Char(char) if !command(key) => Some(LiveEvent::Key(char.to_lowercase().next().unwrap_or(char))),
            _ => None,
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

/// Spans that say what goes on now.
pub(super) fn status(frame: &Frame<'_>, terminal: &Terminal) -> Vec<Span> {
    match frame.busy {
        true => vec![Span::new(terminal.sign("● checking …", "* checking ..."), Style::UNSURE)],
        false => vec![Span::new(frame.status, Style::DIM)],
    }
}
