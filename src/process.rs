//! A command with whatever it starts, which does not outlive its owner.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// A command in a process group of its own: Ctrl-C does not reach it, and it ends when this is dropped.
pub(crate) struct Group(Child);

impl Group {
    /// Starts it with these streams: input, output, and what it complains of.
    pub(crate) fn start(command: &mut Command, [stdin, stdout, stderr]: [Stdio; 3]) -> io::Result<Self> {
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        command.process_group(0).kill_on_drop(true).spawn().map(Self)
    }

    /// Its input, where that is a pipe; once.
    pub(crate) fn input(&mut self) -> Option<ChildStdin> {
        self.0.stdin.take()
    }

    /// Its output, where that is a pipe; once.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// What it complains of, where that is a pipe; once.
    pub(crate) fn complaints(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> io::Result<ExitStatus> {
        self.0.wait().await
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It has an id until its end was seen, and no other process has that id until then.
        let id = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = id {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
