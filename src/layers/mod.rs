//! What an image archive holds, in one pass over its bytes.
//!
//! [`scan`] reads what `docker save` writes (up to Engine 24 one folder for each layer, from 25 the
//! OCI image layout with `manifest.json` beside it), plain OCI layouts, and either of them
//! compressed. [`compare_layers`] says in what two layers differ, [`Stack`] what layers give together.
//!
//! Invariants:
//! - An archive is hostile: whatever its bytes, a scan ends with a [`Scan`] or a [`ScanError`],
//!   never with a panic.
//! - Memory grows with the number of paths, which [`ScanOptions::max_entries`] bounds, never with
//!   the bytes: only JSON documents are kept (8 MiB each, 64 MiB together).
//! - Every layer that is reported was hashed, and its digest is the diff id in the configuration; but where nobody asks
//!   ([`ScanOptions::hashes`]).
//! - Paths are data: nothing here touches the file system.

mod archive;
mod compare;
mod config;
mod dive;
mod error;
mod layer;
mod manifest;
mod pack;
mod secret;
mod stack;
mod stream;
pub(crate) mod tar;
mod volatile;

#[cfg(test)]
mod tests;

pub use compare::{Difference, DifferenceKind, Tolerance, are_alike, compare_layers};
pub use config::{ConfigSummary, HistoryEntry};
pub use dive::{DiveFigures, Repeated};
pub use error::ScanError;
pub use pack::{Packed, packed};
pub use secret::Needles;
pub use stack::{Hidden, Seen, Stack, Step, TreeDifference, tree_differences};
pub use volatile::{Place, VOLATILE, Volatile};

use crate::evidence::{LayerFacts, LayersFacts, SecretPlace, Sighting};
use archive::Contents;
use error::shown;
use manifest::Parts;
use std::collections::BTreeMap;
use std::io::Read;

/// Most bytes of one JSON document.
const MAX_DOCUMENT: usize = 8 << 20;

/// Limits and wishes of a scan.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// How many layers from the bottom are named only: their entries are left out.
    pub skip: usize,
    /// Most paths to remember, over all layers. Where there are more, the rest is left out and the
    /// result says so in [`LayersFacts::truncated`].
    pub max_entries: usize,
    /// Most bytes to read, with compressed data counted before and after; more is an error.
    pub max_bytes: u64,
    /// Which image, where the archive holds several (`docker save A B`).
    pub image: Option<String>,
    /// What is looked for in the configuration and in every layer, those that are skipped too.
    pub needles: Option<Needles>,
    /// Whether to hash what is read. Without it, each file's digest ([`EntryFacts::content`](crate::evidence::EntryFacts))
    /// is empty, and layers are taken for those that the configuration names: enough for looking where the bytes are, and
    /// a multiple faster.
    pub hashes: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self { skip: 0, max_entries: 200_000, max_bytes: 64 << 30, image: None, needles: None, hashes: true }
    }
}

/// What an image archive holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// The layers, in the order of the configuration's diff ids.
    pub facts: LayersFacts,
    /// The image's configuration.
    pub config: ConfigSummary,
    /// The names under which it was saved.
    pub repo_tags: Vec<String>,
    /// Where [`ScanOptions::needles`] were found: at most 20 places of the configuration and 20 of each layer.
    pub sightings: Vec<Sighting>,
}

/// Reads an image archive to its end.
///
/// Synchronous, and as slow as the reader: run it on a thread of its own where the reader is a
/// network stream, and let the reader fail to stop it. `reader` needs no buffer around it.
///
/// # Errors
///
/// [`ScanError`] where the archive is cut off, damaged, not of an image, larger than
/// [`ScanOptions::max_bytes`], or where its configuration does not match its layers.
pub fn scan(reader: impl Read, options: &ScanOptions) -> Result<Scan, ScanError> {
    let mut contents = archive::read(reader, options)?;
    let parts = manifest::select(&contents, options.image.as_deref())?;
    let config = config::read(&contents, &parts.config)?;
    let mut sightings = Vec::new();
    if let Some(needles) = &options.needles {
        let document = contents.document(&parts.config)?;
        sightings = document.map(|document| needles.in_document(document)).unwrap_or_default();
        sightings.extend(in_layers(&contents, &parts));
    }
    let facts = layers(&mut contents, &parts, &config, options)?;
    Ok(Scan { facts, config, repo_tags: parts.repo_tags, sightings })
}

/// What was found in the layers, bottom first; those that cannot be read are reported elsewhere.
fn in_layers(contents: &Contents, parts: &Parts) -> Vec<Sighting> {
    /// A manifest may name one layer thousands of times.
    const ALTOGETHER: usize = 1000;
    let files = parts.layers.iter().enumerate();
    let layers = files.filter_map(|(index, path)| {
        let layer = contents.layers.get(&contents.resolve(path)?)?.as_ref().ok()?;
        Some(layer.sightings.iter().map(move |(path, spelling)| Sighting {
            place: SecretPlace::Layer { index, path: path.clone() },
            spelling: *spelling,
        }))
    });
    layers.flatten().take(ALTOGETHER).collect()
}

/// Puts the layers into the configuration's order and checks that they are what it says.
fn layers(
    contents: &mut Contents,
    parts: &Parts,
    config: &ConfigSummary,
    options: &ScanOptions,
) -> Result<LayersFacts, ScanError> {
    if parts.layers.len() != config.diff_ids.len() {
        return Err(ScanError::Damaged {
            path: shown(&parts.config),
            what: format!(
                "it names {} layers, the manifest {}: one of them was changed",
                config.diff_ids.len(),
                parts.layers.len()
            ),
        });
    }
    let mut files = Vec::new();
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for path in &parts.layers {
        let file = contents.resolve(path).filter(|file| contents.layers.contains_key(file));
        let file =
            file.ok_or_else(|| ScanError::Missing { path: shown(path), wanted_by: "the manifest".to_owned() })?;
        *uses.entry(file.clone()).or_default() += 1;
        files.push(file);
    }
    let rows = config.rows_of_layers();
    let mut facts = LayersFacts::default();
    let mut copied = 0;
    for (at, (file, claimed)) in files.iter().zip(&config.diff_ids).enumerate() {
        let layer = match contents.layers.get_mut(file) {
            Some(Ok(layer)) => layer,
            Some(Err(what)) => return Err(ScanError::Damaged { path: shown(file), what: what.clone() }),
            None => return Err(ScanError::Missing { path: shown(file), wanted_by: "the manifest".to_owned() }),
        };
        if options.hashes && layer.diff_id != *claimed {
            return Err(ScanError::OtherLayer {
                number: at + 1,
                path: shown(file),
                claimed: shown(claimed),
                found: layer.diff_id.clone(),
            });
        }
        let uses_left = uses.get_mut(file).map_or(0, |uses| {
            *uses -= 1;
            *uses
        });
        let mut entries = BTreeMap::new();
        if at >= options.skip {
            facts.truncated |= layer.truncated;
            if uses_left == 0 {
                entries = std::mem::take(&mut layer.entries);
            } else if layer.entries.len() <= options.max_entries.saturating_sub(copied) {
                // A configuration may name one layer thousands of times: copies count as paths.
                copied += layer.entries.len();
                entries = layer.entries.clone();
            } else {
                facts.truncated = true;
            }
        }
        let created_by = rows.as_ref().and_then(|rows| rows.get(at)).map(|row| row.created_by.clone());
        facts.layers.push(LayerFacts { diff_id: claimed.clone(), created_by, size: layer.size, entries });
    }
    Ok(facts)
}
