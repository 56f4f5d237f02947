//! `dlearn doctor`: whether everything that the course needs is there, each finding with its repair.

use super::app::{App, Mark};
use crate::engine::{Engine, PracticeStanding};
use crate::evidence::{Builder, EngineFacts};
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct DoctorReport<'a> {
    schema: &'static str,
    engine: Option<&'a EngineFacts>,
    findings: &'a [Symptom],
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Symptom {
    /// What was looked at.
    what: &'static str,
    /// `ok`, `repair` or `cannot_tell`
    state: &'static str,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    repair: String,
}

fn ok(what: &'static str, found: impl Into<String>) -> Symptom {
    Symptom { what, state: "ok", found: found.into(), repair: String::new() }
}

fn repair(what: &'static str, found: impl Into<String>, repair: impl Into<String>) -> Symptom {
    Symptom { what, state: "repair", found: found.into(), repair: repair.into() }
}

pub(super) async fn run(app: &App) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut symptoms = Vec::new();
    let mut facts = None;
    match app.try_engine().await {
        Ok(engine) => {
            symptoms.push(ok("engine", format!("{} answers (chosen by {})", engine.endpoint(), engine.because())));
            match engine.facts().await {
                Ok(found) => {
                    about_engine(&found, &mut symptoms);
                    facts = Some(found);
                }
                Err(error) => symptoms.push(unknown("engine", &error.unavailable())),
            }
            symptoms.push(bases(&course, &engine).await);
            symptoms.extend(practice(app, &course, &engine).await);
        }
        Err(error) => symptoms.push(unknown("engine", &error.unavailable())),
    }
    symptoms.push(client());
    symptoms.push(home(app));
    if app.common.json {
        json::print(&DoctorReport { schema: "dlearn/doctor/1", engine: facts.as_ref(), findings: &symptoms })?;
    } else {
        show(app, &symptoms)?;
    }
    let any = |state: &str| symptoms.iter().any(|symptom| symptom.state == state);
    Ok(match (any("cannot_tell"), any("repair")) {
        (_, true) => exit::NOT_YET,
        (true, false) => exit::CANNOT_TELL,
        (false, false) => exit::DONE,
    })
}

fn unknown(what: &'static str, why: &crate::evidence::Unavailable) -> Symptom {
    Symptom { what, state: "cannot_tell", found: why.reason.clone(), repair: why.help.clone() }
}

fn about_engine(facts: &EngineFacts, symptoms: &mut Vec<Symptom>) {
    symptoms.push(ok("version", format!("{} {}, API {}", facts.product, facts.version, facts.api)));
    let store = if facts.containerd_store { "containerd image store" } else { "classic image store" };
    symptoms.push(ok("images", format!("{store}, storage driver {}", facts.driver)));
    symptoms.push(ok("platform", format!("{}/{}", facts.os, facts.arch)));
    let names: Vec<String> = facts.builders.iter().map(ToString::to_string).collect();
    symptoms.push(if facts.builders.contains(&Builder::BuildKit) {
        ok("builders", names.join(", "))
    } else {
        repair("builders", names.join(", "), "BuildKit is missing: update Docker to 23.0 or later")
    });
    if facts.product == "Podman" {
        symptoms.push(repair(
            "product",
            "Podman's Docker API: builds with BuildKit, health checks and registry questions differ",
            "exercises that need these say so; Docker Engine does all of them",
        ));
    }
}

async fn bases(course: &crate::course::Course, engine: &Engine) -> Symptom {
    let all: std::collections::BTreeSet<&str> = course.exercises.values().flat_map(super::service::images_of).collect();
    let mut missing = Vec::new();
    for name in &all {
        match super::images::is_here(engine, name).await {
            Ok(true) => {}
            Ok(false) => missing.push(*name),
            Err(error) => return unknown("base images", &error.unavailable()),
        }
    }
    if missing.is_empty() {
        ok("base images", format!("all {} are here", all.len()))
    } else {
        repair("base images", format!("missing: {}", missing.join(", ")), "bring them with dlearn images pull")
    }
}

/// How the practice registry stands, where an exercise of the course needs one.
async fn practice(app: &App, course: &crate::course::Course, engine: &Engine) -> Option<Symptom> {
    const WHAT: &str = "practice registry";
    if !super::service::is_needed(course) {
        return None;
    }
    let known = app.looking(course).ok().flatten().and_then(|learner| learner.known_practice());
    let Some(practice) = known else { return Some(ok(WHAT, "not needed yet")) };
    let address = practice.address();
    Some(match engine.practice_standing(&practice).await {
        Ok(PracticeStanding::Runs) => ok(WHAT, format!("runs at {address}")),
        Ok(PracticeStanding::Stopped) => ok(WHAT, format!("stopped; the exercises that need it start it at {address}")),
        Ok(PracticeStanding::Absent) => ok(WHAT, format!("not there; the exercises that need it make it at {address}")),
        Err(error) => unknown(WHAT, &error.unavailable()),
    })
}

/// The learner types docker commands; dlearn itself does not need the client.
fn client() -> Symptom {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|dir| dir.join("docker")).find(|candidate| candidate.is_file())
    });
    match found {
        Some(path) => ok("docker command", path.display().to_string()),
        None => repair("docker command", "not on your PATH", "install the Docker CLI: you will type docker commands"),
    }
}

fn home(app: &App) -> Symptom {
    match app.home() {
        Ok(Some(home)) => ok("your course", home.path.display().to_string()),
        Ok(None) => ok("your course", "not begun yet: dlearn next asks where to keep it"),
        Err(failure) => repair("your course", failure.to_string(), ""),
    }
}

fn show(app: &App, symptoms: &[Symptom]) -> Result<(), Failure> {
    for symptom in symptoms {
        let mark = app.mark(match symptom.state {
            "ok" => Mark::Good,
            "repair" => Mark::Bad,
            _ => Mark::Unknown,
        });
        report::line(&format!("{mark} {:17} {}", symptom.what, symptom.found))?;
        if !symptom.repair.is_empty() {
            report::line(&format!("  {:17} do: {}", "", symptom.repair))?;
        }
    }
    Ok(())
}
