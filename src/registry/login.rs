//! What `docker login` keeps for a registry: in `config.json`, or with a credential helper (docker/cli,
//! `cli/config/configfile` and `cli/config/credentials`).
//!
//! In the docker command's order: what the environment has (`DOCKER_AUTH_CONFIG`), the registry's own helper
//! (`credHelpers`), the helper for all (`credsStore`), what the file itself has (`auths`). Where a helper is set, the
//! file is not asked. Nothing is ever written.

use super::helper;
use crate::Secret;
use crate::reference::DEFAULT_HOST;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use thiserror::Error;

/// Under which Docker Hub's login is kept.
pub const HUB_LOGIN: &str = "https://index.docker.io/v1/";
/// Logins of the environment: JSON as in `config.json`, of `auths` with an `auth` only (docker/cli 28.2 and later).
const GIVEN: &str = "DOCKER_AUTH_CONFIG";
/// Most bytes of `config.json`.
const LARGEST: u64 = 4 * 1024 * 1024;

/// By what a registry knows somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// A user and a password, or what stands for one.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// What a token server gave for it (`identitytoken`): it gives tokens to whoever shows it.
    Identity(Secret),
}

impl Login {
    /// The header `Authorization` of RFC 7617; none for what is no password.
    pub(super) fn basic(&self) -> Option<Secret> {
        let Login::Password { user, password } = self else { return None };
        Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.reveal()))).into())
    }

    /// User and password; none for what is no password.
    pub(crate) fn password(&self) -> Option<(&str, &Secret)> {
        match self {
            Login::Password { user, password } => Some((user, password)),
            Login::Identity(_) => None,
        }
    }

    /// The token that stands for one; none for a password.
    pub(crate) fn identity(&self) -> Option<&Secret> {
        match self {
            Login::Password { .. } => None,
            Login::Identity(token) => Some(token),
        }
    }
}

/// Why a login could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct LoginError {
    /// What is wrong, and where.
    pub what: String,
    /// What to do next.
    pub help: String,
}

/// A person's logins.
#[derive(Clone, Debug)]
pub struct Logins {
    config: PathBuf,
    /// Where helpers are looked for.
    path: OsString,
    /// What [`GIVEN`] says.
    given: Option<Secret>,
}

// Null is as good as nothing there, as for Go's decoder.
#[derive(Default, Deserialize)]
struct File {
    #[serde(default, deserialize_with = "or_null")]
    auths: BTreeMap<String, Option<Entry>>,
    #[serde(rename = "credsStore", default, deserialize_with = "or_null")]
    store: String,
    #[serde(rename = "credHelpers", default, deserialize_with = "or_null")]
    helpers: BTreeMap<String, Option<String>>,
}

#[derive(Default, Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "or_null")]
    auth: Secret,
    #[serde(default, deserialize_with = "or_null")]
    username: String,
    #[serde(default, deserialize_with = "or_null")]
    password: Secret,
    #[serde(rename = "identitytoken", default, deserialize_with = "or_null")]
    identity: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default, deserialize_with = "or_null")]
    auths: BTreeMap<String, GivenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenEntry {
    auth: Secret,
}

fn or_null<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Logins {
    /// Those of a folder of Docker's configuration (`$DOCKER_CONFIG`, or `~/.docker`), and of the environment.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            config: folder.into().join("config.json"),
            path: std::env::var_os("PATH").unwrap_or_default(),
            given: std::env::var(GIVEN).ok().map(Secret::from),
        }
    }

    /// Looks for helpers in these folders, and not in those of the environment's `PATH`.
    #[must_use]
    pub fn searching(self, path: impl Into<OsString>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The login for a registry, as image names call it (`docker.io`, `registry.example:5000`); none where there is
    /// none. Asks a credential helper for ten seconds at most.
    ///
    /// # Errors
    /// Where what is kept cannot be read, or its helper does not tell.
    pub async fn of(&self, host: &str) -> Result<Option<Login>, LoginError> {
        let key = if host == DEFAULT_HOST { HUB_LOGIN } else { host };
        if let Some(login) = self.given.as_ref().and_then(|given| given_for(key, given)) {
            return Ok(Some(login));
        }
        let file = self.file()?;
        let helper: &str = match file.helpers.get(key) {
            Some(own) => own.as_deref().unwrap_or_default(),
            None => &file.store,
        };
        match helper {
            "" => self.kept(&file, key),
            name => helper::get(name, key, &self.path).await,
        }
    }

    fn file(&self) -> Result<File, LoginError> {
        let at = self.config.display();
        let mut text = String::new();
        match std::fs::File::open(&self.config).and_then(|file| file.take(LARGEST).read_to_string(&mut text)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(File::default()),
            Err(error) => {
                let help = "see whose file it is; you must be able to read it".into();
                return Err(LoginError { what: format!("{at} cannot be read: {error}"), help });
            }
            Ok(_) => {}
        }
        // One without anything in it is as good as none. What follows the first value is not read.
        let file = serde_json::Deserializer::from_str(&text).into_iter::<Option<File>>().next();
        // What is wrong with it could be a password: the place must do.
        file.transpose().map(|file| file.flatten().unwrap_or_default()).map_err(|error| LoginError {
            what: format!("{at} is damaged, line {}", error.line()),
            help: "repair it (docker info warns of the same); docker login writes a new one where there is none".into(),
        })
    }

    /// What the file itself has. Old ones name a registry by its address.
    fn kept(&self, file: &File, key: &str) -> Result<Option<Login>, LoginError> {
        let by_address = || file.auths.iter().find(|(kept, _)| host_of(kept) == key).map(|(_, entry)| entry);
        let Some(entry) = file.auths.get(key).or_else(by_address).and_then(Option::as_ref) else { return Ok(None) };
        if !entry.identity.reveal().is_empty() {
            return Ok(Some(Login::Identity(entry.identity.clone())));
        }
        let login = match entry.auth.reveal() {
            "" => Some((entry.username.clone(), entry.password.clone())),
            auth => decoded(auth),
        };
        match login {
            Some((user, password)) => Ok((!user.is_empty()).then_some(Login::Password { user, password })),
            None => Err(LoginError {
                what: format!("what {} keeps for {} is no login", self.config.display(), host_of(key)),
                help: format!("log in again: docker login {}", host_of(key)),
            }),
        }
    }
}

/// What the environment has under just this name. One that the docker command could not read either is as good as none,
/// as for it: every entry must be a user and a password.
fn given_for(key: &str, given: &Secret) -> Option<Login> {
    let given: Given = serde_json::from_str(given.reveal()).ok()?;
    let mut logins = BTreeMap::new();
    for (server, entry) in given.auths {
        let (user, password) = decoded(entry.auth.reveal()).filter(|(user, _)| !user.is_empty())?;
        logins.insert(server, Login::Password { user, password });
    }
    logins.remove(key)
}

/// User and password out of `auth`: `user:password` in Base64 (zeroes after it are no part of it).
fn decoded(auth: &str) -> Option<(String, Secret)> {
    let text = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.trim_matches('\0').to_owned().into()))
}

/// `https://registry.example:5000/v1/` → `registry.example:5000`
fn host_of(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or_default()
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
