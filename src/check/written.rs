//! What a learner writes down in a YAML file of the workspace: read within bounds, and each way to get it wrong has
//! its own message.
//!
//! Invariant: whatever stands in the file, a verdict comes of it. It is hostile: its size, its nesting and its aliases
//! are bounded ([`crate::course::read_yaml`]).

use super::matching::shown;
use super::{Inquiry, NotYet, Place, Stop, Verdict};
use serde::de::DeserializeOwned;

/// A file that was read.
pub(super) struct Written<'a, T> {
    /// What it says.
    pub(super) content: T,
    /// The file itself.
    pub(super) text: &'a str,
}

/// What to say where a file cannot be read.
pub(super) struct Wanted<'a> {
    /// Path in the workspace.
    pub(super) file: &'a str,
    /// What is expected of it.
    pub(super) expected: &'a str,
    /// What to do where there is none.
    pub(super) write_it: &'a str,
    /// What to do where it is no YAML.
    pub(super) repair_it: &'a dyn Fn(&str) -> String,
}

/// Reads a file, or says what is wrong with it, with the line.
pub(super) fn read<'a, T: DeserializeOwned>(
    inquiry: &Inquiry<'a>,
    wanted: &Wanted<'_>,
) -> Result<Result<Written<'a, T>, Verdict>, Stop> {
    let file = wanted.file;
    let Some(facts) = inquiry.workspace_file(file)? else {
        return Ok(Err(Verdict::not_yet(wanted.expected, format!("there is no {file}"), wanted.write_it)));
    };
    if facts.truncated {
        let found = format!("{file} is far too large for a few answers");
        return Ok(Err(Verdict::not_yet(wanted.expected, found, "dlearn reset brings the file back as it was")));
    }
    let text = facts.text.as_str();
    Ok(crate::course::read_yaml(text).map(|content| Written { content, text }).map_err(|(at, what)| {
        let line = at.map(|(line, _)| line).filter(|line| *line <= text.lines().count());
        let where_ = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        Verdict::NotYet(NotYet {
            expected: wanted.expected.to_owned(),
            found: format!("{file} is not valid YAML: {where_}{what}"),
            advice: (wanted.repair_it)(text),
            place: line.map(|line| place(file, text, line)),
        })
    }))
}

/// A line of a file, from 1.
pub(super) fn place(file: &str, text: &str, line: usize) -> Place {
    let Place { file, line, text } = Place::of_line(file, text, line);
    Place { file, line, text: text.chars().take(200).collect() }
}

/// The verdict where `code`, which was written for `field`, is none of `codes`; none where it is one.
pub(super) fn unknown_code<'c>(
    field: &str,
    code: &str,
    codes: impl Iterator<Item = &'c str> + Clone,
) -> Option<Verdict> {
    if codes.clone().any(|known| known == code) {
        return None;
    }
    let all = codes.clone().collect::<Vec<_>>().join(", ");
    let advice = crate::nearest(code, codes)
        .map_or(format!("write one of: {all}"), |near| format!("did you mean {near}? The codes are: {all}"));
    Some(Verdict::not_yet(format!("one of the codes for {field}"), format!("{field} is {}", shown(code)), advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{Answer, Evidence, Fact, Need, TextFacts};
    use std::collections::BTreeMap;

    fn read_text(text: &str, truncated: bool) -> Result<BTreeMap<String, Option<String>>, Box<NotYet>> {
        let mut evidence = Evidence::new();
        let facts = TextFacts { text: text.into(), truncated };
        evidence.insert(Need::WorkspaceFile { path: "a.yaml".into() }, Answer::Found(Fact::Text(facts)));
        let subject = Subject::default();
        let inquiry = Inquiry::new(&evidence, &subject);
        let wanted =
            Wanted { file: "a.yaml", expected: "answers", write_it: "write it", repair_it: &|_| "repair it".into() };
        match read(&inquiry, &wanted).expect("everything is known") {
            Ok(written) => Ok(written.content),
            Err(Verdict::NotYet(it)) => Err(Box::new(it)),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_words_and_nothing_are_read_as_they_stand() {
        let read = read_text("a: 3\nb: three\nc:\nd: ~\n\"e\": 'x: y'\nf: |\n  two\n  lines\n", false).unwrap();
        let value = |key: &str| read[key].as_deref();
        assert_eq!((value("a"), value("b"), value("c"), value("d")), (Some("3"), Some("three"), None, None));
        assert_eq!((value("e"), value("f")), (Some("x: y"), Some("two\nlines\n")));
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        let it = read_text("a: 3\nb: x: y\n", false).unwrap_err();
        assert!(it.found.contains("a.yaml is not valid YAML: line 2"), "{it:?}");
        assert_eq!(it.place.map(|place| (place.line, place.text)), Some((2, "b: x: y".into())));
        for hostile in ["a: [[1]]", "- 1", "a: &a [*a]", "a: 1\na: 2\n", "a: {b: c}", "a: \"x"] {
            let it = read_text(hostile, false).expect_err(hostile);
            assert_eq!(it.advice, "repair it", "{hostile}");
        }
        let bomb = format!("a: &a 1\n{}", (0..20_000).map(|n| format!("k{n}: *a\n")).collect::<String>());
        assert!(read_text(&bomb, false).is_err());
        assert!(read_text("a: 1", true).unwrap_err().found.contains("too large"));
    }

    #[test]
    fn an_unknown_code_offers_the_nearest() {
        let codes = || ["damaged", "elsewhere"].into_iter();
        assert!(unknown_code("why", "damaged", codes()).is_none());
        let Some(Verdict::NotYet(it)) = unknown_code("why", "damagd", codes()) else { panic!() };
        assert_eq!((it.found.as_str(), it.advice.contains("did you mean damaged?")), ("why is `damagd`", true));
    }
}
