//! What a report says of a submission, line by line: every check of every round, and what has none. Pure.

use crate::check::Verdict;
use crate::grade::gradebook::{Column, Gradebook, Graded, GradedCheck, GradedExercise, GradedRound, State};
use crate::grade::score::Score;
use crate::term::{sanitize, sanitize_line};

/// How a line came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// As it should.
    Passed,
    /// Not as it should.
    NotYet,
    /// It could not be judged: neither earned nor lost.
    NotJudged,
    /// Something that comes before it failed.
    Waits,
    /// It was not handed in.
    Missing,
}

impl Standing {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass { .. } => Self::Passed,
            Verdict::NotYet(_) => Self::NotYet,
            Verdict::CannotTell { .. } => Self::NotJudged,
            Verdict::Waits { .. } => Self::Waits,
        }
    }

    fn of_state(state: State) -> Self {
        match state {
            State::Passed => Self::Passed,
            State::NotYet => Self::NotYet,
            State::NotJudged => Self::NotJudged,
            State::Missing => Self::Missing,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NotYet => "not yet",
            Self::NotJudged => "not judged",
            Self::Waits => "waits",
            Self::Missing => "missing",
        }
    }
}

/// One line of a report.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its exercise.
    pub exercise: &'a Column,
    /// Its round, from 1; none where there is but one.
    pub round: Option<usize>,
    /// The check; none where nothing was judged.
    pub check: Option<&'a GradedCheck>,
    /// How it came out.
    pub standing: Standing,
    /// Earned, not judged, to be earned.
    pub score: Score,
    /// What is to be said of it: a word (`expected:`), and what follows. Harmless, perhaps of several lines.
    pub words: Vec<(&'static str, String)>,
}

impl Line<'_> {
    /// `E01`, `S01 round 2`
    pub fn place(&self) -> String {
        match self.round {
            Some(round) => format!("{} round {round}", self.exercise.id),
            None => self.exercise.id.clone(),
        }
    }

    /// What the check says, else the exercise's title. On one line.
    pub fn title(&self) -> String {
        let title = self.check.map_or(&self.exercise.title, |check| &check.finding.title);
        sanitize_line(title).into_owned()
    }

    /// Everything that is to be said of it, a line for each word.
    pub fn text(&self) -> String {
        let said = self.words.iter().map(|(word, what)| match word.is_empty() {
            true => what.clone(),
            false => format!("{word} {what}"),
        });
        said.collect::<Vec<_>>().join("\n")
    }
}

/// Every line of a submission, in the order of the exercises, rounds and checks.
pub fn lines<'a>(graded: &'a Graded, book: &'a Gradebook) -> Vec<Line<'a>> {
    let both = graded.exercises.iter().zip(&book.exercises);
    both.flat_map(|(exercise, column)| of_exercise(graded, exercise, column)).collect()
}

fn of_exercise<'a>(graded: &Graded, exercise: &'a GradedExercise, column: &'a Column) -> Vec<Line<'a>> {
    if exercise.rounds.is_empty() {
        let why = match (&graded.refused, exercise.state) {
            (Some(why), _) => why.clone(),
            (None, State::Missing) => "nothing was handed in".to_owned(),
            (None, _) => exercise.notes.join("\n"),
        };
        let standing = Standing::of_state(exercise.state);
        let words = vec![("", harmless(&why))];
        return vec![Line { exercise: column, round: None, check: None, standing, score: exercise.score, words }];
    }
    let several = exercise.rounds.len() > 1;
    let of_round = |round: &'a GradedRound| of_round(round, column, several.then_some(round.number));
    exercise.rounds.iter().flat_map(of_round).collect()
}

fn of_round<'a>(round: &'a GradedRound, exercise: &'a Column, number: Option<usize>) -> Vec<Line<'a>> {
    let mut why: Vec<(&'static str, String)> = round.reason.iter().map(|reason| ("", harmless(reason))).collect();
    for refusal in &round.refusals {
        why.push(("refused:", harmless(&format!("{}, line {}: {}", refusal.file, refusal.line, refusal.what))));
        why.push(("do:", harmless(&refusal.help)));
    }
    if round.checks.is_empty() {
        let standing = Standing::of_state(round.state);
        return vec![Line { exercise, round: number, check: None, standing, score: round.score, words: why }];
    }
    let all: Vec<&GradedCheck> = round.checks.iter().collect();
    let line = |check: &'a GradedCheck| Line {
        exercise,
        round: number,
        check: Some(check),
        standing: Standing::of(&check.finding.verdict),
        score: check.score,
        words: words(check, &all),
    };
    let mut lines: Vec<Line<'a>> = round.checks.iter().map(line).collect();
    // Why a build stopped is said once, where it was missed first.
    if let Some(first) = lines.iter_mut().find(|line| line.standing != Standing::Passed) {
        first.words.extend(why);
    }
    lines
}

/// What a check says of its verdict. `all` are those that may come before it.
pub(super) fn words(check: &GradedCheck, all: &[&GradedCheck]) -> Vec<(&'static str, String)> {
    let words: Vec<(&'static str, String)> = match &check.finding.verdict {
        Verdict::Pass { notes } => notes.iter().map(|note| ("and:", note.clone())).collect(),
        Verdict::NotYet(not_yet) => {
            let mut words = vec![("expected:", not_yet.expected.clone()), ("found:", not_yet.found.clone())];
            if let Some(place) = &not_yet.place {
                words.push(("where:", format!("{}, line {}: {}", place.file, place.line, place.text.trim())));
            }
            words.push(("do:", not_yet.advice.clone()));
            words
        }
        Verdict::CannotTell { reason, .. } => vec![("not judged:", reason.clone())],
        Verdict::Waits { on } => {
            let before = all.iter().find(|check| check.finding.id == *on);
            let before = before.map_or("another check", |check| &check.finding.title);
            vec![("not judged:", format!("this comes first: {before}"))]
        }
    };
    let words = words.into_iter().map(|(word, what)| (word, harmless(&what)));
    words.filter(|(_, what)| !what.is_empty()).collect()
}

fn harmless(text: &str) -> String {
    sanitize(text).trim().to_owned()
}

/// What being late cost, one text for each exercise that came late: `E01: up to 1 day late …`.
pub fn late(graded: &Graded) -> impl Iterator<Item = String> {
    let late = |exercise: &GradedExercise| Some(format!("{}: {}", exercise.id, exercise.late.as_ref()?.words()));
    graded.exercises.iter().filter_map(late)
}

/// How points of an exercise, or of all, are marked: `?` where they are not final, `*` where being late has cost some.
pub fn marked(state: State, score: &Score, late: bool) -> String {
    let open = if state == State::NotJudged { "?" } else { "" };
    let late = if late { "*" } else { "" };
    format!("{}{open}{late}", score.points)
}

/// What learners are called in reports that need unlike names: their own name, with a number where it was taken.
pub fn names(book: &Gradebook) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let name = |graded: &Graded| {
        let own = sanitize_line(&graded.learner).into_owned();
        let numbered = std::iter::once(own.clone()).chain((2..).map(|number: u32| format!("{own} ({number})")));
        numbered.into_iter().find(|name| taken.insert(name.clone())).unwrap_or(own)
    };
    book.submissions.iter().map(name).collect()
}
