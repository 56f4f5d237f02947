//! `built_from`

use super::{
    base_image, build_variables, dockerfile, dot, in_context, no_dockerfile, no_image, not_built_by, workspace_base,
};
use crate::check::contents::{Differs, NotRepeatable, Steps, brought, differences};
use crate::check::failed_build;
use crate::check::matching::{Pattern, shown};
use crate::check::provenance::{
    Origin, committed, config_difference, hides_files, holds, origin, own_rows, step_difference,
};
use crate::check::{Asked, ForTheMessage, Inquiry, Stop, Verdict};
use crate::dockerfile::{Dockerfile, Instruction};
use crate::evidence::{BuildFacts, BuildPlan, Builder, HistoryRow, ImageFacts, LayersFacts, Source, Unavailable};
use crate::layers::{Difference, DifferenceKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The image is what this folder's Dockerfile and build context produce.
///
/// **Why it matters**: an image that can be built again from files under version control can be
/// corrected, reviewed and rebuilt on a new base. One that was retagged, committed or imported cannot.
///
/// dlearn builds the folder again with the same builder, under a throw-away tag, and compares
/// configuration and history. Then one of two proofs decides, and the verdict names it. *The builder's
/// cache*: the rebuild has the same layers. *The contents*: the cache may be gone, or may not be shared
/// between clients, which is no proof against anybody; then what lies in the layers is compared file by
/// file. What a `RUN` step makes differently each time (logs, caches, dates: tried with a second rebuild)
/// is nobody's mistake: where nothing else differs, the check cannot tell. With cache mounts the cache
/// proves nothing, because what lies in them is no part of the folder: such an image is built again with
/// empty ones. An engine whose owner forges the builder's own cache is beyond what any of this can see.
/// Engine API 1.41 and later, both builders.
///
/// ```yaml
/// check: { built_from: { image: app, dockerfile: Dockerfile, context: ".", target: run, args: { VERSION: "1" } } }
/// # only image is required
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Files that a step of the exercise writes differently each time, as regular expressions over absolute paths: their
    /// contents are not compared.
    #[serde(default)]
    pub varies: Vec<Pattern>,
}

impl BuiltFrom {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return not_built_by(inquiry, &name, &self.command(&name));
        };
        let file = self.file();
        let base_name = match workspace_base(inquiry, &file, self.target.as_deref(), &self.args)? {
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
        let Some(text) = inquiry.workspace_file(&file)? else {
            return Ok(no_dockerfile(&file));
        };
        let dockerfile = crate::dockerfile::parse(&text.text);
        let skip = base.map_or(0, |base| base.layers.len());
        Case { spec: self, inquiry, name, file, image, base, skip, builder, dockerfile }.judge()
    }

    /// The Dockerfile, relative to the workspace.
    fn file(&self) -> String {
        in_context(&self.context, &self.dockerfile)
    }

    /// How the image is built, for the learner to type.
    fn command(&self, name: &str) -> String {
        let mut command = format!("docker build -t {name}");
        if self.dockerfile != dockerfile() {
            command += &format!(" -f {}", self.file());
        }
        if let Some(target) = &self.target {
            command += &format!(" --target {target}");
        }
        command + &self.arguments() + " " + &self.context
    }

    /// The build arguments as they are typed, each with a space before it.
    fn arguments(&self) -> String {
        self.args.iter().map(|(key, value)| format!(" --build-arg {key}={value}")).collect()
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
        let advice = format!("build it here: `{}`", self.command(name));
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
}

/// What to do where the folder does not build.
pub(super) const OUTDATED: &str = "the image may be from before your last edit: build it and read the first error";

/// The proof by the builder's cache.
const CACHED: &str = "proven by the builder's cache: a rebuild has the same layers";

/// What a rebuild is compared with.
struct Case<'a, 'i> {
    spec: &'a BuiltFrom,
    inquiry: &'a Inquiry<'i>,
    name: String,
    /// The Dockerfile, relative to the workspace.
    file: String,
    image: &'a ImageFacts,
    base: Option<&'a ImageFacts>,
    /// How many layers from the bottom are the base's.
    skip: usize,
    builder: Builder,
    dockerfile: Dockerfile,
}

impl Case<'_, '_> {
    fn judge(&self) -> Result<Verdict, Stop> {
        let Some(mut cached) = self.build(Source::Workspace)? else {
            return Ok(no_dockerfile(&self.file));
        };
        if cached.image.is_none() && self.has_secrets() {
            // A step that needs the secret is not run again where the cache knows it.
            cached = self.by_client()?.unwrap_or(cached);
        }
        let own = own_rows(self.image, self.base);
        let rebuilt = cached.image.as_ref();
        let fresh_rows = rebuilt.map_or(&[][..], |rebuilt| own_rows(rebuilt, self.base));
        if let Some(row) = committed(own, fresh_rows) {
            return Ok(self.by_hand(&row.created_by));
        }
        let Some(rebuilt) = rebuilt else {
            return self.broken(cached, "");
        };
        if let Some((instruction, has, gives)) = config_difference(&self.image.config, &rebuilt.config) {
            let value = |text: &str| if text.is_empty() { "nothing".to_owned() } else { shown(text) };
            let (has, gives) = (value(&has), value(&gives));
            let (said, with) = match self.spec.arguments() {
                with if with.is_empty() => ("your Dockerfile", with),
                with => ("what this folder builds with", with),
            };
            return Ok(self.stale(format!("{instruction} is {has} in the image, and {gives} in {said}{with}")));
        }
        if let Some((at, difference)) = step_difference(own, fresh_rows, &self.instructions()?) {
            let brings = self.brought(cached, fresh_rows, at)?;
            return Ok(self.stale(format!("{difference}{brings}")));
        }
        let equal = self.image.layers == rebuilt.layers;
        match (equal, self.mounts("cache")) {
            (true, false) => Ok(Verdict::pass_with(CACHED)),
            (false, false) => self.by_contents(cached, Source::Fresh(1), false),
            // What lies in a cache mount is no part of the folder, and the cached layer may hold it.
            (_, true) => match self.build(Source::Fresh(1))? {
                None => Ok(no_dockerfile(&self.file)),
                Some(fresh) if fresh.image.is_none() => self.broken(fresh, " with empty cache mounts"),
                Some(fresh) => self.by_contents(fresh, Source::Fresh(2), equal),
            },
        }
    }

    /// Compares what lies in the layers with a rebuild's; `again` is a second one, for what differs each time.
    /// `cached`: the cache has shown the same layers already.
    fn by_contents(&self, rebuild: &BuildFacts, again: Source, cached: bool) -> Result<Verdict, Stop> {
        const PROVEN: &str = "proven by its contents: layer by layer the files of a rebuild";
        let layers = rebuild.image.as_ref().map(|rebuilt| rebuilt.layers.len()).unwrap_or_default();
        if self.image.layers.len() != layers {
            return Ok(self.stale(format!(
                "the image adds {} layers to its base, and a build of this folder adds {}",
                self.image.layers.len().saturating_sub(self.skip),
                layers.saturating_sub(self.skip),
            )));
        }
        let (has, gives) = (self.layers(&self.name), self.layers(&rebuild.tag));
        let (Some(has), Some(gives)) = (has?, gives?) else {
            return no_image(self.inquiry, &self.name);
        };
        let instructions = self.instructions()?;
        let steps = Steps { rows: own_rows(self.image, self.base), instructions: &instructions };
        let mut differing = differences(has, gives, rebuild, self.skip, steps);
        differing.retain(|differs| !self.may_vary(&differs.difference));
        let Some(first) = differing.first() else {
            return Ok(Verdict::pass_with(PROVEN));
        };
        if let Some(exact) = differing.iter().find(|differs| !differs.ran) {
            return Ok(self.differs(exact, differing.len()));
        }
        if !self.mounts("cache") {
            let by_client = self.by_client()?.and_then(|build| build.image.as_ref());
            if by_client.is_some_and(|rebuilt| rebuilt.layers == self.image.layers) {
                return Ok(Verdict::pass_with(CACHED));
            }
        }
        if self.has_secrets() {
            let why = "that may come from a secret, which only your own docker build is given";
            return Err(self.unsure(format!("{}; {why}", first.words())));
        }
        // Only what commands made differs. Do they make the same twice?
        let Some(again) = self.build(again)? else {
            return Ok(no_dockerfile(&self.file));
        };
        if again.image.is_none() {
            let said = shown(&failed_build::telling(again));
            let why = format!(
                "whether that step makes the same each time cannot be tried: a build from nothing fails: {said}"
            );
            return Err(self.unsure(format!("{} {why}", first.words())));
        }
        let Some(other) = self.layers(&again.tag)? else {
            return no_image(self.inquiry, &self.name);
        };
        let not_repeatable = NotRepeatable::between(gives, other, self.skip);
        if let Some(exact) = differing.iter().find(|differs| !not_repeatable.explains(differs)) {
            return Ok(self.differs(exact, differing.len()));
        }
        let (path, made_by) = (shown(&first.difference.path), shown(&first.made_by));
        // A cache mount may have brought a file under any name: here only files that each rebuild has are excused.
        if cached && differing.iter().all(|differs| not_repeatable.has(differs)) {
            let more = match differing.len() {
                1 => String::new(),
                files => format!(" and {} more", files - 1),
            };
            let each = format!("{made_by} writes {path}{more} differently each time: that was not compared");
            return Ok(Verdict::pass_with(format!("proven by the builder's cache and by its contents; {each}")));
        }
        Err(self.unsure(format!(
            "everything agrees with a rebuild but what {made_by} writes differently each time ({path}), and the \
             builder's cache, which would prove it, has no record of your build"
        )))
    }

    /// The instructions of the stage that is built.
    fn instructions(&self) -> Result<Vec<&Instruction>, Stop> {
        let stage = self.spec.target.as_deref().map_or(self.dockerfile.final_stage(), |t| self.dockerfile.stage(t));
        let variables = build_variables(self.inquiry, &self.spec.args)?;
        Ok(stage.map(|stage| self.dockerfile.steps_with(stage, &variables)).unwrap_or_default())
    }

    /// What a step brings in the image alone, or in the rebuild alone, where its history does not say it.
    fn brought(&self, rebuild: &BuildFacts, fresh_rows: &[HistoryRow], at: usize) -> Result<String, Stop> {
        let own = own_rows(self.image, self.base);
        if ![own.get(at), fresh_rows.get(at)].into_iter().flatten().any(hides_files) {
            return Ok(String::new());
        }
        // Both are asked before either answer is waited for.
        let (has, gives) = (self.layers(&self.name), self.layers(&rebuild.tag));
        let (has, gives) = (has.for_the_message()?.flatten(), gives.for_the_message()?.flatten());
        let told = has.zip(gives).map(|(has, gives)| brought((own, has), (fresh_rows, gives), self.skip, at));
        Ok(told.unwrap_or_default())
    }

    /// Whether the exercise says that this is different in each build.
    fn may_vary(&self, difference: &Difference) -> bool {
        let path = format!("/{}", difference.path);
        difference.what == DifferenceKind::Content && self.spec.varies.iter().any(|varies| varies.found_in(&path))
    }

    fn build(&self, source: Source) -> Asked<'_, BuildFacts> {
        self.inquiry.build(BuildPlan {
            no_cache: matches!(source, Source::Fresh(_)),
            source,
            builder: self.builder,
            dockerfile: self.spec.dockerfile.clone(),
            context: self.spec.context.clone(),
            target: self.spec.target.clone(),
            args: self.spec.args.clone(),
        })
    }

    fn layers(&self, image: &str) -> Asked<'_, LayersFacts> {
        match self.inquiry.layers(image, self.skip)? {
            Some(layers) if layers.truncated => {
                Err(self.unsure(format!("{} holds more files than can be compared one by one", self.name)))
            }
            layers => Ok(layers),
        }
    }

    /// Whether a RUN of the Dockerfile has a mount of this kind.
    fn mounts(&self, kind: &str) -> bool {
        self.dockerfile.instructions().flat_map(|instruction| instruction.mounts()).any(|mount| mount.kind == kind)
    }

    fn has_secrets(&self) -> bool {
        self.mounts("secret") || self.mounts("ssh")
    }

    /// The folder built by the docker command, which finds in BuildKit's cache what no build over the API does.
    fn by_client(&self) -> Asked<'_, BuildFacts> {
        match self.builder {
            Builder::Classic => Ok(None),
            Builder::BuildKit => match self.build(Source::Client) {
                // No docker command, or none that can: then this is no way to know more.
                Err(Stop::CannotTell(_)) => Ok(None),
                other => other,
            },
        }
    }

    fn by_hand(&self, created_by: &str) -> Verdict {
        let name = &self.name;
        Verdict::not_yet(
            format!("{name} built from your Dockerfile"),
            format!(
                "{name} was made from a container, not from a Dockerfile (docker commit): the history shows {}",
                shown(created_by)
            ),
            format!("build it here: `{}`", self.spec.command(name)),
        )
    }

    fn stale(&self, found: String) -> Verdict {
        let name = &self.name;
        let when = match self.spec.args.is_empty() {
            true => "if you changed something after the last build",
            false => "if you left --build-arg out, or changed something after the last build",
        };
        Verdict::not_yet(
            format!("{name} to be what this folder builds now"),
            found,
            format!("{when}, build again: `{}`", self.spec.command(name)),
        )
    }

    fn differs(&self, first: &Differs, all: usize) -> Verdict {
        let more = if all > 1 { format!(" (and {} more)", all - 1) } else { String::new() };
        self.stale(format!("{}{more}", first.words()))
    }

    /// Cannot tell; what helps is a build whose cache is there.
    fn unsure(&self, reason: String) -> Stop {
        let help = format!("build it again, and check right after that: `{}`", self.spec.command(&self.name));
        Stop::CannotTell(Unavailable::new(reason, help))
    }

    /// The folder does not build, `how`.
    fn broken(&self, build: &BuildFacts, how: &str) -> Result<Verdict, Stop> {
        let error = build.error.as_deref().unwrap_or_default();
        // BuildKit asks the client's session for it, or says that the secret is not there.
        let asks = failed_build::ran(build) || error.contains("session") || error.contains("secret");
        if asks && self.has_secrets() && failed_build::out_of_reach(build).is_none() {
            let said = failed_build::telling(build);
            // A line of progress (`[1/5] FROM …`), and the lack of a session, say nothing of the RUN.
            let says = failed_build::ran(build) && !said.starts_with('[');
            let said = if says { format!(": {}", shown(&said)) } else { String::new() };
            let why = "which may need the secret that only your own docker build is given";
            let reason = format!("building {} again stops at a RUN, {why}{said}", self.file);
            let help = "if your own docker build fails, repair its first error; if it does not, build again as you did, with \
                        --secret, and check right after that";
            return Err(Stop::CannotTell(Unavailable::new(reason, help)));
        }
        let advice = match how {
            "" => OUTDATED,
            _ => {
                "let the build make what it needs: a cache mount may be empty at any time, and is no place to bring files"
            }
        };
        failed_build::verdict(build, &self.file, self.builder, how, advice)
    }
}
