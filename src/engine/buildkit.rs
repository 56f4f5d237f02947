//! BuildKit's progress messages, as far as they are shown.
//!
//! `POST /build?version=2` streams JSON lines whose `id` is `moby.buildkit.trace` and whose `aux` is a
//! base64 protobuf `moby.buildkit.v1.StatusResponse` (buildkit, `api/services/control/control.proto`).
//! The fields here are that message's, by number; what is not named is skipped.

use super::text::BoundedLog;
use crate::evidence::StepFacts;
use base64::Engine as _;
use prost::Message;
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StatusResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) vertexes: Vec<Vertex>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) logs: Vec<VertexLog>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) warnings: Vec<VertexWarning>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Vertex {
    #[prost(string, tag = "1")]
    pub(crate) digest: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(bool, tag = "4")]
    pub(crate) cached: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) started: Option<Timestamp>,
    #[prost(message, optional, tag = "6")]
    pub(crate) completed: Option<Timestamp>,
    #[prost(string, tag = "7")]
    pub(crate) error: String,
}

/// `google.protobuf.Timestamp`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct VertexLog {
    #[prost(string, tag = "1")]
    pub(crate) vertex: String,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) msg: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct VertexWarning {
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) short: Vec<u8>,
}

/// Most bytes of a line that has not ended yet.
const LONGEST_LINE: usize = 64 * 1024;
/// Most bytes of lines that have not ended yet, over all steps.
const LONGEST_LINES: usize = 4 * 1024 * 1024;
/// Most build steps that are followed, and most bytes of their digests and names.
const MOST_STEPS: usize = 10_000;
const MOST_STEP_BYTES: usize = 8 * 1024 * 1024;

/// Steps that come of sending the context as an archive; with the docker command there are none.
const OUR_OWN: [&str; 2] = ["[internal] load remote build context", "copy /context /"];

/// Turns the messages of one build into lines, worded as the docker command words them: a line
/// with each step's name (`[2/3] RUN make`, `CACHED [2/3] RUN make`), its output as it is, and
/// `ERROR [2/3] RUN make: …`.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    steps: BTreeMap<String, Step>,
    /// Bytes of their digests and names.
    step_bytes: usize,
    /// Bytes that wait for the end of their line, in all steps.
    pending: usize,
}

#[derive(Debug, Default)]
struct Step {
    /// How many steps were there before it.
    place: usize,
    name: String,
    announced: bool,
    cached: bool,
    failed: bool,
    /// Output since the last newline.
    pending: Vec<u8>,
}

/// Base64, as Go writes bytes into JSON; nothing where it is none.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Engine 26 with the containerd store tells of a file that is missing by where the context was mounted in the engine
/// (`failed to walk …/buildkit-mount1/museum: lstat …: no such file or directory`); others say `"/museum": not found`.
pub(crate) fn without_mounts(error: &str) -> String {
    let plain = || {
        let (before, rest) = error.split_once("failed to walk ")?;
        let (_, last) = rest.rsplit_once("/buildkit-mount")?;
        let (path, why) = last.split_once(": ")?;
        let path = path.trim_start_matches(|c: char| c.is_ascii_digit());
        let after = why.strip_prefix("no such file or directory")?;
        path.starts_with('/').then(|| format!("{before}\"{path}\": not found{after}"))
    };
    plain().unwrap_or_else(|| error.to_owned())
}

impl Progress {
    /// Decodes one `aux` and adds its lines to `log`. A message that does not decode is left out: it is
    /// for showing only, and whether the build succeeded is told elsewhere.
    pub(crate) fn add(&mut self, aux: &str, log: &mut BoundedLog) {
        let status = decoded(aux).and_then(|bytes| StatusResponse::decode(bytes.as_slice()).ok());
        self.take(status.unwrap_or_default(), log);
    }

    /// Adds one message's lines to `log`.
    pub(crate) fn take(&mut self, status: StatusResponse, log: &mut BoundedLog) {
        for vertex in status.vertexes {
            self.vertex(vertex, log);
        }
        for part in status.logs {
            self.output(&part, log);
        }
        for warning in status.warnings {
            log.push(&format!("WARNING: {}", String::from_utf8_lossy(&warning.short)));
        }
    }

    fn vertex(&mut self, vertex: Vertex, log: &mut BoundedLog) {
        if OUR_OWN.contains(&vertex.name.as_str()) {
            return;
        }
        let Some(step) = self.step(&vertex.digest, Some(vertex.name)) else { return };
        if vertex.cached && !step.cached {
            step.cached = true;
            step.announced = true;
            log.push(&format!("CACHED {}", step.name));
        } else if vertex.started.is_some() && !step.announced {
            step.announced = true;
            log.push(&step.name);
        }
        let flushed = match vertex.completed.is_some() || !vertex.error.is_empty() {
            true => step.flush(log),
            false => 0,
        };
        // A step that is cancelled because another one failed says so; that is no news.
        if !vertex.error.is_empty() && !step.failed && !vertex.error.ends_with("context canceled") {
            step.failed = true;
            log.push(&format!("ERROR {}: {}", step.name, without_mounts(&vertex.error)));
        }
        self.pending -= flushed;
    }

    /// The step of this digest, which is called so from now on; none where there are too many, or too long ones.
    fn step(&mut self, digest: &str, name: Option<String>) -> Option<&mut Step> {
        let known = self.steps.get(digest);
        let (new, old) = (name.as_ref().map_or(0, String::len), known.map_or(0, |step| step.name.len()));
        let old = if name.is_some() { old } else { 0 };
        let added = new + if known.is_none() { digest.len() } else { 0 };
        if known.is_none() && self.steps.len() >= MOST_STEPS || self.step_bytes - old + added > MOST_STEP_BYTES {
            return None;
        }
        self.step_bytes = self.step_bytes - old + added;
        let place = self.steps.len();
        let step = self.steps.entry(digest.to_owned()).or_insert_with(|| Step { place, ..Step::default() });
        if let Some(name) = name {
            step.name = name;
        }
        Some(step)
    }

    fn output(&mut self, part: &VertexLog, log: &mut BoundedLog) {
        let Some(step) = self.step(&part.vertex, None) else { return };
        let (before, waiting) = (step.pending.len(), part.msg.len());
        step.pending.extend_from_slice(&part.msg);
        let mut flushed = 0;
        if let Some(end) = part.msg.iter().rposition(|byte| *byte == b'\n') {
            let rest = step.pending.split_off(before + end + 1);
            flushed += step.flush(log);
            step.pending = rest;
        }
        if step.pending.len() > LONGEST_LINE {
            flushed += step.flush(log);
        }
        self.pending = self.pending + waiting - flushed;
        if self.pending > LONGEST_LINES {
            self.finish(log);
        }
    }

    /// Whether anything was told of any step.
    pub(crate) fn has_begun(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The steps that stand for instructions of the Dockerfile and were come to.
    pub(crate) fn steps(&self) -> Vec<StepFacts> {
        let mut steps: Vec<&Step> = self.steps.values().filter(|step| step.announced).collect();
        steps.sort_by_key(|step| step.place);
        steps.into_iter().filter_map(|step| step.facts()).collect()
    }

    /// Output that no newline ended.
    pub(crate) fn finish(&mut self, log: &mut BoundedLog) {
        for step in self.steps.values_mut() {
            self.pending -= step.flush(log);
        }
    }
}

impl Step {
    /// `[2/3] RUN make`, `[builder 2/3] RUN make`, and with several platforms `[linux/amd64 builder 2/3] RUN make`.
    fn facts(&self) -> Option<StepFacts> {
        let (place, text) = self.name.strip_prefix('[')?.split_once("] ")?;
        let (stage, count) = place.rsplit_once(' ').map_or((None, place), |(stage, count)| (Some(stage), count));
        let number = count.split_once('/')?.0.parse().ok()?;
        let stage = stage.map(|stage| stage.rsplit(' ').next().unwrap_or(stage).to_owned());
        (!text.starts_with("FROM ")).then(|| StepFacts { stage, number, text: text.to_owned(), cached: self.cached })
    }

    /// Shows what waits for the end of its line: how many bytes.
    fn flush(&mut self, log: &mut BoundedLog) -> usize {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            log.push(&String::from_utf8_lossy(&pending));
        }
        pending.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(messages: &[StatusResponse]) -> Vec<String> {
        let mut progress = Progress::default();
        let mut log = BoundedLog::new(100, 10_000);
        for message in messages {
            let aux = base64::engine::general_purpose::STANDARD.encode(message.encode_to_vec());
            progress.add(&aux, &mut log);
        }
        progress.finish(&mut log);
        log.into_lines()
    }

    fn vertex(cached: bool, error: &str) -> Vertex {
        Vertex {
            digest: "d".into(),
            name: "[2/2] RUN make".into(),
            cached,
            started: Some(Timestamp { seconds: 1, nanos: 0 }),
            completed: None,
            error: error.into(),
        }
    }

    fn output(text: &str) -> StatusResponse {
        let part = VertexLog { vertex: "d".into(), msg: text.as_bytes().to_vec() };
        StatusResponse { logs: vec![part], ..StatusResponse::default() }
    }

    fn step(cached: bool, error: &str) -> StatusResponse {
        StatusResponse { vertexes: vec![vertex(cached, error)], ..StatusResponse::default() }
    }

    #[test]
    fn a_step_is_named_once_and_its_output_is_put_together() {
        let said = lines(&[step(false, ""), output("hel"), output("lo\nwor"), step(false, ""), output("ld")]);
        assert_eq!(said, ["[2/2] RUN make", "hello", "world"]);
    }

    #[test]
    fn cached_and_failed_steps_say_so() {
        assert_eq!(lines(&[step(true, ""), step(true, "")]), ["CACHED [2/2] RUN make"]);
        let said = lines(&[step(false, ""), step(false, "exit code: 1")]);
        assert_eq!(said, ["[2/2] RUN make", "ERROR [2/2] RUN make: exit code: 1"]);
    }

    #[test]
    fn a_missing_file_is_told_by_its_place_in_the_context() {
        let mount = "/var/lib/docker/tmp/buildkit-mount1353225775/museum";
        let walk = format!("failed to compute: failed to walk {mount}: lstat {mount}: no such file or directory");
        assert_eq!(without_mounts(&walk), "failed to compute: \"/museum\": not found");
        for other in ["exit code: 1", "failed to walk /x: denied", "failed to walk /buildkit-mount1: lstat"] {
            assert_eq!(without_mounts(other), other);
        }
    }

    #[test]
    fn steps_of_the_dockerfile_are_told_from_the_builders_own() {
        let mut progress = Progress::default();
        let mut log = BoundedLog::new(100, 10_000);
        let names = [
            ("[internal] load build definition from Dockerfile", false),
            ("[builder 2/3] RUN make", false),
            ("[stage-1 1/2] FROM docker.io/library/busybox:1.36", true),
            ("[2/3] COPY . /app", true),
            ("exporting to image", false),
        ];
        for (digest, (name, cached)) in names.iter().enumerate() {
            let vertex = Vertex { digest: digest.to_string(), name: (*name).into(), ..vertex(*cached, "") };
            progress.vertex(vertex, &mut log);
        }
        let step = |stage: Option<&str>, text: &str, cached| StepFacts {
            stage: stage.map(str::to_owned),
            number: 2,
            text: text.into(),
            cached,
        };
        assert_eq!(progress.steps(), [step(Some("builder"), "RUN make", false), step(None, "COPY . /app", true)]);
    }

    #[test]
    fn what_is_remembered_of_steps_has_a_limit() {
        let mut progress = Progress::default();
        let mut log = BoundedLog::new(10, 100);
        let called = |digest: usize, name: String| Vertex { digest: digest.to_string(), name, ..vertex(false, "") };
        for digest in 0..100 {
            progress.vertex(called(digest, format!("[1/2] {}", "x".repeat(1 << 20))), &mut log);
            progress.vertex(called(digest, "[1/2] RUN x".into()), &mut log);
        }
        assert_eq!(progress.steps().len(), 100, "a name that is gone counts no more");
        for digest in 0..200 {
            progress.vertex(called(digest, format!("[1/2] {}", "x".repeat(1 << 20))), &mut log);
            let msg = vec![b'x'; 60_000];
            progress.output(&VertexLog { vertex: digest.to_string(), msg }, &mut log);
            let held = progress.steps.iter().map(|(digest, step)| digest.len() + step.name.len()).sum::<usize>();
            assert!(held == progress.step_bytes && held <= MOST_STEP_BYTES, "{held}");
            let waiting = progress.steps.values().map(|step| step.pending.len()).sum::<usize>();
            assert!(waiting == progress.pending && waiting <= LONGEST_LINES, "{waiting}");
        }
        progress.finish(&mut log);
        assert_eq!(progress.pending, 0);
    }

    #[test]
    fn what_does_not_decode_is_left_out() {
        let mut log = BoundedLog::new(10, 100);
        Progress::default().add("not base64!", &mut log);
        Progress::default().add("////", &mut log);
        assert!(log.into_lines().is_empty());
    }
}
