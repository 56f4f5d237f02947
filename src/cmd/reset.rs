//! `dlearn reset`: an exercise's folder as it was at the beginning; what was in it is kept aside.

use super::app::App;
use crate::failure::{Failure, exit};
use crate::report;

pub(super) fn run(app: &App, id: Option<&str>, yes: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id)?;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let round = mine.round();
    let workspace = app.place(&learner.workspace(entry, round));
    if !yes && app.terminal.interactive() {
        let question = format!("Put {workspace} back to its beginning? What is there now is kept aside.");
        if !app.ask(&question, true)? {
            return Ok(exit::DONE);
        }
    }
    let done = learner.reset(entry, round)?;
    if let Some(kept) = &done.kept {
        report::line(&format!("what was there is kept in {}", app.place(kept)))?;
    }
    report::line(&format!("{workspace} is as it was at the beginning"))?;
    Ok(exit::DONE)
}
