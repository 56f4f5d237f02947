//! The command line of `docker`: its verbs, and which flags take a value.

use super::shell::{Simple, Stdin};
use super::{Action, Password};

/// Options before the verb that take a value (`docker --help`).
const GLOBAL: &[&str] = &["config", "c", "context", "H", "host", "l", "log-level", "tlscacert", "tlscert", "tlskey"];
/// Of `docker build` and `docker buildx build`.
const BUILD: &[&str] = &[
    "add-host",
    "allow",
    "annotation",
    "attest",
    "build-arg",
    "build-context",
    "builder",
    "c",
    "cache-from",
    "cache-to",
    "call",
    "cgroup-parent",
    "cpu-period",
    "cpu-quota",
    "cpu-shares",
    "cpuset-cpus",
    "cpuset-mems",
    "f",
    "file",
    "iidfile",
    "isolation",
    "label",
    "m",
    "memory",
    "memory-swap",
    "metadata-file",
    "network",
    "no-cache-filter",
    "o",
    "output",
    "platform",
    "progress",
    "provenance",
    "sbom",
    "secret",
    "security-opt",
    "shm-size",
    "ssh",
    "t",
    "tag",
    "target",
    "ulimit",
];
const LOGIN: &[&str] = &["u", "username", "p", "password"];
/// Of push, pull and rmi.
const PLATFORM: &[&str] = &["platform"];

/// Verbs that only say of what kind the next word is.
const GROUPS: &[&str] =
    &["image", "buildx", "builder", "container", "system", "context", "manifest", "volume", "network"];

/// The other commands of docker (`docker --help`, and its usual plugins): these words are not misspelt.
const OTHERS: &[&str] = &[
    "ai",
    "attach",
    "commit",
    "compose",
    "config",
    "cp",
    "create",
    "debug",
    "desktop",
    "diff",
    "events",
    "exec",
    "export",
    "extension",
    "help",
    "history",
    "images",
    "import",
    "info",
    "init",
    "inspect",
    "kill",
    "load",
    "logs",
    "mcp",
    "model",
    "node",
    "pause",
    "plugin",
    "port",
    "ps",
    "rename",
    "restart",
    "rm",
    "run",
    "sandbox",
    "save",
    "scout",
    "search",
    "secret",
    "service",
    "stack",
    "start",
    "stats",
    "stop",
    "swarm",
    "top",
    "trust",
    "unpause",
    "update",
    "version",
    "wait",
];

/// What a command asks docker for; nothing, if it is another program's.
///
/// # Errors
/// What docker would not understand, for the person who wrote it.
pub(super) fn read(command: &Simple) -> Result<Option<Action>, String> {
    let mut words = command.words.as_slice();
    while let [first, rest @ ..] = words
        && (first == "sudo" || is_assignment(first) || first == "-E")
    {
        words = rest;
    }
    let [program, rest @ ..] = words else { return Ok(None) };
    let program = program.rsplit(['/', '\\']).next().unwrap_or(program);
    if !matches!(program, "docker" | "docker.exe" | "podman") {
        return match crate::nearest(program, ["docker"]) {
            Some(_) if program.len() < 12 => Err(format!("`{program}` is no program here; did you mean docker?")),
            _ => Ok(None),
        };
    }
    let before = Arguments::read(rest, GLOBAL, true);
    let [verb, rest @ ..] = before.operands.as_slice() else { return Err("docker is given no command".into()) };
    match rest {
        [second, rest @ ..] if GROUPS.contains(&verb.as_str()) => action(verb, Some(second), rest, command).map(Some),
        _ => action(verb, None, rest, command).map(Some),
    }
}

/// `NAME=value` before a program.
fn is_assignment(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

fn action(verb: &str, second: Option<&str>, words: &[String], command: &Simple) -> Result<Action, String> {
    let arguments = |takes| Arguments::read(words, takes, false);
    Ok(match (verb, second) {
        ("login", None) => {
            let arguments = arguments(LOGIN);
            Action::Login {
                host: arguments.at_most_one("docker login takes one registry")?,
                user: arguments.value(&["u", "username"]),
                password: password(&arguments, command),
            }
        }
        ("logout", None) => Action::Logout { host: arguments(&[]).at_most_one("docker logout takes one registry")? },
        ("tag", None) | ("image", Some("tag")) => match <[String; 2]>::try_from(arguments(&[]).operands) {
            Ok([from, to]) => Action::Tag { from, to },
            Err(others) => {
                return Err(format!(
                    "docker tag takes two names, the one that exists and the new one; here are {}",
                    others.len()
                ));
            }
        },
        ("push", None) | ("image", Some("push")) => {
            let arguments = arguments(PLATFORM);
            Action::Push { name: arguments.one("docker push")?, all_tags: arguments.has(&["a", "all-tags"]) }
        }
        ("pull", None) | ("image", Some("pull")) => Action::Pull { name: arguments(PLATFORM).one("docker pull")? },
        ("build", None) | ("image" | "buildx" | "builder", Some("build")) => {
            let arguments = arguments(BUILD);
            Action::Build { names: arguments.values(&["t", "tag"]), push: arguments.has(&["push"]) }
        }
        ("rmi", None) | ("image", Some("rm" | "remove")) => Action::Remove { names: arguments(PLATFORM).operands },
        (verb, None) if !OTHERS.contains(&verb) && !GROUPS.contains(&verb) && !verb.starts_with('-') => {
            let known = ["build", "login", "logout", "pull", "push", "rmi", "tag"];
            let near = crate::nearest(verb, known.into_iter().chain(OTHERS.iter().copied()));
            match near {
                Some(near) => return Err(format!("docker has no command `{verb}`; did you mean docker {near}?")),
                None => Action::Other { verb: verb.chars().take(40).collect() },
            }
        }
        _ => {
            let words: Vec<&str> = [Some(verb), second].into_iter().flatten().collect();
            Action::Other { verb: words.join(" ").chars().take(40).collect() }
        }
    })
}

fn password(arguments: &Arguments, command: &Simple) -> Password {
    if let Some(value) = arguments.value(&["p", "password"]) {
        return if is_computed(&value) { Password::Argument } else { Password::Written };
    }
    if !arguments.has(&["password-stdin"]) {
        return Password::Asked;
    }
    let echoed = match &command.stdin {
        Stdin::Text(text) => !is_computed(text),
        Stdin::Pipe(words) => match words.as_slice() {
            [program, rest @ ..] if matches!(program.as_str(), "echo" | "printf") => {
                !rest.iter().any(|word| is_computed(word))
            }
            _ => false,
        },
        Stdin::Elsewhere => false,
    };
    if echoed { Password::Echoed } else { Password::Stdin }
}

/// Whether a word is a variable or another program's output.
fn is_computed(word: &str) -> bool {
    word.contains('$') || word.contains('`')
}

/// Flags and other words of a command line, read as docker's own library (pflag) reads them.
struct Arguments {
    /// Without their dashes.
    flags: Vec<(String, Option<String>)>,
    operands: Vec<String>,
}

impl Arguments {
    /// `takes`: flags that take the next word as their value. With `leading`, flags end at the first
    /// word that is none.
    fn read(words: &[String], takes: &[&str], leading: bool) -> Self {
        let mut arguments = Self { flags: Vec::new(), operands: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None if takes.contains(&long) => (long, words.next().cloned()),
                    None => (long, None),
                };
                arguments.flags.push((name.to_owned(), value));
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                arguments.short(short, takes, &mut words);
            } else {
                arguments.operands.push(word.clone());
                if leading {
                    break;
                }
            }
        }
        arguments.operands.extend(words.cloned());
        arguments
    }

    /// `-t`, `-tname`, `-t=name`, `-qt name`.
    fn short<'a>(&mut self, short: &str, takes: &[&str], words: &mut impl Iterator<Item = &'a String>) {
        for (at, letter) in short.char_indices() {
            let letter = letter.to_string();
            let rest = &short[at + letter.len()..];
            if takes.contains(&letter.as_str()) || rest.starts_with('=') {
                let value = match rest.strip_prefix('=').unwrap_or(rest) {
                    "" => words.next().cloned(),
                    value => Some(value.to_owned()),
                };
                self.flags.push((letter, value));
                return;
            }
            self.flags.push((letter, None));
        }
    }

    fn values(&self, names: &[&str]) -> Vec<String> {
        let named = self.flags.iter().filter(|(name, _)| names.contains(&name.as_str()));
        named.filter_map(|(_, value)| value.clone()).collect()
    }

    /// The last one given counts.
    fn value(&self, names: &[&str]) -> Option<String> {
        self.values(names).pop()
    }

    /// Whether a switch is on.
    fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|(name, value)| names.contains(&name.as_str()) && value.as_deref() != Some("false"))
    }

    fn one(&self, command: &str) -> Result<String, String> {
        match self.operands.as_slice() {
            [one] => Ok(one.clone()),
            others => Err(format!("{command} takes one name; here are {}", others.len())),
        }
    }

    fn at_most_one(&self, message: &str) -> Result<Option<String>, String> {
        match self.operands.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            // Not quoted: a word too many may be a password.
            _ => Err(message.to_owned()),
        }
    }
}
