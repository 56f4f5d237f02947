//! [`crate::evidence::Need::Layers`]: what an image's layers hold, from its archive as a stream.

use super::{Engine, EngineError, history, name};
use crate::evidence::{LayersFacts, SecretFacts};
use crate::layers::{Needles, Scan, ScanError, ScanOptions, scan};
use http::Method;

/// Seconds that an export may take; images of several gigabytes on a slow disk need minutes.
const EXPORT_SECONDS: u64 = 900;

impl Engine {
    /// Scans the layers above the first `skip`. None where there is no such image.
    ///
    /// # Errors
    /// Where the engine cannot export it, stopped answering meanwhile, or the archive is no image.
    pub async fn layers(&self, image: &str, skip: usize) -> Result<Option<LayersFacts>, EngineError> {
        let options = ScanOptions { skip, ..ScanOptions::default() };
        Ok(self.scan(image, options).await?.map(|scan| scan.facts))
    }

    /// Where an image holds a value, in any spelling. None where there is no such image.
    ///
    /// # Errors
    /// As [`Self::layers`], and where nothing can be told from the value's absence ([`Needles::of`]).
    pub async fn sightings(&self, image: &str, value: &str) -> Result<Option<SecretFacts>, EngineError> {
        let Some(needles) = Needles::of(value) else {
            return Err(EngineError::Misfortune {
                what: "the value that is looked for is too short or too long, or has white space in it".into(),
                help: "tell whoever wrote the check".into(),
            });
        };
        // No path has to be kept.
        let options = ScanOptions { max_entries: 0, needles: Some(needles), ..ScanOptions::default() };
        Ok(self.scan(image, options).await?.map(|scan| SecretFacts { sightings: scan.sightings }))
    }

    /// All that `options` ask for, with the image's configuration.
    ///
    /// # Errors
    /// As [`Self::layers`].
    pub async fn scan(&self, image: &str, options: ScanOptions) -> Result<Option<Scan>, EngineError> {
        // Asked first, because an export of an image that does not exist fails in several ways.
        let Some((_, tags)) = self.id_and_tags(image).await? else { return Ok(None) };
        // An export of a repository without a tag is one of all its tags.
        let latest = format!("{}:latest", name::normalise(image));
        let tagged = tags.iter().any(|tag| name::normalise(tag) == latest);
        let image = if tagged { format!("{image}:latest") } else { image.to_owned() };
        let doing = format!("export image {image}");
        let scanned = self
            .long(&doing, EXPORT_SECONDS, async {
                let response = self.call(&doing, Method::GET, &format!("/images/{image}/get"), None).await?;
                self.piped(&doing, response.into_body(), move |reader| scan(reader, &options)).await
            })
            .await?;
        match scanned {
            Ok(mut scan) => {
                in_plain_words(&mut scan.facts);
                Ok(Some(scan))
            }
            Err(ScanError::Read(error)) => Err(self.unintelligible(&doing, &error.to_string())),
            Err(error) => Err(EngineError::Misfortune { what: error.to_string(), help: error.help().into() }),
        }
    }
}

/// Puts the builders' words for what made each layer into those of a Dockerfile.
pub(crate) fn in_plain_words(facts: &mut LayersFacts) {
    for made_by in facts.layers.iter_mut().filter_map(|layer| layer.created_by.as_mut()) {
        *made_by = history::instruction(made_by);
    }
}
