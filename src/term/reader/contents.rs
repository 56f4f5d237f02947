//! The sections of a lesson, to go to one of them.

use crate::term::{
    Terminal,
    canvas::Canvas,
    line::{Line, Span, Style},
    prompt::{footer, interrupts, leaves},
    question::scrolled,
    wrap_message,
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use std::io;

/// Rows that are no sections: the line above, an empty one, an empty one, the keys.
const FRAME: usize = 4;

/// What was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// The section of this index.
    Section(usize),
    /// To stay.
    None,
    /// Ctrl-C: to leave the lesson.
    Left,
}

/// Shows the titles until one is chosen; `here` is where the reader is. Blocks.
pub(super) fn choose(
    titles: &[&str],
    here: usize,
    canvas: &mut Canvas,
    header: &dyn Fn(&Terminal) -> Line,
) -> io::Result<Chosen> {
    let (mut at, mut top) = (here, 0);
    loop {
        canvas.refresh();
        let terminal = canvas.terminal().clone();
        let room = canvas.rows().saturating_sub(FRAME).max(1);
        let (lines, marked) = listed(titles, at, here, &terminal);
        top = scrolled(top, lines.len(), room, &marked);
        let mut screen = vec![header(&terminal), Line::empty()];
        screen.extend(lines.into_iter().skip(top).take(room));
        screen.resize(canvas.rows().saturating_sub(1).max(1), Line::empty());
        let hints = [(terminal.sign("↑↓", "arrows"), "choose"), ("Enter", "go there"), ("q", "close")];
        screen.push(footer(&hints, "", canvas.columns(), &terminal));
        canvas.show(&screen)?;
        match crossterm::event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if let Some(chosen) = pressed(&key, &mut at, titles.len()) {
                    return Ok(chosen);
                }
            }
            Event::Resize(columns, rows) => canvas.resize(columns, rows),
            _ => {}
        }
    }
}

fn pressed(key: &KeyEvent, at: &mut usize, sections: usize) -> Option<Chosen> {
    let last = sections.saturating_sub(1);
    match key.code {
        _ if leaves(key) => return Some(if interrupts(key) { Chosen::Left } else { Chosen::None }),
        KeyCode::Char('t' | 'b') | KeyCode::Backspace => return Some(Chosen::None),
        KeyCode::Enter | KeyCode::Char(' ') => return Some(Chosen::Section(*at)),
        KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => *at = if *at >= last { 0 } else { *at + 1 },
        KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => *at = at.checked_sub(1).unwrap_or(last),
        KeyCode::Home | KeyCode::Char('g') => *at = 0,
        KeyCode::End | KeyCode::Char('G') => *at = last,
        KeyCode::Char(digit @ '1'..='9') => {
            let number = digit.to_digit(10).map_or(0, |digit| digit as usize);
            *at = (number - 1).min(last);
        }
        _ => {}
    }
    None
}

/// All titles, and the lines of the one that is marked.
fn listed(titles: &[&str], at: usize, here: usize, terminal: &Terminal) -> (Vec<Line>, std::ops::Range<usize>) {
    let mut lines: Vec<Line> = Vec::new();
    let mut marked = 0..0;
    for (index, title) in titles.iter().enumerate() {
        let (sign, style) = if index == at { (terminal.sign("❯", ">"), Style::ACCENT) } else { (" ", Style::PLAIN) };
        let first = [Span::new(&format!("  {sign} {:>2}. ", index + 1), style)];
        let from = lines.len();
        let mut wrapped =
            wrap_message(title, style, terminal.text_width(), [&first, &[Span::plain("        ")]], terminal);
        if index == here
            && let Some(last) = wrapped.last_mut()
        {
            last.0.push(Span::new(terminal.sign("  ← you are here", "  <- you are here"), Style::DIM));
        }
        lines.extend(wrapped);
        if index == at {
            marked = from..lines.len();
        }
    }
    (lines, marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    #[test]
    fn keys_go_round_and_numbers_go_straight() {
        let mut at = 1;
        let mut press = |code, modifiers| {
            let chosen = pressed(&KeyEvent::new(code, modifiers), &mut at, 3);
            (chosen, at)
        };
        let none = KeyModifiers::NONE;
        assert_eq!(press(KeyCode::Down, none), (None, 2));
        assert_eq!(press(KeyCode::Down, none), (None, 0));
        assert_eq!(press(KeyCode::Up, none), (None, 2));
        assert_eq!(press(KeyCode::Char('9'), none), (None, 2));
        assert_eq!(press(KeyCode::Char('2'), none), (None, 1));
        assert_eq!(press(KeyCode::Enter, none), (Some(Chosen::Section(1)), 1));
        assert_eq!(press(KeyCode::Char('q'), none), (Some(Chosen::None), 1));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), (Some(Chosen::Left), 1));
    }

    #[test]
    fn the_list_says_where_the_reader_is_and_which_is_marked() {
        let (lines, marked) = listed(&["One", "Two of them", "Three"], 0, 1, &Terminal::plain(40));
        let texts: Vec<String> = lines.iter().map(Line::text).collect();
        assert_eq!(texts, ["  ❯  1. One", "     2. Two of them  ← you are here", "     3. Three"]);
        assert_eq!(marked, 0..1);
    }
}
