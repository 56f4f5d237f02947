//! `dlearn context`: what a build would send to the engine, and why each path is in or out.

use super::app::App;
use crate::context::{Survey, SurveyEntry, Verdict, survey};
use crate::failure::{Failure, exit};
use crate::report::{self, json, size};
use crate::term::sanitize_line;
use serde::Serialize;
use std::path::Path;

#[derive(Debug, Serialize)]
struct ContextReport {
    schema: &'static str,
    ignore_file: Option<String>,
    sent_files: usize,
    sent_bytes: u64,
    left_out_files: usize,
    left_out_bytes: u64,
    paths: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    path: String,
    /// `in`, `out` or `only_for_builder`
    verdict: &'static str,
    bytes: u64,
    files: usize,
    /// Line of the ignore file that decided, from 1.
    line: Option<usize>,
    pattern: Option<String>,
}

fn row(entry: &SurveyEntry) -> Row {
    Row {
        path: entry.path.clone(),
        verdict: match entry.verdict {
            Verdict::In => "in",
            Verdict::Out => "out",
            Verdict::OnlyForBuilder => "only_for_builder",
        },
        bytes: entry.bytes,
        files: entry.files,
        line: entry.rule.as_ref().map(|rule| rule.line),
        pattern: entry.rule.as_ref().map(|rule| rule.pattern.clone()),
    }
}

pub(super) fn run(app: &App, context: &Path, file: &str) -> Result<i32, Failure> {
    let found = survey(context, file).map_err(|error| Failure::usage(error.to_string(), error.help()))?;
    if app.common.json {
        json::print(&ContextReport {
            schema: "dlearn/context/1",
            ignore_file: found.ignore_file.clone(),
            sent_files: found.files_in,
            sent_bytes: found.bytes_in,
            left_out_files: found.files_out,
            left_out_bytes: found.bytes_out,
            paths: found.entries.iter().map(row).collect(),
        })?;
        return Ok(exit::DONE);
    }
    let ignore = found.ignore_file.as_deref().unwrap_or(".dockerignore");
    for entry in &found.entries {
        report::line(&shown(app, entry, ignore))?;
    }
    report::line(&summary(&found))?;
    Ok(exit::DONE)
}

fn shown(app: &App, entry: &SurveyEntry, ignore: &str) -> String {
    let (mark, word) = match entry.verdict {
        Verdict::In => (app.terminal.sign("✓", "+"), "sent"),
        Verdict::Out => (app.terminal.sign("✗", "-"), "left out"),
        Verdict::OnlyForBuilder => (app.terminal.sign("·", "."), "for the builder only"),
    };
    let many = if entry.files > 1 { format!(" ({} files)", entry.files) } else { String::new() };
    let line = |rule: &crate::context::Rule| format!(": line {} of {ignore}, {}", rule.line, rule.pattern);
    let why = entry.rule.as_ref().map(line).unwrap_or_default();
    sanitize_line(&format!("{mark} {:32} {:>9}{many}  {word}{why}", entry.path, size(entry.bytes))).into_owned()
}

fn summary(found: &Survey) -> String {
    let more = if found.truncated { " at least" } else { "" };
    format!(
        "\n{} files, {} would be sent; {}{more} files, {} stay out",
        found.files_in,
        size(found.bytes_in),
        found.files_out,
        size(found.bytes_out)
    )
}
