//! What only Docker Hub tells, asked from this machine: how large a tag is, and how many pulls are left.
//!
//! For advice only. Where Hub cannot be asked, within the time given, there is no answer and no error. Proxies of the
//! environment are used; no credentials are read.

use super::Platform;
use crate::reference::Reference;
use http::HeaderMap;
use serde::Deserialize;
use std::time::Duration;
use ureq::Agent;

/// Most bytes of an answer.
const LARGEST: u64 = 1024 * 1024;
/// Where Hub's own interface is (docs.docker.com/reference/api/hub/latest).
const HUB: &str = "https://hub.docker.com";
/// Who gives a token for the image by which the limit is asked.
const TOKEN: &str =
    "https://auth.docker.io/token?service=registry.docker.io&scope=repository:ratelimitpreview/test:pull";
/// A HEAD request for it is counted by nobody (docs.docker.com/docker-hub/usage/pulls).
const LIMITED: &str = "https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest";

/// How many images this address may still pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    /// Within one window.
    pub limit: u64,
    /// Of these, now.
    pub remaining: u64,
    /// Seconds of a window; 0 where it is not told.
    pub window: u64,
}

#[derive(Deserialize)]
struct Tag {
    #[serde(default)]
    images: Vec<OfPlatform>,
}

#[derive(Deserialize)]
struct OfPlatform {
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Bytes that pulling an image of Docker Hub brings at most: its layers, compressed. None for other registries, and
/// where Hub does not tell. Blocks for `limit` at most.
pub fn size_on_hub(image: &str, platform: &Platform, limit: Duration) -> Option<u64> {
    let reference = Reference::parse(image).ok().filter(Reference::is_docker_hub)?;
    let (path, tag) = (reference.path(), reference.tag_meant()?);
    size_in(&ask(&agent(limit), &format!("{HUB}/v2/repositories/{path}/tags/{tag}"))?, platform)
}

pub(super) fn size_in(answer: &str, platform: &Platform) -> Option<u64> {
    let tag: Tag = serde_json::from_str(answer).ok()?;
    let is = |said: &Option<String>, wanted: &str| said.as_deref() == Some(wanted);
    let of_platform = |one: &&OfPlatform| is(&one.architecture, &platform.arch) && is(&one.os, &platform.os);
    tag.images.iter().find(of_platform)?.size
}

/// How many pulls Docker Hub grants this address, and how many are left. None where it does not tell: for who is logged
/// in, or where no limit holds. Counts as no pull. Blocks for `limit` at most.
pub fn headroom(limit: Duration) -> Option<Headroom> {
    let begun = std::time::Instant::now();
    let token: Token = serde_json::from_str(&ask(&agent(limit), TOKEN)?).ok()?;
    let left = limit.checked_sub(begun.elapsed())?;
    let request = agent(left).head(LIMITED).header("Authorization", format!("Bearer {}", token.token));
    headroom_in(request.call().ok()?.headers())
}

/// `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`
pub(super) fn headroom_in(headers: &HeaderMap) -> Option<Headroom> {
    let said = |name: &str| {
        let (count, rest) = {
            let text = headers.get(name)?.to_str().ok()?;
            text.split_once(';').unwrap_or((text, ""))
        };
        let window = rest.trim().strip_prefix("w=").and_then(|seconds| seconds.parse().ok());
        Some((count.trim().parse::<u64>().ok()?, window.unwrap_or(0)))
    };
    let ((limit, window), (remaining, _)) = (said("ratelimit-limit")?, said("ratelimit-remaining")?);
    Some(Headroom { limit, remaining, window })
}

fn agent(limit: Duration) -> Agent {
    Agent::config_builder().timeout_global(Some(limit)).user_agent("dlearn").build().into()
}

fn ask(agent: &Agent, address: &str) -> Option<String> {
    let mut answer = agent.get(address).call().ok()?;
    answer.body_mut().with_config().limit(LARGEST).read_to_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_the_platform() {
        let answer = r#"{"name":"1.36","full_size":2219949,"images":[
            {"architecture":"unknown","os":"unknown","size":900},
            {"architecture":"arm64","variant":"v8","os":"linux","size":1920000},
            {"architecture":"amd64","os":"linux","size":2219949},{"architecture":"s390x","os":null,"size":null}]}"#;
        let size = |arch: &str| size_in(answer, &Platform { os: "linux".into(), arch: arch.into() });
        assert_eq!((size("amd64"), size("arm64")), (Some(2_219_949), Some(1_920_000)));
        assert_eq!((size("s390x"), size("riscv64")), (None, None));
        assert_eq!(size_in("<html>", &Platform { os: "linux".into(), arch: "amd64".into() }), None);
    }

    #[test]
    fn the_headroom_is_read_from_two_headers() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        let full = headers(&[("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "76;w=21600")]);
        assert_eq!(headroom_in(&full), Some(Headroom { limit: 100, remaining: 76, window: 21600 }));
        let bare = headers(&[("ratelimit-limit", "100"), ("ratelimit-remaining", "0")]);
        assert_eq!(headroom_in(&bare), Some(Headroom { limit: 100, remaining: 0, window: 0 }));
        for none in [&[][..], &[("ratelimit-limit", "100")], &[("ratelimit-limit", "x"), ("ratelimit-remaining", "1")]]
        {
            assert_eq!(headroom_in(&headers(none)), None);
        }
    }

    #[test]
    fn an_image_of_another_registry_is_not_asked_about() {
        let platform = Platform { os: "linux".into(), arch: "amd64".into() };
        assert_eq!(size_on_hub("registry.invalid:5000/a:1", &platform, Duration::from_secs(60)), None);
    }
}
