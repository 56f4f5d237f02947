//! What a pass can show besides words: pictures of the facts that its verdicts rest on.

use super::{Check, Inquiry, Kind, Subject};
use crate::evidence::{Evidence, StepFacts};

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    /// What one image weighs, beside what it was compared with.
    Sizes {
        /// What it was compared with, in words, and its size in bytes.
        before: (String, u64),
        /// The image's name and its size in bytes.
        after: (String, u64),
    },
    /// What a rebuild did after a change.
    Rebuild {
        /// What was done, as a sentence without its full stop.
        story: String,
        /// The steps of the second build.
        steps: Vec<StepFacts>,
    },
}

/// The pictures of checks that passed on this evidence: the first of each sort, so that they fit a screen.
pub fn pictures(checks: &[Check], subject: &Subject, evidence: &Evidence) -> Vec<Picture> {
    let inquiry = Inquiry::new(evidence, subject);
    let asked = checks.iter().filter(|check| !check.hidden).flat_map(|check| &check.asks);
    let mut pictures: Vec<Picture> = Vec::new();
    for picture in asked.filter_map(|kind| of(kind, &inquiry)) {
        let same_sort = |known: &Picture| std::mem::discriminant(known) == std::mem::discriminant(&picture);
        if !pictures.iter().any(same_sort) {
            pictures.push(picture);
        }
    }
    pictures
}

fn of(kind: &Kind, inquiry: &Inquiry<'_>) -> Option<Picture> {
    match kind {
        Kind::Size(size) => size.picture(inquiry),
        Kind::Experiment(experiment) => experiment.picture(inquiry),
        _ => None,
    }
}
