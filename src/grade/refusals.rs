//! What a grader does not build, found in the Dockerfiles before anything is. Pure.
//!
//! Somebody else's Dockerfile may name things that the engine fetches and runs, and options that weaken the wall
//! around a build: `ADD` of an address or a Git repository, another frontend (`# syntax=`), images that the exercise
//! does not bring, `--network=host`, `--security=insecure`. This is no proof that a Dockerfile is harmless, for which
//! there is the sandbox; it keeps out what has no place in an answer, and says so by file and line.
//!
//! Builders differ in which value a variable has, so every value that it could have counts; and older ones know no
//! heredocs, so where a text can be read without them, what they would do counts, too.

mod unusual;
mod values;

use crate::dockerfile::{Body, Dockerfile, INSTRUCTIONS, Instruction, Stage, parse};
use crate::reference::Reference;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use values::{Assigned, Scope};

/// Most refusals that are told of one Dockerfile.
const MOST: usize = 50;
/// Most characters of a word that is quoted.
const LONGEST: usize = 200;
/// Most bytes of values that are put together for one reading of a Dockerfile.
const BUDGET: usize = 8 << 20;

/// A word as it is quoted.
fn short(word: &str) -> String {
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

/// Something that is not built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// The Dockerfile, as its path in the exercise's folder.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What stands there.
    pub what: String,
    /// What to do next.
    pub help: String,
    /// The image that would have to be allowed, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// Images that may be used: written out completely, so that `busybox` is `docker.io/library/busybox:latest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    brought: BTreeMap<String, String>,
    /// What the submission itself has to build first.
    own: BTreeMap<String, String>,
}

/// By the complete name. What is no image's name is left out.
fn by_name<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let named = |name: &str| Some((Reference::parse(name).ok()?.complete(), name.to_owned()));
    names.into_iter().filter_map(named).collect()
}

impl Allowed {
    /// These images, which somebody brings. What is no image's name is left out.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { brought: by_name(names), own: BTreeMap::new() }
    }

    /// And these, which a submission builds, and which nobody may bring.
    #[must_use]
    pub fn and_own<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { own: by_name(names), ..self }
    }

    /// Whether a Dockerfile may name the image.
    pub fn permits(&self, name: &str) -> bool {
        let complete = Reference::parse(name).map(|name| name.complete());
        complete.is_ok_and(|name| self.brought.contains_key(&name) || self.own.contains_key(&name))
    }

    /// The name by which the image is brought, where it is.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.brought.get(&Reference::parse(name).ok()?.complete()).map(String::as_str)
    }

    /// Names of those that are brought, as they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.brought.values().map(String::as_str)
    }

    fn listed(&self) -> String {
        self.names().chain(self.own.values().map(String::as_str)).collect::<Vec<_>>().join(", ")
    }
}

/// What in a Dockerfile is not built. `args` are the build arguments of the step that builds it.
pub fn refusals(file: &str, text: &str, args: &BTreeMap<String, String>, allowed: &Allowed) -> Vec<Refusal> {
    let at = |line: usize, what: String, help: String| Refusal { file: file.to_owned(), line, what, help, image: None };
    let mut refusals: BTreeSet<Refusal> = BTreeSet::new();
    if let Some(line) = frontend(text) {
        let what = "another frontend is asked for (`# syntax=`), which the builder would fetch and run".to_owned();
        refusals.insert(at(line, what, "remove the line: the exercise needs no newer syntax".into()));
    }
    if let Some(line) = unusual::escape_directive(text) {
        let what = "another escape character is asked for (`# escape=`)".to_owned();
        refusals.insert(at(line, what, "remove the line: a backslash is the escape character here".into()));
    }
    for dockerfile in readings(text) {
        for (line, what) in unusual::instructions(&dockerfile) {
            refusals.insert(at(line, what.into(), "write it as Docker's reference does, in plain letters".into()));
        }
        let reading = Reading::new(&dockerfile, args);
        for used in reading.images().into_iter().take(MOST) {
            let Use { line, how, name } = used;
            match name {
                Ok(name) if allowed.permits(&name) => {}
                Ok(name) => {
                    let help = format!("use an image of the exercise: {}", allowed.listed());
                    let what = format!("{how} names {}, which this exercise does not use", short(&name));
                    // What is no name of an image is never offered to be allowed.
                    let image = Reference::parse(&name).is_ok().then_some(name);
                    refusals.insert(Refusal { image, ..at(line, what, help) });
                }
                Err(word) => {
                    let help = "write the image's name, or give its variable a default above".to_owned();
                    refusals.insert(at(
                        line,
                        format!("{how} names `{}`, whose value is not known here", short(&word)),
                        help,
                    ));
                }
            }
        }
        refusals.extend(reading.other().into_iter().map(|(line, what, help)| at(line, what, help)));
    }
    refusals.into_iter().take(MOST).collect()
}

/// The external images that a Dockerfile uses, as far as they are known.
pub fn images(text: &str, args: &BTreeMap<String, String>) -> BTreeSet<String> {
    let dockerfile = parse(text);
    let reading = Reading::new(&dockerfile, args);
    reading.images().into_iter().filter_map(|used| used.name.ok()).collect()
}

/// The line in which a frontend is named. BuildKit looks for it behind a byte order mark and a `#!` line, in comments
/// that begin with `#` or `//`, and in JSON (buildkit, frontend/dockerfile/parser/directives.go); versions differ in
/// which comments may stand above, so all of those at the head of the text count.
fn frontend(text: &str) -> Option<usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('{') {
            return Some(index + 1);
        }
        let comment = line.strip_prefix('#').or_else(|| line.strip_prefix("//"));
        let Some(comment) = comment else {
            match line.is_empty() {
                true => continue,
                false => return None,
            }
        };
        let named = comment.split_once('=').map(|(name, _)| name.trim().to_lowercase());
        if named.as_deref() == Some("syntax") {
            return Some(index + 1);
        }
    }
    None
}

/// The text as builders with heredocs read it, and as those without do, where that is a Dockerfile at all: any line
/// that is no instruction makes them refuse the whole before they begin.
fn readings(text: &str) -> Vec<Dockerfile> {
    let mut readings = vec![parse(text)];
    if text.contains("<<") {
        // As long as before, so that lines and columns stay what they are.
        let without = parse(&text.replace("<<", "  "));
        let known = |instruction: &Instruction| INSTRUCTIONS.contains(&instruction.keyword.as_str());
        if without.instructions().all(known) {
            readings.push(without);
        }
    }
    readings
}

/// An image that an instruction uses; or the word that names it, where its value is not known.
struct Use {
    line: usize,
    how: &'static str,
    name: Result<String, String>,
}

struct Reading<'a> {
    dockerfile: &'a Dockerfile,
    args: &'a BTreeMap<String, String>,
    /// What was found out: a text may ask for the same value very often.
    known: RefCell<BTreeMap<(String, Scope, usize), Assigned>>,
    /// Bytes of values that were put together so far.
    spent: Cell<usize>,
}

/// A trigger too: it runs in a stage that is built on this one.
fn with_trigger(instruction: &Instruction) -> impl Iterator<Item = &Instruction> {
    let trigger = match &instruction.body {
        Body::Onbuild(trigger) => Some(trigger.as_ref()),
        _ => None,
    };
    std::iter::once(instruction).chain(trigger)
}

impl<'a> Reading<'a> {
    fn new(dockerfile: &'a Dockerfile, args: &'a BTreeMap<String, String>) -> Self {
        Self { dockerfile, args, known: RefCell::default(), spent: Cell::default() }
    }

    fn each(&self) -> impl Iterator<Item = (&Stage, &Instruction)> {
        let stages = self.dockerfile.stages.iter();
        let all = stages.flat_map(|stage| stage.instructions.iter().map(move |instruction| (stage, instruction)));
        all.flat_map(|(stage, instruction)| with_trigger(instruction).map(move |instruction| (stage, instruction)))
    }

    fn images(&self) -> Vec<Use> {
        let mut used = Vec::new();
        for (stage, instruction) in self.each() {
            let line = instruction.span.start_line;
            let mut add = |how, name| used.push(Use { line, how, name });
            if let Body::From { base, .. } = &instruction.body {
                for name in self.values(base, Scope::Global) {
                    if !matches!(&name, Ok(name) if self.is_stage(name, stage.index, false) || name == "scratch") {
                        add("FROM", name);
                    }
                }
            }
            if let Some(from) = instruction.flag("from") {
                // No variables here (Dockerfile reference, COPY --from).
                let name = if from.contains('$') { Err(from.to_owned()) } else { Ok(from.to_owned()) };
                if !matches!(&name, Ok(name) if self.is_stage(name, stage.index, true)) {
                    add("COPY --from", name);
                }
            }
            for mount in instruction.mounts() {
                for (_, from) in mount.fields.iter().filter(|(key, _)| key.trim() == "from") {
                    for name in self.values(from, Scope::Everywhere) {
                        if !matches!(&name, Ok(name) if self.is_stage(name, stage.index, true)) {
                            add("RUN --mount", name);
                        }
                    }
                }
            }
        }
        used
    }

    /// Whatever else is not built: line, what, help.
    fn other(&self) -> Vec<(usize, String, String)> {
        let mut found = Vec::new();
        for (_, instruction) in self.each() {
            let line = instruction.span.start_line;
            let mut add = |what: String, help: &str| found.push((line, what, help.to_owned()));
            if let Body::Add(add_body) = &instruction.body {
                for source in &add_body.sources {
                    for value in self.values(source, Scope::Everywhere) {
                        match value {
                            Ok(value) if is_remote(&value) => {
                                add(
                                    format!("ADD fetches {}", short(&value)),
                                    "put the file into the folder, and COPY it",
                                );
                            }
                            Ok(_) => {}
                            Err(word) => add(
                                format!("ADD takes `{}`, whose value is not known here", short(&word)),
                                "write the file's name, or give its variable a default above",
                            ),
                        }
                    }
                }
            }
            // Exactly what Docker's own default is; whatever else there may be one day is not.
            for (flag, plain) in [("network", &["default", "none"][..]), ("security", &["sandbox"]), ("device", &[])] {
                for given in instruction.flags.iter().filter(|given| given.name.eq_ignore_ascii_case(flag)) {
                    let value = given.value.as_deref().unwrap_or_default();
                    if !plain.contains(&value) {
                        add(format!("{} --{flag}={}", instruction.keyword, short(value)), "leave the option out");
                    }
                }
            }
            // A mount that was read otherwise than the builder reads it.
            for given in instruction.flags.iter().filter(|given| given.name.eq_ignore_ascii_case("mount")) {
                let value = given.value.as_deref().unwrap_or_default();
                if value.contains('"') || given.name != "mount" {
                    add("RUN --mount with quotes".into(), "write the mount without quotes");
                }
            }
        }
        found
    }

    /// Whether a name means a stage that stands above the one with this number.
    fn is_stage(&self, name: &str, index: usize, by_number: bool) -> bool {
        let name = name.to_lowercase();
        let earlier = self.dockerfile.stages.get(..index).unwrap_or_default();
        let numbered = by_number && name.parse().is_ok_and(|number: usize| number < index);
        numbered || earlier.iter().any(|stage| stage.name.as_deref() == Some(name.as_str()))
    }
}

/// Whether ADD takes it from elsewhere: an address, or a Git repository in any of its spellings (Dockerfile reference,
/// ADD; buildkit, util/gitutil).
fn is_remote(source: &str) -> bool {
    let lower = source.trim().to_lowercase();
    lower.contains("://") || lower.starts_with("git@") || lower.starts_with("github.com/") || is_scp(&lower)
}

/// `user@host:path`, as Git and scp write it.
fn is_scp(source: &str) -> bool {
    source.split_once('@').is_some_and(|(user, rest)| !user.contains('/') && rest.contains(':'))
}

#[cfg(test)]
mod tests;
