//! Where a scan finds a value.

use super::*;
use crate::evidence::{SecretPlace, Sighting, Spelling};
use crate::layers::{Needles, ScanOptions, scan};
use base64::Engine as _;

const VALUE: &str = "key-7f3a9c1d5e";

fn sightings(archive: &[u8], max_entries: usize) -> Vec<Sighting> {
    let options = ScanOptions { needles: Needles::of(VALUE), max_entries, ..ScanOptions::default() };
    scan(archive, &options).unwrap().sightings
}

fn in_layer(index: usize, path: &str, spelling: Spelling) -> Sighting {
    Sighting { place: SecretPlace::Layer { index, path: path.into() }, spelling }
}

/// A file that is deleted later, one that engines pass over, a link, a name; and a layer that is named twice.
fn layers() -> Vec<Vec<u8>> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("the {VALUE}"));
    vec![
        Archive::new().file("app/main", b"nothing").file("app/key", format!("KEY={VALUE}\n").as_bytes()).done(),
        Archive::new().file("app/.wh.key", b"").file(".wh..wh.aufs", encoded.as_bytes()).done(),
        Archive::new().symlink("app/link", &format!("/{VALUE}")).file(&format!("tmp/{VALUE}.txt"), b"").done(),
        Archive::new().file("app/main", b"nothing").file("app/key", format!("KEY={VALUE}\n").as_bytes()).done(),
    ]
}

#[test]
fn every_layer_is_looked_through_in_both_layouts_and_all_compressions() {
    let layers = layers();
    let expected = [
        in_layer(0, "app/key", Spelling::Plain),
        in_layer(1, ".wh..wh.aufs", Spelling::Base64),
        in_layer(2, "app/link", Spelling::Plain),
        in_layer(2, &format!("tmp/{VALUE}.txt"), Spelling::Plain),
        in_layer(3, "app/key", Spelling::Plain),
    ];
    for archive in [old_layout(&layers), oci_layout(&layers, gzip, true), oci_layout(&layers, zstd, false)] {
        // Whether or not there is room for the paths themselves.
        for room in [100, 0] {
            assert_eq!(sightings(&archive, room), expected);
        }
    }
}

#[test]
fn the_configuration_is_looked_through_and_comes_first() {
    let layers = layers();
    let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    let mut config = config(&ids);
    config["config"]["Env"][0] = json!(format!("KEY={VALUE}"));
    config["history"][2]["created_by"] = json!(format!("RUN |1 KEY={VALUE} make"));
    let found = sightings(&old_layout_with(&layers, &config, |manifest| manifest), 100);
    let at = |at: &str| Sighting { place: SecretPlace::Configuration { at: at.into() }, spelling: Spelling::Plain };
    assert_eq!(found[..2], [at("config.Env.0"), at("history.2.created_by")]);
    assert_eq!(found.len(), 7);
}

#[test]
fn what_is_nowhere_is_found_nowhere_and_finds_are_bounded() {
    assert_eq!(sightings(&old_layout(&sample_layers()), 100), []);
    let mut many = Archive::new();
    for number in 0..100 {
        many = many.file(&format!("f{number}"), VALUE.as_bytes());
    }
    let layer = many.done();
    assert_eq!(sightings(&old_layout(&vec![layer; 3]), 100).len(), 60);
}
