//! Evidence: what a check wants to know ([`Need`]) and what was found ([`Answer`]).
//!
//! Invariant: nothing here does I/O or knows the Engine API. Needs and facts are our own
//! structures, so the quirks of an engine end in [`crate::engine`], and every verdict can be
//! replayed from facts that were recorded once (`dlearn check --record FILE`).

mod fact;
mod need;

pub use fact::*;
pub use need::*;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What came back for one [`Need`].
///
/// `Absent` is judged ("there is no such image" is a wrong answer). `Unavailable` is never judged:
/// it becomes *cannot tell* and costs nobody anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly all answers are facts, and there are a few dozen at a time")]
pub enum Answer {
    /// The thing exists and this is what it looks like.
    Found(Fact),
    /// The engine answered, and the thing does not exist.
    Absent,
    /// Nobody could be asked, or the answer did not come in time.
    Unavailable(Unavailable),
}

/// Why a need could not be answered, and what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unavailable {
    /// What happened, as a sentence.
    pub reason: String,
    /// What to do next, as a sentence.
    pub help: String,
}

impl Unavailable {
    /// A reason with the next step for the person who reads it.
    pub fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into() }
    }
}

/// Every need that was answered so far, each once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<(Need, Answer)>", into = "Vec<(Need, Answer)>")]
pub struct Evidence {
    answers: BTreeMap<Need, Answer>,
}

impl Evidence {
    /// No answers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The answer to `need`, if it was asked for.
    pub fn get(&self, need: &Need) -> Option<&Answer> {
        self.answers.get(need)
    }

    /// Keeps an answer.
    pub fn insert(&mut self, need: Need, answer: Answer) {
        self.answers.insert(need, answer);
    }

    /// All answers, in the order of their needs.
    pub fn iter(&self) -> impl Iterator<Item = (&Need, &Answer)> {
        self.answers.iter()
    }
}

impl From<Vec<(Need, Answer)>> for Evidence {
    fn from(answers: Vec<(Need, Answer)>) -> Self {
        Self { answers: answers.into_iter().collect() }
    }
}

impl From<Evidence> for Vec<(Need, Answer)> {
    fn from(evidence: Evidence) -> Self {
        evidence.answers.into_iter().collect()
    }
}
