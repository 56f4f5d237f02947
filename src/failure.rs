//! Why a command could not do its work, and the exit code that says so.

use crate::course::CourseError;
use crate::evidence::Unavailable;
use std::fmt;

/// Exit codes, everywhere the same (README, "Exit codes").
pub mod exit {
    /// Pass, or done; leaving with `q` too.
    pub const DONE: i32 = 0;
    /// Not yet: a check failed.
    pub const NOT_YET: i32 = 1;
    /// Usage, or a course with errors.
    pub const USAGE: i32 = 2;
    /// Cannot tell: the engine or a registry did not answer.
    pub const CANNOT_TELL: i32 = 3;
    /// Interrupted by Ctrl-C, after cleaning up.
    pub const INTERRUPTED: i32 = 130;
    /// The terminal was closed (SIGHUP), after cleaning up.
    pub const HUNG_UP: i32 = 129;
    /// Ended by SIGTERM, after cleaning up.
    pub const TERMINATED: i32 = 143;
}

/// What happened, and what to do next.
#[derive(Debug)]
pub enum Failure {
    /// The command line, or something that it names.
    Usage {
        /// What is wrong.
        what: String,
        /// What to do next.
        help: String,
    },
    /// The course has an error.
    Course(CourseError),
    /// Nobody could be asked.
    Engine(Unavailable),
    /// Reading or writing failed.
    Io(std::io::Error),
}

impl Failure {
    /// A wrong command line, or a wrong name in it.
    pub fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::Usage { what: what.into(), help: help.into() }
    }

    /// An id that is not in the course.
    pub fn unknown_id<'a>(what: &str, id: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::unknown(&format!("{what} in this course"), id, known, "dlearn list shows them all")
    }

    /// A name that does not exist: offers the nearest, else says where they are listed.
    pub fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>, listed: &str) -> Self {
        let near = crate::nearest(name, known);
        let help = near.map_or_else(|| listed.to_owned(), |near| format!("did you mean {near}?"));
        Failure::usage(format!("there is no {what} called {name}"), help)
    }

    /// The process's exit code.
    pub fn code(&self) -> i32 {
        match self {
            Failure::Usage { .. } | Failure::Course(_) | Failure::Io(_) => exit::USAGE,
            Failure::Engine(_) => exit::CANNOT_TELL,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, help) = match self {
            Failure::Usage { what, help } => (what.clone(), help.clone()),
            Failure::Course(error) => (format!("the course has an error\n{error}"), String::new()),
            Failure::Engine(why) => (why.reason.clone(), why.help.clone()),
            Failure::Io(error) => (error.to_string(), String::new()),
        };
        write!(f, "{what}")?;
        if help.is_empty() { Ok(()) } else { write!(f, "\n  {help}") }
    }
}

impl std::error::Error for Failure {}

impl From<CourseError> for Failure {
    fn from(error: CourseError) -> Self {
        Failure::Course(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Io(error)
    }
}
