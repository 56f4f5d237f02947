//! Files of an exercise that nobody reads.

use super::Finding;
use super::site::{Site, at, yaml_of};
use crate::course::Entry;
use crate::course::place::At;

/// What may lie in an exercise's folder, and in that of a variant.
const PARTS: [&str; 4] = ["start", "solution", "right", "wrong"];

/// Why a path of an exercise's folder is of no use.
fn useless(entry: &Entry, path: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = path.split('/').collect();
    let known = |part: &str| PARTS.contains(&part);
    let slip = |part: &str, more: &[&'static str]| {
        let names = PARTS.into_iter().chain(more.iter().copied());
        crate::nearest(part, names)
            .map_or("a course reads no other files".into(), |near| format!("did you mean {near}?"))
    };
    match parts.as_slice() {
        ["exercise.yaml" | "README.md"] => None,
        ["rounds", variant, rest @ ..] => {
            let mut variants = entry.exercise.rounds.iter().flat_map(|rounds| rounds.variants.keys());
            if !variants.any(|name| name == variant) {
                return Some((
                    format!("`{variant}` is no variant of this exercise"),
                    "name it under rounds: variants:".into(),
                ));
            }
            match rest {
                [part, _, ..] if known(part) => loose(rest),
                [part, ..] => Some((format!("nothing reads `{part}` here"), slip(part, &[]))),
                [] => None,
            }
        }
        [part, _, ..] if known(part) => loose(&parts),
        [part, ..] => Some((format!("nothing reads `{part}` here"), slip(part, &["exercise.yaml", "rounds"]))),
        [] => None,
    }
}

/// A file that lies in `right/` or `wrong/` itself belongs to no case.
fn loose(parts: &[&str]) -> Option<(String, String)> {
    match parts {
        [part @ ("right" | "wrong"), file] => {
            Some((format!("`{file}` belongs to no case"), format!("put it into {part}/NAME/")))
        }
        _ => None,
    }
}

/// Every file of an exercise is used.
pub(super) fn files(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        for path in entry.files.keys() {
            if let Some((what, advice)) = useless(entry, path) {
                found.push(at(&format!("exercises/{}/{path}", entry.folder), At::default(), what, advice));
            }
        }
        if !entry.files.keys().any(|path| path.starts_with("start/") || path.contains("/start/")) {
            let what = "learners start from an empty folder";
            found.push(at(&yaml_of(entry), At { line: 1, column: 1 }, what, "give them at least one file in start/"));
        }
    }
    found
}
