//! Which documents and layers make up the image: `manifest.json` (`docker save`, every Engine) or
//! `index.json` alone (OCI image layout specification, as `docker buildx build -o type=oci` writes).
//!
//! Invariant: lists are bounded while they are parsed, so a document's memory stays near its size.

use super::archive::Contents;
use super::error::{ScanError, shown};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Digests of its manifest and of the indexes above it; none where only `manifest.json` tells of it.
    pub digests: Vec<String>,
}

/// Finds the image called `name`, or the only one.
pub(super) fn select(contents: &Contents, name: Option<&str>) -> Result<Parts, ScanError> {
    if let Some(rows) = of_manifest(contents)? {
        return choose(rows, name);
    }
    let images = of_index(contents, false)?;
    choose(images.ok_or_else(|| contents.is_no_image("it has no manifest.json and no index.json".to_owned()))?, name)
}

/// Every image of the archive, told by `manifest.json` or `index.json`: engines differ in which of them they read.
///
/// # Errors
/// Where one of them tells of nothing that is there, or gives a name to nothing that is there.
pub(super) fn all(contents: &Contents) -> Result<Vec<Parts>, ScanError> {
    let (rows, indexed) = (of_manifest(contents)?, of_index(contents, true)?);
    if rows.is_none() && indexed.is_none() {
        return Err(contents.is_no_image("it has no manifest.json and no index.json".to_owned()));
    }
    let mut images: Vec<Parts> = Vec::new();
    for image in rows.into_iter().chain(indexed).flatten() {
        match images.iter_mut().find(|known| contents.resolve(&known.config) == contents.resolve(&image.config)) {
            Some(known) => {
                let new =
                    image.repo_tags.into_iter().filter(|tag| !known.repo_tags.iter().any(|has| same_name(has, tag)));
                known.repo_tags.extend(new.collect::<Vec<_>>());
                known.digests.extend(image.digests);
            }
            None => images.push(image),
        }
    }
    let is_there = |name: &str| images.iter().any(|image| image.repo_tags.iter().any(|tag| same_name(tag, name)));
    if let Some((path, name)) = further_names(contents)?.into_iter().find(|(_, name)| !is_there(name)) {
        return Err(ScanError::Missing { path: shown(&name), wanted_by: path.to_owned() });
    }
    Ok(images)
}

/// Names that some engine would take out of other places: `repositories`, which came before `manifest.json`, and the
/// outer index, whose images need not be there. Each with the document that has it.
fn further_names(contents: &Contents) -> Result<Vec<(&'static str, String)>, ScanError> {
    let repositories = parsed::<BTreeMap<String, BTreeMap<String, IgnoredAny>>>(contents, "repositories")?;
    let tagged = repositories.into_iter().flatten().flat_map(|(repository, tags)| {
        tags.into_keys().map(move |tag| ("repositories", format!("{repository}:{tag}"))).collect::<Vec<_>>()
    });
    let index = parsed::<Index>(contents, "index.json")?.unwrap_or_default();
    let outer =
        index.manifests.0.into_iter().filter_map(|one| Some(("index.json", one.annotations.name()?.to_owned())));
    Ok(tagged.chain(outer).collect())
}

/// The images of `manifest.json`; none where there is no such file.
fn of_manifest(contents: &Contents) -> Result<Option<Vec<Parts>>, ScanError> {
    let rows = parsed::<Few<ManifestRow>>(contents, "manifest.json")?;
    Ok(rows.map(|rows| rows.0.into_iter().map(Parts::from).collect()))
}

/// The images of `index.json`; none where there is no such file. `by_ref`: by the specification's annotation too, which
/// holds a tag only as a rule.
fn of_index(contents: &Contents, by_ref: bool) -> Result<Option<Vec<Parts>>, ScanError> {
    let Some(index) = parsed::<Index>(contents, "index.json")? else { return Ok(None) };
    let mut walk = Walk { contents, by_ref, seen: BTreeSet::new(), images: Vec::new() };
    walk.collect(index, "index.json", &Above::default(), MAX_DEPTH)?;
    Ok(Some(walk.images.into_iter().map(|(_, image)| image).collect()))
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
        Self { config: row.config, layers: row.layers.0, repo_tags: row.repo_tags.0, digests: Vec::new() }
    }
}

/// An OCI image index.
#[derive(Default, Deserialize)]
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
    #[serde(rename = "org.opencontainers.image.ref.name")]
    ref_name: Option<String>,
    #[serde(rename = "vnd.docker.reference.type")]
    reference_type: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
}

impl Annotations {
    /// The name that an engine would give: containerd's own annotation, else that of the specification.
    fn name(&self) -> Option<&str> {
        self.image_name.as_deref().or(self.ref_name.as_deref())
    }
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

/// What is known from the indexes above a manifest.
#[derive(Default)]
struct Above {
    name: Option<String>,
    /// Their digests.
    digests: Vec<String>,
}

/// A walk through image indexes.
struct Walk<'c> {
    contents: &'c Contents,
    by_ref: bool,
    /// Documents that were read: a hostile index may name one many times over.
    seen: BTreeSet<String>,
    /// Each with the path of its manifest.
    images: Vec<(String, Parts)>,
}

impl Walk<'_> {
    /// Collects the images below an index whose manifest and configuration are in the archive: of
    /// an image for many platforms, often only one was saved.
    fn collect(&mut self, index: Index, named_by: &str, above: &Above, depth: usize) -> Result<(), ScanError> {
        for descriptor in index.manifests.0.into_iter().filter(|descriptor| !descriptor.is_attestation()) {
            let path = descriptor.path();
            let annotations = &descriptor.annotations;
            let own = if self.by_ref { annotations.name() } else { annotations.image_name.as_deref() };
            let tag = own.or(above.name.as_deref());
            let digests: Vec<String> = above.digests.iter().chain([&descriptor.digest]).cloned().collect();
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
                        self.images.push((path, Parts { config: config.path(), layers, repo_tags, digests }));
                    }
                }
                None if depth > 0 => {
                    let above = Above { name: tag.map(str::to_owned), digests };
                    self.collect(Index { manifests: blob.manifests }, &path, &above, depth - 1)?;
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
