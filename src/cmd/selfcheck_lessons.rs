//! `dlearn selfcheck` of lessons: each with each builder in a throw-away engine of its own.

use super::app::App;
use super::selfcheck::{Row, limits, shown, told};
use super::selfcheck_memory::Memory;
use crate::engine::SandboxBases;
use crate::failure::Failure;
use crate::report;
use crate::selfcheck::{CaseResult, PlannedLesson, ProvedLesson, prove_lesson};
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use std::time::Duration;

/// What was found, and whether everything could be removed.
pub(super) async fn prove_all(
    app: &App,
    planned: &[PlannedLesson<'_>],
    jobs: usize,
    memory: &mut Memory,
) -> Result<(Vec<Row>, Result<(), Failure>), Failure> {
    let failed = |error: crate::engine::EngineError| Failure::Engine(error.unavailable());
    let program = match planned.iter().any(PlannedLesson::uses_dlearn) {
        true => Some(this_program()?),
        false => None,
    };
    let images: BTreeSet<&str> = planned.iter().flat_map(PlannedLesson::images).collect();
    let (bases, ledger) = app.sandbox_bases("selfcheck", images, BTreeSet::new()).await?;
    if planned.iter().any(|planned| !planned.demo.parts.is_empty()) {
        app.lay(&bases).await?;
    }
    let program = program.as_deref();
    let proofs = planned.iter().map(async |planned| (planned, prove(&bases, planned, program).await));
    let mut proofs = stream::iter(proofs).buffered(jobs);
    let mut rows = Vec::new();
    while let Some((planned, row)) = proofs.next().await {
        memory.keep_lesson(planned, &row);
        if !app.common.json {
            memory.above(|| report::line(&shown(&row, 4, app)))?;
        }
        rows.push(row);
    }
    drop(proofs);
    Ok((rows, ledger.cleanup().await.map_err(failed)))
}

async fn prove(bases: &SandboxBases, planned: &PlannedLesson<'_>, program: Option<&[u8]>) -> Row {
    let without = |result| ProvedLesson { result, notes: planned.left_out(), took: Duration::ZERO };
    let proved = if planned.demo.parts.is_empty() {
        without(CaseResult::AsExpected(String::new()))
    } else {
        match bases.sandbox(&limits(false)).await {
            Ok(sandbox) => {
                let proved = prove_lesson(&sandbox, planned, program).await;
                // One that stays is the ledger's, and goes with it: that costs no lesson its result.
                let _ = sandbox.remove().await;
                proved
            }
            Err(error) => without(CaseResult::CannotTell(format!("{error}\n{}", error.help()))),
        }
    };
    let (result, detail) = told(&proved.result);
    let (case, builder) = (planned.lesson.front.id.clone(), planned.builder);
    let seconds = proved.took.as_secs_f64();
    Row { case, builder, result, detail, notes: proved.notes, seconds, before: false }
}

/// This program as a file: lessons call it.
fn this_program() -> Result<Vec<u8>, Failure> {
    let read = || std::fs::read(crate::journal::this_program()?);
    read().map_err(|error| {
        Failure::usage(
            format!("this program cannot be read: {error}"),
            "lessons call it: start it from a file that is still there",
        )
    })
}
