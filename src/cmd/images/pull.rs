//! `dlearn images pull`, and what `next` brings before an exercise.

use super::stock::{self, Failed, Stocked, is_here};
use super::{needed, untold};
use crate::cmd::app::App;
use crate::course::Course;
use crate::engine::{ConnectOptions, Engine, EngineError, Mirror, PASSAGE_IMAGE, PullProgress};
use crate::evidence::Unavailable;
use crate::failure::{Failure, exit};
use crate::registry::Logins;
use crate::report;
use crate::term::Batch;
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn run(app: &App, course: &Course, mirror: Option<&Mirror>) -> Result<i32, Failure> {
    let engine = app.engine().await?;
    let names: Vec<&str> = needed(course, None).into_keys().collect();
    let failed = pull_missing(app, &engine, names, mirror).await?;
    let mut stock = stock::take(&engine, needed(course, None)).await.map_err(untold)?;
    stock::price(&engine, &mut stock).await?;
    stock::show(app, &stock, &failed)?;
    Ok(match (failed.is_empty(), stock.iter().any(Stocked::is_wanting)) {
        // Nothing is wrong with the learner's work: a registry could not be asked, or said no.
        (false, _) => exit::CANNOT_TELL,
        (true, true) => exit::NOT_YET,
        (true, false) => exit::DONE,
    })
}

/// Pulls those images that are missing.
///
/// # Errors
/// Where the engine cannot be asked, or one of them cannot be had; the others were brought by then.
pub(in crate::cmd) async fn bring<'a>(
    app: &App,
    engine: &Engine,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), Failure> {
    let failed = pull_missing(app, engine, names, None).await?;
    let Some(first) = failed.first() else { return Ok(()) };
    let also = match failed.len() {
        1 => String::new(),
        count => format!(" (and {} more could not be had)", count - 1),
    };
    let reason = format!("the image {} is missing and could not be pulled: {}{also}", first.name, first.reason);
    Err(Failure::Engine(Unavailable::new(reason, first.help.clone())))
}

/// Pulls those that are missing, and gives those that could not be had. All are named before the first is pulled.
async fn pull_missing<'a>(
    app: &App,
    engine: &Engine,
    names: impl IntoIterator<Item = &'a str>,
    mirror: Option<&Mirror>,
) -> Result<Vec<Failed>, Failure> {
    let mut missing = Vec::new();
    // Where the engine's ports are not ours, services are asked with it.
    let passage = (!engine.endpoint().is_local()).then_some(PASSAGE_IMAGE);
    for name in names.into_iter().chain(passage).collect::<BTreeSet<_>>() {
        if !is_here(engine, name).await.map_err(untold)? {
            missing.push(name);
        }
    }
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let from = mirror.map(|mirror| format!(" from {mirror}")).unwrap_or_default();
    eprintln!("missing on your engine, and pulled now{from}: {}", missing.join(", "));
    let batch = Batch::start("", &app.terminal);
    let (mut failed, mut bytes) = (Vec::new(), 0);
    for (done, name) in missing.iter().enumerate() {
        let number = format!("{} of {}", done + 1, missing.len());
        if !app.terminal.stderr {
            eprintln!("[{number}] pulling {name}");
        }
        match pull(app, engine, name, mirror, &batch, |now| {
            let so_far = report::size(bytes + now);
            format!("{done} of {} images done, {so_far} so far", missing.len())
        })
        .await
        {
            Ok(brought) => {
                bytes += brought;
                let size = match brought {
                    0 => "its layers were here".to_owned(),
                    bytes => report::size(bytes),
                };
                batch.hidden(|| eprintln!("[{number}] pulled {name} ({size})"));
            }
            Err(error) if error.is_dead() => {
                batch.finish();
                return Err(untold(error));
            }
            Err(error) => {
                batch.hidden(|| eprintln!("[{number}] {name} could not be pulled"));
                // The registry's words, without that the engine was asked to pull.
                let reason = match &error {
                    EngineError::Refused { message, .. } => message.clone(),
                    other => other.to_string(),
                };
                failed.push(Failed { name: (*name).to_owned(), reason, help: error.help() });
            }
        }
    }
    batch.finish();
    Ok(failed)
}

/// Pulls one image, and gives the bytes that came over the wire.
async fn pull(
    app: &App,
    engine: &Engine,
    name: &str,
    mirror: Option<&Mirror>,
    batch: &Batch,
    all: impl Fn(u64) -> String,
) -> Result<u64, EngineError> {
    batch.next(&format!("pulling {name}"), &app.terminal);
    batch.all(&all(0));
    let mut layers: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let sum = |layers: &BTreeMap<String, (u64, u64)>, part: fn(&(u64, u64)) -> u64| {
        layers.values().map(part).fold(0, u64::saturating_add)
    };
    let told = |news: PullProgress| {
        batch.now().say(&format!("{name}: {}", news.status));
        // Extracting is told in the bytes of the same layer again: only what comes over the wire counts.
        if news.status.starts_with("Downloading") {
            layers.insert(news.layer, (news.current, news.total));
        } else if news.status == "Download complete"
            && let Some((current, total)) = layers.get_mut(&news.layer)
        {
            *current = *total;
        }
        let current = sum(&layers, |layer| layer.0);
        batch.now().bytes(current, sum(&layers, |layer| layer.1), &app.terminal);
        batch.all(&all(current));
    };
    let logins = Logins::new(ConnectOptions::default().config_dir);
    match mirror {
        Some(mirror) => engine.pull_from(mirror, name, Some(&logins), told).await?,
        None => engine.pull(name, Some(&logins), told).await?,
    }
    Ok(sum(&layers, |layer| layer.1))
}
