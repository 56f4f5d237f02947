//! What shows only where submissions stand beside one another.

use super::{Column, Graded};
use crate::grade::alike::{self, MOST_PAIRS, Pair, Submitted};
use std::collections::BTreeMap;

/// Says of each token that came twice, and of each learner, who else has it. That is a flag and no verdict.
pub(super) fn flag(submissions: &mut [Graded]) {
    let mut tokens: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    let mut learners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, graded) in submissions.iter().enumerate() {
        learners.entry(graded.learner.to_lowercase()).or_default().push(index);
        for exercise in &graded.exercises {
            if let Some(token) = &exercise.token {
                tokens.entry((exercise.id.clone(), token.clone())).or_default().push(index);
            }
        }
    }
    let others = |submissions: &[Graded], who: &[usize], me: usize, label: &dyn Fn(&Graded) -> String| {
        let others = who.iter().filter(|other| **other != me).map(|other| label(&submissions[*other]));
        others.collect::<Vec<_>>().join(", ")
    };
    for ((id, _), who) in tokens.iter().filter(|(_, who)| who.len() > 1) {
        for &me in who {
            let others = others(submissions, who, me, &|graded| graded.learner.clone());
            let note = format!("the same token as in the submission of {others}");
            submissions[me].exercises.iter_mut().filter(|exercise| exercise.id == *id).for_each(|exercise| {
                exercise.notes.push(note.clone());
            });
        }
    }
    for who in learners.values().filter(|who| who.len() > 1) {
        for &me in who {
            let others = others(submissions, who, me, &|graded| graded.source.clone());
            submissions[me].notes.push(format!("there is another submission of this learner: {others}"));
        }
    }
}

/// Which submissions are alike in which exercise, and how many pairs more there are than a gradebook holds.
pub(super) fn pairs(columns: &[Column], submissions: &[Graded]) -> (Vec<Pair>, usize) {
    let mut all = Vec::new();
    for column in columns {
        let submitted = submissions.iter().enumerate().filter_map(|(index, graded)| {
            let exercise = graded.exercises.iter().find(|exercise| exercise.id == column.id)?;
            Some(Submitted {
                index,
                learner: &graded.learner,
                token: exercise.token.as_deref(),
                in_images: &exercise.in_images,
                print: &exercise.print,
            })
        });
        all.extend(alike::pairs(&column.id, &submitted.collect::<Vec<_>>()));
    }
    // Those that say most first; whose work is whose own submission twice is said elsewhere.
    all.retain(|pair| pair.learners[0].to_lowercase() != pair.learners[1].to_lowercase());
    let strength =
        |pair: &Pair| (pair.same_token_in_images, pair.same_token, pair.percent(), std::cmp::Reverse(pair.submissions));
    all.sort_by_key(|pair| std::cmp::Reverse(strength(pair)));
    let left_out = all.len().saturating_sub(MOST_PAIRS);
    all.truncate(MOST_PAIRS);
    (all, left_out)
}
