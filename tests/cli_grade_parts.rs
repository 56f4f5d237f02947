//! A class that is graded in parts comes to the same as one that is graded at once.

#[path = "class/mod.rs"]
mod class;
mod cli_support;

use cli_support::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Five learners: three right answers (one of them a copy), a starter, and one whose archive is none.
fn five(folder: &Path) {
    let learners = [
        ("ada", "00000000000000aa", true),
        ("bob", "00000000000000bb", false),
        ("cleo", "00000000000000cc", true),
        ("dan", "00000000000000aa", true),
    ];
    class::at_e01(folder, &learners);
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

/// Runs a script of a ready file as a place would run it: with dlearn on the path, and these variables.
#[track_caller]
fn shell(instructor: &Learner, shell: &str, script: &str, variables: &[(&str, &str)]) -> Told {
    run(instructor, shell, script, variables).exits(0)
}

/// The same, however it ends.
#[track_caller]
fn run(instructor: &Learner, shell: &str, script: &str, variables: &[(&str, &str)]) -> Told {
    let dlearn = Path::new(env!("CARGO_BIN_EXE_dlearn")).parent().unwrap();
    let path = format!("{}:{}", dlearn.display(), std::env::var("PATH").unwrap());
    // Its variables are those of a command of this learner's.
    let like = instructor.command(&[]);
    let mut command = Command::new(shell);
    command.args(["-c", script]).current_dir(instructor.root()).stdin(Stdio::null()).env("PATH", path);
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Running::start({
        command.envs(variables.iter().copied());
        command
    })
    .end_within(900)
}

/// The script of a workflow's step.
fn step(instructor: &Learner, workflow: &str, name: &str) -> String {
    let text = instructor.dlearn(&["grade", "example", workflow]).exits(0).stdout;
    let workflow: Value = serde_yaml::from_str(&text).unwrap();
    let jobs = workflow["jobs"].as_object().unwrap().values();
    let steps: Vec<&Value> = jobs.flat_map(|job| job["steps"].as_array().unwrap()).collect();
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step {name}"));
    step["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_pull_request_is_graded_by_one_job_and_told_by_another() {
    let instructor = Learner::new();
    five(&instructor.root().join("submissions"));
    let grade = step(&instructor, "github-pull-request", "Grade");
    // Work of another name below one's own folder makes that folder no class.
    let told = run(&instructor, "bash", &grade, &[("AUTHOR", "ada")]).exits(1);
    assert!(told.stdout.contains("there is no submissions/ada/dlearn-submission.json"), "{told:?}");
    assert!(!instructor.root().join("part.json").exists());
    fs::write(instructor.root().join("submissions/ada/dlearn-submission.json"), "{}").unwrap();
    shell(&instructor, "bash", &grade, &[("AUTHOR", "ada")]);
    let parts = instructor.root().join("parts");
    fs::create_dir(&parts).unwrap();
    fs::rename(instructor.root().join("part.json"), parts.join("part.json")).unwrap();
    let table = step(&instructor, "github-comment", "Make the table");
    let submitted = ("SUBMITTED", "2026-01-02T12:00:00Z");
    for (due, row) in
        [("", "| `ada` | 10 | 10 of 10 | passed |"), ("2026-01-02T00:00:00Z", "| `ada` | 9\\* | 9\\* of 10 | passed |")]
    {
        shell(&instructor, "bash", &table, &[("AUTHOR", "ada"), submitted, ("DUE", due)]);
        let comment = fs::read_to_string(instructor.root().join("comment.md")).unwrap();
        assert!(comment.contains(row), "{row} is not in\n{comment}");
    }
    assert!(instructor.root().join("feedback").read_dir().unwrap().next().is_some(), "what a comment does not hold");
    // Nobody else's work of the checkout is in it.
    assert!(!fs::read_to_string(parts.join("part.json")).unwrap().contains("cleo"));
}

#[test]
fn parts_of_a_class_come_to_what_one_run_comes_to_byte_for_byte() {
    let mut instructor = Learner::new();
    let root = instructor.root().to_owned();
    instructor.set("XDG_CACHE_HOME", root.join("cache").to_str().unwrap());
    five(&root.join("class"));
    let roster =
        "learner,name,submitted\nada,Ada,2026-01-02T12:00:00Z\nbob,Bob,2026-01-01T12:00:00Z\ncleo,,\ndan,,\ngus,Gus,\n";
    fs::write(root.join("roster.csv"), roster).unwrap();

    // Each part is judged by itself, as a pod of the ready Job does it; what it says of time and ports is kept, so that one
    // run may say the same.
    fs::create_dir(root.join("parts")).unwrap();
    let job: Value =
        serde_yaml::from_str(&instructor.dlearn(&["grade", "example", "kubernetes"]).exits(0).stdout).unwrap();
    let script = job["spec"]["template"]["spec"]["containers"][0]["command"][2].as_str().unwrap();
    let script = script.replace("/grading", root.to_str().unwrap());
    let mut sizes = Vec::new();
    for index in 0..3 {
        let index = index.to_string();
        let told = shell(&instructor, "sh", &script, &[("PARTS", "3"), ("JOB_COMPLETION_INDEX", &index)]);
        assert!(!told.stdout.contains("gus"), "who is missing is not known yet: {told:?}");
        let part = fs::read(root.join(format!("parts/part-{}.json", sizes.len() + 1))).unwrap();
        let part: Value = serde_json::from_slice(&part).unwrap();
        assert_eq!(part["schema"], "dlearn/grade-part/1");
        sizes.push(part["submissions"].as_array().unwrap().len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 5, "{sizes:?}");
    let own = options(&root, "whole");
    let folder = root.join("class");
    let grade = ["grade", folder.to_str().unwrap(), "--resume"];
    let whole = instructor.start(&all(&grade, &own)).end_within(900).exits(3);
    assert_eq!(whole.stderr.matches("known from an earlier run").count(), 4, "{whole:?}");
    let json = instructor.dlearn(&[&all(&grade, &own)[..], &["--json"]].concat()).exits(3);

    let joined = options(&root, "joined");
    let parts = ["parts/part-3.json", "parts/part-1.json", "parts/part-2.json"];
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
    let two = ["grade", "merge", "parts/part-1.json", "parts/part-2.json", "--roster", "roster.csv"];
    instructor.dlearn(&two).exits(2).says("part 3/3 is missing").says("--incomplete");
    let some = instructor.dlearn(&[&two[..], &["--incomplete", "--json"]].concat()).exits(3);
    let open = some.json()["submissions"].as_array().unwrap().iter().filter(|it| it["state"] == "not_judged").count();
    assert!(open >= sizes[2], "{some:?}");
    let twice = [&two[..], &["parts/part-2.json"]].concat();
    instructor.dlearn(&twice).exits(2).says("part 2/3 (parts/part-2.json) is there twice");
    instructor.dlearn(&["grade", "merge", "parts/part-1.json"]).exits(2);
    fs::write(root.join("other.csv"), "learner\nada\n").unwrap();
    let other = [&["grade", "merge", "--roster", "other.csv"], &parts[..]].concat();
    instructor.dlearn(&other).exits(2).says("another roster");
    instructor.dlearn(&[&["grade", "merge"], &parts[..]].concat()).exits(2).says("--roster");
    instructor.dlearn(&["grade", "merge", "class/eve.zip"]).exits(2).says("eve.zip");
}

#[test]
fn what_does_not_fit_together_is_said_before_anything_is_graded() {
    let instructor = Learner::new();
    five(&instructor.root().join("class"));
    fs::write(instructor.root().join("times.csv"), "learner,submitted\nada,yesterday\n").unwrap();
    let due = ["--due", "2026-01-01T00:00:00Z"];
    fs::write(instructor.root().join("due.csv"), "learner,due date\nada,2026-01-01T00:00:00Z\n").unwrap();
    let cases: [(&[&str], &str); 9] = [
        (&["--shard", "1/2"], "--part"),
        (&["--shard", "3/2", "--part", "p"], "1/3"),
        (&["--part", "nowhere/p"], "--part nowhere/p"),
        (&["--late-percent", "10"], "nothing is due"),
        (&["--due", "2026-01-01"], "+01:00"),
        (&["--due", "E99=2026-01-01T00:00:00Z"], "--due E99"),
        (&["--bonus", "E01"], "nothing is left"),
        (&[due[0], due[1], "--submitted", "times.csv"], "line 2"),
        (&["--roster", "due.csv"], "no exercise DATE"),
    ];
    instructor.dlearn(&["grade", "--csv", "marks.csv", "merge", "p"]).exits(2).says("dlearn grade merge, and options");
    for (options, says) in cases {
        let told = instructor.dlearn(&[&["grade", "class", "--exercise", "E01"], options].concat());
        told.exits(2).says(says);
    }
}
