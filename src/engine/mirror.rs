//! Pulling from a mirror: what comes from there gets its real name, and the mirror's name goes.

use super::{Engine, EngineError, PullProgress, call::query, images};
use crate::reference::{DEFAULT_NAMESPACE, Reference};
use crate::registry::Logins;
use http::Method;
use std::fmt;
use std::str::FromStr;

/// A registry that has copies of images, and below which path: `HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror(String);

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Mirror {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err("leave out http:// or https://; the engine decides that by itself".into());
        }
        let text = text.trim_end_matches('/');
        let (host, prefix) = text.split_once('/').unwrap_or((text, ""));
        // As in the names of images: a first part without a dot or a port is no host.
        if !host.contains(['.', ':']) && host != "localhost" {
            return Err(format!("`{host}` is no registry's host; write HOST:PORT, or a name with a dot"));
        }
        if prefix.contains([':', '@']) {
            return Err("write a host and perhaps a path, without a tag or a digest".into());
        }
        let sample = if prefix.is_empty() { format!("{host}/image") } else { format!("{host}/{prefix}/image") };
        let parsed = Reference::parse(&sample).map_err(|error| error.help())?;
        debug_assert!(parsed.tag().is_none() && parsed.digest().is_none(), "the prefix has no mark of either");
        Ok(Self(text.to_owned()))
    }
}

impl Mirror {
    /// What an image may be called there: a mirror of Docker Hub keeps Hub's namespace `library`, and a registry into
    /// which somebody pushed copies may not. None for a name that is none, or one with a digest.
    pub fn names_of(&self, image: &str) -> Vec<String> {
        let Ok(reference) = Reference::parse(image) else { return Vec::new() };
        let (Some(tag), path) = (reference.tag_meant().filter(|_| reference.digest().is_none()), reference.path())
        else {
            return Vec::new();
        };
        let official = path.strip_prefix(DEFAULT_NAMESPACE).and_then(|path| path.strip_prefix('/'));
        let short = official.filter(|_| reference.is_docker_hub());
        [Some(path), short].into_iter().flatten().map(|path| format!("{}/{path}:{tag}", self.0)).collect()
    }
}

impl Engine {
    /// Pulls an image from a mirror and names it as it is called everywhere. The mirror's name is taken off again,
    /// except where it was there before.
    ///
    /// # Errors
    /// As [`Engine::pull`]; of several names there, what is said of the first.
    pub async fn pull_from(
        &self,
        mirror: &Mirror,
        image: &str,
        logins: Option<&Logins>,
        mut progress: impl FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        let mut refused = None;
        for there in mirror.names_of(image) {
            let had_it = self.has_image(&there).await?;
            match self.pull(&there, logins, &mut progress).await {
                Ok(()) => {
                    images::give_tag(self, &there, image).await?;
                    return if had_it { Ok(()) } else { self.forget_mirrors_name(&there).await };
                }
                Err(error @ EngineError::Refused { .. }) => {
                    let other_name_may_help = error.says_not_there();
                    let refused = refused.get_or_insert(error);
                    if !other_name_may_help {
                        return Err(refused.clone());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| EngineError::Unsupported {
            what: format!("{image} cannot be asked of a mirror: its name has a digest, or is none"),
            help: "pull it without --mirror".into(),
        }))
    }

    /// Takes off a name that this process has just given, of an image that has its real name by now: the image stays.
    async fn forget_mirrors_name(&self, name: &str) -> Result<(), EngineError> {
        let doing = format!("remove the name {name}");
        let target = format!("/images/{name}{}", query(&[("noprune", "1")]));
        self.long(&doing, 30, self.call(&doing, Method::DELETE, &target, None)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_of_docker_hub_has_two_names_on_a_mirror() {
        let mirror: Mirror = "lab.example:5000/hub/".parse().unwrap();
        assert_eq!(
            mirror.names_of("busybox:1.36"),
            ["lab.example:5000/hub/library/busybox:1.36", "lab.example:5000/hub/busybox:1.36"]
        );
        assert_eq!(mirror.names_of("ada/web"), ["lab.example:5000/hub/ada/web:latest"]);
        assert_eq!(mirror.names_of("mcr.example/dotnet/sdk:10.0"), ["lab.example:5000/hub/dotnet/sdk:10.0"]);
        assert_eq!(mirror.names_of(&format!("a@sha256:{}", "0".repeat(64))), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_mirror_is_told() {
        for (text, says) in [
            ("https://lab.example", "leave out"),
            ("lab", "no registry's host"),
            ("", "no registry's host"),
            ("lab.example/Hub", "small letters"),
            ("lab.example/a b", "small letters"),
            ("lab.example/../x", "small letters"),
            ("lab.example/hub:1", "without a tag"),
            ("lab:x/hub", "host:port"),
        ] {
            let said = text.parse::<Mirror>().unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
        assert_eq!("localhost/hub".parse::<Mirror>().unwrap().to_string(), "localhost/hub");
    }
}
