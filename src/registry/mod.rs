//! The distribution API: what a registry says about an image (OCI distribution specification 1.1,
//! Docker Registry HTTP API V2).
//!
//! ```text
//! reference     127.0.0.1:5123/learner/app:v1 → host, repository, tag
//! conversation  one HTTP connection, over whatever stream leads to the registry
//! manifest      manifests, indexes, configurations: tolerant and bounded
//! read          tag → manifest → (index → the platform's manifest) → configuration → diff ids
//! hub           what only Docker Hub tells: how large a tag is, how many pulls are left
//! remove        every image of a repository, in a registry of dlearn's own
//! ```
//!
//! Invariants:
//! - A registry is a stranger: what it says is bounded (bytes, time; it is not followed elsewhere), its digests are
//!   verified against the bytes, and nothing of it gets into a path unchecked.
//! - No credentials are ever read: what is judged is what everybody may see, or what lies in a registry
//!   of dlearn's own.
//! - How a stream to a registry comes to be is not known here: the engine knows (`engine/registry.rs`). Docker Hub alone
//!   is asked from this machine, for advice only: nothing is judged by it.

mod conversation;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod hub;
mod manifest;
mod read;
mod reference;
mod remove;

pub use conversation::{Ask, Conversation, Got};
pub use hub::{Headroom, headroom, size_on_hub};
pub use read::{Platform, RegistryError, read};
pub use reference::Reference;
pub use remove::remove_repository;
