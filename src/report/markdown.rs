//! A gradebook as Markdown for the comment of a pull request (GitHub and GitLab flavoured). Pure.
//!
//! Invariant: whatever a submission had a part in stands in code: no name calls anybody (`@ada`), nothing is a link, an
//! image or markup.

use super::lines::{Line, Standing, late, lines, marked, names};
use crate::grade::alike::Pair;
use crate::grade::gradebook::{Column, Gradebook, Graded, State};
use crate::grade::score::Score;
use crate::term::sanitize_line;

/// Bytes of a comment that are written before anything is left out: GitHub takes 65 536 characters.
const MOST: usize = 60_000;
/// The same for the table, and for the table with the notes: the rest is for what there is to mend.
const MOST_OF_TABLE: usize = MOST / 2;
const MOST_WITH_NOTES: usize = MOST / 4 * 3;
/// What ends the details of a learner.
const END: &str = "\n</details>\n\n";

/// A text of which lines are left out where it grows too long.
#[derive(Default)]
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    /// Whether a piece more makes no more than so many bytes.
    fn holds(&self, piece: &str, most: usize) -> bool {
        self.text.len() + piece.len() <= most
    }

    fn put(&mut self, piece: &str, most: usize) {
        match self.holds(piece, most) {
            true => self.text.push_str(piece),
            false => self.left_out += 1,
        }
    }
}

/// The text.
pub fn report(book: &Gradebook) -> String {
    let names = names(book);
    let mut page = Page { text: format!("## dlearn: {}\n\n", code(&book.course)), left_out: 0 };
    table(&mut page, book, &names);
    let notes = book.submissions.iter().zip(&names).flat_map(|(graded, name)| notes(graded, name));
    let notes: Vec<String> = notes.chain(book.similar.iter().map(flag)).collect();
    notes.iter().for_each(|line| page.put(&format!("- {line}\n"), MOST_WITH_NOTES));
    if !notes.is_empty() {
        page.text.push('\n');
    }
    for (graded, name) in book.submissions.iter().zip(&names) {
        details(&mut page, graded, book, name);
    }
    let Page { mut text, left_out } = page;
    if left_out > 0 {
        let lines = if left_out == 1 { "1 line is".to_owned() } else { format!("{left_out} lines are") };
        text.push_str(&format!(
            "{lines} left out here, because a comment holds no more: `dlearn grade --feedback` and \
             `dlearn grade merge --feedback` write everything.\n"
        ));
    }
    text
}

fn table(page: &mut Page, book: &Gradebook, names: &[String]) {
    let id = |column: &Column| format!(" {}{} |", code(&column.id), if column.bonus { " (bonus)" } else { "" });
    let ids: Vec<String> = book.exercises.iter().map(id).collect();
    let head = format!("| learner |{} points | |\n|---|{} --: | --- |\n", ids.concat(), " --: |".repeat(ids.len()));
    page.put(&head, MOST_OF_TABLE);
    for (graded, name) in book.submissions.iter().zip(names) {
        let cells: Vec<String> = graded
            .exercises
            .iter()
            .map(|it| format!(" {} |", points(it.state, &it.score, it.late.is_some())))
            .collect();
        let total = points(graded.state, &graded.score, graded.points_before.is_some());
        let total = format!("{total} of {}", graded.score.of);
        let row = format!("| {} |{} {total} | {} |\n", in_table(name), cells.concat(), graded.state.words());
        page.put(&row, MOST_OF_TABLE);
    }
    for absent in &book.missing {
        let cells = " - |".repeat(book.exercises.len());
        let total = format!("{} of {}", absent.score.points, absent.score.of);
        let row = format!("| {} |{cells} {total} | no submission |\n", in_table(&absent.learner));
        page.put(&row, MOST_OF_TABLE);
    }
    if !book.judged {
        page.text.push_str("\nPoints marked with ? are not final: something could not be judged.\n");
    }
    if let Some(policy) = &book.late {
        page.text.push_str(&format!("\nPoints marked with \\* are of what came late. {}\n", policy.words()));
    }
    page.text.push('\n');
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

/// What there is to look at, line by line, as long as there is room.
fn details(page: &mut Page, graded: &Graded, book: &Gradebook, name: &str) {
    let lines = lines(graded, book);
    let told: Vec<&Line<'_>> = lines.iter().filter(|line| line.standing != Standing::Passed).collect();
    if told.is_empty() {
        return;
    }
    let what = if told.len() == 1 { "1 to look at".to_owned() } else { format!("{} to look at", told.len()) };
    let begin = format!("<details><summary><code>{}</code>: {what}</summary>\n\n", escaped(name));
    let most = MOST - END.len();
    if !page.holds(&begin, most) {
        page.left_out += told.len();
        return;
    }
    page.text.push_str(&begin);
    for line in told {
        let earned = format!("{} of {}", line.score.points, line.score.of);
        let (place, title) = (line.place(), code(&line.title()));
        let mut piece = format!("- {place}: {title}: **{}**, {earned}\n", line.standing.words());
        let said = line.text();
        if !said.is_empty() {
            piece.push_str(&fenced(&said));
        }
        page.put(&piece, most);
    }
    page.text.push_str(END);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Check, Finding, Verdict};
    use crate::course::{Course, Round, Source};
    use crate::grade::gradebook::GradedExercise;
    use crate::grade::judge::Came;

    /// One learner of whom every check of every exercise says as much as a check can.
    fn book(learners: usize) -> Gradebook {
        let course = Course::load(&Source::Embedded).unwrap();
        let columns: Vec<Column> = course.exercises.values().map(Column::of).collect();
        let judged = |(entry, column)| {
            let entry: &crate::course::Entry = entry;
            let rounds = entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap();
            let said = "x".repeat(1500);
            let finding = |check: &Check| Finding::of(check, Verdict::not_yet(&said, &said, &said));
            let came = |round: &Round| Came::Judged {
                findings: round.checks.iter().map(finding).collect(),
                stopped: None,
                tokens: Default::default(),
            };
            let rounds: Vec<_> = rounds.iter().map(|round| (round.clone(), came(round))).collect();
            GradedExercise { notes: vec!["n".repeat(3000)], ..GradedExercise::judged(column, &rounds, None) }
        };
        let exercises: Vec<GradedExercise> = course.exercises.values().zip(&columns).map(judged).collect();
        let graded = Graded { learner: "ada".into(), ..Graded::of(exercises) };
        Gradebook::new("docker", columns, vec![graded; learners], Vec::new())
    }

    #[test]
    fn a_learner_with_much_to_mend_reads_as_much_of_it_as_fits() {
        for learners in [1, 400] {
            let text = report(&book(learners));
            assert!(text.len() < 61_000, "{}", text.len());
            assert!(text.contains("| `ada` |") && text.contains(" lines are left out here"), "{text}");
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
            let told = text.matches("**not yet**").count();
            assert!(told >= 2, "{told} of {learners}");
        }
    }
}
