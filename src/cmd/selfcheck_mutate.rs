//! `dlearn selfcheck --mutate`: which checks the wrong answers need.

use super::app::{App, Mark};
use super::lanes::spread;
use super::selfcheck::{Wanted, workplace};
use crate::course::Course;
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use crate::selfcheck::{Mutant, Needed, PlannedCase, Workbench, mutants, try_mutant};
use futures_util::StreamExt;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct MutateReport<'a> {
    schema: &'static str,
    checks: &'a [Row],
}

#[derive(Debug, Serialize)]
struct Row {
    exercise: String,
    check: String,
    /// `alone`, `message`, `nothing` or `cannot_tell`
    needed: &'static str,
    /// The wrong answer that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The check that catches it instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

pub(super) async fn run(
    app: &App,
    course: &Course,
    cases: &[PlannedCase<'_>],
    wanted: &Wanted,
) -> Result<i32, Failure> {
    let mutants = mutants(cases);
    if mutants.is_empty() {
        return Err(Failure::usage("there is no exercise to switch checks off in", "name one: dlearn list"));
    }
    let workplace = workplace(app, cases, wanted).await?;
    let token = crate::learner::new_token()?;
    let benches: Vec<Workbench> = workplace.engines.iter().map(|_| Workbench::default()).collect();
    let (known, token) = (&mutants, &token);
    let of = |place: usize| &known[place].exercise;
    let places = (0..mutants.len()).collect();
    let mut tried = spread(&workplace.engines, &benches, places, of, |engine, bench, place| async move {
        (place, try_mutant(engine, course, &known[place], token, bench).await)
    });
    let mut rows = Vec::new();
    while let Some((place, needed)) = tried.next().await {
        let row = row(&mutants[place], needed);
        if !app.common.json {
            report::line(&shown(app, &row))?;
        }
        rows.push((place, row));
    }
    drop(tried);
    rows.sort_by_key(|(place, _)| *place);
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    let concluded = conclude(app, &rows);
    workplace.leave().await?;
    concluded
}

fn row(mutant: &Mutant<'_>, needed: Needed) -> Row {
    let row = Row {
        exercise: mutant.exercise.clone(),
        check: mutant.check.clone(),
        needed: "nothing",
        answer: None,
        by: None,
        why: None,
    };
    match needed {
        Needed::Alone(answer) => Row { needed: "alone", answer: Some(answer), ..row },
        Needed::Message { answer, by } => Row { needed: "message", answer: Some(answer), by: Some(by), ..row },
        Needed::Nothing => row,
        Needed::Unknown(why) => Row { needed: "cannot_tell", why: Some(why), ..row },
    }
}

fn shown(app: &App, row: &Row) -> String {
    let mark = app.mark(match row.needed {
        "nothing" => Mark::Bad,
        "cannot_tell" => Mark::Unknown,
        _ => Mark::Good,
    });
    let answer = row.answer.as_deref().unwrap_or_default();
    let told = match row.needed {
        "alone" => format!("without it {answer} passes"),
        "message" => {
            format!("without it `{}` catches what it catches ({answer})", row.by.as_deref().unwrap_or_default())
        }
        "nothing" => "no wrong answer fails in it".to_owned(),
        _ => row.why.clone().unwrap_or_default(),
    };
    format!("{mark} {} {}: {told}", row.exercise, row.check)
}

fn conclude(app: &App, rows: &[Row]) -> Result<i32, Failure> {
    let count = |needed: &str| rows.iter().filter(|row| row.needed == needed).count();
    if app.common.json {
        json::print(&MutateReport { schema: "dlearn/mutate/1", checks: rows })?;
    } else {
        report::line(&format!(
            "\n{} checks: {} that something passes without, {} that give a message of their own, {} that nothing needs, \
             {} cannot tell",
            rows.len(),
            count("alone"),
            count("message"),
            count("nothing"),
            count("cannot_tell"),
        ))?;
    }
    Ok(match (count("nothing"), count("cannot_tell")) {
        (0, 0) => exit::DONE,
        (0, _) => exit::CANNOT_TELL,
        _ => exit::NOT_YET,
    })
}
