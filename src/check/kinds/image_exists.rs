//! `image_exists`

use crate::check::{Inquiry, Stop, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The image exists on the learner's engine under its name, or no longer does.
///
/// **Why it matters**: everything else is asked about this image. A tag is a name that points at an
/// image; a build without `-t`, or with another tag, leaves the name pointing at nothing.
///
/// ```yaml
/// check: { image_exists: { image: app } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageExists {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// The name must *not* be there: it was to be removed.
    #[serde(default)]
    pub absent: bool,
}

impl ImageExists {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        Ok(match inquiry.image(&name)? {
            Some(_) if self.absent => Verdict::not_yet(
                format!("no image named {name}"),
                format!("{name} is still on this engine"),
                format!("take the name away: `docker rmi {name}`"),
            ),
            None if !self.absent => super::no_image(inquiry, &name)?,
            _ => Verdict::pass(),
        })
    }
}
