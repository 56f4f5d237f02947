//! `archive`

use crate::check::matching::count;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{ArchiveFacts, ArchivedImage, ConfigFacts, ImageFacts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file of the workspace is an image archive, as `docker save` writes it, and holds an image of the engine
/// under its name.
///
/// **Why it matters**: an archive carries an image to a machine without a registry, with its layers, its history and
/// its configuration. `docker export` has nearly the same name and writes something else: the files of a container.
/// Both layouts are read (up to Engine 24, and the OCI layout from 25); every layer is hashed, so what loading the
/// archive gives is known without loading it.
///
/// ```yaml
/// check: { archive: { file: bundle.tar, image: app } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Path in the workspace.
    pub file: String,
    /// The exercise's name for the image, or any local name.
    pub image: String,
}

impl Archive {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let (file, name) = (&self.file, inquiry.name(&self.image));
        let save = format!("docker save -o {file} {name}");
        let expected = format!("{file} to be an image archive with {name}");
        let Some(facts) = inquiry.archive(file, &name)? else {
            return Ok(Verdict::not_yet(expected, format!("there is no {file}"), format!("write it: {save}")));
        };
        let archived = match facts {
            ArchiveFacts::Image(archived) => archived,
            ArchiveFacts::ContainerFiles => {
                return Ok(Verdict::not_yet(
                    expected,
                    format!(
                        "{file} holds the files of a container, as docker export writes them: no manifest.json, no \
                         history, no configuration"
                    ),
                    format!("save the image, not a container of it: {save}"),
                ));
            }
            ArchiveFacts::Other { what, help } => {
                return Ok(Verdict::not_yet(expected, format!("{file}: {what}"), format!("{help} Here: {save}")));
            }
        };
        let Some(image) = inquiry.image(&name)? else {
            return super::no_image(inquiry, &name);
        };
        Ok(compared(archived, image, file, &name, expected))
    }
}

fn compared(archived: &ArchivedImage, image: &ImageFacts, file: &str, name: &str, expected: String) -> Verdict {
    let save = format!("docker save -o {file} {name}");
    let of_engine = format!("{file} to hold {name} as it is on this engine");
    if let Some(at) = first_difference(&archived.layers, &image.layers) {
        return Verdict::not_yet(
            of_engine,
            format!("another image with {}: layer {at} differs", count(archived.layers.len(), "layer")),
            format!("if you built {name} again after saving it, save it again: {save}"),
        );
    }
    if let Some(what) = other_setting(&archived.config, &image.config) {
        return Verdict::not_yet(
            of_engine,
            format!("the same layers with another {what}"),
            format!("if you built {name} again after saving it, save it again: {save}"),
        );
    }
    if archived.names.iter().any(|known| crate::check::naming::same_image(known, name)) {
        return Verdict::pass();
    }
    match archived.names.first() {
        None => Verdict::not_yet(
            expected,
            "the right image without any name: it was saved by its id, and loading it gives <none>",
            format!("save it by its name: {save}"),
        ),
        Some(other) => Verdict::not_yet(
            expected,
            format!("the right image under the name {other}"),
            format!("whoever loads it gets the names that it was saved by: {save}"),
        ),
    }
}

/// The first layer, from 1, that is not the same.
fn first_difference(one: &[String], other: &[String]) -> Option<usize> {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    (same < one.len().max(other.len())).then_some(same + 1)
}

/// The first setting for containers that differs.
fn other_setting(one: &ConfigFacts, other: &ConfigFacts) -> Option<&'static str> {
    [
        ("CMD", one.cmd == other.cmd),
        ("ENTRYPOINT", one.entrypoint == other.entrypoint),
        ("WORKDIR", one.workdir == other.workdir),
        ("ENV", one.env == other.env),
        ("USER", one.user == other.user),
        ("EXPOSE", one.ports == other.ports),
        ("LABEL", one.labels == other.labels),
    ]
    .into_iter()
    .find_map(|(what, same)| (!same).then_some(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{Answer, Evidence, Fact, Need};

    fn image() -> ImageFacts {
        let config = ConfigFacts { cmd: vec!["cat".into()], ..ConfigFacts::default() };
        ImageFacts { layers: vec!["base".into(), "own".into()], config, ..ImageFacts::default() }
    }

    fn archived(names: &[&str]) -> ArchivedImage {
        let ImageFacts { layers, config, .. } = image();
        ArchivedImage { names: names.iter().map(ToString::to_string).collect(), layers, config }
    }

    /// What is found, or "pass".
    fn found(facts: Option<ArchiveFacts>, image: Option<ImageFacts>) -> String {
        let mut evidence = Evidence::new();
        let need = Need::Archive { path: "bundle.tar".into(), image: "n14/app:v1".into() };
        let answer = |fact: Option<Fact>| fact.map_or(Answer::Absent, Answer::Found);
        evidence.insert(need, answer(facts.map(Fact::Archive)));
        evidence.insert(Need::Image { name: "n14/app:v1".into() }, answer(image.map(Fact::Image)));
        let check = Archive { file: "bundle.tar".into(), image: "n14/app:v1".into() };
        match check.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known") {
            Verdict::NotYet(it) => {
                assert!(
                    it.advice.contains("docker save -o bundle.tar n14/app:v1") || it.found.contains("on this engine")
                );
                it.found
            }
            _ => "pass".into(),
        }
    }

    #[test]
    fn the_image_under_its_name_passes_however_the_name_is_spelt() {
        for names in [&["n14/app:v1"][..], &["docker.io/n14/app:v1"], &["other:1", "n14/app:v1"]] {
            assert_eq!(found(Some(ArchiveFacts::Image(archived(names))), Some(image())), "pass", "{names:?}");
        }
    }

    #[test]
    fn every_other_file_is_told_apart() {
        let with = |change: &dyn Fn(&mut ArchivedImage)| {
            let mut it = archived(&["n14/app:v1"]);
            change(&mut it);
            found(Some(ArchiveFacts::Image(it)), Some(image()))
        };
        assert!(with(&|it| it.layers[1] = "other".into()).contains("layer 2 differs"));
        assert!(with(&|it| it.layers.truncate(1)).contains("layer 2 differs"));
        assert!(with(&|it| it.config.cmd.clear()).contains("another CMD"));
        assert!(with(&|it| it.names.clear()).contains("without any name"));
        assert!(with(&|it| it.names = vec!["n14/app:v2".into()]).contains("under the name n14/app:v2"));
        assert!(found(Some(ArchiveFacts::ContainerFiles), None).contains("no manifest.json"));
        assert!(found(None, None).contains("there is no bundle.tar"));
        let cut = ArchiveFacts::Other { what: "it is cut off".into(), help: "Save it again.".into() };
        assert!(found(Some(cut), None).contains("cut off"));
        assert!(found(Some(ArchiveFacts::Image(archived(&[]))), None).contains("on this engine"));
    }
}
