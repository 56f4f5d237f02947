//! [`crate::evidence::Need::Registry`]: which way leads to a registry, and what it says.
//!
//! A registry on a loopback address is on the engine's machine, which need not be ours: it is asked from inside the
//! engine, in the container that publishes the port, or where the engine itself is. Never from here: what listens on
//! our own loopback address may be somebody else.

use super::{
    Engine, EngineError, Ledger, Practice,
    call::{UNSENT, keeps_secrets},
    error::wants_login,
    practice::REGISTRY_PORT,
    tunnel::Passage,
};
use crate::evidence::{RegistryFacts, RegistryImage};
use crate::registry::{
    Ask, Conversation, Known, Login, LoginError, Logins, Platform, Reference, RegistryError, Remote, Through, read,
    remove_repository,
};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

/// Seconds that all questions about one image may take.
const ASK_SECONDS: u64 = 20;
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What to do where the way to the engine is none for a login.
const BY_OTHER_WAY: &str = "reach the engine over TLS or ssh (docker context), or make the repository public";

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
    /// What a registry has under `name`. None where no registry answers at a loopback address. `logins` are the
    /// learner's, where they ask for themselves; they serve where nobody without one is shown anything.
    ///
    /// # Errors
    /// Where it does not answer, or answers what cannot be understood.
    pub async fn in_registry(
        &self,
        ledger: &Ledger,
        practice: Option<&Practice>,
        logins: Option<&Logins>,
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
            let passage = self.passage(ledger, &gate).await?;
            let told = self.ask_through(ledger, passage, REGISTRY_PORT, &reference, None).await?;
            return told.map(Some).map_err(refused);
        }
        match reference.loopback_port() {
            Some(port) => self.on_loopback(ledger, logins, &reference, port).await,
            None => self.far_away(logins, &reference, name).await.map(Some),
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
        self.told(name).await?.map_err(refused)
    }

    async fn told(&self, name: &str) -> Result<Result<RegistryFacts, RegistryError>, EngineError> {
        let Some(reference) = Reference::parse(name) else { return Ok(Ok(RegistryFacts::default())) };
        let Reference { host, repository, .. } = &reference;
        let doing = format!("ask the registry {host}");
        let target = format!("/distribution/{name}/json");
        let asking = self.get_json::<Told>(&doing, &target);
        let descriptor = match self.long(&doing, ASK_SECONDS, asking).await {
            Ok(told) => told.descriptor,
            Err(EngineError::Refused { message, .. }) if wants_login(&message) => {
                let (host, repository) = (host.clone(), repository.clone());
                return Ok(Err(RegistryError::Private { host, repository, known: Known::Nobody }));
            }
            Err(EngineError::Refused { message, .. }) if is_unknown(&message) => {
                return Ok(Ok(RegistryFacts::default()));
            }
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
        Ok(Ok(RegistryFacts { image: Some(image), ..RegistryFacts::default() }))
    }

    /// A registry that is not on the engine's machine: what everybody may see there, by way of the engine; where nobody
    /// may, and there are `logins`, what this learner may see, by TLS from this machine.
    async fn far_away(
        &self,
        logins: Option<&Logins>,
        reference: &Reference,
        name: &str,
    ) -> Result<RegistryFacts, EngineError> {
        let told = self.told(name).await?;
        if let Some(login) = as_whom(logins, reference, &told).await.map_err(refused)? {
            let told = self.ask_registry(&mut Remote::new(reference, Some(login)), reference).await?;
            return told.map(|facts| RegistryFacts { private: facts.image.is_some(), ..facts }).map_err(refused);
        }
        match told {
            Ok(facts) if !self.endpoint().is_thrown_away() => Ok(self.with_layers(facts, reference).await),
            told => told.map_err(refused),
        }
    }

    /// The same, with the layers of an image that is not on this engine: they follow from its digest, whoever tells
    /// them. Where they cannot be had from here, they stay unknown.
    async fn with_layers(&self, facts: RegistryFacts, reference: &Reference) -> RegistryFacts {
        let Some(image) = facts.image.as_ref().filter(|image| image.layers.is_empty()) else { return facts };
        let reference = Reference { tag: image.digest.clone(), ..reference.clone() };
        match self.ask_registry(&mut Remote::new(&reference, None), &reference).await {
            Ok(Ok(whole)) if whole.image.is_some() => whole,
            _ => facts,
        }
    }

    async fn on_loopback(
        &self,
        ledger: &Ledger,
        logins: Option<&Logins>,
        reference: &Reference,
        port: u16,
    ) -> Result<Option<RegistryFacts>, EngineError> {
        let told = match self.beside_engine(ledger, reference, port, None).await? {
            None => return Ok(None),
            Some(Err(RegistryError::Broken { .. })) => {
                // An engine that is being stopped breaks connections too, and that tells nothing.
                self.ping().await?;
                return Ok(None);
            }
            Some(told) => told,
        };
        // A login would go by way of the engine.
        let login = match (logins, &told) {
            (Some(_), Err(RegistryError::Private { host, .. })) if !keeps_secrets(self.endpoint()) => {
                Err(RegistryError::Login { host: host.clone(), what: UNSENT.into(), help: BY_OTHER_WAY.into() })
            }
            _ => as_whom(logins.filter(|_| keeps_secrets(self.endpoint())), reference, &told).await,
        };
        let told = match login.map_err(refused)? {
            Some(login) => self.beside_engine(ledger, reference, port, Some(&login)).await?.unwrap_or(told),
            None => told,
        };
        told.map(Some).map_err(refused)
    }

    /// Asks at a port of the loopback address of the engine's machine. None where nobody can be there.
    async fn beside_engine(
        &self,
        ledger: &Ledger,
        reference: &Reference,
        port: u16,
        login: Option<&Login>,
    ) -> Result<Option<Result<RegistryFacts, RegistryError>>, EngineError> {
        let (passage, port) = match self.publisher(port).await? {
            Some((container, inside)) => (self.passage(ledger, &container).await, inside),
            // Nothing but containers listens there.
            None if self.endpoint().is_thrown_away() => return Ok(None),
            None => (self.passage_of_engine(ledger).await, port),
        };
        match passage {
            Ok(passage) => self.ask_through(ledger, passage, port, reference, login).await.map(Some),
            // There is no image to ask with.
            Err(EngineError::Misfortune { .. }) if login.is_none() => self.told_of_loopback(reference).await,
            Err(error) => Err(error),
        }
    }

    /// What the engine itself is told at a loopback address.
    async fn told_of_loopback(
        &self,
        reference: &Reference,
    ) -> Result<Option<Result<RegistryFacts, RegistryError>>, EngineError> {
        let Reference { host, repository, tag } = reference;
        let mark = if tag.contains(':') { '@' } else { ':' };
        match self.told(&format!("{host}/{repository}{mark}{tag}")).await {
            Err(EngineError::Refused { message, .. }) if message.contains("connection refused") => Ok(None),
            told => told.map(Some),
        }
    }

    /// Asks through a passage, which goes then.
    async fn ask_through(
        &self,
        ledger: &Ledger,
        passage: Passage<'_>,
        port: u16,
        reference: &Reference,
        login: Option<&Login>,
    ) -> Result<Result<RegistryFacts, RegistryError>, EngineError> {
        let tunnel = passage.connect(LOCALHOST, port).await?;
        let connect = || passage.connect(LOCALHOST, port);
        let told = match Through::over(tunnel, connect, &reference.host, login.cloned()).await {
            Ok(mut through) => self.ask_registry(&mut through, reference).await?,
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
        let told = self.long(&doing, ASK_SECONDS, async { Ok(read(asker, reference, &platform).await) }).await;
        told.or_else(|error| match error {
            // The engine answered all the while.
            EngineError::TimedOut { seconds, .. } => {
                Ok(Err(RegistryError::Silent { host: reference.host.clone(), seconds }))
            }
            error => Err(error),
        })
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

/// Whether a registry says that there is no such repository or tag, in the engines' words: the codes of its answer, or
/// what containerd makes of any 404. An answer that the engine cannot read either (`error parsing HTTP 404 response
/// body`), the page of a gateway, and an engine that cannot be asked this (Podman's `Not Found`) tell nothing of it.
fn is_unknown(message: &str) -> bool {
    let message = message.trim().to_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    let is_a_page = says(&["error parsing http", "page not found", "404 not found", "<html"]) || message == "not found";
    says(&["manifest unknown", "name unknown", "not found"]) && !is_a_page && !says(&["no such host"])
}

/// With which login a registry is asked again, after what it told nobody in particular. None where that stands.
async fn as_whom(
    logins: Option<&Logins>,
    reference: &Reference,
    told: &Result<RegistryFacts, RegistryError>,
) -> Result<Option<Login>, RegistryError> {
    match (told, logins) {
        (Err(RegistryError::Private { .. }), Some(logins)) => login(logins, reference).await.map(Some),
        // Some say so of what they hide, too. A login that cannot be read does not serve then, as with docker push.
        (Ok(RegistryFacts { image: None, .. }), Some(logins)) => Ok(login(logins, reference).await.ok()),
        _ => Ok(None),
    }
}

/// The learner's login for the registry of `reference`.
async fn login(logins: &Logins, reference: &Reference) -> Result<Login, RegistryError> {
    let Reference { host, repository, .. } = reference.clone();
    match logins.of(&host).await {
        Ok(Some(login)) => Ok(login),
        Ok(None) => Err(RegistryError::Private { host, repository, known: Known::NotLoggedIn }),
        Err(LoginError { what, help }) => Err(RegistryError::Login { host, what, help }),
    }
}

fn refused(error: RegistryError) -> EngineError {
    EngineError::Misfortune { help: error.help(), what: error.to_string() }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
