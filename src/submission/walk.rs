//! A folder on the disk, looked through under a submission's rules.
//!
//! Invariants: no link is followed, nothing but regular files is opened, and a file that was exchanged between the
//! look and the opening is not read.

use super::entry::{Limits, PACK_AGAIN, Place, Refused, place};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What lies somewhere in the folder.
#[derive(Debug)]
pub enum Seen {
    /// A folder, before what lies in it.
    Folder(String),
    /// A regular file.
    File {
        /// Its path below the folder.
        name: String,
        /// Where it is.
        path: PathBuf,
        /// It may be run.
        executable: bool,
        /// What it was when it was seen.
        meta: Metadata,
    },
    /// Something that steers other programs (`.git`): it is not looked into.
    LeftOut(String),
    /// Something that no submission holds.
    Odd(Refused),
}

/// Looks through `root`, in the order of names. What `visit` answers with an error ends it.
///
/// # Errors
/// What `visit` says, or that a folder cannot be read.
pub fn walk(root: &Path, limits: &Limits, visit: &mut dyn FnMut(Seen) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut folders = vec![(root.to_owned(), Vec::new())];
    while let Some((folder, below)) = folders.pop() {
        let wrong = |error: io::Error| Refused::of(&below, format!("cannot be read: {error}"), "see who may read it");
        let mut entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(wrong)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut inside = Vec::new();
        for entry in entries {
            let path = entry.path();
            let mut raw: Vec<u8> = below.clone();
            if !raw.is_empty() {
                raw.push(b'/');
            }
            raw.extend_from_slice(entry.file_name().as_bytes());
            match look(&raw, path, limits) {
                Seen::Folder(name) => {
                    inside.push((entry.path(), raw));
                    visit(Seen::Folder(name))?;
                }
                seen => visit(seen)?,
            }
        }
        folders.extend(inside.into_iter().rev());
    }
    Ok(())
}

/// What lies at a path.
fn look(raw: &[u8], path: PathBuf, limits: &Limits) -> Seen {
    let name = match place(raw, limits) {
        Ok(Place::At(name)) => name,
        Ok(Place::Top | Place::LeftOut) => return Seen::LeftOut(super::shown(raw)),
        Err(refused) => return Seen::Odd(refused),
    };
    let odd = |why: &str| Seen::Odd(Refused::of(raw, why, PACK_AGAIN));
    match fs::symlink_metadata(&path) {
        Ok(meta) if meta.is_dir() => Seen::Folder(name),
        Ok(meta) if meta.is_file() => {
            let executable = meta.permissions().mode() & 0o111 != 0;
            Seen::File { name, path, executable, meta }
        }
        Ok(meta) if meta.is_symlink() => odd(LINK),
        Ok(_) => odd(SPECIAL),
        Err(error) => odd(&format!("cannot be looked at: {error}")),
    }
}

/// Why a link is no part of a submission.
pub const LINK: &str = "is a link, and a submission holds none";
/// Why a pipe or device is no part of a submission.
pub const SPECIAL: &str = "is neither a file nor a folder";

/// Opens a file that was seen.
///
/// # Errors
/// Where it cannot be read, or is no longer what it was.
pub fn open(name: &str, path: &Path, meta: &Metadata) -> Result<File, Refused> {
    let wrong =
        |error: io::Error| Refused::of(name.as_bytes(), format!("cannot be read: {error}"), "see who may read it");
    let file = File::open(path).map_err(wrong)?;
    let now = file.metadata().map_err(wrong)?;
    match (now.dev(), now.ino()) == (meta.dev(), meta.ino()) {
        true => Ok(file),
        false => Err(Refused::of(name.as_bytes(), "changed while it was read", "try again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn files_come_in_order_and_what_is_no_file_is_odd() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("E01/.git")).unwrap();
        fs::write(dir.path().join("E01/.git/config"), "x").unwrap();
        fs::write(dir.path().join("E01/b"), "b").unwrap();
        fs::write(dir.path().join("E01/a"), "a").unwrap();
        symlink("/etc", dir.path().join("E01/link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("E01/socket")).unwrap();
        let mut names = Vec::new();
        let (mut odd, mut left_out) = (Vec::new(), Vec::new());
        let visit = &mut |seen| {
            match seen {
                Seen::Folder(name) => names.push(format!("{name}/")),
                Seen::File { name, path, meta, .. } => {
                    open(&name, &path, &meta).unwrap();
                    names.push(name);
                }
                Seen::LeftOut(name) => left_out.push(name),
                Seen::Odd(refused) => odd.push(refused.what),
            }
            Ok(())
        };
        walk(dir.path(), &Limits::default(), visit).unwrap();
        assert_eq!(names, ["E01/", "E01/a", "E01/b"]);
        assert_eq!(left_out, ["E01/.git"]);
        assert_eq!(odd.len(), 2, "{odd:?}");
        assert!(odd[0].contains("E01/link") && odd[1].contains("E01/socket"), "{odd:?}");
    }

    #[test]
    fn a_file_that_was_exchanged_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, "a").unwrap();
        let meta = fs::symlink_metadata(&path).unwrap();
        fs::write(dir.path().join("b"), "b").unwrap();
        fs::rename(dir.path().join("b"), &path).unwrap();
        assert!(open("a", &path, &meta).is_err());
    }
}
