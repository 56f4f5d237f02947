//! `differs`

use super::experiment::Part;
use super::{no_image, whole_layers};
use crate::check::matching::{Pattern, count, shown};
use crate::check::provenance::shortened;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{EntryKind, ImageFacts, LayersFacts};
use crate::layers::{Tolerance, compare_layers};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which layers two images are equal, and in which they differ.
///
/// **Why it matters**: two builds of one folder can share everything, or nothing. What they share was taken from the cache,
/// is stored once and sent once; what differs was made again. Ids and dates tell nothing of that, layers do.
///
/// A layer is known by the files that it brings: regular expressions over absolute paths; of several the topmost counts, whose
/// files containers see. Of two layers, `same` asks that
/// they hold the same and `other` that they hold something else. A layer that was made again with the same files holds
/// the same: times are not compared. `shared` asks for so many layers, from the bottom, that are one and the same
/// (equal diff ids).
///
/// ```yaml
/// check:
///   differs:
///     image: fresh
///     from: cached
///     shared: 1
///     same: [{ files: '^/app/server\.py$', what: the program }]
///     other: [{ files: '^/app/fetched$', what: the fetched list, advice: Let the build fetch it again. }]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Differs {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// The image that it is compared with, likewise.
    pub from: String,
    /// At least so many layers from the bottom are one and the same in both.
    #[serde(default)]
    pub shared: usize,
    /// The layers that bring these files hold the same in both.
    #[serde(default)]
    pub same: Vec<Part>,
    /// The layers that bring these files hold something else.
    #[serde(default)]
    pub other: Vec<Part>,
}

impl Differs {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let names = (inquiry.name(&self.image), inquiry.name(&self.from));
        let (Some(image), Some(from)) = (inquiry.image(&names.0)?, inquiry.image(&names.1)?) else {
            let missing = if inquiry.image(&names.0)?.is_none() { &names.0 } else { &names.1 };
            return no_image(inquiry, missing);
        };
        let shared = image.layers.iter().zip(&from.layers).take_while(|(a, b)| a == b).count();
        if shared < self.shared {
            return Ok(self.parted(&names, shared));
        }
        if self.same.is_empty() && self.other.is_empty() {
            return Ok(Verdict::pass());
        }
        let pair = Pair { names: &names, image, from, layers: (scan(inquiry, &names.0)?, scan(inquiry, &names.1)?) };
        let wrong = self.same.iter().find_map(|part| pair.not_the_same(part));
        let wrong = wrong.or_else(|| self.other.iter().find_map(|part| pair.not_another(part)));
        Ok(wrong.unwrap_or_else(Verdict::pass))
    }

    fn parted(&self, names: &(String, String), shared: usize) -> Verdict {
        let expected = format!("{} and {} to share at least {}", names.0, names.1, count(self.shared, "layer"));
        let found = match shared {
            0 => "their very first layers are different".to_owned(),
            shared => format!("they share {}, and differ from layer {} on", count(shared, "layer"), shared + 1),
        };
        Verdict::not_yet(expected, found, "build both on the same base, with the same first lines")
    }
}

/// Two images and what lies in them.
struct Pair<'a> {
    names: &'a (String, String),
    image: &'a ImageFacts,
    from: &'a ImageFacts,
    layers: (&'a LayersFacts, &'a LayersFacts),
}

/// How two layers stand to each other.
enum Relation {
    /// One layer.
    One,
    /// Two, with the same files.
    Alike,
    /// They differ in this path.
    Apart(String),
    /// This image has none.
    Lacking(String),
}

impl Pair<'_> {
    /// The verdict where a part does not hold the same in both.
    fn not_the_same(&self, part: &Part) -> Option<Verdict> {
        let (relation, step) = self.relation(part);
        let path = match relation {
            Relation::Apart(path) => path,
            Relation::Lacking(name) => return Some(lacking(part, &name)),
            Relation::One | Relation::Alike => return None,
        };
        let found = format!("{} is not the same: {step} gave them different contents", shown(&path));
        let wish = format!("{} to be the same in {} and in {}", part.what, self.names.0, self.names.1);
        Some(verdict(part, wish, found, "build both from the same files"))
    }

    /// The verdict where a part holds the same in both.
    fn not_another(&self, part: &Part) -> Option<Verdict> {
        let (relation, step) = self.relation(part);
        let found = match relation {
            Relation::Apart(_) => return None,
            Relation::Lacking(name) => return Some(lacking(part, &name)),
            Relation::One if self.image.layers == self.from.layers => {
                format!(
                    "all their layers are the same: {} came from the cache as a whole, or is only another name of {}",
                    self.names.0, self.names.1
                )
            }
            Relation::One => format!("both have the very same layer of {step}: it came from the cache"),
            Relation::Alike => format!("{step} was run again, and made the same"),
        };
        let wish = format!("{} to differ between {} and {}", part.what, self.names.0, self.names.1);
        Some(verdict(part, wish, found, "let the build run that step again, without the cache"))
    }

    /// How the layers stand to each other that bring a part, and the step behind the first image's.
    fn relation(&self, part: &Part) -> (Relation, String) {
        let (image, from) = self.layers;
        let Some(one) = bringing(image, &part.files).map(|index| &image.layers[index]) else {
            return (Relation::Lacking(self.names.0.clone()), String::new());
        };
        let Some(other) = bringing(from, &part.files).map(|index| &from.layers[index]) else {
            return (Relation::Lacking(self.names.1.clone()), String::new());
        };
        let step = shown(&shortened(one.created_by.as_deref().unwrap_or_default()));
        let relation = match compare_layers(one, other, Tolerance::Copied).into_iter().next() {
            Some(difference) => Relation::Apart(format!("/{}", difference.path)),
            None if one.diff_id == other.diff_id => Relation::One,
            None => Relation::Alike,
        };
        (relation, step)
    }
}

fn verdict(part: &Part, expected: String, found: String, advice: &str) -> Verdict {
    Verdict::not_yet(expected, found, part.advice.clone().unwrap_or_else(|| advice.into()))
}

/// The verdict where an image has nothing of a part.
fn lacking(part: &Part, name: &str) -> Verdict {
    let found = "no layer of it brings a file of that kind".to_owned();
    verdict(part, format!("{} in {name}", part.what), found, "see which Dockerfile it was built from")
}

/// The topmost layer that brings such files: what containers see of them. None where it takes them away.
fn bringing(layers: &LayersFacts, files: &Pattern) -> Option<usize> {
    let named = |layer: usize| {
        let entries = layers.layers[layer].entries.iter();
        entries.filter(|(path, _)| files.found_in(&format!("/{path}"))).map(|(_, entry)| entry.change)
    };
    let is_file = |kind| matches!(kind, EntryKind::File | EntryKind::Link | EntryKind::HardLink);
    let concerned = |layer: &usize| named(*layer).any(|kind| is_file(kind) || kind == EntryKind::Whiteout);
    let top = (0..layers.layers.len()).rev().find(concerned)?;
    named(top).any(is_file).then_some(top)
}

fn scan<'a>(inquiry: &Inquiry<'a>, name: &str) -> Result<&'a LayersFacts, Stop> {
    whole_layers(inquiry, name, 0, name, &format!("{name} is gone while it was looked at"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{NotYet, Subject};
    use crate::evidence::{Answer, EntryFacts, Evidence, Fact, LayerFacts, Need};
    use std::collections::BTreeMap;

    const SPEC: &str = r"
image: fresh
from: old
shared: 1
same: [{ files: '^/app/run$', what: the program }]
other: [{ files: '^/app/fetched$', what: the fetched data }]
";

    /// Layers are `(diff id, path, content)`.
    type Layers<'a> = &'a [(&'a str, &'a str, &'a str)];

    const OLD: Layers<'_> = &[("base", "bin/sh", "sh"), ("copied", "app/run", "v1"), ("made", "app/fetched", "one")];

    fn add(evidence: &mut Evidence, name: &str, layers: Layers<'_>) {
        let entry = |content: &str| EntryFacts::plain(EntryKind::File, 1, content);
        let layer = |(id, path, content): &(&str, &str, &str)| LayerFacts {
            diff_id: (*id).into(),
            created_by: Some(format!("RUN {path}")),
            size: 1,
            entries: BTreeMap::from([((*path).to_owned(), entry(content))]),
        };
        let image =
            ImageFacts { layers: layers.iter().map(|(id, ..)| (*id).to_owned()).collect(), ..ImageFacts::default() };
        evidence.insert(Need::Image { name: name.into() }, Answer::Found(Fact::Image(image)));
        let scan = LayersFacts { layers: layers.iter().map(layer).collect(), truncated: false };
        evidence.insert(Need::Layers { image: name.into(), skip: 0 }, Answer::Found(Fact::Layers(scan)));
    }

    fn judged(fresh: Layers<'_>) -> Result<Verdict, Stop> {
        let mut evidence = Evidence::new();
        add(&mut evidence, "old", OLD);
        add(&mut evidence, "fresh", fresh);
        let kind: Differs = crate::course::read_yaml(SPEC).unwrap_or_else(|(at, what)| panic!("{at:?}: {what}"));
        kind.judge(&Inquiry::new(&evidence, &Subject::default()))
    }

    fn not_yet(fresh: Layers<'_>) -> NotYet {
        match judged(fresh) {
            Ok(Verdict::NotYet(not_yet)) => not_yet,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_layer_that_was_made_again_with_other_contents_differs_and_one_with_the_same_does_not() {
        let fresh: Layers<'_> = &[OLD[0], ("copied-later", "app/run", "v1"), ("made-later", "app/fetched", "two")];
        assert_eq!(judged(fresh), Ok(Verdict::pass()));
        let alike: Layers<'_> = &[OLD[0], OLD[1], ("made-later", "app/fetched", "one")];
        let told = not_yet(alike);
        assert!(told.found.contains("`RUN app/fetched` was run again, and made the same"), "{told:?}");
        assert_eq!(told.expected, "the fetched data to differ between fresh and old");
        let edited: Layers<'_> = &[OLD[0], ("edited", "app/run", "v2"), ("made-later", "app/fetched", "two")];
        assert!(not_yet(edited).found.starts_with("`/app/run` is not the same"));
    }

    #[test]
    fn what_came_from_the_cache_and_what_is_only_a_second_name_are_told_apart() {
        let cached: Layers<'_> = &[OLD[0], OLD[1], OLD[2], ("more", "app/more", "x")];
        assert!(not_yet(cached).found.contains("it came from the cache"));
        assert!(not_yet(OLD).found.ends_with("or is only another name of old"));
    }

    #[test]
    fn the_layer_whose_files_containers_see_decides() {
        let written_later: Layers<'_> = &[OLD[0], OLD[1], OLD[2], ("by-hand", "app/fetched", "two")];
        assert_eq!(judged(written_later), Ok(Verdict::pass()));
        let layers = |kinds: &[EntryKind]| {
            let layer = |change: &EntryKind| {
                let entry = EntryFacts { change: *change, mode: 0, uid: 0, gid: 0, size: 0, content: String::new() };
                LayerFacts { entries: BTreeMap::from([("a".to_owned(), entry)]), ..LayerFacts::default() }
            };
            LayersFacts { layers: kinds.iter().map(layer).collect(), truncated: false }
        };
        let files: Pattern = serde_json::from_str("\"^/a$\"").unwrap();
        assert_eq!(bringing(&layers(&[EntryKind::File, EntryKind::Whiteout]), &files), None);
        assert_eq!(bringing(&layers(&[EntryKind::File, EntryKind::File, EntryKind::Directory]), &files), Some(1));
    }

    #[test]
    fn the_bottom_must_be_shared_and_the_files_be_there() {
        let other_base: Layers<'_> = &[("alpine", "bin/sh", "sh"), OLD[1], ("later", "app/fetched", "two")];
        assert_eq!(not_yet(other_base).found, "their very first layers are different");
        let nothing: Layers<'_> = &[OLD[0], OLD[1]];
        let found = not_yet(nothing);
        assert!(found.expected.contains("the fetched data in fresh"), "{found:?}");
    }

    #[test]
    fn an_image_that_is_missing_is_named() {
        let mut evidence = Evidence::new();
        add(&mut evidence, "fresh", OLD);
        evidence.insert(Need::Image { name: "old".into() }, Answer::Absent);
        let kind: Differs = crate::course::read_yaml(SPEC).unwrap_or_else(|(at, what)| panic!("{at:?}: {what}"));
        let verdict = kind.judge(&Inquiry::new(&evidence, &Subject::default())).unwrap();
        assert!(matches!(verdict, Verdict::NotYet(not_yet) if not_yet.expected.contains("named old")));
    }
}
