//! What the page shows, as plain texts and numbers: the template decides nothing.

use crate::grade::alike::{Both, Pair};
use crate::grade::gradebook::{Gradebook, Graded, State};
use crate::grade::score::{Points, Score};
use crate::report::lines::{Line, Standing, late, lines, names};
use crate::term::{sanitize, sanitize_line};
use serde::Serialize;

/// Bars of the distribution: tenths of the points, and all of them.
const BARS: usize = 11;
/// Pairs that are laid side by side.
const MOST_PAIRS: usize = 100;

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct View {
    course: String,
    /// What is counted: a word and a number.
    counts: Vec<(String, usize)>,
    /// Arithmetic mean and median of the points, where anything was handed in.
    middle: Option<[Points; 2]>,
    of: Points,
    bars: Vec<Bar>,
    /// Id, title, points, whether they are a bonus.
    columns: Vec<(String, String, Points, bool)>,
    /// What being late costs, in words.
    late: Option<String>,
    maps: Vec<Map>,
    learners: Vec<Learner>,
    absent: Vec<(String, Option<String>)>,
    pairs: Vec<PairView>,
    pairs_left_out: usize,
    not_allowed: Vec<String>,
    not_judged: Vec<Open>,
}

/// How many have so many points.
#[derive(Debug, Default, Serialize)]
struct Bar {
    label: String,
    /// All that count is final.
    settled: usize,
    open: usize,
    /// Parts of a hundred of the longest bar.
    widths: [usize; 2],
}

/// Checks of an exercise by learner.
#[derive(Debug, Serialize)]
struct Map {
    id: String,
    title: String,
    /// Id, title, whether it is hidden, how many of how many passed.
    checks: Vec<MapCheck>,
    rows: Vec<MapRow>,
}

#[derive(Debug, Serialize)]
struct MapCheck {
    round: Option<usize>,
    id: String,
    title: String,
    passed: usize,
    of: usize,
}

#[derive(Debug, Serialize)]
struct MapRow {
    anchor: String,
    name: String,
    cells: Vec<Mark>,
}

/// A sign, a word and a class of style for a state.
#[derive(Clone, Copy, Debug, Serialize)]
struct Mark {
    sign: &'static str,
    words: &'static str,
    class: &'static str,
}

impl Mark {
    const NOT_ASKED: Self = Self { sign: "·", words: "not asked", class: "none" };

    fn of(standing: Standing) -> Self {
        let (sign, class) = match standing {
            Standing::Passed => ("✓", "passed"),
            Standing::NotYet => ("✗", "failed"),
            Standing::NotJudged => ("?", "open"),
            Standing::Waits => ("…", "waits"),
            Standing::Missing => ("–", "missing"),
        };
        Self { sign, words: standing.words(), class }
    }

    fn of_state(state: State) -> Self {
        Self::of(match state {
            State::Passed => Standing::Passed,
            State::NotYet => Standing::NotYet,
            State::NotJudged => Standing::NotJudged,
            State::Missing => Standing::Missing,
        })
    }
}

/// Somebody's submission.
#[derive(Debug, Serialize)]
struct Learner {
    anchor: String,
    name: String,
    full_name: Option<String>,
    source: String,
    mark: Mark,
    score: Score,
    /// Points before anything was taken off for being late.
    before: Option<Points>,
    bonus: Option<Points>,
    /// Points of each exercise, and those before.
    cells: Vec<(Mark, Points, Option<Points>)>,
    notes: Vec<String>,
    flagged: bool,
    stranger: bool,
    /// What there is to look at, and titles of what passed.
    told: Vec<Told>,
    passed: Vec<(String, String, Points)>,
}

/// A check that did not pass.
#[derive(Debug, Serialize)]
struct Told {
    place: String,
    title: String,
    hidden: bool,
    optional: bool,
    mark: Mark,
    score: Score,
    words: Vec<(&'static str, String)>,
}

#[derive(Debug, Serialize)]
struct Open {
    anchor: String,
    name: String,
    place: String,
    title: String,
    why: String,
    points: Points,
}

#[derive(Debug, Serialize)]
struct PairView {
    exercise: String,
    names: [String; 2],
    anchors: [String; 2],
    reasons: Vec<String>,
    files: Vec<Both>,
}

impl View {
    pub(super) fn of(book: &Gradebook) -> Self {
        let names = names(book);
        let all: Vec<(&Graded, Vec<Line<'_>>)> =
            book.submissions.iter().map(|graded| (graded, lines(graded, book))).collect();
        let open = all.iter().enumerate().flat_map(|(at, (_, lines))| {
            let open = lines.iter().filter(|line| line.standing == Standing::NotJudged);
            open.map(|line| Open::of(line, &names[at], anchor(at))).collect::<Vec<_>>()
        });
        Self {
            course: one_line(&book.course),
            counts: counts(book),
            middle: middle(book),
            of: crate::grade::gradebook::all_points(&book.exercises),
            late: book.late.as_ref().map(|policy| policy.words()),
            bars: bars(book),
            columns: book
                .exercises
                .iter()
                .map(|column| (one_line(&column.id), one_line(&column.title), column.points, column.bonus))
                .collect(),
            maps: book.exercises.iter().map(|column| Map::of(&column.id, &column.title, &all, &names)).collect(),
            learners: all
                .iter()
                .enumerate()
                .map(|(at, (graded, lines))| learner(book, at, graded, lines, &names))
                .collect(),
            absent: book
                .missing
                .iter()
                .map(|absent| (one_line(&absent.learner), absent.name.as_deref().map(one_line)))
                .collect(),
            pairs: book.similar.iter().take(MOST_PAIRS).map(|pair| PairView::of(pair, &names)).collect(),
            pairs_left_out: book.similar.len().saturating_sub(MOST_PAIRS) + book.similar_left_out,
            not_allowed: book.not_allowed.iter().map(|name| one_line(name)).collect(),
            not_judged: open.collect(),
        }
    }
}

fn one_line(text: &str) -> String {
    sanitize_line(text).into_owned()
}

/// No learner has a part in what a section is called in addresses.
fn anchor(at: usize) -> String {
    format!("submission-{}", at + 1)
}

fn counts(book: &Gradebook) -> Vec<(String, usize)> {
    let with = |state: State| book.submissions.iter().filter(|graded| graded.state == state).count();
    let mut counts = vec![
        ("submissions".to_owned(), book.submissions.len()),
        ("passed".to_owned(), with(State::Passed)),
        ("not yet".to_owned(), with(State::NotYet)),
        ("not judged in full".to_owned(), with(State::NotJudged)),
    ];
    let empty = with(State::Missing);
    let strangers = book.submissions.iter().filter(|graded| graded.in_roster == Some(false)).count();
    let pairs = book.similar.len() + book.similar_left_out;
    for (words, count) in [
        ("without any exercise", empty),
        ("not in the roster", strangers),
        ("in the roster without submission", book.missing.len()),
        ("pairs that are alike", pairs),
    ] {
        if count > 0 {
            counts.push((words.to_owned(), count));
        }
    }
    counts
}

fn middle(book: &Gradebook) -> Option<[Points; 2]> {
    let mut all: Vec<Points> = book.submissions.iter().map(|graded| graded.score.points).collect();
    all.sort_unstable();
    let (first, second) = (all.get(all.len().checked_sub(1)? / 2)?, all.get(all.len() / 2)?);
    let mean = all.iter().map(|points| points.0).sum::<u64>() / all.len() as u64;
    Some([Points(mean), Points((first.0 + second.0) / 2)])
}

fn bars(book: &Gradebook) -> Vec<Bar> {
    let label = |bar: usize| match bar {
        10 => "100 %".to_owned(),
        bar => format!("{} to {} %", bar * 10, bar * 10 + 9),
    };
    let mut bars: Vec<Bar> = (0..BARS).map(|bar| Bar { label: label(bar), ..Bar::default() }).collect();
    for Score { points, not_judged, of } in book.submissions.iter().map(|graded| graded.score) {
        let bar = (points.0 * 10).checked_div(of.0).unwrap_or(10).min(10) as usize;
        match not_judged == Points::default() {
            true => bars[bar].settled += 1,
            false => bars[bar].open += 1,
        }
    }
    let longest = bars.iter().map(|bar| bar.settled + bar.open).max().unwrap_or(0).max(1);
    for bar in &mut bars {
        bar.widths = [bar.settled, bar.open].map(|count| count * 100 / longest);
    }
    bars.reverse();
    bars
}

impl Map {
    fn of(id: &str, title: &str, all: &[(&Graded, Vec<Line<'_>>)], names: &[String]) -> Self {
        let mut checks: Vec<MapCheck> = Vec::new();
        let of_exercise = |lines: &'_ [Line<'_>]| -> Vec<(Option<usize>, Option<String>, String, Standing)> {
            let own = lines.iter().filter(|line| line.exercise.id == id);
            own.map(|line| {
                let check = line.check.map(|check| one_line(&check.finding.id));
                (line.round, check, line.title(), line.standing)
            })
            .collect()
        };
        let told: Vec<_> = all.iter().map(|(_, lines)| of_exercise(lines)).collect();
        for (round, check, title, _) in told.iter().flatten() {
            let Some(check) = check else { continue };
            if !checks.iter().any(|known| known.round == *round && known.id == *check) {
                checks.push(MapCheck { round: *round, id: check.clone(), title: title.clone(), passed: 0, of: 0 });
            }
        }
        // Rounds in their order, whoever came first; checks as they stand in them.
        checks.sort_by_key(|check| check.round);
        let mut rows = Vec::new();
        for (at, told) in told.iter().enumerate() {
            let cell = |check: &mut MapCheck| {
                let own = told.iter().find(|(round, id, ..)| *round == check.round && id.as_deref() == Some(&check.id));
                // A round without checks, or an exercise without rounds, came out as a whole.
                let whole =
                    || told.iter().find(|(round, id, ..)| id.is_none() && (*round == check.round || round.is_none()));
                let Some((.., standing)) = own.or_else(whole) else { return Mark::NOT_ASKED };
                check.of += 1;
                check.passed += usize::from(*standing == Standing::Passed);
                Mark::of(*standing)
            };
            let cells = checks.iter_mut().map(cell).collect();
            rows.push(MapRow { anchor: anchor(at), name: names[at].clone(), cells });
        }
        Self { id: one_line(id), title: one_line(title), checks, rows }
    }
}

fn learner(book: &Gradebook, at: usize, graded: &Graded, lines: &[Line<'_>], names: &[String]) -> Learner {
    let (passed, told): (Vec<&Line<'_>>, Vec<&Line<'_>>) =
        lines.iter().partition(|line| line.standing == Standing::Passed && line.words.is_empty());
    let of_exercises = graded.exercises.iter().filter(|exercise| !exercise.rounds.is_empty());
    let of_exercises =
        of_exercises.flat_map(|exercise| exercise.notes.iter().map(|note| format!("{}: {note}", exercise.id)));
    let with = |pair: &Pair| {
        let other = pair.submissions.iter().position(|which| *which == at).map(|side| pair.submissions[1 - side])?;
        let reasons = pair.reasons().join(", ");
        Some(format!("{}: alike with the submission of {}: {reasons}", pair.exercise, names[other]))
    };
    let alike: Vec<String> = book.similar.iter().filter_map(with).collect();
    let notes: Vec<String> = graded.notes.iter().cloned().chain(late(graded)).chain(of_exercises).collect();
    Learner {
        anchor: anchor(at),
        name: names[at].clone(),
        full_name: graded.name.as_deref().map(one_line).filter(|name| *name != names[at]),
        source: one_line(&graded.source),
        mark: Mark::of_state(graded.state),
        score: graded.score,
        before: graded.points_before,
        bonus: graded.bonus.filter(|bonus| bonus.0 > 0),
        cells: graded
            .exercises
            .iter()
            .map(|exercise| {
                let before = exercise.late.as_ref().map(|late| late.points_before);
                (Mark::of_state(exercise.state), exercise.score.points, before)
            })
            .collect(),
        flagged: !(notes.is_empty() && alike.is_empty()),
        notes: notes.into_iter().chain(alike).map(|note| one_line(&note)).collect(),
        stranger: graded.in_roster == Some(false),
        told: told.into_iter().map(Told::of).collect(),
        passed: passed.into_iter().map(|line| (line.place(), line.title(), line.score.of)).collect(),
    }
}

impl Told {
    fn of(line: &Line<'_>) -> Self {
        Self {
            place: line.place(),
            title: line.title(),
            hidden: line.check.is_some_and(|check| check.finding.hidden),
            optional: line.check.is_some_and(|check| check.finding.optional),
            mark: Mark::of(line.standing),
            score: line.score,
            words: line.words.iter().map(|(word, what)| (word.trim_end_matches(':'), what.clone())).collect(),
        }
    }
}

impl Open {
    fn of(line: &Line<'_>, name: &str, anchor: String) -> Self {
        let (place, title) = (line.place(), line.title());
        let said = line.words.iter().map(|(word, what)| match *word {
            "" | "not judged:" => what.clone(),
            word => format!("{word} {what}"),
        });
        let why = said.collect::<Vec<_>>().join("\n");
        Self { anchor, name: name.to_owned(), place, title, why, points: line.score.not_judged }
    }
}

impl PairView {
    fn of(pair: &Pair, names: &[String]) -> Self {
        let side =
            |side: usize| names.get(pair.submissions[side]).cloned().unwrap_or_else(|| one_line(&pair.learners[side]));
        let mut files = pair.files.clone();
        for row in files.iter_mut().flat_map(|both| &mut both.rows) {
            for (_, text) in [&mut row.left, &mut row.right].into_iter().flatten() {
                *text = sanitize(text).into_owned();
            }
        }
        Self {
            exercise: one_line(&pair.exercise),
            names: [side(0), side(1)],
            anchors: pair.submissions.map(anchor),
            reasons: pair.reasons().iter().map(|reason| one_line(reason)).collect(),
            files,
        }
    }
}
