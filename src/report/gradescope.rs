//! Results as Gradescope's autograder takes them (gradescope-autograders.readthedocs.io, "Autograder Specifications",
//! "Output format"). Pure.
//!
//! Invariants: what could not be judged has no score and no maximum there, and is named in the submission's output;
//! every text is of the format `text`, so that nothing in it is markup; what only instructors are to know (flags,
//! notes) is not in it, for learners read it.

use super::lines::{Line, Standing, late, lines};
use crate::grade::gradebook::{Absent, Gradebook, Graded};
use crate::grade::score::Points;
use serde::Serialize;

/// Format of every text: shown as it is.
const TEXT: &str = "text";

#[derive(Debug, Serialize)]
struct Results {
    /// In place of the sum of the tests.
    score: Points,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    tests: Vec<Test>,
}

#[derive(Debug, Serialize)]
struct Test {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_score: Option<Points>,
    /// `passed` or `failed`; without it Gradescope goes by the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    name: String,
    name_format: &'static str,
    number: String,
    output: String,
    output_format: &'static str,
    visibility: &'static str,
}

/// The `results.json` of one submission.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn results(graded: &Graded, book: &Gradebook) -> Result<String, String> {
    let lines = lines(graded, book);
    let results = Results {
        score: graded.score.points,
        output: output(graded, book, &lines),
        output_format: TEXT,
        test_output_format: TEXT,
        test_name_format: TEXT,
        tests: lines.iter().enumerate().map(|(index, line)| test(index + 1, line)).collect(),
    };
    serde_json::to_string_pretty(&results).map(|json| json + "\n").map_err(|error| error.to_string())
}

/// The `results.json` of somebody who handed nothing in.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn results_of_absent(absent: &Absent) -> Result<String, String> {
    let results = Results {
        score: absent.score.points,
        output: format!("{} of {} points: nothing was handed in", absent.score.points, absent.score.of),
        output_format: TEXT,
        test_output_format: TEXT,
        test_name_format: TEXT,
        tests: Vec::new(),
    };
    serde_json::to_string_pretty(&results).map(|json| json + "\n").map_err(|error| error.to_string())
}

fn test(number: usize, line: &Line<'_>) -> Test {
    let judged = line.standing != Standing::NotJudged;
    Test {
        score: judged.then_some(line.score.points),
        max_score: judged.then_some(line.score.of),
        status: match line.standing {
            Standing::Passed => Some("passed"),
            Standing::NotYet | Standing::Waits | Standing::Missing => Some("failed"),
            Standing::NotJudged => None,
        },
        name: match judged {
            true => format!("{}: {}", line.place(), line.title()),
            false => format!("{}: {} (not judged)", line.place(), line.title()),
        },
        name_format: TEXT,
        number: number.to_string(),
        output: line.text(),
        output_format: TEXT,
        // A hidden check is shown to learners only where it failed, and only once grades are.
        visibility: match line.check.map(|check| &check.finding) {
            Some(finding) if finding.hidden && finding.is_shown() => "after_published",
            Some(finding) if finding.hidden => "hidden",
            _ => "visible",
        },
    }
}

/// What is said of the whole: the points, and what they leave out.
fn output(graded: &Graded, book: &Gradebook, lines: &[Line<'_>]) -> String {
    let score = &graded.score;
    let mut text = format!("{} of {} points", score.points, score.of);
    if let Some(bonus) = graded.bonus.filter(|bonus| bonus.0 > 0) {
        text.push_str(&format!(", {bonus} of them as a bonus"));
    }
    if let (Some(policy), Some(before)) = (&book.late, graded.points_before) {
        text.push_str(&format!("\n{before} points were earned; some came late. {}", policy.words()));
        late(graded).for_each(|late| text.push_str(&format!("\n- {late}")));
    }
    let open: Vec<&Line<'_>> = lines.iter().filter(|line| line.standing == Standing::NotJudged).collect();
    if open.is_empty() && score.is_judged() {
        return text;
    }
    text.push_str(&format!(
        "\n{} points could not be judged. They are not lost, and not in the score:\n",
        score.not_judged
    ));
    let shown = open.iter().filter(|line| line.check.is_none_or(|check| check.finding.is_shown()));
    for line in shown {
        text.push_str(&format!("- {}: {}\n", line.place(), line.title()));
        text.extend(line.text().lines().map(|said| format!("  {said}\n")));
    }
    text
}
