//! dlearn met at a certain moment of its conversation with the engine.

use super::process::{Learner, Running, Told};
use super::proxy::{At, Proxy, Then};
use std::process::Command;

/// Starts a command whose engine is behind a proxy, and waits for the moment.
pub fn reach(mut command: Command, at: At, then: Then) -> (Proxy, Running) {
    let proxy = Proxy::start(at, then);
    command.env("DOCKER_HOST", proxy.host());
    let running = Running::start(command);
    proxy.wait();
    (proxy, running)
}

impl Learner {
    /// `dlearn ARGS`, which gets this signal at the moment; what the proxy held meanwhile goes on then.
    pub fn signalled(&self, args: &[&str], at: At, then: Then, signal: &str) -> Told {
        let (proxy, running) = reach(self.command(args), at, then);
        running.signal(signal);
        proxy.release();
        running.end()
    }

    /// `dlearn ARGS`, killed with SIGKILL once it has asked this, so that it cannot clean up. The engine does what
    /// it was asked.
    pub fn killed(&self, args: &[&str], at: At) -> Told {
        self.signalled(args, at, Then::Tell, "KILL")
    }
}
