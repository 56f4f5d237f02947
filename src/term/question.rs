//! A question on the whole screen: arrows or numbers choose, Enter answers.
//!
//! Invariants: nothing is chosen before a key chose it, so an Enter held down to turn pages answers
//! nothing; the chosen option is in sight whole wherever the screen allows it.

use super::{
    Terminal,
    canvas::{Canvas, fold},
    line::{Line, Span, Style},
    markdown,
    prompt::{Reply, footer, leaves},
    quiz::{HANGING, order},
};
use crate::course::Question;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use std::io;
use std::ops::Range;

/// Rows that are not the question: the line above, an empty one, an empty one, the keys.
const FRAME: usize = 4;

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// With the option of this index in `question.options`.
    Chosen(usize),
    /// The reader goes back to what was before it.
    Back,
    /// A key that was asked to be told, and nothing is chosen.
    Key(char),
}

/// A question that is being asked.
pub(super) struct Asking<'a> {
    question: &'a Question,
    /// Indices into the options, in the order in which they are shown.
    order: Vec<usize>,
    /// The place of the chosen one in that order.
    at: Option<usize>,
    /// First row in sight.
    top: usize,
}

impl<'a> Asking<'a> {
    /// `seed` decides the order of the options.
    pub(super) fn new(question: &'a Question, seed: u64) -> Self {
        Self { question, order: order(question, seed), at: None, top: 0 }
    }

    /// Asks until an option is chosen, the reader leaves or presses one of the keys `told`, which stand with what they
    /// do; `header` stands above. `back` says whether there is something to go back to. Blocks.
    pub(super) fn run(
        &mut self,
        canvas: &mut Canvas,
        header: &dyn Fn(&Terminal) -> Line,
        back: bool,
        told: &[(&str, &str)],
    ) -> io::Result<Reply<Answer>> {
        loop {
            self.draw(canvas, header, back, told)?;
            match crossterm::event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if let Some(reply) = self.key(&key, back) {
                        return Ok(reply);
                    }
                    if let KeyCode::Char(char) = key.code
                        && told.iter().any(|(sign, _)| sign.chars().eq([char]))
                    {
                        return Ok(Reply::Given(Answer::Key(char)));
                    }
                }
                Event::Resize(columns, rows) => canvas.resize(columns, rows),
                _ => {}
            }
        }
    }

    fn key(&mut self, key: &KeyEvent, back: bool) -> Option<Reply<Answer>> {
        if leaves(key) {
            return Some(Reply::Left);
        }
        let last = self.order.len().saturating_sub(1);
        match key.code {
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => {
                self.at = Some(self.at.map_or(0, |at| if at == last { 0 } else { at + 1 }));
            }
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => {
                self.at = Some(self.at.map_or(last, |at| if at == 0 { last } else { at - 1 }));
            }
            KeyCode::Char(digit @ '1'..='9') => {
                let number = digit.to_digit(10).map_or(0, |digit| digit as usize);
                if number <= self.order.len() {
                    self.at = Some(number - 1);
                }
            }
            KeyCode::Enter => return self.at.map(|at| Reply::Given(Answer::Chosen(self.order[at]))),
            KeyCode::Char('b') | KeyCode::Backspace if back => return Some(Reply::Given(Answer::Back)),
            _ => {}
        }
        None
    }

    fn draw(
        &mut self,
        canvas: &mut Canvas,
        header: &dyn Fn(&Terminal) -> Line,
        back: bool,
        told: &[(&str, &str)],
    ) -> io::Result<()> {
        canvas.refresh();
        let terminal = canvas.terminal().clone();
        let (lines, chosen) = self.lines(&terminal, canvas.columns());
        let room = canvas.rows().saturating_sub(FRAME).max(1);
        self.top = scrolled(self.top, lines.len(), room, &chosen);
        let mut screen = vec![header(&terminal), Line::empty()];
        screen.extend(lines.iter().skip(self.top).take(room).cloned());
        screen.resize(canvas.rows().saturating_sub(1).max(1), Line::empty());
        screen.push(self.footer(lines.len() > room, back, told, canvas));
        canvas.show(&screen)
    }

    /// All rows, and which of them are the chosen option (all of the question where none is).
    fn lines(&self, terminal: &Terminal, columns: usize) -> (Vec<Line>, Range<usize>) {
        let width = terminal.text_width();
        let folded = |lines: Vec<Line>| lines.into_iter().flat_map(|line| fold(&line, columns)).collect::<Vec<_>>();
        let mut rows = folded(markdown::lines(&self.question.ask, width, terminal));
        rows.push(Line::empty());
        let mut chosen = 0..rows.len();
        for (place, index) in self.order.iter().enumerate() {
            let here = self.at == Some(place);
            let (sign, style) = if here { (terminal.sign("❯", ">"), Style::ACCENT) } else { (" ", Style::PLAIN) };
            let mut prefix = vec![Span::new(&format!("  {sign} {}) ", place + 1), style)];
            let mut option = Vec::new();
            let text = &self.question.options[*index].text;
            for line in markdown::lines(text, width.saturating_sub(HANGING), terminal) {
                prefix.extend(line.0.into_iter().map(|span| match here {
                    true => span.restyled(span.style().bold()),
                    false => span,
                }));
                option.push(Line(std::mem::replace(&mut prefix, vec![Span::plain(&" ".repeat(HANGING))])));
            }
            let option = folded(option);
            if here {
                chosen = rows.len()..rows.len() + option.len();
            }
            rows.extend(option);
        }
        (rows, chosen)
    }

    fn footer(&self, more: bool, back: bool, told: &[(&str, &str)], canvas: &Canvas) -> Line {
        let terminal = canvas.terminal();
        let choose = format!("{} or 1-{}", terminal.sign("↑↓", "arrows"), self.order.len());
        let mut hints = vec![(choose.as_str(), "choose")];
        if self.at.is_some() {
            hints.push(("Enter", "answer"));
        }
        if back {
            hints.push(("b", "back"));
        }
        hints.extend(told);
        hints.push(("q", "leave"));
        footer(&hints, if more { "more below and above" } else { "" }, canvas.columns(), terminal)
    }
}

/// Where the window of `room` rows stands, so that `wanted` is in it; its head, where it is too long.
pub(super) fn scrolled(top: usize, rows: usize, room: usize, wanted: &Range<usize>) -> usize {
    let top = if wanted.end > top + room { wanted.end - room } else { top };
    let top = if wanted.start < top { wanted.start } else { top };
    top.min(rows.saturating_sub(room))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::lesson::Choice;
    use crossterm::event::KeyModifiers;

    fn question() -> Question {
        let option = |text: &str, right| Choice { text: text.into(), right, because: String::new() };
        let options = vec![option("`RUN`", true), option("`ENV`", false), option("`CMD`", false)];
        Question { id: "L06.layer".into(), ask: "Which one makes a **layer**?".into(), options }
    }

    fn press(asking: &mut Asking<'_>, code: KeyCode) -> Option<Reply<Answer>> {
        asking.key(&KeyEvent::new(code, KeyModifiers::NONE), true)
    }

    #[test]
    fn enter_answers_nothing_before_something_is_chosen() {
        let question = question();
        let mut asking = Asking::new(&question, 3);
        assert_eq!(press(&mut asking, KeyCode::Enter), None);
        assert_eq!(press(&mut asking, KeyCode::Char('9')), None);
        assert_eq!(press(&mut asking, KeyCode::Enter), None);
        assert_eq!(press(&mut asking, KeyCode::Down), None);
        let first = order(&question, 3)[0];
        assert_eq!(press(&mut asking, KeyCode::Enter), Some(Reply::Given(Answer::Chosen(first))));
    }

    #[test]
    fn keys_go_round_and_numbers_go_straight() {
        let question = question();
        let mut asking = Asking::new(&question, 3);
        let at = |asking: &mut Asking<'_>, code| {
            assert_eq!(press(asking, code), None);
            asking.at
        };
        assert_eq!(at(&mut asking, KeyCode::Up), Some(2));
        assert_eq!(at(&mut asking, KeyCode::Down), Some(0));
        assert_eq!(at(&mut asking, KeyCode::Char('2')), Some(1));
        assert_eq!(press(&mut asking, KeyCode::Char('b')), Some(Reply::Given(Answer::Back)));
        assert_eq!(press(&mut asking, KeyCode::Char('q')), Some(Reply::Left));
    }

    #[test]
    fn the_chosen_option_is_in_sight() {
        assert_eq!(scrolled(0, 30, 10, &(12..14)), 4);
        assert_eq!(scrolled(4, 30, 10, &(2..3)), 2);
        assert_eq!(scrolled(9, 12, 10, &(3..5)), 2);
        assert_eq!(scrolled(0, 30, 4, &(10..20)), 10, "the head of one that is too long");
        assert_eq!(scrolled(0, 3, 10, &(1..2)), 0);
    }
}
