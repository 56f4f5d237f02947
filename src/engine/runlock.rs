//! One file for each live run on this machine: its lock says that the run is alive, its content
//! which images must survive the run's end, and which the run made.
//!
//! The file lies in `$XDG_RUNTIME_DIR`, `/run/user/<uid>` or `/tmp`, in `dlearn-runs-<uid>/<run>.lock`; in `$TMPDIR` only
//! where it can lie in none of them, since processes of one user may have different ones, and would take each other's
//! runs for dead.
//! The operating system frees the lock when the process ends, however it ends.

use super::{EngineError, name};
use crate::hex::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Begins a line of the journal that names an image made by the run; other lines name images that must stay.
const MADE: &str = "+";
/// Most bytes of a journal that are read.
const LARGEST_JOURNAL: u64 = 16 * 1024 * 1024;

/// After this time, the file of a run that ended is removed.
const OLD: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most files that are looked at for that.
const MOST_FILES: usize = 1000;

/// Who owns what is created: this machine and this user. Another user of the same engine sees
/// neither our locks nor our journals, so what is theirs is never ours to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Value of the label `dlearn.host`: sixteen hexadecimal digits that tell nothing about the machine.
    pub(crate) host: String,
    uid: u32,
}

impl Owner {
    /// The owner that this process is.
    pub(crate) fn here() -> Result<Self, EngineError> {
        let uid = tempfile::tempfile().and_then(|file| file.metadata()).map_err(|error| EngineError::Local {
            doing: "make a temporary file".into(),
            reason: error.to_string(),
            help: "see whether the temporary folder exists and has room".into(),
        })?;
        let uid = uid.uid();
        let read = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let mut machine = read("/etc/machine-id");
        // Containers made from one image share a machine id, or have none.
        let in_container = Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists();
        if machine.is_empty() || in_container {
            let name = read("/proc/sys/kernel/hostname");
            machine.push_str(&if name.is_empty() { std::env::var("HOSTNAME").unwrap_or_default() } else { name });
        }
        let digest = hex(&Sha256::digest(format!("dlearn/{machine}/{uid}")));
        Ok(Self { host: digest.chars().take(16).collect(), uid })
    }

    /// A new run's id: four digits of the owner, so that an image's name tells it too, and eight drawn ones.
    pub(crate) fn new_run(&self) -> Result<String, EngineError> {
        let mut drawn = [0; 4];
        getrandom::fill(&mut drawn).map_err(|error| EngineError::Local {
            doing: "draw a random number".into(),
            reason: error.to_string(),
            help: "see whether /dev/urandom can be read".into(),
        })?;
        Ok(format!("{}{}", &self.host[..4], hex(&drawn)))
    }

    /// Whether a run's id is one of this owner's.
    pub(crate) fn made(&self, run: &str) -> bool {
        name::is_run_id(run) && run.starts_with(&self.host[..4])
    }

    /// Folders in which a lock may lie, the preferred one first. All of them are looked into, since
    /// one process of a user has a runtime folder and another (cron, sudo) has not.
    fn folders(&self) -> Vec<PathBuf> {
        let name = format!("dlearn-runs-{}", self.uid);
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let mut folders: Vec<PathBuf> = runtime
            .into_iter()
            .chain([PathBuf::from(format!("/run/user/{}", self.uid)), PathBuf::from("/tmp"), std::env::temp_dir()])
            .map(|dir| dir.join(&name))
            .collect();
        let mut seen = BTreeSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        folders
    }
}

/// The lock of a run of this process, held until it is dropped.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
    path: PathBuf,
    noted: BTreeSet<String>,
}

impl RunLock {
    /// Makes and locks the file of a new run.
    pub(crate) fn take(owner: &Owner, run: &str) -> Result<Self, EngineError> {
        let mut last = None;
        for folder in owner.folders() {
            match take_in(&folder, owner.uid, run) {
                Ok((file, path)) => {
                    forget_old(&folder);
                    return Ok(Self { file, path, noted: BTreeSet::new() });
                }
                Err(error) => last = Some((folder, error)),
            }
        }
        let (folder, error) = last.unwrap_or_else(|| (PathBuf::new(), io::ErrorKind::NotFound.into()));
        Err(EngineError::Local {
            doing: format!("make a lock file in {}", folder.display()),
            reason: error.to_string(),
            help: "see whether the temporary folder can be written to".into(),
        })
    }

    /// Notes images that are not ours to remove, whatever name of ours they get.
    pub(crate) fn keep<'a>(&mut self, ids: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        self.note("", ids)
    }

    /// Notes images that builds of this run made: untagged ones below a tag of ours go with it.
    pub(crate) fn made<'a>(&mut self, ids: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        self.note(MADE, ids)
    }

    fn note<'a>(&mut self, mark: &str, ids: impl IntoIterator<Item = &'a String>) -> io::Result<()> {
        let mut text = String::new();
        for id in ids {
            if self.noted.insert(format!("{mark}{id}")) {
                text.push_str(mark);
                text.push_str(id);
                text.push('\n');
            }
        }
        if text.is_empty() { Ok(()) } else { self.file.write_all(text.as_bytes()) }
    }

    /// Removes the file: everything of the run is gone.
    pub(crate) fn remove(&self) {
        // A file that stays is harmless: it is unlocked soon, and found again by `leftovers`.
        let _ = fs::remove_file(&self.path);
    }
}

fn take_in(folder: &Path, uid: u32, run: &str) -> io::Result<(File, PathBuf)> {
    fs::DirBuilder::new().mode(0o700).create(folder).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    })?;
    // In a folder that everybody may write to, somebody else may have made it first.
    let meta = fs::symlink_metadata(folder)?;
    if !meta.is_dir() || meta.uid() != uid || meta.mode() & 0o022 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder belongs to somebody else"));
    }
    // It gets its name when it is locked: unlocked, another process would take the run for one that has ended, hold the
    // lock while it cleans up, and let this one wait.
    let (begun, path) = (folder.join(format!("{run}.new")), folder.join(format!("{run}.lock")));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&begun)?;
    // A link, and no new name for it: that would replace another run's file.
    let named = file.lock().and_then(|()| fs::hard_link(&begun, &path));
    fs::remove_file(&begun)?;
    named?;
    Ok((file, path))
}

/// Removes the files of runs that ended long ago. What such a run may have left behind is still known by its
/// label and its name; only its images then lose no more than their tag.
fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().take(MOST_FILES) {
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > OLD)
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What a run's lock file tells.
#[derive(Debug)]
pub(crate) enum RunState {
    /// A process holds its lock.
    Alive,
    /// It ended without cleaning up. With the file's lock, and the images that are not ours to remove.
    Ended(EndedRun),
    /// There is no such file: it ended long ago (the folder was emptied since), or ran elsewhere.
    Unknown,
}

/// The lock file of a run that ended, locked by us so that nobody else cleans up at the same time.
#[derive(Debug)]
pub(crate) struct EndedRun {
    path: PathBuf,
    _lock: File,
    /// Images that must survive.
    pub(crate) kept: BTreeSet<String>,
    /// Images that builds of the run made.
    pub(crate) made: BTreeSet<String>,
}

impl EndedRun {
    /// Removes the file.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Runs of this user that ended without cleaning up, each with the images that it made, where it made any.
pub(crate) fn ended_with_images(owner: &Owner) -> Vec<(String, BTreeSet<String>)> {
    let entries = owner.folders().into_iter().filter_map(|folder| fs::read_dir(folder).ok());
    let entries = entries.flat_map(|entries| entries.flatten().take(MOST_FILES));
    let runs: BTreeSet<String> =
        entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".lock")?.to_owned())).collect();
    let ended = runs.into_iter().filter_map(|run| match state_of(owner, &run) {
        RunState::Ended(ended) if !ended.made.is_empty() => Some((run, ended.made)),
        _ => None,
    });
    ended.collect()
}

/// Looks a run's lock file up.
pub(crate) fn state_of(owner: &Owner, run: &str) -> RunState {
    if !name::is_run_id(run) {
        return RunState::Unknown;
    }
    for folder in owner.folders() {
        let path = folder.join(format!("{run}.lock"));
        let Ok(mut file) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return RunState::Alive,
            // Where locks cannot be had, nothing is known of the run: leave its things alone.
            Err(TryLockError::Error(_)) => return RunState::Alive,
        }
        let mut text = String::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| (&file).take(LARGEST_JOURNAL).read_to_string(&mut text));
        if read.is_err() {
            return RunState::Alive;
        }
        let made = text.lines().filter_map(|line| line.strip_prefix(MADE)).map(str::to_owned).collect();
        let kept = text.lines().filter(|line| !line.starts_with(MADE)).map(str::to_owned).collect();
        return RunState::Ended(EndedRun { path, _lock: file, kept, made });
    }
    RunState::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_alive_while_its_lock_is_held_and_its_journal_outlives_it() {
        let owner = Owner::here().unwrap();
        let run = owner.new_run().unwrap();
        assert!(owner.made(&run));
        assert!(matches!(state_of(&owner, &run), RunState::Unknown));
        let mut lock = RunLock::take(&owner, &run).unwrap();
        lock.keep(&["sha256:a".to_owned(), "sha256:b".to_owned()]).unwrap();
        lock.made(&["sha256:c".to_owned()]).unwrap();
        assert!(matches!(state_of(&owner, &run), RunState::Alive));
        drop(lock);
        let RunState::Ended(ended) = state_of(&owner, &run) else { panic!("the lock is free") };
        assert_eq!((ended.kept.len(), ended.made.len()), (2, 1));
        ended.remove();
        assert!(matches!(state_of(&owner, &run), RunState::Unknown));
    }

    #[test]
    fn a_run_that_begins_is_not_taken_for_one_that_has_ended() {
        let owner = Owner::here().unwrap();
        let runs: Vec<String> = (0..200).map(|_| owner.new_run().unwrap()).collect();
        let begun = std::sync::atomic::AtomicBool::new(false);
        let locks: Vec<RunLock> = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !begun.load(std::sync::atomic::Ordering::Relaxed) {
                    let ended = runs.iter().find(|run| matches!(state_of(&owner, run), RunState::Ended(_)));
                    assert_eq!(ended, None);
                }
            });
            let locks = runs.iter().map(|run| RunLock::take(&owner, run).unwrap()).collect();
            begun.store(true, std::sync::atomic::Ordering::Relaxed);
            locks
        });
        locks.iter().for_each(RunLock::remove);
    }

    #[test]
    fn files_of_runs_that_ended_long_ago_go_and_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str, old: bool| {
            let file = File::create(dir.path().join(name)).unwrap();
            if old {
                file.set_modified(std::time::SystemTime::now() - 2 * OLD).unwrap();
            }
            file
        };
        let alive = make("alive.lock", true);
        alive.lock().unwrap();
        drop((make("old.lock", true), make("new.lock", false)));
        forget_old(dir.path());
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["alive.lock", "new.lock"]);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("dlearn-runs");
        fs::DirBuilder::new().mode(0o777).create(&folder).unwrap();
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let owner = Owner::here().unwrap();
        assert!(take_in(&folder, owner.uid, "0123456789ab").is_err());
    }
}
