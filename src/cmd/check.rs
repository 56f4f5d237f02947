//! `dlearn check`: judges an exercise once.

use super::app::App;
use super::exercise::{Step, drawn, earned, look, record, set_up};
use super::grade_files;
use crate::check::{Finding, Outcome};
use crate::course::Round;
use crate::engine::Recorded;
use crate::evidence::Evidence;
use crate::examine::{Examined, examine};
use crate::failure::{Failure, exit};
use crate::learner::State;
use crate::report::{
    self, check_junit,
    json::{self, CheckReport},
};
use crate::term::{findings, progress::Progress};
use std::path::{Path, PathBuf};

/// Files that a check reads or writes beside its verdicts.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// All facts go there.
    pub record: Option<PathBuf>,
    /// Facts that are judged instead of asking an engine.
    pub replay: Option<PathBuf>,
    /// A JUnit report goes there.
    pub junit: Option<PathBuf>,
}

impl Files {
    /// Said before anything is checked: a folder that is missing should not cost the verdicts.
    pub(super) fn writable(&self) -> Result<(), Failure> {
        for (option, path) in [("--record", &self.record), ("--junit", &self.junit)] {
            path.as_deref().map_or(Ok(()), |path| grade_files::file(option, path))?;
        }
        Ok(())
    }

    /// Writes what is wished of what was found.
    pub(super) fn write(&self, round: &Round, findings: &[Finding], evidence: &Evidence) -> Result<(), Failure> {
        self.record(evidence)?;
        self.report([(round, findings)])
    }

    /// Writes the facts.
    pub(super) fn record(&self, evidence: &Evidence) -> Result<(), Failure> {
        self.record.as_ref().map_or(Ok(()), |file| write(file, evidence))
    }

    /// Writes the JUnit report, with a suite for each round.
    pub(super) fn report<'a>(
        &self,
        judged: impl IntoIterator<Item = (&'a Round, &'a [Finding])>,
    ) -> Result<(), Failure> {
        let Some(file) = &self.junit else { return Ok(()) };
        let report = check_junit::report(judged).map_err(std::io::Error::other)?;
        Ok(report::file(file, report.as_bytes())?)
    }
}

pub(super) async fn run(app: &App, id: Option<String>, files: Files) -> Result<i32, Failure> {
    files.writable()?;
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id.as_deref())?;
    if files.replay.is_none() {
        super::next::serve(app, &mut learner, entry).await;
    }
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let round = mine.round();
    if let Some(recorded) = &files.replay {
        // What was not recorded cannot be told.
        let Examined { findings, evidence } = examine(round, &mut read(recorded)?, Evidence::new()).await;
        files.write(round, &findings, &evidence)?;
        show(app, round, &findings)?;
        return Ok(Outcome::of(&findings).exit_code());
    }
    if !learner.workspace(entry, round).is_dir() {
        set_up(app, &mut learner, entry, round)?;
    }
    let workspace = learner.workspace(entry, round);
    let progress = Progress::start(&format!("checking {}", round.exercise), &app.terminal);
    let examined = look(&mine, &workspace).await;
    progress.finish();
    let Examined { findings, evidence } = examined;
    let outcome = Outcome::of(&findings);
    // Recorded first: whoever reads the output may be gone, and a file may not be written.
    let step = record(&mut learner, &mine, &findings)?;
    files.write(round, &findings, &evidence)?;
    show(app, round, &findings)?;
    if !app.common.json {
        conclude(app, &mine, learner.state(), step, &evidence)?;
    }
    if step == Step::NextRound
        && let Some(next) = mine.rounds.get(mine.current + 1)
    {
        set_up(app, &mut learner, entry, next)?;
        if !app.common.json {
            let folder = app.place(&learner.workspace(entry, next));
            app.say(&format!("Round {} of {} is ready in `{folder}`.", next.number, next.of))?;
        }
    }
    Ok(outcome.exit_code())
}

/// Prints the findings.
pub(super) fn show(app: &App, round: &Round, all: &[Finding]) -> Result<(), Failure> {
    if app.common.json {
        return Ok(json::print(&CheckReport::new(round, all))?);
    }
    let number = if round.of > 1 { format!(", round {} of {}", round.number, round.of) } else { String::new() };
    app.say(&format!("# {}{number}: {}", round.exercise, round.title))?;
    Ok(app.terminal.print(&findings::render(all, &app.terminal))?)
}

/// Says why it worked, and what comes next.
fn conclude(
    app: &App,
    mine: &super::app::Mine<'_>,
    state: &State,
    step: Step,
    evidence: &Evidence,
) -> Result<(), Failure> {
    let round = mine.round();
    let done = match step {
        Step::Same => return Ok(()),
        Step::NextRound => format!("**Round {} of {} is done.**", round.number, round.of),
        Step::Passed => {
            let points = earned(state, &mine.entry.exercise);
            format!("**{} is done: {points}.** Go on with `dlearn next`.", round.exercise)
        }
    };
    report::line("")?;
    app.say(&format!("{}{}\n\n{done}", drawn(round, evidence, &app.terminal), round.why))
}

fn write(file: &Path, evidence: &Evidence) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(evidence).map_err(std::io::Error::other)?;
    std::fs::write(file, text).map_err(|error| {
        Failure::usage(
            format!("the facts could not be written to {}: {error}", file.display()),
            "name a file in a folder that exists",
        )
    })
}

pub(super) fn read(file: &Path) -> Result<Recorded, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("{}: {error}", file.display()), "name a file that dlearn check --record wrote")
    })?;
    Recorded::from_json(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display()), error.help()))
}

/// The exit code of leaving.
pub(super) const LEFT: i32 = exit::DONE;
