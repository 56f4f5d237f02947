//! The parts of an image name that says where it lies.

/// What a registry is asked for, out of an image name ([`crate::reference`] knows the grammar).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry: `127.0.0.1:5123`, `docker.io`.
    pub host: String,
    /// The repository in it: `learner/app`, `library/busybox`.
    pub repository: String,
    /// The tag, or a digest (`sha256:…`), which counts before it.
    pub tag: String,
}

impl Reference {
    /// Takes a name apart; none where it is no image name.
    pub fn parse(name: &str) -> Option<Self> {
        let parsed = crate::reference::Reference::parse(name).ok()?;
        let tag = parsed.digest().or(parsed.tag_meant())?;
        if parsed.digest().is_some_and(|digest| !is_digest(digest)) {
            return None;
        }
        Some(Self { host: parsed.host().into(), repository: parsed.path().into(), tag: tag.into() })
    }

    /// The port, where the registry is on a loopback address (`127.0.0.1:5123` → 5123; 80 without one).
    pub fn loopback_port(&self) -> Option<u16> {
        let (name, port) = match self.host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
            _ => (self.host.as_str(), 80),
        };
        let address = name.trim_start_matches('[').trim_end_matches(']');
        let loopback = address == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        loopback.then_some(port)
    }
}

/// `sha256:` and 64 hexadecimal digits: the one algorithm that every registry has.
pub(super) fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix("sha256:").is_some_and(|digest| digest.len() == 64 && digest.bytes().all(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str) -> Option<(String, String, String)> {
        Reference::parse(name).map(|parsed| (parsed.host, parsed.repository, parsed.tag))
    }

    #[test]
    fn a_host_is_told_from_a_namespace() {
        let of = |host: &str, repository: &str, tag: &str| Some((host.into(), repository.into(), tag.into()));
        assert_eq!(parts("127.0.0.1:5123/learner/app:v1"), of("127.0.0.1:5123", "learner/app", "v1"));
        assert_eq!(parts("localhost/app"), of("localhost", "app", "latest"));
        assert_eq!(parts("learner/app:v1"), of("docker.io", "learner/app", "v1"));
        assert_eq!(parts("busybox"), of("docker.io", "library/busybox", "latest"));
        assert_eq!(parts("[::1]:5000/a:b"), of("[::1]:5000", "a", "b"));
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(parts(&format!("ghcr.io/a/b:v1@{digest}")), of("ghcr.io", "a/b", &digest));
    }

    #[test]
    fn what_is_no_name_cannot_get_into_a_path() {
        for bad in ["", "a/../b", "A", "a:b:c", "127.0.0.1:5000/../x", "a?b", "a/b:..", "a@sha256:0", "a b", "é"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_loopback_addresses_are_on_the_engines_own_machine() {
        let port = |name: &str| Reference::parse(name).unwrap().loopback_port();
        assert_eq!(port("127.0.0.1:5123/a/b"), Some(5123));
        assert_eq!(port("localhost:5000/a"), Some(5000));
        assert_eq!(port("localhost/a"), Some(80));
        assert_eq!(port("[::1]:5000/a"), Some(5000));
        assert_eq!(port("registry.example:5000/a"), None);
        assert_eq!(port("a/b"), None);
    }
}
