//! A gradebook as Markdown for the comment of a pull request (GitHub and GitLab flavoured). Pure.
//!
//! Invariant: whatever a submission had a part in stands in code: no name calls anybody (`@ada`), nothing is a link, an
//! image or markup.

use super::lines::{Line, Standing, late, lines, marked, names};
use crate::grade::alike::Pair;
use crate::grade::gradebook::{Column, Gradebook, Graded, State};
use crate::grade::score::Score;
use crate::term::sanitize_line;

/// Characters of a comment that are written before details are left out: GitHub takes 65 536.
const MOST: usize = 60_000;

/// The text.
pub fn report(book: &Gradebook) -> String {
    let names = names(book);
    let mut text = format!("## dlearn: {}\n\n", code(&book.course));
    text.push_str(&table(book, &names));
    let notes: Vec<String> =
        book.submissions.iter().zip(&names).flat_map(|(graded, name)| notes(graded, name)).collect();
    for line in notes.iter().cloned().chain(book.similar.iter().map(flag)) {
        text.push_str(&format!("- {line}\n"));
    }
    if !(notes.is_empty() && book.similar.is_empty()) {
        text.push('\n');
    }
    let mut left_out = 0;
    for (graded, name) in book.submissions.iter().zip(&names) {
        let details = details(graded, book, name);
        match text.len() + details.len() <= MOST {
            true => text.push_str(&details),
            false => left_out += 1,
        }
    }
    if left_out > 0 {
        text.push_str(&format!(
            "The details of {left_out} more are left out here; `--html` and `--feedback` have them.\n"
        ));
    }
    text
}

fn table(book: &Gradebook, names: &[String]) -> String {
    let id = |column: &Column| format!(" {}{} |", code(&column.id), if column.bonus { " (bonus)" } else { "" });
    let ids: Vec<String> = book.exercises.iter().map(id).collect();
    let mut text = format!("| learner |{} points | |\n|---|{} --: | --- |\n", ids.concat(), " --: |".repeat(ids.len()));
    for (graded, name) in book.submissions.iter().zip(names) {
        let cells: Vec<String> = graded
            .exercises
            .iter()
            .map(|it| format!(" {} |", points(it.state, &it.score, it.late.is_some())))
            .collect();
        let total = points(graded.state, &graded.score, graded.points_before.is_some());
        let total = format!("{total} of {}", graded.score.of);
        text.push_str(&format!("| {} |{} {total} | {} |\n", in_table(name), cells.concat(), graded.state.words()));
    }
    for absent in &book.missing {
        let cells = " - |".repeat(book.exercises.len());
        let total = format!("{} of {}", absent.score.points, absent.score.of);
        text.push_str(&format!("| {} |{cells} {total} | no submission |\n", in_table(&absent.learner)));
    }
    if !book.judged {
        text.push_str("\nPoints marked with ? are not final: something could not be judged.\n");
    }
    if let Some(policy) = &book.late {
        text.push_str(&format!("\nPoints marked with \\* are of what came late. {}\n", policy.words()));
    }
    text.push('\n');
    text
}

fn points(state: State, score: &Score, late: bool) -> String {
    match state {
        State::Missing if score.points.0 == 0 => "-".to_owned(),
        // An asterisk may be markup.
        state => marked(state, score, late).replace('*', "\\*"),
    }
}

fn notes(graded: &Graded, name: &str) -> Vec<String> {
    let own = graded.notes.iter().cloned().chain(late(graded));
    let own = own.map(|note| format!("{}: {}", code(name), code(&note)));
    // Where there are no rounds, the notes are the reason and stand in the details.
    let judged = graded.exercises.iter().filter(|exercise| !exercise.rounds.is_empty());
    let of_exercises = judged.flat_map(|exercise| {
        exercise.notes.iter().map(|note| format!("{}: {}: {}", code(name), exercise.id, code(note)))
    });
    own.chain(of_exercises).collect()
}

fn flag(pair: &Pair) -> String {
    let [one, other] = [&pair.learners[0], &pair.learners[1]].map(|learner| code(learner));
    format!("{one} and {other}: {}: {} (flagged, not judged)", pair.exercise, code(&pair.reasons().join(", ")))
}

fn details(graded: &Graded, book: &Gradebook, name: &str) -> String {
    let lines = lines(graded, book);
    let told: Vec<&Line<'_>> = lines.iter().filter(|line| line.standing != Standing::Passed).collect();
    if told.is_empty() {
        return String::new();
    }
    let what = if told.len() == 1 { "1 to look at".to_owned() } else { format!("{} to look at", told.len()) };
    let mut text = format!("<details><summary><code>{}</code>: {what}</summary>\n\n", escaped(name));
    for line in told {
        let earned = format!("{} of {}", line.score.points, line.score.of);
        let (place, title) = (line.place(), code(&line.title()));
        text.push_str(&format!("- {place}: {title}: **{}**, {earned}\n", line.standing.words()));
        let said = line.text();
        if !said.is_empty() {
            text.push_str(&fenced(&said));
        }
    }
    text.push_str("\n</details>\n\n");
    text
}

/// A code span whose fence is longer than what is in it (CommonMark, "Code spans").
fn code(text: &str) -> String {
    let text = sanitize_line(text);
    let fence = "`".repeat(longest(&text) + 1);
    match text.trim().is_empty() {
        true => "` `".to_owned(),
        // A space each, so that a backtick at the edge is none of the fence.
        false if text.starts_with('`') || text.ends_with('`') => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// The same in a cell, where a bar ends it (GFM, "Tables").
fn in_table(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A block of code below a point of a list.
fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest(text).max(2) + 1);
    let lines = text.lines().map(|line| format!("  {line}\n"));
    format!("\n  {fence}text\n{}  {fence}\n\n", lines.collect::<String>())
}

/// How many backticks stand together at most.
fn longest(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

/// Text in HTML, which Markdown lets through.
fn escaped(text: &str) -> String {
    // A letter reference for whatever means anything to HTML or Markdown.
    let escape = |char: char| match char.is_alphanumeric() || matches!(char, ' ' | '-' | '.') {
        true => char.to_string(),
        false => format!("&#{};", u32::from(char)),
    };
    sanitize_line(text).chars().map(escape).collect()
}
