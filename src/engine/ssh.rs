//! An engine on another machine, by the learner's own ssh: the docker command over there carries the bytes
//! (`docker system dial-stdio`, as the docker command itself does it).
//!
//! Keys, host keys, jump hosts and shared connections are ssh's own configuration. It never asks anything
//! (`BatchMode`): a question would end up on a screen that dlearn draws on. Invariants: whoever gets no answer learns
//! what ssh said; an ssh has a process group of its own, so that Ctrl-C does not take the way to the engine from what
//! cleans up; it ends when its connection is dropped, when the other machine falls silent, and with this process.

mod words;

use super::{address::SshAddress, error::Explained};
use crate::process::Group;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use words::{explain, is_turned_away};

/// Seconds that ssh may take to connect. Whatever may need a new connection may take so much longer.
pub(super) const LOGIN_SECONDS: u64 = 8;
/// What every ssh is told; the command line goes before the learner's configuration (ssh_config(5)). A machine that
/// falls silent is noticed within 15 s. A connection that is shared is used, but none of ours becomes one: it would end
/// under others that use it, when it is not needed here any more.
const OPTIONS: [&str; 4] = ["BatchMode=yes", "ServerAliveInterval=5", "ServerAliveCountMax=2", "ControlMaster=no"];
/// Logins at the same time. While ten are under way, an sshd turns some away (`MaxStartups 10:30:100`, sshd_config(5));
/// others log in there, too.
const LOGINS: usize = 4;
/// How long whoever was turned away stays away.
const TURNED_AWAY: Duration = Duration::from_secs(1);
/// Most bytes that a pipe holds (pipe(7)). An ssh reads nothing of it until it is logged in.
const PIPE: usize = 64 * 1024;
/// How long an ssh that is not needed any more may take to say good-bye.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long to wait for what an ssh complains of, once it has ended.
const COMPLAINT: Duration = Duration::from_secs(1);
/// Most bytes of it that are kept: the last ones.
const LARGEST_COMPLAINT: usize = 8 * 1024;

/// A turn to log in. It is over when something is heard, and at the latest when logging in must be over: an engine may
/// take its time for the first word.
pub(super) struct Turn(JoinHandle<()>);

impl Turn {
    /// Waits for one.
    pub(super) async fn come() -> Self {
        static TURNS: Semaphore = Semaphore::const_new(LOGINS);
        // It is never closed.
        let turn: Option<SemaphorePermit<'static>> = TURNS.acquire().await.ok();
        Self(tokio::spawn(async move {
            sleep(Duration::from_secs(LOGIN_SECONDS)).await;
            drop(turn);
        }))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A new connection, with a turn to log in or without. That it leads nowhere shows when it is first read.
///
/// # Errors
/// Where there is no ssh command here.
pub(super) fn open(address: &SshAddress, turn: Option<Turn>) -> io::Result<Stream> {
    let Started { input, output, ssh } = start(address)?;
    let (address, sent, end) = (address.clone(), Some(Vec::new()), End::Open(Some(ssh)));
    Ok(Stream { address, turn, input: Some(input), output, sent, heard: false, end })
}

/// An ssh that runs, and what leads in and out.
struct Started {
    input: ChildStdin,
    output: ChildStdout,
    ssh: Ssh,
}

fn start(address: &SshAddress) -> io::Result<Started> {
    let mut command = Command::new("ssh");
    command.args(["-T", "-o", &format!("ConnectTimeout={LOGIN_SECONDS}")]);
    command.args(OPTIONS.iter().flat_map(|option| ["-o", option]));
    if let Some(user) = &address.user {
        command.args(["-l", user]);
    }
    if let Some(port) = address.port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["--", &address.host, &remote_command(address)]);
    let started = Group::start(&mut command, [Stdio::piped(), Stdio::piped(), Stdio::piped()]);
    let mut group = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::other(Explained {
            reason: "there is no ssh command on this machine".into(),
            help: "install OpenSSH's client (openssh-client), then try again".into(),
        }),
        _ => error,
    })?;
    let (Some(input), Some(output), Some(errors)) = (group.input(), group.output(), group.complaints()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    Ok(Started { input, output, ssh: Ssh { group, complaint: tokio::spawn(last_of(errors)) } })
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
    group: Group,
    complaint: JoinHandle<Vec<u8>>,
}

impl Ssh {
    /// Its exit code and what it complained of, where it has ended without a word of the engine's.
    async fn end(self) -> (Option<i32>, String) {
        let ended = timeout(FAREWELL, self.group.end()).await;
        let code = ended.ok().and_then(Result::ok).as_ref().and_then(ExitStatus::code);
        // A connection that ssh shares goes on in the background and keeps the stream.
        let said = timeout(COMPLAINT, self.complaint).await.ok().and_then(Result::ok).unwrap_or_default();
        (code, String::from_utf8_lossy(&said).into_owned())
    }
}

/// Another one in place of an ssh that was turned away, where it is known what was sent; else why that has ended.
async fn once_more(address: SshAddress, ssh: Ssh, sent: Option<Vec<u8>>) -> Result<Started, Explained> {
    let (code, said) = ssh.end().await;
    let why = explain(code, &said, &by_hand(&address));
    let Some(sent) = sent.filter(|_| is_turned_away(code, &said)) else { return Err(why) };
    sleep(TURNED_AWAY).await;
    let mut started = start(&address).map_err(|_| why)?;
    // Where this fails, its end says why.
    let _ = started.input.write_all(&sent).await;
    Ok(started)
}

type OnceMore = Pin<Box<dyn Future<Output = Result<Started, Explained>> + Send>>;

/// How far the connection's end is known.
enum End {
    Open(Option<Ssh>),
    Asking(OnceMore),
    Known(Explained),
}

/// A connection by ssh.
pub(super) struct Stream {
    address: SshAddress,
    turn: Option<Turn>,
    input: Option<ChildStdin>,
    output: ChildStdout,
    /// Everything that was sent, as long as it may have to be sent once more.
    sent: Option<Vec<u8>>,
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
    /// The engine speaks: whoever comes next may log in.
    fn hear(&mut self) {
        (self.heard, self.sent, self.turn) = (true, None, None);
    }

    /// Notes what was sent. More than a pipe holds is read by an ssh that is logged in, and will not be turned away.
    fn note(&mut self, sent: &[u8]) {
        if self.sent.as_ref().is_some_and(|all| all.len() + sent.len() > PIPE) {
            self.sent = None;
        }
        if let Some(all) = &mut self.sent {
            all.extend_from_slice(sent);
        }
    }

    /// What comes after the end of a connection on which nothing was ever heard: another one, once; else an error.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.end = match &mut self.end {
                End::Open(ssh) => {
                    // Nothing waits for more from here.
                    self.input = None;
                    match ssh.take() {
                        Some(ssh) => End::Asking(Box::pin(once_more(self.address.clone(), ssh, self.sent.take()))),
                        None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                    }
                }
                End::Asking(asking) => match ready!(asking.as_mut().poll(cx)) {
                    Ok(Started { input, output, ssh }) => {
                        (self.input, self.output) = (Some(input), output);
                        self.end = End::Open(Some(ssh));
                        return Poll::Ready(Ok(()));
                    }
                    Err(why) => {
                        self.turn = None;
                        End::Known(why)
                    }
                },
                End::Known(why) => return Poll::Ready(Err(io::Error::other(why.clone()))),
            };
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let before = buf.filled().len();
            if matches!(self.end, End::Open(_)) {
                ready!(Pin::new(&mut self.output).poll_read(cx, buf))?;
                if buf.filled().len() > before {
                    self.hear();
                }
                if self.heard {
                    return Poll::Ready(Ok(()));
                }
            }
            ready!(self.poll_end(cx))?;
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let written = match &mut self.input {
                Some(input) => ready!(Pin::new(input).poll_write(cx, buf)),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !self.heard => ready!(self.poll_end(cx))?,
                Err(error) => return Poll::Ready(Err(error)),
                Ok(count) => {
                    self.note(&buf[..count]);
                    return Poll::Ready(Ok(count));
                }
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A pipe has no half that could be shut: it is closed, and no other is opened in its place.
        (self.input, self.sent) = (None, None);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.input = None;
        // It ends by itself, and with it the command over there. Where no time is left for that, it is killed.
        if let (End::Open(ssh), Ok(runtime)) = (&mut self.end, Handle::try_current())
            && let Some(ssh) = ssh.take()
        {
            runtime.spawn(async move { drop(timeout(FAREWELL, ssh.group.end()).await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[tokio::test]
    async fn logins_take_turns() {
        let soon = Duration::from_millis(100);
        let mut turns = Vec::new();
        for _ in 0..LOGINS {
            turns.push(Turn::come().await);
        }
        assert!(timeout(soon, Turn::come()).await.is_err(), "one too many");
        turns.pop();
        assert!(timeout(Duration::from_secs(LOGIN_SECONDS / 2), Turn::come()).await.is_ok(), "one is over");
    }
}
