//! Judges one exercise of a submission on an engine.
//!
//! The steps of the exercise's reference answer (by default: build every image) are done with the submission's files,
//! then every check is judged, hidden ones too. What is there is judged as it is: nothing is added to it, and what
//! the learner's own engine has or had does not matter.
//!
//! Invariants: what the submission does wrong, a build that fails or takes for ever, is *not yet*; what the engine
//! does not do is *cannot tell*. Everything that was created is in a ledger, and removed at the end.

use super::plan;
use super::refusals::{self, Allowed, Refusal};
use crate::attempt;
use crate::check::{Finding, Kind, Verdict};
use crate::course::service::{needs_registry, registry_values};
use crate::course::{Course, CourseError, Entry, Round};
use crate::engine::{
    Answers, Collector, CollectorOptions, Engine, EngineError, Ledger, PORTS, Practice, PracticeError, StepError,
    perform_all,
};
use crate::evidence::{Answer, Builder, Evidence, Fact, Unavailable};
use crate::examine::examine;
use crate::learner::practice::USER as PRACTICE_USER;
use crate::submission::Registry;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use plan::allowed;

/// Bytes of a Dockerfile that is built.
const LARGEST_DOCKERFILE: u64 = 256 << 10;

/// One exercise of one submission.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// The course.
    pub course: &'a Course,
    /// The exercise.
    pub entry: &'a Entry,
    /// The exercise's folder, in a copy that nobody else writes.
    pub folder: &'a Path,
    /// The token that its values are drawn from.
    pub token: &'a str,
    /// The registry that the learner practised with: names in their files hold it.
    pub registry: Option<&'a Registry>,
    /// Images that it may use.
    pub allowed: &'a Allowed,
    /// Seconds for one round, with all its checks.
    pub seconds: u64,
}

/// A round that can be judged, or why not.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The round, with the names that the learner knows.
    pub round: Round,
    /// What came of it already, without an engine.
    pub came: Option<Came>,
    /// External images that its Dockerfiles name.
    pub images: BTreeSet<String>,
}

/// What came of a round.
#[derive(Clone, Debug)]
pub enum Came {
    /// There are no files of it.
    Missing,
    /// It was not built, for these reasons.
    Refused(Vec<Refusal>),
    /// It was judged.
    Judged {
        /// A finding for each check.
        findings: Vec<Finding>,
        /// The step that did not go as it should: the builder's last words, say.
        stopped: Option<String>,
        /// What looks like a token in the images' files that the checks read.
        tokens: BTreeSet<String>,
    },
    /// It was stopped after so many seconds.
    TooLong(u64),
    /// The engine that it had for itself stopped answering, each time that it was tried.
    BroughtDown,
    /// It could not be found out.
    CannotTell(Unavailable),
}

impl Came {
    /// Whether any of it could not be found out.
    pub fn is_open(&self) -> bool {
        match self {
            Came::CannotTell(_) => true,
            Came::Judged { findings, .. } => {
                findings.iter().any(|finding| matches!(finding.verdict, Verdict::CannotTell { .. }))
            }
            _ => false,
        }
    }
}

/// What can be said before anything is built.
///
/// # Errors
/// Where the exercise's files do not fit together.
pub fn plan(work: &Work<'_>) -> Result<Vec<Planned>, CourseError> {
    let rounds = work.entry.rounds(&work.course.recipes, work.token, &str::to_owned)?;
    Ok(rounds.into_iter().map(|round| look(work, round)).collect())
}

fn look(work: &Work<'_>, round: Round) -> Planned {
    let folder = work.folder.join(&round.folder);
    let mut images = BTreeSet::new();
    if !folder.is_dir() {
        return Planned { round, came: Some(Came::Missing), images };
    }
    let mut refused = BTreeSet::new();
    for recipe in plan::recipes(&round, &attempt::steps(&round.cases.solution, &round)) {
        let shown =
            if round.folder.is_empty() { recipe.file.clone() } else { format!("{}/{}", round.folder, recipe.file) };
        for file in spellings(&folder.join(&recipe.file)) {
            match dockerfile(&file) {
                Ok(Some(text)) => {
                    images.extend(refusals::images(&text, &recipe.args));
                    refused.extend(refusals::refusals(&shown, &text, &recipe.args, work.allowed));
                }
                Ok(None) => {}
                Err(what) => {
                    let help = "write a plain text of a usual size".to_owned();
                    refused.insert(Refusal { file: shown.clone(), line: 1, what, help, image: None });
                }
            }
        }
    }
    let images = images.iter().filter_map(|name| work.allowed.get(name).map(str::to_owned)).collect();
    let came = (!refused.is_empty()).then(|| Came::Refused(refused.into_iter().collect()));
    Planned { round, came, images }
}

/// The file, and the spelling that builders take in its place (`dockerfile`).
fn spellings(file: &Path) -> Vec<PathBuf> {
    let mut files = vec![file.to_owned()];
    if file.file_name().is_some_and(|name| name == "Dockerfile") {
        files.push(file.with_file_name("dockerfile"));
    }
    files
}

/// The text of a Dockerfile; none where there is none.
fn dockerfile(path: &Path) -> Result<Option<String>, String> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    let mut bytes = Vec::new();
    match file.take(LARGEST_DOCKERFILE + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > LARGEST_DOCKERFILE => {
            Err(format!("the Dockerfile has more than {} KiB", LARGEST_DOCKERFILE >> 10))
        }
        Ok(_) => String::from_utf8(bytes).map(Some).map_err(|_| "the Dockerfile is not UTF-8".to_owned()),
        // A folder, say: the builder will say so.
        Err(_) => Ok(None),
    }
}

/// Judges on an engine, in the order of the rounds, whatever of `planned` nothing has come of yet.
///
/// In a throw-away engine images have the names that the learner knows. Any other may be one that others use: there
/// every image has a name of this run's own.
pub async fn judge_in(engine: &Engine, work: &Work<'_>, planned: Vec<Planned>) -> Vec<(Round, Came)> {
    let mut done: Vec<(Round, Came)> = Vec::new();
    let mut bench: Option<Result<Bench, Unavailable>> = None;
    for (index, Planned { round, came, .. }) in planned.into_iter().enumerate() {
        let came = match came {
            Some(came) => came,
            None => {
                if bench.is_none() {
                    bench = Some(Bench::new(engine, work).await);
                }
                match &bench {
                    Some(Ok(bench)) => bench.judge(work, index).await,
                    Some(Err(why)) => Came::CannotTell(why.clone()),
                    None => Came::CannotTell(Unavailable::new("nothing was judged", "grade again")),
                }
            }
        };
        done.push((round, came));
    }
    if let Some(Ok(bench)) = bench {
        bench.clear().await;
    }
    done
}

/// What the rounds of one exercise share on an engine.
struct Bench<'a> {
    engine: &'a Engine,
    builder: Builder,
    ledger: Ledger,
    /// The registry's, which stays from round to round.
    services: Ledger,
    practice: Option<Practice>,
    rounds: Vec<Round>,
}

impl<'a> Bench<'a> {
    async fn new(engine: &'a Engine, work: &Work<'_>) -> Result<Self, Unavailable> {
        let exercise = &work.entry.exercise;
        let unavailable = |error: EngineError| error.unavailable();
        let offered = engine.facts().await.map_err(unavailable)?.builders;
        let builder = match exercise.needs.builder {
            Some(needed) => needed,
            None if offered.contains(&Builder::BuildKit) => Builder::BuildKit,
            None => Builder::Classic,
        };
        let ledger = Ledger::open(engine, PURPOSE, &exercise.id).map_err(unavailable)?;
        let services = Ledger::open(engine, PURPOSE, &exercise.id).map_err(unavailable)?;
        let mut bench = Self { engine, builder, ledger, services, practice: None, rounds: Vec::new() };
        match bench.set_up(work).await {
            Ok(()) => Ok(bench),
            Err(why) => {
                bench.clear().await;
                Err(why)
            }
        }
    }

    async fn set_up(&mut self, work: &Work<'_>) -> Result<(), Unavailable> {
        let mut entry = work.entry.clone();
        if needs_registry(&entry.exercise.needs.services) {
            let practice = self.practice(work).await?;
            entry = entry.with(registry_values(&practice.address(), &practice.user, practice.password.reveal()));
            self.practice = Some(practice);
        }
        let own = self.is_own();
        let rename = |name: &str| if own { name.to_owned() } else { self.ledger.image_name(name) };
        let rounds = entry.rounds(&work.course.recipes, work.token, &rename);
        self.rounds = rounds.map_err(|error| Unavailable::new(error.to_string(), "tell the course's author"))?;
        Ok(())
    }

    /// Whether the engine is thrown away with everything that is in it.
    fn is_own(&self) -> bool {
        self.engine.endpoint().is_thrown_away()
    }

    /// A registry for this run; where the learner's files name theirs, one at the same address.
    async fn practice(&self, work: &Work<'_>) -> Result<Practice, Unavailable> {
        let told = |error: PracticeError| Unavailable::new(error.to_string(), error.help());
        let checks = work.entry.rounds(&work.course.recipes, work.token, &str::to_owned).unwrap_or_default();
        let asks = checks.iter().flat_map(|round| &round.checks).flat_map(|check| &check.asks);
        let names_count = asks.into_iter().any(|ask| matches!(ask, Kind::Commands(_)));
        let port = work.registry.and_then(practice_port);
        match port {
            Some(port) if self.is_own() => {
                let run = self.services.run().to_owned();
                let (id, password, user) = (run.clone(), run.into(), PRACTICE_USER.to_owned());
                let labels = self.services.labels().into_iter().collect();
                let practice = Practice { id, port, user, password, home: String::new(), labels };
                self.engine.raise(&self.services, &practice).await.map_err(told).map(|_| practice)
            }
            _ if names_count => Err(Unavailable::new(
                "the commands in it name a registry that is not known here",
                "hand it in with dlearn submit, which says which one, and grade it in a throw-away engine (without \
                 --engine)",
            )),
            _ => self.engine.raise_for_run(&self.services).await.map_err(told),
        }
    }

    async fn judge(&self, work: &Work<'_>, index: usize) -> Came {
        let Some(round) = self.rounds.get(index) else { return Came::Missing };
        let limit = Duration::from_secs(work.seconds);
        let options = CollectorOptions {
            workspace: work.folder.join(&round.folder),
            starter: round.start.clone(),
            exercise: round.exercise.clone(),
            purpose: PURPOSE.into(),
            build_seconds: work.seconds,
        };
        let mut collector = Collector::new(Ok(self.engine.clone()), options).practising(self.practice.clone());
        let came = match tokio::time::timeout(limit, self.examine(work, round, &mut collector)).await {
            Ok(came) => came,
            // Somebody took too long: the engine, if it is not even there any more.
            Err(_) => match self.engine.ping().await {
                Ok(()) => Came::TooLong(work.seconds),
                Err(error) => Came::CannotTell(error.unavailable()),
            },
        };
        if !self.is_own() {
            // What could not be removed now is in the collector's own ledger, which the process's end looks at.
            let _ = collector.finish().await;
        }
        // Ports that it published are free for the next round.
        let _ = self.ledger.remove_containers().await;
        came
    }

    async fn examine(&self, work: &Work<'_>, round: &Round, collector: &mut Collector) -> Came {
        let workspace = work.folder.join(&round.folder);
        let (engine, ledger, images) = (self.engine, &self.ledger, &round.subject.images);
        let steps = attempt::steps(&round.cases.solution, round);
        let performed = perform_all(engine, ledger, &workspace, images, self.builder, &steps).await;
        let stopped = match performed {
            Ok(()) => None,
            Err(StepError::Engine(error)) => return Came::CannotTell(error.unavailable()),
            // What is left of the checks may still pass: the diagnosis of a build that fails, say.
            Err(StepError::Build { image, error, log }) => {
                let log = if log.is_empty() { String::new() } else { format!("\n{}", log.join("\n")) };
                Some(format!("the build of {} failed: {error}{log}", round_name(work, &image)))
            }
            Err(StepError::Impossible { what, .. }) => Some(what),
        };
        let examined = examine(round, collector, Evidence::new()).await;
        let prefix = ledger.image_name("");
        let findings = examined.findings.iter().map(|finding| attempt::without(finding, &prefix)).collect();
        let stopped = stopped.map(|text| text.replace(&prefix, ""));
        Came::Judged { findings, stopped, tokens: tokens(&examined.evidence) }
    }

    /// Removes everything. What cannot be removed now is found by the process's end, and by `dlearn clean`.
    async fn clear(&self) {
        if self.is_own() {
            return;
        }
        let _ = self.ledger.cleanup().await;
        let _ = self.services.cleanup().await;
    }
}

/// What looks like a token among the files of images that were read.
fn tokens(evidence: &Evidence) -> BTreeSet<String> {
    let texts = evidence.iter().filter_map(|(_, answer)| match answer {
        Answer::Found(Fact::File(file)) => file.text.as_deref(),
        _ => None,
    });
    texts.map(str::trim).filter(|text| crate::learner::is_token(text)).map(str::to_owned).collect()
}

/// Value of the label `dlearn` on everything that grading creates.
const PURPOSE: &str = "grade";

/// The port of the practice registry that a learner's names hold; none where it is another registry.
fn practice_port(registry: &Registry) -> Option<u16> {
    let port = registry.address.strip_prefix("127.0.0.1:")?.parse().ok()?;
    (PORTS.contains(&port) && registry.user == PRACTICE_USER).then_some(port)
}

/// The learner's name for an image.
fn round_name<'a>(work: &'a Work<'_>, alias: &'a str) -> &'a str {
    work.entry.exercise.images.get(alias).filter(|name| !name.contains("{{")).map_or(alias, String::as_str)
}
