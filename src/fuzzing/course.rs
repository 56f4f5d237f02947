//! What authors of courses write.

use super::{at_once, text};
use crate::course::code::Demo;
use crate::course::{Block, CheckFile, Course, Lesson, Round, Source, fuzzing};
use crate::engine::Recorded;
use crate::evidence::Evidence;
use crate::examine::examine;
use crate::term::{Terminal, findings, quiz};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The course inside the program.
pub(super) static COURSE: LazyLock<Course> =
    LazyLock::new(|| Course::load(&Source::Embedded).unwrap_or_else(|error| panic!("{error}")));

pub(super) fn lesson(data: &[u8]) {
    let text = text(data);
    let lesson = match Lesson::parse("lessons/x.md", &text) {
        Ok(lesson) => lesson,
        Err(error) => return assert!(error.line.is_none_or(|line| line >= 1), "{error:?}"),
    };
    assert!(!lesson.sections.is_empty());
    for question in lesson.questions() {
        for line in quiz::printed(question, 1, 60, &Terminal::plain(60)) {
            super::assert_harmless(&line.text());
        }
    }
    for block in lesson.sections.iter().flat_map(|section| &section.blocks) {
        if let Block::Text(text) = block {
            crate::term::markdown::lines(text, 60, &Terminal::plain(60));
        }
    }
    Demo::read(&lesson.fences);
}

/// The first byte tells what it is.
pub(super) fn yaml(data: &[u8]) {
    let [kind, rest @ ..] = data else { return };
    let text = &*text(rest);
    match kind {
        b'o' => fuzzing::outline(text),
        b'r' => fuzzing::recipe(text),
        b'c' => {
            let Ok(read) = CheckFile::read("x.yaml", text) else { return };
            if let Ok(round) = read.round("x.yaml", text, &COURSE.recipes) {
                examined(&round);
            }
        }
        b'p' => fuzzing::places(text),
        _ => fuzzing::exercise(text, &COURSE.recipes).iter().for_each(examined),
    }
}

/// What is judged of a round, where nobody knows anything.
fn examined(round: &Round) {
    let came = at_once(examine(round, &mut Recorded::default(), Evidence::new()));
    assert_eq!(came.findings.len(), round.checks.len());
    super::assert_harmless(&findings::render(&came.findings, &Terminal::plain(60)));
}

/// The exercises' files that end so, by path.
pub(super) fn files_of_the_course(top: &str, ending: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = Source::Embedded.files(top).unwrap_or_else(|error| panic!("{error}"));
    files.retain(|path, _| path.ends_with(ending));
    files
}
