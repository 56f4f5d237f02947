//! What is remembered of one learner in one course: the content of `.dlearn/state.json`.
//!
//! Pure data. Fields that this version does not know are kept and written back, so that a learner who
//! goes back and forth between versions loses nothing. Reading and writing is in `store`.

use crate::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version of the format that this program writes.
pub const VERSION: u64 = 1;

/// Everything that is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of the format.
    pub version: u64,
    /// The course (`course` in `lessons/course.yaml`).
    #[serde(default)]
    pub course: String,
    /// Sixteen hex digits, drawn once: which old questions come up differs between learners.
    #[serde(default)]
    pub seed: String,
    /// How many sessions there have been.
    #[serde(default)]
    pub sessions: u64,
    /// The lesson or exercise that the learner was at last.
    #[serde(default)]
    pub current: Option<String>,
    /// By id.
    #[serde(default)]
    pub lessons: BTreeMap<String, LessonState>,
    /// By id.
    #[serde(default)]
    pub questions: BTreeMap<String, QuestionState>,
    /// By id.
    #[serde(default)]
    pub exercises: BTreeMap<String, ExerciseState>,
    /// The learner's practice registry, since an exercise first needed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practice: Option<PracticeState>,
    /// The key that their instructor gave them: new tokens follow from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// What other versions wrote.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The practice registry as it was drawn once for this course folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeState {
    /// Twelve lower-case hex digits: its containers are called by them.
    pub id: String,
    /// Its port on the engine's loopback address.
    pub port: u16,
    /// The password of its user: sixteen lower-case hex digits.
    pub password: Secret,
    /// It has run on this port, so names of the learner's images hold it.
    #[serde(default)]
    pub settled: bool,
    /// What other versions wrote.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl PracticeState {
    /// Whether it is as dlearn writes it.
    pub fn is_sound(&self) -> bool {
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        self.id.len() == 12 && hex(&self.id) && is_token(self.password.reveal()) && self.port >= 1024
    }
}

/// How far a lesson was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LessonState {
    /// Index of the section to show next, from 0.
    #[serde(default)]
    pub section: usize,
    /// Read to its end at least once.
    #[serde(default)]
    pub done: bool,
    /// What other versions wrote.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How a question was answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QuestionState {
    /// Right answers.
    #[serde(default)]
    pub right: u32,
    /// Wrong answers.
    #[serde(default)]
    pub wrong: u32,
    /// The last answer was wrong: it comes back in the next session.
    #[serde(default)]
    pub missed: bool,
    /// The session of the last answer.
    #[serde(default)]
    pub session: u64,
    /// Right answers since the last wrong one.
    #[serde(default)]
    pub streak: u32,
    /// What other versions wrote.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl QuestionState {
    /// The session from which on it is asked again: the next one after a wrong answer, and after right ones in a row two
    /// sessions later, four, eight and so on.
    pub fn due(&self) -> u64 {
        let pause = if self.missed { 0 } else { 1_u64.checked_shl(self.streak.max(1)).unwrap_or(u64::MAX) };
        self.session.saturating_add(pause)
    }
}

/// How far an exercise was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExerciseState {
    /// The learner's token: sixteen lower-case hex digits.
    #[serde(default)]
    pub token: Option<String>,
    /// When its files were first written.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// The round that the learner is at, from 1.
    #[serde(default = "first")]
    pub round: usize,
    /// Rounds that have passed.
    #[serde(default)]
    pub rounds_passed: Vec<usize>,
    /// How often it was checked.
    #[serde(default)]
    pub attempts: u32,
    /// How many hints were shown, by round.
    #[serde(default)]
    pub hints_shown: BTreeMap<usize, u32>,
    /// The reference solution was shown.
    #[serde(default)]
    pub solution_seen: bool,
    /// When it passed first.
    #[serde(default)]
    pub passed_at: Option<Timestamp>,
    /// SHA-256 (hex) of what dlearn last brought for a file, by path in the exercise's folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Points that it earned.
    #[serde(default)]
    pub points: u32,
    /// Points that it has left to be earned, by optional checks.
    #[serde(default)]
    pub points_left: u32,
    /// What other versions wrote.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

fn first() -> usize {
    1
}

impl Default for ExerciseState {
    fn default() -> Self {
        Self {
            token: None,
            started_at: None,
            round: 1,
            rounds_passed: Vec::new(),
            attempts: 0,
            hints_shown: BTreeMap::new(),
            solution_seen: false,
            passed_at: None,
            files: BTreeMap::new(),
            points: 0,
            points_left: 0,
            extra: Map::new(),
        }
    }
}

/// A token as dlearn writes it: sixteen lower-case hex digits.
pub fn is_token(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl State {
    /// Nothing learnt yet.
    pub fn new(course: &str, seed: &str) -> Self {
        Self {
            version: VERSION,
            course: course.to_owned(),
            seed: seed.to_owned(),
            sessions: 0,
            current: None,
            lessons: BTreeMap::new(),
            questions: BTreeMap::new(),
            exercises: BTreeMap::new(),
            practice: None,
            key: None,
            extra: Map::new(),
        }
    }

    /// Whether every round of this exercise has been passed.
    pub fn has_passed(&self, exercise: &str) -> bool {
        self.exercises.get(exercise).is_some_and(|state| state.passed_at.is_some())
    }

    /// A session begins: questions that were missed before it come back.
    pub fn begin_session(&mut self) {
        self.sessions = self.sessions.saturating_add(1);
    }

    /// The learner goes to a lesson or exercise.
    pub fn go_to(&mut self, id: &str) {
        self.current = Some(id.to_owned());
    }

    /// A section of a lesson (from 0) was read to its end; `sections` is how many it has.
    pub fn section_read(&mut self, lesson: &str, section: usize, sections: usize) {
        let state = self.lessons.entry(lesson.to_owned()).or_default();
        if section + 1 >= sections {
            // Whoever reads it again begins at its beginning.
            state.section = 0;
            state.done = true;
        } else {
            state.section = section + 1;
        }
    }

    /// A question was answered.
    pub fn answered(&mut self, question: &str, right: bool) {
        let session = self.sessions;
        let state = self.questions.entry(question.to_owned()).or_default();
        let count = if right { &mut state.right } else { &mut state.wrong };
        *count = count.saturating_add(1);
        state.missed = !right;
        state.streak = if right { state.streak.saturating_add(1) } else { 0 };
        state.session = session;
    }

    /// The exercise's state, made where there is none.
    pub fn exercise(&mut self, id: &str) -> &mut ExerciseState {
        self.exercises.entry(id.to_owned()).or_default()
    }

    /// An exercise was checked.
    pub fn attempted(&mut self, exercise: &str) {
        let state = self.exercise(exercise);
        state.attempts = state.attempts.saturating_add(1);
    }

    /// Shows one hint more, of `hints`; gives how many are shown now.
    pub fn hint(&mut self, exercise: &str, round: usize, hints: u32) -> u32 {
        let shown = self.exercise(exercise).hints_shown.entry(round).or_default();
        *shown = shown.saturating_add(1).min(hints);
        *shown
    }

    /// Optional checks have left so many of the exercise's points to be earned. What was earned once stays.
    pub fn left_open(&mut self, exercise: &str, points: u32) {
        let state = self.exercise(exercise);
        state.points_left = if state.passed_at.is_some() { state.points_left.min(points) } else { points };
    }

    /// A round (from 1) of `of` has passed. With the last one the exercise has passed, and earns
    /// `points`; returns whether that is so. A second pass changes nothing.
    pub fn round_passed(&mut self, exercise: &str, round: usize, of: usize, points: u32, now: Timestamp) -> bool {
        let state = self.exercise(exercise);
        if !state.rounds_passed.contains(&round) {
            state.rounds_passed.push(round);
            state.rounds_passed.sort_unstable();
        }
        let open = (1..=of).find(|number| !state.rounds_passed.contains(number));
        match open {
            Some(next) => state.round = next,
            None if state.passed_at.is_none() => {
                state.passed_at = Some(now);
                state.points = points;
            }
            None => {}
        }
        open.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_another_version_survive_at_every_level() {
        let text = r#"{"version":1,"course":"c","theme":"dark",
            "lessons":{"L01":{"section":2,"bookmark":7}},
            "questions":{"L01.a":{"right":1,"note":"x"}},
            "exercises":{"E01":{"token":"0123456789abcdef","hints_shown":{"2":3},"streak":[1,2],
                "passed_at":"2026-01-02T03:04:05Z"}}}"#;
        let state: State = serde_json::from_str(text).unwrap();
        assert_eq!(state.exercises["E01"].hints_shown[&2], 3);
        assert_eq!(state.exercises["E01"].round, 1);
        let again: Value = serde_json::to_value(&state).unwrap();
        assert_eq!(again["theme"], "dark");
        assert_eq!(again["lessons"]["L01"]["bookmark"], 7);
        assert_eq!(again["questions"]["L01.a"]["note"], "x");
        assert_eq!(again["exercises"]["E01"]["streak"][1], 2);
        assert_eq!(again["exercises"]["E01"]["passed_at"], "2026-01-02T03:04:05Z");
        assert_eq!(serde_json::from_value::<State>(again).unwrap(), state);
    }

    #[test]
    fn an_exercise_passes_with_its_last_round_and_earns_its_points_once() {
        let mut state = State::new("c", "0");
        let early = Timestamp::from_second(1_000).unwrap();
        let late = Timestamp::from_second(2_000).unwrap();
        assert!(!state.round_passed("E08", 1, 3, 10, early));
        assert_eq!(state.exercises["E08"].round, 2);
        assert!(!state.round_passed("E08", 3, 3, 10, early));
        assert_eq!(state.exercises["E08"].round, 2);
        assert!(state.round_passed("E08", 2, 3, 10, early));
        assert!(state.round_passed("E08", 2, 3, 99, late));
        let exercise = &state.exercises["E08"];
        assert_eq!((exercise.points, exercise.passed_at), (10, Some(early)));
        assert_eq!(exercise.rounds_passed, [1, 2, 3]);
    }

    #[test]
    fn what_optional_checks_leave_open_can_be_earned_later_and_is_never_lost_again() {
        let mut state = State::new("c", "0");
        for (left, kept) in [(2, 2), (0, 0), (2, 0)] {
            state.left_open("E03", left);
            state.round_passed("E03", 1, 1, 10, Timestamp::UNIX_EPOCH);
            assert_eq!(state.exercises["E03"].points_left, kept);
        }
    }

    #[test]
    fn hints_come_one_at_a_time_and_end() {
        let mut state = State::new("c", "0");
        let shown: Vec<u32> = (0..5).map(|_| state.hint("E01", 1, 3)).collect();
        assert_eq!(shown, [1, 2, 3, 3, 3]);
        assert_eq!(state.hint("E01", 2, 3), 1);
    }

    #[test]
    fn a_lesson_read_to_its_end_begins_anew() {
        let mut state = State::new("c", "0");
        state.section_read("L01", 0, 2);
        assert_eq!((state.lessons["L01"].section, state.lessons["L01"].done), (1, false));
        state.section_read("L01", 1, 2);
        assert_eq!((state.lessons["L01"].section, state.lessons["L01"].done), (0, true));
    }

    #[test]
    fn a_question_comes_back_later_each_time_it_is_answered_right() {
        let mut state = State::new("c", "0");
        let mut due = Vec::new();
        for right in [true, true, true, false, true] {
            state.begin_session();
            state.answered("L01.a", right);
            due.push(state.questions["L01.a"].due() - state.sessions);
        }
        assert_eq!(due, [2, 4, 8, 0, 2]);
    }

    #[test]
    fn tokens_are_sixteen_lower_case_hex_digits() {
        assert!(is_token("0123456789abcdef"));
        for other in
            ["", "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg", "../../../../../../"]
        {
            assert!(!is_token(other), "{other}");
        }
    }
}
