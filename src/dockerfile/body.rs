//! What stands behind each keyword.

use super::INSTRUCTIONS;
use super::flag;
use super::heredoc;
use super::json::{self, Array};
use super::line::Logical;
use super::model::{ArgName, Body, Copy, Flag, Form, Healthcheck, Heredoc, Pair, Problem, Span};
use super::words::{self, BLANK, Word};
use std::ops::Range;

/// What was found wrong: what the parser refuses, and what an instruction refuses when it is read.
/// (Behind ONBUILD Docker looks at the first kind only.)
#[derive(Default)]
pub(super) struct Found {
    pub(super) syntax: Vec<Problem>,
    pub(super) meaning: Vec<Problem>,
}

/// Where the arguments stand.
pub(super) struct Source<'a> {
    pub(super) logical: &'a Logical,
    pub(super) arguments: Range<usize>,
    pub(super) keyword: Span,
    pub(super) escape: char,
}

impl Source<'_> {
    fn text(&self) -> &str {
        &self.logical.text[self.arguments.clone()]
    }

    /// Where to point at: the arguments, or the keyword where there are none.
    fn span(&self) -> Span {
        if self.arguments.is_empty() { self.keyword } else { self.logical.span(self.arguments.clone()) }
    }

    fn words(&self) -> Vec<Word> {
        words::by_blanks(self.text(), self.arguments.start)
    }
}

/// Reads the arguments of an instruction.
pub(super) fn read(
    keyword: &str,
    flags: &[Flag],
    source: &Source<'_>,
    heredocs: Vec<Heredoc>,
    found: &mut Found,
) -> Body {
    let none = source.arguments.is_empty();
    let text = source.text().to_owned();
    // Docker drops the flags of ARG and of HEALTHCHECK NONE without a look at them.
    let unread = keyword == "ARG" || keyword == "HEALTHCHECK" && text.eq_ignore_ascii_case("none");
    if INSTRUCTIONS.contains(&keyword) && !unread && !found.full() {
        flag::check(keyword, flags, &mut found.meaning);
    }
    let needs = |found: &mut Found, what: &str| {
        found.meaning(format!("{keyword} needs {what}"), source.span());
        Body::Unknown(text.clone())
    };
    match keyword {
        "FROM" => from(source, found),
        "RUN" => Body::Run { form: form(keyword, source.arguments.clone(), source, found), heredocs },
        "CMD" => Body::Cmd(form(keyword, source.arguments.clone(), source, found)),
        "ENTRYPOINT" => Body::Entrypoint(form(keyword, source.arguments.clone(), source, found)),
        "COPY" => Body::Copy(copy(keyword, flags, source, heredocs, found)),
        "ADD" => Body::Add(copy(keyword, flags, source, heredocs, found)),
        "ENV" => Body::Env(pairs(keyword, source, found)),
        "LABEL" => Body::Label(pairs(keyword, source, found)),
        "ARG" => Body::Arg(arguments(source, found)),
        "EXPOSE" if none => needs(found, "a port"),
        "EXPOSE" => Body::Expose(source.words().into_iter().map(|(_, word)| word).collect()),
        "USER" if none => needs(found, "a user"),
        "USER" => Body::User(text),
        "WORKDIR" if none => needs(found, "a path"),
        "WORKDIR" => Body::Workdir(text),
        "STOPSIGNAL" if none => needs(found, "a signal"),
        "STOPSIGNAL" => Body::Stopsignal(text),
        "MAINTAINER" if none => needs(found, "a name"),
        "MAINTAINER" => Body::Maintainer(text),
        "VOLUME" => {
            let mut volumes = list(keyword, source, found);
            volumes.iter_mut().for_each(|volume| *volume = volume.trim().to_owned());
            if volumes.is_empty() {
                return needs(found, "a path");
            }
            if volumes.iter().any(String::is_empty) {
                found.meaning("the path of a VOLUME cannot be empty".into(), source.span());
            }
            Body::Volume(volumes)
        }
        "SHELL" => match form(keyword, source.arguments.clone(), source, found) {
            Form::Exec(shell) if !shell.is_empty() => Body::Shell(shell),
            _ => needs(found, "a JSON array: SHELL [\"/bin/bash\", \"-c\"]"),
        },
        "HEALTHCHECK" if none => needs(found, "CMD with a command, or NONE"),
        "HEALTHCHECK" => healthcheck(flags, source, found),
        _ => {
            if !INSTRUCTIONS.contains(&keyword) {
                // Looking for the nearest word costs time, and a text may be all junk.
                let near =
                    if keyword.len() > 20 || found.full() { None } else { crate::nearest(keyword, INSTRUCTIONS) };
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                let shown: String = keyword.chars().take(40).collect();
                found.meaning(format!("there is no instruction {shown}{hint}"), source.keyword);
            }
            Body::Unknown(text)
        }
    }
}

fn from(source: &Source<'_>, found: &mut Found) -> Body {
    let words = source.words();
    let base = words.first().map(|(_, base)| base.clone()).unwrap_or_default();
    let base_span = words.first().map_or(source.keyword, |(range, _)| source.logical.span(range.clone()));
    let named = words.len() == 3 && words[1].1.eq_ignore_ascii_case("as");
    let name = words.get(2).filter(|_| named).map(|(_, name)| name.clone());
    let name_span = words.get(2).filter(|_| named).map(|(range, _)| source.logical.span(range.clone()));
    let as_word = words.get(1).filter(|_| named).map(|(_, word)| word.clone());
    if words.is_empty() {
        found.meaning("FROM needs an image, or scratch".into(), source.keyword);
    } else if words.len() != 1 && !named {
        found.meaning("FROM takes an image, and perhaps AS and a name".into(), source.span());
    }
    if let (Some(name), Some(span)) = (&name, name_span)
        && !is_stage_name(name)
    {
        let message = format!("{name} is no name for a stage: letters, digits, - _ . and a letter first");
        found.meaning(message, span);
    }
    Body::From { base, as_word, name, base_span, name_span }
}

fn is_stage_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
}

/// The exec form where it is an array of strings, else the shell form.
fn form(keyword: &str, range: Range<usize>, source: &Source<'_>, found: &mut Found) -> Form {
    let text = &source.logical.text[range.clone()];
    match json::array(text) {
        Array::Strings(words) => return Form::Exec(words),
        Array::Mixed => mixed(keyword, source.logical.span(range), found),
        Array::No => {}
    }
    Form::Shell(text.to_owned())
}

/// An array of strings, or words between blanks.
fn list(keyword: &str, source: &Source<'_>, found: &mut Found) -> Vec<String> {
    match json::array(source.text()) {
        Array::Strings(words) => return words,
        Array::Mixed => mixed(keyword, source.span(), found),
        Array::No => {}
    }
    source.words().into_iter().map(|(_, word)| word).collect()
}

fn mixed(keyword: &str, span: Span, found: &mut Found) {
    found.syntax(format!("the array behind {keyword} may hold strings only, each in double quotes"), span);
}

fn copy(keyword: &str, flags: &[Flag], source: &Source<'_>, heredocs: Vec<Heredoc>, found: &mut Found) -> Copy {
    let mut words = list(keyword, source, found);
    if words.len() < 2 {
        found.meaning(format!("{keyword} needs a source and a destination"), source.span());
    }
    let dest = if words.len() > 1 { words.pop().unwrap_or_default() } else { String::new() };
    if heredoc::of_word(&dest).is_some() {
        found.meaning(format!("the destination of {keyword} cannot be a document"), source.span());
    }
    let (documents, sources): (Vec<_>, Vec<_>) =
        words.into_iter().map(|word| (heredoc::of_word(&word), word)).partition(|(document, _)| document.is_some());
    // Of two documents with one name, the later one counts for both, as in Docker.
    let heredocs = documents
        .into_iter()
        .filter_map(|(document, _)| document)
        .filter_map(|document| heredocs.iter().rev().find(|heredoc| heredoc.name == document.name).cloned())
        .collect();
    let from = flags.iter().find(|flag| flag.name == "from" && keyword == "COPY").and_then(|flag| flag.value.clone());
    Copy { sources: sources.into_iter().map(|(_, word)| word).collect(), dest, from, heredocs }
}

/// `KEY=VALUE …`, or `KEY VALUE` where the first word has no `=`.
fn pairs(keyword: &str, source: &Source<'_>, found: &mut Found) -> Vec<Pair> {
    let text = source.text();
    let words = words::quoted(text, source.arguments.start, source.escape);
    let Some((_, first)) = words.first() else {
        found.meaning(format!("{keyword} needs a name and a value"), source.keyword);
        return Vec::new();
    };
    let mut pairs = Vec::new();
    if !first.contains('=') {
        let Some((key, value)) = text.split_once(BLANK) else {
            found.syntax(format!("{keyword} needs a value: {keyword} {first}=…"), source.span());
            return Vec::new();
        };
        let value = value.trim_start_matches(BLANK).to_owned();
        pairs.push(Pair { key: key.to_owned(), value, legacy: true, span: source.span() });
        return pairs;
    }
    for (range, word) in &words {
        let span = source.logical.span(range.clone());
        match word.split_once('=') {
            Some(("", _)) => found.meaning(format!("{keyword} needs a name before the ="), span),
            Some((key, value)) => {
                pairs.push(Pair { key: key.to_owned(), value: value.to_owned(), legacy: false, span });
            }
            None => {
                let shown: String = word.chars().take(40).collect();
                let message = format!("{shown} has no =: write NAME=VALUE, and a value with blanks in quotes");
                found.syntax(message, span);
            }
        }
    }
    pairs
}

fn arguments(source: &Source<'_>, found: &mut Found) -> Vec<ArgName> {
    let words = words::quoted(source.text(), source.arguments.start, source.escape);
    if words.is_empty() {
        found.meaning("ARG needs a name".into(), source.keyword);
    }
    let mut names = Vec::new();
    for (range, word) in words {
        let span = source.logical.span(range);
        match word.split_once('=') {
            Some(("", _)) => found.meaning("ARG needs a name before the =".into(), span),
            Some((name, default)) => {
                names.push(ArgName { name: name.to_owned(), default: Some(default.to_owned()), span });
            }
            None => names.push(ArgName { name: word, default: None, span }),
        }
    }
    names
}

fn healthcheck(flags: &[Flag], source: &Source<'_>, found: &mut Found) -> Body {
    let text = source.text();
    // Unlike elsewhere, only ASCII blanks count here.
    let blank = |c: char| c.is_ascii() && c.is_whitespace();
    let kind = text.split(blank).next().unwrap_or_default();
    let rest = text[kind.len()..].trim_start_matches(blank);
    if kind.eq_ignore_ascii_case("none") {
        if !rest.is_empty() {
            found.meaning("HEALTHCHECK NONE takes nothing more".into(), source.span());
        }
        return Body::Healthcheck(Healthcheck::None);
    }
    let form = form("HEALTHCHECK", source.arguments.end - rest.len()..source.arguments.end, source, found);
    if !kind.eq_ignore_ascii_case("cmd") {
        found.meaning("HEALTHCHECK takes CMD with a command, or NONE".into(), source.span());
        return Body::Unknown(text.to_owned());
    }
    if rest.is_empty() || form == Form::Exec(Vec::new()) {
        found.meaning("HEALTHCHECK CMD needs a command".into(), source.span());
    }
    let mut time = |name: &str| {
        let flag = flags.iter().find(|flag| flag.name == name)?;
        // An empty value counts as none.
        let value = flag.value.as_deref().filter(|value| !value.is_empty())?;
        flag::duration(value).unwrap_or_else(|message| {
            found.meaning(message, flag.span);
            None
        })
    };
    let (interval, timeout) = (time("interval"), time("timeout"));
    let (start_period, start_interval) = (time("start-period"), time("start-interval"));
    let mut retries = None;
    if let Some(flag) = flags.iter().find(|flag| flag.name == "retries")
        && let Some(value) = flag.value.as_deref().filter(|value| !value.is_empty())
    {
        match value.parse::<i32>().ok().and_then(|value| u32::try_from(value).ok()) {
            Some(value) => retries = Some(value).filter(|value| *value > 0),
            None => found.meaning("--retries takes a number, 0 or more".into(), flag.span),
        }
    }
    Body::Healthcheck(Healthcheck::Check { form, interval, timeout, start_period, start_interval, retries })
}
