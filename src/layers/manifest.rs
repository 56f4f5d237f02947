//! Which documents and layers make up the image: `manifest.json` (`docker save`, every Engine) or
//! `index.json` alone (OCI image layout specification, as `docker buildx build -o type=oci` writes).
//!
//! Invariant: lists are bounded while they are parsed, so a document's memory stays near its size.

use super::archive::Contents;
use super::error::{ScanError, shown};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

/// Most elements of any list in a document. An image has at most 127 layers; histories, tags and
/// labels stay in the hundreds.
pub(super) const MAX_LIST: usize = 4096;

/// Deepest nesting of image indexes; `docker save` nests twice.
const MAX_DEPTH: usize = 4;

/// The parts of one image.
#[derive(Debug)]
pub(super) struct Parts {
    /// Path of the configuration.
    pub config: String,
    /// Paths of the layers, bottom first.
    pub layers: Vec<String>,
    pub repo_tags: Vec<String>,
}

/// Finds the image called `name`, or the only one.
pub(super) fn select(contents: &Contents, name: Option<&str>) -> Result<Parts, ScanError> {
    if let Some(rows) = parsed::<Few<ManifestRow>>(contents, "manifest.json")? {
        return choose(rows.0.into_iter().map(Parts::from).collect(), name);
    }
    let Some(index) = parsed::<Index>(contents, "index.json")? else {
        return Err(contents.is_no_image("it has no manifest.json and no index.json".to_owned()));
    };
    let mut walk = Walk { contents, seen: BTreeSet::new(), images: Vec::new() };
    walk.collect(index, "index.json", None, MAX_DEPTH)?;
    choose(walk.images.into_iter().map(|(_, image)| image).collect(), name)
}

/// A JSON document of the archive; none if there is no such file.
pub(super) fn parsed<T: DeserializeOwned>(contents: &Contents, path: &str) -> Result<Option<T>, ScanError> {
    let Some(bytes) = contents.document(path)? else { return Ok(None) };
    serde_json::from_slice(bytes).map(Some).map_err(|error| ScanError::Damaged {
        path: shown(path),
        what: format!("this document is not what belongs here (line {}, column {})", error.line(), error.column()),
    })
}

fn choose(mut images: Vec<Parts>, name: Option<&str>) -> Result<Parts, ScanError> {
    if images.len() > 1 {
        let wanted = |image: &Parts| name.is_some_and(|name| image.repo_tags.iter().any(|tag| same_name(tag, name)));
        if let Some(at) = images.iter().position(wanted) {
            return Ok(images.swap_remove(at));
        }
        let tags = images.iter().flat_map(|image| &image.repo_tags).take(8).map(|tag| shown(tag)).collect();
        let asked = match name {
            Some(name) => format!("none of them is {}", shown(name)),
            None => "none was asked for by name".to_owned(),
        };
        return Err(ScanError::SeveralImages { tags, asked });
    }
    images.pop().ok_or_else(|| ScanError::NotAnImage { what: "its manifest names no image".to_owned() })
}

/// Whether two names mean the same image: engines differ in whether they write the defaults out.
fn same_name(one: &str, other: &str) -> bool {
    fn short(name: &str) -> (&str, &str) {
        let name = name.strip_prefix("localhost/").unwrap_or(name);
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name);
        match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, tag),
            _ => (name, "latest"),
        }
    }
    short(one) == short(other)
}

/// One image in `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ManifestRow {
    config: String,
    #[serde(default)]
    repo_tags: Few<String>,
    #[serde(default)]
    layers: Few<String>,
}

impl From<ManifestRow> for Parts {
    fn from(row: ManifestRow) -> Self {
        Self { config: row.config, layers: row.layers.0, repo_tags: row.repo_tags.0 }
    }
}

/// An OCI image index.
#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Few<Descriptor>,
}

/// An OCI image index or image manifest: old writers leave the media type out, so the fields tell.
#[derive(Deserialize)]
struct Blob {
    #[serde(default)]
    manifests: Few<Descriptor>,
    #[serde(default)]
    layers: Few<Descriptor>,
    config: Option<Descriptor>,
}

/// An OCI content descriptor.
#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    annotations: Annotations,
    platform: Option<Platform>,
}

/// The annotations that matter here; others are not kept.
#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(rename = "io.containerd.image.name")]
    image_name: Option<String>,
    #[serde(rename = "vnd.docker.reference.type")]
    reference_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
}

impl Descriptor {
    /// Where the image layout keeps it.
    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replacen(':', "/", 1))
    }

    /// Provenance and software lists that BuildKit puts beside an image under the platform "unknown".
    fn is_attestation(&self) -> bool {
        self.annotations.reference_type.is_some()
            || self.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
    }
}

/// A walk through image indexes.
struct Walk<'c> {
    contents: &'c Contents,
    /// Documents that were read: a hostile index may name one many times over.
    seen: BTreeSet<String>,
    /// Each with the path of its manifest.
    images: Vec<(String, Parts)>,
}

impl Walk<'_> {
    /// Collects the images below an index whose manifest and configuration are in the archive: of
    /// an image for many platforms, often only one was saved.
    fn collect(
        &mut self,
        index: Index,
        named_by: &str,
        outer_tag: Option<&str>,
        depth: usize,
    ) -> Result<(), ScanError> {
        for descriptor in index.manifests.0.into_iter().filter(|descriptor| !descriptor.is_attestation()) {
            let path = descriptor.path();
            let tag = descriptor.annotations.image_name.as_deref().or(outer_tag);
            if !self.seen.insert(path.clone()) {
                if let Some((_, image)) = self.images.iter_mut().find(|(manifest, _)| *manifest == path) {
                    image.repo_tags.extend(tag.map(str::to_owned));
                }
                continue;
            }
            let Some(blob) = parsed::<Blob>(self.contents, &path)? else {
                if descriptor.platform.is_some() {
                    continue;
                }
                return Err(ScanError::Missing { path: shown(&path), wanted_by: shown(named_by) });
            };
            match blob.config {
                Some(config) => {
                    if self.contents.document(&config.path())?.is_some() {
                        let layers = blob.layers.0.iter().map(Descriptor::path).collect();
                        let repo_tags = tag.map(str::to_owned).into_iter().collect();
                        self.images.push((path, Parts { config: config.path(), layers, repo_tags }));
                    }
                }
                None if depth > 0 => {
                    self.collect(Index { manifests: blob.manifests }, &path, tag, depth - 1)?;
                }
                None => return Err(ScanError::Damaged { path: shown(&path), what: "it names no image".to_owned() }),
            }
        }
        Ok(())
    }
}

/// A list of at most [`MAX_LIST`] elements; null is an empty one, as Go writes it.
#[derive(Debug)]
pub(super) struct Few<T>(pub Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX_LIST} elements")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Few::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element()? {
                    if elements.len() == MAX_LIST {
                        return Err(serde::de::Error::custom("too many elements"));
                    }
                    elements.push(element);
                }
                Ok(Few(elements))
            }
        }

        deserializer.deserialize_any(Elements(PhantomData))
    }
}
