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
        let own = [("ENTRYPOINT", &given.config.entrypoint), ("CMD", &given.config.cmd)];
        let own = own.into_iter().filter(|(_, words)| !words.is_empty());
        // A container's command gets into its image, and the image's own takes it away again.
        let changes: Vec<String> = own.map(|(word, words)| format!("{word} {}", serde_json::json!(words))).collect();
        if changes.is_empty() && plan.args.is_none() && plan.entrypoint.is_none() {
            // There is nothing to run afterwards: that is for the engine to say.
            return Ok(SetUp::Done(plan.image.clone()));
        }
        let mut image = plan.image.clone();
        let commands = plan.setup.iter().enumerate().filter(|(_, command)| !command.is_empty());
        for (index, command) in commands {
            let spec = ContainerSpec {
                image,
                entrypoint: Some(Vec::new()),
                args: Some(command.clone()),
                user: plan.user.clone(),
                env: plan.env.clone(),
                memory: plan.memory,
                network: plan.network.then(|| "bridge".to_owned()),
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
            self.commit(ledger, &container, &image, &changes.join("\n")).await?;
            ledger.remove_container(&container).await?;
        }
        Ok(SetUp::Done(image))
    }
}
