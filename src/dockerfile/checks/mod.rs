//! Docker's build checks, under Docker's own rule names, at the lines at which BuildKit reports them.
//!
//! [`check`] follows BuildKit's dockerfile frontend: some rules look at the text and at each instruction as it is
//! read (`reading`), some at FROM and its arguments (`stages`), the others at what a build would do (`building`), with
//! variables replaced. Seen equal with `docker buildx build --call=check` of Engine 28.5 (`tests/build_checks_real.rs`).
//! Where newer releases differ, they are followed: CopyIgnoredFile is on (28.5 wants `experimental=` for it) and looks
//! through `./` and exceptions, and names with the words FILE and VERSION are no secrets. But `# check=` above a single
//! instruction, which the newest honour, is a comment here, as in 28.5.
//!
//! Not known here: a SHELL that a base image sets, its ONBUILD triggers, and its environment unless
//! [`Surroundings::bases`] holds it. A finding that rests on an unknown environment says so in [`Finding::unless_base`].

mod building;
mod options;
mod reading;
mod rules;
mod stages;

pub use options::Options;
pub use rules::{RULES, Rule, Severity};

use super::model::{Dockerfile, Problem, Span};
use super::walk;
use super::{Variables, refusals};
use std::collections::BTreeMap;

/// More findings than anybody reads; the text may come from anybody.
const MOST_FINDINGS: usize = 1000;

/// What a build knows beside the Dockerfile.
#[derive(Default)]
pub struct Surroundings<'a> {
    /// Build arguments, and the platform's variables (linux/amd64 where there are none). The environment in it is not
    /// looked at: see `bases`.
    pub variables: Variables,
    /// The environment of base images, by the name that FROM gives them once variables are replaced.
    pub bases: BTreeMap<String, BTreeMap<String, String>>,
    /// The stage to build; all stages are looked at where none is named, as `docker build --check` does.
    pub target: Option<&'a str>,
    /// Whether `.dockerignore` keeps everything out that a source of COPY names; none where there is no such file.
    pub stays_out: Option<&'a dyn Fn(&str) -> bool>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What was found, as a sentence without its full stop.
    pub message: String,
    /// The lines that BuildKit names.
    pub span: Span,
    /// The words to point at.
    pub point: Span,
    /// It is none if this base image sets the variable.
    pub unless_base: Option<String>,
    /// The file itself switches the rule off.
    pub skipped: bool,
}

/// What Docker says about a Dockerfile before it builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What Docker refuses, in the order of the text: then nothing is built, whatever the checks find.
    pub refused: Vec<Problem>,
    /// What the checks find, in the order of the text, also what the file switches off (at most 1000).
    pub findings: Vec<Finding>,
    /// What the file says about its own checks.
    pub options: Options,
    /// The text is so large that not everything was looked at.
    pub partly: bool,
}

impl Checked {
    /// What Docker would report.
    pub fn reported(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.skipped)
    }
}

/// Checks a Dockerfile that was read from `text`.
pub fn check(text: &str, dockerfile: &Dockerfile, around: &Surroundings<'_>) -> Checked {
    let variables = walk::predefined(dockerfile, around);
    let mut refused = dockerfile.problems.clone();
    let options = Options::of(dockerfile, &variables).unwrap_or_else(|problem| {
        refused.push(problem);
        Options::default()
    });
    let walked = walk::walk(dockerfile, &variables, &around.bases);
    let reached = reached(dockerfile, &variables, around.target);
    refused.extend(refusals::refusals(dockerfile, &walked, &reached));
    refused.sort_by_key(|problem| problem.span.start);
    refused.dedup();
    let mut found = Found { findings: Vec::new() };
    reading::check(text, dockerfile, &mut found);
    stages::check(dockerfile, &walked, &variables, &mut found);
    building::check(&walked, &reached, around, &mut found);
    let Found { mut findings } = found;
    findings.retain(|finding| !finding.rule.is_experimental() || options.wants(finding.rule.name));
    for finding in &mut findings {
        finding.skipped = options.skips(finding.rule.name);
    }
    findings.sort_by_key(|finding| (finding.span.start, finding.point.start, finding.rule.name));
    let partly = !walked.complete || findings.len() >= MOST_FINDINGS;
    Checked { refused, findings, options, partly }
}

/// Which stages a build makes: those that the target needs, or all.
fn reached(dockerfile: &Dockerfile, variables: &Variables, target: Option<&str>) -> Vec<bool> {
    let Some(target) = target.and_then(|target| dockerfile.stage(target)) else {
        return vec![true; dockerfile.stages.len()];
    };
    let mut reached = vec![false; dockerfile.stages.len()];
    for stage in dockerfile.sources_of(target).into_iter().chain([target]) {
        for index in dockerfile.chain_of(stage, variables) {
            if let Some(reached) = reached.get_mut(index) {
                *reached = true;
            }
        }
    }
    reached
}

/// Findings as they come.
struct Found {
    findings: Vec<Finding>,
}

impl Found {
    fn is_full(&self) -> bool {
        self.findings.len() >= MOST_FINDINGS
    }

    fn push(&mut self, rule: &'static Rule, message: impl Into<String>, span: Span, point: Span) {
        if !self.is_full() {
            let message = message.into();
            self.findings.push(Finding { rule, message, span, point, unless_base: None, skipped: false });
        }
    }
}

/// A piece of the Dockerfile in a message.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
