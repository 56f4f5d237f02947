//! What comes next, and how far the learner is: pure over (course, state).
//!
//! Only what the course's outline names counts. Ids in the state that the course no longer has are
//! kept and ignored.

use super::state::State;
use crate::course::{Course, Entry, Item, Lesson, Question};
use sha2::{Digest, Sha256};
use std::path::{Component, Path};

/// How many missed questions come back at once.
const MISSED: usize = 5;

/// What the learner does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Read on in a lesson.
    Lesson {
        /// Its id.
        id: String,
        /// Index of the section, from 0; always one that the lesson has.
        section: usize,
    },
    /// Work on an exercise.
    Exercise {
        /// Its id.
        id: String,
        /// The round, from 1.
        round: usize,
    },
    /// Everything is done.
    Finished,
}

/// How far one item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not begun.
    New,
    /// Begun.
    Started,
    /// Read, or passed.
    Done,
}

/// Counts for `status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lessons read.
    pub lessons_done: usize,
    /// Lessons in the course.
    pub lessons: usize,
    /// Exercises passed.
    pub exercises_passed: usize,
    /// Exercises begun and not passed.
    pub exercises_started: usize,
    /// Exercises in the course.
    pub exercises: usize,
    /// Points of the passed exercises.
    pub points: u32,
    /// Points in the course.
    pub points_possible: u32,
    /// Minutes that the items which are not done take, as their authors say.
    pub minutes_left: u32,
    /// Questions whose last answer was wrong.
    pub missed: usize,
}

/// What comes next: the current item while it is not done, else the first one after it that is not
/// done, else the first one of all.
pub fn next_item(course: &Course, state: &State) -> Next {
    let items = course.items();
    let at = state.current.as_ref().and_then(|id| items.iter().position(|item| item.id() == id)).unwrap_or(0);
    let (before, from) = items.split_at(at.min(items.len()));
    let open = from.iter().chain(before).find(|item| standing(state, item) != Standing::Done);
    match open {
        Some(item) => resume(course, state, item),
        None => Next::Finished,
    }
}

/// Where the learner goes on in `item`, done or not.
pub fn resume(course: &Course, state: &State, item: &Item) -> Next {
    match item {
        Item::Lesson(id) => {
            let last = course.lessons.get(id).map_or(0, |lesson| lesson.sections.len().saturating_sub(1));
            let section = state.lessons.get(id).map_or(0, |lesson| lesson.section).min(last);
            Next::Lesson { id: id.clone(), section }
        }
        Item::Exercise(id) => {
            let last = course.exercises.get(id).map_or(1, |entry| rounds_of(entry).max(1));
            let round = state.exercises.get(id).map_or(1, |exercise| exercise.round).clamp(1, last);
            Next::Exercise { id: id.clone(), round }
        }
    }
}

/// How many rounds a learner meets in the exercise.
pub fn rounds_of(entry: &Entry) -> usize {
    entry.exercise.rounds.as_ref().map_or(1, |rounds| rounds.count.min(rounds.variants.len()))
}

/// How far `item` is.
pub fn standing(state: &State, item: &Item) -> Standing {
    match item {
        Item::Lesson(id) => match state.lessons.get(id) {
            Some(lesson) if lesson.done => Standing::Done,
            Some(lesson) if lesson.section > 0 => Standing::Started,
            _ => Standing::New,
        },
        Item::Exercise(id) => match state.exercises.get(id) {
            Some(exercise) if exercise.passed_at.is_some() => Standing::Done,
            Some(exercise) if exercise.started_at.is_some() => Standing::Started,
            _ => Standing::New,
        },
    }
}

/// The counts of the whole course.
pub fn counts(course: &Course, state: &State) -> Counts {
    let mut counts = Counts { missed: missed(course, state).count(), ..Counts::default() };
    for item in course.items() {
        let standing = standing(state, &item);
        let minutes = match &item {
            Item::Lesson(id) => {
                counts.lessons += 1;
                counts.lessons_done += usize::from(standing == Standing::Done);
                course.lessons.get(id).map_or(0, |lesson| lesson.front.minutes)
            }
            Item::Exercise(id) => {
                counts.exercises += 1;
                counts.exercises_passed += usize::from(standing == Standing::Done);
                counts.exercises_started += usize::from(standing == Standing::Started);
                let points = points(course, id);
                counts.points_possible = counts.points_possible.saturating_add(points);
                if standing == Standing::Done {
                    let left = state.exercises.get(id).map_or(0, |exercise| exercise.points_left);
                    counts.points = counts.points.saturating_add(points.saturating_sub(left));
                }
                course.exercises.get(id).map_or(0, |entry| entry.exercise.minutes)
            }
        };
        if standing != Standing::Done {
            counts.minutes_left = counts.minutes_left.saturating_add(minutes);
        }
    }
    counts
}

/// The points that passing the exercise earns, as the course says now.
fn points(course: &Course, id: &str) -> u32 {
    course.exercises.get(id).map_or(0, |entry| entry.exercise.points)
}

/// The questions to ask before the lesson `id`: those that were missed in an earlier session, at most
/// five; then those that the lesson names, else one from the lesson two back in the course and one from the lesson
/// five back, or two from the one of them that there is. Only of lessons that were read, and none of the lesson
/// itself, which asks its own. The same learner meets the same questions each time.
pub fn retrieval<'a>(course: &'a Course, state: &State, id: &str) -> Vec<&'a Question> {
    let lessons = lessons_in_order(course);
    let mut asked: Vec<&Question> = missed(course, state)
        .filter(|(lesson, question)| {
            let earlier = state.questions.get(&question.id).is_some_and(|known| known.session < state.sessions);
            earlier && lesson.front.id != id
        })
        .map(|(_, question)| question)
        .take(MISSED)
        .collect();
    let Some(at) = lessons.iter().position(|lesson| lesson == id) else { return asked };
    let was_read = |lesson: &Lesson| state.lessons.get(&lesson.front.id).is_some_and(|known| known.done);
    let recall = &course.lessons[id].recall;
    if !recall.is_empty() {
        let named = recall.iter().filter_map(|id| course.question(id));
        for (_, question) in named.filter(|(lesson, _)| was_read(lesson)) {
            if !asked.contains(&question) {
                asked.push(question);
            }
        }
        return asked;
    }
    let mut decks: Vec<Vec<&Question>> = Vec::new();
    for back in [2, 5] {
        let lesson = at.checked_sub(back).and_then(|index| course.lessons.get(lessons.get(index)?));
        let Some(lesson) = lesson else { continue };
        if !was_read(lesson) {
            continue;
        }
        let mut deck: Vec<&Question> = lesson.questions().filter(|question| !asked.contains(question)).collect();
        deck.sort_by_key(|question| rank(&state.seed, id, &question.id));
        decks.push(deck);
    }
    let mut drawn = 0;
    for turn in 0..2 {
        for question in decks.iter().filter_map(|deck| deck.get(turn)) {
            if drawn < 2 {
                asked.push(question);
                drawn += 1;
            }
        }
    }
    asked
}

/// The questions to ask in the session of this number, at most `most`: those that were missed in an earlier one, in the
/// order of the course, then those whose time has come ([`QuestionState::due`](super::state::QuestionState::due)), the
/// longest overdue first.
pub fn review<'a>(course: &'a Course, state: &State, session: u64, most: usize) -> Vec<(&'a Lesson, &'a Question)> {
    let known = |question: &Question| state.questions.get(&question.id);
    let earlier = |question: &Question| known(question).is_some_and(|known| known.session < session);
    let mut asked: Vec<_> = missed(course, state).filter(|(_, question)| earlier(question)).collect();
    let lessons = lessons_in_order(course).into_iter().filter_map(|id| course.lessons.get(&id));
    let all = lessons.flat_map(|lesson| lesson.questions().map(move |question| (lesson, question)));
    let due = |question: &Question| known(question).filter(|known| !known.missed).map(|known| known.due());
    let mut old: Vec<_> = all.filter_map(|it| due(it.1).filter(|due| *due <= session).map(|due| (due, it))).collect();
    old.sort_by_key(|(due, _)| *due);
    asked.extend(old.into_iter().map(|(_, it)| it));
    asked.truncate(most);
    asked
}

/// What the order of the options of the questions follows from: it differs between learners, and between sessions.
pub fn shuffle(state: &State) -> u64 {
    let digest = Sha256::digest(format!("{}\0options\0{}", state.seed, state.sessions).as_bytes());
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// The place of a question in the learner's own order for a lesson.
fn rank(seed: &str, lesson: &str, question: &str) -> [u8; 32] {
    Sha256::digest(format!("{seed}\0{lesson}\0{question}").as_bytes()).into()
}

/// The questions whose last answer was wrong, in the order of the course.
fn missed<'a>(course: &'a Course, state: &State) -> impl Iterator<Item = (&'a Lesson, &'a Question)> {
    let order = lessons_in_order(course);
    let ids = state.questions.iter().filter(|(_, known)| known.missed).map(|(id, _)| id);
    let place = |(lesson, question): (&'a Lesson, &'a Question)| {
        let at = order.iter().position(|id| *id == lesson.front.id)?;
        Some(((at, lesson.questions().position(|other| other == question)), (lesson, question)))
    };
    let mut found: Vec<_> = ids.filter_map(|id| course.question(id)).filter_map(place).collect();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, question)| question)
}

/// The ids of the lessons, in the order of the course.
fn lessons_in_order(course: &Course) -> Vec<String> {
    let lessons = course.items().into_iter().filter(|item| matches!(item, Item::Lesson(_)));
    lessons.map(|item| item.id().to_owned()).collect()
}

/// The exercise whose folder `current` lies in, and the round where it lies in a round's folder. Both
/// paths must be absolute and without links.
pub fn exercise_at<'a>(course: &'a Course, home: &Path, current: &Path) -> Option<(&'a Entry, Option<usize>)> {
    let mut parts = current.strip_prefix(home).ok()?.components();
    let Some(Component::Normal(folder)) = parts.next() else { return None };
    let (id, _) = course.folders.iter().find(|(_, of_exercise)| folder == of_exercise.as_str())?;
    let entry = course.exercises.get(id)?;
    let round = match parts.next() {
        Some(Component::Normal(name)) => name.to_str()?.strip_prefix("round-").and_then(|number| number.parse().ok()),
        _ => None,
    };
    Some((entry, round.filter(|round| (1..=rounds_of(entry)).contains(round))))
}
