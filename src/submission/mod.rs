//! A submission: what a learner hands in and a grader takes.
//!
//! ```text
//! entry     the rules for paths and sizes, one for both sides; pure
//! walk      a folder on the disk under these rules
//! manifest  dlearn-submission.json
//! evidence  SOLUTION.md: what the learner's engine showed
//! session   the folder that `dlearn submit --session` writes, for a commit
//! pack      the archive that `dlearn submit` writes: the same files, the same bytes
//! ```
//!
//! Invariants: there are no links in a submission; every path is relative, of ordinary visible names; the manifest is
//! a claim of the learner's, and no verdict rests on it.

pub mod entry;
pub mod evidence;
pub mod manifest;
pub mod pack;
pub mod session;
pub mod walk;

pub use entry::{Limits, Place, Refused, Tally, place, shown};
pub use manifest::{Claim, MANIFEST, Manifest, Registry};
