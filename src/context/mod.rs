//! The build context: which files of a folder a build gets, and the archive that carries them.
//!
//! - [`ignore`]: `.dockerignore`, by the rules of Docker's own matcher.
//! - [`pack`], [`pack_files`]: the archive for `POST /build`, header for header what docker's own
//!   client writes, because the classic builder's cache keys contain those headers.
//! - [`pack_edited`]: the same after edits that exist in memory only.
//! - [`survey`]: every path with the reason why it is in or out, for `dlearn context`.
//!
//! Invariants: links are never followed; a folder that somebody else filled is bounded in files,
//! bytes and depth; nothing is written to the folder.

mod edited;
mod error;
mod header;
pub mod ignore;
mod pack;
mod pattern;
mod survey;
mod tree;
mod walk;

pub use error::ContextError;
pub use ignore::{Decision, Ignore, IgnoreError, Rule};
pub use pack::{Limits, Packed, Sent, TarStyle, pack, pack_edited, pack_files, pack_to};
pub use survey::{Survey, SurveyEntry, Verdict, survey};
