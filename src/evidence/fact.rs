//! The answers. Field names are the field's own terms; sizes are bytes, times are seconds.

mod running;
mod secret;

use super::Builder;
pub use running::*;
pub use secret::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An answer's content, one variant for each kind of [`super::Need`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there are a few dozen at a time")]
pub enum Fact {
    /// Answer to [`super::Need::Engine`].
    Engine(EngineFacts),
    /// Answer to [`super::Need::Image`].
    Image(ImageFacts),
    /// Answer to [`super::Need::File`].
    File(FileFacts),
    /// Answer to [`super::Need::Layers`].
    Layers(LayersFacts),
    /// Answer to [`super::Need::Secret`].
    Secret(SecretFacts),
    /// Answer to [`super::Need::Build`].
    Build(BuildFacts),
    /// Answer to [`super::Need::Experiment`].
    Experiment(ExperimentFacts),
    /// Answer to [`super::Need::Run`].
    Run(RunFacts),
    /// Answer to [`super::Need::Serve`].
    Serve(ServeFacts),
    /// Answer to [`super::Need::Stop`].
    Stop(StopFacts),
    /// Answer to [`super::Need::Health`].
    Health(HealthFacts),
    /// Answer to [`super::Need::WorkspaceFile`].
    Text(TextFacts),
    /// Answer to [`super::Need::Archive`].
    Archive(ArchiveFacts),
    /// Answer to [`super::Need::Objects`].
    Objects(ObjectsFacts),
    /// Answer to [`super::Need::Registry`].
    Registry(RegistryFacts),
}

/// Which engine answered (`GET /version`, `GET /info`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// What it calls itself: `Docker Engine` or `Podman`.
    pub product: String,
    /// For example `28.5.2`.
    pub version: String,
    /// Newest API version that the engine speaks, for example `1.51`.
    pub api: String,
    /// Storage driver, for example `overlay2` or `overlayfs`.
    pub driver: String,
    /// Whether images live in containerd's store (Id is then a manifest's or index's digest).
    pub containerd_store: bool,
    /// Architecture in Go's words, for example `amd64`.
    pub arch: String,
    /// Operating system of the containers, `linux`.
    pub os: String,
    /// Builders that the engine offers to the API.
    pub builders: Vec<Builder>,
}

/// A local image, with the differences between engines removed: absent, null and empty are all empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// The engine's id. Its meaning depends on the image store: never compare it, show it only.
    pub id: String,
    /// Diff ids of the layers, bottom first (`RootFS.Layers`).
    pub layers: Vec<String>,
    /// Size in bytes: the sum of the history's sizes, which all image stores agree on best.
    pub size: u64,
    /// Configuration for containers.
    pub config: ConfigFacts,
    /// History, oldest row first (the API gives newest first).
    pub history: Vec<HistoryRow>,
    /// Names of this image on this engine, normalised (`e01/web:v1`, without `docker.io/library/`).
    pub tags: Vec<String>,
    /// `amd64` and the like.
    pub arch: String,
}

/// `Config` of an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigFacts {
    /// CMD as an argument list; the shell form is `["/bin/sh", "-c", …]`.
    pub cmd: Vec<String>,
    /// ENTRYPOINT likewise.
    pub entrypoint: Vec<String>,
    /// USER; empty means root.
    pub user: String,
    /// WORKDIR; empty means `/`.
    pub workdir: String,
    /// ENV.
    pub env: BTreeMap<String, String>,
    /// EXPOSE, as `8080/tcp`, sorted.
    pub ports: Vec<String>,
    /// LABEL.
    pub labels: BTreeMap<String, String>,
    /// VOLUME, sorted.
    pub volumes: Vec<String>,
    /// ONBUILD triggers.
    pub onbuild: Vec<String>,
    /// STOPSIGNAL.
    pub stop_signal: String,
    /// HEALTHCHECK's test, empty where there is none.
    pub healthcheck: Vec<String>,
}

/// One row of `docker history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// What made it, as the engine words it: to be shown, never to be read.
    pub created_by: String,
    /// What the row says besides, as the engine words it.
    pub comment: String,
    /// Bytes.
    pub size: u64,
    /// Who wrote it.
    pub author: RowAuthor,
    /// The instruction behind it, in the same words from every builder and engine (`COPY a /site`);
    /// what the classic builder copies is `…`, because it names a hash and not the files.
    pub instruction: String,
}

/// Who wrote a row of an image's history, as far as the row tells. Rows can be forged: a row that
/// names a builder is no proof of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowAuthor {
    /// A build.
    Builder(Builder),
    /// `docker import`.
    Import,
    /// Nobody signed: `docker commit`, or the classic builder for a RUN in exec form.
    #[default]
    Unmarked,
}

/// What a path in an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// A regular file (or a hard link to one).
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a FIFO or a socket.
    Special,
}

/// One file of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// What it is.
    pub kind: FileType,
    /// Permission bits with set-uid, set-gid and sticky, for example `0o755`.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content in hexadecimal, for regular files.
    pub sha256: Option<String>,
    /// The content as text (lossy UTF-8), where it has at most 1 MiB.
    pub text: Option<String>,
    /// Target of a symbolic link that could not be followed inside the image.
    pub link: Option<String>,
}

/// What an image's layers hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayersFacts {
    /// One for each layer, bottom first.
    pub layers: Vec<LayerFacts>,
    /// More paths than the scan keeps: nothing may be concluded from an entry's absence.
    pub truncated: bool,
}

impl LayersFacts {
    /// The same without the contents of the first `skip` layers.
    #[must_use]
    pub fn above(&self, skip: usize) -> Self {
        let mut facts = self.clone();
        facts.layers.iter_mut().take(skip).for_each(|layer| layer.entries.clear());
        facts
    }
}

/// One layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerFacts {
    /// Digest of the uncompressed layer archive.
    pub diff_id: String,
    /// The instruction that made it (as in [`HistoryRow::instruction`]), where the image's configuration
    /// tells. A bare scan of an archive leaves the builder's own words.
    pub created_by: Option<String>,
    /// Bytes of file content in it.
    pub size: u64,
    /// Paths without a leading slash; empty for a layer that was of no interest.
    pub entries: BTreeMap<String, EntryFacts>,
}

/// One path in one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryFacts {
    /// What it is.
    pub change: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of a file's content, or the target of a link.
    pub content: String,
}

#[cfg(test)]
impl EntryFacts {
    /// An entry of root's with the usual permissions.
    pub(crate) fn plain(change: EntryKind, size: u64, content: &str) -> Self {
        Self { change, mode: 0o644, uid: 0, gid: 0, size, content: content.to_owned() }
    }
}

/// What a layer does with a path (OCI image specification, "Image Layer Filesystem Changeset").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A hard link to another path of the same layer.
    HardLink,
    /// A device or FIFO.
    Special,
    /// `.wh.NAME`: the path is deleted.
    Whiteout,
    /// `.wh..wh..opq`: everything below from lower layers is hidden.
    Opaque,
}

/// How a build went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BuildFacts {
    /// The image, when it succeeded.
    pub image: Option<ImageFacts>,
    /// The throw-away tag under which the image can be asked about until the run ends.
    pub tag: String,
    /// Everything that the builder said, line by line, control sequences removed (bounded).
    pub log: Vec<String>,
    /// The builder's last word, when it failed.
    pub error: Option<String>,
    /// The time limit was exceeded.
    pub timed_out: bool,
    /// What became of the Dockerfile's instructions, in the order in which the builder came to them. Without
    /// FROM, and without those that the builder does not report (BuildKit: what only changes the configuration).
    #[serde(default)]
    pub steps: Vec<StepFacts>,
    /// Path of the Dockerfile in the context, where its ignore file excludes it and the builder all the same lets
    /// COPY see it (BuildKit over the API; no client does that).
    #[serde(default)]
    pub dockerfile_seen: Option<String>,
    /// What stood for `{{nonce}}` in the files of [`super::Source::Files`]; empty for other builds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nonce: String,
}

/// What became of one instruction in a build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepFacts {
    /// The stage: `builder`, `stage-1` for one without a name, none where there is only one (BuildKit); its
    /// number from 0 (classic builder).
    pub stage: Option<String>,
    /// Its place in the stage (BuildKit) or in the Dockerfile (classic builder), as the builder counts.
    pub number: usize,
    /// The instruction as the builder shows it: `RUN make`.
    pub text: String,
    /// Its result came from the cache.
    pub cached: bool,
}

/// How two builds went that differ in one thing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExperimentFacts {
    /// Of the workspace as it is.
    pub before: BuildFacts,
    /// Of the changed copy; without an image where there was none before.
    pub after: BuildFacts,
    /// What stood for `{{nonce}}`.
    pub nonce: String,
}

/// A text file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextFacts {
    /// Content, lossy UTF-8.
    pub text: String,
    /// The file is larger than what was read.
    pub truncated: bool,
}

/// What a file that should be an image archive is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum ArchiveFacts {
    /// It holds the image that was meant, or only one.
    Image(ArchivedImage),
    /// The files of a container, as `docker export` writes them.
    ContainerFiles,
    /// Neither: a link, a damaged or cut archive, several images and none of that name.
    Other {
        /// What it is, as a sentence.
        what: String,
        /// What to do next, as a sentence.
        help: String,
    },
}

/// An image in an archive. Its layers were hashed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArchivedImage {
    /// The names that loading it would give, normalised (`n14/app:v1`); at most 50.
    pub names: Vec<String>,
    /// Diff ids of the layers, bottom first: equal to those of the same image on an engine
    /// ([`ImageFacts::layers`]).
    pub layers: Vec<String>,
    /// Configuration for containers.
    pub config: ConfigFacts,
}

/// What carries a label on an engine; at most 500 of each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectsFacts {
    /// Images, without the intermediate ones of the classic builder.
    pub images: Vec<LabelledImage>,
    /// Containers, running or not.
    pub containers: Vec<LabelledContainer>,
}

/// An image with the label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelledImage {
    /// The engine's id: to be shown, and to find its containers by.
    pub id: String,
    /// Its names, normalised, without the throw-away ones of dlearn's own builds. None: it is dangling.
    pub names: Vec<String>,
}

/// A container with the label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelledContainer {
    /// Its name.
    pub name: String,
    /// What its image is called, normalised, as the engine shows it: a name or an id.
    pub image: String,
    /// The engine's id of that image.
    pub image_id: String,
    /// It runs.
    pub running: bool,
}

/// What a registry says about a name in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegistryFacts {
    /// The image; none where the registry has no such repository or tag.
    pub image: Option<RegistryImage>,
    /// Where it has none: tags that the repository has, at most 50.
    #[serde(default)]
    pub tags: Vec<String>,
    /// It was shown to the learner's own login, and is shown to nobody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

/// An image in a registry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegistryImage {
    /// Digest of what the tag names: a manifest, or an index.
    pub digest: String,
    /// Media type of that.
    pub media_type: String,
    /// Diff ids of the layers on the engine's platform, bottom first: equal to those of the same image on an
    /// engine ([`ImageFacts::layers`]).
    pub layers: Vec<String>,
    /// Architecture in Go's words.
    pub arch: String,
    /// Operating system.
    pub os: String,
}
