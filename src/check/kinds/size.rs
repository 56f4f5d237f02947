//! `size`

use super::{base_image, dockerfile, no_image, workspace_base};
use crate::check::matching::{last_line, shown};
use crate::check::provenance::{builder_of_rows, own_rows, shortened};
use crate::check::{Inquiry, Picture, Stop, Verdict};
use crate::evidence::{BuildPlan, Builder, HistoryRow, ImageFacts, Source, Unavailable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How large an image is, compared with another one on the same engine.
///
/// **Why it matters**: every byte of an image is stored, sent with each push and pull, and looked through for weaknesses.
/// A number of megabytes says little: image stores count differently, and so do architectures. A ratio to something
/// that was built on the same engine holds everywhere.
///
/// The size is the sum of the sizes in the image's history, its base included (Engine API, `GET /images/{name}/history`).
/// What it is compared with is one of these: `image`, another image; `starter`, what a Dockerfile of the files that the
/// learner was given builds, whatever became of it since; `dockerfile`, what a Dockerfile with an empty context builds.
/// dlearn builds the last two itself, with the builder that the image was built with. Where the image is too large, the
/// message names its largest steps.
///
/// ```yaml
/// check: { size: { image: app, at_most: 0.35, of: { starter: {} } } }
/// ```
/// ```yaml
/// check: { size: { image: slim, at_most: 0.5, of: { image: fat } } }
/// ```
/// ```yaml
/// check:
///   size:
///     image: app
///     at_most: 1.2
///     of: { dockerfile: "FROM busybox:1.36\nRUN mkdir /app\n" }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// At most this part of the other's size: 0.35 is 35 %.
    pub at_most: Part,
    /// What it is compared with.
    pub of: Baseline,
    /// Dockerfile of the image, relative to the workspace: a message tells the base that it names from the learner's
    /// own steps.
    #[serde(default = "dockerfile")]
    pub dockerfile: String,
}

/// A part of a size, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64")]
pub struct Part(f64);

impl TryFrom<f64> for Part {
    type Error = String;

    fn try_from(part: f64) -> Result<Self, String> {
        let sensible = part > 0.0 && part <= 100.0;
        if sensible { Ok(Self(part)) } else { Err(format!("{part} is no part: 0.35 stands for 35 %")) }
    }
}

/// What a size is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Baseline {
    /// Another image, by the exercise's or any local name.
    Image(String),
    /// What the files that the learner was given build.
    Starter(Starter),
    /// The text of a Dockerfile, which is built with an empty context.
    Dockerfile(String),
}

/// A build of the files that the learner was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Starter {
    /// Dockerfile, relative to the files.
    #[serde(default = "dockerfile")]
    pub dockerfile: String,
    /// Stage to stop at.
    #[serde(default)]
    pub target: Option<String>,
    /// Build arguments.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
}

/// How many of an image's steps a message names, those of less than a hundredth left out.
const NAMED: usize = 3;

impl Size {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return no_image(inquiry, &name);
        };
        let (what, other) = match self.baseline(inquiry, image)? {
            Ok(found) => found,
            Err(verdict) => return Ok(verdict),
        };
        if other.size == 0 {
            return Err(Stop::CannotTell(Unavailable::new(
                format!("{what} has no size on this engine, so nothing can be compared with it"),
                "tell whoever wrote the check",
            )));
        }
        let part = image.size as f64 / other.size as f64;
        let compared = format!("{} of {}, {}", megabytes(image.size), megabytes(other.size), percent(part));
        if part <= self.at_most.0 {
            return Ok(Verdict::pass_with(format!("compared with {what}: {compared}")));
        }
        let parts = self.largest(inquiry, image)?;
        Ok(Verdict::not_yet(
            format!("{name} to have at most {} of the size of {what}", percent(self.at_most.0)),
            format!("{compared}; the largest parts are {parts}"),
            "begin with the largest: does the running program need it? What it does not need must not come in, since a \
             later RUN rm takes nothing out of an earlier layer",
        ))
    }

    /// Both sizes, where they are known.
    pub(in crate::check) fn picture(&self, inquiry: &Inquiry<'_>) -> Option<Picture> {
        let name = inquiry.name(&self.image);
        let image = inquiry.image(&name).ok()??;
        let (what, other) = self.baseline(inquiry, image).ok()?.ok()?;
        let what = match self.of {
            Baseline::Image(_) | Baseline::Dockerfile(_) => what,
            Baseline::Starter(_) => "what you were given".to_owned(),
        };
        Some(Picture::Sizes { before: (what, other.size), after: (name, image.size) })
    }

    /// What the image is compared with, in words, and its facts.
    fn baseline<'a>(
        &self,
        inquiry: &Inquiry<'a>,
        image: &ImageFacts,
    ) -> Result<Result<(String, &'a ImageFacts), Verdict>, Stop> {
        let builder = builder_of_rows(&image.history);
        match &self.of {
            Baseline::Image(other) => {
                let other = inquiry.name(other);
                match inquiry.image(&other)? {
                    Some(facts) => Ok(Ok((other, facts))),
                    None => no_image(inquiry, &other).map(Err),
                }
            }
            Baseline::Starter(starter) => {
                let plan = BuildPlan {
                    source: Source::Starter,
                    dockerfile: starter.dockerfile.clone(),
                    target: starter.target.clone(),
                    args: starter.args.clone(),
                    ..BuildPlan::workspace(builder)
                };
                built(inquiry, plan, "what the files build that you were given").map(Ok)
            }
            Baseline::Dockerfile(text) => {
                let plan = BuildPlan { source: Source::Inline(text.clone()), ..BuildPlan::workspace(builder) };
                // Such a text begins with the base, and adds next to nothing.
                let base = text.lines().find_map(|line| line.strip_prefix("FROM "));
                let what = base.map_or_else(|| "what it is compared with".to_owned(), |base| format!("{base} alone"));
                built(inquiry, plan, &what).map(Ok)
            }
        }
    }

    /// The largest parts: the base as one, and the steps above it.
    fn largest(&self, inquiry: &Inquiry<'_>, image: &ImageFacts) -> Result<String, Stop> {
        let base = self.base(inquiry)?.filter(|(_, base)| image.layers.starts_with(&base.layers));
        let rows = own_rows(image, base.as_ref().map(|(_, base)| *base));
        let mut parts: Vec<(u64, String)> = rows.iter().map(|row| (row.size, words(row))).collect();
        if let Some((name, base)) = base {
            parts.push((base.size, format!("the base {name}")));
        }
        // Of equal ones the earlier stays in front.
        parts.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
        let named = parts.into_iter().filter(|(size, _)| *size > image.size / 100).take(NAMED);
        let named: Vec<String> = named.map(|(size, what)| format!("{what} ({})", megabytes(size))).collect();
        Ok(if named.is_empty() { "not told by its history".into() } else { named.join(", ") })
    }

    /// The base that the Dockerfile names, where that can be found out: it is only for the message.
    fn base<'a>(&self, inquiry: &Inquiry<'a>) -> Result<Option<(String, &'a ImageFacts)>, Stop> {
        let known = |asked| match asked {
            Err(Stop::CannotTell(_)) => Ok(None),
            Err(Stop::Open) => Err(Stop::Open),
            Ok(found) => Ok(found),
        };
        let name = known(workspace_base(inquiry, &self.dockerfile, None, &BTreeMap::new()).map(Result::ok))?;
        let Some(name) = name.filter(|name| name != "scratch") else { return Ok(None) };
        let base = match base_image(inquiry, &name) {
            Err(Stop::CannotTell(_)) => None,
            other => other?.ok(),
        };
        Ok(base.map(|base| (name, base)))
    }
}

/// Builds what an image is compared with. That it does not build is never the learner's fault.
fn built<'a>(inquiry: &Inquiry<'a>, plan: BuildPlan, what: &str) -> Result<(String, &'a ImageFacts), Stop> {
    let builder: Builder = plan.builder;
    let build = inquiry.build(plan)?;
    if let Some(image) = build.and_then(|build| build.image.as_ref()) {
        return Ok((what.to_owned(), image));
    }
    let said = build
        .and_then(|build| build.error.as_deref())
        .map_or_else(String::new, |error| format!(": {}", shown(last_line(error))));
    Err(Stop::CannotTell(Unavailable::new(
        format!("{what} could not be built with {builder}, so there is nothing to compare with{said}"),
        "see that the base images are there (dlearn images) and the disk is not full, then check again",
    )))
}

/// A step for people.
fn words(row: &HistoryRow) -> String {
    let text = if row.instruction.is_empty() { row.created_by.as_str() } else { row.instruction.as_str() };
    if text.is_empty() { "a step without any words".to_owned() } else { format!("`{}`", shortened(text)) }
}

/// Decimal megabytes, as docker shows them.
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn percent(part: f64) -> String {
    let percent = part * 100.0;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NotYet, Subject};
    use crate::evidence::{Answer, BuildFacts, EngineFacts, Evidence, Fact, Need, RowAuthor, TextFacts};

    const STARTER: &str = "what the files build that you were given";

    fn image(rows: &[(&str, u64)], layers: &[&str]) -> ImageFacts {
        let row = |(instruction, size): &(&str, u64)| HistoryRow {
            created_by: (*instruction).into(),
            instruction: (*instruction).into(),
            size: *size,
            author: RowAuthor::Builder(Builder::BuildKit),
            ..HistoryRow::default()
        };
        ImageFacts {
            size: rows.iter().map(|(_, size)| size).sum(),
            history: rows.iter().map(row).collect(),
            layers: layers.iter().map(ToString::to_string).collect(),
            ..ImageFacts::default()
        }
    }

    fn kind(at_most: f64, of: Baseline) -> Size {
        Size { image: "app".into(), at_most: Part(at_most), of, dockerfile: dockerfile() }
    }

    fn starter() -> Baseline {
        Baseline::Starter(Starter { dockerfile: dockerfile(), target: None, args: BTreeMap::new() })
    }

    fn starter_plan() -> Need {
        Need::Build(BuildPlan { source: Source::Starter, ..BuildPlan::workspace(Builder::BuildKit) })
    }

    fn world(app: ImageFacts, build: BuildFacts) -> Evidence {
        let mut evidence = Evidence::new();
        evidence.insert(Need::Image { name: "app".into() }, Answer::Found(Fact::Image(app)));
        evidence.insert(starter_plan(), Answer::Found(Fact::Build(build)));
        let text = "FROM big:1 AS builder\nFROM base:1\nCOPY --from=builder /tools /tools\n".into();
        let file = Need::WorkspaceFile { path: "Dockerfile".into() };
        evidence.insert(file, Answer::Found(Fact::Text(TextFacts { text, truncated: false })));
        let base = image(&[("CMD [\"sh\"]", 30_000_000)], &["base"]);
        evidence.insert(Need::Image { name: "base:1".into() }, Answer::Found(Fact::Image(base)));
        evidence.insert(Need::Engine, Answer::Found(Fact::Engine(EngineFacts::default())));
        evidence
    }

    fn whole(size: u64) -> BuildFacts {
        BuildFacts { image: Some(image(&[("RUN make", size)], &["all"])), ..BuildFacts::default() }
    }

    fn judged(kind: &Size, evidence: &Evidence) -> Result<Verdict, Stop> {
        kind.judge(&Inquiry::new(evidence, &Subject { token: "token".into(), ..Subject::default() }))
    }

    fn not_yet(kind: &Size, evidence: &Evidence) -> NotYet {
        match judged(kind, evidence) {
            Ok(Verdict::NotYet(not_yet)) => not_yet,
            other => panic!("{other:?}"),
        }
    }

    fn app() -> ImageFacts {
        image(
            &[("CMD [\"sh\"]", 30_000_000), ("COPY /tools /tools", 50_000_000), ("USER 1000", 0), ("COPY a /a", 4)],
            &["base", "tools", "a"],
        )
    }

    #[test]
    fn the_ratio_decides_and_its_bound_is_a_pass() {
        let world = world(app(), whole(160_000_008));
        assert_eq!(
            judged(&kind(0.5, starter()), &world),
            Ok(Verdict::pass_with(format!("compared with {STARTER}: 80.0 MB of 160.0 MB, 50 %")))
        );
        assert!(!judged(&kind(0.49, starter()), &world).unwrap().passed());
    }

    #[test]
    fn what_is_too_large_names_its_largest_parts_with_the_base_as_one() {
        let found = not_yet(&kind(0.35, starter()), &world(app(), whole(100_000_000)));
        assert!(found.expected.contains("at most 35 % of the size of what the files build"), "{found:?}");
        assert_eq!(
            found.found,
            "80.0 MB of 100.0 MB, 80 %; the largest parts are `COPY /tools /tools` (50.0 MB), the base base:1 \
             (30.0 MB)"
        );
    }

    #[test]
    fn without_a_dockerfile_the_rows_are_named_all_the_same() {
        let mut world = world(app(), whole(100_000_000));
        world.insert(Need::WorkspaceFile { path: "Dockerfile".into() }, Answer::Absent);
        let found = not_yet(&kind(0.35, starter()), &world).found;
        assert!(found.contains("`CMD [\"sh\"]` (30.0 MB)"), "{found}");
    }

    #[test]
    fn a_baseline_that_cannot_be_built_or_weighs_nothing_is_no_verdict() {
        let failed = BuildFacts { error: Some("no space left\n".into()), ..BuildFacts::default() };
        for build in [failed, whole(0)] {
            let stop = judged(&kind(0.35, starter()), &world(app(), build));
            assert!(matches!(stop, Err(Stop::CannotTell(_))), "{stop:?}");
        }
    }

    #[test]
    fn another_image_can_be_the_measure_and_must_exist() {
        let mut world = world(app(), whole(1));
        let other = Baseline::Image("other".into());
        world.insert(Need::Image { name: "other".into() }, Answer::Absent);
        assert!(not_yet(&kind(1.0, other.clone()), &world).advice.contains("docker build -t other ."));
        let same = Answer::Found(Fact::Image(app()));
        world.insert(Need::Image { name: "other".into() }, same);
        assert!(judged(&kind(1.0, other), &world).unwrap().passed());
    }

    #[test]
    fn a_part_is_above_nothing_and_sensible() {
        for wrong in [0.0, -1.0, 35_000.0, f64::NAN, f64::INFINITY] {
            assert!(Part::try_from(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Part::try_from(0.35), Ok(Part(0.35)));
        assert_eq!((percent(0.0123), percent(0.35), percent(1.5)), ("1.2 %".into(), "35 %".into(), "150 %".into()));
    }
}
