//! What stands between a client and a registry.

use super::{Registry, agent, basic};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A question as it came: its first line and headers, and its body.
pub struct Heard {
    pub head: String,
    pub body: String,
}

impl Heard {
    /// `GET`, `/v2/`
    pub fn target(&self) -> (&str, &str) {
        let mut words = self.head.split_whitespace();
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

fn hear(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut heard = Heard { head, body: String::new() };
    let length = heard.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    heard.body = String::from_utf8_lossy(&body).into_owned();
    Some(heard)
}

/// A server on a port of the loopback address, one question a connection. `answer` gives status line and headers, and
/// the body.
pub struct Server {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Heard) -> (String, Vec<u8>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (list, answer) = (Arc::clone(&heard), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (list, answer) = (Arc::clone(&list), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = BufReader::new(stream);
                    let Some(question) = hear(&mut stream) else { return };
                    list.lock().unwrap().push(format!("{}{}", question.head, question.body));
                    let (head, body) = answer(&question);
                    let head =
                        format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                    let _ = stream.get_mut().write_all(&[head.into_bytes(), body].concat());
                });
            }
        });
        Self { address, heard }
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What was heard so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The same, and forgets it.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// Passes a question on to a registry, and its answer back.
fn pass_on(registry: &str, question: &Heard, authorization: Option<&str>) -> (String, Vec<u8>) {
    let (method, target) = question.target();
    let mut request = http::Request::builder().method(method).uri(format!("http://{registry}{target}"));
    if let Some(accept) = question.header("accept") {
        request = request.header("Accept", accept);
    }
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    let mut answer = agent().run(request.body(()).unwrap()).unwrap();
    let mut head = answer.status().to_string();
    for name in ["content-type", "www-authenticate", "docker-content-digest"] {
        if let Some(value) = answer.headers().get(name) {
            head.push_str(&format!("\r\n{name}: {}", value.to_str().unwrap()));
        }
    }
    (head, answer.body_mut().read_to_vec().unwrap())
}

/// A registry's front, that sends whoever wants a blob elsewhere: to the same path there.
pub struct Front(Server);

impl Front {
    pub fn start(registry: &Registry, blobs_at: Option<&str>) -> Self {
        let (registry, blobs_at) = (registry.host(), blobs_at.map(str::to_owned));
        Self(Server::start(move |question| {
            let (_, target) = question.target();
            match &blobs_at {
                Some(elsewhere) if target.contains("/blobs") => {
                    (format!("307 Temporary Redirect\r\nLocation: {elsewhere}{target}"), Vec::new())
                }
                _ => pass_on(&registry, question, question.header("authorization")),
            }
        }))
    }

    pub fn host(&self) -> String {
        self.0.host()
    }

    pub fn heard(&self) -> Vec<String> {
        self.0.heard()
    }
}

/// A registry's front that says of whatever it does not show to everybody that it is not there.
pub struct Hiding(Server);

impl Hiding {
    pub fn start(registry: &Registry) -> Self {
        let registry = registry.host();
        Self(Server::start(move |question| {
            let (_, target) = question.target();
            match pass_on(&registry, question, question.header("authorization")) {
                (head, _) if head.starts_with("401") && target != "/v2/" => {
                    let body = br#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}"#;
                    ("404 Not Found\r\nContent-Type: application/json".into(), body.to_vec())
                }
                told => told,
            }
        }))
    }

    pub fn host(&self) -> String {
        self.0.host()
    }
}

/// Where a front keeps its blobs: whoever has the address gets them.
pub struct Store(Server);

impl Store {
    pub fn start(registry: &Registry) -> Self {
        let registry = registry.host();
        Self(Server::start(move |question| pass_on(&registry, question, Some(&basic()))))
    }

    pub fn host(&self) -> String {
        self.0.host()
    }

    pub fn heard(&self) -> Vec<String> {
        self.0.heard()
    }
}

/// A proxy that leads everybody to one place (CONNECT, RFC 9110 section 9.3.6).
pub struct ConnectProxy {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    pub fn start(to: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (list, to) = (Arc::clone(&heard), to.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (list, to) = (Arc::clone(&list), to.clone());
                std::thread::spawn(move || lead(stream, &list, &to));
            }
        });
        Self { address, heard }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn lead(stream: TcpStream, list: &Mutex<Vec<String>>, to: &str) {
    let mut from = BufReader::new(stream);
    let Some(question) = hear(&mut from) else { return };
    list.lock().unwrap().push(question.head.clone());
    // Who asks waits for this answer: nothing more is in the buffer.
    let (mut near, mut far) = (from.into_inner(), TcpStream::connect(to).unwrap());
    near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let (mut near_too, mut far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let there = std::thread::spawn(move || {
        let _ = std::io::copy(&mut near_too, &mut far_too);
        let _ = far_too.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut far, &mut near);
    let _ = near.shutdown(std::net::Shutdown::Both);
    let _ = there.join();
}
