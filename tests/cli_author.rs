//! What authors run: `schema`, `explain`, `lint` and `new`, none of which needs an engine.

mod cli_support;

use cli_support::{Learner, Running, Told};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn author() -> Learner {
    let mut author = Learner::new();
    author.set("DOCKER_HOST", "unix:///nowhere/docker.sock");
    author
}

/// A course that `dlearn new course` wrote.
fn begun(author: &Learner) -> PathBuf {
    let folder = author.root().join("mine");
    author.dlearn(&["new", "course", folder.to_str().unwrap()]).exits(0).says("selfcheck E01");
    folder
}

/// A command given in a folder.
fn within(author: &Learner, folder: &Path, args: &[&str]) -> Told {
    let mut command = author.command(args);
    command.current_dir(folder);
    Running::start(command).end()
}

/// In `file` of `course`, `from` becomes `to`.
fn edit(course: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(course.join(file)).unwrap();
    assert!(text.contains(from), "{file}: {text}");
    fs::write(course.join(file), text.replacen(from, to, 1)).unwrap();
}

const E01: &str = "exercises/E01-the-first-exercise/exercise.yaml";

#[test]
fn a_schema_is_printed_and_an_unknown_one_is_told() {
    let author = author();
    for name in ["exercise", "lesson", "course", "coverage", "recipe", "check-file"] {
        let schema = author.dlearn(&["schema", name]).exits(0).json();
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!((&schema["$comment"], &schema["additionalProperties"]), (&json!("dlearn/schema/1"), &json!(false)));
    }
    let list = author.dlearn(&["schema", "--json"]).exits(0).json();
    assert_eq!((&list["schema"], list["formats"].as_array().map(Vec::len)), (&json!("dlearn/schemas/1"), Some(6)));
    author.dlearn(&["schema"]).exits(0).says("yaml-language-server");
    author.dlearn(&["schema", "exersice"]).exits(2).says("did you mean exercise?");
}

#[test]
fn references_are_listed_and_read_and_no_step_of_the_course() {
    let author = author();
    author.dlearn(&["list"]).exits(0).says("To look things up: dlearn read ID").says("R03");
    let list = author.dlearn(&["list", "--json"]).exits(0).json();
    assert_eq!(list["references"].as_array().map(Vec::len), Some(3));
    assert!(!list["modules"].to_string().contains("R01"));
    author.dlearn(&["read", "r01"]).exits(0).says(list["references"][0]["title"].as_str().unwrap());
    author.dlearn(&["next", "R01"]).exits(2);
    author.dlearn(&["selfcheck", "R1"]).exits(2).says("did you mean R01?");
}

#[test]
fn a_recipe_is_explained_like_a_kind_of_check() {
    let author = author();
    let page = author.dlearn(&["explain", "python-imports"]).exits(0);
    page.says("Why it matters").says("`module`").says("`command`").says("Used by*: S01");
    let recipe = author.dlearn(&["explain", "serves-http", "--json"]).exits(0).json();
    assert_eq!((&recipe["schema"], &recipe["kinds"]), (&json!("dlearn/explain/1"), &json!(["http"])));
    assert_eq!(
        (&recipe["params"]["path"]["default"], &recipe["params"]["image"]["default"]),
        (&json!("/"), &Value::Null)
    );
    let kind = author.dlearn(&["explain", "http", "--json"]).exits(0).json();
    assert!(kind["kind"] == "http" && kind["manual"].as_str().unwrap().starts_with("# `http`"));
    let list = author.dlearn(&["explain", "--json"]).exits(0).json();
    assert!(list["kinds"].as_array().unwrap().len() > 10 && list["recipes"].as_array().unwrap().len() > 3);
    author.dlearn(&["explain", "serve-http"]).exits(2).says("did you mean serves-http?");
    // A course that does not load is no reason not to explain a kind.
    author.dlearn(&["explain", "http", "--course", "/nowhere"]).exits(0);
}

#[test]
fn the_built_in_course_has_no_finding() {
    let author = author();
    author.dlearn(&["lint"]).exits(0).says("the built-in course: nothing found");
    let report = author.dlearn(&["lint", "--json"]).exits(0).json();
    assert_eq!(report, json!({ "schema": "dlearn/lint/1", "course": null, "findings": [] }));
}

#[test]
fn a_finding_names_file_line_column_and_what_to_do() {
    let author = author();
    let course = begun(&author);
    edit(&course, E01, "minutes: 10", "minutes: 0");
    edit(&course, "lessons/L01-the-first-lesson.md", "id: L01.layers", "id: L02.layers");
    let place = format!("{E01}:4:1: minutes is 0 [numbers]");
    let told = within(&author, &course, &["lint"]).exits(2).says(&place).says("say how long a learner needs");
    told.says("2 findings in");
    let report = author.dlearn(&["lint", "--json", "--course", course.to_str().unwrap()]).exits(2).json();
    let first = &report["findings"][0];
    assert_eq!((&first["file"], &first["line"], &first["column"]), (&json!(E01), &json!(4), &json!(1)));
    assert_eq!((&first["rule"], report["findings"].as_array().unwrap().len()), (&json!("numbers"), 2));
}

#[test]
fn a_part_of_a_course_can_be_looked_at_alone() {
    let author = author();
    let course = begun(&author);
    edit(&course, E01, "minutes: 10", "minutes: 0");
    author.dlearn(&["lint", course.join("lessons").to_str().unwrap()]).exits(0).says("nothing found");
    author.dlearn(&["lint", course.join("exercises").to_str().unwrap()]).exits(2).says("1 finding");
    author.dlearn(&["lint", course.join(E01).to_str().unwrap()]).exits(2).says("1 finding");
    author.dlearn(&["lint", "/"]).exits(2).says("is no course").says("dlearn new course");
    author.dlearn(&["lint", "nothing-here"]).exits(2).says("nothing-here");
}

#[test]
fn a_course_that_does_not_load_shows_all_of_its_errors() {
    let author = author();
    let course = begun(&author);
    edit(&course, E01, "minutes:", "minuets:");
    edit(&course, "lessons/L01-the-first-lesson.md", "minutes:", "minuets:");
    let told = author.dlearn(&["lint", course.to_str().unwrap()]).exits(2).says(&format!("{E01}:4:1:"));
    told.says("lessons/L01-the-first-lesson.md:4:1:").says("did you mean `minutes`?").says("2 findings");
}

#[test]
fn what_new_writes_is_a_course_that_can_be_read_and_has_no_finding() {
    let author = author();
    let course = begun(&author);
    within(&author, &course, &["new", "lesson", "L02", "More of it"]).exits(0).says("lessons/L02-more-of-it.md");
    let told = within(&author, &course, &["new", "exercise", "X01", "Say \"hi\""]).exits(0);
    told.says("exercises/X01-say-hi/exercise.yaml").says("selfcheck X01").says("dlearn lint");
    within(&author, &course, &["new", "exercise", "x02", "--lesson", "l01"]).exits(0).says("x02-a-greeting");
    within(&author, &course, &["lint"]).exits(0).says("nothing found");
    let list = author.dlearn(&["list", "--json", "--course", course.to_str().unwrap()]).exits(0).json();
    let items = list["modules"][0]["items"].as_array().unwrap();
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["L01", "E01", "x02", "L02", "X01"]);
    author.dlearn(&["read", "L02", "--course", course.to_str().unwrap()]).exits(0).says("More of it");

    let report = within(&author, &course, &["new", "check", "own-folder", "--json"]).exits(0).json();
    assert_eq!((&report["schema"], &report["wrote"]), (&json!("dlearn/new/1"), &json!(["checks/own-folder.yaml"])));
    within(&author, &course, &["lint"]).exits(2).says("no exercise uses the recipe `own-folder`");
    edit(&course, E01, "check: { dockerfile: { stages: 1 } }", "recipe: { name: own-folder, with: { image: app } }");
    within(&author, &course, &["lint"]).exits(0);
    within(&author, &course.join("exercises"), &["explain", "own-folder"]).exits(0).says("Used by*: E01");
    let explained = author.dlearn(&["explain", "own-folder", "--course", course.to_str().unwrap()]).exits(0);
    explained.says("Used by*: E01");
}

#[test]
fn new_writes_nothing_over_and_says_what_is_wrong_with_a_name() {
    let author = author();
    let course = begun(&author);
    let before = fs::read_to_string(course.join("lessons/course.yaml")).unwrap();
    let here = |args: &[&str]| within(&author, &course, args);
    here(&["new", "exercise", "e01"]).exits(2).says("`E01` already");
    here(&["new", "lesson", "E01"]).exits(2).says("`E01` already");
    here(&["new", "exercise", "../x"]).exits(2).says("cannot be an id");
    here(&["new", "exercise", "dlearn"]).exits(2).says("cannot be an id");
    here(&["new", "exercise", "X01", "--lesson", "L02"]).exits(2).says("did you mean L01?");
    here(&["new", "check", "Own"]).exits(2).says("small letters");
    here(&["new", "check", "http"]).exits(2).says("already");
    author.dlearn(&["new", "course", course.to_str().unwrap()]).exits(2).says("is not empty");
    author.dlearn(&["new", "lesson", "L02"]).exits(2).says("you are in no course").says("--course");
    fs::write(course.join("lessons/L02-a-lesson.md"), "not a lesson").unwrap();
    here(&["new", "lesson", "L02"]).exits(2).says("lessons/L02-a-lesson.md");
    assert_eq!(fs::read_to_string(course.join("lessons/L02-a-lesson.md")).unwrap(), "not a lesson");
    assert_eq!(fs::read_to_string(course.join("lessons/course.yaml")).unwrap(), before);
}

#[test]
fn the_help_names_what_authors_run() {
    let author = author();
    let help = author.dlearn(&["--help"]).exits(0);
    for command in ["schema", "explain", "lint", "new"] {
        assert!(help.stdout.contains(&format!("  {command}")), "{help:?}");
        author.dlearn(&[command, "--help"]).exits(0);
    }
}
