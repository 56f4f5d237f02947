//! What a scan finds in honest archives.

use super::*;
use crate::evidence::{EntryFacts, EntryKind, LayerFacts};
use crate::layers::{Scan, ScanError, ScanOptions, scan};

fn scanned(bytes: &[u8]) -> Scan {
    scan(bytes, &ScanOptions::default()).unwrap()
}

fn sha(bytes: &[u8]) -> String {
    digest(bytes)[7..].to_owned()
}

fn one_layer(layer: Vec<u8>) -> LayerFacts {
    scanned(&old_layout(&[layer])).facts.layers.remove(0)
}

fn kind(layer: &LayerFacts, path: &str) -> Option<EntryKind> {
    layer.entries.get(path).map(|entry| entry.change)
}

#[test]
fn both_layouts_and_all_compressions_give_the_same_layers() {
    let layers = sample_layers();
    let old = scanned(&old_layout(&layers));
    assert_eq!(old.repo_tags, ["e01/web:v1"]);
    assert_eq!(old.facts.layers.len(), 2);
    for (name, archive) in [
        ("OCI", oci_layout(&layers, plain, true)),
        ("OCI, gzip", oci_layout(&layers, gzip, true)),
        ("OCI, zstd", oci_layout(&layers, zstd, true)),
        ("OCI without manifest.json", oci_layout(&layers, gzip, false)),
        ("the whole archive with gzip", gzip(&old_layout(&layers))),
        ("the whole archive with zstd", zstd(&oci_layout(&layers, gzip, true))),
    ] {
        let other = scanned(&archive);
        assert_eq!(other.facts, old.facts, "{name}");
        assert_eq!(other.config, old.config, "{name}");
        assert_eq!(other.repo_tags.len(), 1, "{name}");
    }
}

#[test]
fn entries_say_what_the_layer_does_with_each_path() {
    let layers = sample_layers();
    let facts = scanned(&old_layout(&layers)).facts;
    assert_eq!(facts.layers[0].diff_id, digest(&layers[0]));
    let base = &facts.layers[0];
    assert_eq!(base.entries.keys().collect::<Vec<_>>(), [".", "bin", "etc", "etc/passwd", "etc/passwd.link"]);
    assert_eq!(base.entries["etc/passwd"].content, sha(b"root:x:0:0\n"));
    assert_eq!((base.entries["bin"].change, base.entries["bin"].content.as_str()), (EntryKind::Link, "usr/bin"));
    let hard = &base.entries["etc/passwd.link"];
    assert_eq!((hard.change, hard.content.as_str()), (EntryKind::HardLink, "etc/passwd"));
    assert_eq!(base.size, 11);

    let top = &facts.layers[1];
    let main =
        EntryFacts { change: EntryKind::File, mode: 0o644, uid: 1000, gid: 1000, size: 9, content: sha(b"print(1)\n") };
    assert_eq!(top.entries["app/main.py"], main);
    assert_eq!((top.entries["app"].mode, top.entries["app"].size), (0o2775, 0));
    assert_eq!(kind(top, "etc/passwd.link"), Some(EntryKind::Whiteout));
    assert_eq!(kind(top, "opt"), Some(EntryKind::Opaque));
    assert_eq!((kind(top, "app/pipe"), top.entries["app/pipe"].content.as_str()), (Some(EntryKind::Special), "fifo"));
}

#[test]
fn the_configuration_is_summarised() {
    let config = scanned(&old_layout(&sample_layers())).config;
    assert_eq!((config.arch.as_str(), config.os.as_str()), ("amd64", "linux"));
    assert_eq!(config.container.env["A"], "b=c");
    assert_eq!(config.container.cmd, ["sh"]);
    assert_eq!(config.container.ports, ["80/tcp"]);
    assert_eq!(config.history.iter().map(|row| row.empty_layer).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn layers_are_named_after_the_rows_that_made_them() {
    let layers = sample_layers();
    let names = |archive: &[u8]| -> Vec<Option<String>> {
        scanned(archive).facts.layers.into_iter().map(|layer| layer.created_by).collect()
    };
    assert_eq!(names(&old_layout(&layers)), [Some("step 0".to_owned()), Some("step 1".to_owned())]);
    let mut short = config(&[digest(&layers[0]), digest(&layers[1])]);
    short["history"].as_array_mut().unwrap().pop();
    assert_eq!(names(&old_layout_with(&layers, &short, |manifest| manifest)), [None, None]);
}

#[test]
fn equal_layers_are_found_behind_their_links() {
    let [base, top] = <[Vec<u8>; 2]>::try_from(sample_layers()).unwrap();
    let layers = [base, top.clone(), top];
    for archive in [old_layout(&layers), oci_layout(&layers, gzip, true)] {
        let facts = scanned(&archive).facts;
        assert_eq!(facts.layers[1].entries, facts.layers[2].entries);
        assert_eq!(facts.layers[2].entries.len(), 5);
        assert!(!facts.truncated);
    }
}

#[test]
fn skipped_layers_are_named_only() {
    let options = ScanOptions { skip: 1, ..ScanOptions::default() };
    let facts = scan(&old_layout(&sample_layers())[..], &options).unwrap().facts;
    assert!(facts.layers[0].entries.is_empty());
    assert_eq!((facts.layers[0].size, facts.layers[0].created_by.as_deref()), (11, Some("step 0")));
    assert_eq!(facts.layers[1].entries.len(), 5);
    let all = ScanOptions { skip: 9, ..ScanOptions::default() };
    assert!(scan(&old_layout(&sample_layers())[..], &all).unwrap().facts.layers[1].entries.is_empty());
}

#[test]
fn without_hashes_everything_else_is_the_same() {
    let archive = old_layout(&sample_layers());
    let mut whole = scanned(&archive).facts;
    let options = ScanOptions { hashes: false, ..ScanOptions::default() };
    let found = scan(&archive[..], &options).unwrap().facts;
    assert_ne!(found, whole);
    let files = whole.layers.iter_mut().flat_map(|layer| layer.entries.values_mut());
    files.filter(|entry| entry.change == EntryKind::File).for_each(|entry| entry.content.clear());
    assert_eq!(found, whole);
    // Who does not look is not told.
    let ids = sample_layers().iter().map(|_| digest(b"another layer")).collect::<Vec<_>>();
    let forged = old_layout_with(&sample_layers(), &config(&ids), |manifest| manifest);
    assert!(matches!(scan(&forged[..], &ScanOptions::default()), Err(ScanError::OtherLayer { number: 1, .. })));
    assert_eq!(scan(&forged[..], &options).unwrap().facts.layers[0].diff_id, ids[0]);
}

#[test]
fn more_paths_than_allowed_are_left_out_and_said_so() {
    let options = ScanOptions { max_entries: 6, ..ScanOptions::default() };
    let facts = scan(&old_layout(&sample_layers())[..], &options).unwrap().facts;
    assert!(facts.truncated);
    assert_eq!(facts.layers.iter().map(|layer| layer.entries.len()).sum::<usize>(), 6);
    assert_eq!(facts.layers[1].size, 9, "sizes and digests are still whole");
    let exact = ScanOptions { max_entries: 10, ..ScanOptions::default() };
    assert!(!scan(&old_layout(&sample_layers())[..], &exact).unwrap().facts.truncated);
}

#[test]
fn long_names_in_gnu_and_pax_form_are_read() {
    let long = format!("{}/file", ["directory"; 30].join("/"));
    let mut gnu = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(3);
    gnu.append_data(&mut header, &long, &b"abc"[..]).unwrap();
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    gnu.append_link(&mut header, "link", &long).unwrap();
    let layer = one_layer(gnu.into_inner().unwrap());
    assert_eq!(layer.entries[&long].content, sha(b"abc"));
    assert_eq!(layer.entries["link"].content, long);

    let mut pax = Builder::new(Vec::new());
    let records = [("path", long.as_bytes()), ("uid", b"3000000".as_slice()), ("mtime", b"1.5".as_slice())];
    pax.append_pax_extensions(records).unwrap();
    let pax = Archive(pax).file("short", b"abc").file("next", b"").done();
    let layer = one_layer(pax);
    assert_eq!(layer.entries[&long].uid, 3_000_000);
    assert_eq!(kind(&layer, "next"), Some(EntryKind::File));
    assert_eq!(kind(&layer, "short"), None);
}

#[test]
fn what_is_stored_of_a_file_with_holes_is_not_taken_for_its_content() {
    let old = Archive::new().member(EntryType::GNUSparse, "holes", "", 0o644, 0, b"abc").done();
    let mut pax = Builder::new(Vec::new());
    pax.append_pax_extensions([("GNU.sparse.major", &b"1"[..]), ("GNU.sparse.name", &b"holes"[..])]).unwrap();
    for layer in [old, Archive(pax).file("GNUSparseFile.0/holes", b"abc").done()] {
        assert_eq!(one_layer(layer).entries["holes"].content, format!("sparse:{}", sha(b"abc")));
    }
}

#[test]
fn paths_are_normalised_but_never_resolved() {
    let layer = Archive::new()
        .file("/etc//./hosts", b"")
        .file("../../etc/shadow", b"")
        .symlink("out", "/../../etc")
        .hard_link("hard", "/../x/")
        .directory("dir///")
        .done();
    let layer = one_layer(layer);
    assert_eq!(layer.entries.keys().collect::<Vec<_>>(), ["../../etc/shadow", "dir", "etc/hosts", "hard", "out"],);
    assert_eq!(layer.entries["out"].content, "/../../etc");
    assert_eq!(layer.entries["hard"].content, "../x");
}

#[test]
fn names_that_are_not_text_stay_apart() {
    let mut archive = Archive::new();
    for byte in [0xf0, 0xf1] {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..2].copy_from_slice(&[b'a', byte]);
        header.set_size(0);
        header.set_cksum();
        archive.0.append(&header, &b""[..]).unwrap();
    }
    assert_eq!(one_layer(archive.done()).entries.keys().collect::<Vec<_>>(), ["a\\xf0", "a\\xf1"]);
}

#[test]
fn marks_and_entries_for_one_path_are_joined() {
    let layer = Archive::new()
        .member(EntryType::Directory, "first/", "", 0o700, 5, b"")
        .file("first/.wh..wh..opq", b"")
        .file("second/.wh..wh..opq", b"")
        .member(EntryType::Directory, "second/", "", 0o700, 5, b"")
        .file(".wh.file", b"")
        .file("file", b"new")
        .directory("tree/")
        .file(".wh.tree", b"")
        .file(".wh..wh.plnk", b"")
        .file(".wh..wh..opq", b"")
        .file("twice", b"one")
        .file("twice", b"other")
        .done();
    let layer = one_layer(layer);
    for path in ["first", "second"] {
        let entry = &layer.entries[path];
        assert_eq!((entry.change, entry.mode, entry.uid), (EntryKind::Opaque, 0o700, 5), "{path}");
    }
    assert_eq!(kind(&layer, "file"), Some(EntryKind::File));
    assert_eq!(kind(&layer, "tree"), Some(EntryKind::Opaque));
    assert_eq!(kind(&layer, "."), Some(EntryKind::Opaque));
    assert_eq!(layer.entries["twice"].content, sha(b"other"));
    assert_eq!(layer.entries.len(), 6);
}

#[test]
fn an_image_without_layers_is_an_image() {
    let empty = old_layout_with(
        &[],
        &json!({"rootfs": {"type": "layers"}}),
        |manifest| json!([{"Config": manifest[0]["Config"], "RepoTags": null, "Layers": null}]),
    );
    let scan = scanned(&empty);
    assert!(scan.facts.layers.is_empty() && scan.repo_tags.is_empty());
}

#[test]
fn empty_layers_are_layers() {
    for layer in [Archive::new().done(), Vec::new(), vec![0; 512]] {
        let scanned = one_layer(layer.clone());
        assert_eq!(scanned.diff_id, digest(&layer));
        assert!(scanned.entries.is_empty());
    }
}

#[test]
fn what_follows_a_layers_end_mark_counts_for_its_digest() {
    let mut layer = sample_layers().remove(0);
    layer.extend_from_slice(&[0; 5000]);
    layer.extend_from_slice(b"more");
    assert_eq!(one_layer(layer.clone()).diff_id, digest(&layer));
}

#[test]
fn several_gzip_members_and_zstd_frames_are_one_layer() {
    let layer = sample_layers().remove(1);
    let (head, tail) = layer.split_at(700);
    let zstd_parts = [&zstd(head)[..], &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9], &zstd(tail)].concat();
    let leading = [&[0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0][..], &zstd(&layer)].concat();
    for blob in [[gzip(head), gzip(tail)].concat(), zstd_parts, leading] {
        let config = config(&[digest(&layer)]).to_string();
        let manifest = json!([{"Config": "config.json", "Layers": ["blob"]}]).to_string();
        let archive = Archive::new()
            .file("manifest.json", manifest.as_bytes())
            .file("config.json", config.as_bytes())
            .file("blob", &blob)
            .done();
        assert_eq!(scanned(&archive).facts.layers[0].entries.len(), 5);
    }
}

#[test]
fn of_several_images_the_named_one_is_scanned() {
    let layers = sample_layers();
    let archive = old_layout_with(&layers, &config(&[digest(&layers[0])]), |manifest| {
        let (config, layer) = (&manifest[0]["Config"], &manifest[0]["Layers"][0]);
        json!([
            {"Config": "none.json", "RepoTags": ["other:v1"], "Layers": []},
            {"Config": config, "RepoTags": ["docker.io/library/mine:latest"], "Layers": [layer]},
        ])
    });
    let options = |name: &str| ScanOptions { image: Some(name.into()), ..ScanOptions::default() };
    assert_eq!(scan(&archive[..], &options("mine")).unwrap().facts.layers.len(), 1);
    let error = scan(&archive[..], &ScanOptions::default()).unwrap_err();
    assert!(matches!(&error, ScanError::SeveralImages { tags, .. } if tags[0] == "other:v1"), "{error}");
    assert!(matches!(scan(&archive[..], &options("theirs")), Err(ScanError::SeveralImages { .. })));
}
