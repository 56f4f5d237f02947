//! Checks: what an exercise asks about an image, and how the answer is judged.
//!
//! Invariant: judging never does I/O. Nothing in here knows bollard, tokio, the file system or the
//! clock. A kind of check is one file below `kinds/`: its fields, its manual (the doc comment), its
//! judgement and its tests. The line in [`kinds`] makes its YAML key.

pub mod contents;
pub mod failed_build;
mod inquiry;
mod judge;
pub mod kinds;
mod manual;
pub mod matching;
mod naming;
mod picture;
mod port;
pub mod provenance;
pub mod quote;
mod spec;
mod starting;
mod step_place;
mod verdict;
mod written;

pub use inquiry::{Asked, ForTheMessage, Inquiry, Stop, Subject};
pub use judge::{Judged, judge};
pub use kinds::Kind;
pub use picture::{Picture, pictures};
pub use port::Port;
pub use spec::{Check, CheckSpec};
pub use verdict::{Finding, NotYet, Outcome, Place, Verdict};
