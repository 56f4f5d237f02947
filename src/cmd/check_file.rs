//! `dlearn check --file`: the checks of files, for any image, outside a course.

use super::app::App;
use super::check::{Files, read};
use super::exercise::look_at;
use crate::check::Outcome;
use crate::course::{CheckFile, Course, CourseError, Round, check_file::LARGEST};
use crate::evidence::Evidence;
use crate::examine::{Examined, examine};
use crate::failure::Failure;
use crate::report::json::{self, CheckFileReport};
use crate::term::{findings, progress::Progress};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file of checks that is ready to be judged.
struct Planned {
    /// As it was named.
    shown: String,
    /// Where its paths begin.
    folder: PathBuf,
    round: Round,
}

pub(super) async fn run(app: &App, paths: &[PathBuf], images: &[String], files: Files) -> Result<i32, Failure> {
    files.writable()?;
    if paths.len() > 1 && (files.record.is_some() || files.replay.is_some()) {
        return Err(Failure::usage(
            "--record and --replay are for one file of checks",
            "call dlearn once for each --file",
        ));
    }
    // All of them before an engine is asked: a slip in the last one should not cost the answers to the first.
    let planned = plan(app, paths, images)?;
    let mut judged = Vec::with_capacity(planned.len());
    for Planned { shown, folder, round } in planned {
        let Examined { findings, evidence } = match &files.replay {
            Some(recorded) => examine(&round, &mut read(recorded)?, Evidence::new()).await,
            None => {
                let progress = Progress::start(&format!("checking {shown}"), &app.terminal);
                let examined = look_at(&round, &folder, None).await;
                progress.finish();
                examined
            }
        };
        files.record(&evidence)?;
        judged.push((round, findings));
    }
    files.report(judged.iter().map(|(round, findings)| (round, findings.as_slice())))?;
    match judged.as_slice() {
        [(round, findings)] if app.common.json => json::print(&CheckFileReport::new(round, findings))?,
        several if app.common.json => {
            let reports = several.iter().map(|(round, findings)| CheckFileReport::new(round, findings));
            json::print(&reports.collect::<Vec<_>>())?;
        }
        all => {
            for (round, findings) in all {
                app.say(&format!("# {}", round.title))?;
                app.terminal.print(&findings::render(findings, &app.terminal))?;
            }
        }
    }
    Ok(Outcome::of(judged.iter().flat_map(|(_, findings)| findings)).exit_code())
}

fn plan(app: &App, paths: &[PathBuf], images: &[String]) -> Result<Vec<Planned>, Failure> {
    let wrong = |error: CourseError| Failure::usage(error.to_string(), "dlearn schema check-file describes the format");
    let mut read = Vec::with_capacity(paths.len());
    for path in paths {
        let (shown, text) = (path.display().to_string(), text(path)?);
        let file = CheckFile::read(&shown, &text).map_err(wrong)?;
        read.push((path, shown, text, file));
    }
    // Of several files, each takes the names that it has an alias for.
    let has =
        |file: &CheckFile, name: &str| name.split_once('=').is_none_or(|(alias, _)| file.images.contains_key(alias));
    if let Some(unused) = images.iter().find(|name| !read.iter().any(|(_, _, _, file)| has(file, name))) {
        let aliases: BTreeSet<&str> =
            read.iter().flat_map(|(_, _, _, file)| file.images.keys().map(String::as_str)).collect();
        let help = format!("the aliases are {}", aliases.into_iter().collect::<Vec<_>>().join(", "));
        return Err(Failure::usage(format!("--image {unused}: no file has an image of that alias"), help));
    }
    let recipes = match read.iter().any(|(_, _, _, file)| file.has_recipes()) {
        true => Course::recipes_of(&app.source())?,
        false => BTreeMap::new(),
    };
    let planned = read.into_iter().map(|(path, shown, text, mut file)| {
        let names: Vec<String> = images.iter().filter(|name| has(&file, name)).cloned().collect();
        file.name(&names).map_err(|(what, help)| Failure::usage(format!("{shown}: {what}"), help))?;
        let round = file.round(&shown, &text, &recipes).map_err(wrong)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Planned { shown, folder: folder.canonicalize()?, round })
    });
    planned.collect()
}

fn text(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        let what = format!("{} cannot be read: {error}", path.display());
        Failure::usage(what, "name a YAML file of checks; README.md shows one")
    };
    let mut text = String::new();
    File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    match text.len() as u64 > LARGEST {
        true => Err(Failure::usage(format!("{} has more than 1 MiB", path.display()), "split it into several files")),
        false => Ok(text),
    }
}
