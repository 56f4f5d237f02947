//! `dlearn layers`: what each layer of an image holds, what is wasted, and what two images share.

mod report;
mod view;

use super::app::App;
use crate::cli::LayersOptions;
use crate::engine::in_plain_words;
use crate::evidence::{EntryFacts, EntryKind, LayersFacts, Unavailable};
use crate::failure::{Failure, exit};
use crate::layers::{Scan, ScanError, ScanOptions, Stack, scan};
use crate::report::json;
use crate::term::Progress;
use std::fs::File;
use std::path::Path;

/// An image that was looked into.
struct Subject {
    /// As it was called on the command line.
    name: String,
    /// It came out of an archive, and not out of the engine.
    archive: bool,
    scan: Scan,
}

impl Subject {
    /// `linux/amd64`, or as much of it as the image says.
    fn platform(&self) -> String {
        let config = &self.scan.config;
        let said = |part: &str| if part.is_empty() { "?".to_owned() } else { part.to_owned() };
        format!("{}/{}", said(&config.os), said(&config.arch))
    }
}

/// What a layer does with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Added,
    Changed,
    /// A directory that is as it was: builders list the parents of what they change.
    Same,
    Deleted,
    /// A directory of which nothing from below is left.
    Emptied,
}

impl Change {
    fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Deleted => "deleted",
            Self::Emptied => "emptied",
        }
    }
}

/// What a layer does, path by path.
fn changes(facts: &LayersFacts, index: usize) -> Vec<(&str, Change, &EntryFacts)> {
    let below = Stack::tree_below(facts, index);
    let change = |path: &str, entry: &EntryFacts| match (entry.change, below.get(path)) {
        (EntryKind::Whiteout, _) => Change::Deleted,
        (EntryKind::Opaque, Some(_)) => Change::Emptied,
        (_, None) => Change::Added,
        (EntryKind::Directory, Some(seen)) if seen.is_directory() => {
            let same = (entry.mode, entry.uid, entry.gid) == (seen.entry.mode, seen.entry.uid, seen.entry.gid);
            if same { Change::Same } else { Change::Changed }
        }
        _ => Change::Changed,
    };
    let entries = facts.layers[index].entries.iter().filter(|(path, _)| *path != ".");
    entries.map(|(path, entry)| (path.as_str(), change(path, entry), entry)).collect()
}

/// How many layers two images share from the bottom on.
fn shared(first: &Subject, other: &Subject) -> usize {
    let (ours, theirs) = (&first.scan.facts.layers, &other.scan.facts.layers);
    ours.iter().zip(theirs).take_while(|(one, other)| one.diff_id == other.diff_id).count()
}

pub(super) async fn run(app: &App, options: LayersOptions) -> Result<i32, Failure> {
    if options.image == "-" && options.compare.as_deref() == Some("-") {
        let what = "standard input can be one of the two images, not both";
        return Err(Failure::usage(what, "write one of the archives to a file: docker save IMAGE -o image.tar"));
    }
    let scan = ScanOptions { hashes: options.verify || options.compare.is_some(), ..ScanOptions::default() };
    let first = load(app, &options.image, options.name.as_deref(), &scan).await?;
    let other = match &options.compare {
        Some(other) => Some(load(app, other, options.name.as_deref(), &scan).await?),
        None => None,
    };
    let stack = Stack::of(&first.scan.facts);
    let layer = match options.layer.map(|number| usize::from(number) - 1) {
        Some(index) if index >= stack.steps.len() => {
            let count = stack.steps.len();
            return Err(Failure::usage(
                format!("{} has no layer {}: it has {count}", first.name, index + 1),
                "without --layer they are all listed; number 1 is the bottom one",
            ));
        }
        layer => layer,
    };
    let compared = other.as_ref().map(|other| (other, Stack::of(&other.scan.facts)));
    if app.common.json {
        json::print(&report::Report::new((&first, &stack), compared.as_ref(), layer))?;
    } else {
        let lines = match (&compared, layer) {
            (Some((other, others)), _) => view::comparison((&first, &stack), (other, others), &app.terminal),
            (None, Some(index)) => view::layer(&first, index, &app.terminal),
            (None, None) => view::image((&first, &stack), &app.terminal),
        };
        app.terminal.print(&view::paint(&lines, &app.terminal))?;
    }
    let truncated = |subject: &Subject| subject.scan.facts.truncated;
    let too_many = [Some(&first), other.as_ref()].into_iter().flatten().find(|subject| truncated(subject));
    match too_many {
        Some(subject) => Err(Failure::Engine(Unavailable::new(
            format!(
                "{} holds more than {} paths: those beyond are not counted, and what is wasted cannot be told",
                subject.name,
                ScanOptions::default().max_entries
            ),
            "look into an image with fewer files; sizes of layers are complete",
        ))),
        None => Ok(exit::DONE),
    }
}

/// Reads the image, from a file where there is one of that name, else from the engine.
async fn load(app: &App, name: &str, wanted: Option<&str>, options: &ScanOptions) -> Result<Subject, Failure> {
    let progress = Progress::start(&format!("reading {name}"), &app.terminal);
    let path = Path::new(name);
    let subject = if name == "-" || (path.exists() && !path.is_dir()) {
        from_archive(app, name, ScanOptions { image: wanted.map(str::to_owned), ..options.clone() }).await
    } else if looks_like_a_path(name) {
        Err(no_archive(name, path.is_dir()))
    } else {
        from_engine(app, name, options.clone()).await
    };
    progress.finish();
    subject
}

async fn from_archive(app: &App, name: &str, options: ScanOptions) -> Result<Subject, Failure> {
    let owned = name.to_owned();
    let scanned = app.blocking(move |_| match owned.as_str() {
        "-" => Ok(scan(std::io::stdin().lock(), &options)),
        path => File::open(path).map(|file| scan(file, &options)),
    });
    let scanned = scanned.await?.map_err(|error| {
        Failure::usage(format!("{name}: {error}"), "give an archive that docker save wrote, or the name of an image")
    })?;
    let mut scan = scanned.map_err(|error| unreadable(name, &error))?;
    in_plain_words(&mut scan.facts);
    let name = if name == "-" { "standard input" } else { name };
    Ok(Subject { name: name.to_owned(), archive: true, scan })
}

async fn from_engine(app: &App, name: &str, options: ScanOptions) -> Result<Subject, Failure> {
    let engine = app.engine().await?;
    let scan = engine.scan(name, options).await.map_err(|error| Failure::Engine(error.unavailable()))?;
    let scan = scan.ok_or_else(|| {
        Failure::usage(
            format!("there is no image called {name} on this engine, and no file"),
            format!("docker images lists what is here; docker pull {name} brings what is in a registry"),
        )
    })?;
    Ok(Subject { name: name.to_owned(), archive: false, scan })
}

fn unreadable(name: &str, error: &ScanError) -> Failure {
    let what = format!("{name}: {error}");
    match error {
        ScanError::TooLarge { .. } => Failure::Engine(Unavailable::new(what, "no image that is in use is as large")),
        ScanError::SeveralImages { .. } => Failure::usage(what, "say which: --name, with one of these names"),
        error => Failure::usage(what, error.help()),
    }
}

/// Whether somebody who wrote this meant a file: no image is called so.
fn looks_like_a_path(name: &str) -> bool {
    const ENDINGS: [&str; 6] = [".tar", ".tgz", ".gz", ".zst", ".zstd", ".oci"];
    name.starts_with(['.', '/', '~']) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn no_archive(name: &str, folder: bool) -> Failure {
    if folder {
        let help = format!("pack an OCI layout into one file (tar -C {name} -cf image.tar .), and give that");
        return Failure::usage(format!("{name} is a folder, and no archive of an image"), help);
    }
    Failure::usage(format!("there is no file {name}"), format!("docker save IMAGE -o {name} writes one"))
}
