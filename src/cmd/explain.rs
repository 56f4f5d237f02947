//! `dlearn explain`: what the kinds of check and the recipes ask, for authors.

use super::app::App;
use crate::check::Kind;
use crate::course::{Course, Source, recipe::Recipe};
use crate::failure::{Failure, exit};
use crate::report::json;
use serde::Serialize;
use std::collections::BTreeMap;

const SCHEMA: &str = "dlearn/explain/1";

/// Everything there is, in one line each.
#[derive(Debug, Serialize)]
struct ListReport<'a> {
    schema: &'static str,
    kinds: Vec<Row<'a>>,
    recipes: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    about: String,
}

/// One kind of check: its manual page, in Markdown.
#[derive(Debug, Serialize)]
struct KindReport<'a> {
    schema: &'static str,
    kind: &'a str,
    manual: String,
}

#[derive(Debug, Serialize)]
struct RecipeReport<'a> {
    schema: &'static str,
    recipe: &'a str,
    title: &'a str,
    why: &'a str,
    help: &'a str,
    params: BTreeMap<&'a str, ParamReport<'a>>,
    /// The kinds of check that it is made of, in its order.
    kinds: Vec<&'static str>,
    /// Ids of the exercises that use it.
    used_by: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct ParamReport<'a> {
    about: &'a str,
    /// Without one, the parameter must be given.
    default: Option<&'a str>,
}

pub(super) fn run(app: &App, name: Option<&str>) -> Result<i32, Failure> {
    // A kind can be explained whatever state the course is in.
    if let Some((name, manual)) = name.and_then(|name| Some((name, Kind::manual(name)?))) {
        match app.common.json {
            true => json::print(&KindReport { schema: SCHEMA, kind: name, manual })?,
            false => app.say(&manual)?,
        }
        return Ok(exit::DONE);
    }
    let course = Course::load(&super::lint::around(app).map_or(Source::Embedded, Source::Folder))?;
    match name {
        None => list(app, &course)?,
        Some(name) => match course.recipes.get(name) {
            Some(recipe) => explain_recipe(app, &course, recipe)?,
            None => {
                let known = Kind::NAMES.iter().copied().chain(course.recipes.keys().map(String::as_str));
                return Err(Failure::unknown("kind of check or recipe", name, known, "dlearn explain lists them"));
            }
        },
    }
    Ok(exit::DONE)
}

fn list(app: &App, course: &Course) -> Result<(), Failure> {
    let about = |name: &str| {
        let page = Kind::manual(name).unwrap_or_default();
        page.lines().skip(2).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let kinds: Vec<Row<'_>> = Kind::NAMES.iter().map(|name| Row { name, about: about(name) }).collect();
    let recipes: Vec<Row<'_>> =
        course.recipes.values().map(|recipe| Row { name: &recipe.name, about: recipe.title.clone() }).collect();
    if app.common.json {
        json::print(&ListReport { schema: SCHEMA, kinds, recipes })?;
        return Ok(());
    }
    let lines = |rows: &[Row<'_>]| {
        rows.iter().map(|row| format!("- `{}`: {}", row.name, row.about)).collect::<Vec<_>>().join("\n")
    };
    app.say(&format!(
        "# Kinds of check\n\n{}\n\n# Recipes\n\n{}\n\n`dlearn explain NAME` shows one with its fields or parameters.",
        lines(&kinds),
        lines(&recipes)
    ))
}

/// The exercises that use a recipe.
fn used_by<'a>(course: &'a Course, recipe: &str) -> Vec<&'a str> {
    let uses = |entry: &&crate::course::Entry| {
        let rounds = entry.exercise.rounds.iter().flat_map(|rounds| rounds.variants.values());
        let mut checks = entry.exercise.checks.iter().chain(rounds.flat_map(|variant| &variant.checks));
        checks.any(|check| check.recipe.as_ref().is_some_and(|used| used.name == recipe))
    };
    course.exercises.values().filter(uses).map(|entry| entry.exercise.id.as_str()).collect()
}

fn explain_recipe(app: &App, course: &Course, recipe: &Recipe) -> Result<(), Failure> {
    let kinds: Vec<&'static str> = recipe.checks.iter().map(Kind::name).collect();
    let used_by = used_by(course, &recipe.name);
    if app.common.json {
        let params = recipe.params.iter();
        json::print(&RecipeReport {
            schema: SCHEMA,
            recipe: &recipe.name,
            title: &recipe.title,
            why: &recipe.why,
            help: &recipe.help,
            params: params
                .map(|(name, param)| {
                    (name.as_str(), ParamReport { about: &param.about, default: param.default.as_deref() })
                })
                .collect(),
            kinds,
            used_by,
        })?;
        return Ok(());
    }
    let mut page = format!("# `{}`\n\n{}.\n\n**Why it matters**: {}\n", recipe.name, recipe.title, recipe.why.trim());
    if !recipe.help.is_empty() {
        page.push_str(&format!("\n**Advice, instead of the kinds' own**: {}\n", recipe.help.trim()));
    }
    page.push_str("\n**Parameters**\n\n");
    for (name, param) in &recipe.params {
        let default = match param.default.as_deref() {
            None => String::new(),
            Some("") => " (may be left out)".to_owned(),
            Some(default) => format!(" (may be left out: `{default}`)"),
        };
        page.push_str(&format!("- `{name}`{default}: {}\n", param.about));
    }
    let given: Vec<String> = recipe.params.iter().filter(|(_, param)| param.default.is_none()).map(example).collect();
    let with = if given.is_empty() { String::new() } else { format!(", with: {{ {} }}", given.join(", ")) };
    page.push_str(&format!("\n```yaml\nrecipe: {{ name: {}{with} }}\n```\n", recipe.name));
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
    page.push_str(&format!("\n**Kinds of check in it**: {}. `dlearn explain KIND` shows one.\n", kinds.join(", ")));
    if !used_by.is_empty() {
        page.push_str(&format!("\n**Used by**: {}\n", used_by.join(", ")));
    }
    app.say(&page)
}

/// A parameter with a value that stands for one.
fn example((name, _): (&String, &crate::course::recipe::Param)) -> String {
    let value = if name == "image" { "app".to_owned() } else { name.to_uppercase() };
    format!("{name}: {value}")
}
