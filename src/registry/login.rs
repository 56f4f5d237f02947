//! What `docker login` keeps for a registry: in `config.json`, or with a credential helper (docker/cli,
//! `cli/config/credentials`).
//!
//! In the docker command's order: the registry's own helper (`credHelpers`), the helper for all (`credsStore`), what
//! the file itself has (`auths`). Where a helper is set, the file is not asked. Nothing is ever written.

use super::helper;
use crate::Secret;
use crate::reference::DEFAULT_HOST;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use thiserror::Error;

/// Under which Docker Hub's login is kept.
pub const HUB_LOGIN: &str = "https://index.docker.io/v1/";
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
}

#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(rename = "credsStore", default)]
    store: String,
    #[serde(rename = "credHelpers", default)]
    helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Secret,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: Secret,
    #[serde(rename = "identitytoken", default)]
    identity: Secret,
}

impl Logins {
    /// Those of a folder of Docker's configuration (`$DOCKER_CONFIG`, or `~/.docker`).
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { config: folder.into().join("config.json"), path: std::env::var_os("PATH").unwrap_or_default() }
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
        let file = self.file()?;
        let key = if host == DEFAULT_HOST { HUB_LOGIN } else { host };
        let own = file.helpers.get(key).or_else(|| file.helpers.get(host));
        match own.or(Some(&file.store)).filter(|name| !name.is_empty()) {
            Some(name) => helper::get(name, key, &self.path).await,
            None => self.kept(&file, key),
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
        // What is wrong with it could be a password: the place must do.
        serde_json::from_str(&text).map_err(|error| LoginError {
            what: format!("{at} is damaged, line {}", error.line()),
            help: "repair it (docker info warns of the same); docker login writes a new one where there is none".into(),
        })
    }

    /// What the file itself has. Old ones name a registry by its address.
    fn kept(&self, file: &File, key: &str) -> Result<Option<Login>, LoginError> {
        let same = |kept: &&String| host_of(kept) == host_of(key);
        let entry = file.auths.get(key).or_else(|| file.auths.get(file.auths.keys().find(same)?));
        let Some(entry) = entry else { return Ok(None) };
        if !entry.identity.reveal().is_empty() {
            return Ok(Some(Login::Identity(entry.identity.clone())));
        }
        let login = match entry.auth.reveal() {
            "" => Some((entry.username.clone(), entry.password.clone())),
            auth => STANDARD.decode(auth).ok().and_then(|bytes| {
                let text = String::from_utf8(bytes).ok()?;
                let (user, password) = text.split_once(':')?;
                Some((user.to_owned(), password.trim_matches('\0').to_owned().into()))
            }),
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

/// `https://registry.example:5000/v1/` → `registry.example:5000`
fn host_of(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    rest.split('/').next().unwrap_or_default()
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
