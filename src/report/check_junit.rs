//! Checks as JUnit's XML: a suite for each exercise or file of checks, a case for each check. Pure.

use super::junit::{self, Case, Outcome};
use crate::check::{Finding, Verdict};
use crate::course::Round;

/// The report: what could not be told is an error, what waits for something that failed is skipped, and so is an optional
/// check that does not pass. Hidden checks are left out unless they failed.
///
/// # Errors
/// Where the XML cannot be written.
pub fn report<'a>(judged: impl IntoIterator<Item = (&'a Round, &'a [Finding])>) -> Result<String, String> {
    let cases = judged.into_iter().flat_map(|(round, findings)| {
        findings.iter().filter(|finding| finding.is_shown()).map(|finding| Case {
            suite: crate::term::sanitize_line(&round.exercise).into_owned(),
            name: format!("{}: {}", finding.id, finding.title),
            // Checks share what they ask, and none of them took a time of its own.
            seconds: None,
            result: outcome(finding),
        })
    });
    junit::report("dlearn check", cases)
}

fn outcome(finding: &Finding) -> Outcome {
    match &finding.verdict {
        Verdict::Pass { .. } => Outcome::Passed,
        Verdict::NotYet(not_yet) => {
            let told = format!("found: {}\nexpected: {}\ndo: {}", not_yet.found, not_yet.expected, not_yet.advice);
            if finding.optional { Outcome::Skipped(format!("optional\n{told}")) } else { Outcome::Failed(told) }
        }
        Verdict::CannotTell { reason, help } => Outcome::Error(format!("{reason}\n{help}")),
        Verdict::Waits { on } => Outcome::Skipped(format!("waits for {on}")),
    }
}
