//! Every value that a word of a Dockerfile can have, whichever builder reads it.

use super::{BUDGET, Reading, with_trigger};
use crate::dockerfile::{Body, Instruction, expand};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// How deep values may be made of values.
const DEEPEST: usize = 4;
/// Bytes that a value may have.
const LONGEST: usize = 4096;
/// How many values a word may have.
const MOST: usize = 64;

/// The values of a variable, and none of them for "not set"; nothing where they are not known.
pub(super) type Assigned = Option<BTreeSet<Option<String>>>;

impl Reading<'_> {
    /// Every value that a word can have; the word itself where one of them is not known. Empty ones are left out: no
    /// builder takes them.
    pub(super) fn values(&self, word: &str, scope: Scope) -> Vec<Result<String, String>> {
        match self.possible(word, scope, 0) {
            Some(values) if values.iter().all(|value| value.is_empty()) && scope == Scope::Global => {
                vec![Err(word.to_owned())]
            }
            Some(values) => values.into_iter().filter(|value| !value.is_empty()).map(Ok).collect(),
            None => vec![Err(word.to_owned())],
        }
    }

    /// None where one of them is not known.
    fn possible(&self, word: &str, scope: Scope, depth: usize) -> Option<BTreeSet<String>> {
        let escape = self.dockerfile.escape;
        let mut choices: Vec<BTreeMap<String, Option<String>>> = vec![BTreeMap::new()];
        for name in names_in(word, escape)? {
            let values = self.assigned(&name, scope, depth)?;
            choices = choices
                .iter()
                .flat_map(|choice| {
                    values.iter().map(|value| {
                        let mut choice = choice.clone();
                        choice.insert(name.clone(), value.clone());
                        choice
                    })
                })
                .collect();
            if choices.len() > MOST {
                return None;
            }
        }
        let mut values = BTreeSet::new();
        for choice in &choices {
            let value = expand(word, escape, &|name| choice.get(name).cloned().flatten()).ok()?;
            // A text of a few kilobytes could ask for gigabytes.
            self.spent.set(self.spent.get().saturating_add(value.len()));
            if value.len() > LONGEST || self.spent.get() > BUDGET {
                return None;
            }
            values.insert(value);
        }
        Some(values)
    }

    /// What a variable is set to anywhere, and perhaps that it is not set. None where the base image may set it.
    fn assigned(&self, name: &str, scope: Scope, depth: usize) -> Assigned {
        let key = (name.to_owned(), scope, depth);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let found = if depth < DEEPEST { self.find(name, scope, depth) } else { None };
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    fn find(&self, name: &str, scope: Scope, depth: usize) -> Assigned {
        let global = self.dockerfile.global_args.iter();
        let staged = self.dockerfile.stages.iter().flat_map(|stage| &stage.instructions);
        let instructions: Vec<&Instruction> = match scope {
            Scope::Global => global.collect(),
            Scope::Everywhere => global.chain(staged.flat_map(with_trigger)).collect(),
        };
        let mut values = BTreeSet::new();
        let mut declared = false;
        let mut take = |word: &str| -> Option<()> {
            values.extend(self.possible(word, scope, depth + 1)?.into_iter().map(Some));
            (values.len() <= MOST).then_some(())
        };
        for instruction in instructions {
            match &instruction.body {
                Body::Arg(names) => {
                    for arg in names.iter().filter(|arg| arg.name == name) {
                        declared = true;
                        match (self.args.get(name), &arg.default) {
                            (Some(given), _) => take(&quoted(given))?,
                            (None, Some(default)) => take(default)?,
                            (None, None) => {}
                        }
                    }
                }
                Body::Env(pairs) => {
                    for pair in pairs.iter().filter(|pair| pair.key == name || pair.key.contains(['$', '"', '\''])) {
                        declared = true;
                        take(&pair.value)?;
                    }
                }
                _ => {}
            }
        }
        values.extend(predefined(name).into_iter().map(Some));
        match scope {
            // FROM sees global arguments only: what is not set is empty.
            Scope::Global if values.is_empty() => Some(BTreeSet::from([None])),
            Scope::Global => Some(values),
            // A base image may set what is not declared here, or declared without a value.
            Scope::Everywhere if values.is_empty() || !declared && predefined(name).is_empty() => None,
            Scope::Everywhere => {
                values.insert(None);
                Some(values)
            }
        }
    }
}

/// Which variables a word sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Those of FROM.
    Global,
    /// Any, wherever they are set.
    Everywhere,
}

/// A text as a word that means exactly it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', ""))
}

/// The variables that a word asks for. None where it cannot be read.
fn names_in(word: &str, escape: char) -> Option<BTreeSet<String>> {
    let names = RefCell::new(BTreeSet::new());
    // Set and not set: a modifier reads its word in one of the two cases only.
    for value in [None, Some("x")] {
        let lookup = |name: &str| {
            names.borrow_mut().insert(name.to_owned());
            value.map(str::to_owned)
        };
        let read = expand(word, escape, &lookup);
        if read.is_err() && value.is_some() {
            return None;
        }
    }
    Some(names.into_inner())
}

/// What BuildKit sets by itself (Dockerfile reference, "Automatic platform ARGs in the global scope").
fn predefined(name: &str) -> Vec<String> {
    let Some(part) = name.strip_prefix("TARGET").or_else(|| name.strip_prefix("BUILD")) else { return Vec::new() };
    let values: &[&str] = match part {
        "PLATFORM" => &["linux/amd64", "linux/arm64"],
        "OS" => &["linux"],
        "ARCH" => &["amd64", "arm64"],
        "VARIANT" => &["", "v8"],
        _ => &[],
    };
    values.iter().map(|value| (*value).to_owned()).collect()
}
