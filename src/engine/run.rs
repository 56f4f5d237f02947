//! [`crate::evidence::Need::Run`]: one command in a new container.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
    setup::SetUp,
};
use crate::evidence::{RunFacts, RunPlan};
use bollard::models::ContainerState;
use bollard::query_parameters::InspectContainerOptions;
use std::time::{Duration, Instant};

/// How long an engine waits for what a container that has ended still had to say; then it lets go of it, and nobody hears
/// it (moby, daemon/monitor.go, `handleContainerExit`, in 20.10 as in 28.5).
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Whether the engine has let go of a container's last words. It was `waited` from its start to the answer that it has
/// ended; the engine says when it was started and when it ended.
fn let_go(waited: Duration, started: Option<&str>, finished: Option<&str>) -> bool {
    let time = |text: Option<&str>| text?.parse::<jiff::Timestamp>().ok();
    let ran = time(started).zip(time(finished)).map(|(started, finished)| finished.duration_since(started));
    let ran = ran.and_then(|ran| Duration::try_from(ran).ok()).unwrap_or_default();
    waited.saturating_sub(ran) >= LAST_WORDS
}

/// Exit code of what SIGKILL has ended: 128 and the signal's number.
const KILLED: i64 = 137;

/// What came of running a container.
pub(super) enum Ran {
    Ended {
        /// Its name.
        container: String,
        facts: RunFacts,
        /// Its words may have been lost.
        lost: bool,
    },
    NoImage,
    /// Why it does not start, in the engine's words.
    Refused(String),
}

impl Engine {
    /// Runs a command to its end, or kills it at `plan.seconds`. None where there is no such image. Where nothing was
    /// heard of it, and the engine was so busy that it may have let go of its words, it is run once more.
    ///
    /// # Errors
    /// Where the engine cannot do it, or stopped answering meanwhile.
    pub async fn run(&self, ledger: &Ledger, plan: &RunPlan) -> Result<Option<RunFacts>, EngineError> {
        let (first, lost) = self.run_once(ledger, plan).await?;
        if !lost {
            return Ok(first);
        }
        let (again, _) = self.run_once(ledger, plan).await?;
        Ok(again.filter(|again| !again.timed_out).or(first))
    }

    /// What came of it, and whether its words may have been lost.
    async fn run_once(&self, ledger: &Ledger, plan: &RunPlan) -> Result<(Option<RunFacts>, bool), EngineError> {
        let set_up = match plan.setup.is_empty() {
            true => SetUp::Done(plan.image.clone()),
            false => self.set_up(ledger, plan).await?,
        };
        let image = match set_up {
            SetUp::Done(image) => image,
            SetUp::NoImage => return Ok((None, false)),
            SetUp::Failed(facts) => return Ok((Some(facts), false)),
        };
        let spec = ContainerSpec {
            image,
            args: plan.args.clone(),
            entrypoint: plan.entrypoint.clone(),
            user: plan.user.clone(),
            env: plan.env.clone(),
            memory: plan.memory,
            network: plan.network.then(|| "bridge".to_owned()),
            ..ContainerSpec::default()
        };
        match self.run_to_its_end(ledger, &spec, plan.seconds).await? {
            Ran::Ended { container, facts, lost } => {
                ledger.remove_container(&container).await?;
                Ok((Some(facts), lost))
            }
            Ran::NoImage => Ok((None, false)),
            Ran::Refused(why) => Ok((Some(RunFacts { start_error: Some(why), ..RunFacts::default() }), false)),
        }
    }

    /// Runs a container until it ends, or kills it after `seconds`. It is still there then.
    pub(super) async fn run_to_its_end(
        &self,
        ledger: &Ledger,
        spec: &ContainerSpec,
        seconds: u32,
    ) -> Result<Ran, EngineError> {
        let container = match self.start(ledger, spec).await? {
            Attempt::Done(container) => container,
            Attempt::NoImage => return Ok(Ran::NoImage),
            Attempt::Refused(why) => return Ok(Ran::Refused(why)),
        };
        let begun = Instant::now();
        let limit = Duration::from_secs(u64::from(seconds));
        let ended = self.alive(async {
            match tokio::time::timeout(limit, self.wait(&container)).await {
                Ok(exit) => exit.map(Some),
                Err(_) => Ok(None),
            }
        });
        let exit = ended.await?;
        let waited = begun.elapsed();
        if exit.is_none() {
            self.kill(&container).await?;
        }
        let output = self.output(&container).await?;
        let silent = exit.is_some() && output.stdout.is_empty() && output.stderr.is_empty();
        let lost = silent && waited >= LAST_WORDS && self.has_let_go(&container, waited).await?;
        // An engine that is being stopped kills the container, and that is not the subject's end.
        self.ping().await?;
        let (stdout, stderr, cut) = (output.stdout, output.stderr, output.cut);
        let mut facts = RunFacts { exit, stdout, stderr, timed_out: exit.is_none(), cut, ..RunFacts::default() };
        if exit == Some(KILLED) {
            facts.out_of_memory = self.ended_as(&container).await?.oom_killed.unwrap_or_default();
        }
        Ok(Ran::Ended { container, facts, lost })
    }

    async fn has_let_go(&self, container: &str, waited: Duration) -> Result<bool, EngineError> {
        let state = self.ended_as(container).await?;
        Ok(let_go(waited, state.started_at.as_deref(), state.finished_at.as_deref()))
    }

    async fn ended_as(&self, container: &str) -> Result<ContainerState, EngineError> {
        let doing = "look how a container ended";
        let inspect = self.docker().inspect_container(container, None::<InspectContainerOptions>);
        Ok(self.read(doing, async { inspect.await.map_err(self.wrong(doing)) }).await?.state.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lost_where_the_end_was_told_long_after_it() {
        let (started, finished) = (Some("2026-11-22T15:00:00.5Z"), Some("2026-11-22T15:00:10.25Z"));
        assert!(!let_go(Duration::from_millis(9_800), started, finished), "it ran for that long");
        assert!(let_go(Duration::from_millis(11_800), started, finished));
        // It may have begun before it was said to have been started.
        assert!(!let_go(Duration::from_millis(9_000), started, finished));
        assert!(let_go(Duration::from_secs(3), None, Some("0001-01-01T00:00:00Z")), "nothing is known: look again");
    }
}
