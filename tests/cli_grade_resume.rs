//! A grading that was killed goes on where it was, and comes to the same grades; what has not changed is not judged again.

#[path = "class/mod.rs"]
mod class;
mod cli_support;

use class::{LONGEST, Room, append, of_grading};
use cli_support::*;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A class with two right answers and a starter.
fn three(folder: &Path) {
    let learners =
        [("ada", "00000000000000aa", true), ("bob", "00000000000000bb", false), ("eve", "00000000000000ee", true)];
    class::at_e01(folder, &learners);
}

fn instructor(cache: &Path) -> Learner {
    let mut instructor = Learner::new();
    instructor.set("XDG_CACHE_HOME", cache.to_str().unwrap());
    instructor
}

/// What the class came to, without words that differ from run to run (ports, container names).
fn grades(book: &Value) -> Vec<String> {
    let submissions = book["submissions"].as_array().unwrap().iter();
    let line = |graded: &Value| {
        let rounds = graded["exercises"].as_array().unwrap().iter().flat_map(|it| it["rounds"].as_array().unwrap());
        let checks = rounds.flat_map(|round| round["checks"].as_array().unwrap());
        let checks: Vec<String> = checks.map(|it| format!("{}={}:{}", it["id"], it["verdict"], it["points"])).collect();
        format!("{} {} {} {}", graded["learner"], graded["state"], graded["points"], checks.join(" "))
    };
    submissions.map(line).collect()
}

#[test]
fn a_grading_that_was_killed_goes_on_and_comes_to_the_same() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("class");
    three(&folder);
    let arguments = ["grade", folder.to_str().unwrap(), "--exercise", "E01", "--json"];
    let undisturbed = instructor(&root.path().join("one")).dlearn(&arguments).exits(0).json();
    assert_eq!(undisturbed["submissions"][0]["points"], 10, "{undisturbed:#}");

    let other = instructor(&root.path().join("other"));
    let mut command = other.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let first = said.find(|line| line.starts_with("1 of 3")).expect("the first was graded");
    assert!(first.contains("ada, passed") && !first.contains("earlier"), "{first}");
    child.kill().unwrap();
    child.wait().unwrap();

    let resume = [&arguments[..], &["--resume"]].concat();
    let resumed = other.dlearn(&resume).exits(0).says("1 of 3: ada, passed (known from an earlier run)");
    assert!(!resumed.stderr.contains("eve, passed (known"), "{resumed:?}");
    assert_eq!(grades(&resumed.json()), grades(&undisturbed));

    // All of it is known now, word for word.
    let again = other.dlearn(&resume).exits(0);
    assert_eq!(again.stderr.matches("(known from an earlier run)").count(), 3, "{again:?}");
    assert_eq!(again.json(), resumed.json());

    // Whoever changes a file is judged again, and nobody else.
    let dockerfile = folder.join("eve/E01-first-dockerfile/Dockerfile");
    let text = fs::read_to_string(&dockerfile).unwrap();
    fs::write(&dockerfile, text.replace("EXPOSE 8080", "EXPOSE 8081")).unwrap();
    let changed = other.dlearn(&resume).exits(0);
    assert_eq!(changed.stderr.matches("(known from an earlier run)").count(), 2, "{changed:?}");
    let points = |book: &Value, index: usize| book["submissions"][index]["points"].as_f64().unwrap();
    assert!(points(&changed.json(), 2) < 10.0, "{changed:?}");
}

/// How often the grading of the large class is disturbed.
const DISTURBED: usize = 8;

fn learner(number: usize) -> String {
    format!("learner-{number:02}")
}

/// A class of sixty: right answers, starters, and such as do not build or run.
fn sixty(room: &Room) {
    for number in 0..60 {
        let name = learner(number);
        let folder = room.solved(&name, "E01", &name);
        match number % 5 {
            0 => fs::remove_file(folder.join("Dockerfile")).unwrap(),
            1 => append(&folder, "RUN false"),
            2 => append(&folder, "CMD [\"sleep\", \"1\"]"),
            _ => {}
        }
    }
}

/// A number below this one.
fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("random bytes");
    u64::from_le_bytes(bytes) % below
}

/// Whether the grading ended by itself within this time.
fn ends_within(child: &mut Child, time: Duration) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// At moments that nobody chose, dlearn is killed, or an engine in which somebody's work is being judged.
#[test]
fn a_class_whose_grading_is_disturbed_again_and_again_gets_the_same_grades() {
    let _alone = alone("leftovers");
    let room = Room::new();
    sixty(&room);
    let names: Vec<String> = (0..60).map(learner).collect();
    room.roster(names.iter().map(String::as_str));
    let before = of_grading();
    // Each grader has a memory of its own.
    let grade = |memory: &str, more: &[&str]| {
        let mut arguments = vec!["grade", "class", "--roster", "roster.csv", "--secret-file", "secret", "--json"];
        arguments.extend(["--jobs", "2"]);
        arguments.extend(more);
        let mut command = room.grader.command(&arguments);
        command.env("XDG_CACHE_HOME", room.grader.root().join(memory));
        command
    };
    let undisturbed = Running::start(grade("one", &["--csv", "one.csv"])).end_within(LONGEST).exits(0);
    println!("undisturbed: {:.0?}", undisturbed.took);
    let typical = undisturbed.took.as_millis() as u64 / 60;

    let log = room.grader.root().join("log");
    let start = || {
        let log = || fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        grade("other", &["--resume"]).stdout(log()).stderr(log()).spawn().unwrap()
    };
    let (mut child, mut killed) = (start(), [0, 0]);
    for round in 0..DISTURBED {
        let moment = Duration::from_millis(1500 + random(10 * typical));
        if ends_within(&mut child, moment) {
            break;
        }
        let engines = docker_lines(&["ps", "--filter", "label=dlearn=grade", "--format", "{{.Names}}"]);
        match engines.iter().find(|name| !before.contains(&format!("container {name}"))) {
            Some(engine) if round % 2 == 1 => {
                // It may have gone by itself meanwhile.
                let is_killed = !docker_fails(&["kill", engine]);
                println!("{engine} after {moment:?}: killed {is_killed}");
                killed[1] += usize::from(is_killed);
            }
            _ => {
                println!("dlearn is killed after {moment:?}");
                child.kill().unwrap();
                assert_eq!(child.wait().unwrap().signal(), Some(9), "it had not ended");
                killed[0] += 1;
                child = start();
            }
        }
    }
    assert!(killed.iter().all(|times| *times > 0), "neither was disturbed: {killed:?}");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", room.written("log"));
    let resumed = Running::start(grade("other", &["--resume", "--csv", "other.csv"])).end_within(LONGEST).exits(0);
    println!("the rest: {:.0?}", resumed.took);
    assert_eq!(resumed.stderr.matches("(known from an earlier run)").count(), 60, "{resumed:?}");
    assert_eq!(grades(&resumed.json()), grades(&undisturbed.json()));
    assert_eq!(room.written("other.csv"), room.written("one.csv"));
    assert_eq!(of_grading(), before);
    assert_eq!(room.temporary(), [""; 0]);
}
