//! What `dlearn layers` shows to a person.

use super::{Change, Subject, changes, shared};
use crate::evidence::EntryKind;
use crate::layers::{Hidden, Seen, Stack, TreeDifference, tree_differences};
use crate::report::size;
use crate::term::{Line, Span, Style, Terminal, measure};

/// Columns of a bar.
const BAR: usize = 10;
/// Rows of a list of examples.
const ROWS: usize = 5;
/// Rows of a list of differences.
const DIFFERENCES: usize = 12;
/// Columns of a size, right-aligned.
const SIZE: usize = 8;

/// Lines as they are printed: cut to the terminal's width, whole where they go into a file or a pipe.
pub(super) fn paint(lines: &[Line], terminal: &Terminal) -> String {
    let fit = |line: &Line| if terminal.stdout { line.cut(terminal.width, terminal) } else { line.clone() };
    crate::term::paint(&lines.iter().map(fit).collect::<Vec<_>>(), terminal)
}

/// An image: its layers, what is wasted, its largest files.
pub(super) fn image((subject, stack): (&Subject, &Stack<'_>), terminal: &Terminal) -> Vec<Line> {
    let mut lines = vec![Line::new(&headline(subject, stack), Style::BOLD), Line::empty()];
    lines.extend(rows(subject, stack, 0, terminal));
    lines.push(Line::empty());
    let sign = "+ added   ~ changed   - deleted: paths, with folders and links";
    lines.push(Line::new(sign, Style::DIM));
    if !subject.scan.facts.truncated {
        waste(stack, terminal, &mut lines);
    }
    section("Largest files", &mut lines);
    let largest = stack.largest().into_iter().take(ROWS);
    let rows = largest.map(|(path, seen)| (seen.entry.size, path, format!("layer {}", seen.layer + 1)));
    lines.extend(files(rows.collect(), Style::PLAIN, terminal));
    let set_id: Vec<_> = stack.set_id().collect();
    if !set_id.is_empty() {
        section("Run with their owner's or group's rights (set-uid, set-gid)", &mut lines);
        let note = |seen: &Seen<'_>| format!("{:04o}, layer {}", seen.entry.mode, seen.layer + 1);
        let rows = set_id.iter().take(ROWS).map(|(path, seen)| (seen.entry.size, *path, note(seen)));
        lines.extend(files(rows.collect(), Style::PLAIN, terminal));
        more(set_id.len(), ROWS, &mut lines);
    }
    lines
}

/// `try/kitchen: 4 layers, 4.3 MB in 431 paths, linux/amd64`
fn headline(subject: &Subject, stack: &Stack<'_>) -> String {
    let stored = size(stack_bytes(subject));
    let layers = count(stack.steps.len(), "layer");
    format!("{}: {layers}, {stored}, {}", subject.name, subject.platform())
}

/// Bytes of all layers, also of paths that are not kept.
fn stack_bytes(subject: &Subject) -> u64 {
    subject.scan.facts.layers.iter().fold(0, |sum: u64, layer| sum.saturating_add(layer.size))
}

/// A row for each layer from `from` on: number, size, bar, counts, instruction.
fn rows(subject: &Subject, stack: &Stack<'_>, from: usize, terminal: &Terminal) -> Vec<Line> {
    let layers = &subject.scan.facts.layers;
    let largest = layers.iter().map(|layer| layer.size).max().unwrap_or_default();
    let cell = |sign: &str, number: usize| if number == 0 { String::new() } else { format!("{sign}{number}") };
    let counts: Vec<[String; 3]> = stack
        .steps
        .iter()
        .map(|step| [cell("+", step.added), cell("~", step.changed), cell("-", step.deleted)])
        .collect();
    let width = |column: usize| counts.iter().map(|cells| cells[column].len()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2)];
    let number_width = layers.len().to_string().len().max(2);
    let row = |(index, layer): (usize, &crate::evidence::LayerFacts)| {
        let styles = [Style::GOOD, Style::UNSURE, Style::BAD];
        let mut spans = vec![
            Span::new(&format!("{:>number_width$} ", index + 1), Style::DIM),
            Span::plain(&format!("{:>SIZE$} ", size(layer.size))),
            Span::new(&format!("{} ", bar(layer.size, largest, terminal)), Style::CODE),
        ];
        for ((cell, width), style) in counts[index].iter().zip(widths).zip(styles) {
            if width > 0 {
                spans.push(Span::new(&format!("{cell:>width$} "), style));
            }
        }
        let made_by = layer.created_by.as_deref().filter(|words| !words.is_empty());
        spans.push(match made_by {
            Some(words) => Span::plain(&format!(" {words}")),
            None => Span::new(" (its history does not say)", Style::DIM),
        });
        Line(spans)
    };
    layers.iter().enumerate().skip(from).map(row).collect()
}

/// A bar in proportion to the largest; what is not nothing shows at least a sliver.
fn bar(bytes: u64, largest: u64, terminal: &Terminal) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let cells = BAR as u64;
    let share = |steps: u64| {
        let exact = u128::from(bytes) * u128::from(steps) / u128::from(largest.max(1));
        usize::try_from(exact).unwrap_or_default().max(usize::from(bytes > 0))
    };
    let text = if terminal.unicode {
        let eighths = share(cells * 8);
        "█".repeat(eighths / 8) + PARTS[eighths % 8]
    } else {
        "#".repeat(share(cells))
    };
    let gap = BAR.saturating_sub(measure(&text));
    text + &" ".repeat(gap)
}

/// What is stored and not needed.
fn waste(stack: &Stack<'_>, terminal: &Terminal, lines: &mut Vec<Line>) {
    if stack.recoverable_bytes == 0 {
        section("Nothing is wasted: the final files need every byte", lines);
        return;
    }
    let percent = (stack.recoverable_bytes as f64 / stack.stored_bytes.max(1) as f64 * 100.0).round();
    let share = if percent < 1.0 { "less than 1 %".to_owned() } else { format!("{percent} %") };
    section(&format!("Wasted: {} ({share}), in files that no container sees", size(stack.recoverable_bytes)), lines);
    let hidden: Vec<_> = stack.largest_hidden().into_iter().filter(|hidden| !hidden.needed).collect();
    let rows = hidden.iter().take(ROWS).map(|hidden| (hidden.bytes, hidden.path, fate(hidden)));
    lines.extend(files(rows.collect(), Style::BAD, terminal));
    more(hidden.len(), ROWS, lines);
    if stack.repeated_bytes != stack.recoverable_bytes {
        let note = format!("With the last copy of each such file: {}", size(stack.repeated_bytes));
        lines.push(Line::new(&note, Style::DIM));
    }
}

fn fate(hidden: &Hidden<'_>) -> String {
    let how = if hidden.deleted { "deleted" } else { "replaced" };
    format!("in layer {}, {how} by layer {}", hidden.layer + 1, hidden.by + 1)
}

/// One layer, path by path.
pub(super) fn layer(subject: &Subject, index: usize, terminal: &Terminal) -> Vec<Line> {
    let facts = &subject.scan.facts.layers[index];
    let made_by = facts.created_by.as_deref().unwrap_or("(its history does not say)");
    let title = format!("Layer {} of {}, {}: {made_by}", index + 1, subject.name, size(facts.size));
    let mut lines = vec![Line::new(&title, Style::BOLD), Line::new(&facts.diff_id, Style::DIM), Line::empty()];
    for (path, change, entry) in changes(&subject.scan.facts, index) {
        let (sign, style) = match change {
            Change::Added => ("+", Style::GOOD),
            Change::Changed => ("~", Style::UNSURE),
            Change::Same => (" ", Style::DIM),
            Change::Deleted | Change::Emptied => ("-", Style::BAD),
        };
        let bytes = if entry.change == EntryKind::File { size(entry.size) } else { String::new() };
        let more = match entry.change {
            EntryKind::Directory | EntryKind::Opaque => "/".to_owned(),
            EntryKind::Link => format!("  {} {}", terminal.sign("→", "->"), entry.content),
            EntryKind::HardLink => format!("  = /{}", entry.content),
            EntryKind::Special => format!("  ({})", entry.content),
            EntryKind::File | EntryKind::Whiteout => String::new(),
        };
        let emptied = if change == Change::Emptied { "  all that was in it is gone" } else { "" };
        lines.push(Line(vec![
            Span::plain(&format!("{bytes:>SIZE$}  ")),
            Span::new(&format!("{sign} /{path}{more}{emptied}"), style),
        ]));
    }
    if lines.len() == 3 {
        lines.push(Line::new("It holds nothing: its step changed no file.", Style::PLAIN));
    }
    lines
}

/// Which layers two images share, and in what the images differ.
pub(super) fn comparison(
    (first, stack): (&Subject, &Stack<'_>),
    (other, others): (&Subject, &Stack<'_>),
    terminal: &Terminal,
) -> Vec<Line> {
    let shared = shared(first, other);
    let bytes = first.scan.facts.layers[..shared].iter().map(|layer| layer.size).sum();
    let mut lines = Vec::new();
    let title = match shared {
        0 => "Shared from the bottom: no layer".to_owned(),
        _ => format!("Shared from the bottom: {}, {}", count(shared, "layer"), size(bytes)),
    };
    lines.push(Line::new(&title, Style::BOLD));
    lines.extend(rows(first, stack, 0, terminal).into_iter().take(shared));
    for (subject, stack) in [(first, stack), (other, others)] {
        let own = subject.scan.facts.layers.len() - shared;
        match own {
            0 => section(&format!("Only in {}: no layer", subject.name), &mut lines),
            _ => section(&format!("Only in {}: {}", subject.name, count(own, "layer")), &mut lines),
        }
        lines.extend(rows(subject, stack, shared, terminal));
    }
    let differing = tree_differences((stack, &first.scan.facts), (others, &other.scan.facts));
    if differing.is_empty() {
        section("Containers of both see the same files", &mut lines);
    } else {
        section(&format!("What containers see differently: {}", count(differing.len(), "path")), &mut lines);
    }
    let told = differing.iter().take(DIFFERENCES).map(|(path, what)| {
        let (sign, words, style) = match what {
            TreeDifference::OnlyFirst => ("-", format!("only in {}", first.name), Style::BAD),
            TreeDifference::OnlySecond => ("+", format!("only in {}", other.name), Style::GOOD),
            TreeDifference::Kind => ("~", "a file in one, a folder or link in the other".into(), Style::UNSURE),
            TreeDifference::Content => ("~", "other content".into(), Style::UNSURE),
            TreeDifference::Rights => ("~", "other rights or owner".into(), Style::UNSURE),
        };
        (Line::new(&format!("  {sign} /{path}"), style), words)
    });
    lines.extend(noted(told.collect(), terminal));
    more(differing.len(), DIFFERENCES, &mut lines);
    lines
}

fn section(title: &str, lines: &mut Vec<Line>) {
    lines.push(Line::empty());
    lines.push(Line::new(title, Style::BOLD));
}

/// `    11 B  /kitchen/menu.txt   in layer 3, deleted by layer 4`, of bytes, path and note.
fn files(rows: Vec<(u64, &str, String)>, style: Style, terminal: &Terminal) -> Vec<Line> {
    let row = |(bytes, path, note): (u64, &str, String)| {
        let bytes = Span::plain(&format!("{:>SIZE$}  ", size(bytes)));
        (Line(vec![bytes, Span::new(&format!("/{path}"), style)]), note)
    };
    noted(rows.into_iter().map(row).collect(), terminal)
}

/// Lines with notes behind them, one below the other. A long line makes room for its note, where that is a terminal.
fn noted(lines: Vec<(Line, String)>, terminal: &Terminal) -> Vec<Line> {
    const GAP: usize = 3;
    let widest_note = lines.iter().map(|(_, note)| measure(note)).max().unwrap_or_default();
    let room = terminal.width.saturating_sub(widest_note + GAP).max(24);
    let fit = |line: Line| if terminal.stdout { line.cut(room, terminal) } else { line };
    let lines: Vec<(Line, String)> = lines.into_iter().map(|(line, note)| (fit(line), note)).collect();
    let column = lines.iter().map(|(line, _)| line.width()).max().unwrap_or_default().min(room) + GAP;
    let put = |(mut line, note): (Line, String)| {
        let gap = column.saturating_sub(line.width()).max(GAP);
        line.0.push(Span::new(&format!("{}{note}", " ".repeat(gap)), Style::DIM));
        line
    };
    lines.into_iter().map(put).collect()
}

fn more(all: usize, shown: usize, lines: &mut Vec<Line>) {
    if all > shown {
        lines.push(Line::new(&format!("{:>SIZE$}  and {} more", "", all - shown), Style::DIM));
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
