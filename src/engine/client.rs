//! A build by the docker command of this machine, in the learner's own folder.
//!
//! BuildKit keys the root of a build context by how it came: what a client sent with `COPY . …` is never
//! found again by a build over the API, and is found at once by the client itself (seen with 20.10 to 28.5).
//! Invariant: the command gets nothing but this folder, a throw-away tag and the plan's own options.

use super::{Engine, EngineError, Ledger, files, images};
use crate::evidence::{BuildFacts, BuildPlan};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

impl Engine {
    /// Builds with BuildKit under a throw-away tag, which is the ledger's to remove. No log is kept.
    ///
    /// # Errors
    /// Where no docker command of the PATH builds the folder with BuildKit, for whatever reason.
    pub(crate) async fn build_by_client(
        &self,
        ledger: &Ledger,
        workspace: &Path,
        plan: &BuildPlan,
        seconds: u64,
    ) -> Result<BuildFacts, EngineError> {
        let none = || EngineError::Unsupported {
            what: "no docker command on this machine builds the folder with BuildKit".into(),
            help: "see what `docker build` says in the exercise's folder".into(),
        };
        let context = files::below(workspace, &plan.context).map_err(|_| none())?;
        let tag = ledger.build_tag(plan, "");
        let before = ledger.expect_image(&tag).await?;
        for program in programs() {
            let mut command = Command::new(program);
            command.env("DOCKER_HOST", self.endpoint().to_string()).env("DOCKER_BUILDKIT", "1");
            // The engine's own builder, whichever the learner has chosen: the image must come to be on the engine.
            command.env("BUILDX_BUILDER", "default").arg("build");
            command.arg("--quiet").arg(format!("--tag={tag}"));
            command.arg(format!("--file={}", context.join(&plan.dockerfile).display()));
            command.args(plan.target.iter().map(|target| format!("--target={target}")));
            command.args(plan.args.iter().map(|(name, value)| format!("--build-arg={name}={value}")));
            command.arg(&context).current_dir(&context).kill_on_drop(true);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let limit = Duration::from_secs(seconds);
            let ended = self.alive(async { Ok(tokio::time::timeout(limit, command.status()).await) }).await?;
            if !ended.is_ok_and(|status| status.is_ok_and(|status| status.success())) {
                continue;
            }
            // A builder of buildx that is not the engine's own leaves no image on the engine.
            let Some(image) = self.image(&tag).await? else { continue };
            ledger.image_exists(&tag, &before, &images::chain(self, &tag).await?).await?;
            return Ok(BuildFacts { image: Some(image), tag, ..BuildFacts::default() });
        }
        Err(none())
    }
}

/// Every docker command of the PATH, in its order, each once.
fn programs() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut seen = BTreeSet::new();
    let all = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join("docker"));
    all.filter(|program| program.canonicalize().is_ok_and(|real| seen.insert(real))).collect()
}
