//! `dlearn doctor`: whether everything that the course needs is there, each finding with its repair.
//!
//! ```text
//! engine    what it is, its clock, its proxies, emulation
//! command   the docker command, and which engine it is pointed at
//! images    base images, pulls that are left, the practice registry
//! machine   disk, the learner's folder
//! ports     what the exercises publish
//! ```
//!
//! Everything is asked at the same time; what is found is judged by functions of plain values.

mod command;
mod engine;
mod images;
mod machine;
mod ports;

use super::app::{App, Mark};
use crate::course::Course;
use crate::engine::{ConnectOptions, Engine, choice, docker_command, others_that_answer};
use crate::evidence::{EngineFacts, Unavailable};
use crate::failure::{Failure, exit};
use crate::report::json;
use crate::term::{Line, Span, Style, paint, wrap_message};
use serde::Serialize;

/// Columns of the names of findings.
const NAMES: usize = 18;

#[derive(Debug, Serialize)]
struct DoctorReport<'a> {
    schema: &'static str,
    engine: Option<&'a EngineFacts>,
    findings: &'a [Symptom],
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Symptom {
    /// What was looked at.
    what: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    repair: String,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It works, and somebody may stumble over it.
    Advice,
    /// Something of the course will not work.
    Repair,
    CannotTell,
}

fn ok(what: &'static str, found: impl Into<String>) -> Symptom {
    Symptom { what, state: State::Ok, found: found.into(), repair: String::new() }
}

fn advice(what: &'static str, found: impl Into<String>, repair: impl Into<String>) -> Symptom {
    Symptom { what, state: State::Advice, found: found.into(), repair: repair.into() }
}

fn repair(what: &'static str, found: impl Into<String>, repair: impl Into<String>) -> Symptom {
    Symptom { what, state: State::Repair, found: found.into(), repair: repair.into() }
}

fn unknown(what: &'static str, why: &Unavailable) -> Symptom {
    Symptom { what, state: State::CannotTell, found: why.reason.clone(), repair: why.help.clone() }
}

pub(super) async fn run(app: &App) -> Result<i32, Failure> {
    let course = app.course()?;
    let options = ConnectOptions::default();
    let chosen = choice(&options);
    let (facts, symptoms) = match app.try_engine().await {
        Ok(engine) => with_engine(app, &course, &engine, &chosen).await,
        Err(error) => {
            let in_use = crate::engine::resolve(&options).map(|resolved| resolved.endpoint.to_string());
            let others = others_that_answer(&options, &in_use.unwrap_or_default()).await;
            let mut symptoms = vec![unknown("engine", &error.unavailable()), command::context(&chosen, &others)];
            symptoms.push(command::there(docker_command().await.map(|(path, _)| path)));
            symptoms.push(machine::home(app));
            symptoms.extend(machine::disk(None, app.home().ok().flatten().map(|home| home.path).as_deref()));
            (None, symptoms)
        }
    };
    if app.common.json {
        json::print(&DoctorReport { schema: "dlearn/doctor/1", engine: facts.as_ref(), findings: &symptoms })?;
    } else {
        show(app, &symptoms)?;
    }
    let any = |state: State| symptoms.iter().any(|symptom| symptom.state == state);
    Ok(match (any(State::CannotTell), any(State::Repair)) {
        (_, true) => exit::NOT_YET,
        (true, false) => exit::CANNOT_TELL,
        (false, false) => exit::DONE,
    })
}

async fn with_engine(
    app: &App,
    course: &Course,
    engine: &Engine,
    chosen: &crate::engine::Choice,
) -> (Option<EngineFacts>, Vec<Symptom>) {
    let practice = app.looking(course).ok().flatten().and_then(|learner| learner.known_practice());
    let (facts, told, stock, published, command, standing) = tokio::join!(
        engine.facts(),
        engine.condition(),
        images::look(course, engine),
        engine.published(),
        docker_command(),
        images::practice(course, engine, practice.as_ref()),
    );
    let local = engine.endpoint().is_local();
    let mut symptoms = vec![ok("engine", format!("{} answers (chosen by {})", engine.endpoint(), engine.because()))];
    match &facts {
        Ok(facts) => {
            symptoms.extend(engine::version(facts));
            let wanted = std::env::var("DOCKER_DEFAULT_PLATFORM").unwrap_or_default();
            symptoms.push(engine::platform(facts, local.then_some(std::env::consts::ARCH), &wanted));
            symptoms.push(engine::builders(facts));
        }
        Err(error) => symptoms.push(unknown("version", &error.unavailable())),
    }
    symptoms.push(command::context(chosen, &[]));
    symptoms.push(command::fit(command, facts.as_ref().ok().map(|facts| facts.api.as_str())));
    let missing_on_hub = stock.as_ref().map(images::missing_on_hub).unwrap_or_default();
    match &told {
        Ok(told) => {
            symptoms.push(engine::clock(&told.condition.system_time, told.between));
            let same_machine = machine::is_ours(engine.endpoint(), &told.condition.name);
            symptoms.extend(engine::proxy(&told.condition, same_machine, missing_on_hub > 0, &|name| {
                std::env::var(name).ok()
            }));
            let data = same_machine.then(|| std::path::Path::new(&told.condition.docker_root_dir));
            let folder = app.home().ok().flatten().map(|home| home.path);
            symptoms.extend(machine::disk(data, folder.as_deref()));
        }
        Err(error) => symptoms.push(unknown("clock", &error.unavailable())),
    }
    symptoms.extend(images::bases(&stock, facts.as_ref().ok().map(|facts| facts.arch.as_str())));
    symptoms.extend(images::pulls(missing_on_hub).await);
    symptoms.push(match &published {
        Ok(published) => ports::judge(course, published, |port| local && ports::is_taken(port)),
        Err(error) => unknown("ports", &error.unavailable()),
    });
    symptoms.extend(standing);
    symptoms.push(machine::home(app));
    (facts.ok(), symptoms)
}

fn show(app: &App, symptoms: &[Symptom]) -> Result<(), Failure> {
    let mut lines: Vec<Line> = Vec::new();
    for symptom in symptoms {
        let (mark, style) = match symptom.state {
            State::Ok => (app.mark(Mark::Good), Style::GOOD),
            State::Advice => (app.terminal.sign("!", "[!!]"), Style::UNSURE),
            State::Repair => (app.mark(Mark::Bad), Style::BAD),
            State::CannotTell => (app.mark(Mark::Unknown), Style::UNSURE),
        };
        let name = Span::plain(&format!(" {:NAMES$}", symptom.what));
        let indent = Span::plain(&" ".repeat(mark.chars().count() + 1 + NAMES));
        let width = app.terminal.text_width();
        let first = [Span::new(mark, style), name];
        let indent: &[Span] = &[indent];
        lines.extend(wrap_message(&symptom.found, Style::PLAIN, width, [&first, indent], &app.terminal));
        if !symptom.repair.is_empty() {
            let text = format!("do: {}", symptom.repair);
            lines.extend(wrap_message(&text, Style::BOLD, width, [indent, indent], &app.terminal));
        }
    }
    Ok(app.terminal.print(&paint(&lines, &app.terminal))?)
}
