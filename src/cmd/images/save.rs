//! `dlearn images save`: the course's images in one file.

use super::stock::{self, Stocked};
use super::{needed, paragraph, untold};
use crate::cmd::app::App;
use crate::course::{Course, Item};
use crate::engine::{Engine, Passed};
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use crate::term::Progress;
use serde::Serialize;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

/// How often the line that says how far it is changes.
const TICK: Duration = Duration::from_millis(200);

#[derive(Serialize)]
struct SaveReport<'a> {
    schema: &'static str,
    file: String,
    size_bytes: u64,
    images: Vec<&'a str>,
    /// Images that the exercises need and that are not in the file.
    missing: Vec<&'a str>,
}

pub(super) async fn run(app: &App, course: &Course, file: &Path, only: &[String]) -> Result<i32, Failure> {
    let only = exercises(course, only)?;
    let only = (!only.is_empty()).then(|| only.iter().map(String::as_str).collect());
    // Asked before the minutes that follow.
    let target = new_file(file)?;
    let engine = app.engine().await?;
    let stock = stock::take(&engine, needed(course, only.as_ref())).await.map_err(untold)?;
    let (here, missing): (Vec<&Stocked>, Vec<&Stocked>) = stock.iter().partition(|image| image.here);
    let names: Vec<&str> = here.iter().map(|image| image.name_here()).collect::<BTreeSet<_>>().into_iter().collect();
    if names.is_empty() {
        return Err(Failure::usage(
            "none of the images is on this engine, so there is nothing to save",
            "bring them first: dlearn images pull",
        ));
    }
    let about = here.iter().filter_map(|image| image.size_bytes).fold(0, u64::saturating_add);
    let size = write(app, &engine, &names, &target, about).await?;
    target.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    target.persist_noclobber(file).map_err(|refused| taken(file, &refused.error))?;
    let wanting = missing.iter().any(|image| image.is_wanting());
    let missing: Vec<&str> = missing.iter().map(|image| image.name).collect();
    if app.common.json {
        let file = file.display().to_string();
        let report = SaveReport { schema: "dlearn/images-save/1", file, size_bytes: size, images: names, missing };
        json::print(&report)?;
    } else {
        let file = file.display();
        report::line(&format!("{file}: {}, {}", counted(names.len()), report::size(size)))?;
        paragraph(app, "  ", &names.join(", "))?;
        if !missing.is_empty() {
            report::line("")?;
            paragraph(app, "", &format!("not in it, because not on this engine: {}", missing.join(", ")))?;
            report::line("  do: dlearn images pull, then save into a new file")?;
        }
        report::line(&format!("\non another machine: dlearn images load {file}"))?;
    }
    Ok(if wanting { exit::NOT_YET } else { exit::DONE })
}

fn counted(count: usize) -> String {
    if count == 1 { "1 image".to_owned() } else { format!("{count} images") }
}

/// The ids as the course writes them.
fn exercises(course: &Course, ids: &[String]) -> Result<Vec<String>, Failure> {
    let known = |id: &String| match course.item(id) {
        Some(Item::Exercise(id)) => Ok(id),
        _ => Err(Failure::unknown_id("exercise", id, course.exercises.keys().map(String::as_str))),
    };
    ids.iter().map(known).collect()
}

/// A file beside the one that is wanted, which goes with the command unless it is finished.
fn new_file(file: &Path) -> Result<NamedTempFile, Failure> {
    if file.symlink_metadata().is_ok() {
        return Err(taken(file, &std::io::ErrorKind::AlreadyExists.into()));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".dlearn-images-").tempfile_in(folder).map_err(|error| taken(file, &error))
}

fn taken(file: &Path, error: &std::io::Error) -> Failure {
    let file = file.display();
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return Failure::usage(format!("there is a file {file} already"), "choose another name, or remove it first");
    }
    Failure::usage(
        format!("{file} cannot be written: {error}"),
        "choose a folder that exists and that you may write to",
    )
}

async fn write(app: &App, engine: &Engine, names: &[&str], target: &NamedTempFile, about: u64) -> Result<u64, Failure> {
    let what = counted(names.len());
    if !app.terminal.stderr {
        eprintln!("saving {what}: {}", names.join(", "));
    }
    let progress = Progress::start(&format!("saving {what}"), &app.terminal);
    let passed = Passed::default();
    let saving = engine.save_images(names, target.as_file().try_clone()?, &passed);
    let saved = told_meanwhile(saving, || match passed.bytes() {
        0 => progress.say(&format!("the engine prepares {what}, about {}", report::size(about))),
        now => progress.say(&format!("saving {what}: {} of about {}", report::size(now), report::size(about))),
    });
    let saved = saved.await;
    progress.finish();
    saved.map_err(untold)
}

/// Does the work, and says again and again how far it is.
pub(super) async fn told_meanwhile<T>(work: impl Future<Output = T>, mut say: impl FnMut()) -> T {
    let mut work = std::pin::pin!(work);
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = tick.tick() => say(),
        }
    }
}
