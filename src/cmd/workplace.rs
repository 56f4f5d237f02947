//! Where a command works that makes many things, or things that nobody trusts: a throw-away engine, unless another
//! one is named.

use super::app::App;
use crate::engine::{
    ConnectOptions, Engine, EngineError, Ledger, Leftover, PASSAGE_IMAGE, REGISTRY_IMAGES, SANDBOX_IMAGE, Sandbox,
    SandboxLimits, leftovers, remove,
};
use crate::failure::Failure;
use std::collections::BTreeSet;

/// What `--engine` says for the engine that every other command works on.
const OWN: &str = "own";

/// An engine to work on.
pub(super) struct Workplace {
    /// The engine.
    pub engine: Engine,
    sandbox: Option<Sandbox>,
}

impl App {
    /// An engine with these base images: a throw-away one within these limits, or the one that is named.
    ///
    /// # Errors
    /// Where no engine answers, it starts no such container, or an image cannot be had.
    pub async fn workplace(
        &self,
        named: Option<&str>,
        purpose: &str,
        images: BTreeSet<&str>,
        limits: &SandboxLimits,
    ) -> Result<Workplace, Failure> {
        let failed = |error: EngineError| Failure::Engine(error.unavailable());
        if let Some(named) = named {
            let engine = match named {
                OWN => self.engine().await?,
                host => {
                    let options = ConnectOptions { host: Some(host.to_owned()), ..ConnectOptions::default() };
                    Engine::connect(&options).await.map_err(failed)?
                }
            };
            super::images::bring(self, &engine, images).await?;
            return Ok(Workplace { engine, sandbox: None });
        }
        let (engine, here) = self.outside(images).await?;
        let ledger = Ledger::open(&engine, purpose, "").map_err(failed)?;
        let sandbox = engine.sandbox(&ledger, limits).await.map_err(failed)?;
        sandbox.bring(&here).await.map_err(failed)?;
        Ok(Workplace { engine: sandbox.engine.clone(), sandbox: Some(sandbox) })
    }

    /// The engine on which throw-away engines run, with what they need; and those of the images that go into them.
    ///
    /// # Errors
    /// Where it does not answer, or an image cannot be had.
    pub async fn outside<'a>(&self, mut images: BTreeSet<&'a str>) -> Result<(Engine, Vec<&'a str>), Failure> {
        let failed = |error: EngineError| Failure::Engine(error.unavailable());
        let engine = self.engine().await?;
        remove_what_is_left(&engine).await.map_err(failed)?;
        images.insert(PASSAGE_IMAGE);
        super::images::bring(self, &engine, images.iter().copied().chain([SANDBOX_IMAGE])).await?;
        let mut here = Vec::new();
        for image in images {
            let any: &[&'a str] = if REGISTRY_IMAGES.contains(&image) { &REGISTRY_IMAGES } else { &[image] };
            for image in any {
                if engine.has_image(image).await.map_err(failed)? {
                    here.push(*image);
                }
            }
        }
        Ok((engine, here))
    }
}

/// Removes what runs that were killed have left: a throw-away engine would go on using memory.
async fn remove_what_is_left(engine: &Engine) -> Result<(), EngineError> {
    let mut left = leftovers(engine).await?;
    left.retain(Leftover::removable);
    let stays = remove(engine, &left).await.len();
    if left.len() > stays {
        eprintln!("removed what a run that was killed had left: {} things", left.len() - stays);
    }
    Ok(())
}

impl Workplace {
    /// Leaves it, and throws it away where it is a throw-away one.
    ///
    /// # Errors
    /// Where the outer engine does not do it.
    pub async fn leave(self) -> Result<(), Failure> {
        match self.sandbox {
            Some(sandbox) => sandbox.remove().await.map_err(|error| Failure::Engine(error.unavailable())),
            None => Ok(()),
        }
    }
}
