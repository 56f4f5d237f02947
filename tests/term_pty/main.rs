//! The terminal side in a real (pseudo-) terminal.

mod pty;

use dlearn::course::{Question, lesson::Choice};
use dlearn::term::{PromptError, Reply, Terminal, prompt, quiz};
use pty::Pty;

const DOWN: &str = "\x1b[B";
const CTRL_C: &str = "\x03";

/// Not a test by itself: what the tests below run in their terminals.
#[test]
fn scenario() {
    let Ok(name) = std::env::var("TERM_SCENARIO") else { return };
    let terminal = Terminal::detect();
    match name.as_str() {
        "question" => {
            let asked = question();
            let said = match quiz::ask(&asked, 1, &terminal).expect("a terminal") {
                Reply::Given(chosen) => {
                    prompt::show(&quiz::explained(&asked, chosen, 1, terminal.text_width(), &terminal), &terminal)
                        .expect("a terminal");
                    format!("chose {}", asked.options[chosen].text)
                }
                Reply::Left => "left".to_owned(),
            };
            say(&said);
        }
        "confirm" => say(&format!("{:?}", prompt::confirm("Pull `busybox`?", true, &terminal).expect("a terminal"))),
        "text" => {
            say(&format!("{:?}", prompt::text("Where?", Some("~/dlearn"), None, &terminal).expect("a terminal")));
        }
        "turn" => say(&format!("{:?}", prompt::turn(&terminal).expect("a terminal"))),
        "panic" => {
            let _screen = dlearn::term::Screen::full().expect("a terminal");
            panic!("a fault in the program");
        }
        other => panic!("no scenario {other}"),
    }
}

fn say(text: &str) {
    Terminal::plain(80).print(&format!("<<{text}>>\n")).expect("a terminal");
}

fn question() -> Question {
    let option = |text: &str, right| Choice { text: text.into(), right, because: format!("({text} was explained)") };
    Question {
        id: "L06.layer".into(),
        ask: "Which instruction makes a **layer** that holds files?".into(),
        options: vec![
            option("`RUN pip install`, because it changes files", true),
            option(
                "`ENV`, and it is described in so many words that the text of this option needs more than a single line of an ordinary terminal",
                false,
            ),
            option("`CMD`", false),
        ],
    }
}

#[test]
fn a_question_is_answered_by_arrow_keys() {
    let mut pty = Pty::start("question", 80, 24, &[]);
    let shown = pty.shows("Esc to leave");
    assert!(shown.contains("Which instruction makes a layer") && shown.contains("3)"), "{shown}");
    pty.press(DOWN);
    pty.until("the second is marked", |screen| screen.contents().contains("❯ 2)"));
    pty.press("\r");
    pty.shows(">>");
    let order = quiz::order(&question(), 1);
    let (ended, text) = pty.end();
    assert!(ended && text.contains(&format!("<<chose {}>>", question().options[order[1]].text)), "{text}");
}

#[test]
fn a_question_is_answered_by_number() {
    let mut pty = Pty::start("question", 80, 24, &[("NO_COLOR", "1")]);
    pty.shows("3)");
    pty.press("3");
    pty.until("only the third is left", |screen| {
        let text = screen.contents();
        text.contains("❯ 3)") && !text.contains(" 1)") && !text.contains(" 2)")
    });
    pty.press("\r");
    pty.shows(">>");
    let order = quiz::order(&question(), 1);
    let (ended, text) = pty.end();
    assert!(ended && text.contains(&format!("<<chose {}>>", question().options[order[2]].text)), "{text}");
    assert!(!text.contains("\x1b[3") && !text.contains("\x1b[1m"), "no colour: {text:?}");
}

#[test]
fn leaving_is_an_answer_and_the_terminal_is_as_before() {
    for (scenario, ready) in [("question", "Esc to leave"), ("confirm", "Pull"), ("text", "Where"), ("turn", "leave")] {
        for key in [CTRL_C, "\x1b"] {
            let mut pty = Pty::start(scenario, 80, 24, &[]);
            pty.shows(ready);
            pty.press(key);
            pty.until("left", |screen| screen.contents().to_lowercase().contains("<<left>>"));
            assert!(pty.end().0, "{scenario} with {key:?} ended the process");
        }
    }
}

#[test]
fn enter_takes_the_default() {
    for (scenario, ready, said) in [
        ("confirm", "Pull", "<<Given(true)>>"),
        ("text", "Where", "<<Given(\"~/dlearn\")>>"),
        ("turn", "leave", "<<Given(Next)>>"),
    ] {
        let mut pty = Pty::start(scenario, 80, 24, &[]);
        pty.shows(ready);
        pty.press("\r");
        pty.shows(said);
        assert!(pty.end().0);
    }
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was() {
    let pty = Pty::start("panic", 80, 24, &[]);
    let (succeeded, text) = pty.end();
    assert!(!succeeded && text.contains("a fault in the program"));
    let shown_at = text.find("a fault in the program").expect("the message");
    let left_at = text.find("\x1b[?1049l").expect("the alternate screen is left");
    assert!(left_at < shown_at, "the message is written where it stays");
}

#[test]
fn nothing_is_asked_without_a_terminal() {
    let plain = Terminal::plain(80);
    let refused = |error: PromptError| matches!(error, PromptError::NoTerminal);
    assert!(quiz::ask(&question(), 1, &plain).is_err_and(refused));
    assert!(prompt::confirm("?", true, &plain).is_err_and(refused));
    assert!(prompt::text("?", None, None, &plain).is_err_and(refused));
    assert!(prompt::turn(&plain).is_err_and(refused));
}
