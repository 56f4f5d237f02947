//! A command with whatever it starts, which does not outlive its owner.
//!
//! At the end of this process not everything is dropped (what lies in statics, what a thread holds): [`end_all`] ends
//! what still lives then.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// The groups whose commands have not ended.
static LIVING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn living() -> MutexGuard<'static, Vec<Pid>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every group, at once. For the end of this process only.
pub(crate) fn end_all() {
    for group in &*living() {
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

/// A command in a process group of its own: Ctrl-C does not reach it, and it ends when this is dropped.
pub(crate) struct Group {
    child: Child,
    /// The command's, and the group's.
    id: Option<Pid>,
}

impl Group {
    /// Starts it with these streams: input, output, and what it complains of.
    pub(crate) fn start(command: &mut Command, [stdin, stdout, stderr]: [Stdio; 3]) -> io::Result<Self> {
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        living().extend(id);
        Ok(Self { child, id })
    }

    /// Its input, where that is a pipe; once.
    pub(crate) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its output, where that is a pipe; once.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// What it complains of, where that is a pipe; once.
    pub(crate) fn complaints(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for its end. Where nobody waits any longer, it is ended.
    pub(crate) async fn end(mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(group) = self.id else { return };
        living().retain(|other| *other != group);
        // The child has an id until its end was seen, and no other process has that id until then.
        if self.child.id().is_some() {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;
    use tokio::time::timeout;

    fn shell(script: &str) -> Group {
        let mut command = Command::new("sh");
        Group::start(command.args(["-c", script]), [Stdio::null(), Stdio::piped(), Stdio::null()]).unwrap()
    }

    #[tokio::test]
    async fn whoever_is_dropped_takes_along_what_it_started() {
        let mut group = shell("sleep 1000 & echo; wait");
        let mut output = group.output().unwrap();
        assert_eq!(output.read(&mut [0; 8]).await.unwrap(), 1, "both run");
        drop(group);
        // It ends when nobody holds it open any more.
        let rest = timeout(Duration::from_secs(20), output.read_to_end(&mut Vec::new())).await;
        assert_eq!(rest.expect("the second process has ended, too").unwrap(), 0);
    }

    #[tokio::test]
    async fn the_end_of_this_process_knows_who_lives() {
        let dropped = shell("sleep 1000");
        let id = dropped.id.unwrap();
        assert!(living().contains(&id));
        drop(dropped);
        assert!(!living().contains(&id));

        let ended = shell("exit 3");
        let id = ended.id.unwrap();
        assert_eq!(ended.end().await.unwrap().code(), Some(3));
        assert!(!living().contains(&id));
    }
}
