//! For fuzzers: files of a course, each for itself.

use super::load::{exercise as read, outline as read_outline, recipes};
use super::place::Node;
use super::recipe::Recipe;
use super::{FileSet, Round};
use std::collections::BTreeMap;

/// The rounds of an exercise that is written so.
pub(crate) fn exercise(text: &str, recipes: &BTreeMap<String, Recipe>) -> Vec<Round> {
    let file = |path: &str, content: &str| (path.to_owned(), content.as_bytes().to_vec());
    // The folder has to begin with the id, whatever that is.
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or("E01").trim();
    let dockerfile = "FROM busybox:1.36\n";
    let files = FileSet::from([
        file("exercise.yaml", text),
        file("start/Dockerfile", dockerfile),
        file("solution/Dockerfile", dockerfile),
    ]);
    let Ok(entry) = read(id.to_owned(), files) else { return Vec::new() };
    let _ = entry.rounds_of_every_variant(recipes);
    entry.rounds(recipes, "0123456789abcdef", &str::to_owned).unwrap_or_default()
}

/// A course's order.
pub(crate) fn outline(text: &str) {
    let mut errors = Vec::new();
    read_outline(&FileSet::from([("course.yaml".to_owned(), text.as_bytes().to_vec())]), &mut errors);
}

/// Any YAML, with the places of what is in it.
pub(crate) fn places(text: &str) {
    let lines = text.lines().count().max(1);
    for (at, _) in Node::read(text).texts() {
        assert!(at.line <= lines, "{at:?} of {lines} lines");
    }
}

/// A recipe.
pub(crate) fn recipe(text: &str) {
    let name = text.lines().find_map(|line| line.strip_prefix("name: ")).unwrap_or("a").trim();
    let mut errors = Vec::new();
    let files = FileSet::from([(format!("{name}.yaml"), text.as_bytes().to_vec())]);
    for recipe in recipes(&files, &mut errors).values() {
        let given = recipe.params.keys().map(|name| (name.clone(), "value".to_owned())).collect();
        let _ = recipe.expand(&given);
    }
}
