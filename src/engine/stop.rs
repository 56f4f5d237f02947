//! [`crate::evidence::Need::Stop`]: a container is started, and stopped as `docker stop` does it.
//!
//! Invariant: the stop is asked for only once the container is ready, as its plan says; how fast it starts decides
//! nothing. Readiness is polled.

use super::{
    Engine, EngineError, Ledger,
    call::query,
    container::{Attempt, ContainerSpec},
};
use crate::evidence::{Ready, StopFacts, StopPlan};
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks whether it is ready.
const POLL: Duration = Duration::from_millis(100);
/// Seconds that the engine may take beyond the grace period, to kill and to tell.
const BEYOND_GRACE: u64 = 30;

/// What waiting for a container gave.
enum Waited {
    Ready,
    Ended(i64),
    InVain,
}

impl Engine {
    /// Starts a container, waits until it is ready, stops it, and removes it. None where there is no such image.
    ///
    /// # Errors
    /// Where the engine cannot do it, or stopped answering meanwhile.
    pub async fn start_and_stop(&self, ledger: &Ledger, plan: &StopPlan) -> Result<Option<StopFacts>, EngineError> {
        let spec = ContainerSpec { image: plan.image.clone(), ..ContainerSpec::default() };
        let container = match self.start(ledger, &spec).await? {
            Attempt::Done(container) => container,
            Attempt::NoImage => return Ok(None),
            Attempt::Refused(why) => return Ok(Some(StopFacts { start_error: Some(why), ..StopFacts::default() })),
        };
        let mut facts = StopFacts::default();
        match self.alive(self.until_ready(&container, plan)).await? {
            Waited::Ready => {
                facts.ready = true;
                facts.before = self.output(&container).await?.both;
                let asked = Instant::now();
                facts.exit = Some(self.stop(&container, plan.grace).await?);
                facts.took = Some(u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX));
                let said = self.output(&container).await?;
                facts.cut = said.both_cut;
                facts.after = match said.both.strip_prefix(&facts.before) {
                    Some(after) => after.to_owned(),
                    // So much that the middle of it was left out.
                    None => said.both,
                };
            }
            Waited::Ended(exit) => {
                facts.exit = Some(exit);
                facts.before = self.output(&container).await?.both;
            }
            Waited::InVain => facts.before = self.output(&container).await?.both,
        }
        // An engine that is being stopped kills the container, and that is not the subject's end.
        self.ping().await?;
        ledger.remove_container(&container).await?;
        Ok(Some(facts))
    }

    async fn until_ready(&self, container: &str, plan: &StopPlan) -> Result<Waited, EngineError> {
        let deadline = Instant::now() + Duration::from_secs(u64::from(plan.seconds));
        let mut ended = pin!(self.wait(container));
        loop {
            if self.is_ready(container, &plan.ready).await? {
                return Ok(Waited::Ready);
            }
            if Instant::now() >= deadline {
                return Ok(Waited::InVain);
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                exit = &mut ended => return exit.map(Waited::Ended),
            }
        }
    }

    async fn is_ready(&self, container: &str, ready: &Ready) -> Result<bool, EngineError> {
        match ready {
            Ready::Log(text) => Ok(self.output(container).await?.both.contains(text.as_str())),
            Ready::File(path) => {
                // The engine looks itself: the image need not hold a tool for it.
                let doing = format!("look for {path} in a container");
                let target = format!("/containers/{container}/archive{}", query(&[("path", path)]));
                match self.read(&doing, self.call(&doing, http::Method::HEAD, &target, None)).await {
                    Ok(_) => Ok(true),
                    Err(error) if error.is_absent() => Ok(false),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// Sends the image's stop signal, kills after `grace` seconds, and gives the exit code.
    async fn stop(&self, container: &str, grace: u32) -> Result<i64, EngineError> {
        let doing = "stop a container";
        let target = format!("/containers/{container}/stop{}", query(&[("t", &grace.to_string())]));
        self.long(doing, u64::from(grace) + BEYOND_GRACE, async {
            self.call(doing, http::Method::POST, &target, None).await?;
            self.wait(container).await
        })
        .await
    }
}
