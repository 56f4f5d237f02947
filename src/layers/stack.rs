//! What layers give when they are stacked: one tree, what each layer did to it, and what lies hidden below.
//!
//! Whiteouts and opaque directories act on the layers below their own only (OCI image specification, "Image Layer
//! Filesystem Changeset"). A file keeps the bytes that it has in its layer, also after a later layer replaced or deleted
//! it; what no name of the final tree leads to any more is recoverable.
//!
//! Laws, held by `tests/stack.rs`: the tree is what unpacking the layers one over another gives; stored bytes are
//! recoverable bytes and those of the final tree's files, each once; recoverable bytes are never more than repeated ones.

use crate::evidence::{EntryFacts, EntryKind, LayersFacts};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Most hard links to follow from one name to another.
const MAX_LINKS: usize = 8;

/// A file of one layer: the layer's index from 0, and the path.
type FileOfLayer<'a> = (usize, &'a str);

/// Layers, stacked.
#[derive(Clone, Debug, Default)]
pub struct Stack<'a> {
    /// What each layer did, bottom first.
    pub steps: Vec<Step>,
    /// What a container sees, by path without a leading slash. The root itself is left out.
    pub tree: BTreeMap<&'a str, Seen<'a>>,
    /// Files that a later layer replaced or deleted, in the order in which that happened.
    pub hidden: Vec<Hidden<'a>>,
    /// Bytes of file contents in all layers.
    pub stored_bytes: u64,
    /// Bytes of all copies of files that a later layer replaces or deletes, the last copy included: as
    /// [`DiveFigures`](super::DiveFigures) count wasted bytes, but that files in a deleted directory count here, too.
    pub repeated_bytes: u64,
    /// Bytes of file contents that the final tree does not need.
    pub recoverable_bytes: u64,
}

/// What a layer did to the tree of those below it. Directories, links and devices count as paths, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Paths that were not there.
    pub added: usize,
    /// Paths that were there and are there again: files always, directories where mode or owner differ.
    pub changed: usize,
    /// Paths that are gone, each file of a deleted directory by itself.
    pub deleted: usize,
    /// Bytes of this layer that the final tree does not need.
    pub recoverable_bytes: u64,
}

/// A path of the final tree.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Index of the layer that decides, from 0.
    pub layer: usize,
    /// What that layer says of it.
    pub entry: &'a EntryFacts,
    /// Where its bytes lie, for a file or a hard link to one.
    stored: Option<FileOfLayer<'a>>,
}

/// A file whose name another layer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden<'a> {
    /// Path without a leading slash.
    pub path: &'a str,
    /// Index of the layer that holds it, from 0.
    pub layer: usize,
    /// Index of the layer that hides it.
    pub by: usize,
    /// It was deleted, and not replaced.
    pub deleted: bool,
    /// Bytes of its content.
    pub bytes: u64,
    /// A hard link of the final tree still leads to its content.
    pub needed: bool,
}

/// In what two final trees differ at one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeDifference {
    /// Only the first tree has it.
    OnlyFirst,
    /// Only the second has it.
    OnlySecond,
    /// One is a file and the other a directory, say.
    Kind,
    /// Other content, or another target of a link.
    Content,
    /// The same content with other permission bits or another owner.
    Rights,
}

impl<'a> Stack<'a> {
    /// Stacks layers that were scanned from the bottom one on. Where the scan was truncated, what it left out is
    /// missing here: nothing may be concluded then but that what is here is stored.
    pub fn of(facts: &'a LayersFacts) -> Self {
        let mut stack = Self::default();
        for layer in 0..facts.layers.len() {
            stack.put(facts, layer);
        }
        stack.count(facts);
        stack
    }

    /// What a container would see of the layers below layer `index` (from 0) alone.
    pub fn tree_below(facts: &'a LayersFacts, index: usize) -> BTreeMap<&'a str, Seen<'a>> {
        let mut stack = Self::default();
        for layer in 0..index.min(facts.layers.len()) {
            stack.put(facts, layer);
        }
        stack.tree
    }

    /// Puts one layer on top.
    fn put(&mut self, facts: &'a LayersFacts, layer: usize) {
        let entries = &facts.layers[layer].entries;
        let stored: Vec<_> = entries.iter().map(|(path, entry)| self.stored(layer, entries, path, entry)).collect();
        // What is below goes first: a whiteout says nothing about its own layer.
        let mut gone = BTreeMap::new();
        for (path, entry) in entries {
            match entry.change {
                EntryKind::Directory => {}
                EntryKind::Whiteout => {
                    gone.extend(self.tree.remove_entry(path.as_str()));
                    self.take_below(path, &mut gone);
                }
                _ => self.take_below(path, &mut gone),
            }
        }
        let mut step = Step::default();
        for ((path, entry), stored) in entries.iter().zip(stored) {
            if entry.change == EntryKind::Whiteout || path == "." {
                continue;
            }
            let seen = Seen { layer, entry, stored };
            let before = self.tree.insert(path, seen).or_else(|| gone.remove(path.as_str()));
            match before {
                None => step.added += 1,
                Some(before) if is_directory(entry) && is_directory(before.entry) => {
                    step.changed += usize::from(rights(entry) != rights(before.entry));
                }
                Some(before) => {
                    step.changed += 1;
                    self.hide(path, &before, layer, false);
                }
            }
        }
        step.deleted = gone.len();
        for (path, before) in gone {
            self.hide(path, &before, layer, true);
        }
        self.steps.push(step);
    }

    /// Takes everything below a path out of the tree.
    fn take_below(&mut self, path: &str, gone: &mut BTreeMap<&'a str, Seen<'a>>) {
        if path == "." {
            gone.append(&mut self.tree);
            return;
        }
        // `0` follows `/` in ASCII, so these are the paths that begin with `path/`.
        let (first, end) = (format!("{path}/"), format!("{path}0"));
        let range = (Bound::Included(first.as_str()), Bound::Excluded(end.as_str()));
        let below: Vec<&'a str> = self.tree.range::<str, _>(range).map(|(path, _)| *path).collect();
        gone.extend(below.into_iter().filter_map(|path| self.tree.remove_entry(path)));
    }

    /// Where the bytes of a path lie. The target of a hard link is in its own layer, or else below.
    fn stored(
        &self,
        layer: usize,
        entries: &'a BTreeMap<String, EntryFacts>,
        path: &'a str,
        entry: &'a EntryFacts,
    ) -> Option<FileOfLayer<'a>> {
        let (mut path, mut entry) = (path, entry);
        for _ in 0..=MAX_LINKS {
            match entry.change {
                EntryKind::File => return Some((layer, path)),
                EntryKind::HardLink => match entries.get_key_value(&entry.content) {
                    Some((target, found)) => (path, entry) = (target, found),
                    None => return self.tree.get(entry.content.as_str()).and_then(|seen| seen.stored),
                },
                _ => return None,
            }
        }
        None
    }

    fn hide(&mut self, path: &'a str, before: &Seen<'a>, by: usize, deleted: bool) {
        if before.entry.change == EntryKind::File {
            let (layer, bytes) = (before.layer, before.entry.size);
            self.hidden.push(Hidden { path, layer, by, deleted, bytes, needed: false });
        }
    }

    /// Counts bytes, once all layers lie on each other.
    fn count(&mut self, facts: &'a LayersFacts) {
        let needed: BTreeSet<FileOfLayer<'_>> = self.tree.values().filter_map(|seen| seen.stored).collect();
        for hidden in &mut self.hidden {
            hidden.needed = needed.contains(&(hidden.layer, hidden.path));
            if !hidden.needed {
                self.recoverable_bytes = self.recoverable_bytes.saturating_add(hidden.bytes);
                let step = &mut self.steps[hidden.layer].recoverable_bytes;
                *step = step.saturating_add(hidden.bytes);
            }
        }
        let replaced: BTreeSet<&str> = self.hidden.iter().map(|hidden| hidden.path).collect();
        for (path, entry) in facts.layers.iter().flat_map(|layer| &layer.entries) {
            if entry.change == EntryKind::File {
                self.stored_bytes = self.stored_bytes.saturating_add(entry.size);
                if replaced.contains(path.as_str()) {
                    self.repeated_bytes = self.repeated_bytes.saturating_add(entry.size);
                }
            }
        }
    }

    /// What is hidden, the largest first; equal ones from the bottom layer.
    pub fn largest_hidden(&self) -> Vec<&Hidden<'a>> {
        let mut hidden: Vec<_> = self.hidden.iter().collect();
        hidden.sort_by_key(|one| (std::cmp::Reverse(one.bytes), one.layer, one.path));
        hidden
    }

    /// The files of the final tree, the largest first; equal ones by path.
    pub fn largest(&self) -> Vec<(&'a str, Seen<'a>)> {
        let mut files: Vec<_> = self.tree.iter().filter(|(_, seen)| seen.entry.change == EntryKind::File).collect();
        files.sort_by_key(|(path, seen)| (std::cmp::Reverse(seen.entry.size), **path));
        files.into_iter().map(|(path, seen)| (*path, *seen)).collect()
    }

    /// Files of the final tree that run with the rights of their owner or group: set-uid and set-gid bits.
    pub fn set_id(&self) -> impl Iterator<Item = (&'a str, Seen<'a>)> {
        const SET_ID: u32 = 0o6000;
        let is_file = |seen: &Seen<'_>| matches!(seen.entry.change, EntryKind::File | EntryKind::HardLink);
        self.tree
            .iter()
            .filter(move |(_, seen)| is_file(seen) && seen.entry.mode & SET_ID != 0)
            .map(|(path, seen)| (*path, *seen))
    }

    /// The path's content, so that two trees can be compared: which name of a file is the link is a matter of order.
    fn content(&self, facts: &'a LayersFacts, seen: &Seen<'a>) -> &'a str {
        let stored = seen.stored.and_then(|(layer, path)| facts.layers.get(layer)?.entries.get(path));
        stored.unwrap_or(seen.entry).content.as_str()
    }
}

impl Seen<'_> {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        is_directory(self.entry)
    }
}

/// In what the final trees of two images differ, in the order of the paths.
pub fn tree_differences<'a>(
    (first, first_facts): (&Stack<'a>, &'a LayersFacts),
    (second, second_facts): (&Stack<'a>, &'a LayersFacts),
) -> Vec<(&'a str, TreeDifference)> {
    let paths: BTreeSet<&'a str> = first.tree.keys().chain(second.tree.keys()).copied().collect();
    let differs = |path: &'a str| match (first.tree.get(path), second.tree.get(path)) {
        (Some(one), Some(other)) => {
            let content = first.content(first_facts, one) != second.content(second_facts, other);
            if shape(one.entry) != shape(other.entry) {
                Some(TreeDifference::Kind)
            } else if content {
                Some(TreeDifference::Content)
            } else {
                // The mode of a symbolic link means nothing on Linux.
                let link = one.entry.change == EntryKind::Link;
                (!link && rights(one.entry) != rights(other.entry)).then_some(TreeDifference::Rights)
            }
        }
        (Some(_), None) => Some(TreeDifference::OnlyFirst),
        (None, _) => Some(TreeDifference::OnlySecond),
    };
    paths.into_iter().filter_map(|path| differs(path).map(|what| (path, what))).collect()
}

/// A directory that hides what was below is one all the same; a hard link is a file.
fn shape(entry: &EntryFacts) -> EntryKind {
    match entry.change {
        EntryKind::Opaque => EntryKind::Directory,
        EntryKind::HardLink => EntryKind::File,
        other => other,
    }
}

fn is_directory(entry: &EntryFacts) -> bool {
    shape(entry) == EntryKind::Directory
}

fn rights(entry: &EntryFacts) -> (u32, u64, u64) {
    (entry.mode, entry.uid, entry.gid)
}
