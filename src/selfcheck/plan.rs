//! Which cases there are.

use crate::course::{Course, Entry, Round, exercise::Case};
use crate::evidence::Builder;

/// What a case is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// The starter as it is: it must fail.
    Starter,
    /// The reference solution: it must pass.
    Solution,
    /// Another right answer: it must pass.
    Right,
    /// A wrong answer: it must fail as it says.
    Wrong,
}

/// One case to prove with one builder.
#[derive(Clone, Debug)]
pub struct PlannedCase<'a> {
    /// The exercise.
    pub entry: &'a Entry,
    /// Index into [`Entry::every_variant`].
    pub variant: usize,
    /// Name of the variant, where the exercise has variants.
    pub variant_name: Option<String>,
    /// What it is to show.
    pub kind: CaseKind,
    /// Its name (`starter` and `solution` for those).
    pub name: String,
    /// What the author wrote.
    pub case: Case,
    /// The builder of its builds.
    pub builder: Builder,
}

impl PlannedCase<'_> {
    /// The same case as a round of another token has it: what is drawn stands in steps and expectations. In what it
    /// expects, images have a learner's names, without `prefix`.
    pub(super) fn with_the_values_of(&self, round: &Round, prefix: &str) -> Self {
        let cases = &round.cases;
        let case = match self.kind {
            CaseKind::Starter => Some(&cases.starter),
            CaseKind::Solution => Some(&cases.solution),
            CaseKind::Right => cases.right.get(&self.name),
            CaseKind::Wrong => cases.wrong.get(&self.name),
        };
        let mut case = case.unwrap_or(&self.case).clone();
        for text in [&mut case.says, &mut case.notes].into_iter().flatten() {
            *text = text.replace(prefix, "");
        }
        Self { case, ..self.clone() }
    }

    /// Leaves those checks that decide. A wrong answer is proven by the first check that fails, so what stands below
    /// the one that is to fail is not asked.
    pub(super) fn keep_what_decides(&self, round: &mut Round) {
        let fails = match self.kind {
            CaseKind::Solution | CaseKind::Right => None,
            CaseKind::Starter | CaseKind::Wrong => self.case.fails.as_deref(),
        };
        let last = fails.and_then(|id| round.checks.iter().position(|check| check.id == id));
        if let Some(last) = last {
            round.checks.truncate(last + 1);
        }
    }

    /// Whether a check asks what else there is: what an earlier case left would be found too.
    pub(super) fn looks_around(&self) -> bool {
        let checks = self.entry.exercise.checks.iter();
        checks.filter_map(|spec| spec.check.as_ref()).any(|kind| kind.label().is_some())
    }

    /// `S01/ignored`: the exercise, and its variant where it has any.
    pub fn exercise(&self) -> String {
        let variant = self.variant_name.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        format!("{}{variant}", self.entry.exercise.id)
    }

    /// `S01/ignored wrong/emptied`, for people and for `--case`.
    pub fn path(&self) -> String {
        let name = match self.kind {
            CaseKind::Starter | CaseKind::Solution => self.name.clone(),
            CaseKind::Right => format!("right/{}", self.name),
            CaseKind::Wrong => format!("wrong/{}", self.name),
        };
        format!("{} {name}", self.exercise())
    }
}

/// Every case of the exercises with these ids (all of them for none), for each builder.
///
/// # Errors
/// An id that is no exercise, or an exercise that makes no rounds.
pub fn plan<'a>(course: &'a Course, ids: &[String], builders: &[Builder]) -> Result<Vec<PlannedCase<'a>>, String> {
    for id in ids {
        if !course.exercises.keys().any(|known| known.eq_ignore_ascii_case(id)) {
            let near = crate::nearest(id, course.exercises.keys().map(String::as_str));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(format!("there is no exercise {id}{near}"));
        }
    }
    let wanted = |entry: &&Entry| ids.is_empty() || ids.iter().any(|id| id.eq_ignore_ascii_case(&entry.exercise.id));
    let mut cases = Vec::new();
    for entry in course.exercises.values().filter(wanted) {
        let rounds = entry
            .every_variant(&course.recipes, "0000000000000000", &str::to_owned)
            .map_err(|error| error.to_string())?;
        for (variant, round) in rounds.iter().enumerate() {
            for &builder in builders {
                cases.extend(cases_of(entry, variant, round, builder));
            }
        }
    }
    Ok(cases)
}

fn cases_of<'a>(entry: &'a Entry, variant: usize, round: &Round, builder: Builder) -> Vec<PlannedCase<'a>> {
    let cases = &round.cases;
    let one = |kind, name: &str, case: &Case| PlannedCase {
        entry,
        variant,
        variant_name: round.variant.clone(),
        kind,
        name: name.to_owned(),
        case: case.clone(),
        builder,
    };
    let mut planned =
        vec![one(CaseKind::Starter, "starter", &cases.starter), one(CaseKind::Solution, "solution", &cases.solution)];
    planned.extend(cases.right.iter().map(|(name, case)| one(CaseKind::Right, name, case)));
    planned.extend(cases.wrong.iter().map(|(name, case)| one(CaseKind::Wrong, name, case)));
    planned.retain(|planned| planned.case.builders.is_empty() || planned.case.builders.contains(&builder));
    planned.retain(|_| entry.exercise.needs.builder.is_none_or(|needed| needed == builder));
    planned
}
