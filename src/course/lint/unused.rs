//! What is declared and used by nobody: mostly the other half of a slip.

use super::Finding;
use super::names::{names_in, texts};
use super::site::{Site, at, variants, yaml_of};
use crate::course::Entry;
use std::collections::BTreeSet;

/// Names that are used in an exercise.
fn used(site: &Site<'_>, entry: &Entry) -> BTreeSet<String> {
    texts(site, entry).into_iter().flat_map(names_in).map(|(name, _)| name).collect()
}

/// Values under `vars:` are used.
pub(super) fn vars(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        let (file, used) = (yaml_of(entry), used(site, entry));
        let mut say = |name: &str, path: &[&str]| {
            if !used.contains(name) {
                let what = format!("nothing uses the value `{name}`");
                let advice = format!("write {{{{{name}}}}} where it belongs, or take it out");
                found.push(at(&file, site.tree(&file).at(path), what, advice));
            }
        };
        entry.exercise.vars.keys().for_each(|name| say(name, &["vars", name]));
        for (variant, content) in variants(entry) {
            content.vars.keys().for_each(|name| say(name, &["rounds", "variants", variant, "vars", name]));
        }
    }
    found
}

/// Images are asked about, or used in a case or a text.
pub(super) fn images(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        let file = yaml_of(entry);
        let (tree, used) = (site.tree(&file), used(site, entry));
        let elsewhere = tree.entries().iter().filter(|(key, ..)| key != "images");
        let words: BTreeSet<&str> = elsewhere.flat_map(|(.., node)| node.texts()).map(|(_, text)| text).collect();
        for alias in entry.exercise.images.keys() {
            if !words.contains(alias.as_str()) && !used.contains(&format!("image.{alias}")) {
                let what = format!("no check, no case and no text uses the image `{alias}`");
                found.push(at(&file, tree.at(&["images", alias]), what, "ask about it, or take it out"));
            }
        }
    }
    found
}

/// Templates hold a name.
pub(super) fn templates(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        let file = yaml_of(entry);
        let listed = site.tree(&file).get("templates").map(|list| list.items()).unwrap_or_default();
        for item in listed {
            let name = item.text().unwrap_or_default();
            let of_it = |path: &str| path.ends_with(&format!("/{name}"));
            let mut texts = site.texts_below(&format!("exercises/{}", entry.folder));
            if !texts.any(|(path, text)| of_it(path) && !names_in(text).is_empty()) {
                let what = format!("the template `{name}` holds no {{{{name}}}}");
                found.push(at(&file, item.at, what, "write one in it, or take it out of templates:"));
            }
        }
    }
    found
}

/// Recipes are used by an exercise, and their parameters by their checks.
pub(super) fn recipes(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let exercises = site.course.exercises.values();
    let checks = exercises.flat_map(|entry| {
        let own = entry.exercise.checks.iter();
        own.chain(variants(entry).flat_map(|(_, variant)| &variant.checks))
    });
    let used: BTreeSet<&str> = checks.filter_map(|check| Some(check.recipe.as_ref()?.name.as_str())).collect();
    for recipe in site.course.recipes.values() {
        let file = format!("checks/{}.yaml", recipe.name);
        let tree = site.tree(&file);
        if !used.contains(recipe.name.as_str()) {
            let what = format!("no exercise uses the recipe `{}`", recipe.name);
            let advice = format!("write recipe: {{ name: {}, with: … }} in a check, or take the file out", recipe.name);
            found.push(at(&file, tree.at(&["name"]), what, advice));
        }
        let texts = tree.get("checks").map(|checks| checks.texts()).unwrap_or_default();
        let names: BTreeSet<String> =
            texts.into_iter().flat_map(|(_, text)| names_in(text)).map(|(name, _)| name).collect();
        for param in recipe.params.keys().filter(|param| !names.contains(*param)) {
            let what = format!("the checks of the recipe do not use its parameter `{param}`");
            let advice = format!("write \"{{{{{param}}}}}\" where it belongs, or take it out");
            found.push(at(&file, tree.at(&["params", param]), what, advice));
        }
    }
    found
}
