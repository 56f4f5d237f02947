//! For fuzzers: what an engine says, without an engine.

use super::buildkit::{StatusResponse, Timestamp, Vertex, VertexLog, VertexWarning};
use super::{events, image};
use crate::evidence::{Builder, FileFacts, StepFacts};
use base64::Engine as _;
use prost::Message;
use std::io;

pub(crate) use super::build::fuzzing::build;
pub(crate) use super::events::Event;
pub(crate) use super::http::exchange;

/// Instructions and log of a build that BuildKit tells of in these messages.
pub(crate) fn trace<'a>(messages: impl Iterator<Item = &'a [u8]>) -> (Vec<StepFacts>, Vec<String>) {
    let lines: Vec<Vec<u8>> = messages.map(trace_line).collect();
    build(lines.iter().map(Vec::as_slice), Builder::BuildKit)
}

/// The line of a build's stream that brings this message.
pub(crate) fn trace_line(message: &[u8]) -> Vec<u8> {
    let aux = base64::engine::general_purpose::STANDARD.encode(message);
    serde_json::json!({ "id": "moby.buildkit.trace", "aux": aux }).to_string().into_bytes()
}

/// The message that a step of this name has begun and has said something.
pub(crate) fn trace_of(name: &str, output: &str) -> Vec<u8> {
    let started = Some(Timestamp { seconds: 1, nanos: 2 });
    let vertex = Vertex { digest: "sha256:0".into(), name: name.into(), started, ..Vertex::default() };
    let log = VertexLog { vertex: "sha256:0".into(), msg: output.into() };
    let warning = VertexWarning { short: "mind it".into() };
    StatusResponse { vertexes: vec![vertex], logs: vec![log], warnings: vec![warning] }.encode_to_vec()
}

/// An image, by inspection and history.
pub(crate) fn image(inspect: &[u8], history: &[u8]) {
    let _ = image::read(inspect, history);
}

/// The engine, by its version and what it says of itself.
pub(crate) fn facts(version: &[u8], info: &[u8]) {
    let _ = image::read_engine(version, info);
}

/// An event.
pub(crate) fn event(line: &[u8]) -> Option<Event> {
    events::read(line)
}

/// A file of a container.
pub(crate) fn file(archive: &[u8]) -> io::Result<FileFacts> {
    super::file::first_entry(archive)
}
