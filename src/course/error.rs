//! What is wrong with a course file: what, where, what next.

use std::fmt;

/// A course, lesson, exercise or recipe that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourseError {
    /// The file, relative to the course.
    pub file: String,
    /// What is wrong, with line and column where they are known, and the line itself.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl CourseError {
    /// An error in `file`.
    pub fn new(file: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: file.into(), what: what.into(), help: help.into() }
    }
}

impl fmt::Display for CourseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)?;
        if !self.help.is_empty() {
            write!(f, "\n  {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for CourseError {}

impl CourseError {
    /// The same error, said of `file`.
    pub fn within(mut self, file: &str) -> Self {
        if self.file.is_empty() {
            self.file = file.to_owned();
        }
        self
    }
}
