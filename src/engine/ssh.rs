//! An engine on another machine, by the learner's own ssh: the docker command over there carries the bytes
//! (`docker system dial-stdio`, as the docker command itself does it).
//!
//! Keys, host keys, jump hosts and shared connections are ssh's own configuration. It never asks anything
//! (`BatchMode`): a question would end up on a screen that dlearn draws on. Invariants: whoever gets no answer learns
//! what ssh said; an ssh has a process group of its own, so that Ctrl-C does not take the way to the engine from what
//! cleans up; it ends when its connection is dropped.

use super::{
    address::SshAddress,
    error::{Explained, one_line},
};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Seconds that ssh may take to connect. Logging in comes on top of what a question to an engine may take.
pub(super) const LOGIN_SECONDS: u64 = 8;
/// How long an ssh that is not needed any more may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long to wait for what an ssh complains of, once it has ended.
const COMPLAINT: Duration = Duration::from_secs(1);
/// Most bytes of it that are kept: the last ones.
const LARGEST_COMPLAINT: usize = 8 * 1024;
/// The exit code of an ssh that did not get through.
const SSH_FAILED: i32 = 255;
/// A shell's exit code where there is no such command.
const NO_COMMAND: i32 = 127;

/// A new connection. That it leads nowhere shows when it is first read.
///
/// # Errors
/// Where there is no ssh command here.
pub(super) fn open(address: &SshAddress) -> io::Result<Stream> {
    let mut command = Command::new("ssh");
    command.args(["-T", "-o", "BatchMode=yes", "-o", &format!("ConnectTimeout={LOGIN_SECONDS}")]);
    if let Some(user) = &address.user {
        command.args(["-l", user]);
    }
    if let Some(port) = address.port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["--", &address.host, &remote_command(address)]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).kill_on_drop(true).spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::other(Explained {
            reason: "there is no ssh command on this machine".into(),
            help: "install OpenSSH's client (openssh-client), then try again".into(),
        }),
        _ => error,
    })?;
    let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let complaint = tokio::spawn(last_of(errors));
    let ssh = Ssh { child, complaint, by_hand: by_hand(address) };
    Ok(Stream { input: Some(input), output, heard: false, end: End::Open(Some(ssh)) })
}

/// What the shell on the other side runs.
fn remote_command(address: &SshAddress) -> String {
    match &address.socket {
        Some(socket) => format!("docker --host {} system dial-stdio", quoted(&format!("unix://{socket}"))),
        None => "docker system dial-stdio".into(),
    }
}

/// One word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How a person logs in there: `ssh -p 2222 me@lab`.
fn by_hand(address: &SshAddress) -> String {
    let port = address.port.map(|port| format!("-p {port} ")).unwrap_or_default();
    let user = address.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    format!("ssh {port}{user}{}", address.host)
}

/// The end of what a process writes, without keeping it waiting.
async fn last_of(mut stream: ChildStderr) -> Vec<u8> {
    let mut last = VecDeque::new();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        last.extend(&buffer[..count]);
        last.drain(..last.len().saturating_sub(LARGEST_COMPLAINT));
    }
    last.into()
}

/// The running command.
struct Ssh {
    child: Child,
    complaint: JoinHandle<Vec<u8>>,
    by_hand: String,
}

impl Ssh {
    /// Why it has ended without a word of the engine's.
    async fn why(mut self) -> Explained {
        let ended = timeout(FAREWELL, self.child.wait()).await;
        let code = ended.ok().and_then(Result::ok).as_ref().and_then(ExitStatus::code);
        // A connection that ssh shares goes on in the background and keeps the stream.
        let said = timeout(COMPLAINT, &mut self.complaint).await.ok().and_then(Result::ok).unwrap_or_default();
        explain(code, &String::from_utf8_lossy(&said), &self.by_hand)
    }
}

type Why = Pin<Box<dyn Future<Output = Explained> + Send>>;

/// How far the connection's end is known.
enum End {
    Open(Option<Ssh>),
    Asking(Why),
    Known(Explained),
}

/// A connection by ssh.
pub(super) struct Stream {
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// The engine has said something.
    heard: bool,
    end: End,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ssh::Stream")
    }
}

impl Stream {
    /// The error of a connection on which nothing was ever heard.
    fn poll_why(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            self.end = match &mut self.end {
                End::Open(ssh) => {
                    // Nothing waits for more from here.
                    self.input = None;
                    match ssh.take() {
                        Some(ssh) => End::Asking(Box::pin(ssh.why())),
                        None => return Poll::Ready(io::ErrorKind::BrokenPipe.into()),
                    }
                }
                End::Asking(why) => End::Known(ready!(why.as_mut().poll(cx))),
                End::Known(why) => return Poll::Ready(io::Error::other(why.clone())),
            };
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if matches!(self.end, End::Open(_)) {
            ready!(Pin::new(&mut self.output).poll_read(cx, buf))?;
            self.heard |= buf.filled().len() > before;
            if self.heard {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_why(cx).map(Err)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = match &mut self.input {
            Some(input) => ready!(Pin::new(input).poll_write(cx, buf)),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !self.heard => self.poll_why(cx).map(Err),
            other => Poll::Ready(other),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A pipe has no half that could be shut: it is closed.
        self.input = None;
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.input = None;
        // It ends by itself, and with it the command over there; killed, it would take along those that share its
        // connection. Where no time is left for that, it is killed.
        if let (End::Open(ssh), Ok(runtime)) = (&mut self.end, Handle::try_current())
            && let Some(mut ssh) = ssh.take()
        {
            runtime.spawn(async move { drop(timeout(FAREWELL, ssh.child.wait()).await) });
        }
    }
}

/// What a failed ssh means. OpenSSH is not translated; the exit codes are those of ssh(1) and of shells.
fn explain(code: Option<i32>, said: &str, by_hand: &str) -> Explained {
    let says = |sign: &str| said.contains(sign);
    let last = one_line(said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default());
    let host = by_hand.rsplit(' ').next().unwrap_or_default();
    let (reason, help) = match code {
        Some(SSH_FAILED) if says("REMOTE HOST IDENTIFICATION HAS CHANGED") => (
            "it shows another host key than it did before".into(),
            format!(
                "ask whoever runs it whether its key was changed; only if so, take the old one out of known_hosts \
                 (ssh-keygen -R), then log in once by hand: {by_hand}"
            ),
        ),
        Some(SSH_FAILED) if says("Host key verification failed") => (
            "its host key is not known on this machine".into(),
            format!("log in once by hand, and compare the key that it shows with what its owner says: {by_hand}"),
        ),
        Some(SSH_FAILED) if says("Permission denied") || says("Too many authentication failures") => (
            format!("it lets nobody in without a password, and dlearn asks for none ({last})"),
            format!(
                "give it your key (ssh-copy-id), unlock your key (ssh-add), then see that this asks nothing: {by_hand}"
            ),
        ),
        Some(SSH_FAILED) if says("Could not resolve hostname") => {
            (format!("ssh does not know where that is ({last})"), "see how the name is spelt, and ~/.ssh/config".into())
        }
        Some(SSH_FAILED) => (
            format!("ssh does not get through: {}", or(&last, "it says nothing")),
            format!("see that this works by itself, without a question: {by_hand}"),
        ),
        Some(NO_COMMAND) => (
            format!("there is no docker command on {host}"),
            format!(
                "install one there (docker-ce-cli, docker-cli), or put it on the PATH of a shell without a terminal: \
                 {by_hand} docker version"
            ),
        ),
        _ if says("is not a docker command") => (
            format!("the docker command on {host} is too old to carry a connection"),
            "install Docker 18.09 or later there".into(),
        ),
        Some(0) | None => (
            "ssh logs in, but nothing answers".into(),
            format!("see whether the engine answers there: {by_hand} docker version"),
        ),
        Some(_) => (
            format!("the docker command on {host} does not reach an engine: {}", or(&last, "it says nothing")),
            format!("see that this names a server: {by_hand} docker version"),
        ),
    };
    Explained { reason, help }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_ssh_says_what_to_do() {
        for (code, said, reason, help) in [
            (255, "Host key verification failed.\r\n", "not known", "ssh -p 22 me@lab"),
            (
                255,
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "another host key",
                "ssh-keygen -R",
            ),
            (255, "me@lab: Permission denied (publickey,password).", "without a password", "ssh-add"),
            (255, "ssh: Could not resolve hostname lab: Name or service not known", "does not know where", "spelt"),
            (255, "ssh: connect to host lab port 22: Connection refused", "Connection refused", "ssh -p 22 me@lab"),
            (127, "sh: 1: docker: not found", "no docker command on me@lab", "PATH"),
            (1, "docker: 'dial-stdio' is not a docker command.", "too old", "18.09"),
            (
                1,
                "permission denied while trying to connect to the Docker daemon socket",
                "does not reach an engine",
                "docker version",
            ),
            (1, "", "it says nothing", "docker version"),
        ] {
            let found = explain(Some(code), said, "ssh -p 22 me@lab");
            assert!(found.reason.contains(reason) && found.help.contains(help), "{said}: {found:?}");
        }
        let hostile = explain(Some(1), "\x1b]0;x\x07\x1b[31mred", "ssh lab");
        assert!(!hostile.reason.contains('\x1b'), "{hostile:?}");
    }

    #[test]
    fn the_shell_over_there_sees_one_word() {
        let address = |socket: Option<&str>| SshAddress {
            user: None,
            host: "lab".into(),
            port: None,
            socket: socket.map(str::to_owned),
        };
        assert_eq!(remote_command(&address(None)), "docker system dial-stdio");
        assert_eq!(
            remote_command(&address(Some("/a'; rm -rf $HOME #"))),
            r"docker --host 'unix:///a'\''; rm -rf $HOME #' system dial-stdio"
        );
    }
}
