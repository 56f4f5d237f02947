//! What this run created in the engine, and how all of it is removed.
//!
//! Invariants:
//! - A name is in the ledger before the thing exists, so a run that is cut off at any moment can
//!   still be cleaned up: [`Ledger::cleanup`] may be called at any time, after Ctrl-C too.
//! - Containers, networks and volumes carry the run's labels and are removed by name and label.
//! - Images are removed by dlearn's own tag only. Where that tag is the only one on an image that
//!   was there before (a cached rebuild returns the learner's own untagged image), the tag is moved
//!   to a placeholder first and the image stays: an engine deletes an image with its last tag.

mod images;
mod made;
mod unfinished;

use super::{
    Engine, EngineError,
    container::{remove_container, remove_container_within},
    name,
    runlock::{Owner, RunLock},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use unfinished::Unfinished;

/// Label whose value is what a thing is for.
pub const LABEL: &str = "dlearn";
/// Label whose value is the run's id.
pub const LABEL_RUN: &str = "dlearn.run";
/// Label whose value is the exercise's id.
pub const LABEL_EXERCISE: &str = "dlearn.exercise";
/// Label whose value tells machine and user, as a digest.
pub const LABEL_HOST: &str = "dlearn.host";

/// Seconds that removing everything may take.
const REMOVE_SECONDS: u64 = 30;
/// How long a creation that was cut off may still take effect in the engine.
const LATE_CREATION: Duration = Duration::from_millis(500);

/// Everything that one run created. Cheap to clone; all clones are the same ledger.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
}

/// The ledgers of this process that have not been cleaned up.
static OPEN: Mutex<Vec<Ledger>> = Mutex::new(Vec::new());

fn open_ledgers() -> MutexGuard<'static, Vec<Ledger>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what all runs of this process created and have not removed themselves: the last thing
/// before the process ends, after Ctrl-C too. Takes at most 30 s.
///
/// # Errors
/// The first thing that could not be removed. What stays is found by [`super::leftovers`].
pub async fn clean_up_everything() -> Result<(), EngineError> {
    let (inside, ledgers): (Vec<Ledger>, Vec<Ledger>) =
        open_ledgers().iter().cloned().partition(|ledger| ledger.inner.engine.endpoint().is_thrown_away());
    // What is in an engine of ours goes with it.
    inside.iter().for_each(Ledger::close);
    let cleaning = futures_util::future::join_all(ledgers.iter().map(Ledger::cleanup));
    let doing = || "remove what this run made".to_owned();
    let late = |_| vec![Err(EngineError::TimedOut { doing: doing(), seconds: REMOVE_SECONDS })];
    let done = tokio::time::timeout(Duration::from_secs(REMOVE_SECONDS), cleaning).await.unwrap_or_else(late);
    done.into_iter().collect()
}

/// An engine of ours is gone, and with it what these ledgers know.
pub(super) fn close_those_of(engine: &Engine) {
    let all = open_ledgers().clone();
    all.iter().filter(|ledger| ledger.inner.engine.endpoint() == engine.endpoint()).for_each(Ledger::close);
}

/// Gives up the ledgers of this process without removing anything, as its end would: their locks are
/// freed, and what they created counts as left behind. For tests of exactly that.
#[doc(hidden)]
pub fn forget_everything() {
    open_ledgers().clear();
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    run: String,
    labels: HashMap<String, String>,
    state: Mutex<State>,
    /// Held while something is removed: a collector that is dropped and the process's end both clean up,
    /// and two that move the same tags about would lose images between them.
    cleaning: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    lock: RunLock,
    /// Whether anything was ever to be created.
    touched: bool,
    next: u64,
    /// Name → whether its creation was confirmed.
    containers: BTreeMap<String, bool>,
    /// Tag → whether its creation was confirmed.
    images: BTreeMap<String, bool>,
    /// Images that were there before and have no name of their own.
    kept: BTreeSet<String>,
    /// Images that had a name when the first build of a kind that leaves untagged images began.
    named: Option<BTreeSet<String>>,
    /// Builds whose images may have no name of ours.
    unfinished: Unfinished,
}

impl Ledger {
    /// Begins a run. `purpose` says what it is for (`check`); `exercise` may be empty.
    ///
    /// # Errors
    /// Where the run's lock file cannot be made.
    pub fn open(engine: &Engine, purpose: &str, exercise: &str) -> Result<Self, EngineError> {
        let owner = Owner::here()?;
        let run = owner.new_run()?;
        let lock = RunLock::take(&owner, &run)?;
        let mut labels = HashMap::from([
            (LABEL.to_owned(), purpose.to_owned()),
            (LABEL_RUN.to_owned(), run.clone()),
            (LABEL_HOST.to_owned(), owner.host),
        ]);
        if !exercise.is_empty() {
            labels.insert(LABEL_EXERCISE.to_owned(), exercise.to_owned());
        }
        let state = State {
            lock,
            touched: false,
            next: 1,
            containers: BTreeMap::new(),
            images: BTreeMap::new(),
            kept: BTreeSet::new(),
            named: None,
            unfinished: Unfinished::default(),
        };
        let ledger = Self {
            inner: Arc::new(Inner {
                engine: engine.clone(),
                run,
                labels,
                state: Mutex::new(state),
                cleaning: tokio::sync::Mutex::default(),
            }),
        };
        open_ledgers().push(ledger.clone());
        Ok(ledger)
    }

    /// The engine in which things are created.
    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The run's id: twelve hexadecimal digits.
    pub fn run(&self) -> &str {
        &self.inner.run
    }

    /// The labels of everything that carries labels.
    pub fn labels(&self) -> HashMap<String, String> {
        self.inner.labels.clone()
    }

    /// The name of an image of this run: `app:v1` → `dlearn-run/<run>/app:v1`; in a registry below the same
    /// namespace, `HOST/learner/app:v1` → `HOST/learner/dlearn-run/<run>/app:v1`.
    pub fn image_name(&self, name: &str) -> String {
        name::in_run(&self.inner.run, name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements, so a panic elsewhere does not spoil it.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name for something that is about to be created with this run's labels, and is found by them.
    pub(crate) fn expect_labelled(&self) -> String {
        let mut state = self.state();
        let name = format!("dlearn-{}-{}", self.inner.run, state.next);
        state.next += 1;
        state.touched = true;
        name
    }

    /// A name for a container that is about to be created.
    pub(crate) fn expect_container(&self) -> String {
        let name = self.expect_labelled();
        self.state().containers.insert(name.clone(), false);
        name
    }

    /// A container of this name is about to be created for this run.
    pub(crate) fn expect_named(&self, name: &str) {
        let mut state = self.state();
        state.touched = true;
        state.containers.insert(name.to_owned(), false);
    }

    /// Removes this run's containers, and leaves its images.
    ///
    /// # Errors
    /// The first that could not be removed.
    pub async fn remove_containers(&self) -> Result<(), EngineError> {
        let names: Vec<String> = self.state().containers.keys().cloned().collect();
        for name in names {
            self.remove_container(&name).await?;
        }
        Ok(())
    }

    /// The container exists.
    pub(crate) fn container_exists(&self, name: &str) {
        self.state().containers.insert(name.to_owned(), true);
    }

    /// Removes a container with its anonymous volumes, running or not.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn remove_container(&self, name: &str) -> Result<(), EngineError> {
        remove_container(&self.inner.engine, name).await?;
        self.state().containers.remove(name);
        Ok(())
    }

    /// The same for a container whose volumes may hold many files: `seconds` are for the engine to remove them.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn remove_large_container(&self, name: &str, seconds: u64) -> Result<(), EngineError> {
        remove_container_within(&self.inner.engine, name, seconds).await?;
        self.state().containers.remove(name);
        Ok(())
    }

    /// Removes everything that this run created. May be called at any time, and again.
    ///
    /// # Errors
    /// The first thing that could not be removed; everything else has been tried.
    pub async fn cleanup(&self) -> Result<(), EngineError> {
        let _alone = self.inner.cleaning.lock().await;
        if !self.state().touched {
            self.close();
            return Ok(());
        }
        // An engine that does not answer a ping will not remove anything either.
        self.inner.engine.ping().await?;
        let mut first = None;
        let mut note = |result: Result<(), EngineError>| {
            if let Err(error) = result {
                first.get_or_insert(error);
            }
        };
        let containers = self.state().containers.clone();
        for (name, confirmed) in containers {
            note(self.remove_expected_container(&name, confirmed).await);
        }
        note(self.sweep().await);
        note(self.settle().await);
        note(self.adopt().await);
        let images = self.state().images.clone();
        for (tag, confirmed) in images {
            note(self.remove_expected_image(&tag, confirmed).await);
        }
        note(self.remove_superfluous().await);
        match first {
            Some(error) => Err(error),
            None => {
                self.close();
                Ok(())
            }
        }
    }

    /// Everything is gone: the run need not be found again.
    fn close(&self) {
        self.state().lock.remove();
        open_ledgers().retain(|other| !Arc::ptr_eq(&other.inner, &self.inner));
    }

    async fn remove_expected_container(&self, name: &str, confirmed: bool) -> Result<(), EngineError> {
        let engine = &self.inner.engine;
        let deadline = Instant::now() + LATE_CREATION;
        loop {
            let existed = remove_container(engine, name).await?;
            if existed || confirmed || Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.state().containers.remove(name);
        Ok(())
    }

    /// What carries this run's label, by whatever way it came to be.
    async fn sweep(&self) -> Result<(), EngineError> {
        let found = super::leftovers::labelled(&self.inner.engine, &format!("{LABEL_RUN}={}", self.inner.run)).await?;
        for thing in found.iter().filter(|thing| thing.run() == Some(self.run())) {
            thing.remove(&self.inner.engine).await?;
        }
        Ok(())
    }
}

/// Whether an id is this one, or begins with these digits.
fn starts(id: &str, named: &str) -> bool {
    let digits = |id| -> &str { str::trim_start_matches(id, "sha256:") };
    digits(id).starts_with(digits(named))
}
