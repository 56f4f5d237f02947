//! `command`

use crate::check::matching::{TextMatch, last_line, shown, typed};
use crate::check::{Inquiry, Stop, Verdict, starting};
use crate::evidence::{MEMORY, RunFacts, RunPlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command in a new container of the image, without network, behaves as it should.
///
/// **Why it matters**: an image that builds is not yet an image that works. The container is labelled, gets 512 MiB of
/// memory, 256 processes, no new privileges and 20 seconds, and is removed. Of each stream of its output 1 MiB is kept,
/// half from the beginning and half from the end: where there was more, nothing is believed to be absent.
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
    /// Seconds until it is stopped; 20 where nothing is said.
    #[serde(default = "twenty")]
    pub seconds: u32,
    /// Whether it may use the engine's default network.
    #[serde(default)]
    pub network: bool,
    /// MiB of memory that it gets; 512 where nothing is said.
    #[serde(default = "usual_memory")]
    pub memory: u32,
    /// Commands that are run before it, one after another, without the image's ENTRYPOINT and with the same user and
    /// environment; each finds the files that the one before has left, and must end with exit code 0.
    #[serde(default)]
    pub setup: Vec<Vec<String>>,
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

/// MiB.
fn usual_memory() -> u32 {
    (MEMORY >> 20) as u32
}

/// What to do where the engine or the kernel finds no program to start.
const NOT_THERE: &str = "see that a file lies at the path that is named, and that what it needs to start is in the image \
     too: a script needs the interpreter of its first line, the shell form needs /bin/sh, and a program that was linked \
     dynamically needs its loader and libraries. In scratch there is none of them: link the program statically, or choose \
     a base that has them";

/// Whether there was nothing to start: the engine says so before it starts a container, the kernel of a file whose loader
/// or interpreter is missing (`exec /app: no such file or directory`, runc 1.1 and later; older ones put their own name
/// in front).
fn not_there(run: &RunFacts) -> bool {
    let last = last_line(&run.stderr);
    let by_kernel = last.starts_with("exec ") || last.contains("exec user process caused");
    let said = run.start_error.as_deref().unwrap_or(if by_kernel { last } else { "" });
    said.contains("no such file or directory")
}

/// With which exit code it ended, and its last words.
fn ended(run: &RunFacts) -> String {
    let said = [last_line(&run.stderr), last_line(&run.stdout)].into_iter().find(|line| !line.is_empty());
    let said = said.map(|line| format!(", and said {}", shown(line))).unwrap_or_default();
    let code = run.exit.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    format!("{code}{said}")
}

impl Command {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        if inquiry.image(&name)?.is_none() {
            return super::no_image(inquiry, &name);
        }
        let plan = RunPlan {
            image: name.clone(),
            args: self.args.clone(),
            entrypoint: self.entrypoint.clone(),
            user: self.user.clone(),
            env: self.env.clone(),
            seconds: self.seconds,
            setup: self.setup.clone(),
            network: self.network,
            memory: Some(u64::from(self.memory) << 20).filter(|bytes| *bytes != MEMORY),
        };
        let Some(run) = inquiry.run(plan)? else {
            return super::no_image(inquiry, &name);
        };
        Ok(self.look(&name, run))
    }

    fn look(&self, name: &str, run: &RunFacts) -> Verdict {
        let what = self.words(name);
        let wrong = |expected: String, found: String| {
            let expected = self.what.clone().unwrap_or(expected);
            let own_words = self.args.is_none() && self.entrypoint.is_none();
            let blamed = run.start_error.as_deref().and_then(|error| match (own_words, &self.user) {
                (true, None) => starting::advice(error),
                (true, Some(_)) => starting::no_program(error),
                (false, None) => starting::nobody(error),
                (false, Some(_)) => None,
            });
            let advice = match (blamed, not_there(run)) {
                (Some(blamed), _) => blamed,
                (None, true) => NOT_THERE.to_owned(),
                (None, false) => format!("run it yourself and read what it says: {what}"),
            };
            Verdict::not_yet(expected, found, advice)
        };
        if run.out_of_memory && run.exit != Some(self.exit) {
            let advice = format!(
                "find out what needs so much: docker stats shows it while `{what}` runs. Where it has to, the check may give \
                 more: memory, in MiB"
            );
            let found = format!("the kernel killed it: it asked for more than {} MiB of memory", self.memory);
            return Verdict::not_yet(format!("`{what}` to end with exit code {}", self.exit), found, advice);
        }
        if let Some(setup) = run.failed_setup.map(|index| self.setup.get(index).map(typed).unwrap_or_default()) {
            let found = match &run.start_error {
                Some(error) => starting::told(error),
                None if run.timed_out => format!("it was still running after {} s", self.seconds),
                None => ended(run),
            };
            let advice = format!("it is run in the image before `{what}`: correct one of the two");
            return Verdict::not_yet(format!("`{setup}` to end with exit code 0"), found, advice);
        }
        if let Some(error) = &run.start_error {
            return wrong(format!("`{what}` to start"), starting::told(error));
        }
        if run.timed_out {
            return wrong(format!("`{what}` to end within {} s", self.seconds), "it was still running".into());
        }
        if run.exit != Some(self.exit) {
            return wrong(format!("`{what}` to end with exit code {}", self.exit), ended(run));
        }
        for (stream, wants, found) in
            [("print", &self.stdout, &run.stdout), ("complain with", &self.stderr, &run.stderr)]
        {
            if let Some(expected) = wants.misses(found, run.cut) {
                return wrong(format!("`{what}` to {stream} {expected}"), format!("it printed {}", shown(found)));
            }
        }
        Verdict::pass()
    }

    /// The command as a person would type it.
    fn words(&self, name: &str) -> String {
        let mut words =
            vec![if self.network { "docker run --rm" } else { "docker run --rm --network none" }.to_owned()];
        words.extend(self.user.iter().map(|user| format!("--user {user}")));
        words.extend(self.env.iter().map(|(key, value)| format!("-e {}", typed([&format!("{key}={value}")]))));
        let (program, before) = match self.entrypoint.as_deref() {
            Some([program, rest @ ..]) => (Some(program), rest),
            _ => (None, [].as_slice()),
        };
        words.extend(program.map(|program| format!("--entrypoint {program}")));
        words.push(name.to_owned());
        words.push(typed(before.iter().chain(self.args.iter().flatten())));
        words.join(" ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(run: &RunFacts) -> String {
        let kind: Command =
            crate::course::read_yaml("image: app").unwrap_or_else(|(at, what)| panic!("{at:?}: {what}"));
        match kind.look("app", run) {
            Verdict::NotYet(not_yet) => not_yet.advice,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_program_that_was_killed_for_its_memory_is_told_so() {
        let killed = RunFacts { exit: Some(137), out_of_memory: true, ..RunFacts::default() };
        assert!(advice(&killed).contains("memory, in MiB"));
        let other = RunFacts { exit: Some(137), ..RunFacts::default() };
        assert!(advice(&other).starts_with("run it yourself"));
    }

    #[test]
    fn a_program_whose_loader_is_missing_is_told_from_one_that_fails() {
        let said = |stderr: &str| RunFacts { exit: Some(1), stderr: stderr.into(), ..RunFacts::default() };
        let refused = |error: &str| RunFacts { start_error: Some(error.into()), ..RunFacts::default() };
        for nothing in [
            said("exec /ferry: no such file or directory\n"),
            said("standard_init_linux.go:228: exec user process caused: no such file or directory"),
            refused("exec: \"/bin/sh\": stat /bin/sh: no such file or directory: unknown"),
        ] {
            assert!(advice(&nothing).contains("its loader and libraries"), "{nothing:?}");
        }
        assert!(
            advice(&refused("exec: \"till.sh\": executable file not found in $PATH: unknown")).contains("./till.sh")
        );
        let before = RunFacts { failed_setup: Some(0), ..said("mkdir: /menu: Permission denied\n") };
        let kind: Command = crate::course::read_yaml("{ image: app, args: [ls, /menu], setup: [[mkdir, /menu]] }")
            .unwrap_or_else(|(at, what)| panic!("{at:?}: {what}"));
        let Verdict::NotYet(it) = kind.look("app", &before) else { panic!("the setup has failed") };
        assert_eq!(it.expected, "`mkdir /menu` to end with exit code 0");
        assert_eq!(it.found, "exit code 1, and said `mkdir: /menu: Permission denied`");
        assert!(it.advice.contains("ls /menu"), "{it:?}");
        for failed in [said("cat: /menu: no such file or directory"), refused("exec: permission denied")] {
            assert!(advice(&failed).starts_with("run it yourself"), "{failed:?}");
        }
    }
}
