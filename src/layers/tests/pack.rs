//! What an archive would bring, by every document that some engine reads.

use super::*;
use crate::layers::{Packed, ScanError, packed};

/// An archive with one file more; of two with one name the later counts.
fn with(archive: Vec<u8>, path: &str, content: &Value) -> Vec<u8> {
    let end = archive.len() - 1024;
    assert!(archive[end..].iter().all(|byte| *byte == 0), "an archive ends with two empty blocks");
    [&archive[..end], &Archive::new().file(path, content.to_string().as_bytes()).done()].concat()
}

fn names(images: &[Packed]) -> Vec<Vec<&str>> {
    images.iter().map(|image| image.names.iter().map(String::as_str).collect()).collect()
}

#[test]
fn both_layouts_tell_the_same_images() {
    let layers = sample_layers();
    let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    for archive in [old_layout(&layers), gzip(&oci_layout(&layers, plain, true)), oci_layout(&layers, zstd, false)] {
        let images = packed(archive.as_slice()).unwrap();
        assert_eq!(images.len(), 1);
        assert!(images[0].names[0].ends_with("e01/web:v1"), "{images:?}");
        assert_eq!(images[0].config.diff_ids, ids);
        assert!(images[0].ids.contains(&images[0].config.digest));
    }
    let of_layout = packed(oci_layout(&layers, gzip, true).as_slice()).unwrap();
    assert_eq!(of_layout[0].ids.len(), 3, "configuration, manifest, index: {of_layout:?}");
}

#[test]
fn a_name_that_only_one_document_gives_is_told() {
    let archive = oci_layout(&sample_layers(), plain, true);
    let manifest = |tags: Value| {
        let config = packed(archive.as_slice()).unwrap()[0].config.digest.replace(':', "/");
        let scanned: Vec<String> = sample_layers().iter().map(|layer| blob_path(layer)).collect();
        json!([{ "Config": format!("blobs/{config}"), "RepoTags": tags, "Layers": scanned }])
    };
    // Engine 20.10 reads manifest.json, a containerd store index.json.
    let other = packed(with(archive.clone(), "manifest.json", &manifest(json!(["busybox:1.36"]))).as_slice()).unwrap();
    assert_eq!(names(&other), [["busybox:1.36", "docker.io/e01/web:v1"]]);
    let unnamed = packed(with(archive.clone(), "manifest.json", &manifest(Value::Null)).as_slice()).unwrap();
    assert_eq!(names(&unnamed), [["docker.io/e01/web:v1"]]);
}

#[test]
fn a_name_for_what_is_not_there_is_a_mistake() {
    let layers = sample_layers();
    let repositories = with(old_layout(&layers), "repositories", &json!({ "busybox": { "1.36": "0" } }));
    let index = json!({ "manifests": [{
        "digest": digest(b"elsewhere"), "platform": { "os": "linux" },
        "annotations": { "io.containerd.image.name": "docker.io/library/busybox:1.36" },
    }]});
    let outer = with(oci_layout(&layers, plain, true), "index.json", &index);
    let short = json!({ "manifests": [{
        "digest": digest(b"elsewhere"), "platform": { "os": "linux" },
        "annotations": { "org.opencontainers.image.ref.name": "busybox" },
    }]});
    let by_ref = with(oci_layout(&layers, plain, true), "index.json", &short);
    for archive in [repositories, outer, by_ref] {
        match packed(archive.as_slice()) {
            Err(ScanError::Missing { path, .. }) => assert!(path.contains("busybox"), "{path}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_cut_off_or_empty_is_no_pack() {
    let whole = old_layout(&sample_layers());
    assert!(matches!(packed(&whole[..whole.len() / 2]), Err(ScanError::Truncated { .. })));
    let none = Archive::new().file("manifest.json", b"[]").done();
    assert!(matches!(packed(none.as_slice()), Err(ScanError::NotAnImage { .. })));
    assert!(packed(&b""[..]).is_err());
}
