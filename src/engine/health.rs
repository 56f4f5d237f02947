//! [`crate::evidence::Need::Health`]: a container's own health check is watched while the service is whole, and once it
//! is broken.
//!
//! The container inherits the image's test. Interval, retries and start period are shortened, so that nobody waits for
//! minutes: the create call may set them and leave the test empty, which means the image's (Engine API 1.41 and
//! later; `HealthConfig`). The engine keeps the last five probes; polling sees each of them.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec, Probing},
    text,
};
use crate::evidence::{HealthFacts, HealthPhase, HealthPlan, ProbeFacts};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks at the container's state.
const POLL: Duration = Duration::from_millis(200);
/// How dlearn has the engine probe.
const PROBING: Probing = Probing { interval: Duration::from_secs(1), timeout: Duration::from_secs(5), retries: 2 };
/// So many successes in a row make a health check that stays: some succeed once only, as they leave a file behind.
const STEADY: u32 = 2;
/// So many successes in a row after the service was broken show that the probe does not notice. The first probe after
/// the break is not counted: it may have begun before.
const UNNOTICED: u32 = 3;
/// Seconds that breaking the service may take.
const BREAK_SECONDS: u64 = 10;
/// Most bytes of what one probe, and the breaking command, printed.
const OUTPUT: usize = 4096;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    #[serde(default)]
    running: bool,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    #[serde(default)]
    status: String,
    #[serde(default)]
    log: Option<Vec<Probe>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Probe {
    #[serde(default)]
    start: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default)]
    output: String,
}

/// The probes that were seen, over all phases.
#[derive(Default)]
struct Watch {
    /// By when they began.
    seen: BTreeSet<String>,
}

/// How a phase went on.
struct Watched {
    phase: HealthPhase,
    /// The container ended by itself.
    exit: Option<i64>,
    /// What was waited for has come.
    came: bool,
}

impl Engine {
    /// Starts a container and watches its health. None where there is no such image.
    ///
    /// # Errors
    /// Where the engine cannot do it, probes nothing, or stopped answering meanwhile.
    pub async fn health(&self, ledger: &Ledger, plan: &HealthPlan) -> Result<Option<HealthFacts>, EngineError> {
        let spec = ContainerSpec { image: plan.image.clone(), probing: Some(PROBING), ..ContainerSpec::default() };
        let container = match self.start(ledger, &spec).await? {
            Attempt::Done(container) => container,
            Attempt::NoImage => return Ok(None),
            Attempt::Refused(why) => return Ok(Some(HealthFacts { start_error: Some(why), ..HealthFacts::default() })),
        };
        let mut facts = self.alive(self.watch_health(&container, plan)).await?;
        facts.logs = self.output(&container).await?.both;
        // An engine that is being stopped kills the container, and that is not the subject's end.
        self.ping().await?;
        ledger.remove_container(&container).await?;
        Ok(Some(facts))
    }

    async fn watch_health(&self, container: &str, plan: &HealthPlan) -> Result<HealthFacts, EngineError> {
        let limit = Duration::from_secs(u64::from(plan.seconds));
        let mut watch = Watch::default();
        let is_steady = |phase: &HealthPhase| phase.status == "healthy" && phase.in_a_row >= STEADY;
        let whole = self.watch_phase(container, &mut watch, limit, 0, is_steady).await?;
        let mut facts = HealthFacts { whole: whole.phase, exit: whole.exit, ..HealthFacts::default() };
        if !whole.came {
            return Ok(facts);
        }
        facts.steady = true;
        let doing = "break the service";
        let breaking = self.exec(container, &plan.break_with, plan.break_as.as_deref(), OUTPUT);
        let breaking = tokio::time::timeout(Duration::from_secs(BREAK_SECONDS), breaking).await;
        let late = |_| EngineError::TimedOut { doing: doing.into(), seconds: BREAK_SECONDS };
        match breaking.map_err(late)? {
            Ok(ended) => facts.breaking = Some(ProbeFacts { exit: ended.exit.unwrap_or(-1), output: ended.output }),
            // The container ended right before.
            Err(EngineError::Refused { message, .. }) => {
                facts.breaking = Some(ProbeFacts { exit: -1, output: message });
            }
            Err(error) => return Err(error),
        }
        let is_decided = |phase: &HealthPhase| phase.status == "unhealthy" || phase.in_a_row >= UNNOTICED;
        let broken = self.watch_phase(container, &mut watch, limit, 1, is_decided).await?;
        facts.exit = broken.exit;
        facts.broken = Some(broken.phase);
        Ok(facts)
    }

    /// Watches the probes until `enough`, the end of the container, or the limit. The first `skip` new ones are not
    /// counted.
    async fn watch_phase(
        &self,
        container: &str,
        watch: &mut Watch,
        limit: Duration,
        mut skip: usize,
        enough: impl Fn(&HealthPhase) -> bool,
    ) -> Result<Watched, EngineError> {
        let doing = "inspect a container";
        let target = format!("/containers/{container}/json");
        let deadline = Instant::now() + limit;
        let mut phase = HealthPhase::default();
        loop {
            let Inspect { state } = self.read(doing, self.get_json(doing, &target)).await?;
            let Some(health) = state.health else {
                return Err(EngineError::Unsupported {
                    what: "this engine runs no health check for a container whose image has one".into(),
                    help: "use a Docker Engine for this exercise".into(),
                });
            };
            phase.status = health.status;
            for probe in health.log.unwrap_or_default() {
                if !watch.seen.insert(probe.start.clone()) {
                    continue;
                }
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                phase.count(ProbeFacts { exit: probe.exit_code, output: shortened(&probe.output) });
            }
            let came = enough(&phase);
            if came || !state.running || Instant::now() >= deadline {
                let exit = (!state.running).then_some(state.exit_code);
                return Ok(Watched { phase, exit, came: came && exit.is_none() });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// What a probe printed, safe to show.
fn shortened(output: &str) -> String {
    let mut bytes = text::BoundedBytes::new(OUTPUT);
    bytes.push(output.as_bytes());
    bytes.into_text()
}
