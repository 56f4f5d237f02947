//! `exercises/<ID-name>/exercise.yaml`, as an author writes it. `exercises/README.md` is its manual.

use crate::check::CheckSpec;
use crate::evidence::Builder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One exercise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// Stable for good: progress is kept by it (`E01`).
    pub id: String,
    /// What the learner reads.
    pub title: String,
    /// Id of the lesson that it belongs to.
    pub lesson: String,
    /// Minutes that a learner needs.
    pub minutes: u32,
    /// Points for passing every check.
    pub points: u32,
    /// The repository that every image of the exercise lies under (`e01`), so that nothing common is claimed.
    pub repository: String,
    /// The exercise's own names for its images, and their names on the engine.
    pub images: BTreeMap<String, String>,
    /// Base images that must be there before the learner starts.
    #[serde(default)]
    pub bases: Vec<String>,
    /// What the exercise needs beyond an engine.
    #[serde(default)]
    pub needs: Requirements,
    /// Where the learner's token file must lie in the image, where it must.
    #[serde(default)]
    pub token: Option<String>,
    /// Values that differ from learner to learner, drawn from the token.
    #[serde(default)]
    pub vars: BTreeMap<String, Draw>,
    /// Starter, solution and case files in which `{{name}}` is replaced.
    #[serde(default)]
    pub templates: Vec<String>,
    /// The task, in Markdown.
    pub task: String,
    /// Shown on a pass, in Markdown: why it worked.
    pub why: String,
    /// What is verified, in this order.
    pub checks: Vec<CheckSpec>,
    /// Three hints: a nudge, a pointer, nearly the solution. Empty where each variant has its own.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Several variants of the same task, one after another.
    #[serde(default)]
    pub rounds: Option<Rounds>,
    /// The answers that prove the exercise. Empty where each variant has its own.
    #[serde(default)]
    pub cases: Cases,
}

/// What an exercise needs beyond an engine and its base images.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    /// A package index or a registry on the network.
    #[serde(default)]
    pub network: bool,
    /// A certain builder; without it the exercise cannot be told.
    #[serde(default)]
    pub builder: Option<Builder>,
    /// Services that dlearn starts (`registry`).
    #[serde(default)]
    pub services: Vec<String>,
    /// Base images that only their registry has, and no stand-in. They are brought when the learner begins. Where they
    /// cannot be had, `dlearn selfcheck` leaves out the answers that are built on them, and says so.
    #[serde(default)]
    pub elsewhere: Vec<String>,
}

impl Exercise {
    /// Every base image that a learner needs.
    pub fn all_bases(&self) -> impl Iterator<Item = &String> {
        self.bases.iter().chain(&self.needs.elsewhere)
    }
}

/// How a value is drawn from the learner's token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// A whole number from the first to the last, both included.
    Range(u32, u32),
    /// One of these.
    Pick(Vec<String>),
    /// What stands at the place that another value was picked from: `of: lines, pick: [...]`.
    Along(Along),
}

/// A value that goes with another one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Along {
    /// The name of that value, which is a `pick`.
    pub of: String,
    /// One text for each of its texts.
    pub pick: Vec<String>,
}

/// Variants of which a learner gets some, drawn from the token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rounds {
    /// How many of the variants a learner meets.
    pub count: usize,
    /// All of them; the files of each lie in `rounds/<name>/`.
    pub variants: BTreeMap<String, Variant>,
}

/// One variant. What it leaves out is the exercise's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What the learner reads above the round; it must not give the answer away.
    pub title: String,
    /// Task of this round, in Markdown, after the exercise's.
    #[serde(default)]
    pub task: String,
    /// Shown when the round is passed, in Markdown.
    pub why: String,
    /// Values for `{{name}}`.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    /// Checks after those of the exercise.
    #[serde(default)]
    pub checks: Vec<CheckSpec>,
    /// Three hints.
    pub hints: Vec<String>,
    /// Answers that prove the variant.
    pub cases: Cases,
}

/// Answers whose verdicts are known: `dlearn selfcheck` runs them all on a real engine.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cases {
    /// The starter as it is; it must fail.
    #[serde(default)]
    pub starter: Case,
    /// The reference solution: the files of `solution/` over those of `start/`.
    #[serde(default)]
    pub solution: Case,
    /// Other correct answers: `right/<name>/` over the solution. They must pass.
    #[serde(default)]
    pub right: BTreeMap<String, Case>,
    /// Typical wrong answers: `wrong/<name>/` over the solution. Each must fail as it says.
    #[serde(default)]
    pub wrong: BTreeMap<String, Case>,
}

/// One answer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Who would do this, and why.
    #[serde(default)]
    pub about: String,
    /// What the folder `right/<name>/` or `wrong/<name>/` is laid over.
    #[serde(default)]
    pub over: Under,
    /// Files that are removed from it.
    #[serde(default)]
    pub delete: Vec<String>,
    /// What is done with the files; by default each image of the exercise is built from `Dockerfile`.
    #[serde(default)]
    pub steps: Option<Vec<Step>>,
    /// Only with these builders.
    #[serde(default)]
    pub builders: Vec<Builder>,
    /// The check that must fail first (wrong answers and the starter).
    #[serde(default)]
    pub fails: Option<String>,
    /// What its message must contain.
    #[serde(default)]
    pub says: Option<String>,
    /// What a note of a passing answer must contain.
    #[serde(default)]
    pub notes: Option<String>,
}

/// What a case's files are laid over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Under {
    /// The starter with the solution over it.
    #[default]
    Solution,
    /// The starter alone.
    Starter,
}

/// One thing that a person might do with an engine. Image names are the exercise's own (`app`) or
/// names of base images.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// `docker build`
    Build {
        /// Image to name the result.
        image: String,
        /// `--file`, relative to the context.
        #[serde(default = "dockerfile")]
        file: String,
        /// Context, relative to the workspace.
        #[serde(default = "dot")]
        context: String,
        /// `--target`
        #[serde(default)]
        target: Option<String>,
        /// `--build-arg`
        #[serde(default)]
        args: BTreeMap<String, String>,
        /// `--no-cache`
        #[serde(default)]
        no_cache: bool,
        /// The build is meant to fail.
        #[serde(default)]
        may_fail: bool,
    },
    /// `docker tag`
    Tag {
        /// Existing image.
        from: String,
        /// New name.
        to: String,
    },
    /// `docker create`, `docker cp` of workspace files, `docker start`, `docker commit`
    Commit {
        /// Image of the container.
        from: String,
        /// Command that runs in it.
        run: Vec<String>,
        /// Files that are copied into it first: path in the container → path in the workspace.
        #[serde(default)]
        copy: BTreeMap<String, String>,
        /// Name of the result.
        to: String,
        /// `--change` instructions.
        #[serde(default)]
        changes: Vec<String>,
    },
    /// `docker create`, `docker export`, `docker import`: one layer, no history.
    Import {
        /// Image of the container.
        from: String,
        /// Name of the result.
        to: String,
        /// `--change` instructions.
        #[serde(default)]
        changes: Vec<String>,
    },
    /// `docker login`: for the steps that follow
    Login {
        /// The registry, `{{registry}}`.
        registry: String,
        /// The user's name.
        user: String,
        /// Their password.
        password: String,
        /// The registry is meant to refuse it.
        #[serde(default)]
        may_fail: bool,
    },
    /// `docker push`
    Push {
        /// Image whose name says where to.
        image: String,
        /// The registry is meant to refuse it.
        #[serde(default)]
        may_fail: bool,
    },
    /// `docker pull`
    Pull {
        /// Image whose name says where from.
        image: String,
    },
    /// `docker rmi`
    Remove {
        /// The name that is taken away.
        image: String,
    },
    /// `docker run -d -p 127.0.0.1:PUBLISH:PORT`
    Run {
        /// Image of the container.
        image: String,
        /// Port inside the container.
        port: u16,
        /// Port on the engine's loopback address: a number, or `{{name}}`.
        publish: String,
        /// Nothing will ever listen on that port, so it is not waited for.
        #[serde(default)]
        silent: bool,
    },
    /// `docker save -o`
    Save {
        /// Image that goes into the archive.
        image: String,
        /// The archive, in the workspace.
        path: String,
    },
    /// `docker load -i`
    Load {
        /// The archive, in the workspace.
        path: String,
        /// Image that it holds.
        image: String,
    },
    /// `docker create` and `docker export -o`
    Export {
        /// Image of the container.
        image: String,
        /// The archive, in the workspace.
        path: String,
    },
    /// `docker create`: a container that does not run, and stays
    Create {
        /// Image of the container.
        image: String,
    },
    /// `docker rm` of what `create` made
    RemoveContainers {
        /// Image of the containers.
        image: String,
    },
    /// `docker image prune --filter label=LABEL`, of this case's own images only
    Prune {
        /// `KEY=VALUE`
        label: String,
    },
    /// Writes a file into the workspace after the earlier steps (an edit that was never built, say).
    Write {
        /// Path in the workspace.
        path: String,
        /// New content.
        text: String,
    },
    /// Looks a checksum up and writes it into a file, in place of the words `DIGEST` (`sha256:…`) and `REPOSITORY` (the
    /// image's name without its tag).
    Digest {
        /// The image.
        image: String,
        /// Path in the workspace.
        path: String,
        /// Which of its checksums.
        #[serde(default)]
        of: Checksum,
    },
}

/// A checksum that `docker image inspect` shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// Of the manifest, as a registry knows it (`RepoDigests`): the image was pushed or pulled before.
    #[default]
    Manifest,
    /// The image's id.
    Id,
    /// Of its lowest layer (`RootFS.Layers`).
    Layer,
}

impl Step {
    /// Whether it may come in the way of what others do at the same time with the same images or ports.
    pub fn wants_to_be_alone(&self) -> bool {
        matches!(self, Step::Remove { .. } | Step::Run { .. } | Step::Prune { .. })
    }

    /// `docker build -t IMAGE .`
    pub fn build(image: &str) -> Self {
        Step::Build {
            image: image.to_owned(),
            file: dockerfile(),
            context: dot(),
            target: None,
            args: BTreeMap::new(),
            no_cache: false,
            may_fail: false,
        }
    }
}

fn dockerfile() -> String {
    "Dockerfile".into()
}

fn dot() -> String {
    ".".into()
}
