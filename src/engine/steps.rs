//! What a person might do with an engine and a workspace, for proofs (`dlearn selfcheck`).
//!
//! Every name that a step gives lies under the run's own prefix, so the ledger removes it by tag and
//! no name of anybody's is ever moved; but in a throw-away engine, whose names are nobody's.

mod objects;
mod registry;

use super::{
    Engine, EngineError, Ledger,
    build::BuildJob,
    call::{RegistryAuth, query},
    container::{Attempt, ContainerSpec},
    files::{self, Context},
    images, name, text,
};
use crate::context::TarStyle;
use crate::course::{
    exercise::{Checksum, Step},
    mode_of,
};
use crate::evidence::Builder;
use bytes::Bytes;
use http::Method;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use thiserror::Error;

/// Seconds that a build of a proof may take.
const BUILD_SECONDS: u64 = 600;
/// Seconds that the command of a commit may take.
const RUN_SECONDS: u64 = 120;
/// Seconds that moving a container's files to a new image may take.
const COPY_SECONDS: u64 = 300;
/// Most bytes of a workspace file that is copied into a container.
const LARGEST_COPY: u64 = 64 * 1024 * 1024;

/// A step that did not go as it should.
#[derive(Debug, Error)]
pub enum StepError {
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A build failed that was not meant to.
    #[error("the build of {image} failed: {error}")]
    Build {
        /// The exercise's name for the image.
        image: String,
        /// The builder's last word.
        error: String,
        /// The end of its log.
        log: Vec<String>,
    },
    /// The step cannot be done as it is written.
    #[error("{what}")]
    Impossible {
        /// What is wrong with it.
        what: String,
        /// What to do next.
        help: String,
    },
}

impl StepError {
    /// What to do next, as a sentence.
    pub fn help(&self) -> String {
        match self {
            StepError::Engine(error) => error.help(),
            StepError::Build { log, .. } if log.is_empty() => "try the same build with docker build".into(),
            StepError::Build { log, .. } => format!("the end of its log:\n{}", log.join("\n")),
            StepError::Impossible { help, .. } => help.clone(),
        }
    }
}

/// Performs steps one after another: whoever logs in stays so for those that follow. `images` gives the exercise's own names for images their names on the engine,
/// which must be names of `ledger`'s run, but in a throw-away engine.
///
/// # Errors
/// Where it does not go as it should; a build that may fail may do so.
pub async fn perform_all(
    engine: &Engine,
    ledger: &Ledger,
    workspace: &Path,
    images: &BTreeMap<String, String>,
    builder: Builder,
    steps: &[Step],
) -> Result<(), StepError> {
    let (logins, containers) = (BTreeMap::new(), Vec::new());
    let mut stage = Stage { engine, ledger, workspace, images, builder, logins, containers };
    for step in steps {
        stage.perform(step).await?;
    }
    Ok(())
}

/// Performs one step; see [`perform_all`].
///
/// # Errors
/// As [`perform_all`].
pub async fn perform(
    engine: &Engine,
    ledger: &Ledger,
    workspace: &Path,
    images: &BTreeMap<String, String>,
    builder: Builder,
    step: &Step,
) -> Result<(), StepError> {
    perform_all(engine, ledger, workspace, images, builder, std::slice::from_ref(step)).await
}

struct Stage<'a> {
    engine: &'a Engine,
    ledger: &'a Ledger,
    workspace: &'a Path,
    images: &'a BTreeMap<String, String>,
    builder: Builder,
    /// By registry.
    logins: BTreeMap<String, RegistryAuth>,
    /// What `create` made: image and name.
    containers: Vec<(String, String)>,
}

impl Stage<'_> {
    async fn perform(&mut self, step: &Step) -> Result<(), StepError> {
        match step {
            Step::Build { image, file, context, target, args, no_cache, may_fail } => {
                let job = BuildJob {
                    tag: self.new_name(image)?,
                    context: Bytes::new(),
                    builder: self.builder,
                    dockerfile: file.clone(),
                    target: target.clone(),
                    args: args.clone(),
                    no_cache: *no_cache,
                    seconds: BUILD_SECONDS,
                    only_cached_copies: false,
                };
                self.build(image, job, context, *may_fail).await
            }
            Step::Tag { from, to } => {
                let to = self.new_name(to)?;
                let before = self.ledger.expect_image(&to).await?;
                images::give_tag(self.engine, self.name(from), &to).await?;
                Ok(self.ledger.image_exists(&to, &before, &[]).await?)
            }
            Step::Commit { from, run, copy, to, changes } => self.commit(from, run, copy, to, changes).await,
            Step::Import { from, to, changes } => self.import(from, to, changes).await,
            Step::Login { .. } | Step::Push { .. } | Step::Pull { .. } | Step::Remove { .. } | Step::Run { .. } => {
                self.with_registry(step).await
            }
            Step::Save { .. }
            | Step::Load { .. }
            | Step::Export { .. }
            | Step::Create { .. }
            | Step::RemoveContainers { .. }
            | Step::Prune { .. } => self.with_objects(step).await,
            Step::Write { path, text } => write(self.workspace, path, text.as_bytes())
                .map_err(|error| impossible(format!("{path} cannot be written: {error}"))),
            Step::Digest { image, path, of } => self.digest(image, path, *of).await,
        }
    }

    /// Writes a checksum of an image into a file.
    async fn digest(&self, image: &str, path: &str, of: Checksum) -> Result<(), StepError> {
        let name = self.name(image);
        let repository = name::repository_and_tag(name).0;
        let missing = || impossible(format!("{name} has no such checksum: push it first"));
        let digest = match of {
            Checksum::Manifest => {
                let all = self.engine.references_by_digest(name).await?;
                let own = all.iter().find_map(|entry| entry.strip_prefix(repository)?.strip_prefix('@'));
                own.map(str::to_owned)
            }
            Checksum::Id => self.engine.image_id(name).await?,
            Checksum::Layer => self.engine.image(name).await?.and_then(|image| image.layers.first().cloned()),
        };
        let digest = digest.ok_or_else(missing)?;
        let failed = |error: io::Error| impossible(format!("{path} cannot be written: {error}"));
        let text = fs::read_to_string(files::below(self.workspace, path).map_err(failed)?).map_err(failed)?;
        let text = text.replace("REPOSITORY", repository).replace("DIGEST", &digest);
        write(self.workspace, path, text.as_bytes()).map_err(failed)
    }

    /// What the exercise calls an image, on the engine; other names stand for themselves.
    fn name<'a>(&'a self, alias: &'a str) -> &'a str {
        self.images.get(alias).map_or(alias, String::as_str)
    }

    /// The same, for an image that is about to be made.
    fn new_name(&self, alias: &str) -> Result<String, StepError> {
        let name = self.name(alias);
        // In an engine of ours every name is free.
        let free = self.engine.endpoint().is_thrown_away() || name::run_of(name) == Some(self.ledger.run());
        if name::is_image_name(name) && free {
            return Ok(name.to_owned());
        }
        Err(impossible(format!("a step would give the name {name}, which is not one of this run's")))
    }

    async fn build(&self, image: &str, mut job: BuildJob, folder: &str, may_fail: bool) -> Result<(), StepError> {
        let style = if self.builder == Builder::BuildKit { TarStyle::BuildKit } else { TarStyle::Plain };
        let failed = match files::context_of_folder(self.workspace, folder, &job.dockerfile, style)? {
            Context::Refused(why) => Some((why, Vec::new())),
            Context::Packed { bytes: archive, dockerfile, .. } => {
                (job.context, job.dockerfile) = (archive, dockerfile);
                let facts = self.engine.build(self.ledger, &job).await?.unwrap_or_default();
                let slow = facts.timed_out.then(|| format!("it took longer than {BUILD_SECONDS} s"));
                facts.error.or(slow).map(|error| (error, facts.log))
            }
        };
        match failed {
            Some((error, log)) if !may_fail => {
                let end = log.len().saturating_sub(20);
                Err(StepError::Build { image: image.to_owned(), error, log: log[end..].to_vec() })
            }
            _ => Ok(()),
        }
    }

    async fn commit(
        &self,
        from: &str,
        run: &[String],
        copy: &BTreeMap<String, String>,
        to: &str,
        changes: &[String],
    ) -> Result<(), StepError> {
        let to = self.new_name(to)?;
        // Without our labels: a container's labels get into the image.
        let spec = ContainerSpec {
            image: self.name(from).to_owned(),
            args: (!run.is_empty()).then(|| run.to_vec()),
            unlabelled: true,
            ..ContainerSpec::default()
        };
        let container = self.created(self.engine.create(self.ledger, &spec).await?, from)?;
        for (inside, path) in copy {
            self.copy_in(&container, inside, path).await?;
        }
        self.created(self.engine.start_created(&container).await?, from)?;
        let engine = self.engine;
        let ended = engine.alive(async {
            match tokio::time::timeout(Duration::from_secs(RUN_SECONDS), engine.wait(&container)).await {
                Ok(exit) => exit.map(Some),
                Err(_) => Ok(None),
            }
        });
        match ended.await? {
            Some(0) => {}
            Some(code) => {
                let output = engine.output(&container).await?.both;
                return Err(impossible(format!("the command in {from} ended with exit code {code}: {output}")));
            }
            None => return Err(impossible(format!("the command in {from} took longer than {RUN_SECONDS} s"))),
        }
        engine.commit(self.ledger, &container, &to, &changes.join("\n")).await?;
        Ok(self.ledger.remove_container(&container).await?)
    }

    async fn import(&self, from: &str, to: &str, changes: &[String]) -> Result<(), StepError> {
        let to = self.new_name(to)?;
        let spec = ContainerSpec {
            image: self.name(from).to_owned(),
            entrypoint: Some(vec!["never-started".to_owned()]),
            ..ContainerSpec::default()
        };
        let container = self.created(self.engine.create(self.ledger, &spec).await?, from)?;
        let doing = "import a container's files";
        let (repository, tag) = name::repository_and_tag(&to);
        let changes = changes.join("\n");
        let pairs = [("fromSrc", "-"), ("repo", repository), ("tag", tag), ("changes", &changes)];
        let target = format!("/images/create{}", query(&pairs));
        let before = self.ledger.expect_image(&to).await?;
        let engine = self.engine;
        let work = async {
            let export = format!("/containers/{container}/export");
            let exported = engine.call("export a container", Method::GET, &export, None).await?;
            let chunks = http_body_util::BodyDataStream::new(exported.into_body());
            let chunks = futures_util::TryStreamExt::map_err(chunks, io::Error::other);
            let body = (bollard::body_try_stream(chunks), "application/x-tar");
            let response = engine.send(doing, Method::POST, &target, body).await?;
            engine.finished(doing, response).await
        };
        engine.long(doing, COPY_SECONDS, work).await?;
        self.made(&to, &before).await?;
        Ok(self.ledger.remove_container(&container).await?)
    }

    async fn made(&self, tag: &str, before: &images::Unnamed) -> Result<(), EngineError> {
        let chain = images::chain(self.engine, tag).await?;
        self.ledger.image_exists(tag, before, &chain).await
    }

    fn created(&self, attempt: Attempt, from: &str) -> Result<String, StepError> {
        match attempt {
            Attempt::Done(container) => Ok(container),
            Attempt::NoImage => Err(impossible(format!("there is no image {}", self.name(from)))),
            Attempt::Refused(why) => {
                Err(impossible(format!("a container of {from} does not start: {}", text::clean(&why))))
            }
        }
    }

    /// `docker cp` of one file of the workspace.
    async fn copy_in(&self, container: &str, inside: &str, path: &str) -> Result<(), StepError> {
        let wrong =
            |what: &dyn std::fmt::Display| impossible(format!("{path} cannot be copied into the container: {what}"));
        let source = files::below(self.workspace, path).map_err(|error| wrong(&error))?;
        let meta = fs::symlink_metadata(&source).map_err(|error| wrong(&error))?;
        if !meta.is_file() || meta.len() > LARGEST_COPY {
            return Err(wrong(&"only regular files of at most 64 MiB can be"));
        }
        let content = fs::read(&source).map_err(|error| wrong(&error))?;
        let (folder, file) = inside
            .rsplit_once('/')
            .filter(|(_, file)| !file.is_empty())
            .ok_or_else(|| wrong(&format!("`{inside}` must be the absolute path of a file")))?;
        let folder = if folder.is_empty() { "/" } else { folder };
        let archive = one_file(file, &content).map_err(|error| wrong(&error))?;
        let doing = "copy a file into a container";
        let target = format!("/containers/{container}/archive{}", query(&[("path", folder)]));
        let body = Some((Bytes::from(archive), "application/x-tar"));
        let engine = self.engine;
        engine.long(doing, COPY_SECONDS, engine.call(doing, Method::PUT, &target, body)).await?;
        Ok(())
    }
}

fn impossible(what: String) -> StepError {
    StepError::Impossible { what, help: "correct the case's steps in exercise.yaml".into() }
}

fn one_file(name: &str, content: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_mode(mode_of(content));
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, name, content)?;
    archive.into_inner()
}

/// Writes a file below the workspace; see [`create`].
fn write(workspace: &Path, path: &str, content: &[u8]) -> io::Result<()> {
    create(workspace, path, mode_of(content))?.write_all(content)
}

/// Opens a file below the workspace for writing; folders on the way are made, links are not followed.
fn create(workspace: &Path, path: &str, mode: u32) -> io::Result<fs::File> {
    let (folder, file) = path.rsplit_once('/').unwrap_or((".", path));
    if path.starts_with('/') || matches!(file, "" | "." | "..") {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no path of a file below the workspace"));
    }
    let mut made = String::from(".");
    for part in folder.split('/') {
        made = format!("{made}/{part}");
        match files::below(workspace, &made) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(workspace.join(&made))?,
            other => drop(other?),
        }
    }
    let target = files::below(workspace, &made)?.join(file);
    match fs::symlink_metadata(&target) {
        Ok(meta) if !meta.is_file() => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    options.open(&target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_writes_below_the_workspace_only() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
        write(dir.path(), "a/b/c.txt", b"x").unwrap();
        write(dir.path(), "a/b/c.txt", b"y").unwrap();
        assert_eq!(fs::read(dir.path().join("a/b/c.txt")).unwrap(), b"y");
        for bad in ["../x", "link/x", "/tmp/x", "a/b", "link", "a/.."] {
            assert!(write(dir.path(), bad, b"z").is_err(), "{bad}");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
