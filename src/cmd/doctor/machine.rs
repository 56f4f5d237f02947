//! This machine: room on its disks, and the learner's folder.

use super::{Symptom, advice, ok, repair};
use crate::cmd::app::App;
use crate::engine::Endpoint;
use crate::report::size;
use std::path::Path;

/// Bytes below which the course's images and builds have no room.
const ENGINE_NEEDS: u64 = 2_000_000_000;
/// Bytes below which it gets narrow: the larger stacks' images and the builder's cache.
const ENGINE_WANTS: u64 = 6_000_000_000;
/// Bytes below which files of exercises cannot be written.
const FOLDER_NEEDS: u64 = 50_000_000;

/// Whether the engine runs on this very machine, by its machine's name, and not in a virtual one.
pub(super) fn is_ours(endpoint: &Endpoint, name: &str) -> bool {
    let ours = rustix::system::uname();
    matches!(endpoint, Endpoint::Unix(_)) && !name.is_empty() && ours.nodename().to_bytes() == name.as_bytes()
}

/// Room where the engine keeps its data, where that is on this machine, and where the course is kept.
pub(super) fn disk(data: Option<&Path>, folder: Option<&Path>) -> Option<Symptom> {
    judge(data.and_then(free), folder.and_then(free))
}

/// Bytes that a person may still write there.
fn free(path: &Path) -> Option<u64> {
    // A folder that does not exist yet will be where its parent is.
    let there = path.ancestors().find(|path| path.exists())?;
    let told = rustix::fs::statvfs(there).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}

fn judge(engine: Option<u64>, folder: Option<u64>) -> Option<Symptom> {
    const WHAT: &str = "disk";
    let parts = [
        engine.map(|free| format!("{} free for the engine", size(free))),
        folder.map(|free| format!("{} for your course", size(free))),
    ];
    let found = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let docker = "docker system df shows what Docker uses; dlearn clean removes what dlearn left";
    match (engine, folder) {
        (None, None) => None,
        (_, Some(free)) if free < FOLDER_NEEDS => Some(repair(WHAT, found, "free some room where your course is kept")),
        (Some(free), _) if free < ENGINE_NEEDS => Some(repair(WHAT, found, format!("free some: {docker}"))),
        (Some(free), _) if free < ENGINE_WANTS => Some(advice(WHAT, found, format!("free some soon: {docker}"))),
        _ => Some(ok(WHAT, found)),
    }
}

pub(super) fn home(app: &App) -> Symptom {
    match app.home() {
        Ok(Some(home)) => ok("your course", home.path.display().to_string()),
        Ok(None) => ok("your course", "not begun yet: dlearn next asks where to keep it"),
        Err(failure) => repair("your course", failure.to_string(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn too_little_room_is_told_before_something_breaks() {
        const GB: u64 = 1_000_000_000;
        let state = |engine, folder| judge(engine, folder).map(|symptom| symptom.state);
        assert_eq!(state(Some(50 * GB), Some(50 * GB)), Some(State::Ok));
        assert_eq!(state(Some(5 * GB), None), Some(State::Advice));
        assert_eq!(state(Some(GB), Some(50 * GB)), Some(State::Repair));
        assert_eq!(state(None, Some(1_000)), Some(State::Repair));
        assert_eq!(state(None, None), None);
        let both = judge(Some(52 * GB), Some(GB)).unwrap();
        assert_eq!(both.found, "52.0 GB free for the engine, 1.0 GB for your course");
    }

    #[test]
    fn room_is_told_of_folders_that_do_not_exist_yet() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free(&dir.path().join("not/yet")).unwrap() > 0);
    }
}
