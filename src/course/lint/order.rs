//! The order of the course, and the names of its parts.

use super::Finding;
use super::site::{Site, at, yaml_of};
use crate::course::place::{At, Node};
use std::collections::BTreeMap;

const OUTLINE: &str = "lessons/course.yaml";

/// Every item of every module, as it is written, with its place.
fn items<'s>(site: &'s Site<'_>) -> Vec<(At, &'s str)> {
    let modules = site.tree(OUTLINE).get("modules").map(Node::items).unwrap_or_default();
    modules.iter().filter_map(|module| module.get("items")).flat_map(Node::texts).collect()
}

/// Lessons and exercises stand in the order once, and an exercise after its lesson.
pub(super) fn order(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, At> = BTreeMap::new();
    for (place, id) in items(site) {
        let Some(item) = site.course.item(id) else { continue };
        let id = item.id().to_owned();
        if let Some(first) = seen.get(&id) {
            let what = format!("`{id}` comes twice: it stands in line {} too", first.line);
            found.push(at(OUTLINE, place, what, "name it once"));
        }
        if let Some(entry) = site.course.exercises.get(&id)
            && !seen.contains_key(&entry.exercise.lesson)
        {
            let what = format!("the exercise `{id}` comes before its lesson, `{}`", entry.exercise.lesson);
            found.push(at(OUTLINE, place, what, "put the lesson first, or name another lesson: in the exercise"));
        }
        seen.entry(id).or_insert(place);
    }
    let missing = |id: &str| format!("`{id}` is in no module, so nobody gets to it");
    let advice = "enter it under items: in lessons/course.yaml";
    for (file, lesson) in &site.pages {
        if site.course.lessons.contains_key(&lesson.front.id) && !seen.contains_key(&lesson.front.id) {
            found.push(at(file, site.find_in(file, "id:"), missing(&lesson.front.id), advice));
        }
    }
    for (id, entry) in &site.course.exercises {
        if !seen.contains_key(id) {
            let file = yaml_of(entry);
            found.push(at(&file, site.tree(&file).at(&["id"]), missing(id), advice));
        }
    }
    found
}

/// Modules have ids of their own and are not empty.
pub(super) fn modules(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let tree = site.tree(OUTLINE);
    for (index, module) in site.course.outline.modules.iter().enumerate() {
        let place = |key: &str| tree.at(&["modules", &index.to_string(), key]);
        if site.course.outline.modules[..index].iter().any(|other| other.id == module.id) {
            let what = format!("two modules have the id `{}`", module.id);
            found.push(at(OUTLINE, place("id"), what, "give each an id of its own"));
        }
        if module.items.is_empty() {
            let what = format!("the module `{}` is empty", module.id);
            found.push(at(OUTLINE, place("items"), what, "enter lessons and exercises, or take the module out"));
        }
    }
    found
}

/// A lesson's file is called like its id, and its questions begin with it.
pub(super) fn ids(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, lesson) in &site.pages {
        let id = &lesson.front.id;
        let stem = file.rsplit('/').next().unwrap_or_default().trim_end_matches(".md");
        if stem != id && !stem.starts_with(&format!("{id}-")) {
            let advice = format!("call the file {id}-NAME.md");
            found.push(at(
                file,
                site.find_in(file, "id:"),
                format!("the id is `{id}`, and the file is called {stem}"),
                advice,
            ));
        }
        for question in lesson.questions() {
            if !question.id.starts_with(&format!("{id}.")) {
                let what = format!("the question `{}` does not begin with the lesson's id", question.id);
                found.push(at(file, site.find_in(file, &question.id), what, format!("call it {id}.WORD")));
            }
        }
    }
    found
}
