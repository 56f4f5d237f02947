//! What real engines once said about answers whose verdicts are known is judged again, without any engine.
//!
//! The files of `tests/recorded/` come from `dlearn selfcheck --record`. One that no longer fits the course (its
//! exercise asks something else now) is recorded anew; its README says how.

use dlearn::course::{Course, Source};
use dlearn::selfcheck::{CaseResult, Recording};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn recordings() -> Vec<(PathBuf, Recording)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    let read = |path: PathBuf| {
        let recording = serde_json::from_slice(&fs::read(&path).unwrap());
        let recording = recording.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, recording)
    };
    assert!(files.len() >= 40, "only {} recordings", files.len());
    files.into_iter().map(read).collect()
}

#[tokio::test]
async fn each_gets_the_verdict_that_it_got_on_its_engine() {
    let course = Course::load(&Source::Embedded).unwrap();
    let (mut engines, mut others) = (BTreeSet::new(), Vec::new());
    for (path, recording) in recordings() {
        match recording.replay(&course).await {
            Ok(CaseResult::AsExpected(_)) => {}
            other => others.push(format!("{} ({}): {other:#?}", path.display(), recording.engine)),
        }
        engines.insert((recording.engine.clone(), format!("{:?}", recording.builder)));
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
    // Two generations of the engine, two image stores, both builders.
    assert!(engines.len() >= 4, "{engines:?}");
}

#[tokio::test]
async fn without_its_facts_none_is_judged() {
    let course = Course::load(&Source::Embedded).unwrap();
    for (path, mut recording) in recordings() {
        recording.evidence = dlearn::evidence::Evidence::new();
        match recording.replay(&course).await {
            Ok(CaseResult::CannotTell(_)) => {}
            other => panic!("{}: {other:#?}", path.display()),
        }
    }
}
