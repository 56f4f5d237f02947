//! Shared by the context tests: docker clients on this machine, and a listener that takes the place
//! of an engine, so that what a client sends can be compared byte for byte.

#![allow(dead_code)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

/// A docker client on the PATH.
#[derive(Clone, Debug)]
pub struct Client {
    pub program: PathBuf,
    /// `20.10.24`
    pub version: String,
}

impl Client {
    /// The first part of the version.
    pub fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|part| part.parse().ok()).unwrap_or_default()
    }
}

/// All docker clients on the PATH, each once.
pub fn clients() -> Vec<Client> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        let program = folder.join("docker");
        let Ok(real) = program.canonicalize() else { continue };
        let Ok(output) = Command::new(&program).arg("--version").output() else { continue };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // "Docker version 20.10.24+dfsg1, build 297e128"
        let Some(version) = text.strip_prefix("Docker version ").and_then(|rest| rest.split([',', '+']).next()) else {
            continue;
        };
        if seen.insert(real) {
            found.push(Client { program, version: version.to_owned() });
        }
    }
    found
}

/// What a client answered and sent.
pub struct Sent {
    /// The body of `POST /build`, none where the client refused before.
    pub body: Option<Vec<u8>>,
    pub stderr: String,
}

/// Lets the client build `folder` with the classic builder against a listener that is no engine.
pub fn record(client: &Client, folder: &Path, args: &[&str]) -> Sent {
    let place = tempfile::tempdir().expect("a folder for the socket");
    let socket = place.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let send = send.clone();
            if let Ok(stream) = stream {
                std::thread::spawn(move || serve(stream, &send));
            }
        }
    });
    let output = Command::new(&client.program)
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .env("DOCKER_BUILDKIT", "0")
        .env("DOCKER_CONFIG", place.path())
        .arg("build")
        .args(args)
        .arg(folder)
        .output()
        .expect("docker runs");
    Sent { body: receive.try_recv().ok(), stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
}

fn serve(stream: UnixStream, bodies: &mpsc::Sender<Vec<u8>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let (mut chunked, mut length) = (false, 0);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let header = header.trim().to_lowercase();
            if header.is_empty() {
                break;
            }
            chunked |= header == "transfer-encoding: chunked";
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse().ok()?;
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                let mut size = String::new();
                reader.read_line(&mut size).ok()?;
                let size = u64::from_str_radix(size.trim(), 16).ok()?;
                reader.by_ref().take(size).read_to_end(&mut body).ok()?;
                reader.read_line(&mut String::new()).ok()?;
                if size == 0 {
                    break;
                }
            }
        } else {
            reader.by_ref().take(length).read_to_end(&mut body).ok()?;
        }
        let build = line.starts_with("POST") && line.contains("/build?");
        let answer = if build { "{\"stream\":\"done\"}\n" } else { "{}" };
        if build {
            bodies.send(body).ok()?;
        }
        let answer = if line.starts_with("HEAD") { "" } else { answer };
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nOstype: linux\r\nBuilder-Version: 1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        )
        .ok()?;
    }
}

/// Names, modes, types and the like of an archive, one line each: readable where bytes differ.
pub fn listing(archive: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    let mut lines = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let entry = entry.expect("an entry");
        let header = entry.header();
        lines.push(format!(
            "{} {:o} {:?} size {} link {:?} uid {} {:?} {:?} time {:?}",
            String::from_utf8_lossy(&entry.path_bytes()),
            header.mode().unwrap_or_default(),
            header.entry_type(),
            header.size().unwrap_or_default(),
            entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned()),
            header.uid().unwrap_or_default(),
            header.username(),
            header.groupname(),
            header.mtime(),
        ));
    }
    lines
}
