//! The report of `dlearn dockerfile` for people.

use super::{Writes, heredocs, writes};
use crate::dockerfile::checks::{Checked, Finding, Severity};
use crate::dockerfile::{Dockerfile, Instruction, Span, Stage};
use crate::term::{Terminal, sanitize_line};

/// The report for people, line by line.
pub(super) struct Page<'a> {
    pub(super) terminal: &'a Terminal,
    /// The Dockerfile's text.
    pub(super) text: &'a str,
    /// Columns.
    pub(super) width: usize,
}

impl Page<'_> {
    /// All of it.
    pub(super) fn whole(&self, name: &str, dockerfile: &Dockerfile, checked: &Checked) -> Vec<String> {
        let mut out = Vec::new();
        if !dockerfile.global_args.is_empty() {
            out.push("For FROM lines, and for stages that name them again:".into());
            out.extend(dockerfile.global_args.iter().flat_map(|instruction| self.instruction(instruction)));
        }
        for stage in &dockerfile.stages {
            if !out.is_empty() {
                out.push(String::new());
            }
            out.extend(self.stage(dockerfile, stage));
        }
        for problem in &checked.refused {
            out.push(String::new());
            let head =
                format!("{} Docker refuses {name}, line {}", self.terminal.sign("✗", "[--]"), problem.span.start_line);
            out.push(head);
            out.extend(self.pointed(problem.span));
            out.extend(self.wrapped(&sentence(&problem.message)));
        }
        if !checked.refused.is_empty() {
            out.extend(self.wrapped("Correct that first: nothing is built, not even the steps above it."));
        }
        for finding in checked.reported() {
            out.push(String::new());
            out.extend(self.finding(finding));
        }
        out.push(String::new());
        out.extend(self.summary(checked));
        out
    }

    fn stage(&self, dockerfile: &Dockerfile, stage: &Stage) -> Vec<String> {
        let name = stage.name.as_deref().map(|name| format!(", {name}")).unwrap_or_default();
        let last = if stage.index + 1 == dockerfile.stages.len() { ": the image" } else { "" };
        let mut head = format!("Stage {}{name}, on {}{last}", stage.index, stage.base);
        let label = |index: &usize| match dockerfile.stages.get(*index).and_then(|stage| stage.name.clone()) {
            Some(name) => name,
            None => format!("stage {index}"),
        };
        let from: Vec<String> = dockerfile.takes_from(stage).iter().map(label).collect();
        if !from.is_empty() {
            head.push_str(&format!("; takes files from {}", from.join(", ")));
        }
        let mut out = self.wrapped(&head);
        out.extend(stage.instructions.iter().flat_map(|instruction| self.instruction(instruction)));
        out
    }

    fn instruction(&self, instruction: &Instruction) -> Vec<String> {
        let Span { start_line: first, end_line: last, .. } = instruction.span;
        let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let writes = match writes(instruction) {
            Writes::Base => "base",
            Writes::Layer => "layer",
            Writes::LayerIfNew => "layer, if new",
            Writes::Metadata => "metadata",
            Writes::Build => "build only",
        };
        let more = if instruction.original.contains('\n') { self.terminal.sign(" …", " ...") } else { "" };
        let code = instruction.original.lines().next().unwrap_or_default().trim_end();
        let code = code.strip_suffix('\\').unwrap_or(code).trim_end();
        let head = format!("  {lines:>7}  {writes:<13}  ");
        let mut out = vec![self.cut(&format!("{head}{code}{more}"))];
        for heredoc in heredocs(instruction) {
            let count = heredoc.content.lines().count();
            let expands = if heredoc.expand { "variables are replaced" } else { "taken as it is" };
            let plural = if count == 1 { "line" } else { "lines" };
            out.push(self.cut(&format!("{:25}document {}: {count} {plural}, {expands}", "", heredoc.name)));
        }
        out
    }

    fn finding(&self, finding: &Finding) -> Vec<String> {
        let severity = match finding.rule.severity {
            Severity::Style => "style",
            Severity::Risk => "risk",
            Severity::Fault => "fault",
        };
        let mut out = vec![format!("! {}, line {} ({severity})", finding.rule.name, lines(finding.span))];
        out.extend(self.pointed(finding.point));
        out.extend(self.wrapped(&sentence(&finding.message)));
        if let Some(base) = &finding.unless_base {
            out.extend(self.wrapped(&format!("(Unless {base} sets it: that is not known here.)")));
        }
        out.extend(self.wrapped(finding.rule.why));
        out.extend(self.wrapped(&format!("Instead: {}.", finding.rule.instead)));
        // Not indented, so that the longest fits into 80 columns: an address that is cut leads nowhere.
        out.push(finding.rule.link());
        out
    }

    fn summary(&self, checked: &Checked) -> Vec<String> {
        let count = checked.reported().count();
        let skipped = checked.findings.len() - count;
        let mut text = match (checked.refused.is_empty(), count) {
            (true, 0) => {
                format!("{} Docker accepts it, and its build checks find nothing", self.terminal.sign("✓", "[ok]"))
            }
            (true, 1) => "Docker accepts it; its build checks find one thing".to_owned(),
            (true, count) => format!("Docker accepts it; its build checks find {count} things"),
            (false, 0) => "Docker refuses it".to_owned(),
            (false, count) => format!("Docker refuses it, and {count} more would follow from its build checks"),
        };
        if skipped > 0 {
            let line = checked.options.span.map(|span| format!(" (line {})", span.start_line)).unwrap_or_default();
            text.push_str(&format!("; {skipped} more that the file switches off{line}"));
        }
        if checked.options.error && count > 0 && checked.refused.is_empty() {
            text.push_str("; with error=true, docker build stops here");
        }
        if checked.partly {
            text.push_str("; it is so large that not everything was looked at");
        }
        text.push('.');
        self.wrapped_at(&text, "")
    }

    /// The first line of a place, with carets below what is meant.
    fn pointed(&self, span: Span) -> Vec<String> {
        let start = self.text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default().trim_start_matches('\u{feff}');
        let number = span.start_line.to_string();
        let bar = self.terminal.sign("│", "|");
        let plain = |text: &str| sanitize_line(&text.replace('\t', " ")).into_owned();
        let from = self.text.get(start..span.start).map_or(0, |before| console::measure_text_width(&plain(before)));
        let end = span.end.min(start + line.len()).max(span.start);
        let marked =
            self.text.get(span.start..end).map_or(1, |text| console::measure_text_width(&plain(text.trim_end())));
        let space = self.width.saturating_sub(number.len() + 5).max(10);
        let code = console::truncate_str(&plain(line), space, self.terminal.sign("…", "...")).into_owned();
        let carets = "^".repeat(marked.max(1).min(space.saturating_sub(from).max(1)));
        let mut out = vec![format!("  {number} {bar} {code}")];
        if from < space {
            out.push(format!("  {:width$} {bar} {:from$}{carets}", "", "", width = number.len()));
        }
        out
    }

    fn wrapped(&self, text: &str) -> Vec<String> {
        self.wrapped_at(text, "  ")
    }

    fn wrapped_at(&self, text: &str, indent: &str) -> Vec<String> {
        let options = textwrap::Options::new(self.width).initial_indent(indent).subsequent_indent(indent);
        textwrap::wrap(&sanitize_line(text), options).into_iter().map(|line| line.into_owned()).collect()
    }

    fn cut(&self, line: &str) -> String {
        let line = sanitize_line(&line.replace('\t', " ")).into_owned();
        console::truncate_str(&line, self.width, self.terminal.sign("…", "...")).into_owned()
    }
}

fn lines(span: Span) -> String {
    match span.end_line == span.start_line {
        true => span.start_line.to_string(),
        false => format!("{} to {}", span.start_line, span.end_line),
    }
}

/// A message as a sentence; a question keeps its sign.
fn sentence(message: &str) -> String {
    let end = if message.ends_with('?') { "" } else { "." };
    format!("{}{end}", capital(message))
}

/// A sentence's first letter in capitals, where it is a word of ours.
fn capital(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if word.chars().all(|c| c.is_ascii_lowercase()) => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}
