//! How an engine is doing and where it stands: what `dlearn doctor` looks at, and no check.

use super::{Engine, EngineError, client, error::one_line};
use jiff::Timestamp;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long the docker command may take to say its version.
const COMMAND: Duration = Duration::from_secs(3);

/// `GET /info`, as far as it tells what a person could repair.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Condition {
    /// The engine's clock, RFC 3339.
    pub system_time: String,
    /// Name of the engine's machine.
    pub name: String,
    /// Where it keeps its data, on its own machine.
    pub docker_root_dir: String,
    /// Proxy for plain HTTP; empty for none. Passwords in it are masked by the engine.
    pub http_proxy: String,
    /// Proxy for HTTPS, which registries speak.
    pub https_proxy: String,
}

/// A condition, and our own clock around the moment at which it was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What was told.
    pub condition: Condition,
    /// Before the question and after the answer.
    pub between: (Timestamp, Timestamp),
}

/// A port of this engine's machine that a container publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The port.
    pub port: u16,
    /// The container's name.
    pub container: String,
    /// The image that it was made of.
    pub image: String,
}

/// What the docker command says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientVersion {
    /// For example `28.2.2`.
    pub version: String,
    /// Newest API version that it speaks.
    pub api: String,
    /// Why it does not talk with the engine, in its own words; empty where it does.
    pub refusal: String,
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "Client")]
    client: Client,
    #[serde(rename = "Server", default)]
    server: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Client {
    #[serde(default)]
    version: String,
    #[serde(rename = "DefaultAPIVersion", default)]
    default_api_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    image: String,
    #[serde(default)]
    ports: Option<Vec<Port>>,
}

#[derive(Deserialize)]
struct Port {
    #[serde(rename = "PublicPort", default)]
    public: Option<u16>,
    #[serde(rename = "Type", default)]
    kind: String,
}

impl Engine {
    /// How the engine is doing.
    ///
    /// # Errors
    /// Where it cannot be asked, within 10 s.
    pub async fn condition(&self) -> Result<Told, EngineError> {
        let doing = "describe itself";
        let before = Timestamp::now();
        let condition = self.read(doing, self.get_json(doing, "/info")).await?;
        Ok(Told { condition, between: (before, Timestamp::now()) })
    }

    /// The TCP ports that running containers publish, whichever addresses they are published on.
    ///
    /// # Errors
    /// Where the engine cannot be asked, within 10 s.
    pub async fn published(&self) -> Result<Vec<Published>, EngineError> {
        let doing = "list containers";
        let rows: Vec<Row> = self.read(doing, self.get_json(doing, "/containers/json")).await?;
        Ok(rows.into_iter().flat_map(published).collect())
    }
}

fn published(row: Row) -> Vec<Published> {
    let container = row.names.first().map(|name| one_line(name.trim_start_matches('/'))).unwrap_or_default();
    let ports = row.ports.unwrap_or_default().into_iter().filter(|port| port.kind == "tcp");
    let image = one_line(&row.image);
    let of = |port: u16| Published { port, container: container.clone(), image: image.clone() };
    ports.filter_map(|port| port.public).map(of).collect()
}

/// The first docker command of the PATH, and what it says of itself and of the engine that it would use. Its words are
/// none where it does not say them in time.
pub async fn docker_command() -> Option<(PathBuf, Option<ClientVersion>)> {
    let program = client::programs().into_iter().next()?;
    let mut command = Command::new(&program);
    command.args(["version", "--format", "{{json .}}"]).stdin(Stdio::null()).kill_on_drop(true);
    let said = tokio::time::timeout(COMMAND, command.output()).await.ok().and_then(Result::ok);
    let version = said.and_then(|said| client_version(&said.stdout, &said.stderr));
    Some((program, version))
}

fn client_version(stdout: &[u8], stderr: &[u8]) -> Option<ClientVersion> {
    let said: Said = serde_json::from_slice(stdout).ok()?;
    let refusal = match said.server {
        Some(_) => String::new(),
        None => match one_line(&String::from_utf8_lossy(stderr)) {
            empty if empty.is_empty() => "it does not say why".into(),
            text => text,
        },
    };
    Some(ClientVersion {
        version: one_line(&said.client.version),
        api: one_line(&said.client.default_api_version),
        refusal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docker_command_that_is_refused_says_why() {
        let client = r#"{"Version":"29.1.0","ApiVersion":"1.52","DefaultAPIVersion":"1.52","Os":"linux"}"#;
        let refused = format!(r#"{{"Client":{client},"Server":null}}"#);
        let why = b"Error response from daemon: client version 1.52 is too new.\nMaximum supported API version is 1.41";
        let found = client_version(refused.as_bytes(), why).unwrap();
        assert_eq!((found.version.as_str(), found.api.as_str()), ("29.1.0", "1.52"));
        assert!(found.refusal.ends_with("too new. Maximum supported API version is 1.41"), "{found:?}");
        let fine = format!(r#"{{"Client":{client},"Server":{{"Version":"28.5.2"}}}}"#);
        assert_eq!(client_version(fine.as_bytes(), b"").unwrap().refusal, "");
        assert_eq!(client_version(b"Emulate Docker CLI using podman.", b""), None);
    }

    #[test]
    fn what_engine_29_tells_of_itself_and_its_containers_is_understood() {
        let condition: Condition = serde_json::from_str(described!("info.json")).unwrap();
        assert_eq!((condition.name.as_str(), condition.docker_root_dir.as_str()), ("laptop", "/var/lib/docker"));
        assert!(condition.https_proxy.contains("proxy.example") && condition.http_proxy.is_empty());
        let rows: Vec<Row> = serde_json::from_str(described!("containers.json")).unwrap();
        let found: Vec<Published> = rows.into_iter().flat_map(published).collect();
        assert_eq!(found, [Published { port: 8080, container: "web".into(), image: "t01/web:v1".into() }]);
    }
}
