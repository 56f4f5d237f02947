//! `dlearn images`: the base images of the course.
//!
//! ```text
//! stock   which of them are here, how large they are, what the others cost
//! pull    bringing those that are missing, from their registries or a mirror
//! save    all that are here into one file
//! load    such a file into the engine, after it was looked into
//! ```

mod load;
mod pull;
mod save;
mod stock;

pub(super) use pull::bring;
pub(super) use stock::{Stocked, take as stock_of};

use super::app::App;
use crate::cli::ImagesAction;
use crate::course::Course;
use crate::engine::EngineError;
use crate::failure::{Failure, exit};
use crate::report;
use crate::term::{Span, Style, paint, wrap_text};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of names at most; longer ones stick out. (No text is padded to more than 65 535.)
const WIDEST: usize = 100;

/// Why an image of the course is needed.
#[derive(Debug, Default)]
pub(super) struct Need<'a> {
    /// By these exercises.
    exercises: Vec<&'a str>,
    /// None of them needs it before it begins: only its registry has it, and it is brought then.
    later: bool,
}

/// Base images by name, with those of services and those that are brought later.
pub(super) fn needed<'a>(course: &'a Course, only: Option<&BTreeSet<&str>>) -> BTreeMap<&'a str, Need<'a>> {
    let mut needed: BTreeMap<&str, Need> = BTreeMap::new();
    let wanted = |id: &str| only.is_none_or(|only| only.contains(id));
    for (id, entry) in course.exercises.iter().filter(|(id, _)| wanted(id)) {
        for image in super::service::images_of(entry) {
            needed.entry(image).or_default().exercises.push(id);
        }
    }
    for (id, entry) in course.exercises.iter().filter(|(id, _)| wanted(id)) {
        for image in &entry.exercise.needs.elsewhere {
            let need = needed.entry(image).or_insert_with(|| Need { later: true, ..Need::default() });
            if !need.exercises.contains(&id.as_str()) {
                need.exercises.push(id);
            }
        }
    }
    needed
}

pub(super) async fn run(app: &App, action: ImagesAction) -> Result<i32, Failure> {
    let course = app.course()?;
    match action {
        ImagesAction::List => {
            let engine = app.engine().await?;
            let mut stock = stock::take(&engine, needed(&course, None)).await.map_err(untold)?;
            stock::price(&engine, &mut stock).await?;
            stock::show(app, &stock, &[])?;
            Ok(if stock.iter().any(stock::Stocked::is_wanting) { exit::NOT_YET } else { exit::DONE })
        }
        ImagesAction::Pull { mirror } => pull::run(app, &course, mirror.as_ref()).await,
        ImagesAction::Save { file, only } => save::run(app, &course, &file, &only).await,
        ImagesAction::Load { file, all, replace } => {
            load::run(app, &course, &file, load::Allowed { all, replace }).await
        }
    }
}

/// Prints a paragraph: wrapped for a terminal, and in one line for a program.
fn paragraph(app: &App, first: &str, text: &str) -> Result<(), Failure> {
    if !app.terminal.stdout {
        return Ok(report::line(&format!("{first}{text}"))?);
    }
    let indent = Span::plain(&" ".repeat(2));
    let (first, width) = ([Span::plain(first)], app.terminal.text_width());
    let lines = wrap_text(text, Style::PLAIN, width, &first, std::slice::from_ref(&indent));
    Ok(app.terminal.print(&paint(&lines, &app.terminal))?)
}

fn untold(error: EngineError) -> Failure {
    Failure::Engine(error.unavailable())
}
