//! How a port of a container is reached from here.
//!
//! The ports of an engine on this machine are ours too: there the service is published on 127.0.0.1. That an engine's
//! address looks local proves nothing: a socket may lead into another machine, where the same port may be somebody
//! else's here. So the port is one that nobody here had a moment before, and where it stays silent while the service
//! listens, and everywhere else, the service is asked from inside the engine: at its own address on the bridge, by a
//! container of ours in the same network. What listens on the service's loopback address only is not reached either way.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
    http,
    practice::is_port_taken,
    tunnel::{PASSAGE_IMAGE, Passage},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

/// The network that an engine has by itself.
const BRIDGE: &str = "bridge";
/// How often another port is tried where somebody takes it meanwhile.
const PORTS: u32 = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    network_settings: NetworkSettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkSettings {
    ports: Option<BTreeMap<String, Option<Vec<Binding>>>>,
    networks: Option<BTreeMap<String, Network>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    host_port: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    #[serde(rename = "IPAddress", default)]
    address: String,
}

/// The way to one port of a running container.
pub(crate) enum Door<'a> {
    /// Published at this port of our loopback address.
    Published(u16),
    /// At an address inside the engine.
    Inside {
        /// In the container's own network.
        passage: Passage<'a>,
        /// The container's.
        address: IpAddr,
        /// The service's.
        port: u16,
    },
}

impl Door<'_> {
    /// `GET path`. Whatever is no answer within `limit`, is none.
    ///
    /// # Errors
    /// Where the engine, and not the service, is at fault.
    pub(crate) async fn ask(&self, path: &str, limit: Duration) -> Result<http::Got, EngineError> {
        match self {
            Door::Published(port) => Ok(http::get(*port, path, limit).await),
            Door::Inside { passage, address, port } => {
                let tunnel = passage.connect(*address, *port).await?;
                let response = tokio::time::timeout(limit, http::exchange(tunnel, path)).await.unwrap_or(None);
                // The way itself is never in doubt here.
                Ok(http::Got { connected: true, response })
            }
        }
    }

    /// Time between two questions to a service that does not answer yet.
    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(match self {
            Door::Published(_) => 100,
            // Each is a process inside the engine.
            Door::Inside { .. } => 250,
        })
    }

    /// Removes what was needed for it.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn close(self, ledger: &Ledger) -> Result<(), EngineError> {
        match self {
            Door::Published(_) => Ok(()),
            Door::Inside { passage, .. } => ledger.remove_container(&passage.helper).await,
        }
    }
}

impl Engine {
    /// Starts a container that [`Engine::door`] finds a way to.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn start_behind_a_door(
        &self,
        ledger: &Ledger,
        image: &str,
        port: u16,
    ) -> Result<Attempt, EngineError> {
        let spec = ContainerSpec { image: image.to_owned(), ..ContainerSpec::default() };
        if self.endpoint().is_local() {
            for _ in 0..PORTS {
                let Some(publish) = nobodys_port() else { break };
                let spec = ContainerSpec { port: Some(port), publish: Some(publish), ..spec.clone() };
                match self.start(ledger, &spec).await {
                    Err(EngineError::Refused { message, .. }) if is_port_taken(&message) => {}
                    other => return other,
                }
            }
        }
        self.start(ledger, &ContainerSpec { network: Some(BRIDGE.into()), ..spec }).await
    }

    /// The way to a port of a container: from inside the engine, or by the port that is published, where one is. None
    /// where it has ended.
    ///
    /// # Errors
    /// Where the engine does not tell it, or makes none.
    pub(crate) async fn door(
        &self,
        ledger: &Ledger,
        container: &str,
        port: u16,
        inside: bool,
    ) -> Result<Option<Door<'_>>, EngineError> {
        let doing = "find the way to the service";
        let target = format!("/containers/{container}/json");
        let inspect: Inspect = self.read(doing, self.get_json(doing, &target)).await?;
        let settings = inspect.network_settings;
        let ports = settings.ports.unwrap_or_default();
        let bindings = ports.get(&format!("{port}/tcp")).and_then(Option::as_ref);
        let published = bindings.into_iter().flatten().find_map(|binding| binding.host_port.as_deref()?.parse().ok());
        match published.filter(|port| *port != 0 && !inside) {
            Some(port) => Ok(Some(Door::Published(port))),
            None => self.door_inside(ledger, container, port, settings.networks).await,
        }
    }

    async fn door_inside(
        &self,
        ledger: &Ledger,
        container: &str,
        port: u16,
        networks: Option<BTreeMap<String, Network>>,
    ) -> Result<Option<Door<'_>>, EngineError> {
        let networks = networks.unwrap_or_default();
        let Some(address) = networks.values().find_map(|network| network.address.parse().ok()) else {
            return Ok(None);
        };
        match self.passage(ledger, container).await {
            Ok(passage) => Ok(Some(Door::Inside { passage, address, port })),
            Err(error) if error.is_dead() => Err(error),
            // It has ended meanwhile, and its network with it.
            Err(_) if !self.is_running(container).await? => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A port of our loopback address on which nothing listens now.
fn nobodys_port() -> Option<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    Some(listener.local_addr().ok()?.port())
}

/// The error where what listens in a container is not reached by its published port.
pub(super) fn ports_elsewhere(what: &str) -> EngineError {
    EngineError::Unsupported {
        what: format!("the service cannot be asked from here: {what}"),
        help: format!("bring what it can be asked with from inside the engine: docker pull {PASSAGE_IMAGE}"),
    }
}
