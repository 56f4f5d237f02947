//! What a search for a value in an image gives.

use serde::{Deserialize, Serialize};

/// Where an image holds a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecretFacts {
    /// The configuration's places first, then the layers', bottom first. Not all, where there are many.
    pub sightings: Vec<Sighting>,
}

/// One place that holds a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Where.
    pub place: SecretPlace,
    /// How it is written there.
    pub spelling: Spelling,
}

/// Where in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretPlace {
    /// In the configuration, history and labels included.
    Configuration {
        /// The fields on the way, joined by dots: `history.3.created_by`.
        at: String,
    },
    /// In a file of a layer, or in its name.
    Layer {
        /// The layer's index, from 0.
        index: usize,
        /// Path without a leading slash.
        path: String,
    },
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// As it is.
    Plain,
    /// As Base64 (RFC 4648).
    Base64,
    /// In hexadecimal digits.
    Hexadecimal,
    /// From its end.
    Backwards,
}
