//! What this process made in the engine's images, across its runs.
//!
//! A later build takes an earlier one's steps from the cache, so runs share images, and none of those is
//! somebody else's. Invariant: an image is superfluous only where this process made it and none of its other tags
//! or builds needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Made {
    /// Ids of images that builds made.
    images: BTreeSet<String>,
    /// By tag: the image that it is on, or that its build is at, and those below. Whole ids, or their first twelve
    /// digits where the builder tells no more.
    chains: BTreeMap<String, Vec<String>>,
}

static MADE: Mutex<Made> = Mutex::new(Made { images: BTreeSet::new(), chains: BTreeMap::new() });

/// What all runs of this process made.
pub(super) fn made() -> MutexGuard<'static, Made> {
    // It is consistent between any two statements, so a panic elsewhere does not spoil it.
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Made {
    pub(super) fn add(&mut self, images: impl IntoIterator<Item = String>) {
        self.images.extend(images);
    }

    pub(super) fn contains(&self, image: &str) -> bool {
        self.images.contains(image)
    }

    /// The build of `tag` made or took an image.
    pub(super) fn is_at(&mut self, tag: &str, image: &str) {
        self.chains.entry(tag.to_owned()).or_default().push(image.to_owned());
    }

    /// `tag` is on the first of these images, below which the others lie.
    pub(super) fn is_on(&mut self, tag: &str, chain: &[String]) {
        self.chains.insert(tag.to_owned(), chain.to_vec());
    }

    /// `tag` is gone.
    pub(super) fn is_off(&mut self, tag: &str) {
        self.chains.remove(tag);
    }

    /// Whether this process made the image, and no tag or build of it needs it any more.
    pub(super) fn is_superfluous(&self, image: &str) -> bool {
        let mut needed = self.chains.values().flatten();
        self.contains(image) && !needed.any(|below| super::starts(image, below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tag_or_a_build_needs_is_not_superfluous() {
        let image = |name: &str| format!("sha256:{name}{name}");
        let (above, below) = (image("ba9876543210"), image("0123456789ab"));
        let mut made = Made::default();
        made.add([above.clone(), below.clone()]);
        made.is_on("one", &[above.clone(), below.clone()]);
        made.is_at("two", "0123456789ab");
        assert!(!made.is_superfluous(&above) && !made.is_superfluous(&below));
        made.is_off("one");
        assert!(made.is_superfluous(&above) && !made.is_superfluous(&below));
        made.is_off("two");
        assert!(made.is_superfluous(&below));
        assert!(!made.is_superfluous(&image("fedcba987654")), "somebody else's");
    }
}
