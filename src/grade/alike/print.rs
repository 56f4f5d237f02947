//! One submission's files of an exercise, reduced to what its learner wrote.

use super::normal;
use crate::course::{Entry, FileSet, Round};
use crate::grade::gradebook::tidy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of one file that is compared: larger ones are no text of a learner's.
const LARGEST_FILE: u64 = 64 << 10;
/// Bytes of all files of one exercise that are compared.
const LARGEST_ALL: u64 = 512 << 10;
/// Bytes that the prints of one submission have together, as a file holds them: some hundred times what answers come to.
pub const LARGEST_PRINTS: usize = 1 << 20;
/// Lines of one submission's own that are compared.
const MOST_LINES: usize = 4000;
/// Files that everybody has from dlearn, or that differ by being theirs.
const NOT_THEIRS: [&str; 3] = ["token", "README.md", crate::submission::MANIFEST];

/// A line that the course did not give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnLine {
    /// From 1.
    pub number: usize,
    /// As it stands there, made harmless.
    pub text: String,
    /// As it is compared.
    pub normal: String,
}

/// What a learner wrote themselves for an exercise: its files with those of their lines that the course did not give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// By path in the exercise's folder. Files without such lines are not there.
    pub files: Vec<(String, Vec<OwnLine>)>,
}

/// What everybody is given: lines as they are compared, and the values that were drawn for one learner.
#[derive(Clone, Debug, Default)]
pub struct Given {
    lines: BTreeSet<String>,
    values: Vec<String>,
}

impl Given {
    /// What these rounds give: starter, reference solution (`dlearn solution` shows it) and other right answers.
    pub fn of<'a>(entry: &Entry, rounds: impl Iterator<Item = &'a Round>) -> Self {
        let mut given = Self::default();
        for round in rounds {
            given.values.extend(round.values().map(str::to_lowercase));
            // Longer ones first: one may hold another.
            given.values.sort_by_key(|value| (std::cmp::Reverse(value.len()), value.clone()));
            given.values.dedup();
            let right = round.cases.right.keys().map(|name| round.layers_of(entry, &format!("right/{name}")));
            for files in right.chain([round.start.clone(), round.solution.clone()]) {
                given.add(&files);
            }
        }
        given
    }

    /// Files that everybody has.
    fn add(&mut self, files: &FileSet) {
        for (path, content) in files {
            if let Ok(text) = std::str::from_utf8(content) {
                self.lines.extend(normal::lines(path, text, &self.values));
            }
        }
    }

    /// Lines and values, for tests.
    #[cfg(test)]
    pub(super) fn new(files: &FileSet, values: &[&str]) -> Self {
        let mut given = Self { lines: BTreeSet::new(), values: values.iter().map(|value| (*value).into()).collect() };
        given.add(files);
        given
    }
}

impl Print {
    /// What of these files was not given.
    pub fn of(files: &FileSet, given: &Given) -> Self {
        let mut left = MOST_LINES;
        let mut print = Self::default();
        for (path, content) in files {
            let Ok(text) = std::str::from_utf8(content) else { continue };
            if text.contains('\0') {
                continue;
            }
            let normal = normal::lines(path, text, &given.values);
            let numbered = text.lines().zip(normal).enumerate();
            let own = numbered.filter(|(_, (_, normal))| !normal.is_empty() && !given.lines.contains(normal));
            let own = own.map(|(index, (text, normal))| {
                let normal = compared(&normal).to_owned();
                OwnLine { number: index + 1, text: shown(text), normal }
            });
            let own: Vec<OwnLine> = own.take(left).collect();
            left -= own.len();
            if !own.is_empty() {
                print.files.push((tidy(path), own));
            }
        }
        print
    }

    /// Whether [`Print::of`] could have come to this: one that was in a file may be somebody's invention.
    pub fn is_sound(&self) -> bool {
        self.lines().count() <= MOST_LINES
            && self.bytes() <= LARGEST_PRINTS
            && self.files.iter().all(|(path, _)| tidy(path) == *path)
            && self.lines().all(|line| shown(&line.text) == line.text && compared(&line.normal) == line.normal)
    }

    /// Bytes that it has in a file.
    pub fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len())
    }

    /// Every own line.
    pub fn lines(&self) -> impl Iterator<Item = &OwnLine> {
        self.files.iter().flat_map(|(_, lines)| lines)
    }
}

/// Characters of a line that are shown.
const WIDEST: usize = 200;
/// Characters of a line that are compared: who wrote as many alike has copied.
const WIDEST_COMPARED: usize = 400;

fn compared(normal: &str) -> &str {
    normal.char_indices().nth(WIDEST_COMPARED).map_or(normal, |(end, _)| &normal[..end])
}

fn shown(line: &str) -> String {
    let line = crate::term::sanitize(line).replace('\t', "    ");
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.trim_end().to_owned(),
    }
}

/// The texts of an exercise that a submission's copy holds: `files` are its paths, `place` is the exercise's folder.
/// What cannot be read is left out.
pub fn read(root: &Path, files: &[String], place: &str) -> FileSet {
    let prefix = if place.is_empty() { String::new() } else { format!("{place}/") };
    let mut left = LARGEST_ALL;
    let mut texts = FileSet::new();
    for file in files {
        let Some(path) = file.strip_prefix(&prefix) else { continue };
        if NOT_THEIRS.contains(&path.rsplit('/').next().unwrap_or_default()) {
            continue;
        }
        let mut content = Vec::new();
        let read = File::open(root.join(file)).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut content));
        let size = content.len() as u64;
        if read.is_ok() && size <= LARGEST_FILE.min(left) {
            left -= size;
            texts.insert(path.to_owned(), content);
        }
    }
    texts
}
