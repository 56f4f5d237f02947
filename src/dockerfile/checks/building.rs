//! Rules that look at what a build does, instruction by instruction, with variables replaced.

use super::rules::{
    COPY_IGNORED_FILE, EXPOSE_INVALID_FORMAT, EXPOSE_PROTO_CASING, JSON_ARGS_RECOMMENDED, LEGACY_KEY_VALUE_FORMAT,
    MULTIPLE_INSTRUCTIONS, SECRETS_USED, UNDEFINED_VAR, WORKDIR_RELATIVE_PATH,
};
use super::stages::meant;
use super::{Found, Surroundings, short};
use crate::dockerfile::model::{Body, Copy, Form, Instruction, Pair, Span};
use crate::dockerfile::walk::{Base, Seen, Walk};
use crate::dockerfile::{ports, refusals};
use std::collections::BTreeMap;

/// What a stage leaves to those that are built on it.
#[derive(Clone, Copy, Default)]
struct Left {
    /// It has a WORKDIR.
    workdir: bool,
    /// It has a SHELL.
    shell: bool,
}

pub(super) fn check(walked: &Walk<'_>, reached: &[bool], around: &Surroundings<'_>, found: &mut Found) {
    let mut all: Vec<Left> = Vec::new();
    for seen in &walked.stages {
        let mut left = match seen.base {
            Base::Stage(index) => all.get(index).copied().unwrap_or_default(),
            _ => Left::default(),
        };
        let mut silent = Found { findings: Vec::new() };
        let reached = reached.get(seen.stage.index).copied().unwrap_or(true);
        stage(seen, &mut left, around, if reached { &mut *found } else { &mut silent });
        all.push(left);
    }
}

fn stage(seen: &Seen<'_>, left: &mut Left, around: &Surroundings<'_>, found: &mut Found) {
    let mut last: BTreeMap<&str, &Instruction> = BTreeMap::new();
    for instruction in &seen.expanded.instructions {
        let (span, keyword) = (instruction.span, instruction.keyword.as_str());
        match &instruction.body {
            Body::Env(pairs) | Body::Label(pairs) => {
                legacy(keyword, pairs, span, found);
                if keyword == "ENV" {
                    pairs.iter().for_each(|pair| secret(keyword, &pair.key, span, pair.span, found));
                }
            }
            Body::Arg(names) => names.iter().for_each(|name| secret(keyword, &name.name, span, name.span, found)),
            Body::Workdir(path) => {
                if !left.workdir && !path.starts_with('/') {
                    let message = format!("WORKDIR {} begins where the base image's WORKDIR is", short(path));
                    found.push(WORKDIR_RELATIVE_PATH, message, span, span);
                }
                left.workdir = true;
            }
            Body::Shell(_) => left.shell = true,
            Body::Cmd(Form::Shell(_)) | Body::Entrypoint(Form::Shell(_)) if !left.shell => {
                found.push(JSON_ARGS_RECOMMENDED, format!("{keyword} is a line for a shell"), span, span);
            }
            Body::Expose(all) => all.iter().for_each(|port| exposed(port, span, found)),
            Body::Copy(copy) if copy.from.is_none() => ignored(keyword, copy, span, around, found),
            Body::Add(copy) => ignored(keyword, copy, span, around, found),
            _ => {}
        }
        if matches!(instruction.body, Body::Cmd(_) | Body::Entrypoint(_) | Body::Healthcheck(_))
            && let Some(before) = last.insert(keyword, instruction)
        {
            let message = format!("line {} has the {keyword} that counts, and this one does nothing", span.start_line);
            found.push(MULTIPLE_INSTRUCTIONS, message, before.span, before.span);
        }
    }
    undefined(seen, found);
}

fn legacy(keyword: &str, pairs: &[Pair], span: Span, found: &mut Found) {
    for pair in pairs.iter().filter(|pair| pair.legacy) {
        let message = format!("{keyword} {} has a blank where = belongs", short(&pair.key));
        found.push(LEGACY_KEY_VALUE_FORMAT, message, span, pair.span);
    }
}

/// Words of a name that tell of a secret, and those that take it back, between `_`.
const SECRET: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
const HARMLESS: [&str; 3] = ["public", "file", "version"];

fn secret(keyword: &str, name: &str, span: Span, point: Span, found: &mut Found) {
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| lower.split('_').any(|word| words.contains(&word));
    if has(&SECRET) && !has(&HARMLESS) {
        let message = format!("{keyword} {} is named like a secret", short(name));
        found.push(SECRETS_USED, message, span, point);
    }
}

fn exposed(port: &str, span: Span, found: &mut Found) {
    let Ok(read) = ports::read(port) else { return };
    if read.protocol != read.protocol.to_lowercase() {
        found.push(EXPOSE_PROTO_CASING, format!("the protocol of {} has capitals", short(port)), span, span);
    }
    if read.of_host {
        let message = format!("{} names an address or a port of the host", short(port));
        found.push(EXPOSE_INVALID_FORMAT, message, span, span);
    }
}

fn ignored(keyword: &str, copy: &Copy, span: Span, around: &Surroundings<'_>, found: &mut Found) {
    let Some(stays_out) = around.stays_out else { return };
    for source in copy.sources.iter().filter(|source| !refusals::is_remote(source)) {
        // BuildKit's patterns know no path with a slash in front.
        if (source == "/" || !source.starts_with('/')) && stays_out(source) {
            let message = format!("{keyword} {} names what .dockerignore excludes", short(source));
            found.push(COPY_IGNORED_FILE, message, span, span);
        }
    }
}

fn undefined(seen: &Seen<'_>, found: &mut Found) {
    let known = |upto: Span| {
        let before = seen.expanded.instructions.iter().filter(move |instruction| instruction.span.start < upto.start);
        before.flat_map(|instruction| match &instruction.body {
            Body::Env(pairs) => pairs.iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>(),
            Body::Arg(names) => names.iter().map(|name| name.name.as_str()).collect(),
            _ => Vec::new(),
        })
    };
    for (span, name) in &seen.expanded.undefined {
        if found.is_full() {
            return;
        }
        if ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"].contains(&name.as_str()) {
            continue;
        }
        let near = meant(name, known(*span).chain(["PATH"]));
        let before = found.findings.len();
        found.push(UNDEFINED_VAR, format!("nothing sets {} above this line{near}", short(name)), *span, *span);
        if let Some(finding) = found.findings.get_mut(before) {
            finding.unless_base.clone_from(&seen.unknown);
        }
    }
}
