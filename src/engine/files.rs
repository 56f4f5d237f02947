//! [`crate::evidence::Need::WorkspaceFile`] and the workspace as a build context.
//!
//! Invariant: nothing outside the workspace is ever read, whatever links lie in it.

use super::EngineError;
use crate::context::{self, ContextError, Limits, Packed, TarStyle};
use crate::course::FileSet;
use crate::evidence::{Answer, BuildPlan, Edit, Fact, Source, TextFacts, Unavailable};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Most bytes of a workspace file that are read.
const LARGEST_TEXT: u64 = 256 * 1024;
/// How much of a build context is sent; it lies in memory meanwhile.
const LIMITS: Limits = Limits { files: 50_000, bytes: 512 * 1024 * 1024 };

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

/// The same, where links may lead from one place of the workspace to another: a Dockerfile may be a link,
/// and docker follows it.
fn inside(root: &Path, relative: &str) -> io::Result<PathBuf> {
    let named = |part: Component<'_>| matches!(part, Component::CurDir | Component::Normal(_));
    let (root, path) = (root.canonicalize()?, root.join(relative).canonicalize()?);
    if Path::new(relative).components().all(named) && path.starts_with(root) {
        return Ok(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{relative} leads out of the workspace")))
}

/// Reads a text file of the workspace.
pub(crate) fn text(root: &Path, relative: &str) -> Answer {
    let read = || -> io::Result<Option<TextFacts>> {
        let path = inside(root, relative)?;
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
#[derive(Debug)]
pub(crate) enum Context {
    /// Its archive.
    Packed {
        bytes: Bytes,
        /// The Dockerfile's name in it.
        dockerfile: String,
        /// That is excluded, and in the archive for the builder only.
        only_for_builder: bool,
    },
    /// Docker refuses to build from it: no folder, no Dockerfile, a bad `.dockerignore`.
    Refused(String),
}

/// Packs a plan's build context, after `edits` where it is the workspace.
///
/// The Dockerfile is looked for here and not by the engine: BuildKit takes an archive without any entry
/// for the Dockerfile itself, and then complains of an unknown instruction.
///
/// # Errors
/// Where it cannot be read, or is larger than what is sent.
pub(crate) fn context_of(
    workspace: &Path,
    starter: &FileSet,
    plan: &BuildPlan,
    edits: &BTreeMap<String, Edit>,
    style: TarStyle,
) -> Result<Context, EngineError> {
    match &plan.source {
        Source::Workspace | Source::Fresh(_) | Source::Client => {
            folder(workspace, &plan.context, &plan.dockerfile, edits, style)
        }
        Source::Starter => {
            packed(context::pack_files(&part_of(starter, &plan.context), &plan.dockerfile, style, &LIMITS))
        }
        Source::Inline(dockerfile) => {
            let files = FileSet::from([(plan.dockerfile.clone(), dockerfile.clone().into_bytes())]);
            packed(context::pack_files(&files, &plan.dockerfile, style, &LIMITS))
        }
        Source::Files(files) => {
            let files = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
            packed(context::pack_files(&files, &plan.dockerfile, style, &LIMITS))
        }
    }
}

/// Packs a folder of the workspace.
pub(crate) fn context_of_folder(
    workspace: &Path,
    name: &str,
    dockerfile: &str,
    style: TarStyle,
) -> Result<Context, EngineError> {
    folder(workspace, name, dockerfile, &BTreeMap::new(), style)
}

fn folder(
    workspace: &Path,
    folder: &str,
    dockerfile: &str,
    edits: &BTreeMap<String, Edit>,
    style: TarStyle,
) -> Result<Context, EngineError> {
    match below(workspace, folder) {
        Ok(root) if edits.is_empty() => packed(context::pack(&root, dockerfile, style, &LIMITS)),
        Ok(root) => packed(context::pack_edited(&root, dockerfile, style, &LIMITS, edits)),
        Err(error) if is_absent(&error) => {
            Ok(Context::Refused(format!("unable to prepare context: path {folder:?} not found")))
        }
        Err(error) => Err(EngineError::Local {
            doing: "pack the build context".into(),
            reason: error.to_string(),
            help: "see who may read the folder".into(),
        }),
    }
}

fn packed(result: Result<Packed, ContextError>) -> Result<Context, EngineError> {
    match result {
        Ok(Packed { bytes, dockerfile, .. }) if is_without_stage(&bytes, &dockerfile) => {
            Ok(Context::Refused(format!("{dockerfile} has no FROM: begin with the image to build on")))
        }
        Ok(Packed { bytes, dockerfile, dockerfile_only_for_builder, .. }) => {
            Ok(Context::Packed { bytes: bytes.into(), dockerfile, only_for_builder: dockerfile_only_for_builder })
        }
        Err(
            error @ (ContextError::Root { .. }
            | ContextError::NoDockerfile { .. }
            | ContextError::DockerfileOutside { .. }
            | ContextError::Edit { .. }
            | ContextError::Ignore { .. }),
        ) => Ok(Context::Refused(error.to_string())),
        Err(error) => Err(EngineError::Local {
            doing: "pack the build context".into(),
            help: error.help(),
            reason: error.to_string(),
        }),
    }
}

/// Whether a Dockerfile of instructions has none that begins a stage. All engines refuse it, but for BuildKit of Engine
/// 20.10: of one with ARG alone it dies, and the engine with it (seen).
fn is_without_stage(archive: &[u8], dockerfile: &str) -> bool {
    let read = || -> io::Result<Option<String>> {
        for entry in tar::Archive::new(archive).entries()? {
            let entry = entry?;
            if *entry.path_bytes() == *dockerfile.as_bytes() {
                let mut text = Vec::new();
                entry.take(LARGEST_TEXT).read_to_end(&mut text)?;
                return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
            }
        }
        Ok(None)
    };
    // What cannot be read here is for the engine to refuse.
    let Ok(Some(text)) = read() else { return false };
    let parsed = crate::dockerfile::parse(&text);
    parsed.stages.is_empty() && parsed.stray.is_empty() && !parsed.global_args.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Builder;

    #[test]
    fn links_lead_nowhere_outside_and_parents_are_not_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "text").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("to-a")).unwrap();
        assert!(matches!(text(dir.path(), "to-a"), Answer::Found(Fact::Text(facts)) if facts.text == "text"));
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("folder")).unwrap();
        assert!(matches!(text(dir.path(), "./a"), Answer::Found(Fact::Text(facts)) if facts.text == "text"));
        for bad in ["link", "folder/passwd", "../x", "/etc/passwd", "gone", "."] {
            assert_eq!(text(dir.path(), bad), Answer::Absent, "{bad}");
        }
    }

    #[test]
    fn a_dockerfile_that_an_engine_dies_of_is_not_sent() {
        let context = |dockerfile: &str| {
            let plan =
                BuildPlan { source: Source::Inline(dockerfile.into()), ..BuildPlan::workspace(Builder::BuildKit) };
            context_of(Path::new("/nowhere"), &FileSet::new(), &plan, &BTreeMap::new(), TarStyle::BuildKit).unwrap()
        };
        assert!(matches!(context("# a comment\nARG a=1\nARG b\n"), Context::Refused(why) if why.contains("no FROM")));
        for sent in ["ARG a=1\nFROM scratch\n", "RUN true\n", "FROM scratch\n", "junk\n"] {
            assert!(matches!(context(sent), Context::Packed { .. }), "{sent}");
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
