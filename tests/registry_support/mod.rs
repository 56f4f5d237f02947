//! Real registries for tests that concern no engine: Distribution (Debian's docker-registry) as a process, in front of
//! it what stands in front of registries elsewhere, and a token server.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

mod server;
mod tokens;

pub use server::{ConnectProxy, Front, Hiding, Store};
pub use tokens::{IDENTITY, Tokens};

use crate::certificates::Pair;
use base64::Engine as _;
use dlearn::registry::Login;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const USER: &str = "ada";
pub const PASSWORD: &str = "s3cret-word";
/// Of the same, as `htpasswd -B` writes it.
const HASHED: &str = "$2y$04$OqarX8Ep/nEm4VlWcYNoT.GmUb.zInD1kUiNH6Xwi9gQ1suWZeWx6";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Who may do what in a registry.
pub enum Auth<'a> {
    None,
    Passwords,
    Tokens(&'a Tokens),
    /// The same, and the registry names another address for them.
    TokensAt(&'a Tokens, &'a str),
}

/// A registry on a port of the loopback address.
pub struct Registry {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    tls: bool,
    tokens: Option<tokens::Signer>,
}

impl Registry {
    pub fn start(auth: Auth<'_>, tls: Option<&Pair>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str| folder.path().join(file);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut http = json!({ "addr": format!("127.0.0.1:{port}") });
        if let Some(pair) = tls {
            fs::write(at("cert.pem"), &pair.certificate).unwrap();
            fs::write(at("key.pem"), &pair.key).unwrap();
            http["tls"] = json!({ "certificate": at("cert.pem"), "key": at("key.pem") });
        }
        let mut config = json!({
            "version": 0.1, "http": http, "log": { "level": "warn" },
            "storage": { "filesystem": { "rootdirectory": at("data") } }
        });
        let mut signer = None;
        let realm = match auth {
            Auth::TokensAt(_, realm) => realm.to_owned(),
            Auth::Tokens(tokens) => tokens.realm(),
            Auth::None | Auth::Passwords => String::new(),
        };
        match auth {
            Auth::None => {}
            Auth::Passwords => {
                fs::write(at("users"), format!("{USER}:{HASHED}\n")).unwrap();
                config["auth"] = json!({ "htpasswd": { "realm": "lab", "path": at("users") } });
            }
            Auth::Tokens(tokens) | Auth::TokensAt(tokens, _) => {
                fs::write(at("tokens.pem"), tokens.signer().certificate()).unwrap();
                config["auth"] = json!({ "token": {
                    "realm": realm, "service": tokens::SERVICE, "issuer": tokens::ISSUER,
                    "rootcertbundle": at("tokens.pem"),
                } });
                signer = Some(tokens.signer());
            }
        }
        // YAML is what it reads, and JSON is YAML.
        fs::write(at("config.yml"), config.to_string()).unwrap();
        let log = fs::File::create(at("log")).unwrap();
        let child = Command::new("docker-registry")
            .arg("serve")
            .arg(at("config.yml"))
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("these tests need docker-registry: apt-get install docker-registry, or run ./scripts/test");
        let mut registry = Self { child, folder, port, tls: tls.is_some(), tokens: signer };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(registry.child.try_wait().unwrap().is_none(), "it has ended: {}", registry.log());
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not listen: {}", registry.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn address(&self) -> String {
        self.host()
    }

    pub fn name(&self, image: &str) -> String {
        format!("{}/{image}", self.host())
    }

    /// Puts an image there, of one layer; gives the layer's diff id.
    pub fn push(&self, repository: &str, tag: &str, login: Option<&Login>) -> String {
        let authorization = match (&self.tokens, login) {
            (Some(signer), _) => Some(format!("Bearer {}", signer.token(repository, &["pull", "push"]))),
            (None, Some(_)) => Some(basic()),
            (None, None) => None,
        };
        let layer = self.blob(repository, format!("{repository}:{tag}").into_bytes(), authorization.as_deref());
        let id = layer["digest"].as_str().unwrap().to_owned();
        let config =
            json!({ "architecture": "amd64", "os": "linux", "rootfs": { "type": "layers", "diff_ids": [id] } });
        let mut config = self.blob(repository, config.to_string().into_bytes(), authorization.as_deref());
        config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let at = format!("{}/v2/{repository}/manifests/{tag}", self.base());
        let answer = self.send("PUT", &at, MANIFEST, manifest.to_string().into_bytes(), authorization.as_deref());
        assert_eq!(answer.status(), 201, "{}", self.log());
        id
    }

    fn blob(&self, repository: &str, bytes: Vec<u8>, authorization: Option<&str>) -> serde_json::Value {
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let at = format!("{}/v2/{repository}/blobs/uploads/", self.base());
        let begun = self.send("POST", &at, "application/octet-stream", Vec::new(), authorization);
        assert_eq!(begun.status(), 202, "{}", self.log());
        let location = begun.headers()["location"].to_str().unwrap().to_owned();
        let location = if location.starts_with('/') { format!("{}{location}", self.base()) } else { location };
        let mark = if location.contains('?') { '&' } else { '?' };
        let size = bytes.len();
        let at = format!("{location}{mark}digest=sha256:{digest}");
        let answer = self.send("PUT", &at, "application/octet-stream", bytes, authorization);
        assert_eq!(answer.status(), 201, "{}", self.log());
        json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": format!("sha256:{digest}"), "size": size
        })
    }

    fn base(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.host())
    }

    fn send(
        &self,
        method: &str,
        at: &str,
        kind: &str,
        body: Vec<u8>,
        authorization: Option<&str>,
    ) -> http::Response<ureq::Body> {
        let mut request = http::Request::builder().method(method).uri(at).header("Content-Type", kind);
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        agent().run(request.body(body).unwrap()).unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whoever pushes: trusts anybody, and goes by no proxy.
pub fn agent() -> ureq::Agent {
    let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .max_redirects(0)
        .tls_config(tls)
        .build()
        .into()
}

pub fn basic() -> String {
    format!("Basic {}", base64(&format!("{USER}:{PASSWORD}")))
}

pub fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}
