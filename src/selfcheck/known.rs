//! What earlier runs have shown, so that a run that was cut off goes on where it was, and a change of one exercise has
//! only that one proven again.
//!
//! Invariant: only what was as expected is kept, and it counts only as long as nothing that it rests on has changed:
//! this program, the engine, the base images, the exercise with its recipes, or the lesson.

use super::{PlannedCase, PlannedLesson};
use crate::course::Course;
use crate::evidence::{Builder, EngineFacts};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes of a journal beyond which it is begun anew: some twenty thousand cases.
const LARGEST: u64 = 8 << 20;

/// One case that was as expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// What it rests on, as [`Grounds`] tells: 64 hex digits.
    pub key: String,
    /// Its path, for people who look into the file.
    pub case: String,
    /// The builder of its builds.
    pub builder: Builder,
    /// The decisive message, or nothing for a pass.
    pub detail: String,
    /// What was looked at besides, and what was not.
    #[serde(default)]
    pub notes: Vec<String>,
    /// How long it took then.
    pub seconds: f64,
}

/// A journal: a file with one line of JSON for each case.
#[derive(Debug)]
pub struct Known {
    file: File,
    shown: BTreeMap<String, Shown>,
}

impl Known {
    /// The journal in this file, made with its folders where there is none. A line that was cut off, or that another
    /// version wrote, is passed over.
    ///
    /// # Errors
    /// Where the file cannot be read or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        if file.metadata()?.len() > LARGEST {
            file.set_len(0)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if bytes.last().is_some_and(|last| *last != b'\n') {
            file.write_all(b"\n")?;
        }
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Shown>(line).ok());
        Ok(Self { file, shown: lines.map(|shown| (shown.key.clone(), shown)).collect() })
    }

    /// What was shown on the same grounds.
    pub fn get(&self, key: &str) -> Option<&Shown> {
        self.shown.get(key)
    }

    /// Keeps one more, at once: whoever is killed after this has lost nothing of it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn keep(&mut self, shown: Shown) -> io::Result<()> {
        let mut line = serde_json::to_vec(&shown).map_err(io::Error::other)?;
        line.push(b'\n');
        // Two runs that append at the same time do not mix their lines: each is written at once.
        self.file.write_all(&line)?;
        self.shown.insert(shown.key.clone(), shown);
        Ok(())
    }

    /// Where journals lie by default: in the user's cache folder.
    pub fn place() -> Option<PathBuf> {
        use etcetera::BaseStrategy;
        Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("dlearn/selfcheck.jsonl"))
    }
}

/// What the cases of one run rest on.
#[derive(Debug)]
pub struct Grounds {
    /// Program, engine and recipes.
    common: Sha256,
    /// Ids of images by name.
    images: BTreeMap<String, String>,
}

impl Grounds {
    /// Those of a run of this program on an engine that has these images (ids by name).
    ///
    /// # Errors
    /// Where this program cannot be read.
    pub fn new(course: &Course, facts: &EngineFacts, images: BTreeMap<String, String>) -> io::Result<Self> {
        let mut common = Sha256::new_with_prefix(std::fs::read(this_program()?)?);
        // As this program has read them: what it would not notice makes no difference.
        common.update(format!("{facts:?}{:?}", course.recipes));
        Ok(Self { common, images })
    }

    /// The key of a case, with the images that it may use.
    pub fn of_case(&self, case: &PlannedCase<'_>, images: &BTreeSet<&str>) -> String {
        let mut key = self.with(images);
        for (path, content) in &case.entry.files {
            part(&mut key, path.as_bytes());
            part(&mut key, content);
        }
        part(&mut key, case.path().as_bytes());
        part(&mut key, format!("{:?}", case.builder).as_bytes());
        hex(key)
    }

    /// The key of a lesson.
    pub fn of_lesson(&self, planned: &PlannedLesson<'_>) -> String {
        let mut key = self.with(&planned.images());
        part(&mut key, format!("{:?}{:?}", planned.lesson, planned.builder).as_bytes());
        hex(key)
    }

    fn with(&self, images: &BTreeSet<&str>) -> Sha256 {
        let mut key = self.common.clone();
        for name in images {
            part(&mut key, name.as_bytes());
            part(&mut key, self.images.get(*name).map_or(&[], |id| id.as_bytes()));
        }
        key
    }
}

/// With its length before it, so that no two rows of parts are the same bytes.
fn part(key: &mut Sha256, bytes: &[u8]) {
    key.update((bytes.len() as u64).to_be_bytes());
    key.update(bytes);
}

fn hex(key: Sha256) -> String {
    key.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file of this program. On Linux by the kernel's own name, which is still right when a newer build has taken the
/// file's place.
///
/// # Errors
/// Where the system does not tell.
pub fn this_program() -> io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { std::env::current_exe() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Source;
    use crate::selfcheck::plan;

    fn shown(key: &str) -> Shown {
        Shown {
            key: key.into(),
            case: "E01 solution".into(),
            builder: Builder::Classic,
            detail: String::new(),
            notes: Vec::new(),
            seconds: 1.5,
        }
    }

    #[test]
    fn what_was_kept_is_there_again_and_a_line_that_was_cut_off_harms_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/journal.jsonl");
        let mut known = Known::open(&path).unwrap();
        known.keep(shown("a")).unwrap();
        known.keep(shown("b")).unwrap();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        let mut known = Known::open(&path).unwrap();
        assert_eq!((known.get("a"), known.get("b")), (Some(&shown("a")), None));
        known.keep(shown("c")).unwrap();
        let known = Known::open(&path).unwrap();
        assert!(known.get("a").is_some() && known.get("c").is_some());
    }

    #[test]
    fn a_key_follows_from_each_thing_that_a_case_rests_on() {
        let course = Course::load(&Source::Embedded).unwrap();
        let cases = plan(&course, &["E01".into()], &[Builder::Classic, Builder::BuildKit]).unwrap();
        let images: BTreeSet<&str> = ["busybox:1.36"].into();
        let id = |id: &str| BTreeMap::from([("busybox:1.36".to_owned(), id.to_owned())]);
        let facts = EngineFacts { version: "20.10.24".into(), ..EngineFacts::default() };
        let grounds =
            |course: &Course, facts: &EngineFacts, image: &str| Grounds::new(course, facts, id(image)).unwrap();
        let same = grounds(&course, &facts, "sha256:1");
        let key = same.of_case(&cases[1], &images);
        assert_eq!(key, grounds(&course, &facts, "sha256:1").of_case(&cases[1], &images));

        let mut others: BTreeSet<String> = cases.iter().map(|case| same.of_case(case, &images)).collect();
        assert_eq!(others.len(), cases.len(), "each case, and each builder");
        others.insert(grounds(&course, &facts, "sha256:2").of_case(&cases[1], &images));
        others.insert(same.of_case(&cases[1], &BTreeSet::new()));
        let newer = EngineFacts { version: "28.5.2".into(), ..facts.clone() };
        others.insert(grounds(&course, &newer, "sha256:1").of_case(&cases[1], &images));
        let mut changed = course.clone();
        changed.recipes.values_mut().next().unwrap().help.push('.');
        others.insert(grounds(&changed, &facts, "sha256:1").of_case(&cases[1], &images));
        let mut entry = cases[1].entry.clone();
        entry.files.insert("solution/Dockerfile".into(), b"FROM busybox:1.36\n".to_vec());
        others.insert(same.of_case(&PlannedCase { entry: &entry, ..cases[1].clone() }, &images));
        assert_eq!(others.len(), cases.len() + 5);
    }
}
