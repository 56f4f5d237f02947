//! The docker command that the learner types, and which engine it is pointed at.

use super::{Symptom, advice, ok, repair};
use crate::engine::{Choice, ClientVersion};
use std::path::PathBuf;

/// `others`: contexts whose engines answer, where the one in use does not.
pub(super) fn context(chosen: &Choice, others: &[(String, String)]) -> Symptom {
    const WHAT: &str = "context";
    let by = match &chosen.decides {
        None => "default, because nothing chooses another".to_owned(),
        Some(("DOCKER_HOST", host)) => format!("none: DOCKER_HOST is {host}"),
        Some((setting, name)) => format!("{name}, chosen by {setting}"),
    };
    if let Some((name, host)) = others.first() {
        let found = format!("{by}; but the engine of the context {name} answers, at {host}");
        let unset: Vec<&str> = [chosen.decides.as_ref()].into_iter().flatten().map(|(setting, _)| *setting).collect();
        let first = match unset.as_slice() {
            [setting] if setting.starts_with("DOCKER_") => format!("unset {setting}; "),
            _ => String::new(),
        };
        return advice(WHAT, found, format!("{first}docker context use {name}"));
    }
    match (chosen.unused.first(), &chosen.decides) {
        (Some((setting, name)), Some((deciding, _))) => advice(
            WHAT,
            format!("{by}; so {setting}, which says {name}, is not asked"),
            format!("if that is the engine that you mean: unset {deciding}"),
        ),
        _ => ok(WHAT, by),
    }
}

/// The learner types docker commands; dlearn itself does not need the client.
pub(super) fn there(path: Option<PathBuf>) -> Symptom {
    const WHAT: &str = "docker command";
    match path {
        Some(path) => ok(WHAT, path.display().to_string()),
        None => repair(WHAT, "not on your PATH", "install the Docker CLI: you will type docker commands"),
    }
}

/// Whether the command talks with an engine that talks with us. `api`: the newest version that the engine speaks.
pub(super) fn fit(command: Option<(PathBuf, Option<ClientVersion>)>, api: Option<&str>) -> Symptom {
    const WHAT: &str = "docker command";
    let Some((path, version)) = command else { return there(None) };
    let Some(version) = version else {
        return advice(
            WHAT,
            format!("{} does not say its version", path.display()),
            "see what `docker version` says; a stand-in for Docker may print other things than the lessons show",
        );
    };
    if version.refusal.is_empty() || api.is_none() {
        return ok(WHAT, format!("{} at {}", version.version, path.display()));
    }
    let of_versions = ["too new", "too old", "API version", "minimum supported"]
        .iter()
        .any(|sign| version.refusal.to_lowercase().contains(&sign.to_lowercase()));
    let engine = api.unwrap_or_default();
    // What the command asked with may be none of its own versions: then the variable says it.
    let too_new = version.refusal.to_lowercase().contains("too new");
    let help = match (of_versions, older(&version.api, engine)) {
        (true, Some(true)) if !too_new => "update the docker command (the package docker-ce-cli, or Docker Desktop)",
        (true, Some(_)) => {
            "unset DOCKER_API_VERSION if it is set; else update the engine, or use a docker command of its age"
        }
        _ => "see what `docker version` says; dlearn itself reaches the engine",
    };
    let found =
        format!("{} (API {}) does not talk with this engine: {}", version.version, version.api, version.refusal);
    repair(WHAT, found, help)
}

/// Whether an API version (`1.41`) is older than another.
fn older(one: &str, other: &str) -> Option<bool> {
    let parts = |text: &str| {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    Some(parts(one)? < parts(other)?)
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn versions_that_do_not_fit_name_the_older_side() {
        let refused = |api: &str, engine: &str, refusal: &str| {
            let version = ClientVersion { version: "29.0".into(), api: api.into(), refusal: refusal.into() };
            fit(Some(("/usr/bin/docker".into(), Some(version))), Some(engine))
        };
        let newer = refused("1.52", "1.41", "client version 1.52 is too new. Maximum supported API version is 1.41");
        assert_eq!(newer.state, State::Repair);
        assert!(newer.repair.contains("else update the engine") && newer.found.contains("too new"), "{newer:?}");
        let older = refused("1.40", "1.52", "client version 1.40 is too old. Minimum supported API version is 1.44");
        assert!(older.repair.contains("update the docker command"), "{older:?}");
        let other = refused("1.50", "1.51", "permission denied while trying to connect");
        assert!(other.repair.contains("docker version"), "{other:?}");
        assert_eq!(refused("1.50", "1.41", "").state, State::Ok);
    }

    #[test]
    fn a_context_that_is_set_and_not_asked_is_told() {
        let both = Choice {
            decides: Some(("DOCKER_HOST", "tcp://a:1".into())),
            unused: vec![("currentContext in config.json", "colima".into())],
        };
        let found = context(&both, &[]);
        assert_eq!((found.state, found.repair.contains("unset DOCKER_HOST")), (State::Advice, true));
        let other = context(&both, &[("colima".into(), "unix:///c.sock".into())]);
        assert!(other.repair.contains("unset DOCKER_HOST; docker context use colima"), "{other:?}");
        assert_eq!(context(&Choice::default(), &[]).state, State::Ok);
    }
}
