//! `dlearn images load`: images out of a file.
//!
//! Invariant: the file is a stranger's. It is read to its end and looked into before the engine gets a byte of it;
//! names that the course does not use, and names that other images have here, are taken only where somebody said so.

use super::save::told_meanwhile;
use super::{needed, untold};
use crate::cmd::app::{App, Mark};
use crate::course::Course;
use crate::engine::{Engine, Passed, REGISTRY_IMAGES, normal_name};
use crate::failure::{Failure, exit};
use crate::layers::{Packed, ScanError, packed};
use crate::report::{self, json};
use crate::term::Progress;
use serde::Serialize;
use std::fs::File;
use std::path::Path;

/// Bytes of one block of a tar archive: what is shorter is none, nor one that was compressed and holds an image.
const SMALLEST: u64 = 512;
/// Names that are shown in a message.
const SHOWN: usize = 10;

/// What somebody allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    /// Images that the course does not need.
    pub(super) all: bool,
    /// Names that other images have here.
    pub(super) replace: bool,
}

#[derive(Serialize)]
struct LoadReport<'a> {
    schema: &'static str,
    file: String,
    images: &'a [Came],
}

/// A name of the file.
#[derive(Debug, Serialize)]
struct Came {
    name: String,
    outcome: Outcome,
    /// Bytes of its layers on this engine, unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It was not here.
    Loaded,
    /// The same image was here.
    WasHere,
    /// Another image had its name.
    Replaced,
}

pub(super) async fn run(app: &App, course: &Course, file: &Path, allowed: Allowed) -> Result<i32, Failure> {
    let images = look_into(app, file).await?;
    if !allowed.all {
        only_needed(course, file, &images)?;
    }
    let engine = app.engine().await?;
    let mut came = Vec::new();
    for image in &images {
        for name in &image.names {
            came.push(standing(&engine, image, name).await?);
        }
    }
    came.sort_by(|one, other| one.name.cmp(&other.name));
    let replaced: Vec<&str> =
        came.iter().filter(|one| one.outcome == Outcome::Replaced).map(|one| one.name.as_str()).collect();
    if !replaced.is_empty() && !allowed.replace {
        return Err(Failure::usage(
            format!("other images have these names here: {}; nothing was loaded", listed(&replaced)),
            "keep yours, or let the file's images have the names: --replace (yours then lose them)",
        ));
    }
    let unnamed = images.iter().any(|image| image.names.is_empty());
    if unnamed || came.iter().any(|one| one.outcome != Outcome::WasHere) {
        give(app, &engine, file).await?;
    }
    for one in &mut came {
        let facts = engine.image(&one.name).await.map_err(untold)?;
        one.size_bytes = facts.map(|facts| facts.size);
    }
    show(app, file, &came)?;
    // The engine said yes to all of it; what it then does not have, it did not take.
    let lost = came.iter().any(|one| one.size_bytes.is_none());
    Ok(if lost { exit::CANNOT_TELL } else { exit::DONE })
}

/// Every image of the file.
async fn look_into(app: &App, file: &Path) -> Result<Vec<Packed>, Failure> {
    let shown = file.display().to_string();
    let not_open = |error: std::io::Error| {
        Failure::usage(format!("{shown}: {error}"), "give a file that dlearn images save or docker save wrote")
    };
    // Asked before opening: opening a FIFO would wait for ever.
    let meta = file.metadata().map_err(not_open)?;
    if !meta.is_file() {
        return Err(not_open(std::io::Error::other("it is no file")));
    }
    if meta.len() < SMALLEST {
        let what = format!("this is not an image archive: it has only {} bytes", meta.len());
        return Err(not_open(std::io::Error::other(what)));
    }
    let open = File::open(file).map_err(not_open)?;
    let progress = Progress::start(&format!("looking into {shown}"), &app.terminal);
    let looked = app.blocking(move |_| packed(open)).await;
    progress.finish();
    looked?.map_err(|error| {
        let help = match &error {
            ScanError::Truncated { .. } => "Copy the file again: it is not complete.",
            error => error.help(),
        };
        Failure::usage(format!("{shown}: {error}"), help)
    })
}

fn only_needed(course: &Course, file: &Path, images: &[Packed]) -> Result<(), Failure> {
    let needed = needed(course, None);
    let is_needed = |name: &str| {
        let name = normal_name(name);
        needed.keys().any(|known| normal_name(known) == name)
            || REGISTRY_IMAGES.contains(&name.as_str()) && needed.contains_key(REGISTRY_IMAGES[0])
    };
    let foreign: Vec<&str> =
        images.iter().flat_map(|image| &image.names).map(String::as_str).filter(|name| !is_needed(name)).collect();
    let unnamed = images.iter().filter(|image| image.names.is_empty()).count();
    let file = file.display();
    let what = match (foreign.is_empty(), unnamed) {
        (true, 0) => return Ok(()),
        (true, count) => format!("{file} holds {count} without a name"),
        (false, _) => format!("{file} holds images that this course does not need: {}", listed(&foreign)),
    };
    Err(Failure::usage(format!("{what}; nothing was loaded"), "if you know where it comes from, --all takes them too"))
}

/// How a name of the file stands to what is here.
async fn standing(engine: &Engine, image: &Packed, name: &str) -> Result<Came, Failure> {
    let name = normal_name(name);
    let outcome = match engine.image(&name).await.map_err(untold)? {
        None => Outcome::Loaded,
        Some(here) if image.ids.contains(&here.id) => Outcome::WasHere,
        Some(here) => {
            // What containerd's store calls an image by need not be in the file: there it is the same that has the
            // same in it.
            let same = here.layers == image.config.diff_ids && here.config == image.config.container;
            let by_content = same && engine.facts().await.map_err(untold)?.containerd_store;
            if by_content { Outcome::WasHere } else { Outcome::Replaced }
        }
    };
    Ok(Came { name, outcome, size_bytes: None })
}

async fn give(app: &App, engine: &Engine, file: &Path) -> Result<(), Failure> {
    let whole = file.metadata()?.len();
    if !app.terminal.stderr {
        eprintln!("loading {} ({})", file.display(), report::size(whole));
    }
    let progress = Progress::start(&format!("loading {}", file.display()), &app.terminal);
    let passed = Passed::default();
    let loading = engine.load_images(File::open(file)?, &passed);
    let loaded = told_meanwhile(loading, || match passed.bytes() {
        now if now >= whole => progress.say("the engine unpacks"),
        now => progress.bytes(now, whole, &app.terminal),
    });
    let loaded = loaded.await;
    progress.finish();
    loaded.map_err(untold)
}

fn show(app: &App, file: &Path, came: &[Came]) -> Result<(), Failure> {
    if app.common.json {
        let file = file.display().to_string();
        return Ok(json::print(&LoadReport { schema: "dlearn/images-load/1", file, images: came })?);
    }
    let width = came.iter().map(|one| one.name.len()).max().unwrap_or_default().min(super::WIDEST);
    for one in came {
        let size = one.size_bytes.map(report::size);
        let (mark, what) = match (&size, one.outcome) {
            (None, _) => (Mark::Bad, "the engine did not take it"),
            (_, Outcome::Loaded) => (Mark::Good, "loaded"),
            (_, Outcome::WasHere) => (Mark::Good, "was here already"),
            (_, Outcome::Replaced) => (Mark::Good, "loaded; another image lost this name"),
        };
        report::line(&format!("{} {:width$}  {:>9}  {what}", app.mark(mark), one.name, size.unwrap_or_default()))?;
    }
    Ok(())
}

/// Names of a stranger's file, for a message: not too many, and none too long.
fn listed(names: &[&str]) -> String {
    let short = |name: &&str| match name.chars().count() {
        0..=80 => (*name).to_owned(),
        _ => name.chars().take(79).chain(['…']).collect(),
    };
    let shown = names.iter().take(SHOWN).map(short).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
