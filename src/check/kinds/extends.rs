//! `extends`

use super::base_image;
use crate::check::matching::count;
use crate::check::{Inquiry, Stop, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The image's layers begin with all layers of a base, and add at least one of their own.
///
/// **Why it matters**: an image that only renames its base contains nothing of yours, and one that
/// starts from somewhere else shares nothing with the images that your team already has.
///
/// ```yaml
/// check: { extends: { image: app, base: "busybox:1.36" } }   # base: by default, what the Dockerfile's FROM names
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extends {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// The base, by the exercise's or any local name; by default the base of the Dockerfile's last stage.
    #[serde(default)]
    pub base: Option<String>,
}

impl Extends {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let Some(image) = inquiry.image(&name)? else {
            return super::no_image(inquiry, &name);
        };
        let base_name = match &self.base {
            Some(base) => inquiry.name(base),
            None => match super::workspace_base(inquiry, "Dockerfile", None, &BTreeMap::new())? {
                Ok(base) => base,
                Err(verdict) => return Ok(verdict),
            },
        };
        if base_name == "scratch" {
            return Ok(if image.layers.is_empty() {
                Verdict::not_yet(
                    "at least one layer with your files",
                    "an image without any layer",
                    "add your files with COPY and build again",
                )
            } else {
                Verdict::pass()
            });
        }
        let base = match base_image(inquiry, &base_name)? {
            Ok(base) => base,
            Err(verdict) => return Ok(verdict),
        };
        let shared = image.layers.iter().zip(&base.layers).take_while(|(a, b)| a == b).count();
        Ok(if shared < base.layers.len() {
            Verdict::not_yet(
                format!("the {} of {base_name} at the bottom of {name}", count(base.layers.len(), "layer")),
                format!("layer {} is not the base's", shared + 1),
                format!("write FROM {base_name} in the Dockerfile, build again, and tag the result as {name}"),
            )
        } else if image.layers.len() == base.layers.len() {
            Verdict::not_yet(
                format!("{name} to add a layer of its own to {base_name}"),
                format!("{name} has exactly the layers of {base_name}: it adds no files"),
                "add your files with COPY in a Dockerfile and build it",
            )
        } else {
            Verdict::pass()
        })
    }
}
