//! A class that is graded in parts comes to the same as one that is graded at once.

mod cli_support;

use cli_support::*;
use dlearn::course::{Course, Source};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Five learners: three right answers (one of them a copy), a starter, and one whose archive is none.
fn class(folder: &Path) {
    let course = Course::load(&Source::Embedded).unwrap();
    let entry = &course.exercises["E01"];
    for (learner, token, solved) in [
        ("ada", "00000000000000aa", true),
        ("bob", "00000000000000bb", false),
        ("cleo", "00000000000000cc", true),
        ("dan", "00000000000000aa", true),
    ] {
        for round in entry.rounds(&course.recipes, token, &str::to_owned).unwrap() {
            let mut files = round.start.clone();
            if solved {
                files.extend(round.solution.clone());
            }
            for (path, content) in files {
                let file = folder.join(learner).join(&entry.folder).join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
        }
    }
    fs::write(folder.join("eve.zip"), "no archive").unwrap();
}

/// Every file that an option writes, by name, with what is in it.
fn written(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        match entry.path().is_dir() {
            true => {
                all.extend(written(&entry.path()).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)))
            }
            false => _ = all.insert(name, fs::read_to_string(entry.path()).unwrap()),
        }
    }
    all
}

const OUTPUTS: [(&str, &str); 6] = [
    ("--csv", "marks.csv"),
    ("--feedback", "feedback"),
    ("--html", "page.html"),
    ("--junit", "junit.xml"),
    ("--gradescope", "scope"),
    ("--markdown", "comment.md"),
];

/// Options that count, and those that write everything into a folder.
fn options(root: &Path, folder: &str) -> Vec<String> {
    fs::create_dir_all(root.join(folder)).unwrap();
    let counts = ["--roster", "roster.csv", "--due", "2026-01-02T00:00:00Z", "--late-percent", "10"].map(str::to_owned);
    let files = OUTPUTS.iter().flat_map(|(option, name)| [(*option).to_owned(), format!("{folder}/{name}")]);
    counts.into_iter().chain(files).collect()
}

fn all<'a>(first: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    first.iter().copied().chain(more.iter().map(String::as_str)).collect()
}

#[test]
fn parts_of_a_class_come_to_what_one_run_comes_to_byte_for_byte() {
    let mut instructor = Learner::new();
    let root = instructor.root().to_owned();
    instructor.set("XDG_CACHE_HOME", root.join("cache").to_str().unwrap());
    class(&root.join("class"));
    let roster =
        "learner,name,submitted\nada,Ada,2026-01-02T12:00:00Z\nbob,Bob,2026-01-01T12:00:00Z\ncleo,,\ndan,,\ngus,Gus,\n";
    fs::write(root.join("roster.csv"), roster).unwrap();

    // Each part is judged by itself; what it says of time and ports is kept, so that one run may say the same.
    let mut sizes = Vec::new();
    for part in 1..=3 {
        let (share, file) = (format!("{part}/3"), format!("part-{part}.json"));
        let args = [
            "grade",
            "class",
            "--exercise",
            "E01",
            "--roster",
            "roster.csv",
            "--shard",
            &share,
            "--part",
            &file,
            "--json",
        ];
        let book = instructor.start(&args).end_within(900).json();
        assert_eq!(book["missing"], serde_json::json!([]), "who is missing is not known yet");
        sizes.push(book["submissions"].as_array().unwrap().len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 5, "{sizes:?}");
    let own = options(&root, "whole");
    let whole = instructor.start(&all(&["grade", "class", "--exercise", "E01", "--resume"], &own)).end_within(900);
    assert_eq!(whole.stderr.matches("known from an earlier run").count(), 4, "{whole:?}");
    let json = instructor.dlearn(&all(&["grade", "class", "--exercise", "E01", "--resume", "--json"], &own)).exits(3);

    let joined = options(&root, "joined");
    let parts = ["part-3.json", "part-1.json", "part-2.json"];
    let merge = |more: &[&'static str]| [&["grade", "merge"], more, &parts[..]].concat();
    let merged = instructor.dlearn(&all(&merge(&[]), &joined)).exits(3);
    assert_eq!(merged.stdout, whole.stdout);
    assert_eq!(instructor.dlearn(&all(&merge(&["--json"]), &joined)).exits(3).stdout, json.stdout);
    let (one, other) = (written(&root.join("whole")), written(&root.join("joined")));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one.len() >= 4 + 2 * 6, "{:?}", one.keys());
    for (name, text) in &one {
        assert_eq!(text, &other[name], "{name}");
    }

    let book: Value = json.json();
    let of = |learner: &str| {
        let all = book["submissions"].as_array().unwrap().iter();
        all.clone().find(|graded| graded["learner"] == learner).unwrap_or_else(|| panic!("{book:#}")).clone()
    };
    assert_eq!((&of("ada")["points"], &of("ada")["points_before"]), (&9.into(), &10.into()));
    assert_eq!(of("cleo")["points"], 10, "nobody says when");
    assert!(of("eve")["refused"].is_string());
    assert_eq!((&book["missing"][0]["learner"], &book["missing"][0]["points"]), (&"gus".into(), &0.into()));
    assert_eq!(book["similar"][0]["same_token"], true, "also across parts: {book:#}");

    // Without one of them it is an error, or it is told.
    let two = ["grade", "merge", "part-1.json", "part-2.json", "--roster", "roster.csv"];
    instructor.dlearn(&two).exits(2).says("part 3/3 is missing").says("--incomplete");
    let some = instructor.dlearn(&[&two[..], &["--incomplete", "--json"]].concat()).exits(3);
    let open = some.json()["submissions"].as_array().unwrap().iter().filter(|it| it["state"] == "not_judged").count();
    assert!(open >= sizes[2], "{some:?}");
    let twice = ["grade", "merge", "part-1.json", "part-2.json", "part-2.json", "--roster", "roster.csv"];
    instructor.dlearn(&twice).exits(2).says("part 2/3 (part-2.json) is there twice");
    instructor.dlearn(&["grade", "merge", "part-1.json"]).exits(2);
    fs::write(root.join("other.csv"), "learner\nada\n").unwrap();
    let other = [&["grade", "merge", "--roster", "other.csv"], &parts[..]].concat();
    instructor.dlearn(&other).exits(2).says("another roster");
    instructor.dlearn(&[&["grade", "merge"], &parts[..]].concat()).exits(2).says("--roster");
    instructor.dlearn(&["grade", "merge", "class/eve.zip"]).exits(2).says("eve.zip");
}

#[test]
fn what_does_not_fit_together_is_said_before_anything_is_graded() {
    let instructor = Learner::new();
    class(&instructor.root().join("class"));
    fs::write(instructor.root().join("times.csv"), "learner,submitted\nada,yesterday\n").unwrap();
    let due = ["--due", "2026-01-01T00:00:00Z"];
    let cases: [(&[&str], &str); 8] = [
        (&["--shard", "1/2"], "--part"),
        (&["--shard", "3/2", "--part", "p"], "1/3"),
        (&["--part", "nowhere/p"], "--part nowhere/p"),
        (&["--late-percent", "10"], "nothing is due"),
        (&["--due", "2026-01-01"], "+01:00"),
        (&["--due", "E99=2026-01-01T00:00:00Z"], "--due E99"),
        (&["--bonus", "E01"], "nothing is left"),
        (&[due[0], due[1], "--submitted", "times.csv"], "line 2"),
    ];
    for (options, says) in cases {
        let told = instructor.dlearn(&[&["grade", "class", "--exercise", "E01"], options].concat());
        told.exits(2).says(says);
    }
}
