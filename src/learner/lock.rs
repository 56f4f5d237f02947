//! Two locks in `.dlearn`, both held by the operating system for as long as the file is open, so that
//! a killed process leaves none behind.
//!
//! `lock` is held by a session (`next`, `watch`) from its beginning to its end and says its process
//! id. `update.lock` is held for the moment in which the state is read, changed and written, so that
//! `dlearn hint` in a second terminal works beside a session and neither loses what the other wrote.

use super::LearnerError;
use super::disk::{self, Lies};
use super::home::OWN;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an update waits for another process's update.
const PATIENCE: Duration = Duration::from_secs(5);

/// A lock, let go when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    /// Nothing where the file system has no locks.
    file: Option<File>,
}

impl Lock {
    /// Takes the session's lock.
    pub(super) fn session(home: &Path) -> Result<Self, LearnerError> {
        let path = home.join(OWN).join("lock");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LearnerError::Busy { home: home.to_owned(), pid: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return without(&path, error),
        }
        let mut note = || {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            writeln!(file, "{}", std::process::id())
        };
        note().map_err(|error| LearnerError::io("write", &path, error))?;
        Ok(Self { file: Some(file) })
    }

    /// Takes the lock for one change of the state; waits a few seconds for another process's change.
    pub(super) fn update(home: &Path) -> Result<Self, LearnerError> {
        let path = home.join(OWN).join("update.lock");
        let file = open(&path)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file: Some(file) }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LearnerError::Busy { home: home.to_owned(), pid: None });
                }
                Err(TryLockError::Error(error)) => return without(&path, error),
            }
        }
    }

    /// Whether the file system really locks.
    pub(super) fn holds(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would not do: a process that another thread starts at this moment has the file open
        // too, until it runs its program.
        if let Some(file) = &self.file {
            let _ = file.unlock();
        }
    }
}

/// Some network file systems have no locks. A course that cannot be begun there would be worse than
/// one that two processes could write.
fn without(path: &Path, error: std::io::Error) -> Result<Lock, LearnerError> {
    match error.kind() {
        ErrorKind::Unsupported => Ok(Lock { file: None }),
        _ => Err(LearnerError::io("lock", path, error)),
    }
}

fn open(path: &Path) -> Result<File, LearnerError> {
    match disk::look(path)? {
        Lies::Nothing | Lies::File(_) => {}
        Lies::Link => return Err(LearnerError::Link { path: path.to_owned() }),
        Lies::Folder | Lies::Other => return Err(LearnerError::NotAFile { path: path.to_owned() }),
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| LearnerError::io("write", path, error))
}

/// The process id that a lock file says.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
