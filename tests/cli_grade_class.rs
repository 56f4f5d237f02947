//! A class of thirty, half of whom do harm on purpose: each gets what they earned, and the machine is as before.

mod cli_support;

use cli_support::*;
use dlearn::course::{Course, Source};
use dlearn::grade::roster::CourseSecret;
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Seconds that grading all of them may take: two of them go on until they are stopped.
const LONGEST: u64 = 3000;
const SECRET: &str = "a secret of more than sixteen bytes";

/// Does harm while it is built. With the words that its result must say, and whether all checks pass all the same.
const HARM: [(&str, &str); 9] = [
    ("fork-bomb", "RUN b() { b | b & }; b; sleep 20; false"),
    ("memory-hog", "RUN tail /dev/zero"),
    ("disk-filler", "RUN dd if=/dev/zero of=/big bs=1M"),
    ("endless-build", "RUN while true; do :; done"),
    ("endless-output", "RUN yes"),
    ("escapes", r"RUN printf '\033]0;pwned\007\033[2Jgone\n' && exit 7"),
    ("engine-killer", "RUN kill -9 -1; killall dockerd containerd; false"),
    ("cache-poisoner", "RUN --mount=type=cache,target=/cache echo poison > /cache/poison; false"),
    ("neighbour", "RUN wget -T 3 -q -O /dev/null http://172.17.0.1/ && echo reached || exit 9"),
];

struct Room {
    learner: Learner,
    secret: CourseSecret,
    course: Course,
}

impl Room {
    fn new() -> Self {
        let learner = Learner::new();
        fs::create_dir(learner.root().join("class")).unwrap();
        let course = Course::load(&Source::Embedded).unwrap();
        Self { learner, secret: CourseSecret::read(SECRET).unwrap(), course }
    }

    fn class(&self) -> PathBuf {
        self.learner.root().join("class")
    }

    /// The reference solution of an exercise, with the token of `whose`.
    fn solved(&self, name: &str, id: &str, whose: &str) -> PathBuf {
        let entry = &self.course.exercises[id];
        let token = self.secret.token(whose, &self.course.outline.course, id);
        let folder = self.class().join(name).join(&entry.folder);
        for round in entry.rounds(&self.course.recipes, &token, &str::to_owned).unwrap() {
            let files = round.start.iter().chain(&round.solution);
            for (path, content) in files {
                let file = folder.join(&round.folder).join(path);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
        }
        folder
    }

    /// Instead of a folder, an archive of it.
    fn packed(&self, name: &str, ending: &str) {
        let folder = self.class().join(name);
        let archive = self.class().join(format!("{name}{ending}"));
        let status = match ending {
            ".zip" => zipped(&folder, &archive),
            _ => {
                let mut tar =
                    tar::Builder::new(GzEncoder::new(fs::File::create(&archive).unwrap(), Compression::fast()));
                tar.append_dir_all(".", &folder).and_then(|()| tar.into_inner()).and_then(GzEncoder::finish).map(drop)
            }
        };
        status.unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    fn roster(&self, names: &[String]) {
        let rows: String = names.iter().map(|name| format!("{name},\n")).collect();
        fs::write(self.learner.root().join("roster.csv"), format!("learner,name\n{rows}")).unwrap();
        fs::write(self.learner.root().join("secret"), SECRET).unwrap();
    }
}

fn zipped(folder: &Path, archive: &Path) -> std::io::Result<()> {
    let mut zip = zip::ZipWriter::new(fs::File::create(archive)?);
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            zip.start_file(name, zip::write::SimpleFileOptions::default())?;
            zip.write_all(&fs::read(&path)?)?;
        }
    }
    zip.finish()?;
    Ok(())
}

/// A tar archive with one file of this name, which no tar program would write.
fn escaping(archive: &Path, name: &str) {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(4);
    header.set_mode(0o644);
    header.set_cksum();
    let mut tar = tar::Builder::new(fs::File::create(archive).unwrap());
    tar.append(&header, &b"evil"[..]).unwrap();
    tar.finish().unwrap();
}

/// A few kilobytes that become as many gigabytes.
fn bomb(archive: &Path) {
    let mut header = tar::Header::new_ustar();
    header.set_path("E01-first-dockerfile/zeros").unwrap();
    header.set_size(4 << 30);
    header.set_mode(0o644);
    header.set_cksum();
    let mut out = GzEncoder::new(fs::File::create(archive).unwrap(), Compression::fast());
    out.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        out.write_all(&zeros).unwrap();
    }
    out.finish().unwrap();
}

fn append(folder: &Path, line: &str) {
    let path = folder.join("Dockerfile");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("{text}{line}\n")).unwrap();
}

/// What grading has on the engine, and which images the names of bases mean. Other tests make other things meanwhile.
fn of_grading() -> BTreeSet<String> {
    let labelled = |kind: &[&str], format: &str| {
        docker_lines(&[kind, &["--filter", "label=dlearn=grade", "--format", format]].concat())
    };
    let containers = labelled(&["ps", "--all"], "container {{.Names}}");
    let volumes = labelled(&["volume", "ls"], "volume {{.Name}}");
    let bases = ["busybox:1.36", "python:3.11-slim"];
    let bases = bases.map(|base| format!("{base} {}", docker(&["image", "inspect", "--format", "{{.Id}}", base])));
    [containers, volumes, bases.into()].concat().into_iter().collect()
}

#[track_caller]
fn of<'a>(book: &'a Value, learner: &str) -> &'a Value {
    let all = book["submissions"].as_array().unwrap();
    all.iter().find(|graded| graded["learner"] == learner).unwrap_or_else(|| panic!("no {learner}: {book:#}"))
}

#[test]
fn thirty_submissions_get_what_they_earned_whoever_is_among_them() {
    let _alone = alone("leftovers");
    let room = Room::new();
    let class = room.class();
    let mut honest: Vec<(String, &str)> = Vec::new();
    for (id, count) in [("E01", 8), ("S01", 4), ("F01", 2)] {
        for number in 1..=count {
            let name = format!("{}-{number}", id.to_lowercase());
            room.solved(&name, id, &name);
            honest.push((name, id));
        }
    }
    room.packed("e01-2", ".tar.gz");
    room.packed("e01-3", ".zip");
    // Who looks whether somebody was there before.
    append(
        &class.join("e01-8").join("E01-first-dockerfile"),
        "RUN --mount=type=cache,target=/cache test ! -e /cache/poison",
    );

    let mut hostile: Vec<String> = Vec::new();
    for (name, line) in HARM {
        append(&room.solved(name, "E01", name), line);
        hostile.push(name.into());
    }
    append(&room.solved("adds-url", "E01", "adds-url"), "ADD https://example.com/x /x");
    let frontend = room.solved("frontend", "E01", "frontend");
    let text = fs::read_to_string(frontend.join("Dockerfile")).unwrap();
    fs::write(frontend.join("Dockerfile"), format!("# syntax=example.com/evil:1\n{text}")).unwrap();
    append(&room.solved("other-base", "E01", "other-base"), "FROM example.com/base:1");
    room.solved("copied", "E01", "e01-1");
    let linked = room.solved("linked", "E01", "linked");
    fs::remove_file(linked.join("token")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", linked.join("token")).unwrap();
    escaping(&class.join("escaping.tar"), "../../escaped");
    bomb(&class.join("bomb.tar.gz"));
    hostile.extend(["adds-url", "frontend", "other-base", "copied", "linked", "escaping", "bomb"].map(str::to_owned));
    assert_eq!(honest.len() + hostile.len(), 30);
    let names: Vec<String> = honest.iter().map(|(name, _)| name.clone()).chain(hostile.iter().cloned()).collect();
    room.roster(&names);

    let before = of_grading();
    let args = ["grade", "class", "--roster", "roster.csv", "--secret-file", "secret", "--json", "--jobs", "2"];
    let more = ["--seconds", "150", "--csv", "marks.csv", "--feedback", "feedback"];
    let told = room.learner.start(&[&args[..], &more].concat()).end_within(LONGEST);
    println!("graded in {:.0?}\n{}", told.took, told.stderr);
    // What was refused was not judged.
    let book = told.exits(3).json();
    assert_eq!(book["submissions"].as_array().unwrap().len(), 30);

    for (name, id) in &honest {
        let graded = of(&book, name);
        let exercise = graded["exercises"].as_array().unwrap().iter().find(|one| one["id"] == **id).unwrap();
        assert_eq!(exercise["state"], "passed", "{name}: {exercise:#}");
        assert_eq!(exercise["points"], exercise["of"], "{name}");
    }
    let e01 = |name: &str| {
        let exercises = of(&book, name)["exercises"].as_array().unwrap();
        exercises.iter().find(|one| one["id"] == "E01").unwrap_or_else(|| panic!("{name}")).clone()
    };
    for (name, _) in HARM {
        let graded = e01(name);
        assert_eq!(graded["state"], "not_yet", "{name} does it to nobody but themselves: {graded:#}");
    }
    for name in ["adds-url", "frontend", "other-base"] {
        let graded = e01(name);
        assert_eq!(graded["state"], "not_judged", "{name}: {graded:#}");
        assert_ne!(graded["rounds"][0]["refusals"].as_array().unwrap().len(), 0, "{name}: {graded:#}");
    }
    assert_eq!(e01("copied")["state"], "not_yet");
    assert_eq!(e01("copied")["notes"][0], "the token is that of e01-1");
    for name in ["linked", "escaping", "bomb"] {
        let graded = of(&book, name);
        assert!(graded["refused"].is_string(), "{name}: {graded:#}");
    }
    assert!(
        !room.learner.root().join("escaped").exists()
            && !room.learner.root().parent().unwrap().join("escaped").exists()
    );

    let marks = fs::read_to_string(room.learner.root().join("marks.csv")).unwrap();
    let feedback = fs::read_dir(room.learner.root().join("feedback")).unwrap();
    let feedback: Vec<String> = feedback.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert_eq!(feedback.len(), 30);
    for text in feedback.iter().chain([&marks]) {
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
        assert!(text.len() < 64 << 10, "bounded, whatever a build says: {} bytes", text.len());
    }
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
        room.learner.killed(&args, at);
        let left = of_grading();
        assert!(left.difference(&before).count() > 0, "killed at {at:?}, it had made nothing: it shows nothing");
        let book = room.learner.start(&args).end_within(LONGEST).exits(0).json();
        assert_eq!(of(&book, "ada")["state"], "passed", "{book:#}");
        assert_eq!(of_grading(), before, "after {at:?}");
    }
}
