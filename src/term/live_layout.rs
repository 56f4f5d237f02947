//! What the live screen shows where: a pure function from a frame and a size to rows.
//!
//! From the least to be given up to the first: the check being worked on, the list of checks (one
//! row each), the note, what else failed, the task, notes of passes.

use super::{
    Terminal, findings,
    line::{Line, Span, Style, ends},
    live::{Frame, status},
    markdown,
    prompt::keys,
    wrap::wrap_message,
};
use crate::check::Finding;

/// From this many rows on, an empty one stands above the line at the bottom.
const AIRY: usize = 20;
/// Wide enough that a title is not broken but cut.
const ONE_ROW: usize = 1000;

/// Rows from which on the beginning of a task is shown that does not fit as a whole.
const TASK: usize = 8;

/// Exactly `rows` lines of at most `columns` columns (code in a task may be cut).
pub(super) fn layout(frame: &Frame<'_>, columns: usize, rows: usize, terminal: &Terminal) -> Vec<Line> {
    let width = columns.min(terminal.text_width());
    let mut lines = vec![title(frame, width)];
    if rows >= AIRY {
        lines.extend(place(frame, width, terminal));
    }
    // The line at the bottom and, where there is room for it, an empty one above that.
    let room = rows.saturating_sub(lines.len() + if rows >= AIRY { 2 } else { 1 });
    let mut parts = Parts::new(frame, width, room, terminal);
    parts.spread(room, terminal);
    for part in [parts.task, parts.list, parts.others, parts.detail, parts.note] {
        if !part.is_empty() {
            lines.push(Line::empty());
            lines.extend(part);
        }
    }
    lines.truncate(rows.saturating_sub(1));
    lines.resize(rows.saturating_sub(1), Line::empty());
    lines.push(bottom(frame, width, terminal));
    lines.truncate(rows);
    lines
}

/// The parts between the title and the line at the bottom. Each costs an empty row above it.
struct Parts {
    task: Vec<Line>,
    list: Vec<Line>,
    /// What is said about other checks that failed, as far as there is room.
    others: Vec<Line>,
    detail: Vec<Line>,
    note: Vec<Line>,
    /// All of the others, one block each, in the order of the list.
    whole_others: Vec<Vec<Line>>,
    width: usize,
    /// The task as a whole, and the list with everything that it says.
    whole_task: Vec<Line>,
    whole_list: Vec<Line>,
    whole_note: Vec<Line>,
    /// What stands for the rest of a task and of a note.
    more: Line,
    cut: Line,
}

impl Parts {
    fn new(frame: &Frame<'_>, width: usize, room: usize, terminal: &Terminal) -> Self {
        let current = findings::current(frame.findings);
        let seen: Vec<&Finding> = findings::shown(frame.findings).collect();
        let one_row = |finding: &&Finding| {
            findings::titled(finding, ONE_ROW, terminal).first().map(|line| line.cut(width, terminal))
        };
        let short: Vec<Line> = seen.iter().filter_map(one_row).collect();
        // The list keeps three rows, or one on a low screen, and an empty row stands above each.
        let kept = short.len().min(if room >= AIRY { 3 } else { 1 });
        let detail_room = room.saturating_sub(kept + 2);
        let detail = match current {
            Some(finding) => findings::detail_within(finding, width, detail_room.max(1), terminal),
            None if seen.iter().any(|finding| finding.verdict.passed()) => findings::summary(frame.findings, width),
            None => Vec::new(),
        };
        let at = current.and_then(|current| seen.iter().position(|finding| finding.id == current.id)).unwrap_or(0);
        let list_room = room.saturating_sub(detail.len() + 2);
        Self {
            list: window(short, at, list_room, terminal),
            others: Vec::new(),
            detail,
            whole_others: findings::others(frame.findings, width, terminal),
            width,
            task: Vec::new(),
            note: Vec::new(),
            whole_task: markdown::lines(frame.task, width, terminal),
            whole_list: findings::list(frame.findings, width, terminal),
            whole_note: frame.note.map_or_else(Vec::new, |note| noted(note, width, terminal)),
            more: more(frame, terminal),
            cut: Line(vec![Span::new(terminal.sign("▌ …", "| ..."), Style::DIM)]),
        }
    }

    /// Gives what room is left to the note, then to what else failed, then to the task, then to the list's details.
    fn spread(&mut self, room: usize, terminal: &Terminal) {
        let used = |part: &[Line]| if part.is_empty() { 0 } else { part.len() + 1 };
        let mut left = room.saturating_sub(used(&self.list) + used(&self.detail));
        self.note = first(&self.whole_note, left.saturating_sub(1), &self.cut);
        left = left.saturating_sub(used(&self.note));
        left = left.saturating_sub(self.explain_others(left, terminal));
        // A few lines of a task are worth nothing, and would come and go with each check.
        let for_task = left.saturating_sub(1);
        if self.whole_task.len() <= for_task || for_task >= TASK {
            self.task = first(&self.whole_task, for_task, &self.more);
        }
        left = left.saturating_sub(used(&self.task));
        if self.whole_list.len() <= self.list.len() + left {
            self.list = std::mem::take(&mut self.whole_list);
        }
    }
}

impl Parts {
    /// Explains as many of the other failures as there is room for, above the one to begin with, and says how many are
    /// left. Gives the rows that this takes.
    fn explain_others(&mut self, room: usize, terminal: &Terminal) -> usize {
        let all = self.whole_others.len();
        let fits = |shown: usize| {
            let blocks: usize = self.whole_others.iter().take(shown).map(|block| block.len() + 1).sum();
            // Which one to begin with is said only where there are several.
            let rows = blocks + usize::from(shown > 0);
            rows + if shown < all { self.left(all - shown, terminal).len() + 1 } else { 0 }
        };
        let Some((shown, rows)) = (0..=all).rev().map(|shown| (shown, fits(shown))).find(|(_, rows)| *rows <= room)
        else {
            return 0;
        };
        if all == 0 {
            return 0;
        }
        for block in self.whole_others.drain(..shown).rev() {
            if !self.others.is_empty() {
                self.others.push(Line::empty());
            }
            self.others.extend(block);
        }
        if shown > 0 {
            self.detail.insert(0, findings::begin_here());
        }
        if shown < all {
            let left = self.left(all - shown, terminal);
            self.detail.push(Line::empty());
            self.detail.extend(left);
        }
        rows
    }

    /// How many failures are not explained, and what explains them.
    fn left(&self, count: usize, terminal: &Terminal) -> Vec<Line> {
        let text = match count {
            1 => "1 more is not yet: `dlearn check` shows all of them".to_owned(),
            _ => format!("{count} more are not yet: `dlearn check` shows all of them"),
        };
        let indent: &[Span] = &[Span::plain(findings::INDENT)];
        wrap_message(&text, Style::DIM, self.width, [indent, indent], terminal)
    }
}

/// Stands for the rest of a task: `… t task`, where there is a key for it.
fn more(frame: &Frame<'_>, terminal: &Terminal) -> Line {
    let mut spans = vec![Span::new(terminal.sign("… ", "... "), Style::DIM)];
    if let Some(hint) = frame.keys.iter().find(|(_, does)| does.contains("task")) {
        spans.extend(keys(&[*hint], terminal));
    }
    Line(spans)
}

/// As many lines as fit, the last of them a sign that there is more. Nothing rather than the sign
/// alone.
fn first(lines: &[Line], room: usize, more: &Line) -> Vec<Line> {
    if lines.len() <= room {
        return lines.to_vec();
    }
    if room < 2 {
        return Vec::new();
    }
    let mut kept = lines[..room - 1].to_vec();
    while kept.last().is_some_and(|line| line.width() == 0) {
        kept.pop();
    }
    kept.push(more.clone());
    kept
}

/// The rows around `at`, where not all fit.
fn window(lines: Vec<Line>, at: usize, room: usize, terminal: &Terminal) -> Vec<Line> {
    if lines.len() <= room || room == 0 {
        return lines.into_iter().take(room).collect();
    }
    let of = lines.len();
    let rows = room - usize::from(room > 2);
    let from = at.saturating_sub(rows / 2).min(of - rows);
    let mut kept: Vec<Line> = lines.into_iter().skip(from).take(rows).collect();
    if rows < room {
        let text = format!("    {} checks {} to {} of {of}", terminal.sign("…", "..."), from + 1, from + rows);
        kept.push(Line::new(&text, Style::DIM));
    }
    kept
}

fn noted(note: &str, width: usize, terminal: &Terminal) -> Vec<Line> {
    let bar = Span::new(terminal.sign("▌ ", "| "), Style::CODE);
    let lines = markdown::lines(note, width.saturating_sub(2), terminal);
    lines.into_iter().map(|line| Line([vec![bar.clone()], line.0].concat())).collect()
}

fn title(frame: &Frame<'_>, width: usize) -> Line {
    let round = Some(frame.round).filter(|round| !round.is_empty());
    let round = round.map_or_else(Vec::new, |round| vec![Span::new(round, Style::DIM)]);
    ends(vec![Span::new(frame.title, Style::ACCENT)], round, width)
}

/// Where the files are. Of a path that is too long the end is shown: that is what tells folders apart.
fn place(frame: &Frame<'_>, width: usize, terminal: &Terminal) -> Option<Line> {
    if frame.folder.is_empty() {
        return None;
    }
    let lead = Span::new("your folder: ", Style::DIM);
    let room = width.saturating_sub(lead.text().len());
    let mut folder = Span::plain(frame.folder);
    let mut rest = frame.folder;
    while super::measure(folder.text()) > room
        && let Some((_, shorter)) = rest.split_once('/')
    {
        rest = shorter;
        folder = Span::plain(&format!("{}/{rest}", terminal.sign("…", "...")));
    }
    Some(Line(vec![lead, folder]).cut(width, terminal))
}

fn bottom(frame: &Frame<'_>, width: usize, terminal: &Terminal) -> Line {
    let hints = keys(frame.keys, terminal);
    let mut state = Line(status(frame, terminal));
    // What stands there is from before: it may be mended by now.
    if frame.busy && findings::current(frame.findings).is_some() {
        state.0.push(Span::new(" above: the last result", Style::DIM));
    }
    // The keys matter more than what is watched.
    let room = width.saturating_sub(Line(hints.clone()).width() + 2);
    let state = if room < 4 { Vec::new() } else { state.cut(room, terminal).0 };
    ends(state, hints, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NotYet, Place, Verdict};
    use proptest::prelude::*;

    const KEYS: [(&str, &str); 4] = [("h", "hint"), ("c", "check now"), ("t", "task"), ("q", "leave")];

    fn findings(count: usize, failing: usize, words: usize) -> Vec<Finding> {
        let not_yet = NotYet {
            expected: "expected ".repeat(words),
            found: "found ".repeat(words * 3),
            advice: "do this at once".into(),
            place: Some(Place { file: "Dockerfile".into(), line: 3, text: "RUN false".into() }),
        };
        let verdict = |index: usize| match index.cmp(&failing) {
            std::cmp::Ordering::Less => Verdict::pass_with("a note"),
            std::cmp::Ordering::Equal => Verdict::NotYet(not_yet.clone()),
            std::cmp::Ordering::Greater => Verdict::Waits { on: "x".into() },
        };
        let finding = |index: usize| Finding {
            id: index.to_string(),
            title: format!("Check number {index} is as it should be"),
            weight: 1,
            hidden: false,
            optional: false,
            verdict: verdict(index),
            evidence: Vec::new(),
        };
        (0..count).map(finding).collect()
    }

    fn texts(frame: &Frame<'_>, columns: usize, rows: usize) -> Vec<String> {
        layout(frame, columns, rows, &Terminal::plain(columns)).iter().map(Line::text).collect()
    }

    #[test]
    fn before_the_first_verdict_the_checks_stand_there_and_nothing_is_counted() {
        let waiting: Vec<Finding> = findings(3, 0, 1)
            .into_iter()
            .map(|finding| Finding { verdict: Verdict::Waits { on: String::new() }, ..finding })
            .collect();
        let frame = Frame { title: "E01", findings: &waiting, busy: true, keys: &KEYS, ..Frame::default() };
        let text = texts(&frame, 80, 24).join("\n");
        assert!(text.contains("Check number 2") && text.contains("checking"), "{text}");
        assert!(!text.contains("of 3") && !text.contains("last result"), "{text}");
    }

    #[test]
    fn while_it_checks_again_what_is_known_is_called_the_last_result() {
        let findings = findings(3, 1, 1);
        let frame = Frame { title: "E01", findings: &findings, keys: &KEYS, ..Frame::default() };
        assert!(!texts(&frame, 80, 24).join("\n").contains("last result"));
        let text = texts(&Frame { busy: true, ..frame }, 80, 24).join("\n");
        assert!(text.contains("above: the last result") && text.contains("q leave"), "{text}");
    }

    #[test]
    fn a_task_that_does_not_fit_names_the_key_that_shows_it() {
        let findings = findings(6, 2, 10);
        let task = "A long task. ".repeat(90);
        let frame = Frame { title: "E01", task: &task, findings: &findings, keys: &KEYS, ..Frame::default() };
        let lines = texts(&frame, 80, 34);
        assert!(lines.iter().any(|line| line == "… t task"), "{}", lines.join("\n"));
        // Where there is room for a scrap of it only, there is none, and no sign of it but the key.
        let lines = texts(&frame, 80, 24);
        assert!(
            !lines.iter().any(|line| line.contains("A long task") || line.starts_with('…')),
            "{}",
            lines.join("\n")
        );
    }

    /// Of so many checks, all after the first one fail.
    fn failures(count: usize) -> Vec<Finding> {
        let failed = findings(count, 1, 1)[1].verdict.clone();
        let all = findings(count, 1, 1).into_iter().enumerate();
        all.map(|(at, it)| if at > 0 { Finding { verdict: failed.clone(), ..it } } else { it }).collect()
    }

    #[test]
    fn what_else_failed_is_explained_before_the_task_where_there_is_room() {
        let (findings, task) = (failures(4), "A long task. ".repeat(30));
        let frame = Frame { title: "E01", task: &task, findings: &findings, keys: &KEYS, ..Frame::default() };
        let shown = |rows| texts(&frame, 80, rows).join("\n");
        let all = shown(36);
        assert_eq!(all.matches("do:       do this at once").count(), 3, "{all}");
        let at = |text: &str| all.find(text).unwrap_or_else(|| panic!("{text}: {all}"));
        assert!(at("✗ Check number 3") < at("Begin with this one:"), "{all}");
        assert_eq!(all.rsplit("Begin with this one:").next().unwrap().matches("Check number 1").count(), 1, "{all}");
        assert!(!all.contains("more is not yet") && !all.contains("A long task"), "{all}");
        assert!(shown(60).contains("A long task"));
        // Where there is room for a line, it counts them.
        let few = shown(20);
        assert!(few.contains("2 more are not yet: `dlearn check` shows all of them"), "{few}");
        assert!(!few.contains("Begin with this one") && few.contains("q leave"), "{few}");
    }

    proptest! {
        #[test]
        fn with_any_number_of_failures_the_first_is_in_sight(
            count in 2usize..15, columns in 80usize..=120, rows in 24usize..=60,
        ) {
            let findings = failures(count);
            let frame = Frame { title: "E01", task: "The task.", findings: &findings, keys: &KEYS, ..Frame::default() };
            let lines = texts(&frame, columns, rows);
            prop_assert_eq!(lines.len(), rows);
            let text = lines.join("\n");
            prop_assert_eq!(text.matches("✗ Check number 1 is").count(), 2, "{}", text);
            prop_assert!(text.contains("do:       do this at once") && lines[rows - 1].contains("q leave"), "{}", text);
        }

        #[test]
        fn the_check_to_work_on_is_always_in_sight(
            count in 1usize..15, failing in 0usize..15, words in 0usize..80, note in 0usize..200,
            columns in 80usize..=120, rows in 24usize..=40,
        ) {
            let findings = findings(count, failing.min(count - 1), words);
            let (task, note) = ("The task. ".repeat(40), "A note. ".repeat(note));
            let frame = Frame {
                title: "E01", round: "round 1 of 3", folder: "~/dlearn/E01-first-dockerfile", task: &task, findings: &findings, note: Some(&note),
                status: "watching", keys: &KEYS, ..Frame::default()
            };
            let lines = texts(&frame, columns, rows);
            prop_assert_eq!(lines.len(), rows);
            prop_assert!(lines.iter().all(|line| super::super::measure(line.trim_end()) <= columns));
            let text = lines.join("\n");
            let failed = format!("✗ Check number {} is", failing.min(count - 1));
            prop_assert_eq!(text.matches(&failed).count(), 2, "{}", text);
            prop_assert!(text.contains("do:       do this at once"), "{}", text);
            prop_assert!(lines[rows - 1].contains("q leave"));
        }

        #[test]
        fn no_size_is_too_small(columns in 1usize..200, rows in 1usize..30, count in 0usize..20, words in 0usize..50) {
            let findings = findings(count, count / 2, words);
            let frame = Frame { title: "E01", task: "x", findings: &findings, keys: &KEYS, ..Frame::default() };
            prop_assert_eq!(texts(&frame, columns, rows).len(), rows);
        }
    }
}
