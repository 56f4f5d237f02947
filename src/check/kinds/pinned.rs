//! `pinned`

use super::{base_image, dockerfile, workspace_base};
use crate::check::matching::shown;
use crate::check::{Inquiry, Stop, Verdict};
use crate::registry::Reference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The Dockerfile's last stage names its base by a digest, and that is the digest of the image that is meant.
///
/// **Why it matters**: a tag is moved whenever somebody pushes another image under it; a build that starts from a tag can
/// be another one tomorrow. A digest is computed from the content (OCI image specification, "Digests"), and what does not fit
/// it is refused. It has to be that of a manifest or an index, since these are what a registry hands out by digest.
///
/// The digest is asked for as a build would ask: on the engine, then where FROM leads. What comes must have the layers of
/// `base`. Whether other stages still go by the tag shows an `experiment` with `change: { base: … }`.
///
/// ```yaml
/// check: { pinned: { base: base } }         # dockerfile: Dockerfile may be given
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// The base that is meant: the exercise's name for it, or any local name.
    pub base: String,
    /// Path in the workspace.
    #[serde(default = "dockerfile")]
    pub dockerfile: String,
}

impl Pinned {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let file = &self.dockerfile;
        let meant = inquiry.name(&self.base);
        let named = match workspace_base(inquiry, file, None, &BTreeMap::new())? {
            Ok(named) => named,
            Err(verdict) => return Ok(verdict),
        };
        let where_to_look = format!(
            "docker image inspect -f '{{{{json .RepoDigests}}}}' {meant} shows it, once the image was pushed or pulled"
        );
        let expected = format!("FROM in {file} to name {meant} by its digest");
        let Some((_, digest)) = named.split_once('@') else {
            return Ok(Verdict::not_yet(
                expected,
                format!("FROM {named}: a tag, which can be moved to another image"),
                format!("write an @ and the digest behind the name; {where_to_look}"),
            ));
        };
        if Reference::parse(&named).is_none() {
            return Ok(Verdict::not_yet(
                expected,
                format!("{} behind the @, which is no whole digest", shown(digest)),
                format!("a digest is sha256: and 64 digits of 0-9 and a-f; {where_to_look}"),
            ));
        }
        let Some(local) = inquiry.image(&meant)? else {
            return super::no_image(inquiry, &meant);
        };
        let needs = format!("FROM needs the digest of the manifest; {where_to_look}");
        // Registries answer differently, some of them with an error of their own, where a digest is not a manifest's.
        let id_is_config = inquiry.engine()?.is_some_and(|engine| !engine.containerd_store);
        if digest == local.id && id_is_config {
            let found = format!(
                "{digest} is the image's id: the checksum of its configuration, which is no name at a registry"
            );
            return Ok(Verdict::not_yet(expected, found, needs));
        }
        Ok(match base_image(inquiry, &named)? {
            Ok(base) if base.layers == local.layers => Verdict::pass(),
            Ok(_) if is_same_repository(&named, &meant) => Verdict::not_yet(
                expected,
                format!("{digest} is another image of the same repository: the tag {meant} has moved since"),
                format!(
                    "your pin does what a pin is for, and keeps the version that you chose. The one that is meant here is the \
                     one that the tag names now: take its digest; {where_to_look}"
                ),
            ),
            Ok(_) => Verdict::not_yet(
                expected,
                format!("{digest} is the digest of another image than {meant} is now: their layers differ"),
                format!("take the digest of the image that is meant; {where_to_look}"),
            ),
            Err(_) => Verdict::not_yet(
                expected,
                format!(
                    "{digest}, under which nobody knows an image: it may be the checksum of something else, a layer say"
                ),
                needs,
            ),
        })
    }
}

/// Whether two names are of one repository, whatever their tags and digests.
fn is_same_repository(one: &str, other: &str) -> bool {
    let repository = |name: &str| Reference::parse(name).map(|name| (name.host, name.repository));
    repository(one).is_some_and(|one| repository(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{
        Answer, BuildFacts, BuildPlan, Builder, EngineFacts, Evidence, Fact, ImageFacts, Need, Source, TextFacts,
    };

    const BASE: &str = "localhost:4890/n12/base:1.0";

    fn digest(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn image(id: &str, layers: &[&str]) -> ImageFacts {
        ImageFacts {
            id: id.to_owned(),
            layers: layers.iter().map(ToString::to_string).collect(),
            ..ImageFacts::default()
        }
    }

    /// Judges a FROM line; `found` is what the engine has under the name in it.
    fn judged(from: &str, found: Option<ImageFacts>) -> Verdict {
        judged_in(false, from, found)
    }

    fn judged_in(containerd_store: bool, from: &str, found: Option<ImageFacts>) -> Verdict {
        let mut evidence = Evidence::new();
        let text = format!("FROM {from}\nCOPY . .\n");
        let engine = EngineFacts { builders: vec![Builder::BuildKit], containerd_store, ..EngineFacts::default() };
        let unknown = BuildFacts { error: Some("manifest unknown".into()), ..BuildFacts::default() };
        let source = Source::Inline(format!("FROM {from}\n"));
        let named = Need::Image { name: from.to_owned() };
        for (need, answer) in [
            (Need::Engine, Answer::Found(Fact::Engine(engine))),
            (
                Need::WorkspaceFile { path: "Dockerfile".into() },
                Answer::Found(Fact::Text(TextFacts { text, truncated: false })),
            ),
            (
                Need::Build(BuildPlan { source, ..BuildPlan::workspace(Builder::BuildKit) }),
                Answer::Found(Fact::Build(unknown)),
            ),
            (named, found.map_or(Answer::Absent, |image| Answer::Found(Fact::Image(image)))),
            (Need::Image { name: BASE.into() }, Answer::Found(Fact::Image(image(&digest('1'), &["a", "b"])))),
        ] {
            evidence.insert(need, answer);
        }
        let kind: Pinned = crate::course::read_yaml(&format!("base: {BASE}")).expect("a valid check");
        kind.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
    }

    fn said(from: &str, found: Option<ImageFacts>) -> String {
        match judged(from, found) {
            Verdict::NotYet(not_yet) => format!("{}; {}", not_yet.found, not_yet.advice),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_digest_that_leads_to_the_base_passes_with_and_without_a_tag() {
        let base = || Some(image("sha256:0", &["a", "b"]));
        assert!(judged(&format!("{BASE}@{}", digest('2')), base()).passed());
        assert!(judged(&format!("localhost:4890/n12/base@{}", digest('2')), base()).passed());
    }

    #[test]
    fn a_tag_half_a_digest_and_another_image_are_told() {
        assert!(said(BASE, None).starts_with(&format!("FROM {BASE}: a tag, which can be moved")));
        assert!(said(&format!("{BASE}@sha256:0f3b"), None).contains("64 digits"));
        let other = said(&format!("{BASE}@{}", digest('3')), Some(image("x", &["a"])));
        assert!(other.contains("another image"), "{other}");
    }

    #[test]
    fn an_id_is_told_from_other_checksums_where_it_is_no_digest() {
        let id = said(&format!("{BASE}@{}", digest('1')), None);
        assert!(id.contains("is the image's id") && id.contains("{{json .RepoDigests}}"), "{id}");
        assert!(said(&format!("{BASE}@{}", digest('4')), None).contains("a layer say"));
        // In containerd's store the id is the manifest's digest.
        assert!(judged_in(true, &format!("{BASE}@{}", digest('1')), Some(image(&digest('1'), &["a", "b"]))).passed());
    }
}
