//! [`crate::evidence::Need::Build`]: a build under a throw-away tag, with either builder.
//!
//! A build that fails or takes too long is a fact. What is the engine's or the network's fault (no
//! space, a base image that cannot be fetched, an engine that goes away) is an error, so that nobody
//! loses marks for it.

mod buildah;
mod by_client;
mod fault;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod said;

use super::{Engine, EngineError, Ledger, buildkit, call::query, images, text::clean};
use crate::evidence::{BuildFacts, Builder};
use bytes::Bytes;
use fault::{engines_fault, lost_an_image};
use http::Method;
use said::{Line, Said};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, error::Elapsed};

/// How the stream of a build ended, if it did in time.
type Outcome = Result<Result<(), EngineError>, Elapsed>;

/// The pause before a build is tried again that met an image which was just being removed; each is twice as long as
/// the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Most times that such a build is tried. The classic builder looks at every child of the image that it builds upon,
/// and gives up when one is gone by then, whoever's it is (moby, `image/cache`): while somebody removes many,
/// that is several times in a row.
const MOST_TRIES: u32 = 8;
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

impl Engine {
    /// Builds. The result's tag is the ledger's to remove. None where the job gave up.
    ///
    /// # Errors
    /// Where the engine cannot do it, or stopped answering meanwhile; never for a build that fails.
    pub async fn build(&self, ledger: &Ledger, job: &BuildJob) -> Result<Option<BuildFacts>, EngineError> {
        let before = ledger.expect_image(&job.tag).await?;
        ledger.build_begins(&job.tag, job.builder, &before).await?;
        let (outcome, mut said) = self.tried(ledger, job).await?;
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
                if !self.endpoint().is_thrown_away() || lost_an_image(job.builder, message) {
                    engines_fault(message)?;
                }
                ledger.build_failed(&job.tag);
            }
            ledger.adopt().await?;
            let error = said.error.take().map(|message| buildkit::without_mounts(&clean(&message)));
            facts.error = error.map(|message| shortened(message.trim()));
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
        (facts.steps, facts.log) = said.into_steps_and_log(job.builder);
        Ok(Some(facts))
    }

    /// Builds, and again where an image was just being removed that the classic builder looked at. What came of it, or
    /// nothing where the time was over, and what was said in the last try.
    async fn tried(&self, ledger: &Ledger, job: &BuildJob) -> Result<(Outcome, Said), EngineError> {
        let deadline = Instant::now() + Duration::from_secs(job.seconds);
        let mut pause = FIRST_PAUSE;
        let mut ran = BTreeSet::new();
        let mut tries = 1;
        loop {
            let mut said = Said::new();
            let work = async { Ok(tokio::time::timeout_at(deadline, self.stream(ledger, job, &mut said)).await) };
            let outcome = self.alive(work).await?;
            said.finish();
            said.ran_before(&ran);
            let lost = said.error.as_deref().is_some_and(|error| lost_an_image(job.builder, error));
            if !lost || tries == MOST_TRIES || Instant::now() + pause > deadline {
                return Ok((outcome, said));
            }
            // They are in the cache the next time, and that says nothing about how it was found.
            ran.extend(said.ran());
            tokio::time::sleep(pause).await;
            pause *= 2;
            tries += 1;
        }
    }

    async fn stream(&self, ledger: &Ledger, job: &BuildJob, said: &mut Said) -> Result<(), EngineError> {
        let by_client = &self.inner.builds_by_client;
        if job.builder == Builder::Classic || !by_client.load(Ordering::Relaxed) {
            self.stream_over_api(ledger, job, said).await?;
            if job.builder == Builder::Classic || !said.error.as_deref().is_some_and(by_client::takes_no_context) {
                return Ok(());
            }
            by_client.store(true, Ordering::Relaxed);
            *said = Said::new();
        }
        self.stream_by_client(job, said).await
    }

    async fn stream_over_api(&self, ledger: &Ledger, job: &BuildJob, said: &mut Said) -> Result<(), EngineError> {
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
            if let Some(base) = said.triggers_of.take()
                && let Some((id, _)) = self.id_and_tags(&base).await?
            {
                ledger.build_runs_triggers(&job.tag, &id);
            }
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

fn shortened(text: &str) -> String {
    let mut end = text.len().min(LONGEST_ERROR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
