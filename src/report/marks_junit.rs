//! A gradebook as JUnit's XML: a suite for each learner, a case for each check. Pure.

use super::junit::{self, Case, Outcome};
use super::lines::{Line, Standing, late, lines, names};
use crate::grade::gradebook::Gradebook;

/// The report. What could not be judged is an error, what waits for something that failed is skipped, and so is an
/// optional check that did not pass; somebody without a submission has one failed case.
///
/// # Errors
/// Where the XML cannot be written.
pub fn report(book: &Gradebook) -> Result<String, String> {
    let of_submissions = book.submissions.iter().zip(names(book)).flat_map(|(graded, suite)| {
        let case = |name: String, result: Outcome| Case { suite: suite.clone(), name, seconds: None, result };
        let mut cases: Vec<Case> = lines(graded, book).iter().map(|line| case(name(line), outcome(line))).collect();
        // Points are no outcome of a test: what they lost is told where nobody takes it for a failure.
        cases.extend(
            late(graded).enumerate().map(|(nth, why)| case(format!("late {}", nth + 1), Outcome::Skipped(why))),
        );
        cases
    });
    let absent = book.missing.iter().map(|absent| Case {
        suite: crate::term::sanitize_line(&absent.learner).into_owned(),
        name: "submission".into(),
        seconds: None,
        result: Outcome::Failed("no submission".into()),
    });
    junit::report("dlearn grade", of_submissions.chain(absent))
}

/// `E01 answers: A container answers on port 8080`
fn name(line: &Line<'_>) -> String {
    match line.check {
        Some(check) => format!("{} {}: {}", line.place(), check.finding.id, line.title()),
        None => format!("{}: {}", line.place(), line.title()),
    }
}

fn outcome(line: &Line<'_>) -> Outcome {
    let optional = line.check.is_some_and(|check| check.finding.optional);
    match line.standing {
        Standing::Passed => Outcome::Passed,
        Standing::NotYet if optional => Outcome::Skipped(format!("optional\n{}", line.text())),
        Standing::NotYet | Standing::Missing if line.exercise.bonus => {
            Outcome::Skipped(format!("a bonus\n{}", line.text()))
        }
        Standing::NotYet | Standing::Missing => Outcome::Failed(line.text()),
        Standing::NotJudged => Outcome::Error(line.text()),
        Standing::Waits => Outcome::Skipped(line.text()),
    }
}
