//! What grading a class comes to: plain data, in the order of the submissions. Pure.
//!
//! Invariants: every text that a submission had a part in is free of control characters and bounded; what was not
//! judged is counted apart from what was lost; whoever is missing is named.

mod bounds;
mod foreign;
mod shared;
mod total;

pub use total::all_points;
use total::together;

use super::alike::{Pair, Print};
use super::judge::Came;
use super::late::{Late, Policy};
use super::refusals::Refusal;
use super::score::{self, Points, Score};
use crate::check::{Finding, Verdict};
use crate::course::{Entry, Round};
use crate::submission::Refused;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Characters of one text that are kept.
const LONGEST: usize = 4000;

/// The results of a class.
#[derive(Clone, Debug, Serialize)]
pub struct Gradebook {
    /// `dlearn/grade/1`
    pub schema: &'static str,
    /// The course.
    pub course: String,
    /// What was graded.
    pub exercises: Vec<Column>,
    /// Whether everything of every submission was judged.
    pub judged: bool,
    /// Everybody's, in the order in which they were found.
    pub submissions: Vec<Graded>,
    /// Who is in the roster and handed nothing in.
    pub missing: Vec<Absent>,
    /// Images that were named and not allowed: `--allow-image` would have them judged.
    pub not_allowed: Vec<String>,
    /// Submissions that are alike: to be looked at, and of no effect on points.
    pub similar: Vec<Pair>,
    /// Pairs that are not there, because there were too many.
    pub similar_left_out: usize,
    /// What being late costs, where anything is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<Policy>,
}

/// An exercise of the gradebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its id.
    pub id: String,
    /// What learners read.
    pub title: String,
    /// Points for passing every check.
    pub points: Points,
    /// They come on top of all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bonus: bool,
}

impl Column {
    /// An exercise.
    pub fn of(entry: &Entry) -> Self {
        let exercise = &entry.exercise;
        let (id, title) = (exercise.id.clone(), exercise.title.clone());
        Self { id, title, points: Points::whole(exercise.points), bonus: false }
    }
}

/// Somebody of the roster without a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// As the roster calls them.
    pub learner: String,
    /// Their name.
    pub name: Option<String>,
    /// Nothing, of all points.
    #[serde(flatten)]
    pub score: Score,
}

impl Absent {
    /// Somebody who handed nothing in; the gradebook says of how many points.
    pub fn new(learner: &str, name: Option<String>) -> Self {
        Self { learner: learner.to_owned(), name, score: Score::default() }
    }
}

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every check passed.
    Passed,
    /// Some did not.
    NotYet,
    /// Some could not be judged: the points are not final.
    NotJudged,
    /// Nothing was handed in.
    Missing,
}

impl State {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::NotYet => "not yet",
            State::NotJudged => "not judged",
            State::Missing => "missing",
        }
    }
}

/// One submission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Graded {
    /// As the roster calls them, else as the submission is called.
    pub learner: String,
    /// Their name, where the roster has it.
    pub name: Option<String>,
    /// The file or folder.
    pub source: String,
    /// Whether the learner is in the roster; none without a roster.
    pub in_roster: Option<bool>,
    /// How it came out.
    pub state: State,
    /// Why the whole of it was refused.
    pub refused: Option<String>,
    /// What somebody should know of it.
    pub notes: Vec<String>,
    /// The part of the class that it is in was not there: nobody knows whose it is, or what it holds.
    #[serde(skip)]
    pub part_missing: bool,
    /// Over all exercises: what a bonus earned is in the points, and not in what there was to earn.
    #[serde(flatten)]
    pub score: Score,
    /// What was earned before anything was taken off for being late, where it was.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub points_before: Option<Points>,
    /// What of the points is a bonus, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub bonus: Option<Points>,
    /// Each exercise, in the order of the gradebook.
    pub exercises: Vec<GradedExercise>,
}

/// One exercise of a submission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GradedExercise {
    /// Its id.
    pub id: String,
    /// How it came out.
    pub state: State,
    /// Earned, not judged, to be earned.
    #[serde(flatten)]
    pub score: Score,
    /// That it came late, and what was earned before that cost anything: the points are what is left.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub late: Option<Late>,
    /// What somebody should know of it.
    pub notes: Vec<String>,
    /// Its rounds; none where it was not looked at.
    pub rounds: Vec<GradedRound>,
    /// The token that came with it, to find those that two submissions share.
    #[serde(skip)]
    pub token: Option<String>,
    /// An earlier run has found it out. A gradebook does not tell: it is the same as if it were found out now.
    #[serde(skip)]
    pub before: bool,
    /// Tokens that lay in its images.
    #[serde(skip)]
    pub in_images: BTreeSet<String>,
    /// What its learner wrote, to find what two submissions share.
    #[serde(skip)]
    pub print: Print,
}

/// One round of an exercise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GradedRound {
    /// From 1.
    pub number: usize,
    /// What the learner reads.
    pub title: String,
    /// How it came out.
    pub state: State,
    /// Why, where no check says it.
    pub reason: Option<String>,
    /// Why it was not built.
    pub refusals: Vec<Refusal>,
    /// Earned, not judged, to be earned.
    #[serde(flatten)]
    pub score: Score,
    /// Every check with its verdict and its points; none where nothing was judged.
    pub checks: Vec<GradedCheck>,
}

/// One check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GradedCheck {
    /// Its verdict, and what it rests on.
    #[serde(flatten)]
    pub finding: Finding,
    /// Earned, not judged, to be earned.
    #[serde(flatten)]
    pub score: Score,
}

/// A text that somebody else had a part in: without control sequences, and not too long.
pub fn tidy(text: &str) -> String {
    let clean = crate::term::sanitize(text);
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean.into_owned(),
    }
}

fn tidied(mut finding: Finding) -> Finding {
    finding.id = tidy(&finding.id);
    finding.title = tidy(&finding.title);
    let clean = |text: &mut String| *text = tidy(text);
    match &mut finding.verdict {
        Verdict::Pass { notes } => notes.iter_mut().for_each(clean),
        Verdict::NotYet(not_yet) => {
            [&mut not_yet.expected, &mut not_yet.found, &mut not_yet.advice].into_iter().for_each(clean);
            if let Some(place) = &mut not_yet.place {
                [&mut place.file, &mut place.text].into_iter().for_each(clean);
            }
        }
        Verdict::CannotTell { reason, help } => [reason, help].into_iter().for_each(clean),
        Verdict::Waits { on } => clean(on),
    }
    finding.evidence.iter_mut().for_each(clean);
    finding
}

impl GradedExercise {
    /// What came of its rounds.
    pub fn judged(column: &Column, rounds: &[(Round, Came)], token: Option<String>) -> Self {
        let shares = column.points.shared(&vec![1; rounds.len()]);
        let held = rounds.iter().filter_map(|(_, came)| match came {
            Came::Judged { tokens, .. } => Some(tokens.clone()),
            _ => None,
        });
        let in_images = held.flatten().collect();
        let rounds: Vec<GradedRound> =
            rounds.iter().zip(shares).map(|((round, came), share)| GradedRound::of(round, came, share)).collect();
        let score: Score = rounds.iter().map(|round| round.score).sum();
        let state = total::of_rounds(&rounds);
        Self { state, score, rounds, token, in_images, ..Self::missing(column) }
    }

    /// Nothing was handed in.
    pub fn missing(column: &Column) -> Self {
        Self::without_rounds(column, State::Missing, Score::lost(column.points), Vec::new())
    }

    /// It could not be judged, for this reason.
    pub fn not_judged(column: &Column, why: &str) -> Self {
        Self::without_rounds(column, State::NotJudged, Score::open(column.points), vec![tidy(why)])
    }

    fn without_rounds(column: &Column, state: State, score: Score, notes: Vec<String>) -> Self {
        Self {
            id: column.id.clone(),
            state,
            score,
            late: None,
            notes,
            rounds: Vec::new(),
            token: None,
            before: false,
            in_images: BTreeSet::new(),
            print: Print::default(),
        }
    }
}

impl GradedRound {
    fn of(round: &Round, came: &Came, share: Points) -> Self {
        let mut graded = Self {
            number: round.number,
            title: round.title.clone(),
            state: State::NotYet,
            reason: None,
            refusals: Vec::new(),
            score: Score::lost(share),
            checks: Vec::new(),
        };
        match came {
            Came::Missing => {
                graded.state = State::Missing;
                graded.reason = Some(match round.folder.as_str() {
                    "" => "nothing was handed in".to_owned(),
                    folder => format!("the folder {folder} was not handed in"),
                });
            }
            Came::Refused(refusals) => {
                graded.state = State::NotJudged;
                graded.reason = Some("it was not built: its Dockerfile asks for what is not allowed here".into());
                let clean = |refusal: &Refusal| Refusal {
                    file: tidy(&refusal.file),
                    line: refusal.line,
                    what: tidy(&refusal.what),
                    help: tidy(&refusal.help),
                    image: refusal.image.as_deref().map(tidy),
                };
                graded.refusals = refusals.iter().map(clean).collect();
                graded.score = Score::open(share);
            }
            Came::TooLong(seconds) => {
                graded.reason = Some(format!(
                    "it took longer than {seconds} s, and was stopped: a build or a program of it does not come to an end"
                ));
            }
            Came::BroughtDown => {
                graded.reason = Some(
                    "it brought down the engine that it had for itself, twice: it uses up memory, processes or disk"
                        .into(),
                );
            }
            Came::CannotTell(why) => {
                graded.state = State::NotJudged;
                graded.reason = Some(tidy(&format!("it could not be judged: {}; {}", why.reason, why.help)));
                graded.score = Score::open(share);
            }
            Came::Judged { findings, stopped, .. } => {
                graded.reason = stopped.as_deref().map(tidy);
                let shares = score::shares(&round.checks, findings, share);
                graded.score = shares.iter().map(|(_, score)| *score).sum();
                let check = |(finding, score)| GradedCheck { finding: tidied(finding), score };
                graded.checks = shares.into_iter().map(check).collect();
                graded.state = total::of_checks(&graded.checks);
            }
        }
        graded
    }
}

impl Graded {
    /// A submission whose exercises came out like this.
    pub fn of(exercises: Vec<GradedExercise>) -> Self {
        let score: Score = exercises.iter().map(|exercise| exercise.score).sum();
        let state = together(exercises.iter());
        Self {
            learner: String::new(),
            name: None,
            source: String::new(),
            in_roster: None,
            state,
            refused: None,
            notes: Vec::new(),
            part_missing: false,
            score,
            points_before: None,
            bonus: None,
            exercises,
        }
    }

    /// A submission that was not taken in.
    pub fn refused(columns: &[Column], why: &Refused) -> Self {
        let exercises = columns.iter().map(|column| GradedExercise::not_judged(column, &why.what)).collect();
        let refused = Some(tidy(&format!("{}; {}", why.what, why.help)));
        Self { refused, ..Self::of(exercises) }
    }
}

impl Gradebook {
    /// The gradebook of these submissions, with what shows only beside one another.
    pub fn new(course: &str, columns: Vec<Column>, mut submissions: Vec<Graded>, mut missing: Vec<Absent>) -> Self {
        shared::flag(&mut submissions);
        let (similar, similar_left_out) = shared::pairs(&columns, &submissions);
        let judged = submissions.iter().all(|graded| graded.state != State::NotJudged);
        let nothing = Score::lost(all_points(&columns));
        missing.iter_mut().for_each(|absent| absent.score = nothing);
        Self {
            schema: "dlearn/grade/1",
            course: course.to_owned(),
            exercises: columns,
            judged,
            submissions,
            missing,
            not_allowed: Vec::new(),
            similar,
            similar_left_out,
            late: None,
        }
    }
}

#[cfg(test)]
mod tests;
