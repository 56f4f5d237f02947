//! The registry of kinds: one line in `kinds!` makes the YAML key, the enum and the dispatch.

mod answers;
mod archive;
mod build_checks;
mod built_from;
mod child;
mod command;
mod commands;
mod config;
mod diagnosis;
mod differs;
mod dockerfile;
mod experiment;
mod extends;
mod file;
mod health;
mod http;
mod image_exists;
mod layers;
mod objects;
mod pinned;
mod registry;
mod secret;
mod size;
mod stops;
mod then;
mod token;

use super::{ForTheMessage, Inquiry, Stop, Verdict, matching};
use crate::dockerfile::Variables;
use crate::evidence::{BuildPlan, Builder, ImageFacts, LayersFacts, Source, Unavailable};
use crate::reference::{DEFAULT_TAG, Reference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    BuildChecks => build_checks,
    BuiltFrom => built_from,
    Extends => extends,
    Token => token,
    Config => config,
    File => file,
    Command => command,
    Commands => commands,
    Http => http,
    Layers => layers,
    Health => health,
    Stops => stops,
    Dockerfile => dockerfile,
    Diagnosis => diagnosis,
    Answers => answers,
    Archive => archive,
    Objects => objects,
    Experiment => experiment,
    Differs => differs,
    Size => size,
    Child => child,
    Pinned => pinned,
    Secret => secret,
    Registry => registry,
}

impl Kind {
    /// The label by which it looks for images and containers, where it does: `KEY=VALUE`.
    pub fn label(&self) -> Option<&str> {
        match self {
            Kind::Objects(kind) => Some(kind.label.as_str()),
            _ => None,
        }
    }
}

/// Names in braces that get their values only when a check of some kind is judged.
pub(crate) fn later() -> impl Iterator<Item = &'static str> {
    experiment::LATER.into_iter().chain(child::LATER)
}

impl Kind {
    /// Those of this kind.
    pub(crate) fn later(&self) -> &'static [&'static str] {
        match self {
            Kind::Experiment(_) => &experiment::LATER,
            Kind::Child(_) => &child::LATER,
            _ => &[],
        }
    }
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
fn no_image(inquiry: &Inquiry<'_>, name: &str) -> Result<Verdict, Stop> {
    not_built_by(inquiry, name, &format!("docker build -t {name} ."))
}

/// The same, where it is known how the image is built.
fn not_built_by(inquiry: &Inquiry<'_>, name: &str, command: &str) -> Result<Verdict, Stop> {
    let expected = format!("an image named {name}");
    // A base image is nothing that the learner names.
    if let Some(latest) = without_its_tag(name).filter(|_| inquiry.is_of_the_exercise(name))
        && inquiry.image(&latest).for_the_message()?.flatten().is_some()
    {
        return Ok(Verdict::not_yet(
            expected,
            format!("{latest}, and no image of that name: without a tag, a name means :{DEFAULT_TAG}"),
            format!("give it this name, too: `docker tag {latest} {name}` (or build again, with the tag: `{command}`)"),
        ));
    }
    if !inquiry.is_exercise() {
        return Ok(Verdict::not_yet(
            expected,
            "no image of that name on this engine",
            format!("build it, or fetch it from its registry: `docker pull {name}`"),
        ));
    }
    Ok(Verdict::not_yet(
        expected,
        "no image of that name on this engine: it was not built yet, or its build failed, which leaves none",
        format!(
            "build it in this exercise's folder with `{command}`; if that fails, repair what its first error names"
        ),
    ))
}

/// What an image is called whose builder forgot this name's tag.
fn without_its_tag(name: &str) -> Option<String> {
    let reference = Reference::parse(name).ok()?;
    let tag = reference.tag().filter(|tag| *tag != DEFAULT_TAG && reference.digest().is_none())?;
    Some(format!("{}{DEFAULT_TAG}", name.trim().strip_suffix(tag)?))
}

/// All that an image's layers hold from layer `skip` on. `called` is what messages call the image, and `gone` what is
/// said where it is not there any more.
fn whole_layers<'a>(
    inquiry: &Inquiry<'a>,
    image: &str,
    skip: usize,
    called: &str,
    gone: &str,
) -> Result<&'a LayersFacts, Stop> {
    let told = |reason: String| {
        let help = "check again; if that does not help, tell whoever wrote the check";
        Stop::CannotTell(Unavailable::new(reason, help))
    };
    let layers = inquiry.layers(image, skip)?.ok_or_else(|| told(gone.to_owned()))?;
    if layers.truncated {
        return Err(told(format!("{called} holds more files than can be looked through")));
    }
    Ok(layers)
}

/// The verdict where the workspace has no Dockerfile.
fn no_dockerfile(file: &str) -> Verdict {
    Verdict::not_yet(
        format!("a file {file} in this folder"),
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
        format!("bring it with `docker pull {name}` (or `dlearn images pull`), then check again"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NotYet, Subject};
    use crate::evidence::{Answer, Evidence, Fact, Need};

    /// What is said where `n01/arch:v1` does not exist, and `n01/arch:latest` is what `latest` says.
    fn missing(latest: Option<Answer>) -> Result<NotYet, Stop> {
        missing_for("token", latest)
    }

    fn missing_for(token: &str, latest: Option<Answer>) -> Result<NotYet, Stop> {
        let mut evidence = Evidence::new();
        if let Some(latest) = latest {
            evidence.insert(Need::Image { name: "n01/arch:latest".into() }, latest);
        }
        let images = [("arch".to_owned(), "n01/arch:v1".to_owned())].into();
        let subject = Subject { images, token: token.into() };
        match no_image(&Inquiry::new(&evidence, &subject), "n01/arch:v1")? {
            Verdict::NotYet(it) => Ok(it),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_image_that_lacks_only_the_tag_is_named_with_two_ways_to_name_it() {
        let it = missing(Some(Answer::Found(Fact::Image(ImageFacts::default())))).unwrap();
        assert!(it.found.starts_with("n01/arch:latest, and no image of that name"), "{it:?}");
        assert!(it.advice.contains("`docker tag n01/arch:latest n01/arch:v1` "), "{it:?}");
        assert!(it.advice.contains("docker build -t n01/arch:v1 ."), "{it:?}");
    }

    #[test]
    fn where_there_is_none_the_last_build_may_have_failed() {
        let unsure = Answer::Unavailable(Unavailable::new("not looked", "look"));
        for nothing in [Answer::Absent, unsure] {
            let it = missing(Some(nothing)).unwrap();
            assert!(it.found.starts_with("no image of that name on this engine") && it.found.contains("failed"));
            assert!(it.advice.contains("docker build -t n01/arch:v1 ."), "{it:?}");
        }
        // Nobody outside a course has an exercise.
        let it = missing_for("", Some(Answer::Absent)).unwrap();
        assert!(!it.advice.contains("exercise") && it.advice.contains("docker pull n01/arch:v1"), "{it:?}");
        assert_eq!(missing(None), Err(Stop::Open), "it is asked for first");
    }

    #[test]
    fn only_a_tag_can_be_forgotten() {
        assert_eq!(without_its_tag("127.0.0.1:5000/ada/shop:v1").as_deref(), Some("127.0.0.1:5000/ada/shop:latest"));
        let digest = format!("shop:v1@sha256:{}", "0".repeat(64));
        for name in ["shop", "shop:latest", "127.0.0.1:5000/ada/shop", &digest, "no name!"] {
            assert_eq!(without_its_tag(name), None, "{name}");
        }
    }
}
