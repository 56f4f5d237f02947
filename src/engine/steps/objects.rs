//! What a person does with archives, containers that do not run, and images that nobody needs.
//!
//! Invariant: a clean-up step takes only what earlier steps of the same run made, whatever else carries the label.

use super::{COPY_SECONDS, LARGEST_COPY, Stage, StepError, create, impossible};
use crate::course::exercise::Step;
use crate::engine::{EngineError, container::ContainerSpec, files, images, name};
use bytes::Bytes;
use http::Method;
use std::io::Write;

/// Most bytes of an archive that a step writes.
const LARGEST_ARCHIVE: u64 = 2 << 30;

impl Stage<'_> {
    pub(super) async fn with_objects(&mut self, step: &Step) -> Result<(), StepError> {
        match step {
            Step::Save { image, path } => {
                let name = self.name(image);
                if !name::is_image_name(name) {
                    return Err(impossible(format!("{name} is no image")));
                }
                self.fetch("save an image", &format!("/images/{name}/get"), path).await
            }
            Step::Load { path, image } => self.load(path, image).await,
            Step::Export { image, path } => {
                let container = self.never_started(image).await?;
                self.fetch("export a container", &format!("/containers/{container}/export"), path).await?;
                Ok(self.ledger.remove_container(&container).await?)
            }
            Step::Create { image } => {
                let container = self.never_started(image).await?;
                self.containers.push((image.clone(), container));
                Ok(())
            }
            Step::RemoveContainers { image } => {
                let (gone, stay) = self.containers.drain(..).partition(|(of, _)| of == image);
                self.containers = stay;
                let gone: Vec<(String, String)> = gone;
                for (_, container) in gone {
                    self.ledger.remove_container(&container).await?;
                }
                Ok(())
            }
            Step::Prune { label } => self.prune(label).await,
            // The others are done elsewhere.
            _ => Ok(()),
        }
    }

    async fn never_started(&self, image: &str) -> Result<String, StepError> {
        let spec = ContainerSpec { image: self.name(image).to_owned(), ..ContainerSpec::default() };
        self.created(self.engine.create(self.ledger, &spec).await?, image)
    }

    async fn load(&self, path: &str, image: &str) -> Result<(), StepError> {
        let name = self.new_name(image)?;
        let failed = |error: std::io::Error| impossible(format!("{path} cannot be read: {error}"));
        let file = files::below(self.workspace, path).map_err(failed)?;
        let meta = std::fs::symlink_metadata(&file).map_err(failed)?;
        if !meta.is_file() || meta.len() > LARGEST_COPY {
            return Err(impossible(format!("{path} is no file of at most 64 MiB, which is what can be loaded")));
        }
        let body = Some((Bytes::from(std::fs::read(&file).map_err(failed)?), "application/x-tar"));
        let doing = "load an image archive";
        let before = self.ledger.expect_image(&name).await?;
        let engine = self.engine;
        engine
            .long(doing, COPY_SECONDS, async {
                let response = engine.call(doing, Method::POST, "/images/load?quiet=1", body).await?;
                engine.finished(doing, response).await
            })
            .await?;
        Ok(self.made(&name, &before).await?)
    }

    /// The answer to a question becomes a file of the workspace.
    async fn fetch(&self, doing: &str, target: &str, path: &str) -> Result<(), StepError> {
        let failed = |error: std::io::Error| impossible(format!("{path} cannot be written: {error}"));
        let mut file = create(self.workspace, path, 0o644).map_err(failed)?;
        let engine = self.engine;
        let copied = engine.long(doing, COPY_SECONDS, async {
            let mut body = engine.call(doing, Method::GET, target, None).await?.into_body();
            let mut bytes: u64 = 0;
            while let Some(chunk) = engine.chunk(&mut body).await? {
                bytes += chunk.len() as u64;
                if bytes > LARGEST_ARCHIVE {
                    return Err(engine.unintelligible(doing, "it is too large"));
                }
                if let Err(error) = file.write_all(&chunk) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        });
        copied.await?.map_err(failed)
    }

    /// Images of this run with the label that have no name of the exercise's. The ledger holds such an image by a tag of
    /// its own, so that it is not lost: taking that away is what prune would do.
    async fn prune(&self, label: &str) -> Result<(), StepError> {
        for image in images::labelled(self.engine, label).await? {
            let names: Vec<String> = image.names().collect();
            let held = |tag: &String| name::is_throw_away(tag) && name::run_of(tag) == Some(self.ledger.run());
            if names.iter().all(held) {
                for tag in &names {
                    self.ledger.remove_image(tag).await?;
                }
            }
        }
        let swept: Result<(), EngineError> = self.ledger.remove_superfluous().await;
        Ok(swept?)
    }
}
