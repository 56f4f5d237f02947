//! The README.md of an exercise's folder: the task, for whoever reads it in an editor.

use crate::course::{Entry, Round};

/// The text of the README.md.
pub(super) fn text(entry: &Entry, round: &Round) -> String {
    let exercise = &entry.exercise;
    let id = &exercise.id;
    let mut text = format!("# {id}: {}\n\n", exercise.title);
    if round.of > 1 {
        text.push_str(&format!("**Round {} of {}", round.number, round.of));
        if round.title != exercise.title {
            text.push_str(&format!(": {}", round.title));
        }
        text.push_str("**\n\n");
    }
    text.push_str(round.task.trim());
    text.push_str("\n\n## What is checked\n\n");
    let mut hidden = 0;
    for check in &round.checks {
        if check.hidden {
            hidden += 1;
        } else {
            let optional = if check.optional { " (optional, for the last points)" } else { "" };
            text.push_str(&format!("- {}{optional}\n", check.title));
        }
    }
    if hidden > 0 {
        text.push_str(&format!(
            "- and {hidden} more, which {} told when not met\n",
            if hidden == 1 { "is" } else { "are" }
        ));
    }
    text.push_str(&format!(
        "\n## How to check\n\nIn this folder:\n\n```console\n$ dlearn check\n```\n\n\
         `dlearn hint {id}` gives a hint, one more each time. `dlearn reset {id}` brings the starter files back and \
         keeps yours aside. dlearn never overwrites a file that you changed.\n"
    ));
    text
}
