//! `dlearn reset`: an exercise's folder as it was at the beginning; what was in it is kept aside.

use super::app::App;
use crate::engine::Practice;
use crate::failure::{Failure, exit};
use crate::learner::Learner;
use crate::report;

pub(super) async fn run(app: &App, id: Option<&str>, yes: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id)?;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let round = mine.round();
    let workspace = app.place(&learner.workspace(entry, round));
    if !yes && app.terminal.interactive() {
        let registry =
            if mine.practice.is_some() { " Your practice registry is emptied, and gets another port." } else { "" };
        let question = format!("Put {workspace} back to its beginning? What is there now is kept aside.{registry}");
        if !app.ask(&question, true)? {
            return Ok(exit::DONE);
        }
    }
    if let Some(practice) = &mine.practice {
        forget(app, &mut learner, practice).await?;
    }
    // With another registry, the round's texts have other names in them.
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let done = learner.reset(entry, mine.round())?;
    if let Some(kept) = &done.kept {
        report::line(&format!("what was there is kept in {}", app.place(kept)))?;
    }
    report::line(&format!("{workspace} is as it was at the beginning"))?;
    Ok(exit::DONE)
}

/// Removes the practice registry; the next one is another, on another port.
async fn forget(app: &App, learner: &mut Learner, practice: &Practice) -> Result<(), Failure> {
    let removed = match app.try_engine().await {
        Ok(engine) => engine.remove_practice(&practice.id).await,
        Err(error) => Err(error),
    };
    match removed {
        Ok(true) => report::line("your practice registry is removed; the next one is empty, and on another port")?,
        Ok(false) => {}
        Err(error) => {
            let reason = crate::term::sanitize(&error.to_string()).into_owned();
            eprintln!(
                "dlearn: the old practice registry is still there: {reason}\n  once the engine answers: dlearn clean"
            );
        }
    }
    Ok(learner.forget_practice()?)
}
