//! Findings of a check: first every check with its state, then what to do, and last, where the eye
//! rests, the first check that has not passed, marked as the one to begin with where others failed too.
//!
//! Invariant: a check that could not be told is never shown as wrong.

use super::{
    Terminal,
    line::{Line, Span, Style, paint},
    wrap::{wrap, wrap_message},
};
use crate::check::{Check, Finding, NotYet, Place, Verdict};

/// Columns before everything that belongs to a check: its sign stands there.
pub(super) const INDENT: &str = "  ";
/// Columns of the labels (`expected:`).
const LABEL: usize = 10;
/// Lines of one text at most: what was found may be a whole build log.
const TEXT_LINES: usize = 12;
/// Bytes of one text at most, as it comes; far more than fits those lines.
const TEXT_BYTES: usize = 8 * 1024;

/// Findings as text for this terminal.
pub fn render(findings: &[Finding], terminal: &Terminal) -> String {
    paint(&lines(findings, terminal.text_width(), terminal), terminal)
}

/// Findings as lines of at most `width` columns: the list, the summary, the details.
///
/// Hidden checks are left out (unless they failed, which only grading lets happen in sight).
pub fn lines(findings: &[Finding], width: usize, terminal: &Terminal) -> Vec<Line> {
    let mut lines = list(findings, width, terminal);
    lines.push(Line::empty());
    lines.extend(summary(findings, width));
    let details = details(findings, width, terminal);
    let failed = shown(findings).filter(|finding| matches!(finding.verdict, Verdict::NotYet(_))).count();
    let last = details.len().saturating_sub(1);
    for (index, detail) in details.into_iter().enumerate() {
        lines.push(Line::empty());
        // The others may only follow from it.
        if failed > 1 && index == last {
            lines.push(begin_here());
        }
        lines.extend(detail);
    }
    lines
}

/// One line or a few for each check: its sign, its title, the notes of a pass.
pub fn list(findings: &[Finding], width: usize, terminal: &Terminal) -> Vec<Line> {
    shown(findings).flat_map(|finding| entry(finding, width, terminal)).collect()
}

/// A check's sign and title, and the notes of its pass.
pub fn entry(finding: &Finding, width: usize, terminal: &Terminal) -> Vec<Line> {
    let mut lines = titled(finding, width, terminal);
    if let Verdict::Pass { notes } = &finding.verdict {
        for note in notes {
            lines.extend(labelled("note:", note, Style::PLAIN, [width, TEXT_LINES], terminal));
        }
    }
    lines
}

/// How many checks pass, and how many could not be judged.
pub fn summary(findings: &[Finding], width: usize) -> Vec<Line> {
    let shown: Vec<&Finding> = shown(findings).collect();
    let count = |test: fn(&Verdict) -> bool| shown.iter().filter(|finding| test(&finding.verdict)).count();
    let (all, passed) = (shown.len(), count(Verdict::passed));
    let unsure = count(|verdict| matches!(verdict, Verdict::CannotTell { .. }));
    let waiting = count(|verdict| matches!(verdict, Verdict::Waits { on } if !on.is_empty()));
    let (text, style) = match (passed, all) {
        (1, 1) => ("The check passes.".to_owned(), Style::GOOD.bold()),
        (2, 2) => ("Both checks pass.".to_owned(), Style::GOOD.bold()),
        _ if passed == all => (format!("All {all} checks pass."), Style::GOOD.bold()),
        _ if shown.iter().all(|finding| finding.optional || finding.verdict.passed()) => {
            let rest = if all - passed == 1 { "the other one is" } else { "the others are" };
            (format!("{passed} of {all} checks pass, and {rest} optional"), Style::GOOD.bold())
        }
        _ => (format!("{passed} of {all} checks pass"), Style::BOLD),
    };
    let mut spans = vec![Span::new(&text, style)];
    if unsure > 0 {
        spans.push(Span::new(&format!(", {unsure} cannot be told"), Style::UNSURE));
    }
    if waiting > 0 {
        let wait = if waiting == 1 { "waits" } else { "wait" };
        spans.push(Span::new(&format!(", {waiting} {wait} for an earlier one"), Style::DIM));
    }
    if !text.ends_with('.') {
        spans.push(Span::plain("."));
    }
    wrap(&spans, width, &[Span::plain(INDENT)], &[Span::plain(INDENT)])
}

/// A block for each check that has not passed, the one to work on last; before them one for each
/// reason why checks could not be told, or after them where nothing failed.
pub fn details(findings: &[Finding], width: usize, terminal: &Terminal) -> Vec<Vec<Line>> {
    let mut blocks = cannot_tell(findings, width, terminal);
    let failed = shown(findings).filter(|finding| matches!(finding.verdict, Verdict::NotYet(_)));
    let mut failed: Vec<Vec<Line>> = failed.map(|finding| detail(finding, width, terminal)).collect();
    failed.reverse();
    blocks.extend(failed);
    blocks
}

/// Stands above the first of several failures: the others may only follow from it.
pub(super) fn begin_here() -> Line {
    Line(vec![Span::plain(INDENT), Span::new("Begin with this one:", Style::ACCENT)])
}

/// A block for each check that failed, but for the first one, in their order.
pub(super) fn others(findings: &[Finding], width: usize, terminal: &Terminal) -> Vec<Vec<Line>> {
    let failed = shown(findings).filter(|finding| matches!(finding.verdict, Verdict::NotYet(_)));
    failed.skip(1).map(|finding| detail(finding, width, terminal)).collect()
}

/// The first check that failed or, where none did, that could not be told: what to work on now.
pub fn current(findings: &[Finding]) -> Option<&Finding> {
    let first = |test: fn(&Verdict) -> bool| shown(findings).find(|finding| test(&finding.verdict));
    first(|verdict| matches!(verdict, Verdict::NotYet(_)))
        .or_else(|| first(|verdict| matches!(verdict, Verdict::CannotTell { .. })))
}

/// A check with all that is said about it.
pub fn detail(finding: &Finding, width: usize, terminal: &Terminal) -> Vec<Line> {
    detailed(finding, width, Detail::WHOLE, terminal)
}

/// The same in at most `rows` lines: what was expected and found is shortened first, then the place
/// in the file goes, then the title; what to do is shortened last.
pub fn detail_within(finding: &Finding, width: usize, rows: usize, terminal: &Terminal) -> Vec<Line> {
    let facts = (1..=TEXT_LINES).rev().map(|facts| Detail { facts, ..Detail::WHOLE });
    let placeless = Detail { place: false, facts: 1, ..Detail::WHOLE };
    let advice = (1..=TEXT_LINES).rev().map(|advice| Detail { title: false, advice, ..placeless });
    let mut lines = Vec::new();
    for shape in facts.chain([placeless]).chain(advice) {
        lines = detailed(finding, width, shape, terminal);
        if lines.len() <= rows {
            return lines;
        }
    }
    lines.split_off(lines.len() - rows)
}

/// How much is said about a check.
#[derive(Clone, Copy)]
struct Detail {
    title: bool,
    place: bool,
    /// Lines of what was expected and of what was found.
    facts: usize,
    /// Lines of what to do.
    advice: usize,
}

impl Detail {
    const WHOLE: Self = Self { title: true, place: true, facts: TEXT_LINES, advice: TEXT_LINES };
}

/// Placeholders for `checks` before they are judged for the first time.
pub fn waiting(checks: &[Check]) -> Vec<Finding> {
    checks.iter().map(|check| Finding::of(check, Verdict::Waits { on: String::new() })).collect()
}

fn detailed(finding: &Finding, width: usize, shape: Detail, terminal: &Terminal) -> Vec<Line> {
    let mut lines = if shape.title { titled(finding, width, terminal) } else { Vec::new() };
    match &finding.verdict {
        Verdict::NotYet(not_yet) => lines.extend(explained(not_yet, width, shape, terminal)),
        Verdict::CannotTell { reason, help } => lines.extend(unsure(reason, help, width, shape, terminal)),
        Verdict::Pass { .. } | Verdict::Waits { .. } => return entry(finding, width, terminal),
    }
    lines
}

/// What the learner sees.
pub(super) fn shown(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.is_shown())
}

/// Sign and its style, style of the title.
fn sign(finding: &Finding, terminal: &Terminal) -> (Span, Style) {
    let (sign, ascii, style, title) = match finding.verdict {
        Verdict::Pass { .. } => ("✓", "[ok]", Style::GOOD, Style::PLAIN),
        Verdict::NotYet(_) if finding.optional => ("○", "[  ]", Style::DIM, Style::PLAIN),
        Verdict::NotYet(_) => ("✗", "[--]", Style::BAD.bold(), Style::BOLD),
        Verdict::CannotTell { .. } => ("?", "[??]", Style::UNSURE.bold(), Style::PLAIN),
        Verdict::Waits { .. } => ("·", "[..]", Style::DIM, Style::DIM),
    };
    (Span::new(terminal.sign(sign, ascii), style), title)
}

pub(super) fn titled(finding: &Finding, width: usize, terminal: &Terminal) -> Vec<Line> {
    let (sign, style) = sign(finding, terminal);
    let hanging = " ".repeat(INDENT.len() + sign.text().chars().count() + 1);
    let first = [Span::plain(INDENT), sign, Span::plain(" ")];
    let title = if finding.optional { format!("{} (optional)", finding.title) } else { finding.title.clone() };
    wrap_message(&title, style, width, [&first, &[Span::plain(&hanging)]], terminal)
}

fn explained(not_yet: &NotYet, width: usize, shape: Detail, terminal: &Terminal) -> Vec<Line> {
    let mut lines = labelled("expected:", &not_yet.expected, Style::PLAIN, [width, shape.facts], terminal);
    lines.extend(labelled("found:", &not_yet.found, Style::PLAIN, [width, shape.facts], terminal));
    if let Some(place) = not_yet.place.as_ref().filter(|_| shape.place) {
        lines.extend(pointed(place, width, terminal));
    }
    lines.extend(labelled("do:", &not_yet.advice, Style::BOLD, [width, shape.advice], terminal));
    lines
}

fn unsure(reason: &str, help: &str, width: usize, shape: Detail, terminal: &Terminal) -> Vec<Line> {
    let mut lines = labelled("reason:", reason, Style::PLAIN, [width, shape.facts], terminal);
    lines.extend(labelled("do:", help, Style::BOLD, [width, shape.advice], terminal));
    let indent = [Span::plain(margin(terminal))];
    lines.extend(wrap(&[Span::new("This is not counted as wrong.", Style::DIM)], width, &indent, &indent));
    lines
}

/// One block for each reason, under all the checks that have it: an engine that is down is one
/// thing to repair, not six.
fn cannot_tell(findings: &[Finding], width: usize, terminal: &Terminal) -> Vec<Vec<Line>> {
    let mut reasons: Vec<(&str, &str, Vec<&Finding>)> = Vec::new();
    for finding in shown(findings) {
        if let Verdict::CannotTell { reason, help } = &finding.verdict {
            match reasons.iter_mut().find(|known| known.0 == reason && known.1 == help) {
                Some(known) => known.2.push(finding),
                None => reasons.push((reason, help, vec![finding])),
            }
        }
    }
    let block = |(reason, help, findings): (&str, &str, Vec<&Finding>)| {
        let mut lines = match findings.as_slice() {
            [finding] => titled(finding, width, terminal),
            several => {
                let (sign, _) = sign(several[0], terminal);
                let title = format!(" {} checks cannot be told", several.len());
                vec![Line(vec![Span::plain(INDENT), sign, Span::plain(&title)])]
            }
        };
        lines.extend(unsure(reason, help, width, Detail::WHOLE, terminal));
        lines
    };
    reasons.into_iter().map(block).collect()
}

/// Spaces before what is said about a check: below its title.
fn margin(terminal: &Terminal) -> &'static str {
    terminal.sign("    ", "       ")
}

/// `label: text`, the text hanging below itself. Says nothing where there is nothing to say.
fn labelled(label: &str, text: &str, style: Style, [width, most]: [usize; 2], terminal: &Terminal) -> Vec<Line> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let margin = margin(terminal);
    let first = [Span::plain(margin), Span::new(&format!("{label:<LABEL$}"), Style::DIM)];
    let rest = [Span::plain(&" ".repeat(margin.len() + LABEL))];
    let text = text.trim();
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= TEXT_BYTES).unwrap_or(text.len());
    let mut lines = wrap_message(&text[..end], style, width, [&first, &rest], terminal);
    if lines.len() > most && most > 2 {
        let more = match lines.len() - most + 1 {
            _ if end < text.len() => "many more lines".to_owned(),
            more => format!("{more} more lines"),
        };
        lines.truncate(most - 1);
        let mut line = rest.to_vec();
        line.push(Span::new(&format!("{} {more}", terminal.sign("…", "...")), Style::DIM));
        lines.push(Line(line));
    } else if lines.len() > most {
        lines.truncate(most.max(1));
        if let Some(last) = lines.last_mut() {
            last.0.push(Span::new(terminal.sign(" …", " ..."), Style::DIM));
            *last = last.cut(width, terminal);
        }
    }
    lines
}

/// `file:line`, the line, and carets under it.
fn pointed(place: &Place, width: usize, terminal: &Terminal) -> Vec<Line> {
    let margin = margin(terminal);
    let column = margin.len() + LABEL;
    let bar = terminal.sign("│", "|");
    let number = place.line.to_string();
    let text = place.text.replace('\t', "    ");
    let code = Line::new(text.trim(), Style::CODE).cut(width.saturating_sub(column + number.len() + 3), terminal);
    let carets = "^".repeat(code.width().max(1));
    let before = |text: &str| Span::plain(&format!("{:column$}{text}", ""));
    let mut shown = vec![before(""), Span::new(&format!("{number} {bar} "), Style::DIM)];
    shown.extend(code.0);
    let label = Span::new(&format!("{:<LABEL$}", "in:"), Style::DIM);
    let place = Span::plain(&format!("{}:{}", place.file, place.line));
    vec![
        Line(vec![Span::plain(margin), label, place]).cut(width, terminal),
        Line(shown),
        Line(vec![
            before(""),
            Span::new(&format!("{:1$} {bar} ", "", number.len()), Style::DIM),
            Span::new(&carets, Style::BAD),
        ]),
    ]
}
