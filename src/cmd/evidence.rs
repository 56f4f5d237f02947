//! `dlearn evidence`: what an exercise's check shows here, as a block for `SOLUTION.md`.

use super::app::App;
use super::exercise::{look, record};
use crate::check::Outcome;
use crate::examine::Examined;
use crate::failure::Failure;
use crate::report::{self, json};
use crate::submission::evidence::{Block, FILE, LARGEST};
use crate::term::Progress;
use std::io::Read;
use std::path::Path;

pub(super) async fn run(app: &App, id: Option<String>, write: bool) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id.as_deref())?;
    super::next::serve(app, &mut learner, entry).await;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let workspace = learner.workspace(entry, mine.round());
    let exercise = &entry.exercise.id;
    if !workspace.is_dir() {
        return Err(Failure::usage(format!("{exercise} is not begun"), format!("begin with dlearn next {exercise}")));
    }
    let progress = Progress::start(&format!("checking {exercise}"), &app.terminal);
    let Examined { findings, evidence } = look(&mine, &workspace).await;
    let engine = match app.try_engine().await {
        Ok(engine) => engine.facts().await.ok(),
        Err(_) => None,
    };
    progress.finish();
    record(&mut learner, &mine, &findings)?;
    let block = Block::new(mine.round(), engine, &findings, &evidence);
    if app.common.json {
        json::print(&block)?;
    } else if !write {
        report::line(block.markdown().trim_end())?;
    }
    if write {
        let file = learner.home().join(FILE);
        let text = block.placed_in(&read(&file)?);
        learner.write_beside(FILE, text.as_bytes())?;
        eprintln!("written into {}", app.place(&file));
    }
    Ok(Outcome::of(&findings).exit_code())
}

/// What lies there; nothing where nothing does.
fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let opened = match std::fs::File::open(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(text),
        opened => opened.and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text)),
    };
    let help = "move it away, and give the command again";
    match opened {
        Ok(read) if read as u64 > LARGEST => {
            Err(Failure::usage(format!("{} has more than {} KiB", file.display(), LARGEST >> 10), help))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::usage(format!("{} cannot be read: {error}", file.display()), help)),
    }
}
