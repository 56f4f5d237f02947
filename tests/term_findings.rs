//! Findings as a learner sees them.

use dlearn::check::{Finding, NotYet, Place, Verdict};
use dlearn::term::{Terminal, findings, measure};

fn finding(id: &str, title: &str, verdict: Verdict) -> Finding {
    Finding { id: id.into(), title: title.into(), weight: 1, hidden: false, optional: false, verdict, evidence: vec![] }
}

fn not_yet() -> Verdict {
    Verdict::NotYet(NotYet {
        expected: "status 200 from `GET /` on port 8080 within ten seconds of the start".into(),
        found: "nothing listens on port 8080; the program listens on 127.0.0.1:5000, which only the container itself can reach".into(),
        advice: "listen on 0.0.0.0 and on the port that EXPOSE names, then build again: `docker build -t e01/web:v1 .`".into(),
        place: Some(Place { file: "Dockerfile".into(), line: 7, text: "\tCMD [\"flask\", \"run\"]".into() }),
    })
}

fn unsure(id: &str) -> Finding {
    let verdict = Verdict::CannotTell {
        reason: "the engine at unix:///var/run/docker.sock does not answer".into(),
        help: "start Docker, then check again".into(),
    };
    finding(id, "The page shows your token", verdict)
}

fn mixed() -> Vec<Finding> {
    vec![
        finding("a", "The image `e01/web:v1` exists", Verdict::pass()),
        finding(
            "b",
            "It was built from this folder's Dockerfile",
            Verdict::pass_with("the base image is named by tag; a digest would keep it the same for good"),
        ),
        finding("c", "The page answers on port 8080", not_yet()),
        finding("d", "The page shows your token", Verdict::Waits { on: "c".into() }),
        finding(
            "e",
            "The image is smaller than 80 MB",
            Verdict::not_yet("at most 80 MB", "153 MB", "start from a smaller base image"),
        ),
        Finding { hidden: true, ..finding("h", "A hidden check", Verdict::pass()) },
    ]
}

#[test]
fn what_to_do_next_comes_last() {
    insta::assert_snapshot!("mixed_80", findings::render(&mixed(), &Terminal::plain(80)));
    insta::assert_snapshot!(
        "mixed_ascii_40",
        findings::render(&mixed(), &Terminal { unicode: false, ..Terminal::plain(40) })
    );
    let colour = findings::render(&mixed(), &Terminal::full(100, 24)).replace('\x1b', "␛");
    insta::assert_snapshot!("mixed_colour_100", colour);
    assert_eq!(findings::current(&mixed()).map(|finding| finding.id.as_str()), Some("c"));
}

#[test]
fn an_engine_that_is_down_is_one_thing_to_repair_and_not_wrong() {
    let text = findings::render(&[unsure("a"), unsure("b"), unsure("c")], &Terminal::plain(80));
    insta::assert_snapshot!("unsure_80", text);
    assert_eq!(text.matches("not counted as wrong").count(), 1);
    insta::assert_snapshot!(
        "unsure_one_80",
        findings::render(&[mixed().swap_remove(0), unsure("b")], &Terminal::plain(80))
    );
}

#[test]
fn a_pass_is_short() {
    insta::assert_snapshot!("passed_80", findings::render(&mixed()[..2], &Terminal::plain(80)));
}

#[test]
fn a_hidden_check_is_seen_only_where_it_failed() {
    let hidden = |verdict| {
        findings::render(&[Finding { hidden: true, ..finding("h", "Hidden", verdict) }], &Terminal::plain(80))
    };
    assert!(!hidden(Verdict::pass()).contains("Hidden"));
    assert!(hidden(not_yet()).contains("Hidden"));
}

#[test]
fn what_is_optional_says_so_and_does_not_keep_the_others_from_passing() {
    let optional = Finding { optional: true, ..finding("o", "It is tiny", not_yet()) };
    let all = [mixed().swap_remove(0), optional];
    let text = findings::render(&all, &Terminal::plain(80));
    assert!(text.contains("It is tiny (optional)") && !text.contains("Begin with"), "{text}");
    assert!(text.contains("1 of 2 checks pass, and the other one is optional."), "{text}");
}

#[test]
fn what_was_found_neither_steers_nor_floods_the_terminal() {
    let log = "\x1b[2J\x1b[1;1H\u{202e}all passed\r\n".repeat(500);
    let failed = finding("a", "Ti\x1b[31mtle", Verdict::not_yet("x", log, "\u{9b}2J"));
    let text = findings::render(&[failed], &Terminal::plain(60));
    assert!(text.lines().count() < 30, "{text}");
    assert!(!text.chars().any(|char| (char.is_control() && char != '\n') || char == '\u{202e}'));
    assert!(text.contains("… many more lines"), "{text}");
    let few = finding("a", "Title", Verdict::not_yet("x", "line\n".repeat(30), "y"));
    assert!(findings::render(&[few], &Terminal::plain(60)).contains("… 19 more lines"));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in 40..=130 {
        for line in findings::render(&mixed(), &Terminal::plain(width)).lines() {
            assert!(measure(line) <= width, "{width}: {line}");
        }
    }
}
