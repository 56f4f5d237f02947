//! Proves exercises on a real engine: the starter fails, right answers pass, wrong ones fail in the
//! named check with the named message.
//!
//! Every image lies under dlearn's own `dlearn-run/` names and every file in a temporary folder, so
//! that a learner's images, containers and files of the same exercise are not touched. Lessons are proven beside them:
//! what they show is done in throw-away engines.

mod bench;
mod case;
mod known;
mod lesson;
mod mutate;
mod plan;
mod record;
mod share;

pub use bench::Workbench;
pub use case::{CaseResult, Proved, prove};
pub use known::{Grounds, Shown};
pub use lesson::{PlannedLesson, ProvedLesson, Untrue, plan_lessons, prove_lesson};
pub use mutate::{Mutant, Needed, mutants, try_mutant};
pub use plan::{CaseKind, PlannedCase, plan};
pub use record::Recording;
pub use share::{by_turns, keep};
