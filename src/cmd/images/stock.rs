//! Which images of the course are here, how large they are, and what the missing ones cost to pull.

use super::{Need, paragraph, untold};
use crate::cmd::app::{App, Mark};
use crate::engine::{Engine, EngineError, REGISTRY_IMAGES};
use crate::evidence::ImageFacts;
use crate::failure::Failure;
use crate::registry::{Platform, size_on_hub};
use crate::report::{self, json};
use crate::term::{Span, Style, measure, paint, wrap_text};
use futures_util::future::{join_all, try_join_all};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long Docker Hub is asked for sizes, all of them at the same time.
const HUB: Duration = Duration::from_secs(2);
/// Exercises that are named in a line; the document of `--json` names all.
const SHOWN: usize = 5;
/// Columns that the exercises get at least, beside what stands before them.
const LEAST: usize = 16;
/// Columns before what goes on in a line of its own.
const INDENT: usize = 4;

/// An image of the course.
#[derive(Debug, Serialize)]
pub(in crate::cmd) struct Stocked<'a> {
    pub(in crate::cmd) name: &'a str,
    pub(in crate::cmd) here: bool,
    /// The name under which it is here: of the registry, another version serves as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cmd) here_as: Option<&'static str>,
    /// Bytes of its layers on this engine, unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cmd) size_bytes: Option<u64>,
    /// Bytes that pulling it brings at most, where Docker Hub tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cmd) download_bytes: Option<u64>,
    /// It is brought when its exercise begins.
    pub(in crate::cmd) later: bool,
    /// `amd64` and the like, of what is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cmd) architecture: Option<String>,
    exercises: Vec<&'a str>,
}

impl Stocked<'_> {
    /// Whether it must be brought before its exercises can begin.
    pub(in crate::cmd) fn is_wanting(&self) -> bool {
        !self.here && !self.later
    }

    /// What the engine has it as.
    pub(in crate::cmd) fn name_here(&self) -> &str {
        self.here_as.unwrap_or(self.name)
    }
}

/// An image that could not be had.
#[derive(Debug, Serialize)]
pub(in crate::cmd) struct Failed {
    pub(in crate::cmd) name: String,
    pub(in crate::cmd) reason: String,
    pub(in crate::cmd) help: String,
}

#[derive(Serialize)]
struct ImagesReport<'a> {
    schema: &'static str,
    images: &'a [Stocked<'a>],
    totals: Totals,
    failed: &'a [Failed],
}

#[derive(Serialize)]
struct Totals {
    images: usize,
    here: usize,
    /// Layers that several images share are counted for each.
    size_bytes: u64,
    download_bytes: u64,
    /// Missing images of which nobody told what they cost.
    download_unknown: usize,
}

/// Whether an image is there, or for the registry another version that serves as well.
pub(in crate::cmd) async fn is_here(engine: &Engine, name: &str) -> Result<bool, EngineError> {
    for image in alternatives(name) {
        if engine.has_image(image).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn alternatives(name: &str) -> Vec<&str> {
    match REGISTRY_IMAGES.contains(&name) {
        true => std::iter::once(name).chain(REGISTRY_IMAGES.into_iter().filter(|other| *other != name)).collect(),
        false => vec![name],
    }
}

async fn found(engine: &Engine, name: &str) -> Result<Option<(Option<&'static str>, ImageFacts)>, EngineError> {
    for image in alternatives(name) {
        if let Some(facts) = engine.image(image).await? {
            let other = REGISTRY_IMAGES.into_iter().find(|other| *other == image && image != name);
            return Ok(Some((other, facts)));
        }
    }
    Ok(None)
}

/// Asks for all of them at the same time.
pub(in crate::cmd) async fn take<'a>(
    engine: &Engine,
    needed: BTreeMap<&'a str, Need<'a>>,
) -> Result<Vec<Stocked<'a>>, EngineError> {
    let asked = needed.into_iter().map(|(name, need)| async move {
        let found = found(engine, name).await?;
        let (here_as, facts) = found.unzip();
        Ok(Stocked {
            name,
            here: facts.is_some(),
            here_as: here_as.flatten(),
            size_bytes: facts.as_ref().map(|facts| facts.size),
            download_bytes: None,
            later: need.later,
            architecture: facts.map(|facts| facts.arch),
            exercises: need.exercises,
        })
    });
    try_join_all(asked).await
}

/// Asks Docker Hub what the missing ones cost.
pub(in crate::cmd) async fn price(engine: &Engine, stock: &mut [Stocked<'_>]) -> Result<(), Failure> {
    if stock.iter().any(|image| !image.here) {
        let facts = engine.facts().await.map_err(untold)?;
        let costs = join_all(stock.iter().map(|image| cost(image, &facts.os, &facts.arch))).await;
        for (image, cost) in stock.iter_mut().zip(costs) {
            image.download_bytes = cost;
        }
    }
    Ok(())
}

async fn cost(image: &Stocked<'_>, os: &str, arch: &str) -> Option<u64> {
    if image.here {
        return None;
    }
    let (name, platform) = (image.name.to_owned(), Platform { os: os.to_owned(), arch: arch.to_owned() });
    tokio::task::spawn_blocking(move || size_on_hub(&name, &platform, HUB)).await.ok().flatten()
}

/// Prints them, and what could not be had.
pub(in crate::cmd) fn show(app: &App, stock: &[Stocked<'_>], failed: &[Failed]) -> Result<(), Failure> {
    let totals = totals(stock);
    if app.common.json {
        let report = ImagesReport { schema: "dlearn/images/1", images: stock, totals, failed };
        return Ok(json::print(&report)?);
    }
    let width = stock.iter().map(|image| image.name.len()).max().unwrap_or_default().min(super::WIDEST);
    for image in stock {
        let mark = app.mark(match image {
            Stocked { here: true, .. } => Mark::Good,
            Stocked { later: true, .. } => Mark::Unknown,
            _ => Mark::Bad,
        });
        let row = format!("{mark} {:width$}  {:>12}  ", image.name, cell(image));
        columns(app, &row, &whom(image))?;
    }
    if stock.iter().any(comes_later) {
        report::line("")?;
        paragraph(app, "", "(later): it is brought when its exercise begins")?;
    }
    report::line("")?;
    for line in summary(&totals).lines() {
        paragraph(app, "", line)?;
    }
    if !failed.is_empty() {
        report::line("\nnot brought:")?;
    }
    for one in failed {
        paragraph(app, &format!("{} ", app.mark(Mark::Bad)), &format!("{}: {}", one.name, one.reason))?;
    }
    // One cause has often kept several.
    for help in failed.iter().map(|one| one.help.as_str()).collect::<BTreeSet<_>>() {
        paragraph(app, "  do: ", help)?;
    }
    Ok(())
}

fn cell(image: &Stocked) -> String {
    match (image.size_bytes, image.download_bytes) {
        (Some(size), _) => report::size(size),
        (None, Some(cost)) => format!("pull {}", report::size(cost)),
        (None, None) => "missing".to_owned(),
    }
}

/// A row whose last column hangs below itself, in a terminal.
fn columns(app: &App, row: &str, last: &str) -> Result<(), Failure> {
    if !app.terminal.stdout {
        return Ok(report::line(format!("{row}{last}").trim_end())?);
    }
    let width = app.terminal.text_width();
    // On a narrow terminal the column would be a word wide.
    let hanging = Some(measure(row)).filter(|taken| taken + LEAST <= width).unwrap_or(INDENT);
    let (first, rest) = ([Span::plain(row)], [Span::plain(&" ".repeat(hanging))]);
    Ok(app.terminal.print(&paint(&wrap_text(last, Style::PLAIN, width, &first, &rest), &app.terminal))?)
}

fn comes_later(image: &Stocked) -> bool {
    image.later && !image.here
}

fn whom(image: &Stocked) -> String {
    let here_as = image.here_as.map(|other| format!("{other} serves; ")).unwrap_or_default();
    let later = if comes_later(image) { " (later)" } else { "" };
    let shown = image.exercises.len().min(SHOWN);
    let more = match image.exercises.len() - shown {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{here_as}{}{more}{later}", image.exercises[..shown].join(" "))
}

fn totals(stock: &[Stocked]) -> Totals {
    let sum = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(0, u64::saturating_add);
    Totals {
        images: stock.len(),
        here: stock.iter().filter(|image| image.here).count(),
        size_bytes: sum(&mut stock.iter().filter_map(|image| image.size_bytes)),
        download_bytes: sum(&mut stock.iter().filter_map(|image| image.download_bytes)),
        download_unknown: stock.iter().filter(|image| !image.here && image.download_bytes.is_none()).count(),
    }
}

/// `9 of 11 images are here, 1.2 GB; 2 are missing, 480 MB to pull: dlearn images pull brings them`
fn summary(totals: &Totals) -> String {
    let here = format!("{} of {} images are here, {}", totals.here, totals.images, report::size(totals.size_bytes));
    let missing = totals.images - totals.here;
    if missing == 0 {
        return here;
    }
    let cost = match (totals.download_bytes, totals.download_unknown) {
        (bytes, 0) => format!("{} to pull", report::size(bytes)),
        (0, _) => "how large is not known".to_owned(),
        (bytes, unknown) => format!("{} to pull and {unknown} of unknown size", report::size(bytes)),
    };
    let are = if missing == 1 { "is" } else { "are" };
    format!("{here}\n{missing} {are} missing, {cost}: dlearn images pull, or dlearn images load FILE")
}
