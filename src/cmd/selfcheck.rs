//! `dlearn selfcheck`: proves exercises on an engine of its own, or on the one that is named.

use super::app::{App, Mark};
use crate::course::Course;
use crate::engine::{Engine, SandboxLimits};
use crate::evidence::Builder;
use crate::failure::{Failure, exit};
use crate::grade::{plan, refusals::Allowed};
use crate::report::{self, json};
use crate::selfcheck::{self, CaseResult, PlannedCase, Proved, Workbench, prove};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// One row of the table.
#[derive(Debug, Serialize)]
struct Row {
    case: String,
    builder: Builder,
    /// `as_expected`, `otherwise` or `cannot_tell`
    result: &'static str,
    detail: String,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct SelfcheckReport<'a> {
    schema: &'static str,
    proved: usize,
    otherwise: usize,
    cannot_tell: usize,
    cases: &'a [Row],
}

/// What is to be proven, and how.
pub(super) struct Wanted {
    pub ids: Vec<String>,
    pub builder: Option<String>,
    /// Part of the cases' names.
    pub case: Option<String>,
    /// Cases at the same time.
    pub jobs: usize,
    /// The engine, where it is not to be a throw-away one.
    pub engine: Option<String>,
    /// Folder for the facts of each case.
    pub record: Option<PathBuf>,
}

pub(super) async fn run(app: &App, wanted: Wanted) -> Result<i32, Failure> {
    let course = app.course()?;
    let all = match wanted.builder.as_deref() {
        Some("classic") => vec![Builder::Classic],
        Some(_) => vec![Builder::BuildKit],
        None => vec![Builder::Classic, Builder::BuildKit],
    };
    let all = selfcheck::plan(&course, &wanted.ids, &all)
        .map_err(|what| Failure::usage(what, "dlearn list shows them all"))?;
    let named = |case: &PlannedCase<'_>| wanted.case.as_ref().is_none_or(|text| case.path().contains(text));
    let mut cases: Vec<PlannedCase<'_>> = all.into_iter().filter(named).collect();
    if cases.is_empty() {
        let text = wanted.case.unwrap_or_default();
        return Err(Failure::usage(format!("no case has `{text}` in its name"), "dlearn selfcheck shows the names"));
    }
    if let Some(folder) = &wanted.record {
        std::fs::create_dir_all(folder).map_err(|error| {
            let what = format!("the folder {} cannot be made: {error}", folder.display());
            Failure::usage(what, "name one where you may write")
        })?;
    }
    let images: BTreeSet<&str> = cases.iter().flat_map(|case| super::service::images_of(case.entry)).collect();
    let allowed: Vec<Allowed> = cases.iter().map(|case| plan::allowed(case.entry, &[])).collect();
    let wished: BTreeSet<&str> = allowed.iter().flat_map(Allowed::names).collect();
    // The course is the author's own: what its answers write is bounded by the disk only.
    let network = cases.iter().any(|case| case.entry.exercise.needs.network);
    let limits = SandboxLimits { memory: 4 << 30, disk: None, cpus: None, processes: 4096, network };
    let jobs = wanted.jobs.clamp(1, 16);
    let count = jobs.min(cases.len());
    let workplace = app.workplace(wanted.engine.as_deref(), "selfcheck", images, wished, &limits, count).await?;
    let rows = prove_all(app, &workplace.engines, &course, &mut cases, &wanted).await;
    workplace.leave().await?;
    conclude(app, &rows?)
}

async fn prove_all(
    app: &App,
    engines: &[Engine],
    course: &Course,
    cases: &mut Vec<PlannedCase<'_>>,
    wanted: &Wanted,
) -> Result<Vec<Row>, Failure> {
    let engine = &engines[0];
    if wanted.builder.is_none() {
        let builders = engine.facts().await.map_err(|error| Failure::Engine(error.unavailable()))?.builders;
        cases.retain(|case| builders.contains(&case.builder));
    }
    let token = crate::learner::new_token()?;
    let benches: Vec<Workbench> = engines.iter().map(|_| Workbench::recording(wanted.record.clone())).collect();
    let width = cases.iter().map(|case| case.path().chars().count()).max().unwrap_or(0);
    let (cases, token) = (&*cases, &token);
    let proof = |engine, bench, place: usize| async move {
        let case: &PlannedCase<'_> = &cases[place];
        (place, row(case.builder, &prove(engine, course, case, token, bench).await))
    };
    let mut proofs = if engine.endpoint().is_thrown_away() {
        // Each has its own and does one after another. What takes a learner long takes long here: it begins first.
        let mut open: Vec<usize> = (0..cases.len()).collect();
        open.sort_by_key(|place| std::cmp::Reverse(cases[*place].entry.exercise.minutes));
        let open = Arc::new(Mutex::new(VecDeque::from(open)));
        let lanes = engines.iter().zip(&benches).map(|(engine, bench)| {
            let open = Arc::clone(&open);
            let next = move || open.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            stream::iter(std::iter::from_fn(next)).then(move |place| proof(engine, bench, place)).boxed()
        });
        stream::select_all(lanes).boxed()
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
        if !app.common.json {
            report::line(&shown(&row, width, app))?;
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

fn row(builder: Builder, proved: &Proved) -> Row {
    let (result, detail) = match &proved.result {
        CaseResult::AsExpected(message) => ("as_expected", message.clone()),
        CaseResult::Otherwise { expected, found } => ("otherwise", format!("expected: {expected}\nfound: {found}")),
        CaseResult::CannotTell(why) => ("cannot_tell", why.clone()),
    };
    Row { case: proved.path.clone(), builder, result, detail, seconds: proved.took.as_secs_f64() }
}

fn shown(row: &Row, width: usize, app: &App) -> String {
    let builder = match row.builder {
        Builder::Classic => "classic",
        Builder::BuildKit => "buildkit",
    };
    let mark = app.mark(match row.result {
        "as_expected" => Mark::Good,
        "otherwise" => Mark::Bad,
        _ => Mark::Unknown,
    });
    let mut line = format!("{mark} {:width$}  {builder:8}  {:5.1} s", row.case, row.seconds);
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
    line
}

fn conclude(app: &App, rows: &[Row]) -> Result<i32, Failure> {
    let count = |result: &str| rows.iter().filter(|row| row.result == result).count();
    let (proved, otherwise, cannot_tell) = (count("as_expected"), count("otherwise"), count("cannot_tell"));
    if app.common.json {
        json::print(&SelfcheckReport { schema: "dlearn/selfcheck/1", proved, otherwise, cannot_tell, cases: rows })?;
    } else {
        report::line(&format!("\n{proved} cases as expected, {otherwise} otherwise, {cannot_tell} cannot tell"))?;
    }
    Ok(match (otherwise, cannot_tell) {
        (0, 0) => exit::DONE,
        (0, _) => exit::CANNOT_TELL,
        _ => exit::NOT_YET,
    })
}
