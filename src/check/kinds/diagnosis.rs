//! `diagnosis`

use crate::check::matching::{Pattern, shown};
use crate::check::written::{self, Wanted};
use crate::check::{Inquiry, Stop, Verdict, quote};
use crate::evidence::{BuildPlan, Builder, RunPlan, Source, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The learner has written down what is broken, and quotes what the engine really said.
///
/// **Why it matters**: who names the cause before changing anything repairs the cause, and not the
/// symptom. The starter is built as it was, with each builder that the engine offers, and the quoted
/// line must be among what that printed (step prefixes, timings and digests aside). Where it is no build
/// that fails, `printed` says which lines there are to quote.
///
/// ```yaml
/// check:
///   diagnosis: { file: diagnosis.yaml, cause: ignored, causes: { ignored: "…", misspelt: "…" }, line: "requirements" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// The learner's file: `cause:` and `error:`.
    #[serde(default = "file")]
    pub file: String,
    /// The right code.
    pub cause: String,
    /// Every code, and what it claims.
    pub causes: BTreeMap<String, String>,
    /// What a line that tells the cause matches.
    pub line: Pattern,
    /// The original builds, and fails when it is run: what a container of it prints counts too.
    #[serde(default)]
    pub run: bool,
    /// What the engine says where no build fails, but a push or a login: its last line, in the words of each
    /// image store. The starter is not built then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<String>,
    /// Lines that commands end with in another situation, and what to do then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
}

/// A line that is printed where something else is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// What it matches.
    pub line: Pattern,
    /// What to do in that situation, as a command (`log in first`).
    pub advice: String,
}

fn file() -> String {
    "diagnosis.yaml".into()
}

/// What the learner writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    cause: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

/// A quote of fewer characters says nothing.
const SHORTEST: usize = 12;

impl Diagnosis {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let file = &self.file;
        let expected = format!("{file} with the cause and the line that shows it");
        let repair = |text: &str| {
            match is_block_without_indent(text) {
                true => "put two spaces before the line that you quote",
                false => "put the quoted line between single quotes; write a single quote inside it twice",
            }
            .to_owned()
        };
        let wanted = Wanted {
            file,
            expected: &expected,
            write_it: &format!("write {file} with two lines, cause: and error: (the task shows how)"),
            repair_it: &repair,
        };
        let answer: Answer = match written::read(inquiry, &wanted)? {
            Ok(written) => written.content,
            Err(verdict) => return Ok(verdict),
        };
        let cause = answer.cause.unwrap_or_default();
        let error = answer.error.unwrap_or_default();
        let cause = cause.trim();
        if cause.is_empty() && error.trim().is_empty() {
            let advice = match self.printed.is_empty() {
                true => "build the folder as it is, read the first error, and write down what you found",
                false => "run the command as you were given it, and write down how it ends, and why",
            };
            return Ok(Verdict::not_yet(expected, format!("{file} is not filled in yet"), advice));
        }
        if let Some(verdict) = written::unknown_code("cause", cause, self.causes.keys().map(String::as_str)) {
            return Ok(verdict);
        }
        let lines = error.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > 1 {
            // A whole log holds the telling line too, and shows nothing.
            return Ok(Verdict::not_yet(
                "one line, for error",
                format!("error has {lines} lines"),
                "keep the one line that names the problem",
            ));
        }
        let wanted = quote::plain(&error);
        if wanted.chars().count() < SHORTEST {
            return Ok(Verdict::not_yet(
                "the line that was printed, for error",
                format!("error is {}", shown(&error)),
                "copy the whole line that names the problem",
            ));
        }
        let (printed, unasked) = match self.printed.as_slice() {
            [] => self.built(inquiry)?,
            lines => (lines.iter().map(|line| quote::plain(line)).collect(), None),
        };
        let quoted: Vec<&String> = printed.iter().filter(|line| quote::same(line, &wanted)).collect();
        if quoted.is_empty() {
            // The line may be what the builder prints that could not be asked.
            if let Some(why) = unasked {
                return Err(Stop::CannotTell(why));
            }
            if let Some(other) = self.elsewhere.iter().find(|other| other.line.found_in(&wanted)) {
                return Ok(Verdict::not_yet(
                    "the line that the refused command really ends with",
                    format!("{} is printed in another situation", shown(&error)),
                    other.advice.clone(),
                ));
            }
            let (expected, advice) = match self.printed.is_empty() {
                true => (
                    "a line that the original folder really prints",
                    "build the folder as you were given it (dlearn reset brings it back), and copy the line as it stands",
                ),
                false => (
                    "the line that the refused command really ends with",
                    "run the command again as you were given it, and copy its last line as it stands",
                ),
            };
            return Ok(Verdict::not_yet(expected, format!("it never prints {}", shown(&error)), advice));
        }
        if !quoted.iter().any(|line| self.line.found_in(line)) {
            return Ok(Verdict::not_yet(
                "the line that names the problem",
                format!("{} is printed, and does not say what is wrong", shown(&error)),
                "read upwards to the first line that names a file, a package or a program",
            ));
        }
        Ok(if cause == self.cause {
            Verdict::pass()
        } else {
            Verdict::not_yet(
                "the cause that the quoted line points at",
                format!("the line is right, and the cause `{cause}` would mean: {}", self.causes[cause]),
                "check each of the other causes against that line, and against what you can see for yourself",
            )
        })
    }

    /// Every line that the starter prints, with each builder of this engine, and why one of them could
    /// not be asked, if so.
    fn built(&self, inquiry: &Inquiry<'_>) -> Result<(Vec<String>, Option<Unavailable>), Stop> {
        let builders = inquiry.engine()?.map(|engine| engine.builders.clone()).unwrap_or_default();
        let plan = |builder: Builder| BuildPlan { source: Source::Starter, ..BuildPlan::workspace(builder) };
        let mut builds = Vec::new();
        for builder in builders {
            builds.push(inquiry.build(plan(builder)));
        }
        let (mut lines, mut unasked) = (Vec::new(), None);
        for build in builds {
            let build = match build {
                Ok(Some(build)) => build,
                Ok(None) => continue,
                Err(Stop::CannotTell(why)) => {
                    unasked = Some(why);
                    continue;
                }
                Err(Stop::Open) => return Err(Stop::Open),
            };
            lines.extend(build.log.iter().map(|line| quote::plain(line)));
            lines.extend(build.error.iter().flat_map(|error| error.lines()).map(quote::plain));
            if self.run && build.image.is_some() {
                let run = RunPlan { image: build.tag.clone(), seconds: 10, ..RunPlan::default() };
                if let Some(run) = inquiry.run(run)? {
                    let said = run.stdout.lines().chain(run.stderr.lines());
                    lines.extend(said.chain(run.start_error.iter().flat_map(|error| error.lines())).map(quote::plain));
                }
            }
        }
        Ok((lines, unasked))
    }
}

/// Whether a block (`error: |`) is followed by a line at the margin that is no field.
fn is_block_without_indent(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| !line.trim_end().ends_with('|')).skip(1);
    let next = lines.find(|line| !line.trim().is_empty());
    next.is_some_and(|line| !line.starts_with([' ', '\t']) && !line.starts_with("cause:") && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{Answer, BuildFacts, EngineFacts, Evidence, Fact, Need, TextFacts};

    /// What is found when the learner writes `answer`, or "pass".
    fn found(answer: &str) -> String {
        let mut evidence = Evidence::new();
        let engine = EngineFacts { builders: vec![Builder::Classic], ..EngineFacts::default() };
        let build = BuildFacts {
            log: ["Step 2/3 : RUN pip install x==9", "ERROR: No matching distribution found for x==9"]
                .map(Into::into)
                .into(),
            error: Some("The command '/bin/sh -c pip install x==9' returned a non-zero code: 1".into()),
            ..BuildFacts::default()
        };
        let plan = BuildPlan { source: Source::Starter, ..BuildPlan::workspace(Builder::Classic) };
        let text = TextFacts { text: answer.into(), truncated: false };
        evidence.insert(Need::Engine, Answer::Found(Fact::Engine(engine)));
        evidence.insert(Need::Build(plan), Answer::Found(Fact::Build(build)));
        evidence.insert(Need::WorkspaceFile { path: "diagnosis.yaml".into() }, Answer::Found(Fact::Text(text)));
        let check = "cause: pin\ncauses: { pin: no such version, network: no index }\nline: found for x==9";
        let check: Diagnosis = crate::course::read_yaml(check).expect("a valid check");
        match check.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known") {
            Verdict::NotYet(not_yet) => not_yet.found,
            _ => "pass".into(),
        }
    }

    #[test]
    fn the_telling_line_and_the_right_cause_pass() {
        assert_eq!(found("cause: pin\nerror: |\n  #8 2.9 ERROR: No matching distribution found for x==9\n"), "pass");
    }

    #[test]
    fn every_way_to_be_wrong_is_told_apart() {
        for (answer, part) in [
            ("cause:\nerror: |\n\n", "not filled in yet"),
            ("cause: pni\nerror: |\n  No matching distribution found for x==9\n", "cause is `pni`"),
            ("cause: pin\nerror: |\n  x==9\n", "error is `x==9`"),
            ("cause: pin\nerror: |\n  No space left on device: x==9\n", "never prints"),
            (
                "cause: pin\nerror: |\n  The command '/bin/sh -c pip install x==9' returned a non-zero code: 1\n",
                "does not say",
            ),
            (
                "cause: pin\nerror: |\n  Step 2/3 : RUN pip install x==9\n  ERROR: No matching distribution found for x==9\n",
                "error has 2 lines",
            ),
            ("cause: network\nerror: |\n  ERROR: No matching distribution found for x==9\n", "would mean: no index"),
            ("cause: pin\nerror: a: b: c\n", "not valid YAML"),
        ] {
            assert!(found(answer).contains(part), "{answer}: {}", found(answer));
        }
    }

    #[test]
    fn a_quoted_line_at_the_margin_is_told_to_move() {
        assert!(is_block_without_indent("cause: pin\nerror: |\nerror from registry: no\n"));
        assert!(!is_block_without_indent("error: |\n  error from registry: no\ncause: pin\n"));
        assert!(!is_block_without_indent("error: |\n\ncause: pin\n") && !is_block_without_indent("error: a: b\n"));
    }

    #[test]
    fn where_no_build_fails_the_lines_to_quote_are_given() {
        let check = "cause: namespace\ncauses: { namespace: not yours, login: nobody }\nline: denied\n\
                     printed: ['denied: requested access to the resource is denied']\n\
                     elsewhere: [{ line: no basic auth, advice: log in first }]";
        let check: Diagnosis = crate::course::read_yaml(check).expect("a valid check");
        let judge = |answer: &str| {
            let mut evidence = Evidence::new();
            let text = TextFacts { text: answer.into(), truncated: false };
            evidence.insert(Need::WorkspaceFile { path: "diagnosis.yaml".into() }, Answer::Found(Fact::Text(text)));
            check.judge(&Inquiry::new(&evidence, &Subject::default())).expect("nothing else is asked")
        };
        let quoted = "requested access to the resource is denied";
        assert!(judge(&format!("cause: namespace\nerror: '{quoted}'")).passed());
        for (answer, part) in [
            (format!("cause: login\nerror: '{quoted}'"), "would mean: nobody"),
            ("cause: namespace\nerror: no basic auth credentials".to_owned(), "in another situation"),
            ("cause: namespace\nerror: the disk is full of water".to_owned(), "never prints"),
        ] {
            let Verdict::NotYet(it) = judge(&answer) else { panic!("{answer}") };
            assert!(it.found.contains(part) && !it.advice.contains("build the folder"), "{it:?}");
        }
    }
}
