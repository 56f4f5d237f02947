//! The terminal side in a real (pseudo-) terminal.

#[path = "../common/pty.rs"]
mod pty;
mod reading;
mod scenarios;
mod screens;

use dlearn::term::{PromptError, Terminal, prompt, quiz};
use pty::{CommandBuilder, Pty};
use scenarios::{lesson, question};

const DOWN: &str = "\x1b[B";
const CTRL_C: &str = "\x03";
const ESC: &str = "\x1b";

/// Not a test by itself: what the tests below run in their terminals.
#[test]
fn scenario() {
    if let Ok(name) = std::env::var("TERM_SCENARIO") {
        scenarios::run(&name);
    }
}

/// This test binary itself, run again for one scenario, so that what is tested is the library and not a
/// binary made for the test.
fn start(scenario: &str, columns: u16, rows: u16, variables: &[(&str, &str)]) -> Pty {
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "scenario", "--nocapture", "--test-threads=1"]);
    command.env("TERM_SCENARIO", scenario);
    Pty::spawn(command, columns, rows, variables)
}

#[test]
fn a_question_is_answered_by_arrow_keys() {
    let mut pty = start("question", 80, 24, &[]);
    let shown = pty.shows("q leave");
    assert!(shown.contains("Which instruction makes a layer") && shown.contains("3)"), "{shown}");
    assert!(!shown.contains('❯') && !shown.contains("Enter"), "nothing is chosen yet: {shown}");
    pty.press(DOWN);
    pty.press(DOWN);
    pty.until("the second is marked", |screen| screen.contents().contains("❯ 2)"));
    pty.press("\r");
    pty.shows(">>");
    let order = quiz::order(&question(), 1);
    let (ended, text) = pty.end();
    assert!(ended && text.contains(&format!("<<chose {}>>", question().options[order[1]].text)), "{text}");
}

/// Whether it holds a sequence that sets an attribute (SGR), apart from one that resets them.
fn coloured(text: &str) -> bool {
    let sequences = text.split("\x1b[").skip(1);
    sequences
        .filter_map(|rest| rest.split_once('m'))
        .any(|(set, _)| !matches!(set, "" | "0") && set.chars().all(|char| char.is_ascii_digit() || char == ';'))
}

#[test]
fn a_question_is_answered_by_number() {
    let mut pty = start("question", 80, 24, &[("NO_COLOR", "1")]);
    pty.shows("3)");
    pty.press("3");
    pty.until("the third is marked", |screen| screen.contents().contains("❯ 3)"));
    pty.press("\r");
    pty.shows(">>");
    let order = quiz::order(&question(), 1);
    let (ended, text) = pty.end();
    assert!(ended && text.contains(&format!("<<chose {}>>", question().options[order[2]].text)), "{text}");
    assert!(!coloured(&text), "{text:?}");
}

#[test]
fn leaving_is_an_answer_and_the_terminal_is_as_before() {
    for (scenario, ready) in [("question", "q leave"), ("confirm", "Pull"), ("text", "Where"), ("turn", "leave")] {
        for key in [CTRL_C, "\x1b"] {
            let mut pty = start(scenario, 80, 24, &[]);
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
        let mut pty = start(scenario, 80, 24, &[]);
        pty.shows(ready);
        pty.press("\r");
        pty.shows(said);
        assert!(pty.end().0);
    }
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was() {
    let pty = start("panic", 80, 24, &[]);
    let (succeeded, text) = pty.end();
    assert!(!succeeded && text.contains("a fault in the program"));
    let shown_at = text.find("a fault in the program").expect("the message");
    let left_at = text.find("\x1b[?1049l").expect("the alternate screen is left");
    assert!(left_at < shown_at, "the message is written where it stays");
}

#[test]
fn a_process_ended_by_a_signal_can_put_the_terminal_back_first() {
    let (succeeded, text) = start("ended", 80, 24, &[]).end();
    assert!(!succeeded && text.contains("\x1b[?1049l"));
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

/// What the reader's scenario says at its end.
fn told(pty: Pty) -> String {
    pty.shows(">>");
    let (ended, text) = pty.end();
    assert!(ended);
    let from = text.rfind("<<").expect("the report");
    text[from + 2..].split(">>").next().unwrap_or_default().to_owned()
}

#[test]
fn a_lesson_is_read_to_its_end_and_every_step_is_told() {
    let mut pty = start("read", 80, 24, &[]);
    let shown = pty.shows("Enter go on");
    assert!(shown.contains("L99 · section 1 of 3 · 15 min") && shown.contains("Goal: Read."), "{shown}");
    pty.press("\r");
    pty.shows("section 2 of 3");
    pty.shows("Enter more");
    pty.press(" ");
    pty.shows("paragraph 20");
    pty.until("the end of the section", |screen| !screen.contents().contains("below"));
    pty.press("\r");
    pty.shows("or 1-3 choose");
    pty.press("1\r");
    pty.shows("explained");
    pty.press("\r");
    pty.shows("section 3 of 3");
    pty.press("\r");
    let order = quiz::order(&question(), 1);
    assert_eq!(
        told(pty),
        format!("shown 0; shown 1; answered L06.layer {} {}; shown 2; Finished", order[0], order[0] == 0)
    );
}

#[test]
fn a_section_longer_than_the_screen_is_scrolled_back_and_forth() {
    let mut pty = start("read", 80, 24, &[("TERM_FROM", "1")]);
    let top = pty.shows("Enter more");
    assert!(top.contains("Long") && !top.contains("paragraph 12"), "{top}");
    pty.press(DOWN);
    pty.until("one line down", |screen| {
        !screen.contents().contains("Long\n") && screen.contents().contains("paragraph 1 ")
    });
    pty.press("\x1b[A");
    pty.until("one line up", |screen| screen.contents() == top);
    pty.press("G");
    pty.shows("paragraph 20");
    pty.press("bbb");
    pty.until("at the top, then the section before", |screen| screen.contents().contains("section 1 of 3"));
    pty.press("\r");
    pty.until("the long section again", |screen| screen.contents() == top);
    pty.press("q");
    assert_eq!(told(pty), "shown 1; shown 0; shown 1; Left { section: 1 }");
}

#[test]
fn a_lesson_follows_the_size_of_the_terminal() {
    let mut pty = start("read", 80, 24, &[("TERM_FROM", "1")]);
    pty.shows("Enter more");
    pty.resize(60, 12);
    let small = pty.until("the smaller screen", |screen| {
        let text = screen.contents();
        text.starts_with("L99") && text.contains("Enter more") && text.lines().count() == 12
    });
    assert!(small.lines().all(|line| dlearn::term::measure(line) <= 60), "{small}");
    pty.resize(120, 40);
    pty.until("the larger screen", |screen| screen.contents().contains("paragraph 17 "));
    pty.press(CTRL_C);
    assert_eq!(told(pty), "shown 1; Left { section: 1 }");
}

#[test]
fn leaving_in_a_question_keeps_the_place() {
    let mut pty = start("read", 80, 24, &[("TERM_FROM", "1"), ("NO_COLOR", "1")]);
    pty.shows("Enter more");
    pty.press("G");
    pty.until("the end", |screen| !screen.contents().contains("below"));
    pty.press("\r");
    pty.shows("or 1-3 choose");
    pty.press(CTRL_C);
    assert_eq!(told(pty), "shown 1; Left { section: 1 }");
}

#[test]
fn checks_change_in_place_and_nothing_is_written_twice() {
    let mut pty = start("live", 80, 24, &[]);
    pty.shows("· The second check");
    pty.press("b");
    pty.shows("checking");
    let before = pty.written();
    pty.press("xyz");
    pty.press("b");
    pty.until("no longer busy", |screen| !screen.contents().contains("checking"));
    let change = &pty.written()[before.len()..];
    assert!(change.len() < 250 && !change.contains("The second check"), "one row is written: {change:?}");
    pty.press("c");
    let text = pty.shows("do this");
    assert!(text.contains("✓ The first check") && text.contains("✗ The second check"), "{text}");
    pty.press("n");
    pty.shows("▌ A note to read now.");
    pty.press("q");
    let (ended, text) = pty.end();
    assert!(ended && text.contains("<<left>>"), "{text}");
    assert_eq!(text.matches("\x1b[2J").count(), 1, "the screen is cleared once");
}

#[test]
fn the_live_screen_follows_the_size_and_lends_itself_to_pages_and_prompts() {
    let mut pty = start("live", 120, 40, &[("NO_COLOR", "1")]);
    pty.shows("· The second check");
    pty.resize(80, 24);
    pty.until("the smaller screen", |screen| {
        screen.contents().starts_with("E99") && screen.contents().lines().count() == 24
    });
    pty.press("t");
    pty.shows("Enter more");
    pty.press("q");
    pty.shows("c check");
    pty.press("a");
    pty.shows("(Y/n)");
    pty.press("n\r");
    pty.shows("answered Given(false)");
    pty.press("\x1b");
    let (ended, text) = pty.end();
    assert!(ended && text.contains("<<left>>"), "{text}");
    assert!(!coloured(&text), "{text:?}");
}

#[test]
fn a_panic_below_the_live_screen_leaves_the_terminal_as_it_was() {
    let mut pty = start("live", 80, 24, &[]);
    pty.shows("· The second check");
    pty.press("p");
    let (ended, text) = pty.end();
    assert!(!ended && text.contains("a fault in the program"));
}

#[test]
fn progress_shows_on_a_terminal_and_leaves_nothing_behind() {
    let pty = start("progress", 80, 24, &[]);
    pty.shows("<<done>>");
    let (ended, text) = pty.end();
    assert!(ended && text.contains("pulling busybox"), "{text:?}");
    let progress = dlearn::term::Progress::start("pulling busybox", &Terminal::plain(80));
    progress.say("still");
    progress.finish();
}

#[test]
fn without_a_terminal_a_section_is_printed_with_its_questions() {
    let text = dlearn::term::reader::section(&lesson(), 1, 1, &Terminal::plain(80));
    assert!(text.contains("paragraph 20") && text.contains("1) ") && !text.contains("explained"), "{text}");
    assert!(!text.contains('\x1b'));
    assert_eq!(dlearn::term::reader::section(&lesson(), 9, 1, &Terminal::plain(80)), "");
    struct Nobody;
    impl dlearn::term::ReadProgress for Nobody {
        fn section_shown(&mut self, _: usize) {
            panic!("nothing was shown");
        }
        fn answered(&mut self, _: &dlearn::course::Question, _: usize, _: bool) {
            panic!("nothing was asked");
        }
    }
    let refused = dlearn::term::reader::read(&lesson(), 0, 1, &Terminal::plain(80), &mut Nobody);
    assert!(matches!(refused, Err(PromptError::NoTerminal)));
}
