//! A class that hands in: the folder that its grader has, the answers of those who did the work, and (in [`hostile`]) of
//! those who try something else.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod archives;
pub mod hostile;

use crate::cli_support::{Learner, docker, docker_lines};
use dlearn::course::{Course, Source};
use dlearn::grade::roster::CourseSecret;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Seconds that grading all of them may take: some go on until they are stopped.
pub const LONGEST: u64 = 3000;
const SECRET: &str = "a secret of more than sixteen bytes";

/// A grader with a class.
pub struct Room {
    pub grader: Learner,
    pub secret: CourseSecret,
    pub course: Course,
}

impl Room {
    pub fn new() -> Self {
        let mut grader = Learner::new();
        for folder in ["class", "tmp"] {
            fs::create_dir(grader.root().join(folder)).unwrap();
        }
        let temporary = grader.root().join("tmp").display().to_string();
        grader.set("TMPDIR", &temporary);
        let course = Course::load(&Source::Embedded).unwrap();
        Self { grader, secret: CourseSecret::read(SECRET).unwrap(), course }
    }

    /// Where everybody's work lies.
    pub fn class(&self) -> PathBuf {
        self.grader.root().join("class")
    }

    /// What lies in the grader's folder for temporary files, but for the locks of runs.
    pub fn temporary(&self) -> Vec<String> {
        let entries = fs::read_dir(self.grader.root().join("tmp")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with("dlearn-runs-")).collect()
    }

    /// The token of somebody's exercise.
    pub fn token(&self, whose: &str, id: &str) -> String {
        self.secret.token(whose, &self.course.outline.course, id)
    }

    /// The reference solution of an exercise, with the token of `whose`: the exercise's folder.
    pub fn solved(&self, name: &str, id: &str, whose: &str) -> PathBuf {
        hand_in(&self.course, &self.class().join(name), id, &self.token(whose, id), true)
    }

    /// Everybody is in the roster.
    pub fn roster<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let mut rows = csv::Writer::from_path(self.grader.root().join("roster.csv")).unwrap();
        rows.write_record(["learner", "name"]).unwrap();
        for name in names {
            rows.write_record([name, ""]).unwrap();
        }
        rows.flush().unwrap();
        fs::write(self.grader.root().join("secret"), SECRET).unwrap();
    }

    /// What grading wrote.
    pub fn written(&self, file: &str) -> String {
        fs::read_to_string(self.grader.root().join(file)).unwrap()
    }
}

/// Writes an exercise into somebody's folder, as it was given to whoever has this token, or solved: the exercise's folder.
pub fn hand_in(course: &Course, learner: &Path, id: &str, token: &str, solved: bool) -> PathBuf {
    let entry = &course.exercises[id];
    let folder = learner.join(&entry.folder);
    for round in entry.rounds(&course.recipes, token, &str::to_owned).unwrap() {
        for (path, content) in round.start.iter().chain(round.solution.iter().filter(|_| solved)) {
            let file = folder.join(&round.folder).join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }
    folder
}

/// A class at E01: who, with which token, and whether it is solved.
pub fn at_e01(class: &Path, learners: &[(&str, &str, bool)]) {
    let course = Course::load(&Source::Embedded).unwrap();
    for (learner, token, solved) in learners {
        hand_in(&course, &class.join(learner), "E01", token, *solved);
    }
}

/// One more line for a Dockerfile.
pub fn append(folder: &Path, line: &str) {
    let path = folder.join("Dockerfile");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}{line}\n")).unwrap();
}

/// What grading has on the engine, and which images the names of bases mean. Other tests make other things meanwhile.
pub fn of_grading() -> BTreeSet<String> {
    let labelled = |kind: &[&str], format: &str| {
        docker_lines(&[kind, &["--filter", "label=dlearn=grade", "--format", format]].concat())
    };
    let containers = labelled(&["ps", "--all"], "container {{.Names}}");
    let volumes = labelled(&["volume", "ls"], "volume {{.Name}}");
    let networks = labelled(&["network", "ls"], "network {{.Name}}");
    let images = labelled(&["images", "--all"], "image {{.ID}}");
    let bases = ["busybox:1.36", "python:3.11-slim"];
    let bases = bases.map(|base| format!("{base} {}", docker(&["image", "inspect", "--format", "{{.Id}}", base])));
    [containers, volumes, networks, images, bases.into()].concat().into_iter().collect()
}

/// What somebody's submission came to.
#[track_caller]
pub fn of<'a>(book: &'a Value, learner: &str) -> &'a Value {
    let all = book["submissions"].as_array().unwrap();
    all.iter().find(|graded| graded["learner"] == learner).unwrap_or_else(|| panic!("no {learner}: {book:#}"))
}

/// One exercise of it.
#[track_caller]
pub fn exercise_of<'a>(graded: &'a Value, id: &str) -> &'a Value {
    let all = graded["exercises"].as_array().unwrap();
    all.iter().find(|exercise| exercise["id"] == id).unwrap_or_else(|| panic!("no {id}: {graded:#}"))
}
