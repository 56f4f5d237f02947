//! [`crate::evidence::Need::Layers`]: what an image's layers hold, from its archive as a stream.

use super::{Engine, EngineError, history, name};
use crate::evidence::LayersFacts;
use crate::layers::{ScanError, ScanOptions, scan};
use http::Method;

/// Seconds that an export may take; images of several gigabytes on a slow disk need minutes.
const EXPORT_SECONDS: u64 = 900;

impl Engine {
    /// Scans the layers above the first `skip`. None where there is no such image.
    ///
    /// # Errors
    /// Where the engine cannot export it, stopped answering meanwhile, or the archive is no image.
    pub async fn layers(&self, image: &str, skip: usize) -> Result<Option<LayersFacts>, EngineError> {
        // Asked first, because an export of an image that does not exist fails in several ways.
        if self.image_id(image).await?.is_none() || !name::is_image_name(image) {
            return Ok(None);
        }
        let doing = format!("export image {image}");
        let options = ScanOptions { skip, ..ScanOptions::default() };
        let scanned = self
            .long(&doing, EXPORT_SECONDS, async {
                let response = self.call(&doing, Method::GET, &format!("/images/{image}/get"), None).await?;
                self.piped(&doing, response.into_body(), move |reader| scan(reader, &options)).await
            })
            .await?;
        match scanned {
            Ok(scan) => {
                let mut facts = scan.facts;
                for made_by in facts.layers.iter_mut().filter_map(|layer| layer.created_by.as_mut()) {
                    *made_by = history::instruction(made_by);
                }
                Ok(Some(facts))
            }
            Err(ScanError::Read(error)) => Err(self.unintelligible(&doing, &error.to_string())),
            Err(error) => Err(EngineError::Misfortune { what: error.to_string(), help: error.help().into() }),
        }
    }
}
