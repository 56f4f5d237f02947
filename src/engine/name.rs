//! Image names as they go into a URL and as they come back from engines.

/// Whether this can be the name or id of an image. Names come from learners' Dockerfiles and go into
/// paths of URLs, so nothing else may get through: a `..` would ask for another resource.
pub(crate) fn is_image_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    !name.is_empty()
        && name.len() <= 1024
        && name.chars().all(allowed)
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// `docker.io/library/busybox:1` → `busybox:1`; `localhost/e01/web:v1` (Podman) → `e01/web:v1`.
pub(crate) fn normalise(name: &str) -> String {
    let name = name.strip_prefix("localhost/").unwrap_or(name);
    let name = name.strip_prefix("index.").filter(|rest| rest.starts_with("docker.io/")).unwrap_or(name);
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name).to_owned()
}

/// `e01/web:v1` → (`e01/web`, `v1`); `e01/web` → (`e01/web`, `latest`).
pub(crate) fn repository_and_tag(name: &str) -> (&str, &str) {
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, "latest"),
    }
}

/// What names images that dlearn made for a run; followed by the run and a name.
pub(crate) const RUN_PREFIX: &str = "dlearn-run/";

/// Components that an image's name may have, without its registry and namespace: no fewer than a course may give it.
const DEEPEST_NAME: usize = 6;

/// The run that an image name belongs to: `dlearn-run/0123456789ab/b77:latest` → `0123456789ab`, and in a
/// registry `127.0.0.1:5123/learner/dlearn-run/0123456789ab/app:v1`.
pub(crate) fn run_of(name: &str) -> Option<&str> {
    let (host, path) = split_host(name);
    let below = match host {
        Some(_) => path.split_once('/').and_then(|(_, rest)| rest.strip_prefix(RUN_PREFIX)),
        None => None,
    };
    let (run, rest) = path.strip_prefix(RUN_PREFIX).or(below)?.split_once('/')?;
    (is_run_id(run) && !rest.is_empty()).then_some(run)
}

/// A name of this run for what is called `name`: in a registry, below the same namespace.
pub(crate) fn in_run(run: &str, name: &str) -> String {
    let (host, path) = split_host(name);
    match (host, path.split_once('/')) {
        (None, _) => format!("{RUN_PREFIX}{run}/{name}"),
        (Some(host), Some((namespace, rest))) => format!("{host}/{namespace}/{RUN_PREFIX}{run}/{rest}"),
        (Some(host), None) => format!("{host}/{RUN_PREFIX}{run}/{path}"),
    }
}

/// Patterns that every name of a run matches (Engine API, `GET /images/json`, filter `reference`): `*` ends at a `/`,
/// so there is one for each number of components before and after.
pub(crate) fn patterns_of_runs() -> Vec<String> {
    let each = |above| (1..=DEEPEST_NAME).map(move |below| format!("{above}{RUN_PREFIX}*{}", "/*".repeat(below)));
    ["", "*/", "*/*/"].into_iter().flat_map(each).collect()
}

/// The registry in a name, where there is one, and the rest.
fn split_host(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), rest),
        _ => (None, name),
    }
}

/// The run that a container's name belongs to: `dlearn-0123456789ab-7` → `0123456789ab`.
pub(crate) fn run_of_container(name: &str) -> Option<&str> {
    let (run, number) = name.strip_prefix("dlearn-")?.split_once('-')?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_run_id(run) && numbered).then_some(run)
}

/// Twelve lower-case hexadecimal digits.
pub(crate) fn is_run_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a name is that of a throw-away build (`dlearn-run/RUN/b` and twelve digits), which is no
/// name that a learner gave.
pub(crate) fn is_throw_away(name: &str) -> bool {
    let Some((_, rest)) = run_of(name).and_then(|_| name.strip_prefix(RUN_PREFIX)?.split_once('/')) else {
        return false;
    };
    let (repository, tag) = repository_and_tag(rest);
    tag == "latest" && repository.strip_prefix('b').is_some_and(is_run_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place_in_a_url() {
        assert!(is_image_name("localhost:5000/a/b:v1") && is_image_name("a@sha256:00"));
        for bad in ["", "a b", "../containers", "a/../../info", "a?x=1", "a%2e", "/a", "a//b", "é"] {
            assert!(!is_image_name(bad), "{bad}");
        }
    }

    #[test]
    fn engines_prefixes_are_removed() {
        assert_eq!(normalise("docker.io/library/busybox:1"), "busybox:1");
        assert_eq!(normalise("localhost/e01/web:v1"), "e01/web:v1");
        assert_eq!(normalise("docker.io/ada/web:1"), "ada/web:1");
        assert_eq!(normalise("ghcr.io/a/b:1"), "ghcr.io/a/b:1");
    }

    #[test]
    fn throw_away_names_are_told_from_a_proofs_names() {
        assert!(is_throw_away("dlearn-run/0123456789ab/b0123456789ab:latest"));
        assert!(!is_throw_away("dlearn-run/0123456789ab/app:v1"));
        assert_eq!(run_of("dlearn-run/0123456789ab/app:v1"), Some("0123456789ab"));
        assert_eq!(run_of("dlearn-run/other/app:v1"), None);
    }

    #[test]
    fn names_of_a_run_are_its_own_in_a_registry_too() {
        for (name, own) in [
            ("e04/web:v1", "dlearn-run/0123456789ab/e04/web:v1"),
            ("127.0.0.1:5123/learner/web:v1", "127.0.0.1:5123/learner/dlearn-run/0123456789ab/web:v1"),
            ("127.0.0.1:5123/web:v1", "127.0.0.1:5123/dlearn-run/0123456789ab/web:v1"),
        ] {
            assert_eq!(in_run("0123456789ab", name), own);
            assert_eq!(run_of(own), Some("0123456789ab"), "{own}");
            assert_eq!(run_of(name), None, "{name}");
        }
        assert_eq!(run_of("ada/dlearn-run/0123456789ab/web:v1"), None);
    }

    #[test]
    fn an_engine_that_filters_finds_every_name_of_a_run() {
        let names =
            ["web:v1", "e04/web:v1", "127.0.0.1:5123/web", "127.0.0.1:5123/learner/web:v1", "h.io/a/b/c/d/e/f:1"];
        for name in names.map(|name| in_run("0123456789ab", name)) {
            // Go's path.Match, as far as a pattern has nothing but `*`.
            let matches = |pattern: &String| {
                let (parts, wanted): (Vec<&str>, Vec<&str>) = (name.split('/').collect(), pattern.split('/').collect());
                parts.len() == wanted.len() && parts.iter().zip(wanted).all(|(part, want)| want == "*" || want == *part)
            };
            assert!(patterns_of_runs().iter().any(matches), "{name}");
        }
    }

    #[test]
    fn a_registrys_port_is_no_tag() {
        assert_eq!(repository_and_tag("localhost:5000/a"), ("localhost:5000/a", "latest"));
        assert_eq!(repository_and_tag("a:1"), ("a", "1"));
    }
}
