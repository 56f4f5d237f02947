//! [`crate::evidence::Need::Experiment`]: two builds, one right after the other.
//!
//! Invariants: the second build never finds its own result in a cache, because what stands for the nonce
//! was never there before; and what the first one took from the cache, or left in it, is still there
//! for the second, because nothing is built between them (but a builder may clear its cache at any time, on a full
//! disk say: who finds a step that ran again makes the experiment once more).

use super::{Collector, Engine, EngineError, Ledger, collect::Given};
use crate::evidence::{BuildPlan, Edit, ExperimentFacts, ExperimentPlan, Source};
use crate::hex::hex;
use std::collections::BTreeMap;

/// What an edit's paths and texts are replaced in.
const NONCE: &str = "{{nonce}}";

/// A plan with files of our own in which the nonce is filled in, and that nonce; other plans as they are.
///
/// # Errors
/// Where the system gives no random number.
pub(super) fn with_nonce(plan: &BuildPlan) -> Result<(BuildPlan, String), EngineError> {
    let Source::Files(files) = &plan.source else { return Ok((plan.clone(), String::new())) };
    let nonce = nonce()?;
    let files = files.iter().map(|(path, text)| (path.replace(NONCE, &nonce), text.replace(NONCE, &nonce))).collect();
    Ok((BuildPlan { source: Source::Files(files), ..plan.clone() }, nonce))
}

impl Collector {
    pub(super) async fn experiment(
        &mut self,
        engine: &Engine,
        ledger: &Ledger,
        plan: &ExperimentPlan,
    ) -> Result<Option<ExperimentFacts>, EngineError> {
        let nonce = nonce()?;
        let prepared = Given { edits: plan.prepared.clone(), style: None, repetition: plan.repetition };
        let Some((before, style)) = self.build(engine, ledger, &plan.before, &prepared).await? else {
            return Ok(None);
        };
        if before.image.is_none() {
            return Ok(Some(ExperimentFacts { before, nonce, ..ExperimentFacts::default() }));
        }
        // The classic builder's cache depends on the archive's style: the same one for both of its builds.
        let edits = plan.prepared.clone().into_iter().chain(filled(&plan.edits, &nonce)).collect();
        let style = Some(style).filter(|_| plan.before.builder == plan.after.builder);
        let given = Given { edits, style, repetition: plan.repetition };
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
