//! TCP with TLS to an engine: both sides show certificates (docs.docker.com/engine/security/protect-access).
//!
//! The folder of the certificates is the docker command's: `ca.pem` says whom to trust, `cert.pem` and `key.pem` say
//! who asks. What is missing of it is no error yet: without `ca.pem` this machine's own authorities count, and not every
//! engine asks for a certificate. Invariant: whatever is wrong with certificates is told by their files' names.

use super::{
    EngineError,
    error::{Explained, one_line},
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem, pem::PemObject};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, InconsistentKeys, RootCertStore,
    SignatureScheme,
};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream, rustls};

/// The files of a folder with certificates.
pub(super) const MATERIAL: [&str; 3] = [AUTHORITY, CERTIFICATE, KEY];
const AUTHORITY: &str = "ca.pem";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";
/// Most bytes of one of them.
const LARGEST: u64 = 1024 * 1024;

/// Opens connections with TLS to one engine.
pub(super) struct Dialer {
    port: u16,
    name: ServerName<'static>,
    connector: TlsConnector,
    words: Arc<Words>,
}

/// What is needed to say what is wrong.
struct Words {
    host: String,
    material: PathBuf,
    has_authority: bool,
    me: Arc<Me>,
    /// The engine has said something over some connection: it wants us.
    accepted: AtomicBool,
}

impl Dialer {
    /// Reads the certificates.
    ///
    /// # Errors
    /// [`EngineError::Misconfigured`] where one of the files there cannot be used.
    pub(super) fn new(host: &str, port: u16, verify: bool, material: &Path) -> Result<Self, EngineError> {
        let provider = Arc::new(ring::default_provider());
        let name = ServerName::try_from(host.to_owned()).map_err(|_| EngineError::Misconfigured {
            what: format!("`{}` is no name that a certificate could be for", one_line(host)),
            help: "see how the engine's address is spelt".into(),
        })?;
        let authorities = authorities(material)?;
        let has_authority = authorities.is_some();
        let me = Arc::new(Me { key: own_key(material, &provider)?, asked: AtomicBool::new(false) });
        let wrong = |error: &dyn std::fmt::Display| EngineError::Misconfigured {
            what: format!("TLS cannot be prepared: {error}"),
            help: format!("see what lies in {}", material.display()),
        };
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error))?;
        let config = if verify {
            let roots = Arc::new(authorities.unwrap_or_else(of_this_machine));
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            config.with_webpki_verifier(verifier.map_err(|error| wrong(&error))?)
        } else {
            config.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        };
        let config = config.with_client_cert_resolver(Arc::clone(&me) as Arc<dyn ResolvesClientCert>);
        let (material, accepted) = (material.to_owned(), AtomicBool::new(false));
        let words = Arc::new(Words { host: host.to_owned(), material, has_authority, me, accepted });
        Ok(Self { port, name, connector: TlsConnector::from(Arc::new(config)), words })
    }

    /// A new connection. The engine's side of the handshake is verified when it stands; that the engine does not want
    /// our certificate may show when the stream is first read.
    pub(super) async fn open(&self) -> io::Result<Stream> {
        let stream = TcpStream::connect((self.words.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let inner = self.connector.connect(self.name.clone(), stream).await;
        let inner = inner.map_err(|error| self.words.explain(error))?;
        Ok(Stream { inner, words: Arc::clone(&self.words) })
    }
}

/// The authorities in `ca.pem`; none where there is no such file.
fn authorities(material: &Path) -> Result<Option<RootCertStore>, EngineError> {
    let path = material.join(AUTHORITY);
    let Some(text) = read(&path)? else { return Ok(None) };
    let mut roots = RootCertStore::empty();
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let (added, _) = roots.add_parsable_certificates(certificates.map_err(|error| damaged(&path, &error))?);
    if added == 0 {
        return Err(damaged(&path, &pem::Error::NoItemsFound));
    }
    Ok(Some(roots))
}

/// The authorities that this machine trusts.
fn of_this_machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // Without any, every engine is one that nobody vouches for, and that is told.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// `cert.pem` and `key.pem`; none where neither is there.
fn own_key(material: &Path, provider: &CryptoProvider) -> Result<Option<Arc<CertifiedKey>>, EngineError> {
    let (certificate, key) = (material.join(CERTIFICATE), material.join(KEY));
    let (chain, secret) = match (read(&certificate)?, read(&key)?) {
        (None, None) => return Ok(None),
        (Some(chain), Some(secret)) => (chain, secret),
        (Some(_), None) => return Err(alone(&certificate, KEY)),
        (None, Some(_)) => return Err(alone(&key, CERTIFICATE)),
    };
    if secret.windows(9).any(|word| word == b"ENCRYPTED") {
        return Err(EngineError::Misconfigured {
            what: format!("{} is locked with a password, which Docker does not ask for", key.display()),
            help: format!("unlock a copy: openssl pkey -in {} -out unlocked.pem", key.display()),
        });
    }
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let chain = chain.map_err(|error| damaged(&certificate, &error))?;
    if chain.is_empty() {
        return Err(damaged(&certificate, &pem::Error::NoItemsFound));
    }
    let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|error| damaged(&key, &error))?;
    let signing = provider.key_provider.load_private_key(secret).map_err(|error| damaged(&key, &error))?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(EngineError::Misconfigured {
            what: format!("{} is not the key of {CERTIFICATE} beside it", key.display()),
            help: "get both files of one pair from whoever runs the engine".into(),
        }),
        // Whatever else is unusual about it is the engine's to judge.
        _ => Ok(Some(Arc::new(certified))),
    }
}

/// The bytes of a file; none where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, EngineError> {
    let mut bytes = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EngineError::Misconfigured {
            what: format!("{} cannot be read: {error}", path.display()),
            help: "see whose file it is; you must be able to read it".into(),
        }),
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> EngineError {
    EngineError::Misconfigured {
        what: format!("{} is no file of the kind that its name says: {error}", path.display()),
        help: "get it once more, in PEM format, from whoever runs the engine".into(),
    }
}

fn alone(path: &Path, other: &str) -> EngineError {
    EngineError::Misconfigured {
        what: format!("{} is there, but no {other} beside it", path.display()),
        help: format!("put both there, or neither where the engine wants no client certificate; {other} belongs to it"),
    }
}

/// Who asks; and whether the engine wanted to know.
#[derive(Debug)]
struct Me {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ResolvesClientCert for Me {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// Lets every certificate pass, where the learner has told Docker not to verify it (`SkipTLSVerify`, `DOCKER_TLS`).
/// Whoever shows it must still have its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl Words {
    /// The same error, with what to do about it where it is TLS's.
    fn explain(&self, error: io::Error) -> io::Error {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(tls) => io::Error::other(self.of(tls)),
            None => error,
        }
    }

    /// An engine that does not want our certificate hangs up, and its reason need not arrive.
    fn judge(&self, error: io::Error) -> io::Error {
        let hung_up = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::ConnectionAborted];
        match self.may_refuse_us() && hung_up.contains(&error.kind()) {
            true => io::Error::other(self.of_alert(AlertDescription::CloseNotify)),
            false => self.explain(error),
        }
    }

    /// Whether the engine has asked who we are, and has not let us in so far.
    fn may_refuse_us(&self) -> bool {
        self.me.asked.load(Ordering::Relaxed) && !self.accepted.load(Ordering::Relaxed)
    }

    fn of(&self, error: &Error) -> Explained {
        let folder = self.material.display();
        let (reason, help) = match error {
            Error::InvalidCertificate(why) => return self.of_certificate(why),
            Error::AlertReceived(alert) if self.may_refuse_us() => return self.of_alert(*alert),
            Error::AlertReceived(alert) => (
                format!("it ends the TLS connection ({alert:?})"),
                "see whether the docker command reaches it, and which versions of TLS it speaks".into(),
            ),
            Error::InvalidMessage(_) => (
                "what answers there does not speak TLS".into(),
                "see the port: an engine listens with TLS on 2376 as a rule; or unset DOCKER_TLS_VERIFY and DOCKER_TLS \
                 where it listens without"
                    .into(),
            ),
            other => (
                format!("TLS: {}", one_line(&other.to_string())),
                format!("see whether the docker command reaches it with the certificates in {folder}"),
            ),
        };
        Explained { reason, help }
    }

    fn of_certificate(&self, why: &CertificateError) -> Explained {
        let authority = self.material.join(AUTHORITY);
        let (reason, help) = match why {
            CertificateError::UnknownIssuer | CertificateError::BadSignature if self.has_authority => (
                format!("its certificate is not from the authority in {}", authority.display()),
                "get the right ca.pem from whoever runs the engine; if it was right yesterday, ask them before you trust \
                 another"
                    .to_owned(),
            ),
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                format!("its certificate is from no authority that this machine trusts, and there is no {}", authority.display()),
                "get the engine's ca.pem from whoever runs it, and put it there (or say where it is: DOCKER_CERT_PATH)"
                    .to_owned(),
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("its certificate has expired".to_owned(), "ask whoever runs the engine for a new one; and see this machine's clock".to_owned())
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("its certificate is not valid yet".to_owned(), "see this machine's clock".to_owned())
            }
            CertificateError::NotValidForName => self.of_name(&[]),
            CertificateError::NotValidForNameContext { presented, .. } => self.of_name(presented),
            other => (
                format!("its certificate is refused: {}", one_line(&other.to_string())),
                "ask whoever runs the engine for one that is meant for a server".to_owned(),
            ),
        };
        Explained { reason, help }
    }

    fn of_name(&self, presented: &[String]) -> (String, String) {
        let names = match presented {
            [] => String::new(),
            names => format!(", but for {}", one_line(&names.join(", "))),
        };
        (
            format!("its certificate is not for {}{names}", self.host),
            "reach it by a name that its certificate is for, or ask whoever runs it for one with this name".into(),
        )
    }

    fn of_alert(&self, alert: AlertDescription) -> Explained {
        let folder = self.material.display();
        match self.me.has_certs() {
            false => Explained {
                reason: "it wants a client certificate, and you have none".into(),
                help: format!(
                    "get {CERTIFICATE} and {KEY} from whoever runs the engine, and put them into {folder} (or say where \
                     they are: DOCKER_CERT_PATH)"
                ),
            },
            true => Explained {
                reason: format!("it does not accept the client certificate in {folder} ({alert:?})"),
                help: format!(
                    "see whether {CERTIFICATE} is from the authority that the engine trusts and has not expired: openssl \
                     x509 -in {folder}/{CERTIFICATE} -noout -issuer -enddate"
                ),
            },
        }
    }
}

/// A connection with TLS.
pub(super) struct Stream {
    inner: TlsStream<TcpStream>,
    words: Arc<Words>,
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        self.words.accepted.fetch_or(buf.filled().len() > before, Ordering::Relaxed);
        Poll::Ready(read.map_err(|error| self.words.judge(error)))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        Poll::Ready(written.map_err(|error| self.words.judge(error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        Poll::Ready(flushed.map_err(|error| self.words.judge(error)))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_has_let_us_in_is_not_said_to_refuse_us() {
        let me = Arc::new(Me { key: None, asked: AtomicBool::new(false) });
        let (material, accepted) = (PathBuf::from("/certs"), AtomicBool::new(false));
        let words = Words { host: "lab".into(), material, has_authority: true, me, accepted };
        let broken = || words.judge(ErrorKind::BrokenPipe.into());
        let alert = || words.judge(io::Error::other(Error::AlertReceived(AlertDescription::InternalError)));
        let blames_us = |error: io::Error| error.to_string().contains("client certificate");

        assert!(!blames_us(broken()) && !blames_us(alert()), "it asked for none");
        words.me.asked.store(true, Ordering::Relaxed);
        assert!(blames_us(broken()) && blames_us(alert()), "it hung up on whoever showed none");
        words.accepted.store(true, Ordering::Relaxed);
        assert_eq!(broken().kind(), ErrorKind::BrokenPipe);
        assert!(!blames_us(alert()));
    }
}
