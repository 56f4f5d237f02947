//! Grading: submissions of a class, judged with the checks that learners have.
//!
//! ```text
//! intake/    PATH… → private copies, or refusals
//! ```

pub mod intake;
