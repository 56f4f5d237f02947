//! The invariants of `src/lib.rs` that the source text itself can show.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push((path.clone(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "src/{folder} holds no source");
    found
}

/// Lines of code (comments aside, tests at the end aside) that hold one of `words`.
fn lines_with(folder: &str, words: &[&str]) -> Vec<String> {
    let mut hits = Vec::new();
    for (path, text) in sources(folder) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| line.contains(word)) {
                hits.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    hits
}

#[test]
fn judging_does_no_input_or_output() {
    let io = [
        "bollard",
        "tokio",
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "SystemTime",
        "Instant",
        "crate::engine",
    ];
    for folder in ["check", "cmdline", "evidence", "dockerfile"] {
        assert_eq!(lines_with(folder, &io), Vec::<String>::new());
    }
}

#[test]
fn marks_follow_from_findings_without_input_or_output() {
    let io = [
        "tokio",
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "SystemTime",
        "Instant",
        "crate::engine",
        "async ",
    ];
    let pure = ["grade/score.rs", "grade/refusals.rs", "grade/roster.rs", "grade/layout.rs", "grade/gradebook.rs"];
    let counted = ["grade/late.rs", "grade/closing.rs", "grade/part.rs", "grade/gradebook/foreign.rs"];
    let alike = ["grade/gradebook/shared.rs", "alike/normal.rs", "alike/pairs.rs", "alike/evidence.rs"];
    let reports = ["report/gradebook", "report/lines.rs", "report/marks_junit.rs", "report/gradescope.rs"];
    let more = ["submission/entry.rs", "submission/manifest.rs", "report/markdown.rs", "report/html/"];
    let pure = [&pure[..], &counted, &alike, &reports, &more].concat();
    for folder in ["grade", "submission", "report"] {
        let hits = lines_with(folder, &io).into_iter().filter(|hit| pure.iter().any(|file| hit.contains(file)));
        assert_eq!(hits.collect::<Vec<_>>(), Vec::<String>::new());
    }
}

#[test]
fn only_the_engine_adapter_knows_the_client() {
    for folder in [
        "check",
        "cmd",
        "cmdline",
        "context",
        "course",
        "dockerfile",
        "evidence",
        "grade",
        "layers",
        "learner",
        "report",
        "selfcheck",
        "submission",
        "term",
    ] {
        assert_eq!(lines_with(folder, &["bollard"]), Vec::<String>::new());
    }
}

#[test]
fn only_terminal_report_and_commands_print() {
    let prints = ["println!", "eprintln!", "print!(", "stdout()", "stderr()"];
    for folder in [
        "check",
        "cmdline",
        "context",
        "course",
        "dockerfile",
        "engine",
        "evidence",
        "grade",
        "layers",
        "learner",
        "selfcheck",
        "submission",
    ] {
        let hits: Vec<String> =
            lines_with(folder, &prints).into_iter().filter(|hit| !hit.contains("writeln!")).collect();
        assert_eq!(hits, Vec::<String>::new());
    }
}
