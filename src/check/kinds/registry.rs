//! `registry`

use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{RegistryImage, Unavailable};
use crate::registry::Reference;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A registry has the image under its name, and it is the same image as on the learner's engine.
///
/// **Why it matters**: a tag on your engine is a name and nothing more. Only the registry's own answer shows that
/// an image was pushed: the layers that its configuration names there are compared with the local ones. (The
/// engine's `RepoDigests` prove no push: some engines fill them before any.)
///
/// ```yaml
/// check: { registry: { image: pushed, from: app } }   # images: pushed: "{{registry}}/{{registry.user}}/e04-web:v1"
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The exercise's name for the image as the registry has it.
    pub image: String,
    /// The exercise's name for the local image that is to be pushed, where it has another name. Compared with
    /// while it is there.
    #[serde(default)]
    pub from: Option<String>,
    /// The learner runs this registry: where none answers, that is what is to be done. Else it cannot be told.
    #[serde(default)]
    pub own: bool,
}

impl Registry {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(reference) = Reference::parse(&name) else {
            return Ok(Verdict::not_yet("the name of an image in a registry", name, "see how the name is spelt"));
        };
        let Reference { host, repository, tag } = &reference;
        let Some(facts) = inquiry.registry(&name)? else {
            return self.nobody(&reference);
        };
        if let Some(image) = &facts.image {
            return Ok(match self.compare(inquiry, &name, image)? {
                Verdict::Pass { .. } if facts.private => Verdict::pass_with(format!(
                    "{host} shows {repository} to your login only; make the repository public before somebody grades it"
                )),
                verdict => verdict,
            });
        }
        let expected = format!("the registry {host} to have {repository}:{tag}");
        let others = match facts.tags.as_slice() {
            [] => String::new(),
            tags => format!(" (of {repository} it has {})", tags.join(", ")),
        };
        if inquiry.image(&name)?.is_some() {
            return Ok(Verdict::not_yet(
                expected,
                format!("the name exists on this engine; the registry has no such tag{others}"),
                format!(
                    "a name is no copy: send the image there with `docker push {name}` (after `docker login {host}`, \
                     if it is refused)"
                ),
            ));
        }
        let Some(from) = self.from.as_ref().map(|from| inquiry.name(from)) else {
            let advice = format!("give your image this name with docker tag, then `docker push {name}`");
            return Ok(Verdict::not_yet(expected, format!("no such tag there, and no such name here{others}"), advice));
        };
        Ok(match inquiry.image(&from)? {
            Some(_) => Verdict::not_yet(
                expected,
                format!(
                    "no such tag there{others}; {from} on this engine names no registry, and so means docker.io/{from}"
                ),
                format!("give it the registry's name too: `docker tag {from} {name}`, then `docker push {name}`"),
            ),
            None => Verdict::not_yet(
                expected,
                format!("no such tag there{others}, and no image {from} on this engine"),
                format!("begin with the image: `docker build -t {from} .`"),
            ),
        })
    }

    /// Nothing listens at the registry's address.
    fn nobody(&self, reference: &Reference) -> Result<Verdict, Stop> {
        let host = &reference.host;
        if !self.own {
            return Err(Stop::CannotTell(Unavailable::new(
                format!("no registry answers at {host}"),
                "dlearn next starts the practice registry again; for another registry, see that it runs",
            )));
        }
        let port = reference.loopback_port().unwrap_or_default();
        Ok(Verdict::not_yet(
            format!("a registry at {host}"),
            "no registry answers there",
            format!(
                "start one: `docker run -d -p 127.0.0.1:{port}:5000 registry:2` (`docker ps` shows which ports lead where)"
            ),
        ))
    }

    fn compare(&self, inquiry: &Inquiry<'_>, name: &str, remote: &RegistryImage) -> Result<Verdict, Stop> {
        if remote.layers.is_empty() {
            return Err(Stop::CannotTell(Unavailable::new(
                format!(
                    "the registry has {name}, but not as an image that this engine knows: its layers cannot be seen"
                ),
                format!("get it from there, then check again: `docker pull {name}`"),
            )));
        }
        let mut candidates = self.from.iter().map(|from| inquiry.name(from)).chain([name.to_owned()]);
        let found = candidates.find_map(|local| match inquiry.image(&local) {
            Ok(Some(image)) => Some(Ok((local, image))),
            Ok(None) => None,
            Err(stop) => Some(Err(stop)),
        });
        // What was pushed and removed here has nothing to be compared with.
        let Some((local, image)) = found.transpose()? else { return Ok(Verdict::pass()) };
        if image.layers == remote.layers {
            return Ok(Verdict::pass());
        }
        let same = image.layers.iter().zip(&remote.layers).take_while(|(here, there)| here == there).count();
        let found = match (image.layers.len(), remote.layers.len()) {
            (_, there) if there == same => format!("another image: it lacks layer {} of {local}", same + 1),
            (here, _) if here == same => format!("another image: it has layers that {local} has not"),
            _ => format!("another image: its layer {} is not the one of {local}", same + 1),
        };
        let tag = if local == name { String::new() } else { format!("`docker tag {local} {name}`, then ") };
        Ok(Verdict::not_yet(
            format!("{name} in its registry to be the image {local} of this engine"),
            found,
            format!("what was built or tagged after a push is not in the registry: {tag}`docker push {name}`"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NotYet, Subject};
    use crate::evidence::{Answer, Evidence, Fact, ImageFacts, Need, RegistryFacts};
    use std::collections::BTreeMap;

    const NAME: &str = "127.0.0.1:5123/learner/web:v1";

    struct World {
        evidence: Evidence,
        own: bool,
    }

    impl World {
        fn new(registry: Answer) -> Self {
            let mut evidence = Evidence::new();
            evidence.insert(Need::Registry { name: NAME.into() }, registry);
            Self { evidence, own: false }
        }

        fn local(mut self, name: &str, layers: Option<&[&str]>) -> Self {
            let answer = layers.map_or(Answer::Absent, |layers| {
                let layers = layers.iter().map(|&layer| layer.to_owned()).collect();
                Answer::Found(Fact::Image(ImageFacts { layers, ..ImageFacts::default() }))
            });
            self.evidence.insert(Need::Image { name: name.into() }, answer);
            self
        }

        fn judged(&self) -> Result<Verdict, Stop> {
            let images = [("app", "e04/web:v1"), ("pushed", NAME)];
            let images: BTreeMap<String, String> = images.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
            let subject = Subject { images, token: String::new() };
            let kind = Registry { image: "pushed".into(), from: Some("app".into()), own: self.own };
            kind.judge(&Inquiry::new(&self.evidence, &subject))
        }

        fn not_yet(&self) -> NotYet {
            match self.judged() {
                Ok(Verdict::NotYet(not_yet)) => not_yet,
                other => panic!("{other:?}"),
            }
        }
    }

    fn remote(layers: &[&str]) -> Answer {
        let layers = layers.iter().map(|&layer| layer.to_owned()).collect();
        let image = Some(RegistryImage { layers, ..RegistryImage::default() });
        Answer::Found(Fact::Registry(RegistryFacts { image, ..RegistryFacts::default() }))
    }

    fn nothing(tags: &[&str]) -> Answer {
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        Answer::Found(Fact::Registry(RegistryFacts { tags, ..RegistryFacts::default() }))
    }

    #[test]
    fn each_step_that_is_missing_is_named() {
        let untouched = World::new(nothing(&[])).local(NAME, None).local("e04/web:v1", None).not_yet();
        assert!(untouched.advice.contains("docker build -t e04/web:v1 ."), "{untouched:?}");
        let built = World::new(nothing(&["v0"])).local(NAME, None).local("e04/web:v1", Some(&["a"])).not_yet();
        assert!(built.found.contains("means docker.io/e04/web:v1") && built.found.contains("it has v0"), "{built:?}");
        let tagged = World::new(nothing(&[])).local(NAME, Some(&["a"])).not_yet();
        assert!(tagged.found.contains("the registry has no such tag"), "{tagged:?}");
        assert!(tagged.advice.contains(&format!("docker push {NAME}")), "{tagged:?}");
    }

    #[test]
    fn layers_decide_and_what_is_gone_here_is_not_compared() {
        let app = |layers| World::new(remote(&["a", "b"])).local("e04/web:v1", layers).local(NAME, None);
        assert!(app(Some(&["a", "b"])).judged().unwrap().passed());
        assert!(app(None).judged().unwrap().passed());
        assert!(app(Some(&["a", "c"])).not_yet().found.contains("its layer 2 is not the one of e04/web:v1"));
        assert!(app(Some(&["a"])).not_yet().found.contains("it has layers that e04/web:v1 has not"));
        assert!(app(Some(&["a", "b", "c"])).not_yet().found.contains("it lacks layer 3"));
    }

    #[test]
    fn a_registry_that_does_not_answer_is_the_learners_task_only_where_they_run_it() {
        let mut world = World::new(Answer::Absent);
        assert!(matches!(world.judged(), Err(Stop::CannotTell(_))));
        world.own = true;
        assert!(world.not_yet().advice.contains("docker run -d -p 127.0.0.1:5123:5000 registry:2"));
        world = World::new(Answer::Unavailable(Unavailable::new("x", "y")));
        world.own = true;
        assert!(matches!(world.judged(), Err(Stop::CannotTell(_))));
    }
}
