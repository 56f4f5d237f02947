//! Which steps ran again, by the builder's word and by the layers.

use super::{Experiment, Made, Part, Step};
use crate::check::kinds::whole_layers;
use crate::check::matching::{Pattern, shown};
use crate::check::provenance::{config_difference, shortened};
use crate::check::step_place::{placed, plain};
use crate::check::{ForTheMessage, Inquiry, Stop, Verdict};
use crate::dockerfile::Body;
use crate::evidence::{BuildFacts, EntryKind, ImageFacts, LayerFacts, LayersFacts, StepFacts};
use crate::layers::{Tolerance, compare_layers};
use std::collections::{BTreeMap, BTreeSet};

impl Experiment {
    /// The verdict where layers or configuration differ.
    pub(super) fn not_the_same(&self, inquiry: &Inquiry<'_>, made: &Made<'_>) -> Result<Option<Verdict>, Stop> {
        let (before, after) = (made.before, made.after);
        let story = &made.story;
        let expected = "the same image, layer by layer".to_owned();
        if let Some(index) = first_difference(before, after) {
            // What it is that came in says more than the number of a layer.
            let layers = scanned(inquiry, &made.facts.after, index)?;
            let changed = layers.layers.get(index);
            let nonce = made.facts.nonce.as_str();
            let edited: Vec<String> = self.change.edit.keys().map(|path| path.replace("{{nonce}}", nonce)).collect();
            let came = changed.and_then(|layer| {
                let named = |path: &&String| {
                    edited.iter().any(|edit| path.as_str() == edit || path.ends_with(&format!("/{edit}")))
                };
                layer.entries.keys().find(named)
            });
            let step = changed.map(|layer| layer_words(layer, &made.facts.after.steps)).unwrap_or_default();
            let found = match came {
                Some(path) => format!("layer {} ({step}) now holds /{path}", index + 1),
                None => match Self::differing(inquiry, made, index, changed)? {
                    Some(path) => format!("layer {} ({step}) is not the same any more: {}", index + 1, shown(&path)),
                    None => format!("layer {} ({step}) is not the same any more", index + 1),
                },
            };
            let advice = "a file that the image does not need must not reach the build: exclude it in .dockerignore, and see what gets through with dlearn context";
            return Ok(Some(Verdict::not_yet(expected, format!("{story}: {found}"), advice)));
        }
        Ok(config_difference(&before.config, &after.config).map(|(what, old, new)| {
            Verdict::not_yet(
                expected,
                format!("{story}: {what} was {} and is {}", shown(&old), shown(&new)),
                "see where your Dockerfile takes that value from",
            )
        }))
    }

    /// The first path in which a layer differs from the one that the change replaced, where that can be seen.
    fn differing(
        inquiry: &Inquiry<'_>,
        made: &Made<'_>,
        index: usize,
        changed: Option<&LayerFacts>,
    ) -> Result<Option<String>, Stop> {
        let before = scanned(inquiry, &made.facts.before, index).for_the_message()?;
        let before = before.and_then(|layers| layers.layers.get(index));
        let differing = before.zip(changed).map(|(one, other)| compare_layers(one, other, Tolerance::Copied));
        Ok(differing.and_then(|all| Some(format!("/{}", all.first()?.path))))
    }

    /// The verdict where a step that brought `part` ran again. In a stage that holds nothing of it, there is none.
    pub(super) fn kept(&self, inquiry: &Inquiry<'_>, made: &Made<'_>, part: &Part, stage: Option<&str>) -> Step<()> {
        let layers = scanned(inquiry, &made.facts.before, made.skip)?;
        let brought = bringing(layers, &part.files);
        if brought.is_empty() && stage.is_none() {
            return Ok(Err(nothing_of(part, "")));
        }
        for (index, path) in brought {
            let layer = &layers.layers[index];
            let steps = &made.facts.after.steps;
            let said = step_of(layer, steps);
            let again = match said {
                Some(step) => !step.cached,
                None if made.after.layers.contains(&layer.diff_id) => false,
                None if layer.created_by.as_deref().is_some_and(is_run) => true,
                // What is copied once more, and is the same, was not made again.
                None => {
                    let after = scanned(inquiry, &made.facts.after, made.skip)?;
                    contents(layers, &part.files) != contents(after, &part.files)
                }
            };
            if again {
                let words = layer_words(layer, steps);
                let at = stage.map(|stage| format!(" in stage {stage}")).unwrap_or_default();
                let found = format!(
                    "{}, and {} ran again{at} (layer {} of {}, which brings {path})",
                    made.story,
                    shown(&words),
                    index + 1,
                    layers.layers.len()
                );
                let culprit = said.and_then(|step| first_uncached(steps, step));
                let advice = part.advice.clone().unwrap_or_else(|| advice(&words, culprit));
                let verdict = Verdict::not_yet(format!("{} to come from the cache", part.what), found, advice);
                return Ok(Err(placed(inquiry, verdict, &self.file(), &words)?));
            }
        }
        Ok(Ok(()))
    }

    /// The verdict where the steps that bring `part` came from the cache.
    pub(super) fn renewed(&self, inquiry: &Inquiry<'_>, made: &Made<'_>, part: &Part) -> Step<()> {
        let layers = scanned(inquiry, &made.facts.after, made.skip)?;
        let brought = bringing(layers, &part.files);
        let Some((index, _)) = brought.first() else {
            return Ok(Err(nothing_of(part, &format!("{}, and ", made.story))));
        };
        let layer = &layers.layers[*index];
        let again = match step_of(layer, &made.facts.after.steps) {
            Some(step) => !step.cached,
            None => !made.before.layers.contains(&layer.diff_id),
        };
        if again {
            return Ok(Ok(()));
        }
        let words = layer_words(layer, &made.facts.after.steps);
        let found = format!("{}, and {} did not run again", made.story, shown(&words));
        let own = "that step depends on nothing that was changed: let it read what it should follow";
        let advice = part.advice.clone().unwrap_or_else(|| own.into());
        let verdict = Verdict::not_yet(format!("{} to be made anew", part.what), found, advice);
        Ok(Err(placed(inquiry, verdict, &self.file(), &words)?))
    }
}

/// Nothing of it is there; `before` is what was done first.
fn nothing_of(part: &Part, before: &str) -> Verdict {
    let own = "see that the step which should make them is in your Dockerfile";
    Verdict::not_yet(
        format!("{} in the image", part.what),
        format!("{before}no layer of yours brings a file of that kind"),
        part.advice.clone().unwrap_or_else(|| own.into()),
    )
}

/// What to do about a step that ran again because of `culprit`, or by itself.
fn advice(words: &str, culprit: Option<&StepFacts>) -> String {
    match culprit {
        Some(culprit) => format!(
            "it stands after {}, which takes in what I changed, and whatever stands after a changed step runs again: \
             copy only what it needs before it, and the rest after it",
            shown(&culprit.text)
        ),
        None if words.starts_with("RUN ") => {
            "it reads what I changed by itself, through a mount: mount only the files that it needs".into()
        }
        None => "what it copies has changed: see which step made that, and what that step needs".into(),
    }
}

/// The layers of a build's image, from layer `skip` on.
fn scanned<'a>(inquiry: &Inquiry<'a>, build: &BuildFacts, skip: usize) -> Result<&'a LayersFacts, Stop> {
    whole_layers(inquiry, &build.tag, skip, "the image", "an image that was just built is gone again")
}

/// The first layer in which two images differ.
fn first_difference(before: &ImageFacts, after: &ImageFacts) -> Option<usize> {
    let same = before.layers.iter().zip(&after.layers).take_while(|(a, b)| a == b).count();
    (before.layers.len() != same || after.layers.len() != same).then_some(same)
}

/// The layers that bring files which were not there below, each with the first of its files.
fn bringing(layers: &LayersFacts, files: &Pattern) -> Vec<(usize, String)> {
    let mut known = BTreeSet::new();
    let mut found: Vec<(usize, String)> = Vec::new();
    for (index, layer) in layers.layers.iter().enumerate() {
        let is_file = |kind| matches!(kind, EntryKind::File | EntryKind::Link | EntryKind::HardLink);
        for (path, _) in layer.entries.iter().filter(|(_, entry)| is_file(entry.change)) {
            let shown = format!("/{path}");
            if files.found_in(&shown) && known.insert(path) && found.last().is_none_or(|(last, _)| *last != index) {
                found.push((index, shown));
            }
        }
    }
    found
}

/// What the files hold in the end.
fn contents<'a>(layers: &'a LayersFacts, files: &Pattern) -> BTreeMap<&'a str, &'a str> {
    let entries = layers.layers.iter().flat_map(|layer| &layer.entries);
    let wanted = entries.filter(|(path, _)| files.found_in(&format!("/{path}")));
    wanted.map(|(path, entry)| (path.as_str(), entry.content.as_str())).collect()
}

/// What the builder said of the step that made a layer, where that was a RUN and one step only can be meant.
fn step_of<'s>(layer: &LayerFacts, steps: &'s [StepFacts]) -> Option<&'s StepFacts> {
    let made_by = layer.created_by.as_deref().filter(|made_by| is_run(made_by))?;
    let wanted = plain(made_by);
    let mut same = steps.iter().filter(|step| is_run(&step.text) && plain(&step.text) == wanted);
    match (same.next(), same.next()) {
        (Some(step), None) => Some(step),
        _ => None,
    }
}

fn is_run(instruction: &str) -> bool {
    instruction.get(..4).is_some_and(|keyword| keyword.eq_ignore_ascii_case("RUN "))
}

/// The first step before `step`, in its stage, that did not come from the cache.
fn first_uncached<'s>(steps: &'s [StepFacts], step: &StepFacts) -> Option<&'s StepFacts> {
    let before = steps.iter().filter(|one| one.stage == step.stage && one.number < step.number && !one.cached);
    before.min_by_key(|one| one.number)
}

/// The instruction that made a layer, as its author wrote it where the builder says so.
fn layer_words(layer: &LayerFacts, steps: &[StepFacts]) -> String {
    if let Some(step) = step_of(layer, steps) {
        return step.text.clone();
    }
    shortened(layer.created_by.as_deref().unwrap_or_default())
}

/// A Dockerfile up to the end of a stage, where that is not its last one anyway.
pub(super) fn ending_with(text: &str, number: &str) -> Option<String> {
    let dockerfile = crate::dockerfile::parse(text);
    let stage = dockerfile.stage(number).filter(|stage| stage.index + 1 < dockerfile.stages.len())?;
    Some(format!("{}\n", &text[..stage.span.end]))
}

/// A Dockerfile in which each FROM that names `base` names `other`.
pub(super) fn with_base(text: &str, base: &str, other: &str) -> String {
    let dockerfile = crate::dockerfile::parse(text);
    let mut named: Vec<_> = dockerfile
        .stages
        .iter()
        .filter(|stage| dockerfile.base_of(stage).is_some_and(|name| same_image(&name, base)))
        .filter_map(|stage| match stage.instructions.first().map(|from| &from.body) {
            // A stage on another stage has the same base, and does not name it.
            Some(Body::From { base_span, base, .. }) => {
                let earlier = dockerfile.stages[..stage.index]
                    .iter()
                    .any(|one| one.name.as_deref() == Some(&base.to_lowercase()));
                (!earlier).then_some(*base_span)
            }
            _ => None,
        })
        .collect();
    named.sort_by_key(|span| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for span in named {
        text.replace_range(span.start..span.end, other);
    }
    text
}

/// Whether two names mean one image: `docker.io/library/` and `:latest` may be left out.
fn same_image(a: &str, b: &str) -> bool {
    fn whole(name: &str) -> String {
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name);
        let tagged = name.contains('@') || name.rsplit('/').next().is_some_and(|last| last.contains(':'));
        if tagged { name.to_owned() } else { format!("{name}:latest") }
    }
    whole(a) == whole(b)
}
