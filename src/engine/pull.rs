//! Pulling an image from its registry and pushing one to it, with progress.

use super::{
    Engine, EngineError,
    call::{RegistryAuth, Trouble, UNSENT, keeps_secrets, query},
    error::one_line,
    name,
};
use crate::registry::{LoginError, Logins, Reference};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// Seconds without any news after which a pull is given up.
const STALLED_SECONDS: u64 = 180;

/// What a pull says about one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// Short digest of the layer; empty for a line about the whole image.
    pub layer: String,
    /// `Downloading`, `Extracting`, `Pull complete` and the like.
    pub status: String,
    /// Bytes done, where that is told.
    pub current: u64,
    /// Bytes in all, where that is told.
    pub total: u64,
}

impl fmt::Display for PullProgress {
    /// `Downloading 12 of 48 MB (3f4ca61aafcd)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MB: u64 = 1_000_000;
        f.write_str(&self.status)?;
        if self.total >= MB {
            write!(f, " {} of {} MB", self.current / MB, self.total / MB)?;
        }
        if !self.layer.is_empty() {
            write!(f, " ({})", self.layer)?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(rename = "progressDetail", default)]
    detail: Option<Detail>,
    #[serde(flatten)]
    trouble: Trouble,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default)]
    current: Option<i64>,
    #[serde(default)]
    total: Option<i64>,
}

impl Engine {
    /// Pulls an image: as nobody, and where the registry then refuses it or counts too many pulls, with the login that
    /// `logins` have for it. `progress` is called for each piece of news.
    ///
    /// # Errors
    /// Where the registry refuses or cannot be reached, nothing is heard for three minutes, or the
    /// engine stops answering. No login is read for an engine that is reached without TLS.
    pub async fn pull(
        &self,
        image: &str,
        logins: Option<&Logins>,
        mut progress: impl FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        let refused = match self.pull_as(image, None, &mut progress).await {
            Err(error @ EngineError::Refused { .. }) if error.may_want_a_login() => error,
            done => return done,
        };
        let (Some(logins), Some(reference)) = (logins, Reference::parse(image)) else { return Err(refused) };
        if !keeps_secrets(self.endpoint()) {
            return Err(with_reason(refused, UNSENT));
        }
        match logins.of(&reference.host).await {
            Ok(Some(login)) => self.pull_as(image, Some(&RegistryAuth::of(&login, &reference.host)), progress).await,
            Ok(None) => Err(refused),
            Err(LoginError { what, help }) => {
                let what = format!("{refused}; your login at {} cannot be read: {what}", reference.host);
                Err(EngineError::Misfortune { what, help })
            }
        }
    }

    /// As [`Engine::pull`], for somebody who is logged in.
    pub(crate) async fn pull_as(
        &self,
        image: &str,
        auth: Option<&RegistryAuth>,
        progress: impl FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        let doing = format!("pull {image}");
        if !name::is_image_name(image) {
            let message = format!("`{}` is not an image name", one_line(image));
            return Err(EngineError::Refused { doing, status: 400, message });
        }
        // Without a tag, the engine would pull every tag of the repository.
        let whole;
        let pairs: &[(&str, &str)] = if image.contains('@') {
            &[("fromImage", image)]
        } else {
            let (repository, tag) = name::repository_and_tag(image);
            whole = [("fromImage", repository), ("tag", tag)];
            &whole
        };
        let target = format!("/images/create{}", query(pairs));
        self.transfer(&doing, &target, auth, progress).await
    }

    /// Pushes an image to the registry that its name says.
    ///
    /// # Errors
    /// As [`Engine::pull`]. A refusal of the registry has the words that the docker command would print.
    pub(crate) async fn push(&self, image: &str, auth: Option<&RegistryAuth>) -> Result<(), EngineError> {
        let doing = format!("push {image}");
        let (repository, tag) = name::repository_and_tag(image);
        let target = format!("/images/{repository}/push{}", query(&[("tag", tag)]));
        // An engine wants the header even from nobody.
        let nobody = RegistryAuth::default();
        self.transfer(&doing, &target, Some(auth.unwrap_or(&nobody)), drop).await
    }

    /// `docker login`: asks the registry whether it knows somebody.
    ///
    /// # Errors
    /// Where it does not, or cannot be asked.
    pub(crate) async fn log_in(&self, auth: &RegistryAuth) -> Result<(), EngineError> {
        let doing = format!("log in to {}", auth.serveraddress);
        let body = serde_json::to_vec(auth).map_err(|error| self.unintelligible(&doing, &error.to_string()))?;
        let body = Some((Bytes::from(body), "application/json"));
        self.long(&doing, 30, self.call(&doing, Method::POST, "/auth", body)).await.map(drop)
    }

    async fn transfer(
        &self,
        doing: &str,
        target: &str,
        auth: Option<&RegistryAuth>,
        mut progress: impl FnMut(PullProgress),
    ) -> Result<(), EngineError> {
        let stalled = || EngineError::TimedOut { doing: doing.to_owned(), seconds: STALLED_SECONDS };
        let limit = Duration::from_secs(STALLED_SECONDS);
        self.alive(async {
            let body = (bollard::body_full(Bytes::new()), "application/json");
            let asked = timeout(limit, self.send_as(doing, Method::POST, target, body, auth)).await;
            let mut lines = self.json_lines(doing, asked.map_err(|_| stalled())??);
            while let Some(line) = timeout(limit, lines.next::<Line>()).await.map_err(|_| stalled())?? {
                if let Some(error) = line.trouble.message() {
                    return Err(EngineError::Refused {
                        doing: doing.to_owned(),
                        status: 200,
                        message: one_line(&error),
                    });
                }
                let detail = line.detail.unwrap_or_default();
                let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
                progress(PullProgress {
                    layer: one_line(&line.id.unwrap_or_default()),
                    status: one_line(&line.status.unwrap_or_default()),
                    current: bytes(detail.current),
                    total: bytes(detail.total),
                });
            }
            Ok(())
        })
        .await
    }
}

/// A refusal, and why nothing more was tried. Its kind, its words and so its help stay.
fn with_reason(refused: EngineError, reason: &str) -> EngineError {
    match refused {
        EngineError::Refused { doing, status, message } => {
            EngineError::Refused { doing, status, message: format!("{message}; {reason}: reach it over TLS or ssh") }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_help_where_a_login_stays_here() {
        for message in ["toomanyrequests: you have reached your limit", "pull access denied for a/b", "unauthorized"] {
            let refused = EngineError::Refused { doing: "pull a/b:v1".into(), status: 500, message: message.into() };
            let told = with_reason(refused.clone(), UNSENT);
            assert_eq!((told.help(), told.says_not_there()), (refused.help(), refused.says_not_there()));
            assert!(told.to_string().starts_with(&refused.to_string()) && told.to_string().contains("over TLS or ssh"));
        }
    }

    #[test]
    fn a_refused_transfer_of_engine_29_has_only_its_detail() {
        let last = |stream: &str| {
            let lines: Vec<Line> = stream.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            lines.into_iter().filter_map(|line| line.trouble.message()).collect::<Vec<_>>()
        };
        let pulled = last(described!("pull.ndjson"));
        assert_eq!(pulled, ["failed to resolve reference \"docker.io/library/nothing:latest\": not found"]);
        let pushed = last(described!("push.ndjson"));
        assert_eq!(pushed, ["error from registry: requested access to the resource is denied"]);
        let earlier = r#"{"errorDetail":{"message":"denied"},"error":"denied"}"#;
        assert_eq!(last(earlier), ["denied"]);
        assert_eq!(last(r#"{"error":"denied"}"#), ["denied"], "Podman");
    }
}
