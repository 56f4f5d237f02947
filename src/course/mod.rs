//! The course: lessons, exercises and recipes, read from the binary or from a folder.
//!
//! Two models: [`exercise::Exercise`] and [`lesson::Lesson`] are what authors write, checked for
//! structure by serde; [`round::Round`] is one exercise made ready for one learner, with names,
//! token and drawn values filled in. Checks only ever see a round.

pub mod check_file;
pub mod code;
pub mod coverage;
mod embedded;
mod error;
pub mod exercise;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub mod lesson;
pub mod lint;
mod load;
mod marks;
pub mod outline;
mod place;
pub mod recipe;
pub mod round;
pub mod schema;
pub mod service;
mod shelf;
pub mod skeleton;
mod source;
mod template;

pub use check_file::CheckFile;
pub use error::CourseError;
pub use exercise::Exercise;
pub use lesson::{Block, Lesson, Question, Section};
pub use load::{Course, Entry};
pub use outline::{Item, Outline};
pub use round::Round;
pub use shelf::Shelf;
pub use source::{FileSet, Source, enclosing, mode_of, read_yaml};
pub use template::{fill, fill_kind};
