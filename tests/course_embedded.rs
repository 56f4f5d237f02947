//! The course inside the program loads, and the manuals' examples are what they claim to be.

use dlearn::course::{Course, Exercise, Source, exercise::Rounds, recipe::Recipe};
use serde::Deserialize;

/// The fenced YAML block of a Markdown file that begins so.
fn example(markdown: &str, begins: &str) -> String {
    let mut blocks = markdown.split("\n```yaml\n").skip(1).filter_map(|rest| rest.split("\n```\n").next());
    blocks.find(|block| block.starts_with(begins)).expect("the manual has this example").to_owned()
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
    let exercise: Exercise = parse(&example(include_str!("../exercises/README.md"), "id: X01"));
    assert_eq!(exercise.hints.len(), 3);
    assert_eq!(exercise.cases.wrong["stale"].steps.as_ref().map(Vec::len), Some(5), "every kind of step is shown");
}

#[test]
fn the_example_of_variants_is_one() {
    #[derive(Deserialize)]
    struct Part {
        rounds: Rounds,
    }
    let part: Part = parse(&example(include_str!("../exercises/README.md"), "rounds:"));
    assert_eq!(part.rounds.count, 3);
}

#[test]
fn the_example_of_a_recipe_is_one() {
    let recipe: Recipe = parse(&example(include_str!("../checks/README.md"), "name:"));
    assert_eq!(recipe.name, "serves-http");
}
