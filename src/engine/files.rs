//! [`crate::evidence::Need::WorkspaceFile`] and the workspace as a build context.
//!
//! Invariant: nothing outside the workspace is ever read, whatever links lie in it.

use crate::course::FileSet;
use crate::evidence::{Answer, BuildPlan, Fact, Source, TextFacts, Unavailable};
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Most bytes of a workspace file that are read.
const LARGEST_TEXT: u64 = 256 * 1024;
/// Most bytes of a build context.
const LARGEST_CONTEXT: u64 = 512 * 1024 * 1024;
/// Most files of a build context.
const MOST_FILES: usize = 50_000;

/// `relative` below `root`, if no part of it leads elsewhere: not absolute, no `..`, no link.
pub(crate) fn below(root: &Path, relative: &str) -> io::Result<PathBuf> {
    let outside = || io::Error::new(io::ErrorKind::InvalidInput, format!("{relative} is not a path of the workspace"));
    let mut path = root.to_owned();
    for part in Path::new(relative).components() {
        match part {
            Component::CurDir => continue,
            Component::Normal(name) => path.push(name),
            _ => return Err(outside()),
        }
        if fs::symlink_metadata(&path)?.is_symlink() {
            return Err(outside());
        }
    }
    Ok(path)
}

/// Reads a text file of the workspace.
pub(crate) fn text(root: &Path, relative: &str) -> Answer {
    let read = || -> io::Result<Option<TextFacts>> {
        let path = below(root, relative)?;
        // Asked before opening: opening a FIFO would wait for ever.
        if !fs::symlink_metadata(&path)?.is_file() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        fs::File::open(&path)?.take(LARGEST_TEXT + 1).read_to_end(&mut bytes)?;
        let truncated = bytes.len() as u64 > LARGEST_TEXT;
        bytes.truncate(LARGEST_TEXT as usize);
        Ok(Some(TextFacts { text: String::from_utf8_lossy(&bytes).into_owned(), truncated }))
    };
    match read() {
        Ok(Some(facts)) => Answer::Found(Fact::Text(facts)),
        Ok(None) => Answer::Absent,
        Err(error) if is_absent(&error) => Answer::Absent,
        Err(error) => Answer::Unavailable(Unavailable::new(
            format!("{relative} in the workspace cannot be read: {error}"),
            "see who may read the file",
        )),
    }
}

/// What a plan's build context comes to.
pub(crate) enum Context {
    /// Its archive.
    Packed(Vec<u8>),
    /// There is none, or it holds no such Dockerfile; in the docker command's words.
    Refused(String),
}

/// Packs a plan's build context.
///
/// The Dockerfile is looked for here and not by the engine: BuildKit takes an archive without any entry
/// for the Dockerfile itself, and then complains of an unknown instruction.
pub(crate) fn context_of(workspace: &Path, starter: &FileSet, plan: &BuildPlan) -> io::Result<Context> {
    let missing = || Context::Refused(format!("failed to read dockerfile: open {}: no such file", plan.dockerfile));
    let files = match &plan.source {
        Source::Workspace => {
            let root = match below(workspace, &plan.context).and_then(|root| fs::read_dir(&root).map(|_| root)) {
                Ok(root) => root,
                Err(error) if is_absent(&error) => {
                    return Ok(Context::Refused(format!(
                        "unable to prepare context: path {:?} not found",
                        plan.context
                    )));
                }
                Err(error) => return Err(error),
            };
            if fs::symlink_metadata(root.join(&plan.dockerfile)).is_err() {
                return Ok(missing());
            }
            return context_tar(&root, &plan.dockerfile).map(Context::Packed);
        }
        Source::Starter => part_of(starter, &plan.context),
        Source::Inline(dockerfile) => FileSet::from([(plan.dockerfile.clone(), dockerfile.clone().into_bytes())]),
    };
    if !files.contains_key(plan.dockerfile.trim_start_matches("./")) {
        return Ok(missing());
    }
    super::tarball::of_files(&files).map(Context::Packed)
}

/// Whether a path does not exist, or is none of the workspace's.
fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | InvalidInput | NotADirectory)
}

/// The files below `folder`, named relative to it.
fn part_of(files: &FileSet, folder: &str) -> FileSet {
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    if folder.is_empty() || folder == "." {
        return files.clone();
    }
    let prefix = format!("{folder}/");
    let inside = files.iter().filter_map(|(path, content)| Some((path.strip_prefix(&prefix)?, content)));
    inside.map(|(path, content)| (path.to_owned(), content.clone())).collect()
}

/// The archive of a folder, as the docker command would send it.
fn context_tar(root: &Path, _dockerfile: &str) -> io::Result<Vec<u8>> {
    let mut files = FileSet::new();
    let mut size = 0;
    walk(root, "", &mut files, &mut size)?;
    super::tarball::of_files(&files)
}

fn walk(root: &Path, folder: &str, files: &mut FileSet, size: &mut u64) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, files, size)?;
        } else if kind.is_file() {
            *size += entry.metadata()?.len();
            if *size > LARGEST_CONTEXT || files.len() >= MOST_FILES {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the build context is too large"));
            }
            files.insert(path, fs::read(entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_not_followed_and_parents_are_not_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "text").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("folder")).unwrap();
        assert!(matches!(text(dir.path(), "./a"), Answer::Found(Fact::Text(facts)) if facts.text == "text"));
        for bad in ["link", "folder/passwd", "../x", "/etc/passwd", "gone", "."] {
            assert_eq!(text(dir.path(), bad), Answer::Absent, "{bad}");
        }
    }

    #[test]
    fn a_large_file_is_read_in_part() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), vec![b'x'; LARGEST_TEXT as usize + 1]).unwrap();
        let Answer::Found(Fact::Text(facts)) = text(dir.path(), "a") else { panic!("it exists") };
        assert!(facts.truncated && facts.text.len() as u64 == LARGEST_TEXT);
    }

    #[test]
    fn a_context_may_be_a_part_of_the_starter() {
        let files = FileSet::from([("app/x".into(), vec![1]), ("other".into(), vec![2])]);
        assert_eq!(part_of(&files, "./app"), FileSet::from([("x".into(), vec![1])]));
        assert_eq!(part_of(&files, "."), files);
    }
}
