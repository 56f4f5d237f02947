//! Spellings that builders read otherwise than we do, and that no honest answer needs.
//!
//! BuildKit splits flags byte by byte, folds letters as Go does, and takes JSON that others do not (buildkit,
//! frontend/dockerfile/parser). Rather than to follow each of its versions there, what could be read in two ways is
//! not built.

use crate::dockerfile::{Body, Dockerfile, Instruction};

/// The line of a comment at the head of the text that is, or looks like, a directive for another escape character.
pub(super) fn escape_directive(text: &str) -> Option<usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().enumerate().take_while(|(_, line)| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line.starts_with("//")
    });
    let directive = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let name: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        (name.eq_ignore_ascii_case("escape") && value.trim() != "\\").then_some(())
    };
    head.into_iter().find_map(|(index, line)| directive(line).map(|()| index + 1))
}

/// Lines with instructions that could be read in two ways, and what is unusual in them.
pub(super) fn instructions(dockerfile: &Dockerfile) -> Vec<(usize, &'static str)> {
    let unusual = |instruction: &Instruction| {
        let what = if !instruction.keyword.is_ascii() {
            "an instruction's name has other letters than A to Z"
        } else if instruction.flags.iter().any(|flag| !flag_is_plain(&flag.name, flag.value.as_deref())) {
            "an option has characters outside ASCII"
        } else if looks_like_json(instruction) {
            "what stands in brackets is no list of texts"
        } else {
            return None;
        };
        Some((instruction.span.start_line, what))
    };
    dockerfile.instructions().filter_map(unusual).collect()
}

fn flag_is_plain(name: &str, value: Option<&str>) -> bool {
    let plain = |text: &str| text.chars().all(|char| char.is_ascii() && !char.is_ascii_control());
    plain(name) && value.is_none_or(plain)
}

/// Whether ADD or COPY has something like a JSON array that was read as plain words.
fn looks_like_json(instruction: &Instruction) -> bool {
    let sources = match &instruction.body {
        Body::Add(add) => &add.sources,
        Body::Copy(copy) => &copy.sources,
        Body::Onbuild(trigger) => return looks_like_json(trigger),
        _ => return false,
    };
    sources.first().is_some_and(|source| source.starts_with("[\""))
}
