//! The commands, one file for each, named after it.

mod selfcheck;

use crate::cli::{Cli, Command};
use crate::course::{Course, Source};
use crate::engine;
use crate::failure::{Failure, exit};
use crate::term::Terminal;

/// What every command has at hand.
pub struct App {
    /// Options that every command takes.
    pub common: crate::cli::Common,
    /// What the terminal can do.
    pub terminal: Terminal,
}

impl App {
    /// The course of the binary, or the one that `--course` names.
    pub fn course(&self) -> Result<Course, Failure> {
        let source = self.common.course.clone().map_or(Source::Embedded, Source::Folder);
        Ok(Course::load(&source)?)
    }
}

/// Runs a command to its end, or until a signal ends it; gives the exit code.
///
/// On every way out, what was created in an engine is removed first.
pub async fn main(cli: Cli) -> i32 {
    let app = App { common: cli.common, terminal: Terminal::detect() };
    let command = cli.command.unwrap_or(Command::Next { id: None });
    let code = tokio::select! {
        result = run(&app, command) => match result {
            Ok(code) => code,
            Err(failure) => {
                eprintln!("dlearn: {failure}");
                failure.code()
            }
        },
        code = signalled() => code,
    };
    engine::clean_up_everything().await;
    code
}

/// Waits for Ctrl-C or SIGTERM.
async fn signalled() -> i32 {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
            _ = interrupt.recv() => exit::INTERRUPTED,
            _ = terminate.recv() => exit::TERMINATED,
        },
        _ => std::future::pending().await,
    }
}

async fn run(app: &App, command: Command) -> Result<i32, Failure> {
    match command {
        Command::Selfcheck { ids, builder, case, jobs } => selfcheck::run(app, ids, builder, case, jobs).await,
        _ => Ok(exit::DONE),
    }
}
