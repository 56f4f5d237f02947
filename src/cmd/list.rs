//! `dlearn list`: the map of the course.

use super::app::App;
use crate::course::{Course, Item};
use crate::failure::{Failure, exit};
use crate::learner::Learner;
use crate::report::{self, json};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct ListReport {
    schema: &'static str,
    course: String,
    title: String,
    modules: Vec<Module>,
    /// Pages to look things up in: `dlearn read ID`.
    references: Vec<Reference>,
}

#[derive(Debug, Serialize)]
struct Reference {
    id: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct Module {
    id: String,
    title: String,
    items: Vec<Row>,
}

/// One lesson or exercise.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Id.
    pub id: String,
    /// `lesson` or `exercise`
    pub kind: &'static str,
    /// Title.
    pub title: String,
    /// Minutes that it takes.
    pub minutes: u32,
    /// Points that it gives.
    pub points: u32,
    /// Whether it is done.
    pub done: bool,
}

/// A lesson or exercise with the learner's progress.
pub(super) fn row(course: &Course, learner: Option<&Learner>, item: &Item) -> Row {
    let state = learner.map(Learner::state);
    match item {
        Item::Lesson(id) => {
            let front = &course.lessons[id].front;
            let done = state.and_then(|state| state.lessons.get(id)).is_some_and(|lesson| lesson.done);
            Row { id: id.clone(), kind: "lesson", title: front.title.clone(), minutes: front.minutes, points: 0, done }
        }
        Item::Exercise(id) => {
            let exercise = &course.exercises[id].exercise;
            let done = state.is_some_and(|state| state.has_passed(id));
            let (title, minutes, points) = (exercise.title.clone(), exercise.minutes, exercise.points);
            Row { id: id.clone(), kind: "exercise", title, minutes, points, done }
        }
    }
}

pub(super) fn run(app: &App) -> Result<i32, Failure> {
    let course = app.course()?;
    let learner = app.looking(&course)?;
    let current = learner.as_ref().and_then(|learner| learner.state().current.clone());
    let modules: Vec<Module> = course
        .outline
        .modules
        .iter()
        .map(|module| Module {
            id: module.id.clone(),
            title: module.title.clone(),
            items: module
                .items
                .iter()
                .filter_map(|id| course.item(id))
                .map(|item| row(&course, learner.as_ref(), &item))
                .collect(),
        })
        .collect();
    let pages = course.references.values().map(|page| &page.front);
    let references: Vec<Reference> =
        pages.map(|front| Reference { id: front.id.clone(), title: front.title.clone() }).collect();
    if app.common.json {
        let (name, title) = (course.outline.course.clone(), course.outline.title.clone());
        json::print(&ListReport { schema: "dlearn/list/1", course: name, title, modules, references })?;
        return Ok(exit::DONE);
    }
    report::line(&course.outline.title)?;
    for module in &modules {
        report::line(&format!("\n{}  {}", module.id, module.title))?;
        for row in &module.items {
            let mark = if row.done { app.terminal.sign("✓", "*") } else { " " };
            let here = if current.as_deref() == Some(row.id.as_str()) { app.terminal.sign("→", ">") } else { " " };
            let points = if row.points > 0 { format!(", {} points", row.points) } else { String::new() };
            report::line(&format!("{here}{mark} {:4} {} ({} min{points})", row.id, row.title, row.minutes))?;
        }
    }
    if !references.is_empty() {
        report::line("\nTo look things up: dlearn read ID")?;
    }
    for page in &references {
        report::line(&format!("   {:4} {}", page.id, page.title))?;
    }
    Ok(exit::DONE)
}
