//! `experiment`

mod story;
#[cfg(test)]
mod tests;
mod trace;

use super::built_from::OUTDATED;
use super::then::{self, Then};
use super::{base_image, dockerfile, dot, in_context, no_dockerfile, no_image, workspace_base};
use crate::check::failed_build;
use crate::check::matching::Pattern;
use crate::check::provenance::{builder_of_rows, own_rows};
use crate::check::{Inquiry, Picture, Stop, Verdict};
use crate::evidence::{BuildPlan, Builder, Edit, ExperimentFacts, ExperimentPlan, ImageFacts, Source, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a rebuild does after one thing was changed: which layers stay, which are made anew, and what the new image
/// does.
///
/// **Why it matters**: that a Dockerfile uses the cache well, keeps files out of the context, or takes a build argument
/// cannot be read off its words: there are many right ways to write it. It shows when something is changed.
///
/// dlearn builds the folder as it is, then a changed copy, one right after the other and with the builder that the
/// image was built with. The learner's files and tags stay as they are, and nothing depends on modification times.
/// Whether a step ran again is what the builder says of it, or else whether its layer is another one; steps in the
/// stages that COPY --from takes from count too. Engine API 1.41 and later, both builders.
///
/// `change` holds one or more of these:
///
/// - `edit`: by path relative to the context: `{ append: TEXT }` (lines of their own), `{ write: TEXT }` (a new file or
///   all of an old one), `{ replace: { find: TEXT, with: TEXT } }` or `remove`. `{{nonce}}` in a path or text is new in
///   each run: without it, the second build may come from the cache of an earlier check.
/// - `args`: build arguments, `target`: a stage, `dockerfile`: another Dockerfile, `no_cache: true`.
/// - `other_builder: true`: the builder that the image was not built with (classic or BuildKit).
/// - `base`: `{ name: IMAGE, becomes: DOCKERFILE }`: FROM lines that name the image get what the second Dockerfile
///   builds, as if the image's tag had moved.
///
/// Paths are regular expressions over absolute paths of files. In `then`, `{{rebuilt}}` is the new image.
///
/// ```yaml
/// check:
///   experiment:
///     image: app
///     change: { edit: { app.py: { append: "# {{nonce}}" } } }
///     keeps: [{ files: '/site-packages/flask/__init__\.py$', what: the installed packages }]
///     then:
///       - check: { file: { image: "{{rebuilt}}", path: /app/app.py, content: { contains: ["{{nonce}}"] } } }
///         advice: Copy app.py into the image.
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// Dockerfile, relative to the context.
    #[serde(default = "dockerfile")]
    pub dockerfile: String,
    /// Build context, relative to the workspace.
    #[serde(default = "dot")]
    pub context: String,
    /// Stage that was built.
    #[serde(default)]
    pub target: Option<String>,
    /// Build arguments that were given.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
    /// What is different in the second build.
    pub change: Change,
    /// What was changed, behind "I" (`changed a comment in app.py`); by default it is derived from `change`.
    #[serde(default)]
    pub about: Option<String>,
    /// All layers and the whole configuration stay as they are.
    #[serde(default)]
    pub same: bool,
    /// The steps that brought these files must not run again.
    #[serde(default)]
    pub keeps: Vec<Part>,
    /// The steps that bring these files must run again.
    #[serde(default)]
    pub renews: Vec<Part>,
    /// What must hold for the new image.
    #[serde(default)]
    pub then: Vec<Then>,
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub edit: BTreeMap<String, Edit>,
    /// Build arguments, besides those that were given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// Stage to stop at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Dockerfile, relative to the context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    /// Without the cache.
    #[serde(default)]
    pub no_cache: bool,
    /// With the builder that the image was not built with.
    #[serde(default)]
    pub other_builder: bool,
    /// A base image that has become another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<OtherBase>,
}

/// A base image that has become another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherBase {
    /// Its name in FROM.
    pub name: String,
    /// A Dockerfile of what it has become.
    pub becomes: String,
}

/// Files of the image, by whose layer a step is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Regular expression over their absolute paths.
    pub files: Pattern,
    /// What they are (`the installed packages`).
    pub what: String,
    /// What to do, instead of the check's own advice.
    #[serde(default)]
    pub advice: Option<String>,
}

/// Names in braces that stand for something in this kind alone.
pub(super) const LATER: [&str; 2] = ["nonce", "rebuilt"];

/// The other one of the two builders.
fn other(builder: Builder) -> Builder {
    match builder {
        Builder::Classic => Builder::BuildKit,
        Builder::BuildKit => Builder::Classic,
    }
}

/// A judgement that may end early with a verdict.
type Step<T> = Result<Result<T, Verdict>, Stop>;

/// Gives the value, or returns the verdict that ends the judgement.
macro_rules! go {
    ($step:expr) => {
        match $step? {
            Ok(value) => value,
            Err(verdict) => return Ok(verdict),
        }
    };
}

/// The same inside a step.
macro_rules! go_on {
    ($step:expr) => {
        match $step? {
            Ok(value) => value,
            Err(verdict) => return Ok(Err(verdict)),
        }
    };
}

/// How an experiment is made.
#[derive(Clone, Copy)]
struct Trial<'a> {
    builder: Builder,
    edits: &'a BTreeMap<String, Edit>,
    repetition: u8,
}

/// Both builds, and what they began with.
struct Made<'a> {
    facts: &'a ExperimentFacts,
    before: &'a ImageFacts,
    after: &'a ImageFacts,
    /// Layers of the base image.
    skip: usize,
    /// What was done, as a sentence without its full stop.
    story: String,
}

impl Experiment {
    /// A builder may clear its cache at any time (BuildKit does on a disk that is nearly full): only what runs again
    /// twice does so because of the change.
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let mut ran_again = false;
        let verdict = self.attempt(inquiry, 0, &mut ran_again)?;
        if ran_again { self.attempt(inquiry, 1, &mut ran_again) } else { Ok(verdict) }
    }

    /// What the rebuild took from the cache, where the exercise is about that, and both came to pass.
    pub(in crate::check) fn picture(&self, inquiry: &Inquiry<'_>) -> Option<Picture> {
        if self.keeps.is_empty() {
            return None;
        }
        let image = inquiry.image(&inquiry.name(&self.image)).ok()??;
        let base = self.base(inquiry, self.target.as_deref()).ok()?.ok()?;
        let builder = builder_of_rows(own_rows(image, base));
        let edits = self.edits(inquiry, builder).ok()?.ok()?;
        let trial = Trial { builder, edits: &edits, repetition: 0 };
        let made = self.make(inquiry, trial, self.target.as_deref(), base).ok()?.ok()?;
        let steps = &made.facts.after.steps;
        let both = steps.iter().any(|step| step.cached) && steps.iter().any(|step| !step.cached);
        both.then(|| Picture::Rebuild { story: made.story, steps: steps.clone() })
    }

    /// Makes the experiment and judges it; says whether it fails because something did not come from the cache.
    fn attempt(&self, inquiry: &Inquiry<'_>, repetition: u8, ran_again: &mut bool) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return no_image(inquiry, &name);
        };
        let base = go!(self.base(inquiry, self.target.as_deref()));
        let builder = builder_of_rows(own_rows(image, base));
        go!(self.files_are_there(inquiry));
        let edits = go!(self.edits(inquiry, builder));
        let trial = Trial { builder, edits: &edits, repetition };
        let made = go!(self.make(inquiry, trial, self.target.as_deref(), base));

        *ran_again = true;
        if self.same
            && let Some(verdict) = self.not_the_same(inquiry, &made)?
        {
            return Ok(verdict);
        }
        for part in &self.keeps {
            // Where files come from another stage, that one is asked first: it knows which step ran.
            for stage in go!(self.sources(inquiry)) {
                let base = go!(self.base(inquiry, Some(&stage)));
                let made = go!(self.make(inquiry, trial, Some(&stage), base));
                go!(self.kept(inquiry, &made, part, Some(&stage)));
            }
            go!(self.kept(inquiry, &made, part, None));
        }
        *ran_again = false;
        for part in &self.renews {
            go!(self.renewed(inquiry, &made, part));
        }
        let ExperimentFacts { after, nonce, .. } = made.facts;
        let (called, story) = (format!("the rebuilt {name}"), made.story);
        then::ask(&self.then, inquiry, &then::Made { name: "rebuilt", tag: &after.tag, nonce, called, story })
    }

    /// The Dockerfile, relative to the workspace.
    fn file(&self) -> String {
        in_context(&self.context, &self.dockerfile)
    }

    fn dockerfile_text<'a>(&self, inquiry: &Inquiry<'a>) -> Step<&'a str> {
        let file = self.file();
        Ok(inquiry.workspace_file(&file)?.map(|text| text.text.as_str()).ok_or_else(|| no_dockerfile(&file)))
    }

    /// The base image of a stage; none for `scratch`.
    fn base<'a>(&self, inquiry: &Inquiry<'a>, stage: Option<&str>) -> Step<Option<&'a ImageFacts>> {
        let name = match workspace_base(inquiry, &self.file(), stage, &self.args)? {
            Ok(name) => name,
            Err(verdict) => return Ok(Err(verdict)),
        };
        if name == "scratch" { Ok(Ok(None)) } else { Ok(base_image(inquiry, &name)?.map(Some)) }
    }

    /// What is to be edited must be there: a renamed file is no verdict about the cache.
    fn files_are_there(&self, inquiry: &Inquiry<'_>) -> Step<()> {
        for (path, edit) in self.change.edit.iter().filter(|(path, edit)| edit.needs_file() && !path.contains("{{")) {
            let file = inquiry.workspace_file(&in_context(&self.context, path))?;
            let found = match (edit, file) {
                (_, None) => "no such file".to_owned(),
                (Edit::Replace { find, .. }, Some(file)) if !file.truncated && !file.text.contains(find) => {
                    format!("{path} no longer holds `{find}`")
                }
                _ => continue,
            };
            return Ok(Err(Verdict::not_yet(
                format!(
                    "{path} in this folder as the exercise gave it: it is about to be changed in a copy, to see what a rebuild does"
                ),
                found,
                "bring it back; dlearn reset gives you the files of the exercise again",
            )));
        }
        Ok(Ok(()))
    }

    /// The edits, with the Dockerfile that names another base among them.
    fn edits(&self, inquiry: &Inquiry<'_>, builder: Builder) -> Step<BTreeMap<String, Edit>> {
        let mut edits = self.change.edit.clone();
        let Some(base) = &self.change.base else { return Ok(Ok(edits)) };
        let file = self.change.dockerfile.as_ref().unwrap_or(&self.dockerfile);
        let Some(text) = inquiry.workspace_file(&in_context(&self.context, file))? else {
            return Ok(Err(no_dockerfile(file)));
        };
        let source = Source::Inline(base.becomes.clone());
        let other = inquiry.build(BuildPlan { source, ..BuildPlan::workspace(builder) })?;
        let Some(other) = other.filter(|other| other.image.is_some()) else {
            let said = other.and_then(|other| other.error.clone()).unwrap_or_default();
            return Err(Stop::CannotTell(Unavailable::new(
                format!("another {} could not be built: {}", base.name, crate::check::matching::shown(&said)),
                "see that the base images are there (dlearn images), then check again",
            )));
        };
        let named = trace::with_base(&text.text, &inquiry.name(&base.name), &other.tag);
        // A file that is written is newer: where no FROM goes by that name, nothing must be.
        if named != text.text {
            edits.insert(file.clone(), Edit::Write(named));
        }
        Ok(Ok(edits))
    }

    /// Makes the experiment for a stage, or for what the learner built.
    fn make<'a>(
        &self,
        inquiry: &Inquiry<'a>,
        trial: Trial<'_>,
        stage: Option<&str>,
        base: Option<&ImageFacts>,
    ) -> Step<Made<'a>> {
        let Trial { builder, edits, repetition } = trial;
        // No builder stops at a stage without a name: then both copies have a Dockerfile that ends with it.
        let ends = match stage.filter(|stage| stage.parse::<usize>().is_ok()) {
            Some(number) => trace::ending_with(go_on!(self.dockerfile_text(inquiry)), number),
            None => None,
        };
        let target = stage.filter(|_| ends.is_none()).map(str::to_owned);
        let prepared = ends.into_iter().map(|text| (self.dockerfile.clone(), Edit::Write(text))).collect();
        let before = BuildPlan {
            dockerfile: self.dockerfile.clone(),
            context: self.context.clone(),
            target,
            args: self.args.clone(),
            ..BuildPlan::workspace(builder)
        };
        let change = &self.change;
        let after = BuildPlan {
            builder: if change.other_builder { other(builder) } else { builder },
            dockerfile: change.dockerfile.clone().unwrap_or_else(|| self.dockerfile.clone()),
            target: change.target.clone().or_else(|| before.target.clone()),
            args: self.args.clone().into_iter().chain(change.args.clone()).collect(),
            no_cache: change.no_cache,
            ..before.clone()
        };
        let rebuilds_with = after.builder;
        let plan = ExperimentPlan { before, after, prepared, edits: edits.clone(), repetition };
        let Some(facts) = inquiry.experiment(plan)? else {
            return Ok(Err(no_dockerfile(&self.file())));
        };
        let Some(before) = &facts.before.image else {
            return failed_build::verdict(&facts.before, &self.file(), builder, "", OUTDATED).map(Err);
        };
        let story = self.story(rebuilds_with, facts);
        let Some(after) = &facts.after.image else {
            return self.breaks(rebuilds_with, &story, facts).map(Err);
        };
        let skip = base.filter(|base| before.layers.starts_with(&base.layers)).map_or(0, |base| base.layers.len());
        Ok(Ok(Made { facts, before, after, skip, story }))
    }

    /// The changed copy does not build.
    fn breaks(&self, builder: Builder, story: &str, facts: &ExperimentFacts) -> Result<Verdict, Stop> {
        let advice = "make the same change yourself, build, and read the first error";
        let verdict = failed_build::verdict(&facts.after, &self.file(), builder, "", advice)?;
        let Verdict::NotYet(mut not_yet) = verdict else { return Ok(verdict) };
        not_yet.expected = "a copy of this folder to build after one change".into();
        not_yet.found = format!("{story}, and {}", not_yet.found);
        Ok(Verdict::NotYet(not_yet))
    }

    /// The stages whose files the image takes, by name or number.
    fn sources(&self, inquiry: &Inquiry<'_>) -> Step<Vec<String>> {
        let dockerfile = crate::dockerfile::parse(go_on!(self.dockerfile_text(inquiry)));
        let stage = match &self.target {
            Some(target) => dockerfile.stage(target),
            None => dockerfile.final_stage(),
        };
        let sources = stage.map(|stage| dockerfile.sources_of(stage)).unwrap_or_default();
        Ok(Ok(sources.into_iter().map(|stage| stage.name.clone().unwrap_or_else(|| stage.index.to_string())).collect()))
    }
}
