//! [`crate::evidence::Need::File`]: files of an image, read from a container that never starts.
//!
//! One question for each path; where many are asked for and the image is small, one for all (`whole.rs`).
//!
//! Links are followed inside the image only: the engine resolves folders within the container's
//! file system, and the last part of a path is followed here, at most 16 times.

use super::{
    Engine, EngineError, Ledger,
    call::query,
    container::{Attempt, ContainerSpec},
    whole::is_faster,
};
use crate::evidence::{FileFacts, FileType};
use crate::hex::hex;
use base64::Engine as _;
use http::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::time::Instant;

/// Most links that are followed for one path.
const MOST_LINKS: usize = 16;
/// Most bytes of a file that are shown as text.
const LARGEST_TEXT: u64 = 1024 * 1024;
/// Most bytes of a file that are hashed.
const LARGEST_HASHED: u64 = 256 * 1024 * 1024;
/// Seconds that reading one file may take.
pub(super) const FILE_SECONDS: u64 = 60;

impl Engine {
    /// Reads files of one image. A path that does not exist, or all of them where there is no such image,
    /// gives none.
    ///
    /// # Errors
    /// Where the engine cannot do it.
    pub async fn files(
        &self,
        ledger: &Ledger,
        image: &str,
        paths: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Option<FileFacts>>, EngineError> {
        // An image without any command is refused otherwise. Nothing is ever started.
        let nothing = Some(vec!["never-started".to_owned()]);
        let spec = ContainerSpec { image: image.to_owned(), entrypoint: nothing, ..ContainerSpec::default() };
        let (created, size) = futures_util::join!(self.create(ledger, &spec), self.size_if_many(image, paths.len()));
        let container = match created? {
            Attempt::Done(container) => container,
            Attempt::NoImage => return Ok(paths.iter().map(|path| (path.clone(), None)).collect()),
            Attempt::Refused(message) => {
                let doing = format!("create a container of {image}");
                return Err(EngineError::Refused { doing, status: 400, message });
            }
        };
        let (mut size, mut took) = (size?, None);
        let (mut found, mut left) = (BTreeMap::new(), paths.clone());
        while !left.is_empty() {
            if let Some(all) = size.filter(|size| is_faster(*size, left.len(), took)) {
                // Once: what it does not settle is asked for by its path.
                size = None;
                found.extend(self.out_of_the_whole(&container, (image, all), &left).await?);
                left.retain(|path| !found.contains_key(path));
                continue;
            }
            let Some(path) = left.pop_first() else { break };
            let doing = format!("read {path} of image {image}");
            let begun = Instant::now();
            let facts = self.long(&doing, FILE_SECONDS, self.followed(&doing, &container, &path)).await?;
            // Where nothing is, an engine says so at once.
            took = facts.is_some().then(|| begun.elapsed()).or(took);
            found.insert(path, facts);
        }
        ledger.remove_container(&container).await?;
        Ok(found)
    }

    async fn followed(&self, doing: &str, container: &str, path: &str) -> Result<Option<FileFacts>, EngineError> {
        let mut path = absolute("/", path);
        let mut link = None;
        for _ in 0..=MOST_LINKS {
            let (facts, target) = match self.entry(doing, container, &path).await {
                Ok(Some(entry)) => entry,
                Ok(None) => return Ok(link),
                // A link that leads back to itself: the engine resolves it on its own, and gives up.
                Err(EngineError::Refused { message, .. }) if says_endless(&message) => {
                    return Ok(link.or_else(|| Some(endless(path))));
                }
                Err(error) => return Err(error),
            };
            if facts.kind != FileType::Link {
                return Ok(Some(facts));
            }
            let next = target.unwrap_or_else(|| absolute(&path, facts.link.as_deref().unwrap_or_default()));
            link.get_or_insert(facts);
            if next == path {
                break;
            }
            path = next;
        }
        Ok(link)
    }

    /// One path without following it, and where the engine says that a link leads.
    async fn entry(
        &self,
        doing: &str,
        container: &str,
        path: &str,
    ) -> Result<Option<(FileFacts, Option<String>)>, EngineError> {
        let target = format!("/containers/{container}/archive{}", query(&[("path", path)]));
        let response = match self.call(doing, Method::GET, &target, None).await {
            Ok(response) => response,
            Err(error) if error.is_absent() => return Ok(None),
            Err(EngineError::Refused { message, .. })
                if message.contains("not a directory") || message.contains("no such file") =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let leads_to = link_target(response.headers());
        let facts = self.piped(doing, response.into_body(), first_entry).await?;
        let facts = facts.map_err(|error| self.unintelligible(doing, &error.to_string()))?;
        Ok(Some((facts, leads_to)))
    }
}

/// Docker's words, and Podman's.
fn says_endless(message: &str) -> bool {
    message.contains("too many links") || message.contains("too many levels of symbolic links")
}

/// A link of which the engine tells nothing but that it cannot be followed.
fn endless(path: String) -> FileFacts {
    let kind = FileType::Link;
    FileFacts { kind, mode: 0o777, uid: 0, gid: 0, size: 0, sha256: None, text: None, link: Some(path) }
}

/// `linkTarget` of the header `X-Docker-Container-Path-Stat` (base64 of JSON): the link resolved within the
/// container's file system, as an absolute path.
fn link_target(headers: &HeaderMap) -> Option<String> {
    let header = headers.get("x-docker-container-path-stat")?;
    let json = base64::engine::general_purpose::STANDARD.decode(header.as_bytes()).ok()?;
    let stat: serde_json::Value = serde_json::from_slice(&json).ok()?;
    let target = stat.get("linkTarget")?.as_str()?;
    target.starts_with('/').then(|| absolute("/", target))
}

/// `path` as seen from the file `from`, without `.` and `..`.
pub(super) fn absolute(from: &str, path: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The first entry of an archive is the path itself; what follows (a folder's content) is not read.
pub(super) fn first_entry(reader: impl Read) -> io::Result<FileFacts> {
    let mut archive = tar::Archive::new(reader);
    let mut entries = archive.entries()?;
    facts_of(&mut entries.next().ok_or(io::ErrorKind::UnexpectedEof)??)
}

/// What an entry of an archive tells, its content included. A hard link has none.
pub(super) fn facts_of(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<FileFacts> {
    let header = entry.header();
    let kind = match header.entry_type() {
        tar::EntryType::Regular | tar::EntryType::Link | tar::EntryType::Continuous | tar::EntryType::GNUSparse => {
            FileType::File
        }
        tar::EntryType::Directory => FileType::Directory,
        tar::EntryType::Symlink => FileType::Link,
        _ => FileType::Special,
    };
    let link = match kind {
        FileType::Link => entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned()),
        _ => None,
    };
    let header = entry.header();
    let mut facts = FileFacts {
        kind,
        mode: header.mode()? & 0o7777,
        uid: header.uid()?,
        gid: header.gid()?,
        size: if kind == FileType::File { entry.size() } else { 0 },
        sha256: None,
        text: None,
        link,
    };
    if kind == FileType::File && facts.size <= LARGEST_HASHED {
        let mut digest = Sha256::new();
        let mut text = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = entry.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            digest.update(&buffer[..count]);
            if facts.size <= LARGEST_TEXT {
                text.extend_from_slice(&buffer[..count]);
            }
        }
        facts.sha256 = Some(hex(&digest.finalize()));
        facts.text = (facts.size <= LARGEST_TEXT).then(|| String::from_utf8_lossy(&text).into_owned());
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_start_at_the_links_folder_and_cannot_leave_the_root() {
        assert_eq!(absolute("/usr/bin/python3", "python3.11"), "/usr/bin/python3.11");
        assert_eq!(absolute("/etc/x/link", "../hosts"), "/etc/hosts");
        assert_eq!(absolute("/link", "../../../etc/passwd"), "/etc/passwd");
        assert_eq!(absolute("/", "etc//./passwd/"), "/etc/passwd");
    }
}
