//! `dlearn read`: a lesson from beginning to end, with its questions about earlier ones; nothing is recorded.

use super::app::App;
use crate::course::{Course, Item, Lesson, Question};
use crate::failure::{Failure, exit};
use crate::learner::{Learner, State};
use crate::term::reader::{self, ReadProgress};

struct Nobody;

impl ReadProgress for Nobody {
    fn section_shown(&mut self, _section: usize) {}
    fn answered(&mut self, _question: &Question, _chosen: usize, _right: bool) {}
}

/// The lesson with a tick at each exercise in brackets that the learner has passed, and a circle at the others; with
/// neither where nothing is known of them.
pub(super) fn with_passes(app: &App, course: &Course, state: Option<&State>, lesson: Lesson) -> Lesson {
    lesson.marked(|id| match (course.exercises.contains_key(id), state) {
        (true, Some(state)) if state.has_passed(id) => format!("{} {id}", app.terminal.sign("✓", "+")),
        (true, Some(_)) => format!("{} {id}", app.terminal.sign("○", "-")),
        (true, None) => id.to_owned(),
        (false, _) => format!("[{id}]"),
    })
}

/// Whether PAGER says, as git and man understand it, that texts are to be printed. Other pagers are not asked: they could
/// not put the questions.
fn prefers_print() -> bool {
    std::env::var("PAGER").is_ok_and(|pager| matches!(pager.trim(), "" | "cat"))
}

pub(super) async fn run(app: &App, id: &str, no_pager: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let Some(lesson) = course.page(id) else {
        return Err(match course.item(id) {
            Some(Item::Exercise(id)) => {
                let lesson = &course.exercises[&id].exercise.lesson;
                Failure::usage(
                    format!("{id} is an exercise, and only lessons are read"),
                    format!(
                        "dlearn next {id} goes to it and shows its task; its lesson is {lesson}: dlearn read {lesson}"
                    ),
                )
            }
            _ => Failure::unknown_id("lesson", id, course.pages().map(|page| page.front.id.as_str())),
        });
    };
    let lesson = lesson.beginning_with(course.recalled(lesson));
    let learner = app.looking(&course);
    if let Err(failure) = &learner {
        eprintln!("dlearn: what you have passed is not shown: {failure}");
    }
    let learner = learner.ok().flatten();
    let lesson = with_passes(app, &course, learner.as_ref().map(Learner::state), lesson);
    if app.terminal.interactive() && !no_pager && !prefers_print() {
        let read = app.blocking(move |terminal| reader::read(&lesson, 0, 0, terminal, &mut Nobody));
        let _ = read.await?.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
        app.say("Reading is not counted. `dlearn next` goes on with the course.")?;
    } else {
        app.terminal.print(&reader::whole(&lesson, 0, &app.terminal))?;
    }
    Ok(exit::DONE)
}
