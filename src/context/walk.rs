//! Which paths of a tree go into the context: the walks of docker's classic client and of BuildKit.
//!
//! Both prune: an excluded folder is looked into only where an exception may lie below it. They
//! differ in where that may be, and in what becomes of an excluded folder with an exception inside
//! (the classic client leaves the folder itself out, BuildKit sends it).

use super::ignore::{Ignore, LARGEST_FILE, Matched, Rule};
use super::tree::{Kind, Node, Tree};
use super::{ContextError, Limits};

/// Whose rules are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// docker's client for the classic builder: `.dockerignore`; the files that the builder reads
    /// itself are excepted.
    Classic,
    /// BuildKit: `DOCKERFILE.dockerignore` goes before `.dockerignore`.
    BuildKit,
}

/// What is known of one path of the tree.
#[derive(Debug)]
pub(super) enum Visit<'a> {
    /// It is in the context.
    In(&'a Node, Option<Rule>),
    /// It is not: excluded, or a socket, which the classic client drops (then without a rule).
    /// `pruned`: a folder that was not looked into.
    Out { node: &'a Node, rule: Option<Rule>, pruned: bool },
}

/// Deepest folder that is entered; paths of this depth reach the system's own limit anyway.
const DEEPEST: usize = 256;
/// How many paths are looked at for each one that may be sent.
const LOOKED_AT: usize = 4;

/// The rules that hold for a build with this Dockerfile, and the file in which they stand.
pub(super) fn rules_for(
    tree: &dyn Tree,
    dockerfile: &str,
    rules: Rules,
) -> Result<(Ignore, Option<String>), ContextError> {
    let own = format!("{dockerfile}.dockerignore");
    let names = [own.as_str(), ".dockerignore"];
    for name in if rules == Rules::BuildKit { &names[..] } else { &names[1..] } {
        if let Some(content) = tree.read(name, LARGEST_FILE)? {
            let text = String::from_utf8_lossy(&content);
            let file = (*name).to_owned();
            let ignore = Ignore::parse(&text).map_err(|error| ContextError::Ignore { file: file.clone(), error })?;
            return Ok((ignore, Some(file)));
        }
    }
    Ok((Ignore::default(), None))
}

/// Walks the tree in order and reports each path. A folder comes before what lies in it, except
/// where it turned out only afterwards that it is out.
pub(super) fn walk(
    tree: &dyn Tree,
    ignore: &Ignore,
    rules: Rules,
    limits: &Limits,
    visit: &mut dyn FnMut(Visit<'_>) -> Result<(), ContextError>,
) -> Result<(), ContextError> {
    let prefixes = prefixes(ignore, rules);
    let left = limits.files.saturating_mul(LOOKED_AT);
    let mut walker = Walker { tree, ignore, rules, prefixes, limit: limits.files, left, visit };
    walker.folder(&[], None, 0, &mut Vec::new())
}

struct Walker<'a> {
    tree: &'a dyn Tree,
    ignore: &'a Ignore,
    rules: Rules,
    /// Where exceptions may lie; none means anywhere.
    prefixes: Option<Vec<String>>,
    limit: usize,
    left: usize,
    visit: &'a mut dyn FnMut(Visit<'_>) -> Result<(), ContextError>,
}

impl Walker<'_> {
    /// `waiting`: excluded folders on the way here that BuildKit sends once something in them is in.
    fn folder(
        &mut self,
        path: &[u8],
        parent: Option<&Matched>,
        depth: usize,
        waiting: &mut Vec<(Node, Option<Rule>)>,
    ) -> Result<(), ContextError> {
        if depth > DEEPEST {
            let path = String::from_utf8_lossy(path).into_owned();
            return Err(ContextError::TooDeep { limit: DEEPEST, path });
        }
        for node in self.tree.children(path)? {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 {
                return Err(ContextError::TooManyFiles { limit: self.limit });
            }
            let (deciding, matched) = self.ignore.step(&node.shown(), parent);
            let decision = self.ignore.decision(deciding);
            let folder = node.kind == Kind::Folder;
            if node.kind == Kind::Socket && self.rules == Rules::Classic {
                let rule = decision.rule.filter(|_| decision.excluded);
                (self.visit)(Visit::Out { node: &node, rule, pruned: false })?;
            } else if !decision.excluded {
                for (above, rule) in waiting.drain(..) {
                    (self.visit)(Visit::In(&above, rule))?;
                }
                (self.visit)(Visit::In(&node, decision.rule))?;
                if folder {
                    self.folder(&node.path, Some(&matched), depth + 1, waiting)?;
                }
            } else if !folder || !self.may_hold_exception(&node) {
                (self.visit)(Visit::Out { node: &node, rule: decision.rule, pruned: folder })?;
            } else if self.rules == Rules::Classic {
                (self.visit)(Visit::Out { node: &node, rule: decision.rule, pruned: false })?;
                self.folder(&node.path, Some(&matched), depth + 1, waiting)?;
            } else {
                let before = waiting.len();
                waiting.push((node.clone(), decision.rule));
                self.folder(&node.path, Some(&matched), depth + 1, waiting)?;
                if waiting.len() > before
                    && let Some((node, rule)) = waiting.pop()
                {
                    (self.visit)(Visit::Out { node: &node, rule, pruned: false })?;
                }
            }
        }
        Ok(())
    }

    fn may_hold_exception(&self, folder: &Node) -> bool {
        let inside = format!("{}/", folder.shown());
        self.prefixes.as_ref().is_none_or(|prefixes| prefixes.iter().any(|prefix| prefix.starts_with(&inside)))
    }
}

/// The places of the exceptions, each with a `/` behind it. The classic client takes the text of
/// the pattern for its place, so that it never finds what `!**/name` excepts in an excluded
/// folder; BuildKit looks everywhere when an exception has a wildcard in its middle.
fn prefixes(ignore: &Ignore, rules: Rules) -> Option<Vec<String>> {
    let mut places = Vec::new();
    for text in ignore.exceptions() {
        let mut place = text;
        if rules == Rules::BuildKit {
            place = place.strip_suffix("/**").unwrap_or(place);
            place = place.strip_suffix("/*").unwrap_or(place);
            if place.contains(['*', '[', ']', '?', '^', '\\']) {
                return None;
            }
        }
        places.push(format!("{place}/"));
    }
    Some(places)
}
