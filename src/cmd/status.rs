//! `dlearn status`: how far the learner is.

use super::app::App;
use super::list::{Row, row};
use crate::Secret;
use crate::course::Course;
use crate::failure::{Failure, exit};
use crate::learner::State;
use crate::learner::progress::{Next, counts, next_item, rounds_of};
use crate::report::{self, json};
use crate::term::sanitize_line;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct StatusReport {
    schema: &'static str,
    folder: Option<String>,
    current: Option<String>,
    lessons: Count,
    exercises: Count,
    points: Count,
    /// As the authors of what is not done say.
    minutes_left: u32,
    missed_questions: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    practice_registry: Option<PracticeReport>,
}

/// How the practice registry is reached. The password is for the learner's eyes: a report for programs gets into
/// logs, and their task says it too.
#[derive(Debug, Serialize)]
struct PracticeReport {
    address: String,
    user: String,
    #[serde(skip)]
    password: Secret,
}

/// So many of so many.
#[derive(Debug, Serialize)]
struct Count {
    done: u32,
    of: u32,
}

pub(super) fn run(app: &App) -> Result<i32, Failure> {
    let course = app.course()?;
    let learner = app.looking(&course)?;
    let rows: Vec<Row> = course.items().iter().map(|item| row(&course, learner.as_ref(), item)).collect();
    let count = |kind: &str, of: &dyn Fn(&Row) -> u32| {
        let all: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
        Count {
            done: all.iter().filter(|row| row.done).map(|row| of(row)).sum(),
            of: all.iter().map(|row| of(row)).sum(),
        }
    };
    let state = learner.as_ref().map(|learner| learner.state());
    let nothing = State::new("", "");
    let counted = counts(&course, state.unwrap_or(&nothing));
    let report = StatusReport {
        schema: "dlearn/status/1",
        folder: learner.as_ref().map(|learner| learner.home().display().to_string()),
        current: state.and_then(|state| state.current.clone()),
        lessons: count("lesson", &|_| 1),
        exercises: count("exercise", &|_| 1),
        points: Count { done: counted.points, of: rows.iter().map(|row| row.points).sum() },
        minutes_left: counted.minutes_left,
        missed_questions: state.map_or(0, |state| state.questions.values().filter(|question| question.missed).count()),
        practice_registry: learner.as_ref().and_then(|learner| learner.known_practice()).map(|practice| {
            PracticeReport { address: practice.address(), user: practice.user, password: practice.password }
        }),
    };
    if app.common.json {
        json::print(&report)?;
        return Ok(exit::DONE);
    }
    let Some(folder) = &report.folder else {
        report::line("You have not begun yet: dlearn next")?;
        return Ok(exit::DONE);
    };
    let bar = |count: &Count| {
        const CELLS: u32 = 20;
        let full = (count.done * CELLS).checked_div(count.of).unwrap_or(0);
        let cell = |sign: &str, n: u32| sign.repeat(n as usize);
        let (on, off) = (app.terminal.sign("█", "#"), app.terminal.sign("░", "."));
        format!("{}{}  {} of {}", cell(on, full), cell(off, CELLS - full), count.done, count.of)
    };
    report::line(&format!("lessons    {}", bar(&report.lessons)))?;
    report::line(&format!("exercises  {}", bar(&report.exercises)))?;
    report::line(&format!("points     {}", bar(&report.points)))?;
    if report.minutes_left > 0 {
        report::line(&format!("time left  about {}", super::list::duration(report.minutes_left)))?;
    }
    if report.missed_questions > 0 {
        report::line(&format!("questions to come again: {} (dlearn quiz asks them now)", report.missed_questions))?;
    }
    if let Some(state) = state {
        let standing = sanitize_line(&standing(&course, state)).into_owned();
        let width = if app.terminal.stdout { app.terminal.text_width() } else { usize::MAX };
        report::line(&format!("\n{}", textwrap::fill(&standing, width)))?;
    }
    report::line(&format!("your folder: {}", app.place(std::path::Path::new(folder))))?;
    if let Some(practice) = &report.practice_registry {
        let PracticeReport { address, user, password } = practice;
        let password = password.reveal();
        report::line(&format!("your practice registry: {address} (user {user}, password {password})"))?;
    }
    Ok(exit::DONE)
}

/// Where the learner is, or what is next.
fn standing(course: &Course, state: &State) -> String {
    let at = |id: &str| if state.current.as_deref() == Some(id) { "you are at" } else { "next is" };
    match next_item(course, state) {
        Next::Finished => "all of it is done".to_owned(),
        Next::Lesson { id, section } => {
            let lesson = &course.lessons[&id];
            let (title, of) = (&lesson.front.title, lesson.sections.len());
            format!("{} {id} {title}, section {} of {of}; dlearn next goes on", at(&id), section + 1)
        }
        Next::Exercise { id, round } => {
            let entry = &course.exercises[&id];
            let of = rounds_of(entry);
            let round = if of > 1 { format!(", round {round} of {of}") } else { String::new() };
            format!("{} {id} {}{round}; dlearn next goes on", at(&id), entry.exercise.title)
        }
    }
}
