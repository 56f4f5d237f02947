//! A small course, and a learner's home for it.

use dlearn::course::{Course, Entry, Round, Source};
use dlearn::learner::{Home, Learner, Origin};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A course on disk, which a test may change, and a place for the learner.
pub struct Bench {
    dir: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        let items: Vec<String> = (1..=7).map(|n| format!("L0{n}")).collect();
        bench.author(
            "lessons/course.yaml",
            &format!(
                "course: test\ntitle: A test\nmodules:\n  - id: M1\n    title: All\n    items: [{}, E01, E02]\n",
                items.join(", ")
            ),
        );
        for id in &items {
            let mut text =
                format!("---\nid: {id}\ntitle: Lesson {id}\nminutes: 5\nobjective: Know {id}.\n---\nText.\n");
            for name in ["a", "b", "c"] {
                text.push_str(&format!(
                    "\n## Section {name}\n\n```quiz\nid: {id}.{name}\nask: Which?\noptions:\n  - text: One\n    right: true\n    because: Yes.\n  - text: Two\n    because: No.\n```\n"
                ));
            }
            bench.author(&format!("lessons/{id}.md"), &text);
        }
        bench.author("checks/README.md", "");
        bench.author(
            "exercises/E01-first/exercise.yaml",
            r#"
id: E01
title: A first image
lesson: L01
minutes: 10
points: 10
repository: e01
images: { app: "e01/app:v1" }
token: /token
task: Build it as {{repository}}.
why: Because.
checks:
  - { id: built, title: The image exists, check: { image_exists: { image: app } } }
  - { id: secret, title: A hidden one, hidden: true, check: { image_exists: { image: app } } }
hints: [one, two, three]
"#,
        );
        bench.author("exercises/E01-first/start/Dockerfile", "FROM scratch\n");
        bench.author("exercises/E01-first/start/src/run.sh", "#!/bin/sh\necho hello\n");
        bench.author(
            "exercises/E02-rounds/exercise.yaml",
            r#"
id: E02
title: Rounds
lesson: L02
minutes: 20
points: 30
repository: e02
images: { app: "e02/app:v1" }
task: Find the fault.
why: Because.
checks: [{ id: built, title: The image exists, check: { image_exists: { image: app } } }]
rounds:
  count: 2
  variants:
    red: { title: The first, why: R., hints: [a, b, c], cases: {} }
    green: { title: The second, why: G., hints: [a, b, c], cases: {} }
    blue: { title: The third, why: B., hints: [a, b, c], cases: {} }
"#,
        );
        bench.author("exercises/E02-rounds/start/Dockerfile", "FROM scratch\n");
        bench
    }

    /// The temporary folder of this test.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of the course.
    pub fn author(&self, path: &str, text: &str) {
        let path = self.root().join("course").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn course(&self) -> Course {
        Course::load(&Source::Folder(self.root().join("course"))).unwrap()
    }

    /// Where the learner's folder is.
    pub fn home(&self) -> PathBuf {
        self.root().canonicalize().unwrap().join("home")
    }

    pub fn open(&self) -> Learner {
        Learner::open(&named(&self.home()), &self.course()).unwrap()
    }

    pub fn state_file(&self) -> PathBuf {
        self.home().join(".dlearn/state.json")
    }

    /// Files in `.dlearn` whose names begin so.
    pub fn own(&self, prefix: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.home().join(".dlearn")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect()
    }
}

/// The home that `--dir path` names.
pub fn named(path: &Path) -> Home {
    Home { path: path.to_owned(), origin: Origin::Argument, create: true }
}

/// The rounds of an exercise, with the learner's token.
pub fn rounds<'a>(course: &'a Course, learner: &mut Learner, id: &str) -> (&'a Entry, Vec<Round>) {
    let token = learner.token_of(id).unwrap();
    let entry = &course.exercises[id];
    (entry, entry.rounds(&course.recipes, &token, &|name| name.to_owned()).unwrap())
}
