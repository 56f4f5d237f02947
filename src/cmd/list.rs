//! `dlearn list`: the map of the course.

use super::app::App;
use crate::course::{Course, Item};
use crate::failure::{Failure, exit};
use crate::learner::progress::{Next, Standing, counts, next_item, standing};
use crate::learner::{Learner, State};
use crate::report::{self, json};
use crate::term::Terminal;
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
    /// Whether it was begun and is not done.
    pub begun: bool,
    /// Points that the learner has of it.
    pub earned: u32,
    /// Whether the reference solution was shown.
    pub solution_seen: bool,
}

/// A lesson or exercise with the learner's progress.
pub(super) fn row(course: &Course, learner: Option<&Learner>, item: &Item) -> Row {
    let state = learner.map(Learner::state);
    let standing = state.map_or(Standing::New, |state| standing(state, item));
    let (done, begun) = (standing == Standing::Done, standing == Standing::Started);
    match item {
        Item::Lesson(id) => {
            let front = &course.lessons[id].front;
            Row {
                id: id.clone(),
                kind: "lesson",
                title: front.title.clone(),
                minutes: front.minutes,
                points: 0,
                done,
                begun,
                earned: 0,
                solution_seen: false,
            }
        }
        Item::Exercise(id) => {
            let exercise = &course.exercises[id].exercise;
            let known = state.and_then(|state| state.exercises.get(id));
            let left = known.map_or(0, |known| known.points_left);
            Row {
                id: id.clone(),
                kind: "exercise",
                title: exercise.title.clone(),
                minutes: exercise.minutes,
                points: exercise.points,
                done,
                begun,
                earned: if done { exercise.points.saturating_sub(left) } else { 0 },
                solution_seen: known.is_some_and(|known| known.solution_seen),
            }
        }
    }
}

pub(super) fn run(app: &App) -> Result<i32, Failure> {
    let course = app.course()?;
    let learner = app.looking(&course)?;
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
    let state = learner.as_ref().map(Learner::state);
    for line in drawn(&course, &modules, &references, state, &app.terminal) {
        report::line(&line)?;
    }
    Ok(exit::DONE)
}

/// The map: each module with how much of it is done, each item with its sign.
fn drawn(
    course: &Course,
    modules: &[Module],
    references: &[Reference],
    state: Option<&State>,
    terminal: &Terminal,
) -> Vec<String> {
    let mut lines = vec![course.outline.title.clone()];
    let current = state.and_then(|state| state.current.as_deref());
    for module in modules {
        let done = module.items.iter().filter(|row| row.done).count();
        let counted = match state {
            Some(_) => format!("  {done} of {}", module.items.len()),
            None => String::new(),
        };
        lines.push(format!("\n{}  {}{counted}", module.id, module.title));
        for row in &module.items {
            let here = if current == Some(row.id.as_str()) { terminal.sign("→", ">") } else { " " };
            let points = match (row.done, row.points) {
                (_, 0) => String::new(),
                (true, of) if row.earned < of => format!(", {} of {of} points", row.earned),
                (_, of) => format!(", {of} points"),
            };
            let sign = sign(row, terminal);
            lines.push(format!("{here}{sign} {:4} {} ({} min{points})", row.id, row.title, row.minutes));
        }
    }
    if !references.is_empty() {
        lines.push("\nTo look things up: dlearn read ID".into());
    }
    lines.extend(references.iter().map(|page| format!("   {:4} {}", page.id, page.title)));
    let legend = legend(modules, terminal);
    lines.extend((!legend.is_empty()).then(|| format!("\n{legend}")));
    let left = counts(course, state.unwrap_or(&State::new("", ""))).minutes_left;
    lines.push(String::new());
    lines.push(match (state, left) {
        (None, left) => format!("All of it takes about {}. dlearn next begins.", duration(left)),
        (Some(_), 0) => "All of it is done.".to_owned(),
        (Some(state), left) => {
            let on = match next_item(course, state) {
                Next::Finished => String::new(),
                Next::Lesson { id, .. } => format!(" with {id} {}", course.lessons[&id].front.title),
                Next::Exercise { id, .. } => format!(" with {id} {}", course.exercises[&id].exercise.title),
            };
            format!("What is left takes about {}.\ndlearn next goes on{on}.", duration(left))
        }
    });
    lines
}

fn sign(row: &Row, terminal: &Terminal) -> &'static str {
    match (row.done, row.begun, row.kind, row.solution_seen) {
        (true, _, "exercise", false) => terminal.sign("★", "*"),
        (true, _, "exercise", true) => terminal.sign("☆", "+"),
        (true, ..) => terminal.sign("✓", "v"),
        (false, true, ..) => terminal.sign("◦", "-"),
        _ => " ",
    }
}

/// What the signs on the map mean; those that stand there only.
fn legend(modules: &[Module], terminal: &Terminal) -> String {
    const MEANINGS: [(&str, &str, &str); 4] =
        [("✓", "v", "read"), ("★", "*", "passed"), ("☆", "+", "passed, solution seen"), ("◦", "-", "begun")];
    let shown: Vec<&str> = modules.iter().flat_map(|module| &module.items).map(|row| sign(row, terminal)).collect();
    let signs = MEANINGS.map(|(sign, plain, meaning)| (terminal.sign(sign, plain), meaning));
    let meanings: Vec<String> = signs
        .iter()
        .filter(|(sign, _)| shown.contains(sign))
        .map(|(sign, meaning)| format!("{sign} {meaning}"))
        .collect();
    meanings.join("   ")
}

/// `45 min`, or `12 h` from an hour and a half on.
pub(super) fn duration(minutes: u32) -> String {
    match minutes {
        0..90 => format!("{minutes} min"),
        _ => format!("{} h", (minutes + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Source;

    #[test]
    fn the_map_shows_what_is_done_and_what_is_left() {
        let course = Course::load(&Source::Embedded).unwrap();
        let row = |id: &str, done, solution_seen| Row {
            done,
            solution_seen,
            earned: 8,
            begun: !done,
            ..row(&course, None, &course.item(id).unwrap())
        };
        let items = vec![row("L17", true, false), row("E03", true, true), row("N18", false, false)];
        let modules = [Module { id: "M4".into(), title: "Optimise".into(), items }];
        let mut state = State::new("c", "0");
        state.go_to("N18");
        let text = drawn(&course, &modules, &[], Some(&state), &Terminal::plain(80)).join("\n");
        assert!(text.contains("\nM4  Optimise  2 of 3\n"), "{text}");
        assert!(text.contains("\n ✓ L17  "), "{text}");
        assert!(text.contains("\n ☆ E03  ") && text.contains("8 of 10 points)"), "{text}");
        assert!(text.contains("\n→◦ N18  "), "{text}");
        assert!(text.contains("✓ read   ☆ passed, solution seen   ◦ begun"), "{text}");
        let goes_on = format!(" h.\ndlearn next goes on with N18 {}.", course.exercises["N18"].exercise.title);
        assert!(text.ends_with(&goes_on), "{text}");
    }

    #[test]
    fn short_times_are_in_minutes() {
        assert_eq!([0, 89, 90, 149, 150].map(duration), ["0 min", "89 min", "2 h", "2 h", "3 h"]);
    }
}
