//! Takes submissions in: each becomes a private copy on this machine, or a refusal that names the entry.
//!
//! ```text
//! PATH… → Source (folder, archive) → Store (rules, counting) → Taken
//! ```
//!
//! Invariants: nothing is ever written but regular files and folders inside a new temporary folder that only this user
//! may enter; no link of any kind is made or followed; modes are 0644, 0755 and for folders 0755, so no set-uid bit
//! survives; every limit is counted while bytes go by.

mod store;
mod tarball;
mod zipped;

use crate::submission::{Limits, Refused, shown, walk};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use store::Store;

pub use store::Taken;

/// Endings of the archives that are taken.
pub const ENDINGS: [&str; 4] = [".tar.gz", ".tgz", ".tar", ".zip"];

/// Somebody's submission, before it is looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called: the folder's name, or the archive's without its ending and `dlearn-submission-`.
    pub label: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Source {
    fn of(path: PathBuf) -> Self {
        let name = path.canonicalize().unwrap_or_else(|_| path.clone());
        let name = shown(name.file_name().unwrap_or_default().as_bytes());
        let stem = if path.is_dir() { &name } else { without_ending(&name).unwrap_or(&name) };
        let label = stem.strip_prefix("dlearn-submission").map_or(stem, |rest| rest.trim_start_matches('-'));
        let label = if label.is_empty() { stem } else { label };
        Self { label: label.to_owned(), path }
    }
}

/// An archive's name without its ending.
fn without_ending(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    ENDINGS.iter().find(|ending| lower.ends_with(**ending)).map(|ending| &name[..name.len() - ending.len()])
}

/// The submissions that paths name: an archive, a folder that `is_submission` by the names in it, or else a folder
/// with a folder or archive for each learner. And what lies among those and is neither.
///
/// # Errors
/// Where a path is neither, or cannot be read.
pub fn find(
    paths: &[PathBuf],
    is_submission: &dyn Fn(&[String]) -> bool,
) -> Result<(Vec<Source>, Vec<String>), Refused> {
    let (mut sources, mut strange) = (Vec::new(), Vec::new());
    for path in paths {
        let raw = path.as_os_str().as_bytes();
        let wrong = |error: std::io::Error| {
            Refused::of(raw, format!("cannot be read: {error}"), "name a folder or an archive that exists")
        };
        let meta = fs::metadata(path).map_err(wrong)?;
        if meta.is_file() {
            sources.push(Source::of(path.clone()));
            continue;
        }
        if !meta.is_dir() {
            return Err(Refused::of(raw, "is neither a folder nor an archive", "name a folder or an archive"));
        }
        let mut entries = fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>).map_err(wrong)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        if is_submission(&names) {
            sources.push(Source::of(path.clone()));
            continue;
        }
        for (entry, name) in entries.iter().zip(&names).filter(|(_, name)| !name.starts_with('.')) {
            // A link among the submissions would lead to who knows whose files.
            let kind = entry.file_type().map_err(wrong)?;
            match kind.is_dir() || kind.is_file() && without_ending(name).is_some() {
                true => sources.push(Source::of(entry.path())),
                false => strange.push(shown(name.as_bytes())),
            }
        }
    }
    Ok((sources, strange))
}

/// Takes one in.
///
/// # Errors
/// Why it is not taken.
pub fn take(source: &Source, limits: Limits) -> Result<Taken, Refused> {
    let mut store = Store::new(limits)?;
    if source.path.is_dir() {
        folder(&mut store, &source.path, &limits)?;
        return Ok(store.finish());
    }
    let wrong = |error: std::io::Error| Refused::whole(format!("it cannot be read: {error}"), "see who may read it");
    let file = File::open(&source.path).map_err(wrong)?;
    if file.metadata().map_err(wrong)?.len() > limits.archive {
        let what = format!("the archive has more than {}", crate::submission::entry::mebibytes(limits.archive));
        return Err(Refused::whole(what, crate::submission::entry::LESS));
    }
    let mut head = Vec::new();
    (&file).take(4).read_to_end(&mut head).map_err(wrong)?;
    let file = File::open(&source.path).map_err(wrong)?.take(limits.archive);
    // By what is in it: a name says what somebody called it.
    match head.as_slice() {
        [0x1f, 0x8b, ..] => tarball::compressed(&mut store, file, &limits)?,
        [b'P', b'K', ..] => zipped::take(&mut store, file, &limits)?,
        _ => tarball::plain(&mut store, file, &limits)?,
    }
    Ok(store.finish())
}

fn folder(store: &mut Store, root: &Path, limits: &Limits) -> Result<(), Refused> {
    walk::walk(root, limits, &mut |seen| match seen {
        walk::Seen::Folder(name) => store.folder(name.as_bytes()),
        walk::Seen::File { name, path, executable, meta } => {
            let mut file = walk::open(&name, &path, &meta)?;
            store.file(name.as_bytes(), executable, &mut file)
        }
        walk::Seen::LeftOut(_) => Ok(()),
        walk::Seen::Odd(refused) => Err(refused),
    })
}

#[cfg(test)]
mod tests;
