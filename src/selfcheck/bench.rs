//! What the cases of one run share: what is known of starters, a registry, and the order in which images are removed.

use super::PlannedCase;
use crate::course::Round;
use crate::engine::{Answers, Collector, CollectorOptions, Engine, EngineError, Ledger, Practice};
use crate::evidence::{Answer, Need};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Mutex, OnceCell, RwLock};

/// What is asked about the starter of one variant: the same for every case, so it is found out once.
#[derive(Debug)]
pub(super) struct Starter {
    collector: Collector,
    known: BTreeMap<Need, Answer>,
}

impl Starter {
    pub(super) async fn answer(&mut self, needs: BTreeSet<Need>) -> Vec<(Need, Answer)> {
        let open = needs.iter().filter(|need| !self.known.contains_key(*need)).cloned().collect();
        let told = self.collector.answer(open).await;
        let known = needs.iter().filter_map(|need| Some((need.clone(), self.known.get(need)?.clone())));
        let all: Vec<(Need, Answer)> = known.chain(told).collect();
        let lasting = all.iter().filter(|(_, answer)| !matches!(answer, Answer::Unavailable(_)));
        self.known.extend(lasting.cloned());
        all
    }
}

pub(super) type SharedStarter = Arc<Mutex<Starter>>;

/// How many cases leave their images before they are removed together.
pub(super) const BATCH: usize = 24;

/// What the cases of one run share.
///
/// Their images are removed between cases, never beside one: the classic builder builds on layers of
/// earlier builds, and removing an image takes those along that no other image names.
#[derive(Debug, Default)]
pub struct Workbench {
    /// By exercise and variant.
    starters: std::sync::Mutex<BTreeMap<(String, usize), SharedStarter>>,
    pub(super) used: Mutex<Vec<Ledger>>,
    /// A registry of this run's own, since a case first needed one, with what goes with it.
    practice: OnceCell<(Practice, Ledger)>,
    /// Held by the one case that uses the classic builder. Of steps with the same words that were run at the same
    /// time its cache knows the last only, so neither case would find its own again.
    pub(super) classic: Mutex<()>,
    /// Cases read, removing writes.
    pub(super) gate: RwLock<()>,
    /// Folder into which the facts of each case are written.
    pub(super) record: Option<PathBuf>,
}

impl Workbench {
    /// Keeps the facts of each case in this folder; nowhere for none.
    pub fn recording(folder: Option<PathBuf>) -> Self {
        Self { record: folder, ..Self::default() }
    }

    pub(super) fn starter(&self, engine: &Engine, planned: &PlannedCase<'_>, round: &Round) -> SharedStarter {
        let mut starters = self.starters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (round.exercise.clone(), planned.variant);
        let new = || {
            let collector = Collector::new(Ok(engine.clone()), options(round, Path::new(".")));
            Arc::new(Mutex::new(Starter { collector, known: BTreeMap::new() }))
        };
        starters.entry(key).or_insert_with(new).clone()
    }

    pub(super) async fn practice(&self, engine: &Engine) -> Result<&Practice, EngineError> {
        let raise = async {
            let ledger = Ledger::open(engine, "selfcheck", "")?;
            Ok((engine.raise_for_run(&ledger).await?, ledger))
        };
        self.practice.get_or_try_init(|| raise).await.map(|(practice, _)| practice)
    }

    /// Removes what the cases so far have left, where that is enough to be worth a pause.
    pub(super) async fn tidy(&self, enough: usize) {
        if self.used.lock().await.len() < enough {
            return;
        }
        let _alone = self.gate.write().await;
        self.sweep().await;
    }

    /// The same, for whoever holds the gate.
    pub(super) async fn sweep(&self) {
        for ledger in std::mem::take(&mut *self.used.lock().await) {
            let _ = ledger.cleanup().await;
        }
    }

    /// Removes everything.
    pub async fn finish(&self) {
        self.tidy(0).await;
        let starters = std::mem::take(&mut *self.starters.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for starter in starters.into_values() {
            let _ = starter.lock().await.collector.finish().await;
        }
        if let Some((_, ledger)) = self.practice.get() {
            let _ = ledger.cleanup().await;
        }
    }
}

pub(super) fn options(round: &Round, workspace: &Path) -> CollectorOptions {
    CollectorOptions {
        workspace: workspace.to_owned(),
        starter: round.start.clone(),
        exercise: round.exercise.clone(),
        purpose: "selfcheck".into(),
        ..CollectorOptions::default()
    }
}
