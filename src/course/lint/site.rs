//! What rules look at: the course, its files as text, and where things stand in them.

use super::Finding;
use crate::course::exercise::Variant;
use crate::course::load::is_page;
use crate::course::place::{At, Node};
use crate::course::{Course, Entry, Lesson, Source};
use std::collections::{BTreeMap, BTreeSet};

/// A course with its files.
#[derive(Debug)]
pub(super) struct Site<'a> {
    /// The course; it loads.
    pub course: &'a Course,
    /// Every path of the course.
    pub paths: BTreeSet<String>,
    /// The text files among them.
    texts: BTreeMap<String, String>,
    /// Lessons and references by their files.
    pub pages: BTreeMap<String, &'a Lesson>,
    trees: BTreeMap<String, Node>,
    nothing: Node,
}

impl<'a> Site<'a> {
    /// Reads the files once more: of a course that loads, each of them can be read.
    pub fn new(course: &'a Course, source: &Source) -> Self {
        let mut texts = BTreeMap::new();
        let mut paths = BTreeSet::new();
        for top in ["checks", "exercises", "lessons"] {
            for (path, content) in source.files(top).unwrap_or_default() {
                let path = format!("{top}/{path}");
                if let Ok(text) = String::from_utf8(content) {
                    texts.insert(path.clone(), text);
                }
                paths.insert(path);
            }
        }
        let of_course = |path: &str| {
            path.starts_with("checks/") || path.starts_with("lessons/") || path.ends_with("/exercise.yaml")
        };
        let yaml = texts.iter().filter(|(path, _)| path.ends_with(".yaml") && of_course(path));
        let trees = yaml.map(|(path, text)| (path.clone(), Node::read(text))).collect();
        let page_files = texts.iter().filter(|(path, _)| path.starts_with("lessons/") && is_page(path));
        let pages = page_files.filter_map(|(path, text)| {
            let id = Lesson::parse(path, text).ok()?.front.id;
            Some((path.clone(), course.page(&id)?))
        });
        Self { course, paths, pages: pages.collect(), trees, nothing: Node::default(), texts }
    }

    /// The text of a file; empty where it is none.
    pub fn text(&self, file: &str) -> &str {
        self.texts.get(file).map_or("", String::as_str)
    }

    /// Text files below a folder: paths relative to it, and what they hold.
    pub fn texts_below<'s>(&'s self, folder: &str) -> impl Iterator<Item = (&'s str, &'s str)> + use<'s, 'a> {
        let prefix = format!("{folder}/");
        self.texts.iter().filter_map(move |(path, text)| Some((path.strip_prefix(&prefix)?, text.as_str())))
    }

    /// A YAML file as a tree; an empty one where it is none.
    pub fn tree(&self, file: &str) -> &Node {
        self.trees.get(file).unwrap_or(&self.nothing)
    }

    /// The Markdown of an exercise.yaml: what learners read of it.
    pub fn prose(&self, file: &str) -> Vec<(At, &str)> {
        let tree = self.tree(file);
        let variants = tree.get("rounds").and_then(|rounds| rounds.get("variants")).map(Node::entries);
        let parts = variants.into_iter().flatten().map(|(.., variant)| variant).chain([tree]);
        let keys = |part| ["task", "why", "hints"].into_iter().filter_map(move |key| Node::get(part, key));
        parts.flat_map(keys).flat_map(Node::texts).collect()
    }

    /// Where a text stands for the first time in a file, from a line on.
    pub fn find(&self, file: &str, from: At, needle: &str) -> At {
        let lines = self.text(file).lines().enumerate().skip(from.line.saturating_sub(1));
        let found = lines.into_iter().find_map(|(number, line)| {
            let column = line[..line.find(needle)?].chars().count() + 1;
            Some(At { line: number + 1, column })
        });
        found.unwrap_or(from)
    }

    /// Where a text of the front matter or the body of a lesson stands.
    pub fn find_in(&self, file: &str, needle: &str) -> At {
        self.find(file, At { line: 1, column: 1 }, needle)
    }
}

/// The file of an exercise.
pub(super) fn yaml_of(entry: &Entry) -> String {
    format!("exercises/{}/exercise.yaml", entry.folder)
}

/// The variants of an exercise; none where it has none.
pub(super) fn variants(entry: &Entry) -> impl Iterator<Item = (&str, &Variant)> {
    let rounds = entry.exercise.rounds.iter();
    rounds.flat_map(|rounds| rounds.variants.iter().map(|(name, variant)| (name.as_str(), variant)))
}

/// A finding at a place of a file. Its rule is filled in by whoever runs the rules.
pub(super) fn at(file: &str, at: At, what: impl Into<String>, advice: impl Into<String>) -> Finding {
    let known = |number: usize| Some(number).filter(|number| *number > 0);
    Finding {
        file: file.to_owned(),
        line: known(at.line),
        column: known(at.column),
        rule: "",
        what: what.into(),
        advice: advice.into(),
    }
}
