//! What is wrong with a course file: what, where, what next.

use std::fmt;

/// A course, lesson, exercise or recipe that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourseError {
    /// The file, relative to the course.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The column, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong; below it perhaps the line itself.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl CourseError {
    /// An error in `file`.
    pub fn new(file: impl Into<String>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, column: None, what: what.into(), help: help.into() }
    }

    /// The same error, at this place of its file.
    #[must_use]
    pub fn at(self, line: usize, column: Option<usize>) -> Self {
        Self { line: Some(line), column, ..self }
    }
}

impl fmt::Display for CourseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ => {}
        }
        write!(f, "{}", self.what)?;
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
