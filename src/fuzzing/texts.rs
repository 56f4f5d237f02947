//! Texts: names, Dockerfiles, `.dockerignore`, shell, Markdown.

use super::{assert_harmless, text};
use crate::cmdline::{self, Action};
use crate::context::Ignore;
use crate::dockerfile::{self, Body, Instruction, Span, Variables, checks};
use crate::grade::refusals::{Allowed, refusals};
use crate::reference::Reference;
use crate::term::{self, Terminal};
use std::collections::BTreeMap;

pub(super) fn reference(data: &[u8]) {
    let text = text(data);
    match Reference::parse(&text) {
        Ok(reference) => {
            for written in [reference.to_string(), reference.complete()] {
                let again = Reference::parse(&written).expect("what is written is read again");
                assert!(again.means(&reference), "{text} {written}");
            }
            assert!(text.contains(reference.repository()));
            crate::registry::Reference::parse(&text).map(|place| place.loopback_port());
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
    }
}

pub(super) fn ignore(data: &[u8]) {
    let text = text(data);
    let (rules, path) = text.rsplit_once('\n').unwrap_or((&text, "a/b.txt"));
    match Ignore::parse(rules) {
        Ok(ignore) => {
            let decision = ignore.decide(path);
            assert!(!decision.excluded || decision.rule.is_some());
            ignore.shuts_out(path);
        }
        Err(error) => assert!(!error.help().is_empty() && error.line <= rules.matches('\n').count() + 1),
    }
}

pub(super) fn dockerfile(data: &[u8]) {
    let text = &*text(data);
    let parsed = dockerfile::parse(text);
    parsed.instructions().for_each(|instruction| of_instruction(text, instruction));
    parsed.problems.iter().for_each(|problem| inside(text, problem.span));
    parsed.directives.iter().for_each(|directive| inside(text, directive.span));
    let checked = checks::check(text, &parsed, &checks::Surroundings::default());
    assert!(parsed.problems.iter().take(20).all(|problem| checked.refused.contains(problem)));
    for finding in &checked.findings {
        inside(text, finding.span);
        inside(text, finding.point);
    }
    parsed.stages.iter().for_each(|stage| inside(text, stage.span));
    // Each goes through all that it is built on: the last ones have the longest way.
    for stage in parsed.stages.iter().rev().take(5) {
        parsed.expanded(stage, &Variables::default());
        parsed.base_of(stage);
        parsed.takes_from(stage);
    }
    for refusal in refusals("Dockerfile", text, &BTreeMap::new(), &Allowed::new(["busybox:1.36"])) {
        assert!(refusal.line <= text.matches('\n').count() + 1, "{refusal:?}");
    }
}

fn inside(text: &str, span: Span) {
    assert!(span.start <= span.end && text.get(span.start..span.end).is_some(), "{span:?}");
    assert!(1 <= span.start_line && span.start_line <= span.end_line, "{span:?}");
}

fn of_instruction(text: &str, instruction: &Instruction) {
    inside(text, instruction.span);
    inside(text, instruction.keyword_span);
    assert_eq!(&text[instruction.span.start..instruction.span.end], instruction.original);
    instruction.flags.iter().for_each(|flag| inside(text, flag.span));
    instruction.mounts();
    match &instruction.body {
        Body::Env(pairs) | Body::Label(pairs) => pairs.iter().for_each(|pair| inside(text, pair.span)),
        Body::Arg(names) => names.iter().for_each(|name| inside(text, name.span)),
        Body::Run { heredocs, .. } => heredocs.iter().for_each(|heredoc| inside(text, heredoc.span)),
        Body::From { base_span, name_span, .. } => {
            inside(text, *base_span);
            name_span.iter().for_each(|span| inside(text, *span));
        }
        Body::Onbuild(trigger) => of_instruction(text, trigger),
        _ => {}
    }
}

pub(super) fn shell(data: &[u8]) {
    let text = &*text(data);
    let file = cmdline::parse(text);
    let lines = text.lines().count();
    assert!(file.commands.len() <= cmdline::MOST_COMMANDS && file.problems.len() <= cmdline::MOST_COMMANDS);
    let numbers = file.commands.iter().map(|command| command.line);
    assert!(numbers.clone().is_sorted());
    assert!(numbers.chain(file.problems.iter().map(|problem| problem.line)).all(|line| (1..=lines).contains(&line)));
    for command in &file.commands {
        if let Action::Push { name, .. } | Action::Pull { name } | Action::Tag { to: name, .. } = &command.action {
            reference(name.as_bytes());
        }
    }
    cmdline::commands(text);
    cmdline::published(text);
}

pub(super) fn markdown(data: &[u8]) {
    let text = text(data);
    // Code is shown as it is, however wide.
    let code = ["```", "~~~", "    ", "\t"].into_iter().any(|sign| text.contains(sign));
    for width in [40, 100] {
        let terminal = Terminal::plain(width);
        let lines = term::markdown::lines(&text, width, &terminal);
        for line in &lines {
            let text = line.text();
            assert_harmless(&text);
            assert!(code || term::measure(text.trim_end()) <= width, "{text:?} is wider than {width}");
        }
        assert_harmless(&term::paint(&lines, &terminal));
    }
    term::markdown::render(&text, &Terminal::full(60, 24));
}
