//! What containers did: commands, services, how they stop, and their health.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Not;

/// Most bytes that are kept of one stream of a container's output, and of the body of an HTTP answer.
pub const KEPT: usize = 1024 * 1024;

/// How a container's run went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Exit code; none when it was stopped for exceeding its time.
    pub exit: Option<i64>,
    /// Standard output, lossy UTF-8, control sequences removed, at most [`KEPT`] bytes.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// The engine's reason when the program could not be started at all.
    pub start_error: Option<String>,
    /// The time limit was exceeded.
    pub timed_out: bool,
    /// There was more than was kept of one of them: the middle is left out.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub cut: bool,
    /// The kernel killed it for the memory that it asked for.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub out_of_memory: bool,
    /// The command of the plan's setup, by its index, that did not end with exit code 0: all other fields are about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_setup: Option<usize>,
}

/// How a service answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServeFacts {
    /// One for each path asked, none where no answer came.
    pub responses: Vec<Option<HttpFacts>>,
    /// The container's last output (both streams), control sequences removed, at most [`KEPT`] bytes.
    pub logs: String,
    /// Exit code, when the container ended by itself.
    pub exit: Option<i64>,
    /// The engine's reason when the program could not be started at all.
    pub start_error: Option<String>,
    /// Addresses on which something listened inside the container (`127.0.0.1:8080`), where that
    /// could be read.
    pub listening: Option<Vec<String>>,
}

/// How a container stopped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StopFacts {
    /// The engine's reason when the program could not be started at all.
    pub start_error: Option<String>,
    /// It was up in time, and so was asked to stop.
    pub ready: bool,
    /// Exit code; none where it was neither asked to stop nor ended by itself.
    pub exit: Option<i64>,
    /// Milliseconds from the stop signal to the end, where it was asked to stop.
    pub took: Option<u64>,
    /// What it had written until it was asked to stop (both streams), control sequences removed, at most [`KEPT`] bytes.
    pub before: String,
    /// What it wrote from then on, likewise.
    pub after: String,
    /// There was more than was kept: the middle is left out.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub cut: bool,
}

/// What became of a container's health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HealthFacts {
    /// The engine's reason when the program could not be started at all.
    pub start_error: Option<String>,
    /// Exit code, when the container ended by itself.
    pub exit: Option<i64>,
    /// The container's last output (both streams), control sequences removed, at most [`KEPT`] bytes.
    pub logs: String,
    /// While nothing was broken.
    pub whole: HealthPhase,
    /// It became healthy in time, and stayed so for another probe.
    pub steady: bool,
    /// How the command ended that breaks the service, where it was run.
    pub breaking: Option<ProbeFacts>,
    /// After that.
    pub broken: Option<HealthPhase>,
}

/// What the probes said for a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HealthPhase {
    /// At its end: `starting`, `healthy` or `unhealthy`.
    pub status: String,
    /// Probes that ended with exit code 0.
    pub succeeded: u32,
    /// Other probes.
    pub failed: u32,
    /// Successes in a row at its end.
    pub in_a_row: u32,
    /// The last one.
    pub last: Option<ProbeFacts>,
}

impl HealthPhase {
    /// Takes in one more probe.
    pub fn count(&mut self, probe: ProbeFacts) {
        let (succeeded, failed) = if probe.exit == 0 { (1, 0) } else { (0, 1) };
        self.succeeded = self.succeeded.saturating_add(succeeded);
        self.failed = self.failed.saturating_add(failed);
        self.in_a_row = if probe.exit == 0 { self.in_a_row.saturating_add(1) } else { 0 };
        self.last = Some(probe);
    }
}

/// One probe, or another command in a running container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeFacts {
    /// Exit code; -1 where it could not be started, or was not over in time.
    pub exit: i64,
    /// What it printed, lossy UTF-8, control sequences removed, at most 4 KiB.
    pub output: String,
}

/// One HTTP answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HttpFacts {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body, lossy UTF-8, at most [`KEPT`] bytes.
    pub body: String,
    /// The body has more than was kept, or broke off.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub cut: bool,
}
