//! What `dlearn grade` prints and writes: a table, cells for a spreadsheet, a text for each learner. Pure.
//!
//! Invariants: what was not judged is told apart from what was lost, in each of them; whoever handed nothing in, and
//! whoever is not in the roster, is named in each of them; file names follow from nothing but letters and digits.

mod table;

use super::lines::{late, words};
use crate::check::Verdict;
use crate::grade::gradebook::{Absent, Gradebook, Graded, GradedCheck, GradedExercise, GradedRound, State};
use crate::grade::score::Score;
use crate::term::sanitize_line;
use std::collections::BTreeSet;

pub use table::table;

fn one_line(text: &str) -> String {
    sanitize_line(text).into_owned()
}

/// What an instructor has to look at, one line each.
fn notes_of(graded: &Graded) -> Vec<String> {
    let mut notes: Vec<String> = graded.refused.iter().map(|why| format!("refused: {why}")).collect();
    notes.extend(graded.notes.clone());
    notes.extend(late(graded));
    if graded.refused.is_none() {
        notes.extend(graded.exercises.iter().flat_map(|exercise| {
            let own = exercise.notes.iter().map(|note| format!("{}: {note}", exercise.id));
            own.chain(exercise.rounds.iter().flat_map(|round| open_in(exercise, round))).collect::<Vec<_>>()
        }));
    }
    notes.iter().map(|note| one_line(&format!("{}: {}", graded.learner, note))).collect()
}

/// What of a round was not judged, and why.
fn open_in(exercise: &GradedExercise, round: &GradedRound) -> Vec<String> {
    let place =
        if exercise.rounds.len() > 1 { format!("{} round {}", exercise.id, round.number) } else { exercise.id.clone() };
    if !round.refusals.is_empty() {
        let refusal = |refusal: &crate::grade::refusals::Refusal| {
            format!("{place}: {} line {}: {}", refusal.file, refusal.line, refusal.what)
        };
        return round.refusals.iter().map(refusal).collect();
    }
    if round.state == State::NotJudged && round.checks.is_empty() {
        return vec![format!("{place}: {}", round.reason.as_deref().unwrap_or("not judged"))];
    }
    let open = round.checks.iter().filter_map(|check| match &check.finding.verdict {
        Verdict::CannotTell { reason, .. } => Some(format!("{place}: {} was not judged: {reason}", check.finding.id)),
        _ => None,
    });
    let mut open: Vec<String> = open.collect();
    open.dedup_by_key(|line| line.split_once(" was not judged: ").map(|(_, why)| why.to_owned()));
    open
}

/// The gradebook for a spreadsheet (RFC 4180), a line for everybody of the roster and every submission.
///
/// # Errors
/// Where the writer says so, which writes into memory.
pub fn cells(book: &Gradebook) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fixed = ["learner", "name", "in_roster", "state", "points", "not_judged", "of"];
    let mut header: Vec<String> = fixed.map(str::to_owned).into();
    for column in &book.exercises {
        header.extend([harmless(&column.id), harmless(&format!("{} not_judged", column.id))]);
    }
    let (is_late, has_bonus) = (book.late.is_some(), book.exercises.iter().any(|column| column.bonus));
    if has_bonus {
        header.push("bonus".into());
    }
    if is_late {
        header.push("before_late".into());
        header.extend(book.exercises.iter().map(|column| harmless(&format!("{} before_late", column.id))));
    }
    header.push("notes".into());
    writer.write_record(&header)?;
    for graded in &book.submissions {
        let in_roster = graded.in_roster.map_or("", |here| if here { "yes" } else { "no" });
        let name = graded.name.clone().unwrap_or_default();
        let mut row = vec![harmless(&graded.learner), harmless(&name), in_roster.into(), graded.state.words().into()];
        row.extend(numbers(&graded.score));
        row.push(graded.score.of.to_string());
        row.extend(graded.exercises.iter().flat_map(|exercise| numbers(&exercise.score)));
        if has_bonus {
            row.push(graded.bonus.unwrap_or_default().to_string());
        }
        if is_late {
            row.push(graded.points_before.unwrap_or(graded.score.points).to_string());
            let before = |it: &GradedExercise| it.late.as_ref().map_or(it.score.points, |late| late.points_before);
            row.extend(graded.exercises.iter().map(|exercise| before(exercise).to_string()));
        }
        let prefix = format!("{}: ", graded.learner);
        let notes = notes_of(graded);
        let notes = notes.iter().map(|note| note.strip_prefix(&prefix).unwrap_or(note)).collect::<Vec<_>>();
        row.push(harmless(&notes.join(" / ")));
        writer.write_record(&row)?;
    }
    for absent in &book.missing {
        let name = absent.name.clone().unwrap_or_default();
        let mut row = vec![harmless(&absent.learner), harmless(&name), "yes".into(), State::Missing.words().into()];
        row.extend(numbers(&absent.score));
        row.push(absent.score.of.to_string());
        // Nothing everywhere, up to the notes.
        row.resize(header.len() - 1, "0".into());
        row.push("no submission".into());
        writer.write_record(&row)?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn numbers(score: &Score) -> [String; 2] {
    [score.points.to_string(), score.not_judged.to_string()]
}

/// A cell that no spreadsheet takes for a formula: programs run what begins with one of these characters (OWASP, "CSV
/// Injection"), and learners choose file names and what their programs print. The apostrophe makes it a text.
pub fn harmless(text: &str) -> String {
    // Where a semicolon ends a cell, what follows it would be one more.
    let text = one_line(text).replace(';', ",");
    let formula = |char: char| matches!(char, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    match text.trim_start().starts_with(formula) || text.starts_with(formula) {
        true => format!("'{text}"),
        false => text,
    }
}

/// What one learner is told.
pub fn feedback(graded: &Graded, book: &Gradebook) -> String {
    let who = match &graded.name {
        Some(name) => format!("{} ({})", one_line(name), one_line(&graded.learner)),
        None => one_line(&graded.learner),
    };
    let mut text = format!("{who}: {}\n", total(graded));
    if let (Some(policy), Some(before)) = (&book.late, graded.points_before) {
        text.push_str(&format!("{before} points were earned; some came late. {}\n", policy.words()));
    }
    if let Some(why) = &graded.refused {
        text.push_str(&format!(
            "\nYour submission could not be taken, so nothing of it was judged:\n{}\n",
            indented(why)
        ));
        return text;
    }
    for (exercise, column) in graded.exercises.iter().zip(&book.exercises) {
        let bonus = if column.bonus { ", a bonus" } else { "" };
        text.push_str(&format!("\n{} {}{bonus}: {}\n", exercise.id, one_line(&column.title), earned(&exercise.score)));
        if let Some(late) = &exercise.late {
            text.push_str(&format!("  {}\n", late.words()));
        }
        match exercise.state {
            State::Missing if exercise.rounds.is_empty() => text.push_str("  Nothing was handed in.\n"),
            State::NotJudged if exercise.rounds.is_empty() => {
                text.push_str(&format!("  It could not be judged:\n{}\n", indented(&exercise.notes.join("\n"))));
            }
            _ => {}
        }
        for round in &exercise.rounds {
            if exercise.rounds.len() > 1 {
                text.push_str(&format!(
                    "\n  Round {}, {}: {}\n",
                    round.number,
                    one_line(&round.title),
                    earned(&round.score)
                ));
            }
            text.push_str(&of_round(round));
        }
    }
    text
}

/// What somebody is told who handed nothing in.
pub fn feedback_of_absent(absent: &Absent) -> String {
    let who = match &absent.name {
        Some(name) => format!("{} ({})", one_line(name), one_line(&absent.learner)),
        None => one_line(&absent.learner),
    };
    format!("{who}: {}\n\nNothing was handed in.\n", earned(&absent.score))
}

/// All points, and what of them is a bonus.
fn total(graded: &Graded) -> String {
    let bonus = graded.bonus.filter(|bonus| bonus.0 > 0);
    let bonus = bonus.map(|bonus| format!(", {bonus} of them as a bonus")).unwrap_or_default();
    format!("{}{bonus}", earned(&graded.score))
}

fn of_round(round: &GradedRound) -> String {
    let mut text = String::new();
    if let Some(reason) = &round.reason {
        text.push_str(&format!("\n{}\n", indented(reason)));
    }
    for refusal in &round.refusals {
        text.push_str(&format!("    {}, line {}: {}\n", refusal.file, refusal.line, one_line(&refusal.what)));
        text.push_str(&format!("      do: {}\n", one_line(&refusal.help)));
    }
    if !round.checks.is_empty() {
        text.push('\n');
    }
    // Those that learners never see are only counted, unless they failed.
    let (shown, hidden): (Vec<&GradedCheck>, Vec<&GradedCheck>) =
        round.checks.iter().partition(|check| check.finding.is_shown());
    for check in &shown {
        text.push_str(&of_check(check, &shown));
    }
    if !hidden.is_empty() {
        let score: Score = hidden.iter().map(|check| check.score).sum();
        text.push_str(&format!("  and {} more: {} of {}\n", hidden.len(), score.points, score.of));
    }
    text
}

fn of_check(check: &GradedCheck, shown: &[&GradedCheck]) -> String {
    let GradedCheck { finding, score } = check;
    let mark = match &finding.verdict {
        Verdict::Pass { .. } => "[ok]",
        Verdict::NotYet(_) => "[--]",
        Verdict::CannotTell { .. } => "[??]",
        Verdict::Waits { .. } => "[  ]",
    };
    let mut text = format!("  {mark} {} ({} of {})\n", one_line(&finding.title), score.points, score.of);
    for (word, what) in words(check, shown) {
        let lines = what.replace('\n', &format!("\n       {:12}", ""));
        text.push_str(&format!("       {word:12}{lines}\n"));
    }
    text
}

/// `7.5 of 10 points`, and what of them is not final.
fn earned(score: &Score) -> String {
    let open = match score.is_judged() {
        true => String::new(),
        false => format!(" ({} could not be judged, and are not lost)", score.not_judged),
    };
    format!("{} of {} points{open}", score.points, score.of)
}

fn indented(text: &str) -> String {
    let text = crate::term::sanitize(text).into_owned();
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// Names, without ending, for the files of each submission and then of everybody who is missing: letters, digits, `.`, `_` and `-` of the learner's
/// own name, and a number where two would be called alike.
pub fn file_names(book: &Gradebook) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let name = |learner: &String| {
        let slug = slug(learner);
        // No name of anybody's own ends like that.
        let numbered = std::iter::once(slug.clone()).chain((2..).map(|number: u32| format!("{slug}.{number}")));
        let free = numbered.into_iter().find(|name| taken.insert(name.clone()));
        free.unwrap_or(slug)
    };
    let submitted = book.submissions.iter().map(|graded| &graded.learner);
    submitted.chain(book.missing.iter().map(|absent| &absent.learner)).map(name).collect()
}

/// A name that is safe in any folder of any system: small letters, digits, `_` and `-`, at most 60.
pub fn slug(text: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() || char == '_' { char.to_ascii_lowercase() } else { '-' };
    let mapped: String = text.chars().map(plain).collect();
    let parts: Vec<&str> = mapped.split('-').filter(|part| !part.is_empty()).collect();
    let slug: String = parts.join("-").chars().take(60).collect();
    if slug.is_empty() { "learner".to_owned() } else { slug }
}

#[cfg(test)]
mod tests;
