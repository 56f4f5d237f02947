//! The kept inputs of the fuzzers, and what they begin with, read again.

use super::{TARGETS, Target};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

fn names(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(path)).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// What the fuzzers have kept for a target.
fn kept(target: &Target) -> Vec<PathBuf> {
    let folder = folder("corpus").join(target.name);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_reader_has_its_fuzzer() {
    let all: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names("fuzz_targets"), all);
    assert!(names("corpus").is_subset(&all), "{:?}", names("corpus"));
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in all {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"{path}\"")), "{name} in fuzz/Cargo.toml");
        let source = fs::read_to_string(folder(&path)).unwrap();
        assert!(source.contains(&format!("fuzzing::{name};")), "{path}");
    }
}

macro_rules! replayed {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let seeds = (super::$name.seeds)();
                assert!(!seeds.is_empty());
                seeds.iter().for_each(|seed| (super::$name.read)(seed));
                for path in kept(&super::$name) {
                    // Shown by the test runner where the next line panics.
                    println!("{}", path.display());
                    (super::$name.read)(&fs::read(&path).unwrap());
                }
            }
        )*
        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replayed! {
    reference ignore dockerfile shell markdown lesson yaml image layers submission claims state roster part evidence
    stream trace engine file answer registry
}

#[test]
fn each_is_replayed() {
    assert_eq!(REPLAYED, TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
}
