//! `child`

#[cfg(test)]
mod tests;

use super::then::{Made, Then, ask};
use super::{dockerfile, no_image};
use crate::check::failed_build;
use crate::check::provenance::builder_of_rows;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{BuildFacts, BuildPlan, Source, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What becomes of an image that is built on this one, from files that this one's author has never seen.
///
/// **Why it matters**: a base image is made for others. Whether its triggers (ONBUILD) take the child's own files, whether
/// its tools work under its user, and whether nothing of its author's folder is needed, shows only in the next build.
///
/// dlearn writes a Dockerfile and some files into a scratch folder, builds them with the builder that the image was built
/// with, asks about the result, and removes it again. The learner's folder has no part in it. Engine API 1.41 and
/// later, both builders.
///
/// `{{parent}}` in the Dockerfile is the image, and `{{child}}` in `then` the result. `{{nonce}}` in paths and
/// texts is a text that was never there before: what holds it was made by this build.
///
/// ```yaml
/// check:
///   child:
///     image: kit
///     files: { pages/today.txt: "{{nonce}}" }
///     then:
///       - check: { file: { image: "{{child}}", path: /site/index.html, content: { contains: ["{{nonce}}"] } } }
///         advice: let a trigger build the page.
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// The text of its Dockerfile; by default `FROM {{parent}}` alone.
    #[serde(default = "from_parent")]
    pub builds: String,
    /// The other files of its build context, by path.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What was done, behind "I" (`built a page on your kit`); by default it is derived from the files.
    #[serde(default)]
    pub about: Option<String>,
    /// What must hold for the result. Without any: that it builds.
    #[serde(default)]
    pub then: Vec<Then>,
}

fn from_parent() -> String {
    "FROM {{parent}}\n".into()
}

/// Names in braces that stand for something in this kind alone.
pub(super) const LATER: [&str; 3] = ["nonce", "parent", "child"];

impl Child {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return no_image(inquiry, &name);
        };
        // The newest row is the image's own, whoever built its base.
        let own = image.history.len().saturating_sub(1);
        let builder = builder_of_rows(&image.history[own..]);
        let mut files = self.files.clone();
        files.insert(dockerfile(), self.builds.replace("{{parent}}", &name));
        let plan = BuildPlan { source: Source::Files(files), ..BuildPlan::workspace(builder) };
        let Some(build) = inquiry.build(plan)? else {
            let help = "check again; if that does not help, tell whoever wrote the check";
            return Err(Stop::CannotTell(Unavailable::new(format!("no image could be built on {name}"), help)));
        };
        let story = self.story(&name, build);
        if build.image.is_none() {
            let advice =
                "write a Dockerfile like that yourself, in an empty folder, build it, and read the first error";
            let verdict = failed_build::verdict(build, &dockerfile(), builder, "", advice)?;
            let Verdict::NotYet(mut not_yet) = verdict else { return Ok(verdict) };
            not_yet.expected = format!("an image on {name} to build without an error");
            not_yet.found = format!("{story}, and {}", not_yet.found);
            return Ok(Verdict::NotYet(not_yet));
        }
        let called = format!("the image built on {name}");
        ask(&self.then, inquiry, &Made { name: "child", tag: &build.tag, nonce: &build.nonce, called, story })
    }

    /// `I built an image on kit:v1, in a folder with pages/today.txt`
    fn story(&self, name: &str, build: &BuildFacts) -> String {
        let derived = || {
            let files: Vec<&str> = self.files.keys().map(String::as_str).collect();
            let folder =
                if files.is_empty() { "an empty folder".into() } else { format!("a folder with {}", files.join(", ")) };
            format!("built an image on {name}, in {folder}")
        };
        format!("I {}", self.about.clone().unwrap_or_else(derived)).replace("{{nonce}}", &build.nonce)
    }
}
