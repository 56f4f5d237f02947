//! `dlearn reset`: an exercise's folder as it was at the beginning; what was in it is kept aside.
//!
//! What was pushed for the exercise goes from the practice registry. The registry itself is shared by all
//! exercises, whose files and image names hold its address: it stays as it is, unless a new one is asked for.

use super::app::{App, Mine};
use crate::engine::{EngineError, Ledger, Practice, PracticeStanding};
use crate::failure::{Failure, exit};
use crate::report;
use std::collections::BTreeSet;

/// After no, and after Ctrl-C.
const UNCHANGED: &str = "Nothing was changed.";

pub(super) async fn run(app: &App, id: Option<&str>, yes: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id)?;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let round = mine.round();
    let workspace = app.place(&learner.workspace(entry, round));
    if !yes {
        let pushed = mine.practice.is_some();
        if !app.terminal.interactive() {
            let also = if pushed { " and removes what you pushed for it" } else { "" };
            let what = format!("this puts {workspace} back to its beginning{also}, and nobody can be asked here");
            return Err(Failure::usage(what, format!("dlearn reset {} --yes, if that is meant", entry.exercise.id)));
        }
        // Long questions are broken in mid-word; what the answer means stands above it.
        let also = if pushed { " What you pushed for it is removed." } else { "" };
        app.say(&format!("This puts `{workspace}` back to its beginning.{also}"))?;
        if !app.ask(&format!("Begin {} anew? What you wrote is kept aside.", entry.exercise.id), false)? {
            report::line(UNCHANGED)?;
            return Ok(exit::DONE);
        }
    }
    let done = learner.reset(entry, mine.round())?;
    if let Some(kept) = &done.kept {
        report::line(&format!("what was there is kept in {}", app.place(kept)))?;
    }
    report::line(&format!("{workspace} is as it was at the beginning"))?;
    let Some(practice) = &mine.practice else { return Ok(exit::DONE) };
    match unpush(app, practice, &mine).await {
        Ok(removed) => {
            for repository in removed {
                report::line(&format!("{}/{repository} is removed from your practice registry", practice.address()))?;
            }
            Ok(exit::DONE)
        }
        Err(error) => {
            warn(
                "whether something is left of it in your practice registry, nobody could look",
                &error,
                &format!("dlearn reset {} --yes", entry.exercise.id),
            );
            Ok(exit::CANNOT_TELL)
        }
    }
}

/// Removes the exercise's repositories from the practice registry. Gives those that were there.
async fn unpush(app: &App, practice: &Practice, mine: &Mine<'_>) -> Result<Vec<String>, EngineError> {
    let images = mine.round().subject.images.values();
    let pushed = images.filter_map(|image| crate::registry::Reference::parse(image));
    let own = pushed.filter(|image| image.host == practice.address()).map(|image| image.repository);
    let repositories: BTreeSet<String> = own.collect();
    let engine = app.try_engine().await?;
    // One that is not there holds nothing; one that is stopped is begun for it.
    if repositories.is_empty() || engine.practice_standing(practice).await? == PracticeStanding::Absent {
        return Ok(Vec::new());
    }
    let ledger = Ledger::open(&engine, "reset an exercise", &mine.entry.exercise.id)?;
    let removed = engine.remove_in_practice(&ledger, practice, &repositories).await;
    ledger.cleanup().await?;
    removed
}

/// `dlearn reset --new-registry`: removes the practice registry; the next one is another, on another port.
pub(super) async fn new_registry(app: &App, yes: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let Some(practice) = learner.known_practice() else {
        report::line("there is no practice registry yet")?;
        return Ok(exit::DONE);
    };
    if !yes {
        if !app.terminal.interactive() {
            let what =
                "this removes your practice registry, with all that was pushed to it, and nobody can be asked here";
            return Err(Failure::usage(what, "dlearn reset --new-registry --yes, if that is meant"));
        }
        app.say("The next one is empty, and has another address.")?;
        if !app.ask("Remove your practice registry, with all that was pushed to it?", false)? {
            report::line(UNCHANGED)?;
            return Ok(exit::DONE);
        }
    }
    let removed = match app.try_engine().await {
        Ok(engine) => engine.remove_practice(&practice.id).await,
        Err(error) => Err(error),
    };
    learner.forget_practice()?;
    report::line(
        "your next practice registry is empty, on another port and with another password; dlearn next brings them into \
         the files that you have not changed",
    )?;
    match removed {
        Ok(_) => Ok(exit::DONE),
        Err(error) => {
            warn("the old practice registry is still there", &error, "dlearn clean --yes");
            Ok(exit::CANNOT_TELL)
        }
    }
}

fn warn(what: &str, error: &EngineError, then: &str) {
    let (reason, help) = (error.to_string(), error.help());
    let said = format!("dlearn: {what}: {reason}\n  {help}; then {then}");
    eprintln!("{}", crate::term::sanitize(&said));
}
