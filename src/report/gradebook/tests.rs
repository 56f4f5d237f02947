use super::*;
use crate::check::Finding;
use crate::course::{Course, Source};
use crate::grade::gradebook::{Absent, Column};
use crate::grade::judge::Came;
use crate::grade::refusals::Refusal;
use crate::submission::Refused;
use crate::term::Terminal;

fn finding(check: &crate::check::Check) -> Finding {
    let verdict = match check.id.as_str() {
        "answers" => Verdict::not_yet("an answer\x1b[31m", "none", "listen on 0.0.0.0"),
        "page" => Verdict::Waits { on: "answers".into() },
        "port" => Verdict::CannotTell { reason: "the engine was slow".into(), help: "again".into() },
        _ => Verdict::pass(),
    };
    Finding::of(check, verdict)
}

fn book() -> Gradebook {
    let course = Course::load(&Source::Embedded).unwrap();
    let entry = &course.exercises["E01"];
    let columns = vec![Column::of(entry)];
    let rounds = entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap();
    let one = |learner: &str, came: Came| {
        let exercise = GradedExercise::judged(&columns[0], &[(rounds[0].clone(), came)], None);
        Graded { learner: learner.into(), in_roster: Some(learner != "eve"), ..Graded::of(vec![exercise]) }
    };
    let judged = Came::Judged {
        findings: rounds[0].checks.iter().map(finding).collect(),
        stopped: None,
        tokens: Default::default(),
    };
    let refusal = Refusal {
        file: "Dockerfile".into(),
        line: 1,
        what: "FROM names nginx:alpine, which this exercise does not use".into(),
        help: "use busybox:1.36".into(),
        image: Some("nginx:alpine".into()),
    };
    let refused = Refused::whole("`=cmd` is a link", "hand in again");
    let submissions = vec![
        Graded { name: Some("Lovelace, Ada".into()), ..one("ada", judged) },
        Graded { notes: vec!["eve is not in the roster".into()], ..one("eve", Came::Refused(vec![refusal])) },
        Graded { learner: "=HYPERLINK(\"http://x\")".into(), ..Graded::refused(&columns, &refused) },
        one("../../etc/Ada", Came::Missing),
    ];
    let missing = vec![Absent::new("bob", Some("Bob".into()))];
    let mut book = Gradebook::new(&course.outline.course, columns, submissions, missing);
    book.not_allowed = vec!["nginx:alpine".into()];
    book
}

#[test]
fn the_table_tells_what_is_not_final_and_who_is_missing() {
    let text = table(&book(), &Terminal::plain(80));
    for says in [
        "ada                     6.67?  6.67? of 10",
        "../../etc/Ada               -      - of 10",
        "eve: eve is not in the roster",
        "eve: E01: Dockerfile line 1: FROM names nginx:alpine",
        "refused: `=cmd` is a link; hand in again",
        "ada: E01: port was not judged: the engine was slow",
        "no submission: bob (Bob)",
        "4 submissions, 3 of them not judged in full",
        "--allow-image nginx:alpine",
    ] {
        assert!(text.contains(says), "{says:?} is not in\n{text}");
    }
}

#[test]
fn on_a_terminal_nothing_is_wider_than_it_and_nothing_is_lost() {
    let mut book = book();
    let (column, exercise) = (book.exercises[0].clone(), book.submissions[0].exercises[0].clone());
    for number in 2..30 {
        book.exercises.push(Column { id: format!("E{number:02}"), ..column.clone() });
        book.submissions.iter_mut().for_each(|graded| graded.exercises.push(exercise.clone()));
    }
    book.submissions[1].learner = "somebody-with-a-very-long-name-of-many-letters-and-words".into();
    for width in [40, 80, 120] {
        let text = table(&book, &Terminal::full(width, 40));
        assert!(text.lines().all(|line| crate::term::measure(line) <= width), "{width}\n{text}");
        assert!((1..30).all(|number| text.contains(&format!("E{number:02}"))), "{text}");
        assert!(text.matches("\nlearner").count() >= 1, "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("6.67? of 10") && flat.contains("eve is not in the roster"), "{text}");
    }
    let piped = table(&book, &Terminal::plain(80));
    assert_eq!(piped.matches("learner ").count(), 1, "{piped}");
}

#[test]
fn no_cell_is_a_formula_and_everybody_has_a_line() {
    let text = cells(&book()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5, "{text}");
    for row in &rows {
        assert_eq!(row.len(), header.len());
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
    }
    let cell = |row: usize, name: &str| &rows[row][header.iter().position(|header| header == name).unwrap()];
    assert_eq!((cell(0, "name"), cell(0, "E01"), cell(0, "E01 not_judged")), ("Lovelace, Ada", "6.67", "0.83"));
    assert_eq!((cell(1, "in_roster"), cell(1, "state"), cell(1, "not_judged")), ("no", "not judged", "10"));
    assert!(cell(2, "learner").starts_with("'=HYPERLINK"));
    assert_eq!((cell(4, "learner"), cell(4, "state"), cell(4, "points")), ("bob", "missing", "0"));
    for (dangerous, safe) in
        [("=1", "'=1"), ("-x", "'-x"), ("+x", "'+x"), (" @x", "' @x"), ("\t=x", "' =x"), ("a=1", "a=1")]
    {
        assert_eq!(harmless(dangerous), safe);
    }
}

#[test]
fn feedback_names_each_check_with_its_points_and_reasons() {
    let book = book();
    let text = feedback(&book.submissions[0], &book);
    for says in [
        "Lovelace, Ada (ada): 6.67 of 10 points (0.83 could not be judged, and are not lost)",
        "[ok] Your token file lies in it at /site/token (0.83 of 0.83)",
        "       expected:   an answer\n       found:      none\n       do:         listen on 0.0.0.0",
        "[??] Its configuration names port 8080 (0 of 0.83)",
        "not judged: this comes first: A container answers on port 8080",
    ] {
        assert!(text.contains(says), "{says:?} is not in\n{text}");
    }
    assert!(text.chars().all(|char| char == '\n' || !char.is_control()));
    assert!(feedback(&book.submissions[1], &book).contains("Dockerfile, line 1: FROM names nginx:alpine"));
    assert!(feedback(&book.submissions[2], &book).contains("is a link"));
    assert!(feedback(&book.submissions[3], &book).contains("nothing was handed in"));
}

#[test]
fn file_names_are_harmless_and_unlike() {
    assert_eq!(file_names(&book()), ["ada", "eve", "hyperlink-http-x", "etc-ada", "bob"]);
    let mut twice = book();
    twice.submissions[1].learner = "ADA".into();
    twice.submissions[2].learner = "\u{202e}…".into();
    assert_eq!(file_names(&twice), ["ada", "ada.2", "learner", "etc-ada", "bob"]);
    assert_eq!(slug(&"x".repeat(500)).len(), 60);
}
