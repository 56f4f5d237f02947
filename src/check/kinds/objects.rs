//! `objects`

use crate::check::matching::count;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{LabelledImage, ObjectsFacts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Of what carries a label on the engine, this remains and nothing dangling does: images by their names, and
/// containers of them.
///
/// **Why it matters**: clean-up is right when it took what nobody needs and left what somebody does. Only what carries
/// the label is ever looked at, so nothing else on the engine is asked about, shown, or demanded to go.
///
/// ```yaml
/// check:
///   objects:
///     label: "course.n15={{token}}"     # KEY=VALUE, of the exercise's own; not one of dlearn's labels
///     made_by: make-junk.sh             # the script that makes them, for the advice
///     images: [keep, used]              # these names are still there
///     containers_of: [used]             # and a container of each of these
///     others: false                     # and no other image with the label, with or without a name
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    /// `KEY=VALUE`. Images pass it on to their containers.
    pub label: Label,
    /// The script in the exercise's folder that makes what is asked about.
    pub made_by: String,
    /// The exercise's names for images that must be there.
    #[serde(default)]
    pub images: Vec<String>,
    /// The exercise's names for images of which a container must be there, running or not.
    #[serde(default)]
    pub containers_of: Vec<String>,
    /// Whether images with the label that are not named here may be there, without a name or under another.
    #[serde(default = "yes")]
    pub others: bool,
}

fn yes() -> bool {
    true
}

/// `KEY=VALUE`, and none that dlearn's own clean-up goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Label(String);

impl TryFrom<String> for Label {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let key = text.split_once('=').filter(|(_, value)| !value.is_empty()).map_or("", |(key, _)| key);
        match key {
            "" => Err(format!("the label `{text}` is not KEY=VALUE")),
            "dlearn" => Err(format!("the label `{text}` is one of dlearn's own")),
            key if key.starts_with("dlearn.") => Err(format!("the label `{text}` is one of dlearn's own")),
            _ => Ok(Self(text)),
        }
    }
}

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.0
    }
}

impl Label {
    /// `KEY=VALUE`
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Objects {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let (label, script) = (self.label.as_str(), &self.made_by);
        let nothing = ObjectsFacts::default();
        let facts = inquiry.objects(label)?.unwrap_or(&nothing);
        if facts.images.is_empty() && facts.containers.is_empty() {
            return Ok(Verdict::not_yet(
                format!("what {script} makes, with the label {label}"),
                "nothing on this engine carries that label",
                format!("run the script first: sh {script}"),
            ));
        }
        let named = |name: &str| facts.images.iter().find(|image| image.names.iter().any(|known| known == name));
        let gone: Vec<String> =
            self.images.iter().map(|alias| inquiry.name(alias)).filter(|name| named(name).is_none()).collect();
        if !gone.is_empty() {
            return Ok(Verdict::not_yet(
                format!("{} to be there still", self.images_in_words(inquiry)),
                format!("you also deleted {}, which had a name", gone.join(" and ")),
                format!(
                    "docker rmi takes a name away, and prune with -a every image that no container uses, named or \
                     not. Run sh {script} again, and remove only what has no name"
                ),
            ));
        }
        for name in self.containers_of.iter().map(|alias| inquiry.name(alias)) {
            if !named(&name).is_some_and(|image| has_container(facts, image, &name)) {
                return Ok(Verdict::not_yet(
                    format!("the stopped container of {name} to be there still"),
                    "the stopped container is gone too",
                    format!(
                        "docker system prune and docker container prune remove stopped containers. Run sh {script} \
                         again, and clean up images only"
                    ),
                ));
            }
        }
        let wanted: Vec<String> = self.images.iter().map(|alias| inquiry.name(alias)).collect();
        let is_more = |image: &&LabelledImage| !image.names.iter().any(|name| wanted.contains(name));
        if let Some(name) = facts.images.iter().filter(is_more).find_map(|image| image.names.first())
            && !self.others
        {
            return Ok(Verdict::not_yet(
                format!("no other image with the label {label}"),
                format!("{name}, a name that {script} does not give"),
                format!("an image that gets a name is no longer dangling, and is still there: `docker rmi {name}`"),
            ));
        }
        let dangling: Vec<&LabelledImage> = facts.images.iter().filter(|image| image.names.is_empty()).collect();
        if self.others || dangling.is_empty() {
            return Ok(Verdict::pass());
        }
        let ids = dangling.iter().take(5).map(|image| short(&image.id)).collect::<Vec<_>>().join(", ");
        Ok(Verdict::not_yet(
            format!("no dangling image with the label {label}"),
            format!("{} without a name: {ids}", count(dangling.len(), "image")),
            "docker image prune removes such images; a filter keeps it to those of this exercise",
        ))
    }

    fn images_in_words(&self, inquiry: &Inquiry<'_>) -> String {
        self.images.iter().map(|alias| inquiry.name(alias)).collect::<Vec<_>>().join(", ")
    }
}

fn has_container(facts: &ObjectsFacts, image: &LabelledImage, name: &str) -> bool {
    facts.containers.iter().any(|container| container.image_id == image.id || container.image == name)
}

/// Twelve digits of an id, as the docker command shows it.
fn short(id: &str) -> String {
    id.trim_start_matches("sha256:").chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{Answer, Evidence, Fact, LabelledContainer, Need};

    fn judged(facts: ObjectsFacts) -> Verdict {
        let check = "label: course.x=1\nmade_by: junk.sh\nimages: ['keep:v1', 'used:v1']\ncontainers_of: ['used:v1']\n\
                     others: false";
        let check: Objects = crate::course::read_yaml(check).expect("a valid check");
        let mut evidence = Evidence::new();
        evidence.insert(Need::Objects { label: "course.x=1".into() }, Answer::Found(Fact::Objects(facts)));
        check.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
    }

    fn found(facts: ObjectsFacts) -> String {
        match judged(facts) {
            Verdict::NotYet(it) => it.found,
            other => format!("{other:?}"),
        }
    }

    fn world(names: &[&str], containers: &[&str]) -> ObjectsFacts {
        let id = |name: &str| format!("sha256:id-of-{name}");
        let image = |name: &&str| LabelledImage {
            id: id(name),
            names: if name.is_empty() { vec![] } else { vec![(*name).to_owned()] },
        };
        let container = |name: &&str| LabelledContainer { image_id: id(name), ..LabelledContainer::default() };
        ObjectsFacts {
            images: names.iter().map(image).collect(),
            containers: containers.iter().map(container).collect(),
        }
    }

    #[test]
    fn what_is_needed_remains_and_what_dangles_is_gone() {
        assert!(judged(world(&["keep:v1", "used:v1"], &["used:v1"])).passed());
    }

    #[test]
    fn each_way_to_clean_up_too_little_or_too_much_is_told() {
        let all = &["keep:v1", "used:v1", ""][..];
        assert!(found(world(&[], &[])).contains("nothing on this engine"));
        assert!(found(world(&["keep:v1", "used:v1", "mine"], &["used:v1"])).contains("mine, a name that junk.sh"));
        assert!(found(world(all, &["used:v1"])).contains("1 image without a name: id-of-"));
        assert!(found(world(&["used:v1"], &["used:v1"])).contains("you also deleted keep:v1,"));
        assert!(found(world(&["keep:v1", "used:v1"], &[])).contains("the stopped container is gone too"));
        assert!(found(world(&["keep:v1", "used:v1"], &["keep:v1"])).contains("the stopped container is gone too"));
    }

    #[test]
    fn no_label_of_dlearns_own_and_no_bare_key_can_be_asked_for() {
        let label = |text: &str| Label::try_from(text.to_owned());
        assert!(label("course.n15=ab").is_ok());
        for bad in ["", "course", "course=", "=x", "dlearn=check", "dlearn.run=1", "dlearn.exercise=N15"] {
            assert!(label(bad).is_err(), "{bad}");
        }
    }
}
