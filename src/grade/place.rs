//! Where submissions are built and run.

use super::judge::{self, Came, Planned, Work};
use super::plan;
use crate::course::Round;
use crate::engine::{Engine, REGISTRY_IMAGES, SandboxBases, SandboxLimits};
use crate::evidence::Unavailable;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// How often a submission is tried that brings its engine down.
const TRIES: usize = 2;

/// How often a submission is tried again whose engine did not answer for a while.
const RETURNS: usize = 3;
/// How long an engine that stopped answering is waited for.
const PATIENCE: Duration = Duration::from_secs(600);
/// How often it is asked meanwhile.
const POLL: Duration = Duration::from_millis(500);

/// Where submissions are built and run.
#[derive(Debug)]
pub enum Where {
    /// A throw-away engine for each exercise of each submission, with base images that are there already.
    Sandbox {
        /// The base images.
        bases: SandboxBases,
        /// What bounds each of them. Whether it has a network is the exercise's to say.
        limits: SandboxLimits,
    },
    /// An engine that the operator gives for it. Everything of one submission is removed before the next.
    Engine(Engine),
}

/// How an engine answers.
enum Answering {
    /// It did not stop.
    Always,
    /// It had stopped.
    Again,
    /// It has stopped.
    Never,
}

/// Nothing that is still open can be judged, for this reason.
pub(super) fn blamed(planned: Vec<Planned>, why: Unavailable) -> Vec<(Round, Came)> {
    let came = |planned: Planned| (planned.round, planned.came.unwrap_or_else(|| Came::CannotTell(why.clone())));
    planned.into_iter().map(came).collect()
}

impl Where {
    /// Judges what is open of one exercise of one submission. What an engine that stopped answering left open is judged
    /// again once it answers; where it answers all the while, what it did not even begin with is tried once more: it may
    /// have been restarted in that moment.
    pub(super) async fn judge(
        &self,
        work: &Work<'_>,
        planned: Vec<Planned>,
        say: &(dyn Fn(&str) + Sync),
    ) -> Vec<(Round, Came)> {
        let mut judged = Vec::new();
        for again in 0..=RETURNS {
            judged = self.judge_once(work, planned.clone()).await;
            let of = |test: fn(&Came) -> bool| {
                judged.iter().zip(&planned).any(|((_, came), planned)| planned.came.is_none() && test(came))
            };
            if again == RETURNS || !of(Came::is_open) {
                break;
            }
            match self.answers(say).await {
                Answering::Always if again == 0 && of(|came| matches!(came, Came::CannotTell(_))) => {}
                Answering::Again => {}
                Answering::Always | Answering::Never => break,
            }
        }
        judged
    }

    /// Whether the engine answers, or does again after a while.
    async fn answers(&self, say: &(dyn Fn(&str) + Sync)) -> Answering {
        let engine = match self {
            Where::Engine(engine) => engine,
            Where::Sandbox { bases, .. } => bases.outer(),
        };
        if engine.ping().await.is_ok() {
            return Answering::Always;
        }
        say("waiting for the engine, which has stopped answering");
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            tokio::time::sleep(POLL).await;
            if engine.ping().await.is_ok() {
                return Answering::Again;
            }
        }
        Answering::Never
    }

    async fn judge_once(&self, work: &Work<'_>, planned: Vec<Planned>) -> Vec<(Round, Came)> {
        let used = planned.iter().filter(|planned| planned.came.is_none()).flat_map(|planned| &planned.images);
        let needed = plan::needed(work.entry).into_iter().map(str::to_owned);
        let images: BTreeSet<String> = used.cloned().chain(needed).collect();
        match self {
            _ if planned.iter().all(|planned| planned.came.is_some()) => {
                blamed(planned, Unavailable::new("nothing is open", ""))
            }
            Where::Engine(engine) => on(engine, work, planned, &images).await,
            Where::Sandbox { bases, limits } => {
                let limits = SandboxLimits { network: work.entry.exercise.needs.network, ..*limits };
                let mut judged = Vec::new();
                // An engine that went down once may have had bad luck.
                for _ in 0..TRIES {
                    let sandbox = match bases.sandbox(&limits).await {
                        Ok(sandbox) => sandbox,
                        Err(error) => return blamed(planned, error.unavailable()),
                    };
                    judged = on(&sandbox.engine, work, planned.clone(), &images).await;
                    let open = judged.iter().any(|(_, came)| came.is_open());
                    let is_down = open && matches!(sandbox.is_brought_down().await, Ok(true));
                    // One that stays is the run's, and goes with it.
                    let _ = sandbox.remove().await;
                    if !is_down {
                        return judged;
                    }
                }
                let blame = |(round, came): (Round, Came)| {
                    let came = if came.is_open() { Came::BroughtDown } else { came };
                    (round, came)
                };
                judged.into_iter().map(blame).collect()
            }
        }
    }

    /// How many submissions can be graded at the same time, of as many as are wanted.
    pub(super) fn at_once(&self, wanted: usize) -> usize {
        match self {
            Where::Sandbox { .. } => wanted.max(1),
            // They would share its builder's cache.
            Where::Engine(_) => 1,
        }
    }
}

async fn on(engine: &Engine, work: &Work<'_>, planned: Vec<Planned>, images: &BTreeSet<String>) -> Vec<(Round, Came)> {
    match missing(engine, images).await {
        Some(why) => blamed(planned, why),
        None => judge::judge_in(engine, work, planned).await,
    }
}

/// Why an engine has not all of these images; nothing where it has.
async fn missing(engine: &Engine, images: &BTreeSet<String>) -> Option<Unavailable> {
    for image in images {
        let image = image.as_str();
        let any: &[&str] = if REGISTRY_IMAGES.contains(&image) { &REGISTRY_IMAGES } else { &[image] };
        let mut here = false;
        for image in any {
            match engine.has_image(image).await {
                Ok(has) => here |= has,
                Err(error) => return Some(error.unavailable()),
            }
        }
        if !here {
            let help = format!("bring it with docker pull {image}, then grade again");
            return Some(Unavailable::new(format!("the engine has no image {image}"), help));
        }
    }
    None
}
