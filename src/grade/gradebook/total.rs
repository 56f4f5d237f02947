//! What exercises come to together: with what is a bonus, and what was taken off for being late.

use super::{Column, Graded, GradedCheck, GradedExercise, GradedRound, State};
use crate::check::Verdict;
use crate::grade::score::{Points, Score};

/// All points of these columns; what is a bonus is none of them.
pub fn all_points(columns: &[Column]) -> Points {
    columns.iter().filter(|column| !column.bonus).map(|column| column.points).sum()
}

/// How a round came out whose checks were judged.
pub(super) fn of_checks(checks: &[GradedCheck]) -> State {
    let passed = checks.iter().all(|check| check.finding.optional || check.finding.verdict.passed());
    let open = checks.iter().any(|check| matches!(check.finding.verdict, Verdict::CannotTell { .. }));
    match (passed, open) {
        (true, _) => State::Passed,
        (false, true) => State::NotJudged,
        (false, false) => State::NotYet,
    }
}

/// How an exercise came out whose rounds came out like this.
pub(super) fn of_rounds(rounds: &[GradedRound]) -> State {
    let score: Score = rounds.iter().map(|round| round.score).sum();
    match of_score(&score) {
        // Points may be nothing at all, and what was not judged is not lost.
        _ if rounds.iter().any(|round| round.state == State::NotJudged) => State::NotJudged,
        // What is optional costs points, and not the pass.
        _ if !rounds.is_empty() && rounds.iter().all(|round| round.state == State::Passed) => State::Passed,
        State::NotYet if rounds.iter().all(|round| round.state == State::Missing) => State::Missing,
        // Checks may weigh nothing: they must pass all the same.
        State::Passed if rounds.iter().any(|round| round.state != State::Passed) => State::NotYet,
        state => state,
    }
}

/// The state that goes with a score.
fn of_score(score: &Score) -> State {
    match score {
        score if !score.is_judged() => State::NotJudged,
        score if score.points == score.of => State::Passed,
        _ => State::NotYet,
    }
}

/// How exercises came out together.
pub(super) fn together<'a>(exercises: impl Iterator<Item = &'a GradedExercise> + Clone) -> State {
    let all = |state: State| exercises.clone().all(|exercise| exercise.state == state);
    match exercises.clone().any(|exercise| exercise.state == State::NotJudged) {
        true => State::NotJudged,
        false if all(State::Passed) => State::Passed,
        false if all(State::Missing) => State::Missing,
        false => State::NotYet,
    }
}

impl Graded {
    /// Adds up anew, once something was taken off, and with what is a bonus on top: of that nothing can be lost. Where a
    /// bonus only fills, nobody gets more than all points.
    pub fn count(&mut self, columns: &[Column], fills: bool) {
        let all = self.exercises.iter().zip(columns);
        let (bonus, own): (Vec<_>, Vec<_>) = all.partition(|(_, column)| column.bonus);
        let sum = |of: &[(&GradedExercise, &Column)]| of.iter().map(|(exercise, _)| exercise.score).sum::<Score>();
        let before = |of: &[(&GradedExercise, &Column)]| {
            let before = |exercise: &GradedExercise| {
                exercise.late.as_ref().map_or(exercise.score.points, |late| late.points_before)
            };
            of.iter().map(|(exercise, _)| before(exercise)).sum::<Points>()
        };
        let (on_top, score) = (sum(&bonus), sum(&own));
        let most = |points: Points| if fills { points.min(score.of) } else { points };
        let is_late = self.exercises.iter().any(|exercise| exercise.late.is_some());
        self.points_before = is_late.then(|| most(before(&own) + before(&bonus)));
        let points = most(score.points + on_top.points);
        self.bonus = (!bonus.is_empty()).then(|| Points(points.0.saturating_sub(score.points.0)));
        // What of a bonus was not judged may still be earned: the points are not final.
        self.state = match together(bonus.iter().map(|(exercise, _)| *exercise)) {
            State::NotJudged => State::NotJudged,
            _ => together(own.iter().map(|(exercise, _)| *exercise)),
        };
        self.score = Score { points, not_judged: score.not_judged + on_top.not_judged, of: score.of };
    }
}
