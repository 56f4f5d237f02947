//! `secret`

use super::no_image;
use crate::check::matching::shown;
use crate::check::provenance::shortened;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{ImageFacts, LayersFacts, SecretPlace, Sighting, Spelling};
use crate::layers::Stack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value that the image must hold nowhere: not in its configuration, its history and its labels, and in no layer, not even
/// in one whose files a later layer deletes.
///
/// **Why it matters**: whoever has an image can read all of it, and an image goes to more people than the password that was
/// used for building it. Build arguments are noted in the history, variables in the configuration, and a later `RUN rm` only
/// hides a file. Another spelling protects nothing.
///
/// The image's archive is read once, and nothing of it is run. The value is looked for as it is, as Base64 (all alignments, both
/// alphabets), in hexadecimal digits, and backwards; in the names, link targets and contents of files, and in every text of
/// the configuration. Compressed or encrypted files are not opened. It has 8 to 1024 bytes and no white space.
///
/// ```yaml
/// check: { secret: { image: app, value: sesame-4711-open, what: the key } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// The value.
    pub value: String,
    /// What it is, in words (`the key`); messages never show the value itself.
    #[serde(default = "the_secret")]
    pub what: String,
}

fn the_secret() -> String {
    "the secret".into()
}

/// What to do, in all cases.
const INSTEAD: &str = "let the step that needs it see it without keeping it: RUN --mount=type=secret (BuildKit), or a stage of \
                       its own, from which only the result is copied";

impl Secret {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return no_image(inquiry, &name);
        };
        let Some(facts) = inquiry.secret(&name, &self.value)? else {
            return no_image(inquiry, &name);
        };
        let Some(first) = facts.sightings.iter().min_by_key(|sighting| rank(sighting)) else {
            return Ok(Verdict::pass());
        };
        let (mut found, why) = match &first.place {
            SecretPlace::Configuration { at } => self.in_configuration(at, image),
            SecretPlace::Layer { index, path } => {
                let layers = inquiry.layers(&name, 0)?;
                self.in_layer(*index, path, layers)
            }
        };
        found += match first.spelling {
            Spelling::Plain => "",
            Spelling::Base64 => ", as Base64, which everybody can read",
            Spelling::Hexadecimal => ", in hexadecimal digits, which everybody can read",
            Spelling::Backwards => ", backwards, which everybody can read",
        };
        let others = facts.sightings.len() - 1;
        if others > 0 {
            found += &format!("; and {others} more {} it", if others == 1 { "place holds" } else { "places hold" });
        }
        let advice = format!("{why}; {INSTEAD}");
        Ok(Verdict::not_yet(format!("{} nowhere in {name}", self.what), found, advice))
    }

    /// What is found at a place of the configuration, and what that means.
    fn in_configuration(&self, at: &str, image: &ImageFacts) -> (String, &'static str) {
        let what = &self.what;
        let parts: Vec<&str> = at.split('.').collect();
        match parts.as_slice() {
            ["config", "Env", ..] => {
                let name = image.config.env.iter().find(|(_, value)| value.contains(&self.value)).map(|(name, _)| name);
                let name = name.map_or_else(|| "a variable".to_owned(), |name| format!("ENV {}", shown(name)));
                (
                    format!("{name} holds {what}: Config.Env"),
                    "a variable is published to every container and to all who have the image",
                )
            }
            ["config", "Labels", ..] => (format!("a label holds {what}: Config.Labels"), "labels are there to be read"),
            ["history", row, ..] => {
                let row: usize = row.parse().unwrap_or_default();
                let words =
                    image.history.get(row).map(|row| row.created_by.replace(&self.value, "…")).unwrap_or_default();
                (
                    format!(
                        "row {} of docker history --no-trunc, which begins with the newest, shows {what}: {}",
                        image.history.len().saturating_sub(row),
                        shown(&words)
                    ),
                    "what a step was given as an argument, or as its text, is written down with it",
                )
            }
            _ => (format!("the configuration holds {what}: {}", shown(at)), "whoever has the image can read it"),
        }
    }

    /// The same for a layer.
    fn in_layer(&self, index: usize, path: &str, layers: Option<&LayersFacts>) -> (String, &'static str) {
        let step = |index: usize| {
            let words = layers.and_then(|facts| facts.layers.get(index)?.created_by.as_deref()).unwrap_or_default();
            let words = words.replace(&self.value, "…");
            let words = if words.is_empty() { String::new() } else { format!(" ({})", shown(&shortened(&words))) };
            format!("layer {}{words}", index + 1)
        };
        let path_shown = shown(&format!("/{}", path.replace(&self.value, "…")));
        let mut found = format!("{} holds {} in {path_shown}", step(index), self.what);
        let stack = layers.map(Stack::of).unwrap_or_default();
        let by = stack.hidden.iter().find(|hidden| hidden.layer == index && hidden.path == path && hidden.deleted);
        let why = match by {
            Some(hidden) => {
                found += &format!(", and {} deletes that file, which only hides it", step(hidden.by));
                "what a layer has stored stays in it"
            }
            None => "a file of an image is a file of everybody who has the image",
        };
        (found, why)
    }
}

/// What tells most comes first: settings, then the history, then files.
fn rank(sighting: &Sighting) -> usize {
    match &sighting.place {
        SecretPlace::Configuration { at } if at.starts_with("config.") => 0,
        SecretPlace::Configuration { at } if at.starts_with("history.") => 1,
        SecretPlace::Layer { .. } => 2,
        SecretPlace::Configuration { .. } => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Subject;
    use crate::evidence::{
        Answer, ConfigFacts, EntryFacts, EntryKind, Evidence, Fact, HistoryRow, LayerFacts, Need, SecretFacts,
    };

    const VALUE: &str = "sesame-4711-open";

    fn at(place: &str, spelling: Spelling) -> Sighting {
        Sighting { place: SecretPlace::Configuration { at: place.into() }, spelling }
    }

    fn in_layer(index: usize, path: &str) -> Sighting {
        Sighting { place: SecretPlace::Layer { index, path: path.into() }, spelling: Spelling::Plain }
    }

    fn judged(sightings: Vec<Sighting>) -> Verdict {
        let row = |text: &str| HistoryRow { created_by: text.into(), ..HistoryRow::default() };
        let env = [("KEY".to_owned(), VALUE.to_owned())].into();
        let image = ImageFacts {
            history: vec![row("base"), row(&format!("RUN |1 KEY={VALUE} /bin/sh -c make"))],
            config: ConfigFacts { env, ..ConfigFacts::default() },
            ..ImageFacts::default()
        };
        let entry = |change| EntryFacts::plain(change, 1, "");
        let layer = |made_by: &str, path: &str, change| LayerFacts {
            created_by: Some(made_by.into()),
            entries: [(path.to_owned(), entry(change))].into(),
            ..LayerFacts::default()
        };
        let layers = vec![
            layer("COPY key /app/", "app/key", EntryKind::File),
            layer("RUN rm /app/key", "app/key", EntryKind::Whiteout),
        ];
        let mut evidence = Evidence::new();
        for (need, fact) in [
            (Need::Image { name: "app".into() }, Fact::Image(image)),
            (Need::Secret { image: "app".into(), value: VALUE.into() }, Fact::Secret(SecretFacts { sightings })),
            (Need::Layers { image: "app".into(), skip: 0 }, Fact::Layers(LayersFacts { layers, truncated: false })),
        ] {
            evidence.insert(need, Answer::Found(fact));
        }
        let kind: Secret = crate::course::read_yaml(&format!("{{ image: app, value: {VALUE}, what: the key }}"))
            .expect("a valid check");
        kind.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
    }

    fn found(sightings: Vec<Sighting>) -> String {
        match judged(sightings) {
            Verdict::NotYet(not_yet) => {
                let all = format!("{}; {}; {}", not_yet.expected, not_yet.found, not_yet.advice);
                assert!(!all.contains(VALUE), "{all}");
                not_yet.found
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_image_without_it_passes() {
        assert!(judged(Vec::new()).passed());
    }

    #[test]
    fn a_deleted_file_is_told_with_both_steps() {
        let told = found(vec![in_layer(0, "app/key")]);
        assert_eq!(
            told,
            "layer 1 (`COPY key /app/`) holds the key in `/app/key`, and layer 2 (`RUN rm /app/key`) deletes that file, which \
             only hides it"
        );
    }

    #[test]
    fn settings_come_before_history_and_history_before_files() {
        let history = at("history.1.created_by", Spelling::Plain);
        let told = found(vec![in_layer(0, "app/key"), history.clone()]);
        assert_eq!(
            told,
            "row 1 of docker history --no-trunc, which begins with the newest, shows the key: `RUN |1 KEY=… /bin/sh -c make`; and 1 more \
             place holds it"
        );
        let told = found(vec![history, at("config.Env.0", Spelling::Plain)]);
        assert!(told.starts_with("ENV `KEY` holds the key: Config.Env"), "{told}");
    }

    #[test]
    fn another_spelling_is_named() {
        assert!(found(vec![at("config.Labels", Spelling::Base64)]).contains("as Base64, which everybody can read"));
        assert!(found(vec![at("author", Spelling::Backwards)]).contains("backwards"));
    }
}
