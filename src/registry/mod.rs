//! The distribution API: what a registry says about an image (OCI distribution specification 1.1,
//! Docker Registry HTTP API V2).
//!
//! ```text
//! reference     127.0.0.1:5123/learner/app:v1 → host, repository, tag
//! conversation  one HTTP connection, over whatever stream leads to the registry
//! through       one after another of them, to a registry beside the engine
//! remote        a registry asked from this machine: TLS, proxies (proxy), redirections, tokens (challenge, token)
//! login         what `docker login` keeps for a registry, in config.json or with a credential helper (helper)
//! manifest      manifests, indexes, configurations: tolerant and bounded
//! read          tag → manifest → (index → the platform's manifest) → configuration → diff ids
//! web           one question over HTTP from this machine
//! hub           what only Docker Hub tells: how large a tag is, how many pulls are left
//! remove        every image of a repository, in a registry of dlearn's own
//! ```
//!
//! Invariants:
//! - A registry is a stranger: what it says is bounded (bytes, time, redirections), its digests are verified against the
//!   bytes, and nothing of it gets into a path unchecked.
//! - Whose marks are at stake is never judged with anybody's credentials: grading and proofs see what everybody may see, or
//!   what lies in a registry of dlearn's own. A learner's login serves for what they ask themselves about what they may
//!   read, and where nobody may read it.
//! - A login goes to the registry that it belongs to and to the token server that this registry names, over TLS (or on
//!   this machine's loopback), for reading only; to nobody whom a redirection names. It is never printed. To a registry
//!   beside the engine it goes by way of the engine, and to an engine by a socket, TLS, ssh or our own loopback only.
//! - How a stream to a registry beside the engine comes to be is not known here: the engine knows
//!   (`engine/registry.rs`). What only Docker Hub tells is advice: nothing is judged by it.

mod challenge;
mod conversation;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod helper;
mod hub;
mod login;
mod manifest;
mod proxy;
mod read;
mod reference;
mod remote;
mod remove;
mod through;
mod token;
mod web;

pub use conversation::{Ask, Conversation, Got};
pub use hub::{Headroom, headroom, size_on_hub};
pub use login::{HUB_LOGIN, Login, LoginError, Logins};
pub use read::{Known, Platform, RegistryError, read};
pub use reference::Reference;
pub use remote::Remote;
pub use remove::remove_repository;
pub(crate) use through::Through;
