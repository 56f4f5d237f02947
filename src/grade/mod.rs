//! Grading: submissions of a class, judged with the checks that learners have.
//!
//! ```text
//! intake/    PATH… → private copies, or refusals that name the entry
//! layout     where the exercises lie in a copy; pure
//! roster     who is in the class, and whose a token is; pure
//! whose      whose a submission is; pure
//! plan       which images and Dockerfiles an exercise has; pure
//! refusals   what is not built, by file and line; pure
//! judge      one exercise of one submission, on an engine
//! score      findings → points; pure
//! place      where: a throw-away engine for each, or one that is named
//! memory     what the same files came to before
//! claims     what a learner's evidence says, beside what was found
//! class      one submission after another
//! alike      what two submissions share that nobody gave them
//! late       due dates, and what being late costs; pure
//! closing    submissions that were judged → the gradebook: who is missing, what is late, what is a bonus; pure
//! part       the results of a part of a class, as a file, and parts joined
//! gradebook  what it all comes to; pure
//! ```
//!
//! Invariants: whatever a submission is or does is its own result, and ends no other's; nothing of it is followed,
//! believed or shown as it is; what the engine or this machine could not do costs nobody anything.

pub mod alike;
mod claims;
pub mod class;
pub mod closing;
pub mod gradebook;
pub mod intake;
pub mod judge;
pub mod late;
pub mod layout;
pub mod memory;
pub mod part;
pub mod place;
pub mod plan;
pub mod refusals;
pub mod roster;
pub mod score;
mod whose;
