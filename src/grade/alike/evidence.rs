//! Two submissions side by side.

use super::{OwnLine, Print, normal};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices, get_diff_ratio};
use std::collections::{BTreeSet, HashMap};

/// Rows of one pair of files that are kept.
const MOST_ROWS: usize = 60;
/// Pairs of files that are kept.
const MOST_FILES: usize = 10;
/// Words of one file that are compared: the time that it takes grows with their square.
const MOST_WORDS: usize = 1000;

/// Two files, one of each submission.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Both {
    /// What they are called in the exercise's folder.
    pub names: [String; 2],
    /// How much of the learners' own words in them is alike, from 0 to 1.
    pub ratio: f64,
    /// The learners' own lines.
    pub rows: Vec<Row>,
    /// Rows that were left out at the end.
    pub left_out: usize,
}

/// A line of each, or of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Whether they say the same once comments, white space and drawn values are gone.
    pub same: bool,
    /// The line of the one: its number and its text.
    pub left: Option<(usize, String)>,
    /// The line of the other.
    pub right: Option<(usize, String)>,
}

/// How much of two prints is alike, from 0 to 1: twice the words that both have in the same order, of all words.
pub(super) fn ratio(one: &Print, other: &Print) -> f64 {
    let words = |lines: &[OwnLine]| lines.iter().map(|line| normal::words(&line.normal).count()).sum::<usize>();
    let all: usize = [one, other].into_iter().flat_map(|print| &print.files).map(|(_, lines)| words(lines)).sum();
    let matching: f64 = matched(one, other)
        .into_iter()
        .map(|(left, right)| of_words(left.1, right.1) * (words(left.1) + words(right.1)) as f64)
        .sum();
    if all == 0 { 0.0 } else { rounded(matching / all as f64) }
}

/// No ratio of two prints is larger than this: the words that both have in any order, of all words. Cheap.
pub(super) fn at_most(one: &Print, other: &Print) -> f64 {
    let words = |print: &'_ Print| print.lines().map(|line| normal::words(&line.normal).count()).sum::<usize>();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let of_one = one.lines().flat_map(|line| normal::words(&line.normal));
    of_one.for_each(|word| *counts.entry(word).or_default() += 1);
    let take = |word: &str| match counts.get_mut(word) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    let of_other = other.lines().flat_map(|line| normal::words(&line.normal));
    let shared = of_other.map(take).filter(|taken| *taken).count();
    2.0 * shared as f64 / (words(one) + words(other)).max(1) as f64
}

/// Rounded down to a hundredth, so that only what is alike throughout is 1.
fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0 + 1e-9).floor() / 100.0
}

fn of_words(left: &[OwnLine], right: &[OwnLine]) -> f64 {
    // Numbers for words: they are compared very often.
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let [left, right] = [left, right].map(|lines| {
        let words = lines.iter().flat_map(|line| normal::words(&line.normal)).take(MOST_WORDS);
        let number = |word| {
            let next = numbers.len();
            *numbers.entry(word).or_insert(next)
        };
        words.map(number).collect::<Vec<usize>>()
    });
    match left == right {
        true => 1.0,
        false => {
            let operations = capture_diff_slices(Algorithm::Myers, &left, &right);
            f64::from(get_diff_ratio(&operations, left.len(), right.len()))
        }
    }
}

/// The lines of two prints, file by file.
pub(super) fn side_by_side(one: &Print, other: &Print) -> Vec<Both> {
    let mut files: Vec<Both> = matched(one, other)
        .into_iter()
        .map(|(left, right)| {
            let mut rows = rows(left.1, right.1);
            let left_out = rows.len().saturating_sub(MOST_ROWS);
            rows.truncate(MOST_ROWS);
            let names = [left.0.to_owned(), right.0.to_owned()];
            Both { names, ratio: rounded(of_words(left.1, right.1)), rows, left_out }
        })
        .filter(|both| both.rows.iter().any(|row| row.same) || both.ratio >= 0.5)
        .collect();
    files.sort_by(|one, other| other.ratio.total_cmp(&one.ratio).then(one.names.cmp(&other.names)));
    files.truncate(MOST_FILES);
    files
}

/// A file's name and its own lines.
type Lines<'a> = (&'a str, &'a [OwnLine]);

/// Which file of the one goes with which of the other: of the same path, else the one that has most of its lines.
fn matched<'a>(one: &'a Print, other: &'a Print) -> Vec<(Lines<'a>, Lines<'a>)> {
    let as_lines = |file: &'a (String, Vec<OwnLine>)| (file.0.as_str(), file.1.as_slice());
    let mut free: Vec<Lines<'a>> = other.files.iter().map(as_lines).collect();
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    for left in one.files.iter().map(as_lines) {
        match free.iter().position(|right| right.0 == left.0) {
            Some(at) => pairs.push((left, free.swap_remove(at))),
            None => alone.push(left),
        }
    }
    for left in alone {
        let lines: BTreeSet<&str> = left.1.iter().map(|line| line.normal.as_str()).collect();
        let shared = |right: &Lines<'_>| right.1.iter().filter(|line| lines.contains(line.normal.as_str())).count();
        let best = (0..free.len()).max_by_key(|at| shared(&free[*at])).filter(|at| shared(&free[*at]) > 0);
        if let Some(at) = best {
            pairs.push((left, free.swap_remove(at)));
        }
    }
    pairs
}

fn rows(left: &[OwnLine], right: &[OwnLine]) -> Vec<Row> {
    let normal = |lines: &[OwnLine]| lines.iter().map(|line| line.normal.clone()).collect::<Vec<_>>();
    let line = |lines: &[OwnLine], at: usize| lines.get(at).map(|line| (line.number, line.text.clone()));
    let mut rows = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &normal(left), &normal(right)) {
        let same = matches!(operation, DiffOp::Equal { .. });
        let (old, new) = (operation.old_range(), operation.new_range());
        for step in 0..old.len().max(new.len()) {
            let side = |lines: &[OwnLine], range: &std::ops::Range<usize>| {
                let at = range.start + step;
                if at < range.end { line(lines, at) } else { None }
            };
            rows.push(Row { same, left: side(left, &old), right: side(right, &new) });
        }
    }
    rows
}
