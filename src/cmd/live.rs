//! The live loop of an exercise: files, engine, keyboard and checks come together in one place.

use super::app::{App, Mine};
use super::exercise::{Checking, Checks, Step, drawn, earned, record};
use super::hint::told;
use crate::check::{Finding, Outcome};
use crate::course::Round;
use crate::engine::ConnectOptions;
use crate::examine::Examined;
use crate::failure::Failure;
use crate::learner::{Learner, State};
use crate::term::live::{Frame, Live, LiveEvent};
use crate::term::prompt::{Reply, Turn};
use crate::term::{Terminal, findings};
use crate::watching::{Watched, Watching};
use std::path::PathBuf;
use std::time::Duration;

/// How a live round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// What its pass has led to, where it passed.
    pub passed: Option<Step>,
    /// The learner goes on; else they left.
    pub goes_on: bool,
}

/// What surrounds the round.
pub(super) struct Setting<'a> {
    /// The round begins now: its task is shown first.
    pub fresh: bool,
    /// What the learner should know before anything else, in Markdown.
    pub note: Option<String>,
    /// What comes after a pass, in Markdown.
    pub then: &'a dyn Fn(&State, Step) -> String,
}

/// So long a first look at the engine may take before the first check begins all the same.
const FIRST_LOOK: Duration = Duration::from_millis(300);
/// So often in a row a check is begun anew because something changed: whoever saves all the time
/// gets an answer too.
const MOST_RESTARTS: u32 = 3;

/// A check that ended without a result has panicked: what it has said lies behind the screen.
const BROKE_OFF: &str = "The last check broke off, which is a fault of dlearn and not yours. `c` checks again.";

const WORKING: &[(&str, &str)] = &[("h", "hint"), ("c", "check now"), ("t", "task"), ("q", "leave")];
const PASSED: &[(&str, &str)] = &[("Enter", "why it works, and on"), ("q", "leave")];

/// What is over the list of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Checks,
    Task,
    Hints,
    /// All checks have passed.
    Passed(Step),
    Why(Step),
}

/// Something that happened.
enum Happened {
    Keyboard(LiveEvent),
    Changed,
    Checked(Option<Examined>),
}

/// Checks a round again and again until it passes or the learner leaves.
pub(super) async fn run(
    app: &App,
    learner: &mut Learner,
    mine: &Mine<'_>,
    setting: Setting<'_>,
) -> Result<Ended, Failure> {
    let round = mine.round();
    let workspace = learner.workspace(mine.entry, round);
    let mut watching = Watching::start(&workspace, ConnectOptions::default(), Watched::of(round));
    let live = Live::new(&app.terminal).map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    let mut session = Session {
        terminal: &app.terminal,
        mine,
        round,
        place: app.place(&workspace),
        workspace,
        setting,
        live,
        view: View::Checks,
        findings: findings::waiting(&round.checks),
        pictures: String::new(),
    };
    if session.setting.fresh {
        session.task();
    }
    session.draw(true, &watching)?;
    // What the engine looks like now is known before the first check: no change between is missed.
    let _ = tokio::time::timeout(FIRST_LOOK, watching.next()).await;
    let checks = Checks::default();
    let mut checking: Option<Checking> = None;
    let (mut due, mut restarts) = (true, 0);
    loop {
        let open = !matches!(session.view, View::Passed(_) | View::Why(_));
        if due && open && (checking.is_none() || restarts < MOST_RESTARTS) {
            restarts = if checking.is_some() { restarts + 1 } else { 0 };
            checking = Some(checks.start(mine, session.workspace.clone()));
            due = false;
        }
        session.draw(checking.is_some(), &watching)?;
        let happened = tokio::select! {
            event = session.live.next_event() => Happened::Keyboard(event),
            Some(_) = watching.next() => Happened::Changed,
            done = Checking::done(&mut checking) => Happened::Checked(done),
        };
        match happened {
            Happened::Changed => due = true,
            Happened::Keyboard(LiveEvent::Key('c')) if open => due = true,
            Happened::Keyboard(event) => {
                if let Some(ended) = session.keyboard(event, learner)? {
                    return Ok(ended);
                }
            }
            Happened::Checked(done) => {
                checking = None;
                match done {
                    Some(examined) => session.checked(examined, learner)?,
                    None => session.setting.note = Some(BROKE_OFF.into()),
                }
            }
        }
    }
}

/// One round on the screen.
struct Session<'a> {
    terminal: &'a Terminal,
    mine: &'a Mine<'a>,
    round: &'a Round,
    workspace: PathBuf,
    /// The workspace as it is shown.
    place: String,
    setting: Setting<'a>,
    live: Live,
    view: View,
    findings: Vec<Finding>,
    /// What the pass shows besides words, as Markdown.
    pictures: String,
}

impl Session<'_> {
    fn title(&self) -> String {
        format!("{} {}", self.round.exercise, self.mine.entry.exercise.title)
    }

    fn draw(&mut self, busy: bool, watching: &Watching) -> Result<(), Failure> {
        let (passed, round) = (matches!(self.view, View::Passed(_) | View::Why(_)), self.round);
        let title = self.title();
        let number = match round.of {
            1 => String::new(),
            of if round.title == self.mine.entry.exercise.title => format!("round {} of {of}", round.number),
            of => format!("round {} of {of}: {}", round.number, round.title),
        };
        let frame = Frame {
            title: &title,
            round: &number,
            folder: &self.place,
            task: if passed { "" } else { &round.task },
            findings: &self.findings,
            note: self.setting.note.as_deref().filter(|_| !passed),
            busy: busy && !passed,
            status: match passed {
                true => "",
                false if watching.engine_answers() => "watching your files and the engine",
                false => "waiting for the engine to answer",
            },
            keys: if passed { PASSED } else { WORKING },
        };
        Ok(self.live.draw(&frame)?)
    }

    /// How the session ends, where it does.
    fn keyboard(&mut self, event: LiveEvent, learner: &mut Learner) -> Result<Option<Ended>, Failure> {
        let ended = |passed, goes_on| Some(Ended { passed, goes_on });
        match (self.view, event) {
            (View::Why(step), LiveEvent::Closed(Reply::Given(Turn::Next))) => return Ok(ended(Some(step), true)),
            (View::Why(step), LiveEvent::Left | LiveEvent::Closed(Reply::Left)) => {
                return Ok(ended(Some(step), false));
            }
            (View::Passed(step), LiveEvent::Left) => return Ok(ended(Some(step), false)),
            (_, LiveEvent::Left) => return Ok(ended(None, false)),
            (View::Why(step), LiveEvent::Closed(Reply::Given(Turn::Back))) => self.view = View::Passed(step),
            (_, LiveEvent::Closed(_)) => self.view = View::Checks,
            (View::Passed(step), LiveEvent::Key('\n' | ' ')) => self.why(step, learner),
            (View::Checks | View::Hints, LiveEvent::Key('h')) => self.hints(learner)?,
            (View::Checks | View::Hints, LiveEvent::Key('t')) => self.task(),
            _ => {}
        }
        Ok(None)
    }

    fn task(&mut self) {
        let leave = [("Enter", if self.setting.fresh { "begin" } else { "back" }), ("q", "close")];
        self.setting.fresh = false;
        let round = self.round;
        let title = match round.of {
            1 => self.title(),
            of => format!("{}, round {} of {of}", self.title(), round.number),
        };
        let text = format!(
            "Your files are here. Open a second terminal in this folder, and leave this one as it is: it checks \
             whenever you save a file or build an image.\n\n```sh\ncd {}\n```\n\n{}",
            super::app::shell_word(&self.place),
            round.task,
        );
        self.live.open(&title, &text, &leave);
        self.view = View::Task;
    }

    /// Opens the hints that were shown before; the first time, and from there on, one more.
    fn hints(&mut self, learner: &mut Learner) -> Result<(), Failure> {
        let round = self.round;
        learner.refresh()?;
        let state = learner.state().exercises.get(&round.exercise);
        let mut shown = state.and_then(|state| state.hints_shown.get(&round.number)).copied().unwrap_or(0);
        if shown == 0 || self.view == View::Hints {
            let all = u32::try_from(round.hints.len()).unwrap_or(u32::MAX);
            shown = learner.update(|state| state.hint(&round.exercise, round.number, all))?;
        }
        let shown = round.hints.len().min(shown as usize);
        let mut keys = vec![("Enter", "back"), ("h", "one more"), ("q", "close")];
        keys.retain(|(key, _)| *key != "h" || shown < round.hints.len());
        self.live.open("Hints", &told(&round.hints[..shown], round.hints.len(), &round.exercise), &keys);
        self.view = View::Hints;
        Ok(())
    }

    fn why(&mut self, step: Step, learner: &Learner) {
        let round = self.round;
        let head = match step {
            Step::Passed => {
                let points = earned(learner.state(), &self.mine.entry.exercise);
                format!("**{} {}: done, {points}.**", round.exercise, self.mine.entry.exercise.title)
            }
            _ => format!("**Round {} of {} is done.**", round.number, round.of),
        };
        let then = (self.setting.then)(learner.state(), step);
        let title = format!("{} Why it works", self.terminal.sign("✓", "[ok]"));
        let text = format!("{head}\n\n{}{}\n\n{then}", self.pictures, round.why.trim_end());
        self.live.open(&title, &text, &[("Enter", "go on"), ("b", "back"), ("q", "leave")]);
        self.view = View::Why(step);
    }

    /// Takes over what a check found.
    fn checked(&mut self, examined: Examined, learner: &mut Learner) -> Result<(), Failure> {
        let Examined { findings, evidence } = examined;
        let changed = findings != self.findings;
        self.findings = findings;
        match Outcome::of(&self.findings) {
            Outcome::Pass => {
                let step = record(learner, self.mine, &self.findings)?;
                self.pictures = drawn(self.round, &evidence, self.terminal);
                self.live.close();
                self.view = View::Passed(step);
            }
            Outcome::NotYet if changed => {
                record(learner, self.mine, &self.findings)?;
            }
            Outcome::NotYet | Outcome::CannotTell => {}
        }
        Ok(())
    }
}
