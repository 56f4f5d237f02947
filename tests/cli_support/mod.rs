//! What the end-to-end tests of the binary share: dlearn as a process, the docker command as a learner uses
//! it, a course with names of its own, the exercise's real names under a lock, and a proxy that fails as
//! engines fail.
//!
//! Invariants: a test touches only what it made itself (found by its own names and label); whatever it made
//! is gone when it ends, also when it fails; nothing waits for ever.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

pub mod cache;
pub mod claim;
pub mod docker;
pub mod moment;
pub mod process;
pub mod proxy;
pub mod saved;
pub mod scene;

pub use cache::{bring_back, forget};
pub use claim::{Claim, alone};
pub use docker::{BUILDERS, Client, docker, docker_fails, docker_lines};
pub use moment::reach;
pub use process::{Learner, Running, Told};
pub use proxy::{At, Proxy, Then};
pub use saved::{Edit, Saved};
pub use scene::Scene;

use std::time::{Duration, Instant};

/// Seconds within which an engine that does not answer must be told (issue 2, README).
pub const CANNOT_TELL_SECONDS: u64 = 15;

/// Asks again and again until there is an answer, at most `seconds` long.
pub fn eventually<T>(what: &str, seconds: u64, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Something that no other test and no learner is called.
pub fn unique() -> String {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
