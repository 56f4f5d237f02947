//! Where a command works that makes many things, or things that nobody trusts: a throw-away engine, unless another
//! one is named.

use super::app::App;
use crate::engine::{
    ConnectOptions, Engine, EngineError, Ledger, Leftover, PASSAGE_IMAGE, REGISTRY_IMAGES, SANDBOX_IMAGE, Sandbox,
    SandboxBases, SandboxLimits, leftovers, remove,
};
use crate::failure::Failure;
use crate::scratch;
use crate::term::progress::Progress;
use futures_util::future::try_join_all;
use std::collections::BTreeSet;

/// What `--engine` says for the engine that every other command works on.
const OWN: &str = "own";
/// What is said meanwhile.
const PREPARING: &str = "preparing a throw-away engine";

/// Engines to work on.
pub(super) struct Workplace {
    /// The engines: one that is named, or as many throw-away ones as were wanted.
    pub engines: Vec<Engine>,
    sandboxes: Vec<Sandbox>,
    /// The throw-away engines', with their base images.
    ledger: Option<Ledger>,
}

impl App {
    /// The engine that `--engine` names; the learner's own for none.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn engine_named(&self, named: Option<&str>) -> Result<Engine, Failure> {
        match named {
            None | Some(OWN) => self.engine().await,
            Some(host) => {
                let options = ConnectOptions { host: Some(host.to_owned()), ..ConnectOptions::default() };
                Engine::connect(&options).await.map_err(|error| Failure::Engine(error.unavailable()))
            }
        }
    }

    /// Engines with these base images, and those of `wished` that can be had: `count` throw-away ones within these limits, or the one that is named.
    ///
    /// # Errors
    /// Where no engine answers, it starts no such container, or an image cannot be had.
    pub async fn workplace(
        &self,
        named: Option<&str>,
        purpose: &str,
        images: BTreeSet<&str>,
        wished: BTreeSet<&str>,
        limits: &SandboxLimits,
        count: usize,
    ) -> Result<Workplace, Failure> {
        let failed = |error: EngineError| Failure::Engine(error.unavailable());
        if named.is_some() {
            let engine = self.engine_named(named).await?;
            super::images::bring(self, &engine, images).await?;
            return Ok(Workplace { engines: vec![engine], sandboxes: Vec::new(), ledger: None });
        }
        let (bases, ledger) = self.sandbox_bases(purpose, images, wished).await?;
        self.lay(&bases).await?;
        let progress = Progress::start(PREPARING, &self.terminal);
        let sandboxes = try_join_all((0..count.max(1)).map(|_| bases.sandbox(limits))).await.map_err(failed);
        progress.finish();
        let sandboxes = sandboxes?;
        let engines = sandboxes.iter().map(|sandbox| sandbox.engine.clone()).collect();
        Ok(Workplace { engines, sandboxes, ledger: Some(ledger) })
    }

    /// What throw-away engines begin with: all of `images`, and those of `wished` that can be had. They are laid down
    /// when they are needed; everything that is made for it is the ledger's.
    ///
    /// # Errors
    /// Where the engine does not answer, or an image cannot be had.
    pub async fn sandbox_bases(
        &self,
        purpose: &str,
        images: BTreeSet<&str>,
        wished: BTreeSet<&str>,
    ) -> Result<(SandboxBases, Ledger), Failure> {
        let (engine, here) = self.outside(images, wished).await?;
        let ledger = Ledger::open(&engine, purpose, "").map_err(|error| Failure::Engine(error.unavailable()))?;
        Ok((SandboxBases::new(&engine, &ledger, &here), ledger))
    }

    /// Lays base images down before anything needs them.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub async fn lay(&self, bases: &SandboxBases) -> Result<(), Failure> {
        let progress = Progress::start(PREPARING, &self.terminal);
        let laid = bases.lay().await;
        progress.finish();
        laid.map_err(|error| Failure::Engine(error.unavailable()))
    }

    /// The engine on which throw-away engines run, with what they need; and the images that go into them: all of
    /// `images`, and those of `wished` that can be had.
    ///
    /// # Errors
    /// Where it does not answer, or an image cannot be had.
    async fn outside<'a>(
        &self,
        mut images: BTreeSet<&'a str>,
        wished: BTreeSet<&'a str>,
    ) -> Result<(Engine, Vec<&'a str>), Failure> {
        let failed = |error: EngineError| Failure::Engine(error.unavailable());
        let engine = self.engine().await?;
        remove_what_is_left(&engine).await.map_err(failed)?;
        images.insert(PASSAGE_IMAGE);
        super::images::bring(self, &engine, images.iter().copied().chain([SANDBOX_IMAGE])).await?;
        for image in wished {
            // Some answers use it; those that do fail without it, and the others do not.
            match super::images::bring(self, &engine, [image]).await {
                Ok(()) => drop(images.insert(image)),
                Err(failure) => eprintln!("dlearn: {}", crate::term::sanitize_line(&failure.to_string())),
            }
        }
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
    let gone = left.len() - stays + scratch::remove_left();
    if gone > 0 {
        let things = if gone == 1 { "thing" } else { "things" };
        eprintln!("removed what a run that was killed had left: {gone} {things}");
    }
    Ok(())
}

impl Workplace {
    /// Leaves it, and throws away what is to be thrown away.
    ///
    /// # Errors
    /// Where the outer engine does not do it.
    pub async fn leave(self) -> Result<(), Failure> {
        let leaving = async {
            try_join_all(self.sandboxes.into_iter().map(Sandbox::remove)).await?;
            match self.ledger {
                Some(ledger) => ledger.cleanup().await,
                None => Ok(()),
            }
        };
        leaving.await.map_err(|error: EngineError| Failure::Engine(error.unavailable()))
    }
}
