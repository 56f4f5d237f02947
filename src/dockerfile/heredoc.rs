//! `<<EOF`: which words of an instruction announce a document.

use super::lex::Lexer;

/// The announcement of a heredoc.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) name: String,
    pub(super) expand: bool,
    pub(super) strip_tabs: bool,
    pub(super) descriptor: Option<u32>,
}

/// All heredocs that a logical line announces, in order.
pub(super) fn in_line(line: &str) -> Vec<Announced> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let nothing = |_: &str| None;
    // The escape character by directive does not count here.
    let mut lexer = Lexer::new('\\', &nothing);
    (lexer.raw_quotes, lexer.raw_escapes, lexer.keep_unset) = (true, true, true);
    // A line that cannot be split (an open quote) announces nothing.
    lexer.words(line).unwrap_or_default().iter().filter_map(|word| of_word(word)).collect()
}

/// The heredoc that one word announces: `<<EOF`, `<<-EOF`, `3<<"EOF"`.
pub(super) fn of_word(word: &str) -> Option<Announced> {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = word[digits..].strip_prefix("<<")?;
    let (strip_tabs, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let nothing = |_: &str| None;
    let mut lexer = Lexer::new('\\', &nothing);
    lexer.keep_unset = true;
    let name = single(lexer.words(rest).ok()?)?;
    (lexer.raw_quotes, lexer.raw_escapes) = (true, true);
    let raw = single(lexer.words(rest).ok()?)?;
    // What is shorter without its quotes was quoted.
    let expand = name.len() == raw.len();
    Some(Announced { name, expand, strip_tabs, descriptor: word[..digits].parse().ok() })
}

fn single(mut words: Vec<String>) -> Option<String> {
    if words.len() == 1 { words.pop() } else { None }
}
