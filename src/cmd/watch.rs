//! `dlearn watch`: an exercise is checked again whenever a file or the engine changes.

use super::app::App;
use super::check::{LEFT, show};
use super::exercise::{Step, look, notes, record, set_up};
use super::live::{self, Setting};
use crate::check::Outcome;
use crate::engine::ConnectOptions;
use crate::failure::Failure;
use crate::watching::{Watched, Watching};

pub(super) async fn run(app: &App, id: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id.as_deref())?;
    let mut note = super::next::prepare(app, &mut learner, entry).await;
    loop {
        let mine = app.mine(&course, &mut learner, entry)?;
        if !app.terminal.interactive() {
            set_up(app, &mut learner, entry, mine.round())?;
            return printed(app, &mut learner, &mine).await;
        }
        let brought = learner.set_up(entry, mine.round())?;
        let told = notes(&brought).into_iter().chain(note.take()).collect::<Vec<_>>().join("\n\n");
        let then = |_: &_, step: Step| match step {
            Step::NextRound => "The next round comes, in a folder of its own.".to_owned(),
            Step::Passed | Step::Same => "`dlearn next` goes on.".to_owned(),
        };
        let setting = Setting { fresh: false, note: Some(told).filter(|told| !told.is_empty()), then: &then };
        let ended = live::run(app, &mut learner, &mine, setting).await?;
        if !ended.goes_on || ended.passed != Some(Step::NextRound) {
            return Ok(LEFT);
        }
    }
}

/// Without a terminal: the findings after each change, until they pass.
async fn printed(
    app: &App,
    learner: &mut crate::learner::Learner,
    mine: &super::app::Mine<'_>,
) -> Result<i32, Failure> {
    let round = mine.round();
    let workspace = learner.workspace(mine.entry, round);
    let mut watching = Watching::start(&workspace, ConnectOptions::default(), Watched::of(round));
    let mut before = Vec::new();
    loop {
        let findings = look(mine, &workspace).await.findings;
        let outcome = Outcome::of(&findings);
        if findings != before {
            show(app, round, &findings)?;
            record(learner, mine, &findings)?;
        }
        if outcome == Outcome::Pass {
            return Ok(outcome.exit_code());
        }
        before = findings;
        if watching.next().await.is_none() {
            return Ok(outcome.exit_code());
        }
    }
}
