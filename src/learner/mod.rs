//! The learner's folder: where the course is kept, what is remembered, the files of the exercises.
//!
//! This is the only place that writes the learner's folder. Invariants: the state is always either
//! the old or the new one, whatever is killed when; the learner's edits are never overwritten and
//! nothing of theirs is deleted, only moved aside and named; no link inside the folder is followed;
//! nothing is printed.
//!
//! ```text
//! Clues → Place → Home → Learner { state, set_up, reset }     progress: (Course, State) → what next
//! ```

mod disk;
mod error;
mod folder;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub mod home;
mod key;
mod lock;
mod migrate;
pub mod practice;
pub mod progress;
mod readme;
pub mod state;
mod store;

pub use error::LearnerError;
pub use folder::{Kept, Reset, SetUp, Why};
pub use home::{Clues, Home, Origin, Place};
pub use key::LearnerKey;
pub use state::{ExerciseState, LessonState, PracticeState, QuestionState, State, is_token};

use crate::course::{Course, Entry, Round};
use lock::Lock;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use store::Loaded;

/// One learner's progress and folder, opened.
#[derive(Debug)]
pub struct Learner {
    /// Absolute, without links.
    home: PathBuf,
    /// The exercises' folders by id.
    folders: BTreeMap<String, String>,
    state: State,
    access: Access,
    notes: Vec<Note>,
}

#[derive(Debug)]
enum Access {
    /// With the session's lock.
    Session { _lock: Lock },
    /// Beside a session, if there is one.
    Beside,
    /// Only looks.
    Reading,
}

/// Something that the learner should be told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The state could not be read as it was.
    Damaged {
        /// What is wrong with it.
        why: String,
        /// Where the damaged file is kept; none when the folder was opened for reading only.
        kept: Option<PathBuf>,
        /// Exercises whose tokens were read back from their folders.
        tokens: Vec<String>,
    },
    /// There was no state, but there were exercises.
    Recovered {
        /// Exercises whose tokens were read back from their folders.
        tokens: Vec<String>,
    },
    /// The state was brought from an older version to the present one.
    Migrated {
        /// The older version.
        from: u64,
        /// Where the old file is kept; none when the folder was opened for reading only.
        kept: Option<PathBuf>,
    },
    /// The file system has no locks: two sessions at a time would not notice each other.
    NoLocks,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = |tokens: &[String]| match tokens {
            [] => String::new(),
            ids => format!(" The tokens of {} were read back from their folders.", ids.join(", ")),
        };
        match self {
            Note::Damaged { why, kept, tokens } => {
                write!(f, "The record of your progress was damaged ({why}).")?;
                if let Some(kept) = kept {
                    write!(f, " It is kept as {}.", kept.display())?;
                }
                write!(f, "{} Your files are untouched.", again(tokens))
            }
            Note::Recovered { tokens } => {
                write!(f, "The record of your progress is missing.{} Your files are untouched.", again(tokens))
            }
            Note::Migrated { from, kept } => {
                write!(f, "The record of your progress was brought up to date from version {from} of its format.")?;
                match kept {
                    Some(kept) => write!(f, " The old one is kept as {}.", kept.display()),
                    None => Ok(()),
                }
            }
            Note::NoLocks => write!(f, "This file system has no locks: run one dlearn session at a time."),
        }
    }
}

impl Learner {
    /// Opens the course folder for a session and keeps every other session out until it is dropped.
    /// Creates the folder where `home` allows that.
    ///
    /// # Errors
    /// [`LearnerError::Busy`] where another session runs; see [`LearnerError`].
    pub fn open(home: &Home, course: &Course) -> Result<Self, LearnerError> {
        let path = home.prepare()?;
        // A file of a newer version is found before anything is touched, the lock included.
        let _ = store::load(&path)?;
        let lock = Lock::session(&path)?;
        let notes = if lock.holds() { Vec::new() } else { vec![Note::NoLocks] };
        {
            // Nobody writes while the update lock is held: every temporary file is a leftover.
            let _update = Lock::update(&path)?;
            disk::sweep(&path.join(home::OWN));
        }
        Self::begin(path, course, Access::Session { _lock: lock }, notes)
    }

    /// Opens the course folder beside a session that may run in another terminal: for commands that
    /// record one thing and end (`hint`, `check`, `reset`).
    ///
    /// # Errors
    /// See [`LearnerError`].
    pub fn open_beside(home: &Home, course: &Course) -> Result<Self, LearnerError> {
        let path = home.prepare()?;
        let _ = store::load(&path)?;
        Self::begin(path, course, Access::Beside, Vec::new())
    }

    /// Opens the course folder to look only; nothing is created, repaired or locked. Where there is
    /// no folder yet, nothing has been learnt yet.
    ///
    /// # Errors
    /// See [`LearnerError`].
    pub fn open_read_only(home: &Home, course: &Course) -> Result<Self, LearnerError> {
        let path = home.path.canonicalize().unwrap_or_else(|_| home.path.clone());
        Self::begin(path, course, Access::Reading, Vec::new())
    }

    fn begin(home: PathBuf, course: &Course, access: Access, notes: Vec<Note>) -> Result<Self, LearnerError> {
        let folders = course.folders.clone();
        let reading = matches!(access, Access::Reading);
        let name = &course.outline.course;
        let state = State::new(name, "");
        let mut learner = Self { home, folders, state, access, notes };
        let _lock = if reading { None } else { Some(Lock::update(&learner.home)?) };
        let loaded = store::load(&learner.home)?;
        let fine = matches!(loaded, Loaded::Fine(_));
        learner.take_over(loaded, reading)?;
        if learner.state.course.is_empty() {
            learner.state.course = name.clone();
        }
        if learner.state.course != *name {
            let theirs = learner.state.course;
            return Err(LearnerError::OtherCourse { home: learner.home, theirs, ours: name.clone() });
        }
        if !reading && (!fine || learner.state.seed.is_empty()) {
            if learner.state.seed.is_empty() {
                learner.state.seed = random()?;
            }
            store::save(&learner.home, &learner.state)?;
        }
        Ok(learner)
    }

    /// Makes what was loaded the present state; keeps aside what could not be read.
    fn take_over(&mut self, loaded: Loaded, reading: bool) -> Result<(), LearnerError> {
        let aside = |suffix: String| match reading {
            true => Ok(None),
            false => store::keep_aside(&self.home, &suffix).map(Some),
        };
        match loaded {
            Loaded::Fine(state) => self.state = state,
            Loaded::Migrated { state, from } => {
                let kept = aside(format!("version-{from}"))?;
                self.state = state;
                self.notes.push(Note::Migrated { from, kept });
            }
            Loaded::Missing => {
                let tokens = self.recover();
                if !tokens.is_empty() {
                    self.notes.push(Note::Recovered { tokens });
                }
            }
            Loaded::Damaged { rest, why } => {
                let kept = aside(format!("damaged-{}", store::stamp()))?;
                if let Some(rest) = rest {
                    self.state = rest;
                }
                let tokens = self.recover();
                self.notes.push(Note::Damaged { why, kept, tokens });
            }
        }
        Ok(())
    }

    /// Reads tokens that the state lacks back from the exercises' folders; gives the ids.
    fn recover(&mut self) -> Vec<String> {
        let lacks = |id: &&String| self.state.exercises.get(*id).is_none_or(|state| state.token.is_none());
        let ids: Vec<String> = self.folders.keys().filter(lacks).cloned().collect();
        let mut found = Vec::new();
        for id in ids {
            if let Some(token) = self.token_file(&id) {
                self.state.exercise(&id).token = Some(token);
                found.push(id);
            }
        }
        found
    }

    /// The token in the exercise's folder, or in that of its first round.
    fn token_file(&self, id: &str) -> Option<String> {
        let folder = disk::relative(self.folders.get(id)?)?;
        ["token", "round-1/token"].iter().find_map(|name| {
            let path = folder.join(name);
            if !matches!(disk::in_the_way(&self.home, &path), Ok(None)) {
                return None;
            }
            let content = disk::read(&self.home.join(path), 64).ok()??;
            let token = String::from_utf8(content).ok()?;
            Some(token.trim_end().to_owned()).filter(|token| is_token(token))
        })
    }

    /// The course folder: absolute, without links.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What is remembered, as of the last reading or change.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the learner should be told.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Changes the state and saves it. `change` gets the state as it is on the disk now, with what
    /// another terminal may have recorded.
    ///
    /// # Errors
    /// Where it cannot be saved; then the state on the disk and in memory stays as it was.
    pub fn update<T>(&mut self, change: impl FnOnce(&mut State) -> T) -> Result<T, LearnerError> {
        self.work(|_, state| Ok(change(state)))
    }

    /// Works on the folder and the state while no other process does. The state is saved even when
    /// the work fails half way, because it says what was brought so far.
    fn work<T>(&mut self, work: impl FnOnce(&Path, &mut State) -> Result<T, LearnerError>) -> Result<T, LearnerError> {
        if matches!(self.access, Access::Reading) {
            return Err(LearnerError::ReadOnly { home: self.home.clone() });
        }
        let _lock = Lock::update(&self.home)?;
        let loaded = store::load(&self.home)?;
        let on_disk = matches!(&loaded, Loaded::Fine(state) if state.course == self.state.course);
        let mut state = match loaded {
            Loaded::Fine(state) if on_disk => state,
            // Somebody edited or removed the file meanwhile: memory has the last good state.
            Loaded::Missing => self.state.clone(),
            Loaded::Fine(_) | Loaded::Migrated { .. } | Loaded::Damaged { .. } => {
                let kept = Some(store::keep_aside(&self.home, &format!("damaged-{}", store::stamp()))?);
                let why = "something else changed it while dlearn ran; what dlearn remembered is written again".into();
                self.notes.push(Note::Damaged { why, kept, tokens: Vec::new() });
                self.state.clone()
            }
        };
        let before = on_disk.then(|| state.clone());
        let result = work(&self.home, &mut state);
        // Writing waits for the disk; where nothing has changed, nobody need wait.
        if before.as_ref() != Some(&state) {
            store::save(&self.home, &state)?;
        }
        self.state = state;
        result
    }

    /// Reads again what another terminal may have recorded.
    ///
    /// # Errors
    /// Where the file cannot be read. A damaged one changes nothing here.
    pub fn refresh(&mut self) -> Result<(), LearnerError> {
        if let Loaded::Fine(state) = store::load(&self.home)? {
            self.state = state;
        }
        Ok(())
    }

    /// The learner's token for the exercise `id`, if there is one already.
    pub fn known_token(&self, id: &str) -> Option<String> {
        self.state.exercises.get(id).and_then(|state| state.token.clone()).or_else(|| self.token_file(id))
    }

    /// The learner's token for the exercise `id`: the one that is remembered, else the one in its
    /// folder, else a new one, which is remembered.
    ///
    /// # Errors
    /// Where it cannot be saved or no random number can be had.
    pub fn token_of(&mut self, id: &str) -> Result<String, LearnerError> {
        if let Some(token) = self.state.exercises.get(id).and_then(|state| state.token.clone()) {
            return Ok(token);
        }
        let token = match self.token_file(id) {
            Some(token) => token,
            None => match self.key() {
                Some(key) => key.token(&self.state.course, id),
                None => random()?,
            },
        };
        // A second terminal may have drawn one in between: the first one counts.
        self.update(|state| state.exercise(id).token.get_or_insert(token).clone())
    }

    /// What the learner's tokens follow from, where they have joined a class.
    pub fn key(&self) -> Option<LearnerKey> {
        self.state.key.as_ref().and_then(|key| LearnerKey::parse(key.reveal()))
    }

    /// Joins a class: tokens that are new from now on follow from the key. Gives the exercises that have another token
    /// already; where there are any, nothing is changed.
    ///
    /// # Errors
    /// Where it cannot be saved.
    pub fn join(&mut self, key: &LearnerKey) -> Result<Vec<String>, LearnerError> {
        let ids: Vec<String> = self.folders.keys().cloned().collect();
        let course = self.state.course.clone();
        let other = |id: &String| self.known_token(id).is_some_and(|token| token != key.token(&course, id));
        let begun: Vec<String> = ids.into_iter().filter(other).collect();
        if begun.is_empty() {
            self.update(|state| state.key = Some(key.reveal().to_owned().into()))?;
        }
        Ok(begun)
    }

    /// The folder of an exercise.
    pub fn folder(&self, entry: &Entry) -> PathBuf {
        self.home.join(&entry.folder)
    }

    /// The folder that a round is worked on in: the exercise's, or its `round-2`.
    pub fn workspace(&self, entry: &Entry, round: &Round) -> PathBuf {
        let folder = self.folder(entry);
        if round.folder.is_empty() { folder } else { folder.join(&round.folder) }
    }

    /// Writes a file at the top of the course folder, as a whole; what lay there under this name is replaced.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_beside(&self, name: &str, content: &[u8]) -> Result<(), LearnerError> {
        disk::write(&self.home.join(home::OWN), &self.home.join(name), content, 0o644)
    }

    /// Brings the files of a round into the learner's folder, and remembers what was brought. Files
    /// that the learner changed or removed stay as they are; see [`SetUp`].
    ///
    /// # Errors
    /// Where a folder or file cannot be written, or a link lies in the way.
    pub fn set_up(&mut self, entry: &Entry, round: &Round) -> Result<SetUp, LearnerError> {
        self.work(|home, state| folder::set_up(home, state, entry, round))
    }

    /// Moves what lies in the round's folder to `.dlearn/kept/` and brings the starter anew. The
    /// token and the progress stay.
    ///
    /// # Errors
    /// Where something cannot be moved (then everything is put back) or written.
    pub fn reset(&mut self, entry: &Entry, round: &Round) -> Result<Reset, LearnerError> {
        self.work(|home, state| folder::reset(home, state, entry, round))
    }
}

/// A token that is nobody's yet: sixteen random hexadecimal digits.
///
/// # Errors
/// Where the operating system gives no random numbers.
pub fn new_token() -> Result<String, LearnerError> {
    random()
}

/// Sixteen random hex digits.
fn random() -> Result<String, LearnerError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| LearnerError::Random(error.to_string()))?;
    Ok(crate::hex::hex(&bytes))
}
