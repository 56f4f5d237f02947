//! Containers of dlearn's own: created with the run's labels, bounded, removed by name.

use super::{Engine, EngineError, Ledger, call::query, name, text::BoundedBytes};
use crate::evidence::{KEPT, MEMORY};
use bollard::container::LogOutput;
use bollard::models::{ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, PortBinding};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptions, LogsOptionsBuilder, StartContainerOptions,
    WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Seconds that removing a container may take.
const REMOVE_SECONDS: u64 = 30;
/// Processes and threads that a container may have.
const PROCESSES: i64 = 256;

/// Bytes of a log's file, from which on the engine begins another one (`4m`: moby counts in thousands).
const LOG: usize = 4_000_000;
/// Bytes of an entry of a log's file beside its text (moby, `jsonlog.JSONLogs`):
/// `{"log":"","stream":"stdout","time":"2006-01-02T15:04:05.999999999Z"}` and the line's end.
const ENTRY: usize = 69;

/// What to create.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerSpec {
    pub(crate) image: String,
    pub(crate) args: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) user: Option<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// Bytes of memory that it gets; by default [`MEMORY`].
    pub(crate) memory: Option<u64>,
    /// A port to publish on 127.0.0.1; without one the container has no network.
    pub(crate) port: Option<u16>,
    /// Where on 127.0.0.1 it is published; by default the engine chooses a free port.
    pub(crate) publish: Option<u16>,
    /// A network other than that, for example `container:NAME`.
    pub(crate) network: Option<String>,
    /// Leave the labels out, because they would get into an image that is committed.
    pub(crate) unlabelled: bool,
    /// How the image's own health check is run, instead of what the image says; its test stays.
    pub(crate) probing: Option<Probing>,
}

/// When a health check is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probing {
    /// Between two probes, and before the first.
    pub(crate) interval: Duration,
    /// A probe that takes longer has failed.
    pub(crate) timeout: Duration,
    /// So many failures in a row make it unhealthy.
    pub(crate) retries: i64,
}

impl Probing {
    /// An empty test is the image's. Nothing is excused as starting up: the shortest start period that is not "the
    /// image's" (0) is a millisecond. Engines before 25 know no start interval and ignore it.
    fn config(self) -> HealthConfig {
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).ok();
        HealthConfig {
            test: Some(Vec::new()),
            interval: nanoseconds(self.interval),
            timeout: nanoseconds(self.timeout),
            retries: Some(self.retries),
            start_period: nanoseconds(Duration::from_millis(1)),
            start_interval: nanoseconds(self.interval),
        }
    }
}

/// What came of creating or starting a container.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It exists (and runs, if it was to be started), under this name.
    Done(String),
    /// There is no such image.
    NoImage,
    /// The subject's fault, in the engine's words: no program to start, an unknown user.
    Refused(String),
}

/// Both streams of a container's output.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Both, as they came.
    pub(crate) both: String,
    /// There was more than is kept of `stdout` or of `stderr`.
    pub(crate) cut: bool,
    /// There was more than is kept of `both`.
    pub(crate) both_cut: bool,
}

impl Engine {
    /// Creates a container, with limits where the engine can set them.
    pub(crate) async fn create(&self, ledger: &Ledger, spec: &ContainerSpec) -> Result<Attempt, EngineError> {
        self.create_with(ledger, spec, true).await
    }

    async fn create_with(&self, ledger: &Ledger, spec: &ContainerSpec, limits: bool) -> Result<Attempt, EngineError> {
        if !name::is_image_name(&spec.image) {
            return Ok(Attempt::NoImage);
        }
        let name = ledger.expect_container();
        let doing = format!("create a container of {}", spec.image);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let create = self.docker().create_container(Some(options), body(ledger, spec, limits));
        // Copying an image's volumes takes time, so this is no mere read.
        let created = self.long(&doing, 60, async { create.await.map_err(self.wrong(&doing)) }).await;
        match created {
            Ok(_) => {
                ledger.container_exists(&name);
                Ok(Attempt::Done(name))
            }
            Err(EngineError::Refused { status: 404, .. }) => Ok(Attempt::NoImage),
            Err(EngineError::Refused { status, message, .. }) if limits && about_limits(status, &message) => {
                Box::pin(self.create_with(ledger, spec, false)).await
            }
            Err(EngineError::Refused { status: 400, message, .. }) => Ok(Attempt::Refused(message)),
            Err(error) => Err(error),
        }
    }

    /// Creates and starts a container.
    pub(crate) async fn start(&self, ledger: &Ledger, spec: &ContainerSpec) -> Result<Attempt, EngineError> {
        for limits in [true, false] {
            let name = match self.create_with(ledger, spec, limits).await? {
                Attempt::Done(name) => name,
                other => return Ok(other),
            };
            match self.start_created(&name).await {
                Err(EngineError::Refused { status, message, .. }) if limits && about_limits(status, &message) => {
                    ledger.remove_container(&name).await?;
                }
                other => return other,
            }
        }
        Err(EngineError::Refused {
            doing: format!("start a container of {}", spec.image),
            status: 500,
            message: "it can set no limits, and starts nothing without them either".into(),
        })
    }

    /// Starts a container that was created.
    pub(crate) async fn start_created(&self, name: &str) -> Result<Attempt, EngineError> {
        let doing = "start a container";
        let start = self.docker().start_container(name, None::<StartContainerOptions>);
        match self.long(doing, 60, async { start.await.map_err(self.wrong(doing)) }).await {
            Ok(()) => Ok(Attempt::Done(name.to_owned())),
            Err(EngineError::Refused { status, message, .. }) if is_subjects_fault(status, &message) => {
                Ok(Attempt::Refused(message))
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until a container has ended, and gives its exit code. Without a deadline of its own.
    pub(crate) async fn wait(&self, container: &str) -> Result<i64, EngineError> {
        let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
        let mut answers = Box::pin(self.docker().wait_container(container, Some(options)));
        let doing = "wait for a container";
        match answers.next().await {
            Some(Ok(answer)) => Ok(answer.status_code),
            // How bollard says that the exit code is not 0.
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(self.wrong(doing)(error)),
            None => Err(self.unintelligible(doing, "it ended without an exit code")),
        }
    }

    /// Kills a container; one that has ended meanwhile is as good.
    pub(crate) async fn kill(&self, container: &str) -> Result<(), EngineError> {
        let doing = "kill a container";
        let kill = self.docker().kill_container(container, None::<KillContainerOptions>);
        match self.read(doing, async { kill.await.map_err(self.wrong(doing)) }).await {
            Err(EngineError::Refused { status: 409 | 404, .. }) => Ok(()),
            // 20.10 answers 500 "is not running" in a race with the end.
            Err(EngineError::Refused { message, .. }) if message.contains("is not running") => Ok(()),
            other => other,
        }
    }

    /// What a container has written so far; both ends where it is too much.
    pub(crate) async fn output(&self, container: &str) -> Result<Output, EngineError> {
        let doing = "read a container's output";
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let mut stream = Box::pin(self.docker().logs(container, Some(options)));
        let mut stdout = BoundedBytes::new(KEPT);
        let mut stderr = BoundedBytes::new(KEPT);
        let mut both = BoundedBytes::new(KEPT);
        let mut logged: usize = 0;
        self.read(doing, async {
            while let Some(part) = stream.next().await {
                let part = part.map_err(self.wrong(doing))?;
                both.push(part.as_ref());
                logged = logged.saturating_add(in_file(part.as_ref()));
                match &part {
                    LogOutput::StdErr { message } => stderr.push(message),
                    LogOutput::StdOut { message } | LogOutput::Console { message } => stdout.push(message),
                    LogOutput::StdIn { .. } => {}
                }
            }
            Ok(())
        })
        .await?;
        let gone = logged >= LOG;
        let (cut, both_cut) = (gone || stdout.is_cut() || stderr.is_cut(), gone || both.is_cut());
        Ok(Output { stdout: stdout.into_text(), stderr: stderr.into_text(), both: both.into_text(), cut, both_cut })
    }
}

/// Bytes that an entry takes in a log's file, or a few more. Where the engine has thrown away a file, the one before the
/// last is full.
fn in_file(text: &[u8]) -> usize {
    // As moby writes JSON: `<`, `>`, `&` and what is no text become `\u003c`.
    let one = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        b'<' | b'>' | b'&' | 0..=31 | 127.. => 6,
        _ => 1,
    };
    text.iter().map(one).sum::<usize>().saturating_add(ENTRY)
}

fn body(ledger: &Ledger, spec: &ContainerSpec, limits: bool) -> ContainerCreateBody {
    let port = spec.port.map(|port| format!("{port}/tcp"));
    // An empty host port lets the engine choose a free one.
    let host_port = spec.publish.map(|port| port.to_string()).unwrap_or_default();
    let binding = || Some(vec![PortBinding { host_ip: Some("127.0.0.1".into()), host_port: Some(host_port.clone()) }]);
    let memory = i64::try_from(spec.memory.unwrap_or(MEMORY)).unwrap_or(i64::MAX);
    let network = spec.network.clone().or_else(|| spec.port.is_none().then(|| "none".to_owned()));
    let host_config = HostConfig {
        memory: limits.then_some(memory),
        memory_swap: limits.then_some(memory),
        pids_limit: limits.then_some(PROCESSES),
        network_mode: network,
        port_bindings: port.clone().map(|port| HashMap::from([(port, binding())])),
        security_opt: Some(vec!["no-new-privileges".into()]),
        // Logs that can be read whatever the engine's default is, and that cannot fill the disk. Of two files one stays
        // full when something has gone, and that tells it ([`in_file`]).
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".into()),
            config: Some(HashMap::from([
                ("max-size".to_owned(), "4m".to_owned()),
                ("max-file".to_owned(), "2".to_owned()),
            ])),
        }),
        ..HostConfig::default()
    };
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        cmd: spec.args.clone(),
        entrypoint: spec.entrypoint.clone(),
        user: spec.user.clone(),
        env: Some(spec.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        exposed_ports: port.map(|port| vec![port]),
        labels: (!spec.unlabelled).then(|| ledger.labels()),
        healthcheck: spec.probing.map(Probing::config),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(host_config),
        ..ContainerCreateBody::default()
    }
}

/// Whether the engine refuses because it cannot set limits (rootless without delegated cgroups).
fn about_limits(status: u16, message: &str) -> bool {
    let words = ["cgroup", "memory limit", "memory.max", "memory.limit", "pids limit", "pids.max", "swap limit"];
    let message = message.to_lowercase();
    status >= 400 && words.iter().any(|word| message.contains(word))
}

/// Whether starting failed for something in the image or in what was asked to run.
///
/// Docker Engine answers 400 for a program that cannot be found or executed and 500 for an unknown
/// user; Podman 500 for all of them.
fn is_subjects_fault(status: u16, message: &str) -> bool {
    let faults = [
        "executable file",
        "no such file or directory",
        "permission denied",
        "exec format error",
        "is a directory",
        "not a directory",
        "unable to find user",
        "unable to find group",
        "no matching entries",
        "invalid user",
        "chdir to cwd",
        "working directory",
        "no command specified",
    ];
    let message = message.to_lowercase();
    !about_limits(status, &message)
        && (status == 400 || status >= 404 && faults.iter().any(|fault| message.contains(fault)))
}

/// Removes a container by force, with its anonymous volumes. Gives whether it existed.
pub(crate) async fn remove_container(engine: &Engine, name: &str) -> Result<bool, EngineError> {
    remove_container_within(engine, name, REMOVE_SECONDS).await
}

/// The same for one whose volumes may hold many files: the engine answers when all of them are gone.
pub(crate) async fn remove_container_within(engine: &Engine, name: &str, seconds: u64) -> Result<bool, EngineError> {
    let doing = format!("remove container {name}");
    let target = format!("/containers/{name}{}", query(&[("force", "1"), ("v", "1")]));
    engine
        .long(&doing, seconds, async {
            let mut existed = false;
            loop {
                match engine.call(&doing, http::Method::DELETE, &target, None).await {
                    Ok(_) => return Ok(true),
                    Err(error) if error.is_absent() => return Ok(existed),
                    // Another request removes it already: wait until it is gone.
                    Err(EngineError::Refused { status: 409, .. }) => existed = true,
                    Err(error) => return Err(error),
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_the_subjects_fault_and_a_broken_bridge_is_not() {
        assert!(is_subjects_fault(400, "OCI runtime create failed: exec: \"x\": executable file not found in $PATH"));
        assert!(is_subjects_fault(500, "unable to find user nobody2: no matching entries in passwd file"));
        assert!(!is_subjects_fault(500, "failed to create endpoint on network bridge"));
        assert!(!is_subjects_fault(500, "no space left on device"));
    }

    #[test]
    fn refused_limits_are_recognised() {
        assert!(about_limits(500, "OCI runtime create failed: process_linux.go: applying cgroup configuration"));
        assert!(!about_limits(400, "executable file not found in $PATH"));
    }
}
