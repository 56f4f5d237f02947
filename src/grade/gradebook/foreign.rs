//! Results that come from somebody else's file: whether they fit together, and their texts made harmless.

use super::{Column, Graded, GradedCheck, GradedExercise, GradedRound, tidied, tidy};
use crate::grade::refusals::Refusal;
use crate::grade::score::Score;

impl Graded {
    /// Whether it is about these exercises, and its numbers add up.
    pub fn is_sound(&self, columns: &[Column]) -> bool {
        self.exercises.len() == columns.len()
            && self.exercises.iter().zip(columns).all(|(exercise, column)| exercise.is_sound(column))
            && self.score == self.exercises.iter().map(|exercise| exercise.score).sum()
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
        self.id == column.id
            && self.score.of == column.points
            && holds_together(&self.score)
            && (self.rounds.is_empty() || rounds == self.score)
            && self.rounds.iter().all(GradedRound::is_sound)
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
        holds_together(&self.score)
            && (self.checks.is_empty() || checks == self.score)
            && self.checks.iter().all(|check| holds_together(&check.score))
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

fn holds_together(score: &Score) -> bool {
    score.points + score.not_judged <= score.of
}

fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| tidy(text)).collect()
}
