//! Makes a practice registry whole, whatever of it is there.

use super::{GATE_IMAGE, GATE_PORT, Practice, PracticeError, REGISTRY_IMAGES, REGISTRY_PORT, practice_of};
use crate::course::mode_of;
use crate::engine::{
    Engine, EngineError, Ledger,
    call::query,
    container::{Attempt, remove_container},
    error::one_line,
};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// Seconds within which it answers after its start.
const READY_SECONDS: u64 = 30;
/// Before it is begun anew.
const POLL: Duration = Duration::from_millis(100);
/// Seconds that creating or starting one container may take.
const START_SECONDS: u64 = 60;
/// How often it is begun anew because somebody else works on it at the same time.
const TRIES: u32 = 5;

/// What had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It ran.
    Ran,
    /// It was there and is started now.
    Started,
    /// It is new, and empty.
    New,
}

/// How a practice registry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs.
    Runs,
    /// It is there, and does not run.
    Stopped,
    /// It is not there.
    Absent,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Inspect {
    pub(super) id: String,
    state: State,
    config: Config,
    host_config: HostConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    #[serde(default)]
    running: bool,
    #[serde(default)]
    started_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    #[serde(default)]
    network_mode: String,
    #[serde(default)]
    port_bindings: Option<Value>,
}

impl Inspect {
    /// Whether it is a part of the practice registry after which it is called.
    pub(super) fn is_of_practice(&self, name: &str) -> bool {
        self.config.labels.as_ref().is_some_and(|labels| practice_of(name, labels).is_some())
    }

    /// When it was last started; nothing where that cannot be read.
    fn started(&self) -> Option<jiff::Timestamp> {
        self.state.started_at.parse().ok()
    }
}

/// Somebody else created or removed a part meanwhile.
struct Disturbed;

impl Engine {
    /// How a practice registry stands; changes nothing.
    ///
    /// # Errors
    /// Where the engine cannot be asked.
    pub async fn practice_standing(&self, practice: &Practice) -> Result<Standing, EngineError> {
        let mut running = 0;
        let mut there = false;
        for name in practice.containers() {
            let part = self.part(&name).await?;
            there |= part.is_some();
            running += usize::from(part.is_some_and(|part| part.state.running));
        }
        Ok(match (there, running) {
            (_, 2) => Standing::Runs,
            (true, _) => Standing::Stopped,
            (false, _) => Standing::Absent,
        })
    }

    /// Makes the practice registry run: creates, starts or repairs what is missing, and then waits until it answers.
    /// Its images must be there. It is not `ledger`'s: it stays when that is cleaned up.
    ///
    /// # Errors
    /// Where its port or an image cannot be had, or the engine does not do it.
    pub async fn raise(&self, ledger: &Ledger, practice: &Practice) -> Result<Raised, PracticeError> {
        for _ in 0..TRIES {
            match self.try_raise(practice).await? {
                Ok(raised) => {
                    if raised != Raised::Ran {
                        self.await_ready(ledger, practice).await?;
                    }
                    return Ok(raised);
                }
                Err(Disturbed) => tokio::time::sleep(POLL).await,
            }
        }
        Err(PracticeError::Engine(EngineError::Misfortune {
            what: "something else goes on creating or removing the practice registry".into(),
            help: "see whether another dlearn runs on this course folder".into(),
        }))
    }

    async fn try_raise(&self, practice: &Practice) -> Result<Result<Raised, Disturbed>, PracticeError> {
        let [gate_name, registry_name] = practice.containers();
        let mut gate = self.part(&gate_name).await?;
        if gate.as_ref().is_some_and(|gate| !binds(gate, practice.port)) {
            self.remove_practice(&practice.id).await?;
            gate = None;
        }
        let is_new = gate.is_none();
        if is_new {
            // What was joined to a gate that is gone cannot be started.
            self.remove_practice(&practice.id).await?;
            if !self.make(&gate_name, gate_body(practice)?, GATE_IMAGE).await? {
                return Ok(Err(Disturbed));
            }
            gate = self.part(&gate_name).await?;
        }
        let Some(gate) = gate else { return Ok(Err(Disturbed)) };
        if !gate.state.running {
            self.bring(&gate_name, &gate_files(practice)).await?;
            match self.begin(&gate_name).await {
                Err(EngineError::Refused { message, .. }) if is_port_taken(&message) => {
                    if is_new {
                        self.remove_practice(&practice.id).await?;
                    }
                    return Err(PracticeError::PortTaken { port: practice.port, reason: one_line(&message) });
                }
                other => other?,
            }
        }
        let Some(gate) = self.part(&gate_name).await? else { return Ok(Err(Disturbed)) };
        let joined = format!("container:{}", gate.id);
        let mut registry = self.part(&registry_name).await?;
        if registry.as_ref().is_some_and(|registry| registry.host_config.network_mode != joined) {
            remove_container(self, &registry_name).await?;
            registry = None;
        }
        if registry.is_none() {
            let image = self.registry_image().await?;
            if !self.make(&registry_name, registry_body(practice, image, &joined)?, image).await? {
                return Ok(Err(Disturbed));
            }
            registry = self.part(&registry_name).await?;
        }
        let Some(registry) = registry else { return Ok(Err(Disturbed)) };
        // A gate that was started later than the registry has a network that the registry is not in.
        let cut_off = registry.state.running && registry.started() < gate.started();
        if registry.state.running && !cut_off {
            return Ok(Ok(if is_new { Raised::New } else { Raised::Ran }));
        }
        if cut_off {
            let target = format!("/containers/{registry_name}/stop?t=2");
            let doing = "stop the practice registry";
            self.long(doing, START_SECONDS, self.call(doing, Method::POST, &target, None)).await?;
        }
        self.bring(&registry_name, &[("registry.yml", include_str!("registry.yml").to_owned())]).await?;
        self.begin(&registry_name).await?;
        Ok(Ok(if is_new { Raised::New } else { Raised::Started }))
    }

    /// The container of this name, which is none of ours where it is not labelled so.
    pub(super) async fn look(&self, name: &str) -> Result<Option<Inspect>, EngineError> {
        let doing = "look at the practice registry";
        match self.read(doing, self.get_json(doing, &format!("/containers/{name}/json"))).await {
            Err(error) if error.is_absent() => Ok(None),
            other => other.map(Some),
        }
    }

    /// A part of a practice registry, where it is there.
    async fn part(&self, name: &str) -> Result<Option<Inspect>, EngineError> {
        match self.look(name).await? {
            Some(other) if !other.is_of_practice(name) => Err(EngineError::Misfortune {
                what: format!("a container that is not dlearn's has the name of the practice registry's, {name}"),
                help: format!("give it another name (docker rename {name} NAME), or remove it"),
            }),
            part => Ok(part),
        }
    }

    /// Creates a container; no where somebody else has just done so.
    async fn make(&self, name: &str, body: Value, image: &str) -> Result<bool, PracticeError> {
        let doing = "create the practice registry";
        let target = format!("/containers/create{}", query(&[("name", name)]));
        let body = Some((Bytes::from(body.to_string()), "application/json"));
        match self.long(doing, START_SECONDS, self.call(doing, Method::POST, &target, body)).await {
            Ok(_) => Ok(true),
            Err(EngineError::Refused { status: 409, .. }) => Ok(false),
            Err(error) if error.is_absent() => {
                let known = REGISTRY_IMAGES.into_iter().chain([GATE_IMAGE]).find(|known| *known == image);
                known.map_or(Err(error.into()), |image| Err(PracticeError::NoImage { image }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Puts files into `/etc/dlearn` of a container.
    async fn bring(&self, name: &str, files: &[(&str, String)]) -> Result<(), EngineError> {
        let doing = "configure the practice registry";
        let archive = packed(files).map_err(|error| self.unintelligible(doing, &error.to_string()))?;
        let target = format!("/containers/{name}/archive{}", query(&[("path", "/etc")]));
        let body = Some((Bytes::from(archive), "application/x-tar"));
        self.long(doing, START_SECONDS, self.call(doing, Method::PUT, &target, body)).await.map(drop)
    }

    async fn begin(&self, name: &str) -> Result<(), EngineError> {
        let doing = "start the practice registry";
        let target = format!("/containers/{name}/start");
        self.long(doing, START_SECONDS, self.call(doing, Method::POST, &target, None)).await.map(drop)
    }

    /// The image of the registry that is there.
    async fn registry_image(&self) -> Result<&'static str, PracticeError> {
        for image in REGISTRY_IMAGES {
            if self.has_image(image).await? {
                return Ok(image);
            }
        }
        Err(PracticeError::NoImage { image: REGISTRY_IMAGES[0] })
    }

    /// Waits until the gate asks who one is, and the registry behind it answers. Without logging in: a command line
    /// with a password in it would be seen by everybody who may look at the engine.
    async fn await_ready(&self, ledger: &Ledger, practice: &Practice) -> Result<(), EngineError> {
        let [gate, _] = practice.containers();
        let rounds = READY_SECONDS * 10;
        let script = format!(
            "i=0; until wget -q -O /dev/null http://127.0.0.1:{REGISTRY_PORT}/v2/ 2>/dev/null && \
             wget -O /dev/null http://127.0.0.1:{GATE_PORT}/v2/ 2>&1 | grep -q ' 401'; do i=$((i+1)); [ $i -lt {rounds} ] || exit 1; sleep 0.1; done"
        );
        let spec = self.beside(&gate, &["sh", "-c", &script]).await?;
        let ready = match self.start(ledger, &spec).await {
            Ok(Attempt::Done(helper)) => {
                let ended = self.long("wait for the practice registry", 2 * READY_SECONDS, self.wait(&helper)).await;
                ledger.remove_container(&helper).await?;
                ended? == 0
            }
            Ok(Attempt::NoImage | Attempt::Refused(_)) => false,
            Err(error) if error.is_dead() => return Err(error),
            // The gate ended at once, and its network with it.
            Err(_) => false,
        };
        if ready { Ok(()) } else { Err(self.not_ready(practice).await) }
    }

    async fn not_ready(&self, practice: &Practice) -> EngineError {
        let [gate, registry] = practice.containers();
        let mut what = format!("the practice registry does not answer within {READY_SECONDS} s");
        for name in [&gate, &registry] {
            let said = self.output(name).await.map(|output| output.both).unwrap_or_default();
            if let Some(line) = said.lines().rev().find(|line| !line.trim().is_empty()) {
                what.push_str(&format!("; the last that {name} said: {}", one_line(line)));
            }
        }
        EngineError::Misfortune {
            what,
            help: format!("remove it with docker rm -fv {gate} {registry}, then try again"),
        }
    }
}

/// Whether a gate is published on this port.
fn binds(gate: &Inspect, port: u16) -> bool {
    let bindings = gate.host_config.port_bindings.as_ref();
    let host_port = bindings.and_then(|all| all[format!("{GATE_PORT}/tcp")][0]["HostPort"].as_str());
    host_port == Some(port.to_string().as_str())
}

fn gate_body(practice: &Practice) -> Result<Value, EngineError> {
    let inside = format!("{GATE_PORT}/tcp");
    Ok(json!({
        "Image": GATE_IMAGE,
        "Entrypoint": ["nginx"],
        "Cmd": ["-c", "/etc/dlearn/nginx.conf", "-g", "daemon off;"],
        "Labels": practice.labels()?,
        "ExposedPorts": { &inside: {} },
        "HostConfig": {
            "PortBindings": { inside: [{ "HostIp": "127.0.0.1", "HostPort": practice.port.to_string() }] },
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": log(),
        },
    }))
}

fn registry_body(practice: &Practice, image: &str, network: &str) -> Result<Value, EngineError> {
    Ok(json!({
        "Image": image,
        "Entrypoint": ["registry"],
        "Cmd": ["serve", "/etc/dlearn/registry.yml"],
        "Labels": practice.labels()?,
        // Distribution 3 looks for a collector of traces unless it is told not to.
        "Env": ["OTEL_TRACES_EXPORTER=none"],
        "HostConfig": {
            "NetworkMode": network,
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": log(),
        },
    }))
}

/// Logs that can be read whatever the engine's default is, and that cannot fill the disk.
fn log() -> Value {
    json!({ "Type": "json-file", "Config": { "max-size": "4m" } })
}

/// nginx itself understands `{PLAIN}`, whatever C library it is built with. A digest would protect nothing: the
/// password opens this registry only, and stands in the learner's task.
fn gate_files(practice: &Practice) -> [(&'static str, String); 2] {
    let users = format!("{}:{{PLAIN}}{}\n", practice.user, practice.password.reveal());
    [("nginx.conf", include_str!("nginx.conf").to_owned()), ("users", users)]
}

fn packed(files: &[(&str, String)]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut folder = tar::Header::new_ustar();
    folder.set_entry_type(tar::EntryType::Directory);
    folder.set_mode(0o755);
    folder.set_size(0);
    archive.append_data(&mut folder, "dlearn/", io::empty())?;
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode_of(content.as_bytes()));
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, format!("dlearn/{name}"), content.as_bytes())?;
    }
    archive.into_inner()
}

/// Docker Engine, Docker Desktop and Podman say it differently.
pub(in crate::engine) fn is_port_taken(message: &str) -> bool {
    let words = ["port is already allocated", "address already in use", "Ports are not available", "bind: "];
    words.iter().any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_from_other_troubles() {
        assert!(is_port_taken("Bind for 127.0.0.1:5123 failed: port is already allocated"));
        assert!(is_port_taken("listen tcp4 127.0.0.1:5123: bind: address already in use"));
        assert!(!is_port_taken("failed to create endpoint on network bridge: iptables failed"));
    }
}
