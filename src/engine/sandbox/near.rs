//! The short way to a throw-away engine whose container runs on this machine: its socket, by way of `/proc`.
//!
//! The other way is a process in the container for each connection, whose every byte two engines copy
//! ([`Engine::dial_engine_in`]). It works wherever the engine is, and costs more than most questions.

use super::super::Engine;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use tokio::net::UnixStream;
use tokio::sync::OnceCell;

/// The folder of a process below `/proc`. It leads nowhere once that process has ended, whoever gets its number.
pub(in crate::engine) type Process = Arc<OwnedFd>;

/// Where the engine in a container of this name listens, below the container's root. No other engine has a socket of
/// that name, so a number that means another process here than where the container is leads nowhere.
pub(super) fn socket(container: &str) -> String {
    format!("run/{container}.sock")
}

impl Engine {
    /// A connection to the socket of the engine in a container of ours; none where that is no way to it: from another
    /// machine (a virtual one, too), for a user who may not look into the container, before the engine listens.
    /// `process` keeps the first process of the container, none where this machine has none of that number.
    pub(in crate::engine) async fn socket_of_engine_in(
        &self,
        container: &str,
        process: &OnceCell<Option<Process>>,
    ) -> Option<UnixStream> {
        if !self.connector().is_socket() {
            return None;
        }
        let ask = || async {
            let about = self.docker().inspect_container(container, None).await?;
            let pid = about.state.and_then(|state| state.pid);
            Ok::<_, bollard::errors::Error>(pid.and_then(|pid| folder_of(pid).ok()).map(Arc::new))
        };
        let process = process.get_or_try_init(ask).await.ok()?.clone()?;
        let path = socket(container);
        // Whoever is root in there may have made of the path what they like, one that keeps us waiting, too.
        let socket = tokio::task::spawn_blocking(move || open(&process, &path)).await.ok()?.ok()?;
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await.ok()
    }
}

/// Whatever system has no `/proc` has no such folder.
fn folder_of(pid: i64) -> io::Result<OwnedFd> {
    File::open(format!("/proc/{pid}")).map(OwnedFd::from)
}

/// The socket at a path below the root of a process, which follows no link: whatever became of what is in there, it
/// leads nowhere else (`openat2(2)`, Linux 5.6).
#[cfg(target_os = "linux")]
fn open(process: &OwnedFd, path: &str) -> io::Result<OwnedFd> {
    use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let root = openat(process, "root", flags | OFlags::DIRECTORY, Mode::empty())?;
    let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
    let socket = openat2(&root, path, flags | OFlags::NOFOLLOW, Mode::empty(), within)?;
    match FileType::from_raw_mode(fstat(&socket)?.st_mode) {
        FileType::Socket => Ok(socket),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(_: &OwnedFd, _: &str) -> io::Result<OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[tokio::test]
    async fn a_socket_is_found_below_a_processes_root_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let below = |name: &str| folder.path().join(name).to_string_lossy()[1..].to_owned();
        let listener = UnixListener::bind(folder.path().join("a.sock")).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        symlink("a.sock", folder.path().join("link")).unwrap();
        symlink(folder.path(), folder.path().join("round")).unwrap();

        let process = folder_of(std::process::id().into()).unwrap();
        let socket = open(&process, &below("a.sock")).unwrap();
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await.unwrap();
        listener.accept().unwrap();
        for other in ["file", "link", "round/a.sock", "none"] {
            assert!(open(&process, &below(other)).is_err(), "{other}");
        }

        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = folder_of(other.id().into()).unwrap();
        open(&process, &below("a.sock")).unwrap();
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(open(&process, &below("a.sock")).is_err(), "it has ended");
    }
}
