//! What two submissions have in common that nobody gave them: flagged with its evidence, and never judged.
//!
//! ```text
//! print      one submission's files of an exercise → lines of its learner's own; pure but for reading them
//! normal     a line without comments, white space, capitals and drawn values; pure
//! pairs      prints → pairs worth a look, cheaply; pure
//! evidence   two prints → their lines side by side; pure
//! ```
//!
//! Invariants: what the course gives to everybody (starter, reference solution, right answers), what a large part of the
//! class wrote alike, and answers too short to tell anything, make nobody alike; points do not depend on any of it.

mod evidence;
mod normal;
mod pairs;
mod print;

pub use evidence::{Both, Row};
pub use pairs::{MOST_PAIRS, Submitted, pairs};
pub use print::{Given, LARGEST_PRINTS, OwnLine, Print, read};

use serde::Serialize;

/// Two submissions of one exercise that an instructor should lay side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Id of the exercise.
    pub exercise: String,
    /// Whose they are, as the gradebook calls them.
    pub learners: [String; 2],
    /// Where they stand in the gradebook's `submissions`, from 0.
    pub submissions: [usize; 2],
    /// The same token came with both.
    pub same_token: bool,
    /// The token of the one, or one that neither has, lies in images of both.
    pub same_token_in_images: bool,
    /// How much of what the learners wrote themselves is alike, from 0 to 1; none where there is too little of it.
    pub ratio: Option<f64>,
    /// Their own lines side by side, file by file; not all, where there are many.
    pub files: Vec<Both>,
}

impl Pair {
    /// Why they are flagged, in words.
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.same_token {
            reasons.push("the same token".to_owned());
        }
        if self.same_token_in_images {
            reasons.push("the same token in their images".to_owned());
        }
        if let Some(percent) = self.percent() {
            let files: Vec<&str> = self.files.iter().map(|both| both.names[0].as_str()).collect();
            let of = if files.is_empty() { String::new() } else { format!(" ({})", files.join(", ")) };
            reasons.push(format!("own lines {percent} % alike{of}"));
        }
        reasons
    }

    /// The ratio in whole hundredths, rounded down: 100 is alike throughout.
    pub fn percent(&self) -> Option<u32> {
        self.ratio.map(|ratio| (ratio * 100.0) as u32)
    }
}

#[cfg(test)]
mod tests;
