//! Styled lines: what every view is made of, before it becomes text for a terminal.
//!
//! Invariants: a [`Span`] holds no control character (its constructors remove them), so whatever
//! is drawn through spans cannot steer the terminal; without colour a painted line holds no escape
//! sequence at all, but for what is shown reversed in a terminal ([`Terminal::marks`]).

use super::{sanitize::sanitize_line, style::Terminal};
use std::ops::Range;
use std::sync::Arc;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The eight standard colours, so that the learner's own theme decides how they look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Not yet.
    Red,
    /// Passed; strings.
    Green,
    /// Cannot tell; warnings.
    Yellow,
    /// Keywords.
    Blue,
    /// Variables.
    Magenta,
    /// Headings, code, keys to press.
    Cyan,
}

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Foreground, else the terminal's own.
    pub color: Option<Color>,
    /// Bold.
    pub bold: bool,
    /// Fainter than the rest.
    pub dim: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Struck through.
    pub strike: bool,
    /// Foreground and background exchanged.
    pub reverse: bool,
}

impl Style {
    /// The terminal's own.
    pub const PLAIN: Self =
        Self { color: None, bold: false, dim: false, italic: false, underline: false, strike: false, reverse: false };
    /// Strong text.
    pub const BOLD: Self = Self { bold: true, ..Self::PLAIN };
    /// What may be skipped.
    pub const DIM: Self = Self { dim: true, ..Self::PLAIN };
    /// Headings and keys.
    pub const ACCENT: Self = Self { bold: true, ..Self::color(Color::Cyan) };
    /// Inline code.
    pub const CODE: Self = Self::color(Color::Cyan);
    /// A pass.
    pub const GOOD: Self = Self::color(Color::Green);
    /// Not yet.
    pub const BAD: Self = Self::color(Color::Red);
    /// Cannot tell.
    pub const UNSURE: Self = Self::color(Color::Yellow);

    /// Only a colour.
    pub const fn color(color: Color) -> Self {
        Self { color: Some(color), ..Self::PLAIN }
    }

    /// The same, bold.
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// Both: attributes add up, and the colour of `inner` wins.
    pub fn with(self, inner: Self) -> Self {
        Self {
            color: inner.color.or(self.color),
            bold: self.bold || inner.bold,
            dim: self.dim || inner.dim,
            italic: self.italic || inner.italic,
            underline: self.underline || inner.underline,
            strike: self.strike || inner.strike,
            reverse: self.reverse || inner.reverse,
        }
    }

    /// `text` as a terminal with colours receives it.
    fn apply(self, text: &str) -> String {
        let mut style = console::Style::new().force_styling(true);
        if let Some(color) = self.color {
            style = style.fg(match color {
                Color::Red => console::Color::Red,
                Color::Green => console::Color::Green,
                Color::Yellow => console::Color::Yellow,
                Color::Blue => console::Color::Blue,
                Color::Magenta => console::Color::Magenta,
                Color::Cyan => console::Color::Cyan,
            });
        }
        let attributes = [
            (self.bold, console::Attribute::Bold),
            (self.dim, console::Attribute::Dim),
            (self.italic, console::Attribute::Italic),
            (self.underline, console::Attribute::Underlined),
            (self.strike, console::Attribute::StrikeThrough),
            (self.reverse, console::Attribute::Reverse),
        ];
        let on = attributes.into_iter().filter(|(on, _)| *on);
        on.fold(style, |style, (_, attribute)| style.attr(attribute)).apply_to(text).to_string()
    }
}

/// Text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    text: String,
    style: Style,
    link: Option<Arc<str>>,
    solid: bool,
}

impl Span {
    /// Text in a style; control characters are removed, line breaks become spaces.
    pub fn new(text: &str, style: Style) -> Self {
        Self { text: sanitize_line(text).into_owned(), style, link: None, solid: false }
    }

    /// Text in the terminal's own style.
    pub fn plain(text: &str) -> Self {
        Self::new(text, Style::PLAIN)
    }

    /// The same, broken over lines only where it must be: code.
    #[must_use]
    pub fn solid(self) -> Self {
        Self { solid: true, ..self }
    }

    /// The same, linked to an address where the terminal draws links. The address is reduced to
    /// printable ASCII, the rest percent-encoded (RFC 3986), as OSC 8 asks.
    #[must_use]
    pub fn linked(self, address: &str) -> Self {
        let mut encoded = String::with_capacity(address.len());
        for byte in address.bytes() {
            match byte {
                0x21..=0x7e => encoded.push(char::from(byte)),
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
        }
        Self { link: Some(encoded.into()), ..self }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its style.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Whether it is broken only where it must be.
    pub fn is_solid(&self) -> bool {
        self.solid
    }

    /// The same in another style.
    #[must_use]
    pub fn restyled(&self, style: Style) -> Self {
        Self { style, ..self.clone() }
    }

    /// A part of it, by bytes on character boundaries.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        Self { text: self.text[range].to_owned(), ..self.clone() }
    }

    fn paint(&self, terminal: &Terminal, out: &mut String) {
        let link = self.link.as_ref().filter(|_| terminal.links);
        if let Some(address) = link {
            out.push_str("\x1b]8;;");
            out.push_str(address);
            out.push_str("\x1b\\");
        }
        match self.style {
            Style::PLAIN => out.push_str(&self.text),
            style if terminal.color => out.push_str(&style.apply(&self.text)),
            Style { reverse: true, bold, .. } if terminal.marks => {
                out.push_str(&Style { reverse: true, bold, ..Style::PLAIN }.apply(&self.text));
            }
            _ => out.push_str(&self.text),
        }
        if link.is_some() {
            out.push_str("\x1b]8;;\x1b\\");
        }
    }
}

/// One line of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// An empty line.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A line of one style.
    pub fn new(text: &str, style: Style) -> Self {
        Self(vec![Span::new(text, style)])
    }

    /// Columns that it takes.
    pub fn width(&self) -> usize {
        measure(&self.text())
    }

    /// Its text without styles.
    pub fn text(&self) -> String {
        self.0.iter().map(Span::text).collect()
    }

    /// The same, cut to `width` columns with an ellipsis where it is longer.
    #[must_use]
    pub fn cut(&self, width: usize, terminal: &Terminal) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let ellipsis = terminal.sign("…", "...");
        let room = width.saturating_sub(measure(ellipsis));
        let mut line = Self::default();
        let mut used = 0;
        for span in &self.0 {
            let part = fitting(&span.text, room - used);
            used += measure(&span.text[..part]);
            line.0.push(span.slice(0..part));
            if part < span.text.len() {
                line.0.push(Span { text: ellipsis.to_owned(), ..span.clone() });
                return line;
            }
        }
        line
    }

    /// The same with `style` added to these bytes of its text, on character boundaries.
    #[must_use]
    pub(super) fn marked(&self, range: Range<usize>, style: Style) -> Self {
        let mut spans = Vec::new();
        let mut at = 0;
        for span in &self.0 {
            let (start, end) = (at, at + span.text.len());
            at = end;
            let (from, to) = (range.start.clamp(start, end), range.end.clamp(start, end));
            let parts = [(start..from, false), (from..to, true), (to..end, false)];
            for (part, is_marked) in parts.into_iter().filter(|(part, _)| !part.is_empty()) {
                let part = span.slice(part.start - start..part.end - start);
                spans.push(if is_marked { part.restyled(part.style.with(style)) } else { part });
            }
        }
        Self(spans)
    }

    /// The line as the terminal receives it, without spaces at its end and without a line break.
    pub fn paint(&self, terminal: &Terminal) -> String {
        let mut out = String::new();
        let kept = self.text().trim_end_matches(' ').len();
        let mut at = 0;
        for span in &self.0 {
            let end = span.text.len().min(kept - at);
            at += end;
            if end > 0 {
                span.slice(0..end).paint(terminal, &mut out);
            }
        }
        out
    }
}

impl From<Vec<Span>> for Line {
    fn from(spans: Vec<Span>) -> Self {
        Self(spans)
    }
}

/// Lines as the terminal receives them, each ended by a line break.
pub fn paint(lines: &[Line], terminal: &Terminal) -> String {
    lines.iter().map(|line| line.paint(terminal) + "\n").collect()
}

impl Terminal {
    /// `sign` where it can be drawn, else its stand-in.
    pub fn sign(&self, sign: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { sign } else { ascii }
    }
}

/// Columns that a text takes (UAX #11).
///
/// Terminals differ on clusters of several characters (emoji joined into one): the wider reading
/// counts, so that a line is never too long.
pub fn measure(text: &str) -> usize {
    let each: usize = text.chars().filter_map(UnicodeWidthChar::width).sum();
    each.max(text.width())
}

/// How many bytes of `text` fit into `width` columns, on a grapheme boundary.
pub(super) fn fitting(text: &str, width: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += measure(cluster);
        if used > width {
            return at;
        }
    }
    text.len()
}

/// One part at the left end, one at the right of `width` columns.
pub(super) fn ends(left: Vec<Span>, right: Vec<Span>, width: usize) -> Line {
    let used = Line(left.clone()).width() + Line(right.clone()).width();
    let mut spans = left;
    if !right.is_empty() {
        spans.push(Span::plain(&" ".repeat(width.saturating_sub(used))));
        spans.extend(right);
    }
    Line(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_escape_sequence_is_written() {
        let line = Line(vec![Span::new("go", Style::ACCENT).linked("https://example.org"), Span::plain("!  ")]);
        assert_eq!(line.paint(&Terminal::plain(80)), "go!");
        assert_eq!(
            line.paint(&Terminal::full(80, 24)),
            "\x1b]8;;https://example.org\x1b\\\x1b[36m\x1b[1mgo\x1b[0m\x1b]8;;\x1b\\!"
        );
    }

    #[test]
    fn what_a_span_holds_cannot_steer_the_terminal() {
        let line: Line = vec![Span::plain("a\x1b[2Jb\nc").linked("https://x/\x1b\\é")].into();
        assert_eq!(line.paint(&Terminal::full(80, 24)), "\x1b]8;;https://x/%1B\\%C3%A9\x1b\\ab c\x1b]8;;\x1b\\");
    }

    #[test]
    fn a_part_is_marked_across_spans_and_the_text_stays() {
        let line = Line(vec![Span::plain("see "), Span::new("docker", Style::CODE), Span::plain(" build")]);
        let marked = line.marked(2..12, Style { reverse: true, ..Style::PLAIN });
        assert_eq!(marked.text(), line.text());
        let reversed = marked.0.iter().filter(|span| span.style.reverse).map(Span::text).collect::<Vec<_>>();
        assert_eq!(reversed, ["e ", "docker", " b"]);
        assert_eq!(line.marked(20..30, Style::BOLD).text(), line.text());
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let terminal = Terminal::plain(80);
        let line = Line::new("e\u{301}日本語", Style::PLAIN);
        assert_eq!(line.width(), 7);
        assert_eq!(line.cut(7, &terminal).text(), "e\u{301}日本語");
        assert_eq!(line.cut(5, &terminal).text(), "e\u{301}日…");
        assert_eq!(line.cut(1, &terminal).text(), "…");
    }
}
