//! `# check=skip=…;error=true;experimental=…`: what a Dockerfile says about its own checks.

use crate::dockerfile::model::{Directive, Problem, Span};
use crate::dockerfile::{Dockerfile, Variables};
use std::collections::BTreeSet;

/// The build argument that takes the place of the directive.
const ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// Which rules are switched off and on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `skip=all`
    pub skip_all: bool,
    /// `skip=A,B`, as written.
    pub skip: BTreeSet<String>,
    /// `experimental=all`
    pub experimental_all: bool,
    /// `experimental=A,B`, as written.
    pub experimental: BTreeSet<String>,
    /// `error=true`: a build ends where a check finds something.
    pub error: bool,
    /// Where the directive stands; none where there is none, or where a build argument takes its place.
    pub span: Option<Span>,
}

impl Options {
    /// Reads the directive, or the build argument.
    ///
    /// # Errors
    /// Where Docker refuses it, and the build with it.
    pub(super) fn of(dockerfile: &Dockerfile, variables: &Variables) -> Result<Self, Problem> {
        if let Some(text) = variables.build_args.get(ARGUMENT) {
            return Self::read(text, None);
        }
        match dockerfile.directives.iter().find(|directive| directive.name == "check") {
            // Docker takes the first word.
            Some(Directive { value, span, .. }) => Self::read(value.split(' ').next().unwrap_or_default(), Some(*span)),
            None => Ok(Self::default()),
        }
    }

    fn read(text: &str, span: Option<Span>) -> Result<Self, Problem> {
        let mut options = Self { span, ..Self::default() };
        let wrong = |what: String| Problem { message: what, span: span.unwrap_or_default() };
        if text.trim().is_empty() {
            return Ok(options);
        }
        for part in text.splitn(3, ';') {
            let shown: String = part.chars().take(40).collect();
            let Some((key, value)) = part.split_once('=') else {
                return Err(wrong(format!("check={shown} has no =: write skip=RULE, error=true or experimental=RULE")));
            };
            let value = value.trim();
            let names = || value.split(',').map(|name| name.trim().to_owned()).collect();
            match key.trim() {
                "skip" if value == "all" => options.skip_all = true,
                "skip" => options.skip = names(),
                "experimental" if value == "all" => options.experimental_all = true,
                "experimental" => options.experimental = names(),
                "error" => {
                    options.error = truth(value).ok_or_else(|| wrong(format!("{shown} is neither true nor false")))?
                }
                _ => return Err(wrong(format!("check takes skip, error and experimental, not {shown}"))),
            }
        }
        Ok(options)
    }

    /// Whether this file switches a rule off.
    pub fn skips(&self, rule: &str) -> bool {
        self.skip_all || self.skip.contains(rule)
    }

    /// Whether this file asks for an experimental rule.
    pub fn wants(&self, rule: &str) -> bool {
        self.experimental_all || self.experimental.contains(rule)
    }
}

/// A truth value as Go's `strconv.ParseBool` reads it.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
