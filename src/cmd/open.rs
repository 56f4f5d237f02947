//! `dlearn open`: an exercise's folder in the learner's editor.

use super::app::App;
use super::exercise::set_up;
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use serde::Serialize;
use std::path::Path;
use std::process::Command;

#[derive(Debug, Serialize)]
struct OpenReport<'a> {
    schema: &'static str,
    exercise: &'a str,
    folder: String,
}

/// Programs that open a folder; others are given the task's file, from which the learner goes on.
const OPEN_FOLDERS: [&str; 16] = [
    "code",
    "code-insiders",
    "codium",
    "cursor",
    "zed",
    "zeditor",
    "subl",
    "idea",
    "fleet",
    "vi",
    "vim",
    "nvim",
    "gvim",
    "emacs",
    "hx",
    "helix",
];
/// Where neither variable says anything.
const BY_DEFAULT: &str = "code";
const TASK: &str = "README.md";

pub(super) fn run(app: &App, id: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entry = app.exercise(&course, &learner, id.as_deref())?;
    let mine = app.mine_here(&course, &mut learner, entry)?;
    set_up(app, &mut learner, entry, mine.round())?;
    let folder = learner.workspace(entry, mine.round());
    drop(learner);
    if app.common.json {
        let (exercise, folder) = (&entry.exercise.id, folder.display().to_string());
        json::print(&OpenReport { schema: "dlearn/open/1", exercise, folder })?;
        return Ok(exit::DONE);
    }
    if !app.terminal.interactive() {
        // So that `cd "$(dlearn open)"` works.
        report::line(&folder.display().to_string())?;
        return Ok(exit::DONE);
    }
    let wanted = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let wanted = wanted.into_iter().find(|command| !command.trim().is_empty());
    if wanted.is_none() && which(BY_DEFAULT).is_none() {
        return Err(Failure::usage(
            "it is not known which editor is yours: neither VISUAL nor EDITOR is set, and VS Code's `code` is not there",
            format!("export EDITOR=nano, say; or go there yourself: `cd {}`", shown(app, &folder)),
        ));
    }
    let command = wanted.unwrap_or_else(|| BY_DEFAULT.to_owned());
    edit(&command, &folder).map_err(|why| {
        Failure::usage(why, format!("set EDITOR to another, or go there: `cd {}`", shown(app, &folder)))
    })?;
    Ok(exit::DONE)
}

fn shown(app: &App, folder: &Path) -> String {
    super::app::shell_word(&app.place(folder))
}

/// Runs the editor in the folder until it ends. As git does, the command is a shell's: it may have options.
fn edit(command: &str, folder: &Path) -> Result<(), String> {
    let what = if opens_folders(command) { "." } else { TASK };
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{command} \"$@\""), "sh", what]).current_dir(folder);
    match shell.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{command}` did not open it ({status})")),
        Err(error) => Err(format!("`{command}` cannot be started: {error}")),
    }
}

fn opens_folders(command: &str) -> bool {
    let program = command.split_whitespace().next().and_then(|word| Path::new(word).file_name()?.to_str());
    program.is_some_and(|program| OPEN_FOLDERS.contains(&program))
}

/// A program on the PATH.
fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_that_know_folders_are_given_one() {
        for command in ["code --wait", "/usr/bin/nvim", "hx"] {
            assert!(opens_folders(command), "{command}");
        }
        for command in ["nano", "micro -autosave 1", "/opt/code/bin/ed", ""] {
            assert!(!opens_folders(command), "{command}");
        }
    }

    #[test]
    fn the_command_may_have_options_and_runs_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        edit("touch -c made.txt; printf %s >said.txt", folder.path()).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("said.txt")).unwrap(), "README.md");
        assert!(edit("false", folder.path()).unwrap_err().contains("`false` did not open it"));
    }
}
