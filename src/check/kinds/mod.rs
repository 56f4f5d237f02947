//! The registry of kinds: one line in `kinds!` makes the YAML key, the enum and the dispatch.

mod built_from;
mod command;
mod config;
mod diagnosis;
mod dockerfile;
mod extends;
mod file;
mod http;
mod image_exists;
mod token;

use super::{Inquiry, Stop, Verdict};
use crate::evidence::{ImageFacts, Unavailable};
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($variant:ident => $module:ident),* $(,)?) => {
        /// One question of a check, by its YAML key.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $(
                #[doc = concat!("See `kinds/", stringify!($module), ".rs`.")]
                $variant($module::$variant),
            )*
        }

        impl Kind {
            /// The YAML key of every kind.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($module)),*];

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
    Http => http,
    Dockerfile => dockerfile,
    Diagnosis => diagnosis,
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
        format!("write {file}; its name has no ending, and a capital D"),
    )
}

/// A base image that must be on the engine: its absence is not the learner's answer.
fn base_image<'a>(inquiry: &Inquiry<'a>, name: &str) -> Result<&'a ImageFacts, Stop> {
    inquiry.image(name)?.ok_or_else(|| {
        Stop::CannotTell(Unavailable::new(
            format!("the base image {name} is not on this engine, so nothing can be compared with it"),
            format!("bring it with docker pull {name} (or dlearn images pull), then check again"),
        ))
    })
}

/// The base image that a Dockerfile of the workspace builds `target` (or its last stage) on, or the
/// verdict where there is no such file, no such stage, or no name of a base.
fn workspace_base(inquiry: &Inquiry<'_>, file: &str, target: Option<&str>) -> Result<Result<String, Verdict>, Stop> {
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
    Ok(dockerfile.base_of(stage).ok_or_else(|| {
        Verdict::not_yet(
            format!("FROM in {file} to name an image"),
            format!("FROM {}, which has no value", stage.base),
            "give the ARG above FROM a default, or write the image's name",
        )
    }))
}
