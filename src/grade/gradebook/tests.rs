use super::*;
use crate::course::{Course, Source};
use crate::evidence::Unavailable;

fn course() -> Course {
    Course::load(&Source::Embedded).unwrap()
}

/// The rounds of an exercise, each with what came of it.
fn graded(course: &Course, id: &str, came: impl Fn(&Round) -> Came) -> GradedExercise {
    let entry = &course.exercises[id];
    let rounds = entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap();
    let rounds: Vec<(Round, Came)> = rounds.into_iter().map(|round| (round.clone(), came(&round))).collect();
    GradedExercise::judged(&Column::of(entry), &rounds, Some("0123456789abcdef".into()))
}

/// Every check with the verdict that `verdict` gives it.
fn findings(round: &Round, verdict: impl Fn(&str) -> Verdict) -> Came {
    let finding = |check: &crate::check::Check| Finding::of(check, verdict(&check.id));
    Came::Judged { findings: round.checks.iter().map(finding).collect(), stopped: None, tokens: Default::default() }
}

#[test]
fn all_checks_of_all_rounds_make_all_points() {
    let course = course();
    for id in ["E01", "S01"] {
        let exercise = graded(&course, id, |round| findings(round, |_| Verdict::pass()));
        assert_eq!((exercise.state, exercise.score.points), (State::Passed, exercise.score.of), "{id}");
        assert_eq!(exercise.score.of, Points::whole(10));
    }
}

#[test]
fn a_check_that_fails_costs_its_share_and_that_of_what_waits_for_it() {
    let course = course();
    // E01: twelve parts in ten checks; answers (2) fails, page (1) waits.
    let exercise = graded(&course, "E01", |round| {
        findings(round, |id| match id {
            "answers" => Verdict::not_yet("an answer", "none", "listen"),
            "page" => Verdict::Waits { on: "answers".into() },
            _ => Verdict::pass(),
        })
    });
    assert_eq!(exercise.state, State::NotYet);
    assert_eq!(exercise.score.points, Points(750), "nine of twelve parts");
    assert!(exercise.score.is_judged());
}

#[test]
fn an_optional_check_costs_its_share_and_not_the_pass() {
    let course = course();
    // E03: seventeen parts; tenth (3) is optional, quarter (4) is not.
    let without = |missing: &str| {
        graded(&course, "E03", |round| {
            findings(round, |id| if id == missing { Verdict::not_yet("less", "more", "less") } else { Verdict::pass() })
        })
    };
    let exercise = without("tenth");
    assert_eq!((exercise.state, exercise.score.of), (State::Passed, Points::whole(10)));
    assert_eq!(exercise.score.points, Points(824), "fourteen of seventeen parts");
    assert_eq!(without("quarter").state, State::NotYet);
}

#[test]
fn what_cannot_be_told_is_open_and_says_so_in_every_total() {
    let course = course();
    let exercise = graded(&course, "E01", |round| {
        findings(round, |id| match id {
            "answers" | "page" => Verdict::CannotTell { reason: "no port".into(), help: "again".into() },
            _ => Verdict::pass(),
        })
    });
    assert_eq!(
        (exercise.state, exercise.score.points, exercise.score.not_judged),
        (State::NotJudged, Points(750), Points(250))
    );
    let graded = Graded::of(vec![exercise]);
    assert_eq!((graded.state, graded.score.not_judged), (State::NotJudged, Points(250)));
    assert!(!Gradebook::new(&course.outline.course, Vec::new(), vec![graded], Vec::new()).judged);
}

#[test]
fn refused_and_unreachable_are_open_and_too_long_and_missing_are_lost() {
    let course = course();
    let refusal =
        Refusal { file: "Dockerfile".into(), line: 2, what: "\x1b[2JADD".into(), help: "COPY".into(), image: None };
    let cases: [(Came, State, bool); 5] = [
        (Came::Refused(vec![refusal]), State::NotJudged, true),
        (Came::CannotTell(Unavailable::new("gone", "start it")), State::NotJudged, true),
        (Came::TooLong(300), State::NotYet, false),
        (Came::BroughtDown, State::NotYet, false),
        (Came::Missing, State::Missing, false),
    ];
    for (came, state, open) in cases {
        let exercise = graded(&course, "S01", |_| came.clone());
        assert_eq!((exercise.state, !exercise.score.is_judged()), (state, open), "{came:?}");
        assert_eq!(exercise.score.points, Points(0));
        let text = serde_json::to_string(&exercise).unwrap();
        assert!(!text.contains("\\u001b"), "{text}");
    }
    let one_missing = graded(&course, "S01", |round| match round.number {
        2 => Came::Missing,
        _ => findings(round, |_| Verdict::pass()),
    });
    assert_eq!((one_missing.state, one_missing.score.points), (State::NotYet, Points(667)));
    assert_eq!(one_missing.rounds[1].reason.as_deref(), Some("the folder round-2 was not handed in"));
}

#[test]
fn texts_are_bounded_and_steer_nothing() {
    let long = format!("\x1b]0;title\x07{}", "x".repeat(100_000));
    let text = tidy(&long);
    assert!(text.starts_with("xxx") && text.ends_with('…') && text.chars().count() == LONGEST + 1);
    let course = course();
    let exercise =
        graded(&course, "E01", |round| findings(round, |_| Verdict::not_yet("a", "\x1b[31mred\u{202e}", "c")));
    let Verdict::NotYet(not_yet) = &exercise.rounds[0].checks[0].finding.verdict else { panic!() };
    assert_eq!(not_yet.found, "red");
}

#[test]
fn a_token_that_two_submissions_have_is_flagged_in_both() {
    let course = course();
    let one = |learner: &str| {
        let exercise = graded(&course, "E01", |round| findings(round, |_| Verdict::pass()));
        Graded { learner: learner.into(), source: format!("{learner}.zip"), ..Graded::of(vec![exercise]) }
    };
    let book = Gradebook::new(&course.outline.course, Vec::new(), vec![one("ada"), one("bob"), one("Ada")], Vec::new());
    assert_eq!(book.submissions[1].exercises[0].notes, ["the same token as in the submission of ada, Ada"]);
    assert_eq!(book.submissions[0].notes, ["there is another submission of this learner: Ada.zip"]);
    assert!(book.judged && book.submissions[1].notes.is_empty());
}

#[test]
fn a_submission_that_was_not_taken_in_is_not_judged_in_any_exercise() {
    let course = course();
    let columns = [Column::of(&course.exercises["E01"]), Column::of(&course.exercises["S01"])];
    let graded = Graded::refused(&columns, &Refused::whole("it is a bomb", "leave it"));
    assert_eq!((graded.state, graded.score.not_judged), (State::NotJudged, Points::whole(20)));
    assert_eq!(graded.refused.as_deref(), Some("it is a bomb; leave it"));
    let json = serde_json::to_value(&graded).unwrap();
    assert_eq!((&json["points"], &json["not_judged"], &json["of"]), (&0.into(), &20.into(), &20.into()));
}
