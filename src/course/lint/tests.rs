//! A mistake for each rule, made in the course that `dlearn new course` writes; and that course, and the one inside the
//! program, have none.

use super::{COURSE, Finding, RULES, lint};
use crate::course::{FileSet, Source, skeleton};
use std::collections::BTreeSet;

const EXERCISE: &str = "exercises/E01-the-first-exercise/exercise.yaml";
const GREET: &str = "exercises/E01-the-first-exercise/start/greet.sh";
const SOLUTION: &str = "exercises/E01-the-first-exercise/solution/Dockerfile";
const LESSON: &str = "lessons/L01-the-first-lesson.md";
const ORDER: &str = "lessons/course.yaml";
const REFERENCE: &str = "lessons/reference/R01-a-page.md";
const COVERAGE: &str = "lessons/coverage.yaml";
const RECIPE: &str = "checks/own-folder.yaml";

/// One mistake: in `file`, `from` becomes `to` (a new file where `from` is empty). The finding is in `place`, in a line
/// that holds `near` (none for a finding about a whole file).
struct Slip {
    rule: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    place: &'static str,
    near: &'static str,
}

const fn slip(
    rule: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    near: &'static str,
) -> Slip {
    Slip { rule, file, from, to, place: file, near }
}

const SLIPS: &[Slip] = &[
    slip(COURSE, EXERCISE, "minutes:", "minuets:", "minuets:"),
    slip(COURSE, EXERCISE, "lesson: L01", "lesson: L10", "lesson: L10"),
    slip(COURSE, EXERCISE, "id: E01 #", "id: E02 #", "id: E02"),
    slip(COURSE, EXERCISE, "  - What would you do", "#  - What would you do", "hints:"),
    slip(COURSE, EXERCISE, "  right:\n    split:", "  right:\n    splat:", "cases:"),
    slip(COURSE, EXERCISE, "      fails: token\n", "", "no-token:"),
    slip(COURSE, EXERCISE, "      fails: token\n", "      fails: tokens\n", "fails: tokens"),
    slip(COURSE, EXERCISE, "after: [dockerfile]", "after: [dockerfiles]", "after: [dockerfiles]"),
    slip(COURSE, EXERCISE, "    after: [built]\n", "    optional: true\n    after: [built]\n", "greets"),
    Slip {
        place: EXERCISE,
        ..slip(COURSE, "exercises/E01-the-first-exercise/right/more/Dockerfile", "", "FROM busybox:1.36\n", "cases:")
    },
    slip(COURSE, RECIPE, "", "name: other\ntitle: A\nwhy: B\nhelp: ''\nchecks: []\n", "name: other"),
    slip(
        COURSE,
        "lessons/L02-twice.md",
        "",
        "---\nid: L01\ntitle: A\nminutes: 1\nobjective: B\n---\n\nText.\n",
        "id: L01",
    ),
    slip("order", ORDER, "[L01, E01]", "[E01, L01]", "[E01, L01]"),
    slip("order", ORDER, "[L01, E01]", "[L01, E01, L01]", "[L01, E01, L01]"),
    Slip { place: EXERCISE, ..slip("order", ORDER, "[L01, E01]", "[L01]", "id: E01") },
    slip(
        "coverage",
        COVERAGE,
        "",
        "parts:\n- title: A\n  items: [{ what: A, at: [E01, L01] }, { what: B, at: [L01.layers] }]",
        "[E01",
    ),
    slip(
        "coverage",
        COVERAGE,
        "",
        "parts:\n- title: A\n  items:\n  - { what: A, at: [E01, L01.layers, \"L01#No\"] }",
        "No",
    ),
    slip(
        "coverage",
        COVERAGE,
        "",
        "parts:\n- title: A\n  items:\n  - { what: A, at: [E01, L01.layers, L01.no] }",
        "L01.no",
    ),
    slip("coverage", COVERAGE, "", "parts:\n- title: A\n  items:\n  - { what: A, at: [E01, L01.layers, N01] }", "N01"),
    slip(
        "coverage",
        COVERAGE,
        "",
        "parts:\n- title: A\n  items:\n  - { what: A, at: [E01, L01.layers] }\n  - { what: B, at: [] }",
        "what: B",
    ),
    slip("coverage", COVERAGE, "", "parts:\n- title: A\n  items:\n  - { what: A, at: [E01] }", "parts:"),
    slip("modules", ORDER, "[L01, E01]", "[L01, E01]\n  - { id: M1, title: Two, items: [] }", "title: Two"),
    slip("ids", LESSON, "id: L01.layers", "id: L02.layers", "id: L02.layers"),
    slip(
        "quiz",
        LESSON,
        "text: \"A set of files that were added, changed or removed\"",
        "text: \"One instruction of the Dockerfile, whatever it does\"",
        "text: \"One instruction",
    ),
    slip(
        "quiz",
        LESSON,
        "because: \"A layer holds changes of the file system, and nothing else.\"",
        "because: \"\"",
        "text: \"A set of files",
    ),
    slip("recall", LESSON, "What stands above", "```recall\n[L01.layers]\n```\n\nWhat stands above", "```recall"),
    slip(
        "recall",
        REFERENCE,
        "",
        "---\nid: R01\ntitle: A\nminutes: 1\nobjective: B\n---\n\n```recall\n[L01.layers]\n```\n\nText.\n",
        "```recall",
    ),
    slip(
        "code",
        REFERENCE,
        "",
        "---\nid: R01\ntitle: A\nminutes: 1\nobjective: B\n---\n\n```sh fials\ntrue\n```\n",
        "```sh fials",
    ),
    Slip { place: ORDER, ..slip(COURSE, ORDER, "[L01, E01]", "[L01, R01, E01]", "R01") },
    slip("code", LESSON, "```sh\n", "```sh fials\n", "```sh fials"),
    slip("code", LESSON, "```sh\n", "```python\nprint()\n```\n\n```sh\n", "```python"),
    slip("links", LESSON, "Each `##` begins", "[More](L02-none.md). Each `##` begins", "[More]"),
    slip("links", LESSON, "Each `##` begins", "[More](#one-idea-at-a-tim). Each `##` begins", "[More]"),
    slip("links", EXERCISE, "Make an image of them.", "Make an image of [them](nothing.sh).", "nothing.sh"),
    slip("names", EXERCISE, "docker build -t {{image.app}} .", "docker build -t {{image.ap}} .", "{{image.ap}}"),
    slip("marks", LESSON, "What stands above", "[E91] What stands above", "[E91]"),
    slip("unfilled", GREET, "# Greets", "# {{token}} Greets", "{{token}}"),
    slip("unused-var", EXERCISE, "token: /app/token", "vars: { port: { range: [1, 2] } }\ntoken: /app/token", "port:"),
    slip("unused-image", EXERCISE, "images:\n", "images:\n  other: e01/other:v1\n", "other:"),
    slip("unused-template", EXERCISE, "token: /app/token", "templates: [greet.sh]\ntoken: /app/token", "greet.sh"),
    slip("unused-recipe", RECIPE, "", "name: own-folder\ntitle: A\nwhy: B\nhelp: ''\nchecks: []\n", "name: own-folder"),
    slip("pinned", EXERCISE, "bases: [\"busybox:1.36\"]", "bases: [busybox]", "bases:"),
    slip("pinned", SOLUTION, "FROM busybox:1.36", "FROM busybox:latest", "FROM busybox:latest"),
    slip("texts", EXERCISE, "title: \"The first exercise\"", "title: \"\"", "title:"),
    slip(
        "texts",
        EXERCISE,
        "  - Four instructions are enough, in this order. `FROM`, `WORKDIR`, `COPY`, `CMD`.\n",
        "  - What would you do by hand on an empty machine, from the first file to the command at the end?\n",
        "- What would",
    ),
    slip("numbers", EXERCISE, "minutes: 10", "minutes: 0", "minutes: 0"),
    slip("numbers", EXERCISE, "  - id: greets\n", "  - id: greets\n    weight: 0\n", "weight: 0"),
    slip("proven", EXERCISE, "      fails: greets\n", "      fails: token\n", "- id: greets"),
    slip("proven", EXERCISE, "    says: no such file\n", "", "starter:"),
    slip("cases", EXERCISE, "      about: Has all the files, and runs something else.\n", "", "says-less:"),
    slip("cases", EXERCISE, "      fails: token\n", "      delete: [gret.sh]\n      fails: token\n", "delete:"),
    slip("files", "exercises/E01-the-first-exercise/solutions/Dockerfile", "", "FROM busybox:1.36\n", ""),
    slip("files", "exercises/E01-the-first-exercise/wrong/Dockerfile", "", "FROM busybox:1.36\n", ""),
];

fn findings(files: &FileSet) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    skeleton::write(folder.path(), files).unwrap();
    lint(&Source::Folder(folder.path().to_owned()))
}

#[test]
fn each_mistake_is_found_by_its_rule_and_at_its_place() {
    for slip in SLIPS {
        let mut files = skeleton::course("course");
        let text = match slip.from {
            "" => slip.to.to_owned(),
            from => {
                let text = String::from_utf8(files[slip.file].clone()).unwrap();
                assert!(text.contains(from), "{}: {from:?} is not there", slip.file);
                text.replacen(from, slip.to, 1)
            }
        };
        files.insert(slip.file.to_owned(), text.into_bytes());
        let found = findings(&files);
        assert!(!found.is_empty() && found.iter().all(|found| found.rule == slip.rule), "{}: {found:#?}", slip.rule);
        let first = &found[0];
        assert_eq!(first.file, slip.place, "{first:?}");
        assert!(!first.what.is_empty() && !first.advice.is_empty(), "{first:?}");
        match first.line {
            Some(line) => {
                let text = String::from_utf8(files[slip.place].clone()).unwrap();
                let shown = text.lines().nth(line - 1).unwrap_or_default();
                assert!(!slip.near.is_empty() && shown.contains(slip.near), "{first:?} points at {shown:?}");
            }
            None => assert!(slip.near.is_empty(), "{first:?} knows no line"),
        }
    }
}

#[test]
fn every_rule_has_a_mistake_that_it_finds() {
    let tried: BTreeSet<&str> = SLIPS.iter().map(|slip| slip.rule).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).chain([COURSE]).collect();
    assert_eq!(tried, rules);
    assert_eq!(rules.len(), RULES.len() + 1, "names of rules are unique");
}

#[test]
fn the_manual_has_every_rule() {
    let manual = include_str!("../../../exercises/README.md");
    for rule in RULES {
        let row = format!("| `{}` | {} |\n", rule.name, rule.about);
        assert!(manual.contains(&row), "exercises/README.md lacks {row}");
    }
}

/// A course of lessons with these blocks at their heads, each with the question `Lnn.a`.
fn lessons(heads: &[&str]) -> Vec<String> {
    let mut files = skeleton::course("course");
    let ids: Vec<String> = (1..=heads.len()).map(|number| format!("L0{number}")).collect();
    for (id, head) in ids.iter().zip(heads) {
        let quiz = format!(
            "```quiz\nid: {id}.a\nask: A?\noptions:\n  - {{ text: b, right: true, because: c }}\n  - {{ text: d, because: e }}\n```\n"
        );
        let text = format!("---\nid: {id}\ntitle: A\nminutes: 1\nobjective: B\n---\n\n{head}\n\nText.\n\n{quiz}");
        files.insert(format!("lessons/{id}.md"), text.into_bytes());
    }
    files.remove(LESSON);
    let order =
        String::from_utf8(files[ORDER].clone()).unwrap().replacen("L01, E01", &format!("{}, E01", ids.join(", ")), 1);
    files.insert(ORDER.to_owned(), order.into_bytes());
    let told =
        findings(&files).into_iter().map(|found| format!("{}:{}: {}", found.file, found.line.unwrap_or(0), found.what));
    told.collect()
}

#[test]
fn a_lesson_begins_with_questions_of_two_earlier_lessons() {
    let two = "```recall\n[L01.a, L02.a]\n```";
    assert_eq!(lessons(&["", "```recall\n[L01.a]\n```", two, two]), Vec::<String>::new());
    assert_eq!(lessons(&["", "", two]), Vec::<String>::new());
    for (third, line, word) in [
        ("", 1, "with 0 questions"),
        ("```recall\n[L01.a]\n```", 8, "with 1 questions"),
        ("```recall\n[L01.a, L01.b]\n```", 9, "no question `L01.b`"),
        ("```recall\n[L01.a, L04.a]\n```", 9, "`L04.a` belongs to no earlier"),
        ("```recall\n[L01.a, L01.a]\n```", 9, "both questions belong to `L01`"),
        (&format!("First words.\n\n{two}"), 10, "head of the lesson"),
    ] {
        let told = lessons(&["", "", third, two]);
        let [one] = told.as_slice() else { panic!("{third}: {told:?}") };
        assert!(one.starts_with(&format!("lessons/L03.md:{line}: ")) && one.contains(word), "{third}: {one}");
    }
}

#[test]
fn what_new_course_writes_has_no_finding() {
    assert_eq!(findings(&skeleton::course("course")), []);
}

#[test]
fn the_course_inside_the_program_has_no_finding() {
    assert_eq!(lint(&Source::Embedded), []);
}

#[test]
fn all_files_that_cannot_be_read_are_told_at_once() {
    let mut files = skeleton::course("course");
    for file in [EXERCISE, LESSON, ORDER] {
        let text = String::from_utf8(files[file].clone()).unwrap().replacen("title:", "titel:", 1);
        files.insert(file.to_owned(), text.into_bytes());
    }
    let found = findings(&files);
    let places: Vec<&str> = found.iter().map(|found| found.file.as_str()).collect();
    assert_eq!(places, [EXERCISE, LESSON, ORDER]);
    assert!(found.iter().all(|found| found.rule == COURSE && found.line.is_some() && found.advice.contains("title")));
}
