//! A class most of whom do harm on purpose: each gets what they earned, and the machine is as before.

#[path = "class/mod.rs"]
mod class;
mod cli_support;

use class::hostile;
use class::{LONGEST, Room, append, archives, exercise_of, of, of_grading};
use cli_support::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn everybody_gets_what_they_earned_whoever_is_in_their_class() {
    let _alone = alone("leftovers");
    let room = Room::new();
    let class = room.class();
    let mut honest: Vec<(String, &str)> = Vec::new();
    for (id, count) in [("E01", 13), ("S01", 5), ("F01", 2)] {
        for number in 1..=count {
            let name = format!("{}-{number}", id.to_lowercase());
            room.solved(&name, id, &name);
            honest.push((name, id));
        }
    }
    for (name, ending) in [("e01-2", ".tar.gz"), ("e01-3", ".zip")] {
        let (folder, archive) = (class.join(name), class.join(format!("{name}{ending}")));
        if ending == ".zip" {
            archives::zip(&folder, &archive)
        } else {
            archives::tar_gz(&folder, &archive)
        }
        fs::remove_dir_all(folder).unwrap();
    }
    // Who looks whether somebody was there before.
    append(
        &class.join("e01-8").join("E01-first-dockerfile"),
        "RUN --mount=type=cache,target=/cache test ! -e /cache/poison",
    );
    let hostile = hostile::all();
    assert!(hostile.len() >= 40, "{}", hostile.len());
    hostile.iter().for_each(|one| one.hand_in(&room));
    let names: BTreeSet<&str> =
        honest.iter().map(|(name, _)| &**name).chain(hostile.iter().map(|one| one.name)).collect();
    room.roster(names.iter().copied());

    let before = of_grading();
    let args = ["grade", "class", "--roster", "roster.csv", "--secret-file", "secret", "--json", "--jobs", "3"];
    let more = ["--seconds", "100", "--csv", "marks.csv", "--feedback", "feedback", "--html", "marks.html"];
    let told = room.grader.start(&[&args[..], &more].concat()).end_within(LONGEST);
    println!("graded in {:.0?}\n{}", told.took, told.stderr);
    // What was refused was not judged.
    let book = told.exits(3).json();
    assert_eq!(book["submissions"].as_array().unwrap().len(), names.len());

    for (name, id) in &honest {
        let exercise = exercise_of(of(&book, name), id);
        assert_eq!(exercise["state"], "passed", "{name}: {exercise:#}");
        assert_eq!(exercise["points"], exercise["of"], "{name}");
    }
    let faults: Vec<String> = hostile.iter().filter_map(|one| one.fault(of(&book, one.name))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Copies lie in the folder for temporary files: `../..` is the grader's own.
    for folder in [room.grader.root(), &class, room.grader.root().parent().unwrap(), Path::new("/tmp"), Path::new("/")]
    {
        assert!(!folder.join("dlearn-escaped").exists(), "{}", folder.display());
    }
    assert_eq!(room.temporary(), [""; 0]);

    let feedback = fs::read_dir(room.grader.root().join("feedback")).unwrap();
    let feedback: Vec<String> = feedback.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert_eq!(feedback.len(), names.len());
    let marks = room.written("marks.csv");
    for text in feedback.iter().chain([&marks]) {
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
        assert!(text.len() < 64 << 10, "bounded, whatever a build says: {} bytes", text.len());
    }
    assert!(marks.lines().all(|line| !line.starts_with('=')), "no formula: {marks}");
    let page = room.written("marks.html");
    assert!(!page.contains("<img src=x") && !page.contains("<script>alert"), "nothing of theirs is markup");
    assert_eq!(of_grading(), before);
}

#[test]
fn what_a_killed_grading_leaves_goes_with_the_next_run() {
    let _alone = alone("leftovers");
    let room = Room::new();
    for name in ["ada", "bob"] {
        room.solved(name, "E01", name);
    }
    let before = of_grading();
    let args = ["grade", "class", "--json"];
    // While base images are laid down, and while something is built.
    for at in [At::Request("GET", "/images/get", ""), At::Request("DELETE", "/containers/", "")] {
        room.grader.killed(&args, at);
        let left = of_grading();
        assert!(left.difference(&before).count() > 0, "killed at {at:?}, it had made nothing: it shows nothing");
        let book = room.grader.start(&args).end_within(LONGEST).exits(0).json();
        assert_eq!(of(&book, "ada")["state"], "passed", "{book:#}");
        assert_eq!(of_grading(), before, "after {at:?}");
        assert_eq!(room.temporary(), [""; 0], "after {at:?}");
    }
}
