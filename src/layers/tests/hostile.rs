//! Archives that are cut off, damaged, lying or out to exhaust the machine.

use super::*;
use crate::layers::{Scan, ScanError, ScanOptions, scan};
use proptest::prelude::*;
use std::io::{self, Read};

fn scanned(bytes: &[u8]) -> Result<Scan, ScanError> {
    scan(bytes, &ScanOptions::default())
}

/// One layer at `layer`, whatever it holds, with a configuration that names `diff_id`.
fn image_of(layer: &[u8], diff_id: &str) -> Vec<u8> {
    let config = config(&[diff_id.to_owned()]).to_string();
    let manifest = json!([{"Config": "config.json", "Layers": ["layer"]}]).to_string();
    Archive::new()
        .file("layer", layer)
        .file("config.json", config.as_bytes())
        .file("manifest.json", manifest.as_bytes())
        .done()
}

/// A header with a right checksum, changed by `change` before that.
fn header(change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[0] = b'x';
    header.set_size(0);
    change(&mut header);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn says(result: Result<Scan, ScanError>, words: &str) {
    let error = result.expect_err(words);
    assert!(error.to_string().contains(words), "{error} does not say {words:?}");
    assert!(!error.help().is_empty());
}

#[test]
fn an_archive_cut_anywhere_is_an_error_that_says_so() {
    let archive = old_layout(&sample_layers());
    // The archive ends with two blocks of zeros, which readers do not insist on, and `repositories`.
    let needed = archive.len() - 4 * 512;
    for length in (0..needed).step_by(101) {
        let error = scanned(&archive[..length]).expect_err("a part of an archive");
        assert!(matches!(error, ScanError::Truncated { .. } | ScanError::NotAnImage { .. }), "{length}: {error}");
    }
    says(scanned(&archive[..archive.len() / 2]), "cut off: it ends within 000");
    let compressed = gzip(&archive);
    says(scanned(&compressed[..compressed.len() - 4]), "cut off");
}

#[test]
fn what_is_no_image_is_said_to_be_none() {
    says(scanned(b""), "not an image archive");
    says(scanned(b"hello"), "cut off");
    says(scanned(&[b'x'; 2000]), "not a tar archive");
    says(scanned(&sample_layers()[0]), "it has no manifest.json");
    says(scanned(&gzip(b"hello")), "cut off");
    says(scanned(&Archive::new().file("manifest.json", b"[]").done()), "names no image");
    says(scanned(&Archive::new().file("manifest.json", b"{\"a\": 1}").done()), "manifest.json: this document");
    says(scanned(&Archive::new().file("index.json", b"[").done()), "index.json: this document");
}

#[test]
fn a_configuration_that_lies_is_found_out() {
    let layers = sample_layers();
    let swapped = config(&[digest(&layers[1]), digest(&layers[0])]);
    says(scanned(&old_layout_with(&layers, &swapped, |manifest| manifest)), "layer 1 (000");
    let short = config(&[digest(&layers[0])]);
    says(scanned(&old_layout_with(&layers, &short, |manifest| manifest)), "it names 1 layers, the manifest 2");
    says(scanned(&image_of(&layers[0], "sha256:\u{1b}[31m")), "\\u{1b}[31m");
    let types = json!({"rootfs": {"diff_ids": [1]}});
    says(scanned(&old_layout_with(&[], &types, |manifest| manifest)), "this document is not what belongs here");
}

#[test]
fn what_the_manifest_names_must_be_there() {
    let layers = sample_layers();
    let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    let broken = |key: &str, value: Value| {
        old_layout_with(&layers, &config(&ids), |mut manifest| {
            manifest[0][key] = value;
            manifest
        })
    };
    says(scanned(&broken("Layers", json!(["a", "b"]))), "a, which the manifest names, is not in it");
    says(scanned(&broken("Config", json!("../../etc/passwd"))), "../../etc/passwd, which the manifest names");
    // A file that is there and no layer.
    says(scanned(&broken("Layers", json!(["repositories", "repositories"]))), "repositories, which the manifest");
    let index = json!({"manifests": [{"digest": "sha256:00"}]}).to_string();
    says(scanned(&Archive::new().file("index.json", index.as_bytes()).done()), "blobs/sha256/00, which index.json");
}

#[test]
fn links_in_circles_and_out_of_the_archive_lead_nowhere() {
    let id = digest(b"");
    for links in [[("a", "b"), ("b", "a")], [("a", "a"), ("b", "b")], [("a", "../../a"), ("b", "/etc/passwd")]] {
        let manifest = json!([{"Config": "c", "Layers": ["a"]}]).to_string();
        let mut archive = Archive::new().file("c", config(std::slice::from_ref(&id)).to_string().as_bytes());
        for (path, target) in links {
            archive = archive.symlink(path, target);
        }
        says(scanned(&archive.file("manifest.json", manifest.as_bytes()).done()), "a, which the manifest names");
    }
}

#[test]
fn an_index_that_names_itself_ends() {
    // A file's name in the archive is not checked against its content, so an index can do that.
    let names = |path: &str| json!({"manifests": vec![json!({"digest": format!("sha256:{path}")}); 50]}).to_string();
    let archive = Archive::new()
        .file("index.json", names("a").as_bytes())
        .file("blobs/sha256/a", names("b").as_bytes())
        .file("blobs/sha256/b", names("a").as_bytes())
        .done();
    says(scanned(&archive), "names no image");
}

#[test]
fn a_damaged_layer_matters_only_if_the_image_has_it() {
    let mut bad_sum = sample_layers().remove(0);
    bad_sum[512] ^= 1;
    let mut bad_gzip = gzip(&sample_layers()[0]);
    let middle = bad_gzip.len() / 2;
    bad_gzip[middle] ^= 0xff;
    for (layer, words) in [
        (gzip(b"no tar"), "layer: it ends too early"),
        (gzip(&[b'x'; 600]), "layer: the checksum of a header is wrong"),
        (bad_sum, "layer: the checksum of a header is wrong"),
        (bad_gzip, "image archive is damaged: layer: "),
        (zstd(&sample_layers()[0])[..40].to_vec(), "layer: it cannot be decompressed"),
        (sample_layers().remove(0)[..600].to_vec(), "layer: it ends too early"),
    ] {
        says(scanned(&image_of(&layer, &digest(b""))), words);
        let mut beside = Archive::new().file("stray", &layer).done();
        beside.truncate(beside.len() - 1024);
        beside.extend(old_layout(&sample_layers()));
        assert_eq!(scanned(&beside).unwrap().facts.layers.len(), 2, "{words}");
    }
}

#[test]
fn absurd_headers_are_refused() {
    let sizes: [fn(&mut Header); 3] = [
        |header| header.set_size(u64::MAX >> 1),
        |header| header.as_old_mut().size = [0xff; 12],
        |header| header.as_old_mut().size = *b"77777777777\0",
    ];
    for size in sizes {
        says(scanned(&image_of(&[header(size), vec![0; 1024]].concat(), &digest(b""))), "layer: ");
        assert!(scanned(&header(size)).is_err());
    }
    let long_name = |size| {
        header(|header| {
            header.set_entry_type(EntryType::GNULongName);
            header.set_size(size);
        })
    };
    says(scanned(&image_of(&long_name(1 << 40), "")), "a name extension claims 1099511627776 bytes");
    let dangling = [long_name(3), [&b"abc"[..], &[0; 509]].concat(), vec![0; 1024]].concat();
    says(scanned(&image_of(&dangling, "")), "it ends too early");
    for records in ["9999999999999999999999 path=a\n", "5 a=b\n", "99 path=a\n", "12 size=-1x\n", "path=a\n"] {
        let pax = header(|header| {
            header.set_entry_type(EntryType::XHeader);
            header.set_size(records.len() as u64);
        });
        let layer = [&pax, records.as_bytes(), &vec![0; 512 - records.len()], &header(|_| ())].concat();
        says(scanned(&image_of(&layer, "")), "PAX record");
    }
}

#[test]
fn a_huge_document_is_not_read() {
    let huge = vec![b' '; super::super::MAX_DOCUMENT];
    let huge = [b"{\"a\": \"", &huge[..], b"\"}"].concat();
    says(scanned(&Archive::new().file("manifest.json", &huge).done()), "JSON documents are too large");
    let mut archive = Archive::new();
    for number in 0..8 {
        archive = archive.file(&format!("blobs/{number}"), &huge[..huge.len() - 100]);
    }
    says(
        scanned(&archive.file("manifest.json", &[&b"["[..], &[b' '; 1000], b"]"].concat()).done()),
        "JSON documents are too large",
    );
    let rows = format!("[{}]", vec!["{\"Config\":\"c\"}"; 5000].join(","));
    says(scanned(&Archive::new().file("manifest.json", rows.as_bytes()).done()), "manifest.json: this document");
    let deep = "[".repeat(100_000);
    says(scanned(&Archive::new().file("manifest.json", deep.as_bytes()).done()), "manifest.json: this document");
}

#[test]
fn a_layer_named_many_times_is_not_copied_without_end() {
    let layer = sample_layers().remove(0);
    let ids = vec![digest(&layer); 4000];
    let archive = old_layout_with(std::slice::from_ref(&layer), &config(&ids), |mut manifest| {
        manifest[0]["Layers"] = json!(vec![format!("{:064x}/layer.tar", 0); 4000]);
        manifest
    });
    let options = ScanOptions { max_entries: 100, ..ScanOptions::default() };
    let facts = scan(&archive[..], &options).unwrap().facts;
    assert!(facts.truncated);
    assert!(facts.layers.iter().map(|layer| layer.entries.len()).sum::<usize>() <= 105);
}

#[test]
fn long_names_use_up_the_room_for_paths() {
    let mut layer = Builder::new(Vec::new());
    for number in 0..4 {
        let name = format!("{number}{}", "n".repeat(900_000));
        layer.append_pax_extensions([("path", name.as_bytes())]).unwrap();
        layer.append(Header::from_byte_slice(&header(|_| ())), &b""[..]).unwrap();
    }
    let layer = layer.into_inner().unwrap();
    let options = ScanOptions { max_entries: 10_000, ..ScanOptions::default() };
    let facts = scan(&image_of(&layer, &digest(&layer))[..], &options).unwrap().facts;
    assert!(facts.truncated);
    assert_eq!(facts.layers[0].entries.len(), 2);
}

#[test]
fn bombs_stop_at_the_limit() {
    let layer = Archive::new().file("zeros", &vec![0; 8 << 20]).done();
    let options = ScanOptions { max_bytes: 1 << 20, ..ScanOptions::default() };
    for blob in [gzip(&layer), zstd(&layer)] {
        assert!(blob.len() < 1 << 16);
        let archive = image_of(&blob, &digest(&layer));
        says(scan(&archive[..], &options), "more than 1048576 bytes");
        says(scan(&gzip(&archive)[..], &options), "more than 1048576 bytes");
        assert!(scanned(&archive).is_ok());
    }
    assert!(scan(io::repeat(0), &options).is_err());
    says(scan(header(|header| header.set_size(1 << 40)).chain(io::repeat(1)), &options), "more than 1048576 bytes");
}

#[test]
fn too_many_files_are_no_image() {
    let file = header(|_| ());
    says(scanned(&file.repeat(20_001)), "more than 20000 files");
}

/// Fails after some bytes, as a connection does, and is interrupted before each of its answers.
struct Breaking<'a> {
    left: &'a [u8],
    interrupted: bool,
}

impl Read for Breaking<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.left.is_empty() {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "the engine went away"));
        }
        let count = buf.len().min(100);
        self.left.read(&mut buf[..count])
    }
}

#[test]
fn an_error_of_the_reader_is_reported_as_such() {
    for archive in
        [old_layout(&sample_layers()), oci_layout(&sample_layers(), gzip, true), gzip(&old_layout(&sample_layers()))]
    {
        for length in (0..archive.len() - 1024).step_by(997) {
            let reader = Breaking { left: &archive[..length], interrupted: false };
            let error = scan(reader, &ScanOptions::default()).expect_err("broken");
            assert!(
                matches!(&error, ScanError::Read(inner) if inner.kind() == io::ErrorKind::ConnectionReset),
                "{error}"
            );
        }
    }
}

#[test]
fn an_interrupted_reader_is_read_on() {
    let archive = oci_layout(&sample_layers(), gzip, true);
    let reader = Breaking { left: &archive, interrupted: false }.take(archive.len() as u64);
    assert_eq!(scan(reader, &ScanOptions::default()).unwrap(), scanned(&archive).unwrap());
}

fn bounded(bytes: &[u8]) -> Result<Scan, ScanError> {
    scan(bytes, &ScanOptions { max_bytes: 1 << 24, max_entries: 1000, ..ScanOptions::default() })
}

fn valid_archives() -> impl Strategy<Value = Vec<u8>> {
    let layers = sample_layers();
    prop::sample::select(vec![
        old_layout(&layers),
        oci_layout(&layers, plain, true),
        oci_layout(&layers, gzip, true),
        oci_layout(&layers, zstd, false),
        gzip(&old_layout(&layers)),
        zstd(&old_layout(&layers)),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(bounded(&bytes).is_err());
    }

    #[test]
    fn random_layers_never_panic(
        magic in prop::sample::select(vec![&b""[..], b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"{"]),
        bytes in prop::collection::vec(any::<u8>(), 1..2000),
    ) {
        let layer = [magic, &bytes].concat();
        prop_assert!(bounded(&image_of(&layer, "sha256:0")).is_err());
    }

    #[test]
    fn changed_archives_never_panic(
        mut archive in valid_archives(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        for (at, byte) in changes {
            let at = at.index(archive.len());
            archive[at] = byte;
        }
        if let Some(cut) = cut {
            archive.truncate(cut.index(archive.len()));
        }
        // Whatever passes is an image whose layers have their digests.
        if let Ok(scan) = bounded(&archive) {
            prop_assert_eq!(scan.facts.layers.len(), scan.config.diff_ids.len());
        }
    }

    /// Layers with headers that are random but for their checksums reach deeper than random bytes.
    #[test]
    fn random_headers_never_panic(
        blocks in prop::collection::vec((prop::collection::vec(any::<u8>(), 512), any::<prop::sample::Index>()), 1..6),
        sizes in prop::collection::vec(0u64..1500, 6),
    ) {
        let mut layer = Vec::new();
        for ((mut block, kind), size) in blocks.into_iter().zip(sizes) {
            block[156] = b"0123456789xgLKSV\0"[kind.index(17)];
            // Random bytes in numeric fields would nearly always end the test there.
            for field in [100..108, 108..116, 116..124, 329..337, 337..345] {
                block[field].fill(b'1');
            }
            let mut header = Header::from_byte_slice(&block).clone();
            header.set_size(size);
            header.set_cksum();
            layer.extend_from_slice(header.as_bytes());
            layer.extend((0..size.div_ceil(512) * 512).map(|at| at as u8));
        }
        layer.extend_from_slice(&[0; 1024]);
        let _ = bounded(&image_of(&layer, &digest(&layer)));
        let _ = bounded(&layer);
    }
}
