//! For fuzzers: the state file.

use super::state::State;
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
    let Ok(Loaded::Fine(again)) = parse(path, &written) else { panic!("{rest:?} is not read again") };
    // Fields of a later version are kept, too; a fraction in them may change in its last digit.
    assert!(again.extra.keys().eq(rest.extra.keys()) && again.lessons.keys().eq(rest.lessons.keys()));
    let tokens = |state: &State| {
        let exercises = state.exercises.iter();
        exercises.map(|(id, exercise)| (id.clone(), exercise.token.clone(), exercise.round)).collect::<Vec<_>>()
    };
    assert_eq!(tokens(&again), tokens(&rest));
}
