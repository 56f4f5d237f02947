//! Manifests, indexes, configurations, refusals: the few fields that are wanted, of whatever kind they are.
//!
//! OCI image specification 1.1 (`image.manifest.v1`, `image.index.v1`) and Docker's manifest version 2,
//! schema 2 (`manifest.v2`, `manifest.list.v2`), which differ in their media types only.

use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// Media types of manifests that are understood, as an `Accept` header.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// What a manifest, a layer or a configuration is called by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) digest: String,
    #[serde(default)]
    pub(super) size: u64,
    #[serde(default)]
    pub(super) platform: Option<PlatformField>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct PlatformField {
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) os: String,
}

impl Descriptor {
    /// `linux/amd64`; none for what is no image: attestations of BuildKit have the platform unknown/unknown.
    pub(super) fn platform(&self) -> Option<String> {
        let platform = self.platform.as_ref()?;
        let known = |text: &str| !text.is_empty() && text != "unknown";
        (known(&platform.os) && known(&platform.architecture))
            .then(|| format!("{}/{}", platform.os, platform.architecture))
    }
}

/// A manifest or an index.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) media_type: Option<String>,
    /// A manifest's configuration.
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    /// An index's manifests.
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
}

/// An image's configuration.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) os: String,
    pub(super) rootfs: RootFs,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RootFs {
    #[serde(default)]
    pub(super) diff_ids: Vec<String>,
}

/// `GET /v2/<name>/tags/list`
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct TagList {
    #[serde(default)]
    pub(super) tags: Option<Vec<String>>,
}

/// `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"…"}]}`
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    errors: Vec<BTreeMap<String, IgnoredAny>>,
}

impl Refusal {
    pub(super) fn has_code(&self) -> bool {
        self.errors.iter().any(|one| one.contains_key("code"))
    }
}
