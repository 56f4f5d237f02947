//! The few ways in which the learner's folder is touched: look without following links, write a
//! whole file at once, create a folder.
//!
//! Invariants: nothing is ever written through a symbolic link below the course folder; a file is
//! either the old or the new one, whenever the process or the machine stops; temporary files lie in
//! `.dlearn` only, so that no build context and no file watcher sees them.

use super::LearnerError;
use sha2::{Digest, Sha256};
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

/// Temporary files in `.dlearn` begin with this.
const TEMPORARY: &str = ".tmp-";

/// What lies at a path; a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    Nothing,
    /// A regular file of so many bytes.
    File(u64),
    Folder,
    Link,
    /// A socket, pipe or device.
    Other,
}

/// Looks at `path` itself.
pub(super) fn look(path: &Path) -> Result<Lies, LearnerError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => Ok(Lies::Link),
        Ok(meta) if meta.is_dir() => Ok(Lies::Folder),
        Ok(meta) if meta.is_file() => Ok(Lies::File(meta.len())),
        Ok(_) => Ok(Lies::Other),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Lies::Nothing),
        Err(error) => Err(LearnerError::io("look at", path, error)),
    }
}

/// The content of a regular file of at most `limit` bytes; none where nothing is there.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, LearnerError> {
    match look(path)? {
        Lies::Nothing => Ok(None),
        Lies::File(size) if size <= limit => {
            let file = fs::File::open(path).map_err(|error| LearnerError::io("read", path, error))?;
            let mut content = Vec::new();
            // The file may grow between the look and the read.
            file.take(limit).read_to_end(&mut content).map_err(|error| LearnerError::io("read", path, error))?;
            Ok(Some(content))
        }
        Lies::Link => Err(LearnerError::Link { path: path.to_owned() }),
        _ => Err(LearnerError::NotAFile { path: path.to_owned() }),
    }
}

/// SHA-256 of `content`, in lower-case hex.
pub(super) fn sha256(content: &[u8]) -> String {
    crate::hex::hex(&Sha256::digest(content))
}

/// Writes `content` to `path` as a whole: a new file in `staging`, its content on the disk, then its
/// name. What lay at `path` is replaced, a link itself and not what it points to.
pub(super) fn write(staging: &Path, path: &Path, content: &[u8], mode: u32) -> Result<(), LearnerError> {
    match stage(staging, path, content, mode) {
        // A folder inside the course folder may be a mount of its own.
        Err(LearnerError::Io { source, .. }) if source.kind() == ErrorKind::CrossesDevices => {
            stage(path.parent().unwrap_or(staging), path, content, mode)?;
        }
        other => other?,
    }
    path.parent().map_or(Ok(()), sync)
}

fn stage(staging: &Path, path: &Path, content: &[u8], mode: u32) -> Result<(), LearnerError> {
    let write = |error: std::io::Error| LearnerError::io("write", path, error);
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(staging).map_err(|error| {
        // tempfile's own wrapping hides the kind behind a longer text.
        write(error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error))
    })?;
    file.write_all(content).map_err(write)?;
    // Exactly this mode, whatever the umask: the mode is part of what a build copies into an image.
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(write)?;
    file.as_file().sync_all().map_err(write)?;
    file.persist(path).map_err(|refused| write(refused.error))?;
    Ok(())
}

/// Makes a folder's entries durable.
fn sync(folder: &Path) -> Result<(), LearnerError> {
    let synced = fs::File::open(folder).and_then(|file| file.sync_all());
    match synced {
        // Some file systems have no such operation for folders.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        other => other.map_err(|error| LearnerError::io("write", folder, error)),
    }
}

/// Removes temporary files that a killed process left in `staging`.
pub(super) fn sweep(staging: &Path) {
    let Ok(entries) = fs::read_dir(staging) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            // A file that stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Creates the folder `path` with `mode` where there is none; its parent must be there.
pub(super) fn folder(path: &Path, mode: u32) -> Result<(), LearnerError> {
    match look(path)? {
        Lies::Folder => Ok(()),
        Lies::Link => Err(LearnerError::Link { path: path.to_owned() }),
        Lies::File(_) | Lies::Other => Err(LearnerError::NotAFolder { path: path.to_owned() }),
        Lies::Nothing => {
            let create = |error: std::io::Error| LearnerError::io("create", path, error);
            match fs::DirBuilder::new().mode(mode).create(path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return folder(path, mode),
                other => other.map_err(create)?,
            }
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(create)
        }
    }
}

/// Creates every folder of `relative` below `root`, none of them through a link.
pub(super) fn folders(root: &Path, relative: &Path) -> Result<(), LearnerError> {
    let mut path = root.to_owned();
    for part in relative.components() {
        path.push(part);
        folder(&path, 0o755)?;
    }
    Ok(())
}

/// Whether every folder above `relative` (below `root`) is a real one: none where a file can be
/// reached or created, else what is in the way.
pub(super) fn in_the_way(root: &Path, relative: &Path) -> Result<Option<Lies>, LearnerError> {
    let mut path = root.to_owned();
    for part in relative.parent().into_iter().flat_map(Path::components) {
        path.push(part);
        match look(&path)? {
            Lies::Folder => {}
            Lies::Nothing => return Ok(None),
            other => return Ok(Some(other)),
        }
    }
    Ok(None)
}

/// A course file's path below its folder: relative, of ordinary parts only.
pub(super) fn relative(name: &str) -> Option<PathBuf> {
    let fine = name.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.contains('\0'));
    let path = PathBuf::from(name);
    (fine && path.components().all(|part| matches!(part, Component::Normal(_)))).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ordinary_relative_paths_are_accepted() {
        for fine in ["Dockerfile", "src/app.py", ".dockerignore", "..data/x", "a b/ü"] {
            assert_eq!(relative(fine), Some(PathBuf::from(fine)), "{fine}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a/", "a\0b", "."] {
            assert_eq!(relative(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_link_is_replaced_and_never_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        fs::write(&outside, "mine").unwrap();
        let path = dir.path().join("file");
        std::os::unix::fs::symlink(&outside, &path).unwrap();
        write(dir.path(), &path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&outside).unwrap(), b"mine");
        assert_eq!(look(&path).unwrap(), Lies::File(3));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_pipe_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(matches!(read(&path, 10), Err(LearnerError::NotAFile { .. })));
    }
}
