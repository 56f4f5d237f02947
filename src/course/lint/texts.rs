//! What learners read of an exercise, and its numbers.

use super::Finding;
use super::site::{Site, at, variants, yaml_of};
use crate::check::CheckSpec;

/// Titles, task and why are written, and no hint repeats another. (That there are three is the loader's matter.)
pub(super) fn texts(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, lesson) in &site.pages {
        let front = &lesson.front;
        for (key, text) in [("title", &front.title), ("objective", &front.objective)] {
            if text.trim().is_empty() {
                found.push(at(file, site.find_in(file, &format!("{key}:")), format!("{key} is empty"), "write it"));
            }
        }
    }
    for entry in site.course.exercises.values() {
        let (file, exercise) = (yaml_of(entry), &entry.exercise);
        let tree = site.tree(&file);
        let mut empty = |path: &[&str], text: &str| {
            if text.trim().is_empty() {
                let what = format!("{} is empty", path.last().unwrap_or(&""));
                found.push(at(&file, tree.at(path), what, "write it: learners read it"));
            }
        };
        empty(&["title"], &exercise.title);
        empty(&["task"], &exercise.task);
        empty(&["why"], &exercise.why);
        for (name, variant) in variants(entry) {
            empty(&["rounds", "variants", name, "title"], &variant.title);
            empty(&["rounds", "variants", name, "why"], &variant.why);
        }
        for (index, check) in exercise.checks.iter().enumerate() {
            empty(&["checks", &index.to_string(), "title"], &check.title);
        }
        let own = (vec!["hints"], exercise.hints.as_slice());
        let of_variants =
            variants(entry).map(|(name, variant)| (vec!["rounds", "variants", name, "hints"], &variant.hints[..]));
        for (path, hints) in std::iter::once(own).chain(of_variants) {
            for (index, hint) in hints.iter().enumerate() {
                if hints[..index].iter().any(|other| other.trim() == hint.trim()) {
                    let number = index.to_string();
                    let path: Vec<&str> = path.iter().copied().chain([number.as_str()]).collect();
                    let what = format!("hint {} says the same as one above it", index + 1);
                    found.push(at(&file, tree.at(&path), what, "write three: a nudge, a pointer, nearly the solution"));
                }
            }
        }
    }
    found
}

/// Minutes, points and weights are above 0.
pub(super) fn numbers(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, lesson) in &site.pages {
        if lesson.front.minutes == 0 {
            found.push(at(file, site.find_in(file, "minutes:"), "minutes is 0", "say how long a learner needs"));
        }
    }
    for entry in site.course.exercises.values() {
        let (file, exercise) = (yaml_of(entry), &entry.exercise);
        let mut zero = |number: u32, path: &[&str], advice: &str| {
            if number == 0 {
                let what = format!("{} is 0", path.last().unwrap_or(&""));
                found.push(at(&file, site.tree(&file).at(path), what, advice));
            }
        };
        zero(exercise.minutes, &["minutes"], "say how long a learner needs");
        zero(exercise.points, &["points"], "say what a pass is worth");
        let weight = "a check that is worth nothing is no check: give it a weight, or take it out";
        let mut weights = |checks: &[CheckSpec], above: &[&str]| {
            for (index, check) in checks.iter().enumerate() {
                let number = index.to_string();
                let path: Vec<&str> = above.iter().copied().chain(["checks", number.as_str(), "weight"]).collect();
                zero(check.weight, &path, weight);
            }
        };
        weights(&exercise.checks, &[]);
        for (name, variant) in variants(entry) {
            weights(&variant.checks, &["rounds", "variants", name]);
        }
    }
    found
}
