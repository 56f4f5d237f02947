//! A grading that was killed goes on where it was, and comes to the same grades; what has not changed is not judged again.

#[path = "class/mod.rs"]
mod class;
mod cli_support;

use class::{LONGEST, Room, append, of_grading};
use cli_support::*;
use dlearn::course::{Course, Source};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A class with two right answers and a starter.
fn three(folder: &Path) {
    let course = Course::load(&Source::Embedded).unwrap();
    let entry = &course.exercises["E01"];
    for (learner, token, solved) in
        [("ada", "00000000000000aa", true), ("bob", "00000000000000bb", false), ("eve", "00000000000000ee", true)]
    {
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
const DISTURBED: usize = 12;

/// A class of sixty: right answers, starters, and such as do not build or run.
fn sixty(room: &Room) {
    for number in 0..60 {
        let name = format!("learner-{number:02}");
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
    room.roster(
        room.class()
            .read_dir()
            .unwrap()
            .map(|one| one.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str),
    );
    let root = tempfile::tempdir().unwrap();
    let class = room.class();
    let file = |name: &str| room.grader.root().join(name).display().to_string();
    let (roster, secret) = (file("roster.csv"), file("secret"));
    let arguments =
        ["grade", class.to_str().unwrap(), "--roster", &roster, "--secret-file", &secret, "--json", "--jobs", "2"];
    let before = of_grading();
    let undisturbed = instructor(&root.path().join("one")).start(&arguments).end_within(LONGEST).exits(0);
    println!("undisturbed: {:.0?}", undisturbed.took);
    let typical = undisturbed.took.as_millis() as u64 / 60;

    let other = instructor(&root.path().join("other"));
    let resume = [&arguments[..], &["--resume"]].concat();
    let start = || other.command(&resume).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut child = start();
    for round in 0..DISTURBED {
        let moment = Duration::from_millis(1500 + random(5 * typical));
        if ends_within(&mut child, moment) {
            break;
        }
        let engines = docker_lines(&["ps", "--filter", "label=dlearn=grade", "--format", "{{.Names}}"]);
        match engines.iter().find(|name| !before.contains(&format!("container {name}"))) {
            Some(engine) if round % 2 == 0 => {
                println!("{engine} is killed after {moment:?}");
                // It may have gone by itself meanwhile.
                docker_fails(&["kill", engine]);
            }
            _ => {
                println!("dlearn is killed after {moment:?}");
                child.kill().unwrap();
                child.wait().unwrap();
                child = start();
            }
        }
    }
    // Whatever is still to do is done now; what another one has begun is left to it.
    child.wait().unwrap();
    let resumed = other.start(&resume).end_within(LONGEST).exits(0);
    println!("the rest: {:.0?}", resumed.took);
    assert_eq!(grades(&resumed.json()), grades(&undisturbed.json()));
    assert_eq!(of_grading(), before);
}
