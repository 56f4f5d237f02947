//! The folder that `dlearn submit --session` writes: a submission as plain files, for a commit and a pull request.
//!
//! Invariants: it holds what the archive would hold; only a folder that is empty, or a session of dlearn's, is written
//! into, and of that only what a session consists of is replaced; links are not followed.

use super::manifest::{MANIFEST, Manifest};
use super::pack::Packed;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Whether something lies there that is replaced.
///
/// # Errors
/// Why it cannot be written, in words that go behind its name.
pub fn may_be_written(folder: &Path) -> Result<bool, String> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.to_string()),
        Ok(meta) if !meta.is_dir() => return Err("is there already, and is no folder".into()),
        Ok(_) => {}
    }
    if fs::symlink_metadata(folder.join(MANIFEST)).is_ok_and(|meta| meta.is_file()) {
        return Ok(true);
    }
    let mut entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    match entries.next() {
        None => Ok(false),
        Some(_) => Err("is there already, and is no session of dlearn's".into()),
    }
}

/// Writes the session: the manifest first, so that a folder that was not finished is known for what it is, and then each
/// folder of an exercise as a whole. Exercises that it held and that are not handed in any more go.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(folder: &Path, manifest: &Manifest, files: &BTreeMap<String, Packed>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let staged = tempfile::Builder::new().prefix(".dlearn-").tempdir_in(folder)?;
    let mut tops: BTreeSet<&str> = BTreeSet::new();
    for (path, packed) in files {
        let file = staged.path().join(path);
        if let Some(above) = file.parent() {
            fs::create_dir_all(above)?;
        }
        fs::write(&file, &packed.content)?;
        fs::set_permissions(&file, Permissions::from_mode(if packed.executable { 0o755 } else { 0o644 }))?;
        tops.insert(path.split('/').next().unwrap_or(path));
    }
    let before = fs::read(folder.join(MANIFEST)).ok().and_then(|bytes| Manifest::read(&bytes).ok());
    let before = before.map(|manifest| manifest.exercises).unwrap_or_default();
    let mut text = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
    text.push(b'\n');
    crate::report::file(&folder.join(MANIFEST), &text)?;
    for claim in before.iter().filter(|claim| is_name(&claim.folder) && !tops.contains(claim.folder.as_str())) {
        remove(&folder.join(&claim.folder))?;
    }
    for top in tops {
        remove(&folder.join(top))?;
        fs::rename(staged.path().join(top), folder.join(top))?;
    }
    Ok(())
}

/// A manifest may be somebody's invention: a name, and no way to another place.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && !text.contains('/')
}

/// Removes a file or a folder, if it is there; of a link, the link.
fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::Claim;

    fn manifest(folders: &[&str]) -> Manifest {
        let claim =
            |folder: &&str| serde_json::from_value(serde_json::json!({"id": folder, "folder": folder})).unwrap();
        let exercises: Vec<Claim> = folders.iter().map(claim).collect();
        let text = serde_json::json!({ "schema": super::super::manifest::SCHEMA, "exercises": exercises });
        serde_json::from_value(text).unwrap()
    }

    fn files(paths: &[&str]) -> BTreeMap<String, Packed> {
        let packed =
            |path: &&str| ((*path).to_owned(), Packed { content: b"x".to_vec(), executable: path.ends_with(".sh") });
        paths.iter().map(packed).collect()
    }

    #[test]
    fn a_session_takes_the_place_of_the_last_one_and_leaves_the_rest_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("submissions/ada");
        assert_eq!(may_be_written(&folder), Ok(false));
        write(&folder, &manifest(&["E01", "E02"]), &files(&["E01/Dockerfile", "E01/run.sh", "E02/old", "SOLUTION.md"]))
            .unwrap();
        assert_eq!(fs::metadata(folder.join("E01/run.sh")).unwrap().permissions().mode() & 0o777, 0o755);
        fs::write(folder.join("notes"), "mine").unwrap();
        std::os::unix::fs::symlink(dir.path(), folder.join("E03")).unwrap();
        assert_eq!(may_be_written(&folder), Ok(true));
        write(&folder, &manifest(&["E01", "E03"]), &files(&["E01/Dockerfile", "E03/new"])).unwrap();
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["E01", "E03", "SOLUTION.md", MANIFEST, "notes"]);
        assert!(!folder.join("E01/run.sh").exists() && dir.path().join("submissions").exists());
        assert!(fs::symlink_metadata(folder.join("E03")).unwrap().is_dir());
    }

    #[test]
    fn what_is_somebody_elses_is_not_written_into_and_a_forged_manifest_leads_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("work"), "mine").unwrap();
        assert!(may_be_written(dir.path()).unwrap_err().contains("no session"));
        assert!(may_be_written(&dir.path().join("work")).unwrap_err().contains("no folder"));
        let folder = dir.path().join("ada");
        write(&folder, &manifest(&["../work", "..", ".git"]), &files(&["E01/a"])).unwrap();
        fs::create_dir(folder.join(".git")).unwrap();
        write(&folder, &manifest(&["E01"]), &files(&["E01/a"])).unwrap();
        assert!(dir.path().join("work").exists() && folder.join(".git").exists());
    }
}
