//! What a tag in a registry stands for: from the tag to the diff ids of the image's layers.

use super::{
    Ask, Got, Reference,
    manifest::{ACCEPT, Config, Descriptor, Manifest, Refusal, TagList},
    reference::is_digest,
};
use crate::evidence::{RegistryFacts, RegistryImage};
use http::StatusCode;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Most bytes of a manifest (the limit that the specification asks registries to keep).
pub(super) const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;
/// Most bytes of a configuration.
const LARGEST_CONFIG: usize = 4 * 1024 * 1024;
/// Most bytes of a list of tags, and most tags that are kept of it.
const LARGEST_LIST: usize = 1024 * 1024;
const MOST_TAGS: usize = 50;

/// Why nothing can be said about an image in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegistryError {
    /// The connection broke, or what answered speaks no HTTP.
    #[error("the registry {host} does not answer: {reason}")]
    Broken {
        /// The registry.
        host: String,
        /// Why, in words.
        reason: String,
    },
    /// It took the question, and did not answer in time.
    #[error("the registry {host} did not answer within {seconds} s")]
    Silent {
        /// The registry.
        host: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// It wants to know who asks.
    #[error("the registry {host} has no {repository}, or shows it to nobody who is not logged in")]
    Private {
        /// The registry.
        host: String,
        /// The repository.
        repository: String,
        /// As whom it was asked.
        known: Known,
    },
    /// It wants tokens, and lies where dlearn fetches none.
    #[error("the registry {host} wants tokens, which dlearn does not fetch for a registry on the engine's own machine")]
    Tokens {
        /// The registry.
        host: String,
    },
    /// The learner's own login could not be had.
    #[error("your login at {host} cannot be used: {what}")]
    Login {
        /// The registry.
        host: String,
        /// Why.
        what: String,
        /// What to do next.
        help: String,
    },
    /// It asks to come back later (status 429).
    #[error("the registry {host} has been asked too often and wants a pause")]
    Busy {
        /// The registry.
        host: String,
    },
    /// An answer is larger than any sensible one.
    #[error("the registry {host} answered {what} with more than {most} bytes")]
    TooLarge {
        /// The registry.
        host: String,
        /// What was asked.
        what: String,
        /// The limit in bytes.
        most: usize,
    },
    /// An answer is not what the specification promises.
    #[error("the answer of the registry {host} was not understood: {what}")]
    Unintelligible {
        /// The registry.
        host: String,
        /// What is wrong with it.
        what: String,
    },
}

/// As whom a registry was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    /// As nobody: no login may be used.
    #[default]
    Nobody,
    /// As nobody: this machine has no login for it.
    NotLoggedIn,
    /// With the login that this machine has for it.
    LoggedIn,
}

impl RegistryError {
    pub(super) fn broken(host: &str, error: &dyn std::error::Error) -> Self {
        RegistryError::Broken { host: host.to_owned(), reason: one_line(&error.to_string()) }
    }

    /// What to do next, as a sentence.
    pub fn help(&self) -> String {
        match self {
            RegistryError::Broken { host, .. } | RegistryError::Silent { host, .. } => {
                format!("see whether docker pull from {host} works, then check again")
            }
            RegistryError::Private { known: Known::Nobody, .. } => {
                "push it, and make the repository public while it is checked: dlearn does not read your credentials for \
                 what counts"
                    .into()
            }
            RegistryError::Private { host, known: Known::NotLoggedIn, .. } => {
                format!("push it; then make the repository public, or log in here: docker login{}", named(host))
            }
            RegistryError::Private { host, known: Known::LoggedIn, .. } => {
                format!("push it, and see whether your login there is still good: docker login{}", named(host))
            }
            RegistryError::Tokens { host } => {
                format!(
                    "see by hand whether {host} has it, with docker pull; dlearn can check it where the registry asks \
                     for a password (htpasswd) or for nothing"
                )
            }
            RegistryError::Login { help, .. } => help.clone(),
            RegistryError::Busy { .. } => "wait a few minutes, then check again".into(),
            RegistryError::TooLarge { host, .. } | RegistryError::Unintelligible { host, .. } => {
                format!("see whether {host} is a registry, and docker pull works with it")
            }
        }
    }
}

/// ` HOST`, but nothing for Docker Hub: `docker login` means it.
fn named(host: &str) -> String {
    if host == crate::reference::DEFAULT_HOST { String::new() } else { format!(" {host}") }
}

/// For which machine an image is wanted, in Go's words: `linux`, `amd64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
}

/// Asks what `reference` stands for on `platform`. An image that is for other platforms only is shown by
/// the first of them. Questions follow one another; the caller bounds their time.
///
/// # Errors
/// Where the registry does not answer, refuses, or does not keep to the specification.
pub async fn read(
    asker: &mut impl Ask,
    reference: &Reference,
    platform: &Platform,
) -> Result<RegistryFacts, RegistryError> {
    let reader = Reader { reference, platform };
    match reader.manifest(asker, &reference.tag, None).await? {
        Some(found) => Ok(RegistryFacts { image: Some(reader.image(asker, found).await?), ..RegistryFacts::default() }),
        None => Ok(RegistryFacts { tags: reader.tags(asker).await?, ..RegistryFacts::default() }),
    }
}

/// A manifest and what is known of it from outside.
pub(super) struct Found {
    pub(super) digest: String,
    media_type: String,
    manifest: Manifest,
}

pub(super) struct Reader<'a> {
    pub(super) reference: &'a Reference,
    pub(super) platform: &'a Platform,
}

impl Reader<'_> {
    async fn image(&self, asker: &mut impl Ask, found: Found) -> Result<RegistryImage, RegistryError> {
        let Found { digest, media_type, mut manifest } = found;
        if let Some(index) = manifest.manifests.take() {
            let images: Vec<(&Descriptor, String)> =
                index.iter().filter_map(|one| Some((one, one.platform()?))).collect();
            let wanted = format!("{}/{}", self.platform.os, self.platform.arch);
            let of_platform = images.iter().find(|(_, platform)| *platform == wanted).or(images.first());
            // An index without platforms is allowed: its first manifest is all that can be meant.
            let unmarked = || index.iter().find(|one| one.platform.is_none());
            let chosen = of_platform.map(|(one, _)| *one).or_else(unmarked);
            let chosen = chosen.ok_or_else(|| self.wrong("the index names no image"))?;
            let inner = self.manifest(asker, &chosen.digest, Some(chosen)).await?;
            manifest = inner.ok_or_else(|| self.wrong("the index names a manifest that is not there"))?.manifest;
        }
        let config = manifest.config.ok_or_else(|| {
            self.wrong(&format!("a manifest of the type {media_type} names no configuration: it is no image"))
        })?;
        let config: Config = self.json(&self.blob(asker, &config).await?)?;
        if config.rootfs.diff_ids.iter().any(|id| !is_digest(id)) {
            return Err(self.wrong("the configuration names a layer by something else than a digest"));
        }
        Ok(RegistryImage {
            digest,
            media_type,
            layers: config.rootfs.diff_ids,
            arch: one_line(&config.architecture),
            os: one_line(&config.os),
        })
    }

    /// A manifest by tag or digest; none where the registry has no such one.
    pub(super) async fn manifest(
        &self,
        asker: &mut impl Ask,
        by: &str,
        known: Option<&Descriptor>,
    ) -> Result<Option<Found>, RegistryError> {
        let path = format!("/v2/{}/manifests/{}", self.reference.repository, self.digest_or_tag(by)?);
        let Some(got) = self.get(asker, &path, ACCEPT, LARGEST_MANIFEST).await? else { return Ok(None) };
        let digest = digest_of(&got.body);
        // Of a tag, it says itself (OCI Distribution Specification, Docker-Content-Digest; other algorithms are not compared).
        let told =
            got.headers.get("docker-content-digest").and_then(|told| told.to_str().ok()).filter(|told| is_digest(told));
        let promised = known.map(|known| known.digest.as_str()).or_else(|| is_digest(by).then_some(by)).or(told);
        if promised.is_some_and(|promised| promised != digest) {
            return Err(self.wrong(&format!("the manifest {by} has another digest, {digest}")));
        }
        let manifest: Manifest = self.json(&got.body)?;
        let said = got.headers.get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let media_type = manifest.media_type.clone().or(said.map(str::to_owned)).unwrap_or_default();
        Ok(Some(Found { digest, media_type: one_line(&media_type), manifest }))
    }

    async fn blob(&self, asker: &mut impl Ask, blob: &Descriptor) -> Result<Vec<u8>, RegistryError> {
        if blob.size > LARGEST_CONFIG as u64 {
            let what = format!("the configuration {}", blob.digest);
            return Err(RegistryError::TooLarge { host: self.host(), what, most: LARGEST_CONFIG });
        }
        let path = format!("/v2/{}/blobs/{}", self.reference.repository, self.digest_or_tag(&blob.digest)?);
        let got = self.get(asker, &path, "*/*", LARGEST_CONFIG).await?;
        let got = got.ok_or_else(|| self.wrong("the manifest names a configuration that is not there"))?;
        if digest_of(&got.body) != blob.digest {
            return Err(self.wrong("the configuration has another digest than the manifest says"));
        }
        Ok(got.body.to_vec())
    }

    /// Tags of the repository, at most [`MOST_TAGS`]; none where it has none or does not tell.
    pub(super) async fn tags(&self, asker: &mut impl Ask) -> Result<Vec<String>, RegistryError> {
        let path = format!("/v2/{}/tags/list?n={MOST_TAGS}", self.reference.repository);
        let list = match self.get(asker, &path, "application/json", LARGEST_LIST).await? {
            Some(got) => self.json::<TagList>(&got.body)?,
            None => TagList::default(),
        };
        let mut tags: Vec<String> = list.tags.unwrap_or_default().iter().map(|tag| one_line(tag)).collect();
        tags.sort();
        tags.truncate(MOST_TAGS);
        Ok(tags)
    }

    /// The answer, or none where the registry says that there is no such thing.
    async fn get(
        &self,
        asker: &mut impl Ask,
        path: &str,
        accept: &str,
        most: usize,
    ) -> Result<Option<Got>, RegistryError> {
        let got = asker.get(path, accept, most).await?;
        let host = self.host();
        match got.status {
            StatusCode::OK => Ok(Some(got)),
            StatusCode::NOT_FOUND if is_a_registrys(&got) => Ok(None),
            StatusCode::NOT_FOUND => Err(self.wrong("status 404, in the words of no registry")),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let repository = self.reference.repository.clone();
                Err(RegistryError::Private { host, repository, known: asker.known() })
            }
            StatusCode::TOO_MANY_REQUESTS => Err(RegistryError::Busy { host }),
            status if status.is_server_error() => Err(self.wrong(&format!("it is out of order, status {status}"))),
            status => Err(self.wrong(&format!("status {status}"))),
        }
    }

    fn digest_or_tag<'a>(&self, by: &'a str) -> Result<&'a str, RegistryError> {
        if by == self.reference.tag || is_digest(by) {
            return Ok(by);
        }
        Err(self.wrong("it names something by what is no SHA-256 digest"))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, RegistryError> {
        serde_json::from_slice(bytes).map_err(|error| self.wrong(&error.to_string()))
    }

    fn host(&self) -> String {
        self.reference.host.clone()
    }

    pub(super) fn wrong(&self, what: &str) -> RegistryError {
        RegistryError::Unintelligible { host: self.host(), what: one_line(what) }
    }
}

/// Whether a registry itself refuses. It says so by its error codes (OCI distribution specification 1.1, "Error
/// Codes"), or by the header that names its API (Docker Registry HTTP API V2). A gateway whose registry is down answers
/// 404 too, with a page of its own.
fn is_a_registrys(refused: &Got) -> bool {
    let told: Option<Refusal> = serde_json::from_slice(&refused.body).ok();
    refused.headers.contains_key("docker-distribution-api-version") || told.is_some_and(|told| told.has_code())
}

/// `sha256:` and the digest of the bytes in hexadecimal.
fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", crate::hex::hex(&Sha256::digest(bytes)))
}

/// A stranger's word within a sentence: one line, at most 200 characters, nothing that steers a terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
