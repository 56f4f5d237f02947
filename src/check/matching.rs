//! Matchers for text and lists that several kinds share.

use crate::evidence::KEPT;
use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A regular expression that was valid when the course was read.
///
/// In a recipe it may hold parameters, `{{name}}`, which no regular expression can: it is then valid with words in their
/// places, and read again once they are known.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// A parameter.
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{\s*[\w.]+\s*\}\}").expect("a valid expression"));

impl Pattern {
    /// Whether it matches anywhere in `text`.
    pub fn found_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let regex = Regex::new(&PARAMETER.replace_all(&text, "x")).map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim();
            serde::de::Error::custom(format!("`{text}` is not a regular expression: {last}"))
        })?;
        Ok(Self { text, regex })
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Not `format: regex`: that means the dialect of ECMAScript, which knows no `(?x)`.
        json_schema!({ "type": "string" })
    }
}

/// What a text must be. Everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextMatch {
    /// Equal, white space at both ends aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// Contains each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// Matches this regular expression somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<Pattern>,
    /// Matches each of these somewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches_all: Vec<Pattern>,
    /// Contains none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Matches none of these anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches_none: Vec<Pattern>,
}

impl TextMatch {
    /// What is expected and missing in `text`, as half a sentence; `None` where all holds. `cut` says that `text` is not
    /// all that there was: what must not be in it may then be in the rest, so that nothing passes without it.
    pub fn misses(&self, text: &str, cut: bool) -> Option<String> {
        let all_of_it = self.equals.is_some() || !self.lacks.is_empty() || !self.matches_none.is_empty();
        let too_long = || format!("at most {KEPT} bytes, which can all be looked at");
        match self.misses_here(text) {
            Some(missing) if cut => Some(format!("{missing} (the first and the last of {KEPT} bytes were looked at)")),
            Some(missing) => Some(missing),
            None => (cut && all_of_it).then(too_long),
        }
    }

    fn misses_here(&self, text: &str) -> Option<String> {
        if let Some(equals) = &self.equals
            && text.trim() != equals.trim()
        {
            return Some(format!("exactly `{}`", equals.trim()));
        }
        if let Some(missing) = self.contains.iter().find(|part| !text.contains(part.as_str())) {
            return Some(format!("text that contains `{missing}`"));
        }
        if let Some(pattern) = self.matches.iter().chain(&self.matches_all).find(|pattern| !pattern.found_in(text)) {
            return Some(format!("text that matches `{}`", pattern.as_str()));
        }
        if let Some(part) = self.lacks.iter().find(|part| text.contains(part.as_str())) {
            return Some(format!("text without `{part}`"));
        }
        let found = self.matches_none.iter().find(|pattern| pattern.found_in(text));
        found.map(|pattern| format!("text that does not match `{}`", pattern.as_str()))
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `text` on one line, bounded, in backticks; a word for an empty one.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 160;
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.chars().count() {
        0 => "nothing".into(),
        n if n <= LONGEST => format!("`{flat}`"),
        _ => format!("`{}…`", flat.chars().take(LONGEST).collect::<String>()),
    }
}

/// `1 layer`, `2 layers`
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The last line of some output that says something.
pub fn last_line(output: &str) -> &str {
    output.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// A command's arguments as Docker writes the exec form; nothing for an empty list.
pub fn exec_form(words: &[String]) -> String {
    if words.is_empty() { "nothing".into() } else { serde_json::to_string(words).unwrap_or_default() }
}

/// A command as a person would type it in a shell: words with a meaning for the shell in quotes.
pub fn typed<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    let quoted = |word: &String| match word {
        word if !word.is_empty() && word.chars().all(plain) => word.clone(),
        word => format!("'{}'", word.replace('\'', r"'\''")),
    };
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Whether a shell stays between the engine and the program: `/bin/sh -c TEXT`, or what SHELL names
/// instead (Dockerfile reference, "Shell and exec form"); words behind the text are its `$0`, `$1`, …. With `exec` the
/// text replaces the shell, so that form is none.
pub fn is_shell_form(words: &[String]) -> bool {
    shell_text(words).is_some_and(|text| !hands_over(text))
}

/// Whether a shell is started that turns into its program by `exec`.
pub fn is_handed_over(words: &[String]) -> bool {
    shell_text(words).is_some_and(hands_over)
}

/// What a shell is given to run: the word behind its options, where `c` is one of them (POSIX.1-2017, `sh`, "Options").
fn shell_text(words: &[String]) -> Option<&str> {
    let (shell, rest) = words.split_first()?;
    let (mut rest, mut runs_text) = (rest.iter().filter(|_| is_shell(shell)), false);
    while let Some(word) = rest.next() {
        let letters = match word.strip_prefix(['-', '+']) {
            Some("-") => return rest.next().filter(|_| runs_text).map(String::as_str),
            Some(long) if long.starts_with('-') => continue,
            Some(letters) if !letters.is_empty() => letters,
            _ => return Some(word.as_str()).filter(|_| runs_text),
        };
        runs_text |= word.starts_with('-') && letters.contains('c');
        // `-o pipefail`: the option's name is a word of its own.
        if letters.contains(['o', 'O']) {
            rest.next();
        }
    }
    None
}

fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh")
}

/// Whether one of the commands of a line is `exec …`, alone: in a pipe or in the background it takes the place of a
/// child, and the shell stays.
fn hands_over(text: &str) -> bool {
    // Each command with the operator before it.
    let mut commands = vec![(String::new(), String::new())];
    let (mut quote, mut escaped) = (None, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some((_, command)) = commands.last_mut() else { break };
        // `>&2` and `&>` belong to a redirection.
        let redirects = c == '&' && (command.ends_with(['>', '<']) || chars.peek() == Some(&'>'));
        if quote.is_none() && !escaped && is_operator(c) && !redirects {
            let mut operator = String::from(c);
            while let Some(more) = chars.next_if(|next| is_operator(*next)) {
                operator.push(more);
            }
            commands.push((operator.trim().to_owned(), String::new()));
            continue;
        }
        command.push(c);
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"') | None, '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            _ => {}
        }
    }
    commands.iter().enumerate().any(|(at, (before, command))| {
        let after = commands.get(at + 1).map_or("", |(operator, _)| operator);
        command.trim_start().starts_with("exec ") && before != "|" && after != "|" && after != "&"
    })
}

fn is_operator(c: char) -> bool {
    matches!(c, ';' | '&' | '|' | '\n')
}

/// The first line of some output that names an error, else its last line that says something.
pub fn telling_line(output: &str) -> &str {
    let tells = |line: &&str| {
        let line = line.to_lowercase();
        ["error", "failed", "not found", "no such", "cannot", "can't"].iter().any(|word| line.contains(word))
    };
    output.lines().map(str::trim).find(tells).unwrap_or_else(|| last_line(output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_it_misses() {
        let wants = TextMatch { contains: vec!["abc".into()], lacks: vec!["no".into()], ..TextMatch::default() };
        assert_eq!(wants.misses("xabcx", false), None);
        assert_eq!(wants.misses("x", false).as_deref(), Some("text that contains `abc`"));
        assert_eq!(wants.misses("abc no", false).as_deref(), Some("text without `no`"));
    }

    #[test]
    fn what_must_not_be_there_may_be_in_what_was_left_out() {
        let has = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let present = TextMatch { contains: has(&["abc"]), ..TextMatch::default() };
        assert_eq!(present.misses("abc", true), None, "what was seen is there");
        assert!(present.misses("x", true).is_some_and(|missing| missing.contains("the first and the last")));
        let none = |text: &str| Some(crate::course::read_yaml::<Pattern>(text).unwrap()).into_iter().collect();
        for absent in [
            TextMatch { lacks: has(&["no"]), ..TextMatch::default() },
            TextMatch { matches_none: none("n[o]"), ..TextMatch::default() },
            TextMatch { equals: Some("abc".into()), ..TextMatch::default() },
        ] {
            assert_eq!(absent.misses("abc", false), None);
            assert!(absent.misses("abc", true).is_some_and(|missing| missing.starts_with("at most")), "{absent:?}");
        }
    }

    #[test]
    fn a_shell_that_stays_is_the_shell_form() {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(is_shell_form(&words(&["/bin/sh", "-c", "httpd -f"])));
        assert!(!is_shell_form(&words(&["httpd", "-f"])));
        assert!(is_shell_form(&words(&["sh", "-c", "./greet \"$@\"", "--"])), "the words behind it are the text's own");
        assert!(is_handed_over(&words(&["/bin/sh", "-ec", "exec ./greet \"$@\"", "greet"])));
        assert!(is_shell_form(&words(&["bash", "--login", "-euo", "pipefail", "-c", "--", "httpd"])));
        for program in
            [&["sh", "start.sh", "-c", "x"][..], &["sh"], &["sh", "-c"], &["-c", "x"], &["sh", "-", "x"], &[]]
        {
            assert!(!is_shell_form(&words(program)), "{program:?}");
        }
        assert!(is_shell_form(&words(&["/bin/bash", "-o", "pipefail", "-c", "httpd -f"])));
        assert!(!is_shell_form(&words(&["sh", "-c", "exec httpd -f"])));
    }

    #[test]
    fn exec_takes_the_place_of_the_shell_where_it_stands_alone() {
        let line = |text: &str| ["/bin/sh", "-c", text].map(str::to_owned);
        for text in [
            "exec httpd -f",
            "echo hello && exec httpd -f",
            "set -e; cd /srv ; exec ./server --name \"a; b\"",
            "exec httpd -f >&2",
            "exec httpd -f 2>&1 ;",
            "test -f x || exec ./server",
            "./helper & exec ./server",
            "exec ./server &> /log",
        ] {
            assert!(is_handed_over(&line(text)) && !is_shell_form(&line(text)), "{text}");
        }
        for text in ["httpd -f", "exec httpd -f | cat", "exec httpd -f & wait", "echo 'a; exec b'", "a | exec b", ""] {
            assert!(!is_handed_over(&line(text)) && is_shell_form(&line(text)), "{text}");
        }
    }

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let words = ["echo", "it's", "a b", "", "x=1"].map(str::to_owned);
        assert_eq!(typed(&words), r"echo 'it'\''s' 'a b' '' x=1");
    }

    #[test]
    fn a_pattern_may_wait_for_its_parameters() {
        let read = |text: &str| serde_json::from_value::<Pattern>(text.into());
        let waiting = read("^/{{folder}}/[^/]*\\.{{ ending }}$").unwrap();
        assert_eq!(waiting.as_str(), "^/{{folder}}/[^/]*\\.{{ ending }}$", "filled in later, from the text");
        assert!(read("({{folder}}").is_err() && read("a{{").is_err());
        assert!(read("^/[a-z]{2}$").unwrap().found_in("/ab"));
    }
}
