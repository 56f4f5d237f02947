//! Archives: of images, of layers, of submissions.

use super::assert_harmless;
use super::image::image as image_of;
use crate::evidence::LayersFacts;
use crate::grade::intake::{self, Source};
use crate::layers::{self, Needles, Scan, ScanError, ScanOptions, Stack, Tolerance};
use crate::submission::Limits;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const MOST_ENTRIES: usize = 1000;

fn scan(data: &[u8]) -> Result<Scan, ScanError> {
    let needles = Needles::of("hunter2-hunter2");
    layers::scan(
        data,
        &ScanOptions { max_entries: MOST_ENTRIES, max_bytes: 32 << 20, needles, ..ScanOptions::default() },
    )
}

pub(super) fn image(data: &[u8]) {
    match scan(data) {
        Ok(scan) => look(&scan.facts),
        Err(error) => {
            assert_harmless(&error.to_string());
            assert!(!error.help().is_empty());
        }
    }
    for image in layers::packed(data).unwrap_or_default() {
        assert!(!image.ids.is_empty());
    }
}

/// The first two bytes tell where the second layer begins.
pub(super) fn layers(data: &[u8]) {
    let [high, low, rest @ ..] = data else { return };
    let (first, second) = rest.split_at(rest.len().min(usize::from(u16::from_be_bytes([*high, *low]))));
    if let Ok(scan) = scan(&image_of(&[first, second])) {
        assert_eq!(scan.facts.layers.len(), 2);
        look(&scan.facts);
    }
}

fn look(facts: &LayersFacts) {
    assert!(facts.layers.iter().map(|layer| layer.entries.len()).sum::<usize>() <= 2 * MOST_ENTRIES);
    let stack = Stack::of(facts);
    stack.largest();
    stack.largest_hidden();
    stack.set_id().count();
    for pair in facts.layers.windows(2) {
        for layer in pair {
            assert!(layers::compare_layers(layer, layer, Tolerance::Ran).is_empty(), "a layer is like itself");
        }
        layers::compare_layers(&pair[0], &pair[1], Tolerance::Ran);
    }
    for index in 0..facts.layers.len() {
        Stack::tree_below(facts, index);
    }
}

pub(super) fn submission(data: &[u8]) {
    let limits = Limits { archive: 1 << 20, total: 4 << 20, file: 1 << 20, entries: 200, depth: 8, ratio: 200 };
    let folder = tempfile::Builder::new().prefix("handed-in-").tempdir().expect("a folder for temporary files");
    let path = folder.path().join("ada.tar.gz");
    fs::write(&path, data).expect("a temporary file");
    match intake::take(&Source { label: "ada".into(), path }, limits) {
        Ok(taken) => {
            let mut left = taken.files.len();
            let (bytes, entries) = walk(taken.root(), taken.root(), &taken.files, &mut left);
            assert!(left == 0 && bytes <= limits.total && entries <= limits.entries);
            // `scripts/fuzz` gives each fuzzer a folder of its own: nothing may have come into it.
            let around = taken.root().parent().expect("it lies in a folder");
            if around.file_name().is_some_and(|name| name.to_string_lossy().starts_with("dlearn-fuzz.")) {
                assert_eq!(fs::read_dir(around).expect("it can be read").count(), 2, "something was written outside");
            }
        }
        Err(refused) => {
            assert_harmless(&refused.what);
            assert!(!refused.help.is_empty());
        }
    }
}

/// Bytes and entries of a copy. There is nothing in it but folders and the files that are told of.
fn walk(root: &Path, folder: &Path, told: &[String], left: &mut usize) -> (u64, u64) {
    let (mut bytes, mut entries) = (0, 0);
    for entry in fs::read_dir(folder).expect("a folder of the copy") {
        let path = entry.expect("an entry of the copy").path();
        let meta = fs::symlink_metadata(&path).expect("an entry of the copy");
        entries += 1;
        let mode = meta.permissions().mode() & 0o7777;
        if meta.is_dir() {
            assert_eq!(mode, 0o755);
            let (more, of) = walk(root, &path, told, left);
            (bytes, entries) = (bytes + more, entries + of);
            continue;
        }
        assert!(meta.is_file() && (mode == 0o644 || mode == 0o755), "{}: {mode:o}", path.display());
        let name = path.strip_prefix(root).expect("it is inside").to_string_lossy();
        assert!(told.iter().any(|told| *told == name), "{name} is not told of");
        *left -= 1;
        bytes += meta.len();
    }
    (bytes, entries)
}
