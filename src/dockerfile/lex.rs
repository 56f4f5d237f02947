//! Quotes and variables in a word, as BuildKit's shell lexer reads them (Dockerfile reference,
//! "Environment replacement").
//!
//! Bounds: a result of more than 128 KiB and deep nesting are errors, because `ENV A=$A$A` on sixty
//! lines would otherwise fill any memory.

use regex::Regex;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// Longest result in bytes; Linux takes no longer argument or variable either.
const LONGEST: usize = 128 * 1024;
/// `${a:-${b:-…}}` inside one another.
const DEEPEST: usize = 32;
/// Longest pattern in `${a#pattern}`, in bytes.
const LONGEST_PATTERN: usize = 4096;

/// A variable's value, none where it is not set.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Replaces `$X`, `${X}`, `${X:-word}`, `${X:+word}`, `${X-word}`, `${X+word}`, `${X:?word}`,
/// `${X#pattern}`, `${X%pattern}` and `${X/pattern/word}`, and removes quotes and `escape`.
///
/// # Errors
/// Why Docker would refuse the word: a quote or `}` is missing, a modifier does not exist, or the
/// result is too long.
pub fn expand(word: &str, escape: char, lookup: Lookup<'_>) -> Result<String, String> {
    Lexer::new(escape, lookup).word(word)
}

/// How words are read.
pub(super) struct Lexer<'a> {
    escape: char,
    lookup: Lookup<'a>,
    /// Quotes stay in the result.
    pub(super) raw_quotes: bool,
    /// Escape characters stay in the result.
    pub(super) raw_escapes: bool,
    /// Quotes mean nothing.
    pub(super) no_quotes: bool,
    /// Variables that are not set stay as they are, instead of becoming nothing.
    pub(super) keep_unset: bool,
    /// Names that were looked up and not set.
    pub(super) unset: RefCell<BTreeSet<String>>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(escape: char, lookup: Lookup<'a>) -> Self {
        let unset = RefCell::default();
        Self { escape, lookup, raw_quotes: false, raw_escapes: false, no_quotes: false, keep_unset: false, unset }
    }

    /// The text as one word.
    pub(super) fn word(&self, text: &str) -> Result<String, String> {
        Ok(self.read(text)?.0)
    }

    /// The text as words between blanks, those in quotes and of escaped blanks kept together.
    pub(super) fn words(&self, text: &str) -> Result<Vec<String>, String> {
        Ok(self.read(text)?.1)
    }

    fn read(&self, text: &str) -> Result<(String, Vec<String>), String> {
        let mut reader = Reader { lexer: self, chars: text.chars().peekable(), depth: 0, written: 0 };
        reader.until(None, self.raw_escapes)
    }
}

/// Words as they grow.
#[derive(Default)]
struct Words {
    done: Vec<String>,
    word: String,
}

impl Words {
    fn add(&mut self, c: char) {
        if !c.is_whitespace() {
            self.word.push(c);
        } else if !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
        }
    }

    fn finish(mut self) -> Vec<String> {
        if !self.word.is_empty() {
            self.done.push(self.word);
        }
        self.done
    }
}

struct Reader<'l, 'a, 't> {
    lexer: &'l Lexer<'a>,
    chars: Peekable<Chars<'t>>,
    depth: usize,
    /// Bytes produced so far, at any depth.
    written: usize,
}

impl Reader<'_, '_, '_> {
    /// Reads up to `stop`, or to the end where there is none.
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Vec<String>), String> {
        let mut result = String::new();
        let mut words = Words::default();
        while let Some(c) = self.chars.next() {
            if Some(c) == stop {
                return Ok((result, words.finish()));
            }
            match c {
                '$' => {
                    let value = self.variable()?;
                    value.chars().for_each(|c| words.add(c));
                    result.push_str(&value);
                }
                '\'' | '"' if !self.lexer.no_quotes => {
                    let value = if c == '"' { self.double_quoted(raw_escapes)? } else { self.single_quoted()? };
                    words.word.push_str(&value);
                    result.push_str(&value);
                }
                c if c == self.lexer.escape => {
                    if raw_escapes {
                        words.word.push(c);
                        result.push(c);
                    }
                    if let Some(c) = self.chars.next() {
                        words.word.push(c);
                        result.push(c);
                    }
                }
                c => {
                    words.add(c);
                    result.push(c);
                }
            }
        }
        match stop {
            Some(stop) => Err(format!("a `{stop}` is missing")),
            None => Ok((result, words.finish())),
        }
    }

    /// Behind a `'`, where nothing has a meaning but the next `'`.
    fn single_quoted(&mut self) -> Result<String, String> {
        let mut result = String::new();
        for c in self.chars.by_ref() {
            if c == '\'' {
                return Ok(self.requoted(result, '\''));
            }
            result.push(c);
        }
        Err("a single quote is not closed".into())
    }

    /// Behind a `"`, where `$` has its meaning, and the escape character before `"`, `$` and itself.
    fn double_quoted(&mut self, raw_escapes: bool) -> Result<String, String> {
        let mut result = String::new();
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return Ok(self.requoted(result, '"')),
                '$' => result.push_str(&self.variable()?),
                c if c == self.lexer.escape => {
                    if raw_escapes {
                        result.push(c);
                    }
                    match self.chars.peek().copied() {
                        None => break,
                        Some(next) if next == '"' || next == '$' || next == c => {
                            self.chars.next();
                            result.push(next);
                        }
                        Some(_) => result.push(c),
                    }
                }
                c => result.push(c),
            }
        }
        Err("a double quote is not closed".into())
    }

    fn requoted(&self, text: String, quote: char) -> String {
        if self.lexer.raw_quotes { format!("{quote}{text}{quote}") } else { text }
    }

    /// Behind a `$`.
    fn variable(&mut self) -> Result<String, String> {
        if self.chars.next_if_eq(&'{').is_none() {
            let name = self.name();
            return match name.is_empty() {
                true => Ok("$".into()),
                false => match self.value(&name) {
                    None if self.lexer.keep_unset => self.bounded(format!("${name}")),
                    value => self.bounded(value.unwrap_or_default()),
                },
            };
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("variables are nested too deeply".into());
        }
        let value = self.braced()?;
        self.depth -= 1;
        self.bounded(value)
    }

    /// Behind `${`.
    fn braced(&mut self) -> Result<String, String> {
        let missing = || "a `}` is missing".to_owned();
        if matches!(self.chars.peek(), Some('{' | '}' | ':')) {
            return Err("`${` needs a variable's name".into());
        }
        let name = self.name();
        let mut modifier = String::from(self.chars.next().ok_or_else(missing)?);
        if modifier == "}" {
            return Ok(match self.value(&name) {
                None if self.lexer.keep_unset => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            });
        }
        if modifier == "/" {
            return self.replaced(&name);
        }
        let empty_counts_as_unset = modifier == ":";
        if empty_counts_as_unset {
            modifier.push(self.chars.next().ok_or_else(missing)?);
        }
        let operator = modifier.chars().last().unwrap_or_default();
        if !matches!(operator, '-' | '+' | '?' | '#' | '%') {
            return Err(format!("`${{{name}{modifier}` has no meaning here"));
        }
        let pattern = matches!(operator, '#' | '%');
        let (word, _) = self.until(Some('}'), pattern)?;
        let value = self.value(&name);
        if value.is_none() && self.lexer.keep_unset {
            return Ok(format!("${{{name}{modifier}{word}}}"));
        }
        let set = value.as_deref().filter(|value| !(empty_counts_as_unset && value.is_empty()));
        match operator {
            '-' => Ok(set.map_or(word, str::to_owned)),
            '+' => Ok(if set.is_some() { word } else { String::new() }),
            '?' => match set {
                Some(value) => Ok(value.to_owned()),
                None if word.is_empty() => Err(format!("{name} must be set")),
                None => Err(format!("{name}: {word}")),
            },
            _ => {
                let value = value.unwrap_or_default();
                let (greedy, word) = match word.strip_prefix(operator) {
                    Some(word) => (true, word),
                    None => (false, word.as_str()),
                };
                trimmed(&value, word, greedy, operator == '%')
            }
        }
    }

    /// Behind `${name/`: the first match is replaced, behind `${name//` each.
    fn replaced(&mut self, name: &str) -> Result<String, String> {
        let all = self.chars.next_if_eq(&'/').is_some();
        let (pattern, _) = self.until(Some('/'), true)?;
        let (word, _) = self.until(Some('}'), true)?;
        let Some(value) = self.value(name) else {
            return Ok(if self.lexer.keep_unset { format!("${{{name}/{pattern}/{word}}}") } else { String::new() });
        };
        let regex = regex(&tokens(&pattern)?, true, false)?;
        let limit = if all { 0 } else { 1 };
        if all && value.len().saturating_mul(word.len().max(1)) > LONGEST * 16 {
            return Err(format!("the value of {name} becomes too long"));
        }
        Ok(regex.replacen(&value, limit, regex::NoExpand(&word)).into_owned())
    }

    fn value(&self, name: &str) -> Option<String> {
        let value = (self.lexer.lookup)(name);
        if value.is_none() {
            self.lexer.unset.borrow_mut().insert(name.to_owned());
        }
        value
    }

    /// A name, a number, or one of the shell's special parameters.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.chars.peek() {
            Some(c) if c.is_numeric() => {
                while let Some(c) = self.chars.next_if(|c| c.is_numeric()) {
                    name.push(c);
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => name.extend(self.chars.next()),
            _ => {
                while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
            }
        }
        name
    }

    fn bounded(&mut self, value: String) -> Result<String, String> {
        self.written = self.written.saturating_add(value.len());
        if self.written > LONGEST { Err("the value becomes longer than 128 KiB".into()) } else { Ok(value) }
    }
}

/// A part of a shell pattern.
enum Token {
    Any,
    One,
    Char(char),
}

fn tokens(pattern: &str) -> Result<Vec<Token>, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err("the pattern is too long".into());
    }
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => match chars.next() {
                Some(c @ ('*' | '?' | '\\' | '}' | '/')) => Token::Char(c),
                _ => return Err(format!("the pattern `{pattern}` escapes what needs no escape")),
            },
            c => Token::Char(c),
        });
    }
    Ok(tokens)
}

fn regex(tokens: &[Token], greedy: bool, anchored: bool) -> Result<Regex, String> {
    let mut text = String::from(if anchored { "^" } else { "" });
    for token in tokens {
        match token {
            Token::Any => text.push_str(if greedy { ".*" } else { ".*?" }),
            Token::One => text.push('.'),
            Token::Char(c) => text.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Regex::new(&text).map_err(|_| "the pattern cannot be used".to_owned())
}

/// The value without what matches at its start, or at its end.
fn trimmed(value: &str, pattern: &str, greedy: bool, end: bool) -> Result<String, String> {
    let mut tokens = tokens(pattern)?;
    if !end {
        let found = regex(&tokens, greedy, true)?.find(value).map_or(0, |found| found.end());
        return Ok(value[found..].to_owned());
    }
    // From the end: both turned round.
    tokens.reverse();
    let turned: String = value.chars().rev().collect();
    let found = regex(&tokens, greedy, true)?.find(&turned).map_or(0, |found| found.end());
    Ok(value[..value.len() - found].to_owned())
}
