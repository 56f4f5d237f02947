//! `built_from`

use super::{base_image, no_dockerfile, no_image, workspace_base};
use crate::check::matching::{shown, telling_line};
use crate::check::provenance::{
    Origin, committed, config_difference, holds, origin, own_rows, row_text, row_words, runs,
};
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{BuildFacts, BuildPlan, Builder, ImageFacts, Source, Unavailable};
use crate::layers::{Difference, DifferenceKind, Tolerance, compare_layers};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The image is what this folder's Dockerfile and build context produce.
///
/// **Why it matters**: an image that can be built again from files under version control can be
/// corrected, reviewed and rebuilt on a new base. One that was retagged, committed or imported cannot.
///
/// dlearn builds the folder again with the same builder, under a throw-away tag. Equal layers and
/// configuration prove it (the builder's cache returns the same layers). Otherwise the contents are
/// compared layer by layer, because the cache may be gone, or may not be shared between clients: that
/// is no proof against the learner. Engine API 1.41 and later, both builders.
///
/// ```yaml
/// check: { built_from: { image: app, dockerfile: Dockerfile, context: "." } }   # only image is required
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltFrom {
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
}

fn dockerfile() -> String {
    "Dockerfile".into()
}

fn dot() -> String {
    ".".into()
}

impl BuiltFrom {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return Ok(no_image(&name));
        };
        let file = self.file();
        let base_name = match workspace_base(inquiry, &file, self.target.as_deref())? {
            Ok(base_name) => base_name,
            Err(verdict) => return Ok(verdict),
        };
        let base = match base_name.as_str() {
            "scratch" => None,
            base_name => match base_image(inquiry, base_name)? {
                Ok(base) => Some(base),
                Err(verdict) => return Ok(verdict),
            },
        };
        let builder = match origin(image, base) {
            Origin::Built(builder) => builder,
            other => return self.not_built(inquiry, &name, image, &base_name, other),
        };
        let plan = BuildPlan {
            source: Source::Workspace,
            builder,
            dockerfile: self.dockerfile.clone(),
            context: self.context.clone(),
            target: self.target.clone(),
            args: self.args.clone(),
            no_cache: false,
        };
        let Some(build) = inquiry.build(plan)? else {
            return Ok(no_dockerfile(&file));
        };
        let own = own_rows(image, base);
        let fresh = build.image.as_ref().map_or(&[][..], |rebuilt| own_rows(rebuilt, base));
        if let Some(row) = committed(own, fresh) {
            return Ok(self.by_hand(&name, &row.created_by));
        }
        let Some(rebuilt) = &build.image else {
            return broken(&file, builder, build);
        };
        let skip = base.map_or(0, |base| base.layers.len());
        self.compare(inquiry, &name, image, base, build, rebuilt, skip)
    }

    /// The Dockerfile, relative to the workspace.
    fn file(&self) -> String {
        match self.context.as_str() {
            "." => self.dockerfile.clone(),
            context => format!("{context}/{}", self.dockerfile),
        }
    }

    /// The image has another origin than a build: says which.
    fn not_built(
        &self,
        inquiry: &Inquiry<'_>,
        name: &str,
        image: &ImageFacts,
        base_name: &str,
        origin: Origin,
    ) -> Result<Verdict, Stop> {
        let expected = format!("{name} built from your Dockerfile");
        let advice = format!("build it here: docker build -t {name} {}", self.context);
        let found = match origin {
            Origin::Renamed if image.history.is_empty() => format!("{name} has no history at all: no builder made it"),
            Origin::OtherBase => {
                let what = "is not on the base that your Dockerfile names now";
                let why = "FROM was changed since, or the base has a newer version";
                format!("{name} {what}, {base_name}: its first layers are others ({why})")
            }
            Origin::Renamed => format!(
                "{name} is only another name for {base_name}: the history has no line of your Dockerfile (docker tag copies nothing)"
            ),
            Origin::Imported | Origin::Built(_) => {
                let flat = base_name != "scratch"
                    && image.layers.len() == 1
                    && {
                        let base = inquiry.layers(base_name, 0);
                        let own = inquiry.layers(name, 0)?;
                        // Without the base's contents it is certain all the same that this was imported.
                        let base = match base {
                            Err(Stop::CannotTell(_)) => None,
                            other => other?,
                        };
                        matches!((own, base), (Some(own), Some(base)) if own.layers.first().is_some_and(|layer| holds(layer, &base.layers)))
                    };
                if flat {
                    format!(
                        "{name} is a flattened copy: the files of {base_name} and yours in a single imported layer, without a history"
                    )
                } else {
                    format!(
                        "{name} was imported from an archive of files (docker import): no base, no history of a build"
                    )
                }
            }
        };
        Ok(Verdict::not_yet(expected, found, advice))
    }

    fn by_hand(&self, name: &str, created_by: &str) -> Verdict {
        Verdict::not_yet(
            format!("{name} built from your Dockerfile"),
            format!(
                "{name} was made from a container, not from a Dockerfile (docker commit): the history shows {}",
                shown(created_by)
            ),
            format!("build it here: docker build -t {name} {}", self.context),
        )
    }

    #[allow(clippy::too_many_arguments)]
    fn compare(
        &self,
        inquiry: &Inquiry<'_>,
        name: &str,
        image: &ImageFacts,
        base: Option<&ImageFacts>,
        build: &BuildFacts,
        rebuilt: &ImageFacts,
        skip: usize,
    ) -> Result<Verdict, Stop> {
        let expected = format!("{name} to be what this folder builds now");
        let advice = format!(
            "if you changed something after the last build, build again: docker build -t {name} {}",
            self.context
        );
        let stale = |found: String| Ok(Verdict::not_yet(expected.clone(), found, advice.clone()));
        if let Some((instruction, has, gives)) = config_difference(&image.config, &rebuilt.config) {
            let value = |text: &str| if text.is_empty() { "nothing".to_owned() } else { shown(text) };
            return stale(format!(
                "{instruction} is {} in the image, and {} in your Dockerfile",
                value(&has),
                value(&gives)
            ));
        }
        if image.layers == rebuilt.layers {
            return Ok(Verdict::pass());
        }
        let (own, fresh) = (own_rows(image, base), own_rows(rebuilt, base));
        let differ = own.iter().zip(fresh).find(|(a, b)| !same_row(&row_text(a), &row_text(b)));
        if let Some((has, gives)) = differ {
            return stale(format!(
                "the image was made with {}, where your Dockerfile says {}",
                shown(&row_words(has)),
                shown(&row_words(gives))
            ));
        }
        if let Some(more) = own.get(fresh.len()) {
            return stale(format!("the image has a step that your Dockerfile lacks: {}", shown(&row_words(more))));
        }
        if let Some(more) = fresh.get(own.len()) {
            return stale(format!("your Dockerfile has a step that the image lacks: {}", shown(&row_words(more))));
        }
        if image.layers.len() != rebuilt.layers.len() {
            return stale(format!(
                "the image adds {} layers to its base, and a build of this folder adds {}",
                image.layers.len().saturating_sub(skip),
                rebuilt.layers.len().saturating_sub(skip),
            ));
        }
        let has = inquiry.layers(name, skip);
        let gives = inquiry.layers(&build.tag, skip);
        let (Some(has), Some(gives)) = (has?, gives?) else {
            return Ok(no_image(name));
        };
        if has.truncated || gives.truncated {
            return Err(Stop::CannotTell(Unavailable::new(
                format!("{name} holds more files than can be compared one by one"),
                format!("build it again, so that its layers can be compared as a whole: docker build -t {name} ."),
            )));
        }
        // What COPY --from brings was made by another stage's RUN, and the history does not say so.
        let dockerfile = inquiry.workspace_file(&self.file())?.map(|text| crate::dockerfile::parse(&text.text));
        let staged = dockerfile.is_some_and(|file| file.instructions().any(|one| one.flag("from").is_some()));
        for (index, (a, b)) in has.layers.iter().zip(&gives.layers).enumerate().skip(skip) {
            if a.diff_id == b.diff_id {
                continue;
            }
            let made_by = a.created_by.as_deref().or(b.created_by.as_deref()).unwrap_or_default();
            let tolerance = if runs(made_by) || staged { Tolerance::Ran } else { Tolerance::Copied };
            let mut differences = compare_layers(a, b, tolerance);
            differences.retain(|difference| !only_seen_by(build, difference));
            if let Some(first) = differences.first() {
                let more = match differences.len() - 1 {
                    0 => String::new(),
                    n => format!(" (and {n} more)"),
                };
                let layer = index + 1;
                return stale(format!(
                    "layer {layer} of the image differs from what this folder builds: {}{more}",
                    first.detail
                ));
            }
        }
        Ok(Verdict::pass())
    }
}

/// Whether this is the Dockerfile that COPY sees in our build and in no client's.
fn only_seen_by(build: &BuildFacts, difference: &Difference) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let seen = build.dockerfile_seen.as_deref().map(name);
    difference.what == DifferenceKind::OnlyRebuilt && seen == Some(name(&difference.path))
}

/// COPY and ADD rows of the classic builder carry a hash of the files, which differs between clients;
/// the contents are compared anyway.
fn same_row(a: &str, b: &str) -> bool {
    fn plain(row: &str) -> String {
        let hashed = |word: &str| ["file:", "dir:", "multi:"].iter().any(|kind| word.starts_with(kind));
        row.split(' ').map(|word| if hashed(word) { "…" } else { word }).collect::<Vec<_>>().join(" ")
    }
    plain(a) == plain(b)
}

/// What a builder says when something outside the folder is missing: that is nobody's mistake.
const OUTSIDE: &[&str] = &[
    "temporary failure in name resolution",
    "could not resolve",
    "name or service not known",
    "network is unreachable",
    "failed to establish a new connection",
    "connection timed out",
    "i/o timeout",
    "tls handshake timeout",
    "no space left on device",
    "toomanyrequests",
];

/// The folder no longer builds.
pub(super) fn broken(file: &str, builder: Builder, build: &BuildFacts) -> Result<Verdict, Stop> {
    let expected = format!("your {file} to build without an error");
    if build.timed_out {
        let found = "its build does not come to an end";
        return Ok(Verdict::not_yet(expected, found, "see which RUN line never ends"));
    }
    let error = build.error.as_deref().unwrap_or_default();
    let mut last = build.log.iter().rev().take(40).map(String::as_str).chain(error.lines());
    if let Some(line) = last.rfind(|line| OUTSIDE.iter().any(|sign| line.to_lowercase().contains(sign))) {
        return Err(Stop::CannotTell(Unavailable::new(
            format!("building {file} again needs something that is out of reach now: {}", shown(line)),
            "see that the network and the disk are there, then check again",
        )));
    }
    let tail = build.log.iter().skip(build.log.len().saturating_sub(40)).cloned().collect::<Vec<_>>().join("\n");
    let said = if error.contains("exit code") || error.contains("non-zero code") {
        telling_line(&tail)
    } else {
        telling_line(error)
    };
    Ok(Verdict::not_yet(
        expected,
        format!("its build with {builder} fails: {}", shown(said)),
        "the image may be from before your last edit: build it and read the first error",
    ))
}
