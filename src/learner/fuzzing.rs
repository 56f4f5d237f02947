//! For fuzzers: the state file.

use super::store::{Loaded, parse};
use std::path::Path;

/// Reads a state; what is read of it, written and read again, is the same.
pub(crate) fn state(content: &[u8]) {
    let path = Path::new("state.json");
    let rest = match parse(path, content) {
        Ok(Loaded::Fine(state) | Loaded::Migrated { state, .. }) => state,
        Ok(Loaded::Damaged { rest: Some(state), .. }) => state,
        Ok(Loaded::Missing) => unreachable!("there is a file"),
        Ok(Loaded::Damaged { rest: None, .. }) | Err(_) => return,
    };
    let written = serde_json::to_vec(&rest).expect("a state can be written");
    let again = parse(path, &written);
    assert!(matches!(&again, Ok(Loaded::Fine(state)) if *state == rest), "{rest:?} became {again:?}");
}
