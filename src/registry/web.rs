//! One question over HTTP from this machine: over TLS, by way of the environment's proxy; without TLS to a loopback
//! address only. Redirections are answers like others: who asked decides whom they may lead to.

use super::{Got, RegistryError, proxy};
use crate::Secret;
use http::Uri;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

/// Seconds that one question may take, its answer included.
const SECONDS: u64 = 15;
/// Where Docker keeps the authorities of single registries (docs.docker.com/engine/security/certificates).
const AUTHORITIES: &str = "/etc/docker/certs.d";

/// Whom to ask, and for what: an absolute address that is safe to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(Uri);

impl Address {
    /// `https://…`, or `http://…` to this machine's loopback; none for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.host()?;
        // What stands before an @ in it would be sent as a login.
        let named = uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && !host.is_empty();
        let safe = match uri.scheme_str()? {
            "https" => true,
            "http" => proxy::is_loopback(host),
            _ => false,
        };
        (named && safe).then_some(Self(uri))
    }

    /// Where a redirection leads; none where it is nothing that may be followed.
    pub(super) fn redirected(&self, location: &str) -> Option<Self> {
        let absolute = match location.strip_prefix('/').is_some_and(|rest| !rest.starts_with('/')) {
            true => format!("{}://{}{location}", self.scheme(), self.0.authority()?),
            false => location.to_owned(),
        };
        Self::parse(&absolute).filter(|next| self.may_lead_to(next))
    }

    /// Whether an answer from here may send us there: what began with TLS stays with it, and does not lead to what
    /// listens on this machine.
    pub(super) fn may_lead_to(&self, next: &Address) -> bool {
        self.scheme() == "http" || next.scheme() == "https" && !proxy::is_loopback(next.host())
    }

    /// Whether both are the same server's.
    pub(super) fn is_with(&self, other: &Address) -> bool {
        (self.scheme(), self.host(), self.port()) == (other.scheme(), other.host(), other.port())
    }

    pub(super) fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or_default()
    }

    pub(super) fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.scheme() == "https" { 443 } else { 80 })
    }
}

/// What is asked.
pub(super) struct Question {
    pub(super) at: Address,
    /// Pairs for the address, of a GET.
    pub(super) query: Vec<(&'static str, String)>,
    /// Pairs for the body: then it is a POST.
    pub(super) form: Option<Vec<(&'static str, Secret)>>,
    /// Media types that are understood.
    pub(super) accept: String,
    /// The header `Authorization`.
    pub(super) authorization: Option<Secret>,
    /// Most bytes of the answer.
    pub(super) most: usize,
}

impl Question {
    /// A GET for a document of at most `most` bytes.
    pub(super) fn get(at: Address, accept: &str, most: usize) -> Self {
        Self { at, query: Vec::new(), form: None, accept: accept.to_owned(), authorization: None, most }
    }

    /// Asks, for 15 s at most. Whatever status it gives is an answer.
    pub(super) async fn ask(self) -> Result<Got, RegistryError> {
        let (host, most) = (self.at.host().to_owned(), self.most);
        let asked = tokio::task::spawn_blocking(move || self.blocking()).await;
        let broken = |reason: String| RegistryError::Broken { host: host.clone(), reason };
        match asked.map_err(|error| broken(error.to_string()))? {
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                Err(RegistryError::TooLarge { host, what: "the answer".into(), most })
            }
            other => other.map_err(|error| broken(in_words(&error))),
        }
    }

    fn blocking(self) -> Result<Got, ureq::Error> {
        let agent = agent(&self.at)?;
        let response = match self.form {
            None => {
                let mut request = agent.get(self.at.0).header("Accept", &self.accept);
                for (name, value) in &self.query {
                    request = request.query(name, value);
                }
                if let Some(authorization) = &self.authorization {
                    request = request.header("Authorization", authorization.reveal());
                }
                request.call()?
            }
            Some(form) => {
                let request = agent.post(self.at.0).header("Accept", &self.accept);
                request.send_form(form.iter().map(|(name, value)| (name, value.reveal())))?
            }
        };
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(self.most as u64).read_to_vec()?;
        Ok(Got { status: head.status, headers: head.headers, body: body.into() })
    }
}

/// With nothing that outlives the question: no cookies, no redirections, no connection that is kept.
fn agent(at: &Address) -> Result<Agent, ureq::Error> {
    let get = |name: &str| std::env::var(name).ok();
    let proxy = proxy::for_host(at.host(), at.port(), get).map(|proxy| Proxy::new(&proxy)).transpose()?;
    let tls = TlsConfig::builder().root_certs(trusted(at));
    let config = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(SECONDS)))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent("dlearn")
        .proxy(proxy)
        .tls_config(tls.build());
    Ok(config.build().into())
}

/// This machine's authorities, and those that Docker is given for this registry. Mozilla's, where there are none.
fn trusted(at: &Address) -> RootCerts {
    static OURS: LazyLock<Arc<Vec<Certificate<'static>>>> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs().certs;
        Arc::new(found.iter().map(|one| Certificate::from_der(one).to_owned()).collect())
    });
    let own = authorities_of(Path::new(AUTHORITIES), at);
    match (OURS.is_empty(), own.is_empty()) {
        (true, true) => RootCerts::WebPki,
        (_, true) => RootCerts::Specific(Arc::clone(&OURS)),
        (_, false) => RootCerts::Specific(Arc::new(own.into_iter().chain(OURS.iter().cloned()).collect())),
    }
}

/// The authorities in `HOST[:PORT]/*.crt`. What cannot be read vouches for nobody.
fn authorities_of(folder: &Path, at: &Address) -> Vec<Certificate<'static>> {
    let Some(authority) = at.0.authority() else { return Vec::new() };
    let files = std::fs::read_dir(folder.join(authority.as_str())).into_iter().flatten().flatten();
    let files = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|ending| ending == "crt"));
    let texts = files.filter_map(|path| std::fs::read(path).ok());
    let found = texts.flat_map(|text| CertificateDer::pem_slice_iter(&text).flatten().collect::<Vec<_>>());
    found.map(|one| Certificate::from_der(&one).to_owned()).collect()
}

/// Why there was no answer. A proxy's address may have a password in it, and is not told.
fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::InvalidProxyUrl => "HTTPS_PROXY is no address of a proxy".into(),
        ureq::Error::ConnectProxyFailed(_) => "the proxy (HTTPS_PROXY) does not lead there".into(),
        ureq::Error::Timeout(_) => format!("it takes longer than {SECONDS} s"),
        ureq::Error::HostNotFound => "there is no host of this name".into(),
        other => super::read::one_line(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_asked_without_tls() {
        for safe in ["https://r.example/v2/", "http://127.0.0.1:5000/", "http://localhost/x", "http://[::1]:5000/v2/"] {
            assert!(Address::parse(safe).is_some(), "{safe}");
        }
        for unsafe_ in [
            "http://r.example/",
            "http://10.0.0.1:5000/",
            "ftp://r.example/",
            "r.example",
            "/v2/",
            "https://a:b@r.example/",
            "http://127.0.0.1@r.example/",
            "https:///x",
            "",
        ] {
            assert!(Address::parse(unsafe_).is_none(), "{unsafe_}");
        }
    }

    #[test]
    fn a_redirection_keeps_to_tls_and_tells_servers_apart() {
        let first = Address::parse("https://r.example/v2/a/blobs/x").unwrap();
        let own = first.redirected("/other?x=1").unwrap();
        assert!(own.is_with(&first) && own.0.path() == "/other");
        assert!(first.redirected("https://R.example:443/x").is_none_or(|same| same.host() != "evil"));
        let foreign = first.redirected("https://cdn.example/x").unwrap();
        assert!(!foreign.is_with(&first) && !Address::parse("https://r.example:444/").unwrap().is_with(&first));
        for bad in ["http://127.0.0.1/x", "http://r.example/x", "//evil.example/x", "file:///etc/passwd", "x", ""] {
            assert_eq!(first.redirected(bad), None, "{bad}");
        }
        for here in ["https://127.0.0.1/x", "https://127.1.2.3:5000/x", "https://localhost/x", "https://[::1]:443/x"] {
            assert_eq!(first.redirected(here), None, "{here}");
        }
        let here = Address::parse("http://127.0.0.1:5000/v2/").unwrap();
        assert!(here.redirected("http://127.0.0.1:5001/x").is_some_and(|next| !next.is_with(&here)));
        // And back again, by way of somebody else.
        let elsewhere = here.redirected("https://cdn.example/x").unwrap();
        assert_eq!(elsewhere.redirected("https://localhost:5000/x"), None);
    }

    #[test]
    fn a_registrys_own_authorities_are_those_of_its_host_and_port() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = rcgen::generate_simple_self_signed(["r.example".to_owned()]).unwrap().cert;
        let own = folder.path().join("r.example:5000");
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("ca.crt"), certificate.pem()).unwrap();
        std::fs::write(own.join("client.cert"), certificate.pem()).unwrap();
        std::fs::write(own.join("broken.crt"), "no certificate").unwrap();
        let count = |at: &str| authorities_of(folder.path(), &Address::parse(at).unwrap()).len();
        assert_eq!((count("https://r.example:5000/v2/"), count("https://r.example/v2/")), (1, 0));
    }
}
