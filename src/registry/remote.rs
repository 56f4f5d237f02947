//! A registry that is asked from this machine, as nobody or with a login.

use super::challenge::{Challenge, challenge};
use super::conversation::DOOR;
use super::web::{Address, Question};
use super::{Ask, Got, Known, Login, Reference, RegistryError, token};
use crate::Secret;
use crate::reference::DEFAULT_HOST;
use http::{HeaderMap, StatusCode, header};

/// The registry that Docker Hub's name stands for.
const HUB: &str = "registry-1.docker.io";
/// How often an answer may lead on: registries keep blobs elsewhere.
const REDIRECTIONS: usize = 5;

/// One repository of a registry. Over TLS; without it on this machine's loopback only.
#[derive(Debug)]
pub struct Remote {
    host: String,
    repository: String,
    /// `https://HOST` or `http://HOST`
    base: String,
    login: Option<Login>,
    /// The header that opened it last.
    authorization: Option<Secret>,
}

impl Remote {
    /// What `reference` names, for whoever has `login`. Nothing is asked yet.
    pub fn new(reference: &Reference, login: Option<Login>) -> Self {
        let host = reference.host.as_str();
        let name = if host == DEFAULT_HOST { HUB } else { host };
        let scheme = if reference.loopback_port().is_some() { "http" } else { "https" };
        Self {
            host: host.to_owned(),
            repository: reference.repository.clone(),
            base: format!("{scheme}://{name}"),
            login,
            authorization: None,
        }
    }

    /// Finds out what opens the repository, by the headers of a refusal `from` there. No where nothing else than what
    /// was tried does.
    async fn authorize(&mut self, from: &Address, refused: &HeaderMap) -> Result<bool, RegistryError> {
        let found = match challenge(refused) {
            Some(Challenge::Basic) => self.login.as_ref().and_then(Login::basic),
            Some(Challenge::Bearer { realm, service }) => {
                let realm = Address::parse(&realm).filter(|realm| from.may_lead_to(realm));
                let realm = realm.ok_or_else(|| RegistryError::Unintelligible {
                    host: self.host.clone(),
                    what: "it sends for its tokens to where nothing may be sent".into(),
                })?;
                let token = token::token(&realm, &service, &self.repository, self.login.as_ref()).await?;
                token.map(|token| format!("Bearer {}", token.reveal()).into())
            }
            None => None,
        };
        let is_new = found.is_some() && found != self.authorization;
        self.authorization = found;
        Ok(is_new)
    }

    async fn ask(&self, at: Address, accept: &str, most: usize, as_me: bool) -> Result<Got, RegistryError> {
        let mut question = Question::get(at, accept, most);
        question.authorization = self.authorization.clone().filter(|_| as_me);
        question.ask().await
    }
}

impl Ask for Remote {
    async fn get(&mut self, path: &str, accept: &str, most: usize) -> Result<Got, RegistryError> {
        let odd = |what: &str| RegistryError::Unintelligible { host: self.host.clone(), what: what.to_owned() };
        let parse = |path: &str| Address::parse(&format!("{}{path}", self.base));
        let (first, door) = parse(path).zip(parse(DOOR)).ok_or_else(|| odd("its name is no address"))?;
        let mut got = self.ask(first.clone(), accept, most, true).await?;
        if got.status == StatusCode::NOT_FOUND && self.login.is_some() && self.authorization.is_none() {
            let door = self.ask(door, accept, most, true).await?;
            got = if door.status == StatusCode::UNAUTHORIZED { door } else { got };
        }
        if got.status == StatusCode::UNAUTHORIZED && self.authorize(&first, &got.headers).await? {
            got = self.ask(first.clone(), accept, most, true).await?;
        }
        let mut at = first.clone();
        for _ in 0..REDIRECTIONS {
            if !leads_on(got.status) {
                return Ok(got);
            }
            let location = got.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            at =
                location.and_then(|location| at.redirected(location)).ok_or_else(|| RegistryError::Unintelligible {
                    host: self.host.clone(),
                    what: "it leads to where nothing may be asked".into(),
                })?;
            let is_own = at.is_with(&first);
            got = self.ask(at.clone(), accept, most, is_own).await?;
        }
        match leads_on(got.status) {
            true => Err(RegistryError::Unintelligible {
                host: self.host.clone(),
                what: format!("it leads on more than {REDIRECTIONS} times"),
            }),
            false => Ok(got),
        }
    }

    fn known(&self) -> Known {
        if self.login.is_some() { Known::LoggedIn } else { Known::Nobody }
    }
}

fn leads_on(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
