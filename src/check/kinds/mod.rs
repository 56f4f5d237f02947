//! The registry of kinds: one line in `kinds!` makes the YAML key, the enum and the dispatch.

mod built_from;
mod command;
mod commands;
mod config;
mod diagnosis;
mod dockerfile;
mod experiment;
mod extends;
mod file;
mod http;
mod image_exists;
mod registry;
mod token;

use super::{Inquiry, Stop, Verdict, matching};
use crate::dockerfile::Variables;
use crate::evidence::{BuildPlan, Builder, ImageFacts, Source, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names in braces that get their values only when a check is judged.
pub(crate) use experiment::LATER;

macro_rules! kinds {
    ($($variant:ident => $module:ident),* $(,)?) => {
        /// One question of a check, by its YAML key.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $(
                #[doc = concat!("`dlearn explain ", stringify!($module), "` is its page.")]
                $variant($module::$variant),
            )*
        }

        impl Kind {
            /// The YAML key of every kind.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($module)),*];

            /// Its YAML key.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Kind::$variant(_) => stringify!($module),)*
                }
            }

            /// The manual page of a kind, in Markdown; none for an unknown name.
            pub fn manual(name: &str) -> Option<String> {
                match name {
                    $(stringify!($module) => Some(crate::check::manual::page(
                        stringify!($module),
                        stringify!($variant),
                        include_str!(concat!(stringify!($module), ".rs")),
                    )),)*
                    _ => None,
                }
            }

            /// Judges over the facts so far.
            ///
            /// # Errors
            /// [`Stop`] where a fact is missing or cannot be had.
            pub fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
                match self {
                    $(Kind::$variant(kind) => kind.judge(inquiry),)*
                }
            }
        }
    };
}

kinds! {
    ImageExists => image_exists,
    BuiltFrom => built_from,
    Extends => extends,
    Token => token,
    Config => config,
    File => file,
    Command => command,
    Commands => commands,
    Http => http,
    Dockerfile => dockerfile,
    Diagnosis => diagnosis,
    Experiment => experiment,
    Registry => registry,
}

/// The Dockerfile where none is named.
fn dockerfile() -> String {
    "Dockerfile".into()
}

/// The build context where none is named.
fn dot() -> String {
    ".".into()
}

/// A path of a build context, relative to the workspace.
fn in_context(context: &str, path: &str) -> String {
    match context.trim_end_matches('/') {
        "." | "" => path.to_owned(),
        context => format!("{context}/{path}"),
    }
}

/// The verdict where the image that is asked about does not exist.
fn no_image(name: &str) -> Verdict {
    Verdict::not_yet(
        format!("an image named {name}"),
        "no image of that name on this engine",
        format!("build it in this exercise's folder: docker build -t {name} ."),
    )
}

/// The verdict where the workspace has no Dockerfile.
fn no_dockerfile(file: &str) -> Verdict {
    Verdict::not_yet(
        format!("a file {file} in this exercise's folder"),
        "no such file",
        match file {
            "Dockerfile" => "write it; its name has no ending, and a capital D".to_owned(),
            _ => format!("write {file}"),
        },
    )
}

/// The facts of a base image, or the verdict where no registry has it.
///
/// It need not be among the engine's images: BuildKit keeps what FROM names in a store of its own. Then
/// a Dockerfile of one line is built, which brings it wherever the learner's own build gets it from.
fn base_image<'a>(inquiry: &Inquiry<'a>, name: &str) -> Result<Result<&'a ImageFacts, Verdict>, Stop> {
    if let Some(image) = inquiry.image(name)? {
        return Ok(Ok(image));
    }
    let builders = inquiry.engine()?.map(|engine| engine.builders.clone()).unwrap_or_default();
    let builder = builders.into_iter().max().unwrap_or(Builder::BuildKit);
    let source = Source::Inline(format!("FROM {name}\n"));
    let Some(build) = inquiry.build(BuildPlan { source, ..BuildPlan::workspace(builder) })? else {
        return Ok(Err(no_base(name, "no engine builds it")));
    };
    if let Some(image) = &build.image {
        return Ok(Ok(image));
    }
    let said = build.error.as_deref().unwrap_or_default();
    let lower = said.to_lowercase();
    let unknown = ["not found", "does not exist", "manifest unknown", "invalid reference", "pull access denied"];
    if unknown.iter().any(|sign| lower.contains(sign)) && !lower.contains("no such host") {
        return Ok(Err(no_base(name, matching::last_line(said))));
    }
    Err(Stop::CannotTell(Unavailable::new(
        format!("the base image {name} is not on this engine, and could not be brought: {}", matching::last_line(said)),
        format!("bring it with docker pull {name} (or dlearn images pull), then check again"),
    )))
}

fn no_base(name: &str, said: &str) -> Verdict {
    Verdict::not_yet(
        format!("FROM to name an image that exists ({name})"),
        matching::shown(said),
        "see how the image and its tag are spelt",
    )
}

/// The base image that a Dockerfile of the workspace builds `target` (or its last stage) on with these build
/// arguments, or the verdict where there is no such file, no such stage, or no name of a base.
fn workspace_base(
    inquiry: &Inquiry<'_>,
    file: &str,
    target: Option<&str>,
    args: &BTreeMap<String, String>,
) -> Result<Result<String, Verdict>, Stop> {
    let Some(text) = inquiry.workspace_file(file)? else {
        return Ok(Err(no_dockerfile(file)));
    };
    let dockerfile = crate::dockerfile::parse(&text.text);
    let stage = match target {
        Some(target) => dockerfile.stage(target),
        None => dockerfile.final_stage(),
    };
    let Some(stage) = stage else {
        let what = target.map_or("a FROM line".to_owned(), |target| format!("a stage named {target}"));
        return Ok(Err(Verdict::not_yet(
            format!("{what} in {file}"),
            "none",
            "begin a stage with FROM and the image to build on",
        )));
    };
    Ok(dockerfile.base_with(stage, &build_variables(inquiry, args)?).ok_or_else(|| {
        Verdict::not_yet(
            format!("FROM in {file} to name an image"),
            format!("FROM {}, which has no value", stage.base),
            "give the ARG above FROM a default, or write the image's name",
        )
    }))
}

/// What a build with these arguments sets: FROM lines may name the platform (`TARGETARCH`), too.
fn build_variables(inquiry: &Inquiry<'_>, args: &BTreeMap<String, String>) -> Result<Variables, Stop> {
    let platform = inquiry.engine()?.map(|engine| Variables::for_platform(&engine.os, &engine.arch));
    Ok(Variables { build_args: args.clone(), ..platform.unwrap_or_default() })
}
