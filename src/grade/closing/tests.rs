use super::*;
use crate::check::{Finding, Verdict};
use crate::course::{Course, Source};
use crate::grade::gradebook::{GradedExercise, State};
use crate::grade::judge::Came;
use crate::grade::late::{self, Policy, time};
use crate::grade::score::Points;
use crate::report::{gradebook, gradescope, html, markdown, marks_junit};

/// E01 and E03, all of both right, or nothing of E03, or one check of E01 open.
fn submission(columns: &[Column], learner: &str, second: bool, open: bool) -> Graded {
    let course = Course::load(&Source::Embedded).unwrap();
    let exercise = |column: &Column| {
        let entry = &course.exercises[&column.id];
        let rounds = entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap();
        let finding = |check: &crate::check::Check| match open && check.id == "page" {
            true => Finding::of(check, Verdict::CannotTell { reason: "x".into(), help: "y".into() }),
            false => Finding::of(check, Verdict::pass()),
        };
        let findings = rounds[0].checks.iter().map(finding).collect();
        let came = Came::Judged { findings, stopped: None, tokens: Default::default() };
        GradedExercise::judged(column, &[(rounds[0].clone(), came)], None)
    };
    let second = if second { exercise(&columns[1]) } else { GradedExercise::missing(&columns[1]) };
    Graded { learner: learner.into(), ..Graded::of(vec![exercise(&columns[0]), second]) }
}

fn columns() -> Vec<Column> {
    let course = Course::load(&Source::Embedded).unwrap();
    ["E01", "E03"].map(|id| Column::of(&course.exercises[id])).into()
}

fn closing(bonus: &[&str], fills: bool) -> Closing {
    let roster =
        "learner,name,due E01,submitted\nada,Ada,,2026-01-03T01:00:00Z\nbob,Bob,2026-02-01T00:00:00Z,\ngus,Gus,,\n";
    let mut deadlines = Deadlines { policy: Policy { percent_per_day: 10, ..Policy::default() }, ..Default::default() };
    deadlines.due.add(None, time("2026-01-01T00:00:00Z").unwrap()).unwrap();
    deadlines.submitted = late::submitted("learner,submitted\nBOB,2026-01-01T12:00:00Z\n").unwrap();
    let roster = Some(Roster::read(roster).unwrap());
    Closing { roster, deadlines, bonus: bonus.iter().map(|id| (*id).to_owned()).collect(), bonus_fills: fills }
}

fn book(closing: &Closing) -> Gradebook {
    let columns = closing.columns(columns()).unwrap();
    let of = |learner, second, open| submission(&columns, learner, second, open);
    let all = vec![of("ada", true, false), of("bob", true, false), of("cleo", false, true)];
    closing.book("docker", columns, all)
}

#[test]
fn being_late_costs_what_the_policy_says_by_each_ones_own_dates() {
    let book = book(&closing(&[], false));
    let [ada, bob, cleo] = &book.submissions[..] else { panic!() };
    // Two days and an hour: the third has begun.
    assert_eq!((ada.score.points, ada.points_before), (Points::whole(14), Some(Points::whole(20))));
    assert_eq!(ada.exercises[0].late.as_ref().map(|late| (late.days, late.percent)), Some((3, 30)));
    assert_eq!(ada.state, State::Passed, "right is right");
    // Bob has more time for E01, and was half a day late with E03.
    assert!(bob.exercises[0].late.is_none());
    assert_eq!((bob.score.points, bob.points_before), (Points::whole(19), Some(Points::whole(20))));
    // Of Cleo nobody says when.
    assert_eq!((cleo.points_before, cleo.in_roster), (None, Some(false)));
    assert!(cleo.notes.iter().any(|note| note.contains("nobody says when E01 was handed in")), "{:?}", cleo.notes);
    assert_eq!(book.missing, [Absent { score: book.missing[0].score, ..Absent::new("gus", Some("Gus".into())) }]);
    assert_eq!((book.missing[0].score.points, book.missing[0].score.of), (Points(0), Points::whole(20)));
}

#[test]
fn a_bonus_comes_on_top_or_fills_up_and_nobody_loses_by_it() {
    let mut on_top = closing(&["e03"], false);
    on_top.deadlines = Deadlines::default();
    let totals = |book: &Gradebook| -> Vec<(u64, u64, Option<u64>)> {
        let of = |it: &Graded| (it.score.points.0, it.score.of.0, it.bonus.map(|bonus| bonus.0));
        book.submissions.iter().map(of).collect()
    };
    let book_on_top = book(&on_top);
    assert_eq!(totals(&book_on_top)[0], (2000, 1000, Some(1000)));
    assert_eq!(book_on_top.missing[0].score.of, Points::whole(10));
    let cleo = &book_on_top.submissions[2];
    assert_eq!((cleo.state, cleo.score.of, cleo.bonus), (State::NotJudged, Points::whole(10), Some(Points(0))));
    let fills = Closing { bonus_fills: true, ..on_top.clone() };
    let cleo_before = cleo.score.points;
    assert_eq!(totals(&book(&fills))[0], (1000, 1000, Some(0)), "nothing was lost that a bonus could make up for");
    assert_eq!(book(&fills).submissions[2].score.points, cleo_before);
    let without = submission(&columns(), "ada", false, false);
    let columns = on_top.columns(columns()).unwrap();
    let book = on_top.book("docker", columns, vec![without]);
    assert_eq!((book.submissions[0].state, book.submissions[0].score.points), (State::Passed, Points::whole(10)));
    for (bonus, why) in [(&["E99"][..], "what is graded is E01, E03"), (&["E01", "E03"], "nothing is left")] {
        let error = closing(bonus, false).columns(super::tests::columns()).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_time_of_no_exercise_is_refused() {
    let course = ["E01", "E03", "E05"].map(str::to_owned);
    let of = |roster: &str, submitted: &str| {
        let roster = Some(Roster::read(roster).unwrap());
        let deadlines = Deadlines { submitted: late::submitted(submitted).unwrap(), ..Deadlines::default() };
        Closing { roster, deadlines, ..Closing::default() }.times_are_of(&course)
    };
    let (time, nobody) = ("2026-01-01T00:00:00Z", "learner,submitted\n");
    // Of the course, though it is not graded this time.
    of(&format!("learner,due,due e05,submitted E03\nada,{time},{time},{time}\n"), nobody).unwrap();
    of("learner\n", &format!("learner,submitted,exercise\nada,{time},e05\nbob,{time},\n")).unwrap();
    for (roster, submitted, why) in [
        (
            format!("learner,Due Date\nada,{time}\n"),
            nobody.to_owned(),
            "a column `due date`, and the course has no exercise DATE",
        ),
        (format!("learner,due E1\nada,{time}\n"), nobody.to_owned(), "no exercise E1"),
        (format!("learner,submitted at\nada,{time}\n"), nobody.to_owned(), "a column `submitted at`"),
        (
            "learner\n".to_owned(),
            format!("learner,submitted,exercise\nada,{time},E1\n"),
            "--submitted has times of `E1`",
        ),
    ] {
        let error = of(&roster, &submitted).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn every_output_has_the_points_before_and_after_the_bonus_and_who_is_missing() {
    let book = book(&closing(&["E03"], false));
    let (ada, gus) = (&book.submissions[0], &book.missing[0]);
    let table = gradebook::table(&book, &crate::term::Terminal::plain(80));
    let late =
        "up to 3 days late (due 2026-01-01T00:00:00Z, handed in 2026-01-03T01:00:00Z): 10 points earned, 30 % less: 7";
    let rule = "Each day late costs 10 % of the points that were earned.";
    let json = serde_json::to_value(&book).unwrap();
    assert_eq!(
        (&json["submissions"][0]["points"], &json["submissions"][0]["points_before"], &json["submissions"][0]["bonus"]),
        (&14.into(), &20.into(), &7.into())
    );
    assert_eq!((&json["missing"][0]["points"], &json["missing"][0]["of"]), (&0.into(), &10.into()));
    for (what, output, says) in [
        ("table", table, vec!["ada", "E03+", "14* of 10", "gus", "0 of 10", late, rule, "no submission: gus (Gus)"]),
        (
            "cells",
            gradebook::cells(&book).unwrap(),
            vec![
                "bonus,before_late,E01 before_late,E03 before_late,notes",
                "ada,Ada,yes,passed,14,0,10,7,0,7,0,7,20,10,10,",
                "gus,Gus,yes,missing,0,0,10,0,0,0,0,0,0,0,0,no submission",
            ],
        ),
        (
            "feedback",
            gradebook::feedback(ada, &book),
            vec![
                "14 of 10 points, 7 of them as a bonus",
                "20 points were earned",
                rule,
                late,
                "a bonus: 7 of 10 points",
            ],
        ),
        ("absent", gradebook::feedback_of_absent(gus), vec!["Gus (gus): 0 of 10 points", "Nothing was handed in"]),
        ("gradescope", gradescope::results(ada, &book).unwrap(), vec!["\"score\": 14", "20 points were earned", late]),
        ("absent there", gradescope::results_of_absent(gus).unwrap(), vec!["\"score\": 0", "0 of 10 points"]),
        ("junit", marks_junit::report(&book).unwrap(), vec![late, "late 2", "testsuite name=\"gus\""]),
        (
            "markdown",
            markdown::report(&book),
            vec!["`E03` (bonus)", "14\\* of 10", late, "| `gus` | - | - | 0 of 10 |"],
        ),
        (
            "page",
            html::page(&book).unwrap(),
            vec!["(20 before)", "(10 before)", late, rule, "bonus 10", "no submission"],
        ),
    ] {
        for says in says {
            assert!(output.contains(says), "{what}: {says:?} is not in\n{output}");
        }
    }
}
