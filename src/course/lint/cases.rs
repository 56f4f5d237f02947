//! Answers whose verdicts are known. (That folders, entries and checks fit each other is the loader's matter.)

use super::Finding;
use super::site::{Site, at, variants, yaml_of};
use crate::check::CheckSpec;
use crate::course::Entry;
use crate::course::exercise::{Case, Cases, Under};
use std::collections::BTreeSet;

/// The cases of an exercise, or of each of its variants: the keys above them, the variant, the cases.
fn all(entry: &Entry) -> Vec<(Vec<&str>, Option<&str>, &Cases)> {
    let of_variants =
        variants(entry).map(|(name, variant)| (vec!["rounds", "variants", name], Some(name), &variant.cases));
    let found: Vec<_> = of_variants.collect();
    if found.is_empty() { vec![(Vec::new(), None, &entry.exercise.cases)] } else { found }
}

/// The check that each case is to fail in first.
fn fails(cases: &Cases) -> impl Iterator<Item = &str> {
    cases.wrong.values().chain([&cases.starter]).filter_map(|case| case.fails.as_deref())
}

/// Each check is the first to fail in some case, and the starter says how it fails.
pub(super) fn proven(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        let file = yaml_of(entry);
        let tree = site.tree(&file);
        let mut unproven = |checks: &[CheckSpec], above: &[&str], named: &BTreeSet<&str>| {
            for (index, check) in checks.iter().enumerate().filter(|(_, check)| !named.contains(check.id.as_str())) {
                let number = index.to_string();
                let path: Vec<&str> = above.iter().copied().chain(["checks", number.as_str(), "id"]).collect();
                let what = format!("no case is to fail in the check `{}`, so nothing shows that it can fail", check.id);
                let advice = "add a wrong answer whose fails: names it; if you can think of none, it is not needed";
                found.push(at(&file, tree.at(&path), what, advice));
            }
        };
        let everywhere: BTreeSet<&str> = all(entry).into_iter().flat_map(|(.., cases)| fails(cases)).collect();
        unproven(&entry.exercise.checks, &[], &everywhere);
        for (name, variant) in variants(entry) {
            unproven(&variant.checks, &["rounds", "variants", name], &fails(&variant.cases).collect());
        }
        for (above, _, cases) in all(entry) {
            let path: Vec<&str> = above.into_iter().chain(["cases", "starter"]).collect();
            if cases.starter.fails.is_none() || cases.starter.says.as_ref().is_none_or(|says| says.trim().is_empty()) {
                let what = "the starter does not say which check it fails, and how";
                found.push(at(&file, tree.at(&path), what, "add fails: CHECK and says: part of the message"));
            }
        }
    }
    found
}

/// Paths that lie in a case's folder before `delete` takes some away.
fn laid_out(entry: &Entry, variant: Option<&str>, part: &str, name: &str, case: &Case) -> BTreeSet<String> {
    let parts = match case.over {
        Under::Solution => vec!["start".to_owned(), "solution".to_owned(), format!("{part}/{name}")],
        Under::Starter => vec!["start".to_owned(), format!("{part}/{name}")],
    };
    let prefixes: Vec<String> = parts
        .iter()
        .flat_map(|part| [Some(format!("{part}/")), variant.map(|variant| format!("rounds/{variant}/{part}/"))])
        .flatten()
        .collect();
    let below =
        entry.files.keys().filter_map(|path| prefixes.iter().find_map(|prefix| path.strip_prefix(prefix.as_str())));
    below.map(str::to_owned).chain(entry.exercise.token.iter().map(|_| "token".to_owned())).collect()
}

/// Cases say who would do this, and delete only what is there.
pub(super) fn cases(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        let file = yaml_of(entry);
        for (above, variant, cases) in all(entry) {
            for (part, named) in [("right", &cases.right), ("wrong", &cases.wrong)] {
                for (name, case) in named {
                    let path =
                        |key| above.iter().copied().chain(["cases", part, name.as_str(), key]).collect::<Vec<_>>();
                    let place = |key| site.tree(&file).at(&path(key));
                    if case.about.trim().is_empty() {
                        let what = format!("the {part} case `{name}` does not say who would do this");
                        found.push(at(&file, place("about"), what, "add about: a sentence"));
                    }
                    let there = laid_out(entry, variant, part, name, case);
                    for gone in case.delete.iter().filter(|path| !there.contains(*path)) {
                        let what = format!("the {part} case `{name}` deletes `{gone}`, which is not there");
                        let near = crate::nearest(gone, there.iter().map(String::as_str));
                        let advice = near.map_or("take it out".into(), |near| format!("did you mean {near}?"));
                        found.push(at(&file, place("delete"), what, advice));
                    }
                }
            }
        }
    }
    found
}
