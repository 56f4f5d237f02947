//! `dlearn quiz`: questions again, those first that were missed.

use super::app::App;
use crate::course::{Block, Course, Lesson, Question, Section, lesson::Front};
use crate::failure::{Failure, exit};
use crate::learner::progress::{review, shuffle};
use crate::learner::{Learner, LearnerError, State};
use crate::report::json;
use crate::term::reader::{self, ReadOutcome, ReadProgress};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many questions one quiz asks.
pub(super) const AT_ONCE: usize = 10;

#[derive(Debug, Serialize)]
struct QuizReport<'a> {
    schema: &'static str,
    questions: Vec<Asked<'a>>,
}

/// A question, without saying which option is right.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    id: &'a str,
    lesson: &'a str,
    ask: &'a str,
    options: Vec<&'a str>,
    /// The last answer was wrong.
    missed: bool,
}

pub(super) async fn run(app: &App, id: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let looking = app.looking(&course)?;
    let state = looking.as_ref().map(Learner::state);
    let questions = match &id {
        Some(id) => of_lesson(&course, id)?,
        // The session of the quiz itself counts.
        None => state.map_or(Vec::new(), |state| review(&course, state, state.sessions.saturating_add(1), AT_ONCE)),
    };
    if app.common.json {
        let missed = |id: &str| state.and_then(|state| state.questions.get(id)).is_some_and(|known| known.missed);
        let asked = questions.iter().map(|(lesson, question)| Asked {
            id: &question.id,
            lesson: &lesson.front.id,
            ask: &question.ask,
            options: question.options.iter().map(|option| option.text.as_str()).collect(),
            missed: missed(&question.id),
        });
        json::print(&QuizReport { schema: "dlearn/quiz/1", questions: asked.collect() })?;
        return Ok(exit::DONE);
    }
    if questions.is_empty() {
        let text = match state {
            Some(state) if !state.questions.is_empty() => "No question is due; what you answered comes back later.",
            _ => "You have not answered a question yet: `dlearn next` goes on with the course.",
        };
        app.say(&format!("{text} `dlearn quiz L02` asks a lesson's questions at any time."))?;
        return Ok(exit::DONE);
    }
    let sheet = sheet(&questions);
    if !app.terminal.interactive() {
        let seed = state.map_or(0, shuffle);
        app.terminal.print(&reader::whole(&sheet, seed, &app.terminal))?;
        return Ok(exit::DONE);
    }
    let learner = match looking.is_some() {
        true => Some(app.learner(&course)?),
        // Whoever has not begun may be asked all the same.
        false => None,
    };
    ask(app, &course, sheet, learner).await
}

/// A lesson's questions.
fn of_lesson<'a>(course: &'a Course, id: &str) -> Result<Vec<(&'a Lesson, &'a Question)>, Failure> {
    let Some(lesson) = course.page(id) else {
        return Err(Failure::unknown_id("lesson", id, course.lessons.keys().map(String::as_str)));
    };
    let questions: Vec<_> = lesson.questions().map(|question| (lesson, question)).collect();
    match questions.is_empty() {
        true => Err(Failure::usage(format!("{} asks nothing", lesson.front.id), "dlearn quiz asks what is due")),
        false => Ok(questions),
    }
}

/// The questions as a lesson that has nothing else, each a section.
pub(super) fn sheet(questions: &[(&Lesson, &Question)]) -> Lesson {
    let minutes = u32::try_from(questions.len().div_ceil(2)).unwrap_or(u32::MAX);
    let sections = questions.iter().map(|(lesson, question)| Section {
        title: lesson.front.title.clone(),
        blocks: vec![Block::Question((*question).clone())],
    });
    Lesson {
        file: String::new(),
        front: Front {
            id: reader::QUIZ.into(),
            title: "Once more, from memory".into(),
            minutes,
            objective: "what you have read stays".into(),
            images: Vec::new(),
        },
        sections: sections.collect(),
        recall: Vec::new(),
        fences: Vec::new(),
    }
}

/// Keeps each answer at once, where there is a place for it.
pub(super) struct Answers {
    /// Whoever has begun.
    pub learner: Option<Learner>,
    /// Whether it was right, by the question's id.
    given: BTreeMap<String, bool>,
    failed: Option<LearnerError>,
}

impl ReadProgress for Answers {
    fn section_shown(&mut self, _section: usize) {}

    fn answered(&mut self, question: &Question, _chosen: usize, right: bool) {
        self.given.insert(question.id.clone(), right);
        if let Some(learner) = &mut self.learner {
            let saved = learner.update(|state: &mut State| state.answered(&question.id, right));
            self.failed = self.failed.take().or(saved.err());
        }
    }
}

impl Answers {
    /// How it went, and which lessons to read again, as Markdown.
    pub(super) fn summary(&self, course: &Course) -> String {
        summary(course, &self.given)
    }
}

async fn ask(app: &App, course: &Course, sheet: Lesson, mut learner: Option<Learner>) -> Result<i32, Failure> {
    if let Some(learner) = &mut learner {
        learner.update(State::begin_session)?;
    }
    let (answers, _) = put(app, sheet, learner).await?;
    app.say(&format!("{}\n\n`dlearn next` goes on with the course.", answers.summary(course)))?;
    Ok(exit::DONE)
}

/// Puts the questions of a sheet, in the learner's session; what was answered, and how it ended.
pub(super) async fn put(app: &App, sheet: Lesson, learner: Option<Learner>) -> Result<(Answers, ReadOutcome), Failure> {
    let seed = learner.as_ref().map_or(0, |learner| shuffle(learner.state()));
    let mut answers = Answers { learner, given: BTreeMap::new(), failed: None };
    let read = move |terminal: &_| (reader::read(&sheet, 0, seed, terminal, &mut answers), answers);
    let (outcome, mut answers) = app.blocking(read).await?;
    let outcome = outcome.map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    match answers.failed.take() {
        Some(error) => Err(error.into()),
        None => Ok((answers, outcome)),
    }
}

/// How it went, and which lessons to read again, as Markdown.
fn summary(course: &Course, given: &BTreeMap<String, bool>) -> String {
    if given.is_empty() {
        return "Nothing was answered.".into();
    }
    let right = given.values().filter(|right| **right).count();
    let mut text = format!("You answered {right} of {} right.", given.len());
    let mut again: Vec<String> = Vec::new();
    for (id, _) in given.iter().filter(|(_, right)| !**right) {
        let lesson = course.question(id).map(|(lesson, _)| &lesson.front);
        let line = lesson.map(|front| format!("- **{}** {}: `dlearn read {}`", front.id, front.title, front.id));
        again.extend(line.filter(|line| !again.contains(line)));
    }
    if !again.is_empty() {
        text.push_str(&format!("\n\nIt stands in:\n\n{}", again.join("\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Source;

    #[test]
    fn a_quiz_is_a_section_for_each_question_and_its_summary_names_lessons_once() {
        let course = Course::load(&Source::Embedded).unwrap();
        let questions = of_lesson(&course, "L02").unwrap();
        let sheet = sheet(&questions);
        assert_eq!(sheet.sections.len(), questions.len());
        assert_eq!(sheet.questions().map(|it| &it.id).collect::<Vec<_>>().len(), questions.len());
        let given = questions.iter().enumerate().map(|(index, (_, it))| (it.id.clone(), index == 0)).collect();
        let text = summary(&course, &given);
        assert!(text.starts_with(&format!("You answered 1 of {} right.", questions.len())), "{text}");
        assert_eq!(text.matches("dlearn read L02").count(), 1, "{text}");
        assert!(of_lesson(&course, "R01").is_err() && of_lesson(&course, "L99").is_err());
    }
}
