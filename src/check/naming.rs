//! Compares names of images and registries that a learner wrote with the ones that are wanted.

use super::matching::shown;
use crate::reference::{DEFAULT_HOST, DEFAULT_NAMESPACE, Reference};

/// What a command says of a name that is not the one that is wanted.
pub(super) fn difference(wanted: &str, got: &str) -> Option<(String, String)> {
    let wanted = Reference::parse(wanted).ok()?;
    let got = match Reference::parse(got) {
        Ok(got) => got,
        Err(_) if got.contains(['$', '<', '{']) => {
            return Some((format!("{} is no name yet", shown(got)), "write the name out".into()));
        }
        Err(error) => return Some((format!("{}: {error}", shown(got)), error.help())),
    };
    let host = wanted.host();
    if !same_host(host, got.host()) {
        let meant = got.complete();
        let found = match (got.is_docker_hub(), got.namespace()) {
            (true, Some(DEFAULT_NAMESPACE)) => {
                format!("`{got}` means {meant}, and the namespace {DEFAULT_NAMESPACE} there is Docker's own")
            }
            (true, _) => format!("`{got}` names no registry, so it means {meant}, on Docker Hub"),
            _ => format!("`{got}` lies on {}, not on {host}", got.host()),
        };
        return Some((found, format!("begin the name with {host}/: the registry is part of it")));
    }
    let namespace = |reference: &Reference| reference.namespace().unwrap_or_default().to_owned();
    let own = namespace(&wanted);
    if own != namespace(&got) {
        let found = match namespace(&got).as_str() {
            "" => format!("`{got}` has no namespace"),
            DEFAULT_NAMESPACE => format!(
                "`{got}` is in the namespace {DEFAULT_NAMESPACE}, which is Docker's on Docker Hub, and not yours here"
            ),
            other => format!("the name is still in {other}"),
        };
        return Some((
            found,
            format!("a login says who you are; the name must lie in a namespace that is yours to write in, {own}/"),
        ));
    }
    if wanted.repository() != got.repository() {
        return Some((
            format!("the repository is {}", got.repository()),
            format!("it should be {}", wanted.repository()),
        ));
    }
    if wanted.tag_meant() != got.tag_meant() {
        let (wanted, tag) = (wanted.tag_meant()?, got.tag_meant()?);
        let found = if got.tag().is_none() {
            format!("no tag is written, which means {tag}")
        } else {
            format!("the tag is {tag}")
        };
        return Some((found, format!("write :{wanted}")));
    }
    None
}

/// The registry of a login: docker takes it with or without `https://` and a path.
pub(super) fn login_host(host: Option<&str>) -> String {
    let host = host.unwrap_or(DEFAULT_HOST);
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    match host.split('/').next().unwrap_or(host) {
        "index.docker.io" | "registry-1.docker.io" => DEFAULT_HOST.to_owned(),
        host => host.to_owned(),
    }
}

/// Equal, the ways to write the own machine aside.
pub(super) fn same_host(a: &str, b: &str) -> bool {
    fn port_of_loopback(host: &str) -> Option<&str> {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        names.iter().find_map(|name| host.strip_prefix(name)).filter(|rest| rest.is_empty() || rest.starts_with(':'))
    }
    a == b || port_of_loopback(a).is_some_and(|port| port_of_loopback(b) == Some(port))
}

pub(super) fn same_image(wanted: &str, got: &str) -> bool {
    let (Ok(a), Ok(b)) = (Reference::parse(wanted), Reference::parse(got)) else { return false };
    same_host(a.host(), b.host()) && a.path() == b.path() && a.tag_meant() == b.tag_meant() && a.digest() == b.digest()
}

/// The same image in the same registry, whichever tag.
pub(super) fn same_repository(wanted: &str, got: &str) -> bool {
    let (Ok(a), Ok(b)) = (Reference::parse(wanted), Reference::parse(got)) else { return false };
    same_host(a.host(), b.host()) && a.path() == b.path()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "localhost:5001/ada/shop:v1.0";

    fn found(got: &str) -> String {
        difference(WANTED, got).map_or("nothing".into(), |(found, _)| found)
    }

    #[test]
    fn a_difference_is_named_from_the_left() {
        assert_eq!(
            found("ada/shop:v1.0"),
            "`ada/shop:v1.0` names no registry, so it means docker.io/ada/shop:v1.0, on Docker Hub"
        );
        assert!(found("shop:v1.0").ends_with("the namespace library there is Docker's own"));
        assert!(found("r.example/ada/shop:v1.0").ends_with("lies on r.example, not on localhost:5001"));
        assert!(found("localhost:5001/library/shop:v1.0").contains("is Docker's"));
        assert_eq!(found("localhost:5001/acme/shop:v1.0"), "the name is still in acme");
        assert!(found("localhost:5001/shop:v1.0").ends_with("has no namespace"));
        assert_eq!(found("localhost:5001/ada/store:v1.0"), "the repository is store");
        assert_eq!(found("localhost:5001/ada/shop:v1"), "the tag is v1");
        assert_eq!(found("localhost:5001/ada/shop"), "no tag is written, which means latest");
        assert!(found("localhost:5001/ada/Shop:v1.0").contains("must be lowercase"));
        assert!(found("$REGISTRY/ada/shop").ends_with("is no name yet"));
        assert_eq!(found(WANTED), "nothing");
    }

    #[test]
    fn a_registry_is_the_same_however_a_login_writes_it() {
        assert_eq!(login_host(None), login_host(Some("https://index.docker.io/v1/")));
        assert_eq!(login_host(Some("http://localhost:5001/")), "localhost:5001");
        assert!(same_host("localhost:5001", "127.0.0.1:5001") && !same_host("localhost:5001", "127.0.0.1:5002"));
        assert!(!same_host("localhost.example", "localhost") && !same_host("r.example", "localhost"));
    }
}
