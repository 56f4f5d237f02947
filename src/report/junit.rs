//! JUnit's XML, as continuous integration reads it.
//!
//! There is no specification of it; the crate writes what Jenkins' schema knows. Whatever a case says is text there:
//! the crate leaves out what XML cannot hold, and escape sequences.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should, and how.
    Failed(String),
    /// It could not be found out, and why.
    Error(String),
    /// It was left out, and why.
    Skipped(String),
}

/// One case of a report.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it belongs to.
    pub suite: String,
    /// What it is.
    pub name: String,
    /// Seconds that it took, where that is known of it alone.
    pub seconds: Option<f64>,
    /// How it ended.
    pub result: Outcome,
}

/// A report with a suite for each of the cases' suites, in the order of their first cases.
///
/// # Errors
/// Where the XML cannot be written.
pub fn report(name: &str, cases: impl IntoIterator<Item = Case>) -> Result<String, String> {
    let mut suites: Vec<TestSuite> = Vec::new();
    for case in cases {
        let mut status = match &case.result {
            Outcome::Passed => TestCaseStatus::success(),
            Outcome::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Outcome::Error(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
            Outcome::Skipped(_) => TestCaseStatus::skipped(),
        };
        if let Outcome::Failed(why) | Outcome::Error(why) | Outcome::Skipped(why) = &case.result {
            status.set_message(why.lines().next().unwrap_or_default());
            status.set_description(why.as_str());
        }
        let mut written = TestCase::new(case.name, status);
        if let Some(seconds) = case.seconds {
            written.set_time(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        }
        written.set_classname(case.suite.as_str());
        match suites.iter_mut().find(|suite| suite.name.as_str() == case.suite) {
            Some(suite) => drop(suite.add_test_case(written)),
            None => {
                let mut suite = TestSuite::new(case.suite);
                suite.add_test_case(written);
                suites.push(suite);
            }
        }
    }
    let mut report = Report::new(name);
    report.add_test_suites(suites);
    report.to_string().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ending_is_counted_and_nothing_of_a_case_is_markup() {
        let case = |suite: &str, name: &str, result| Case {
            suite: suite.into(),
            name: name.into(),
            seconds: Some(1.25),
            result,
        };
        let hostile = "<script>\u{1b}[31m & ]]> \u{0}\nsecond line";
        let text = report(
            "dlearn",
            [
                case("E01", "solution", Outcome::Passed),
                case("E02", "wrong/a", Outcome::Failed(hostile.into())),
                case("E01", "wrong/\"b\"", Outcome::Error("no engine".into())),
                case("E02", "right/c", Outcome::Skipped("its base is not here".into())),
            ],
        )
        .unwrap();
        let whole = r#"<testsuites name="dlearn" tests="4" skipped="1" failures="1" errors="1">"#;
        assert!(text.contains(whole), "{text}");
        assert!(text.contains(r#"<testsuite name="E01" tests="2" skipped="0" errors="1" failures="0">"#), "{text}");
        assert!(text.contains("<skipped message=\"its base is not here\""), "{text}");
        assert!(text.contains("time=\"1.250\"") && text.contains("second line"), "{text}");
        assert!(!text.contains("<script>") && !text.contains('\u{1b}') && !text.contains('\u{0}'), "{text}");
    }
}
