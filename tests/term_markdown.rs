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
fn attributes_of_code_are_not_shown_and_change_no_colour() {
    let terminal = Terminal::full(80, 24);
    for (plain, with) in [
        ("sh", "sh fails=\"1 2\" input='exit'"),
        ("dockerfile", "dockerfile file=web.Dockerfile"),
        ("text", "text output columns since=23.0"),
        ("yaml", "text file=notes.txt"),
        ("python", "python file=app.py"),
    ] {
        let block = |info| markdown::render(&format!("```{info}\nRUN docker build -t a .\n```\n"), &terminal);
        assert_eq!(block(plain), block(with), "{with}");
    }
}

/// What is on the screen is selected and pasted into a shell, as learners do it.
#[test]
fn a_here_document_on_the_screen_can_be_pasted_into_a_shell() {
    let block = "cat > Dockerfile <<'END'\nFROM busybox:1.36\n  # two spaces\nEND\ncat Dockerfile";
    let in_list = format!("1. Write it:\n\n   ```sh\n   {}\n   ```\n", block.replace('\n', "\n   "));
    for page in [format!("```sh\n{block}\n```\n"), in_list] {
        let shown = markdown::render(&page, &Terminal::plain(80));
        let selected = &shown[shown.find("cat >").unwrap()..];
        let folder = tempfile::tempdir().unwrap();
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", selected]).current_dir(&folder).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "FROM busybox:1.36\n  # two spaces\n", "{shown}");
    }
}

#[test]
fn code_stands_at_the_left_edge_only_where_spaces_would_spoil_it() {
    let shown = |info: &str, code: &str| {
        let page = format!("Save:\n\n```{info}\n{code}\n```\n");
        markdown::render(&page, &Terminal::plain(80)).split_once("\n\n").unwrap().1.to_owned()
    };
    let python = "def hello():\n    print(1)\n";
    assert_eq!(shown("python file=hello.py", python.trim_end()), python);
    assert_eq!(shown("text file=.dockerignore", "*.log"), "*.log\n");
    assert_eq!(shown("dockerfile", "RUN <<EOF\nmake\nEOF"), "RUN <<EOF\nmake\nEOF\n");
    assert_eq!(shown("sh", "docker build \\\n  -t a ."), "    docker build \\\n      -t a .\n");
    let quoted = markdown::render("> ```yaml\n> a: 1\n> ```\n", &Terminal::plain(80));
    assert_eq!(quoted, "▌ a: 1\n", "the bar of a quotation stays");
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
