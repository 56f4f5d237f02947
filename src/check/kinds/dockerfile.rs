//! `dockerfile`

use super::no_dockerfile;
use crate::check::matching::Pattern;
use crate::check::{Inquiry, NotYet, Place, Stop, Verdict};
use crate::dockerfile::{Instruction, parse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the learner's Dockerfile says.
///
/// **Why it matters**: rarely; ask the image instead wherever it can answer, because there are many
/// right ways to write a Dockerfile. Use this for what leaves no trace in an image (`|| true`).
///
/// ```yaml
/// check:
///   dockerfile:
///     stages: 2
///     lacks: [{ instruction: RUN, matches: "\\|\\|\\s*true", because: "it hides that the install failed" }]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dockerfile {
    /// Path in the workspace.
    #[serde(default = "file")]
    pub file: String,
    /// At least so many stages.
    #[serde(default)]
    pub stages: Option<usize>,
    /// Instructions that must be there.
    #[serde(default)]
    pub has: Vec<Wanted>,
    /// Instructions that must not.
    #[serde(default)]
    pub lacks: Vec<Wanted>,
}

/// An instruction, by keyword and text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Keyword, such as `RUN`.
    pub instruction: String,
    /// What its text, as it stands in the file, must match.
    #[serde(default)]
    pub matches: Option<Pattern>,
    /// Why, as a sentence for the learner.
    #[serde(default)]
    pub because: Option<String>,
}

fn file() -> String {
    "Dockerfile".into()
}

impl Wanted {
    fn is(&self, instruction: &Instruction) -> bool {
        instruction.keyword.eq_ignore_ascii_case(&self.instruction)
            && self.matches.as_ref().is_none_or(|pattern| pattern.found_in(&instruction.original))
    }
}

impl Dockerfile {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let file = &self.file;
        let Some(text) = inquiry.workspace_file(file)? else {
            return Ok(no_dockerfile(file));
        };
        let dockerfile = parse(&text.text);
        let stages = dockerfile.stages.len();
        if let Some(least) = self.stages.filter(|least| stages < *least) {
            let advice = "each FROM begins a stage; COPY --from=NAME brings files from an earlier one";
            return Ok(Verdict::not_yet(format!("at least {least} stages in {file}"), format!("{stages}"), advice));
        }
        let all: Vec<&Instruction> = dockerfile.stages.iter().flat_map(|stage| &stage.instructions).collect();
        if let Some(wanted) = self.has.iter().find(|wanted| !all.iter().any(|instruction| wanted.is(instruction))) {
            let advice = wanted.because.clone().unwrap_or_else(|| format!("add a {} line", wanted.instruction));
            let like =
                wanted.matches.as_ref().map(|pattern| format!(" like `{}`", pattern.as_str())).unwrap_or_default();
            let expected = format!("a {} instruction{like} in {file}", wanted.instruction);
            return Ok(Verdict::not_yet(expected, "none", advice));
        }
        for wanted in &self.lacks {
            if let Some(found) = all.iter().find(|instruction| wanted.is(instruction)) {
                let line = found.span.start_line;
                let because = wanted.because.clone().unwrap_or_else(|| "take it out".into());
                return Ok(Verdict::NotYet(NotYet {
                    expected: format!("{file} without such a {} line", wanted.instruction),
                    found: format!("line {line}: {}", found.original.lines().next().unwrap_or_default().trim()),
                    advice: because,
                    place: Some(Place::of_line(file, &text.text, line)),
                }));
            }
        }
        Ok(Verdict::pass())
    }
}
