//! `dlearn check --file`: the checks of a file, for any image, outside a course.

use super::app::App;
use super::check::{Files, read};
use super::exercise::look_at;
use crate::check::Outcome;
use crate::course::{CheckFile, Course, CourseError, check_file::LARGEST};
use crate::evidence::Evidence;
use crate::examine::{Examined, examine};
use crate::failure::Failure;
use crate::report::json::{self, CheckFileReport};
use crate::term::{findings, progress::Progress};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(super) async fn run(app: &App, path: &Path, images: &[String], files: Files) -> Result<i32, Failure> {
    let shown = path.display().to_string();
    let text = text(path)?;
    let wrong = |error: CourseError| Failure::usage(error.to_string(), "dlearn schema check-file describes the format");
    let mut file = CheckFile::read(&shown, &text).map_err(wrong)?;
    file.name(images).map_err(|(what, help)| Failure::usage(what, help))?;
    let recipes = match file.has_recipes() {
        true => Course::recipes_of(&app.source())?,
        false => BTreeMap::new(),
    };
    let round = file.round(&shown, &text, &recipes).map_err(wrong)?;
    let Examined { findings, evidence } = match &files.replay {
        Some(recorded) => examine(&round, &mut read(recorded)?, Evidence::new()).await,
        None => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = folder.canonicalize()?;
            let progress = Progress::start(&format!("checking {shown}"), &app.terminal);
            let examined = look_at(&round, &folder, None).await;
            progress.finish();
            examined
        }
    };
    files.write(&round, &findings, &evidence)?;
    if app.common.json {
        json::print(&CheckFileReport::new(&round, &findings))?;
    } else {
        app.say(&format!("# {}", round.title))?;
        app.terminal.print(&findings::render(&findings, &app.terminal))?;
    }
    Ok(Outcome::of(&findings).exit_code())
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
