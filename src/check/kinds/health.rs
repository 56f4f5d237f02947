//! `health`

#[cfg(test)]
mod tests;

use crate::check::matching::{exec_form, last_line, shown, telling_line, typed};
use crate::check::starting::could_not_start;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{HealthFacts, HealthPhase, HealthPlan, ProbeFacts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The image's own HEALTHCHECK says *healthy* while the service is whole, and *unhealthy* once it is broken.
///
/// **Why it matters**: process 1 can live on while nobody is served. A health check notices that only if it asks the
/// service itself; one that was never seen to fail may be one that cannot fail.
///
/// dlearn starts a container, waits until it is healthy and stays so for another probe, runs the command that breaks the
/// service (`docker exec`), and waits until it is unhealthy. The test is the image's; it is run every second,
/// with 5 s for each probe, and two failures in a row are enough, so that a patient HEALTHCHECK passes as fast as
/// an eager one. The container has no network: what a probe needs has to be inside. It is labelled, bounded in
/// memory and processes, and removed.
///
/// ```yaml
/// check:
///   health:
///     image: app
///     fault: { run: [rm, /srv/orders.db], so: /health answers with status 500 }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// How the service is broken.
    pub fault: Fault,
    /// Seconds until it must be healthy, and again until it must be unhealthy.
    #[serde(default = "fifteen")]
    pub seconds: u32,
}

/// How the service is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A command and its arguments, run in the container.
    pub run: Vec<String>,
    /// Who runs it, by default the container's own user. Root may write anything of root's, but signals no other
    /// user's process where the container's own user is not root.
    #[serde(default)]
    pub user: Option<String>,
    /// What is true then, as half a sentence (`/health answers with status 500`).
    pub so: String,
}

fn fifteen() -> u32 {
    15
}

impl Health {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return super::no_image(inquiry, &name);
        };
        let test = &image.config.healthcheck;
        if test.is_empty() {
            return Ok(Verdict::not_yet(
                format!("a HEALTHCHECK in {name}"),
                "it has none, so all that an engine can say of a container is whether process 1 lives",
                "write HEALTHCHECK CMD and a command that asks the service; exit code 0 means healthy",
            ));
        }
        let plan = HealthPlan {
            image: name.clone(),
            break_with: self.fault.run.clone(),
            break_as: self.fault.user.clone(),
            seconds: self.seconds,
        };
        let Some(facts) = inquiry.health(plan)? else {
            return super::no_image(inquiry, &name);
        };
        let probe = shown_test(test);
        Ok(match (&facts.breaking, &facts.broken) {
            (Some(breaking), Some(broken)) if facts.steady => self.look(&name, &probe, facts, breaking, broken),
            _ => self.never_healthy(&name, &probe, facts),
        })
    }

    fn never_healthy(&self, name: &str, probe: &str, facts: &HealthFacts) -> Verdict {
        let expected = format!("a container of {name} to become healthy and stay so, while nothing is broken");
        if let Some(error) = &facts.start_error {
            let advice = "see that the program of CMD or ENTRYPOINT exists in the image and is executable";
            let (found, advice) = could_not_start(error, advice);
            return Verdict::not_yet(expected, found, advice);
        }
        if let Some(code) = facts.exit {
            let said = match last_line(&facts.logs) {
                "" => String::new(),
                line => format!("; its last words were {}", shown(line)),
            };
            return Verdict::not_yet(
                expected,
                format!("the container ended by itself, with exit code {code}{said}"),
                "the program of CMD must stay in the foreground: when process 1 ends, so does the container",
            );
        }
        let HealthPhase { status, last, .. } = &facts.whole;
        let Some(last) = last else {
            return Verdict::not_yet(
                expected,
                format!("it was still {status} after {} s, and no probe had ended; the probe is {probe}", self.seconds),
                "let the probe ask once, and give up after a second or two",
            );
        };
        if facts.whole.succeeded > 0 {
            return Verdict::not_yet(
                expected,
                format!("the probe succeeded, and later {}, though nothing had been broken; it is {probe}", how(last)),
                "run the probe twice by hand, with docker exec: what does the first run leave behind for the second?",
            );
        }
        Verdict::not_yet(expected, format!("the probe {}; it is {probe}", how(last)), why(last))
    }

    fn look(
        &self,
        name: &str,
        probe: &str,
        facts: &HealthFacts,
        breaking: &ProbeFacts,
        broken: &HealthPhase,
    ) -> Verdict {
        let command = typed(&self.fault.run);
        if breaking.exit != 0 {
            return Verdict::not_yet(
                format!(
                    "`{command}` to work in a container of {name}: so dlearn breaks the service, to see what the probe says"
                ),
                format!("exit code {}, {}", breaking.exit, shown(telling_line(&breaking.output))),
                "leave the exercise's own files and the base as they were",
            );
        }
        let expected = format!("a container of {name} to become unhealthy when {}", self.fault.so);
        if let Some(code) = facts.exit {
            return Verdict::not_yet(
                expected,
                format!("the container ended, with exit code {code}, when dlearn ran `{command}` in it"),
                "start the service as the exercise does; the health check needs nothing else",
            );
        }
        if broken.status == "unhealthy" {
            return Verdict::pass();
        }
        let last = broken.last.clone().unwrap_or_default();
        if broken.in_a_row == 0 && broken.failed == 0 {
            return Verdict::not_yet(
                expected,
                format!(
                    "it was still {} after {} s: no probe ended in that time; it is {probe}",
                    broken.status, self.seconds
                ),
                "let the probe give up after a second or two",
            );
        }
        let said = match last_line(&last.output) {
            "" => String::new(),
            line => format!(" and printed {}", shown(line)),
        };
        Verdict::not_yet(
            expected,
            format!(
                "it was still {}: the probe ended with exit code {}{said}; it is {probe}",
                broken.status, last.exit
            ),
            "let the probe ask the service the question whose answer is now another one, and let nothing after that \
             question hide its exit code",
        )
    }
}

/// The test of a health check as it stands in a Dockerfile.
fn shown_test(test: &[String]) -> String {
    match test {
        [kind, line] if kind == "CMD-SHELL" => shown(line),
        [kind, words @ ..] if kind == "CMD" => format!("`{}`", exec_form(words)),
        words => format!("`{}`", exec_form(words)),
    }
}

/// What a failing probe did.
fn how(probe: &ProbeFacts) -> String {
    if is_late(probe) {
        return "did not end in time".into();
    }
    let said = match telling_line(&probe.output) {
        "" => "printed nothing".to_owned(),
        line => format!("said {}", shown(line)),
    };
    match probe.exit {
        -1 => format!("could not be run: it {said}"),
        code => format!("ended with exit code {code} and {said}"),
    }
}

/// What to do about a probe that fails while nothing is broken.
fn why(probe: &ProbeFacts) -> String {
    let said = probe.output.to_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
    if is_late(probe) {
        return "let it ask once, and give up after a second or two: --timeout of HEALTHCHECK, or the tool's own"
            .into();
    }
    if probe.exit == 127 || says(&["executable file not found", ": not found", "command not found"]) {
        return "the tool is not in the image. A probe runs in the container: use something that is there, such as \
                BusyBox's wget, or the language's own"
            .into();
    }
    let unreachable = ["bad address", "could not resolve", "name resolution", "name or service not known"];
    if says(&unreachable) || says(&["network is unreachable", "no such host", "nodename nor servname"]) {
        return "the probe asks for something outside of its container, which has no network here. Ask the service \
                itself, at 127.0.0.1"
            .into();
    }
    if says(&["connection refused", "can't connect"]) {
        return "nothing listens where it asks: compare address and port with those of the server".into();
    }
    if probe.exit == 126 || says(&["permission denied"]) {
        return "see that the probe may be executed by the container's user".into();
    }
    "run the same command by hand, with docker exec, and look at its exit code: 0 means healthy".into()
}

/// Whether the engine ended it (Docker's words since 1.12).
fn is_late(probe: &ProbeFacts) -> bool {
    probe.exit == -1 && probe.output.to_lowercase().contains("exceeded timeout")
}
