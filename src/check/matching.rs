//! Matchers for text and lists that several kinds share.

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// A regular expression that was valid when the course was read.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether it matches anywhere in `text`.
    pub fn found_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
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
        Regex::new(&text).map(Pattern).map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim();
            serde::de::Error::custom(format!("`{text}` is not a regular expression: {last}"))
        })
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
    /// Contains none of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

impl TextMatch {
    /// What is expected and missing in `text`, as half a sentence; `None` where all holds.
    pub fn misses(&self, text: &str) -> Option<String> {
        if let Some(equals) = &self.equals
            && text.trim() != equals.trim()
        {
            return Some(format!("exactly `{}`", equals.trim()));
        }
        if let Some(missing) = self.contains.iter().find(|part| !text.contains(part.as_str())) {
            return Some(format!("text that contains `{missing}`"));
        }
        if let Some(pattern) = &self.matches
            && !pattern.found_in(text)
        {
            return Some(format!("text that matches `{}`", pattern.as_str()));
        }
        self.lacks.iter().find(|part| text.contains(part.as_str())).map(|part| format!("text without `{part}`"))
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

/// The last line of some output that says something.
pub fn last_line(output: &str) -> &str {
    output.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// A command's arguments as Docker writes the exec form; nothing for an empty list.
pub fn exec_form(words: &[String]) -> String {
    if words.is_empty() { "nothing".into() } else { serde_json::to_string(words).unwrap_or_default() }
}

/// Whether a shell stays between the engine and the program: `/bin/sh -c TEXT`, or what SHELL names
/// instead (Dockerfile reference, "Shell and exec form"). With `exec` at its head the text replaces the
/// shell, so that form is none.
pub fn is_shell_form(words: &[String]) -> bool {
    let [shell, flags @ .., text] = words else { return false };
    let name = shell.rsplit('/').next().unwrap_or(shell);
    let is_shell = matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh");
    is_shell && flags.last().is_some_and(|flag| flag == "-c") && !text.trim_start().starts_with("exec ")
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
        assert_eq!(wants.misses("xabcx"), None);
        assert_eq!(wants.misses("x").as_deref(), Some("text that contains `abc`"));
        assert_eq!(wants.misses("abc no").as_deref(), Some("text without `no`"));
    }

    #[test]
    fn a_shell_that_stays_is_the_shell_form() {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(is_shell_form(&words(&["/bin/sh", "-c", "httpd -f"])));
        assert!(!is_shell_form(&words(&["httpd", "-f"])));
        assert!(!is_shell_form(&words(&["sh", "-c", "echo", "x"])));
        assert!(is_shell_form(&words(&["/bin/bash", "-o", "pipefail", "-c", "httpd -f"])));
        assert!(!is_shell_form(&words(&["sh", "-c", "exec httpd -f"])));
    }
}
