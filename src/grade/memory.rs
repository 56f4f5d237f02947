//! What an exercise of a submission came to before: the same files, judged by the same program with the same course, in
//! the same sort of place, come to the same.
//!
//! Invariant: kept is only what was judged in full and ended by itself. What ran out of time, brought its engine down or
//! could not be judged may have met a bad moment, and is tried again.

use super::gradebook::{GradedExercise, State};
use super::judge::Work;
use super::plan;
use crate::course::Course;
use crate::evidence::EngineFacts;
use crate::journal::{Journal, Key};
use crate::submission::{Limits, walk};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// What is kept of an exercise: with what a gradebook does not show.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    #[serde(flatten)]
    graded: GradedExercise,
    in_images: BTreeSet<String>,
}

/// Results of earlier runs, and what those of this run rest on.
#[derive(Debug)]
pub struct Memory {
    journal: Mutex<Journal<Kept>>,
    /// Whether earlier results are taken, or results only kept.
    resume: bool,
    common: Key,
    /// Ids of images by name.
    images: BTreeMap<String, String>,
}

impl Memory {
    /// The memory of a run on an engine that has these images (ids by name). `rules` is whatever else a result depends
    /// on, in any words.
    ///
    /// # Errors
    /// Where this program cannot be read.
    pub fn new(
        journal: Journal<Kept>,
        resume: bool,
        course: &Course,
        facts: &EngineFacts,
        images: BTreeMap<String, String>,
        rules: &str,
    ) -> io::Result<Self> {
        let read = format!("{}{facts:?}{:?}", course.outline.course, course.recipes);
        let common = Key::of_this_program()?.with(read).with(rules);
        Ok(Self { journal: Mutex::new(journal), resume, common, images })
    }

    /// The key of a piece of work; none where its files cannot be read.
    pub(super) fn key(&self, work: &Work<'_>, limits: &Limits) -> Option<String> {
        let names = plan::needed(work.entry).into_iter().chain(work.allowed.names());
        let key = self.common.clone().with_images(names, &self.images).with(work.token);
        let key = key.with(format!("{:?}", work.registry));
        let mut key = key.with_files(&work.entry.files);
        let mut read = |seen| {
            if let walk::Seen::File { name, path, executable, meta } = seen {
                let mut content = Vec::new();
                let file = walk::open(&name, &path, &meta)?;
                let limit = limits.file.saturating_add(1);
                let all = file.take(limit).read_to_end(&mut content);
                all.map_err(|error| crate::submission::Refused::whole(error.to_string(), ""))?;
                key = std::mem::take(&mut key).with(name).with([u8::from(executable)]).with(content);
            } else if let walk::Seen::Folder(name) = seen {
                // An empty folder is something to COPY, too.
                key = std::mem::take(&mut key).with(name);
            }
            Ok(())
        };
        walk::walk(work.folder, limits, &mut read).ok()?;
        Some(key.hex())
    }

    /// What it came to before, if that is to be taken.
    pub(super) fn get(&self, key: &str) -> Option<GradedExercise> {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = journal.get(key).filter(|_| self.resume)?;
        Some(GradedExercise { in_images: kept.in_images.clone(), ..kept.graded.clone() })
    }

    /// Keeps what it came to.
    pub(super) fn keep(&self, key: String, graded: &GradedExercise) {
        let ended = |round: &super::gradebook::GradedRound| round.reason.is_none() || !round.checks.is_empty();
        if graded.state == State::NotJudged || !graded.rounds.iter().all(ended) {
            return;
        }
        // A full disk costs the next run time, and this one nothing.
        let kept = Kept { graded: graded.clone(), in_images: graded.in_images.clone() };
        let _ = self.journal.lock().unwrap_or_else(PoisonError::into_inner).keep(key, kept);
    }
}
