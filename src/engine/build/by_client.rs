//! A build by the docker command for an engine that takes no build context over its API with BuildKit.
//!
//! Engine 23 to 27.4 answers such a build with `failed to read downloaded context` where its images lie in the containerd
//! store (moby#47717; 27.5 and 28 do not). Over the session that the docker command opens it builds all the same. So
//! the archive is unpacked, and the command sends the folder. Of its progress the form `rawjson` is read (buildx 0.13 and
//! later): the messages of `buildkit.rs` in JSON (buildkit, `client/graph.go`).

use super::{BuildJob, said::Said};
use crate::engine::{Engine, EngineError, buildkit, client};
use crate::process::Group;
use crate::scratch::Scratch;
use bytes::Bytes;
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

/// Most bytes of one line that are read at once.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;
/// Most bytes of one message; what is longer is left out.
const LONGEST_MESSAGE: usize = 32 * 1024 * 1024;
/// Most bytes of the command's own words: the last ones, among which its error is.
const LONGEST_ERROR: usize = 64 * 1024;

/// Whether a build's error says that the engine takes no context over its API.
pub(super) fn takes_no_context(error: &str) -> bool {
    error.contains("failed to read downloaded context")
}

/// `client.SolveStatus` in JSON, as far as it is shown.
#[derive(Deserialize)]
struct SolveStatus {
    vertexes: Option<Vec<Vertex>>,
    logs: Option<Vec<Log>>,
    warnings: Option<Vec<Warning>>,
}

#[derive(Deserialize)]
struct Vertex {
    #[serde(default)]
    digest: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    cached: bool,
    /// Points of time; that there are such is what is asked.
    started: Option<String>,
    completed: Option<String>,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    vertex: String,
    /// Base64, as Go writes bytes.
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct Warning {
    /// Base64, likewise.
    #[serde(default)]
    short: String,
}

/// One message of `--progress=rawjson`.
fn status(line: &[u8]) -> Option<buildkit::StatusResponse> {
    let decode = |text: &str| buildkit::decoded(text).unwrap_or_default();
    let said: SolveStatus = serde_json::from_slice(line).ok()?;
    let time = |time: Option<String>| time.map(|_| buildkit::Timestamp::default());
    let vertex = |vertex: Vertex| buildkit::Vertex {
        digest: vertex.digest,
        name: vertex.name,
        cached: vertex.cached,
        started: time(vertex.started),
        completed: time(vertex.completed),
        error: vertex.error,
    };
    let log = |log: Log| buildkit::VertexLog { msg: decode(&log.data), vertex: log.vertex };
    let warning = |warning: Warning| buildkit::VertexWarning { short: decode(&warning.short) };
    Some(buildkit::StatusResponse {
        vertexes: said.vertexes.into_iter().flatten().map(vertex).collect(),
        logs: said.logs.into_iter().flatten().map(log).collect(),
        warnings: said.warnings.into_iter().flatten().map(warning).collect(),
    })
}

/// What the command wrote besides its progress: its error, without the names of those who pass it on.
fn error(words: &str) -> Option<String> {
    let start = words.rfind("\nERROR: ").map(|at| at + 1).or_else(|| words.starts_with("ERROR: ").then_some(0))?;
    let mut error = words[start..].trim();
    for prefix in ["ERROR: ", "failed to build: ", "failed to solve: ", "rpc error: code = Unknown desc = "] {
        error = error.strip_prefix(prefix).unwrap_or(error);
    }
    Some(error.to_owned())
}

impl Engine {
    /// Builds as the job says; what the command tells goes into `said`.
    ///
    /// # Errors
    /// Where no docker command of the PATH can.
    pub(super) async fn stream_by_client(&self, job: &BuildJob, said: &mut Said) -> Result<(), EngineError> {
        let none = || EngineError::Unsupported {
            what: "this engine takes no build over its API with BuildKit (known of Docker Engine 23 to 27.4 with the \
                   containerd image store), and no docker command on this machine builds in its place"
                .into(),
            help: "update the engine, or install the docker command with buildx 0.13 or later".into(),
        };
        // No docker command of this machine reaches in there; asked for, it would build on another engine.
        if self.endpoint().is_thrown_away() {
            return Err(none());
        }
        let folder = unpacked(job.context.clone()).await.map_err(|error| EngineError::Local {
            doing: "unpack the build context".into(),
            reason: error.to_string(),
            help: "see whether there is room in the folder for temporary files".into(),
        })?;
        for program in client::able().await {
            let mut command = client::on_engine(program, self);
            command.args(["build", "--progress=rawjson"]).env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
            command.arg(format!("--tag={}", job.tag));
            command.arg(format!("--file={}", folder.path().join(&job.dockerfile).display()));
            command.args(job.target.iter().map(|target| format!("--target={target}")));
            command.args(job.args.iter().map(|(name, value)| format!("--build-arg={name}={value}")));
            command.args(job.no_cache.then_some("--no-cache")).arg(folder.path());
            if follow(&mut command, folder.path(), said).await {
                return Ok(());
            }
        }
        Err(none())
    }
}

async fn unpacked(archive: Bytes) -> std::io::Result<Scratch> {
    let unpack = move || {
        let folder = Scratch::new()?;
        let mut archive = tar::Archive::new(archive.as_ref());
        archive.set_preserve_permissions(true);
        archive.unpack(folder.path())?;
        Ok(folder)
    };
    tokio::task::spawn_blocking(unpack).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// Whether the command has built, or told why that cannot be built.
async fn follow(command: &mut Command, folder: &Path, said: &mut Said) -> bool {
    let Ok(mut group) = Group::start(command.current_dir(folder), [Stdio::null(), Stdio::null(), Stdio::piped()])
    else {
        return false;
    };
    let Some(stderr) = group.complaints() else { return false };
    let (mut lines, mut line, mut told) = (BufReader::new(stderr), Vec::new(), Told::default());
    loop {
        line.clear();
        match (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => break,
            Ok(_) => told.line(&line, said),
        }
    }
    if group.end().await.is_ok_and(|status| status.success()) {
        return true;
    }
    said.error = error(&told.words).filter(|_| said.has_begun());
    said.error.is_some()
}

/// What the command writes: messages in JSON, each on one line or over several, and its own words.
#[derive(Default)]
struct Told {
    /// A message that has not ended.
    message: Vec<u8>,
    words: String,
}

impl Told {
    fn line(&mut self, line: &[u8], said: &mut Said) {
        if self.message.is_empty() && !line.starts_with(b"{") {
            let end = &line[line.len().saturating_sub(LONGEST_ERROR)..];
            self.words.push_str(&String::from_utf8_lossy(end));
            let mut start = self.words.len().saturating_sub(LONGEST_ERROR);
            while !self.words.is_char_boundary(start) {
                start += 1;
            }
            self.words.drain(..start);
            return;
        }
        let begins = self.message.is_empty();
        if self.message.len() + line.len() > LONGEST_MESSAGE {
            self.message.clear();
            return;
        }
        self.message.extend_from_slice(line);
        // What is inside a message is further right.
        if line.starts_with(b"}") || begins && line.trim_ascii_end().ends_with(b"}") {
            if let Some(status) = status(&self.message) {
                said.progress(status);
            }
            self.message.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Builder;

    /// Messages of buildx, shortened: 0.13 writes each over several lines.
    #[test]
    fn what_the_docker_command_tells_is_told_as_the_engine_does() {
        let (mut said, mut told) = (Said::new(), Told::default());
        for line in [
            r#"{"vertexes":[{"digest":"sha256:1","name":"[1/2] FROM docker.io/library/busybox:1.36","started":"2025-01-01T00:00:00Z","completed":"2025-01-01T00:00:01Z","cached":true}]}"#,
            "{\n  \"vertexes\": [\n    {\n      \"digest\": \"sha256:2\",\n      \"name\": \"[2/2] RUN make\",\n      \"started\": \"2025\"\n    }\n  ]\n}",
            r#"{"logs":[{"vertex":"sha256:2","stream":1,"data":"aGVsbG8K","timestamp":"2025-01-01T00:00:00Z"}]}"#,
            r#"{"vertexes":[{"digest":"sha256:2","name":"[2/2] RUN make","completed":"2025-01-01T00:00:01Z","error":"process \"/bin/sh -c make\" did not complete successfully: exit code: 127"}]}"#,
        ] {
            for line in line.split_inclusive('\n') {
                told.line(line.as_bytes(), &mut said);
            }
        }
        told.line(b"ERROR: failed to solve: x\n", &mut said);
        assert_eq!(told.words, "ERROR: failed to solve: x\n");
        assert!(said.has_begun());
        let (steps, log) = said.into_steps_and_log(Builder::BuildKit);
        assert_eq!((steps.len(), steps[0].text.as_str(), steps[0].cached), (1, "RUN make", false));
        assert_eq!(log[..3], ["CACHED [1/2] FROM docker.io/library/busybox:1.36", "[2/2] RUN make", "hello"]);
        assert!(log[3].starts_with("ERROR [2/2] RUN make: process"), "{log:?}");
    }

    #[test]
    fn the_commands_last_words_are_kept() {
        let (mut said, mut told) = (Said::new(), Told::default());
        // Where it failed comes before the error; the kept part begins within a character.
        told.line("ä".repeat(LONGEST_ERROR).as_bytes(), &mut said);
        told.line(b"\n", &mut said);
        for _ in 0..LONGEST_ERROR / 10 {
            told.line("   2 | ö\n".as_bytes(), &mut said);
        }
        told.line(b"ERROR: failed to solve: x\n", &mut said);
        assert!(told.words.len() <= LONGEST_ERROR && told.words.len() > LONGEST_ERROR - 4, "{}", told.words.len());
        assert_eq!(error(&told.words).as_deref(), Some("x"));
    }

    #[test]
    fn the_commands_error_is_the_builders() {
        let words = "Dockerfile:2\n----\n   2 | >>> RUN make\n----\nERROR: failed to solve: process \"make\" did not complete \
                     successfully: exit code: 127\n";
        assert_eq!(error(words).as_deref(), Some("process \"make\" did not complete successfully: exit code: 127"));
        let later =
            "ERROR: failed to build: failed to solve: dockerfile parse error on line 1: unknown instruction: FRM";
        assert_eq!(error(later).as_deref(), Some("dockerfile parse error on line 1: unknown instruction: FRM"));
        assert_eq!(error("unknown flag: --progress\n"), None);
    }
}
