//! The image configuration (OCI image specification, "Image Configuration").

use super::archive::Contents;
use super::error::{ScanError, shown};
use super::manifest::{Few, MAX_LIST, parsed};
use crate::evidence::ConfigFacts;
use crate::hex::hex;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// What an image's configuration says about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigSummary {
    /// `sha256:…` of the configuration: the image id of engines that do not use containerd's store.
    pub digest: String,
    /// `amd64` and the like.
    pub arch: String,
    /// Operating system, `linux`.
    pub os: String,
    /// When the image was made, as the configuration writes it (RFC 3339); empty if it does not say.
    pub created: String,
    /// Diff ids of the layers, bottom first. Each was compared with the layer's content.
    pub diff_ids: Vec<String>,
    /// History, oldest row first.
    pub history: Vec<HistoryEntry>,
    /// Configuration for containers.
    pub container: ConfigFacts,
}

/// One row of the configuration's history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// What made it, as the builder words it.
    pub created_by: String,
    /// `buildkit.dockerfile.v0` for BuildKit.
    pub comment: String,
    /// When, as the configuration writes it (RFC 3339); empty if it does not say.
    pub created: String,
    /// The row made no layer: it changed the configuration only.
    pub empty_layer: bool,
}

impl ConfigSummary {
    /// For each layer the history row that made it. None where the history does not have as many
    /// rows with layers as there are layers, because then no row can be told to belong to a layer.
    pub fn rows_of_layers(&self) -> Option<Vec<&HistoryEntry>> {
        let rows: Vec<_> = self.history.iter().filter(|row| !row.empty_layer).collect();
        (rows.len() == self.diff_ids.len()).then_some(rows)
    }
}

/// Reads the configuration at `path`.
pub(super) fn read(contents: &Contents, path: &str) -> Result<ConfigSummary, ScanError> {
    let missing = || ScanError::Missing { path: shown(path), wanted_by: "the manifest".to_owned() };
    let digest = Sha256::digest(contents.document(path)?.ok_or_else(missing)?);
    let raw: RawConfig = parsed(contents, path)?.ok_or_else(missing)?;
    let text = Option::unwrap_or_default;
    Ok(ConfigSummary {
        digest: format!("sha256:{}", hex(&digest)),
        arch: text(raw.architecture),
        os: text(raw.os),
        created: text(raw.created),
        diff_ids: raw.rootfs.diff_ids.0,
        history: raw
            .history
            .0
            .into_iter()
            .map(|row| HistoryEntry {
                created_by: text(row.created_by),
                comment: text(row.comment),
                created: text(row.created),
                empty_layer: row.empty_layer,
            })
            .collect(),
        container: raw.config.map(RawContainer::facts).unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct RawConfig {
    architecture: Option<String>,
    os: Option<String>,
    created: Option<String>,
    config: Option<RawContainer>,
    rootfs: RawRootfs,
    #[serde(default)]
    history: Few<RawRow>,
}

#[derive(Deserialize)]
struct RawRootfs {
    #[serde(default)]
    diff_ids: Few<String>,
}

#[derive(Deserialize)]
struct RawRow {
    created_by: Option<String>,
    comment: Option<String>,
    created: Option<String>,
    #[serde(default)]
    empty_layer: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct RawContainer {
    cmd: Few<String>,
    entrypoint: Few<String>,
    user: Option<String>,
    working_dir: Option<String>,
    env: Few<String>,
    exposed_ports: FewByName<IgnoredAny>,
    labels: FewByName<String>,
    volumes: FewByName<IgnoredAny>,
    on_build: Few<String>,
    stop_signal: Option<String>,
    healthcheck: Option<RawHealthcheck>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHealthcheck {
    #[serde(default)]
    test: Few<String>,
}

impl RawContainer {
    fn facts(self) -> ConfigFacts {
        let variable = |pair: String| match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (pair, String::new()),
        };
        ConfigFacts {
            cmd: self.cmd.0,
            entrypoint: self.entrypoint.0,
            user: self.user.unwrap_or_default(),
            workdir: self.working_dir.unwrap_or_default(),
            env: self.env.0.into_iter().map(variable).collect(),
            ports: self.exposed_ports.0.into_keys().collect(),
            labels: self.labels.0,
            volumes: self.volumes.0.into_keys().collect(),
            onbuild: self.on_build.0,
            stop_signal: self.stop_signal.unwrap_or_default(),
            healthcheck: self.healthcheck.map(|check| check.test.0).unwrap_or_default(),
        }
    }
}

/// A map of at most [`MAX_LIST`] elements; null is an empty one, as Go writes it.
struct FewByName<T>(BTreeMap<String, T>);

impl<T> Default for FewByName<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FewByName<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
            type Value = FewByName<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX_LIST} named values")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(FewByName::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut elements = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    elements.insert(name, value);
                    if elements.len() > MAX_LIST {
                        return Err(serde::de::Error::custom("too many named values"));
                    }
                }
                Ok(FewByName(elements))
            }
        }

        deserializer.deserialize_any(Elements(std::marker::PhantomData))
    }
}
