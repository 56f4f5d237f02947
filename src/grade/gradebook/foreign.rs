//! Results that come from somebody else's file: whether they fit together, and their texts made harmless.

use super::{Column, Graded, GradedCheck, GradedExercise, GradedRound, State, tidied, tidy, together, total};
use crate::grade::refusals::Refusal;
use crate::grade::score::{Score, of_finding};

impl Graded {
    /// Whether it is about these exercises, its numbers add up, and it came out as they and the verdicts say.
    pub fn is_sound(&self, columns: &[Column]) -> bool {
        self.exercises.len() == columns.len()
            && self.exercises.iter().zip(columns).all(|(exercise, column)| exercise.is_sound(column))
            && self.score == self.exercises.iter().map(|exercise| exercise.score).sum()
            && self.state == together(self.exercises.iter())
            && (self.refused.is_none() || self.exercises.iter().all(GradedExercise::is_open))
    }

    /// The same with every text made harmless.
    #[must_use]
    pub fn tidied(self) -> Self {
        Self {
            learner: tidy(&self.learner),
            name: self.name.as_deref().map(tidy),
            source: tidy(&self.source),
            refused: self.refused.as_deref().map(tidy),
            notes: texts(&self.notes),
            exercises: self.exercises.into_iter().map(GradedExercise::tidied).collect(),
            ..self
        }
    }
}

impl GradedExercise {
    fn is_sound(&self, column: &Column) -> bool {
        let rounds: Score = self.rounds.iter().map(|round| round.score).sum();
        let fits = match self.rounds.is_empty() {
            true => self.state != State::NotYet && without_checks(self.state, &self.score),
            false => rounds == self.score && self.state == total::of_rounds(&self.rounds),
        };
        self.id == column.id && self.score.of == column.points && fits && self.rounds.iter().all(GradedRound::is_sound)
    }

    /// Whether nothing of it was looked at.
    fn is_open(&self) -> bool {
        self.state == State::NotJudged && self.rounds.is_empty()
    }

    fn tidied(self) -> Self {
        Self {
            id: tidy(&self.id),
            notes: texts(&self.notes),
            rounds: self.rounds.into_iter().map(GradedRound::tidied).collect(),
            ..self
        }
    }
}

impl GradedRound {
    fn is_sound(&self) -> bool {
        let checks: Score = self.checks.iter().map(|check| check.score).sum();
        let earned = |check: &GradedCheck| check.score == of_finding(&check.finding.verdict, check.score.of);
        match self.checks.is_empty() {
            true => without_checks(self.state, &self.score),
            false => {
                checks == self.score && self.state == total::of_checks(&self.checks) && self.checks.iter().all(earned)
            }
        }
    }

    fn tidied(self) -> Self {
        let refusal = |refusal: Refusal| Refusal {
            file: tidy(&refusal.file),
            line: refusal.line,
            what: tidy(&refusal.what),
            help: tidy(&refusal.help),
            image: refusal.image.as_deref().map(tidy),
        };
        let check = |check: GradedCheck| GradedCheck { finding: tidied(check.finding), ..check };
        Self {
            title: tidy(&self.title),
            reason: self.reason.as_deref().map(tidy),
            refusals: self.refusals.into_iter().map(refusal).collect(),
            checks: self.checks.into_iter().map(check).collect(),
            ..self
        }
    }
}

/// Whether this is the score of something of which no check was judged.
fn without_checks(state: State, score: &Score) -> bool {
    match state {
        State::Missing | State::NotYet => *score == Score::lost(score.of),
        State::NotJudged => *score == Score::open(score.of),
        // Where there is nothing to judge.
        State::Passed => *score == Score::default(),
    }
}

fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| tidy(text)).collect()
}
