//! What a build would send, path by path, with the rule that decided: `dlearn context`.
//!
//! BuildKit's rules are followed, since that is the default builder.

use super::ignore::Rule;
use super::tree::{Folder, Kind, Node, Tree};
use super::walk::{Rules, Visit, rules_for, walk};
use super::{ContextError, Limits};
use std::path::Path;

/// Whether a path is in the build context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent.
    In,
    /// It stays out.
    Out,
    /// It is excluded, so COPY and ADD do not see it, but the builder reads it all the same: the
    /// Dockerfile and the ignore file.
    OnlyForBuilder,
}

/// One path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyEntry {
    /// Relative to the context; a folder's ends with `/`.
    pub path: String,
    /// In or out.
    pub verdict: Verdict,
    /// The rule that decided; none where no rule applies.
    pub rule: Option<Rule>,
    /// Bytes of content: of the file, or of everything below a folder that is out as a whole.
    pub bytes: u64,
    /// Files and links that this entry stands for: 1, or all that lie below such a folder.
    pub files: usize,
}

/// A whole context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Sorted by path. What lies below a folder that is out as a whole is not listed.
    pub entries: Vec<SurveyEntry>,
    /// The ignore file that was read, relative to the context.
    pub ignore_file: Option<String>,
    /// Files and links that are sent.
    pub files_in: usize,
    /// Bytes that are sent.
    pub bytes_in: u64,
    /// Files and links that stay out.
    pub files_out: usize,
    /// Bytes that stay out.
    pub bytes_out: u64,
    /// A folder that is out was too large to be counted to its end: what stays out is more.
    pub truncated: bool,
}

/// Looks at every path of the folder. Nothing is opened but the ignore file. A missing Dockerfile
/// is no error here.
///
/// # Errors
/// No such folder, a bad ignore file, a folder that cannot be listed, a limit exceeded.
pub fn survey(root: &Path, dockerfile: &str) -> Result<Survey, ContextError> {
    let tree = Folder::new(root)?;
    let dockerfile = match tree.dockerfile(dockerfile) {
        Err(ContextError::NoDockerfile { path }) => path,
        other => other?,
    };
    let (ignore, ignore_file) = rules_for(&tree, &dockerfile, Rules::BuildKit)?;
    let limits = Limits::default();
    let mut survey = Survey { ignore_file, ..Survey::default() };
    let mut uncounted = limits.files * 4;
    walk(&tree, &ignore, Rules::BuildKit, &limits, &mut |visit| {
        let (node, rule, verdict, pruned) = match visit {
            Visit::In(node, rule) => (node, rule, Verdict::In, false),
            Visit::Out { node, rule, pruned } => (node, rule, Verdict::Out, pruned),
        };
        let mut entry = SurveyEntry {
            path: node.shown(),
            verdict,
            rule,
            bytes: node.size,
            files: usize::from(node.kind != Kind::Folder),
        };
        if pruned {
            measure(&tree, node, &mut entry, &mut uncounted);
        }
        let for_builder = entry.path == dockerfile || Some(&entry.path) == survey.ignore_file.as_ref();
        if entry.verdict == Verdict::Out && for_builder {
            entry.verdict = Verdict::OnlyForBuilder;
        }
        if node.kind == Kind::Folder {
            entry.path.push('/');
        }
        if entry.verdict == Verdict::In {
            survey.files_in += entry.files;
            survey.bytes_in += entry.bytes;
        } else {
            survey.files_out += entry.files;
            survey.bytes_out += entry.bytes;
        }
        survey.entries.push(entry);
        Ok(())
    })?;
    survey.truncated = uncounted == 0;
    survey.entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(survey)
}

/// Counts what lies below a folder, as far as `uncounted` paths go and as far as it can be listed.
fn measure(tree: &dyn Tree, folder: &Node, entry: &mut SurveyEntry, uncounted: &mut usize) {
    let mut folders = vec![folder.path.clone()];
    while let Some(path) = folders.pop() {
        for node in tree.children(&path).unwrap_or_default() {
            *uncounted = uncounted.saturating_sub(1);
            if *uncounted == 0 {
                return;
            }
            entry.bytes += node.size;
            match node.kind {
                Kind::Folder => folders.push(node.path),
                _ => entry.files += 1,
            }
        }
    }
}
