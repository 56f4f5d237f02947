//! JSON reports. Every one has the field `schema`: `dlearn/<what>/<version>`.

use crate::check::{Finding, Outcome};
use crate::course::Round;
use serde::Serialize;
use std::collections::BTreeMap;

/// `dlearn check --json`.
#[derive(Debug, Serialize)]
pub struct CheckReport<'a> {
    /// `dlearn/check/1`
    pub schema: &'static str,
    /// Id of the exercise.
    pub exercise: &'a str,
    /// Round, from 1.
    pub round: usize,
    /// How many rounds the exercise has.
    pub rounds: usize,
    /// The conclusion.
    pub outcome: Outcome,
    /// Every check with its verdict and the evidence that it rests on.
    pub checks: Vec<&'a Finding>,
}

impl<'a> CheckReport<'a> {
    /// The report over a round; hidden checks are left out unless they failed.
    pub fn new(round: &'a Round, findings: &'a [Finding]) -> Self {
        Self {
            schema: "dlearn/check/1",
            exercise: &round.exercise,
            round: round.number,
            rounds: round.of,
            outcome: Outcome::of(findings),
            checks: findings.iter().filter(|finding| finding.is_shown()).collect(),
        }
    }
}

/// `dlearn check --file --json`.
#[derive(Debug, Serialize)]
pub struct CheckFileReport<'a> {
    /// `dlearn/check-file/1`
    pub schema: &'static str,
    /// The file, as it was named.
    pub file: &'a str,
    /// What it is about: the file's own names for images, and their names on the engine.
    pub images: &'a BTreeMap<String, String>,
    /// The conclusion.
    pub outcome: Outcome,
    /// Every check with its verdict and the evidence that it rests on.
    pub checks: Vec<&'a Finding>,
}

impl<'a> CheckFileReport<'a> {
    /// The report over a file of checks; hidden checks are left out unless they failed.
    pub fn new(round: &'a Round, findings: &'a [Finding]) -> Self {
        Self {
            schema: "dlearn/check-file/1",
            file: &round.exercise,
            images: &round.subject.images,
            outcome: Outcome::of(findings),
            checks: findings.iter().filter(|finding| finding.is_shown()).collect(),
        }
    }
}

/// Prints a report on standard output.
pub fn print(report: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(report).map_err(std::io::Error::other)?;
    crate::report::raw(&escaped(&text))
}

/// JSON need not escape DEL, the C1 controls and the marks that turn the direction of text, but a
/// terminal obeys them. They can only stand inside strings, where an escape means the same.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let said = "a\u{9b}31m\u{202e}b\u{7f}é";
        let json = escaped(&serde_json::to_string(said).unwrap());
        assert!(json.chars().all(|char| !char.is_control() && char != '\u{202e}'), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), said);
    }
}
