//! `dlearn read`: a lesson from beginning to end, without recording anything.

use super::app::App;
use crate::course::{Item, Question};
use crate::failure::{Failure, exit};
use crate::term::reader::{self, ReadProgress};

struct Nobody;

impl ReadProgress for Nobody {
    fn section_shown(&mut self, _section: usize) {}
    fn answered(&mut self, _question: &Question, _chosen: usize, _right: bool) {}
}

pub(super) async fn run(app: &App, id: &str) -> Result<i32, Failure> {
    let course = app.course()?;
    let lesson = match course.item(id) {
        Some(Item::Lesson(id)) => &course.lessons[&id],
        Some(Item::Exercise(id)) => {
            let lesson = &course.exercises[&id].exercise.lesson;
            return Err(Failure::usage(
                format!("{id} is an exercise"),
                format!("its lesson is {lesson}: dlearn read {lesson}"),
            ));
        }
        None => return Err(Failure::unknown_id("lesson", id, course.lessons.keys().map(String::as_str))),
    };
    if app.terminal.interactive() {
        let lesson = lesson.clone();
        let read = app.blocking(move |terminal| reader::read(&lesson, 0, 0, terminal, &mut Nobody));
        let _ = read.await?.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    } else {
        app.terminal.print(&reader::whole(lesson, 0, &app.terminal))?;
    }
    Ok(exit::DONE)
}
