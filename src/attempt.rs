//! What proofs and grading share: an answer's files in a folder of their own, the steps that are done with them, and
//! its findings in the names that a learner knows.

use crate::check::{Finding, Verdict};
use crate::course::exercise::{Case, Step};
use crate::course::{FileSet, Round, mode_of};
use std::path::Path;

/// What is done with a case's files: by default every image of the exercise is built.
pub(crate) fn steps(case: &Case, round: &Round) -> Vec<Step> {
    match &case.steps {
        Some(steps) => steps.clone(),
        None => round.subject.images.keys().map(|image| Step::build(image)).collect(),
    }
}

/// Writes files below a folder, scripts executable.
pub(crate) fn write(root: &Path, files: &FileSet) -> std::io::Result<()> {
    for (path, content) in files {
        let target = root.join(path);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&target, content)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&target, std::fs::Permissions::from_mode(mode_of(content)))?;
        }
    }
    Ok(())
}

/// The finding in the names that a learner would see: those of a run have `prefix`.
pub(crate) fn without(finding: &Finding, prefix: &str) -> Finding {
    let mut finding = finding.clone();
    let strip = |text: &mut String| *text = text.replace(prefix, "");
    strip(&mut finding.title);
    finding.evidence.iter_mut().for_each(strip);
    match &mut finding.verdict {
        Verdict::Pass { notes } => notes.iter_mut().for_each(strip),
        Verdict::NotYet(not_yet) => {
            [&mut not_yet.expected, &mut not_yet.found, &mut not_yet.advice].into_iter().for_each(strip);
        }
        Verdict::CannotTell { reason, help } => [reason, help].into_iter().for_each(strip),
        Verdict::Waits { .. } => {}
    }
    finding
}
