//! Every screen as a learner sees it, in two sizes.

use crate::{ESC, start};

/// The screen, without spaces at the ends of its lines.
fn screen(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_screen_of_a_lesson() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let shot = |name: &str, text: &str| insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen(text));
        let mut pty = start("read", columns, rows, &[]);
        shot("reader_first", &pty.drawn("q leave"));
        pty.press("?");
        shot("reader_keys", &pty.drawn("Enter close"));
        pty.press("?");
        pty.shows("How it begins.");
        pty.press("t");
        shot("reader_sections", &pty.drawn("Enter go there"));
        pty.press("2\r");
        shot("reader_long", &pty.drawn("below"));
        pty.press("/was");
        shot("reader_typing", &pty.drawn("/was"));
        pty.press("\x15paragraph 9\r");
        shot("reader_found", &pty.drawn("1 of 1"));
        pty.press(ESC);
        pty.shows("/ search");
        pty.press("G");
        pty.until("the end", |screen| {
            let text = screen.contents();
            text.contains("paragraph 20") && !text.contains("below")
        });
        pty.press("\r");
        shot("question", &pty.drawn("or 1-3 choose"));
        pty.press("2");
        shot("question_chosen", &pty.drawn("❯ 2)"));
        pty.press("\r");
        shot("question_answered", &pty.drawn("Enter go on"));
        pty.press("q");
        pty.shows(">>");
        assert!(pty.end().0);
    }
}

#[test]
fn every_screen_of_an_exercise() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let shot = |name: &str, text: &str| insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen(text));
        let mut pty = start("live", columns, rows, &[]);
        shot("live_waiting", &pty.drawn("· The second check"));
        pty.press("b");
        shot("live_busy", &pty.drawn("checking"));
        pty.press("b");
        pty.until("no longer busy", |screen| !screen.contents().contains("checking"));
        pty.press("c");
        shot("live_checked", &pty.drawn("do this"));
        pty.press("n");
        shot("live_note", &pty.drawn("A note to read now."));
        pty.press("t");
        shot("live_page", &pty.drawn("Enter more"));
        pty.press("q");
        pty.shows("c check");
        pty.press("a");
        shot("live_asking", &pty.shows("(Y/n)"));
        pty.press("n\r");
        pty.shows("answered");
        pty.press("q");
        assert!(pty.end().0);
    }
}
