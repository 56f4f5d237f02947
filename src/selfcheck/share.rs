//! Runs that try a part of the answers only.

use super::{CaseKind, PlannedCase};
use crate::evidence::Builder;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Each `of`-th of the right and wrong answers, beginning with the `part`-th. Starters and solutions belong to every
/// share, so each of them tells of every exercise whether it can be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// From 1 to `of`
    part: usize,
    /// How many shares there are
    of: usize,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<usize>().ok();
        let (part, of) = text.split_once('/').and_then(|(part, of)| number(part).zip(number(of))).unwrap_or((0, 0));
        if part == 0 || part > of {
            return Err("a share is written 1/3: the first of three".into());
        }
        Ok(Self { part, of })
    }
}

impl Share {
    /// Leaves what belongs to this share. An answer is in the same share with each builder.
    pub fn keep(self, cases: &mut Vec<PlannedCase<'_>>) {
        let answers: BTreeSet<String> = cases.iter().filter(|case| is_answer(case)).map(PlannedCase::path).collect();
        let own: BTreeSet<String> = answers.into_iter().skip(self.part - 1).step_by(self.of).collect();
        cases.retain(|case| !is_answer(case) || own.contains(&case.path()));
    }
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
