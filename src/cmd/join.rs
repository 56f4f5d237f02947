//! `dlearn join`: the learner's tokens follow from a class's key from now on.

use super::app::App;
use crate::failure::{Failure, exit};
use crate::learner::LearnerKey;

pub(super) fn run(app: &App, key: &str) -> Result<i32, Failure> {
    let key = LearnerKey::parse(key).ok_or_else(|| {
        Failure::usage("this is no key", "a key has 32 of the characters 0 to 9 and a to f: copy all of it")
    })?;
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let begun = learner.join(&key)?;
    if !begun.is_empty() {
        return Err(Failure::usage(
            format!("{} was begun before you joined, with another token", begun.join(", ")),
            "join with a course folder of its own: dlearn --dir NEW-FOLDER join KEY, and go on there with --dir NEW-FOLDER",
        ));
    }
    crate::report::line("You have joined: your exercises are yours alone from now on. Go on with dlearn next.")?;
    Ok(exit::DONE)
}
