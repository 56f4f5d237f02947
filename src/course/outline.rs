//! `lessons/course.yaml`: the order of the course is data.

use schemars::JsonSchema;
use serde::Deserialize;

/// The course's title and the order of its lessons and exercises.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// Stable name: progress is kept by it.
    pub course: String,
    /// What the learner reads.
    pub title: String,
    /// Modules, in order.
    pub modules: Vec<Module>,
}

/// A group of lessons and exercises.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// For example `M2`.
    pub id: String,
    /// What the learner reads.
    pub title: String,
    /// Ids of lessons and exercises, in order.
    pub items: Vec<String>,
}

/// One step of the course.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A lesson, by id.
    Lesson(String),
    /// An exercise, by id.
    Exercise(String),
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Item::Lesson(id) | Item::Exercise(id) => id,
        }
    }
}
