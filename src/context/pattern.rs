//! One pattern of `.dockerignore`, as github.com/moby/patternmatcher reads it.
//!
//! That matcher checks a pattern with Go's `filepath.Match`, then matches it as an exact name, a
//! prefix (`a/**`), a suffix (`**/a`), or as a regular expression of Go's syntax that it derives
//! character by character. The derivation has corners that show through (`\d` is a digit, `[a*]`
//! is no class of two): they are kept, by deriving the same expression and translating it.

use regex::{Regex, RegexBuilder};

/// Bytes that one compiled expression, and its cache, may take: patterns come from anybody.
const REGEX_BYTES: usize = 1024 * 1024;

/// A pattern, cleaned, without its `!`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Cleaned text.
    pub(super) text: String,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Exact,
    Prefix,
    Suffix,
    Regex(Regex),
}

/// The pattern's syntax is not that of Go's `filepath.Match`.
#[derive(Debug)]
pub(super) struct BadPattern;

impl Pattern {
    /// Takes a pattern without `!`, already cleaned.
    pub(super) fn new(text: &str) -> Result<Self, BadPattern> {
        check_glob(text)?;
        let how = compile(text)?;
        Ok(Self { text: text.to_owned(), how })
    }

    /// Whether `path` (relative, `/` between parts) itself matches; its parents are not looked at.
    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.how {
            How::Exact => path == self.text,
            How::Prefix => self.text.strip_suffix("**").is_some_and(|prefix| path.starts_with(prefix)),
            How::Suffix => self.text.strip_prefix("**").is_some_and(|suffix| {
                path.ends_with(suffix) || suffix.strip_prefix('/').is_some_and(|whole| path == whole)
            }),
            How::Regex(regex) => regex.is_match(path),
        }
    }
}

/// Go's `filepath.Clean` for `/`-separated paths.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// The syntax check of docker's client: Go's `filepath.Match` with the name `.`, which stops at the
/// first part between two `*` that does not match, and so lets errors behind it pass.
fn check_glob(text: &str) -> Result<(), BadPattern> {
    let mut name = ".";
    let mut pattern: Vec<char> = text.chars().rev().collect();
    while !pattern.is_empty() {
        let mut star = false;
        while pattern.pop_if(|c| *c == '*').is_some() {
            star = true;
        }
        let chunk = chunk(&mut pattern);
        if star && chunk.is_empty() {
            return Ok(());
        }
        let goes_on = |rest: &Option<&'static str>| rest.is_some_and(|rest| rest.is_empty() || !pattern.is_empty());
        let mut rest = match_chunk(&chunk, name)?;
        if !goes_on(&rest) && star && !name.is_empty() {
            rest = match_chunk(&chunk, "")?;
        }
        match rest.filter(|rest| goes_on(&Some(rest))) {
            Some(rest) => name = rest,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Takes what comes before the next `*` that stands outside a class. `pattern` is reversed.
fn chunk(pattern: &mut Vec<char>) -> Vec<char> {
    let mut chunk = Vec::new();
    let mut class = false;
    while let Some(c) = pattern.pop_if(|c| class || *c != '*') {
        chunk.push(c);
        match c {
            '\\' => chunk.extend(pattern.pop()),
            '[' => class = true,
            ']' => class = false,
            _ => {}
        }
    }
    chunk
}

type Glob<'a> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'a, char>>>;

/// What is left of `name` (`.` or nothing) behind a chunk, none where it does not match.
fn match_chunk(chunk: &[char], name: &'static str) -> Result<Option<&'static str>, BadPattern> {
    let mut chars: Glob<'_> = chunk.iter().copied().peekable();
    let mut left = Some(name);
    while let Some(c) = chars.next() {
        let matches = match c {
            '\\' => chars.next().ok_or(BadPattern)? == '.',
            '?' => true,
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let (mut ranges, mut inside) = (0, false);
                while ranges == 0 || chars.next_if_eq(&']').is_none() {
                    let low = class_char(&mut chars)?;
                    let high = if chars.next_if_eq(&'-').is_some() { class_char(&mut chars)? } else { low };
                    inside |= (low..=high).contains(&'.');
                    ranges += 1;
                }
                inside != negated
            }
            c => c == '.',
        };
        left = left.filter(|left| matches && !left.is_empty()).map(|_| "");
    }
    Ok(left)
}

fn class_char(chars: &mut Glob<'_>) -> Result<char, BadPattern> {
    let c = match chars.next() {
        None | Some('-' | ']') => return Err(BadPattern),
        Some('\\') => chars.next().ok_or(BadPattern)?,
        Some(c) => c,
    };
    chars.peek().map(|_| c).ok_or(BadPattern)
}

/// Decides how the pattern is matched, as `Pattern.compile` of moby/patternmatcher does.
fn compile(text: &str) -> Result<How, BadPattern> {
    let mut go = String::from("^");
    let mut how = How::Exact;
    let mut regex = false;
    // Go's text scanner drops a byte order mark in front, for this step only.
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                if chars.peek().is_some() {
                    go.push_str("(.*/)?");
                    regex = true;
                } else if !regex && matches!(how, How::Exact) {
                    how = How::Prefix;
                } else {
                    go.push_str(".*");
                    regex = true;
                }
                if first {
                    how = How::Suffix;
                    regex = false;
                }
            }
            '*' => {
                go.push_str("[^/]*");
                regex = true;
            }
            '?' => {
                go.push_str("[^/]");
                regex = true;
            }
            '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => {
                go.push('\\');
                go.push(c);
            }
            '\\' => {
                go.push('\\');
                if let Some(c) = chars.next() {
                    go.push(c);
                    regex = true;
                }
            }
            '[' | ']' => {
                go.push(c);
                regex = true;
            }
            c => go.push(c),
        }
        first = false;
    }
    if !regex {
        return Ok(how);
    }
    go.push('$');
    RegexBuilder::new(&translate(&go)?)
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES / 4)
        .build()
        .map(How::Regex)
        .map_err(|_| BadPattern)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Rewrites an expression of Go's syntax in this crate's: there `[` inside a class is a letter,
/// `\d`, `\s` and `\w` are ASCII, and other letters may be escaped.
fn translate(go: &str) -> Result<String, BadPattern> {
    let mut out = String::new();
    let mut chars: Chars<'_> = go.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek().copied().ok_or(BadPattern)? {
                c @ ('A' | 'z') => {
                    chars.next();
                    out.push('\\');
                    out.push(c);
                }
                c @ ('b' | 'B') => {
                    chars.next();
                    out.push_str(&format!("(?-u:\\{c})"));
                }
                _ => match escape(&mut chars)? {
                    Escaped::Char(c) => literal(c, &mut out),
                    Escaped::Class(class) => out.push_str(&class),
                },
            },
            '[' => class(&mut chars, &mut out)?,
            // What `compile` put there itself.
            '*' | '?' | '(' | ')' | '.' | '^' | '$' => out.push(c),
            c => literal(c, &mut out),
        }
    }
    Ok(out)
}

fn literal(c: char, out: &mut String) {
    out.push_str(&format!("\\x{{{:X}}}", u32::from(c)));
}

enum Escaped {
    Char(char),
    Class(String),
}

/// What stands behind a `\`, inside a class or outside.
fn escape(chars: &mut Chars<'_>) -> Result<Escaped, BadPattern> {
    let c = chars.next().ok_or(BadPattern)?;
    Ok(match c {
        'd' => Escaped::Class("[0-9]".into()),
        'D' => Escaped::Class("[^0-9]".into()),
        's' => Escaped::Class("[\\t\\n\\f\\r ]".into()),
        'S' => Escaped::Class("[^\\t\\n\\f\\r ]".into()),
        'w' => Escaped::Class("[0-9A-Za-z_]".into()),
        'W' => Escaped::Class("[^0-9A-Za-z_]".into()),
        'p' | 'P' => match chars.next() {
            Some(class) if class.is_ascii_alphabetic() => Escaped::Class(format!("\\{c}{class}")),
            _ => return Err(BadPattern),
        },
        'a' => Escaped::Char('\x07'),
        'f' => Escaped::Char('\x0c'),
        'n' => Escaped::Char('\n'),
        'r' => Escaped::Char('\r'),
        't' => Escaped::Char('\t'),
        'v' => Escaped::Char('\x0b'),
        'x' => {
            let high = chars.next().and_then(|c| c.to_digit(16)).ok_or(BadPattern)?;
            let low = chars.next().and_then(|c| c.to_digit(16)).ok_or(BadPattern)?;
            Escaped::Char(char::from_u32(high * 16 + low).ok_or(BadPattern)?)
        }
        '0'..='7' => {
            let octal = |chars: &mut Chars<'_>| chars.next_if(|c| ('0'..='7').contains(c)).and_then(|c| c.to_digit(8));
            let mut value = c.to_digit(8).ok_or(BadPattern)?;
            for place in 0..2 {
                match octal(chars) {
                    Some(digit) => value = value * 8 + digit,
                    // A single digit is a back-reference, which Go's expressions do not have.
                    None if place == 0 && c != '0' => return Err(BadPattern),
                    None => break,
                }
            }
            Escaped::Char(char::from_u32(value).ok_or(BadPattern)?)
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Escaped::Char(c),
        _ => return Err(BadPattern),
    })
}

/// A class, behind its `[`.
fn class(chars: &mut Chars<'_>, out: &mut String) -> Result<(), BadPattern> {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        if !first && chars.next_if_eq(&']').is_some() {
            out.push(']');
            return Ok(());
        }
        first = false;
        let lo = match class_item(chars, out)? {
            Some(lo) => lo,
            None => continue,
        };
        let mut ahead = chars.clone();
        let hi = if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
            chars.next();
            match chars.next().ok_or(BadPattern)? {
                '\\' => match escape(chars)? {
                    Escaped::Char(c) => c,
                    Escaped::Class(_) => return Err(BadPattern),
                },
                c => c,
            }
        } else {
            lo
        };
        if hi < lo {
            return Err(BadPattern);
        }
        literal(lo, out);
        out.push('-');
        literal(hi, out);
    }
}

/// The next character of a class, or none where it was a whole class of its own (already written).
fn class_item(chars: &mut Chars<'_>, out: &mut String) -> Result<Option<char>, BadPattern> {
    match chars.next().ok_or(BadPattern)? {
        '[' if chars.peek() == Some(&':') => {
            let rest: String = chars.clone().skip(1).collect();
            let Some((name, _)) = rest.split_once(":]") else { return Ok(Some('[')) };
            let known = ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph"].contains(&name)
                || ["lower", "print", "punct", "space", "upper", "word", "xdigit"].contains(&name);
            if !known {
                return Err(BadPattern);
            }
            for _ in 0..name.len() + 3 {
                chars.next();
            }
            out.push_str(&format!("[:{name}:]"));
            Ok(None)
        }
        '\\' => match escape(chars)? {
            Escaped::Char(c) => Ok(Some(c)),
            Escaped::Class(class) => {
                out.push_str(&class);
                Ok(None)
            }
        },
        c => Ok(Some(c)),
    }
}

/// A pattern that matches exactly this path.
pub(super) fn quote(path: &str) -> String {
    let mut quoted = String::new();
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '^' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}
