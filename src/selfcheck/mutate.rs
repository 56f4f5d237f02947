//! Which checks an exercise needs: each is switched off in turn, and the wrong answers that it catches are tried again.

use super::bench::Workbench;
use super::case::prove_without;
use super::{CaseKind, PlannedCase};
use crate::course::Course;
use crate::engine::Engine;

/// An exercise without one of its checks.
#[derive(Clone, Debug)]
pub struct Mutant<'a> {
    /// The exercise and, where it has variants, the variant: `S01/ignored`.
    pub exercise: String,
    /// The check that is switched off.
    pub check: String,
    /// Wrong answers that fail in it.
    pub caught: Vec<PlannedCase<'a>>,
}

/// What a check is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needed {
    /// Without it this wrong answer passes.
    Alone(String),
    /// What it catches is caught without it too, later or in other words: this wrong answer, by that check.
    Message {
        /// The wrong answer.
        answer: String,
        /// The check that catches it then.
        by: String,
    },
    /// No wrong answer fails in it.
    Nothing,
    /// It could not be found out.
    Unknown(String),
}

/// A mutant for each check of the exercises in these cases, each wrong answer with the first builder that it has.
pub fn mutants<'a>(cases: &[PlannedCase<'a>]) -> Vec<Mutant<'a>> {
    let mut mutants: Vec<Mutant<'a>> = Vec::new();
    for case in cases {
        let exercise = case.exercise();
        if !mutants.iter().any(|mutant| mutant.exercise == exercise) {
            mutants.extend(case.entry.exercise.checks.iter().map(|check| Mutant {
                exercise: exercise.clone(),
                check: check.id.clone(),
                caught: Vec::new(),
            }));
        }
        let is_answer = matches!(case.kind, CaseKind::Wrong | CaseKind::Starter);
        let caught = mutants.iter_mut().find(|mutant| {
            let fails = case.case.fails.as_ref() == Some(&mutant.check);
            is_answer && fails && mutant.exercise == exercise
        });
        if let Some(mutant) = caught
            && !mutant.caught.iter().any(|known| known.path() == case.path())
        {
            mutant.caught.push(case.clone());
        }
    }
    mutants
}

/// Tries the wrong answers that the check catches without it, until one passes.
pub async fn try_mutant(
    engine: &Engine,
    course: &Course,
    mutant: &Mutant<'_>,
    token: &str,
    bench: &Workbench,
) -> Needed {
    let mut need = Needed::Nothing;
    for case in &mutant.caught {
        match prove_without(engine, course, case, &mutant.check, token, bench).await {
            Ok(None) => return Needed::Alone(case.path()),
            Ok(Some(by)) => need = Needed::Message { answer: case.path(), by },
            Err(why) if need == Needed::Nothing => need = Needed::Unknown(why),
            Err(_) => {}
        }
    }
    need
}
