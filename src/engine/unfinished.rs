//! Builds that did not come to their end, and the untagged images that they left behind.
//!
//! The classic builder makes an untagged image for each step and gives the tag last. A build that fails
//! or is cut off leaves these images without any name of ours; one that is cut off may even finish the
//! step that it was at. What such a build left was not there before it began, and is the last image that
//! it named, or lies below or upon it. (BuildKit leaves no images; where an engine tells no parents, nothing is found.)

use super::images::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// The builds of one run that go on, or that ended without giving their tag.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// By the tag that they were to give.
    builds: BTreeMap<String, Build>,
}

#[derive(Debug)]
struct Build {
    /// Every image that was there before.
    before: BTreeSet<String>,
    /// The last image that the builder named: the first twelve digits of its id.
    last: Option<String>,
    /// The builder said how it ended.
    ended: bool,
}

impl Unfinished {
    pub(super) fn begins(&mut self, tag: &str, before: &Snapshot) {
        self.builds.insert(tag.to_owned(), Build { before: before.all.clone(), last: None, ended: false });
    }

    /// The builder made or took an image (` ---> 0123456789ab`).
    pub(super) fn names(&mut self, tag: &str, image: &str) {
        if let Some(build) = self.builds.get_mut(tag) {
            build.last = Some(image.to_owned());
        }
    }

    /// The build has failed by itself.
    pub(super) fn ended(&mut self, tag: &str) {
        if let Some(build) = self.builds.get_mut(tag) {
            build.ended = true;
        }
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
        self.builds.values().all(|build| build.last.is_none())
    }

    /// What they left, of the images that there are now.
    pub(super) fn left(&self, now: &Snapshot) -> BTreeSet<String> {
        self.builds.values().flat_map(|build| build.left(now)).collect()
    }
}

impl Build {
    fn left(&self, now: &Snapshot) -> BTreeSet<String> {
        let mut left = BTreeSet::new();
        let named =
            |id: &&String| self.last.as_ref().is_some_and(|last| id.trim_start_matches("sha256:").starts_with(last));
        let Some(last) = now.all.iter().find(named) else { return left };
        let new = |id: &String| now.unnamed.contains_key(id) && !self.before.contains(id);
        let mut below = Some(last);
        while let Some(id) = below.filter(|id| new(id) && !left.contains(*id)) {
            left.insert(id.clone());
            below = now.unnamed.get(id);
        }
        let mut upon = BTreeSet::from([last]);
        loop {
            let more: BTreeSet<&String> = now
                .unnamed
                .iter()
                .filter(|(id, parent)| upon.contains(parent) && new(id) && !left.contains(*id))
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

    fn snapshot(images: &[(&str, &str)]) -> Snapshot {
        let unnamed: BTreeMap<String, String> =
            images.iter().map(|(id, parent)| (format!("sha256:{id}"), format!("sha256:{parent}"))).collect();
        let all = unnamed.keys().cloned().chain(["sha256:base".to_owned()]).collect();
        Snapshot { all, unnamed }
    }

    fn left(before: &[(&str, &str)], last: &str, now: &[(&str, &str)]) -> Vec<String> {
        let mut builds = Unfinished::default();
        builds.begins("tag", &snapshot(before));
        assert!(builds.is_empty());
        builds.names("tag", last);
        assert!(!builds.is_empty());
        let left = builds.left(&snapshot(now)).into_iter();
        left.map(|id| id.trim_start_matches("sha256:").to_owned()).collect()
    }

    #[test]
    fn what_came_since_upon_the_last_image_is_the_builds() {
        let learners = [("cached", "base"), ("theirs", "cached")];
        let now = [learners[0], learners[1], ("step1", "cached"), ("step2", "step1"), ("other", "base")];
        assert_eq!(left(&learners, "cached", &now), ["step1", "step2"]);
        assert_eq!(left(&learners, "step1", &now), ["step1", "step2"]);
        assert_eq!(left(&learners, "step2", &now), ["step1", "step2"]);
        assert_eq!(left(&learners, "gone", &now), [""; 0]);
    }
}
