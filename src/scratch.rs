//! Folders for a while, which go when they are dropped; and those of processes that were killed, which the next one removes.
//!
//! Whoever uses a folder holds a lock on it (flock(2)), which ends with the process, however it ends. It gets its name,
//! by which others look for it, when it is locked already.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What their names begin with. Others begin so, too; they are left alone, unless they are this user's and nobody's.
const PREFIX: &str = "dlearn-scratch-";

/// A folder that only this user may enter, in the system's folder for temporary files.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Held as long as the folder is in use.
    _lock: File,
}

impl Scratch {
    /// Makes one.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn new() -> io::Result<Self> {
        let private = Permissions::from_mode(0o700);
        let unnamed = tempfile::Builder::new().prefix(".dlearn-").permissions(private).tempdir()?;
        let lock = File::open(unnamed.path())?;
        lock.lock()?;
        let name = unnamed.path().file_name().unwrap_or_default().to_string_lossy().replacen(".dlearn-", PREFIX, 1);
        let path = unnamed.path().with_file_name(name);
        fs::rename(unnamed.path(), &path)?;
        // It is not there any more under that name.
        let _ = unnamed.keep();
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = remove(&self.path);
    }
}

/// Removes the folders of this user's processes that were killed: how many.
pub fn remove_left() -> usize {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    let ours =
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)).map(|entry| entry.path());
    ours.filter(|path| is_left(path) && remove(path).is_ok()).count()
}

/// Removes a folder. What was unpacked in it may keep its own owner out, who can change that.
fn remove(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder).or_else(|_| {
        open_up(folder)?;
        fs::remove_dir_all(folder)
    })
}

/// Lets this user into every folder below, and change what is in it. Never through a link.
fn open_up(folder: &Path) -> io::Result<()> {
    let mode = fs::symlink_metadata(folder)?.mode();
    fs::set_permissions(folder, Permissions::from_mode((mode & 0o7777) | 0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether it is a folder of this user's that nobody holds.
fn is_left(path: &Path) -> bool {
    let is_ours =
        fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && meta.uid() == rustix::process::getuid().as_raw());
    is_ours && File::open(path).is_ok_and(|folder| folder.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_owner_and_nobody_else_takes_it() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        fs::write(path.join("file"), "x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(!is_left(&path), "it is in use");
        drop(scratch);
        assert!(!path.exists());
    }

    /// Root removes it in any case, and sees the walk's work on the modes only.
    #[test]
    fn a_folder_that_keeps_its_owner_out_goes_too() {
        let outside = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let set = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        let (upper, lower) = (path.join("upper"), path.join("upper/lower"));
        fs::create_dir_all(&lower).unwrap();
        fs::write(lower.join("file"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), upper.join("link")).unwrap();
        set(outside.path(), 0o555);
        let close = || {
            set(&lower, 0o000);
            set(&upper, 0o555);
        };
        close();
        open_up(&path).unwrap();
        assert_eq!((mode(&upper), mode(&lower), mode(outside.path())), (0o755, 0o700, 0o555));
        close();
        drop(scratch);
        assert!(!path.exists());
        assert!(outside.path().exists());
    }

    #[test]
    fn what_nobody_holds_is_left_and_a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        assert!(is_left(dir.path()));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(!is_left(&link));
        fs::write(dir.path().join("file"), "x").unwrap();
        assert!(!is_left(&dir.path().join("file")));
    }
}
