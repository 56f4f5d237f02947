//! Needs → answers.
//!
//! Invariants: each distinct need is asked once for each call. Reads and single commands run concurrently; builds and
//! services one after another and alone, so that they do not disturb each other's timing. A command that took too long or
//! was killed beside others is run once more by itself. Once the engine
//! is found dead, everything else is answered *unavailable* at once.

use super::{
    Engine, EngineError, Ledger, Practice, archive,
    build::BuildJob,
    experiment::with_nonce,
    files::{self, Context},
};
use crate::context::TarStyle;
use crate::course::FileSet;
use crate::evidence::{Answer, BuildFacts, BuildPlan, Builder, Edit, Fact, Need, RunPlan, Source, Unavailable};
use crate::registry::Logins;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use tokio::sync::Semaphore;

/// Reads that run at the same time.
const CONCURRENT: usize = 8;

/// Commands in containers that run at the same time. Starting a container takes about one processor.
const CONCURRENT_RUNS: usize = 4;

/// The exit code of a command that was killed, for want of memory perhaps: 128 and SIGKILL.
const KILLED: i64 = 137;

/// Images that are exported at the same time: the engine writes each to its disk.
const CONCURRENT_EXPORTS: usize = 2;

/// The build argument that keeps the cache mounts of builds apart (Dockerfile reference, "BuildKit built-in build
/// args").
const CACHE_MOUNTS: &str = "BUILDKIT_CACHE_MOUNT_NS";

/// Whoever answers needs: a real engine, or evidence that was recorded.
pub trait Answers {
    /// Answers each need, in any order.
    fn answer(&mut self, needs: BTreeSet<Need>) -> impl Future<Output = Vec<(Need, Answer)>>;

    /// Removes everything that answering has created.
    ///
    /// # Errors
    /// What could not be removed; `dlearn clean` finds it later.
    fn finish(&mut self) -> impl Future<Output = Result<(), EngineError>>;
}

/// What a collector works on.
#[derive(Clone, Debug)]
pub struct CollectorOptions {
    /// The learner's files.
    pub workspace: PathBuf,
    /// The files as the learner was given them.
    pub starter: FileSet,
    /// Id of the exercise, for the labels; may be empty.
    pub exercise: String,
    /// What it is for, for the labels: `check`, `selfcheck`.
    pub purpose: String,
    /// Seconds that a build may take.
    pub build_seconds: u64,
}

impl Default for CollectorOptions {
    fn default() -> Self {
        Self {
            workspace: PathBuf::from("."),
            starter: FileSet::new(),
            exercise: String::new(),
            purpose: "check".into(),
            build_seconds: 600,
        }
    }
}

/// What a build gets besides its plan.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    /// Changes to the workspace's files, by path relative to the context.
    pub(super) edits: BTreeMap<String, Edit>,
    /// The style of the context's archive, where it is settled.
    pub(super) style: Option<TarStyle>,
    /// How often the same was built before, for another tag.
    pub(super) repetition: u8,
}

/// Answers needs from an engine and a workspace.
#[derive(Debug)]
pub struct Collector {
    options: CollectorOptions,
    engine: Result<(Engine, Ledger), EngineError>,
    /// The engine was there, and was found dead since.
    dead: Option<EngineError>,
    builders: Option<Vec<Builder>>,
    practice: Option<Practice>,
    logins: Option<Logins>,
}

impl Collector {
    /// A collector. Where there is no engine, whatever needs one is answered *unavailable* with the
    /// reason; files of the workspace are answered all the same.
    pub fn new(engine: Result<Engine, EngineError>, options: CollectorOptions) -> Self {
        let engine = engine.and_then(|engine| {
            let ledger = Ledger::open(&engine, &options.purpose, &options.exercise)?;
            Ok((engine, ledger))
        });
        Self { options, engine, dead: None, builders: None, practice: None, logins: None }
    }

    /// Questions to this practice registry are asked behind its gate; it is started where it does not run.
    #[must_use]
    pub fn practising(self, practice: Option<Practice>) -> Self {
        Self { practice, ..self }
    }

    /// The learner asks for themselves: what a registry shows to nobody else is read with their own login there.
    #[must_use]
    pub fn reading_as(self, logins: Logins) -> Self {
        Self { logins: Some(logins), ..self }
    }

    /// What this collector has created: to clean up from elsewhere, after Ctrl-C say.
    pub fn ledger(&self) -> Option<Ledger> {
        self.engine.as_ref().ok().map(|(_, ledger)| ledger.clone())
    }

    fn engine(&self) -> Result<(Engine, Ledger), EngineError> {
        match &self.dead {
            Some(error) => Err(error.clone()),
            None => self.engine.clone(),
        }
    }

    /// What can be asked at the same time: `reads`, and the commands `runs`.
    async fn at_once(&mut self, reads: Vec<Need>, runs: Vec<RunPlan>) -> Vec<(Need, Answer)> {
        let (engine, ledger) = match self.engine() {
            Ok(both) => both,
            Err(error) => {
                let needs = reads.into_iter().chain(runs.into_iter().map(Need::Run)).collect();
                return unavailable(needs, &error.unavailable());
            }
        };
        let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut layers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let exports = Semaphore::new(CONCURRENT_EXPORTS);
        let mut jobs: Vec<BoxFuture<'_, Vec<Told>>> = Vec::new();
        for need in reads {
            match need {
                // One container serves all files of an image.
                Need::File { image, path } => {
                    files.entry(image).or_default().insert(path);
                }
                // One export serves all questions about an image's layers.
                Need::Layers { image, skip } => {
                    layers.entry(image).or_default().insert(skip);
                }
                Need::Secret { image, value } => jobs.push(read_secret(&engine, &exports, image, value).boxed()),
                need => jobs.push(read(&engine, need).boxed()),
            }
        }
        for (image, skips) in layers {
            jobs.push(read_layers(&engine, &exports, image, skips).boxed());
        }
        for (image, paths) in files {
            jobs.push(read_files(&engine, &ledger, image, paths).boxed());
        }
        let alone = runs.len() <= 1;
        let run = |plan: RunPlan| {
            let (engine, ledger) = (&engine, &ledger);
            async move { (engine.run(ledger, &plan).await, plan) }
        };
        // The bounds of an engine of ours hold for all of them together.
        let most = if engine.endpoint().is_thrown_away() { 1 } else { CONCURRENT_RUNS };
        let runs = stream::iter(runs).map(run).buffer_unordered(most).collect::<Vec<_>>();
        let reads = stream::iter(jobs).buffer_unordered(CONCURRENT).concat();
        let (mut told, ran): (Vec<Told>, _) = futures_util::join!(reads, runs);
        for (result, plan) in ran {
            let again = !alone && matches!(&result, Ok(Some(facts)) if facts.timed_out || facts.exit == Some(KILLED));
            let result = if again { engine.run(&ledger, &plan).await } else { result };
            told.push((Need::Run(plan), result.map(|facts| facts.map(Fact::Run))));
        }
        told.into_iter().map(|(need, result)| (need, self.judge(result))).collect()
    }

    /// Keeps in mind that the engine is dead.
    fn judge(&mut self, result: Result<Option<Fact>, EngineError>) -> Answer {
        match result {
            Ok(Some(fact)) => Answer::Found(fact),
            Ok(None) => Answer::Absent,
            Err(error) => {
                let why = error.unavailable();
                if error.is_dead() {
                    self.dead = Some(error);
                }
                Answer::Unavailable(why)
            }
        }
    }

    async fn work(&mut self, need: &Need) -> Answer {
        let (engine, ledger) = match self.engine() {
            Ok(both) => both,
            Err(error) => return Answer::Unavailable(error.unavailable()),
        };
        let result = match need {
            Need::Build(plan) => {
                let built = self.build(&engine, &ledger, plan, &Given::default()).await;
                built.map(|built| built.map(|(facts, _)| Fact::Build(facts)))
            }
            Need::Experiment(plan) => {
                self.experiment(&engine, &ledger, plan).await.map(|facts| facts.map(Fact::Experiment))
            }
            Need::Run(plan) => engine.run(&ledger, plan).await.map(|facts| facts.map(Fact::Run)),
            Need::Serve(plan) => engine.serve(&ledger, plan).await.map(|facts| facts.map(Fact::Serve)),
            Need::Stop(plan) => engine.start_and_stop(&ledger, plan).await.map(|facts| facts.map(Fact::Stop)),
            Need::Health(plan) => engine.health(&ledger, plan).await.map(|facts| facts.map(Fact::Health)),
            Need::Registry { name } => {
                let asked = engine.in_registry(&ledger, self.practice.as_ref(), self.logins.as_ref(), name).await;
                asked.map(|facts| facts.map(Fact::Registry))
            }
            _ => Ok(None),
        };
        self.judge(result)
    }

    /// Builds, and tells in which style the context went to the engine.
    pub(super) async fn build(
        &mut self,
        engine: &Engine,
        ledger: &Ledger,
        plan: &BuildPlan,
        given: &Given,
    ) -> Result<Option<(BuildFacts, TarStyle)>, EngineError> {
        if self.builders.is_none() {
            self.builders = Some(engine.facts().await?.builders);
        }
        if !self.builders.iter().flatten().any(|offered| *offered == plan.builder) {
            return Err(EngineError::Unsupported {
                what: format!("this engine does not offer {}", plan.builder),
                help: "use a Docker Engine for this exercise".into(),
            });
        }
        if plan.source == Source::Client {
            let (workspace, seconds) = (&self.options.workspace, self.options.build_seconds);
            let facts = engine.build_by_client(ledger, workspace, plan, seconds).await?;
            return Ok(Some((facts, TarStyle::BuildKit)));
        }
        let only = given.style.map(|style| [(style, false)]);
        let styles: &[(TarStyle, bool)] = match plan.builder {
            _ if only.is_some() => only.as_ref().map_or(&[], |only| only),
            Builder::BuildKit => &[(TarStyle::BuildKit, false)],
            // The classic builder's cache depends on the client that sent the context: look whether
            // the learner's was an old one before anything is really built.
            Builder::Classic if plan.source == Source::Workspace && !plan.no_cache => {
                &[(TarStyle::WithTypeBits, true), (TarStyle::Plain, false)]
            }
            Builder::Classic => &[(TarStyle::Plain, false)],
        };
        let (plan, nonce) = &with_nonce(plan)?;
        let fresh = matches!(plan.source, Source::Fresh(_));
        for (style, only_cached_copies) in styles {
            let mut way = match (only_cached_copies, given.edits.is_empty()) {
                (true, _) => "old client".to_owned(),
                (false, true) => String::new(),
                (false, false) => format!("{:?}", given.edits),
            };
            if given.repetition > 0 {
                way.push_str(&format!(" again {}", given.repetition));
            }
            let tag = ledger.build_tag(plan, &way);
            let (workspace, starter) = (self.options.workspace.clone(), self.options.starter.clone());
            let (owned, edits, style) = (plan.clone(), given.edits.clone(), *style);
            let packing =
                tokio::task::spawn_blocking(move || files::context_of(&workspace, &starter, &owned, &edits, style));
            let packed = packing.await.map_err(|error| engine.unintelligible("pack", &error.to_string()))?;
            let (context, dockerfile, only_for_builder) = match packed? {
                Context::Packed { bytes, dockerfile, only_for_builder } => (bytes, dockerfile, only_for_builder),
                Context::Refused(why) => {
                    return Ok(Some((BuildFacts { tag, error: Some(why), ..BuildFacts::default() }, style)));
                }
            };
            let mut args = plan.args.clone();
            if fresh && plan.builder == Builder::BuildKit {
                // BuildKit's own argument: cache mounts of this name space only. Without it, a build without
                // the cache takes the learner's cache mounts away. The classic builder has none.
                args.insert(CACHE_MOUNTS.into(), tag.clone());
            }
            let job = BuildJob {
                tag,
                context,
                builder: plan.builder,
                dockerfile,
                target: plan.target.clone(),
                args,
                no_cache: plan.no_cache || fresh,
                seconds: self.options.build_seconds,
                only_cached_copies: *only_cached_copies,
            };
            let space = job.args.get(CACHE_MOUNTS).cloned().filter(|_| fresh && self.may_have_cache_mounts(plan));
            let seen = (only_for_builder && plan.builder == Builder::BuildKit).then(|| job.dockerfile.clone());
            let built = engine.build(ledger, &job).await;
            if let Some(space) = space {
                // Space on the disk, that BuildKit clears by itself one day: no reason not to judge.
                let _ = engine.remove_cache_mounts(&space).await;
            }
            if let Some(facts) = built? {
                return Ok(Some((BuildFacts { dockerfile_seen: seen, nonce: nonce.clone(), ..facts }, style)));
            }
        }
        Ok(None)
    }
}

impl Collector {
    /// Whether the Dockerfile of a plan has the word for it: listing the build cache is slow on a full disk.
    fn may_have_cache_mounts(&self, plan: &BuildPlan) -> bool {
        let file = format!("{}/{}", plan.context, plan.dockerfile);
        match files::text(&self.options.workspace, &file) {
            Answer::Found(Fact::Text(text)) => text.text.contains("cache"),
            _ => true,
        }
    }
}

impl Answers for Collector {
    async fn answer(&mut self, needs: BTreeSet<Need>) -> Vec<(Need, Answer)> {
        let mut answers = Vec::with_capacity(needs.len());
        let (mut reads, mut runs, mut works) = (Vec::new(), Vec::new(), Vec::new());
        for need in needs {
            match &need {
                Need::WorkspaceFile { path } => {
                    let answer = files::text(&self.options.workspace, path);
                    answers.push((need, answer));
                }
                Need::Archive { path, image } => {
                    let answer = archive::of_workspace(&self.options.workspace, path, image).await;
                    answers.push((need, answer));
                }
                // What is set up before makes images: one after another, or they could not be told apart.
                Need::Run(plan) if plan.setup.is_empty() => runs.push(plan.clone()),
                Need::Build(_)
                | Need::Experiment(_)
                | Need::Run(_)
                | Need::Serve(_)
                | Need::Stop(_)
                | Need::Health(_)
                | Need::Registry { .. } => works.push(need),
                Need::Engine
                | Need::Image { .. }
                | Need::File { .. }
                | Need::Layers { .. }
                | Need::Secret { .. }
                | Need::Objects { .. } => reads.push(need),
            }
        }
        answers.extend(self.at_once(reads, runs).await);
        for need in works {
            let answer = self.work(&need).await;
            answers.push((need, answer));
        }
        answers
    }

    async fn finish(&mut self) -> Result<(), EngineError> {
        match &self.engine {
            Ok((_, ledger)) => ledger.cleanup().await,
            Err(_) => Ok(()),
        }
    }
}

type Told = (Need, Result<Option<Fact>, EngineError>);

async fn read(engine: &Engine, need: Need) -> Vec<Told> {
    let result = match &need {
        Need::Engine => engine.facts().await.map(|facts| Some(Fact::Engine(facts))),
        Need::Image { name } => engine.image(name).await.map(|facts| facts.map(Fact::Image)),
        Need::Objects { label } => engine.objects(label).await.map(|facts| Some(Fact::Objects(facts))),
        _ => Ok(None),
    };
    vec![(need, result)]
}

/// Scans an image once, from the lowest layer that somebody asks about.
async fn read_layers(engine: &Engine, exports: &Semaphore, image: String, skips: BTreeSet<usize>) -> Vec<Told> {
    // Nobody closes the semaphore; without a permit there would only be more at once.
    let _permit = exports.acquire().await;
    let need = |skip: usize| Need::Layers { image: image.clone(), skip };
    let mut skips = skips.into_iter();
    let Some(lowest) = skips.next() else { return Vec::new() };
    let whole = engine.layers(&image, lowest).await;
    let mut told = Vec::new();
    for skip in skips {
        let facts = match &whole {
            // Where there was no room for all paths, there may be enough for those of the upper layers.
            Ok(Some(facts)) if facts.truncated => engine.layers(&image, skip).await,
            other => other.as_ref().map(|facts| facts.as_ref().map(|facts| facts.above(skip))).map_err(Clone::clone),
        };
        told.push((need(skip), facts.map(|facts| facts.map(Fact::Layers))));
    }
    told.push((need(lowest), whole.map(|facts| facts.map(Fact::Layers))));
    told
}

async fn read_secret(engine: &Engine, exports: &Semaphore, image: String, value: String) -> Vec<Told> {
    let _permit = exports.acquire().await;
    let facts = engine.sightings(&image, &value).await.map(|facts| facts.map(Fact::Secret));
    vec![(Need::Secret { image, value }, facts)]
}

async fn read_files(engine: &Engine, ledger: &Ledger, image: String, paths: BTreeSet<String>) -> Vec<Told> {
    let need = |path: String| Need::File { image: image.clone(), path };
    match engine.files(ledger, &image, &paths).await {
        Ok(found) => found.into_iter().map(|(path, facts)| (need(path), Ok(facts.map(Fact::File)))).collect(),
        Err(error) => paths.into_iter().map(|path| (need(path), Err(error.clone()))).collect(),
    }
}

fn unavailable(needs: Vec<Need>, why: &Unavailable) -> Vec<(Need, Answer)> {
    needs.into_iter().map(|need| (need, Answer::Unavailable(why.clone()))).collect()
}
