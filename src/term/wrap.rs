//! Breaking styled text into lines (UAX #14, by textwrap), with hanging prefixes.

use super::{
    Terminal,
    line::{Line, Span, Style, fitting, measure},
};
use std::ops::Range;
use textwrap::{WordSeparator, core::Fragment, wrap_algorithms};

/// Columns that text gets at least, however long its prefix is.
const LEAST: usize = 8;
/// Code up to this wide stays on one line.
const GLUED: usize = 48;

/// Breaks `text` into lines of at most `width` columns. The first line begins with `first`, the
/// others with `rest`. Gives one line at least.
pub fn wrap(text: &[Span], width: usize, first: &[Span], rest: &[Span]) -> Vec<Line> {
    let whole: String = text.iter().map(Span::text).collect();
    let taken = |prefix: &[Span]| prefix.iter().map(|span| measure(span.text())).sum::<usize>();
    let room = |prefix: &[Span]| width.saturating_sub(taken(prefix)).max(LEAST.min(width)).max(1);
    let rooms = [room(first), room(rest)];
    let least = rooms[0].min(rooms[1]);
    let pieces = pieces(&whole, &unbreakable(text, least), least);
    let rows = fit(&pieces, rooms);
    let mut lines: Vec<Line> = Vec::with_capacity(rows.len().max(1));
    // The spans that no row has come to the end of, and where the first of them begins: each is looked at once a row.
    let (mut spans, mut begins) = (text, 0);
    for row in rows {
        let prefix = if lines.is_empty() { first } else { rest };
        let (Some(head), Some(tail)) = (row.first(), row.last()) else { continue };
        let mut line = Line(prefix.to_vec());
        let range = head.word.start..tail.word.end;
        while let [span, after @ ..] = spans
            && begins + span.text().len() <= range.start
        {
            (spans, begins) = (after, begins + span.text().len());
        }
        line.0.extend(cut(spans, begins, range));
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(Line(first.to_vec()));
    }
    lines
}

/// As [`wrap`], for text in one style whose line breaks are kept.
pub fn wrap_text(text: &str, style: Style, width: usize, first: &[Span], rest: &[Span]) -> Vec<Line> {
    wrap_lines(text, |line| vec![Span::new(line, style)], width, first, rest)
}

/// As [`wrap_text`], with code in back quotes drawn as code.
pub fn wrap_message(text: &str, style: Style, width: usize, prefixes: [&[Span]; 2], terminal: &Terminal) -> Vec<Line> {
    wrap_lines(text, |line| message(line, style, terminal), width, prefixes[0], prefixes[1])
}

/// The spans of one line of a message. Without colour the back quotes stay.
fn message(line: &str, style: Style, terminal: &Terminal) -> Vec<Span> {
    let parts: Vec<&str> = line.split('`').collect();
    // The last part has no closing quote where their number is odd.
    let closed = parts.len() - usize::from(parts.len().is_multiple_of(2));
    let mut spans = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match index % 2 == 1 && index < closed {
            true if terminal.color => spans.push(Span::new(part, style.with(Style::CODE)).solid()),
            true => spans.push(Span::new(&format!("`{part}`"), style).solid()),
            false if index >= closed => spans.push(Span::new(&format!("`{part}"), style)),
            false => spans.push(Span::new(part, style)),
        }
    }
    spans
}

fn wrap_lines(text: &str, spans: impl Fn(&str) -> Vec<Span>, width: usize, first: &[Span], rest: &[Span]) -> Vec<Line> {
    let clean = super::sanitize(text);
    let mut lines = Vec::new();
    for paragraph in clean.lines() {
        let prefix = if lines.is_empty() { first } else { rest };
        lines.extend(wrap(&spans(paragraph), width, prefix, rest));
    }
    if lines.is_empty() {
        lines.push(Line(first.to_vec()));
    }
    lines
}

/// What must not be broken over lines, and the space behind it.
#[derive(Clone, Debug)]
struct Piece {
    word: Range<usize>,
    width: usize,
    space: usize,
}

impl Fragment for Piece {
    fn width(&self) -> f64 {
        self.width as f64
    }
    fn whitespace_width(&self) -> f64 {
        self.space as f64
    }
    fn penalty_width(&self) -> f64 {
        0.0
    }
}

/// Ranges of code, and whether a space in it may end a line.
fn unbreakable(text: &[Span], room: usize) -> Vec<(Range<usize>, bool)> {
    let mut at = 0;
    let mut found = Vec::new();
    for span in text {
        let range = at..at + span.text().len();
        at = range.end;
        if span.is_solid() {
            found.push((range, measure(span.text()) > GLUED.min(room * 3 / 4)));
        }
    }
    found
}

fn pieces(whole: &str, code: &[(Range<usize>, bool)], room: usize) -> Vec<Piece> {
    let mut ranges: Vec<(usize, usize, usize)> = Vec::new();
    let mut at = 0;
    // Both go upwards, so each range of code is looked at once: a message may hold thousands.
    let mut code = code.iter().peekable();
    let words = WordSeparator::UnicodeBreakProperties.find_words(whole);
    for (length, space) in words.flat_map(|word| at_slashes(word.word, word.whitespace.len())) {
        let (start, end) = (at, at + length);
        at = end + space;
        let after_space = whole[..start].ends_with(' ');
        while code.next_if(|(range, _)| range.end <= start).is_some() {}
        let in_code = code.peek().is_some_and(|(range, breaks)| range.start < start && !(*breaks && after_space));
        // Between two ASCII characters only a space ends a line: paths, addresses and flags are
        // read, and copied, as a whole.
        let ascii = whole[..start].ends_with(|char: char| char.is_ascii())
            && whole[start..].starts_with(|char: char| char.is_ascii());
        let held = in_code || (ascii && !after_space);
        match ranges.last_mut() {
            Some(last) if held => (last.1, last.2) = (end, space),
            _ => ranges.push((start, end, space)),
        }
    }
    ranges.into_iter().flat_map(|(start, end, space)| split(whole, start..end, space, room)).collect()
}

/// A word and the space behind it, in bytes, and once more at each space before a slash: Unicode lets no line begin with
/// one (LB13), and here that is how paths begin.
fn at_slashes(word: &str, space: usize) -> Vec<(usize, usize)> {
    let (mut parts, mut rest) = (Vec::new(), word);
    while let Some(at) = rest.find(" /") {
        let head = rest[..at].trim_end_matches(' ').len();
        parts.push((head, at + 1 - head));
        rest = &rest[at + 1..];
    }
    parts.push((rest.len(), space));
    parts
}

/// A piece that is wider than a line is broken between graphemes.
fn split(whole: &str, word: Range<usize>, space: usize, room: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = word.start;
    loop {
        // Not by measuring what is left each time: a word may be as long as a file.
        let length = fitting(&whole[start..word.end], room);
        if length == 0 || start + length == word.end {
            break;
        }
        let part = start..start + length;
        pieces.push(Piece { width: measure(&whole[part.clone()]), word: part, space: 0 });
        start += length;
    }
    pieces.push(Piece { width: measure(&whole[start..word.end]), word: start..word.end, space });
    pieces
}

/// Even lines by textwrap's optimal fit. Its own penalty for a line that is too long is low enough
/// for one to win over a ragged paragraph, hence ours.
fn fit(pieces: &[Piece], rooms: [usize; 2]) -> Vec<&[Piece]> {
    let widths = rooms.map(|room| room as f64);
    let penalties = wrap_algorithms::Penalties { overflow_penalty: 1_000_000, ..wrap_algorithms::Penalties::default() };
    wrap_algorithms::wrap_optimal_fit(pieces, &widths, &penalties)
        .unwrap_or_else(|_| wrap_algorithms::wrap_first_fit(pieces, &widths))
}

/// A range of a text whose spans from `begins` on these are.
fn cut(spans: &[Span], begins: usize, range: Range<usize>) -> impl Iterator<Item = Span> {
    let mut at = begins;
    let placed = spans.iter().map(move |span| {
        let start = at;
        at += span.text().len();
        (span, start, at)
    });
    let end = range.end;
    placed.take_while(move |(_, start, _)| *start < end).filter_map(move |(span, start, at)| {
        let (from, to) = (range.start.max(start), range.end.min(at));
        (from < to).then(|| span.slice(from - start..to - start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &[Span], width: usize) -> Vec<String> {
        wrap(text, width, &[Span::plain("- ")], &[Span::plain("  ")]).iter().map(Line::text).collect()
    }

    #[test]
    fn lines_hang_below_their_prefix() {
        assert_eq!(texts(&[Span::plain("one two three four five")], 14), ["- one two", "  three four", "  five"]);
        assert_eq!(texts(&[], 14), ["- "]);
    }

    #[test]
    fn wide_characters_count_two_columns_and_marks_none() {
        assert_eq!(texts(&[Span::plain("日本語の文章は長い")], 14), ["- 日本語の文章", "  は長い"]);
        let accents = "e\u{301}".repeat(14);
        let expected = [format!("- {}", "e\u{301}".repeat(12)), format!("  {}", "e\u{301}".repeat(2))];
        assert_eq!(texts(&[Span::plain(&accents)], 14), expected);
    }

    #[test]
    fn short_code_stays_together_and_long_code_breaks_at_spaces() {
        let code = |text: &str| Span::new(text, Style::CODE).solid();
        let text = [Span::plain("and after that run "), code("docker build ."), Span::plain(" again")];
        assert_eq!(texts(&text, 30), ["- and after that run", "  docker build . again"]);
        let text = [Span::plain("run "), code("docker push registry/some/name:tag")];
        assert_eq!(texts(&text, 32), ["- run docker push", "  registry/some/name:tag"]);
    }

    #[test]
    fn addresses_and_paths_stay_together() {
        let text = [Span::plain("see https://docs.docker.com/build/cache/ now")];
        assert_eq!(texts(&text, 40), ["- see", "  https://docs.docker.com/build/cache/", "  now"]);
    }

    #[test]
    fn a_line_may_begin_with_a_path() {
        let text = [Span::plain("holds /opt/bin/typeset, /opt/fonts, /var/cache/pkg")];
        assert_eq!(texts(&text, 26), ["- holds /opt/bin/typeset,", "  /opt/fonts,", "  /var/cache/pkg"]);
    }

    #[test]
    fn back_quotes_in_a_message_are_code() {
        let shown = |text: &str, terminal: &Terminal| {
            let lines = wrap_message(text, Style::PLAIN, 80, [&[], &[]], terminal);
            lines.iter().map(|line| line.paint(terminal)).collect::<Vec<_>>()
        };
        let (plain, full) = (Terminal::plain(80), Terminal::full(80, 24));
        assert_eq!(shown("use `EXPOSE 80` and `x", &plain), ["use `EXPOSE 80` and `x"]);
        assert_eq!(shown("use `EXPOSE 80` and `x", &full), ["use \x1b[36mEXPOSE 80\x1b[0m and `x"]);
        assert_eq!(shown("no quotes\nat all", &full), ["no quotes", "at all"]);
    }

    #[test]
    fn a_word_longer_than_the_line_is_broken() {
        assert_eq!(texts(&[Span::plain(&"x".repeat(30))], 16).len(), 3);
        assert_eq!(texts(&[Span::plain(&"x".repeat(28))], 16).len(), 2);
    }

    #[test]
    fn long_words_and_many_spans_take_time_by_their_length_only() {
        // Were every row measured against all that is left, each would take many minutes.
        assert_eq!(texts(&[Span::plain(&"x".repeat(1 << 20))], 18).len(), 1 << 16);
        let spans: Vec<Span> = (0..1 << 18).map(|_| Span::plain("one ")).collect();
        assert_eq!(texts(&spans, 17).len(), 1 << 16);
    }
}
