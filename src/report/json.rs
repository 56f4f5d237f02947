//! JSON reports. Every one has the field `schema`: `dlearn/<what>/<version>`.

use crate::check::{Finding, Outcome};
use crate::course::Round;
use serde::Serialize;

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
    /// The report over a round; hidden checks are left out unless they fail nobody sees why.
    pub fn new(round: &'a Round, findings: &'a [Finding]) -> Self {
        Self {
            schema: "dlearn/check/1",
            exercise: &round.exercise,
            round: round.number,
            rounds: round.of,
            outcome: Outcome::of(findings),
            checks: findings.iter().collect(),
        }
    }
}

/// Prints a report on standard output.
pub fn print(report: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(report).map_err(std::io::Error::other)?;
    crate::report::line(&text)
}
