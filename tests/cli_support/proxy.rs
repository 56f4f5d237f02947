//! A proxy in front of the real engine that fails as engines fail: absent, silent, frozen or closing in the
//! middle of a question. It also tells a test when dlearn has come to a certain question.

use dlearn::engine::{ConnectOptions, Endpoint, resolve};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// When it happens.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// Before anything.
    Once,
    /// When a request of this method comes, whose path (without version and query) begins and ends like this.
    Request(&'static str, &'static str, &'static str),
    /// When the engine has sent so many bytes.
    Bytes(usize),
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing is passed on any more, on any connection; new ones are still accepted.
    Freeze,
    /// Every connection closes, and new ones are refused: the engine was killed.
    Close,
    /// Every connection closes, once; new ones are served again: the engine was restarted.
    Restart,
    /// Nothing: the test wants to know.
    Tell,
    /// This connection waits for [`Proxy::release`]: the test does something at this very moment.
    Hold,
}

/// The proxy. Its socket is gone when it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    socket: PathBuf,
    reached: Receiver<Instant>,
    _dir: tempfile::TempDir,
}

struct Shared {
    at: At,
    then: Then,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    frozen: bool,
    released: bool,
    closed: bool,
    restarted: bool,
    sent: usize,
    streams: Vec<Stream>,
    tell: Option<Sender<Instant>>,
}

impl Proxy {
    pub fn start(at: At, then: Then) -> Self {
        let dir = tempfile::Builder::new().prefix("dlearn-proxy-").tempdir().expect("a temporary folder");
        let socket = dir.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).expect("a socket can be bound");
        let (tell, reached) = channel();
        let state = State { tell: Some(tell), ..State::default() };
        let shared = Arc::new(Shared { at, then, state: Mutex::new(state), changed: Condvar::new() });
        if let At::Once = at {
            shared.happen();
        }
        let accepting = shared.clone();
        thread::spawn(move || accepting.accept(&listener));
        Self { shared, socket, reached, _dir: dir }
    }

    /// The value of DOCKER_HOST.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Waits until it has happened.
    pub fn wait(&self) {
        let waited = self.reached.recv_timeout(Duration::from_secs(60));
        assert!(waited.is_ok(), "{:?} did not come within 60 s", self.shared.at);
    }

    /// Passes on what is held, and everything after it.
    pub fn release(&self) {
        self.shared.state().released = true;
        self.shared.changed.notify_all();
    }

    /// When it first happened, if it has happened by now.
    pub fn happened(&self) -> Option<Instant> {
        self.reached.try_recv().ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.close();
        // The listener waits for a connection: this one ends it.
        let _ = UnixStream::connect(&self.socket);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: Arc<Self>, listener: &UnixListener) {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            if self.state().closed {
                return;
            }
            let shared = self.clone();
            thread::spawn(move || shared.serve(Stream::Unix(client)));
        }
    }

    fn serve(self: Arc<Self>, client: Stream) {
        // A frozen engine accepts, and that is all.
        if self.wait_while(false).is_none() {
            return client.shut();
        }
        let Ok(server) = Stream::to_engine() else { return client.shut() };
        let both = || Some((client.copy()?, server.copy()?));
        let (Some(kept), Some(back)) = (both(), both()) else { return };
        self.state().streams.extend([kept.0, kept.1]);
        let shared = self.clone();
        thread::spawn(move || shared.pass(back.1, back.0, false));
        self.pass(client, server, true);
    }

    /// Passes bytes on until one end closes.
    fn pass(&self, mut from: Stream, mut to: Stream, asking: bool) {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let held = self.see(&buffer[..count], asking) && self.then == Then::Hold;
            if self.wait_while(held).is_none() || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        to.half();
    }

    /// Gives whether this is what was waited for.
    fn see(&self, bytes: &[u8], asking: bool) -> bool {
        let now = match self.at {
            At::Once => false,
            At::Request(method, begins, ends) => asking && is_request(bytes, method, begins, ends),
            At::Bytes(limit) if !asking => {
                let mut state = self.state();
                state.sent += bytes.len();
                state.sent > limit
            }
            At::Bytes(_) => false,
        };
        if now {
            self.happen();
        }
        now
    }

    fn happen(&self) {
        match self.then {
            Then::Freeze => self.state().frozen = true,
            Then::Close => self.close(),
            Then::Restart => self.restart(),
            Then::Tell | Then::Hold => {}
        }
        if let Some(tell) = &self.state().tell {
            let _ = tell.send(Instant::now());
        }
    }

    /// Waits while the engine is frozen, or this connection is held. Nothing where the proxy has closed meanwhile.
    fn wait_while(&self, held: bool) -> Option<()> {
        let mut state = self.state();
        while (state.frozen || held && !state.released) && !state.closed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (!state.closed).then_some(())
    }

    /// What is under way is gone; what comes after it is not.
    fn restart(&self) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.restarted, true) {
            state.streams.drain(..).for_each(Stream::shut);
        }
    }

    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.streams.drain(..).for_each(Stream::shut);
        self.changed.notify_all();
    }
}

/// Whether a chunk begins a request like this. A client begins each request with a write of its own.
fn is_request(bytes: &[u8], method: &str, begins: &str, ends: &str) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let Some((path, _)) = line.strip_prefix(method).and_then(|rest| rest.strip_prefix(' ')?.split_once(' ')) else {
        return false;
    };
    let path = path.split('?').next().unwrap_or_default();
    let without_version = path.strip_prefix("/v1.").and_then(|rest| Some(&rest[rest.find('/')?..])).unwrap_or(path);
    without_version.starts_with(begins) && without_version.ends_with(ends)
}

/// A connection to the engine.
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    /// The engine that the tests use, found as dlearn finds it.
    pub(super) fn to_engine() -> io::Result<Self> {
        let resolved = resolve(&ConnectOptions::from_env()).map_err(io::Error::other)?;
        match resolved.endpoint {
            Endpoint::Unix(path) => UnixStream::connect(path).map(Stream::Unix),
            Endpoint::Tcp { host, port } => TcpStream::connect((host.as_str(), port)).map(Stream::Tcp),
            other => Err(io::Error::other(format!("the proxy cannot reach {other}"))),
        }
    }

    fn copy(&self) -> Option<Self> {
        match self {
            Stream::Unix(stream) => stream.try_clone().map(Stream::Unix).ok(),
            Stream::Tcp(stream) => stream.try_clone().map(Stream::Tcp).ok(),
        }
    }

    fn shut(self) {
        let _ = match self {
            Stream::Unix(stream) => stream.shutdown(Shutdown::Both),
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    /// No more comes from this side; the other may still answer.
    fn half(&self) {
        let _ = match self {
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
        };
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.read(buffer),
            Stream::Tcp(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.write(bytes),
            Stream::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
