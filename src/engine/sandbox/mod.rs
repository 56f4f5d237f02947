//! A throw-away engine: dockerd in a container of ours, with limits that bound everything inside, builds too.
//!
//! Engines do not bound a BuildKit build by request, share one builder cache, and know one name space of tags. So
//! what nobody trusts gets an engine of its own. Invariants: it has no network unless that is asked for, and publishes
//! nothing; it is reached over the outer engine's own API, or by its socket where that is on this machine; its
//! container is the ledger's, so it goes on every way out, with its data: they lie in a tmpfs, whose size is the limit,
//! or in an anonymous volume. One whose dlearn was killed goes before the next is made, or ends by itself.

mod bases;
mod near;
mod terminal;

use super::{Engine, EngineError, Ledger, address::Endpoint, transport::Connector};
pub use bases::SandboxBases;
use bollard::models::{ContainerCreateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount};
use bollard::query_parameters::CreateContainerOptionsBuilder;
pub(super) use near::Process;
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
const ENGINE_MEMORY: u64 = 512 << 20;
const ENGINE_PROCESSES: u64 = 1024;
/// What of the processors' time the engine may have for itself, in percent.
const ENGINE_SHARE: f64 = 15.0;
/// Seconds after which a sandbox ends by itself: one that was left behind does not go on for ever.
const LIFE_SECONDS: u64 = 6 * 3600;
/// Seconds that the outer engine may take to remove one: where it lies on the disk, all its layers are deleted.
const REMOVE_SECONDS: u64 = 600;
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

/// How much the operator's engine grants the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    /// What an engine needs, by name.
    Named,
    /// `--privileged`, which is more: all devices, too.
    Privileged,
}

/// The least first.
const GRANTS: [Grant; 2] = [Grant::Named, Grant::Privileged];

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
        self.sandbox_with(ledger, limits, None, &GRANTS).await
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
            let body = body(ledger, &container, limits, grant, mount.clone());
            let begun = match self.begin_sandbox(ledger, &container, body).await {
                Ok(()) => self.await_sandbox(&container, limits).await,
                Err(error) => Err(error),
            };
            match begun {
                Ok(engine) => return Ok(Sandbox { engine, container, ledger: ledger.clone(), grant }),
                Err(error) if error.is_dead() => return Err(error),
                Err(error) => {
                    ledger.remove_container(&container).await?;
                    if error.is_absent() {
                        return Err(error);
                    }
                    refused.get_or_insert(error);
                }
            }
        }
        Err(EngineError::Unsupported {
            what: match refused {
                Some(error) => format!("this engine runs no engine in a container: {error}"),
                None => "this engine runs no engine in a container".into(),
            },
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
        Ok(self.state_of(container).await?.running)
    }

    async fn state_of(&self, container: &str) -> Result<State, EngineError> {
        let doing = "look after a container";
        let inspect: Inspect = self.read(doing, self.get_json(doing, &format!("/containers/{container}/json"))).await?;
        Ok(inspect.state)
    }

    /// Waits until the engine inside answers.
    async fn await_sandbox(&self, container: &str, limits: &SandboxLimits) -> Result<Engine, EngineError> {
        let connector = Connector::inside(self.clone(), container.to_owned());
        let at = Endpoint::Sandbox { container: container.to_owned(), network: limits.network };
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
    #[serde(default)]
    exit_code: i64,
}

impl Sandbox {
    /// Whether the engine inside is gone or silent while the outer one answers: then what was done in there is to
    /// blame.
    ///
    /// # Errors
    /// Where the outer engine does not answer either.
    pub async fn is_brought_down(&self) -> Result<bool, EngineError> {
        let silent = self.engine.ping().await.is_err();
        self.ledger.engine().ping().await?;
        Ok(silent)
    }

    /// Throws it away, with everything that is in it.
    ///
    /// # Errors
    /// Where the outer engine does not do it.
    pub async fn remove(self) -> Result<(), EngineError> {
        self.ledger.remove_large_container(&self.container, REMOVE_SECONDS).await?;
        super::ledger::close_those_of(&self.engine);
        Ok(())
    }
}

fn body(
    ledger: &Ledger,
    container: &str,
    limits: &SandboxLimits,
    grant: Grant,
    mount: Option<Mount>,
) -> ContainerCreateBody {
    let number = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let named = grant == Grant::Named;
    let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    // What lies in the tmpfs counts as memory of whoever wrote it: what is inside, or the engine.
    let disk = limits.disk.unwrap_or_default();
    let memory = limits.memory.saturating_add(disk);
    let all_memory = Some(number(memory.saturating_add(disk).saturating_add(ENGINE_MEMORY)));
    let quota = limits.cpus.map(|cpus| ((cpus * (100.0 - ENGINE_SHARE) * 1000.0) as i64).to_string());
    let env = [
        ("PROCESSES", limits.processes.to_string()),
        ("MEMORY", memory.to_string()),
        ("CPU_QUOTA", quota.unwrap_or_default()),
        ("SECONDS_TO_LIVE", LIFE_SECONDS.to_string()),
        ("OWN_SOCKET", format!("/{}", near::socket(container))),
    ];
    let mut tmpfs = HashMap::from([("/run".to_owned(), "size=64m,exec,suid".to_owned())]);
    if let Some(bytes) = limits.disk {
        tmpfs.insert("/var/lib/docker".to_owned(), format!("size={bytes},exec,suid,dev"));
    }
    let host_config = HostConfig {
        privileged: Some(!named),
        cap_add: named.then(|| words(&CAPABILITIES)),
        security_opt: named.then(|| words(&["seccomp=unconfined", "apparmor=unconfined", "label=disable"])),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
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
        env: Some(env.map(|(name, value)| format!("{name}={value}")).into()),
        labels: Some(ledger.labels()),
        host_config: Some(host_config),
        ..ContainerCreateBody::default()
    }
}
