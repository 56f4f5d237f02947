//! `layers`

use super::{base_image, no_image, workspace_base};
use crate::check::matching::{Pattern, shown};
use crate::check::provenance::shortened;
use crate::check::step_place::placed;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{EntryKind, LayersFacts, Unavailable};
use crate::layers::Stack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Files that no layer of the image may hold, not even one whose files a later layer deletes. The base's own layers do
/// not count.
///
/// **Why it matters**: a layer never changes once it is written. A later `RUN rm` hides a file from containers; its bytes
/// stay, they are sent with every push and pull, and whoever has the image can read them. The image's archive is read
/// layer by layer, and nothing of it is run.
///
/// Paths are absolute, and the patterns are regular expressions over them; they are tried on files, links and devices,
/// and on directories not.
///
/// ```yaml
/// check:
///   layers: { image: app, absent: ['/\.env$', '/\.git/'], except: ['^/app/fixtures/'], what: keys and histories }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// Paths that must be in no layer above the base's.
    pub absent: Vec<Pattern>,
    /// Paths that may be there all the same.
    #[serde(default)]
    pub except: Vec<Pattern>,
    /// What such files are, in words (`keys`); by default the patterns are shown.
    #[serde(default)]
    pub what: Option<String>,
    /// The base, by the exercise's or any local name; by default the base of the Dockerfile's last stage.
    #[serde(default)]
    pub base: Option<String>,
}

/// Paths that a message names.
const NAMED: usize = 4;

/// Forbidden files of one layer.
struct Held<'a> {
    layer: usize,
    paths: Vec<&'a str>,
    bytes: u64,
    /// How many of them no container sees, and the last layer that hid one.
    hidden: usize,
    hidden_by: Option<usize>,
}

impl Layers {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return no_image(inquiry, &name);
        };
        let base_name = match &self.base {
            Some(base) => inquiry.name(base),
            None => match workspace_base(inquiry, "Dockerfile", None, &BTreeMap::new())? {
                Ok(base) => base,
                Err(verdict) => return Ok(verdict),
            },
        };
        let skip = if base_name == "scratch" {
            0
        } else {
            match base_image(inquiry, &base_name)? {
                Ok(base) if image.layers.starts_with(&base.layers) => base.layers.len(),
                // On another base than the Dockerfile names all of its layers are looked through.
                Ok(_) => 0,
                Err(verdict) => return Ok(verdict),
            }
        };
        let Some(layers) = inquiry.layers(&name, skip)? else {
            return no_image(inquiry, &name);
        };
        let held = self.held(layers, skip);
        if let Some(first) = held.first() {
            let verdict = self.holds(&name, layers, first, &held[1..]);
            let step = layers.layers.get(first.layer).and_then(|layer| layer.created_by.as_deref());
            return match step {
                Some(words) => placed(inquiry, verdict, "Dockerfile", words),
                None => Ok(verdict),
            };
        }
        if layers.truncated {
            return Err(Stop::CannotTell(Unavailable::new(
                format!("{name} holds more files than can be looked through one by one"),
                "build it on a smaller base, or copy less into it, and check again",
            )));
        }
        Ok(Verdict::pass())
    }

    fn forbids(&self, path: &str) -> bool {
        self.absent.iter().any(|pattern| pattern.found_in(path))
            && !self.except.iter().any(|pattern| pattern.found_in(path))
    }

    /// What the layers from `skip` on hold of it, from the bottom.
    fn held<'a>(&self, layers: &'a LayersFacts, skip: usize) -> Vec<Held<'a>> {
        let stack = Stack::of(layers);
        let hidden: BTreeMap<_, _> = stack.hidden.iter().map(|one| ((one.layer, one.path), one)).collect();
        let is_file =
            |kind| matches!(kind, EntryKind::File | EntryKind::Link | EntryKind::HardLink | EntryKind::Special);
        let in_layer = |(index, layer): (usize, &'a crate::evidence::LayerFacts)| {
            let mut held = Held { layer: index, paths: Vec::new(), bytes: 0, hidden: 0, hidden_by: None };
            for (path, entry) in layer.entries.iter().filter(|(_, entry)| is_file(entry.change)) {
                if !self.forbids(&format!("/{path}")) {
                    continue;
                }
                held.paths.push(path);
                held.bytes = held.bytes.saturating_add(entry.size);
                let by = hidden.get(&(index, path.as_str()));
                held.hidden += usize::from(by.is_some());
                held.hidden_by = held.hidden_by.max(by.filter(|by| by.deleted).map(|by| by.by));
            }
            (!held.paths.is_empty()).then_some(held)
        };
        layers.layers.iter().enumerate().skip(skip).filter_map(in_layer).collect()
    }

    /// The verdict where a layer holds such files; `others` are further layers that do.
    fn holds(&self, name: &str, layers: &LayersFacts, first: &Held<'_>, others: &[Held<'_>]) -> Verdict {
        let what = self.what.clone().unwrap_or_else(|| {
            let patterns = self.absent.iter().map(|pattern| format!("`{}`", pattern.as_str()));
            format!("a path like {}", patterns.collect::<Vec<_>>().join(" or "))
        });
        let made_by = |index: usize| {
            let words = layers.layers.get(index).and_then(|layer| layer.created_by.as_deref()).unwrap_or_default();
            let words = if words.is_empty() { String::new() } else { format!(" ({})", shown(&shortened(words))) };
            format!("layer {}{words}", index + 1)
        };
        let mut found = format!("{} holds {}", made_by(first.layer), listed(&first.paths));
        if first.bytes >= 1_000_000 {
            found += &format!(", {} MB in all", first.bytes / 1_000_000);
        }
        let numbers: Vec<String> = others.iter().map(|held| (held.layer + 1).to_string()).collect();
        match numbers.as_slice() {
            [] => {}
            [one] => found += &format!("; so does layer {one}"),
            many => found += &format!("; so do layers {}", many.join(", ")),
        }
        let all_hidden = first.hidden == first.paths.len();
        let advice = match first.hidden_by {
            Some(by) if all_hidden => {
                found +=
                    &format!(", and {} deletes that, which only hides it: the bytes are still stored", made_by(by));
                "do not let it come into a layer at all: leave it out of the build with .dockerignore, copy only what is \
                 needed, or remove it in the same RUN that makes it"
            }
            _ => {
                "leave it out of the build, with a line in .dockerignore or a COPY that names what is needed; a later RUN rm \
                 would only hide it"
            }
        };
        Verdict::not_yet(format!("no layer of {name} to hold {what}"), found, advice)
    }
}

/// `/a, /b and 7 more`
fn listed(paths: &[&str]) -> String {
    let named: Vec<String> = paths.iter().take(NAMED).map(|path| shown(&format!("/{path}"))).collect();
    match paths.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::course::read_yaml;
    use crate::evidence::{Answer, EngineFacts, EntryFacts, Evidence, Fact, ImageFacts, LayerFacts, Need, TextFacts};

    const BASE: &str = "busybox:1.36";

    fn entry(change: EntryKind, size: u64) -> EntryFacts {
        EntryFacts::plain(change, size, "")
    }

    fn layer(made_by: &str, files: &[&str], gone: &[&str]) -> LayerFacts {
        let files = files.iter().map(|path| ((*path).to_owned(), entry(EntryKind::File, 1_500_000)));
        let gone = gone.iter().map(|path| ((*path).to_owned(), entry(EntryKind::Whiteout, 0)));
        LayerFacts {
            diff_id: made_by.into(),
            created_by: Some(made_by.into()),
            entries: files.chain(gone).collect(),
            ..LayerFacts::default()
        }
    }

    /// Judges an image with the base's layer and these above it.
    fn judged(check: &str, own: Vec<LayerFacts>, truncated: bool) -> Result<Verdict, Stop> {
        let check: Layers = read_yaml(check).unwrap_or_else(|(_, what)| panic!("{what}"));
        let base = layer("base", &["etc/.env"], &[]);
        let mut layers: Vec<LayerFacts> = std::iter::once(base).chain(own).collect();
        let ids = |layers: &[LayerFacts]| layers.iter().map(|layer| layer.diff_id.clone()).collect::<Vec<_>>();
        let image = ImageFacts { layers: ids(&layers), ..ImageFacts::default() };
        let base = ImageFacts { layers: ids(&layers[..1]), ..ImageFacts::default() };
        // As the engine answers: what was skipped has no entries.
        layers[0].entries.clear();
        let mut evidence = Evidence::new();
        let text = format!("FROM {BASE}\nCOPY . .\n");
        for (need, fact) in [
            (Need::Engine, Fact::Engine(EngineFacts::default())),
            (Need::Image { name: "app".into() }, Fact::Image(image)),
            (Need::Image { name: BASE.into() }, Fact::Image(base)),
            (Need::WorkspaceFile { path: "Dockerfile".into() }, Fact::Text(TextFacts { text, truncated: false })),
            (Need::Layers { image: "app".into(), skip: 1 }, Fact::Layers(LayersFacts { layers, truncated })),
        ] {
            evidence.insert(need, Answer::Found(fact));
        }
        check.judge(&Inquiry::new(&evidence, &Subject::default()))
    }

    fn found(verdict: Result<Verdict, Stop>) -> (String, String) {
        match verdict {
            Ok(Verdict::NotYet(not_yet)) => (not_yet.found, not_yet.advice),
            other => panic!("{other:?}"),
        }
    }

    const NO_KEYS: &str = "{ image: app, absent: ['/\\.env$', '\\.md$'], except: ['^/app/README\\.md$'] }";

    #[test]
    fn a_clean_image_passes_whatever_its_base_holds() {
        let own = vec![layer("COPY . .", &["app/main", "app/README.md", "app/.env.example"], &[])];
        assert!(judged(NO_KEYS, own, false).unwrap().passed());
    }

    #[test]
    fn a_layer_that_holds_one_is_named_with_its_instruction_and_the_paths() {
        let own = vec![layer("COPY . .", &["app/main", ".env", "a.md", "b.md", "c.md", "d.md"], &[])];
        let (found, advice) = found(judged(NO_KEYS, own, false));
        assert_eq!(found, "layer 2 (`COPY . .`) holds `/.env`, `/a.md`, `/b.md`, `/c.md` and 1 more, 7 MB in all");
        assert!(advice.contains(".dockerignore"));
    }

    #[test]
    fn the_line_that_brings_it_is_shown() {
        let place = |step: &str| match judged(NO_KEYS, vec![layer(step, &[".env"], &[])], false) {
            Ok(Verdict::NotYet(not_yet)) => not_yet.place.map(|place| (place.line, place.text)),
            other => panic!("{other:?}"),
        };
        assert_eq!(place("COPY . ."), Some((2, "COPY . .".into())));
        assert_eq!(place("COPY dir:0123 in ."), None, "the classic builder does not say what it copied");
    }

    #[test]
    fn deleting_in_a_later_layer_does_not_help_and_the_message_says_why() {
        let own = vec![layer("COPY . .", &["s/.env"], &[]), layer("RUN rm -rf s", &[], &["s"])];
        let (found, _) = found(judged(NO_KEYS, own, false));
        assert!(found.starts_with("layer 2 (`COPY . .`) holds `/s/.env`"), "{found}");
        assert!(found.contains("layer 3 (`RUN rm -rf s`) deletes that, which only hides it"), "{found}");
    }

    #[test]
    fn every_layer_that_holds_one_is_counted() {
        let own =
            vec![layer("COPY a", &["a/.env"], &[]), layer("COPY b", &["b/.env"], &[]), layer("COPY c", &["c.md"], &[])];
        let (found, _) = found(judged(NO_KEYS, own, false));
        assert!(found.contains("; so do layers 3, 4"), "{found}");
    }

    #[test]
    fn a_scan_that_left_paths_out_is_no_proof_of_absence_and_one_of_presence() {
        let clean = || vec![layer("COPY . .", &["main"], &[])];
        assert!(matches!(judged(NO_KEYS, clean(), true), Err(Stop::CannotTell(_))));
        let dirty = vec![layer("COPY . .", &[".env"], &[])];
        assert!(found(judged(NO_KEYS, dirty, true)).0.contains("/.env"));
    }
}
