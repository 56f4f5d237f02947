//! A lesson, section by section, on the whole screen.
//!
//! Invariants: every step is reported to [`ReadProgress`] when it happens, so that whoever leaves,
//! or is cut off, finds their place again; nothing here writes a file. The calls block: inside
//! tokio, run them where blocking is allowed.

mod contents;
mod session;

use super::{
    Screen, Terminal,
    line::{Line, Span, Style, paint},
    markdown,
    prompt::PromptError,
    quiz,
};
use crate::course::{Block, Lesson, Question};
use session::{Place, Session, Went};

/// What stands in the place of a lesson's id where there are only questions, each a section.
pub const QUIZ: &str = "Quiz";

/// Told what the reader does.
pub trait ReadProgress {
    /// The section with this index (from 0) is on the screen.
    fn section_shown(&mut self, section: usize);
    /// A question was answered with the option of this index.
    fn answered(&mut self, question: &Question, chosen: usize, right: bool);
}

/// How reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ReadOutcome {
    /// The last section was read.
    Finished,
    /// The reader left in the section with this index (from 0).
    Left {
        /// Where to go on the next time.
        section: usize,
    },
}

/// Shows a lesson from the section `from` (an index from 0) on; `seed` decides the order of the
/// options of its questions.
///
/// Enter or Space goes on, `b` back, arrows scroll, `/` searches, `t` lists the sections, `?` all keys, `q` leaves.
///
/// # Errors
/// Where no terminal is attached: print [`section`] instead.
pub fn read(
    lesson: &Lesson,
    from: usize,
    seed: u64,
    terminal: &Terminal,
    progress: &mut dyn ReadProgress,
) -> Result<ReadOutcome, PromptError> {
    if !terminal.interactive() {
        return Err(PromptError::NoTerminal);
    }
    let _screen = Screen::full()?;
    let mut session = Session::new(lesson, seed, terminal);
    let mut at = session.steps.iter().position(|step| step.section >= from).unwrap_or(0);
    let mut place = Place::Top;
    let mut shown = None;
    while let Some(section) = session.steps.get(at).map(|step| step.section) {
        if shown.replace(section) != Some(section) {
            progress.section_shown(section);
        }
        (at, place) = match session.step(at, place, progress)? {
            Went::Next => (at + 1, Place::Top),
            Went::Back if at == 0 => (0, Place::Top),
            Went::Back => (at - 1, Place::End),
            Went::To(step, place) => (step, place),
            Went::Left => return Ok(ReadOutcome::Left { section }),
        };
    }
    Ok(ReadOutcome::Finished)
}

/// A section as text, its questions with their options and without the answers: what is printed
/// where no terminal is attached. Empty for an index beyond the last section.
pub fn section(lesson: &Lesson, section: usize, seed: u64, terminal: &Terminal) -> String {
    let width = terminal.text_width();
    let mut lines = Vec::new();
    if section == 0 {
        lines.extend(title(lesson, terminal));
    }
    for step in steps(lesson).iter().filter(|step| step.section == section) {
        if !lines.is_empty() {
            lines.push(Line::empty());
        }
        lines.extend(match step.block {
            Block::Text(text) => markdown::lines(text, width, terminal),
            Block::Question(question) => quiz::printed(question, seed, width, terminal),
        });
    }
    paint(&lines, terminal)
}

/// A whole lesson as text.
pub fn whole(lesson: &Lesson, seed: u64, terminal: &Terminal) -> String {
    let sections = (0..lesson.sections.len()).map(|index| section(lesson, index, seed, terminal));
    sections.collect::<Vec<_>>().join("\n")
}

/// One text or one question.
struct Step<'a> {
    section: usize,
    block: &'a Block,
    /// The lesson's title stands above it.
    first: bool,
}

fn steps(lesson: &Lesson) -> Vec<Step<'_>> {
    let sections = lesson.sections.iter().enumerate();
    let blocks = sections.flat_map(|(section, it)| it.blocks.iter().map(move |block| (section, block)));
    blocks.enumerate().map(|(index, (section, block))| Step { section, block, first: index == 0 }).collect()
}

/// `L06 · section 2 of 5 · 15 min`, and a dot for each section, with those in front of the lesson's own.
fn header(lesson: &Lesson, section: usize, terminal: &Terminal) -> Line {
    let (front, of, before) = (&lesson.front, lesson.sections.len(), lesson.sections_before());
    let dot = terminal.sign("·", "|");
    let place = match section.checked_sub(before) {
        None => "before you begin".to_owned(),
        Some(own) if front.id == QUIZ => format!("question {} of {}", own + 1, of - before),
        Some(own) => format!("section {} of {}", own + 1, of - before),
    };
    let mut spans = vec![
        Span::new(&front.id, Style::ACCENT),
        Span::new(&format!(" {dot} {place} {dot} {} min", front.minutes), Style::DIM),
    ];
    let left = Line(spans.clone()).width();
    let (done, open) = (terminal.sign("●", "#"), terminal.sign("○", "."));
    if let Some(space) = terminal.text_width().checked_sub(left + of).filter(|space| *space > 1) {
        spans.push(Span::plain(&" ".repeat(space)));
        spans.push(Span::new(&done.repeat(section + 1), Style::CODE));
        spans.push(Span::new(&open.repeat(of - section - 1), Style::DIM));
    }
    Line(spans)
}

/// The lesson's title and what it is for.
fn title(lesson: &Lesson, terminal: &Terminal) -> Vec<Line> {
    let width = terminal.text_width();
    let mut lines = markdown::lines(&format!("# {}", lesson.front.title), width, terminal);
    lines.push(Line::empty());
    let prefixes: [&[Span]; 2] = [&[Span::new("Goal: ", Style::BOLD)], &[Span::plain("      ")]];
    lines.extend(super::wrap_message(&lesson.front.objective, Style::PLAIN, width, prefixes, terminal));
    lines
}
