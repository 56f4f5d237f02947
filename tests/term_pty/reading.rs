//! Finding one's way in a lesson: search, the list of sections, the keys.

use crate::{CTRL_C, DOWN, ESC, coloured, start, told};

#[test]
fn a_word_is_found_in_every_section_and_round_again() {
    let mut pty = start("read", 80, 24, &[]);
    pty.shows("How it begins.");
    pty.press("/PARAGRAPH 7\r");
    pty.shows("\"PARAGRAPH 7\" is not in this lesson");
    pty.press("/paragraph  7");
    pty.shows("/paragraph  7");
    pty.press("\r");
    let found = pty.shows("\"paragraph  7\" 1 of 1");
    assert!(found.contains("section 2 of 3") && found.contains("This is paragraph 7 of"), "{found}");
    pty.press("/it begins\x7fs\r");
    let found = pty.shows("\"it begins\" 1 of 1");
    assert!(found.contains("section 1 of 3"), "{found}");
    pty.press("/was all\r");
    pty.shows("section 3 of 3");
    pty.press(ESC);
    pty.until("the search has ended", |screen| screen.contents().contains("/ search"));
    pty.press("q");
    assert_eq!(told(pty), "shown 0; shown 1; shown 0; shown 2; Left { section: 2 }");
}

#[test]
fn the_next_place_and_the_one_before_are_a_key_away_and_marked() {
    let mut pty = start("read", 80, 24, &[("TERM_FROM", "1")]);
    pty.shows("Enter more");
    pty.press("/this is\r");
    pty.shows("\"this is\" 1 of 20");
    let marked = |row: u16| {
        move |screen: &vt100::Screen| {
            let cell = screen.cell(row, 0).expect("a cell");
            cell.inverse() && cell.bold() && cell.contents() == "T"
        }
    };
    pty.until("the first one is marked", marked(3));
    for number in 2..=20 {
        pty.press("n");
        pty.shows(&format!("\"this is\" {number} of 20"));
    }
    pty.press("n");
    pty.shows("\"this is\" 1 of 20");
    pty.press("N");
    pty.shows("\"this is\" 20 of 20");
    pty.press("N");
    pty.shows("\"this is\" 19 of 20");
    pty.press(CTRL_C);
    assert_eq!(told(pty), "shown 1; Left { section: 1 }");
}

#[test]
fn without_colour_what_was_found_is_reversed() {
    let mut pty = start("read", 80, 24, &[("TERM_FROM", "1"), ("NO_COLOR", "1")]);
    pty.shows("Enter more");
    pty.press("/paragraph 19\r");
    pty.shows("1 of 1");
    pty.until("it is marked, and nothing else is", |screen| {
        let cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        cells.filter(|cell| cell.inverse()).map(vt100::Cell::contents).collect::<String>() == "paragraph 19"
    });
    pty.press(ESC);
    pty.shows("/ search");
    pty.press(ESC);
    pty.shows(">>");
    let (ended, text) = pty.end();
    let uncoloured = text.replace("\x1b[7m", "").replace("\x1b[1m", "");
    assert!(ended && !coloured(&uncoloured), "{text:?}");
}

#[test]
fn a_search_is_given_up_by_escape_by_rubbing_it_out_and_by_leaving() {
    let mut pty = start("read", 80, 24, &[]);
    pty.shows("How it begins.");
    pty.press("/ab");
    pty.shows("/ab");
    pty.press(ESC);
    pty.shows("/ search");
    pty.press("n");
    pty.shows("nothing to search for yet");
    // Escape takes what was said away, and leaves nothing.
    pty.press(ESC);
    pty.shows("/ search");
    pty.press("/not there at all\r");
    pty.shows("is not in this lesson");
    pty.press(ESC);
    pty.shows("/ search");
    pty.press("/a\x7f\x7f");
    pty.shows("/ search");
    // Keys that mean something elsewhere are letters here.
    pty.press("/qt?b");
    pty.shows("/qt?b");
    pty.press("\x15");
    pty.until("what was typed is gone", |screen| screen.contents().lines().last().map(str::trim_end) == Some("/_"));
    pty.press("x");
    pty.shows("/x");
    pty.press(CTRL_C);
    assert_eq!(told(pty), "shown 0; Left { section: 0 }");
}

#[test]
fn what_is_pasted_is_searched_for_and_turns_no_page() {
    let mut pty = start("read", 80, 24, &[]);
    pty.shows("How it begins.");
    pty.press("\x1b[200~q\rq\x1b[201~/\x1b[200~was\n\x1b[31mall\x1b[201~");
    pty.shows("/was all");
    pty.press("\r");
    pty.shows("\"was all\" 1 of 1");
    pty.press("q");
    assert_eq!(told(pty), "shown 0; shown 2; Left { section: 2 }");
}

#[test]
fn a_section_is_gone_to_from_the_list_from_a_text_and_from_a_question() {
    let mut pty = start("read", 80, 24, &[]);
    pty.shows("t sections");
    pty.press("t");
    let list = pty.shows("Enter go there");
    assert!(list.contains("❯  1. A lesson  ← you are here") && list.contains("   3. End"), "{list}");
    pty.press("q");
    pty.shows("How it begins.");
    pty.press("t3\r");
    pty.shows("That was all.");
    pty.press("b");
    let question = pty.shows("or 1-3 choose");
    assert!(question.contains("t sections") && question.contains("? keys"), "{question}");
    pty.press("?");
    pty.shows("search in this lesson");
    pty.press("?");
    pty.shows("or 1-3 choose");
    pty.press("t");
    pty.shows("2. Long  ← you are here");
    pty.press(DOWN);
    pty.until("the third is marked", |screen| screen.contents().contains("❯  3. End"));
    pty.press(DOWN);
    pty.until("the first is marked", |screen| screen.contents().contains("❯  1. A lesson"));
    pty.press("\r");
    pty.shows("How it begins.");
    pty.press("t");
    pty.shows("Enter go there");
    pty.press(CTRL_C);
    assert_eq!(told(pty), "shown 0; shown 2; shown 1; shown 0; Left { section: 0 }");
}

#[test]
fn the_keys_are_a_key_away_in_every_size() {
    for (columns, rows) in [(40, 10), (80, 24), (200, 60)] {
        let mut pty = start("read", columns, rows, &[]);
        pty.shows("How it begins.");
        let footer = pty.shows("q leave");
        assert!(footer.contains("Enter go on"), "{footer}");
        pty.press("?");
        pty.shows("What it does");
        pty.resize(rows * 2 + 20, columns / 2);
        pty.shows("Enter");
        pty.press("q");
        pty.shows("How it begins.");
        pty.press("?");
        pty.shows("What it does");
        pty.press(CTRL_C);
        assert_eq!(told(pty), "shown 0; Left { section: 0 }");
    }
}
