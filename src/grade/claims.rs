//! What a learner's evidence says, beside what was found here. No verdict rests on it.

use super::gradebook::{GradedRound, tidy};
use super::intake::Taken;
use super::layout;
use crate::submission::evidence::{self, Block};
use std::fs::File;
use std::io::Read;

/// The blocks of the submission's `SOLUTION.md`.
pub(super) fn read_evidence(taken: &Taken, notes: &mut Vec<String>) -> Vec<Block> {
    let Some(file) = layout::beside(&taken.files, evidence::FILE) else { return Vec::new() };
    let mut bytes = Vec::new();
    let opened = File::open(taken.root().join(file));
    if opened.and_then(|file| file.take(evidence::LARGEST).read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    for block in Block::read(&String::from_utf8_lossy(&bytes)) {
        match block {
            Ok(block) => blocks.push(block),
            Err(why) => notes.push(format!("a block of {} was not used: {}", evidence::FILE, tidy(&why))),
        }
    }
    blocks
}

/// In what a learner's evidence differs from what was found here.
pub(super) fn differences(block: &Block, rounds: &[GradedRound]) -> Vec<String> {
    let mut notes = Vec::new();
    if !block.is_whole() {
        notes.push(format!("the evidence in {} was changed after dlearn wrote it", evidence::FILE));
    }
    let Some(round) = rounds.iter().find(|round| round.number == block.round) else { return notes };
    let found = |id: &str| round.checks.iter().find(|check| check.finding.id == id);
    let other = block.checks.iter().filter(|(_, theirs)| *theirs == "pass").filter_map(|(id, _)| {
        let here = found(id)?.finding.verdict.word();
        (here == "not_yet").then(|| tidy(id))
    });
    let other: Vec<String> = other.collect();
    if !other.is_empty() {
        let checks = other.join("`, `");
        notes.push(format!("its evidence says that `{checks}` passed there; what was found here counts"));
    }
    notes
}
