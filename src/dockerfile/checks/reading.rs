//! Rules that look at the text, and at each instruction as it is written.

use super::rules::{
    CONSISTENT_INSTRUCTION_CASING, FROM_AS_CASING, INVALID_DEFINITION_DESCRIPTION, MAINTAINER_DEPRECATED,
    NO_EMPTY_CONTINUATION, STAGE_NAME_CASING,
};
use super::{Found, short};
use crate::dockerfile::line::{Lines, Physical, continuation, is_comment};
use crate::dockerfile::model::{Body, Dockerfile, Instruction, Span};

pub(super) fn check(text: &str, dockerfile: &Dockerfile, found: &mut Found) {
    let lines: Vec<Physical<'_>> = Lines::new(text).collect();
    let mut before = 0;
    for instruction in dockerfile.instructions() {
        empty_continuation(&lines, instruction, dockerfile.escape, found);
        description(&lines, before, instruction, found);
        from(text, instruction, found);
        if matches!(instruction.body, Body::Maintainer(_)) {
            found.push(MAINTAINER_DEPRECATED, "MAINTAINER is deprecated", instruction.span, instruction.keyword_span);
        }
        before = instruction.span.end_line;
    }
    casing(text, dockerfile, found);
}

/// BuildKit names the last line of the instruction, without its documents.
fn empty_continuation(lines: &[Physical<'_>], instruction: &Instruction, escape: char, found: &mut Found) {
    let first = instruction.span.start_line;
    let (mut empty, mut end) = (None, None);
    for line in lines.iter().skip(first - 1) {
        end = Some(line);
        if line.number > first && is_comment(line.text) {
            continue;
        }
        if line.number > first && line.text.trim().is_empty() {
            empty.get_or_insert(line);
            continue;
        }
        if !continuation(line.text, escape).1 {
            break;
        }
    }
    let (Some(empty), Some(end)) = (empty, end) else { return };
    let message = format!("line {} is empty, and the instruction goes on below it", empty.number);
    let whole = |line: &Physical<'_>| Span {
        start_line: line.number,
        end_line: line.number,
        start: line.start,
        end: line.start + line.text.len(),
    };
    found.push(NO_EMPTY_CONTINUATION, message, whole(end), whole(empty));
}

/// Comments between the instruction before and this one; an empty comment (`#`) parts them from it.
fn description(lines: &[Physical<'_>], before: usize, instruction: &Instruction, found: &mut Found) {
    let (what, names) = match &instruction.body {
        Body::From { name: Some(name), .. } => ("FROM", vec![name.to_lowercase()]),
        Body::Arg(names) => ("ARG", names.iter().map(|name| name.name.clone()).collect()),
        _ => return,
    };
    let above = lines.get(before..instruction.span.start_line - 1).unwrap_or_default();
    let mut comment = None;
    let mut directives = before == 0;
    for line in above {
        let Some(text) = line.text.trim_start().strip_prefix('#') else {
            directives = false;
            continue;
        };
        let text = text.trim();
        directives &= text
            .split_once('=')
            .is_some_and(|(name, _)| ["syntax", "escape", "check"].contains(&name.trim().to_lowercase().as_str()));
        if !directives {
            comment = Some(text).filter(|text| !text.is_empty());
        }
    }
    let (Some(comment), Some(first)) = (comment, names.first()) else { return };
    if !names.iter().any(|name| Some(name.as_str()) == comment.split(' ').next()) {
        let name = if names.len() > 1 { "<name>" } else { first };
        let message = format!("the comment above {what} does not begin with {}", short(name));
        found.push(INVALID_DEFINITION_DESCRIPTION, message, instruction.span, instruction.keyword_span);
    }
}

/// StageNameCasing and FromAsCasing.
fn from(text: &str, instruction: &Instruction, found: &mut Found) {
    let Body::From { as_word: Some(as_word), name: Some(name), name_span: Some(name_span), base_span, .. } =
        &instruction.body
    else {
        return;
    };
    if *name != name.to_lowercase() {
        let message = format!("the stage's name {} has capitals", short(name));
        found.push(STAGE_NAME_CASING, message, instruction.span, *name_span);
    }
    let keyword = written(text, instruction);
    let same = match () {
        () if keyword == keyword.to_lowercase() => *as_word == as_word.to_lowercase(),
        () if keyword == keyword.to_uppercase() => *as_word == as_word.to_uppercase(),
        // Of another rule's concern.
        () => true,
    };
    if !same {
        let point = Span { start: base_span.start, start_line: base_span.start_line, ..*name_span };
        let message = format!("the word {as_word} is written unlike {}", short(&keyword));
        found.push(FROM_AS_CASING, message, instruction.span, point);
    }
}

/// The instructions of stages, against their majority.
fn casing(text: &str, dockerfile: &Dockerfile, found: &mut Found) {
    let all = || dockerfile.stages.iter().flat_map(|stage| &stage.instructions);
    let (mut lower, mut upper) = (0_usize, 0_usize);
    for keyword in all().map(|instruction| written(text, instruction)) {
        if keyword == keyword.to_lowercase() {
            lower += 1;
        } else if keyword == keyword.to_uppercase() {
            upper += 1;
        }
    }
    let small = lower > upper;
    for instruction in all() {
        let keyword = written(text, instruction);
        let right = if small { keyword.to_lowercase() } else { keyword.to_uppercase() };
        if keyword != right {
            let rest = if small { "small letters" } else { "capitals" };
            let message = format!("{} stands among instructions in {rest}", short(&keyword));
            found.push(CONSISTENT_INSTRUCTION_CASING, message, instruction.span, instruction.keyword_span);
        }
    }
}

/// The keyword as it is written; without the escape characters where it goes on over a line.
fn written(text: &str, instruction: &Instruction) -> String {
    let keyword = text.get(instruction.keyword_span.start..instruction.keyword_span.end).unwrap_or_default();
    if keyword.eq_ignore_ascii_case(&instruction.keyword) {
        return keyword.to_owned();
    }
    keyword.chars().filter(|c| c.is_alphanumeric()).collect()
}
