//! Shell texts and sessions: commands, flags, strings, variables, comments.

use super::{COMMENT, FLAG, KEYWORD, STRING, VARIABLE, is_name};
use crate::term::line::{Span, Style};

/// POSIX.1-2017, Shell Command Language 2.4, "Reserved Words".
const RESERVED: [&str; 16] =
    ["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// The state of a shell text between its lines.
pub(super) struct Shell {
    /// The quote that is open.
    quote: Option<char>,
    /// The next word names a command.
    command: bool,
    /// Command names are coloured at all.
    commands: bool,
    /// `#` begins a comment.
    pub(super) comments: bool,
    /// The line before ended with a backslash or inside a quote.
    continued: bool,
}

impl Shell {
    /// Before its first line; `commands` says whether the names of commands are coloured.
    pub(super) fn new(commands: bool) -> Self {
        Self { quote: None, command: commands, commands, comments: true, continued: false }
    }

    /// One line, coloured.
    pub(super) fn line(&mut self, line: &str) -> Vec<Span> {
        if !self.continued {
            self.command = self.commands;
        }
        let mut spans = Vec::new();
        let mut rest = line;
        let mut starts_word = true;
        while !rest.is_empty() {
            let (length, style) = self.token(rest, starts_word);
            let (token, after) = rest.split_at(length.clamp(1, rest.len()));
            spans.push(Span::new(token, style));
            starts_word = token.ends_with([' ', '\t', ';', '|', '&', '(', '=']);
            rest = after;
        }
        let escaped = line.len() - line.trim_end_matches('\\').len();
        self.continued = self.quote.is_some() || escaped % 2 == 1;
        spans
    }

    /// Whether a quotation is open.
    pub(super) fn is_quoted(&self) -> bool {
        self.quote.is_some()
    }

    /// Length and style of the token at the start of `rest`.
    fn token(&mut self, rest: &str, starts_word: bool) -> (usize, Style) {
        let first = rest.chars().next().unwrap_or(' ');
        if let Some(quote) = self.quote {
            return self.quoted(rest, 0, quote);
        }
        match first {
            ' ' | '\t' => (rest.len() - rest.trim_start_matches([' ', '\t']).len(), Style::PLAIN),
            '#' if self.comments && starts_word => (rest.len(), COMMENT),
            '"' | '\'' => {
                self.command = false;
                self.quoted(rest, 1, first)
            }
            '$' => {
                self.command = false;
                (variable(rest), VARIABLE)
            }
            ';' | '|' | '&' | '(' => {
                self.command = self.commands;
                (1, Style::PLAIN)
            }
            '\\' => (1 + rest[1..].chars().next().map_or(0, char::len_utf8), Style::PLAIN),
            _ => self.word(rest, starts_word),
        }
    }

    fn word(&mut self, rest: &str, starts_word: bool) -> (usize, Style) {
        let ends = |char: char| matches!(char, ' ' | '\t' | ';' | '|' | '&' | '(' | '"' | '\'' | '$' | '\\');
        let length = rest.find(ends).unwrap_or(rest.len());
        let word = &rest[..length];
        if starts_word && word.starts_with('-') && word.len() > 1 {
            return (word.find('=').unwrap_or(length), FLAG);
        }
        if !starts_word || !self.command {
            return (length, Style::PLAIN);
        }
        if RESERVED.contains(&word) {
            self.command = !matches!(word, "for" | "case" | "in");
            return (length, KEYWORD);
        }
        let assignment = word.split_once('=').is_some_and(|(name, _)| is_name(name));
        if assignment {
            return (length, Style::PLAIN);
        }
        self.command = false;
        (length, Style::BOLD)
    }

    /// Up to the closing quote, or the whole line where it closes in a later one.
    fn quoted(&mut self, rest: &str, from: usize, quote: char) -> (usize, Style) {
        let mut escaped = false;
        for (at, char) in rest.char_indices().skip(from) {
            match char {
                _ if escaped => escaped = false,
                '\\' if quote == '"' => escaped = true,
                _ if char == quote => {
                    self.quote = None;
                    return (at + char.len_utf8(), STRING);
                }
                _ => {}
            }
        }
        self.quote = Some(quote);
        (rest.len(), STRING)
    }
}

/// `$NAME`, `${…}`, `$1`, `$?`; for `$(` only the dollar sign.
pub(super) fn variable(rest: &str) -> usize {
    let after = &rest[1..];
    match after.chars().next() {
        Some('{') => after.find('}').map_or(rest.len(), |end| end + 2),
        Some(char) if char.is_ascii_alphabetic() || char == '_' => {
            1 + after.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(after.len())
        }
        Some(char) if char.is_ascii_digit() || "?@*#$!-".contains(char) => 2,
        _ => 1,
    }
}

/// Whether a here-document begins in this line of a shell text (POSIX.1-2017, Shell Command Language 2.7.4).
pub(super) fn opens_document(line: &str) -> bool {
    line.match_indices("<<").any(|(at, sign)| {
        let word = line[at + sign.len()..].trim_start_matches('-').trim_start().trim_start_matches(['"', '\'', '\\']);
        !line[..at].ends_with('<') && word.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
    })
}

/// A line of a session: a command behind its prompt, or what was printed.
pub(super) fn console(state: &mut Shell, line: &str) -> Vec<Span> {
    if state.continued {
        return state.line(line);
    }
    match line.split_at_checked(2) {
        Some((prompt @ ("$ " | "# " | "> "), command)) => {
            *state = Shell::new(true);
            let mut spans = vec![Span::new(prompt, COMMENT)];
            spans.extend(state.line(command));
            spans
        }
        _ => vec![Span::plain(line)],
    }
}
