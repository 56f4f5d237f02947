//! Looking for words in lines that are drawn: across line breaks, in any case of letters unless one is a capital.

use super::line::Line;
use regex::{Regex, RegexBuilder};
use std::ops::Range;

/// What may stand between two words: spaces, or a line break with what begins the next line (indentation, the bar of
/// a quotation).
const BETWEEN: &str = r"(?: +| *\n[ ▌>]*)";

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    text: String,
    pattern: Regex,
}

/// One place where it stands: lines, and bytes in each of them. At least one.
pub(super) type Hit = Vec<(usize, Range<usize>)>;

impl Search {
    /// None for a text without words.
    pub(super) fn new(text: &str) -> Option<Self> {
        let words: Vec<String> = text.split_whitespace().map(regex::escape).collect();
        let any_case = !text.chars().any(char::is_uppercase);
        let pattern = RegexBuilder::new(&words.join(BETWEEN)).case_insensitive(any_case).build().ok()?;
        (!words.is_empty()).then(|| Self { text: text.trim().to_owned(), pattern })
    }

    /// What was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands in `lines`, from the top down.
    pub(super) fn hits(&self, lines: &[Line]) -> Vec<Hit> {
        let mut whole = String::new();
        let mut starts = Vec::with_capacity(lines.len());
        for line in lines {
            starts.push(whole.len());
            whole.push_str(&line.text());
            whole.push('\n');
        }
        let hit = |found: Range<usize>| {
            let first = starts.partition_point(|start| *start <= found.start).saturating_sub(1);
            let mut parts = Hit::new();
            for (line, start) in starts.iter().enumerate().skip(first).take_while(|(_, start)| **start < found.end) {
                let end = starts.get(line + 1).map_or(whole.len(), |next| *next) - 1;
                let part = found.start.max(*start)..found.end.min(end);
                let part = match line == first {
                    true => part,
                    // What begins the line is no part of it.
                    false => part.end - whole[part.clone()].trim_start_matches([' ', '▌', '>']).len()..part.end,
                };
                parts.push((line, part.start - start..part.end - start));
            }
            parts
        };
        self.pattern.find_iter(&whole).map(|found| hit(found.range())).filter(|hit| !hit.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Style;

    fn hits(text: &str, lines: &[&str]) -> Vec<Vec<String>> {
        let lines: Vec<Line> = lines.iter().map(|line| Line::new(line, Style::PLAIN)).collect();
        let search = Search::new(text).expect("words");
        let part = |(line, range): (usize, Range<usize>)| format!("{line}:{}", &lines[line].text()[range]);
        search.hits(&lines).into_iter().map(|hit| hit.into_iter().map(part).collect()).collect()
    }

    #[test]
    fn words_are_found_in_any_case_unless_a_capital_is_typed() {
        assert_eq!(hits("copy", &["COPY . .", "", "a copy"]), [["0:COPY"], ["2:copy"]]);
        assert_eq!(hits("Copy", &["COPY . .", "a Copy"]), [["1:Copy"]]);
        assert_eq!(hits("straße", &["STRASSE", "Straße"]), [["1:Straße"]]);
    }

    #[test]
    fn signs_stand_for_themselves() {
        assert_eq!(hits("a.b (", &["axb (", "a.b  ("]), [["1:a.b  ("]]);
        assert!(Search::new("  ").is_none());
    }

    #[test]
    fn words_are_found_across_a_line_break_without_what_begins_the_next_line() {
        assert_eq!(hits("build cache", &["the build", "  cache is"]), [["0:build", "1:cache"]]);
        assert_eq!(hits("one two three", &["▌ one", "▌ two three"]), [["0:one", "1:two three"]]);
        assert_eq!(hits("build cache", &["the build", "", "cache"]), Vec::<Vec<String>>::new());
        assert_eq!(hits("a b", &["a > b"]), Vec::<Vec<String>>::new());
    }
}
