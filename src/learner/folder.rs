//! The files of an exercise in the learner's folder.
//!
//! Invariants: a file that differs from what dlearn last brought is the learner's and is left alone;
//! a file that the learner removed stays removed; nothing is written through a link; paths of the
//! course stay inside the exercise's folder. What dlearn brought is known by its SHA-256 in the state.

use super::disk::{self, Lies};
use super::home::OWN;
use super::state::{ExerciseState, State};
use super::{LearnerError, readme, store};
use crate::course::{Entry, Round, mode_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A larger file is the learner's without comparing it, in bytes; course files have at most half of it.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What setting up a round did. Paths are relative to the exercise's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetUp {
    /// The folder to work in.
    pub folder: PathBuf,
    /// It had been set up before, was gone, and is there again.
    pub restored: bool,
    /// New files.
    pub written: Vec<String>,
    /// Files that the learner had not changed, and the course has.
    pub updated: Vec<String>,
    /// New versions of files that both the learner and the course changed: (the learner's, the new one
    /// beside it).
    pub beside: Vec<(String, String)>,
    /// Files that were left as they are.
    pub kept: Vec<Kept>,
}

/// A file that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its path.
    pub file: String,
    /// Why it was left.
    pub why: Why,
}

/// Why a file was left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The learner changed it.
    Edited,
    /// The learner removed it; `reset` brings it back.
    Removed,
    /// It, or a folder above it, is a symbolic link.
    Link,
    /// Something other than a regular file lies there, or other than a folder above it.
    NotAFile,
    /// It cannot be read.
    Unreadable,
}

/// What resetting a round did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Where the learner's files lie now; none where there were none.
    pub kept: Option<PathBuf>,
    /// The starter, brought anew.
    pub set_up: SetUp,
}

/// The exercise's folder and the round's in it, relative to the course folder.
struct Place {
    folder: PathBuf,
    workspace: PathBuf,
    /// What the round's paths begin with in the exercise's folder.
    prefix: String,
}

impl Place {
    fn of(entry: &Entry, round: &Round) -> Result<Self, LearnerError> {
        let bad = |name: &str| LearnerError::BadPath { name: name.to_owned(), exercise: entry.folder.clone() };
        let one = |name: &str| match disk::relative(name) {
            Some(path) if !name.contains('/') && !name.starts_with('.') => Ok(path),
            _ => Err(bad(name)),
        };
        let folder = one(&entry.folder)?;
        one(&entry.exercise.id)?;
        if round.folder.is_empty() {
            return Ok(Self { workspace: folder.clone(), folder, prefix: String::new() });
        }
        Ok(Self { workspace: folder.join(one(&round.folder)?), folder, prefix: format!("{}/", round.folder) })
    }
}

/// Brings a round's files.
pub(super) fn set_up(home: &Path, state: &mut State, entry: &Entry, round: &Round) -> Result<SetUp, LearnerError> {
    let place = Place::of(entry, round)?;
    let wanted = wanted(entry, round, &place)?;
    let exercise = state.exercise(&entry.exercise.id);
    exercise.token.get_or_insert_with(|| round.subject.token.clone());
    exercise.started_at.get_or_insert_with(jiff::Timestamp::now);
    let mut done = SetUp { folder: home.join(&place.workspace), ..SetUp::default() };
    // Whoever removed a whole folder wants to begin anew.
    let gone = if disk::look(&home.join(&place.folder))? == Lies::Nothing {
        Some("")
    } else if disk::in_the_way(home, &place.workspace)?.is_none() && disk::look(&done.folder)? == Lies::Nothing {
        Some(place.prefix.as_str())
    } else {
        None
    };
    if let Some(prefix) = gone {
        let before = exercise.files.len();
        exercise.files.retain(|name, _| !name.starts_with(prefix));
        done.restored = exercise.files.len() != before;
    }
    disk::folders(home, &place.workspace)?;
    for (name, content) in &wanted {
        let file = File { home, folder: &place.folder, name, content, wanted: &wanted };
        file.bring(exercise, &mut done)?;
    }
    Ok(done)
}

/// Moves the round's files aside and brings the starter anew.
pub(super) fn reset(home: &Path, state: &mut State, entry: &Entry, round: &Round) -> Result<Reset, LearnerError> {
    let place = Place::of(entry, round)?;
    wanted(entry, round, &place)?;
    let workspace = home.join(&place.workspace);
    let present = match (disk::in_the_way(home, &place.workspace)?, disk::look(&workspace)?) {
        (None, Lies::Folder) => list(&workspace)?,
        (None, Lies::Nothing) => Vec::new(),
        _ => return Err(LearnerError::Link { path: workspace }),
    };
    let mut kept = None;
    if !present.is_empty() {
        let shelf = home.join(OWN).join("kept");
        disk::folder(&shelf, 0o700)?;
        let name = format!("{}-{}", entry.exercise.id, store::stamp());
        let mut to = store::free(&shelf, &name)?;
        disk::folder(&to, 0o755)?;
        kept = Some(to.clone());
        if !round.folder.is_empty() {
            to.push(&round.folder);
            disk::folder(&to, 0o755)?;
        }
        move_all(&workspace, &to, &present)?;
    }
    let exercise = state.exercise(&entry.exercise.id);
    exercise.files.retain(|name, _| !name.starts_with(&place.prefix));
    Ok(Reset { kept, set_up: set_up(home, state, entry, round)? })
}

fn list(folder: &Path) -> Result<Vec<std::ffi::OsString>, LearnerError> {
    let read = |error: std::io::Error| LearnerError::io("read", folder, error);
    let entries = std::fs::read_dir(folder).map_err(read)?;
    entries.map(|entry| entry.map(|entry| entry.file_name()).map_err(read)).collect()
}

/// Moves each entry, not the folder: the learner's shell stands in it. All move, or none.
fn move_all(from: &Path, to: &Path, names: &[std::ffi::OsString]) -> Result<(), LearnerError> {
    for (index, name) in names.iter().enumerate() {
        if let Err(error) = std::fs::rename(from.join(name), to.join(name)) {
            for name in &names[..index] {
                // Whatever cannot go back stays on the shelf: nothing is lost either way.
                let _ = std::fs::rename(to.join(name), from.join(name));
            }
            let _ = std::fs::remove_dir(to);
            return Err(LearnerError::io("move", &from.join(name), error));
        }
    }
    Ok(())
}

/// The files that belong in the exercise's folder, by their path in it.
fn wanted(entry: &Entry, round: &Round, place: &Place) -> Result<BTreeMap<String, Vec<u8>>, LearnerError> {
    let mut wanted = BTreeMap::new();
    for (name, content) in &round.start {
        if disk::relative(name).is_none() {
            return Err(LearnerError::BadPath { name: name.clone(), exercise: entry.folder.clone() });
        }
        wanted.insert(format!("{}{name}", place.prefix), content.clone());
    }
    // A starter may bring a README of its own, as part of the task.
    let free = ["README.md", "TASK.md"].into_iter().find(|name| !round.start.contains_key(*name));
    if let Some(name) = free {
        wanted.insert(format!("{}{name}", place.prefix), readme::text(entry, round).into_bytes());
    }
    wanted.entry("token".into()).or_insert_with(|| format!("{}\n", round.subject.token).into_bytes());
    Ok(wanted)
}

/// A file on its way into the exercise's folder.
struct File<'a> {
    home: &'a Path,
    /// The exercise's folder, relative to the course folder.
    folder: &'a Path,
    /// Its path in the exercise's folder.
    name: &'a str,
    content: &'a [u8],
    /// Every file that the course brings.
    wanted: &'a BTreeMap<String, Vec<u8>>,
}

/// What lies where a course file belongs.
enum Found {
    Nothing,
    /// A regular file with this SHA-256; none where it is too large to be the course's.
    File(Option<String>),
    Else(Why),
}

impl File<'_> {
    fn bring(&self, exercise: &mut ExerciseState, done: &mut SetUp) -> Result<(), LearnerError> {
        let new = disk::sha256(self.content);
        let brought = exercise.files.get(self.name).cloned();
        let name = self.name.to_owned();
        let found = self.find(self.name)?;
        let left = match &found {
            Found::Nothing if brought.is_some() => Some(Why::Removed),
            Found::Else(why) => Some(*why),
            _ => None,
        };
        if let Some(why) = left {
            done.kept.push(Kept { file: name, why });
            return Ok(());
        }
        match found {
            Found::Nothing => {
                self.write(self.name)?;
                done.written.push(name.clone());
            }
            Found::File(Some(lies)) if lies == new => {}
            Found::File(lies) if lies.is_some() && lies == brought => {
                self.write(self.name)?;
                done.updated.push(name.clone());
            }
            Found::File(_) | Found::Else(_) => {
                // Without a record nobody can say whether the course changed the file since.
                if brought.as_ref().is_some_and(|brought| *brought != new)
                    && let Some(beside) = self.bring_beside(exercise, &new)?
                {
                    done.beside.push((name.clone(), beside));
                }
                done.kept.push(Kept { file: name.clone(), why: Why::Edited });
            }
        }
        exercise.files.insert(name, new);
        Ok(())
    }

    /// Writes the new version beside the learner's, under the first name that is free or holds an
    /// earlier version which the learner left alone.
    fn bring_beside(&self, exercise: &mut ExerciseState, new: &str) -> Result<Option<String>, LearnerError> {
        let names =
            std::iter::once(format!("{}.new", self.name)).chain((2..10).map(|n| format!("{}.new{n}", self.name)));
        for name in names.filter(|name| !self.wanted.contains_key(name)) {
            let free = match self.find(&name)? {
                Found::Nothing => true,
                Found::File(lies) => {
                    lies.is_some() && (lies.as_deref() == Some(new) || lies == exercise.files.get(&name).cloned())
                }
                Found::Else(_) => false,
            };
            if free {
                self.write(&name)?;
                exercise.files.insert(name.clone(), new.to_owned());
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn find(&self, name: &str) -> Result<Found, LearnerError> {
        let relative = self.folder.join(name);
        let lies = match disk::in_the_way(self.home, &relative)? {
            Some(Lies::Link) => Lies::Link,
            Some(_) => Lies::Other,
            None => disk::look(&self.home.join(&relative))?,
        };
        Ok(match lies {
            Lies::Nothing => Found::Nothing,
            Lies::File(size) if size > LARGEST => Found::File(None),
            Lies::File(_) => match disk::read(&self.home.join(&relative), LARGEST) {
                Ok(Some(content)) => Found::File(Some(disk::sha256(&content))),
                Ok(None) => Found::Nothing,
                Err(_) => Found::Else(Why::Unreadable),
            },
            Lies::Link => Found::Else(Why::Link),
            Lies::Folder | Lies::Other => Found::Else(Why::NotAFile),
        })
    }

    fn write(&self, name: &str) -> Result<(), LearnerError> {
        let relative = self.folder.join(name);
        if let Some(parent) = relative.parent() {
            disk::folders(self.home, parent)?;
        }
        disk::write(&self.home.join(OWN), &self.home.join(&relative), self.content, mode_of(self.content))
    }
}
