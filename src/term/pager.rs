//! One text on the whole screen: a line above it, keys below it, and scrolling where it is longer.

use super::{
    Screen, Terminal,
    canvas::{Canvas, fold},
    line::{Line, Span, Style, ends},
    markdown,
    prompt::{PromptError, Reply, Turn, keys, leaves},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use std::io;

/// Rows that are not text: the line above, an empty one, the keys.
const FRAME: usize = 3;

/// Shows a text (Markdown) under a title until Enter, `b`, `q` or Ctrl-C. Blocks.
///
/// # Errors
/// Where no terminal is attached, or it cannot be read or written.
pub fn show_page(
    title: &str,
    text: &str,
    hints: &[(&str, &str)],
    terminal: &Terminal,
) -> Result<Reply<Turn>, PromptError> {
    if !terminal.interactive() {
        return Err(PromptError::NoTerminal);
    }
    let _screen = Screen::full()?;
    let mut canvas = Canvas::new(terminal);
    Ok(Pager::new(Page::markdown(title, text, hints), &canvas, false).run(&mut canvas)?)
}

/// Draws a line for a terminal.
type Header<'a> = Box<dyn Fn(&Terminal) -> Line + Send + 'a>;
/// Draws a text for a terminal, within its text width.
pub(super) type Body<'a> = Box<dyn Fn(&Terminal) -> Vec<Line> + Send + 'a>;

/// What a page shows; drawn anew for each size of the terminal.
pub(super) struct Page<'a> {
    /// Above the text.
    pub(super) header: Header<'a>,
    /// The text.
    pub(super) body: Body<'a>,
    /// Keys beside those for scrolling.
    pub(super) hints: Vec<(&'a str, &'a str)>,
}

impl<'a> Page<'a> {
    /// A text under a title.
    pub(super) fn markdown(title: &str, text: &str, hints: &[(&'a str, &'a str)]) -> Self {
        let (title, text) = (title.to_owned(), text.to_owned());
        Self {
            header: Box::new(move |_| Line::new(&title, Style::ACCENT)),
            body: Box::new(move |terminal| markdown::lines(&text, terminal.text_width(), terminal)),
            hints: hints.to_vec(),
        }
    }
}

/// What a key did to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// It ends.
    Ended(Reply<Turn>),
    /// It may stand elsewhere now.
    Moved,
    /// Nothing: the key means nothing here.
    Nothing,
}

/// A page and where in it the screen stands.
pub(super) struct Pager<'a> {
    page: Page<'a>,
    lines: Vec<Line>,
    top: usize,
    room: usize,
    /// At the right end of the line above.
    pub(super) aside: Vec<Span>,
}

impl<'a> Pager<'a> {
    /// At the first or at the last screenful.
    pub(super) fn new(page: Page<'a>, canvas: &Canvas, at_end: bool) -> Self {
        let mut pager = Self { page, lines: Vec::new(), top: 0, room: 1, aside: Vec::new() };
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
        let header = (self.page.header)(&terminal);
        let width = terminal.text_width().min(canvas.columns());
        let room = width.saturating_sub(header.width() + 2);
        let aside = Some(self.aside.clone()).filter(|aside| Line(aside.clone()).width() <= room);
        let mut screen = vec![ends(header.0, aside.unwrap_or_default(), width), Line::empty()];
        screen.extend(self.lines.iter().skip(self.top).take(self.room).cloned());
        screen.resize(self.room + FRAME - 1, Line::empty());
        screen.push(self.footer(&terminal));
        canvas.show(&screen)
    }

    fn footer(&self, terminal: &Terminal) -> Line {
        let mut hints = self.page.hints.clone();
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

    /// What a key does.
    pub(super) fn key(&mut self, key: &KeyEvent) -> Pressed {
        if leaves(key) {
            return Pressed::Ended(Reply::Left);
        }
        // One line stays in sight, so that the eye finds its place again.
        let screenful = self.room.saturating_sub(1).max(1);
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ' | 'n') | KeyCode::PageDown | KeyCode::Right => {
                if self.top >= self.last() {
                    return Pressed::Ended(Reply::Given(Turn::Next));
                }
                self.top = (self.top + screenful).min(self.last());
            }
            KeyCode::Char('b') | KeyCode::Backspace | KeyCode::PageUp | KeyCode::Left => {
                if self.top == 0 {
                    return Pressed::Ended(Reply::Given(Turn::Back));
                }
                self.top = self.top.saturating_sub(screenful);
            }
            KeyCode::Down | KeyCode::Char('j') => self.top = (self.top + 1).min(self.last()),
            KeyCode::Up | KeyCode::Char('k') => self.top = self.top.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.top = 0,
            KeyCode::End | KeyCode::Char('G') => self.top = self.last(),
            _ => return Pressed::Nothing,
        }
        Pressed::Moved
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
                    if let Pressed::Ended(reply) = self.key(&key) {
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
