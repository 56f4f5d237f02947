//! What `check`, `watch` and `next` share: a round is set up, examined, and its result recorded.

use super::app::{App, Mine};
use crate::check::{Finding, Outcome, pictures};
use crate::course::{Entry, Exercise, Round};
use crate::engine::{Answers, Collector, CollectorOptions, ConnectOptions, Engine, Practice};
use crate::evidence::Evidence;
use crate::examine::{Examined, examine};
use crate::failure::Failure;
use crate::grade::score::{Points, shares};
use crate::learner::{Learner, SetUp, State};
use crate::registry::Logins;
use crate::term::{Terminal, picture};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Examines a round of the learner's on their engine.
pub(super) async fn look(mine: &Mine<'_>, workspace: &Path) -> Examined {
    look_at(mine.round(), workspace, mine.practice.clone()).await
}

/// Examines a round on the learner's engine.
pub(super) async fn look_at(round: &Round, workspace: &Path, practice: Option<Practice>) -> Examined {
    let mut collector = collector(round, workspace, practice).await;
    let examined = examine(round, &mut collector, Evidence::new()).await;
    // What could not be removed now is found by its label: `dlearn clean`.
    let _ = collector.finish().await;
    examined
}

/// Whoever answers what a round asks. Connects anew each time, so that an engine that was stopped and
/// started again is found.
async fn collector(round: &Round, workspace: &Path, practice: Option<Practice>) -> Collector {
    let docker = ConnectOptions::default();
    let engine = Engine::connect(&docker).await;
    let options = CollectorOptions {
        workspace: workspace.to_owned(),
        starter: round.start.clone(),
        exercise: round.exercise.clone(),
        purpose: "check".into(),
        ..CollectorOptions::default()
    };
    Collector::new(engine, options).practising(practice).reading_as(Logins::new(docker.config_dir))
}

/// The checks of one live round, one after another.
///
/// What a check has built stays in the engine until the next one is over: whoever saves a file builds it
/// at once, and the classic builder then takes steps that the check has just built from the cache. Removed
/// in that moment, they would make the learner's own build fail.
#[derive(Default)]
pub(super) struct Checks {
    kept: Arc<Mutex<Vec<Collector>>>,
}

/// A check that goes on in the background. Dropped, it is cut off.
pub(super) struct Checking {
    result: oneshot::Receiver<Examined>,
    /// Dropped with the rest: that is the sign to stop.
    _stop: oneshot::Sender<()>,
}

impl Checks {
    /// Begins to examine a round.
    pub fn start(&self, mine: &Mine<'_>, workspace: PathBuf) -> Checking {
        let (round, practice) = (mine.round().clone(), mine.practice.clone());
        let (say, result) = oneshot::channel();
        let (_stop, stopped) = oneshot::channel::<()>();
        let kept = Arc::clone(&self.kept);
        tokio::spawn(async move {
            let mut asker = collector(&round, &workspace, practice.clone()).await;
            let asking = async {
                let examined = examine(&round, &mut asker, Evidence::new()).await;
                if Outcome::of(&examined.findings) != Outcome::CannotTell {
                    return examined;
                }
                // The classic builder's cache knows one of two steps that ran at the same time: what a check has built
                // may stand in it in place of what the learner has built meanwhile.
                // Its own go first: they may be built on what the check before has built.
                finish(vec![std::mem::replace(&mut asker, collector(&round, &workspace, practice).await)]).await;
                finish(take(&kept)).await;
                examine(&round, &mut asker, Evidence::new()).await
            };
            let examined = tokio::select! {
                examined = asking => Some(examined),
                _ = stopped => None,
            };
            let before = if examined.is_some() { take(&kept) } else { Vec::new() };
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(asker);
            // Said before the clean-up: whoever waits for it need not wait for that too.
            if let Some(examined) = examined {
                let _ = say.send(examined);
            }
            finish(before).await;
        });
        Checking { result, _stop }
    }
}

impl Drop for Checks {
    /// What is not removed when the process ends is removed by its end.
    fn drop(&mut self) {
        tokio::spawn(finish(take(&self.kept)));
    }
}

fn take(kept: &Mutex<Vec<Collector>>) -> Vec<Collector> {
    std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What could not be removed now is found by its label: `dlearn clean`.
async fn finish(collectors: Vec<Collector>) {
    for mut collector in collectors {
        let _ = collector.finish().await;
    }
}

impl Checking {
    /// Waits for the check that goes on, for ever where none does. None where it broke off.
    pub async fn done(checking: &mut Option<Self>) -> Option<Examined> {
        match checking {
            Some(checking) => (&mut checking.result).await.ok(),
            None => std::future::pending().await,
        }
    }
}

/// What a check has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Still the same round.
    Same,
    /// This round is passed, and there is another.
    NextRound,
    /// The exercise is passed.
    Passed,
}

/// Records the result of a check.
pub(super) fn record(learner: &mut Learner, mine: &Mine<'_>, findings: &[Finding]) -> Result<Step, Failure> {
    let outcome = Outcome::of(findings);
    let exercise = &mine.entry.exercise;
    let (number, of) = (mine.round().number, mine.rounds.len());
    let now = jiff::Timestamp::now();
    let passed = learner.update(|state| {
        // What could not be told is no attempt.
        if outcome != Outcome::CannotTell {
            state.attempted(&exercise.id);
        }
        if outcome != Outcome::Pass {
            return false;
        }
        state.left_open(&exercise.id, points_left(mine, findings));
        state.round_passed(&exercise.id, number, of, exercise.points, now)
    })?;
    Ok(match (outcome, passed) {
        (Outcome::Pass, true) => Step::Passed,
        (Outcome::Pass, false) => Step::NextRound,
        _ => Step::Same,
    })
}

/// Whole points of the exercise that optional checks of this round have not earned, rounded up.
fn points_left(mine: &Mine<'_>, findings: &[Finding]) -> u32 {
    let rounds = vec![1; mine.rounds.len()];
    let share = Points::whole(mine.entry.exercise.points).shared(&rounds)[mine.current];
    let scored = shares(&mine.round().checks, findings, share);
    let open = scored.iter().filter(|(finding, _)| finding.optional).map(|(_, score)| score.of.0 - score.points.0);
    u32::try_from(open.sum::<u64>().div_ceil(100)).unwrap_or(u32::MAX)
}

/// `10 points`, or `8 of 10 points …` where optional checks have left some.
pub(super) fn earned(state: &State, exercise: &Exercise) -> String {
    let (points, left) = (exercise.points, state.exercises.get(&exercise.id).map_or(0, |it| it.points_left));
    match left {
        0 => format!("{points} points"),
        left => format!("{} of {points} points, the rest with what is optional", points.saturating_sub(left)),
    }
}

/// Brings the round's files; says what was put beside the learner's own.
pub(super) fn set_up(app: &App, learner: &mut Learner, entry: &Entry, round: &Round) -> Result<(), Failure> {
    let done = learner.set_up(entry, round)?;
    for note in notes(&done) {
        eprintln!("{} {note}", app.terminal.sign("·", "-"));
    }
    Ok(())
}

/// What the facts of a pass show, as Markdown; nothing where they show nothing.
pub(super) fn drawn(round: &Round, evidence: &Evidence, terminal: &Terminal) -> String {
    let pictures = pictures(&round.checks, &round.subject, evidence);
    pictures.iter().map(|it| picture::markdown(it, terminal.text_width(), terminal) + "\n\n").collect()
}

/// What the learner should know of it.
pub(super) fn notes(done: &SetUp) -> Vec<String> {
    let mut notes = Vec::new();
    if done.restored {
        notes.push(format!("{} was gone and has been set up anew", done.folder.display()));
    }
    notes.extend(done.updated.iter().map(|file| format!("{file} is newer in the course and was brought up to date")));
    let beside = |(yours, new): &(String, String)| {
        format!("{yours} is newer in the course; you changed yours, so the new one is {new}")
    };
    notes.extend(done.beside.iter().map(beside));
    notes
}
