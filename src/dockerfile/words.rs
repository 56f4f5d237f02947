//! How the text behind a keyword falls into words.

use std::ops::Range;

/// A word and its place in the logical line.
pub(super) type Word = (Range<usize>, String);

/// The blanks between words. (No line end: that ends the line.)
pub(super) const BLANK: [char; 5] = ['\t', '\x0b', '\x0c', '\r', ' '];

/// Words between blanks; quotes mean nothing.
pub(super) fn by_blanks(text: &str, offset: usize) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split(BLANK) {
        if !word.is_empty() {
            words.push((offset + at..offset + at + word.len(), word.to_owned()));
        }
        at += word.len() + 1;
    }
    words
}

/// Words between blanks outside quotes. Quotes and escape characters stay in the words.
pub(super) fn quoted(text: &str, offset: usize, escape: char) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut quote = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            if let Some((start, word)) = word.take().filter(|(_, word)| !word.is_empty()) {
                words.push((offset + start..offset + at, word));
            }
            continue;
        }
        let (_, text) = word.get_or_insert_with(|| (at, String::new()));
        if c == escape && quote != Some('\'') {
            // An escape character at the very end is dropped.
            if let Some((_, next)) = chars.next() {
                text.push(c);
                text.push(next);
            }
            continue;
        }
        text.push(c);
        match quote {
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
    }
    if let Some((start, word)) = word.filter(|(_, word)| !word.is_empty()) {
        words.push((offset + start..offset + text.trim_end().len().max(start), word));
    }
    words
}

/// The flags in front of an instruction's arguments, quotes and `\` removed, and where the
/// arguments begin. `--` ends the flags.
pub(super) fn flags(text: &str, offset: usize) -> (Vec<Word>, usize) {
    let mut flags = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(ascii_blank);
        let start = text.len() - trimmed.len();
        if !trimmed.starts_with("--") {
            return (flags, start);
        }
        let (length, word, quoted) = flag(trimmed);
        let end = start + length;
        rest = &text[end..];
        if word == "--" {
            return (flags, end);
        }
        if quoted || !word.is_empty() {
            flags.push((offset + start..offset + end, word));
        }
    }
}

/// Docker reads flags byte by byte, so that only ASCII blanks part them.
fn ascii_blank(c: char) -> bool {
    c.is_ascii() && c.is_whitespace()
}

/// One flag: how long it is in the text, what it says, whether a part of it is quoted.
fn flag(text: &str) -> (usize, String, bool) {
    let mut word = String::new();
    let (mut quote, mut quoted) = (None, false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None, c) if ascii_blank(c) => return (at, word, quoted),
            (None, '\'' | '"') => (quote, quoted) = (Some(c), true),
            (Some(open), c) if open == c => quote = None,
            (_, '\\') => word.extend(chars.next().map(|(_, c)| c)),
            (_, c) => word.push(c),
        }
    }
    (text.len(), word, quoted)
}

/// Fields between commas, as in a line of CSV: a field in `"` may hold commas.
pub(super) fn comma_separated(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match (c, fields.last_mut()) {
            ('"', _) => quoted = !quoted,
            (',', _) if !quoted => fields.push(String::new()),
            (c, Some(field)) => field.push(c),
            (_, None) => {}
        }
    }
    fields
}
