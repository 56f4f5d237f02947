//! `dlearn hint`: one hint more each time.

use super::app::App;
use crate::failure::{Failure, exit};
use crate::report::json;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct HintReport<'a> {
    schema: &'static str,
    exercise: &'a str,
    round: usize,
    of: usize,
    hints: &'a [String],
}

pub(super) fn run(app: &App, id: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id.as_deref())?;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let round = mine.round();
    let all = u32::try_from(round.hints.len()).unwrap_or(u32::MAX);
    let shown = learner.update(|state| state.hint(&round.exercise, round.number, all))?;
    let hints = &round.hints[..(shown as usize).min(round.hints.len())];
    if app.common.json {
        let (exercise, of) = (&round.exercise, round.hints.len());
        json::print(&HintReport { schema: "dlearn/hint/1", exercise, round: round.number, of, hints })?;
    } else {
        let mut text = told(hints, round.hints.len(), &round.exercise);
        if hints.len() < round.hints.len() {
            text.push_str(&format!("`dlearn hint {}` again gives the next.", round.exercise));
        }
        app.say(&text)?;
    }
    Ok(exit::DONE)
}

/// Hints as Markdown, the newest last.
pub(super) fn told(hints: &[String], of: usize, exercise: &str) -> String {
    let mut text = String::new();
    for (index, hint) in hints.iter().enumerate() {
        text.push_str(&format!("**Hint {} of {of}.** {}\n\n", index + 1, hint.trim()));
    }
    if hints.len() == of {
        text.push_str(&format!("That was the last one. `dlearn solution {exercise}` shows a whole answer."));
    }
    text
}
