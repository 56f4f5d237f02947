//! `build_checks`

use super::{base_image, dockerfile, dot, in_context, no_dockerfile};
use crate::check::{Inquiry, NotYet, Place, Stop, Verdict};
use crate::context::Ignore;
use crate::dockerfile::checks::{Checked, Finding, RULES, Rule, Surroundings, check};
use crate::dockerfile::{Dockerfile, Span, Variables, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Docker's build checks find nothing in the learner's Dockerfile.
///
/// The rules and their names are Docker's own (`docker build --check`, docs.docker.com/reference/build-checks), looked
/// at without an engine, so that the verdict is the same with every builder. What the file switches off with
/// `# check=skip=…` is found all the same. A Dockerfile that Docker refuses does not pass.
///
/// **Why it matters**: what the checks find builds, and is wrong all the same: a stop signal that never arrives, a
/// secret in the image's history, a file that is not in the context.
///
/// ```yaml
/// check: { build_checks: { rules: [JSONArgsRecommended, SecretsUsedInArgOrEnv] } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildChecks {
    /// Docker's names of the rules that count; by default all but the experimental ones.
    #[serde(default)]
    pub rules: Vec<RuleName>,
    /// Dockerfile, relative to the context.
    #[serde(default = "dockerfile")]
    pub dockerfile: String,
    /// Build context, relative to the workspace: its `.dockerignore` counts.
    #[serde(default = "dot")]
    pub context: String,
    /// Build arguments.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
}

/// The name of one of Docker's rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RuleName(&'static Rule);

impl TryFrom<String> for RuleName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Rule::named(&name).map(RuleName).ok_or_else(|| {
            let near = crate::nearest(&name, RULES.iter().map(|rule| rule.name));
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            format!("Docker has no build check {name}{hint}")
        })
    }
}

impl From<RuleName> for String {
    fn from(name: RuleName) -> Self {
        name.0.name.to_owned()
    }
}

impl BuildChecks {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let file = in_context(&self.context, &self.dockerfile);
        let Some(text) = inquiry.workspace_file(&file)? else {
            return Ok(no_dockerfile(&file));
        };
        let text = text.text.as_str();
        let ignore = match self.ignore(inquiry)? {
            Ok(ignore) => ignore,
            Err(verdict) => return Ok(verdict),
        };
        let stays_out = |source: &str| ignore.as_ref().is_some_and(|ignore| ignore.shuts_out(source));
        let parsed = parse(text);
        let mut around = Surroundings {
            variables: Variables { build_args: self.args.clone(), ..Variables::default() },
            stays_out: Some(&stays_out),
            ..Surroundings::default()
        };
        let mut checked = check(text, &parsed, &around);
        // Only where something hangs on it is a base image asked for what it sets.
        let bases: BTreeSet<String> = self.wanted(&checked).filter_map(|finding| finding.unless_base.clone()).collect();
        for base in bases {
            match base_image(inquiry, &base)? {
                Ok(image) => around.bases.insert(base, image.config.env.clone()),
                Err(verdict) => return Ok(verdict),
            };
        }
        if !around.bases.is_empty() {
            checked = check(text, &parsed, &around);
        }
        Ok(self.verdict(&file, text, &parsed, &checked))
    }

    /// The rules of the context: BuildKit prefers those that stand beside the Dockerfile under its name.
    fn ignore(&self, inquiry: &Inquiry<'_>) -> Result<Result<Option<Ignore>, Verdict>, Stop> {
        let own = format!("{}.dockerignore", self.dockerfile);
        for name in [own.as_str(), ".dockerignore"].map(|name| in_context(&self.context, name)) {
            let Some(text) = inquiry.workspace_file(&name)? else { continue };
            return Ok(Ignore::parse(&text.text).map(Some).map_err(|error| {
                Verdict::NotYet(NotYet {
                    expected: format!("a {name} that Docker can read"),
                    found: format!("line {}: {}", error.line, error.reason),
                    advice: error.help(),
                    place: Some(Place::of_line(&name, &text.text, error.line)),
                })
            }));
        }
        Ok(Ok(None))
    }

    fn wanted<'a>(&'a self, checked: &'a Checked) -> impl Iterator<Item = &'a Finding> {
        let counts = |rule: &Rule| self.rules.is_empty() || self.rules.iter().any(|name| name.0 == rule);
        checked.findings.iter().filter(move |finding| counts(finding.rule))
    }

    fn verdict(&self, file: &str, text: &str, parsed: &Dockerfile, checked: &Checked) -> Verdict {
        if let Some(problem) = checked.refused.first() {
            let line = problem.span.start_line;
            return Verdict::NotYet(NotYet {
                expected: format!("Docker to accept {file}"),
                found: format!("line {line}: {}", problem.message),
                advice: "correct this line first: Docker builds nothing of a file that it refuses".into(),
                place: Some(Place::of_line(file, text, line)),
            });
        }
        let mut wanted = self.wanted(checked);
        let Some(first) = wanted.next() else {
            return Verdict::pass();
        };
        let lines = |span: Span| match span.end_line == span.start_line {
            true => format!("line {}", span.start_line),
            false => format!("lines {} to {}", span.start_line, span.end_line),
        };
        let mut found = format!("{}: {}", lines(first.span), first.message);
        if first.skipped {
            let directive = parsed.directives.iter().find(|directive| directive.name == "check");
            let line = directive.map(|directive| format!(" in line {}", directive.span.start_line)).unwrap_or_default();
            found.push_str(&format!("; `# check=skip=`{line} hides it, and changes nothing"));
        }
        let more: Vec<String> =
            wanted.map(|finding| format!("{} ({})", finding.rule.name, lines(finding.span))).collect();
        if !more.is_empty() {
            const SHOWN: usize = 8;
            let rest = if more.len() > SHOWN { format!(" and {} more", more.len() - SHOWN) } else { String::new() };
            let shown = more.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            found.push_str(&format!(". Also found: {shown}{rest}"));
        }
        let rule = first.rule;
        Verdict::NotYet(NotYet {
            expected: format!("{}: {}", rule.name, rule.what),
            found,
            advice: format!("{} {} (see {})", rule.why, sentence(rule.instead), rule.link()),
            place: Some(Place::of_line(file, text, first.point.start_line)),
        })
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
