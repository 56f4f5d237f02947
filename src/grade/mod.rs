//! Grading: submissions of a class, judged with the checks that learners have.
//!
//! ```text
//! intake/    PATH… → private copies, or refusals
//! ```

pub mod class;
pub mod gradebook;
pub mod intake;
pub mod judge;
pub mod layout;
pub mod plan;
pub mod refusals;
pub mod roster;
pub mod score;
