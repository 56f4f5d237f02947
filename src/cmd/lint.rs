//! `dlearn lint`: mistakes in a course, found without an engine.

use super::app::App;
use crate::course::lint::{self, Finding};
use crate::course::{Source, enclosing};
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Serialize)]
struct LintReport<'a> {
    schema: &'static str,
    /// The course's folder; nothing for the built-in course.
    course: Option<&'a Path>,
    findings: &'a [Finding],
}

pub(super) fn run(app: &App, path: Option<&Path>) -> Result<i32, Failure> {
    let (folder, below) = meant(app, path)?;
    let source = folder.clone().map_or(Source::Embedded, Source::Folder);
    let mut findings = lint::lint(&source);
    findings.retain(|found| below.is_empty() || found.file == below || found.file.starts_with(&format!("{below}/")));
    if app.common.json {
        json::print(&LintReport { schema: "dlearn/lint/1", course: folder.as_deref(), findings: &findings })?;
    } else {
        let place = folder.map_or("the built-in course".to_owned(), |folder| {
            app.place(&folder.join(&below).components().collect::<PathBuf>())
        });
        show(&findings, &place)?;
    }
    Ok(if findings.is_empty() { exit::DONE } else { exit::USAGE })
}

/// The course that an author works on: the one that `--course` names, else the one around the current folder.
pub(super) fn around(app: &App) -> Option<PathBuf> {
    let here = || enclosing(&std::env::current_dir().ok()?);
    app.common.course.clone().or_else(here)
}

/// The course's folder (none for the built-in course), and the part of it that is asked about.
fn meant(app: &App, path: Option<&Path>) -> Result<(Option<PathBuf>, String), Failure> {
    let Some(path) = path else {
        return Ok((around(app), String::new()));
    };
    let io = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()), "name a folder or a file");
    let whole = path.canonicalize().map_err(io)?;
    let course = match &app.common.course {
        Some(course) => course.canonicalize().map_err(io)?,
        None => enclosing(&whole).ok_or_else(|| {
            let what = format!("{} is no course, and lies in none", path.display());
            Failure::usage(what, "a course holds lessons/ and exercises/; dlearn new course FOLDER begins one")
        })?,
    };
    let below = whole.strip_prefix(&course).map_err(|_| {
        let what = format!("{} does not lie in the course {}", path.display(), course.display());
        Failure::usage(what, "name a folder or a file of that course")
    })?;
    let below = below.to_string_lossy().into_owned();
    Ok((Some(course), below))
}

fn show(findings: &[Finding], place: &str) -> std::io::Result<()> {
    for found in findings {
        let number = |number: Option<usize>| number.map(|number| format!(":{number}")).unwrap_or_default();
        let (line, column) = (number(found.line), number(found.column));
        report::line(&format!("{}{line}{column}: {} [{}]", found.file, found.what, found.rule))?;
        if !found.advice.is_empty() {
            report::line(&format!("  {}", found.advice))?;
        }
    }
    match findings.len() {
        0 => report::line(&format!("{place}: nothing found")),
        1 => report::line(&format!("\n1 finding in {place}")),
        many => report::line(&format!("\n{many} findings in {place}")),
    }
}
