//! Results that are kept under the digest of all that they rest on, so that whoever was cut off goes on, and what has
//! not changed is not done again.
//!
//! A journal is a file of JSON lines. Invariants: a line is written at once and whole; one that was cut off, or that
//! another version wrote, is passed over; nobody but the user may read it.

use crate::hex::hex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One line.
#[derive(Serialize, Deserialize)]
struct Line<T> {
    /// 64 hex digits
    key: String,
    #[serde(flatten)]
    result: T,
}

/// A journal of one sort of results.
#[derive(Debug)]
pub struct Journal<T> {
    file: File,
    known: BTreeMap<String, T>,
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    /// The journal in this file, made with its folders where there is none, and begun anew where it has more than
    /// `largest` bytes.
    ///
    /// # Errors
    /// Where the file cannot be read or written.
    pub fn open(path: &Path, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        if file.metadata()?.len() > largest {
            file.set_len(0)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        if bytes.last().is_some_and(|last| *last != b'\n') {
            file.write_all(b"\n")?;
        }
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line<T>>(line).ok());
        Ok(Self { file, known: lines.map(|line| (line.key, line.result)).collect() })
    }

    /// What came on the same grounds.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.known.get(key)
    }

    /// Keeps one more, at once: whoever is killed after this has lost nothing of it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn keep(&mut self, key: String, result: T) -> io::Result<()> {
        let line = Line { key, result };
        let mut bytes = serde_json::to_vec(&line).map_err(io::Error::other)?;
        bytes.push(b'\n');
        // Two runs that append at the same time do not mix their lines.
        self.file.write_all(&bytes)?;
        self.known.insert(line.key, line.result);
        Ok(())
    }
}

/// Where a journal lies by default: in the user's cache folder.
pub fn place(name: &str) -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("dlearn").join(name))
}

/// A key in the making. Each part goes in with its length before it, so that no two rows of parts are the same bytes.
#[derive(Clone, Debug, Default)]
pub struct Key(Sha256);

impl Key {
    /// Takes one thing more into it.
    #[must_use]
    pub fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// Begins with this program itself: another one may come to something else.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_this_program() -> io::Result<Self> {
        Ok(Self::default().with(std::fs::read(this_program()?)?))
    }

    /// Each file by its path and content.
    #[must_use]
    pub fn with_files<'a>(self, files: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>) -> Self {
        files.into_iter().fold(self, |key, (path, content)| key.with(path).with(content))
    }

    /// Each image by its name, and by its id where it has one.
    #[must_use]
    pub fn with_images<'a>(self, names: impl IntoIterator<Item = &'a str>, ids: &BTreeMap<String, String>) -> Self {
        names.into_iter().fold(self, |key, name| key.with(name).with(ids.get(name).map_or("", String::as_str)))
    }

    /// 64 hex digits.
    pub fn hex(self) -> String {
        hex(&self.0.finalize())
    }
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

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Result {
        points: u32,
    }

    fn opened(path: &Path) -> Journal<Result> {
        Journal::open(path, 1 << 20).unwrap()
    }

    #[test]
    fn what_was_kept_is_there_again_and_a_line_that_was_cut_off_harms_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/journal.jsonl");
        let mut journal = opened(&path);
        journal.keep("a".into(), Result { points: 1 }).unwrap();
        journal.keep("b".into(), Result { points: 2 }).unwrap();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        let mut journal = opened(&path);
        assert_eq!((journal.get("a"), journal.get("b")), (Some(&Result { points: 1 }), None));
        journal.keep("c".into(), Result { points: 3 }).unwrap();
        let journal = opened(&path);
        assert!(journal.get("a").is_some() && journal.get("c").is_some());
        assert!(Journal::<Result>::open(&path, 4).unwrap().get("a").is_none(), "too large: begun anew");
    }

    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/journal.jsonl");
        opened(&path);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        let key = |parts: &[&str]| parts.iter().fold(Key::default(), |key, part| key.with(part)).hex();
        assert_eq!(key(&["ab", "c"]), key(&["ab", "c"]));
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["ab"]), key(&["ab", ""]));
    }
}
