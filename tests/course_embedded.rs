//! The course inside the program loads, and the manuals' examples are what they claim to be.

use dlearn::course::{Block, Course, Exercise, Source, exercise::Rounds, recipe::Recipe};
use dlearn::evidence::Builder;
use dlearn::selfcheck::{CaseKind, PlannedCase, by_turns, keep, plan};
use dlearn::share::Share;
use dlearn::term::{Terminal, markdown, reader};
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

/// [`Course::load`] relies on this test: it looks no more at how the embedded files fit together.
#[test]
fn the_embedded_course_loads_and_its_files_fit_together() {
    let (course, errors) = Course::read(&Source::Embedded);
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(course.exercises.contains_key("E01") && course.exercises.contains_key("S01"));
}

/// It knows ids and folders by the names of files, and reads each of them for itself.
#[test]
fn what_is_read_when_it_is_asked_for_is_the_whole_course() {
    let ((whole, _), course) = (Course::read(&Source::Embedded), embedded());
    assert!(course.lessons.keys().eq(whole.lessons.keys()) && course.references.keys().eq(whole.references.keys()));
    assert!(course.exercises.keys().eq(whole.exercises.keys()) && course.folders == whole.folders);
    let pages = course.lessons.iter().chain(&course.references).zip(whole.lessons.iter().chain(&whole.references));
    for ((id, page), (_, known)) in pages {
        assert_eq!((id, &page.file, &page.sections), (&known.front.id, &known.file, &known.sections));
    }
    for ((id, entry), (_, known)) in course.exercises.iter().zip(&whole.exercises) {
        assert_eq!((id, &entry.folder, &entry.files), (&known.exercise.id, &known.folder, &known.files));
    }
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
    assert_eq!(exercise.cases.wrong["stale"].steps.as_ref().map(Vec::len), Some(13), "every kind of step is shown");
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

#[test]
fn by_turns_each_answer_is_tried_once_and_starter_and_solution_with_both_builders() {
    let course = embedded();
    let builders = [Builder::Classic, Builder::BuildKit];
    let all = plan(&course, &[], &builders).unwrap();
    let tried = |cases: &[PlannedCase<'_>], path: &str| cases.iter().filter(|case| case.path() == path).count();
    let [turns, others] = [7, 8].map(|turn| {
        let mut turns = all.clone();
        by_turns(&mut turns, turn);
        turns
    });
    for case in &all {
        let is_answer = matches!(case.kind, CaseKind::Right | CaseKind::Wrong);
        let expected = if is_answer { 1 } else { tried(&all, &case.path()) };
        assert_eq!(tried(&turns, &case.path()), expected, "{}", case.path());
        let with_it = |turns: &[PlannedCase<'_>]| {
            turns.iter().any(|other| other.path() == case.path() && other.builder == case.builder)
        };
        assert!(with_it(&turns) || with_it(&others), "{} {}", case.path(), case.builder);
    }
    let wrong = |builder| turns.iter().filter(|case| case.kind == CaseKind::Wrong && case.builder == builder).count();
    assert!(wrong(Builder::Classic).abs_diff(wrong(Builder::BuildKit)) < all.len() / 10);
}

#[test]
fn shares_are_all_answers_together_and_each_has_every_starter_and_solution() {
    let course = embedded();
    let all = plan(&course, &[], &[Builder::Classic, Builder::BuildKit]).unwrap();
    let shares = ["1/3", "2/3", "3/3"].map(|text| {
        let mut share = all.clone();
        keep(text.parse::<Share>().unwrap(), &mut share);
        share
    });
    for case in &all {
        let is_answer = matches!(case.kind, CaseKind::Right | CaseKind::Wrong);
        let same = |other: &&PlannedCase<'_>| other.path() == case.path() && other.builder == case.builder;
        let having = shares.iter().filter(|share| share.iter().any(|other| same(&other))).count();
        assert_eq!(having, if is_answer { 1 } else { 3 }, "{} {}", case.path(), case.builder);
    }
    for wrong in ["0/3", "4/3", "1/0", "1", "a/b", "1/3/5", ""] {
        wrong.parse::<Share>().expect_err(wrong);
    }
}

#[test]
fn a_section_of_a_lesson_is_one_screen() {
    const COLUMNS: usize = 80;
    // Of 24 rows two are the reader's own.
    const MOST: usize = 24 - 2;
    let terminal = Terminal::full(COLUMNS, 24);
    let course = embedded();
    let mut too_long = Vec::new();
    for lesson in course.lessons.values() {
        let lesson = lesson.beginning_with(course.recalled(lesson));
        // The title stands above the first text.
        let mut first = lesson.clone();
        first.sections[0].blocks.truncate(1);
        let first = reader::section(&first, 0, 0, &terminal).lines().count();
        let texts = lesson.sections.iter().flat_map(|section| section.blocks.iter().map(move |block| (section, block)));
        for (index, (section, block)) in texts.enumerate() {
            let Block::Text(text) = block else { continue };
            let lines = markdown::lines(text, COLUMNS, &terminal);
            let height = if index == 0 { first } else { lines.len() };
            if height > MOST || lines.iter().any(|line| line.width() > COLUMNS) {
                too_long.push(format!("{}, {:?}: {height} lines", lesson.file, section.title));
            }
        }
    }
    assert_eq!(too_long, Vec::<String>::new(), "at most {MOST} lines of {COLUMNS} columns: shorten, or make two");
}
