//! Builds that did not come to their end, and the untagged images that they left behind.
//!
//! The classic builder makes an untagged image for each step and gives the tag last. A build that fails
//! or is cut off leaves these images without any name of ours; one that is cut off may even finish the
//! step that it was at. And the stages besides the last one have no name even where the build goes well. What a
//! build left was not there before it began, and is an image that it said it made; if it was cut off, also
//! what lies upon the last; and if it ran triggers (ONBUILD), of which the builder names the last image only, what lies
//! upon the image that they belong to. (BuildKit leaves no images; where an engine tells no parents, nothing is found.)

use super::{super::images::Unnamed, starts};
use std::collections::{BTreeMap, BTreeSet};

/// The builds of one run that go on, or that ended without giving their tag.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// By the tag that they were to give.
    builds: BTreeMap<String, Build>,
}

#[derive(Debug, Default)]
struct Build {
    /// Every image that was there before.
    before: BTreeSet<String>,
    /// The images that the builder made, in their order: the first twelve digits of their ids.
    made: Vec<String>,
    /// The last image that it named, made or taken.
    last: Option<String>,
    /// The image whose triggers it ran.
    triggered: Option<String>,
    /// The builder said how it ended.
    ended: bool,
}

impl Unfinished {
    pub(super) fn begins(&mut self, tag: &str, before: BTreeSet<String>) {
        self.builds.insert(tag.to_owned(), Build { before, ..Build::default() });
    }

    /// The builder made or took an image (` ---> 0123456789ab`).
    pub(super) fn names(&mut self, tag: &str, image: &str, made: bool) {
        if let Some(build) = self.builds.get_mut(tag) {
            build.last = Some(image.to_owned());
            build.made.extend(made.then(|| image.to_owned()));
        }
    }

    /// The builder runs the triggers of this image.
    pub(super) fn runs_triggers(&mut self, tag: &str, base: &str) {
        if let Some(build) = self.builds.get_mut(tag) {
            build.triggered = Some(base.to_owned());
        }
    }

    /// Whether the builder said that it made this image; nothing where it says no such thing.
    pub(super) fn has_made(&self, tag: &str, image: &str) -> Option<bool> {
        self.builds.get(tag).map(|build| build.made.iter().any(|made| starts(image, made)))
    }

    /// The build has failed by itself.
    pub(super) fn ended(&mut self, tag: &str) {
        if let Some(build) = self.builds.get_mut(tag) {
            build.ended = true;
        }
    }

    /// Takes the images of `chain` out: they have a name of ours upon them. Whether nothing new is left.
    pub(super) fn made_only(&mut self, tag: &str, chain: &[String]) -> bool {
        let Some(build) = self.builds.get_mut(tag) else { return true };
        build.made.retain(|named| !chain.iter().chain(&build.before).any(|id| starts(id, named)));
        build.made.is_empty() && build.triggered.is_none()
    }

    /// Whether the engine may still be at a step of one of them.
    pub(super) fn any_was_cut_off(&self) -> bool {
        self.builds.values().any(|build| build.last.is_some() && !build.ended)
    }

    /// The build has given its tag.
    pub(super) fn succeeded(&mut self, tag: &str) {
        self.builds.remove(tag);
    }

    /// Whether anything may have been left.
    pub(super) fn is_empty(&self) -> bool {
        let nothing =
            |build: &Build| build.made.is_empty() && build.triggered.is_none() && (build.ended || build.last.is_none());
        self.builds.values().all(nothing)
    }

    /// What they left, of the images that there are now.
    pub(super) fn left(&self, now: &Unnamed) -> BTreeSet<String> {
        self.builds.values().flat_map(|build| build.left(now)).collect()
    }
}

impl Build {
    fn left(&self, now: &Unnamed) -> BTreeSet<String> {
        let new = |id: &String| now.contains_key(id) && !self.before.contains(id);
        let made = |id: &&String| self.made.iter().any(|made| starts(id, made));
        let mut left: BTreeSet<String> = now.keys().filter(|id| new(id) && made(id)).cloned().collect();
        // Upon the last one only a build that was cut off goes on: what lies on another's is somebody else's.
        let last = self.last.as_ref().filter(|_| !self.ended);
        let mut upon: BTreeSet<&String> = last.into_iter().chain(&self.triggered).collect();
        loop {
            let more: BTreeSet<&String> = now
                .iter()
                .filter(|(_, parent)| upon.iter().any(|below| starts(parent, below)))
                .filter(|(id, _)| new(id) && !left.contains(*id))
                .map(|(id, _)| id)
                .collect();
            if more.is_empty() {
                return left;
            }
            left.extend(more.iter().map(|id| (*id).clone()));
            upon = more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unnamed(images: &[(&str, &str)]) -> Unnamed {
        images.iter().map(|(id, parent)| (format!("sha256:{id}"), format!("sha256:{parent}"))).collect()
    }

    fn left(before: &[(&str, &str)], named: &[&str], now: &[(&str, &str)]) -> Vec<String> {
        let mut builds = Unfinished::default();
        builds.begins("tag", unnamed(before).into_keys().collect());
        assert!(builds.is_empty());
        for named in named {
            builds.names("tag", named, *named != "cached");
        }
        assert!(!builds.is_empty());
        let left = builds.left(&unnamed(now)).into_iter();
        left.map(|id| id.trim_start_matches("sha256:").to_owned()).collect()
    }

    #[test]
    fn what_came_since_upon_the_last_image_is_the_builds() {
        let learners = [("cached", "base"), ("theirs", "cached")];
        let now = [learners[0], learners[1], ("step1", "cached"), ("step2", "step1"), ("other", "base")];
        assert_eq!(left(&learners, &["cached"], &now), ["step1", "step2"]);
        assert_eq!(left(&learners, &["cached", "step1"], &now), ["step1", "step2"]);
        assert_eq!(left(&learners, &["cached", "step1", "step2"], &now), ["step1", "step2"]);
        assert_eq!(left(&learners, &["gone"], &now), [""; 0]);
        // Somebody else made it meanwhile.
        let learners = [("other", "base")];
        assert_eq!(left(&learners, &["cached"], &[("cached", "base"), ("other", "base")]), [""; 0]);
    }

    #[test]
    fn of_a_build_that_ended_only_what_it_named_is_its_own() {
        let now = unnamed(&[("stage", "base"), ("step", "base"), ("somebody", "step")]);
        let mut builds = Unfinished::default();
        builds.begins("tag", BTreeSet::new());
        for (named, made) in [("base", false), ("stage", true), ("step", true)] {
            builds.names("tag", named, made);
        }
        builds.ended("tag");
        let left: Vec<String> = builds.left(&now).into_iter().collect();
        assert_eq!(left, ["sha256:stage", "sha256:step"]);
        assert!(!builds.any_was_cut_off());
    }

    #[test]
    fn what_triggers_made_is_found_though_the_builder_names_none_of_it() {
        let mut builds = Unfinished::default();
        builds.begins("tag", unnamed(&[("old", "kit")]).into_keys().collect());
        builds.runs_triggers("tag", "sha256:kit");
        builds.ended("tag");
        assert!(!builds.is_empty());
        let now = unnamed(&[("old", "kit"), ("copied", "kit"), ("made", "copied"), ("elsewhere", "base")]);
        let left: Vec<String> = builds.left(&now).into_iter().collect();
        assert_eq!(left, ["sha256:copied", "sha256:made"]);
    }
}
