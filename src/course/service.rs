//! Services that dlearn starts for an exercise (`needs: services:`), and the names that texts have for them.

use super::CourseError;
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
    own && !tag.is_empty() && parts.iter().all(|part| !part.is_empty())
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
        ] {
            assert!(!is_own_name(other, "e04"), "{other}");
        }
    }

    #[test]
    fn an_unknown_service_is_named() {
        let error = examples(&["regitsry".to_owned()]).unwrap_err();
        assert!(error.help.contains("registry"), "{error}");
        assert!(examples(&[]).unwrap().is_empty());
    }
}
