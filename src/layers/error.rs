//! Why an image archive could not be scanned, and what to do about it.

use std::io;
use thiserror::Error;

/// An image archive that cannot be read as one.
///
/// The texts are for people: names out of the archive are shortened and their control characters
/// are escaped.
#[derive(Debug, Error)]
pub enum ScanError {
    /// Whoever delivers the archive failed (a closed connection, a disk error).
    #[error("the image archive could not be read: {0}")]
    Read(#[source] io::Error),
    /// The archive ends before what it announced.
    #[error("the image archive is cut off: it ends within {within}")]
    Truncated {
        /// The file inside the archive that is incomplete.
        within: String,
    },
    /// It is an archive, or no archive at all, but none of an image.
    #[error("this is not an image archive: {what}")]
    NotAnImage {
        /// What is missing or strange.
        what: String,
    },
    /// The files of a container, as `docker export` writes them.
    #[error(
        "this is not an image archive but the files of a container: it has no manifest.json, no history and no configuration"
    )]
    ContainerFiles,
    /// A part of the archive is not what its place says.
    #[error("the image archive is damaged: {path}: {what}")]
    Damaged {
        /// The file inside the archive.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// The manifest or the configuration names something that the archive does not hold.
    #[error("the image archive is incomplete: {path}, which {wanted_by} names, is not in it")]
    Missing {
        /// The file inside the archive.
        path: String,
        /// Which document names it.
        wanted_by: String,
    },
    /// The configuration says one thing and the layer's content another.
    #[error(
        "layer {number} ({path}) is not the layer that the configuration names: its content has {found}, the configuration says {claimed}"
    )]
    OtherLayer {
        /// Position, 1 for the bottom layer.
        number: usize,
        /// The file inside the archive.
        path: String,
        /// Diff id in the configuration.
        claimed: String,
        /// Diff id of the content.
        found: String,
    },
    /// More bytes than [`super::ScanOptions::max_bytes`].
    #[error("the image archive holds more than {limit} bytes when it is unpacked")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More than one image, and none of them was asked for by name.
    #[error("the image archive holds several images ({}), and {asked}", tags.join(", "))]
    SeveralImages {
        /// The tags of the first of them.
        tags: Vec<String>,
        /// What was asked for, as a clause.
        asked: String,
    },
}

impl ScanError {
    /// What a person can do next, as a sentence.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read(_) => "Check that the engine answers, or that the file can be read, and try again.",
            Self::Truncated { .. } => {
                "Save the image again with `docker save`, and check that the disk has room for it."
            }
            Self::ContainerFiles => {
                "Save the image with `docker save IMAGE`; `docker export` writes the files of a container."
            }
            Self::NotAnImage { .. } => {
                "Give an archive that `docker save IMAGE` wrote. `docker export` writes the files of a container, which have no layers."
            }
            Self::Damaged { .. } | Self::Missing { .. } | Self::OtherLayer { .. } => {
                "The archive was changed or damaged after it was saved: save the image again with `docker save`."
            }
            Self::TooLarge { .. } => "Raise the limit if you trust this image.",
            Self::SeveralImages { .. } => "Name one of them, or save only one image with `docker save IMAGE`.",
        }
    }
}

/// A name out of an archive, fit for a message: no control characters, not longer than a line or two.
pub(super) fn shown(name: &str) -> String {
    const MOST: usize = 160;
    let mut text: String = name.chars().take(MOST).flat_map(char::escape_debug).collect();
    if name.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}
