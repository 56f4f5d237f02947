//! Tables: columns shrink and cells wrap until the table fits; a table that cannot fit becomes a
//! list of its rows.

use crate::term::{
    Terminal,
    line::{Line, Span, Style, measure},
    wrap::wrap,
};
use pulldown_cmark::Alignment;

/// What a cell holds.
pub(super) type Cell = Vec<Span>;

/// A table as Markdown gives it.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    pub(super) head: Vec<Cell>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// Between two columns.
const GAP: usize = 3;
/// A column is not made narrower than its longest word, up to this.
const WORD: usize = 16;

impl Table {
    /// Its lines, at most `width` columns wide.
    pub(super) fn lines(&self, width: usize, terminal: &Terminal) -> Vec<Line> {
        let columns = self.head.len();
        if columns == 0 {
            return Vec::new();
        }
        match self.widths(width) {
            Some(widths) => self.grid(&widths, terminal),
            None => self.records(width),
        }
    }

    /// Columns for each column, or none where the longest words do not fit beside one another.
    fn widths(&self, width: usize) -> Option<Vec<usize>> {
        let columns = self.head.len();
        let room = width.checked_sub(GAP * (columns - 1))?;
        let cells = |column: usize| {
            self.rows.iter().filter_map(move |row| row.get(column)).chain(self.head.get(column)).map(text)
        };
        let natural: Vec<usize> =
            (0..columns).map(|column| cells(column).map(|cell| measure(&cell)).max().unwrap_or(0).max(1)).collect();
        let longest = |column: usize| cells(column).flat_map(|cell| cell.split(' ').map(measure).max()).max();
        let least: Vec<usize> =
            (0..columns).map(|column| longest(column).unwrap_or(0).clamp(1, WORD).min(natural[column])).collect();
        if least.iter().sum::<usize>() > room {
            return None;
        }
        let mut widths = natural;
        // The widest column gives way first, so that short columns stay on one line.
        while widths.iter().sum::<usize>() > room {
            let (column, _) = widths
                .iter()
                .enumerate()
                .filter(|(column, width)| **width > least[*column])
                .max_by_key(|(_, width)| **width)?;
            widths[column] -= 1;
        }
        Some(widths)
    }

    fn grid(&self, widths: &[usize], terminal: &Terminal) -> Vec<Line> {
        let bar = Span::new(terminal.sign(" │ ", " | "), Style::DIM);
        let rule = |dash: &'static str, cross: &'static str| {
            let parts: Vec<String> = widths.iter().map(|width| dash.repeat(*width)).collect();
            Line::new(&parts.join(&format!("{dash}{cross}{dash}")), Style::DIM)
        };
        let heavy = rule(terminal.sign("─", "-"), terminal.sign("┼", "+"));
        let light = rule(terminal.sign("┄", "."), terminal.sign("┼", "+"));
        let head: Vec<Cell> = self.head.iter().map(|cell| cell.iter().map(strong).collect()).collect();
        let mut lines = self.row(&head, widths, &bar);
        lines.push(heavy);
        let rows: Vec<Vec<Line>> = self.rows.iter().map(|row| self.row(row, widths, &bar)).collect();
        let apart = rows.iter().any(|row| row.len() > 1);
        for (index, row) in rows.into_iter().enumerate() {
            if apart && index > 0 {
                lines.push(light.clone());
            }
            lines.extend(row);
        }
        lines
    }

    fn row(&self, cells: &[Cell], widths: &[usize], bar: &Span) -> Vec<Line> {
        let empty = Vec::new();
        let wrapped: Vec<Vec<Line>> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| wrap(cells.get(column).unwrap_or(&empty), *width, &[], &[]))
            .collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        (0..height)
            .map(|index| {
                let mut line = Line::empty();
                for (column, width) in widths.iter().enumerate() {
                    if column > 0 {
                        line.0.push(bar.clone());
                    }
                    let part = wrapped[column].get(index).cloned().unwrap_or_default();
                    let spare = width.saturating_sub(part.width());
                    let left = match self.alignments.get(column) {
                        Some(Alignment::Right) => spare,
                        Some(Alignment::Center) => spare / 2,
                        _ => 0,
                    };
                    line.0.push(Span::plain(&" ".repeat(left)));
                    line.0.extend(part.0);
                    line.0.push(Span::plain(&" ".repeat(spare - left)));
                }
                line
            })
            .collect()
    }

    /// Each row as `heading: cell` lines.
    fn records(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            if index > 0 {
                lines.push(Line::empty());
            }
            for (head, cell) in self.head.iter().zip(row) {
                let mut spans: Vec<Span> = head.iter().map(strong).collect();
                if !spans.is_empty() {
                    spans.push(Span::new(": ", Style::BOLD));
                }
                spans.extend(cell.iter().cloned());
                lines.extend(wrap(&spans, width, &[], &[Span::plain("  ")]));
            }
        }
        lines
    }
}

fn text(cell: &Cell) -> String {
    cell.iter().map(Span::text).collect()
}

fn strong(span: &Span) -> Span {
    span.restyled(Style::BOLD.with(span.style()))
}
