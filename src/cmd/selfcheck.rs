//! `dlearn selfcheck`: proves exercises on an engine of its own, or on the one that is named, and lessons.

use super::app::{App, Mark};
use super::lanes::spread;
use super::selfcheck_memory::Memory;
use super::workplace::Workplace;
use super::{grade_files, selfcheck_lessons, selfcheck_mutate};
use crate::course::{Course, Item};
use crate::engine::{Engine, SandboxLimits};
use crate::evidence::Builder;
use crate::failure::{Failure, exit};
use crate::grade::{plan, refusals::Allowed};
use crate::report::{self, json, junit};
use crate::selfcheck::{self, CaseResult, PlannedCase, Proved, Workbench, prove};
use crate::share::Share;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

/// One row of the table.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub case: String,
    pub builder: Builder,
    /// `as_expected`, `otherwise`, `cannot_tell` or `left_out`
    pub result: &'static str,
    pub detail: String,
    /// What was looked at in a lesson, and what was not, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    pub seconds: f64,
    /// An earlier run has shown it, and nothing that it rests on has changed since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub before: bool,
}

#[derive(Debug, Serialize)]
struct SelfcheckReport<'a> {
    schema: &'static str,
    proved: usize,
    otherwise: usize,
    cannot_tell: usize,
    left_out: usize,
    cases: &'a [Row],
}

/// What `--builder` says for both, but each right or wrong answer with one only.
const BY_TURNS: &str = "by-turns";

/// What is to be proven, and how.
pub(super) struct Wanted {
    pub ids: Vec<String>,
    pub builder: Option<String>,
    /// Part of the cases' names.
    pub case: Option<String>,
    /// The share of right and wrong answers.
    pub share: Option<Share>,
    /// Cases at the same time.
    pub jobs: usize,
    /// The engine, where it is not to be a throw-away one.
    pub engine: Option<String>,
    /// Folder for the facts of each case.
    pub record: Option<PathBuf>,
    /// To switch each check off instead.
    pub mutate: bool,
    /// Not to try again what an earlier run has shown.
    pub resume: bool,
    /// File for a JUnit report.
    pub junit: Option<PathBuf>,
}

pub(super) async fn run(app: &App, wanted: Wanted) -> Result<i32, Failure> {
    let course = app.course()?;
    let builders = match wanted.builder.as_deref() {
        Some("classic") => vec![Builder::Classic],
        Some("buildkit") => vec![Builder::BuildKit],
        _ => vec![Builder::Classic, Builder::BuildKit],
    };
    let (exercises, lessons) = sorted(&course, &wanted.ids)?;
    let named = |name: &str| wanted.case.as_ref().is_none_or(|text| name.contains(text));
    let mut cases = match exercises {
        Some(ids) => selfcheck::plan(&course, &ids, &builders)
            .map_err(|what| Failure::usage(what, "dlearn list shows them all"))?,
        None => Vec::new(),
    };
    cases.retain(|case| named(&case.path()));
    if let Some(share) = wanted.share {
        selfcheck::keep(share, &mut cases);
    }
    let mut lessons = match lessons {
        Some(ids) => selfcheck::plan_lessons(&course, &ids, &builders)
            .map_err(|(what, advice)| Failure::usage(what, format!("{advice}; dlearn lint shows all such mistakes")))?,
        None => Vec::new(),
    };
    lessons.retain(|planned| named(&planned.lesson.front.id));
    if wanted.engine.is_some() {
        if !wanted.ids.is_empty() && cases.is_empty() {
            let what = "lessons are proven in throw-away engines only";
            return Err(Failure::usage(what, "their commands would work on your own files: leave --engine out"));
        }
        lessons.clear();
    }
    if cases.is_empty() && lessons.is_empty() {
        let text = wanted.case.unwrap_or_default();
        return Err(Failure::usage(format!("no case has `{text}` in its name"), "dlearn selfcheck shows the names"));
    }
    if let Some(folder) = &wanted.record {
        std::fs::create_dir_all(folder).map_err(|error| {
            let what = format!("the folder {} cannot be made: {error}", folder.display());
            Failure::usage(what, "name one where you may write")
        })?;
    }
    if wanted.mutate {
        return selfcheck_mutate::run(app, &course, &cases, &wanted).await;
    }
    wanted.junit.as_deref().map_or(Ok(()), |path| grade_files::file("--junit", path))?;
    let engine = app.engine_named(wanted.engine.as_deref()).await?;
    let facts = engine.facts().await.map_err(|error| Failure::Engine(error.unavailable()))?;
    let by_turns = wanted.builder.as_deref() == Some(BY_TURNS);
    if by_turns || wanted.builder.is_none() {
        cases.retain(|case| facts.builders.contains(&case.builder));
    }
    if by_turns {
        selfcheck::by_turns(&mut cases, today());
    }
    let mut memory = Memory::open(app, &course, &engine, &facts, &wanted, (&cases, &lessons)).await?;
    let mut rows = memory.take_known(&mut cases, &mut lessons);
    if !app.common.json {
        let width = width(&cases, &rows);
        rows.iter().try_for_each(|row| report::line(&shown(row, width, app)))?;
    }
    let mut left = Ok(());
    if !cases.is_empty() {
        let (proved, gone) = exercises_of(app, &course, &cases, &wanted, &mut memory).await?;
        rows.extend(proved);
        left = gone;
    }
    if !lessons.is_empty() {
        match selfcheck_lessons::prove_all(app, &lessons, wanted.jobs.clamp(1, 16), &mut memory).await {
            Ok((proved, gone)) => {
                rows.extend(proved);
                left = left.and(gone);
            }
            Err(failure) if rows.is_empty() => return Err(failure),
            // What was found of exercises is true all the same.
            Err(failure) => left = left.and(Err(failure)),
        }
    }
    drop(memory);
    if let Some(file) = &wanted.junit {
        let report = junit(&rows).map_err(|error| Failure::Io(std::io::Error::other(error)))?;
        report::file(file, report.as_bytes())?;
    }
    // First what was found: it is true whether or not everything can be removed.
    let concluded = conclude(app, &rows);
    left?;
    concluded
}

/// The ids of exercises and those of lessons and references; all for an empty list, none for nothing.
type Sorted = (Option<Vec<String>>, Option<Vec<String>>);

fn sorted(course: &Course, ids: &[String]) -> Result<Sorted, Failure> {
    let (mut exercises, mut lessons) = (Vec::new(), Vec::new());
    for id in ids {
        match course.item(id) {
            Some(Item::Exercise(id)) => exercises.push(id),
            Some(Item::Lesson(id)) => lessons.push(id),
            None if course.page(id).is_some() => lessons.push(id.clone()),
            None => return Err(Failure::unknown_id("lesson or exercise", id, course.all_ids())),
        }
    }
    let asked = |found: Vec<String>| (ids.is_empty() || !found.is_empty()).then_some(found);
    Ok((asked(exercises), asked(lessons)))
}

/// What bounds the throw-away engines. The course is the author's own: what it writes is bounded by the disk only.
pub(super) fn limits(network: bool) -> SandboxLimits {
    SandboxLimits { memory: 4 << 30, disk: None, cpus: None, processes: 4096, network }
}

/// What was found, and whether everything could be removed.
async fn exercises_of(
    app: &App,
    course: &Course,
    cases: &[PlannedCase<'_>],
    wanted: &Wanted,
    memory: &mut Memory,
) -> Result<(Vec<Row>, Result<(), Failure>), Failure> {
    let workplace = workplace(app, cases, wanted).await?;
    let rows = prove_all(app, &workplace.engines, course, cases, wanted, memory).await?;
    Ok((rows, workplace.leave().await))
}

/// Engines for these cases.
pub(super) async fn workplace(app: &App, cases: &[PlannedCase<'_>], wanted: &Wanted) -> Result<Workplace, Failure> {
    let images: BTreeSet<&str> = cases.iter().flat_map(|case| super::service::images_of(case.entry)).collect();
    let allowed: Vec<Allowed> = cases.iter().map(|case| plan::allowed(case.entry, &[])).collect();
    let wished: BTreeSet<&str> = allowed.iter().flat_map(Allowed::names).collect();
    let network = cases.iter().any(|case| case.entry.exercise.needs.network);
    let count = wanted.jobs.clamp(1, 16).min(cases.len());
    app.workplace(wanted.engine.as_deref(), "selfcheck", images, wished, &limits(network), count).await
}

async fn prove_all(
    app: &App,
    engines: &[Engine],
    course: &Course,
    cases: &[PlannedCase<'_>],
    wanted: &Wanted,
    memory: &mut Memory,
) -> Result<Vec<Row>, Failure> {
    let engine = &engines[0];
    let token = crate::learner::new_token()?;
    let benches: Vec<Workbench> = engines.iter().map(|_| Workbench::recording(wanted.record.clone())).collect();
    let (width, token) = (width(cases, &[]), &token);
    let proof = |engine, bench, place: usize| async move {
        let case: &PlannedCase<'_> = &cases[place];
        (place, row(case.builder, &prove(engine, course, case, token, bench).await))
    };
    let mut proofs = if engine.endpoint().is_thrown_away() {
        // What takes a learner long takes long here: it begins first.
        let mut open: Vec<usize> = (0..cases.len()).collect();
        open.sort_by_key(|place| std::cmp::Reverse(cases[*place].entry.exercise.minutes));
        let of = |place: usize| cases[place].exercise();
        spread(engines, &benches, open, of, proof)
    } else {
        // Cases with the classic builder go one after another, so those with BuildKit need not wait in a line with
        // them.
        let in_lanes = |lane: Builder, jobs: usize| {
            let places = (0..cases.len()).filter(move |place| cases[*place].builder == lane);
            stream::iter(places.map(|place| proof(engine, &benches[0], place))).buffered(jobs)
        };
        let all_jobs = wanted.jobs.clamp(1, 16);
        let has_classic = cases.iter().any(|case| case.builder == Builder::Classic);
        let jobs = if has_classic { (all_jobs - 1).max(1) } else { all_jobs };
        let (classic, buildkit) = (in_lanes(Builder::Classic, 1), in_lanes(Builder::BuildKit, jobs));
        match all_jobs {
            1 => classic.chain(buildkit).boxed(),
            _ => stream::select(classic, buildkit).boxed(),
        }
    };
    let mut rows = Vec::new();
    while let Some((place, row)) = proofs.next().await {
        memory.keep_case(&cases[place], &row);
        if !app.common.json {
            memory.above(|| report::line(&shown(&row, width, app)))?;
        }
        rows.push((place, row));
    }
    drop(proofs);
    // What is in a throw-away engine goes with it.
    if !engine.endpoint().is_thrown_away() {
        benches[0].finish().await;
    }
    rows.sort_by_key(|(place, _)| *place);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Columns of a path at most; longer ones stick out.
const WIDEST: usize = 200;

/// Columns of the longest path.
fn width(cases: &[PlannedCase<'_>], rows: &[Row]) -> usize {
    let planned = cases.iter().map(|case| case.path().chars().count());
    planned.chain(rows.iter().map(|row| row.case.chars().count())).max().unwrap_or(0).min(WIDEST)
}

/// Days since 1970, so that what one day's run tries with one builder the next day's tries with the other.
fn today() -> u64 {
    let passed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    passed.as_secs() / (24 * 3600)
}

/// A result in a word, and in detail.
pub(super) fn told(result: &CaseResult) -> (&'static str, String) {
    match result {
        CaseResult::AsExpected(message) => ("as_expected", message.clone()),
        CaseResult::Otherwise { expected, found } => ("otherwise", format!("expected: {expected}\nfound: {found}")),
        CaseResult::CannotTell(why) => ("cannot_tell", why.clone()),
        CaseResult::LeftOut(why) => ("left_out", why.clone()),
    }
}

fn row(builder: Builder, proved: &Proved) -> Row {
    let (result, detail) = told(&proved.result);
    let (case, seconds) = (proved.path.clone(), proved.took.as_secs_f64());
    Row { case, builder, result, detail, notes: Vec::new(), seconds, before: false }
}

/// A row for people.
pub(super) fn shown(row: &Row, width: usize, app: &App) -> String {
    let builder = match row.builder {
        Builder::Classic => "classic",
        Builder::BuildKit => "buildkit",
    };
    let mark = app.mark(match row.result {
        "as_expected" => Mark::Good,
        "otherwise" => Mark::Bad,
        _ => Mark::Unknown,
    });
    let took = if row.before { " before".to_owned() } else { format!("{:5.1} s", row.seconds) };
    let mut line = format!("{mark} {:width$}  {builder:8}  {took}", row.case);
    if row.result == "as_expected" {
        let first: String = row.detail.split("; do:").next().unwrap_or_default().chars().take(400).collect();
        if let Some((_, found)) = first.split_once("; found: ") {
            line.push_str(&format!("  {}", found.replace('\n', " ")));
        }
    } else {
        for detail in row.detail.lines() {
            line.push_str(&format!("\n      {detail}"));
        }
    }
    for (index, note) in row.notes.iter().enumerate() {
        let on_its_own_line = index > 0 || row.result != "as_expected";
        line.push_str(if on_its_own_line { "\n      " } else { "  " });
        line.push_str(note);
    }
    line
}

fn conclude(app: &App, rows: &[Row]) -> Result<i32, Failure> {
    let count = |result: &str| rows.iter().filter(|row| row.result == result).count();
    let (proved, otherwise, cannot_tell) = (count("as_expected"), count("otherwise"), count("cannot_tell"));
    let left_out = count("left_out");
    if app.common.json {
        let schema = "dlearn/selfcheck/1";
        json::print(&SelfcheckReport { schema, proved, otherwise, cannot_tell, left_out, cases: rows })?;
    } else {
        let left = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
        let before = match rows.iter().filter(|row| row.before).count() {
            0 => String::new(),
            before => format!(" ({before} of them shown before)"),
        };
        report::line(&format!(
            "\n{proved} cases as expected{before}, {otherwise} otherwise, {cannot_tell} cannot tell{left}"
        ))?;
    }
    Ok(match (otherwise, cannot_tell) {
        (0, 0) => exit::DONE,
        (0, _) => exit::CANNOT_TELL,
        _ => exit::NOT_YET,
    })
}

/// A suite for each exercise and lesson.
fn junit(rows: &[Row]) -> Result<String, String> {
    let cases = rows.iter().map(|row| {
        let (suite, name) = row.case.split_once(' ').unwrap_or((&row.case, "what it shows"));
        let told = || row.detail.clone();
        junit::Case {
            suite: suite.to_owned(),
            name: format!("{name} ({})", row.builder),
            seconds: Some(row.seconds),
            result: match row.result {
                "as_expected" => junit::Outcome::Passed,
                "otherwise" => junit::Outcome::Failed(told()),
                "left_out" => junit::Outcome::Skipped(told()),
                _ => junit::Outcome::Error(told()),
            },
        }
    });
    junit::report("dlearn selfcheck", cases)
}
