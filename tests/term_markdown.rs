//! Markdown as a learner sees it, and what holds for any Markdown.

use dlearn::term::{Terminal, markdown, measure};
use proptest::prelude::*;

const SAMPLE: &str = include_str!("term_sample.md");

/// Escape sequences made visible.
fn visible(text: &str) -> String {
    text.replace('\x1b', "␛")
}

fn ascii(width: usize) -> Terminal {
    Terminal { unicode: false, ..Terminal::plain(width) }
}

#[test]
fn a_lesson_reads_well_without_colour() {
    for width in [40, 80, 120] {
        insta::assert_snapshot!(format!("plain_{width}"), markdown::render(SAMPLE, &Terminal::plain(width)));
    }
    insta::assert_snapshot!("ascii_60", markdown::render(SAMPLE, &ascii(60)));
}

#[test]
fn a_lesson_reads_well_in_colour() {
    for width in [40, 80, 120] {
        let terminal = Terminal { links: width == 120, ..Terminal::full(width, 24) };
        insta::assert_snapshot!(format!("colour_{width}"), visible(&markdown::render(SAMPLE, &terminal)));
    }
}

#[test]
fn text_is_at_most_a_hundred_columns_wide() {
    let prose = "word ".repeat(200);
    let text = markdown::render(&prose, &Terminal::plain(200));
    assert!(text.lines().all(|line| measure(line) <= 100));
}

#[test]
fn a_table_that_cannot_fit_becomes_a_list_of_its_rows() {
    let table = "| one | two | three | four |\n|-|-|-|-|\n| incomprehensibly | unquestionably | straightforward | a |\n| b | c | d | e |\n";
    insta::assert_snapshot!(markdown::render(table, &Terminal::plain(40)));
}

#[test]
fn what_an_author_quotes_cannot_steer_the_terminal() {
    let hostile = "a\x1b[2J `b\x1b]0;t\x07` [c](https://x\x1b]8;;) \n\n```\n\u{9b}31mred\rover\n```\n";
    let text = markdown::render(hostile, &Terminal::plain(80));
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text:?}");
}

#[test]
fn deep_nesting_neither_fails_nor_runs_out_of_width() {
    for nested in ["> ".repeat(3000), "- ".repeat(3000), "1. ".repeat(500)] {
        let text = markdown::render(&format!("{nested}deep inside"), &Terminal::plain(40));
        assert!(text.contains("deep inside") && text.lines().all(|line| measure(line) <= 40), "{text}");
    }
}

/// Pieces from which documents are put together: blocks, marks, wide and combining characters.
fn documents() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z日本é]{1,12}",
        "\\PC{0,6}",
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("e\u{301}👩‍🚀❤\u{fe0f}🇩🇪".to_owned()),
        prop::sample::select(vec![
            "# ",
            "## ",
            "- ",
            "1. ",
            "9999999. ",
            "- [x] ",
            "> ",
            "> [!NOTE]\n> ",
            "**",
            "*",
            "~~",
            "`",
            "``",
            "[a](https://b)",
            "![i](j)",
            "| a | b |\n|--|--|\n| c | d |\n",
            "|",
            "---\n",
            "<br>",
            "<b>",
            "<!-- ",
            "[^1]",
            "[^1]: ",
            "    ",
            "\\",
            "&amp;",
            "\t",
            "\x1b[31m",
            "\r",
            "\u{202e}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_line_is_too_wide_and_none_steers(text in documents(), width in 40usize..=200, unicode: bool) {
        let terminal = Terminal { unicode, ..Terminal::plain(width) };
        let drawn = markdown::lines(&text, terminal.text_width(), &terminal);
        let shown = markdown::render(&text, &terminal);
        prop_assert!(!shown.chars().any(|char| char.is_control() && char != '\n'), "{shown:?}");
        for line in drawn {
            let text = line.text();
            let code = text.contains("    ") || text.contains("│ ") || text.contains("| ");
            prop_assert!(code || measure(text.trim_end()) <= terminal.text_width(), "{text:?}");
        }
    }

    #[test]
    fn colour_changes_nothing_but_colour(text in "[a-z0-9 \\n#>.-]{0,200}", width in 40usize..=200) {
        let colour = Terminal { links: false, ..Terminal::full(width, 24) };
        let plain = markdown::render(&text, &Terminal::plain(width));
        let stripped = dlearn::term::sanitize(&markdown::render(&text, &colour)).into_owned();
        // The rules under headings stand in for colour.
        let rules = |text: &str| text.lines().filter(|line| !line.trim_matches([' ', '═', '─', '╌', '▌']).is_empty()).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(rules(&plain), rules(&stripped));
    }
}
