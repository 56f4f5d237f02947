//! `dlearn solution`: the reference solution, after asking.

use super::app::App;
use crate::course::FileSet;
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, Serialize)]
struct SolutionReport<'a> {
    schema: &'static str,
    exercise: &'a str,
    round: usize,
    files: BTreeMap<&'a str, String>,
}

pub(super) fn run(app: &App, id: Option<&str>, yes: bool, out: Option<PathBuf>) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id)?;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    let round = mine.round();
    let seen = learner.state().exercises.get(&round.exercise).is_some_and(|state| state.solution_seen);
    if !yes && !seen {
        if !app.terminal.interactive() {
            let help = format!("dlearn solution {} --yes shows it", round.exercise);
            return Err(Failure::usage("nobody can be asked here", help));
        }
        let question = format!("Show the whole solution of {}? That it was seen is noted.", round.exercise);
        if !app.ask(&question, false)? {
            report::line(&format!("Nothing was shown. dlearn hint {} gives a hint.", round.exercise))?;
            return Ok(exit::DONE);
        }
    }
    learner.update(|state| state.exercise(&round.exercise).solution_seen = true)?;
    if let Some(folder) = out {
        write(&folder, &round.solution)?;
        if !app.common.json {
            report::line(&format!("the solution of {} is in {}", round.exercise, app.place(&folder)))?;
        }
        return Ok(exit::DONE);
    }
    let files: BTreeMap<&str, String> = round
        .solution
        .iter()
        .map(|(path, content)| (path.as_str(), String::from_utf8_lossy(content).into_owned()))
        .collect();
    if app.common.json {
        let exercise = &round.exercise;
        json::print(&SolutionReport { schema: "dlearn/solution/1", exercise, round: round.number, files })?;
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    for (path, content) in &files {
        text.push_str(&format!("**{path}**\n\n```{}\n{}\n```\n\n", language(path), content.trim_end()));
    }
    text.push_str(&format!(
        "Other answers are right too: what counts is what `dlearn check {}` finds.",
        round.exercise
    ));
    app.say(&text)?;
    Ok(exit::DONE)
}

/// Writes the files into a folder that does not exist yet.
fn write(folder: &Path, files: &FileSet) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let help = "name a folder that does not exist yet, in one that you may write";
        Failure::usage(format!("{}: {error}", folder.display()), help)
    };
    std::fs::create_dir(folder).map_err(failed)?;
    for (path, content) in files {
        let target = folder.join(path);
        std::fs::create_dir_all(target.parent().unwrap_or(folder)).map_err(failed)?;
        std::fs::write(&target, content).map_err(failed)?;
    }
    Ok(())
}

fn language(path: &str) -> &'static str {
    match path.rsplit('/').next().unwrap_or(path) {
        name if name.contains("Dockerfile") => "dockerfile",
        name if name.ends_with(".sh") => "sh",
        name if name.ends_with(".yaml") || name.ends_with(".yml") => "yaml",
        name if name.ends_with(".py") => "python",
        _ => "text",
    }
}
