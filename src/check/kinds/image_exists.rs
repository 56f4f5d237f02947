//! `image_exists`

use crate::check::{Inquiry, Stop, Verdict};
use serde::{Deserialize, Serialize};

/// The image exists on the learner's engine under its name.
///
/// **Why it matters**: everything else is asked about this image. A tag is a name that points at an
/// image; a build without `-t`, or with another tag, leaves the name pointing at nothing.
///
/// ```yaml
/// check: { image_exists: { image: app } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageExists {
    /// The exercise's name for the image, or any local name.
    pub image: String,
}

impl ImageExists {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        Ok(inquiry.image(&name)?.map_or_else(|| super::no_image(&name), |_| Verdict::pass()))
    }
}
