//! Our own connection to an engine, under bollard and beside it.
//!
//! Every request to an engine of somebody's gets a connection of its own: a pooled one may have been closed by an
//! engine that restarted meanwhile, and a heartbeat must not wait behind what it watches. Each path gets the
//! negotiated API version in front, which bollard 0.21 leaves out: without it the engine answers in
//! its newest dialect, whatever was negotiated.

use super::{Engine, EngineError, address::Endpoint, address::SshAddress, sandbox, ssh, tls};
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::{
    Client,
    connect::{Connected, Connection},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::OnceCell;

/// Seconds until a connection must stand.
const CONNECT_SECONDS: u64 = 4;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection of whatever kind.
pub(crate) struct EngineStream(Box<dyn Duplex>);

impl AsyncRead for EngineStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for EngineStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}

impl Connection for EngineStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Opens connections to one endpoint.
#[derive(Clone)]
pub(crate) struct Connector {
    way: Arc<Way>,
}

enum Way {
    Unix(PathBuf),
    Tcp {
        host: String,
        port: u16,
    },
    Tls(tls::Dialer),
    /// By an ssh of the learner's and the docker command on the other side.
    Ssh(SshAddress),
    /// To an engine in a container of another engine: by its socket where that can be had, or else by a command in
    /// that container, over the outer engine's API.
    Inside {
        engine: Engine,
        container: String,
        /// The first process of the container, if it may be one of this machine's.
        process: OnceCell<Option<sandbox::Process>>,
    },
}

impl Connector {
    /// To an engine of somebody's.
    ///
    /// # Errors
    /// Where its certificates cannot be used.
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, EngineError> {
        let way = match endpoint.clone() {
            Endpoint::Unix(path) => Way::Unix(path),
            Endpoint::Tcp { host, port } => Way::Tcp { host, port },
            Endpoint::Tls { host, port, verify, material } => {
                Way::Tls(tls::Dialer::new(&host, port, verify, &material)?)
            }
            Endpoint::Ssh(address) => Way::Ssh(address),
            Endpoint::Sandbox { container, .. } => {
                return Err(EngineError::Unsupported {
                    what: format!("the engine in the container {container} is reached through the one around it only"),
                    help: "name the engine by its address".into(),
                });
            }
        };
        Ok(Self { way: Arc::new(way) })
    }

    /// To the engine that runs in a container.
    pub(crate) fn inside(engine: Engine, container: String) -> Self {
        Self { way: Arc::new(Way::Inside { engine, container, process: OnceCell::new() }) }
    }

    /// Whether a socket of this machine leads to it.
    pub(crate) fn is_socket(&self) -> bool {
        matches!(&*self.way, Way::Unix(_))
    }

    /// Seconds that an answer may take longer because somebody may have to log in before.
    pub(crate) fn login_seconds(&self) -> u64 {
        match &*self.way {
            Way::Ssh(_) => ssh::LOGIN_SECONDS,
            Way::Inside { engine, .. } => engine.connector().login_seconds(),
            Way::Unix(_) | Way::Tcp { .. } | Way::Tls(_) => 0,
        }
    }

    /// A new connection; over ssh when it is its turn.
    ///
    /// # Errors
    /// The operating system's, or `TimedOut` after 4 s (12 s to an engine in a container over ssh).
    pub(crate) async fn open(&self) -> io::Result<EngineStream> {
        let turn = match &*self.way {
            Way::Ssh(_) => Some(ssh::Turn::come().await),
            Way::Unix(_) | Way::Tcp { .. } | Way::Tls(_) | Way::Inside { .. } => None,
        };
        self.open_in(turn).await
    }

    async fn open_in(&self, turn: Option<ssh::Turn>) -> io::Result<EngineStream> {
        let seconds = CONNECT_SECONDS + self.login_seconds();
        let connecting = async {
            let stream: Box<dyn Duplex> = match &*self.way {
                Way::Unix(path) => Box::new(UnixStream::connect(path).await?),
                Way::Tcp { host, port } => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    stream.set_nodelay(true)?;
                    Box::new(stream)
                }
                Way::Tls(dialer) => Box::new(dialer.open().await?),
                Way::Ssh(address) => Box::new(ssh::open(address, turn)?),
                Way::Inside { engine, container, process } => {
                    match engine.socket_of_engine_in(container, process).await {
                        Some(stream) => Box::new(stream),
                        None => Box::new(engine.dial_engine_in(container).await?),
                    }
                }
            };
            Ok(EngineStream(stream))
        };
        tokio::time::timeout(Duration::from_secs(seconds), connecting)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<EngineStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.open().await.map(TokioIo::new) })
    }
}

/// The body type that bollard's requests have; ours have it too, so that one client serves both.
pub(crate) type Body = <BodyOf<bollard::BollardRequest> as Same>::Body;

/// Names the body type of a request type; bollard does not export its own.
pub(crate) struct BodyOf<R>(std::marker::PhantomData<R>);
pub(crate) trait Same {
    type Body;
}
impl<B> Same for BodyOf<Request<B>> {
    type Body = B;
}

/// The HTTP client over [`Connector`].
pub(crate) type Http = Client<Connector, Body>;

/// The client. Connections are used again only where each may be a process: to an engine that we started ourselves,
/// which is never started again, and over ssh, whose end is seen at once.
pub(crate) fn client(connector: Connector) -> Http {
    let idle = match &*connector.way {
        Way::Unix(_) | Way::Tcp { .. } | Way::Tls(_) => 0,
        Way::Ssh(_) | Way::Inside { .. } => 8,
    };
    Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_max_idle_per_host(idle).build(connector)
}

/// `/images/json` → `/v1.41/images/json`.
pub(crate) fn with_version(uri: &Uri, api: &str) -> Result<Uri, http::Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Uri::builder().scheme("http").authority("docker").path_and_query(format!("/v{api}{path}")).build()
}

/// Asks one question over a connection of its own, without any pool or version. A heartbeat waits for nobody's login:
/// it would fail because others are slow.
///
/// # Errors
/// The operating system's, or one that tells that what answered does not speak HTTP.
pub(crate) async fn ask_once(connector: &Connector, path: &str) -> io::Result<Response<Incoming>> {
    let stream = connector.open_in(None).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let driver = tokio::spawn(connection);
    let request =
        Request::get(path).header("Host", "docker").body(Full::new(Bytes::new())).map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(|error| match (error.is_incomplete_message(), error) {
        (true, _) => io::ErrorKind::ConnectionReset.into(),
        (false, error) => io::Error::other(error),
    });
    // Only head and status are wanted: the connection goes with the response's body.
    drop(sender);
    if response.is_err() {
        driver.abort();
    }
    response
}
