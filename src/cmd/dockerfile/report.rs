//! The report of `dlearn dockerfile` for programs.

use super::{Writes, heredocs, writes};
use crate::dockerfile::checks::{Checked, Finding, Severity};
use crate::dockerfile::{Dockerfile, Instruction, Span, Stage};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct DockerfileReport<'a> {
    schema: &'static str,
    file: String,
    /// Docker would begin to build it.
    accepted: bool,
    refused: Vec<Refused<'a>>,
    directives: Vec<Directive<'a>>,
    global_args: Vec<Row<'a>>,
    stages: Vec<StageRow<'a>>,
    checks: Vec<Check<'a>>,
    /// The text is too large: not everything was looked at.
    partly: bool,
}

/// Lines from 1, both ends included.
#[derive(Clone, Copy, Debug, Serialize)]
struct Lines {
    first: usize,
    last: usize,
}

impl From<Span> for Lines {
    fn from(span: Span) -> Self {
        Self { first: span.start_line, last: span.end_line }
    }
}

#[derive(Debug, Serialize)]
struct Refused<'a> {
    lines: Lines,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct Directive<'a> {
    name: &'a str,
    value: &'a str,
    line: usize,
}

#[derive(Debug, Serialize)]
struct StageRow<'a> {
    index: usize,
    name: Option<&'a str>,
    lines: Lines,
    /// As FROM has it.
    base: &'a str,
    /// The image at the bottom, stages followed; none where FROM names none.
    image: Option<String>,
    platform: Option<&'a str>,
    /// Indices of the stages whose files it takes.
    takes_from: Vec<usize>,
    instructions: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    keyword: &'a str,
    lines: Lines,
    writes: Writes,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    heredocs: Vec<Document<'a>>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    name: &'a str,
    lines: Lines,
    /// Variables in it are replaced.
    expands: bool,
}

#[derive(Debug, Serialize)]
struct Check<'a> {
    rule: &'a str,
    severity: Severity,
    lines: Lines,
    message: &'a str,
    why: &'a str,
    instead: &'a str,
    link: String,
    /// None if this base image sets the variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unless_base: Option<&'a str>,
    /// The file switches it off (`# check=skip=…`), and Docker says nothing.
    skipped: bool,
}

/// The report.
pub(super) fn as_json<'a>(file: String, dockerfile: &'a Dockerfile, checked: &'a Checked) -> DockerfileReport<'a> {
    let row = |instruction: &'a Instruction| Row {
        keyword: &instruction.keyword,
        lines: instruction.span.into(),
        writes: writes(instruction),
        heredocs: heredocs(instruction)
            .iter()
            .map(|heredoc| Document { name: &heredoc.name, lines: heredoc.span.into(), expands: heredoc.expand })
            .collect(),
    };
    let stage = |stage: &'a Stage| StageRow {
        index: stage.index,
        name: stage.name.as_deref(),
        lines: stage.span.into(),
        base: &stage.base,
        image: dockerfile.base_of(stage),
        platform: stage.platform.as_deref(),
        takes_from: dockerfile.takes_from(stage),
        instructions: stage.instructions.iter().map(row).collect(),
    };
    let found = |finding: &'a Finding| Check {
        rule: finding.rule.name,
        severity: finding.rule.severity,
        lines: finding.span.into(),
        message: &finding.message,
        why: finding.rule.why,
        instead: finding.rule.instead,
        link: finding.rule.link(),
        unless_base: finding.unless_base.as_deref(),
        skipped: finding.skipped,
    };
    DockerfileReport {
        schema: "dlearn/dockerfile/1",
        file,
        accepted: checked.refused.is_empty(),
        refused: checked
            .refused
            .iter()
            .map(|problem| Refused { lines: problem.span.into(), message: &problem.message })
            .collect(),
        directives: dockerfile
            .directives
            .iter()
            .map(|directive| Directive {
                name: &directive.name,
                value: &directive.value,
                line: directive.span.start_line,
            })
            .collect(),
        global_args: dockerfile.global_args.iter().map(row).collect(),
        stages: dockerfile.stages.iter().map(stage).collect(),
        checks: checked.findings.iter().map(found).collect(),
        partly: checked.partly,
    }
}
