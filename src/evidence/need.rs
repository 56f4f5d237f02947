//! The questions that checks may ask. A need says *what*, never *how*.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One question to the engine or to the learner's workspace.
///
/// Needs are values: two checks that ask the same question share one answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Which engine is this: version, API, image store, builders. Answer: [`super::EngineFacts`].
    Engine,
    /// Configuration, layers and history of a local image. Answer: [`super::ImageFacts`].
    Image {
        /// A local image name, such as `e01/web:v1`.
        name: String,
    },
    /// One file of an image, read without running anything from it. Answer: [`super::FileFacts`].
    File {
        /// A local image name.
        image: String,
        /// Absolute path inside the image. Links are followed inside the image only.
        path: String,
    },
    /// What every layer above the first `skip` layers holds. Answer: [`super::LayersFacts`].
    Layers {
        /// A local image name.
        image: String,
        /// How many layers from the bottom are of no interest (the base's): they are named only.
        skip: usize,
    },
    /// Where an image holds a value: in its configuration, or in any layer, in any of several spellings. Answer:
    /// [`super::SecretFacts`].
    Secret {
        /// A local image name.
        image: String,
        /// What is looked for.
        value: String,
    },
    /// Build something under a throw-away tag and say how it went. Answer: [`super::BuildFacts`].
    Build(BuildPlan),
    /// Build the workspace, then a changed copy of it, one right after the other. Answer:
    /// [`super::ExperimentFacts`].
    Experiment(ExperimentPlan),
    /// Run a command in a new container, without network, and wait. Answer: [`super::RunFacts`].
    Run(RunPlan),
    /// Start a container, ask it over HTTP, stop it. Answer: [`super::ServeFacts`].
    Serve(ServePlan),
    /// Start a container, without network, and stop it as `docker stop` does. Answer: [`super::StopFacts`].
    Stop(StopPlan),
    /// Start a container, without network, and watch its own health check, then break the service and watch on.
    /// Answer: [`super::HealthFacts`].
    Health(HealthPlan),
    /// A text file of the learner's workspace (at most 256 KiB). Answer: [`super::TextFacts`].
    WorkspaceFile {
        /// Path relative to the workspace, `/` between its parts.
        path: String,
    },
    /// What an image archive in the workspace holds. Answer: [`super::ArchiveFacts`].
    Archive {
        /// Path relative to the workspace, `/` between its parts.
        path: String,
        /// The image that is meant, where the archive holds several.
        image: String,
    },
    /// Which images and containers carry a label. Answer: [`super::ObjectsFacts`].
    Objects {
        /// `KEY=VALUE`
        label: String,
    },
    /// What a registry has under a name. Absent: no registry answers at its address. Answer:
    /// [`super::RegistryFacts`].
    Registry {
        /// A full name: `127.0.0.1:5123/learner/web:v1`.
        name: String,
    },
}

/// What to build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BuildPlan {
    /// Where the files come from.
    pub source: Source,
    /// Which builder.
    pub builder: Builder,
    /// Dockerfile, relative to the context.
    pub dockerfile: String,
    /// Build context, relative to the workspace (`.` for all of it).
    pub context: String,
    /// Stage to stop at (`--target`).
    pub target: Option<String>,
    /// Build arguments (`--build-arg`).
    pub args: BTreeMap<String, String>,
    /// Build without the cache (`--no-cache`).
    pub no_cache: bool,
}

impl BuildPlan {
    /// `docker build .` in the learner's workspace.
    pub fn workspace(builder: Builder) -> Self {
        Self {
            source: Source::Workspace,
            builder,
            dockerfile: "Dockerfile".into(),
            context: ".".into(),
            target: None,
            args: BTreeMap::new(),
            no_cache: false,
        }
    }
}

/// Two builds that are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExperimentPlan {
    /// The workspace as it is.
    pub before: BuildPlan,
    /// What is built right after it.
    pub after: BuildPlan,
    /// By path relative to the build context: what both builds find instead of the workspace's files.
    pub prepared: BTreeMap<String, Edit>,
    /// By path relative to the build context: what is different in the files of `after`. In paths and
    /// texts, `{{nonce}}` is replaced by a text that was never there before.
    pub edits: BTreeMap<String, Edit>,
    /// How often it was made before: made once more, it is another experiment.
    #[serde(default, skip_serializing_if = "is_first")]
    pub repetition: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_first(repetition: &u8) -> bool {
    *repetition == 0
}

/// What is done with one file of a copy. The copy's owner never sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// The file holds this text, whether or not it was there before.
    Write(String),
    /// The text follows as lines of its own.
    Append(String),
    /// The first place that holds `find` holds `with` instead.
    Replace {
        /// What must be in the file.
        find: String,
        /// What takes its place.
        with: String,
    },
    /// The file, or the folder with all that is in it, is not there.
    Remove,
}

impl Edit {
    /// Whether the file has to be there for it.
    pub fn needs_file(&self) -> bool {
        !matches!(self, Edit::Write(_))
    }
}

/// Where a build's files come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The learner's files as they are now.
    Workspace,
    /// The same, from nothing: without the builder's cache, and with cache mounts that nothing has filled
    /// (the learner's own stay as they are). The number tells several such builds apart.
    Fresh(u8),
    /// The same, sent by the docker command of this machine: BuildKit does not find `COPY . …` in its cache
    /// for a build over the API. BuildKit only; unavailable where no docker command builds it.
    Client,
    /// The exercise's starter files, as the learner was given them.
    Starter,
    /// A Dockerfile of our own, with an empty context.
    Inline(String),
    /// Files of our own by path, the Dockerfile among them. In paths and texts `{{nonce}}` is replaced by a text that was
    /// never there before ([`super::BuildFacts::nonce`]).
    Files(BTreeMap<String, String>),
}

impl Source {
    /// Whether these are the learner's own files.
    pub fn is_workspace(&self) -> bool {
        matches!(self, Source::Workspace | Source::Fresh(_) | Source::Client)
    }
}

/// The two builders of the Docker Engine (`version` of `POST /build`, Engine API 1.38 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Builder {
    /// The builder that runs each instruction in a container (deprecated since Engine 23.0).
    Classic,
    /// BuildKit, the default since Engine 23.0.
    BuildKit,
}

impl fmt::Display for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Builder::Classic => "the classic builder",
            Builder::BuildKit => "BuildKit",
        })
    }
}

/// Bytes of memory that a container gets where its plan names no other bound.
pub const MEMORY: u64 = 512 << 20;

/// A command to run in a new container of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunPlan {
    /// A local image name.
    pub image: String,
    /// Arguments instead of the image's CMD (`docker run IMAGE ARGS…`).
    pub args: Option<Vec<String>>,
    /// Program instead of the image's ENTRYPOINT (`--entrypoint`).
    pub entrypoint: Option<Vec<String>>,
    /// User instead of the image's (`--user`).
    pub user: Option<String>,
    /// Additional environment.
    pub env: BTreeMap<String, String>,
    /// Seconds until the container is killed; exceeding it is the subject's fault.
    pub seconds: u32,
    /// Commands, as argument lists without the image's ENTRYPOINT, that are run before it, each with the files that the
    /// one before has left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Vec<String>>,
    /// Whether it has the engine's default network, and not none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub network: bool,
    /// Bytes of memory that it gets, where that is not [`MEMORY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

/// A service to start and to ask over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServePlan {
    /// A local image name.
    pub image: String,
    /// Port inside the container.
    pub port: u16,
    /// Paths to GET, in this order.
    pub paths: Vec<String>,
    /// Seconds until the first answer is due; exceeding it is the subject's fault.
    pub seconds: u32,
}

/// A container to start and to stop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StopPlan {
    /// A local image name.
    pub image: String,
    /// When it is asked to stop.
    pub ready: Ready,
    /// Seconds until it must be ready; exceeding it is the subject's fault.
    pub seconds: u32,
    /// Seconds between the stop signal and the kill (`docker stop -t`).
    pub grace: u32,
}

/// By what it is known that a container is up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ready {
    /// It has written this text, to either stream.
    Log(String),
    /// This file exists, by its absolute path.
    File(String),
}

/// A container whose health check is tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HealthPlan {
    /// A local image name.
    pub image: String,
    /// A command that breaks the service, run in the container once it is healthy.
    pub break_with: Vec<String>,
    /// Who runs it, instead of the container's own user.
    pub break_as: Option<String>,
    /// Seconds until it must be healthy, and again until it must be unhealthy; exceeding it is the subject's fault.
    pub seconds: u32,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::Engine => write!(f, "the engine's version and capabilities"),
            Need::Image { name } => write!(f, "inspect and history of image {name}"),
            Need::File { image, path } => write!(f, "{path} in image {image}"),
            Need::Layers { image, skip } => write!(f, "contents of the layers of {image} above layer {skip}"),
            Need::Secret { image, .. } => write!(f, "a value in the configuration and the layers of {image}"),
            Need::Build(plan) => {
                let what = match &plan.source {
                    Source::Workspace => "the workspace",
                    Source::Fresh(_) => "the workspace, from nothing",
                    Source::Client => "the workspace, by the docker command,",
                    Source::Starter => "the starter files",
                    Source::Inline(_) => "a probe Dockerfile",
                    Source::Files(_) => "a probe folder",
                };
                write!(f, "build of {what} ({}, context {}) with {}", plan.dockerfile, plan.context, plan.builder)
            }
            Need::Experiment(plan) => {
                let changed = plan.edits.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let changed = if changed.is_empty() { "other options".into() } else { changed };
                write!(
                    f,
                    "two builds with {}, of the workspace and of a copy with changes ({changed})",
                    plan.before.builder
                )
            }
            Need::Run(plan) => write!(f, "a run of {}", plan.image),
            Need::Serve(plan) => write!(f, "HTTP answers of {} on port {}", plan.image, plan.port),
            Need::Stop(plan) => write!(f, "how a container of {} stops", plan.image),
            Need::Health(plan) => {
                write!(f, "the health check of {}, before and after `{}`", plan.image, plan.break_with.join(" "))
            }
            Need::WorkspaceFile { path } => write!(f, "file {path} of the workspace"),
            Need::Archive { path, .. } => write!(f, "image archive {path} of the workspace"),
            Need::Objects { label } => write!(f, "images and containers with the label {label}"),
            Need::Registry { name } => write!(f, "manifest and configuration of {name} in its registry"),
        }
    }
}
