//! `selfcheck` as an author runs it, on a real engine: what was shown is not tried again until something changes, and
//! continuous integration reads what came of it.

mod cli_support;

use cli_support::{Learner, Running, Told};
use std::fs;
use std::path::{Path, PathBuf};

/// An author with a course that `dlearn new course` wrote, and a cache of their own.
fn begun() -> (Learner, PathBuf) {
    let mut author = Learner::new();
    let cache = author.root().join("cache");
    author.set("XDG_CACHE_HOME", cache.to_str().unwrap());
    let folder = author.root().join("mine");
    author.dlearn(&["new", "course", folder.to_str().unwrap()]).exits(0);
    (author, folder)
}

fn selfcheck(author: &Learner, course: &Path, more: &[&str]) -> Told {
    let mut command = author.command(&["--course", ".", "selfcheck", "E01", "--case", "solution"]);
    command.args(more).current_dir(course);
    Running::start(command).end()
}

fn count(told: &Told, text: &str) -> usize {
    told.stdout.matches(text).count()
}

#[test]
fn what_was_shown_is_not_tried_again_until_something_changes() {
    let (author, course) = begun();
    let first = selfcheck(&author, &course, &[]).exits(0);
    let cases = count(&first, "✓ E01 solution");
    assert!(cases > 0 && count(&first, "before") == 0, "{first:?}");
    // Everything is tried again unless one says otherwise.
    let again = selfcheck(&author, &course, &[]).exits(0);
    assert_eq!((count(&again, "✓ E01 solution"), count(&again, "before")), (cases, 0), "{again:?}");

    let journal = author.root().join("cache/dlearn/selfcheck.jsonl");
    let kept = fs::read_to_string(&journal).unwrap().lines().count();
    let resumed = selfcheck(&author, &course, &["--resume"]).exits(0);
    assert_eq!(count(&resumed, " before"), cases + 1, "{resumed:?}");
    assert!(resumed.stdout.contains(&format!("({cases} of them shown before)")), "{resumed:?}");
    assert_eq!(fs::read_to_string(&journal).unwrap().lines().count(), kept, "nothing was tried");

    // A file of the exercise has changed.
    let yaml = course.join("exercises/E01-the-first-exercise/exercise.yaml");
    let text = fs::read_to_string(&yaml).unwrap();
    fs::write(&yaml, text.replacen("minutes: 10", "minutes: 12", 1)).unwrap();
    let changed = selfcheck(&author, &course, &["--resume"]).exits(0);
    assert_eq!((count(&changed, "✓ E01 solution"), count(&changed, "before")), (cases, 0), "{changed:?}");

    // A journal that cannot be is no reason not to prove, only not to resume.
    let mut elsewhere = author;
    fs::write(elsewhere.root().join("file"), "").unwrap();
    let file = elsewhere.root().join("file");
    elsewhere.set("XDG_CACHE_HOME", file.to_str().unwrap());
    selfcheck(&elsewhere, &course, &["--resume"]).exits(2).says("XDG_CACHE_HOME");
}

#[test]
fn a_wrong_expectation_is_a_failure_in_the_report_for_continuous_integration() {
    let (author, course) = begun();
    let folder = course.join("exercises/E01-the-first-exercise");
    let dockerfile = fs::read_to_string(folder.join("solution/Dockerfile")).unwrap();
    fs::write(folder.join("solution/Dockerfile"), format!("{dockerfile}RUN exit 7\n")).unwrap();
    let report = author.root().join("report.xml");
    selfcheck(&author, &course, &["--builder", "buildkit", "--junit", report.to_str().unwrap()]).exits(1);
    let text = fs::read_to_string(&report).unwrap();
    assert!(text.contains("<testsuite name=\"E01\" tests=\"1\""), "{text}");
    assert!(text.contains("<testcase name=\"solution (BuildKit)\"") && text.contains("<failure"), "{text}");
}
