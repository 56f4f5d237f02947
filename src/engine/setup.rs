//! What is run before a command ([`RunPlan::setup`]): each in a container of its own, of which an image is made for the
//! next one. What it writes into volumes does not get into an image, and is lost.

use super::{Engine, EngineError, Ledger, container::ContainerSpec, run::Ran};
use crate::evidence::{RunFacts, RunPlan};

/// What came of it.
pub(super) enum SetUp {
    /// This image has the files of all of them, and the configuration of the plan's.
    Done(String),
    NoImage,
    /// One of them has failed: what came of that one.
    Failed(RunFacts),
}

impl Engine {
    pub(super) async fn set_up(&self, ledger: &Ledger, plan: &RunPlan) -> Result<SetUp, EngineError> {
        let Some(given) = self.image(&plan.image).await? else { return Ok(SetUp::NoImage) };
        // A container's own command gets into its image.
        let words = |list: &[String]| serde_json::to_string(list).unwrap_or_else(|_| "[]".into());
        let changes = format!("ENTRYPOINT {}\nCMD {}", words(&given.config.entrypoint), words(&given.config.cmd));
        let mut image = plan.image.clone();
        let commands = plan.setup.iter().enumerate().filter(|(_, command)| !command.is_empty());
        for (index, command) in commands {
            let spec = ContainerSpec {
                image,
                entrypoint: Some(command.clone()),
                user: plan.user.clone(),
                env: plan.env.clone(),
                unlabelled: true,
                ..ContainerSpec::default()
            };
            let failed = |facts: RunFacts| SetUp::Failed(RunFacts { failed_setup: Some(index), ..facts });
            let container = match self.run_to_its_end(ledger, &spec, plan.seconds).await? {
                Ran::Ended { container, facts, .. } if facts.exit == Some(0) => container,
                Ran::Ended { container, facts, .. } => {
                    ledger.remove_container(&container).await?;
                    return Ok(failed(facts));
                }
                Ran::NoImage => return Ok(SetUp::NoImage),
                Ran::Refused(why) => {
                    return Ok(failed(RunFacts { start_error: Some(why), ..RunFacts::default() }));
                }
            };
            image = ledger.throw_away_tag(&format!("{container} {index}"));
            self.commit(ledger, &container, &image, &changes).await?;
            ledger.remove_container(&container).await?;
        }
        Ok(SetUp::Done(image))
    }
}
