//! [`crate::evidence::Need::Run`]: one command in a new container, without network.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
};
use crate::evidence::{RunFacts, RunPlan};
use std::time::{Duration, Instant};

/// How long an engine waits for what a container that has ended still had to say; then it lets go of it, and nobody hears
/// it (moby, daemon/monitor.go, `handleContainerExit`, in 20.10 as in 28.5).
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Engine {
    /// Runs a command to its end, or kills it at `plan.seconds`. None where there is no such image. One that took long
    /// and said nothing is run once more: on a busy machine its words may have been lost.
    ///
    /// # Errors
    /// Where the engine cannot do it, or stopped answering meanwhile.
    pub async fn run(&self, ledger: &Ledger, plan: &RunPlan) -> Result<Option<RunFacts>, EngineError> {
        let begun = Instant::now();
        match self.run_once(ledger, plan).await? {
            Some(ran)
                if ran.exit.is_some()
                    && ran.stdout.is_empty()
                    && ran.stderr.is_empty()
                    && begun.elapsed() >= LAST_WORDS =>
            {
                self.run_once(ledger, plan).await
            }
            ran => Ok(ran),
        }
    }

    async fn run_once(&self, ledger: &Ledger, plan: &RunPlan) -> Result<Option<RunFacts>, EngineError> {
        let spec = ContainerSpec {
            image: plan.image.clone(),
            args: plan.args.clone(),
            entrypoint: plan.entrypoint.clone(),
            user: plan.user.clone(),
            env: plan.env.clone(),
            ..ContainerSpec::default()
        };
        let container = match self.start(ledger, &spec).await? {
            Attempt::Done(container) => container,
            Attempt::NoImage => return Ok(None),
            Attempt::Refused(why) => return Ok(Some(RunFacts { start_error: Some(why), ..RunFacts::default() })),
        };
        let limit = Duration::from_secs(u64::from(plan.seconds));
        let ended = self.alive(async {
            match tokio::time::timeout(limit, self.wait(&container)).await {
                Ok(exit) => exit.map(Some),
                Err(_) => Ok(None),
            }
        });
        let exit = ended.await?;
        if exit.is_none() {
            self.kill(&container).await?;
        }
        let output = self.output(&container).await?;
        // An engine that is being stopped kills the container, and that is not the subject's end.
        self.ping().await?;
        ledger.remove_container(&container).await?;
        Ok(Some(RunFacts {
            exit,
            stdout: output.stdout,
            stderr: output.stderr,
            start_error: None,
            timed_out: exit.is_none(),
        }))
    }
}
