//! Proves one case.

use super::bench::{BATCH, SharedStarter, Workbench, options};
use super::{CaseKind, PlannedCase, Recording};
use crate::attempt;
use crate::check::{Finding, Verdict};
use crate::course::service::{needs_registry, registry_values};
use crate::course::{Course, FileSet, Round, exercise::Step, exercise::Under};
use crate::engine::{Answers, Collector, Engine, EngineError, Ledger, StepError, perform_all};
use crate::evidence::{Answer, Builder, Evidence, Fact, Need};
use crate::examine::examine;
use crate::grade::refusals;
use crate::registry::Reference;
use crate::scratch::Scratch;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

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
    /// It was not tried: the image that it is built on is one that only its registry has.
    LeftOut(String),
}

impl From<String> for CaseResult {
    /// A reason why it could not be found out.
    fn from(why: String) -> Self {
        Self::CannotTell(why)
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
    let (found, took) = find(engine, course, planned, None, token, bench).await;
    let result = match found {
        Ok((planned, findings)) => judge(&planned, &findings),
        Err(result) => result,
    };
    Proved { path: planned.path(), result, took }
}

/// What is found in a case where one check is switched off: the id of the first that fails, none where all pass.
///
/// # Errors
/// Why that could not be found out.
pub async fn prove_without(
    engine: &Engine,
    course: &Course,
    planned: &PlannedCase<'_>,
    check: &str,
    token: &str,
    bench: &Workbench,
) -> Result<Option<String>, String> {
    let found = find(engine, course, planned, Some(check), token, bench).await.0;
    let (_, findings) = found.map_err(|result| match result {
        CaseResult::CannotTell(why) | CaseResult::LeftOut(why) => why,
        other => format!("{other:?}"),
    })?;
    for finding in findings {
        match finding.verdict {
            Verdict::NotYet(_) => return Ok(Some(finding.id)),
            Verdict::CannotTell { reason, .. } => return Err(format!("check `{}`: {reason}", finding.id)),
            _ => {}
        }
    }
    Ok(None)
}

/// A case as its round has it, and what the checks say of it; or the result of one that they were not asked about.
type Found<'a> = Result<(PlannedCase<'a>, Vec<Finding>), CaseResult>;

async fn find<'a>(
    engine: &Engine,
    course: &Course,
    planned: &PlannedCase<'a>,
    without: Option<&str>,
    token: &str,
    bench: &Workbench,
) -> (Found<'a>, Duration) {
    bench.tidy(BATCH).await;
    let _classic = match planned.builder {
        Builder::Classic => Some(bench.classic.lock().await),
        Builder::BuildKit => None,
    };
    // Names are taken away, or ports published: then no other case runs beside it.
    let looks_around = planned.looks_around();
    let alone = looks_around || planned.case.steps.iter().flatten().any(Step::wants_to_be_alone);
    let (_busy, _alone) = match alone {
        true => (None, Some(bench.gate.write().await)),
        false => (Some(bench.gate.read().await), None),
    };
    if looks_around {
        bench.sweep().await;
    }
    let begun = Instant::now();
    let found = try_find(engine, course, planned, without, token, bench).await;
    (found, begun.elapsed())
}

async fn try_find<'a>(
    engine: &Engine,
    course: &Course,
    planned: &PlannedCase<'a>,
    without: Option<&str>,
    token: &str,
    bench: &Workbench,
) -> Found<'a> {
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
    let planned = planned.with_the_values_of(&round, &prefix);
    match without {
        Some(check) => without_check(&mut round, check),
        None => planned.keep_what_decides(&mut round),
    }
    let folder = Scratch::new().map_err(|error| error.to_string())?;
    let files = files(&planned, &round);
    let builds = steps(&planned, &round).iter().any(|step| matches!(step, Step::Build { .. }));
    let elsewhere = &planned.entry.exercise.needs.elsewhere;
    if let Some(image) = missing(engine, elsewhere, &files).await?.filter(|_| builds) {
        return Err(CaseResult::LeftOut(format!(
            "not tried: it is built on {image}, which is not here and has no stand-in (docker pull {image})"
        )));
    }
    attempt::write(folder.path(), &files).map_err(|error| error.to_string())?;

    prepare(engine, &ledger, folder.path(), &planned, &round).await?;
    let case = Collector::new(Ok(engine.clone()), options(&round, folder.path())).practising(practice.cloned());
    bench.used.lock().await.extend(case.ledger());
    let mut answers = Shared { case, starter: bench.starter(engine, &planned, &round), tags: Vec::new() };
    let examined = examine(&round, &mut answers, Evidence::new()).await;
    // Ports that it published are free for the next.
    ledger.remove_containers().await.map_err(|error| error.to_string())?;
    if let Some(folder) = &bench.record {
        let mut recording = Recording::new(&planned, token, ledger.run());
        let engine = engine.facts().await.map_err(|error| error.to_string())?;
        recording.engine = format!("{} {}, {}", engine.product, engine.version, engine.driver);
        recording.registry = practice.map(|it| [it.address(), it.user.clone(), it.password.reveal().to_owned()]);
        recording.evidence = examined.evidence.clone();
        recording.write(folder, &planned.path()).map_err(|error| format!("its facts could not be kept: {error}"))?;
    }
    let findings = examined.findings.iter().map(|finding| attempt::without(finding, &prefix)).collect();
    Ok((planned, findings))
}

/// An image of one of the repositories of `elsewhere` that a Dockerfile among the files names, and that the engine does
/// not have.
async fn missing(engine: &Engine, elsewhere: &[String], files: &FileSet) -> Result<Option<String>, String> {
    let dockerfiles = files.iter().filter(|(path, _)| path.ends_with("Dockerfile"));
    let named: BTreeSet<String> = dockerfiles
        .flat_map(|(_, content)| refusals::images(&String::from_utf8_lossy(content), &BTreeMap::new()))
        .collect();
    let repository = |image: &str| Reference::parse(image).map(|image| (image.host, image.repository));
    let only_there: Vec<_> = elsewhere.iter().map(|image| repository(image)).collect();
    for image in named.into_iter().filter(|image| only_there.contains(&repository(image))) {
        if !engine.has_image(&image).await.map_err(|error| error.to_string())? {
            return Ok(Some(image));
        }
    }
    Ok(None)
}

/// Switches a check off: what waits for it does not any more.
fn without_check(round: &mut Round, id: &str) {
    round.checks.retain(|check| check.id != id);
    for check in &mut round.checks {
        check.after.retain(|before| before != id);
    }
}

async fn prepare(
    engine: &Engine,
    ledger: &Ledger,
    folder: &Path,
    planned: &PlannedCase<'_>,
    round: &Round,
) -> Result<(), CaseResult> {
    let images = &round.subject.images;
    let performed = perform_all(engine, ledger, folder, images, planned.builder, &steps(planned, round)).await;
    performed.map_err(|error| {
        let found = format!("a step of the case failed: {error}\n{}", error.help());
        match error {
            StepError::Engine(_) | StepError::Impossible { .. } => CaseResult::CannotTell(found),
            // The builder did its work: it is the answer that does not build.
            StepError::Build { image, .. } => CaseResult::Otherwise { expected: format!("{image} builds"), found },
        }
    })
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
