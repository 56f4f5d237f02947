//! A throw-away engine: dockerd in a container of ours, with limits that bound everything inside, builds too.
//!
//! Engines do not bound a BuildKit build by request, share one builder cache, and know one name space of tags. So
//! what nobody trusts gets an engine of its own. Invariants: it has no network unless that is asked for, and publishes
//! nothing; it is reached
//! over the engine's own API only; its container is the ledger's, so it goes on every way out, with its data: they
//! lie in a tmpfs, whose size is the limit, or in an anonymous volume.

mod bases;

use super::{Engine, EngineError, Ledger, context::Endpoint, transport::Connector};
pub use bases::SandboxBases;
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// The image: an engine with its docker command.
pub const SANDBOX_IMAGE: &str = "docker:dind";
/// Where the engine inside listens.
pub(super) const SANDBOX_SOCKET: &str = "unix:///run/docker.sock";
/// Seconds until it must answer.
const READY_SECONDS: u64 = 60;
/// Bytes of memory, and processes, that the engine itself needs beside what is inside.
const ENGINE_MEMORY: u64 = 256 << 20;
const ENGINE_PROCESSES: u64 = 256;
/// What to do where there can be no sandbox.
const ELSEWHERE: &str = "name an engine that may be used up, for example in a virtual machine, with --engine";
const POLL: Duration = Duration::from_millis(50);

/// What bounds a sandbox.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SandboxLimits {
    /// Bytes of memory for all processes inside. What of `disk` is not used may be used as memory.
    pub memory: u64,
    /// Bytes that images, layers and builder cache may take, where they lie in memory. None: they lie on the outer
    /// engine's disk, without a limit.
    pub disk: Option<u64>,
    /// Processors; none: as many as the outer engine has.
    pub cpus: Option<f64>,
    /// Processes and threads.
    pub processes: u64,
    /// Whether builds inside reach the outer engine's network.
    pub network: bool,
}

impl Default for SandboxLimits {
    /// 1 GiB of memory, 2 GiB of disk, one processor, 512 processes.
    fn default() -> Self {
        Self { memory: 1 << 30, disk: Some(2 << 30), cpus: Some(1.0), processes: 512, network: false }
    }
}

/// How much the operator's engine grants the container, the usual way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    /// `--privileged`
    Privileged,
    /// What an engine needs of it, by name.
    Named,
}

/// What an engine needs to make containers.
const CAPABILITIES: [&str; 6] = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "MKNOD", "DAC_READ_SEARCH"];

/// A running sandbox.
#[derive(Debug)]
pub struct Sandbox {
    /// The engine inside.
    pub engine: Engine,
    container: String,
    ledger: Ledger,
    grant: Grant,
}

impl Engine {
    /// Starts a throw-away engine, which has no images. It is `ledger`'s.
    ///
    /// # Errors
    /// Where its image is not there, the engine starts no such container, or the engine inside does not answer
    /// within 60 s.
    pub async fn sandbox(&self, ledger: &Ledger, limits: &SandboxLimits) -> Result<Sandbox, EngineError> {
        self.sandbox_with(ledger, limits, None, &[Grant::Privileged, Grant::Named]).await
    }

    async fn sandbox_with(
        &self,
        ledger: &Ledger,
        limits: &SandboxLimits,
        mount: Option<Mount>,
        grants: &[Grant],
    ) -> Result<Sandbox, EngineError> {
        let mut refused = None;
        for &grant in grants {
            let container = ledger.expect_container();
            let body = body(ledger, limits, grant, mount.clone());
            match self.begin_sandbox(ledger, &container, body).await {
                Ok(()) => {
                    let engine = self.await_sandbox(&container, limits.network).await?;
                    return Ok(Sandbox { engine, container, ledger: ledger.clone(), grant });
                }
                Err(EngineError::Refused { status, message, .. }) if status >= 400 && status != 404 => {
                    ledger.remove_container(&container).await?;
                    refused.get_or_insert(message);
                }
                Err(error) => return Err(error),
            }
        }
        Err(EngineError::Unsupported {
            what: format!("this engine starts no engine in a container: {}", refused.unwrap_or_default()),
            help: ELSEWHERE.into(),
        })
    }

    async fn begin_sandbox(
        &self,
        ledger: &Ledger,
        container: &str,
        body: ContainerCreateBody,
    ) -> Result<(), EngineError> {
        let doing = "start a throw-away engine";
        let options = CreateContainerOptionsBuilder::default().name(container).build();
        let create = self.docker().create_container(Some(options), body);
        self.long(doing, READY_SECONDS, async { create.await.map_err(self.wrong(doing)) }).await?;
        ledger.container_exists(container);
        let start = self.docker().start_container(container, None);
        self.long(doing, READY_SECONDS, async { start.await.map_err(self.wrong(doing)) }).await
    }

    /// Whether a container runs.
    pub(super) async fn is_running(&self, container: &str) -> Result<bool, EngineError> {
        let doing = "look after a container";
        let inspect: Inspect = self.read(doing, self.get_json(doing, &format!("/containers/{container}/json"))).await?;
        Ok(inspect.state.running)
    }

    /// Waits until the engine inside answers.
    async fn await_sandbox(&self, container: &str, network: bool) -> Result<Engine, EngineError> {
        let connector = Connector::inside(self.clone(), container.to_owned());
        let at = Endpoint::Sandbox { container: container.to_owned(), network };
        let deadline = Instant::now() + Duration::from_secs(READY_SECONDS);
        loop {
            let waited = match Engine::over(connector.clone(), at.clone(), "it was started for this".into()).await {
                Ok(engine) => return Ok(engine),
                Err(error) => error,
            };
            let running = self.is_running(container).await?;
            if !running || Instant::now() > deadline {
                let said = self.output(container).await?.both;
                let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let what = match running {
                    true => format!("the throw-away engine does not answer: {waited}"),
                    false => format!("the throw-away engine ended: {last}"),
                };
                return Err(EngineError::Misfortune { what, help: ELSEWHERE.into() });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    state: State,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    running: bool,
}

impl Sandbox {
    /// Throws it away, with everything that is in it.
    ///
    /// # Errors
    /// Where the outer engine does not do it.
    pub async fn remove(self) -> Result<(), EngineError> {
        self.ledger.remove_container(&self.container).await?;
        super::ledger::close_those_of(&self.engine);
        Ok(())
    }
}

fn body(ledger: &Ledger, limits: &SandboxLimits, grant: Grant, mount: Option<Mount>) -> ContainerCreateBody {
    let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let named = grant == Grant::Named;
    let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    // What lies in the tmpfs counts as memory.
    let memory = limits.memory.saturating_add(limits.disk.unwrap_or_default());
    let all_memory = Some(number(memory.saturating_add(ENGINE_MEMORY)));
    let mut tmpfs = HashMap::from([("/run".to_owned(), "size=64m,exec,suid".to_owned())]);
    if let Some(bytes) = limits.disk {
        tmpfs.insert("/var/lib/docker".to_owned(), format!("size={bytes},exec,suid,dev"));
    }
    let host_config = HostConfig {
        privileged: Some(!named),
        cap_add: named.then(|| words(&CAPABILITIES)),
        security_opt: named.then(|| words(&["seccomp=unconfined", "apparmor=unconfined"])),
        masked_paths: named.then(Vec::new),
        readonly_paths: named.then(Vec::new),
        memory: all_memory,
        memory_swap: all_memory,
        nano_cpus: limits.cpus.map(|cpus| (cpus * 1e9) as i64),
        pids_limit: Some(number(limits.processes.saturating_add(ENGINE_PROCESSES))),
        network_mode: (!limits.network).then(|| "none".into()),
        tmpfs: Some(tmpfs),
        mounts: mount.map(|mount| vec![mount]),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".into()),
            config: Some(HashMap::from([("max-size".to_owned(), "1m".to_owned())])),
        }),
        ..HostConfig::default()
    };
    ContainerCreateBody {
        image: Some(SANDBOX_IMAGE.into()),
        entrypoint: Some(words(&["sh", "-c", include_str!("start.sh")])),
        cmd: Some(Vec::new()),
        env: Some(vec![format!("PROCESSES={}", limits.processes), format!("MEMORY={memory}")]),
        labels: Some(ledger.labels()),
        host_config: Some(host_config),
        ..ContainerCreateBody::default()
    }
}
