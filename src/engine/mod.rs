//! The Docker Engine API: the only place that knows bollard, and where the differences between
//! engines end.
//!
//! ```text
//! context   which engine: DOCKER_HOST, contexts, default socket
//! address   how an engine is reached, and how that is written
//! choice    what chose it, and which other engines answer
//! condition its clock, its folder, its proxies, its published ports; the docker command's version
//! transport our own connection, under bollard and beside it; over TCP with TLS (tls) and SSH (ssh) too
//! alive     deadlines and the heartbeat
//! collect   needs → answers; one file for each kind of need (image, file, layers, build, run, serve,
//!           stop, health)
//! client    a build by the docker command itself, for what only it finds in the cache
//! history   who wrote a row of an image's history, and which instruction it stands for
//! ledger    what was created, and how it is removed on every way out
//! practice  the practice registry: two containers that outlive a run
//! registry  what a registry says, asked from inside the engine
//! tunnel    a TCP connection made inside the engine
//! archive   an image archive in the workspace
//! pack      many images in one file, saved and loaded
//! mirror    a pull under another registry's name
//! objects   what carries a label
//! leftovers what earlier runs left behind
//! steps     what a person might do (build, tag, commit, import), for proofs
//! recorded  answers from saved evidence, without any engine
//! ```
//!
//! Invariants:
//! - Whatever could not be asked is an [`EngineError`] and becomes *cannot tell*; whatever the
//!   subject did wrong is a fact. No question waits for ever: a dead engine is told within 12 s
//!   (28 s over SSH, where each question may have to log in first).
//! - Everything created is known to a [`Ledger`] before it exists.
//! - Images are removed by dlearn's own tag only: a cached rebuild returns the learner's image. A mirror's name is
//!   taken off what has just come from there, once the image has its real name.
//!
//! Differences between engines that end here (Engine 20.10 to 28, Podman; of 29 what its API description tells,
//! `tests/described/`):
//! - An image's id is a digest of its configuration, of a manifest, or of an index. It is shown only.
//! - Sizes of the stores disagree; the sum of the history's sizes is what agrees best.
//! - Empty fields are null, absent or empty; history comes newest first; Podman prefixes names with
//!   `localhost/` and `docker.io/library/`.
//! - bollard sends no API version, so the engine would answer in its newest dialect: the transport
//!   puts the negotiated one in front of each path.
//! - bollard does not decode BuildKit's progress without its heavy `buildkit` feature: builds go
//!   over the transport directly, and `buildkit.rs` decodes what is shown.
//! - BuildKit takes an archive without entries for the Dockerfile itself.
//! - The builders word their history rows differently (`history.rs`): past it a row has an author and an
//!   instruction.
//! - Engine 23 to 27.4 takes no build context over its API with BuildKit where its images lie in the containerd store: the
//!   docker command builds in its place (`build/by_client.rs`).
//! - Podman leaves an image's health check out of Docker's inspect; its own has it. Its builder speaks in Buildah's words
//!   (`build/buildah.rs`).
//! - A build without the cache takes the learner's cache mounts away, unless it has a name space of its own.
//! - A link in an image that leads back to itself is refused with status 500, not shown.
//! - bollard reports an exit code other than 0 as an error.
//! - Where BuildKit gives a name to another image, the containerd store drops the old image at once; the classic
//!   store keeps it, dangling.

/// An answer written after the description of Docker Engine 29's API; its README names the sources.
#[cfg(test)]
macro_rules! described {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/described/docker-29/", $file))
    };
}

mod address;
mod alive;
mod archive;
pub mod build;
mod buildkit;
mod call;
mod choice;
mod client;
pub mod collect;
mod commit;
mod condition;
mod container;
pub mod context;
mod door;
mod error;
pub mod events;
mod exec;
mod experiment;
mod file;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod health;
mod history;
mod http;
mod image;
mod images;
mod layers;
pub mod ledger;
mod leftovers;
mod listening;
mod mirror;
mod mounts;
mod name;
mod objects;
mod pack;
mod pipe;
mod practice;
pub mod pull;
pub mod recorded;
mod registry;
mod run;
mod runlock;
mod sandbox;
mod serve;
mod setup;
mod ssh;
pub mod steps;
mod stop;
pub mod text;
mod tls;
mod transport;
mod tunnel;
mod whole;

pub use address::{Endpoint, SshAddress};
pub use alive::READ_SECONDS;
pub use choice::{Choice, choice, others_that_answer};
pub use collect::{Answers, Collector, CollectorOptions};
pub use condition::{ClientVersion, Condition, Published, Told, docker_command};
pub use context::{ConnectOptions, resolve};
pub use error::EngineError;
pub use events::Event;
pub(crate) use layers::in_plain_words;
#[doc(hidden)]
pub use ledger::forget_everything;
pub use ledger::{Ledger, clean_up_everything};
pub use leftovers::{Leftover, LeftoverKind, Standing, leftovers, remove};
pub use mirror::Mirror;
pub(crate) use name::{in_run as name_in_run, normalise as normal_name};
pub use pack::Passed;
pub use practice::{
    GATE_IMAGE, MOST_PORTS, PORTS, Practice, PracticeError, REGISTRY_IMAGES, Raised, Standing as PracticeStanding,
    port_for,
};
pub use pull::PullProgress;
pub use recorded::Recorded;
pub use sandbox::{SANDBOX_IMAGE, Sandbox, SandboxBases, SandboxLimits};
pub use steps::{StepError, perform, perform_all};
pub use tunnel::PASSAGE_IMAGE;

use ::http::HeaderMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The newest API version that is asked in; older ones are negotiated. Engine 29 speaks 1.44 to 1.52; from 1.53 on
/// `/system/df` has other fields.
const NEWEST_API: (u32, u32) = (1, 51);
/// The oldest: Engine 20.10.
const OLDEST_API: (u32, u32) = (1, 41);

/// A connection to one engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Endpoint,
    because: String,
    /// Negotiated: the newest that both sides speak.
    api: String,
    connector: transport::Connector,
    http: transport::Http,
    docker: bollard::Docker,
    pulse: alive::Pulse,
    /// Whether its images lie in containerd's store, once that was asked.
    containerd_store: tokio::sync::OnceCell<bool>,
    /// Whether it takes no build context over its API with BuildKit; it said so once.
    builds_by_client: AtomicBool,
    /// It is Podman's API in Docker's place.
    podman: bool,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine({}, API {})", self.inner.endpoint, self.inner.api)
    }
}

impl Engine {
    /// Finds the engine as the docker command would, asks whether it answers, and agrees on an API
    /// version.
    ///
    /// # Errors
    /// Within 5 s (over SSH, 13 s), where the engine is not configured sensibly, does not answer, or is too old.
    pub async fn connect(options: &ConnectOptions) -> Result<Self, EngineError> {
        let resolved = resolve(options)?;
        let connector = transport::Connector::new(&resolved.endpoint)?;
        Self::over(connector, resolved.endpoint, resolved.because).await
    }

    /// The engine at the other end of these connections.
    async fn over(connector: transport::Connector, at: Endpoint, because: String) -> Result<Self, EngineError> {
        let endpoint = at.to_string();
        let headers =
            alive::ping(&connector, &endpoint, alive::CONNECT_SECONDS).await.map_err(|error| match error {
                EngineError::TimedOut { .. } => alive::silent(&endpoint),
                other => other,
            })?;
        let api = negotiate(&endpoint, &headers)?;
        let http = transport::client(connector.clone());
        let docker = bollard_over(http.clone(), api.clone())
            .map_err(|error| EngineError::from_bollard(&endpoint, "prepare the connection", &error))?;
        let (pulse, containerd_store) = (alive::Pulse::default(), tokio::sync::OnceCell::new());
        let inner = Inner {
            endpoint: at,
            because,
            api,
            connector,
            http,
            docker,
            pulse,
            containerd_store,
            builds_by_client: AtomicBool::new(false),
            podman: headers.contains_key("libpod-api-version"),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// How the engine is reached.
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// What decided for this engine: `the environment variable DOCKER_HOST`, `the default`.
    pub fn because(&self) -> &str {
        &self.inner.because
    }

    /// The API version in use, for example `1.41`.
    pub fn api_version(&self) -> &str {
        &self.inner.api
    }

    fn pulse(&self) -> &alive::Pulse {
        &self.inner.pulse
    }

    pub(crate) fn connector(&self) -> &transport::Connector {
        &self.inner.connector
    }

    pub(crate) fn http(&self) -> &transport::Http {
        &self.inner.http
    }

    pub(crate) fn docker(&self) -> &bollard::Docker {
        &self.inner.docker
    }

    /// bollard's error in our words.
    pub(crate) fn wrong(&self, doing: &str) -> impl Fn(bollard::errors::Error) -> EngineError {
        let endpoint = self.inner.endpoint.to_string();
        move |error| EngineError::from_bollard(&endpoint, doing, &error)
    }
}

/// bollard over our client. Its own limit is out of the way: ours covers streams too.
fn bollard_over(http: transport::Http, api: String) -> Result<bollard::Docker, bollard::errors::Error> {
    let transport = move |request: bollard::BollardRequest| {
        let http = http.clone();
        let api = api.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            parts.uri = transport::with_version(&parts.uri, &api)?;
            Ok(http.request(::http::Request::from_parts(parts, body)).await?)
        }
    };
    const DAY_SECONDS: u64 = 24 * 60 * 60;
    bollard::Docker::connect_with_custom_transport(
        transport,
        Some("http://docker"),
        DAY_SECONDS,
        bollard::API_DEFAULT_VERSION,
    )
}

/// The newest version that both sides speak (`API-Version` of `/_ping`, Engine API 1.24 and later).
fn negotiate(endpoint: &str, headers: &HeaderMap) -> Result<String, EngineError> {
    let said = headers.get("api-version").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let theirs = said
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)))
        .ok_or_else(|| EngineError::Unreachable {
            endpoint: endpoint.into(),
            reason: "what answers there does not say which Docker API version it speaks".into(),
            help: "see whether a Docker Engine listens there, and no other service".into(),
        })?;
    if theirs < OLDEST_API {
        return Err(EngineError::Unsupported {
            what: format!("the engine at {endpoint} speaks API {said}; dlearn needs 1.41 (Docker Engine 20.10)"),
            help: "update Docker to 20.10 or later".into(),
        });
    }
    let (major, minor) = theirs.min(NEWEST_API);
    Ok(format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(version: &'static str) -> Result<String, EngineError> {
        let mut headers = HeaderMap::new();
        headers.insert("api-version", ::http::HeaderValue::from_static(version));
        negotiate("unix:///x", &headers)
    }

    #[test]
    fn the_newest_common_api_version_is_used() {
        assert_eq!(negotiated("1.41"), Ok("1.41".into()));
        // Engine 29 speaks 1.44 to 1.52.
        assert_eq!(negotiated("1.52"), Ok("1.51".into()));
        assert_eq!(negotiated("1.99"), Ok("1.51".into()));
        assert!(matches!(negotiated("1.40"), Err(EngineError::Unsupported { .. })));
        assert!(matches!(negotiated("web"), Err(EngineError::Unreachable { .. })));
    }
}
