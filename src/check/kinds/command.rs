//! `command`

use crate::check::matching::{TextMatch, last_line, shown};
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{RunFacts, RunPlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command in a new container of the image, without network, behaves as it should.
///
/// **Why it matters**: an image that builds is not yet an image that works. The container is
/// labelled, bounded in memory, processes and time, and removed.
///
/// ```yaml
/// check:
///   command: { image: app, entrypoint: ["python"], args: ["-c", "import flask"], exit: 0 }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// What must work, in words (`Python to import flask`); by default the command itself is shown.
    #[serde(default)]
    pub what: Option<String>,
    /// Arguments in place of CMD.
    #[serde(default)]
    pub args: Option<Vec<String>>,
    /// Program in place of ENTRYPOINT.
    #[serde(default)]
    pub entrypoint: Option<Vec<String>>,
    /// User in place of USER.
    #[serde(default)]
    pub user: Option<String>,
    /// Additional environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Seconds until it is stopped.
    #[serde(default = "twenty")]
    pub seconds: u32,
    /// Exit code.
    #[serde(default)]
    pub exit: i64,
    /// Standard output.
    #[serde(default)]
    pub stdout: TextMatch,
    /// Standard error.
    #[serde(default)]
    pub stderr: TextMatch,
}

fn twenty() -> u32 {
    20
}

impl Command {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        if inquiry.image(&name)?.is_none() {
            return Ok(super::no_image(&name));
        }
        let plan = RunPlan {
            image: name.clone(),
            args: self.args.clone(),
            entrypoint: self.entrypoint.clone(),
            user: self.user.clone(),
            env: self.env.clone(),
            seconds: self.seconds,
        };
        let Some(run) = inquiry.run(plan)? else {
            return Ok(super::no_image(&name));
        };
        Ok(self.look(&name, run))
    }

    fn look(&self, name: &str, run: &RunFacts) -> Verdict {
        let what = self.words(name);
        let wrong = |expected: String, found: String| {
            let expected = self.what.clone().unwrap_or(expected);
            Verdict::not_yet(expected, found, format!("run it yourself and read what it says: {what}"))
        };
        if let Some(error) = &run.start_error {
            return wrong(format!("`{what}` to start"), shown(error));
        }
        if run.timed_out {
            return wrong(format!("`{what}` to end within {} s", self.seconds), "it was still running".into());
        }
        if run.exit != Some(self.exit) {
            let said = [last_line(&run.stderr), last_line(&run.stdout)].into_iter().find(|line| !line.is_empty());
            let said = said.map(|line| format!(", and said {}", shown(line))).unwrap_or_default();
            let code = run.exit.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
            return wrong(format!("`{what}` to end with exit code {}", self.exit), format!("{code}{said}"));
        }
        for (stream, wants, found) in
            [("print", &self.stdout, &run.stdout), ("complain with", &self.stderr, &run.stderr)]
        {
            if let Some(expected) = wants.misses(found) {
                return wrong(format!("`{what}` to {stream} {expected}"), format!("it printed {}", shown(found)));
            }
        }
        Verdict::pass()
    }

    /// The command as a person would type it.
    fn words(&self, name: &str) -> String {
        let quote = |word: &String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        };
        let mut words = vec!["docker run --rm --network none".to_owned()];
        words.extend(self.user.iter().map(|user| format!("--user {user}")));
        words.extend(self.env.iter().map(|(key, value)| format!("-e {}", quote(&format!("{key}={value}")))));
        let (program, before) = match self.entrypoint.as_deref() {
            Some([program, rest @ ..]) => (Some(program), rest),
            _ => (None, [].as_slice()),
        };
        words.extend(program.map(|program| format!("--entrypoint {program}")));
        words.push(name.to_owned());
        words.extend(before.iter().chain(self.args.iter().flatten()).map(quote));
        words.join(" ")
    }
}
