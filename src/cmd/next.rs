//! `dlearn next`: the main loop. Lesson, quiz, exercise, check, and on to the next.

use super::app::App;
use super::check::LEFT;
use super::exercise::{Step, earned, notes, set_up};
use super::finished;
use super::live::{self, Setting};
use super::read::with_passes;
use crate::course::{Course, Entry, Item, Question};
use crate::failure::{Failure, exit};
use crate::learner::progress::{Next, counts, next_item, resume, retrieval, shuffle};
use crate::learner::{Learner, LearnerError, State};
use crate::term::progress::Progress as Spinner;
use crate::term::prompt::{self, Reply, Turn};
use crate::term::reader::{self, ReadOutcome, ReadProgress};
use crate::term::show_page;

pub(super) async fn run(app: &App, id: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let wanted = match &id {
        Some(id) => Some(course.item(id).ok_or_else(|| Failure::unknown_id("lesson or exercise", id, course.ids()))?),
        None => None,
    };
    if !app.terminal.interactive() {
        return printed(app, &course, wanted).await;
    }
    let Some(home) = app.home_or_ask().await? else {
        return Ok(LEFT);
    };
    let mut learner = Learner::open(&home, &course)?;
    if !learner.notes().is_empty() {
        app.tell(&learner);
        // The first screen would hide it.
        if !matches!(app.blocking(prompt::turn).await?, Ok(Reply::Given(_))) {
            return Ok(LEFT);
        }
    }
    learner.update(|state| state.begin_session())?;
    let mut next = match &wanted {
        Some(item) => resume(&course, learner.state(), item),
        None => next_item(&course, learner.state()),
    };
    let mut done = Vec::new();
    loop {
        let on = match &next {
            Next::Finished => {
                return finished::end(app, &course, learner, &listed(&done)).await;
            }
            Next::Lesson { id, section } => {
                let on;
                (learner, on) = lesson(app, &course, learner, id, *section).await?;
                if on {
                    done.push(format!("{id} {}: read", course.lessons[id].front.title));
                }
                on && station(app, &course, &learner, id).await?
            }
            Next::Exercise { id, .. } => exercise(app, &course, &mut learner, &course.exercises[id], &mut done).await?,
        };
        next = next_item(&course, learner.state());
        if !on {
            app.say(&format!("{}{}", listed(&done), kept(app, &course, &learner, &next)))?;
            return Ok(LEFT);
        }
    }
}

/// What was done in this sitting, as Markdown.
fn listed(done: &[String]) -> String {
    let mut text: String = done.iter().map(|line| format!("- {line}\n")).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Where the learner is, and how to go on, as Markdown: what stays on the terminal after leaving.
fn kept(app: &App, course: &Course, learner: &Learner, next: &Next) -> String {
    match next {
        Next::Finished => finished::told(course, learner.state()),
        Next::Lesson { id, section } => {
            let lesson = &course.lessons[id];
            let (number, of) = (section + 1, lesson.sections.len());
            format!(
                "Your place is kept: **{id} {}**, section {number} of {of}. `dlearn next` goes on.",
                lesson.front.title
            )
        }
        Next::Exercise { id, round } => {
            let entry = &course.exercises[id];
            let title = format!("**{id} {}**", entry.exercise.title);
            let of = crate::learner::progress::rounds_of(entry);
            let round_text = if of > 1 { format!(", round {round} of {of}") } else { String::new() };
            let mut folder = learner.folder(entry);
            if entry.exercise.rounds.is_some() {
                folder.push(format!("round-{round}"));
            }
            if !folder.is_dir() {
                return format!("Next comes the exercise {title}. `dlearn next` goes on.");
            }
            format!(
                "Your place is kept: {title}{round_text}. `dlearn next` goes on.\n\nYour files are in this folder; \
                 there, `dlearn check` checks once and `dlearn hint` gives a hint:\n\n```sh\ncd {}\n```",
                super::app::shell_word(&app.place(&folder))
            )
        }
    }
}

/// What comes next, as Markdown.
fn upcoming(course: &Course, state: &State) -> String {
    match next_item(course, state) {
        Next::Finished => "That was the last of the course.".into(),
        Next::Lesson { id, section } => {
            let front = &course.lessons[&id].front;
            let on = if section > 0 { ", where you left it" } else { "" };
            format!("Next: **{id} {}**, a lesson of {} minutes{on}.", front.title, front.minutes)
        }
        Next::Exercise { id, round } => {
            let exercise = &course.exercises[&id].exercise;
            let on = if round > 1 { format!(", from round {round}") } else { String::new() };
            let network = match exercise.needs.elsewhere.is_empty() {
                true => String::new(),
                false => format!(
                    " It needs a network: its base images come from their own registry ({}). Without one, go on with \
                     another: `dlearn list` shows them.",
                    exercise.needs.elsewhere.join(", ")
                ),
            };
            format!(
                "Next: **{id} {}**, an exercise of {} minutes and {} points{on}. You need a second terminal for \
                 it.{network}",
                exercise.title, exercise.minutes, exercise.points
            )
        }
    }
}

/// Between a lesson and what follows: a good place to stop. Whether the learner goes on.
async fn station(app: &App, course: &Course, learner: &Learner, id: &str) -> Result<bool, Failure> {
    let lesson = &course.lessons[id];
    let state = learner.state();
    let asked = lesson.questions().filter_map(|question| state.questions.get(&question.id));
    let asked: Vec<bool> = asked.filter(|known| known.session == state.sessions).map(|known| !known.missed).collect();
    let right = asked.iter().filter(|right| **right).count();
    let mut text = String::new();
    if !asked.is_empty() {
        text.push_str(&format!("You answered {right} of {} questions right.", asked.len()));
        if right < asked.len() {
            text.push_str(" What you missed comes back in a later session.");
        }
        text.push_str("\n\n");
    }
    text.push_str(&upcoming(course, state));
    let counts = counts(course, state);
    text.push_str(&format!(
        "\n\nSo far: {} of {} lessons, {} of {} exercises, {} of {} points.",
        counts.lessons_done,
        counts.lessons,
        counts.exercises_passed,
        counts.exercises,
        counts.points,
        counts.points_possible
    ));
    let title = format!("{} {id} {}", app.terminal.sign("✓", "[ok]"), lesson.front.title);
    let shown = app.blocking(move |terminal| show_page(&title, &text, &[("Enter", "go on"), ("q", "leave")], terminal));
    let reply = shown.await?.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    Ok(matches!(reply, Reply::Given(Turn::Next | Turn::Back)))
}

/// Shows a lesson; whether the learner goes on. It waits for keys on a thread of its own.
async fn lesson(
    app: &App,
    course: &Course,
    mut learner: Learner,
    id: &str,
    section: usize,
) -> Result<(Learner, bool), Failure> {
    learner.update(|state| state.go_to(id))?;
    let whole = course.lessons[id].beginning_with(retrieval(course, learner.state(), id));
    let whole = with_passes(app, course, Some(learner.state()), whole);
    let sections = course.lessons[id].sections.len();
    let before = whole.sections.len() - sections;
    let from = if section == 0 { 0 } else { section + before };
    let seed = shuffle(learner.state());
    let mut progress = Progress { learner, lesson: id.to_owned(), before, unsaved: Vec::new() };
    let read = move |terminal: &_| (reader::read(&whole, from, seed, terminal, &mut progress), progress);
    let (outcome, mut progress) = app.blocking(read).await?;
    let outcome = outcome.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    // What could not be saved when it happened may be saved now: somebody made room on the disk.
    progress.save()?;
    let mut learner = progress.learner;
    if outcome == ReadOutcome::Finished {
        learner.update(|state| state.section_read(id, sections, sections))?;
    }
    Ok((learner, outcome == ReadOutcome::Finished))
}

/// Saves each step at once, so that a kill loses nothing. What cannot be saved is kept for the next time.
struct Progress {
    learner: Learner,
    lesson: String,
    /// Sections in front that are not the lesson's own.
    before: usize,
    unsaved: Vec<Shown>,
}

/// What a reader did.
enum Shown {
    Section(usize),
    Answer { question: String, right: bool },
}

impl Progress {
    fn record(&mut self, step: Shown) {
        self.unsaved.push(step);
        // Whoever is reading is not interrupted: it is tried again with the next step, and told at the end.
        let _tried_again = self.save();
    }

    fn save(&mut self) -> Result<(), LearnerError> {
        if self.unsaved.is_empty() {
            return Ok(());
        }
        let (lesson, steps) = (&self.lesson, &self.unsaved);
        self.learner.update(|state| {
            for step in steps {
                match step {
                    Shown::Section(section) => state.lessons.entry(lesson.clone()).or_default().section = *section,
                    Shown::Answer { question, right } => state.answered(question, *right),
                }
            }
        })?;
        self.unsaved.clear();
        Ok(())
    }
}

impl ReadProgress for Progress {
    fn section_shown(&mut self, section: usize) {
        if let Some(section) = section.checked_sub(self.before) {
            self.record(Shown::Section(section));
        }
    }

    fn answered(&mut self, question: &Question, _chosen: usize, right: bool) {
        self.record(Shown::Answer { question: question.id.clone(), right });
    }
}

/// Works through an exercise, round by round; whether the learner goes on.
async fn exercise(
    app: &App,
    course: &Course,
    learner: &mut Learner,
    entry: &Entry,
    done: &mut Vec<String>,
) -> Result<bool, Failure> {
    let (id, title) = (&entry.exercise.id, &entry.exercise.title);
    learner.update(|state| state.go_to(id))?;
    let mut note = prepare(app, learner, entry).await;
    loop {
        let mine = app.mine(course, learner, entry)?;
        let brought = learner.set_up(entry, mine.round())?;
        let told = notes(&brought).into_iter().chain(note.take()).collect::<Vec<_>>().join("\n\n");
        let (number, of) = (mine.round().number, mine.rounds.len());
        let then = |state: &State, step: Step| match step {
            Step::NextRound => format!("Next: round {} of {of}, in a folder of its own.", number + 1),
            Step::Passed | Step::Same => upcoming(course, state),
        };
        let fresh = brought.written.iter().any(|file| file.ends_with("README.md"));
        let setting = Setting { fresh, note: Some(told).filter(|told| !told.is_empty()), then: &then };
        let ended = live::run(app, learner, &mine, setting).await?;
        match ended.passed {
            Some(Step::Passed) => {
                done.push(format!("{id} {title}: passed, {}", earned(learner.state(), &entry.exercise)));
            }
            Some(Step::NextRound) => done.push(format!("{id} {title}: round {number} of {of} passed")),
            Some(Step::Same) | None => {}
        }
        if !ended.goes_on || ended.passed != Some(Step::NextRound) {
            return Ok(ended.goes_on);
        }
    }
}

/// Pulls the images that are missing, and starts services. Where that is not possible the exercise is
/// shown all the same, with the reason: its checks say what they miss.
pub(super) async fn prepare(app: &App, learner: &mut Learner, entry: &Entry) -> Option<String> {
    let waiting = Spinner::start("looking for your engine", &app.terminal);
    let engine = app.try_engine().await;
    waiting.finish();
    // Where there is no engine, every check says so.
    let failure = super::service::start(app, &engine.ok()?, learner, entry).await.err()?;
    Some(failure.to_string().replace("\n", "\n\n"))
}

/// The same for an exercise with services, where nothing else is asked for. Where they cannot be started, its checks
/// say why.
pub(super) async fn serve(app: &App, learner: &mut Learner, entry: &Entry) {
    if !entry.exercise.needs.services.is_empty() {
        let _ = prepare(app, learner, entry).await;
    }
}

/// Without a terminal: the next section, or the check's result; no progress is written.
async fn printed(app: &App, course: &Course, wanted: Option<Item>) -> Result<i32, Failure> {
    let learner = app.looking(course)?;
    let next = match (&wanted, &learner) {
        (Some(item), Some(learner)) => resume(course, learner.state(), item),
        (None, Some(learner)) => next_item(course, learner.state()),
        (Some(Item::Lesson(id)), None) => Next::Lesson { id: id.clone(), section: 0 },
        (Some(Item::Exercise(id)), None) => Next::Exercise { id: id.clone(), round: 1 },
        (None, None) => match course.items().first() {
            Some(Item::Lesson(id)) => Next::Lesson { id: id.clone(), section: 0 },
            Some(Item::Exercise(id)) => Next::Exercise { id: id.clone(), round: 1 },
            None => Next::Finished,
        },
    };
    match next {
        Next::Finished => {
            let nothing = State::new("", "");
            app.say(&finished::told(course, learner.as_ref().map_or(&nothing, Learner::state)))?;
            Ok(exit::DONE)
        }
        Next::Lesson { id, section } => {
            let state = learner.as_ref().map(Learner::state);
            let lesson = with_passes(app, course, state, course.lessons[&id].clone());
            app.terminal.print(&reader::section(&lesson, section, 0, &app.terminal))?;
            let (number, of) = (section + 1, lesson.sections.len());
            eprintln!(
                "\nsection {number} of {of}; without a terminal your place is not kept: dlearn read {id} prints the whole \
                 lesson, dlearn next in a terminal goes through it"
            );
            Ok(exit::DONE)
        }
        Next::Exercise { id, .. } => {
            let mut learner = app.learner(course)?;
            let entry = &course.exercises[&id];
            serve(app, &mut learner, entry).await;
            let mine = app.mine(course, &mut learner, entry)?;
            set_up(app, &mut learner, entry, mine.round())?;
            if !app.common.json {
                let (round, folder) = (mine.round(), learner.workspace(entry, mine.round()));
                app.say(&format!(
                    "# {} {}\n\nYour folder: `{}`\n\n{}\n",
                    id,
                    round.title,
                    folder.display(),
                    round.task
                ))?;
            }
            drop(learner);
            super::check::run(app, Some(id), super::check::Files::default()).await
        }
    }
}
