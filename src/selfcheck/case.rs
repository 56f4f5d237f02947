//! Proves one case.

use super::{CaseKind, PlannedCase, Recording};
use crate::attempt;
use crate::check::{Finding, Verdict};
use crate::course::service::{needs_registry, registry_values};
use crate::course::{Course, FileSet, Round, exercise::Step, exercise::Under};
use crate::engine::{Answers, Collector, CollectorOptions, Engine, EngineError, Ledger, Practice, perform_all};
use crate::evidence::{Answer, Builder, Evidence, Fact, Need};
use crate::examine::examine;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OnceCell, RwLock};

/// What a case showed.
#[derive(Clone, Debug)]
pub struct Proved {
    /// `S01/ignored wrong/emptied`
    pub path: String,
    /// Whether it showed what it was to show.
    pub result: CaseResult,
    /// How long it took.
    pub took: Duration,
}

/// Whether a case showed what it was to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseResult {
    /// It did: the decisive message, or nothing for a pass.
    AsExpected(String),
    /// It did not.
    Otherwise {
        /// What was to happen.
        expected: String,
        /// What happened.
        found: String,
    },
    /// It could not be found out.
    CannotTell(String),
}

/// What is asked about the starter of one variant: the same for every case, so it is found out once.
#[derive(Debug)]
struct Starter {
    collector: Collector,
    known: BTreeMap<Need, Answer>,
}

impl Starter {
    async fn answer(&mut self, needs: BTreeSet<Need>) -> Vec<(Need, Answer)> {
        let open = needs.iter().filter(|need| !self.known.contains_key(*need)).cloned().collect();
        let told = self.collector.answer(open).await;
        let known = needs.iter().filter_map(|need| Some((need.clone(), self.known.get(need)?.clone())));
        let all: Vec<(Need, Answer)> = known.chain(told).collect();
        let lasting = all.iter().filter(|(_, answer)| !matches!(answer, Answer::Unavailable(_)));
        self.known.extend(lasting.cloned());
        all
    }
}

type SharedStarter = Arc<Mutex<Starter>>;

/// How many cases leave their images before they are removed together.
const BATCH: usize = 24;

/// What the cases of one run share.
///
/// Their images are removed between cases, never beside one: the classic builder builds on layers of
/// earlier builds, and removing an image takes those along that no other image names.
#[derive(Debug, Default)]
pub struct Workbench {
    /// By exercise and variant.
    starters: std::sync::Mutex<BTreeMap<(String, usize), SharedStarter>>,
    used: Mutex<Vec<Ledger>>,
    /// A registry of this run's own, since a case first needed one, with what goes with it.
    practice: OnceCell<(Practice, Ledger)>,
    /// Held by the one case that uses the classic builder. Of steps with the same words that were run at the same
    /// time its cache knows the last only, so neither case would find its own again.
    classic: Mutex<()>,
    /// Cases read, removing writes.
    gate: RwLock<()>,
    /// Folder into which the facts of each case are written.
    record: Option<PathBuf>,
}

impl Workbench {
    /// Keeps the facts of each case in this folder; nowhere for none.
    pub fn recording(folder: Option<PathBuf>) -> Self {
        Self { record: folder, ..Self::default() }
    }

    fn starter(&self, engine: &Engine, planned: &PlannedCase<'_>, round: &Round) -> SharedStarter {
        let mut starters = self.starters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (round.exercise.clone(), planned.variant);
        let new = || {
            let collector = Collector::new(Ok(engine.clone()), options(round, Path::new(".")));
            Arc::new(Mutex::new(Starter { collector, known: BTreeMap::new() }))
        };
        starters.entry(key).or_insert_with(new).clone()
    }

    async fn practice(&self, engine: &Engine) -> Result<&Practice, EngineError> {
        let raise = async {
            let ledger = Ledger::open(engine, "selfcheck", "")?;
            Ok((engine.raise_for_run(&ledger).await?, ledger))
        };
        self.practice.get_or_try_init(|| raise).await.map(|(practice, _)| practice)
    }

    /// Removes what the cases so far have left, where that is enough to be worth a pause.
    async fn tidy(&self, enough: usize) {
        if self.used.lock().await.len() < enough {
            return;
        }
        let _alone = self.gate.write().await;
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

fn options(round: &Round, workspace: &Path) -> CollectorOptions {
    CollectorOptions {
        workspace: workspace.to_owned(),
        starter: round.start.clone(),
        exercise: round.exercise.clone(),
        purpose: "selfcheck".into(),
        ..CollectorOptions::default()
    }
}

/// Answers a case's needs: those about the starter from the shared collector.
struct Shared {
    case: Collector,
    starter: SharedStarter,
    tags: Vec<String>,
}

impl Answers for Shared {
    async fn answer(&mut self, needs: BTreeSet<Need>) -> Vec<(Need, Answer)> {
        let shared = |need: &Need| match need {
            Need::Build(plan) => !plan.source.is_workspace(),
            Need::Run(plan) => self.tags.contains(&plan.image),
            _ => false,
        };
        let (about_starter, own): (BTreeSet<Need>, BTreeSet<Need>) = needs.into_iter().partition(shared);
        let mut answers = self.case.answer(own).await;
        if !about_starter.is_empty() {
            let told = self.starter.lock().await.answer(about_starter).await;
            for (_, answer) in &told {
                if let Answer::Found(Fact::Build(build)) = answer {
                    self.tags.push(build.tag.clone());
                }
            }
            answers.extend(told);
        }
        answers
    }

    async fn finish(&mut self) -> Result<(), EngineError> {
        self.case.finish().await
    }
}

/// Proves a case under throw-away names; [`Workbench::finish`] removes what is left of it.
pub async fn prove(
    engine: &Engine,
    course: &Course,
    planned: &PlannedCase<'_>,
    token: &str,
    bench: &Workbench,
) -> Proved {
    bench.tidy(BATCH).await;
    let _classic = match planned.builder {
        Builder::Classic => Some(bench.classic.lock().await),
        Builder::BuildKit => None,
    };
    // Names are taken away, or ports published: then no other case runs beside it.
    let alone = planned.case.steps.iter().flatten().any(Step::wants_to_be_alone);
    let (_busy, _alone) = match alone {
        true => (None, Some(bench.gate.write().await)),
        false => (Some(bench.gate.read().await), None),
    };
    let begun = Instant::now();
    let result = try_prove(engine, course, planned, token, bench).await.unwrap_or_else(CaseResult::CannotTell);
    Proved { path: planned.path(), result, took: begun.elapsed() }
}

async fn try_prove(
    engine: &Engine,
    course: &Course,
    planned: &PlannedCase<'_>,
    token: &str,
    bench: &Workbench,
) -> Result<CaseResult, String> {
    let ledger = Ledger::open(engine, "selfcheck", &planned.entry.exercise.id).map_err(|error| error.to_string())?;
    bench.used.lock().await.push(ledger.clone());
    let prefix = ledger.image_name("");
    let rename = |name: &str| ledger.image_name(name);
    let practice = match needs_registry(&planned.entry.exercise.needs.services) {
        true => Some(bench.practice(engine).await.map_err(|error| format!("{error}\n{}", error.help()))?),
        false => None,
    };
    let mut entry = planned.entry.clone();
    if let Some(practice) = practice {
        entry = entry.with(registry_values(&practice.address(), &practice.user, practice.password.reveal()));
    }
    let mut rounds = entry.every_variant(&course.recipes, token, &rename).map_err(|error| error.to_string())?;
    let mut round = rounds.swap_remove(planned.variant);
    let planned = &planned.with_the_values_of(&round, &prefix);
    planned.keep_what_decides(&mut round);
    let round = &round;
    let folder = tempfile::Builder::new().prefix("dlearn-case-").tempdir().map_err(|error| error.to_string())?;
    attempt::write(folder.path(), &files(planned, round)).map_err(|error| error.to_string())?;

    prepare(engine, &ledger, folder.path(), planned, round).await?;
    let case = Collector::new(Ok(engine.clone()), options(round, folder.path())).practising(practice.cloned());
    bench.used.lock().await.extend(case.ledger());
    let mut answers = Shared { case, starter: bench.starter(engine, planned, round), tags: Vec::new() };
    let examined = examine(round, &mut answers, Evidence::new()).await;
    // Ports that it published are free for the next.
    ledger.remove_containers().await.map_err(|error| error.to_string())?;
    if let Some(folder) = &bench.record {
        let mut recording = Recording::new(planned, token, ledger.run());
        let engine = engine.facts().await.map_err(|error| error.to_string())?;
        recording.engine = format!("{} {}, {}", engine.product, engine.version, engine.driver);
        recording.registry = practice.map(|it| [it.address(), it.user.clone(), it.password.reveal().to_owned()]);
        recording.evidence = examined.evidence.clone();
        recording.write(folder, &planned.path()).map_err(|error| format!("its facts could not be kept: {error}"))?;
    }
    let findings: Vec<Finding> = examined.findings.iter().map(|finding| attempt::without(finding, &prefix)).collect();
    Ok(judge(planned, &findings))
}

async fn prepare(
    engine: &Engine,
    ledger: &Ledger,
    folder: &Path,
    planned: &PlannedCase<'_>,
    round: &Round,
) -> Result<(), String> {
    let images = &round.subject.images;
    let performed = perform_all(engine, ledger, folder, images, planned.builder, &steps(planned, round)).await;
    performed.map_err(|error| format!("a step of the case failed: {error}\n{}", error.help()))
}

/// The files that the case's workspace holds.
fn files(planned: &PlannedCase<'_>, round: &Round) -> FileSet {
    let mut files = round.start.clone();
    let over_solution = planned.kind != CaseKind::Starter && planned.case.over == Under::Solution;
    if over_solution {
        files.extend(round.solution.clone());
    }
    let part = match planned.kind {
        CaseKind::Right => format!("right/{}", planned.name),
        CaseKind::Wrong => format!("wrong/{}", planned.name),
        CaseKind::Starter | CaseKind::Solution => String::new(),
    };
    if !part.is_empty() {
        files.extend(round.layers_of(planned.entry, &part));
    }
    for path in &planned.case.delete {
        files.remove(path);
    }
    files
}

/// What is done with them: by default every image of the exercise is built, and nothing for the starter.
fn steps(planned: &PlannedCase<'_>, round: &Round) -> Vec<Step> {
    match planned.kind {
        CaseKind::Starter if planned.case.steps.is_none() => Vec::new(),
        _ => attempt::steps(&planned.case, round),
    }
}

pub(super) fn judge(planned: &PlannedCase<'_>, findings: &[Finding]) -> CaseResult {
    for finding in findings {
        if let Verdict::CannotTell { reason, .. } = &finding.verdict {
            return CaseResult::CannotTell(format!("check `{}`: {reason}", finding.id));
        }
    }
    let failed = findings.iter().find_map(|finding| match &finding.verdict {
        Verdict::NotYet(not_yet) => Some((
            finding.id.as_str(),
            format!("{}; found: {}; do: {}", not_yet.expected, not_yet.found, not_yet.advice),
        )),
        _ => None,
    });
    let must_pass = matches!(planned.kind, CaseKind::Solution | CaseKind::Right);
    match (must_pass, failed) {
        (true, Some((id, message))) => {
            CaseResult::Otherwise { expected: "every check passes".into(), found: format!("`{id}` fails: {message}") }
        }
        (true, None) => noted(planned, findings),
        (false, None) => CaseResult::Otherwise {
            expected: format!("`{}` fails", planned.case.fails.as_deref().unwrap_or("some check")),
            found: "it passes, and so does every check above it".into(),
        },
        (false, Some((id, message))) => {
            let fails = planned.case.fails.as_deref().unwrap_or(id);
            let says = planned.case.says.as_deref().unwrap_or_default();
            if fails == id && message.contains(says) {
                CaseResult::AsExpected(message)
            } else {
                CaseResult::Otherwise {
                    expected: format!("`{fails}` fails and says `{says}`"),
                    found: format!("`{id}` fails: {message}"),
                }
            }
        }
    }
}

fn noted(planned: &PlannedCase<'_>, findings: &[Finding]) -> CaseResult {
    let notes: BTreeMap<&str, &Vec<String>> = findings
        .iter()
        .filter_map(|finding| match &finding.verdict {
            Verdict::Pass { notes } => Some((finding.id.as_str(), notes)),
            _ => None,
        })
        .collect();
    match &planned.case.notes {
        Some(wanted) if !notes.values().any(|notes| notes.iter().any(|note| note.contains(wanted))) => {
            CaseResult::Otherwise { expected: format!("a note that says `{wanted}`"), found: "no such note".into() }
        }
        _ => CaseResult::AsExpected(String::new()),
    }
}
