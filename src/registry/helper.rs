//! A credential helper: `docker-credential-NAME get`, with the registry on its standard input
//! (github.com/docker/docker-credential-helpers).
//!
//! Somebody else's program: it gets no more than the registry's name, ends in time or is ended, and what it says is
//! bounded and shown only where it can be no secret.

use super::login::{Login, LoginError};
use crate::Secret;
use crate::process::Group;
use serde::Deserialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// Seconds that it may take: long enough to unlock a keychain.
const SECONDS: u64 = 10;
/// Most bytes of its answer.
const LARGEST: u64 = 64 * 1024;
/// The user of what is no password.
const IS_TOKEN: &str = "<token>";
/// What helpers say where they have nothing.
const NOTHING: [&str; 2] = ["credentials not found", "no credentials server URL"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: Secret,
}

/// The login that the helper `name`, in one of the folders of `path`, keeps for `server`; none where it has none.
pub(super) async fn get(name: &str, server: &str, path: &OsStr) -> Result<Option<Login>, LoginError> {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(LoginError {
            what: format!("`{}` in Docker's config.json is no name of a credential helper", shown(name)),
            help: "see credsStore and credHelpers there".into(),
        });
    }
    let file = format!("docker-credential-{name}");
    let mut all = std::env::split_paths(path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(&file));
    let program: Option<PathBuf> = all.find(|program| program.is_file());
    let program = program.ok_or_else(|| LoginError {
        what: format!("there is no {file} on the PATH, which Docker's config.json names"),
        help: "install it, or take it out of config.json (credsStore, credHelpers) and log in again".into(),
    })?;
    ask(&program, name, server).await
}

/// Asks this very program.
pub(super) async fn ask(program: &Path, name: &str, server: &str) -> Result<Option<Login>, LoginError> {
    let wrong = |what: String| LoginError {
        what: format!("the credential helper docker-credential-{name} {what}"),
        help: format!("see what it says by itself: echo {server} | docker-credential-{name} get"),
    };
    let asking = async {
        let mut group =
            Group::start(Command::new(program).arg("get"), [Stdio::piped(), Stdio::piped(), Stdio::null()])?;
        if let Some(mut input) = group.input() {
            // One that does not read it need not.
            let _ = input.write_all(format!("{server}\n").as_bytes()).await;
        }
        let mut said = Vec::new();
        if let Some(output) = group.output() {
            output.take(LARGEST + 1).read_to_end(&mut said).await?;
        }
        std::io::Result::Ok((group.end().await?, said))
    };
    let ended = tokio::time::timeout(Duration::from_secs(SECONDS), asking).await;
    let (status, said) = ended
        .map_err(|_| wrong(format!("does not answer within {SECONDS} s")))?
        .map_err(|error| wrong(format!("cannot be run: {error}")))?;
    if said.len() as u64 > LARGEST {
        return Err(wrong(format!("says more than {LARGEST} bytes")));
    }
    if !status.success() {
        let text = String::from_utf8_lossy(&said);
        if NOTHING.iter().any(|words| text.contains(words)) {
            return Ok(None);
        }
        let code = status.code().map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        // An answer after all would have a secret in it.
        let reason = if text.contains('{') { String::new() } else { format!(": {}", shown(&text)) };
        return Err(wrong(format!("fails with {code}{reason}")));
    }
    let answer: Answer =
        serde_json::from_slice(&said).map_err(|_| wrong("says what is not what a helper answers".into()))?;
    Ok(match answer.username.as_str() {
        "" => None,
        IS_TOKEN => Some(Login::Identity(answer.secret)),
        user => Some(Login::Password { user: user.to_owned(), password: answer.secret }),
    })
}

/// A short line without control characters.
fn shown(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(100).collect()
}
