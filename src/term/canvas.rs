//! The whole screen as rows, of which only the changed ones are written.

use super::{
    Terminal,
    line::{Line, fitting},
};
use std::io::{self, Write};

/// What the screen shows now.
#[derive(Debug)]
pub(super) struct Canvas {
    terminal: Terminal,
    /// The real size: [`Terminal`] pretends to a least one, so that layouts need not care.
    columns: usize,
    rows: usize,
    shown: Vec<String>,
}

impl Canvas {
    /// A canvas on a screen that is clear.
    pub(super) fn new(terminal: &Terminal) -> Self {
        let mut canvas =
            Self { terminal: terminal.clone(), columns: terminal.width, rows: terminal.height, shown: Vec::new() };
        if let Ok((columns, rows)) = crossterm::terminal::size() {
            canvas.resize(columns, rows);
        }
        canvas
    }

    /// The terminal at its present size.
    pub(super) fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Rows of the screen.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of the screen.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Looks whether the screen has another size than was last heard of (a signal that comes
    /// together with a key may be lost on the way), and says so.
    pub(super) fn refresh(&mut self) -> bool {
        match crossterm::terminal::size() {
            Ok((columns, rows)) if (usize::from(columns), usize::from(rows)) != (self.columns, self.rows) => {
                self.resize(columns, rows);
                true
            }
            _ => false,
        }
    }

    /// After a resize nothing is known about what is shown.
    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        if columns > 0 && rows > 0 {
            (self.columns, self.rows) = (usize::from(columns), usize::from(rows));
            self.terminal = self.terminal.resized(columns, rows);
        }
        self.forget();
    }

    /// Everything is drawn anew the next time: somebody else has written to the screen.
    pub(super) fn forget(&mut self) {
        self.shown.clear();
    }

    /// Shows `lines` from the top row on. What is as before is not written again; the rest arrives
    /// at once where the terminal can do that (mode 2026, synchronized output).
    pub(super) fn show(&mut self, lines: &[Line]) -> io::Result<()> {
        let Some(changes) = self.changes(lines) else { return Ok(()) };
        let mut out = io::stdout().lock();
        out.write_all(changes.as_bytes())?;
        out.flush()
    }

    fn changes(&mut self, lines: &[Line]) -> Option<String> {
        let mut rows: Vec<String> = lines
            .iter()
            .take(self.rows)
            .map(|line| line.cut(self.columns, &self.terminal).paint(&self.terminal))
            .collect();
        rows.resize(self.rows, String::new());
        let mut changes = String::new();
        if self.shown.len() != rows.len() {
            changes.push_str("\x1b[2J");
            self.shown = vec![String::new(); rows.len()];
        }
        for (index, (row, shown)) in rows.iter().zip(&self.shown).enumerate() {
            if row != shown {
                changes.push_str(&format!("\x1b[{};1H{row}\x1b[K", index + 1));
            }
        }
        self.shown = rows;
        (!changes.is_empty()).then(|| format!("\x1b[?2026h{changes}\x1b[?2026l"))
    }

    /// Clears the screen, writes `lines` at its top and leaves the cursor below them.
    pub(super) fn begin(&mut self, lines: &[Line]) -> io::Result<()> {
        self.forget();
        self.show(lines)?;
        let mut out = io::stdout().lock();
        out.write_all(format!("\x1b[{};1H", lines.len() + 1).as_bytes())?;
        out.flush()
    }
}

/// A line that is too long for the screen (code), folded as the terminal itself would.
pub(super) fn fold(line: &Line, columns: usize) -> Vec<Line> {
    let columns = columns.max(2);
    if line.width() <= columns {
        return vec![line.clone()];
    }
    let mut rows = vec![Line::empty()];
    let mut room = columns;
    for span in &line.0 {
        let mut from = 0;
        while from < span.text().len() {
            let length = fitting(&span.text()[from..], room);
            if length == 0 {
                rows.push(Line::empty());
                room = columns;
                continue;
            }
            let part = span.slice(from..from + length);
            room = room.saturating_sub(super::measure(part.text()));
            if let Some(row) = rows.last_mut() {
                row.0.push(part);
            }
            from += length;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Style;

    fn canvas(columns: usize, rows: usize) -> Canvas {
        Canvas { terminal: Terminal::plain(columns), columns, rows, shown: Vec::new() }
    }

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| Line::new(text, Style::PLAIN)).collect()
    }

    #[test]
    fn only_what_changed_is_written() {
        let mut canvas = canvas(40, 3);
        assert!(canvas.changes(&lines(&["a", "b"])).is_some_and(|all| all.contains("\x1b[2J")));
        assert_eq!(canvas.changes(&lines(&["a", "b"])), None);
        let changes = canvas.changes(&lines(&["a", "c", "d", "beyond the last row"]));
        assert_eq!(changes.as_deref(), Some("\x1b[?2026h\x1b[2;1Hc\x1b[K\x1b[3;1Hd\x1b[K\x1b[?2026l"));
        canvas.forget();
        assert!(canvas.changes(&lines(&["a", "c", "d"])).is_some_and(|all| all.contains("\x1b[1;1Ha")));
    }

    #[test]
    fn a_row_never_runs_into_the_next() {
        let mut canvas = canvas(10, 1);
        let changes = canvas.changes(&lines(&["longer than ten columns"])).unwrap_or_default();
        assert!(changes.contains("longer th…"), "{changes:?}");
    }

    #[test]
    fn folding_keeps_every_character() {
        let line = Line::new("FROM 日本語 AS build", Style::PLAIN);
        let rows: Vec<String> = fold(&line, 6).iter().map(Line::text).collect();
        assert_eq!(rows, ["FROM ", "日本語", " AS bu", "ild"]);
    }
}
