//! `commands`

use crate::check::matching::shown;
use crate::check::naming::{difference, login_host, same_host, same_image, same_repository};
use crate::check::{Inquiry, NotYet, Place, Stop, Verdict};
use crate::cmdline::{self, Action, Command, CommandFile};
use crate::reference::Reference;
use serde::{Deserialize, Serialize};

/// A file of the workspace holds these docker commands, in an order that works.
///
/// **Why it matters**: who can write down the commands that worked can repeat them, and hand them to
/// somebody else. The file is read and never run; other commands may stand between them. A login and
/// the naming of an image (by `docker tag` or `docker build -t`) do not depend on each other, and may
/// stand in either order. Passwords in the file are neither kept nor shown.
///
/// ```yaml
/// check:
///   commands:
///     run:
///       - login: { host: "localhost:5001", user: ada }
///       - tag: { from: app, to: "localhost:5001/ada/shop:v1" }
///       - push: { name: "localhost:5001/ada/shop:v1" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
        let mut places = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let mut earliest = 0;
            for (before, place) in steps.iter().zip(&places) {
                if !step.is_free_of(before) {
                    earliest = earliest.max(*place);
                }
            }
            let mut found = None;
            for (index, command) in read.commands.iter().enumerate() {
                if index >= earliest && step.is_done_by(&command.action, inquiry)? {
                    found = Some(index);
                    break;
                }
            }
            match found {
                Some(index) => places.push(index),
                None => return self.missing(step, &steps[..at], &places, &read, inquiry),
            }
        }
        let done: Vec<&Command> = places.iter().map(|index| &read.commands[*index]).collect();
        if let Some(verdict) = self.two_spellings(&done) {
            return Ok(verdict);
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
        // The last attempt is the one that its author believes in.
        let attempts = || read.commands.iter().rev();
        let short = attempts().find_map(|command| Some((command, step.falls_short(&command.action)?)));
        let short =
            short.or_else(|| attempts().find_map(|command| Some((command, step.is_missed_by(&command.action)?))));
        if let Some((command, (found, advice))) = short {
            return Ok(self.at(command, expected, format!("line {}: {found}", command.line), advice));
        }
        if let Some(problem) = read.problems.first() {
            let found =
                format!("no docker {}; and line {} cannot be read: {}", step.verb(), problem.line, problem.message);
            return Ok(Verdict::not_yet(expected, found, format!("repair line {}", problem.line)));
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
        let place = Place { file: self.file.clone(), line: command.line, text: command.action.to_string() };
        let (expected, found, advice) = (expected.into(), found.into(), advice.into());
        Verdict::NotYet(NotYet { expected, found, advice, place: Some(place) })
    }

    /// `localhost` and `127.0.0.1` are the same machine, and to docker two registries.
    fn two_spellings(&self, done: &[&Command]) -> Option<Verdict> {
        let hosts: Vec<(&Command, String)> = done
            .iter()
            .filter_map(|command| {
                let host = match &command.action {
                    Action::Login { host, .. } => login_host(host.as_deref()),
                    Action::Tag { to: name, .. } | Action::Push { name, .. } | Action::Pull { name } => {
                        Reference::parse(name).ok()?.host().to_owned()
                    }
                    _ => return None,
                };
                Some((*command, host))
            })
            .collect();
        let (first, host) = hosts.first()?;
        let (other, another) = hosts.iter().find(|(_, another)| another != host)?;
        Some(self.at(
            other,
            "one spelling of the registry in all commands",
            format!("line {} says {host}, and line {} says {another}", first.line, other.line),
            "write the same in each: to docker these are two registries, with a login of their own",
        ))
    }

    fn password_note(&self, command: &Command) -> Option<String> {
        let Action::Login { password, .. } = &command.action else { return None };
        Some(format!("{}, line {}: {}", self.file, command.line, password.advice()?))
    }
}

impl Step {
    /// With the exercise's names for images replaced by what they are called on the engine.
    fn named(&self, inquiry: &Inquiry<'_>) -> Step {
        let name = |name: &str| inquiry.name(name);
        match self {
            Step::Login { .. } => self.clone(),
            Step::Tag { from, to } => Step::Tag { from: from.as_deref().map(name), to: name(to) },
            Step::Push { name: image } => Step::Push { name: name(image) },
            Step::Pull { name: image } => Step::Pull { name: name(image) },
            Step::Remove { name: image } => Step::Remove { name: name(image) },
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Step::Login { .. } => "login",
            Step::Tag { .. } => "tag",
            Step::Push { .. } => "push",
            Step::Pull { .. } => "pull",
            Step::Remove { .. } => "rmi",
        }
    }

    /// What is asked for. The new name itself is not said: to find it may be what is to be learnt.
    fn asked(&self) -> String {
        match self {
            Step::Login { host, user: Some(user) } => format!("a docker login to {host} as {user}"),
            Step::Login { host, user: None } => format!("a docker login to {host}"),
            Step::Tag { from: Some(from), .. } => format!("a docker tag that gives {from} the name to push"),
            Step::Tag { from: None, .. } => "a docker tag that gives the image its name".into(),
            Step::Push { .. } => "a docker push of that name".into(),
            Step::Pull { name } | Step::Remove { name } => format!("docker {} {name}", self.verb()),
        }
    }

    fn is_free_of(&self, other: &Step) -> bool {
        matches!((self, other), (Step::Tag { .. }, Step::Login { .. }) | (Step::Login { .. }, Step::Tag { .. }))
    }

    fn is_done_by(&self, action: &Action, inquiry: &Inquiry<'_>) -> Result<bool, Stop> {
        Ok(match (self, action) {
            (Step::Login { host, user }, Action::Login { host: on, user: by, .. }) => {
                same_host(&login_host(Some(host)), &login_host(on.as_deref()))
                    && (user.is_none() || by.is_none() || user == by)
            }
            (Step::Tag { from, to }, Action::Tag { from: source, to: target }) => {
                same_image(to, target)
                    && match from {
                        Some(from) => same_image(from, source) || is_the_same_on_the_engine(from, source, inquiry)?,
                        None => true,
                    }
            }
            (Step::Tag { to, .. }, Action::Build { names, .. }) => names.iter().any(|name| same_image(to, name)),
            (Step::Push { name }, Action::Build { names, push: true }) => {
                names.iter().any(|pushed| same_image(name, pushed))
            }
            (Step::Push { name }, Action::Push { name: pushed, all_tags: true }) => same_repository(name, pushed),
            (Step::Push { name }, Action::Push { name: other, .. })
            | (Step::Pull { name }, Action::Pull { name: other }) => same_image(name, other),
            (Step::Remove { name }, Action::Remove { names }) => names.iter().any(|other| same_image(name, other)),
            _ => false,
        })
    }

    /// What a command that was meant for this step has, and what to do about it.
    fn falls_short(&self, action: &Action) -> Option<(String, String)> {
        match (self, action) {
            (Step::Login { host, user }, Action::Login { host: on, user: by, .. }) => {
                let on_host = login_host(on.as_deref());
                Some(if !same_host(&login_host(Some(host)), &on_host) {
                    let named = if on.is_none() { "names no registry, so it is" } else { "is" };
                    (
                        format!("this {named} a login to {on_host}"),
                        format!("put the registry at the end: docker login {host}"),
                    )
                } else {
                    let (user, by) = (user.as_deref()?, by.as_deref()?);
                    (format!("this is a login as {}", shown(by)), format!("log in as {user}"))
                })
            }
            (Step::Tag { from, to }, Action::Tag { from: source, to: target }) => {
                if same_image(to, source) {
                    return Some((
                        "the two names change places".into(),
                        "write the name that exists first, then the new one".into(),
                    ));
                }
                difference(to, target).or_else(|| {
                    let from = from.as_deref()?;
                    Some((
                        format!("it gives the name to {}, which is another image", shown(source)),
                        format!("name {from} instead"),
                    ))
                })
            }
            (Step::Push { name }, Action::Push { name: other, .. })
            | (Step::Pull { name }, Action::Pull { name: other }) => difference(name, other),
            _ => None,
        }
    }

    /// What another command shows of this step's absence: a push of a name that is still somebody
    /// else's tells most about a missing tag.
    fn is_missed_by(&self, action: &Action) -> Option<(String, String)> {
        match (self, action) {
            (Step::Tag { to, .. }, Action::Push { name, .. }) => difference(to, name),
            _ => None,
        }
    }
}

/// Whether another name, or an id, leads to the same layers.
fn is_the_same_on_the_engine(wanted: &str, got: &str, inquiry: &Inquiry<'_>) -> Result<bool, Stop> {
    let (wanted, got) = (inquiry.image(wanted)?, inquiry.image(got)?);
    Ok(matches!((wanted, got), (Some(a), Some(b)) if a.layers == b.layers && a.config == b.config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{Answer, Evidence, Fact, ImageFacts, Need, TextFacts};

    const REGISTRY: &str = "localhost:5001";

    fn judged(text: &str) -> Verdict {
        let name = |rest: &str| format!("{REGISTRY}/{rest}");
        let run = vec![
            Step::Login { host: REGISTRY.into(), user: Some("ada".into()) },
            Step::Tag { from: Some("app".into()), to: name("ada/shop:v1.0") },
            Step::Push { name: name("ada/shop:v1.0") },
        ];
        let subject = Subject { images: [("app".into(), "s02/shop:v1.0".into())].into(), ..Subject::default() };
        let mut evidence = Evidence::new();
        let text = TextFacts { text: text.replace("HOST", REGISTRY), truncated: false };
        evidence.insert(Need::WorkspaceFile { path: "commands.txt".into() }, Answer::Found(Fact::Text(text)));
        for (image, layer) in [("s02/shop:v1.0", "a"), ("0c1d2e3f4a5b", "a"), ("busybox:1.36", "b")] {
            let facts = ImageFacts { layers: vec![layer.into()], ..ImageFacts::default() };
            evidence.insert(Need::Image { name: image.into() }, Answer::Found(Fact::Image(facts)));
        }
        let kind = Commands { file: file(), run };
        kind.judge(&Inquiry::new(&evidence, &subject)).expect("every fact is there")
    }

    /// Found and advice, or `pass` and its notes.
    fn found(text: &str) -> String {
        match judged(text) {
            Verdict::Pass { notes } => format!("pass {}", notes.concat()),
            Verdict::NotYet(it) => format!("{}; {}", it.found, it.advice),
            other => panic!("{other:?}"),
        }
    }

    const LOGIN: &str = "docker login -u ada HOST\n";
    const TAG: &str = "docker tag s02/shop:v1.0 HOST/ada/shop:v1.0\n";
    const PUSH: &str = "docker push HOST/ada/shop:v1.0\n";

    #[test]
    fn commands_that_work_pass() {
        let other_tags = "docker image push --all-tags HOST/ada/shop";
        for right in [
            [LOGIN, TAG, PUSH].concat(),
            [TAG, LOGIN, PUSH].concat(),
            ["docker push HOST/acme/shop:v1.0\n", LOGIN, PUSH, TAG, "docker images\n", PUSH].concat(),
            [LOGIN, "docker build -t HOST/ada/shop:v1.0 .\n", PUSH].concat(),
            [LOGIN, "docker buildx build --push -t HOST/ada/shop:v1.0 ."].concat(),
            [LOGIN, "docker tag 0c1d2e3f4a5b HOST/ada/shop:v1.0\n", PUSH].concat(),
            [LOGIN, TAG, other_tags].concat(),
            [LOGIN, TAG, PUSH].concat().replace("HOST", "127.0.0.1:5001"),
            ["docker login HOST\n", TAG, PUSH].concat(),
        ] {
            assert_eq!(found(&right), "pass ", "{right}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (wrong, says) in [
            (String::new(), "holds no docker command yet"),
            (TAG.to_owned() + PUSH, "no docker login"),
            (["docker login -u ada\n", TAG, PUSH].concat(), "a login to docker.io; put the registry at the end"),
            (["docker login -u bob HOST\n", TAG, PUSH].concat(), "a login as `bob`; log in as ada"),
            (
                [LOGIN, "docker push HOST/acme/shop:v1.0"].concat(),
                "line 2: the name is still in acme; a login says who you are",
            ),
            ([LOGIN, PUSH].concat(), "no docker tag"),
            ([LOGIN, "docker tag HOST/ada/shop:v1.0 s02/shop:v1.0\n", PUSH].concat(), "the two names change places"),
            (
                [LOGIN, "docker tag busybox:1.36 HOST/ada/shop:v1.0\n", PUSH].concat(),
                "`busybox:1.36`, which is another image",
            ),
            ([LOGIN, "docker tag s02/shop:v1.0 HOST/library/shop:v1.0\n"].concat(), "which is Docker's"),
            ([LOGIN, TAG, "docker push ada/shop:v1.0"].concat(), "means docker.io/ada/shop:v1.0"),
            ([LOGIN, TAG].concat(), "no docker push"),
            (
                [LOGIN, TAG, "docker push"].concat(),
                "no docker push; and line 3 cannot be read: docker push takes one name",
            ),
            ([LOGIN, PUSH, TAG].concat(), "it stands on line 2, and the docker tag on line 3"),
            (
                [LOGIN.replace("HOST", "127.0.0.1:5001"), TAG.into(), PUSH.into()].concat(),
                "line 1 says 127.0.0.1:5001, and line 2 says localhost:5001",
            ),
        ] {
            assert!(found(&wrong).contains(says), "{wrong}\n{}", found(&wrong));
        }
    }

    #[test]
    fn a_password_in_the_file_is_advised_against_and_not_repeated() {
        for login in
            ["docker login -u ada -p hunter2 HOST\n", "echo hunter2 | docker login -u ada --password-stdin HOST\n"]
        {
            let note = found(&[login, TAG, PUSH].concat());
            assert!(note.starts_with("pass ") && note.contains("--password-stdin"), "{note}");
            let all = format!("{note}{:?}", judged(&[login.replace("HOST", "r.example").as_str(), TAG].concat()));
            assert!(!all.contains("hunter2"), "{all}");
        }
        assert_eq!(found(&["docker login -u ada --password-stdin HOST < pw\n", TAG, PUSH].concat()), "pass ");
    }
}
