//! `dlearn next`: the main loop. Lesson, quiz, exercise, check, and on to the next.

use super::app::App;
use super::check::LEFT;
use super::exercise::{Step, set_up};
use super::live::{self, Ended};
use crate::course::{Block, Course, Entry, Item, Lesson, Question, Section};
use crate::failure::{Failure, exit};
use crate::learner::Learner;
use crate::learner::progress::{Next, next_item, resume, retrieval};
use crate::term::reader::{self, ReadOutcome, ReadProgress};
use std::collections::BTreeSet;

/// Title of the section that asks about earlier lessons.
const BEFORE: &str = "Before you begin";

pub(super) async fn run(app: &App, id: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let wanted = match &id {
        Some(id) => Some(course.item(id).ok_or_else(|| Failure::unknown_id("lesson or exercise", id, course.ids()))?),
        None => None,
    };
    if !app.terminal.interactive() {
        return printed(app, &course, wanted).await;
    }
    let Some(home) = app.home_or_ask()? else {
        return Ok(LEFT);
    };
    let mut learner = Learner::open(&home, &course)?;
    app.tell(&learner);
    learner.update(|state| state.begin_session())?;
    let mut next = match &wanted {
        Some(item) => resume(&course, learner.state(), item),
        None => next_item(&course, learner.state()),
    };
    loop {
        let on = match &next {
            Next::Finished => {
                app.say(&format!(
                    "**{}** is done, all of it. `dlearn status` shows your points.",
                    course.outline.title
                ))?;
                return Ok(exit::DONE);
            }
            Next::Lesson { id, section } => lesson(app, &course, &mut learner, id, *section)?,
            Next::Exercise { id, .. } => exercise(app, &course, &mut learner, &course.exercises[id]).await?,
        };
        if !on {
            app.say("Your place is kept. `dlearn next` goes on.")?;
            return Ok(LEFT);
        }
        next = next_item(&course, learner.state());
    }
}

/// Shows a lesson; whether the learner goes on.
fn lesson(app: &App, course: &Course, learner: &mut Learner, id: &str, section: usize) -> Result<bool, Failure> {
    learner.update(|state| state.go_to(id))?;
    let whole = with_questions(&course.lessons[id], retrieval(course, learner.state(), id));
    let before = whole.sections.len() - course.lessons[id].sections.len();
    let sections = course.lessons[id].sections.len();
    let from = if section == 0 { 0 } else { section + before };
    let seed = learner.state().sessions;
    let mut progress = Progress { learner, lesson: id, before, sections, failed: None };
    let outcome = tokio::task::block_in_place(|| reader::read(&whole, from, seed, &app.terminal, &mut progress));
    let failed = progress.failed.take();
    let outcome = outcome.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    if outcome == ReadOutcome::Finished {
        learner.update(|state| state.section_read(id, sections, sections))?;
    }
    Ok(outcome == ReadOutcome::Finished)
}

/// The lesson with questions about earlier ones in front, where there are any.
fn with_questions(lesson: &Lesson, questions: Vec<&Question>) -> Lesson {
    let mut lesson = lesson.clone();
    if !questions.is_empty() {
        let text = "A few questions about what you have read before. Answering from memory is what makes it stay.";
        let mut blocks = vec![Block::Text(format!("## {BEFORE}\n\n{text}"))];
        blocks.extend(questions.into_iter().cloned().map(Block::Question));
        lesson.sections.insert(0, Section { title: BEFORE.into(), blocks });
    }
    lesson
}

/// Saves each step at once, so that a kill loses nothing.
struct Progress<'a> {
    learner: &'a mut Learner,
    lesson: &'a str,
    before: usize,
    sections: usize,
    failed: Option<crate::learner::LearnerError>,
}

impl ReadProgress for Progress<'_> {
    fn section_shown(&mut self, section: usize) {
        let read = section.saturating_sub(self.before);
        let (lesson, sections) = (self.lesson, self.sections);
        let saved = self.learner.update(|state| state.section_read(lesson, read, sections));
        self.failed = self.failed.take().or(saved.err());
    }

    fn answered(&mut self, question: &Question, _chosen: usize, right: bool) {
        let saved = self.learner.update(|state| state.answered(&question.id, right));
        self.failed = self.failed.take().or(saved.err());
    }
}

/// Works through an exercise, round by round; whether the learner goes on.
async fn exercise(app: &App, course: &Course, learner: &mut Learner, entry: &Entry) -> Result<bool, Failure> {
    let id = &entry.exercise.id;
    learner.update(|state| state.go_to(id))?;
    bring_bases(app, entry).await?;
    loop {
        let mine = app.mine(course, learner, entry)?;
        set_up(app, learner, entry, mine.round())?;
        match live::run(app, learner, &mine).await? {
            Ended::Left => return Ok(false),
            Ended::Passed(Step::NextRound) => {}
            Ended::Passed(Step::Passed | Step::Same) => return Ok(true),
        }
    }
}

/// Pulls the base images that are missing. Where that is not possible the exercise is shown all the
/// same: its checks say what they miss.
async fn bring_bases(app: &App, entry: &Entry) -> Result<(), Failure> {
    let Ok(engine) = app.try_engine().await else { return Ok(()) };
    let names: BTreeSet<&str> = entry.exercise.bases.iter().map(String::as_str).collect();
    if let Err(failure) = super::images::bring(app, &engine, names).await {
        eprintln!("dlearn: {failure}");
    }
    Ok(())
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
            app.say(&format!("**{}** is done, all of it.", course.outline.title))?;
            Ok(exit::DONE)
        }
        Next::Lesson { id, section } => {
            app.terminal.print(&reader::section(&course.lessons[&id], section, 0, &app.terminal))?;
            Ok(exit::DONE)
        }
        Next::Exercise { id, .. } => {
            let mut learner = app.learner(course)?;
            let entry = &course.exercises[&id];
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
            super::check::run(app, Some(id), None, None).await
        }
    }
}
