//! From the lines of the text to logical lines: continuations joined, comments left out.

use super::model::Span;
use std::ops::Range;

/// One line of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Physical<'a> {
    /// Without its line end.
    pub(super) text: &'a str,
    /// With its line end.
    pub(super) whole: &'a str,
    /// Its first byte in the text.
    pub(super) start: usize,
    /// Its number, from 1.
    pub(super) number: usize,
}

/// The lines of the text, one after another.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Docker drops a byte order mark.
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Physical<'a>;

    fn next(&mut self) -> Option<Physical<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let whole = &rest[..length];
        let start = self.at;
        self.at += length;
        self.number += 1;
        Some(Physical { text: whole.trim_end_matches(['\r', '\n']), whole, start, number: self.number })
    }
}

/// An instruction's text with its continuation lines, and where each part of it comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Logical {
    pub(super) text: String,
    /// Where a part begins here, where it begins in the text, and its line.
    pieces: Vec<(usize, usize, usize)>,
}

impl Logical {
    /// Adds a part of a line; `offset` is where the part begins in the line.
    pub(super) fn push(&mut self, part: &str, line: &Physical<'_>, offset: usize) {
        if !part.is_empty() {
            self.pieces.push((self.text.len(), line.start + offset, line.number));
            self.text.push_str(part);
        }
    }

    /// Where a range of this text stands in the Dockerfile.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let (start, start_line) = self.source(range.start, true);
        let (end, end_line) = if range.is_empty() { (start, start_line) } else { self.source(range.end, false) };
        Span { start_line, end_line, start, end }
    }

    /// A place between two parts belongs to the later one as a start, to the earlier one as an end.
    fn source(&self, at: usize, start: bool) -> (usize, usize) {
        let before = self.pieces.partition_point(|piece| if start { piece.0 <= at } else { piece.0 < at });
        match before.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            Some((logical, source, line)) => (source + (at - logical), *line),
            None => self.pieces.first().map_or((0, 1), |(_, source, line)| (*source, *line)),
        }
    }
}

/// A line that is a comment wherever it stands.
pub(super) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// The line without the escape character that continues it, and whether it is continued. An escaped
/// escape character does not continue a line.
pub(super) fn continuation(line: &str, escape: char) -> (&str, bool) {
    let trimmed = line.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape) {
        Some(rest) if !rest.ends_with(escape) => (rest, true),
        _ => (line, false),
    }
}
