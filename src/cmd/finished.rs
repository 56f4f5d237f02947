//! The end of the course: the questions that are due, how far the learner came, and what to do now.

use super::app::App;
use super::check::LEFT;
use super::quiz::{self, AT_ONCE};
use crate::course::{Course, Item};
use crate::failure::{Failure, exit};
use crate::learner::progress::{counts, review};
use crate::learner::{Learner, State};
use crate::term::prompt::{Reply, Turn};
use crate::term::reader::ReadOutcome;
use crate::term::show_page;

/// Asks what is due, shows the last page, and leaves it on the terminal below what was `done` (Markdown).
pub(super) async fn end(app: &App, course: &Course, learner: Learner, done: &str) -> Result<i32, Failure> {
    let (learner, answered, stays) = again(app, course, learner).await?;
    let text = format!("{answered}{}", told(course, learner.state()));
    if stays {
        let title = format!("{} The course is done", app.terminal.sign("✓", "[ok]"));
        let (page, keys) = (text.clone(), [("Enter", "end"), ("q", "leave")]);
        let shown = app.blocking(move |terminal| show_page(&title, &page, &keys, terminal)).await?;
        let _either_ends = shown.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    }
    app.say(&format!("{done}{text}"))?;
    Ok(if stays { exit::DONE } else { LEFT })
}

/// Asks the questions that are due in this session; what came of it (Markdown), and whether the learner stayed.
async fn again(app: &App, course: &Course, learner: Learner) -> Result<(Learner, String, bool), Failure> {
    let state = learner.state();
    let due = review(course, state, state.sessions, AT_ONCE);
    if due.is_empty() {
        return Ok((learner, String::new(), true));
    }
    let text = format!(
        "Everything is read, and every exercise is passed. {}",
        match due.len() {
            1 => "One question from earlier comes back: you missed it, or it is time to see whether you still know it."
                .to_owned(),
            several => format!(
                "{several} questions from earlier come back: you missed them, or it is time to see whether you still \
                 know them."
            ),
        }
    );
    let (title, keys) = ("Once more, from memory".to_owned(), [("Enter", "answer"), ("q", "leave")]);
    let shown = app.blocking(move |terminal| show_page(&title, &text, &keys, terminal)).await?;
    let reply = shown.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    if !matches!(reply, Reply::Given(Turn::Next)) {
        return Ok((learner, String::new(), false));
    }
    let (answers, outcome) = quiz::put(app, quiz::sheet(&due), Some(learner)).await?;
    let summary = format!("{}\n\n", answers.summary(course));
    let learner = match answers.learner {
        Some(learner) => learner,
        None => app.learner(course)?,
    };
    Ok((learner, summary, outcome == ReadOutcome::Finished))
}

/// How far the learner came, and what to do now, as Markdown.
pub(super) fn told(course: &Course, state: &State) -> String {
    let counts = counts(course, state);
    let mut text = format!(
        "**{}** is done, all of it: {} lessons, {} exercises, {} of {} points.",
        course.outline.title, counts.lessons_done, counts.exercises_passed, counts.points, counts.points_possible
    );
    if counts.points < counts.points_possible {
        text.push_str(" Optional checks give the others: `dlearn list` shows where.");
    }
    match counts.missed {
        0 => {}
        1 => text.push_str(" One question that you missed comes back when you call `dlearn next` again."),
        missed => {
            let again = format!(" {missed} questions that you missed come back when you call `dlearn next` again.");
            text.push_str(&again);
        }
    }
    text.push_str("\n\n## What now\n\n");
    let last = course.items().into_iter().rev().find_map(|item| match item {
        Item::Lesson(id) => course.lessons.get(&id).map(|lesson| &lesson.front),
        Item::Exercise(_) => None,
    });
    if let Some(front) = last {
        text.push_str(&format!("- `dlearn read {}`, once more: {}\n", front.id, front.title));
    }
    text.push_str(
        "- `dlearn quiz`: questions whose time has come, also in some weeks\n\
         - `dlearn submit`: packs your work, to hand it in\n\
         - `dlearn clean --dry-run`: what dlearn has left in your engine\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Source;

    #[test]
    fn the_last_words_tell_the_points_what_comes_again_and_the_lesson_to_look_at() {
        let course = Course::load(&Source::Embedded).unwrap();
        let mut state = State::new("c", "0");
        state.answered("L01.nothing-like-it", false);
        let text = told(&course, &state);
        assert!(text.contains("0 lessons, 0 exercises, 0 of "), "{text}");
        assert!(text.contains("`dlearn list` shows where") && !text.contains("that you missed"), "{text}");
        assert!(
            text.contains("- `dlearn read L28`, once more: ") && text.contains("`dlearn clean --dry-run`"),
            "{text}"
        );
        for (id, wanted) in [("L01", "One question that you missed"), ("L02", "2 questions that you missed")] {
            let question = course.lessons[id].questions().next().unwrap();
            state.answered(&question.id, false);
            let text = told(&course, &state);
            assert!(text.contains(wanted), "{text}");
        }
    }
}
