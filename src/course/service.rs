//! Services that dlearn starts for an exercise (`needs: services:`), and the names that texts have for them.

use super::CourseError;
use crate::registry::Reference;
use std::collections::BTreeMap;

/// The practice registry, or the registry that the learner chose.
pub const REGISTRY: &str = "registry";

/// What an author may write under `services:`.
const KNOWN: [&str; 1] = [REGISTRY];

/// Whether an exercise with these services needs the registry.
pub fn needs_registry(services: &[String]) -> bool {
    services.iter().any(|service| service == REGISTRY)
}

/// Values for `{{registry}}` (what stands before an image's name), `{{registry.user}}` (the namespace that is the
/// learner's) and `{{registry.password}}`.
pub fn registry_values(address: &str, user: &str, password: &str) -> BTreeMap<String, String> {
    let values = [("registry", address), ("registry.user", user), ("registry.password", password)];
    values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// A registry that the learner chose, and their namespace in it: `docker.io/ada`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// `docker.io`
    pub host: String,
    /// `ada`
    pub namespace: String,
}

impl std::str::FromStr for Elsewhere {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write it as HOST/NAMESPACE, for example docker.io/ada".to_owned();
        let (host, namespace) = text.trim_end_matches('/').split_once('/').ok_or_else(wrong)?;
        let parsed = Reference::parse(&format!("{host}/{namespace}/x:x")).ok_or_else(wrong)?;
        let whole = parsed.host == host && parsed.repository == format!("{namespace}/x");
        whole.then(|| Self { host: host.to_owned(), namespace: namespace.to_owned() }).ok_or_else(wrong)
    }
}

impl Elsewhere {
    /// What texts call it; nobody knows the password but the learner.
    pub fn values(&self) -> BTreeMap<String, String> {
        registry_values(&self.host, &self.namespace, "(that of your account there, or an access token)")
    }
}

/// Values that stand for nobody's services: for reading a course and for `dlearn list`.
pub(super) fn examples(services: &[String]) -> Result<BTreeMap<String, String>, CourseError> {
    if let Some(unknown) = services.iter().find(|service| !KNOWN.contains(&service.as_str())) {
        let near = crate::nearest(unknown, KNOWN);
        let help = near.map_or(format!("there is {}", KNOWN.join(", ")), |near| format!("did you mean {near}?"));
        return Err(CourseError::new("", format!("needs: services: names `{unknown}`"), help));
    }
    Ok(match needs_registry(services) {
        true => registry_values("127.0.0.1:5000", "learner", "PASSWORD"),
        false => BTreeMap::new(),
    })
}

/// Most components of an image's name, its registry's among them. Images of runs are found by patterns of a length.
pub const DEEPEST_NAME: usize = 6;

/// Whether an exercise may claim this name for an image: `e04/web:v1`, or in a registry `HOST/n13/api:1.0` or
/// `HOST/learner/e04-web:v1` (Docker Hub knows no longer paths).
pub(super) fn is_own_name(image: &str, repository: &str) -> bool {
    let Some((path, tag)) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) else { return false };
    let parts: Vec<&str> = path.split('/').collect();
    let host = |text: &str| text.contains(['.', ':']) || text == "{{registry}}" || text == "localhost";
    let own = match parts.as_slice() {
        [first, _, ..] if *first == repository => true,
        [first, second, _, ..] if host(first) && *second == repository => true,
        [first, _, name] if host(first) => name.starts_with(&format!("{repository}-")),
        _ => false,
    };
    own && !tag.is_empty() && parts.iter().all(|part| !part.is_empty()) && parts.len() <= DEEPEST_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exercise_claims_names_of_its_own_only() {
        for own in [
            "e04/web:v1",
            "e04/a/b:v1",
            "127.0.0.1:{{port}}/e04/web:v1",
            "{{registry}}/{{registry.user}}/e04-web:v1",
            "localhost/e04/web:v1",
            "e04/a/b/c/d/e:v1",
        ] {
            assert!(is_own_name(own, "e04"), "{own}");
        }
        for other in [
            "web:v1",
            "e04/web",
            "e044/web:v1",
            "learner/e04-web:v1",
            "{{registry}}/learner/web:v1",
            "e04/:v1",
            "e04:v1",
            "e04/a/b/c/d/e/f:v1",
        ] {
            assert!(!is_own_name(other, "e04"), "{other}");
        }
    }

    #[test]
    fn a_registry_elsewhere_has_a_host_and_a_namespace() {
        let parsed: Elsewhere = "docker.io/ada".parse().unwrap();
        assert_eq!((parsed.host.as_str(), parsed.namespace.as_str()), ("docker.io", "ada"));
        assert!("registry.example:5000/team/ada".parse::<Elsewhere>().is_ok());
        for bad in ["", "docker.io", "ada/x", "docker.io/Ada", "docker.io/a b", "https://docker.io/ada"] {
            assert!(bad.parse::<Elsewhere>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_service_is_named() {
        let error = examples(&["regitsry".to_owned()]).unwrap_err();
        assert!(error.help.contains("registry"), "{error}");
        assert!(examples(&[]).unwrap().is_empty());
    }
}
