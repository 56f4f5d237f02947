//! The gradebook for a terminal, or for whoever reads what a pipe gets.

use super::{notes_of, one_line};
use crate::grade::gradebook::{Gradebook, State};
use crate::grade::score::Score;
use crate::report::lines::marked;
use crate::term::{Line, Span, Style, Terminal, measure, wrap_text};

/// Pairs that the footer names: the rest is in the files.
const FLAGS: usize = 20;
/// Columns between two columns.
const GAP: usize = 2;

/// The gradebook. On a terminal nothing is wider than it: there are as many tables below one another as the exercises
/// need, and notes are wrapped. What goes into a pipe has a line for each.
pub fn table(book: &Gradebook, terminal: &Terminal) -> String {
    let header = std::iter::once("learner".to_owned())
        .chain(book.exercises.iter().map(|column| format!("{}{}", column.id, if column.bonus { "+" } else { "" })))
        .chain(["points".to_owned()]);
    let mut rows: Vec<Vec<String>> = vec![header.collect()];
    for graded in &book.submissions {
        let mut row = vec![name(&graded.learner, terminal)];
        row.extend(graded.exercises.iter().map(|it| cell(it.state, &it.score, it.late.is_some())));
        let total = cell(graded.state, &graded.score, graded.points_before.is_some());
        row.push(format!("{total} of {}", graded.score.of));
        rows.push(row);
    }
    for absent in &book.missing {
        let mut row = vec![name(&absent.learner, terminal)];
        row.resize(book.exercises.len() + 1, "-".into());
        row.push(format!("{} of {}", absent.score.points, absent.score.of));
        rows.push(row);
    }
    let mut text = aligned(&rows, terminal);
    let notes: Vec<String> = book.submissions.iter().flat_map(notes_of).collect();
    if !notes.is_empty() {
        text.push('\n');
        notes.iter().for_each(|note| text.push_str(&point(note, terminal)));
    }
    text.push_str(&flags(book, terminal));
    if !book.missing.is_empty() {
        let missing = book.missing.iter().map(|absent| match &absent.name {
            Some(name) => format!("{} ({name})", absent.learner),
            None => absent.learner.clone(),
        });
        text.push('\n');
        let missing = missing.collect::<Vec<_>>().join(", ");
        text.push_str(&wrapped(&one_line(&format!("no submission: {missing}")), "", "  ", terminal));
    }
    let open = book.submissions.iter().filter(|graded| graded.state == State::NotJudged).count();
    let all = book.submissions.len();
    let many = if all == 1 { "submission" } else { "submissions" };
    let judged = match open {
        0 => "everything of them judged".to_owned(),
        open => format!("{open} of them not judged in full: points marked with ? are not final"),
    };
    text.push('\n');
    text.push_str(&wrapped(&format!("{all} {many}, {judged}"), "", "", terminal));
    if let Some(policy) = &book.late {
        text.push_str(&wrapped(&format!("* came late. {}", policy.words()), "", "  ", terminal));
    }
    if book.exercises.iter().any(|column| column.bonus) {
        text.push_str(&wrapped("+ is a bonus: its points come on top", "", "  ", terminal));
    }
    if !book.not_allowed.is_empty() {
        let options = book.not_allowed.iter().map(|name| format!("--allow-image {}", one_line(name)));
        let options = options.collect::<Vec<_>>().join(" ");
        text.push_str(&wrapped(&format!("to judge those whose image you trust too: {options}"), "", "  ", terminal));
    }
    text
}

/// Submissions that are alike, one line each.
fn flags(book: &Gradebook, terminal: &Terminal) -> String {
    if book.similar.is_empty() {
        return String::new();
    }
    let mut text = "\nalike, to be looked at (no points depend on it):\n".to_owned();
    for pair in book.similar.iter().take(FLAGS) {
        let [one, other] = [&pair.learners[0], &pair.learners[1]].map(|learner| one_line(learner));
        let reasons = one_line(&pair.reasons().join(", "));
        text.push_str(&point(&format!("{one} and {other}: {}: {reasons}", pair.exercise), terminal));
    }
    let more = book.similar.len().saturating_sub(FLAGS) + book.similar_left_out;
    if more > 0 {
        text.push_str(&point(&format!("and {more} more pairs (--html, --json)"), terminal));
    }
    text
}

fn point(text: &str, terminal: &Terminal) -> String {
    wrapped(text, &format!("{} ", terminal.sign("·", "-")), "  ", terminal)
}

/// A text with what its first line and the others begin with; on a terminal as wide as that.
fn wrapped(text: &str, first: &str, rest: &str, terminal: &Terminal) -> String {
    if !terminal.stdout {
        return format!("{first}{text}\n");
    }
    let lines = wrap_text(text, Style::PLAIN, terminal.width, &[Span::plain(first)], &[Span::plain(rest)]);
    lines.iter().map(|line| format!("{}\n", line.text())).collect()
}

/// A learner's name; on a terminal it takes a third of it at most.
fn name(learner: &str, terminal: &Terminal) -> String {
    let learner = one_line(learner);
    match terminal.stdout {
        true => Line::new(&learner, Style::PLAIN).cut(terminal.width / 3, terminal).text(),
        false => learner,
    }
}

/// Points with their marks.
fn cell(state: State, score: &Score, late: bool) -> String {
    match state {
        // Of a bonus there may be points all the same.
        State::Missing if score.points.0 == 0 => "-".to_owned(),
        state => marked(state, score, late),
    }
}

fn aligned(rows: &[Vec<String>], terminal: &Terminal) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| measure(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let room = if terminal.stdout { terminal.width } else { usize::MAX };
    let tables: Vec<String> = bands(&widths, room).iter().map(|band| aligned_band(rows, &widths, band)).collect();
    tables.join("\n")
}

/// Which columns stand in which table, so that each fits: the first column in every one of them.
fn bands(widths: &[usize], room: usize) -> Vec<Vec<usize>> {
    let first = widths.first().copied().unwrap_or(0);
    let (mut bands, mut taken) = (vec![vec![0]], first);
    for (column, width) in widths.iter().enumerate().skip(1) {
        if taken + GAP + width > room && bands.last().is_some_and(|band| band.len() > 1) {
            bands.push(vec![0]);
            taken = first;
        }
        taken += GAP + width;
        if let Some(band) = bands.last_mut() {
            band.push(column);
        }
    }
    bands
}

fn aligned_band(rows: &[Vec<String>], widths: &[usize], band: &[usize]) -> String {
    let mut text = String::new();
    for row in rows {
        for column in band {
            let (Some(cell), Some(width)) = (row.get(*column), widths.get(*column)) else { continue };
            let pad = " ".repeat(width.saturating_sub(measure(cell)));
            // Names to the left, numbers to the right.
            let gap = " ".repeat(GAP);
            let cell = if *column == 0 { format!("{cell}{pad}") } else { format!("{gap}{pad}{cell}") };
            text.push_str(&cell);
        }
        text.push('\n');
    }
    text
}
