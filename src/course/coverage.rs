//! `lessons/coverage.yaml`: what a course is to teach, item by item, and where it does. `dlearn lint` proves that each
//! place is there; what stands there is for people to read.

use super::{Course, Lesson};
use schemars::JsonSchema;
use serde::Deserialize;

/// Its path in a course.
pub const FILE: &str = "lessons/coverage.yaml";

/// What a course is to teach, and where it does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Parts of it: the documents, a syllabus, an examination, from which the items come.
    pub parts: Vec<Part>,
}

/// One document's items.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where the items come from.
    pub title: String,
    /// In its order.
    pub items: Vec<Taught>,
}

/// One thing that is taught.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taught {
    /// What.
    pub what: String,
    /// Where: a lesson's section (`L08#How the cache decides`, its heading as it is written, or `L08#` for what stands
    /// above the first), a question (`L08.copy`), an exercise (`N02`) or a reference (`R01`).
    pub at: Vec<String>,
}

/// Why a text names no place.
#[derive(Clone, Debug)]
pub enum NoPlace<'a> {
    /// There is no lesson, reference or exercise of this id.
    Nothing,
    /// The lesson is named, and none of its sections.
    WholeLesson(&'a Lesson),
    /// There is no such section in it.
    Section(&'a Lesson),
    /// There is no such question.
    Question,
}

impl Course {
    /// The id of the lesson, reference or exercise in which lies the place that an entry of [`Taught::at`] names.
    ///
    /// # Errors
    /// Why it names none.
    pub fn place<'a>(&'a self, name: &str) -> Result<&'a str, NoPlace<'a>> {
        if let Some((id, heading)) = name.split_once('#') {
            let page = self.pages().find(|page| page.front.id == id).ok_or(NoPlace::Nothing)?;
            let is_it = |title: &str| if heading.is_empty() { title == page.front.title } else { title == heading };
            let has_it = page.sections.iter().any(|section| is_it(&section.title));
            return if has_it { Ok(&page.front.id) } else { Err(NoPlace::Section(page)) };
        }
        if name.contains('.') {
            return self.question(name).map(|(lesson, _)| lesson.front.id.as_str()).ok_or(NoPlace::Question);
        }
        if let Some(id) = self.exercises.keys().find(|id| *id == name) {
            return Ok(id);
        }
        match self.pages().find(|page| page.front.id == name) {
            Some(page) if self.references.contains_key(&page.front.id) => Ok(&page.front.id),
            Some(page) => Err(NoPlace::WholeLesson(page)),
            None => Err(NoPlace::Nothing),
        }
    }
}
