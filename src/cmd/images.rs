//! `dlearn images`: the base images of the course.

use super::app::{App, Mark};
use crate::cli::ImagesAction;
use crate::course::Course;
use crate::engine::{Engine, EngineError, PASSAGE_IMAGE, PullProgress, REGISTRY_IMAGES};
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use crate::term::progress::Progress;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Serialize)]
struct ImagesReport<'a> {
    schema: &'static str,
    images: Vec<BaseImage<'a>>,
}

#[derive(Debug, Serialize)]
struct BaseImage<'a> {
    name: &'a str,
    here: bool,
    exercises: &'a [&'a str],
}

/// Base images, and those of services, by name, with the exercises that need them.
fn needed(course: &Course) -> BTreeMap<&str, Vec<&str>> {
    let mut needed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, entry) in &course.exercises {
        for image in super::service::images_of(entry) {
            needed.entry(image).or_default().push(id);
        }
    }
    needed
}

pub(super) async fn run(app: &App, action: ImagesAction) -> Result<i32, Failure> {
    let course = app.course()?;
    let engine = app.engine().await?;
    let needed = needed(&course);
    if let ImagesAction::Pull = action {
        bring(app, &engine, needed.keys().copied()).await?;
    }
    let mut images = Vec::new();
    for (name, exercises) in &needed {
        let here = is_here(&engine, name).await.map_err(|error| Failure::Engine(error.unavailable()))?;
        images.push(BaseImage { name, here, exercises });
    }
    let missing = images.iter().filter(|image| !image.here).count();
    if app.common.json {
        json::print(&ImagesReport { schema: "dlearn/images/1", images })?;
    } else {
        for image in &images {
            let mark = app.mark(if image.here { Mark::Good } else { Mark::Bad });
            report::line(&format!("{mark} {:24} {}", image.name, image.exercises.join(", ")))?;
        }
        if missing > 0 {
            report::line(&format!("\n{missing} missing: dlearn images pull brings them"))?;
        }
    }
    Ok(if missing == 0 { exit::DONE } else { exit::NOT_YET })
}

/// Whether an image is there, or for the registry another version that serves as well.
pub(super) async fn is_here(engine: &Engine, name: &str) -> Result<bool, EngineError> {
    let alone = [name];
    let any: &[&str] = if REGISTRY_IMAGES.contains(&name) { &REGISTRY_IMAGES } else { &alone };
    for image in any {
        if engine.has_image(image).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Pulls those images that are missing. They are all named before the first is pulled.
pub(super) async fn bring<'a>(
    app: &App,
    engine: &Engine,
    names: impl IntoIterator<Item = &'a str>,
) -> Result<(), Failure> {
    let mut missing = Vec::new();
    // Where the engine's ports are not ours, services are asked with it.
    let passage = (!engine.endpoint().is_local()).then_some(PASSAGE_IMAGE);
    for name in names.into_iter().chain(passage).collect::<BTreeSet<_>>() {
        if !is_here(engine, name).await.map_err(|error| Failure::Engine(error.unavailable()))? {
            missing.push(name);
        }
    }
    if !missing.is_empty() {
        eprintln!("missing on your engine, and pulled now: {}", missing.join(", "));
    }
    for name in missing {
        let progress = Progress::start(&format!("pulling {name}"), &app.terminal);
        let mut layers: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let told = |news: PullProgress| {
            progress.say(&format!("pulling {name}: {}", news.status));
            // Extracting is told in the bytes of the same layer again: only what comes over the wire counts.
            if news.status.starts_with("Downloading") {
                layers.insert(news.layer, (news.current, news.total));
                let sum = |part: fn(&(u64, u64)) -> u64| layers.values().map(part).fold(0, u64::saturating_add);
                progress.bytes(sum(|layer| layer.0), sum(|layer| layer.1), &app.terminal);
            }
        };
        let result = engine.pull(name, told).await;
        progress.finish();
        result.map_err(|error| {
            let mut why = error.unavailable();
            why.reason = format!("the image {name} is missing and could not be pulled: {}", why.reason);
            Failure::Engine(why)
        })?;
        eprintln!("pulled {name}");
    }
    Ok(())
}
