//! `{{name}}`: what stands for nothing stays as it is, so a slip is read by every learner.

use super::Finding;
use super::site::{Site, at, variants, yaml_of};
use crate::check::kinds::later;
use crate::course::marks::{Part, parts};
use crate::course::place::At;
use crate::course::{Block, Entry};
use std::collections::BTreeSet;

/// Words of Docker's `--format` templates that stand alone between braces.
const OF_GO: [&str; 4] = ["end", "else", "break", "continue"];

/// The names between double braces that could be meant for dlearn, and how each is written there.
pub(super) fn names_in(text: &str) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for line in text.lines() {
        for rest in line.split("{{").skip(1) {
            let Some((inside, _)) = rest.split_once("}}") else { continue };
            let name = inside.trim();
            let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
            if plain && !OF_GO.contains(&name) {
                names.push((name.to_owned(), format!("{{{{{inside}}}}}")));
            }
        }
    }
    names
}

/// Names that stand for something in every round of an exercise.
fn common(entry: &Entry) -> BTreeSet<String> {
    let exercise = &entry.exercise;
    let own = ["token", "repository", "round"].into_iter().chain(later()).map(str::to_owned);
    let images = exercise.images.keys().map(|alias| format!("image.{alias}"));
    let mut names: BTreeSet<String> = own.chain(images).collect();
    names.extend(exercise.vars.keys().chain(entry.given.keys()).cloned());
    let mut variants = variants(entry).map(|(_, variant)| variant.vars.keys().cloned().collect::<BTreeSet<_>>());
    if let Some(first) = variants.next() {
        names.extend(variants.fold(first, |all, names| all.intersection(&names).cloned().collect()));
    }
    names
}

/// The names that stand for something in a variant, or in all of them.
fn known(entry: &Entry, variant: Option<&str>) -> BTreeSet<String> {
    let mut names = common(entry);
    let own = variants(entry).filter(|(name, _)| Some(*name) == variant);
    names.extend(own.flat_map(|(_, variant)| variant.vars.keys().cloned()));
    names
}

/// The text files of an exercise in which names are replaced, or are not.
fn files<'s>(site: &'s Site<'_>, entry: &Entry, replaced: bool) -> Vec<(String, &'s str, Option<String>)> {
    let folder = format!("exercises/{}", entry.folder);
    let mut files = Vec::new();
    for (path, text) in site.texts_below(&folder) {
        let parts: Vec<&str> = path.split('/').collect();
        let (variant, parts) = match parts.as_slice() {
            ["rounds", variant, rest @ ..] => (Some((*variant).to_owned()), rest),
            rest => (None, rest),
        };
        let name = match parts {
            ["start" | "solution", rest @ ..] | ["right" | "wrong", _, rest @ ..] if !rest.is_empty() => rest.join("/"),
            _ => continue,
        };
        if entry.exercise.templates.contains(&name) == replaced {
            files.push((format!("{folder}/{path}"), text, variant));
        }
    }
    files
}

/// Each `{{name}}` in an exercise's texts and templates stands for something.
pub(super) fn names(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut look = |file: &str, from: At, text: &str, known: &BTreeSet<String>| {
        for (name, written) in names_in(text) {
            if !known.contains(&name) {
                let near = crate::nearest(&name, known.iter().map(String::as_str));
                let advice = near
                    .map_or("declare it under vars: (in every variant, where there are variants)".into(), |near| {
                        format!("did you mean {{{{{near}}}}}?")
                    });
                let place = site.find(file, At { line: from.line, column: 1 }, &written);
                found.push(at(file, place, format!("`{written}` stands for nothing"), advice));
            }
        }
    };
    for entry in site.course.exercises.values() {
        let (file, all) = (yaml_of(entry), common(entry));
        for (key, _, node) in site.tree(&file).entries() {
            if key != "rounds" {
                node.texts().into_iter().for_each(|(place, text)| look(&file, place, text, &all));
            }
        }
        for (variant, _) in variants(entry) {
            let own = known(entry, Some(variant));
            let node = ["rounds", "variants", variant].iter().try_fold(site.tree(&file), |node, key| node.get(key));
            for (place, text) in node.into_iter().flat_map(|node| node.texts()) {
                look(&file, place, text, &own);
            }
        }
        for (file, text, variant) in files(site, entry, true) {
            look(&file, At { line: 1, column: 1 }, text, &known(entry, variant.as_deref()));
        }
    }
    for recipe in site.course.recipes.values() {
        let file = format!("checks/{}.yaml", recipe.name);
        let params = recipe.params.keys().cloned().chain(later().map(str::to_owned)).collect();
        for (place, text) in site.tree(&file).get("checks").map(|checks| checks.texts()).unwrap_or_default() {
            look(&file, place, text, &params);
        }
    }
    found
}

/// An exercise that a lesson names in brackets is one.
pub(super) fn marks(site: &Site<'_>) -> Vec<Finding> {
    let exercises = &site.course.exercises;
    let mut found = Vec::new();
    for lesson in site.course.pages() {
        let texts = lesson.sections.iter().flat_map(|section| &section.blocks).filter_map(|block| match block {
            Block::Text(text) => Some(text),
            Block::Question(_) => None,
        });
        for part in texts.flat_map(|text| parts(text)) {
            let Part::Exercise(id) = part else { continue };
            if !exercises.contains_key(id) {
                let near = crate::nearest(id, exercises.keys().map(String::as_str));
                let advice = near.map_or("name one of `dlearn list`".into(), |near| format!("did you mean [{near}]?"));
                let place = site.find_in(&lesson.file, &format!("[{id}]"));
                found.push(at(&lesson.file, place, format!("there is no exercise {id}"), advice));
            }
        }
    }
    found
}

/// Files that hold a known name are listed under `templates:`.
pub(super) fn unfilled(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        for (file, text, variant) in files(site, entry, false) {
            let known = known(entry, variant.as_deref());
            let meant = names_in(text).into_iter().find(|(name, _)| known.contains(name));
            if let Some((_, written)) = meant {
                let what = format!("`{written}` stays as it is: the file is not listed under templates:");
                let advice = "list its path as below start/ or solution/, or write something else here";
                found.push(at(&file, site.find_in(&file, &written), what, advice));
            }
        }
    }
    found
}

/// Every text of an exercise in which a name may be used: the YAML's, and those of its templates.
pub(super) fn texts<'s>(site: &'s Site<'_>, entry: &Entry) -> Vec<&'s str> {
    let yaml = site.tree(&yaml_of(entry)).texts().into_iter().map(|(_, text)| text);
    yaml.chain(files(site, entry, true).into_iter().map(|(_, text, _)| text)).collect()
}
