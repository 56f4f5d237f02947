//! Proves exercises on a real engine: the starter fails, right answers pass, wrong ones fail in the
//! named check with the named message.
//!
//! Every image lies under dlearn's own `dlearn-run/` names and every file in a temporary folder, so
//! that a learner's images, containers and files of the same exercise are not touched.

mod case;
mod plan;
mod record;

pub use case::{CaseResult, Proved, Workbench, prove};
pub use plan::{CaseKind, PlannedCase, plan};
pub use record::Recording;
