//! `commands`

mod session;
mod steps;
#[cfg(test)]
mod tests;

use crate::check::{Inquiry, NotYet, Place, Stop, Verdict};
use crate::cmdline::{self, Action, Command, CommandFile, Problem};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::Session;

/// A file of the workspace holds these docker commands, in an order that works.
///
/// **Why it matters**: who can write down the commands that worked can repeat them, and hand them to
/// somebody else. The file is read and never run; other commands may stand between them. A login and
/// the naming of an image (by `docker tag` or `docker build -t`) do not depend on each other, and may
/// stand in either order; what counts for a push or a pull is what is in force there, as in a shell: the last
/// login to its registry, the last command that gave the name. Passwords in the file are neither kept nor shown.
///
/// ```yaml
/// check:
///   commands:
///     run:
///       - login: { host: "localhost:5001", user: ada }
///       - tag: { from: app, to: "localhost:5001/ada/shop:v1" }
///       - push: { name: "localhost:5001/ada/shop:v1" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    /// The learner's file, one command on a line.
    #[serde(default = "file")]
    pub file: String,
    /// The commands: `login` (`host`, `user`), `tag` (`from`, `to`), `push`, `pull`, `remove` (`name`).
    /// Names of images are the exercise's own or full ones; `user` and `from` may be left out.
    pub run: Vec<Step>,
}

fn file() -> String {
    "commands.txt".into()
}

/// One command that must be there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "LearnersCommand")]
pub enum Step {
    /// `docker login`
    Login {
        /// The registry, with its port.
        host: String,
        /// Who logs in; anybody, where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    /// `docker tag`, or `docker build -t` for the new name.
    Tag {
        /// The image that gets the name; any, where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The new name.
        to: String,
    },
    /// `docker push`
    Push {
        /// The image.
        name: String,
    },
    /// `docker pull`
    Pull {
        /// The image.
        name: String,
    },
    /// `docker rmi`
    Remove {
        /// The image.
        name: String,
    },
}

impl Commands {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let file = &self.file;
        let Some(text) = inquiry.workspace_file(file)? else {
            return Ok(Verdict::not_yet(
                format!("a file {file} with the commands that worked"),
                "no such file",
                format!("write {file}: one command on a line, in the order in which you ran them"),
            ));
        };
        let read = cmdline::parse(&text.text);
        let steps: Vec<Step> = self.run.iter().map(|step| step.named(inquiry)).collect();
        let session = Session(&read.commands);
        let mut places = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let earliest = steps.iter().zip(&places).filter(|(before, _)| !step.is_free_of(before));
            let earliest = earliest.map(|(_, place)| *place).max().unwrap_or(0);
            // The last attempt is the one that its author believes in.
            let (mut found, mut obstacle) = (None, None);
            for index in earliest..read.commands.len() {
                if !session.does(step, index, inquiry)? {
                    continue;
                }
                obstacle = session.obstacle(self, step, &steps[..at], index, inquiry)?;
                if obstacle.is_none() {
                    found = Some(index);
                    break;
                }
            }
            match (found, obstacle) {
                (Some(index), _) => places.push(index),
                (None, Some(verdict)) => return Ok(verdict),
                (None, None) => return self.missing(step, &steps[..at], &places, &read, inquiry),
            }
        }
        Ok(Verdict::Pass { notes: read.commands.iter().filter_map(|command| self.password_note(command)).collect() })
    }

    /// The verdict where no command does `step` at its place in the order.
    fn missing(
        &self,
        step: &Step,
        before: &[Step],
        places: &[usize],
        read: &CommandFile,
        inquiry: &Inquiry<'_>,
    ) -> Result<Verdict, Stop> {
        let file = &self.file;
        let expected = format!("{} in {file}", step.asked());
        if read.commands.is_empty() && read.problems.is_empty() {
            let advice = format!("write into {file} the commands that you ran, one on a line");
            return Ok(Verdict::not_yet(expected, format!("{file} holds no docker command yet"), advice));
        }
        for command in &read.commands {
            if step.is_done_by(&command.action, inquiry)? {
                let first =
                    before.iter().zip(places).filter(|(before, _)| !step.is_free_of(before)).max_by_key(|(_, at)| **at);
                let (what, line) = first
                    .map_or((String::new(), 0), |(before, at)| (before.verb().to_owned(), read.commands[*at].line));
                return Ok(self.at(
                    command,
                    format!("{expected}, after the docker {what} that it needs"),
                    format!("it stands on line {}, and the docker {what} on line {line}", command.line),
                    "put the lines into the order in which they work, or write the command again further down",
                ));
            }
        }
        let problem = |problem: &Problem| {
            let found =
                format!("no docker {}; and line {} cannot be read: {}", step.verb(), problem.line, problem.message);
            Verdict::not_yet(expected.clone(), found, format!("repair line {}", problem.line))
        };
        if let Some(misspelt) = read.problems.iter().find(|problem| problem.means(step.verb())) {
            return Ok(problem(misspelt));
        }
        // The last attempt is the one that its author believes in.
        let attempts = || read.commands.iter().rev();
        let short = attempts().find_map(|command| Some((command, step.falls_short(&command.action)?)));
        let short =
            short.or_else(|| attempts().find_map(|command| Some((command, step.is_missed_by(&command.action)?))));
        if let Some((command, (found, advice))) = short {
            return Ok(self.at(command, expected, format!("line {}: {found}", command.line), advice));
        }
        if let Some(first) = read.problems.first() {
            return Ok(problem(first));
        }
        let advice = format!(
            "add the docker {} command that you ran; if you have not run one yet, that is what is left to do",
            step.verb()
        );
        Ok(Verdict::not_yet(expected, format!("no docker {}", step.verb()), advice))
    }

    fn at(
        &self,
        command: &Command,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Verdict {
        let place = Place { file: self.file.clone(), line: command.line, text: command.text.clone() };
        let (expected, found, advice) = (expected.into(), found.into(), advice.into());
        Verdict::NotYet(NotYet { expected, found, advice, place: Some(place) })
    }

    fn password_note(&self, command: &Command) -> Option<String> {
        let Action::Login { password, .. } = &command.action else { return None };
        Some(format!("{}, line {}: {}", self.file, command.line, password.advice()?))
    }
}
