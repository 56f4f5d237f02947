//! [`crate::evidence::Need::Registry`]: which way leads to a registry, and what it says.
//!
//! A registry on a loopback address is on the engine's machine, which need not be ours: it is asked from inside the
//! engine wherever one of its containers publishes the port.

use super::{Engine, EngineError, Ledger, Practice, practice::REGISTRY_PORT};
use crate::evidence::{RegistryFacts, RegistryImage};
use crate::registry::{Ask, Conversation, Platform, Reference, RegistryError, read, remove_repository};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;

/// Seconds that all questions about one image may take.
const ASK_SECONDS: u64 = 20;
/// How long connecting on this machine may take.
const CONNECT: Duration = Duration::from_secs(3);
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    descriptor: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    id: String,
    #[serde(default)]
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Port {
    #[serde(rename = "IP", default)]
    ip: Option<String>,
    #[serde(default)]
    private_port: u16,
    #[serde(default)]
    public_port: Option<u16>,
    #[serde(rename = "Type", default)]
    kind: String,
}

impl Engine {
    /// What a registry has under `name`. None where no registry answers at a loopback address.
    ///
    /// # Errors
    /// Where it does not answer, or answers what cannot be understood.
    pub async fn in_registry(
        &self,
        ledger: &Ledger,
        practice: Option<&Practice>,
        name: &str,
    ) -> Result<Option<RegistryFacts>, EngineError> {
        let Some(reference) = Reference::parse(name) else {
            return Err(EngineError::Unsupported {
                what: format!("`{}` is no name of an image in a registry", super::error::one_line(name)),
                help: "see how it is spelt".into(),
            });
        };
        if let Some(practice) = practice.filter(|practice| practice.address() == reference.host) {
            self.raise(ledger, practice).await?;
            // Past the gate: what lies there is asked, and not who may see it.
            let [gate, _] = practice.containers();
            return self.ask_inside(ledger, &gate, REGISTRY_PORT, &reference).await?.map(Some).map_err(refused);
        }
        match reference.loopback_port() {
            Some(port) => self.on_loopback(ledger, &reference, port).await,
            None => self.told_by_registry(name).await.map(Some),
        }
    }

    /// Removes these repositories from a practice registry, which is made whole for that; everything else in it
    /// stays. Gives those that were there.
    ///
    /// # Errors
    /// As [`Engine::raise`], and where the registry does not do it.
    pub async fn remove_in_practice(
        &self,
        ledger: &Ledger,
        practice: &Practice,
        repositories: &BTreeSet<String>,
    ) -> Result<Vec<String>, EngineError> {
        self.raise(ledger, practice).await?;
        let [gate, _] = practice.containers();
        let host = practice.address();
        // Past the gate: whose namespace it is does not matter here.
        let passage = self.passage(ledger, &gate).await?;
        let tunnel = passage.connect(LOCALHOST, REGISTRY_PORT).await?;
        let removing = async {
            let mut removed = Vec::new();
            let mut conversation = Conversation::over(tunnel, &host).await?;
            for repository in repositories {
                if remove_repository(&mut conversation, &host, repository).await? {
                    removed.push(repository.clone());
                }
            }
            Ok(removed)
        };
        let doing = "empty repositories of the practice registry";
        let removed = self.long(doing, ASK_SECONDS, async { removing.await.map_err(refused) }).await;
        ledger.remove_container(&passage.helper).await?;
        removed
    }

    /// What the engine itself is told by a registry, as nobody in particular (`GET /distribution/{name}/json`,
    /// Engine API 1.30): so its TLS, its proxies and its way to ask for a token are the engine's. That answer is
    /// a digest; the layers are those of the local image that has this digest in this repository.
    ///
    /// # Errors
    /// Where the registry does not show it, or cannot be reached.
    pub async fn told_by_registry(&self, name: &str) -> Result<RegistryFacts, EngineError> {
        let Some(reference) = Reference::parse(name) else { return Ok(RegistryFacts::default()) };
        let Reference { host, repository, .. } = &reference;
        let doing = format!("ask the registry {host}");
        let target = format!("/distribution/{name}/json");
        let asking = self.get_json::<Told>(&doing, &target);
        let descriptor = match self.long(&doing, ASK_SECONDS, asking).await {
            Ok(told) => told.descriptor,
            Err(EngineError::Refused { message, .. }) if is_private(&message) => {
                return Err(refused(RegistryError::Private { host: host.clone(), repository: repository.clone() }));
            }
            Err(EngineError::Refused { message, .. }) if is_unknown(&message) => return Ok(RegistryFacts::default()),
            Err(error) => return Err(error),
        };
        let path = name.split('@').next().unwrap_or(name);
        let local = format!("{}@{}", super::name::repository_and_tag(path).0, descriptor.digest);
        let local = self.image(&local).await?.unwrap_or_default();
        let image = RegistryImage {
            digest: descriptor.digest,
            media_type: descriptor.media_type,
            layers: local.layers,
            arch: local.arch,
            ..RegistryImage::default()
        };
        Ok(RegistryFacts { image: Some(image), tags: Vec::new() })
    }

    async fn on_loopback(
        &self,
        ledger: &Ledger,
        reference: &Reference,
        port: u16,
    ) -> Result<Option<RegistryFacts>, EngineError> {
        if let Some((container, inside)) = self.publisher(port).await? {
            return match self.ask_inside(ledger, &container, inside, reference).await? {
                Err(RegistryError::Broken { .. }) => {
                    // An engine that is being stopped breaks connections too, and that tells nothing.
                    self.ping().await?;
                    Ok(None)
                }
                told => told.map(Some).map_err(refused),
            };
        }
        if self.endpoint().is_thrown_away() {
            // Nothing but containers listens there.
            return Ok(None);
        }
        if !self.endpoint().is_local() {
            return Err(EngineError::Unsupported {
                what: format!(
                    "no container of the engine publishes port {port}, and what else listens on its machine cannot be \
                     seen from here"
                ),
                help: "run the registry as a container of the engine".into(),
            });
        }
        let address = SocketAddr::from((LOCALHOST, port));
        let Ok(Ok(stream)) = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await else {
            return Ok(None);
        };
        let mut conversation = Conversation::over(stream, &reference.host).await.map_err(refused)?;
        self.ask_registry(&mut conversation, reference).await?.map(Some).map_err(refused)
    }

    /// Asks from within the network of a container.
    async fn ask_inside(
        &self,
        ledger: &Ledger,
        container: &str,
        port: u16,
        reference: &Reference,
    ) -> Result<Result<RegistryFacts, RegistryError>, EngineError> {
        let passage = self.passage(ledger, container).await?;
        let tunnel = passage.connect(LOCALHOST, port).await?;
        let told = match Conversation::over(tunnel, &reference.host).await {
            Ok(mut conversation) => self.ask_registry(&mut conversation, reference).await?,
            Err(error) => Err(error),
        };
        ledger.remove_container(&passage.helper).await?;
        Ok(told)
    }

    async fn ask_registry(
        &self,
        asker: &mut impl Ask,
        reference: &Reference,
    ) -> Result<Result<RegistryFacts, RegistryError>, EngineError> {
        let facts = self.facts().await?;
        let platform = Platform { os: facts.os, arch: facts.arch };
        let doing = format!("ask the registry {}", reference.host);
        self.long(&doing, ASK_SECONDS, async { Ok(read(asker, reference, &platform).await) }).await
    }

    /// The running container that publishes a port, and the port inside it.
    async fn publisher(&self, port: u16) -> Result<Option<(String, u16)>, EngineError> {
        let doing = "list containers";
        let rows: Vec<Row> = self.read(doing, self.get_json(doing, "/containers/json")).await?;
        Ok(rows.into_iter().find_map(|row| {
            let ports = row.ports.unwrap_or_default();
            let on_loopback = |one: &&Port| {
                matches!(one.ip.as_deref(), None | Some("" | "0.0.0.0" | "::" | "::1"))
                    || one.ip.as_deref().is_some_and(|ip| ip.starts_with("127."))
            };
            let published =
                ports.iter().filter(on_loopback).find(|one| one.public_port == Some(port) && one.kind == "tcp")?;
            Some((row.id, published.private_port))
        }))
    }
}

/// Whether a registry shows something to nobody, in the engines' words. Docker Hub says so too of what is not there.
fn is_private(message: &str) -> bool {
    let signs = ["unauthorized", "denied", "authentication required", "no basic auth", "insufficient_scope"];
    let message = message.to_lowercase();
    signs.iter().any(|sign| message.contains(sign))
}

/// Whether a registry says that there is no such repository or tag.
fn is_unknown(message: &str) -> bool {
    let message = message.to_lowercase();
    ["manifest unknown", "name unknown", "not found"].iter().any(|sign| message.contains(sign))
        && !message.contains("no such host")
}

fn refused(error: RegistryError) -> EngineError {
    EngineError::Misfortune { help: error.help(), what: error.to_string() }
}
