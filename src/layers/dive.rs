//! What `dive` would say of the same layers, by its own accounting: for those who compare, or who move from it.
//!
//! dive (0.13, its packages `dive/filetree` and `dive/image`) looks at the leaves of each layer's tree: paths below which
//! the layer names nothing, whiteouts among them. For each path, over all layers that name it:
//!
//! - a file's size is that of its content; links, devices and directories have none;
//! - a whiteout of a directory has the size of all files below it in the layers under it, any other whiteout none;
//! - *efficiency* is Σ smallest size ÷ Σ all sizes, 1 where there are no bytes;
//! - *wasted bytes* are Σ all sizes of the paths that were named twice or more, the copy that is needed included;
//! - *user bytes* are those of all layers but the lowest.
//!
//! So a path is not counted where it went with its directory: `rm -r` of a large folder wastes nothing by that accounting,
//! and of a file that was replaced, both copies count as wasted. [`Stack::recoverable_bytes`](super::Stack) has neither
//! fault. Where a whiteout and a new file of that name lie in one layer, dive counts both, and this the file alone.

use crate::evidence::{EntryKind, LayersFacts};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

/// dive's figures of some layers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiveFigures<'a> {
    /// From 0 to 1 (`efficiencyScore`).
    pub efficiency: f64,
    /// Bytes (`inefficientBytes`).
    pub wasted_bytes: u64,
    /// Bytes of all layers but the lowest.
    pub user_bytes: u64,
    /// Paths of each layer, those included that only follow from others (`fileList`).
    pub paths: Vec<usize>,
    /// Paths that are named twice or more, those with the most bytes first (`fileReference`).
    pub repeated: Vec<Repeated<'a>>,
}

/// A path that several layers name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated<'a> {
    /// Path without a leading slash.
    pub path: &'a str,
    /// How often.
    pub count: usize,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// What is known of one path.
#[derive(Clone, Copy)]
struct Named {
    count: usize,
    bytes: u64,
    least: u64,
}

impl<'a> DiveFigures<'a> {
    /// Counts. Where the scan was truncated, the figures are not dive's.
    pub fn of(facts: &'a LayersFacts) -> Self {
        let last_whiteout = facts
            .layers
            .iter()
            .rposition(|layer| layer.entries.values().any(|entry| entry.change == EntryKind::Whiteout));
        let (mut named, mut below, mut paths) = (HashMap::new(), Below::default(), Vec::new());
        for (index, layer) in facts.layers.iter().enumerate() {
            let parents = parents(layer.entries.keys());
            let entries = layer.entries.iter().filter(|(path, _)| *path != ".");
            let implied = parents.iter().filter(|parent| !layer.entries.contains_key(**parent)).count();
            paths.push(entries.clone().count() + implied);
            for (path, entry) in entries {
                let bytes = match entry.change {
                    EntryKind::Whiteout => below.bytes_of_directory(path),
                    _ if parents.contains(path.as_str()) => continue,
                    EntryKind::File => entry.size,
                    _ => 0,
                };
                let one: &mut Named =
                    named.entry(path.as_str()).or_insert(Named { count: 0, bytes: 0, least: u64::MAX });
                one.count += 1;
                one.bytes = one.bytes.saturating_add(bytes);
                one.least = one.least.min(bytes);
            }
            if last_whiteout.is_some_and(|last| index < last) {
                below
                    .put(layer.entries.iter().map(|(path, entry)| (path.as_str(), entry.change, entry.size)), &parents);
            }
        }
        let sum = |of: fn(&Named) -> u64| named.values().map(of).fold(0, u64::saturating_add);
        let (least, all) = (sum(|one| one.least), sum(|one| one.bytes));
        let several = named.iter().filter(|(_, one)| one.count > 1);
        let mut repeated: Vec<_> =
            several.map(|(path, one)| Repeated { path, count: one.count, bytes: one.bytes }).collect();
        repeated.sort_unstable_by_key(|one| (std::cmp::Reverse(one.bytes), one.path));
        Self {
            efficiency: if all == 0 { 1.0 } else { least as f64 / all as f64 },
            wasted_bytes: repeated.iter().map(|one| one.bytes).fold(0, u64::saturating_add),
            user_bytes: facts.layers.iter().skip(1).map(|layer| layer.size).fold(0, u64::saturating_add),
            paths,
            repeated,
        }
    }

    /// Wasted bytes as a part of the user's (`highestUserWastedPercent` is a bound for it); none where there are none.
    pub fn wasted_of_user(&self) -> Option<f64> {
        (self.user_bytes > 0).then(|| self.wasted_bytes as f64 / self.user_bytes as f64)
    }
}

/// Every folder that a path of a layer lies in.
fn parents<'a>(paths: impl Iterator<Item = &'a String>) -> HashSet<&'a str> {
    let mut parents = HashSet::new();
    for path in paths {
        let mut path = path.as_str();
        while let Some((parent, _)) = path.rsplit_once('/') {
            if !parents.insert(parent) {
                break;
            }
            path = parent;
        }
    }
    parents
}

/// Layers stacked as dive does it: size, and whether it is a directory. What an opaque directory hides stays.
#[derive(Default)]
struct Below<'a>(BTreeMap<&'a str, (u64, bool)>);

impl<'a> Below<'a> {
    fn put(&mut self, entries: impl Iterator<Item = (&'a str, EntryKind, u64)>, parents: &HashSet<&'a str>) {
        // A folder that is only implied comes without a word of what it is, whatever it was before.
        self.0.extend(parents.iter().map(|parent| (*parent, (0, false))));
        for (path, change, size) in entries {
            match change {
                EntryKind::Whiteout => {
                    let below: Vec<_> = self.below(path).map(|(path, _)| *path).collect();
                    for gone in below.into_iter().chain([path]) {
                        self.0.remove(gone);
                    }
                    continue;
                }
                EntryKind::Directory | EntryKind::Opaque => self.0.insert(path, (0, true)),
                EntryKind::File => self.0.insert(path, (size, false)),
                EntryKind::Link | EntryKind::HardLink | EntryKind::Special => self.0.insert(path, (0, false)),
            };
        }
    }

    fn bytes_of_directory(&self, path: &str) -> u64 {
        match self.0.get(path) {
            Some((_, true)) => self.below(path).map(|(_, (size, _))| *size).fold(0, u64::saturating_add),
            _ => 0,
        }
    }

    fn below(&self, path: &str) -> impl Iterator<Item = (&&'a str, &(u64, bool))> {
        // `0` follows `/` in ASCII, so these are the paths that begin with `path/`.
        let (first, end) = (format!("{path}/"), format!("{path}0"));
        self.0.range::<str, _>((Bound::Included(first.as_str()), Bound::Excluded(end.as_str())))
    }
}
