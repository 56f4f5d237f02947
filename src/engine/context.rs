//! Which engine to ask: decided exactly as the docker command decides (docker/cli, `cli/command`).
//!
//! In this order: an option on dlearn's own command line, `DOCKER_HOST`, `DOCKER_CONTEXT`,
//! `currentContext` of `config.json`, the default socket. [`resolve`] is a function of what it is
//! given (environment and configuration folder), so it can be tested without an engine.

use super::EngineError;
use super::address::{Endpoint, parse};
use super::tls::MATERIAL;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where the docker command looks when nothing else is said.
pub const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// The name that stands for "no context" (`docker context ls`).
pub(super) const DEFAULT_CONTEXT: &str = "default";

/// What the decision rests on. The default is this process's environment.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// An engine named on the command line (`--engine tcp://…`); goes before everything else.
    pub host: Option<String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// `$DOCKER_CONFIG`, or `~/.docker`.
    pub config_dir: PathBuf,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self::from_env()
    }
}

impl ConnectOptions {
    /// From this process's environment.
    pub fn from_env() -> Self {
        // A variable that is not UTF-8 can name no engine, so it is as if it were not set.
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
        let config_dir = match (set("DOCKER_CONFIG"), set("HOME")) {
            (Some(dir), _) => PathBuf::from(dir),
            (None, Some(home)) => Path::new(home).join(".docker"),
            (None, None) => PathBuf::from(".docker"),
        };
        Self { host: None, env, config_dir }
    }

    /// A certain endpoint, whatever the environment says.
    pub fn to(host: impl Into<String>) -> Self {
        Self { host: Some(host.into()), env: BTreeMap::new(), config_dir: PathBuf::new() }
    }

    fn set(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The endpoint, and what decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// How it is reached.
    pub endpoint: Endpoint,
    /// What decided: `the environment variable DOCKER_HOST`, `the Docker context "colima"`.
    pub because: String,
}

/// Decides which engine to ask.
///
/// # Errors
/// [`EngineError::Misconfigured`] where the configuration names a context that does not exist, or an
/// address that cannot be one.
pub fn resolve(options: &ConnectOptions) -> Result<Resolved, EngineError> {
    if let Some(host) = &options.host {
        return by_host(options, host, "the option on the command line");
    }
    if let Some(host) = options.set("DOCKER_HOST") {
        return by_host(options, host, "the environment variable DOCKER_HOST");
    }
    let (name, said) = match (options.set("DOCKER_CONTEXT"), current_context(&options.config_dir)) {
        (Some(name), _) => (name.to_owned(), "DOCKER_CONTEXT"),
        (None, Some(name)) => (name, "currentContext in Docker's config.json"),
        (None, None) => (DEFAULT_CONTEXT.to_owned(), ""),
    };
    if name == DEFAULT_CONTEXT {
        // Whoever says nothing but TLS means this.
        if let Some(name) = ["DOCKER_TLS_VERIFY", "DOCKER_TLS"].into_iter().find(|name| options.set(name).is_some()) {
            return by_host(options, "tcp://localhost:2376", &format!("the environment variable {name}"));
        }
        let endpoint = Endpoint::Unix(PathBuf::from(DEFAULT_SOCKET));
        return Ok(Resolved { endpoint, because: "the default".into() });
    }
    by_context(options, &name, said)
}

/// The default context, or a host given outright: TLS is decided by the environment.
fn by_host(options: &ConnectOptions, host: &str, because: &str) -> Result<Resolved, EngineError> {
    let verify = options.set("DOCKER_TLS_VERIFY").is_some();
    let tls = (verify || options.set("DOCKER_TLS").is_some()).then(|| {
        let material = options.set("DOCKER_CERT_PATH").map_or_else(|| options.config_dir.clone(), PathBuf::from);
        (verify, material)
    });
    let endpoint = parse(host, tls).map_err(|what| EngineError::Misconfigured {
        what: format!("{because} is `{host}`: {what}"),
        help: "write unix:///path/to/docker.sock, tcp://host:2375 or ssh://user@host, or unset it to use the default \
               engine"
            .into(),
    })?;
    Ok(Resolved { endpoint, because: because.into() })
}

fn by_context(options: &ConnectOptions, name: &str, said: &str) -> Result<Resolved, EngineError> {
    let id = crate::hex::hex(&Sha256::digest(name.as_bytes()));
    let file = options.config_dir.join("contexts/meta").join(&id).join("meta.json");
    let wrong = |what: String| EngineError::Misconfigured {
        what: format!("{said} chooses the Docker context \"{name}\", {what}"),
        help: "`docker context ls` lists the contexts; choose one with `docker context use NAME`".into(),
    };
    let text = read_bounded(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => wrong("which does not exist".into()),
        _ => wrong(format!("whose file {} cannot be read: {error}", file.display())),
    })?;
    let meta: Meta = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("whose file {} is damaged: {error}", file.display())))?;
    let docker = meta.endpoints.docker.ok_or_else(|| wrong("which has no Docker endpoint".into()))?;
    // The docker command turns TLS on for a context when it finds certificates for it.
    let material = options.config_dir.join("contexts/tls").join(&id).join("docker");
    let has_any = MATERIAL.iter().any(|name| material.join(name).exists());
    let tls = (docker.skip_tls_verify || has_any).then_some((!docker.skip_tls_verify, material));
    let host = docker.host.filter(|host| !host.is_empty()).unwrap_or_else(|| format!("unix://{DEFAULT_SOCKET}"));
    let endpoint = parse(&host, tls).map_err(|what| wrong(format!("whose address `{host}` is unusable: {what}")))?;
    Ok(Resolved { endpoint, because: format!("the Docker context \"{name}\"") })
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

#[derive(Default, Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// Every context that is kept there, with its address as it is written; damaged ones are left out.
pub(super) fn contexts(config_dir: &Path) -> Vec<(String, String)> {
    /// More than anybody has.
    const MOST: usize = 100;
    let folders = std::fs::read_dir(config_dir.join("contexts/meta")).into_iter().flatten().flatten().take(MOST);
    let read = |folder: std::fs::DirEntry| {
        let meta: Meta = serde_json::from_str(&read_bounded(&folder.path().join("meta.json")).ok()?).ok()?;
        Some((meta.name, meta.endpoints.docker?.host?))
    };
    folders.filter_map(read).collect()
}

/// The docker command warns about a damaged `config.json` and goes on as if it were empty.
pub(super) fn current_context(config_dir: &Path) -> Option<String> {
    let text = read_bounded(&config_dir.join("config.json")).ok()?;
    let config: ConfigFile = serde_json::from_str(&text).ok()?;
    config.current_context.filter(|name| !name.is_empty())
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(1024 * 1024).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(dir: &Path, env: &[(&str, &str)]) -> ConnectOptions {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ConnectOptions { host: None, env, config_dir: dir.to_owned() }
    }

    fn add_context(dir: &Path, name: &str, meta: &str) -> String {
        let id = crate::hex::hex(&Sha256::digest(name.as_bytes()));
        let folder = dir.join("contexts/meta").join(&id);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("meta.json"), meta).unwrap();
        id
    }

    fn endpoint(options: &ConnectOptions) -> String {
        resolve(options).unwrap().endpoint.to_string()
    }

    #[test]
    fn nothing_said_means_the_default_socket() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(endpoint(&options(dir.path(), &[])), "unix:///var/run/docker.sock");
        assert_eq!(endpoint(&options(dir.path(), &[("DOCKER_HOST", "")])), "unix:///var/run/docker.sock");
    }

    #[test]
    fn docker_host_goes_before_docker_context_and_that_before_the_current_context() {
        let dir = tempfile::tempdir().unwrap();
        add_context(dir.path(), "here", r#"{"Name":"here","Endpoints":{"docker":{"Host":"unix:///here.sock"}}}"#);
        add_context(dir.path(), "there", r#"{"Name":"there","Endpoints":{"docker":{"Host":"tcp://there:99"}}}"#);
        std::fs::write(dir.path().join("config.json"), r#"{"currentContext":"here"}"#).unwrap();
        assert_eq!(endpoint(&options(dir.path(), &[])), "unix:///here.sock");
        assert_eq!(endpoint(&options(dir.path(), &[("DOCKER_CONTEXT", "there")])), "tcp://there:99");
        assert_eq!(endpoint(&options(dir.path(), &[("DOCKER_CONTEXT", "default")])), "unix:///var/run/docker.sock");
        let both = [("DOCKER_CONTEXT", "there"), ("DOCKER_HOST", "unix:///x.sock")];
        assert_eq!(endpoint(&options(dir.path(), &both)), "unix:///x.sock");
    }

    #[test]
    fn a_context_that_does_not_exist_is_an_error_and_not_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let error = resolve(&options(dir.path(), &[("DOCKER_CONTEXT", "gone")])).unwrap_err();
        assert_eq!(error.to_string(), "DOCKER_CONTEXT chooses the Docker context \"gone\", which does not exist");
    }

    #[test]
    fn a_damaged_config_is_as_none() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.json"), "{").unwrap();
        assert_eq!(endpoint(&options(dir.path(), &[])), "unix:///var/run/docker.sock");
    }

    #[test]
    fn tls_comes_from_the_environment_or_the_contexts_certificates() {
        let dir = tempfile::tempdir().unwrap();
        let env = [("DOCKER_HOST", "tcp://far"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/certs")];
        let found = resolve(&options(dir.path(), &env)).unwrap().endpoint;
        let expected = Endpoint::Tls { host: "far".into(), port: 2376, verify: true, material: "/certs".into() };
        assert_eq!(found, expected);
        let found = resolve(&options(dir.path(), &[("DOCKER_TLS", "1")])).unwrap().endpoint;
        let material = dir.path().to_owned();
        assert_eq!(found, Endpoint::Tls { host: "localhost".into(), port: 2376, verify: false, material });
        let meta = r#"{"Endpoints":{"docker":{"Host":"tcp://lab:2376","SkipTLSVerify":false}}}"#;
        let id = add_context(dir.path(), "lab", meta);
        let material = dir.path().join("contexts/tls").join(id).join("docker");
        std::fs::create_dir_all(&material).unwrap();
        assert_eq!(endpoint(&options(dir.path(), &[("DOCKER_CONTEXT", "lab")])), "tcp://lab:2376");
        std::fs::write(material.join("ca.pem"), "").unwrap();
        let found = resolve(&options(dir.path(), &[("DOCKER_CONTEXT", "lab")])).unwrap().endpoint;
        assert_eq!(found, Endpoint::Tls { host: "lab".into(), port: 2376, verify: true, material });
    }
}
