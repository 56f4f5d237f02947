//! The course inside the program loads, and the manuals' examples are what they claim to be.

use dlearn::check::{Check, Subject, judge};
use dlearn::course::{Course, Exercise, Source, exercise::Rounds, recipe::Recipe};
use dlearn::evidence::{Answer, ConfigFacts, Evidence, Fact, ImageFacts, Need};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The fenced YAML blocks of a Markdown file, in order.
fn yaml_blocks(markdown: &str) -> Vec<String> {
    let blocks = markdown.split("\n```yaml\n").skip(1);
    blocks.filter_map(|rest| rest.split("\n```\n").next()).map(str::to_owned).collect()
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> T {
    match dlearn::course::read_yaml(text) {
        Ok(value) => value,
        Err((at, what)) => panic!("{at:?}: {what}"),
    }
}

fn embedded() -> Course {
    Course::load(&Source::Embedded).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_embedded_course_loads() {
    let course = embedded();
    assert!(course.exercises.contains_key("E01") && course.exercises.contains_key("S01"));
}

#[test]
fn every_recipe_is_in_the_table_of_the_manual() {
    let manual = include_str!("../checks/README.md");
    for (name, recipe) in &embedded().recipes {
        let row = manual.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("{name} is missing in checks/README.md"));
        for param in recipe.params.keys() {
            assert!(
                row.contains(&format!("`{param}`")),
                "{name}: the parameter {param} is missing in checks/README.md"
            );
        }
    }
}

#[test]
fn the_example_of_an_exercise_is_one() {
    let blocks = yaml_blocks(include_str!("../exercises/README.md"));
    let exercise: Exercise = parse(&blocks[0]);
    assert_eq!(exercise.hints.len(), 3);
    assert_eq!(exercise.cases.wrong["stale"].steps.as_ref().map(Vec::len), Some(5), "every kind of step is shown");
}

#[test]
fn the_example_of_variants_is_one() {
    #[derive(Deserialize)]
    struct Part {
        rounds: Rounds,
    }
    let blocks = yaml_blocks(include_str!("../exercises/README.md"));
    let part: Part = parse(&blocks[1]);
    assert_eq!(part.rounds.count, 3);
}

#[test]
fn the_example_of_a_recipe_is_one() {
    let blocks = yaml_blocks(include_str!("../checks/README.md"));
    let recipe: Recipe = parse(&blocks[0]);
    assert_eq!(recipe.name, "serves-http");
}

/// Whether an image with this configuration passes a recipe whose one parameter is the image.
fn passes(recipe: &str, config: ConfigFacts) -> bool {
    let image = "x/app:v1";
    let mut evidence = Evidence::new();
    let facts = ImageFacts { config, ..ImageFacts::default() };
    evidence.insert(Need::Image { name: image.into() }, Answer::Found(Fact::Image(facts)));
    let given = BTreeMap::from([("image".to_owned(), image.to_owned())]);
    let asks = embedded().recipes[recipe].expand(&given).unwrap_or_else(|error| panic!("{error}"));
    let check = Check {
        id: recipe.into(),
        title: recipe.into(),
        asks,
        weight: 1,
        after: Vec::new(),
        hidden: false,
        advice: None,
    };
    let judged = judge(&[check], &Subject::default(), &evidence);
    assert!(judged.open.is_empty(), "{recipe} asks more than the configuration: {:?}", judged.open);
    judged.findings[0].verdict.passed()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn exec_form_tells_a_program_from_a_shell() {
    let cmd = |list: &[&str]| ConfigFacts { cmd: words(list), ..ConfigFacts::default() };
    assert!(passes("exec-form", cmd(&["python", "app.py"])));
    assert!(!passes("exec-form", cmd(&["/bin/sh", "-c", "python app.py"])));
    assert!(!passes("exec-form", cmd(&[])));
}

#[test]
fn non_root_user_knows_every_way_to_be_root() {
    let user = |name: &str| ConfigFacts { user: name.into(), ..ConfigFacts::default() };
    assert!(passes("non-root-user", user("10001:10001")));
    assert!(passes("non-root-user", user("app")));
    for root in ["", "root", "0", "0:0", "root:app"] {
        assert!(!passes("non-root-user", user(root)), "{root}");
    }
}
