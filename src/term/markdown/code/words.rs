//! Languages that are told by their words: keywords, comments and strings, one table for each.

use super::{COMMENT, FLAG, KEY, KEYWORD, STRING, VARIABLE, shell::variable};
use crate::term::line::{Span, Style};

/// A kind of string, or a comment over lines.
#[derive(Debug, PartialEq, Eq)]
struct Quote {
    open: &'static str,
    close: &'static str,
    /// A backslash takes the character after it along.
    escapes: bool,
    /// It may go over lines.
    lines: bool,
    style: Style,
}

/// What the words of a language are.
#[derive(Debug)]
pub(super) struct Grammar {
    keywords: &'static [&'static str],
    /// Values with a name: `true`, `None`.
    constants: &'static [&'static str],
    /// Signs that begin a comment up to the end of the line.
    comments: &'static [&'static str],
    /// The longer opening sign first.
    quotes: &'static [Quote],
    /// A string before a colon is a key.
    keys: bool,
    /// The first word of a statement is a directive, and `$name` a variable.
    directives: bool,
}

const fn text(sign: &'static str) -> Quote {
    Quote { open: sign, close: sign, escapes: true, lines: false, style: STRING }
}

const fn texts(sign: &'static str) -> Quote {
    Quote { lines: true, ..text(sign) }
}

const BLOCK: Quote = Quote { open: "/*", close: "*/", escapes: false, lines: true, style: COMMENT };

/// The Python Language Reference, 2.3.1 "Keywords" and "Soft Keywords" without `_` and `type`.
pub(super) const PYTHON: Grammar = Grammar {
    keywords: &[
        "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def", "del", "elif", "else",
        "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match", "nonlocal", "not",
        "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ],
    constants: &["None", "True", "False"],
    comments: &["#"],
    quotes: &[texts("\"\"\""), texts("'''"), text("\""), text("'")],
    keys: false,
    directives: false,
};

/// ECMAScript 2024, 12.7.2 "Keywords and Reserved Words", with `async`, `let`, `of` and `static`.
pub(super) const JAVASCRIPT: Grammar = Grammar {
    keywords: &[
        "async",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "export",
        "extends",
        "finally",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "let",
        "new",
        "of",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
        "yield",
    ],
    constants: &["true", "false", "null", "undefined"],
    comments: &["//"],
    quotes: &[BLOCK, texts("`"), text("\""), text("'")],
    keys: false,
    directives: false,
};

/// The Go Programming Language Specification, "Keywords".
pub(super) const GO: Grammar = Grammar {
    keywords: &[
        "break",
        "case",
        "chan",
        "const",
        "continue",
        "default",
        "defer",
        "else",
        "fallthrough",
        "for",
        "func",
        "go",
        "goto",
        "if",
        "import",
        "interface",
        "map",
        "package",
        "range",
        "return",
        "select",
        "struct",
        "switch",
        "type",
        "var",
    ],
    constants: &["true", "false", "nil", "iota"],
    comments: &["//"],
    quotes: &[BLOCK, Quote { escapes: false, ..texts("`") }, text("\""), text("'")],
    keys: false,
    directives: false,
};

/// The Java Language Specification, 3.9 "Keywords", with `var` and `record`.
pub(super) const JAVA: Grammar = Grammar {
    keywords: &[
        "abstract",
        "assert",
        "boolean",
        "break",
        "byte",
        "case",
        "catch",
        "char",
        "class",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extends",
        "final",
        "finally",
        "float",
        "for",
        "if",
        "implements",
        "import",
        "instanceof",
        "int",
        "interface",
        "long",
        "native",
        "new",
        "package",
        "private",
        "protected",
        "public",
        "record",
        "return",
        "short",
        "static",
        "super",
        "switch",
        "synchronized",
        "this",
        "throw",
        "throws",
        "transient",
        "try",
        "var",
        "void",
        "volatile",
        "while",
    ],
    constants: &["true", "false", "null"],
    comments: &["//"],
    quotes: &[BLOCK, texts("\"\"\""), text("\""), text("'")],
    keys: false,
    directives: false,
};

/// nginx: a directive is the first word of what ends with `;` or `{`.
pub(super) const NGINX: Grammar = Grammar {
    keywords: &[],
    constants: &["on", "off"],
    comments: &["#"],
    quotes: &[texts("\""), texts("'")],
    keys: false,
    directives: true,
};

/// RFC 8259, with the comments that many readers allow.
pub(super) const JSON: Grammar = Grammar {
    keywords: &[],
    constants: &["true", "false", "null"],
    comments: &["//"],
    quotes: &[BLOCK, text("\"")],
    keys: true,
    directives: false,
};

/// The state of a text between its lines.
pub(super) struct Words {
    grammar: &'static Grammar,
    /// What is open at the end of the line before.
    open: Option<&'static Quote>,
    /// The next word begins a statement.
    begins: bool,
}

impl Words {
    pub(super) fn new(grammar: &'static Grammar) -> Self {
        Self { grammar, open: None, begins: true }
    }

    /// Whether a string is open, whose lines hold the spaces before them.
    pub(super) fn is_quoted(&self) -> bool {
        self.open.is_some_and(|quote| quote.style == STRING)
    }

    /// One line, coloured.
    pub(super) fn line(&mut self, line: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut rest = line;
        let mut before = ' ';
        while !rest.is_empty() {
            let (length, style) = self.token(rest, before);
            let (token, after) = rest.split_at(length);
            spans.push(Span::new(token, style));
            before = token.chars().next_back().unwrap_or(' ');
            rest = after;
        }
        spans
    }

    /// Length (at least one character) and style of the token at the start of `rest`; `before` stands before it.
    fn token(&mut self, rest: &str, before: char) -> (usize, Style) {
        let grammar = self.grammar;
        if let Some(open) = self.open {
            return match end(rest, open) {
                Some(length) => {
                    self.open = None;
                    (length, open.style)
                }
                None => (rest.len(), open.style),
            };
        }
        // In nginx `#` is a part of a word unless it begins one.
        let comments = before.is_whitespace() || !grammar.directives;
        if comments && grammar.comments.iter().any(|sign| rest.starts_with(sign)) {
            return (rest.len(), COMMENT);
        }
        if let Some(quote) = grammar.quotes.iter().find(|quote| rest.starts_with(quote.open)) {
            let opened = quote.open.len();
            return match end(&rest[opened..], quote) {
                Some(length) => {
                    let length = opened + length;
                    let is_key = grammar.keys && quote.style == STRING && rest[length..].trim_start().starts_with(':');
                    (length, if is_key { KEY } else { quote.style })
                }
                None if quote.lines => {
                    self.open = Some(quote);
                    (rest.len(), quote.style)
                }
                // Not a string after all: an apostrophe, a regular expression.
                None => (opened, Style::PLAIN),
            };
        }
        let first = rest.chars().next().unwrap_or(' ');
        if first == '$' && grammar.directives {
            self.begins = false;
            return (variable(rest), VARIABLE);
        }
        if !is_of_word(first) {
            self.begins = (self.begins && first.is_whitespace()) || matches!(first, ';' | '{' | '}');
            return (first.len_utf8(), Style::PLAIN);
        }
        let length = rest.find(|char| !is_of_word(char)).unwrap_or(rest.len());
        let begins = std::mem::replace(&mut self.begins, false);
        // `object.for` names a member.
        let is_member = before == '.';
        (length, if is_member { Style::PLAIN } else { self.word(&rest[..length], begins) })
    }

    fn word(&self, word: &str, begins: bool) -> Style {
        match word {
            _ if self.grammar.directives && begins => KEY,
            _ if self.grammar.keywords.contains(&word) => KEYWORD,
            _ if self.grammar.constants.contains(&word) => FLAG,
            _ => Style::PLAIN,
        }
    }
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Where a string or a comment ends: behind its closing sign.
fn end(text: &str, quote: &Quote) -> Option<usize> {
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quote.escapes => escaped = true,
            _ if text[at..].starts_with(quote.close) => return Some(at + quote.close.len()),
            _ => {}
        }
    }
    None
}
