//! When work was due, when it came, and what being late costs. Pure.
//!
//! Invariant: when a submission came is what the instructor says (the roster, a file of the learning platform); nothing
//! that a submission holds has a part in it. Where it is not known, nothing is taken off.

use super::gradebook::{Graded, State};
use super::roster::Roster;
use super::score::Points;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A time as options and files write it (RFC 3339).
///
/// # Errors
/// Where it is none, or does not say of which place.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = |_| "write a time with its place's offset, such as 2026-11-22T23:59:00+01:00, or Z for UTC".to_owned();
    text.trim().parse().map_err(wrong)
}

/// A time for every exercise, and other ones for some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    all: Option<Timestamp>,
    /// By id, in capitals.
    exercises: BTreeMap<String, Timestamp>,
}

impl Times {
    /// Takes one more: of an exercise, else of all.
    ///
    /// # Errors
    /// Where there is one already.
    pub fn add(&mut self, exercise: Option<&str>, time: Timestamp) -> Result<(), String> {
        let (before, what) = match exercise {
            Some(id) => (self.exercises.insert(id.to_uppercase(), time), format!("for {id}")),
            None => (self.all.replace(time), "for all exercises".to_owned()),
        };
        before.map_or(Ok(()), |_| Err(format!("there are two times {what}")))
    }

    /// That of an exercise.
    pub fn of(&self, exercise: &str) -> Option<Timestamp> {
        self.exercises.get(&exercise.to_uppercase()).copied().or(self.all)
    }

    /// When an exercise is due by what this says of one member, and `everybody` of the class. The member's own time of
    /// that exercise decides; their time for all is more time, and takes nobody's away.
    fn due(&self, everybody: &Self, exercise: &str) -> Option<Timestamp> {
        let own = self.exercises.get(&exercise.to_uppercase()).copied();
        own.or_else(|| self.all.max(everybody.of(exercise)))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_none() && self.exercises.is_empty()
    }

    /// Exercises that have times of their own, in capitals.
    pub fn exercises(&self) -> impl Iterator<Item = &str> {
        self.exercises.keys().map(String::as_str)
    }
}

/// What being late costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Percent of the earned points, for each day that has begun.
    pub percent_per_day: u8,
    /// Minutes after the due date that are still on time.
    pub grace_minutes: u32,
    /// Percent of the earned points that are lost at most.
    pub most_percent: u8,
    /// What is later than so many days earns nothing.
    pub days: Option<u32>,
}

impl Default for Policy {
    /// Being late is shown, and costs nothing.
    fn default() -> Self {
        Self { percent_per_day: 0, grace_minutes: 0, most_percent: 100, days: None }
    }
}

impl Policy {
    /// How many days late, and what it costs in percent; none where it is on time. Days count from the due date, also
    /// where there is grace.
    fn cost(&self, due: Timestamp, came: Timestamp) -> Option<(u64, u8)> {
        let late = came.as_second().saturating_sub(due.as_second());
        if late <= i64::from(self.grace_minutes) * 60 {
            return None;
        }
        let days = u64::try_from(late).unwrap_or_default().div_ceil(DAY as u64);
        if self.days.is_some_and(|most| days > u64::from(most)) {
            return Some((days, 100));
        }
        let percent = days.saturating_mul(u64::from(self.percent_per_day)).min(u64::from(self.most_percent));
        Some((days, u8::try_from(percent).unwrap_or(100)))
    }

    /// In a sentence.
    pub fn words(&self) -> String {
        let mut words = match self.percent_per_day {
            0 => "Being late costs nothing".to_owned(),
            percent => format!("Each day late costs {percent} % of the points that were earned"),
        };
        if self.percent_per_day > 0 && self.most_percent < 100 {
            words.push_str(&format!(", at most {} %", self.most_percent));
        }
        if self.grace_minutes > 0 {
            words.push_str(&format!("; {} minutes are not counted as late", self.grace_minutes));
        }
        if let Some(days) = self.days {
            let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            words.push_str(&format!("; what is more than {days} late earns nothing"));
        }
        words + "."
    }
}

/// An exercise that came late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    /// When it was due.
    pub due: Timestamp,
    /// When it came, as the instructor says.
    pub submitted: Timestamp,
    /// Days that had begun.
    pub days: u64,
    /// What it costs.
    pub percent: u8,
    /// What was earned.
    pub points_before: Points,
}

impl Late {
    /// What is left of the points that were earned; a part of a hundredth is the learner's.
    fn after(&self) -> Points {
        let lost = u128::from(self.points_before.0) * u128::from(self.percent) / 100;
        Points(self.points_before.0.saturating_sub(u64::try_from(lost).unwrap_or(u64::MAX)))
    }

    /// In words: how late, and the points before and after.
    pub fn words(&self) -> String {
        let days = if self.days == 1 { "1 day".to_owned() } else { format!("{} days", self.days) };
        let (due, submitted) = (self.due, self.submitted);
        let (before, after) = (self.points_before, self.after());
        format!(
            "up to {days} late (due {due}, handed in {submitted}): {before} points earned, {} % less: {after}",
            self.percent
        )
    }
}

/// Due dates, times of submissions, and what being late costs.
#[derive(Clone, Debug, Default)]
pub struct Deadlines {
    /// What it costs.
    pub policy: Policy,
    /// When work is due, for whoever has no date of their own.
    pub due: Times,
    /// When submissions came, by learner in small letters.
    pub submitted: BTreeMap<String, Times>,
}

impl Deadlines {
    /// Whether anything is due at any time.
    pub fn is_set(&self, roster: Option<&Roster>) -> bool {
        let own = roster.is_some_and(|roster| roster.members.iter().any(|member| !member.due.is_empty()));
        !self.due.is_empty() || own
    }

    /// Takes off what being late costs, and says so. Parts of a submission that nobody handed in are not late.
    pub fn apply(&self, graded: &mut Graded, roster: Option<&Roster>) {
        let member = roster.and_then(|roster| roster.member(&graded.learner));
        let told = self.submitted.get(&graded.learner.to_lowercase());
        let mut unknown = Vec::new();
        for exercise in graded.exercises.iter_mut().filter(|exercise| exercise.state != State::Missing) {
            let id = &exercise.id;
            let due = member.map_or_else(|| self.due.of(id), |member| member.due.due(&self.due, id));
            let Some(due) = due else { continue };
            let came = told.and_then(|told| told.of(id)).or_else(|| member.and_then(|member| member.submitted.of(id)));
            let Some(submitted) = came else {
                unknown.push(id.clone());
                continue;
            };
            let Some((days, percent)) = self.policy.cost(due, submitted) else { continue };
            let late = Late { due, submitted, days, percent, points_before: exercise.score.points };
            exercise.score.points = late.after();
            exercise.late = Some(late);
        }
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            graded
                .notes
                .push(format!("nobody says when {unknown} was handed in: nothing was taken off for being late"));
        }
    }
}

/// Times of submissions as a learning platform tells them: a CSV file whose first line names `learner`, `submitted` and
/// perhaps `exercise`. By learner in small letters.
///
/// # Errors
/// What is wrong, with its line.
pub fn submitted(text: &str) -> Result<BTreeMap<String, Times>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let missing = |name: &str| format!("its first line names no column `{name}` (write: learner,submitted)");
    let learner = column("learner").ok_or_else(|| missing("learner"))?;
    let time_of = column("submitted").ok_or_else(|| missing("submitted"))?;
    let exercise = column("exercise");
    let mut all: BTreeMap<String, Times> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let (learner, text) = (record.get(learner).unwrap_or_default(), record.get(time_of).unwrap_or_default());
        // Platforms list everybody: whoever has no time has handed nothing in.
        if text.is_empty() {
            continue;
        }
        let exercise = exercise.and_then(|at| record.get(at)).filter(|id| !id.is_empty());
        let added = time(text).and_then(|time| all.entry(learner.to_lowercase()).or_default().add(exercise, time));
        added.map_err(|why| format!("line {line}: {why}"))?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        time(text).unwrap()
    }

    #[test]
    fn each_day_that_has_begun_counts_and_grace_only_says_what_is_on_time() {
        let policy = Policy { percent_per_day: 10, grace_minutes: 15, most_percent: 50, days: Some(7) };
        let due = at("2026-11-22T23:59:00+01:00");
        for (came, cost) in [
            ("2026-11-20T00:00:00Z", None),
            ("2026-11-22T22:59:00Z", None),
            ("2026-11-22T23:14:00Z", None),
            ("2026-11-22T23:14:01Z", Some((1, 10))),
            ("2026-11-23T22:59:00Z", Some((1, 10))),
            ("2026-11-23T22:59:01Z", Some((2, 20))),
            ("2026-11-28T22:59:00Z", Some((6, 50))),
            ("2026-11-29T22:59:01Z", Some((8, 100))),
        ] {
            assert_eq!(policy.cost(due, at(came)), cost, "{came}");
        }
        assert_eq!(
            policy.words(),
            "Each day late costs 10 % of the points that were earned, at most 50 %; 15 minutes are not counted as late; \
             what is more than 7 days late earns nothing."
        );
    }

    #[test]
    fn more_time_for_everything_takes_none_of_one_exercise_away() {
        let times = |all: Option<&str>, exercise: Option<&str>| Times {
            all: all.map(at),
            exercises: exercise.map(|time| ("E05".to_owned(), at(time))).into_iter().collect(),
        };
        let [first, second, third] = ["2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z", "2026-02-01T00:00:00Z"];
        let class = times(Some(first), Some(third));
        for (own, e01, e05) in [
            (times(None, None), first, third),
            (times(Some(second), None), second, third),
            (times(Some(third), Some(second)), third, second),
            (times(None, Some(first)), first, first),
        ] {
            assert_eq!([own.due(&class, "e01"), own.due(&class, "e05")], [Some(at(e01)), Some(at(e05))], "{own:?}");
        }
        assert_eq!(times(None, None).due(&Times::default(), "E01"), None);
    }

    #[test]
    fn what_is_lost_is_rounded_in_favour_of_the_learner() {
        let times = [at("2026-01-01T00:00:00Z"), at("2026-01-01T01:00:00Z")];
        let late = |points, percent| Late {
            due: times[0],
            submitted: times[1],
            days: 1,
            percent,
            points_before: Points(points),
        };
        assert_eq!(late(333, 10).after(), Points(300), "33.3 hundredths are 33");
        assert_eq!(late(5, 10).after(), Points(5));
        assert_eq!(late(1000, 100).after(), Points(0));
        assert_eq!(
            late(1000, 10).words(),
            "up to 1 day late (due 2026-01-01T00:00:00Z, handed in 2026-01-01T01:00:00Z): 10 points earned, 10 % less: 9"
        );
    }

    #[test]
    fn a_platforms_file_has_a_time_for_each_learner_or_for_each_of_their_exercises() {
        let text = "\u{feff}Learner,Submitted,Exercise,Mark\nAda,2026-01-01T00:00:00Z,,7\nada,2026-01-02T00:00:00Z,e01\nbob,,\n";
        let times = submitted(text).unwrap();
        assert_eq!(times.len(), 1);
        let ada = &times["ada"];
        assert_eq!(ada.of("E01"), Some(at("2026-01-02T00:00:00Z")));
        assert_eq!(ada.of("E02"), Some(at("2026-01-01T00:00:00Z")));
        for (wrong, why) in [
            ("learner\nada\n", "`submitted`"),
            ("learner,submitted\nada,yesterday\n", "line 2: write a time"),
            ("learner,submitted\nada,2026-01-01T00:00:00\n", "line 2: write a time"),
            ("learner,submitted\nada,2026-01-01T00:00:00Z\nADA,2026-01-01T00:00:00Z\n", "line 3: there are two"),
        ] {
            let error = submitted(wrong).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
