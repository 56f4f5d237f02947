//! `dlearn reset`: an exercise's folder as it was at the beginning; what was in it is kept aside.

use super::app::App;
use crate::failure::{Failure, exit};
use crate::report;

pub(super) fn run(app: &App, id: &str, yes: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, Some(id))?;
    let mine = app.mine(&course, &mut learner, entry)?;
    let round = mine.round();
    let workspace = learner.workspace(entry, round);
    if !yes && app.terminal.interactive() {
        let question = format!("Put {} back to its beginning? What is there now is kept aside.", workspace.display());
        if !app.ask(&question, true)? {
            return Ok(exit::DONE);
        }
    }
    let done = learner.reset(entry, round)?;
    if let Some(kept) = &done.kept {
        report::line(&format!("what was there is kept in {}", kept.display()))?;
    }
    report::line(&format!("{} is as it was at the beginning", workspace.display()))?;
    Ok(exit::DONE)
}
