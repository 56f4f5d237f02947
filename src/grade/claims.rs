//! What a learner's evidence says, beside what was found here. No verdict rests on it.

use super::gradebook::{GradedRound, tidy};
use super::intake::Taken;
use super::layout;
use crate::submission::evidence::{self, Block};

/// The blocks of the submission's `SOLUTION.md`.
pub(super) fn read_evidence(taken: &Taken, notes: &mut Vec<String>) -> Vec<Block> {
    let file = layout::beside(&taken.files, evidence::FILE);
    let bytes = file.and_then(|file| taken.beginning_of(file, evidence::LARGEST)).unwrap_or_default();
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
