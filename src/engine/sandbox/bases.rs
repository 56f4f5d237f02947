//! Base images for sandboxes: copied in one by one, or laid down once for many.

use super::super::{Engine, EngineError, Ledger, call::query, tunnel::PASSAGE_IMAGE};
use super::{GRANTS, Grant, Sandbox, SandboxLimits};
use bollard::models::{Mount, MountType};
use bytes::Bytes;
use http::Method;
use std::collections::BTreeSet;
use tokio::sync::OnceCell;

/// Seconds that copying base images may take.
const BRING_SECONDS: u64 = 1800;
/// Seconds that an engine may take to end.
const STOP_SECONDS: u64 = 60;

/// Base images in a volume of the outer engine. Sandboxes share their layers, so one that has them starts as fast as
/// one without any. They are laid down when the first sandbox needs them, or before ([`SandboxBases::lay`]); what is
/// made for it is the ledger's.
#[derive(Debug)]
pub struct SandboxBases {
    outer: Engine,
    ledger: Ledger,
    names: BTreeSet<String>,
    laid: OnceCell<Laid>,
}

/// Where they lie, and what the engine granted to whoever laid them down.
#[derive(Debug)]
struct Laid {
    volume: String,
    grant: Grant,
}

impl SandboxBases {
    /// Images of this engine as base images for sandboxes, and the one with which services are asked.
    pub fn new(outer: &Engine, ledger: &Ledger, names: &[&str]) -> Self {
        let names = names.iter().copied().chain([PASSAGE_IMAGE]).map(str::to_owned).collect();
        Self { outer: outer.clone(), ledger: ledger.clone(), names, laid: OnceCell::new() }
    }

    /// The engine on which the sandboxes run.
    pub fn outer(&self) -> &Engine {
        &self.outer
    }

    /// Lays them down, if that was not done yet.
    ///
    /// # Errors
    /// Where one is not there, or the engine does not do it.
    pub async fn lay(&self) -> Result<(), EngineError> {
        self.laid().await.map(drop)
    }

    /// Starts a throw-away engine that has these base images.
    ///
    /// # Errors
    /// As [`Engine::sandbox`] and [`SandboxBases::lay`].
    pub async fn sandbox(&self, limits: &SandboxLimits) -> Result<Sandbox, EngineError> {
        let laid = self.laid().await?;
        let mount = Some(mount(&laid.volume, "/bases", true));
        self.outer.sandbox_with(&self.ledger, limits, mount, &[laid.grant]).await
    }

    async fn laid(&self) -> Result<&Laid, EngineError> {
        self.laid.get_or_try_init(|| self.lay_again()).await
    }

    /// The engine inside may be killed by whoever needs its memory: then once more. What it left is the ledger's.
    async fn lay_again(&self) -> Result<Laid, EngineError> {
        match self.lay_once().await {
            Err(EngineError::Unreachable { .. } | EngineError::TimedOut { .. } | EngineError::Misfortune { .. })
                if self.outer.ping().await.is_ok() =>
            {
                self.lay_once().await
            }
            laid => laid,
        }
    }

    async fn lay_once(&self) -> Result<Laid, EngineError> {
        let (outer, ledger) = (&self.outer, &self.ledger);
        let volume = ledger.expect_labelled();
        let doing = "make a volume for base images";
        let body = serde_json::json!({ "Name": volume, "Labels": ledger.labels() });
        let body = Some((Bytes::from(body.to_string()), "application/json"));
        outer.read(doing, outer.call(doing, Method::POST, "/volumes/create", body)).await?;
        let limits = SandboxLimits { disk: None, cpus: None, ..SandboxLimits::default() };
        let sandbox = outer.sandbox_with(ledger, &limits, Some(mount(&volume, DATA, false)), &GRANTS).await?;
        sandbox.bring(&self.names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        // It must have written everything before its files are used.
        let doing = "end a throw-away engine";
        let target = format!("/containers/{}/stop?t={STOP_SECONDS}", sandbox.container);
        outer.long(doing, 2 * STOP_SECONDS, outer.call(doing, Method::POST, &target, None)).await?;
        let exit = outer.state_of(&sandbox.container).await?.exit_code;
        let grant = sandbox.grant;
        sandbox.remove().await?;
        // Killed: its files may be half written.
        if exit == 137 {
            return Err(EngineError::TimedOut { doing: doing.into(), seconds: STOP_SECONDS });
        }
        Ok(Laid { volume, grant })
    }
}

/// Where an engine keeps its data.
const DATA: &str = "/var/lib/docker";

fn mount(volume: &str, target: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.to_owned()),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        ..Mount::default()
    }
}

impl Sandbox {
    /// Copies images in, under the names that they have outside. Layers that several share go over once.
    ///
    /// # Errors
    /// Where one is not there, or either engine does not do it.
    pub async fn bring(&self, names: &[&str]) -> Result<(), EngineError> {
        if names.is_empty() {
            return Ok(());
        }
        let outer = self.ledger.engine();
        let doing = "copy base images into the throw-away engine";
        let names: Vec<(&str, &str)> = names.iter().map(|name| ("names", *name)).collect();
        let target = format!("/images/get{}", query(&names));
        let work = async {
            let saved = outer.call("save base images", Method::GET, &target, None).await?;
            let chunks = http_body_util::BodyDataStream::new(saved.into_body());
            let chunks = futures_util::TryStreamExt::map_err(chunks, std::io::Error::other);
            let body = (bollard::body_try_stream(chunks), "application/x-tar");
            let response = self.engine.send(doing, Method::POST, "/images/load?quiet=1", body).await?;
            self.engine.finished(doing, response).await
        };
        self.engine.long(doing, BRING_SECONDS, work).await
    }
}
