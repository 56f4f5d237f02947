//! The three verdicts, and what surrounds one in a report.

use super::Check;
use serde::{Deserialize, Serialize};

/// What a check concludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[must_use]
pub enum Verdict {
    /// It is as it should be.
    Pass {
        /// Advice that goes with a pass ("passed, and you might …").
        notes: Vec<String>,
    },
    /// It is not yet as it should be.
    NotYet(NotYet),
    /// It could not be found out; never the learner's fault.
    CannotTell {
        /// What happened.
        reason: String,
        /// What to do next.
        help: String,
    },
    /// Not judged, because a check that comes before it has not passed.
    Waits {
        /// Id of the check that must pass first.
        on: String,
    },
}

/// Expected X, found Y, so do Z.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotYet {
    /// What should have been.
    pub expected: String,
    /// What is.
    pub found: String,
    /// What to do about it.
    pub advice: String,
    /// The place in the learner's own file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
}

/// A place in a file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Path relative to the workspace.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The line's text.
    pub text: String,
}

impl Place {
    /// A line (from 1) of a file with this text.
    pub(crate) fn of_line(file: &str, text: &str, line: usize) -> Self {
        let text = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        Self { file: file.to_owned(), line, text: text.to_owned() }
    }
}

impl Verdict {
    /// A pass without advice.
    pub fn pass() -> Self {
        Verdict::Pass { notes: Vec::new() }
    }

    /// A pass with one note.
    pub fn pass_with(note: impl Into<String>) -> Self {
        Verdict::Pass { notes: vec![note.into()] }
    }

    /// Expected, found, advice.
    pub fn not_yet(expected: impl Into<String>, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Verdict::NotYet(NotYet { expected: expected.into(), found: found.into(), advice: advice.into(), place: None })
    }

    /// Whether this is a pass.
    pub fn passed(&self) -> bool {
        matches!(self, Verdict::Pass { .. })
    }

    /// In one word, as in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass { .. } => "pass",
            Verdict::NotYet(_) => "not_yet",
            Verdict::CannotTell { .. } => "cannot_tell",
            Verdict::Waits { .. } => "waits",
        }
    }

    /// Both of two: the first that is not a pass, else a pass with the notes of both.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Pass { notes: mut a }, Verdict::Pass { notes: b }) => {
                a.extend(b);
                Verdict::Pass { notes: a }
            }
            (Verdict::Pass { .. }, other) => other,
            (first, _) => first,
        }
    }
}

/// A check and its verdict, with the evidence that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the check, unique in its exercise.
    pub id: String,
    /// What the learner reads.
    pub title: String,
    /// Points of this check relative to the others.
    pub weight: u32,
    /// Not shown to the learner until it fails in grading.
    #[serde(default)]
    pub hidden: bool,
    /// The exercise is passed without it; its points are earned only with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What was asked to come to it, in words.
    pub evidence: Vec<String>,
}

impl Finding {
    /// What a check concludes, without evidence.
    pub fn of(check: &Check, verdict: Verdict) -> Self {
        Self {
            id: check.id.clone(),
            title: check.title.clone(),
            weight: check.weight,
            hidden: check.hidden,
            optional: check.optional,
            verdict,
            evidence: Vec::new(),
        }
    }

    /// Whether learners see it: a hidden check only where it failed.
    pub fn is_shown(&self) -> bool {
        !self.hidden || matches!(self.verdict, Verdict::NotYet(_))
    }
}

/// The conclusion over several findings, in the order in which it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every check passed, but perhaps optional ones.
    Pass,
    /// At least one check failed that is not optional.
    NotYet,
    /// None of those failed, and at least one could not be told.
    CannotTell,
}

impl Outcome {
    /// The conclusion over `findings`. A failed check decides even where another cannot be told.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut outcome = Outcome::Pass;
        for finding in findings.into_iter().filter(|finding| !finding.optional) {
            match finding.verdict {
                Verdict::NotYet(_) => return Outcome::NotYet,
                Verdict::CannotTell { .. } => outcome = Outcome::CannotTell,
                Verdict::Pass { .. } | Verdict::Waits { .. } => {}
            }
        }
        outcome
    }

    /// The process's exit code: 0 pass, 1 not yet, 3 cannot tell.
    pub fn exit_code(self) -> i32 {
        match self {
            Outcome::Pass => 0,
            Outcome::NotYet => 1,
            Outcome::CannotTell => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(optional: bool, verdict: Verdict) -> Finding {
        Finding {
            id: String::new(),
            title: String::new(),
            weight: 1,
            hidden: false,
            optional,
            verdict,
            evidence: Vec::new(),
        }
    }

    #[test]
    fn what_is_optional_decides_nothing() {
        let unsure = || Verdict::CannotTell { reason: "x".into(), help: "y".into() };
        for optional in [Verdict::pass(), Verdict::not_yet("x", "y", "z"), unsure()] {
            for (required, outcome) in [
                (Verdict::pass(), Outcome::Pass),
                (Verdict::not_yet("x", "y", "z"), Outcome::NotYet),
                (unsure(), Outcome::CannotTell),
            ] {
                let findings = [finding(true, optional.clone()), finding(false, required)];
                assert_eq!(Outcome::of(&findings), outcome, "{optional:?}");
            }
        }
    }
}
