//! The live loop of an exercise: files, engine, keyboard and checks come together in one place.

use super::app::{App, Mine};
use super::exercise::{Step, look, record};
use super::hint::told;
use crate::check::{Finding, Outcome, Verdict};
use crate::examine::Examined;
use crate::failure::Failure;
use crate::learner::Learner;
use crate::term::live::{Frame, Live, LiveEvent};
use crate::term::prompt::Reply;
use crate::watching::Watching;
use std::path::PathBuf;
use tokio::task::{JoinError, JoinHandle};

/// How a live exercise ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The learner left.
    Left,
    /// The round is passed.
    Passed(Step),
}

const KEYS: &[(&str, &str)] = &[("h", "hint"), ("c", "check now"), ("t", "task"), ("q", "leave")];

/// Something that happened.
enum Happened {
    Keyboard(LiveEvent),
    Changed,
    Checked(Result<Examined, JoinError>),
}

/// Checks a round again and again until it passes or the learner leaves.
pub(super) async fn run(app: &App, learner: &mut Learner, mine: &Mine<'_>) -> Result<Ended, Failure> {
    let round = mine.round();
    let workspace = learner.workspace(mine.entry, round);
    let images = round.subject.images.values().cloned().collect();
    let engine = app.try_engine().await.ok();
    let mut watching = Watching::start(&workspace, engine, images);
    let mut live = Live::new(&app.terminal).map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    let mut findings = not_yet_known(mine);
    let mut note: Option<String> = None;
    let mut checking: Option<Checking> = None;
    let mut due = true;
    loop {
        if due && checking.is_none() {
            due = false;
            checking = Some(Checking::start(mine, workspace.clone()));
        }
        live.draw(&Frame {
            title: &format!("{} {}", round.exercise, round.title),
            round: (round.of > 1).then_some((round.number, round.of)),
            task: &round.task,
            findings: &findings,
            note: note.as_deref(),
            busy: checking.is_some(),
            status: "watching your files and the engine",
            keys: KEYS,
        })?;
        let happened = tokio::select! {
            event = live.next_event() => Happened::Keyboard(event),
            Some(_) = watching.next() => Happened::Changed,
            done = Checking::done(&mut checking) => Happened::Checked(done),
        };
        match happened {
            Happened::Changed => due = true,
            Happened::Keyboard(LiveEvent::Left) => return Ok(Ended::Left),
            Happened::Keyboard(LiveEvent::Resize) => {}
            Happened::Keyboard(LiveEvent::Key(key)) => match key {
                'c' => due = true,
                't' => {
                    let title = format!("{} {}", round.exercise, round.title);
                    let place = format!("Your folder: `{}`\n\n{}", workspace.display(), round.task);
                    if live.page(&title, &place).await? == Reply::Left {
                        return Ok(Ended::Left);
                    }
                }
                'h' => {
                    let all = u32::try_from(round.hints.len()).unwrap_or(u32::MAX);
                    let shown = learner.update(|state| state.hint(&round.exercise, round.number, all))? as usize;
                    let text = told(&round.hints[..shown.min(round.hints.len())], round.hints.len(), &round.exercise);
                    if live.page("Hints", &text).await? == Reply::Left {
                        return Ok(Ended::Left);
                    }
                }
                _ => {}
            },
            Happened::Checked(done) => {
                checking = None;
                let Ok(examined) = done else { continue };
                let changed = examined.findings != findings;
                findings = examined.findings;
                note = None;
                let outcome = Outcome::of(&findings);
                if outcome == Outcome::Pass {
                    let step = record(learner, mine, outcome)?;
                    live.draw(&passed_frame(&round.title, &findings))?;
                    return match live.page("Passed", &praise(mine, step)).await? {
                        Reply::Left => Ok(Ended::Left),
                        Reply::Given(()) => Ok(Ended::Passed(step)),
                    };
                }
                if changed && outcome == Outcome::NotYet {
                    record(learner, mine, outcome)?;
                }
            }
        }
    }
}

fn passed_frame<'a>(title: &'a str, findings: &'a [Finding]) -> Frame<'a> {
    Frame { title, findings, ..Frame::default() }
}

fn praise(mine: &Mine<'_>, step: Step) -> String {
    let round = mine.round();
    let head = match step {
        Step::Passed => {
            format!("**{} {}: done, {} points.**", round.exercise, round.title, mine.entry.exercise.points)
        }
        _ => format!("**Round {} of {} is done.**", round.number, round.of),
    };
    format!("{head}\n\n{}", round.why)
}

/// The checks before anything is known.
fn not_yet_known(mine: &Mine<'_>) -> Vec<Finding> {
    let round = mine.round();
    let waits = |check: &crate::check::Check| Finding {
        id: check.id.clone(),
        title: check.title.clone(),
        weight: check.weight,
        hidden: check.hidden,
        verdict: Verdict::Waits { on: String::new() },
        evidence: Vec::new(),
    };
    round.checks.iter().map(waits).collect()
}

/// A check that goes on in the background; dropped, it ends.
struct Checking {
    task: JoinHandle<Examined>,
}

impl Checking {
    fn start(mine: &Mine<'_>, workspace: PathBuf) -> Self {
        let round = mine.round().clone();
        Self { task: tokio::spawn(async move { look(&round, &workspace).await }) }
    }

    /// Waits for the check that goes on; for ever where none does.
    async fn done(checking: &mut Option<Self>) -> Result<Examined, JoinError> {
        match checking {
            Some(checking) => (&mut checking.task).await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Checking {
    fn drop(&mut self) {
        self.task.abort();
    }
}
