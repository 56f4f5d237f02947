//! Listens to what dlearn asks the engine, request by request.

use dlearn::engine::{ConnectOptions, Endpoint, resolve};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

/// A request, as it was sent.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Those (by index) whose answers had come before this one was sent.
    pub after: Vec<usize>,
}

impl Request {
    /// The path without version and query.
    pub fn path(&self) -> &str {
        let path = self.target.split('?').next().unwrap_or_default();
        path.strip_prefix("/v1.").and_then(|rest| Some(&rest[rest.find('/')?..])).unwrap_or(path)
    }
}

/// What passed, and when.
struct Passed {
    at: Instant,
    connection: usize,
    /// Towards the engine, or from it.
    asking: bool,
    bytes: Vec<u8>,
}

/// A socket behind which the engine is, and somebody who takes notes.
pub struct Recorder {
    passed: Arc<Mutex<Vec<Passed>>>,
    folder: tempfile::TempDir,
}

/// The engine's own socket; none where it is reached in another way.
pub fn socket() -> Option<PathBuf> {
    match resolve(&ConnectOptions::from_env()).ok()?.endpoint {
        Endpoint::Unix(path) => Some(path),
        _ => None,
    }
}

impl Recorder {
    pub fn start(engine: PathBuf) -> Self {
        let folder = tempfile::Builder::new().prefix("dlearn-bench-").tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("docker.sock")).expect("a socket");
        let passed: Arc<Mutex<Vec<Passed>>> = Arc::default();
        let notes = passed.clone();
        // It ends with the bench.
        thread::spawn(move || {
            for (connection, client) in listener.incoming().enumerate() {
                let (Ok(client), Ok(server)) = (client, UnixStream::connect(&engine)) else { return };
                let Ok((back, forth)) = (|| io::Result::Ok((server.try_clone()?, client.try_clone()?)))() else {
                    return;
                };
                let (one, other) = (notes.clone(), notes.clone());
                thread::spawn(move || pass(client, server, connection, true, &one));
                thread::spawn(move || pass(back, forth, connection, false, &other));
            }
        });
        Self { passed, folder }
    }

    /// The value of DOCKER_HOST.
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("docker.sock").display())
    }

    /// All requests, in the order in which they were begun.
    pub fn requests(&self) -> Vec<Request> {
        let passed = self.passed.lock().expect("nobody panics with it");
        let mut begun: Vec<(Instant, Instant, Request)> = Vec::new();
        let mut connections: HashMap<usize, Vec<&Passed>> = HashMap::new();
        passed.iter().for_each(|one| connections.entry(one.connection).or_default().push(one));
        for events in connections.values() {
            for turn in turns(events) {
                let (asked, answered) = (turn[0].at, turn[turn.len() - 1].at);
                let bytes: Vec<u8> = turn.iter().filter(|one| one.asking).flat_map(|one| one.bytes.clone()).collect();
                begun.push((asked, answered, request(&bytes)));
            }
        }
        begun.sort_by_key(|(asked, _, _)| *asked);
        let answered: Vec<Instant> = begun.iter().map(|(_, answered, _)| *answered).collect();
        let before = |asked: Instant| (0..answered.len()).filter(|index| answered[*index] <= asked).collect();
        begun.iter().map(|(asked, _, request)| Request { after: before(*asked), ..request.clone() }).collect()
    }
}

/// Passes bytes on until one end closes.
fn pass(mut from: UnixStream, mut to: UnixStream, connection: usize, asking: bool, notes: &Mutex<Vec<Passed>>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let passed = Passed { at: Instant::now(), connection, asking, bytes: buffer[..count].to_vec() };
        notes.lock().expect("nobody panics with it").push(passed);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// What passed on one connection, cut where a question follows an answer.
fn turns<'a>(events: &[&'a Passed]) -> Vec<Vec<&'a Passed>> {
    let mut turns: Vec<Vec<&Passed>> = Vec::new();
    for event in events {
        match turns.last_mut() {
            Some(turn) if !event.asking || turn.iter().all(|one| one.asking) => turn.push(event),
            _ => turns.push(vec![event]),
        }
    }
    turns
}

/// Reads one request; bodies have a length, as our clients send them.
fn request(bytes: &[u8]) -> Request {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole request");
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    assert!(headers.iter().all(|(name, _)| name != "transfer-encoding"), "a body without a length: {head}");
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    Request { method, target, headers, body: bytes[end + 4..].to_vec(), after: Vec::new() }
}
