//! Hostile archives, made here.

use super::*;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

/// A member of a tar archive whose header says whatever is wanted.
fn member(path: &[u8], kind: u8, mode: u32, link: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..path.len()].copy_from_slice(path);
    header[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
    for field in [108, 116] {
        header[field..field + 8].copy_from_slice(b"0000000\0");
    }
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link);
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(path: &str, content: &[u8]) -> Vec<u8> {
    member(path.as_bytes(), b'0', 0o644, b"", content)
}

fn ended(members: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = members.concat();
    bytes.extend_from_slice(&[0; 1024]);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn zip(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
    use zip::write::SimpleFileOptions;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, mode, content) in entries {
        let method = if content.is_empty() { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().unix_permissions(*mode).compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn taken(bytes: &[u8], limits: Limits) -> Result<Taken, Refused> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ada.tar.gz");
    fs::write(&path, bytes).unwrap();
    take(&Source::of(path), limits)
}

#[track_caller]
fn refused(bytes: &[u8], why: &str) {
    let refused = taken(bytes, Limits::default()).unwrap_err();
    assert!(refused.what.contains(why), "{refused} instead of {why}");
    assert!(!refused.help.is_empty());
    assert!(refused.what.chars().all(|char| !char.is_control()), "{refused:?}");
}

#[test]
fn an_honest_archive_is_taken_in_each_of_its_forms_and_modes_are_made_plain() {
    let folder = member(b"E01-x/", b'5', 0o777, b"", b"");
    let script = member(b"E01-x/run.sh", b'0', 0o6755, b"", b"#!/bin/sh\n");
    let plain = ended(&[folder, script, file("./E01-x/.git/config", b"x"), file("E01-x/Dockerfile", b"FROM a\n")]);
    let zip = zip(&[("E01-x/run.sh", 0o6755, b"#!/bin/sh\n"), ("E01-x/Dockerfile", 0o644, b"FROM a\n")]);
    for bytes in [plain.clone(), gzip(&plain), zip] {
        let taken = taken(&bytes, Limits::default()).unwrap();
        assert_eq!(taken.files, ["E01-x/Dockerfile", "E01-x/run.sh"]);
        let mode = |path: &str| fs::symlink_metadata(taken.root().join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("E01-x/run.sh"), mode("E01-x/Dockerfile"), mode("E01-x")), (0o755, 0o644, 0o755));
        assert_eq!(mode(""), 0o700, "nobody else looks in");
        assert_eq!(fs::read(taken.root().join("E01-x/Dockerfile")).unwrap(), b"FROM a\n");
    }
}

#[test]
fn a_copy_goes_with_its_last_use() {
    let taken = taken(&ended(&[file("a", b"x")]), Limits::default()).unwrap();
    let root = taken.root().to_owned();
    drop(taken);
    assert!(!root.exists());
}

#[test]
fn nothing_leads_out_of_the_copy() {
    for (path, why) in [("/etc/cron.d/x", "absolute"), ("../x", "`..`"), ("a/../../x", "`..`"), ("a\\b", "backslash")] {
        refused(&ended(&[file(path, b"x")]), why);
        refused(&zip(&[(path, 0o644, b"x")]), why);
    }
}

#[test]
fn no_kind_of_link_device_or_pipe_is_taken() {
    for (kind, why) in [(b'1', "link"), (b'2', "link"), (b'3', "neither"), (b'4', "neither"), (b'6', "neither")] {
        refused(&ended(&[member(b"a", kind, 0o644, b"/etc/passwd", b"")]), why);
        refused(&gzip(&ended(&[member(b"a", kind, 0o644, b"inside", b"")])), why);
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("a", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    refused(&writer.finish().unwrap().into_inner(), "link");
}

#[test]
fn a_name_is_there_once_and_is_a_file_or_a_folder() {
    refused(&ended(&[file("a", b"1"), file("./a", b"2")]), "twice");
    refused(&ended(&[file("a", b"1"), file("a/b", b"2")]), "a file, too");
    refused(&ended(&[file("a/b", b"2"), file("a", b"1")]), "twice");
    // Two entries of a zip with one name, made of two names of the same length.
    let bytes = zip(&[("a1", 0o644, b"x"), ("a2", 0o644, b"y")]);
    let mut forged = bytes.clone();
    let places: Vec<usize> = bytes.windows(2).enumerate().filter(|(_, w)| w == b"a2").map(|(at, _)| at).collect();
    for at in places {
        forged[at + 1] = b'1';
    }
    refused(&forged, "twice");
}

#[test]
fn names_that_mislead_are_refused_and_told_readably() {
    refused(&ended(&[file("a\x1b]0;pwned\x07", b"x")]), "invisible");
    refused(&ended(&[member(b"\xff\xfe", b'0', 0o644, b"", b"x")]), "UTF-8");
    refused(&ended(&[file("a\nb", b"x")]), "invisible");
}

#[test]
fn a_bomb_goes_off_before_it_has_filled_anything() {
    // 40 MiB of zeros in some 40 KiB.
    let bomb = gzip(&ended(&[file("zeros", &vec![0; 40 << 20])]));
    assert!(bomb.len() < 100_000);
    refused(&bomb, "becomes more than 200");
    refused(&zip(&[("zeros", 0o644, &vec![0; 40 << 20])]), "becomes more than 200");
    // Zeros behind a member that is left out count, too.
    refused(&gzip(&ended(&[file(".git/zeros", &vec![0; 40 << 20])])), "becomes more than 200");
}

#[test]
fn each_limit_holds_whatever_a_header_says() {
    let limits = Limits { file: 1000, total: 1500, entries: 5, archive: 1 << 20, ..Limits::default() };
    let says = |bytes: &[u8], why: &str| {
        let refused = taken(bytes, limits).unwrap_err();
        assert!(refused.what.contains(why), "{refused} instead of {why}");
    };
    says(&ended(&[file("a", &[b'x'; 1001])]), "`a`");
    says(&ended(&[file("a", &[b'x'; 1000]), file("b", &[b'y'; 600])]), "its files");
    says(&ended(&(0..6).map(|n| file(&format!("f{n}"), b"x")).collect::<Vec<_>>()), "more than 5");
    says(&ended(&[file("a/b/c/d/e/f", b"x")]), "more than 5");
    let noise: Vec<u8> = (0u32..(1 << 20)).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    says(&ended(&[file("a", &noise)]), "the archive");
}

#[test]
fn what_is_no_archive_or_ends_early_is_told() {
    refused(b"hello, I am no archive", "cannot be read");
    refused(b"PK\x03\x04 and nothing else", "cannot be read");
    let whole = gzip(&ended(&[file("a", &[b'x'; 3000])]));
    refused(&whole[..whole.len() / 2], "cannot be read");
    let plain = ended(&[file("a", &[b'x'; 3000])]);
    refused(&plain[..1000], "ends too early");
    assert_eq!(taken(b"", Limits::default()).unwrap().files.len(), 0, "an empty file is an empty archive");
}

#[test]
fn a_folder_is_copied_and_its_links_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("E01-x")).unwrap();
    fs::write(dir.path().join("E01-x/Dockerfile"), "FROM a").unwrap();
    let source = Source::of(dir.path().to_owned());
    let taken = take(&source, Limits::default()).unwrap();
    assert_eq!(taken.files, ["E01-x/Dockerfile"]);
    assert_eq!(fs::metadata(taken.root().join("E01-x/Dockerfile")).unwrap().nlink(), 1);
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("E01-x/token")).unwrap();
    assert!(take(&source, Limits::default()).unwrap_err().what.contains("E01-x/token"));
}

#[test]
fn a_class_is_a_folder_of_folders_and_archives() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["bob", ".hidden"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for name in ["dlearn-submission-ada.tar.gz", "Cleo.ZIP", "notes.txt"] {
        fs::write(dir.path().join(name), "x").unwrap();
    }
    std::os::unix::fs::symlink("/etc", dir.path().join("eve")).unwrap();
    let (sources, strange) = find(&[dir.path().to_owned()], &|_| false).unwrap();
    let labels: Vec<&str> = sources.iter().map(|source| source.label.as_str()).collect();
    assert_eq!(labels, ["Cleo", "bob", "ada"]);
    assert_eq!(strange, ["eve", "notes.txt"]);
    let (whole, _) = find(&[dir.path().to_owned()], &|names| names.iter().any(|name| name == "bob")).unwrap();
    assert_eq!(whole.len(), 1);
    assert!(find(&["/nowhere/at-all".into()], &|_| false).is_err());
}
