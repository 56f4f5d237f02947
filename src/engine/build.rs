//! [`crate::evidence::Need::Build`]: a build under a throw-away tag, with either builder.
//!
//! A build that fails or takes too long is a fact. What is the engine's or the network's fault (no
//! space, a base image that cannot be fetched, an engine that goes away) is an error, so that nobody
//! loses marks for it.

use super::{
    Engine, EngineError, Ledger,
    buildkit::Progress,
    call::query,
    images,
    text::{BoundedLog, clean},
};
use crate::evidence::{BuildFacts, Builder, StepFacts};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most lines of a build's log that are kept, half of them from each end.
const LOG_LINES: usize = 20_000;
/// Most bytes of it, likewise.
const LOG_BYTES: usize = 2 * 1024 * 1024;
/// Most instructions that are followed.
const MOST_STEPS: usize = 10_000;
/// Most times that a build is tried whose cached images go away under it.
const MOST_TRIES: u32 = 3;
/// Most bytes of the builder's last word.
const LONGEST_ERROR: usize = 8 * 1024;

/// What to build, from which archive.
#[derive(Clone, Debug)]
pub struct BuildJob {
    /// Name of the result; one of the ledger's.
    pub tag: String,
    /// The build context, an uncompressed tar archive.
    pub context: Bytes,
    /// Which builder.
    pub builder: Builder,
    /// Dockerfile, relative to the context.
    pub dockerfile: String,
    /// Stage to stop at.
    pub target: Option<String>,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Build without the cache.
    pub no_cache: bool,
    /// Limit; exceeding it is the subject's fault.
    pub seconds: u64,
    /// Give up as soon as the classic builder does not find a COPY or ADD in its cache.
    pub only_cached_copies: bool,
}

#[derive(Deserialize)]
struct Line {
    stream: Option<String>,
    status: Option<String>,
    id: Option<String>,
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    detail: Option<Detail>,
    #[serde(rename = "progressDetail")]
    progress: Option<serde_json::Map<String, serde_json::Value>>,
    aux: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Detail {
    message: Option<String>,
}

/// What the stream of a build gave so far.
struct Said {
    log: BoundedLog,
    buildkit: Progress,
    /// Output of the classic builder since the last newline.
    pending: String,
    error: Option<String>,
    /// The last image that the classic builder named (` ---> 0123456789ab`), and whether it made it.
    last_image: Option<(String, bool)>,
    /// The next image that it names was there before: a base, or out of the cache.
    taken: bool,
    /// The last step copies from the context, and nothing is known yet of the cache.
    copying: bool,
    /// A step that copies was not in the cache.
    uncached_copy: bool,
    /// The classic builder's steps so far.
    steps: Vec<StepFacts>,
    /// The line before this one began the last of them.
    step_begun: bool,
}

impl Engine {
    /// Builds. The result's tag is the ledger's to remove. None where the job gave up.
    ///
    /// # Errors
    /// Where the engine cannot do it, or stopped answering meanwhile; never for a build that fails.
    pub async fn build(&self, ledger: &Ledger, job: &BuildJob) -> Result<Option<BuildFacts>, EngineError> {
        let before = ledger.expect_image(&job.tag).await?;
        ledger.build_begins(&job.tag, job.builder, &before).await?;
        let limit = Duration::from_secs(job.seconds);
        let mut tries = 1;
        let (outcome, mut said) = loop {
            let mut said = Said::new();
            let work = async { Ok(tokio::time::timeout(limit, self.stream(ledger, job, &mut said)).await) };
            let outcome = self.alive(work).await?;
            said.finish();
            let lost = job.builder == Builder::Classic && said.error.as_deref().is_some_and(lost_an_image);
            if !lost || tries == MOST_TRIES {
                break (outcome, said);
            }
            tries += 1;
        };
        let timed_out = match outcome {
            Err(_) => true,
            Ok(Ok(())) => false,
            // Refused before anything was built: no Dockerfile, or one that does not parse.
            Ok(Err(EngineError::Refused { message, .. })) => {
                said.error.get_or_insert(message);
                false
            }
            Ok(Err(error)) => return Err(error),
        };
        if job.only_cached_copies && said.uncached_copy {
            ledger.adopt().await?;
            return Ok(None);
        }
        let mut facts = BuildFacts { tag: job.tag.clone(), timed_out, ..BuildFacts::default() };
        if timed_out || said.error.is_some() {
            // An engine that is being stopped fails every build, and that says nothing about this one.
            self.ping().await?;
            if let Some(message) = &said.error {
                // In an engine of ours, full disks and missing networks are limits that the subject has met.
                if !self.endpoint().is_thrown_away() {
                    engines_fault(message)?;
                }
                ledger.build_failed(&job.tag);
            }
            ledger.adopt().await?;
            facts.error = said.error.map(|message| shortened(clean(&message).trim()));
        } else {
            let chain = images::chain(self, &job.tag).await?;
            ledger.image_exists(&job.tag, &before, &chain).await?;
            ledger.build_succeeded(&job.tag, &chain).await?;
            facts.image = self.image(&job.tag).await?;
            if facts.image.is_none() {
                return Err(EngineError::Unintelligible {
                    doing: "build".into(),
                    what: "it succeeded, but gave no image".into(),
                });
            }
        }
        facts.steps = match job.builder {
            Builder::BuildKit => said.buildkit.steps(),
            Builder::Classic => in_stages(said.steps),
        };
        facts.log = said.log.into_lines();
        Ok(Some(facts))
    }

    async fn stream(&self, ledger: &Ledger, job: &BuildJob, said: &mut Said) -> Result<(), EngineError> {
        let doing = "build";
        // A map of strings always serialises.
        let args = serde_json::to_string(&job.args).unwrap_or_default();
        let version = if job.builder == Builder::BuildKit { "2" } else { "1" };
        let mut pairs = vec![
            ("version", version),
            ("dockerfile", job.dockerfile.as_str()),
            ("t", job.tag.as_str()),
            ("buildargs", args.as_str()),
            ("rm", "1"),
            ("forcerm", "1"),
        ];
        if let Some(target) = &job.target {
            pairs.push(("target", target));
        }
        if job.no_cache {
            pairs.push(("nocache", "1"));
        }
        // Such an engine translates no addresses for its bridge: what has a network has the container's own.
        if matches!(self.endpoint(), super::Endpoint::Sandbox { network: true, .. }) {
            pairs.push(("networkmode", "host"));
        }
        let target = format!("/build{}", query(&pairs));
        let body = Some((job.context.clone(), "application/x-tar"));
        let response = self.call(doing, Method::POST, &target, body).await?;
        let mut lines = self.json_lines(doing, response);
        while let Some(line) = lines.next::<Line>().await? {
            said.line(line);
            if let Some((image, made)) = said.last_image.take() {
                ledger.build_names(&job.tag, &image, made);
            }
            if job.only_cached_copies && said.uncached_copy {
                break;
            }
        }
        Ok(())
    }
}

impl Said {
    fn new() -> Self {
        Self {
            log: BoundedLog::new(LOG_LINES, LOG_BYTES),
            buildkit: Progress::default(),
            pending: String::new(),
            error: None,
            last_image: None,
            taken: false,
            copying: false,
            uncached_copy: false,
            steps: Vec::new(),
            step_begun: false,
        }
    }

    fn line(&mut self, line: Line) {
        if let Some(text) = &line.stream {
            self.pending.push_str(text);
            while let Some(end) = self.pending.find('\n') {
                let rest = self.pending.split_off(end + 1);
                let whole = std::mem::replace(&mut self.pending, rest);
                self.classic(&whole);
            }
            if self.pending.len() > 64 * 1024 {
                let whole = std::mem::take(&mut self.pending);
                self.classic(&whole);
            }
        }
        if let (Some("moby.buildkit.trace"), Some(serde_json::Value::String(aux))) = (line.id.as_deref(), &line.aux) {
            self.buildkit.add(aux, &mut self.log);
        }
        // Pulling a base image: what it says, without the bars.
        if let (Some(status), true) = (&line.status, line.progress.is_none_or(|progress| progress.is_empty())) {
            match &line.id {
                Some(id) => self.log.push(&format!("{id}: {status}")),
                None => self.log.push(status),
            }
        }
        let error = line.detail.and_then(|detail| detail.message).or(line.error);
        if let Some(error) = error {
            self.error = Some(error);
        }
    }

    fn classic(&mut self, line: &str) {
        if let Some(id) = line.strip_prefix(" ---> ").map(str::trim)
            && id.len() == 12
            && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            self.last_image = Some((id.to_owned(), !self.taken));
            self.taken = false;
            self.uncached_copy |= self.copying;
            self.copying = false;
        } else if line.starts_with("Step ") {
            let instruction = line.split_once(" : ").map_or("", |(_, rest)| rest).to_ascii_uppercase();
            self.copying = instruction.starts_with("COPY ") || instruction.starts_with("ADD ");
            self.taken = instruction.starts_with("FROM ");
        } else if line.starts_with(" ---> Using cache") {
            self.copying = false;
            self.taken = true;
        }
        self.step(line);
        if !line.trim().is_empty() {
            self.log.push(line);
        }
    }

    /// `Step 2/5 : RUN make`, and right behind it ` ---> Using cache` where that holds: what a step prints
    /// comes later.
    fn step(&mut self, line: &str) {
        let line = line.trim_end();
        if line == " ---> Using cache" && self.step_begun {
            self.steps.iter_mut().last().into_iter().for_each(|step| step.cached = true);
        }
        let begun = line.strip_prefix("Step ").and_then(|rest| rest.split_once(" : "));
        self.step_begun = false;
        if let Some((count, text)) = begun
            && let Some(Ok(number)) = count.split_once('/').map(|(number, _)| number.parse::<usize>())
            && number <= MOST_STEPS
        {
            // What a RUN prints may look like this, too; it cannot count on.
            if self.steps.last().is_none_or(|last| last.number < number) {
                self.steps.push(StepFacts { stage: None, number, text: text.to_owned(), cached: false });
                self.step_begun = true;
            }
        }
    }

    fn finish(&mut self) {
        let rest = std::mem::take(&mut self.pending);
        self.classic(&rest);
        self.buildkit.finish(&mut self.log);
    }
}

/// The classic builder's steps by stages, which it does not name; their numbers do.
fn in_stages(steps: Vec<StepFacts>) -> Vec<StepFacts> {
    let mut from = 0_usize;
    let mut told = Vec::with_capacity(steps.len());
    for step in steps {
        if step.text.get(..5).is_some_and(|keyword| keyword.eq_ignore_ascii_case("FROM ")) {
            from += 1;
        } else {
            told.push(StepFacts { stage: from.checked_sub(1).map(|stage| stage.to_string()), ..step });
        }
    }
    told
}

/// Whether a build's error is none of the subject's doing.
fn engines_fault(message: &str) -> Result<(), EngineError> {
    let lower = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // What a RUN step prints or returns is the subject's, whatever words it uses.
    if has(&["did not complete successfully", "executor failed running", "returned a non-zero code"]) {
        return Ok(());
    }
    let refused =
        |help: &str| Err(EngineError::Misfortune { what: super::error::one_line(message), help: help.to_owned() });
    if has(&["no space left on device"]) {
        return refused("free some disk space (`docker system df` shows what Docker uses), then try again");
    }
    if lost_an_image(message) {
        return refused("somebody removed an image in mid-build that it was built on; try again");
    }
    if has(&["failed to read downloaded context"]) {
        return refused(
            "this engine cannot build over its API with BuildKit (known of Engine 26 with the containerd image \
             store); update Docker",
        );
    }
    if has(&["context canceled", "code = canceled", "code = unavailable", "transport is closing"]) {
        return refused("the engine stopped in mid-build; start it again, then try again");
    }
    let network = [
        "dial tcp",
        "i/o timeout",
        "tls handshake timeout",
        "no such host",
        "connection refused",
        "network is unreachable",
        "failed to do request",
        "toomanyrequests",
        "temporary failure in name resolution",
        "request canceled while waiting for connection",
        "client.timeout exceeded",
    ];
    if has(&network) {
        return refused(
            "something that the Dockerfile fetches could not be fetched: see whether its name is right and \
             whether `docker pull` gets it",
        );
    }
    Ok(())
}

/// Whether the classic builder has taken an image from its cache that was removed meanwhile. On the containerd store
/// (seen with 28.5) it also finds images that were removed some moments ago.
fn lost_an_image(message: &str) -> bool {
    let lower = message.to_lowercase();
    lower.starts_with("failed to export image: no such image") || lower.starts_with("unable to find image \"sha256:")
}

fn shortened(text: &str) -> String {
    let mut end = text.len().min(LONGEST_ERROR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_that_cannot_be_fetched_is_nobodys_wrong_answer() {
        let message = "failed to solve: python:3.99: failed to do request: Head \"https://registry-1.docker.io\": \
                       dial tcp: lookup registry-1.docker.io: no such host";
        assert!(engines_fault(message).is_err());
        assert!(engines_fault("pull access denied for nothing, repository does not exist").is_ok());
    }

    #[test]
    fn steps_of_the_classic_builder_are_cached_where_it_says_so_at_once() {
        let mut said = Said::new();
        for line in [
            "Step 1/4 : FROM busybox\n",
            " ---> 0123456789ab\n",
            "Step 2/4 : RUN make\n",
            " ---> Using cache\n",
            " ---> 0123456789ab\n",
            "Step 3/4 : FROM busybox\n",
            "Step 4/4 : RUN echo\n",
            " ---> Running in 0123456789ab\n",
            " ---> Using cache\n",
            "Step 2/4 : RUN what is printed\n",
        ] {
            said.classic(line);
        }
        let step = |stage: &str, number, text: &str, cached| StepFacts {
            stage: Some(stage.into()),
            number,
            text: text.into(),
            cached,
        };
        assert_eq!(in_stages(said.steps), [step("0", 2, "RUN make", true), step("1", 4, "RUN echo", false)]);
    }

    #[test]
    fn what_a_run_step_does_is_the_subjects() {
        let message = "process \"/bin/sh -c echo dial tcp; false\" did not complete successfully: exit code: 1";
        assert!(engines_fault(message).is_ok());
        assert!(engines_fault("The command '/bin/sh -c curl # i/o timeout' returned a non-zero code: 1").is_ok());
    }
}
