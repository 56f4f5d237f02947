//! The archive that `dlearn submit` writes.
//!
//! Invariant: the same files give the same bytes: the order is that of names, times are zero, owners are root, modes
//! are 0644 or 0755.

use super::entry::{Limits, Refused, Tally};
use super::manifest::{MANIFEST, Manifest};
use super::walk::{self, Seen};
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::Path;

/// A file on its way into a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its content.
    pub content: Vec<u8>,
    /// It may be run.
    pub executable: bool,
}

/// What was gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// By path in the submission.
    pub files: BTreeMap<String, Packed>,
    /// What was left out, and why: whole sentences.
    pub left_out: Vec<String>,
}

impl Gathered {
    /// Adds the files of a folder under a name.
    ///
    /// # Errors
    /// Where it cannot be read, or is more than a grader takes.
    pub fn add(&mut self, folder: &Path, name: &str, tally: &mut Tally, limits: &Limits) -> Result<(), Refused> {
        let mut found = Vec::new();
        let left_out = &mut self.left_out;
        walk::walk(folder, limits, &mut |seen| {
            match seen {
                // An earlier submission is no part of this one.
                Seen::File { name, .. } if is_submission(&name) => left_out.push(format!("`{name}` is a submission")),
                Seen::File { name, path, executable, meta } => {
                    let content = content(&name, &path, &meta, limits.file + 1, tally)?;
                    found.push((name, Packed { content, executable }));
                }
                Seen::LeftOut(name) => left_out.push(format!("`{name}` belongs to another program")),
                Seen::Odd(refused) => left_out.push(refused.what),
                Seen::Folder(_) => {}
            }
            Ok(())
        })?;
        self.files.extend(found.into_iter().map(|(path, packed)| (format!("{name}/{path}"), packed)));
        Ok(())
    }
}

impl Gathered {
    /// Adds one file at the top, if it is there: a regular one of at most `largest` bytes.
    ///
    /// # Errors
    /// Where it cannot be read, or the submission would be more than a grader takes.
    pub fn add_file(&mut self, path: &Path, name: &str, largest: u64, tally: &mut Tally) -> Result<(), Refused> {
        let Ok(meta) = std::fs::symlink_metadata(path) else { return Ok(()) };
        if !meta.is_file() || meta.len() > largest {
            self.left_out.push(format!("`{name}` is no file of at most {} KiB", largest >> 10));
            return Ok(());
        }
        let content = content(name, path, &meta, largest, tally)?;
        self.files.insert(name.to_owned(), Packed { content, executable: false });
        Ok(())
    }
}

/// The first bytes of a file, at most `most`, counted as part of a submission.
fn content(name: &str, path: &Path, meta: &Metadata, most: u64, tally: &mut Tally) -> Result<Vec<u8>, Refused> {
    let wrong =
        |error: io::Error| Refused::of(name.as_bytes(), format!("cannot be read: {error}"), "see who may read it");
    tally.entry()?;
    let mut content = Vec::new();
    walk::open(name, path, meta)?.take(most).read_to_end(&mut content).map_err(wrong)?;
    tally.bytes(name.as_bytes(), 0, content.len() as u64)?;
    Ok(content)
}

fn is_submission(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("dlearn-submission") && name.ends_with(".tar.gz")
}

/// The archive: the manifest first, then the files.
///
/// # Errors
/// Where a path is longer than an archive can hold.
pub fn pack(manifest: &Manifest, files: &BTreeMap<String, Packed>) -> io::Result<Vec<u8>> {
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    let mut text = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
    text.push(b'\n');
    append(&mut archive, MANIFEST, &text, false)?;
    for (path, packed) in files {
        append(&mut archive, path, &packed.content, packed.executable)?;
    }
    archive.into_inner()?.finish()
}

fn append(archive: &mut tar::Builder<impl io::Write>, path: &str, content: &[u8], executable: bool) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(if executable { 0o755 } else { 0o644 });
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn manifest() -> Manifest {
        Manifest {
            schema: super::super::manifest::SCHEMA.into(),
            dlearn: "0".into(),
            course: "c".into(),
            learner: None,
            registry: None,
            exercises: Vec::new(),
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes_whenever_they_were_written() {
        let pack_of = || {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("b"), "2").unwrap();
            fs::write(dir.path().join("a"), "#!1").unwrap();
            let mut gathered = Gathered::default();
            let limits = Limits::default();
            gathered.add(dir.path(), "E01-x", &mut Tally::new(limits), &limits).unwrap();
            pack(&manifest(), &gathered.files).unwrap()
        };
        assert_eq!(pack_of(), pack_of());
    }

    #[test]
    fn links_other_programs_files_and_earlier_submissions_stay_out_and_are_told() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join(".git/config"), "secret").unwrap();
        fs::write(dir.path().join("Dockerfile"), "FROM scratch").unwrap();
        fs::write(dir.path().join("dlearn-submission-ada.tar.gz"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let mut gathered = Gathered::default();
        let limits = Limits::default();
        gathered.add(dir.path(), "E01-x", &mut Tally::new(limits), &limits).unwrap();
        assert_eq!(gathered.files.keys().collect::<Vec<_>>(), ["E01-x/Dockerfile"]);
        assert_eq!(gathered.left_out.len(), 3, "{:?}", gathered.left_out);
    }

    #[test]
    fn too_much_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("big"), vec![0; 100]).unwrap();
        let limits = Limits { file: 50, ..Limits::default() };
        let error = Gathered::default().add(dir.path(), "E01-x", &mut Tally::new(limits), &limits).unwrap_err();
        assert!(error.what.contains("big"), "{error}");
    }
}
