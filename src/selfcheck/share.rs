//! Runs that try a part of the answers only.

use super::{CaseKind, PlannedCase};
use crate::evidence::Builder;
use crate::share::Share;
use std::collections::{BTreeMap, BTreeSet};

/// Leaves what belongs to a share: each `of`-th of the right and wrong answers, beginning with the `part`-th. Starters and
/// solutions belong to every share, so each of them tells of every exercise whether it can be solved. An answer is in the
/// same share with each builder.
pub fn keep(share: Share, cases: &mut Vec<PlannedCase<'_>>) {
    let answers: BTreeSet<String> = cases.iter().filter(|case| is_answer(case)).map(PlannedCase::path).collect();
    let own: BTreeSet<String> = answers.into_iter().skip(share.part() - 1).step_by(share.of()).collect();
    cases.retain(|case| !is_answer(case) || own.contains(&case.path()));
}

/// Leaves each right or wrong answer with one of the builders, by turns, where it has both. Starters and solutions keep
/// both. The first answer's builder is the classic one if `turn` is even: of two runs with `turn` and `turn + 1`, each
/// answer is tried with both.
pub fn by_turns(cases: &mut Vec<PlannedCase<'_>>, turn: u64) {
    let paths = |builder| -> BTreeSet<String> {
        cases.iter().filter(|case| is_answer(case) && case.builder == builder).map(PlannedCase::path).collect()
    };
    let (classic, buildkit) = (paths(Builder::Classic), paths(Builder::BuildKit));
    let both = [Builder::Classic, Builder::BuildKit].into_iter().cycle().skip(usize::from(turn % 2 == 1));
    let turns: BTreeMap<&String, Builder> = classic.intersection(&buildkit).zip(both).collect();
    cases.retain(|case| turns.get(&case.path()).is_none_or(|turn| *turn == case.builder));
}

fn is_answer(case: &PlannedCase<'_>) -> bool {
    matches!(case.kind, CaseKind::Right | CaseKind::Wrong)
}
