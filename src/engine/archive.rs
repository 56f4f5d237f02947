//! [`crate::evidence::Need::Archive`]: an image archive in the workspace.
//!
//! Invariants: the file is hostile. It is streamed, its bytes are bounded before and after decompression, paths in it
//! are neither kept nor followed, and a link is not read, wherever it leads.

use super::files;
use super::name;
use crate::evidence::{Answer, ArchiveFacts, ArchivedImage, Fact, Unavailable};
use crate::layers::{ScanError, ScanOptions, scan};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Bytes of one block of a tar archive. What is shorter is none, nor one that was compressed and holds an image.
const SMALLEST: u64 = 512;
/// Most bytes that are read of an archive, compressed ones counted before and after.
const LARGEST: u64 = 8 << 30;
/// Most names of an image.
const MOST_NAMES: usize = 50;
/// Longest name; a reference has at most 255 characters, and a tag 128.
const LONGEST_NAME: usize = 400;

/// What the file is, read on a thread of its own. `image` is the one that is meant, where it holds several.
pub(super) async fn of_workspace(root: &Path, relative: &str, image: &str) -> Answer {
    let (root, relative_, image) = (root.to_owned(), relative.to_owned(), image.to_owned());
    let read = move || read(&root, &relative_, &image);
    match tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(Some(facts)) => Answer::Found(Fact::Archive(facts)),
        Ok(None) => Answer::Absent,
        Err(error) => Answer::Unavailable(Unavailable::new(
            format!("{relative} in the workspace cannot be read: {error}"),
            "see who may read the file",
        )),
    }
}

fn read(root: &Path, relative: &str, image: &str) -> io::Result<Option<ArchiveFacts>> {
    let other = |what: &str, help: &str| Ok(Some(ArchiveFacts::Other { what: what.into(), help: help.into() }));
    let path = match files::below(root, relative) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return other("it is a link, or lies behind one", "Put the archive itself into this folder.");
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    // Asked before opening: opening a FIFO would wait for ever.
    let meta = fs::symlink_metadata(&path)?;
    if !meta.is_file() {
        return other("it is no regular file", "Write the archive to a file.");
    }
    if meta.len() < SMALLEST {
        let what = format!("this is not an image archive: it has only {} bytes", meta.len());
        return other(&what, "Give an archive that `docker save IMAGE` wrote.");
    }
    // No paths are wanted, so none are remembered.
    let options = ScanOptions {
        skip: usize::MAX,
        max_entries: 0,
        max_bytes: LARGEST,
        image: Some(image.to_owned()),
        ..ScanOptions::default()
    };
    match scan(File::open(&path)?, &options) {
        Ok(scan) => Ok(Some(ArchiveFacts::Image(ArchivedImage {
            names: scan
                .repo_tags
                .iter()
                .take(MOST_NAMES)
                .map(|tag| name::normalise(tag).chars().take(LONGEST_NAME).collect())
                .collect(),
            layers: scan.config.diff_ids,
            config: scan.config.container,
        }))),
        Err(ScanError::Read(error)) => Err(error),
        Err(ScanError::ContainerFiles) => Ok(Some(ArchiveFacts::ContainerFiles)),
        Err(error) => other(&error.to_string(), error.help()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(root: &Path, name: &str) -> Option<ArchiveFacts> {
        read(root, name, "a:v1").unwrap()
    }

    #[test]
    fn links_folders_and_what_is_no_archive_are_told_and_nothing_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("empty"), "").unwrap();
        fs::write(dir.path().join("text"), "docker save -o bundle.tar\n".repeat(100)).unwrap();
        fs::create_dir(dir.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("text", dir.path().join("link")).unwrap();
        assert_eq!(facts(dir.path(), "none.tar"), None);
        for (name, part) in [
            ("empty", "only 0 bytes"),
            ("text", "not an image archive"),
            ("folder", "no regular file"),
            ("link", "a link"),
            ("../x", "a link"),
        ] {
            let Some(ArchiveFacts::Other { what, .. }) = facts(dir.path(), name) else { panic!("{name}") };
            assert!(what.contains(part), "{name}: {what}");
        }
    }

    #[test]
    fn the_files_of_a_container_are_told_from_an_image() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = tar::Builder::new(File::create(dir.path().join("export.tar")).unwrap());
        let mut add = |name: &str, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, content).unwrap();
        };
        for name in [".dockerenv", "bin/sh", "dev/console", "etc/hosts"] {
            add(name, b"");
        }
        drop(archive);
        assert_eq!(facts(dir.path(), "export.tar"), Some(ArchiveFacts::ContainerFiles));
    }
}
