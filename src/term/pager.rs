//! One text on the whole screen: a line above it, keys below it, and scrolling where it is longer.

use super::{
    Terminal,
    canvas::{Canvas, fold},
    line::{Line, Span, Style},
    prompt::{Reply, Turn, keys, leaves},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use std::io;

/// Rows that are not text: the line above, an empty one, the keys.
const FRAME: usize = 3;

/// What a page shows; drawn anew for each size of the terminal.
pub(super) struct Page<'a> {
    /// Above the text.
    pub(super) header: &'a dyn Fn(&Terminal) -> Line,
    /// The text, within the terminal's text width.
    pub(super) body: &'a dyn Fn(&Terminal) -> Vec<Line>,
    /// Keys beside those for scrolling.
    pub(super) hints: &'a [(&'a str, &'a str)],
}

/// A page and where in it the screen stands.
pub(super) struct Pager<'a> {
    page: Page<'a>,
    lines: Vec<Line>,
    top: usize,
    room: usize,
}

impl<'a> Pager<'a> {
    /// At the first or at the last screenful.
    pub(super) fn new(page: Page<'a>, canvas: &Canvas, at_end: bool) -> Self {
        let mut pager = Self { page, lines: Vec::new(), top: 0, room: 1 };
        pager.resize(canvas);
        if at_end {
            pager.top = pager.last();
        }
        pager
    }

    /// Makes the lines for the canvas's size, and stays at about the same place.
    pub(super) fn resize(&mut self, canvas: &Canvas) {
        let before = self.lines.len().max(1);
        let body = (self.page.body)(canvas.terminal());
        self.lines = body.iter().flat_map(|line| fold(line, canvas.columns())).collect();
        self.room = canvas.rows().saturating_sub(FRAME).max(1);
        self.top = (self.top * self.lines.len() / before).min(self.last());
    }

    /// Draws the screen.
    pub(super) fn draw(&mut self, canvas: &mut Canvas) -> io::Result<()> {
        if canvas.refresh() {
            self.resize(canvas);
        }
        let terminal = canvas.terminal().clone();
        let mut screen = vec![(self.page.header)(&terminal), Line::empty()];
        screen.extend(self.lines.iter().skip(self.top).take(self.room).cloned());
        screen.resize(self.room + FRAME - 1, Line::empty());
        screen.push(self.footer(&terminal));
        canvas.show(&screen)
    }

    fn footer(&self, terminal: &Terminal) -> Line {
        let mut hints = self.page.hints.to_vec();
        if self.last() == 0 {
            return Line(keys(&hints, terminal));
        }
        hints.push((terminal.sign("↑↓", "arrows"), "scroll"));
        let below = self.last() - self.top;
        if below > 0
            && let Some(first) = hints.first_mut()
        {
            first.1 = "more";
        }
        let mut line = keys(&hints, terminal);
        let lines = if below == 1 { "line" } else { "lines" };
        if below > 0 {
            line.push(Span::new(&format!("   {below} {lines} below"), Style::DIM));
        }
        Line(line)
    }

    /// What a key does: scroll (nothing is returned), or leave the page.
    pub(super) fn key(&mut self, key: &KeyEvent) -> Option<Reply<Turn>> {
        if leaves(key) {
            return Some(Reply::Left);
        }
        // One line stays in sight, so that the eye finds its place again.
        let screenful = self.room.saturating_sub(1).max(1);
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ' | 'n') | KeyCode::PageDown | KeyCode::Right => {
                if self.top >= self.last() {
                    return Some(Reply::Given(Turn::Next));
                }
                self.top = (self.top + screenful).min(self.last());
            }
            KeyCode::Char('b') | KeyCode::Backspace | KeyCode::PageUp | KeyCode::Left => {
                if self.top == 0 {
                    return Some(Reply::Given(Turn::Back));
                }
                self.top = self.top.saturating_sub(screenful);
            }
            KeyCode::Down | KeyCode::Char('j') => self.top = (self.top + 1).min(self.last()),
            KeyCode::Up | KeyCode::Char('k') => self.top = self.top.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.top = 0,
            KeyCode::End | KeyCode::Char('G') => self.top = self.last(),
            _ => {}
        }
        None
    }

    /// The last place to stand.
    fn last(&self) -> usize {
        self.lines.len().saturating_sub(self.room)
    }

    /// Shows the page until a key leaves it. Blocks.
    pub(super) fn run(mut self, canvas: &mut Canvas) -> io::Result<Reply<Turn>> {
        loop {
            self.draw(canvas)?;
            match crossterm::event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if let Some(reply) = self.key(&key) {
                        return Ok(reply);
                    }
                }
                Event::Resize(columns, rows) => {
                    canvas.resize(columns, rows);
                    self.resize(canvas);
                }
                _ => {}
            }
        }
    }
}
