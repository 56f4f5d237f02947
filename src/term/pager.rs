//! One text on the whole screen: a line above it, keys below it, and scrolling where it is longer.

use super::{
    Screen, Terminal,
    canvas::{Canvas, fold},
    line::{Line, Span, Style, ends},
    markdown,
    prompt::{PromptError, Reply, Turn, footer, leaves},
    search::{Hit, Search},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use std::io;

/// Rows that are not text: the line above and the keys; and an empty one below the line above, where the text leaves room
/// for it.
const FRAME: usize = 2;

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

/// A body's lines on this canvas; none is wider than it.
pub(super) fn laid_out(body: &Body<'_>, canvas: &Canvas) -> Vec<Line> {
    body(canvas.terminal()).iter().flat_map(|line| fold(line, canvas.columns())).collect()
}

/// A page and where in it the screen stands.
pub(super) struct Pager<'a> {
    page: Page<'a>,
    lines: Vec<Line>,
    top: usize,
    room: usize,
    /// An empty row stands below the line above.
    spaced: bool,
    /// At the right end of the line above.
    pub(super) aside: Vec<Span>,
    /// In the place of the keys: what is typed, what has come of a search.
    pub(super) below: Option<Line>,
    search: Option<Search>,
    hits: Vec<Hit>,
    /// Index of the hit that was gone to.
    hit: Option<usize>,
}

impl<'a> Pager<'a> {
    /// At the first or at the last screenful.
    pub(super) fn new(page: Page<'a>, canvas: &Canvas, at_end: bool) -> Self {
        let mut pager = Self {
            page,
            lines: Vec::new(),
            top: 0,
            room: 1,
            spaced: false,
            aside: Vec::new(),
            below: None,
            search: None,
            hits: Vec::new(),
            hit: None,
        };
        pager.resize(canvas);
        if at_end {
            pager.top = pager.last();
        }
        pager
    }

    /// Makes the lines for the canvas's size, and stays at about the same place.
    pub(super) fn resize(&mut self, canvas: &Canvas) {
        let before = self.lines.len().max(1);
        self.lines = laid_out(&self.page.body, canvas);
        let rows = canvas.rows().saturating_sub(FRAME).max(1);
        self.spaced = self.lines.len() < rows;
        self.room = rows - usize::from(self.spaced);
        self.top = (self.top * self.lines.len() / before).min(self.last());
        self.look();
    }

    /// Looks for something from now on, or for nothing any more.
    pub(super) fn search(&mut self, search: Option<Search>) {
        (self.search, self.hit) = (search, None);
        self.look();
    }

    fn look(&mut self) {
        self.hits = self.search.as_ref().map(|search| search.hits(&self.lines)).unwrap_or_default();
        self.hit = self.hit.filter(|hit| *hit < self.hits.len());
    }

    /// Goes to a hit, from 0; beyond the last one to that.
    pub(super) fn go_to_hit(&mut self, hit: usize) {
        let Some(last) = self.hits.len().checked_sub(1) else { return };
        let hit = hit.min(last);
        let Some((line, _)) = self.hits[hit].first() else { return };
        self.hit = Some(hit);
        self.top = line.saturating_sub(self.room / 4).min(self.last());
    }

    /// The hit that was gone to, where it is still in sight.
    pub(super) fn hit(&self) -> Option<usize> {
        let seen = self.top..self.top + self.room;
        self.hit.filter(|hit| self.hits.get(*hit).and_then(|hit| hit.first()).is_some_and(|at| seen.contains(&at.0)))
    }

    /// How many hits lie above the first row in sight.
    pub(super) fn hits_above(&self) -> usize {
        self.hits.partition_point(|hit| hit.first().is_some_and(|(line, _)| *line < self.top))
    }

    /// The lines in sight, with what is looked for marked.
    fn in_sight(&self) -> Vec<Line> {
        let mut seen: Vec<Line> = self.lines.iter().skip(self.top).take(self.room).cloned().collect();
        for (index, hit) in self.hits.iter().enumerate() {
            let style = Style { reverse: true, bold: self.hit == Some(index), ..Style::PLAIN };
            for (line, range) in hit {
                if let Some(line) = line.checked_sub(self.top).and_then(|row| seen.get_mut(row)) {
                    *line = line.marked(range.clone(), style);
                }
            }
        }
        seen
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
        let mut screen = vec![ends(header.0, aside.unwrap_or_default(), width)];
        screen.extend(self.spaced.then(Line::empty));
        screen.extend(self.in_sight());
        screen.resize(self.room + FRAME - 1 + usize::from(self.spaced), Line::empty());
        screen.push(self.below.clone().unwrap_or_else(|| self.footer(&terminal, canvas.columns())));
        canvas.show(&screen)
    }

    /// The keys, as many as there is room for.
    fn footer(&self, terminal: &Terminal, columns: usize) -> Line {
        let mut hints = self.page.hints.clone();
        let below = self.last().saturating_sub(self.top);
        if below > 0
            && let Some(first) = hints.first_mut()
        {
            first.1 = "more";
        }
        let lines = if below == 1 { "line" } else { "lines" };
        let note = if below > 0 { format!("{below} {lines} below") } else { String::new() };
        if self.last() > 0 {
            let scrolled = [&hints[..], &[(terminal.sign("↑↓", "arrows"), "scroll")]].concat();
            let line = footer(&scrolled, &note, usize::MAX, terminal);
            if line.width() <= columns {
                return line;
            }
        }
        footer(&hints, &note, columns, terminal)
    }

    /// What a key does.
    pub(super) fn key(&mut self, key: &KeyEvent) -> Pressed {
        if leaves(key) {
            return Pressed::Ended(Reply::Left);
        }
        // One line stays in sight, so that the eye finds its place again.
        let screenful = self.room.saturating_sub(1).max(1);
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') | KeyCode::PageDown | KeyCode::Right => {
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
            KeyCode::Down | KeyCode::Char('j') => self.top = (self.top + 1).min(self.last().max(self.top)),
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
