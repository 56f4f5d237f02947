//! Exercises that a lesson names in brackets (`[N02]`): whoever reads it sees which of them they have passed.

use super::lesson::{Block, Lesson};

/// The parts of a text: what stands between such names, and each name's id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Text(&'a str),
    Exercise(&'a str),
}

/// Splits a text at its `[ID]`: an upper-case letter and digits, and no link's text.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for (open, _) in text.match_indices('[') {
        let inside = &text[open + 1..];
        let Some(id) = inside.split(']').next().filter(|id| open >= from && is_id(id)) else { continue };
        let end = open + 1 + id.len() + 1;
        if text.len() < end || text[end..].starts_with(['(', '[', ':']) {
            continue;
        }
        parts.push(Part::Text(&text[from..open]));
        parts.push(Part::Exercise(id));
        from = end;
    }
    parts.push(Part::Text(&text[from..]));
    parts
}

fn is_id(text: &str) -> bool {
    text.strip_prefix(|first: char| first.is_ascii_uppercase())
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Lesson {
    /// The lesson with `mark` of the id in place of each exercise in brackets.
    #[must_use]
    pub fn marked(mut self, mark: impl Fn(&str) -> String) -> Self {
        let marked = |part: &Part<'_>| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::Exercise(id) => mark(id),
        };
        for block in self.sections.iter_mut().flat_map(|section| &mut section.blocks) {
            if let Block::Text(text) = block {
                *text = parts(text).iter().map(marked).collect();
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exercises_stand_in_brackets_and_nothing_else_does() {
        let text = "[N02], [S2] and [L26.scratch], [N03](x.md), [N03][x], [x], [Nx], [N04";
        let ids: Vec<_> = parts(text).into_iter().filter(|part| matches!(part, Part::Exercise(_))).collect();
        assert_eq!(ids, [Part::Exercise("N02"), Part::Exercise("S2")]);
        let whole = parts(text).into_iter().map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Exercise(id) => format!("[{id}]"),
        });
        assert_eq!(whole.collect::<String>(), text);
    }
}
