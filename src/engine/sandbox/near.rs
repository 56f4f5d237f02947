//! The short way to a throw-away engine whose container runs on this machine: its socket, by way of `/proc`.
//!
//! The other way is a process in the container for each connection, whose every byte two engines copy
//! ([`Engine::dial_engine_in`]). It works wherever the engine is, and costs more than most questions.

use super::super::Engine;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use tokio::net::UnixStream;
use tokio::sync::OnceCell;

/// Where the engine in a container of this name listens, below the container's root. No other engine has a socket of
/// that name: whose process a number really is, on this machine, decides nothing.
pub(super) fn socket(container: &str) -> String {
    format!("run/{container}.sock")
}

impl Engine {
    /// A connection to the socket of the engine in a container of ours; none where that is no way to it: from another
    /// machine (a virtual one, too), for a user who may not look into the container, before the engine listens.
    pub(in crate::engine) async fn socket_of_engine_in(
        &self,
        container: &str,
        process: &OnceCell<Option<u32>>,
    ) -> Option<UnixStream> {
        if !self.connector().is_socket() {
            return None;
        }
        let ask = || async {
            let about = self.docker().inspect_container(container, None).await?;
            let pid = about.state.and_then(|state| state.pid);
            Ok::<_, bollard::errors::Error>(pid.and_then(|pid| u32::try_from(pid).ok()))
        };
        let process = (*process.get_or_try_init(ask).await.ok()?)?;
        let socket = open(process, &socket(container)).ok()?;
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await.ok()
    }
}

/// The socket at a path below the root of a process, which follows no link: whatever became of what is in there, it
/// leads nowhere else (`openat2(2)`, Linux 5.6).
#[cfg(target_os = "linux")]
fn open(process: u32, path: &str) -> io::Result<OwnedFd> {
    use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
    let root = File::open(format!("/proc/{process}/root"))?;
    let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS;
    let socket = openat2(&root, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty(), within)?;
    match FileType::from_raw_mode(fstat(&socket)?.st_mode) {
        FileType::Socket => Ok(socket),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(_: u32, _: &str) -> io::Result<OwnedFd> {
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

        let socket = open(std::process::id(), &below("a.sock")).unwrap();
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await.unwrap();
        listener.accept().unwrap();
        for other in ["file", "link", "round/a.sock", "none"] {
            assert!(open(std::process::id(), &below(other)).is_err(), "{other}");
        }
    }
}
