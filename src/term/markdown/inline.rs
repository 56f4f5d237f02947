//! Text inside a block: styles, code, links, line breaks.

use crate::term::{
    Terminal,
    line::{Span, Style},
};

/// Collects the inline content of one block.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// Rows between hard line breaks.
    rows: Vec<Vec<Span>>,
    /// Each with those around it.
    styles: Vec<Style>,
    /// Where a link or image began: its row, its first span, its address.
    link: Option<(usize, usize, String)>,
}

impl Inline {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.iter().all(Vec::is_empty)
    }

    /// Takes the rows, without spaces at their ends.
    pub(super) fn take(&mut self) -> Vec<Vec<Span>> {
        let rows = std::mem::take(&mut self.rows);
        self.link = None;
        rows
    }

    /// Prose: runs of white space are one space.
    pub(super) fn text(&mut self, text: &str) {
        let mut collapsed = String::with_capacity(text.len());
        let mut space = self.ends_with_space();
        for char in crate::term::sanitize(text).chars() {
            let is_space = matches!(char, ' ' | '\t' | '\n');
            if !(is_space && space) {
                collapsed.push(if is_space { ' ' } else { char });
            }
            space = is_space;
        }
        if !collapsed.is_empty() {
            let style = self.style();
            self.push(Span::new(&collapsed, style));
        }
    }

    /// Code keeps its spaces. Without colour it is shown in back quotes.
    pub(super) fn code(&mut self, code: &str, terminal: &Terminal) {
        let style = self.style().with(Style::CODE);
        let shown = if terminal.color { code.to_owned() } else { format!("`{code}`") };
        self.push(Span::new(&shown, style).solid());
    }

    pub(super) fn hard_break(&mut self) {
        self.row();
        self.rows.push(Vec::new());
    }

    /// Begins a style; `mark` is written where there is no colour.
    pub(super) fn open(&mut self, style: Style, mark: &str, terminal: &Terminal) {
        self.mark(mark, terminal);
        self.styles.push(self.style().with(style));
    }

    pub(super) fn close(&mut self, mark: &str, terminal: &Terminal) {
        self.styles.pop();
        self.mark(mark, terminal);
    }

    pub(super) fn open_link(&mut self, address: &str) {
        let row = self.row();
        self.link.get_or_insert((row, self.rows[row].len(), address.to_owned()));
    }

    /// Ends a link or an image: links what came since, or writes the address behind it.
    pub(super) fn close_link(&mut self, terminal: &Terminal) {
        let Some((row, from, address)) = self.link.take() else { return };
        let mut shown = String::new();
        let parts = self.rows.iter_mut().enumerate().skip(row);
        for (index, spans) in parts {
            for span in spans.iter_mut().skip(if index == row { from } else { 0 }) {
                shown.push_str(span.text());
                if is_address(&address) {
                    *span = span.restyled(Style { underline: true, ..span.style() }).linked(&address);
                }
            }
        }
        let bare = address.trim_start_matches("mailto:");
        let hidden = !(address.starts_with('#') || bare == shown || bare.is_empty());
        if hidden && !(terminal.links && is_address(&address)) {
            let style = self.style().with(Style::DIM);
            self.push(Span::new(" (", style));
            self.push(Span::new(bare, style).solid());
            self.push(Span::new(")", style));
        }
    }

    fn mark(&mut self, mark: &str, terminal: &Terminal) {
        if !terminal.color {
            let style = self.style();
            self.push(Span::new(mark, style));
        }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or(Style::PLAIN)
    }

    fn row(&mut self) -> usize {
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
        self.rows.len() - 1
    }

    fn push(&mut self, span: Span) {
        let row = self.row();
        self.rows[row].push(span);
    }

    fn ends_with_space(&self) -> bool {
        match self.rows.last().and_then(|row| row.last()) {
            Some(span) => span.text().ends_with(' ') && !span.is_solid(),
            None => true,
        }
    }
}

/// Whether a link leads somewhere outside the course. Other schemes are never handed to the
/// terminal, which might open them.
fn is_address(address: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

/// The text of HTML: tags and comments go.
pub(super) fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|end| end + 3)
        } else {
            rest.find('>').map(|end| end + 1)
        };
        rest = end.map_or("", |end| &rest[end..]);
    }
    text.push_str(rest);
    text
}
