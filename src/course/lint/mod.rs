//! `dlearn lint`: what is wrong with a course that loads, or will go wrong for a learner. No engine is asked.
//!
//! A rule is one function in one of the files beside this one, and one line in [`RULES`]. `tests.rs` holds a mistake for
//! each of them, and the course inside the program to all of them. Whatever keeps a course from loading comes from the
//! loader itself, under the rule `course`; the rules look at a course only when it loads.

mod cases;
mod code;
mod coverage;
mod files;
mod images;
mod links;
mod names;
mod order;
mod quiz;
mod site;
#[cfg(test)]
mod tests;
mod texts;
mod unused;

use super::{Course, CourseError, Source};
use serde::Serialize;
use site::Site;

/// Something that is wrong, where, and what to do about it. Sorted by file and line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, relative to the course's folder.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The column, from 1, where it is known.
    pub column: Option<usize>,
    /// The rule that found it.
    pub rule: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name, as findings have it.
    pub name: &'static str,
    /// What it asks for, as a statement.
    pub about: &'static str,
    find: fn(&Site<'_>) -> Vec<Finding>,
}

/// The rule under which the loader's own errors are reported.
pub const COURSE: &str = "course";

/// All rules.
pub const RULES: [Rule; 21] = [
    Rule {
        name: "order",
        about: "course.yaml names every lesson and exercise once, an exercise after its lesson",
        find: order::order,
    },
    Rule {
        name: "coverage",
        about: "what coverage.yaml names is there, and it names each lesson, exercise and reference",
        find: coverage::coverage,
    },
    Rule { name: "modules", about: "modules have ids of their own and are not empty", find: order::modules },
    Rule { name: "ids", about: "a lesson's file and its questions begin with its id", find: order::ids },
    Rule { name: "quiz", about: "questions and options say something, and options differ", find: quiz::quiz },
    Rule { name: "recall", about: "a lesson begins with two questions of earlier lessons", find: code::recall },
    Rule { name: "code", about: "code in lessons is run, saved, printed, or says why not", find: code::code },
    Rule { name: "links", about: "links lead to files and headings that exist", find: links::links },
    Rule { name: "names", about: "each {{name}} stands for something", find: names::names },
    Rule { name: "marks", about: "an exercise that a lesson names in brackets exists", find: names::marks },
    Rule { name: "unfilled", about: "files with a {{name}} are listed under templates", find: names::unfilled },
    Rule { name: "unused-var", about: "values under vars are used", find: unused::vars },
    Rule { name: "unused-image", about: "images are asked about or used in a case", find: unused::images },
    Rule { name: "unused-template", about: "templates hold a {{name}}", find: unused::templates },
    Rule { name: "unused-recipe", about: "recipes and their parameters are used", find: unused::recipes },
    Rule { name: "pinned", about: "base images have a tag of their own, and not latest", find: images::pinned },
    Rule { name: "texts", about: "what learners read is written, hints differ", find: texts::texts },
    Rule { name: "numbers", about: "minutes, points and weights are above 0", find: texts::numbers },
    Rule {
        name: "proven",
        about: "each check is the first to fail in some case, and the starter fails",
        find: cases::proven,
    },
    Rule { name: "cases", about: "cases say who would do this, and delete only what is there", find: cases::cases },
    Rule { name: "files", about: "every file of an exercise is used", find: files::files },
];

/// Everything that is wrong with a course, sorted.
pub fn lint(source: &Source) -> Vec<Finding> {
    let (course, errors) = Course::read(source);
    let mut findings: Vec<Finding> = if errors.is_empty() {
        let site = Site::new(&course, source);
        RULES
            .iter()
            .flat_map(|rule| (rule.find)(&site).into_iter().map(|found| Finding { rule: rule.name, ..found }))
            .collect()
    } else {
        errors.into_iter().map(Finding::from).collect()
    };
    findings.sort();
    findings.dedup();
    findings
}

impl From<CourseError> for Finding {
    fn from(error: CourseError) -> Self {
        // Below the first line the error shows the author's own line, which the place names here.
        let what = error.what.lines().next().unwrap_or_default().to_owned();
        Self { file: error.file, line: error.line, column: error.column, rule: COURSE, what, advice: error.help }
    }
}
