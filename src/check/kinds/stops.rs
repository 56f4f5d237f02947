//! `stops`

#[cfg(test)]
mod tests;

use super::config::Form;
use crate::check::matching::{TextMatch, exec_form, is_handed_over, is_shell_form, last_line, shown};
use crate::check::starting::could_not_start;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{ConfigFacts, Ready, StopFacts, StopPlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A container of the image ends as it should when it is stopped: by itself, with an exit code of its own, and with
/// what it has to say at the end.
///
/// **Why it matters**: `docker stop` sends a signal to process 1, and kills everything after a grace period. A program
/// that does not get the signal, because a shell stands in front of it, or has no handler for it, loses what it has in
/// memory and makes each deployment wait.
///
/// The container has no network, is labelled, bounded in memory and processes, and removed. It is asked to stop once it
/// is ready: once it has written a text (`ready: { log: TEXT }`), or once a file exists in it
/// (`ready: { file: PATH }`). The signal is the image's STOPSIGNAL, else TERM.
///
/// Whether a line (the shell form) works depends on the shell of the image: BusyBox's and bash turn into their last
/// command, dash stays. With `form: exec` a line does not pass even where it works, unless it hands over with `exec`;
/// without it, a line that works passes with a note.
///
/// ```yaml
/// check:
///   stops: { image: app, ready: { log: listening }, grace: 5, exit: 0, says: { contains: [saved] }, form: exec }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stops {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// When it is asked to stop.
    pub ready: Ready,
    /// Seconds until it must be ready.
    #[serde(default = "twenty")]
    pub seconds: u32,
    /// Seconds between the stop signal and the kill.
    #[serde(default = "five")]
    pub grace: u32,
    /// Exit code.
    #[serde(default)]
    pub exit: i64,
    /// What it writes after the signal, to either stream.
    #[serde(default)]
    pub says: TextMatch,
    /// How CMD or ENTRYPOINT must be written: `any` way, or `exec`.
    #[serde(default)]
    pub form: Form,
}

/// The exit code of a process that was killed: 128 and the number of SIGKILL.
const KILLED: i64 = 137;

fn twenty() -> u32 {
    20
}

fn five() -> u32 {
    5
}

impl Stops {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return super::no_image(inquiry, &name);
        };
        let plan =
            StopPlan { image: name.clone(), ready: self.ready.clone(), seconds: self.seconds, grace: self.grace };
        let Some(stopped) = inquiry.stop(plan)? else {
            return super::no_image(inquiry, &name);
        };
        let started = Started::of(&image.config);
        Ok(match (stopped.ready, stopped.exit) {
            (true, Some(exit)) => self.look(&name, &started, &image.config.stop_signal, stopped, exit),
            _ => self.never_up(&name, &started, stopped),
        })
    }

    fn never_up(&self, name: &str, started: &Started<'_>, stopped: &StopFacts) -> Verdict {
        let expected = match &self.ready {
            Ready::Log(text) => format!("a container of {name} to write `{text}`, before it is stopped"),
            Ready::File(path) => format!("a container of {name} to have {path}, before it is stopped"),
        };
        if let Some(error) = &stopped.start_error {
            let advice = "see that the program of CMD or ENTRYPOINT exists in the image and is executable";
            let (found, advice) = could_not_start(error, advice);
            return Verdict::not_yet(expected, found, advice);
        }
        let said = match last_line(&stopped.before) {
            "" => String::new(),
            line => format!("; its last words were {}", shown(line)),
        };
        let Some(exit) = stopped.exit else {
            let found = format!("nothing of it within {} s, and the container is still running{said}", self.seconds);
            return Verdict::not_yet(expected, found, "run it yourself, and read its log: docker logs");
        };
        let found = format!("the container ended by itself, with exit code {exit}{said}");
        if started.is_broken_list() {
            let advice =
                "a list is JSON, with double quotes: [\"program\", \"argument\"]. Anything else counts as a line";
            return Verdict::not_yet(expected, format!("{found}; {}", started.shown()), advice);
        }
        let advice = match exit {
            0 => "the program of CMD must stay in the foreground: when process 1 ends, so does the container",
            _ => "run it yourself, without -d, and read what it says",
        };
        Verdict::not_yet(expected, found, advice)
    }

    fn look(&self, name: &str, started: &Started<'_>, signal: &str, stopped: &StopFacts, exit: i64) -> Verdict {
        let expected =
            format!("a container of {name} to end by itself when it is stopped, with exit code {}", self.exit);
        if exit == KILLED && self.exit != KILLED {
            return self.killed(expected, started, signal, stopped);
        }
        if exit != self.exit {
            let said = match last_line(&stopped.after) {
                "" => "nothing more".to_owned(),
                line => shown(line),
            };
            if let Some(other) = other_signal(signal) {
                return Verdict::not_yet(
                    expected,
                    format!("exit code {exit}: STOPSIGNAL is {other}, and after that it said {said}"),
                    "take STOPSIGNAL out, or name the signal that the program handles",
                );
            }
            let advice = match exit {
                143 => {
                    "143 is 128 and 15, the number of TERM: something ended for the signal without handling it. Let \
                        the program itself be process 1"
                }
                _ => "stop a container of your own, and read docker logs and its exit code",
            };
            return Verdict::not_yet(expected, format!("exit code {exit}; after the signal it said {said}"), advice);
        }
        if let Some(missing) = self.says.misses(&stopped.after, stopped.cut) {
            return Verdict::not_yet(
                format!("a container of {name} to write {missing}, after the signal"),
                format!("after the signal it wrote {}, and ended with exit code {exit}", shown(&stopped.after)),
                "the signal has to reach the program that has something to finish: let it be process 1",
            );
        }
        self.form(started)
    }

    /// It did not end by itself.
    fn killed(&self, expected: String, started: &Started<'_>, signal: &str, stopped: &StopFacts) -> Verdict {
        let number = signal.trim_start_matches("SIG");
        if ["KILL", "9"].contains(&number) {
            let found = format!(
                "it was killed at once, with exit code {KILLED}: STOPSIGNAL is {signal}, so that docker stop sends SIGKILL, \
                 which no program can handle"
            );
            return Verdict::not_yet(
                expected,
                found,
                "take STOPSIGNAL out, and see that the program gets the usual TERM",
            );
        }
        let when = match stopped.took {
            Some(took) if took < u64::from(self.grace) * 1000 => "it was killed before its time was over".to_owned(),
            _ => format!("it did not hear the signal, and was killed after {} s", self.grace),
        };
        let shown = started.shown();
        if started.is_shell_form() {
            return Verdict::not_yet(
                expected,
                format!("{when}, with exit code {KILLED}: process 1 is a shell, which passes no signal on; {shown}"),
                "let the program itself be process 1: a list without a shell, or exec in front of the program",
            );
        }
        if let Some(signal) = other_signal(signal) {
            return Verdict::not_yet(
                expected,
                format!(
                    "{when}, with exit code {KILLED}: STOPSIGNAL is {signal}, and process 1 has no handler for that"
                ),
                "take STOPSIGNAL out, or name the signal that the program handles",
            );
        }
        Verdict::not_yet(
            expected,
            format!("{when}, with exit code {KILLED}; {shown}"),
            "a script passes no signal on: let it end with exec and the program. A program needs a handler for TERM",
        )
    }

    /// It ended as it should. Would it in an image with another shell?
    fn form(&self, started: &Started<'_>) -> Verdict {
        let (keyword, shown) = (started.instruction, started.shown());
        if started.is_shell_form() {
            let depends = "with this image's shell, which turns into its last command; that depends on the shell";
            return match self.form {
                Form::Exec => Verdict::not_yet(
                    format!("{keyword} to start the program itself, without a shell around it"),
                    format!("{shown}. It stops well {depends}, and dash for one stays"),
                    format!(
                        "write {keyword} as a list, [\"program\", \"argument\"], or put exec in front of the program"
                    ),
                ),
                Form::Any => Verdict::pass_with(format!("{shown}: it stops well {depends}. A list is certain")),
            };
        }
        match started.is_handed_over() {
            true => Verdict::pass_with(format!(
                "{keyword} is a line whose shell turns into the program with exec; as a list it would need no shell at all"
            )),
            false => Verdict::pass(),
        }
    }
}

/// A STOPSIGNAL that is not the usual one.
fn other_signal(signal: &str) -> Option<&str> {
    (!["", "TERM", "15"].contains(&signal.trim_start_matches("SIG"))).then_some(signal)
}

/// What containers of an image start.
struct Started<'a> {
    /// The instruction that says so.
    instruction: &'static str,
    words: &'a [String],
}

impl<'a> Started<'a> {
    fn of(config: &'a ConfigFacts) -> Self {
        match config.entrypoint.as_slice() {
            [] => Self { instruction: "CMD", words: &config.cmd },
            words => Self { instruction: "ENTRYPOINT", words },
        }
    }

    fn shown(&self) -> String {
        format!("{} is {}", self.instruction, exec_form(self.words))
    }

    fn is_shell_form(&self) -> bool {
        is_shell_form(self.words)
    }

    fn is_handed_over(&self) -> bool {
        is_handed_over(self.words)
    }

    /// A line that somebody meant to be a list.
    fn is_broken_list(&self) -> bool {
        self.is_shell_form() && self.words.last().is_some_and(|text| text.trim_start().starts_with('['))
    }
}
