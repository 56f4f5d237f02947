//! Build contexts as archives.
//!
//! Invariant: the same files give the same bytes (owner 0, time 0, sorted), so that a rebuild of the
//! same context is a cached one.

use crate::course::{FileSet, mode_of};
use std::io;

/// An archive of files that are in memory. Scripts (`#!`) are executable, as when they are written out.
pub(crate) fn of_files(files: &FileSet) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut made = std::collections::BTreeSet::new();
    for (path, content) in files {
        for (slash, _) in path.match_indices('/') {
            let folder = &path[..slash];
            if made.insert(folder.to_owned()) {
                append(&mut archive, &format!("{folder}/"), tar::EntryType::Directory, 0o755, &[])?;
            }
        }
        append(&mut archive, path, tar::EntryType::Regular, mode_of(content), content)?;
    }
    archive.into_inner()
}

fn append(
    archive: &mut tar::Builder<Vec<u8>>,
    path: &str,
    kind: tar::EntryType,
    mode: u32,
    content: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn scripts_are_executable_and_folders_come_first() {
        let files = FileSet::from([
            ("bin/run.sh".to_owned(), b"#!/bin/sh\n".to_vec()),
            ("Dockerfile".to_owned(), b"FROM scratch\n".to_vec()),
        ]);
        let bytes = of_files(&files).unwrap();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((entry.path().unwrap().display().to_string(), entry.header().mode().unwrap(), text));
        }
        let expected = [
            ("Dockerfile".to_owned(), 0o644, "FROM scratch\n".to_owned()),
            ("bin/".to_owned(), 0o755, String::new()),
            ("bin/run.sh".to_owned(), 0o755, "#!/bin/sh\n".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_path_cannot_leave_the_context() {
        let files = FileSet::from([("../x".to_owned(), Vec::new())]);
        assert!(of_files(&files).is_err());
    }
}
