//! A build by the docker command of this machine, in the learner's own folder.
//!
//! BuildKit keys the root of a build context by how it came: what a client sent with `COPY . …` is never
//! found again by a build over the API, and is found at once by the client itself (seen with 20.10 to 28.5).
//! Invariants: the command gets nothing but this folder, a throw-away tag and the plan's own options; and whatever
//! it started (the buildx plug-in) ends with it where it is cut off.

use super::{Engine, EngineError, Ledger, files, images};
use crate::evidence::{BuildFacts, BuildPlan};
use crate::process::Group;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Seconds that a docker command may take to say what it can do.
const ASK_SECONDS: u64 = 5;
/// Most bytes of what it says that are read.
const SAID: u64 = 1024;
/// Versions of the docker command that have BuildKit in themselves. Earlier ones have none, and later ones need the
/// buildx plug-in.
const WITH_BUILDKIT_INSIDE: std::ops::Range<u32> = 19..23;

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
        // No docker command of this machine reaches in there; asked for, it would build on another engine.
        if self.endpoint().is_thrown_away() {
            return Err(none());
        }
        let context = files::below(workspace, &plan.context).map_err(|_| none())?;
        let tag = ledger.build_tag(plan, "");
        let before = ledger.expect_image(&tag).await?;
        for program in able().await {
            let mut command = on_engine(program, self);
            command.args(["build", "--quiet"]).arg(format!("--tag={tag}"));
            command.arg(format!("--file={}", context.join(&plan.dockerfile).display()));
            command.args(plan.target.iter().map(|target| format!("--target={target}")));
            command.args(plan.args.iter().map(|(name, value)| format!("--build-arg={name}={value}")));
            command.arg(&context).current_dir(&context);
            let limit = Duration::from_secs(seconds);
            let building =
                async { Group::start(&mut command, [Stdio::null(), Stdio::null(), Stdio::null()])?.end().await };
            let ended = self.alive(async { Ok(tokio::time::timeout(limit, building).await) }).await?;
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

/// The docker command for a build with BuildKit on this engine.
pub(super) fn on_engine(program: &Path, engine: &Engine) -> Command {
    let mut command = Command::new(program);
    for (name, value) in engine.endpoint().environment() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("DOCKER_BUILDKIT", "1");
    // The engine's own builder, whichever the learner has chosen: the image must come to be on the engine.
    command.env("BUILDX_BUILDER", "default");
    command
}

/// The docker commands that can build with BuildKit; asked once, for as long as this process lives.
pub(super) async fn able() -> &'static [PathBuf] {
    static ABLE: OnceCell<Vec<PathBuf>> = OnceCell::const_new();
    let ask = || async {
        let mut able = Vec::new();
        for program in programs() {
            if can_use_buildkit(&program).await {
                able.push(program);
            }
        }
        able
    };
    ABLE.get_or_init(ask).await
}

async fn can_use_buildkit(program: &Path) -> bool {
    match said(program, &["buildx", "version"]).await {
        Some(_) => true,
        None => said(program, &["--version"]).await.is_some_and(|said| has_buildkit_inside(&said)),
    }
}

/// What a docker command says, where it ends well and in time. No engine is asked.
async fn said(program: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let asking = async {
        let mut group = Group::start(command.args(args), [Stdio::null(), Stdio::piped(), Stdio::null()]).ok()?;
        let mut said = Vec::new();
        // Taken, so that a command that says more is not kept waiting.
        group.output()?.take(SAID).read_to_end(&mut said).await.ok()?;
        let ended = group.end().await.ok()?;
        ended.success().then(|| String::from_utf8_lossy(&said).into_owned())
    };
    tokio::time::timeout(Duration::from_secs(ASK_SECONDS), asking).await.ok().flatten()
}

/// `Docker version 20.10.24+dfsg1, build 297e128`
fn has_buildkit_inside(version: &str) -> bool {
    let number = version.strip_prefix("Docker version ").and_then(|rest| rest.split('.').next());
    number.and_then(|major| major.parse().ok()).is_some_and(|major: u32| WITH_BUILDKIT_INSIDE.contains(&major))
}

/// Every docker command of the PATH, in its order, each once.
pub(super) fn programs() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut seen = BTreeSet::new();
    let all = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join("docker"));
    all.filter(|program| program.canonicalize().is_ok_and(|real| seen.insert(real))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docker_command_with_buildkit_is_known_by_its_version() {
        assert!(has_buildkit_inside("Docker version 20.10.24+dfsg1, build 297e128"));
        for other in [
            "Docker version 28.2.2, build e6534b4",
            "Docker version 17.03.1-ce, build c6d412e",
            "podman version 4.3.1",
            "",
        ] {
            assert!(!has_buildkit_inside(other), "{other}");
        }
    }
}
