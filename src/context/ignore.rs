//! `.dockerignore`, by the rules of github.com/moby/patternmatcher, which docker's client and
//! BuildKit share: patterns are anchored at the context's root, the last rule that matches wins,
//! a rule that matches a folder holds for what lies below it, `!` makes an exception.
//!
//! A folder is walked from the top, and each path inherits which rules matched its parent. One
//! corner follows from that and is Docker's own: in `**/*.log` followed by `!keep`, the exception
//! does not bring back `keep/a.log`, because nothing was excluded yet when `keep` was looked at.

use super::pattern::{Pattern, clean};
use thiserror::Error;

/// Longest line, in bytes: what Go's line scanner, and so docker's client, accepts.
const LONGEST_LINE: usize = 64 * 1024;
/// Most rules in one file; Docker has no limit, but the file may come from anybody.
const MOST_RULES: usize = 1000;
/// Longest path that is decided about by its name alone, in bytes (PATH_MAX of Linux), and most parts of it: COPY may
/// name any, a Dockerfile many, and each part is held against every rule.
const LONGEST_PATH: usize = 4096;
const MOST_PARTS: usize = 100;
/// Largest file, in bytes, for the same reason.
pub(super) const LARGEST_FILE: u64 = 256 * 1024;

/// One rule, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Line in the file, from 1.
    pub line: usize,
    /// The line's text without surrounding blanks, with its `!`.
    pub pattern: String,
}

/// What the rules say about one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The path stays out of the build context.
    pub excluded: bool,
    /// The rule that decided: the last one that changed the answer. None where none did.
    pub rule: Option<Rule>,
}

/// A line that Docker refuses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}: {pattern}")]
pub struct IgnoreError {
    /// Line in the file, from 1.
    pub line: usize,
    /// The line's text, shortened where it is long.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl IgnoreError {
    fn new(line: usize, pattern: &str, reason: &'static str) -> Self {
        Self { line, pattern: pattern.chars().take(80).collect(), reason }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        format!("Correct line {}, or start it with # to make it a comment.", self.line)
    }
}

#[derive(Clone, Debug)]
struct Compiled {
    pattern: Pattern,
    exception: bool,
    rule: Option<Rule>,
}

/// The rules of one `.dockerignore`.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    rules: Vec<Compiled>,
}

/// Which rules matched a folder; its children inherit it.
#[derive(Clone, Debug)]
pub(super) struct Matched(Vec<bool>);

impl Ignore {
    /// Reads a `.dockerignore`.
    ///
    /// # Errors
    /// The first line that Docker refuses: a pattern that is not well-formed, or `!` alone.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let mut rules = Vec::new();
        for (index, line) in text.split('\n').enumerate() {
            let number = index + 1;
            // Docker drops a byte order mark, then looks for the comment sign before it trims.
            let line = if index == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
            if line.len() >= LONGEST_LINE {
                return Err(IgnoreError::new(number, line, "the line is too long"));
            }
            let written = line.trim();
            if line.starts_with('#') || written.is_empty() {
                continue;
            }
            if rules.len() == MOST_RULES {
                return Err(IgnoreError::new(number, written, "there are more than 1000 rules"));
            }
            rules.push(compile(number, written)?);
        }
        Ok(Self { rules })
    }

    /// Whether `path` (relative to the context, `/` between parts) stays out, and by which rule. Of a path that is longer
    /// than any file's, or of more than a hundred parts, nothing is said.
    pub fn decide(&self, path: &str) -> Decision {
        let path = clean(path.trim_start_matches('/'));
        let mut matched = None;
        let mut deciding = None;
        let sensible = path.len() <= LONGEST_PATH && path.matches('/').count() < MOST_PARTS;
        if path != "." && sensible {
            let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
            for end in ends {
                let (rule, next) = self.step(&path[..end], matched.as_ref());
                (deciding, matched) = (rule, Some(next));
            }
        }
        self.decision(deciding)
    }

    /// Whether everything stays out that a COPY of `source` names (a path, perhaps with wildcards): as BuildKit's build
    /// check CopyIgnoredFile asks it. An exception that may bring back something at or below it speaks against.
    pub fn shuts_out(&self, source: &str) -> bool {
        let source = clean(source.trim_start_matches('/'));
        let root = source == ".";
        let everything = |rule: &Compiled| !rule.exception && ["*", "**", "**/*"].contains(&rule.pattern.text.as_str());
        if root && !self.rules.iter().any(everything) {
            return false;
        }
        let below = |path: &str, folder: &str| {
            folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let folder = if root { "" } else { source.as_str() };
        let brought_back = self.exceptions().any(|exception| {
            let wildcard = exception.split('/').position(|part| part.contains(['*', '?', '[']));
            let fixed = exception.split('/').take(wildcard.unwrap_or(usize::MAX)).collect::<Vec<_>>().join("/");
            below(&fixed, folder) || wildcard.is_some() && below(folder, &fixed)
        });
        !brought_back && (root || self.decide(&source).excluded)
    }

    /// No rule at all.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Docker's client appends an exception for a file that the builder itself must read.
    pub(super) fn except(&mut self, path: &str) {
        if let Ok(pattern) = Pattern::new(&clean(path)) {
            self.rules.push(Compiled { pattern, exception: true, rule: None });
        }
    }

    /// `MatchesUsingParentResults`: the index of the deciding rule, and what children inherit.
    pub(super) fn step(&self, path: &str, parent: Option<&Matched>) -> (Option<usize>, Matched) {
        let mut excluded = false;
        let mut deciding = None;
        let mut all = vec![false; self.rules.len()];
        for (index, rule) in self.rules.iter().enumerate() {
            let inherited = parent.is_some_and(|parent| parent.0.get(index) == Some(&true));
            // A rule that could not change the answer is not even asked, and so not inherited.
            let matches = inherited || (rule.exception == excluded && rule.pattern.matches(path));
            all[index] = matches;
            if matches && rule.exception == excluded {
                excluded = !rule.exception;
                deciding = Some(index);
            }
        }
        (deciding, Matched(all))
    }

    /// What the rule with this index decided.
    pub(super) fn decision(&self, deciding: Option<usize>) -> Decision {
        let rule = deciding.and_then(|index| self.rules.get(index));
        Decision { excluded: rule.is_some_and(|rule| !rule.exception), rule: rule.and_then(|rule| rule.rule.clone()) }
    }

    /// The texts of the exceptions, without `!`.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter(|rule| rule.exception).map(|rule| rule.pattern.text.as_str())
    }
}

/// A line that is neither a comment nor empty.
fn compile(line: usize, written: &str) -> Result<Compiled, IgnoreError> {
    // Docker normalises twice: once when it reads the file, once when it makes the matcher.
    let (inverted, text) = match written.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, written),
    };
    let mut text = if text.is_empty() { String::new() } else { clean(text) };
    if text.len() > 1 && text.starts_with('/') {
        text.remove(0);
    }
    let text = clean(format!("{}{text}", if inverted { "!" } else { "" }).trim());
    let (exception, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text.as_str()),
    };
    if text.is_empty() {
        return Err(IgnoreError::new(line, written, "an exception needs a pattern behind its !"));
    }
    let pattern = Pattern::new(text).map_err(|_| IgnoreError::new(line, written, "the pattern is not well-formed"))?;
    Ok(Compiled { pattern, exception, rule: Some(Rule { line, pattern: written.to_owned() }) })
}
