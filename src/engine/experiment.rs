//! [`crate::evidence::Need::Experiment`]: two builds, one right after the other.
//!
//! Invariants: the second build never finds its own result in a cache, because what stands for the nonce
//! was never there before; and what the first one took from the cache, or left in it, is still there
//! for the second, because nothing is built between them.

use super::{Collector, Engine, EngineError, Ledger, collect::Given, context::hex};
use crate::evidence::{Edit, ExperimentFacts, ExperimentPlan};
use std::collections::BTreeMap;

/// What an edit's paths and texts are replaced in.
const NONCE: &str = "{{nonce}}";

impl Collector {
    pub(super) async fn experiment(
        &mut self,
        engine: &Engine,
        ledger: &Ledger,
        plan: &ExperimentPlan,
    ) -> Result<Option<ExperimentFacts>, EngineError> {
        let nonce = nonce()?;
        let prepared = Given { edits: plan.prepared.clone(), style: None };
        let Some((before, style)) = self.build(engine, ledger, &plan.before, &prepared).await? else {
            return Ok(None);
        };
        if before.image.is_none() {
            return Ok(Some(ExperimentFacts { before, nonce, ..ExperimentFacts::default() }));
        }
        // The classic builder's cache depends on the archive's style: the same one for both.
        let edits = plan.prepared.clone().into_iter().chain(filled(&plan.edits, &nonce)).collect();
        let given = Given { edits, style: Some(style) };
        let after = self.build(engine, ledger, &plan.after, &given).await?.unwrap_or_default().0;
        Ok(Some(ExperimentFacts { before, after, nonce }))
    }
}

fn nonce() -> Result<String, EngineError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| EngineError::Local {
        doing: "draw a random number".into(),
        reason: error.to_string(),
        help: "see that the system's source of random numbers works".into(),
    })?;
    Ok(hex(&bytes))
}

fn filled(edits: &BTreeMap<String, Edit>, nonce: &str) -> BTreeMap<String, Edit> {
    let fill = |text: &str| text.replace(NONCE, nonce);
    let edit = |edit: &Edit| match edit {
        Edit::Write(text) => Edit::Write(fill(text)),
        Edit::Append(text) => Edit::Append(fill(text)),
        Edit::Replace { find, with } => Edit::Replace { find: find.clone(), with: fill(with) },
        Edit::Remove => Edit::Remove,
    };
    edits.iter().map(|(path, one)| (fill(path), edit(one))).collect()
}
