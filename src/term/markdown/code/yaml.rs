//! YAML: keys, strings, comments, and texts over lines left alone.

use super::{COMMENT, FLAG, KEY, STRING};
use crate::term::line::{Span, Style};

/// YAML 1.2.2, 10.3.2 "Tag Resolution" (core schema), as they are usually written.
const CONSTANTS: [&str; 4] = ["true", "false", "null", "~"];

/// The state of a YAML text between its lines.
#[derive(Default)]
pub(super) struct Yaml {
    /// Columns before the key whose text over lines (`|`, `>`) goes on.
    block: Option<usize>,
}

impl Yaml {
    /// One line, coloured.
    pub(super) fn line(&mut self, line: &str) -> Vec<Span> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(block) = self.block {
            if line.trim().is_empty() || indent > block {
                return vec![Span::plain(line)];
            }
            self.block = None;
        }
        // What begins an entry of a list belongs to the indentation: `- - name: x`.
        let mut start = indent;
        while line[start..].starts_with("- ") {
            start += 2 + (line[start + 2..].len() - line[start + 2..].trim_start_matches(' ').len());
        }
        let (before, rest) = line.split_at(start);
        let mut spans = vec![Span::plain(before)];
        if rest == "---" || rest == "..." {
            spans.push(Span::new(rest, COMMENT));
            return spans;
        }
        let value = match key(rest) {
            Some(length) => {
                let (key, value) = rest.split_at(length);
                spans.extend([Span::new(key, KEY), Span::plain(":")]);
                &value[1..]
            }
            None => rest,
        };
        self.block = opens_block(value).then_some(indent);
        spans.extend(self::value(value));
        spans
    }
}

/// Length of the key at the start of `text`: up to a colon that a space or the line's end follows.
fn key(text: &str) -> Option<usize> {
    let length = match text.chars().next()? {
        quote @ ('"' | '\'') => text[1..].find(quote)? + 2,
        '#' | '{' | '[' | '|' | '>' => return None,
        _ => {
            let colon = text.match_indices(':').find(|(at, _)| {
                let after = &text[at + 1..];
                after.is_empty() || after.starts_with(' ')
            })?;
            colon.0
        }
    };
    let after = text[length..].strip_prefix(':')?;
    let is_key = (after.is_empty() || after.starts_with(' ')) && !text[..length].contains(" #");
    is_key.then_some(length)
}

/// Whether a value announces a text over lines: `|`, `>-`, `|2 # comment`.
fn opens_block(value: &str) -> bool {
    let sign = value.split(" #").next().unwrap_or_default().trim();
    sign.starts_with(['|', '>']) && sign[1..].chars().all(|char| matches!(char, '+' | '-' | '0'..='9'))
}

/// What stands behind a key or a dash.
fn value(text: &str) -> Vec<Span> {
    // Only between brackets do commas part values.
    let parts: &[char] = if text.trim_start().starts_with(['[', '{']) { &['[', ']', '{', '}', ','] } else { &[] };
    let ends = |char: char| char == ' ' || parts.contains(&char);
    let mut spans = Vec::new();
    let mut rest = text;
    let mut after_space = true;
    // Where a plain text has begun, quotes and constants are a part of it.
    let mut in_text = false;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(ends).unwrap_or(rest.len());
        let closed = || rest[1..].find(first).map(|end| end + 2);
        let (length, style) = match first {
            '#' if after_space => (rest.len(), COMMENT),
            '"' | '\'' if !in_text && closed().is_some() => (closed().unwrap_or(rest.len()), STRING),
            _ if ends(first) => (first.len_utf8(), Style::PLAIN),
            _ => {
                let next = rest[word..].trim_start().chars().next();
                let alone = !in_text && next.is_none_or(|next| next == '#' || parts.contains(&next));
                (word, if alone && CONSTANTS.contains(&&rest[..word]) { FLAG } else { Style::PLAIN })
            }
        };
        in_text = match first {
            ' ' => in_text,
            _ => !ends(first),
        };
        after_space = first == ' ';
        let (token, after) = rest.split_at(length);
        spans.push(Span::new(token, style));
        rest = after;
    }
    spans
}
