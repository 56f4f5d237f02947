//! What a text file of shell commands asks `docker` to do. Pure: nothing is executed or expanded.
//!
//! The text is a learner's and may be anything: reading it always ends, is bounded
//! ([`LONGEST_LINE`], [`MOST_COMMANDS`]) and never panics (`tests/cmdline_laws.rs`). A password that
//! stands in the text is not kept: of a login remains only *how* the password was given.

mod docker;
mod published;
mod script;
mod shell;

pub use published::published;
pub use script::{Entered, commands};
use std::fmt;

/// Longer lines (in bytes, continuation lines included) are reported and not read.
pub const LONGEST_LINE: usize = 8 * 1024;
/// What comes after this many docker commands is reported and not read.
pub const MOST_COMMANDS: usize = 500;

/// A file of commands, as far as it concerns docker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandFile {
    /// The docker commands, in order. Commands of other programs are left out.
    pub commands: Vec<Command>,
    /// What could not be read, and why.
    pub problems: Vec<Problem>,
}

/// One docker command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// It as it is written, continued lines in one, where it holds nothing but names; else in short, since a password
    /// may stand in it.
    pub text: String,
    /// What it asks for.
    pub action: Action,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it. It quotes nothing that may be a secret.
    pub message: String,
}

/// What a docker command asks for. Names are as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `docker login`
    Login {
        /// The registry; none means Docker Hub.
        host: Option<String>,
        /// `--username`.
        user: Option<String>,
        /// How the password is given.
        password: Password,
    },
    /// `docker logout`
    Logout {
        /// The registry; none means Docker Hub.
        host: Option<String>,
    },
    /// `docker tag`, `docker image tag`
    Tag {
        /// The name or id that exists.
        from: String,
        /// The new name.
        to: String,
    },
    /// `docker push`, `docker image push`
    Push {
        /// The image.
        name: String,
        /// `--all-tags`: every tag of the repository.
        all_tags: bool,
    },
    /// `docker pull`, `docker image pull`
    Pull {
        /// The image.
        name: String,
    },
    /// `docker build`, `docker buildx build`, `docker image build`
    Build {
        /// Every `--tag`.
        names: Vec<String>,
        /// `--push`: the result is pushed as well.
        push: bool,
    },
    /// `docker rmi`, `docker image rm`
    Remove {
        /// The images.
        names: Vec<String>,
    },
    /// Anything else.
    Other {
        /// The words that name it: `images`, `image inspect`.
        verb: String,
    },
}

/// As a short command, without flags that do not matter here, and without a password.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |verb: &str, words: &[&str]| format!("docker {verb} {}", words.join(" "));
        let text = match self {
            Action::Login { host, user, .. } => {
                let user = user.as_ref().map(|user| format!("-u {user}")).unwrap_or_default();
                words("login", &[&user, host.as_deref().unwrap_or_default()])
            }
            Action::Logout { host } => words("logout", &[host.as_deref().unwrap_or_default()]),
            Action::Tag { from, to } => words("tag", &[from, to]),
            Action::Push { name, all_tags: true } => words("push --all-tags", &[name]),
            Action::Push { name, .. } => words("push", &[name]),
            Action::Pull { name } => words("pull", &[name]),
            Action::Build { names, .. } => {
                names.iter().fold("docker build".into(), |text: String, name| text + " -t " + name)
            }
            Action::Remove { names } => words("rmi", &names.iter().map(String::as_str).collect::<Vec<_>>()),
            Action::Other { verb } => words(verb, &[]),
        };
        f.write_str(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// How `docker login` is given its password. The password itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// It asks at the terminal.
    Asked,
    /// `--password-stdin`, and what it reads does not stand in the command: a file, a variable, a program.
    Stdin,
    /// `--password-stdin`, and the password stands in the command before the pipe (`echo SECRET |`).
    Echoed,
    /// `--password`, written out.
    Written,
    /// `--password`, out of a variable or another program: in no file, but among the processes' arguments.
    Argument,
}

impl Password {
    /// What to do differently; nothing, where the password stays secret.
    pub fn advice(self) -> Option<&'static str> {
        match self {
            Password::Asked | Password::Stdin => None,
            Password::Written => Some(
                "the password stands in the command, where the shell's history keeps it and a list of processes shows it: \
                 take it out of the file, and hand it over with --password-stdin",
            ),
            Password::Argument => Some(
                "the password becomes an argument of docker login, which a list of processes shows to everybody on the \
                 machine: hand it over with --password-stdin",
            ),
            Password::Echoed => Some(
                "the password itself stands before the pipe, so this file and the shell's history keep it: let \
                 --password-stdin read it from a file, a variable or a password manager",
            ),
        }
    }
}

/// Reads a file of commands: one on a line, comments, continued lines (`\`), pipes and lists, a prompt
/// (`$ `) before a command, `sudo` and variables before `docker`.
pub fn parse(text: &str) -> CommandFile {
    let mut file = CommandFile::default();
    for (line, logical) in shell::logical_lines(text) {
        if file.commands.len() >= MOST_COMMANDS {
            file.problem(line, format!("only the first {MOST_COMMANDS} docker commands are read"));
            break;
        }
        if logical.len() > LONGEST_LINE {
            file.problem(line, format!("the line is longer than {LONGEST_LINE} bytes"));
            continue;
        }
        let Ok(commands) = shell::simple_commands(&logical) else {
            file.problem(line, "a quotation mark is opened and not closed".into());
            continue;
        };
        // A line that holds nothing but names is shown as it is written.
        let is_plain = commands.len() == 1 && !logical.contains(['=', '$', '`', '<', '|']);
        for command in &commands {
            match docker::read(command) {
                Ok(Some(action)) => {
                    let names_only = matches!(
                        action,
                        Action::Tag { .. } | Action::Push { .. } | Action::Pull { .. } | Action::Remove { .. }
                    );
                    let words = logical.split(" #").next().unwrap_or_default().split_whitespace();
                    let text = match is_plain && names_only {
                        true => words.collect::<Vec<_>>().join(" "),
                        false => action.to_string(),
                    };
                    file.commands.push(Command { line, text, action });
                }
                Ok(None) => {}
                Err(message) => file.problem(line, message),
            }
        }
    }
    file
}

impl Problem {
    /// Whether it is a misspelt `docker VERB`.
    pub fn means(&self, verb: &str) -> bool {
        self.message.ends_with(&format!("did you mean docker {verb}?"))
    }
}

impl CommandFile {
    fn problem(&mut self, line: usize, message: String) {
        if self.problems.len() < MOST_COMMANDS {
            self.problems.push(Problem { line, message });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Action {
        let file = parse(text);
        assert_eq!((file.commands.len(), &file.problems), (1, &vec![]), "{text}: {file:?}");
        file.commands[0].action.clone()
    }

    fn login(host: Option<&str>, user: Option<&str>, password: Password) -> Action {
        Action::Login { host: host.map(Into::into), user: user.map(Into::into), password }
    }

    #[test]
    fn a_session_is_read_with_its_lines() {
        let file = parse(
            "# what I did\n\n$ docker login localhost:5001 -u ada\n\
             sudo docker tag shop:v1 \\\n   localhost:5001/ada/shop:v1   # the new name\n\
             cd ..; docker image push 'localhost:5001/ada/shop:v1' && docker images\n",
        );
        let push = |name: &str| Action::Push { name: name.into(), all_tags: false };
        let expected = [
            (3, "docker login -u ada localhost:5001", login(Some("localhost:5001"), Some("ada"), Password::Asked)),
            (
                4,
                "sudo docker tag shop:v1 localhost:5001/ada/shop:v1",
                Action::Tag { from: "shop:v1".into(), to: "localhost:5001/ada/shop:v1".into() },
            ),
            (6, "docker push localhost:5001/ada/shop:v1", push("localhost:5001/ada/shop:v1")),
            (6, "docker images", Action::Other { verb: "images".into() }),
        ];
        assert_eq!(file.commands, expected.map(|(line, text, action)| Command { line, text: text.into(), action }));
        assert_eq!(file.problems, []);
    }

    #[test]
    fn how_a_password_is_given_is_kept_and_the_password_is_not() {
        for (text, expected) in [
            ("docker login r.example", Password::Asked),
            ("docker login -u ada r.example", Password::Asked),
            ("echo \"$PW\" | docker login -u ada --password-stdin r.example", Password::Stdin),
            ("printf %s \"$PW\" | docker login -uada --password-stdin r.example", Password::Stdin),
            ("pass show hub | docker login --username=ada --password-stdin=true r.example", Password::Stdin),
            ("docker login -u ada --password-stdin r.example < token.txt", Password::Stdin),
            ("docker login --password-stdin r.example <<< \"$PW\"", Password::Stdin),
            ("docker login --password-stdin r.example <<< hunter2", Password::Echoed),
            ("echo hunter2 | docker login --username ada --password-stdin r.example", Password::Echoed),
            ("echo -n 'hunter2' | sudo docker login r.example --password-stdin", Password::Echoed),
            ("docker login -u ada -p hunter2 r.example", Password::Written),
            ("docker login -u ada -phunter2 r.example", Password::Written),
            ("docker login --password=hunter2 r.example", Password::Written),
            ("docker login -u ada -p $(cat hunter2) r.example", Password::Argument),
            ("docker login -u ada -p \"$PW\" r.example", Password::Argument),
        ] {
            match only(text) {
                Action::Login { host, password, .. } => {
                    assert_eq!((host.as_deref(), password), (Some("r.example"), expected), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
            assert!(!format!("{:?}", parse(text)).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn flags_stand_anywhere_and_take_their_values() {
        let build =
            |names: &[&str], push| Action::Build { names: names.iter().map(ToString::to_string).collect(), push };
        for (text, expected) in [
            ("docker build -t a:1 --tag=b . -f x/Dockerfile", build(&["a:1", "b"], false)),
            ("DOCKER_BUILDKIT=1 docker build --no-cache -ta:1 --build-arg V=1 .", build(&["a:1"], false)),
            ("docker buildx build --platform linux/amd64 -t r.example/a:1 --push .", build(&["r.example/a:1"], true)),
            ("/usr/bin/docker --context desktop -l debug image build -qt a .", build(&["a"], false)),
            ("docker push -q r.example/a", Action::Push { name: "r.example/a".into(), all_tags: false }),
            ("docker push --all-tags r.example/a", Action::Push { name: "r.example/a".into(), all_tags: true }),
            ("docker image rm -f a b", Action::Remove { names: vec!["a".into(), "b".into()] }),
            ("docker image inspect -f '{{.Id}}' a", Action::Other { verb: "image inspect".into() }),
            ("docker logout r.example", Action::Logout { host: Some("r.example".into()) }),
            ("docker pull --platform linux/arm64 a", Action::Pull { name: "a".into() }),
            ("podman tag -- a b", Action::Tag { from: "a".into(), to: "b".into() }),
        ] {
            assert_eq!(only(text), expected, "{text}");
        }
    }

    #[test]
    fn what_docker_would_not_understand_is_a_problem() {
        for (text, word) in [
            ("docker tag a", "two names"),
            ("docker tag a b c", "two names"),
            ("docker push", "one name"),
            ("docker push a b", "one name"),
            ("docker login r.example other", "one registry"),
            ("docker", "no command"),
            ("docker login 'r.example", "quotation mark"),
            ("dokcer push a", "did you mean docker"),
            ("docker tga a b", "did you mean docker tag?"),
            ("docker pusch a", "did you mean docker push?"),
        ] {
            let file = parse(text);
            assert!(file.commands.is_empty() && file.problems.len() == 1, "{text}: {file:?}");
            assert!(file.problems[0].message.contains(word), "{text}: {file:?}");
        }
        assert_eq!(parse("ls -l\nexport X=1\n# docker push a\ncurl x | sh\n"), CommandFile::default());
    }

    #[test]
    fn a_command_is_shown_without_its_password() {
        for (text, expected) in [
            ("docker login -u ada -p hunter2 r.example", "docker login -u ada r.example"),
            ("echo hunter2 | docker login --password-stdin", "docker login"),
            ("docker  image tag a b", "docker tag a b"),
            ("docker image rm -f a b", "docker rmi a b"),
            ("docker buildx build --push -t a .", "docker build -t a"),
        ] {
            assert_eq!(only(text).to_string(), expected);
        }
    }

    #[test]
    fn a_file_is_read_within_bounds() {
        let file = parse(&"docker images\n".repeat(MOST_COMMANDS + 10));
        assert_eq!((file.commands.len(), file.problems.len()), (MOST_COMMANDS, 1));
        let file = parse(&format!("docker push {}\ndocker push a\n", "x".repeat(LONGEST_LINE)));
        assert_eq!((file.commands.len(), file.problems.len()), (1, 1));
        assert_eq!(file.commands[0].line, 2);
    }
}
