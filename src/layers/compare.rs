//! In what two layers differ, for the proof that an image came from a Dockerfile: its layers are
//! compared with those of a rebuild, path by path.
//!
//! Modification times are not compared (no fact holds them): a rebuild has its own. The
//! group-write bit is not compared either: clients differ in it (0664 and 0644, 0775 and 0755).

use super::error::shown;
use super::volatile::{content_may_differ, may_be_lacking};
use crate::evidence::{EntryFacts, EntryKind, LayerFacts};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

type Entries = BTreeMap<String, EntryFacts>;

/// Mode bits that clients set differently for the same file of a build context.
const GROUP_WRITE: u32 = 0o020;

/// Most hard links to follow from one name to another.
const MAX_LINKS: usize = 8;

/// How exactly two layers must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// Made by COPY, ADD or WORKDIR: everything must agree, but for a directory that only one side
    /// lists and that has something below it (builders differ in listing parents). `COPY --from`
    /// brings what another stage's RUN made: compare it as [`Tolerance::Ran`].
    Copied,
    /// Made by RUN: besides, what [`super::VOLATILE`] lists may differ in content, or be lacking
    /// where the list allows it. Mode, owner and kind must agree there too.
    Ran,
}

/// In what respect two layers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Only the built image has the path.
    OnlyBuilt,
    /// Only the rebuild has it.
    OnlyRebuilt,
    /// A file's bytes, or what a link points to.
    Content,
    /// Permission bits.
    Mode,
    /// User or group.
    Owner,
    /// For example a file here and a directory there.
    Kind,
}

/// One difference between two layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Path in the image, without a leading slash.
    pub path: String,
    /// In what respect.
    pub what: DifferenceKind,
    /// The same as a sentence.
    pub detail: String,
}

/// Compares a layer of an image with the same layer of its rebuild, in the order of the paths.
///
/// Layers with one diff id are equal. Otherwise both must have been scanned with their entries:
/// a layer that was skipped, or a scan that was truncated, makes every path look lacking.
pub fn compare_layers(built: &LayerFacts, rebuilt: &LayerFacts, tolerance: Tolerance) -> Vec<Difference> {
    if !built.diff_id.is_empty() && built.diff_id == rebuilt.diff_id {
        return Vec::new();
    }
    let paths: BTreeSet<&String> = built.entries.keys().chain(rebuilt.entries.keys()).collect();
    let mut differences = Vec::new();
    for path in paths {
        match (built.entries.get(path), rebuilt.entries.get(path)) {
            (Some(one), Some(other)) => {
                let one = resolved(&built.entries, one);
                let found = both(path, one, resolved(&rebuilt.entries, other));
                let content_only = found.iter().all(|difference| difference.what == DifferenceKind::Content);
                if !(tolerance == Tolerance::Ran && content_only && content_may_differ(path, one.change)) {
                    differences.extend(found);
                }
            }
            (Some(entry), None) => {
                differences.extend(lacking(path, entry, DifferenceKind::OnlyBuilt, built, rebuilt, tolerance));
            }
            (None, Some(entry)) => {
                differences.extend(lacking(path, entry, DifferenceKind::OnlyRebuilt, built, rebuilt, tolerance));
            }
            (None, None) => {}
        }
    }
    differences
}

/// What a hard link of the layer stands for: which of a file's names is the file and which are
/// links is only a matter of order.
fn resolved<'e>(entries: &'e Entries, entry: &'e EntryFacts) -> &'e EntryFacts {
    let mut found = entry;
    for _ in 0..MAX_LINKS {
        if found.change != EntryKind::HardLink {
            return found;
        }
        match entries.get(&found.content) {
            Some(target) => found = target,
            None => return entry,
        }
    }
    entry
}

/// Whether two entries are the same as far as a comparison of layers goes.
pub fn are_alike(one: &EntryFacts, other: &EntryFacts) -> bool {
    both("", one, other).is_empty()
}

fn both(path: &str, built: &EntryFacts, rebuilt: &EntryFacts) -> Vec<Difference> {
    let name = shown(path);
    let difference = |what, detail| Difference { path: path.to_owned(), what, detail };
    if built.change != rebuilt.change {
        let detail =
            format!("{name} is {} in the image and {} in the rebuild.", noun(built.change), noun(rebuilt.change));
        return vec![difference(DifferenceKind::Kind, detail)];
    }
    // A whiteout says only that something is gone.
    if built.change == EntryKind::Whiteout {
        return Vec::new();
    }
    let mut found = Vec::new();
    if built.content != rebuilt.content {
        let detail = if built.change == EntryKind::File {
            format!(
                "{name} has other content in the image ({}) than in the rebuild ({}).",
                bytes(built.size),
                bytes(rebuilt.size)
            )
        } else {
            format!(
                "{name} is {} to {} in the image and to {} in the rebuild.",
                noun(built.change),
                shown(&built.content),
                shown(&rebuilt.content)
            )
        };
        found.push(difference(DifferenceKind::Content, detail));
    }
    // The mode of a symbolic link means nothing on Linux.
    if built.change != EntryKind::Link && (built.mode ^ rebuilt.mode) & !GROUP_WRITE != 0 {
        let detail =
            format!("{name} has mode {:04o} in the image and {:04o} in the rebuild.", built.mode, rebuilt.mode);
        found.push(difference(DifferenceKind::Mode, detail));
    }
    if (built.uid, built.gid) != (rebuilt.uid, rebuilt.gid) {
        let detail = format!(
            "{name} belongs to {}:{} in the image and to {}:{} in the rebuild.",
            built.uid, built.gid, rebuilt.uid, rebuilt.gid
        );
        found.push(difference(DifferenceKind::Owner, detail));
    }
    found
}

fn lacking(
    path: &str,
    entry: &EntryFacts,
    what: DifferenceKind,
    built: &LayerFacts,
    rebuilt: &LayerFacts,
    tolerance: Tolerance,
) -> Option<Difference> {
    // What is below such a directory is compared by itself, so nothing is lost with it.
    let parent =
        entry.change == EntryKind::Directory && (has_below(&built.entries, path) || has_below(&rebuilt.entries, path));
    if parent || (tolerance == Tolerance::Ran && may_be_lacking(path, entry.change)) {
        return None;
    }
    let (here, there) = match what {
        DifferenceKind::OnlyRebuilt => ("the rebuild", "the image"),
        _ => ("the image", "the rebuild"),
    };
    let name = shown(path);
    let detail = match entry.change {
        EntryKind::Whiteout => format!("{name} is deleted in {here} and not in {there}."),
        EntryKind::Opaque => format!("{name} is emptied in {here} and not in {there}."),
        kind => format!("{name} ({}) is in {here} and not in {there}.", noun(kind)),
    };
    Some(Difference { path: path.to_owned(), what, detail })
}

fn has_below(entries: &Entries, directory: &str) -> bool {
    if directory == "." {
        return entries.keys().any(|path| path != ".");
    }
    let prefix = format!("{directory}/");
    entries.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
}

fn noun(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "a file",
        EntryKind::Directory => "a directory",
        EntryKind::Link => "a symbolic link",
        EntryKind::HardLink => "a hard link",
        EntryKind::Special => "a device or FIFO",
        EntryKind::Whiteout => "deleted",
        EntryKind::Opaque => "an emptied directory",
    }
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
