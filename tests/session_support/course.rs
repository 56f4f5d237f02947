//! A course of two short lessons and the project's own E01 and S01 under other ids and image names.

use std::fs;
use std::path::{Path, PathBuf};

/// A lesson of two sections, with a question in the second.
const BEFORE: &str = r#"---
id: L90
title: Before it
minutes: 5
objective: Begin.
---

The first section of all.

## The second section

Read this too.

```quiz
id: L90.layer
ask: Which instruction makes a layer that holds files?
options:
  - text: The one named RUN
    right: true
    because: It changes files.
  - text: The one named ENV
    because: It changes the configuration only.
```
"#;

/// A lesson of one section.
const BETWEEN: &str = r"---
id: L91
title: Between them
minutes: 3
objective: Go on.
---

What stands between the exercises.
";

/// Rounds of the exercise like S01: as many as show that one follows the other.
pub const ROUNDS: usize = 2;

/// A course on the disk.
pub struct TestCourse {
    folder: PathBuf,
    /// Id of the exercise that is E01.
    pub first: String,
    /// Its image.
    pub image: String,
    /// Id of the exercise that is S01.
    pub broken: String,
    /// Its repository.
    pub repository: String,
    /// Part of every name.
    pub unique: String,
}

impl TestCourse {
    /// Writes it into `folder`.
    pub fn write(folder: &Path) -> Self {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).expect("random bytes");
        let unique: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (first, broken) = (format!("T{unique}"), format!("U{unique}"));
        let course = Self {
            folder: folder.to_owned(),
            image: format!("t{unique}/web:v1"),
            repository: format!("u{unique}/app"),
            first,
            broken,
            unique,
        };
        course.lessons();
        copy(&project().join("checks"), &folder.join("checks"));
        course.exercise("E01-first-dockerfile", &course.first, ("e01", &format!("t{}", course.unique)), "L90");
        course.exercise("S01-broken-build", &course.broken, ("s01", &format!("u{}", course.unique)), "L91");
        course
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn lessons(&self) {
        let lessons = self.folder.join("lessons");
        fs::create_dir_all(&lessons).expect("the course's folder");
        let outline = format!(
            "course: session-tests\ntitle: A short course\nmodules:\n  - id: M0\n    title: All of it\n    \
             items: [L90, {}, L91, {}]\n",
            self.first, self.broken
        );
        for (name, text) in [("L90-before.md", BEFORE), ("L91-between.md", BETWEEN), ("course.yaml", outline.as_str())]
        {
            fs::write(lessons.join(name), text).expect("a lesson");
        }
    }

    fn exercise(&self, name: &str, id: &str, (from, to): (&str, &str), lesson: &str) {
        let (old, rest) = name.split_once('-').expect("a folder's name begins with its id");
        let folder = self.folder.join(format!("exercises/{id}-{rest}"));
        copy(&project().join("exercises").join(name), &folder);
        let file = folder.join("exercise.yaml");
        let text = fs::read_to_string(&file).expect("an exercise");
        let text: String = text
            .lines()
            .map(|line| match line.split_once(": ") {
                Some(("id", value)) if value == old => format!("id: {id}\n"),
                Some(("repository", value)) if value == from => format!("repository: {to}\n"),
                Some(("lesson", _)) => format!("lesson: {lesson}\n"),
                Some(("  count", _)) => format!("  count: {ROUNDS}\n"),
                _ => format!("{}\n", line.replace(&format!("{from}/"), &format!("{to}/"))),
            })
            .collect();
        fs::write(file, text).expect("an exercise");
    }

    /// The variant of S01 whose starter lies in `workspace`.
    pub fn variant(&self, workspace: &Path) -> PathBuf {
        let rounds = self.folder.join(format!("exercises/{}-broken-build/rounds", self.broken));
        let variants = fs::read_dir(rounds).expect("variants").map(|entry| entry.expect("a variant").path());
        let same = |variant: &PathBuf| {
            let files =
                fs::read_dir(variant.join("start")).expect("a starter").map(|entry| entry.expect("a file").path());
            let mut texts = files.filter(|file| file.is_file() && !file.ends_with("app.py"));
            texts.all(|file| {
                let name = file.file_name().expect("it has a name");
                fs::read(workspace.join(name)).ok() == fs::read(&file).ok()
            })
        };
        let mut found = variants.filter(same);
        let variant = found.next().expect("one of the variants was drawn");
        assert_eq!(found.next(), None, "only one");
        variant
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Copies a folder over another.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a folder is read");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        }
    }
}
