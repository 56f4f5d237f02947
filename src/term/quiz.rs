//! Questions of a lesson: asked, and explained once they are answered.

use super::{
    Screen, Terminal,
    canvas::Canvas,
    line::{Line, Span, Style},
    markdown,
    prompt::{PromptError, Reply},
    question::{Answer, Asking},
};
use crate::course::Question;

/// Columns before an option: its sign and its number.
pub(super) const HANGING: usize = 7;

/// Asks a question by arrow keys or numbers, on the whole screen; gives the index of the chosen
/// option in `question.options`. Its options are shown in the order that follows from `seed`.
///
/// # Errors
/// Where nobody can be asked.
pub fn ask(question: &Question, seed: u64, terminal: &Terminal) -> Result<Reply<usize>, PromptError> {
    if !terminal.interactive() {
        return Err(PromptError::NoTerminal);
    }
    let _screen = Screen::full()?;
    let mut canvas = Canvas::new(terminal);
    let header = |_: &Terminal| Line::new(&question.id, Style::ACCENT);
    Ok(match Asking::new(question, seed).run(&mut canvas, &header, false, &[])? {
        Reply::Given(Answer::Chosen(index)) => Reply::Given(index),
        Reply::Given(Answer::Back | Answer::Key(_)) | Reply::Left => Reply::Left,
    })
}

/// The options of an answered question: the right option and the chosen one, each with its `because`; the others
/// faint. In the order in which [`ask`] showed them.
pub fn explained(question: &Question, chosen: usize, seed: u64, width: usize, terminal: &Terminal) -> Vec<Line> {
    let right = question.answer();
    let mut lines = Vec::new();
    for (number, index) in order(question, seed).into_iter().enumerate() {
        let option = &question.options[index];
        let (sign, style, told) = match index {
            _ if index == right => (terminal.sign("✓", "+"), Style::GOOD.bold(), true),
            _ if index == chosen => (terminal.sign("✗", "x"), Style::BAD.bold(), true),
            _ => (" ", Style::DIM, false),
        };
        let mut prefix = vec![Span::new(&format!("  {sign} {}) ", number + 1), style)];
        for line in markdown::lines(&option.text, width.saturating_sub(HANGING), terminal) {
            let faint = |span: &Span| if told { span.clone() } else { span.restyled(Style::DIM) };
            prefix.extend(line.0.iter().map(faint));
            lines.push(Line(std::mem::replace(&mut prefix, vec![Span::plain(&" ".repeat(HANGING))])));
        }
        if told {
            for line in markdown::lines(&option.because, width.saturating_sub(HANGING), terminal) {
                let mut hung = vec![Span::plain(&" ".repeat(HANGING))];
                hung.extend(line.0.iter().map(|span| match span.style() {
                    Style::PLAIN => span.restyled(Style { italic: true, ..Style::PLAIN }),
                    _ => span.clone(),
                }));
                lines.push(Line(hung));
            }
        }
    }
    lines.push(Line::empty());
    lines.push(match chosen == right {
        true => Line::new("Right.", Style::GOOD.bold()),
        false => Line::new("Not this time; the question comes back in a later session.", Style::BOLD),
    });
    lines
}

/// A question that cannot be asked here (no terminal): its text and options, without the answer.
pub fn printed(question: &Question, seed: u64, width: usize, terminal: &Terminal) -> Vec<Line> {
    let mut lines = markdown::lines(&format!("### Question\n\n{}", question.ask), width, terminal);
    lines.push(Line::empty());
    for (number, index) in order(question, seed).into_iter().enumerate() {
        let mut prefix = vec![Span::plain(&format!("  {}) ", number + 1))];
        for line in markdown::lines(&question.options[index].text, width.saturating_sub(5), terminal) {
            prefix.extend(line.0);
            lines.push(Line(std::mem::replace(&mut prefix, vec![Span::plain("     ")])));
        }
    }
    lines
}

/// The order in which options are shown: indices into `question.options`, shuffled by `seed` and
/// the question's id, the same each time for the same both.
pub fn order(question: &Question, seed: u64) -> Vec<usize> {
    let mut state = question
        .id
        .bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut order: Vec<usize> = (0..question.options.len()).collect();
    for last in (1..order.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        order.swap(last, usize::try_from(mixed(state) % (last as u64 + 1)).unwrap_or(0));
    }
    order
}

/// SplitMix64's output function (Steele, Lea, Flood 2014).
fn mixed(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::lesson::Choice;
    use crate::term::paint;
    use std::collections::BTreeSet;

    fn question(id: &str) -> Question {
        let option = |text: &str, right| Choice { text: text.into(), right, because: format!("because {text}") };
        Question {
            id: id.into(),
            ask: "Which one makes a **layer**?".into(),
            options: vec![option("`RUN`", true), option("`ENV`", false), option("`CMD`", false)],
        }
    }

    #[test]
    fn the_order_follows_from_the_seed_and_every_order_occurs() {
        let asked = question("L06.layer");
        assert_eq!(order(&asked, 7), order(&asked, 7));
        let orders: BTreeSet<Vec<usize>> = (0..200).map(|seed| order(&asked, seed)).collect();
        assert_eq!(orders.len(), 6);
        let first = |seed| order(&question("L06.dot"), seed) == order(&asked, seed);
        assert!(!(0..50).all(first), "two questions of one seed are shuffled apart");
    }

    #[test]
    fn an_answer_is_explained_by_the_right_and_the_chosen_option() {
        let terminal = Terminal::plain(60);
        let text = |chosen| paint(&explained(&question("L06.layer"), chosen, 7, 60, &terminal), &terminal);
        assert!(text(0).contains("because `RUN`") && text(0).contains("Right."));
        assert!(!text(0).contains("because `ENV`"));
        assert!(text(1).contains("because `RUN`") && text(1).contains("because `ENV`"));
        assert!(!text(1).contains("because `CMD`") && !text(1).contains("Right."));
    }

    #[test]
    fn a_printed_question_gives_nothing_away() {
        let terminal = Terminal::plain(60);
        let text = paint(&printed(&question("L06.layer"), 7, 60, &terminal), &terminal);
        assert!(text.contains("`RUN`") && !text.contains("because"));
    }
}
