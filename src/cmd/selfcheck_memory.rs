//! What `selfcheck` keeps of each case at once, what it need not try again, and how far it is.

use super::app::App;
use super::known::{ids, opened};
use super::selfcheck::{Row, Wanted};
use crate::course::{Course, Entry};
use crate::engine::{Engine, SANDBOX_IMAGE};
use crate::evidence::EngineFacts;
use crate::failure::Failure;
use crate::grade::plan;
use crate::journal::Journal;
use crate::selfcheck::{Grounds, PlannedCase, PlannedLesson, Shown};
use crate::term::progress::Progress;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// The journal in the user's cache folder, and its bytes at most: some twenty thousand cases.
const JOURNAL: (&str, u64) = ("selfcheck.jsonl", 8 << 20);

/// What is kept of a run, and shown of it meanwhile.
pub(super) struct Memory {
    /// None where there is no place for it.
    known: Option<Journal<Shown>>,
    grounds: Grounds,
    /// What each exercise's answers may be built on, and its services' images, by its id.
    images: BTreeMap<String, BTreeSet<String>>,
    resume: bool,
    progress: Progress,
    begun: Instant,
    done: usize,
    of: usize,
}

impl Memory {
    /// Opens the journal of the user's cache folder.
    ///
    /// # Errors
    /// Where the engine does not answer; where the journal cannot be read or written and the run is to resume.
    pub async fn open(
        app: &App,
        course: &Course,
        engine: &Engine,
        facts: &EngineFacts,
        wanted: &Wanted,
        planned: (&[PlannedCase<'_>], &[PlannedLesson<'_>]),
    ) -> Result<Self, Failure> {
        let mut images: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for case in planned.0 {
            images.entry(case.entry.exercise.id.clone()).or_insert_with(|| images_of(case.entry));
        }
        let mut names: BTreeSet<&str> = images.values().flatten().map(String::as_str).collect();
        names.insert(SANDBOX_IMAGE);
        names.extend(planned.1.iter().flat_map(PlannedLesson::images));
        let ids = ids(engine, names).await.map_err(|error| Failure::Engine(error.unavailable()))?;
        let grounds = Grounds::new(course, facts, ids)?;
        let known = opened(JOURNAL, wanted.resume)?;
        let progress = Progress::start("proving", &app.terminal);
        let of = planned.0.len() + planned.1.len();
        Ok(Self { known, grounds, images, resume: wanted.resume, progress, begun: Instant::now(), done: 0, of })
    }

    /// Takes those out that an earlier run has shown, if it is to be resumed.
    pub fn take_known(&mut self, cases: &mut Vec<PlannedCase<'_>>, lessons: &mut Vec<PlannedLesson<'_>>) -> Vec<Row> {
        let mut rows = Vec::new();
        let Some(known) = self.known.as_ref().filter(|_| self.resume) else { return rows };
        let mut take = |key: String| known.get(&key).map(|shown| rows.push(row(shown))).is_some();
        cases.retain(|case| !take(self.key_of(case)));
        lessons.retain(|planned| !take(self.grounds.of_lesson(planned)));
        self.of -= rows.len();
        rows
    }

    /// One case more.
    pub fn keep_case(&mut self, case: &PlannedCase<'_>, row: &Row) {
        let key = self.key_of(case);
        self.keep(key, row);
    }

    /// One lesson more.
    pub fn keep_lesson(&mut self, planned: &PlannedLesson<'_>, row: &Row) {
        let key = self.grounds.of_lesson(planned);
        self.keep(key, row);
    }

    /// Writes above the line that tells how far it is.
    pub fn above<T>(&self, work: impl FnOnce() -> T) -> T {
        self.progress.hidden(work)
    }

    fn key_of(&self, case: &PlannedCase<'_>) -> String {
        let own = self.images.get(&case.entry.exercise.id).into_iter().flatten().map(String::as_str);
        let names = own.chain([SANDBOX_IMAGE]).collect();
        self.grounds.of_case(case, &names)
    }

    fn keep(&mut self, key: String, row: &Row) {
        self.done += 1;
        self.progress.say(&told(self.done, self.of, self.begun.elapsed().as_secs()));
        if row.result != "as_expected" {
            return;
        }
        let (case, detail, notes) = (row.case.clone(), row.detail.clone(), row.notes.clone());
        let shown = Shown { case, builder: row.builder, detail, notes, seconds: row.seconds };
        // A full disk costs the next run time, and this one nothing.
        if self.known.as_mut().is_some_and(|known| known.keep(key, shown).is_err()) {
            self.known = None;
        }
    }
}

/// `120 of 900, about 12 min left`
fn told(done: usize, of: usize, seconds: u64) -> String {
    let left = seconds.saturating_mul(of.saturating_sub(done) as u64) / done.max(1) as u64;
    match left {
        0..60 => format!("{done} of {of}"),
        _ => format!("{done} of {of}, about {} min left", left.div_ceil(60)),
    }
}

fn row(shown: &Shown) -> Row {
    Row {
        case: shown.case.clone(),
        builder: shown.builder,
        result: "as_expected",
        detail: shown.detail.clone(),
        notes: shown.notes.clone(),
        seconds: shown.seconds,
        before: true,
    }
}

/// The images that an exercise's answers may be built on, and those of its services.
fn images_of(entry: &Entry) -> BTreeSet<String> {
    let allowed = plan::allowed(entry, &[]);
    super::service::images_of(entry).into_iter().chain(allowed.names()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_and_how_long_it_takes() {
        assert_eq!(told(1, 1, 9), "1 of 1");
        assert_eq!(told(100, 400, 60), "100 of 400, about 3 min left");
        assert_eq!(told(100, 150, 90), "100 of 150");
    }
}
