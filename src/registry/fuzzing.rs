//! For fuzzers: a registry's answers, without a registry.

use super::{Ask, Got, Platform, Reference, RegistryError, hub, read};
use crate::evidence::RegistryFacts;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

struct Shelf(BTreeMap<String, Bytes>);

impl Ask for Shelf {
    async fn get(&mut self, path: &str, _: &str, most: usize) -> Result<Got, RegistryError> {
        let body = self.0.get(path).filter(|body| body.len() <= most).cloned();
        let status = if body.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        // What it does not have it says as a registry does.
        let body = body.unwrap_or_else(|| Bytes::from_static(br#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#));
        Ok(Got { status, headers: HeaderMap::new(), body })
    }
}

/// What is known of an image, where the registry has these bodies: each may name the one before it, as `@`; the third is
/// what the tag stands for, or the last where there are fewer; a fourth is the list of tags.
pub(crate) async fn asked(bodies: &[&[u8]]) -> Result<RegistryFacts, RegistryError> {
    let mut shelf = BTreeMap::new();
    let mut before = String::new();
    for (at, body) in bodies.iter().take(3).enumerate() {
        let body = Bytes::from(String::from_utf8_lossy(body).replace('@', &before));
        before = format!("sha256:{}", crate::hex::hex(&Sha256::digest(&body)));
        let kind = if at == 0 { "blobs" } else { "manifests" };
        shelf.insert(format!("/v2/a/b/{kind}/{before}"), body.clone());
        shelf.insert("/v2/a/b/manifests/v1".to_owned(), body);
    }
    if let Some(tags) = bodies.get(3) {
        shelf.remove("/v2/a/b/manifests/v1");
        shelf.insert("/v2/a/b/tags/list?n=50".to_owned(), Bytes::copy_from_slice(tags));
    }
    let reference = Reference { host: "r.example".into(), repository: "a/b".into(), tag: "v1".into() };
    read(&mut Shelf(shelf), &reference, &platform()).await
}

/// What Docker Hub says of a tag.
pub(crate) fn hub(answer: &str) {
    hub::size_in(answer, &platform());
    let mut headers = HeaderMap::new();
    for (name, line) in ["ratelimit-limit", "ratelimit-remaining"].into_iter().zip(answer.lines()) {
        headers.extend(line.parse().ok().map(|value| (http::HeaderName::from_static(name), value)));
    }
    hub::headroom_in(&headers);
}

fn platform() -> Platform {
    Platform { os: "linux".into(), arch: "amd64".into() }
}
