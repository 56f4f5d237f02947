//! What the tests of a session share: a learner at a terminal, and a small course whose exercises are the
//! project's own under names that nobody else has.
//!
//! Invariants: a test touches only what it made itself, and all of it is gone when it ends, also when it
//! fails; nothing waits for ever, and nothing waits for a time instead of a text on the screen.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod course;
pub mod disk;
pub mod engine;
#[path = "../common/pty.rs"]
pub mod pty;
pub mod stages;

pub use course::TestCourse;
pub use pty::{CommandBuilder, Pty};

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const CTRL_C: &str = "\x03";
pub const ESC: &str = "\x1b";
pub const DOWN: &str = "\x1b[B";

/// The exit code of a program that was left with this key.
pub fn left_by(key: &str) -> u32 {
    if key == CTRL_C { 130 } else { 0 }
}

/// Somebody at a terminal, with a home directory of their own.
pub struct Person {
    dir: tempfile::TempDir,
    pub course: TestCourse,
    engine: Option<String>,
}

impl Person {
    /// With the engine that the environment leads to.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("dlearn-session-").tempdir().expect("a temporary folder");
        let course = TestCourse::write(&dir.path().join("the-course"));
        Self { dir, course, engine: None }
    }

    /// Without any engine.
    pub fn without_engine() -> Self {
        let mut person = Self::new();
        person.engine = Some(format!("unix://{}/no-engine.sock", person.dir.path().display()));
        person
    }

    /// With the engine behind this socket.
    pub fn with_engine_at(mut self, socket: &Path) -> Self {
        self.engine = Some(format!("unix://{}", socket.display()));
        self
    }

    /// Their home directory.
    pub fn user(&self) -> PathBuf {
        self.dir.path().join("user")
    }

    /// A folder that goes with them.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Where the course is kept, where the proposed place was taken.
    pub fn home(&self) -> PathBuf {
        self.user().join("dlearn")
    }

    /// The folder of the exercise like E01.
    pub fn first(&self) -> PathBuf {
        self.home().join(format!("{}-first-dockerfile", self.course.first))
    }

    /// The folder of a round of the exercise like S01.
    pub fn round(&self, number: usize) -> PathBuf {
        self.home().join(format!("{}-broken-build/round-{number}", self.course.broken))
    }

    /// What is remembered.
    pub fn state(&self) -> Value {
        let text = std::fs::read(self.home().join(".dlearn/state.json")).expect("there is a state");
        serde_json::from_slice(&text).expect("the state is JSON")
    }

    /// The variables that make it their machine.
    fn variables(&self) -> Vec<(&'static str, String)> {
        std::fs::create_dir_all(self.user()).expect("a home directory");
        let mut variables = vec![("HOME", self.user().display().to_string())];
        // HOME moves away; which engine is asked must not.
        if let Some(home) = std::env::var_os("HOME").filter(|_| std::env::var_os("DOCKER_CONFIG").is_none()) {
            variables.push(("DOCKER_CONFIG", Path::new(&home).join(".docker").display().to_string()));
        }
        variables.extend(self.engine.iter().map(|engine| ("DOCKER_HOST", engine.clone())));
        variables
    }

    /// `dlearn ARGS` in a terminal of 80 columns and 24 rows.
    pub fn at_terminal(&self, args: &[&str]) -> Pty {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_dlearn"));
        command.arg("--course");
        command.arg(self.course.folder());
        command.args(args);
        for name in ["XDG_CONFIG_HOME", "DLEARN_HOME", "TERM_PROGRAM"] {
            command.env_remove(name);
        }
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        command.cwd(self.user());
        Pty::spawn(command, 80, 24, &[])
    }

    /// `dlearn ARGS` without a terminal, in `folder`.
    pub fn dlearn_in(&self, folder: &Path, args: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dlearn"));
        command.arg("--course").arg(self.course.folder()).args(args).envs(self.variables());
        for name in ["XDG_CONFIG_HOME", "DLEARN_HOME", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        Said::of(command.current_dir(folder).stdin(std::process::Stdio::null()).output().expect("dlearn runs"))
    }

    /// The same in their home directory.
    pub fn dlearn(&self, args: &[&str]) -> Said {
        self.dlearn_in(&self.user(), args)
    }

    /// Begins: `dlearn next ARGS` for the first time, with the proposed folder.
    pub fn begins(&self, args: &[&str]) -> Pty {
        let mut pty = self.at_terminal(&[&["next"], args].concat());
        pty.shows("Where shall your course be kept?");
        pty.press("\r");
        pty
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
