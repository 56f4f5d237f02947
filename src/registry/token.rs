//! Tokens: who wants to read a repository gets one from the server that the registry names (distribution
//! specification, `docs/spec/auth/token` and `docs/spec/auth/oauth`).
//!
//! Asked for is the right to read this one repository, whatever the registry proposes.

use super::web::{Address, Question};
use super::{Login, RegistryError};
use crate::Secret;
use http::StatusCode;
use serde::Deserialize;

/// Most bytes of an answer.
const LARGEST: usize = 1024 * 1024;
/// What we are called there.
const CLIENT: &str = "dlearn";

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    access_token: Option<Secret>,
}

/// The token by which `repository` may be read, for whoever has `login`, or for everybody. None where the server gives
/// none: it does not know the login, or gives nobody a token.
pub(super) async fn token(
    realm: &Address,
    service: &str,
    repository: &str,
    login: Option<&Login>,
) -> Result<Option<Secret>, RegistryError> {
    let scope = format!("repository:{repository}:pull");
    let mut question = Question::get(realm.clone(), "application/json", LARGEST);
    match login.and_then(Login::identity) {
        Some(identity) => {
            let of = |text: &str| Secret::from(text.to_owned());
            question.form = Some(vec![
                ("grant_type", of("refresh_token")),
                ("service", of(service)),
                ("client_id", of(CLIENT)),
                ("scope", scope.into()),
                ("refresh_token", identity.clone()),
            ]);
        }
        None => {
            if !service.is_empty() {
                question.query.push(("service", service.to_owned()));
            }
            question.query.push(("scope", scope));
            question.query.push(("client_id", CLIENT.to_owned()));
            if let Some((user, _)) = login.and_then(Login::password) {
                question.query.push(("account", user.to_owned()));
            }
            question.authorization = login.and_then(Login::basic);
        }
    }
    let got = question.ask().await?;
    let wrong = |what: &str| RegistryError::Unintelligible { host: realm.host().to_owned(), what: what.to_owned() };
    match got.status {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Ok(None),
        StatusCode::TOO_MANY_REQUESTS => return Err(RegistryError::Busy { host: realm.host().to_owned() }),
        other => return Err(wrong(&format!("it gives no token, status {other}"))),
    }
    let answer: Answer = serde_json::from_slice(&got.body).map_err(|_| wrong("what it gives is no token"))?;
    let token = answer.token.or(answer.access_token).filter(|token| !token.reveal().is_empty());
    // It goes into a header.
    match token {
        Some(token) if token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(token)),
        _ => Err(wrong("what it gives is no token")),
    }
}
