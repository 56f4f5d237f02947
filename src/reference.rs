//! References: the names of images, `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`. Pure.
//!
//! The grammar and the way short names are completed are those of the distribution project's package
//! `reference` (`regexp.go`, `normalize.go`), which engines and registries use: without a host a name
//! means `docker.io`, and one word alone lies in that registry's namespace `library`.

use regex::Regex;
use std::fmt;
use std::sync::LazyLock;

/// The registry that a name without a host means.
pub const DEFAULT_HOST: &str = "docker.io";
/// The namespace of Docker Hub that a name of one word means.
pub const DEFAULT_NAMESPACE: &str = "library";
/// The tag that a name without one means.
pub const DEFAULT_TAG: &str = "latest";

/// The most characters that host and path together may have (`RepositoryNameTotalLengthMax`).
const LONGEST_NAME: usize = 255;
/// More than any valid name has: 255 characters, a tag of 128, and a digest.
const LONGEST: usize = 1024;

/// What [`Reference::parse`] found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    host: Option<String>,
    path: String,
    tag: Option<String>,
    digest: Option<String>,
}

/// Why a text names no image. The [`fmt::Display`] is what a current `docker` prints after
/// `invalid reference format`'s colon, or in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing, or white space only.
    #[error("invalid reference format")]
    Empty,
    /// An upper-case letter in the path.
    #[error("invalid reference format: repository name ({path}) must be lowercase")]
    Uppercase {
        /// The path, completed with `library/` where it is one word.
        path: String,
    },
    /// Sixty-four hexadecimal digits: that is an image's id.
    #[error("invalid repository name ({id}), cannot specify 64-byte hexadecimal strings")]
    Id {
        /// The digits.
        id: String,
    },
    /// Host and path are longer than a name may be.
    #[error("repository name must not be more than {LONGEST_NAME} characters")]
    TooLong,
    /// The part behind the colon.
    #[error("invalid reference format")]
    Tag {
        /// What stands there.
        tag: String,
    },
    /// The part behind the `@`.
    #[error("invalid reference format")]
    Digest {
        /// What stands there.
        digest: String,
    },
    /// `http://` or the like before the host.
    #[error("invalid reference format")]
    Scheme,
    /// Any other character, or an empty part.
    #[error("invalid reference format")]
    Path {
        /// The first part of the path that is none.
        part: String,
    },
    /// The part before the first slash, where it is meant as a host.
    #[error("invalid reference format")]
    Host {
        /// What stands there.
        host: String,
    },
}

impl ReferenceError {
    /// What to do about it, as a sentence without its full stop.
    pub fn help(&self) -> String {
        match self {
            ReferenceError::Empty => "write a name, such as team/shop:v1".into(),
            ReferenceError::Uppercase { path } => format!("write it in small letters: {}", path.to_lowercase()),
            ReferenceError::Id { .. } => "this is an image's id; give the image a name with docker tag".into(),
            ReferenceError::TooLong => format!("shorten it to {LONGEST_NAME} characters"),
            ReferenceError::Tag { tag } if tag.is_empty() => {
                "write a tag behind the colon, or leave the colon out".into()
            }
            ReferenceError::Tag { tag } if tag.contains('+') => {
                format!("a tag holds no +; write {}", tag.replace('+', "-"))
            }
            ReferenceError::Tag { .. } => {
                "a tag has at most 128 letters, digits, _ . and -, and does not begin with . or -".into()
            }
            ReferenceError::Digest { .. } => "a digest is sha256: and 64 hexadecimal digits".into(),
            ReferenceError::Scheme => "leave out http:// or https://; a name begins with the registry's host".into(),
            ReferenceError::Path { part } if part.is_empty() => "write something on both sides of each slash".into(),
            ReferenceError::Path { .. } => {
                "parts of a name have small letters and digits, with one . or _, two __, or some - between them".into()
            }
            ReferenceError::Host { .. } => "write the registry as host or host:port".into(),
        }
    }
}

static HOST: LazyLock<Regex> = LazyLock::new(|| {
    let label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
    constant(&format!(r"^(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$"))
});
static PART: LazyLock<Regex> = LazyLock::new(|| constant("^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$"));
static TAG: LazyLock<Regex> = LazyLock::new(|| constant("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"));
/// The algorithms that the OCI image specification registers, with the length of each.
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| constant("^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$"));

fn constant(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

impl Reference {
    /// Reads a name as `docker` reads it.
    ///
    /// # Errors
    /// [`ReferenceError`], where `docker` refuses the text too.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.trim().is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() > LONGEST {
            return Err(ReferenceError::TooLong);
        }
        if text.contains("://") {
            return Err(ReferenceError::Scheme);
        }
        if is_id(text) {
            return Err(ReferenceError::Id { id: text.into() });
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (host, rest) = split_host(name);
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        let host = host.filter(|host| !matches!(*host, DEFAULT_HOST | "index.docker.io"));
        let path = match host {
            None if !path.contains('/') => format!("{DEFAULT_NAMESPACE}/{path}"),
            _ => path.to_owned(),
        };
        if path.chars().any(char::is_uppercase) {
            return Err(ReferenceError::Uppercase { path });
        }
        if let Some(host) = host
            && !HOST.is_match(host)
        {
            return Err(ReferenceError::Host { host: host.into() });
        }
        if let Some(part) = path.split('/').find(|part| !PART.is_match(part)) {
            return Err(ReferenceError::Path { part: part.into() });
        }
        if host.unwrap_or(DEFAULT_HOST).len() + 1 + path.len() > LONGEST_NAME {
            return Err(ReferenceError::TooLong);
        }
        if let Some(tag) = tag
            && !TAG.is_match(tag)
        {
            return Err(ReferenceError::Tag { tag: tag.into() });
        }
        if let Some(digest) = digest
            && !DIGEST.is_match(digest)
        {
            return Err(ReferenceError::Digest { digest: digest.into() });
        }
        Ok(Self { host: host.map(Into::into), path, tag: tag.map(Into::into), digest: digest.map(Into::into) })
    }

    /// The registry, with its port: `docker.io` where the name says none.
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or(DEFAULT_HOST)
    }

    /// Whether the registry is Docker Hub.
    pub fn is_docker_hub(&self) -> bool {
        self.host.is_none()
    }

    /// Namespace and repository as the registry knows them: `library/busybox`, `team/shop`, `shop`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// All of the path but its last part; none where it has one part only.
    pub fn namespace(&self) -> Option<&str> {
        self.path.rsplit_once('/').map(|(namespace, _)| namespace)
    }

    /// The last part of the path.
    pub fn repository(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The tag as it is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The tag that is meant: `latest` where neither a tag nor a digest is written.
    pub fn tag_meant(&self) -> Option<&str> {
        self.tag().or(if self.digest.is_none() { Some(DEFAULT_TAG) } else { None })
    }

    /// The digest as it is written: `sha256:…`.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether both mean the same image in the same registry, `latest` and `docker.io/library/` filled in.
    pub fn means(&self, other: &Reference) -> bool {
        self.host() == other.host()
            && self.path == other.path
            && self.tag_meant() == other.tag_meant()
            && self.digest == other.digest
    }

    /// Everything written out: `docker.io/library/busybox:latest`.
    pub fn complete(&self) -> String {
        self.written(format!("{}/{}", self.host(), self.path), self.tag_meant())
    }

    fn written(&self, mut text: String, tag: Option<&str>) -> String {
        for (sign, part) in [(':', tag), ('@', self.digest())] {
            if let Some(part) = part {
                text.push(sign);
                text.push_str(part);
            }
        }
        text
    }
}

/// As short as it can be written: `busybox:1.36`, `team/shop`, `localhost:5000/shop`.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.host {
            Some(host) => format!("{host}/{}", self.path),
            None => match self.path.strip_prefix("library/") {
                // Alone, that would be read as an id.
                Some(word) if !(word.contains('/') || is_id(word)) => word.to_owned(),
                _ => self.path.clone(),
            },
        };
        f.write_str(&self.written(name, self.tag()))
    }
}

/// Sixty-four hexadecimal digits, as `docker images --no-trunc` shows.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The part before the first slash is a host if it has a dot, a colon or an upper-case letter, or is
/// `localhost` (`splitDockerDomain`).
fn split_host(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// host, path, tag that is meant
    fn read(text: &str) -> (String, String, String) {
        let reference = Reference::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        (reference.host().into(), reference.path().into(), reference.tag_meant().unwrap_or_default().into())
    }

    fn refused(text: &str) -> String {
        Reference::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn short_names_are_completed() {
        let parts = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(read("busybox"), parts("docker.io", "library/busybox", "latest"));
        assert_eq!(read("docker.io/busybox:1"), parts("docker.io", "library/busybox", "1"));
        assert_eq!(read("index.docker.io/ada/web"), parts("docker.io", "ada/web", "latest"));
        assert_eq!(read("team/api:1.0"), parts("docker.io", "team/api", "1.0"));
        assert_eq!(read("localhost/api"), parts("localhost", "api", "latest"));
        assert_eq!(read("localhost:5000/a/b/c:v1_0.x-y"), parts("localhost:5000", "a/b/c", "v1_0.x-y"));
        assert_eq!(read("[::1]:5000/a"), parts("[::1]:5000", "a", "latest"));
        assert_eq!(read("Shop/api:v1"), parts("Shop", "api", "v1"), "an upper-case letter makes it a host");
        assert_eq!(read("a__b/c-d--e.f:T"), parts("docker.io", "a__b/c-d--e.f", "T"));
    }

    #[test]
    fn a_name_like_an_id_is_written_so_that_it_is_read_again() {
        let text = format!("library/{}", "0a".repeat(32));
        let reference = Reference::parse(&text).unwrap();
        assert_eq!(reference.to_string(), text);
        assert!(Reference::parse(&reference.complete()).unwrap().means(&reference));
    }

    #[test]
    fn a_digest_stands_beside_a_tag_or_instead_of_it() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let both = Reference::parse(&format!("busybox:1.36@{digest}")).unwrap();
        assert_eq!((both.tag_meant(), both.digest()), (Some("1.36"), Some(digest.as_str())));
        let alone = Reference::parse(&format!("busybox@{digest}")).unwrap();
        assert_eq!((alone.tag_meant(), alone.to_string()), (None, format!("busybox@{digest}")));
        assert!(!alone.means(&both));
    }

    /// Each was refused by docker 20.10.24 and 28.2.2 in these words (the name in parentheses by 28 only).
    #[test]
    fn what_docker_refuses_is_refused_in_its_words() {
        let lowercase = |path: &str| format!("invalid reference format: repository name ({path}) must be lowercase");
        assert_eq!(refused("shop/Api:v1"), lowercase("shop/Api"));
        assert_eq!(refused("Foo:v1"), lowercase("library/Foo"));
        assert_eq!(refused("ghcr.io/Shop/a"), lowercase("Shop/a"));
        for text in [
            "",
            " ",
            "shop/api:v1+0",
            "shop/api:.v1",
            "shop//api",
            "-shop",
            "shop_/a",
            "a b",
            "a@b",
            "shop/api:",
            "http://x.io/a",
            "shop/api@sha256:abc",
            "é/a",
            "a/",
            "/a",
            "a..b",
            "-.io/a",
            "a:b:c",
        ] {
            assert_eq!(refused(text), "invalid reference format", "{text}");
        }
        assert!(refused(&"a".repeat(64)).contains("64-byte hexadecimal"));
        assert!(refused(&"ab/".repeat(100)).starts_with("invalid") && refused(&"z".repeat(250)).contains("255"));
    }

    #[test]
    fn help_says_what_to_write() {
        let help = |text: &str| Reference::parse(text).expect_err(text).help();
        assert!(help("shop/Api").ends_with("shop/api"));
        assert!(help("shop/api:v1+0").ends_with("write v1-0"));
        assert!(help("https://r.example/a").contains("leave out"));
    }

    #[test]
    fn a_name_is_written_short_or_complete() {
        let both = |text: &str| {
            let reference = Reference::parse(text).unwrap();
            (reference.to_string(), reference.complete())
        };
        let text = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(both("docker.io/library/busybox"), text("busybox", "docker.io/library/busybox:latest"));
        assert_eq!(both("team/api:1"), text("team/api:1", "docker.io/team/api:1"));
        let shop = Reference::parse("localhost:5000/team/shop:v1.0").unwrap();
        assert_eq!((shop.namespace(), shop.repository()), (Some("team"), "shop"));
        assert!(
            Reference::parse("busybox").unwrap().means(&Reference::parse("docker.io/library/busybox:latest").unwrap())
        );
    }
}
