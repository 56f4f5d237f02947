//! What `dlearn layers` says to programs.

use super::Subject;
use crate::evidence::{EntryFacts, EntryKind};
use crate::layers::{DiveFigures, Hidden, Seen, Stack, TreeDifference, tree_differences};
use serde::Serialize;

/// Most rows of a list of examples; the counts beside it are complete.
const ROWS: usize = 100;

/// `dlearn layers --json`.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    /// `dlearn/layers/1`
    schema: &'static str,
    image: Image<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compare: Option<Comparison<'a>>,
    /// With `--layer`: everything that is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<Vec<PathRow<'a>>>,
}

#[derive(Debug, Serialize)]
struct Image<'a> {
    name: &'a str,
    /// `archive` or `engine`
    source: &'static str,
    platform: String,
    tags: &'a [String],
    layers: Vec<Layer<'a>>,
    /// Paths of the final tree.
    paths: usize,
    stored_bytes: u64,
    /// Bytes that no name of the final tree leads to.
    recoverable_bytes: u64,
    /// All copies of files that later layers replace or delete, those of deleted directories too.
    repeated_bytes: u64,
    dive: Dive<'a>,
    hidden_files: usize,
    /// Files that later layers replace or delete, the largest first.
    hidden: Vec<HiddenRow<'a>>,
    /// Files of the final tree, the largest first.
    largest: Vec<FileRow<'a>>,
    set_id_files: usize,
    /// Files of the final tree that run with their owner's or group's rights.
    set_id: Vec<FileRow<'a>>,
    /// More paths than are kept: what counts paths or waste is incomplete.
    truncated: bool,
}

/// What dive says of the same layers, right or wrong ([`DiveFigures`]).
#[derive(Debug, Serialize)]
struct Dive<'a> {
    efficiency: f64,
    wasted_bytes: u64,
    user_bytes: u64,
    /// Wasted bytes as a part of the user's; `null` where there is one layer only.
    wasted_of_user: Option<f64>,
    repeated_paths: usize,
    /// Paths that several layers name, those with the most bytes first.
    repeated: Vec<RepeatedRow<'a>>,
}

#[derive(Debug, Serialize)]
struct RepeatedRow<'a> {
    path: &'a str,
    count: usize,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Layer<'a> {
    /// From 1, the bottom one.
    number: usize,
    diff_id: &'a str,
    created_by: Option<&'a str>,
    bytes: u64,
    /// Paths in its archive, with the folders that they lie in.
    paths: usize,
    added: usize,
    changed: usize,
    deleted: usize,
    recoverable_bytes: u64,
}

#[derive(Debug, Serialize)]
struct HiddenRow<'a> {
    path: &'a str,
    bytes: u64,
    layer: usize,
    hidden_by: usize,
    deleted: bool,
    /// A hard link of the final tree still leads to its bytes.
    needed: bool,
}

#[derive(Debug, Serialize)]
struct FileRow<'a> {
    path: &'a str,
    bytes: u64,
    /// In octal digits.
    mode: String,
    uid: u64,
    gid: u64,
    layer: usize,
}

#[derive(Debug, Serialize)]
struct PathRow<'a> {
    path: &'a str,
    /// `added`, `changed`, `same`, `deleted` or `emptied` (an opaque directory)
    change: &'static str,
    kind: EntryKind,
    bytes: u64,
    mode: String,
    uid: u64,
    gid: u64,
}

#[derive(Debug, Serialize)]
struct Comparison<'a> {
    image: Image<'a>,
    /// Layers that both have at the bottom, in the same order.
    shared_layers: usize,
    shared_bytes: u64,
    differing_paths: usize,
    paths: Vec<DifferenceRow<'a>>,
}

#[derive(Debug, Serialize)]
struct DifferenceRow<'a> {
    path: &'a str,
    /// `only_first`, `only_second`, `kind`, `content` or `rights`
    what: &'static str,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        (first, stack): (&'a Subject, &Stack<'a>),
        other: Option<&'a (&'a Subject, Stack<'a>)>,
        layer: Option<usize>,
    ) -> Self {
        let compare = other.map(|(other, others)| {
            let (facts, theirs) = (&first.scan.facts, &other.scan.facts);
            let differing = tree_differences((stack, facts), (others, theirs));
            let shared_layers = super::shared(first, other);
            Comparison {
                image: image(other, others),
                shared_layers,
                shared_bytes: facts.layers[..shared_layers].iter().map(|layer| layer.size).sum(),
                differing_paths: differing.len(),
                paths: differing
                    .into_iter()
                    .take(ROWS)
                    .map(|(path, what)| DifferenceRow { path, what: word(what) })
                    .collect(),
            }
        });
        let paths = layer.map(|index| {
            let row = |(path, change, entry): (&'a str, super::Change, &'a EntryFacts)| PathRow {
                path,
                change: change.word(),
                kind: entry.change,
                bytes: entry.size,
                mode: format!("{:04o}", entry.mode),
                uid: entry.uid,
                gid: entry.gid,
            };
            super::changes(&first.scan.facts, index).into_iter().map(row).collect()
        });
        Self { schema: "dlearn/layers/1", image: image(first, stack), compare, paths }
    }
}

fn image<'a>(subject: &'a Subject, stack: &Stack<'a>) -> Image<'a> {
    let facts = &subject.scan.facts;
    let dive = DiveFigures::of(facts);
    let layers = facts.layers.iter().zip(&stack.steps).enumerate().map(|(index, (layer, step))| Layer {
        number: index + 1,
        diff_id: &layer.diff_id,
        created_by: layer.created_by.as_deref(),
        bytes: layer.size,
        paths: dive.paths[index],
        added: step.added,
        changed: step.changed,
        deleted: step.deleted,
        recoverable_bytes: step.recoverable_bytes,
    });
    let hidden = |one: &Hidden<'a>| HiddenRow {
        path: one.path,
        bytes: one.bytes,
        layer: one.layer + 1,
        hidden_by: one.by + 1,
        deleted: one.deleted,
        needed: one.needed,
    };
    let set_id: Vec<_> = stack.set_id().collect();
    Image {
        name: &subject.name,
        source: if subject.archive { "archive" } else { "engine" },
        platform: subject.platform(),
        tags: &subject.scan.repo_tags,
        layers: layers.collect(),
        paths: stack.tree.len(),
        stored_bytes: stack.stored_bytes,
        recoverable_bytes: stack.recoverable_bytes,
        repeated_bytes: stack.repeated_bytes,
        dive: by_dive(&dive),
        hidden_files: stack.hidden.len(),
        hidden: stack.largest_hidden().into_iter().take(ROWS).map(hidden).collect(),
        largest: stack.largest().into_iter().take(ROWS).map(file).collect(),
        set_id_files: set_id.len(),
        set_id: set_id.into_iter().take(ROWS).map(file).collect(),
        truncated: facts.truncated,
    }
}

fn by_dive<'a>(figures: &DiveFigures<'a>) -> Dive<'a> {
    let rows = figures.repeated.iter().take(ROWS);
    Dive {
        efficiency: figures.efficiency,
        wasted_bytes: figures.wasted_bytes,
        user_bytes: figures.user_bytes,
        wasted_of_user: figures.wasted_of_user(),
        repeated_paths: figures.repeated.len(),
        repeated: rows.map(|one| RepeatedRow { path: one.path, count: one.count, bytes: one.bytes }).collect(),
    }
}

fn file<'a>((path, seen): (&'a str, Seen<'a>)) -> FileRow<'a> {
    let entry = seen.entry;
    let mode = format!("{:04o}", entry.mode);
    FileRow { path, bytes: entry.size, mode, uid: entry.uid, gid: entry.gid, layer: seen.layer + 1 }
}

fn word(what: TreeDifference) -> &'static str {
    match what {
        TreeDifference::OnlyFirst => "only_first",
        TreeDifference::OnlySecond => "only_second",
        TreeDifference::Kind => "kind",
        TreeDifference::Content => "content",
        TreeDifference::Rights => "rights",
    }
}
