//! One HTTP connection to a registry, over any stream.

use super::challenge::{Challenge, challenges};
use super::{Known, RegistryError};
use crate::Secret;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

/// Where a registry says whether it wants to know who comes (OCI distribution specification 1.1, end-1). Docker asks
/// there first; elsewhere what is hidden may be answered for as if it were not there.
pub(super) const DOOR: &str = "/v2/";

/// What a registry answered.
#[derive(Debug)]
pub struct Got {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Got {
    /// Whether it is a refusal that a password may open.
    pub(super) fn wants_password(&self) -> bool {
        self.wants(|one| *one == Challenge::Basic)
    }

    /// Whether it is a refusal that a token may open.
    pub(super) fn wants_token(&self) -> bool {
        self.wants(|one| matches!(one, Challenge::Bearer { .. }))
    }

    fn wants(&self, is: impl Fn(&Challenge) -> bool) -> bool {
        self.status == StatusCode::UNAUTHORIZED && challenges(&self.headers).iter().any(is)
    }
}

/// Whoever can be asked for a path of the distribution API.
pub trait Ask {
    /// `GET path`, with the media types that are understood. A body of more than `most` bytes is an error.
    fn get(&mut self, path: &str, accept: &str, most: usize)
    -> impl Future<Output = Result<Got, RegistryError>> + Send;

    /// As whom it asks.
    fn known(&self) -> Known {
        Known::Nobody
    }
}

/// Questions one after another over one connection.
#[derive(Debug)]
pub struct Conversation {
    host: String,
    sender: http1::SendRequest<Empty<Bytes>>,
    driver: JoinHandle<()>,
    authorization: Option<Secret>,
    /// Whether the last answer was the connection's last.
    over: bool,
}

impl Conversation {
    /// Begins over a stream that leads to the registry `host`.
    ///
    /// # Errors
    /// Where the stream breaks at once.
    pub async fn over(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        host: &str,
    ) -> Result<Self, RegistryError> {
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| RegistryError::broken(host, &error))?;
        // Its errors come back with the question that they spoil.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { host: host.to_owned(), sender, driver, authorization: None, over: false })
    }

    /// Whether the registry has ended it, as it may after any answer: the next question needs another.
    pub fn is_over(&self) -> bool {
        self.over || self.sender.is_closed()
    }

    /// Shows the registry this header `Authorization` with each question from now on, or none.
    pub(super) fn show(&mut self, authorization: Option<Secret>) {
        self.authorization = authorization;
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Ask for Conversation {
    async fn get(&mut self, path: &str, accept: &str, most: usize) -> Result<Got, RegistryError> {
        self.ask(Method::GET, path, accept, most).await
    }
}

impl Conversation {
    /// One request, and its answer; a body of more than `most` bytes is an error.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        accept: &str,
        most: usize,
    ) -> Result<Got, RegistryError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, "dlearn")
            .header(header::ACCEPT, accept);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization.reveal());
        }
        let request = request.body(Empty::new()).map_err(|error| RegistryError::broken(&self.host, &error))?;
        self.sender.ready().await.map_err(|error| RegistryError::broken(&self.host, &error))?;
        let response = self.sender.send_request(request).await.map_err(|error| match error.is_parse() {
            true => self.odd("what answers there speaks no HTTP"),
            false => RegistryError::broken(&self.host, &error),
        })?;
        self.over = is_last(&response);
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            // Somebody is there, and did not say it all.
            let frame = frame.map_err(|_| self.odd(&format!("it breaks off ({path})")))?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > most {
                    return Err(RegistryError::TooLarge { host: self.host.clone(), what: path.to_owned(), most });
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(Got { status: head.status, headers: head.headers, body: bytes.into() })
    }

    fn odd(&self, what: &str) -> RegistryError {
        RegistryError::Unintelligible { host: self.host.clone(), what: what.to_owned() }
    }
}

/// Whether nothing comes after this answer (RFC 9112, 9.3).
fn is_last(response: &Response<impl Sized>) -> bool {
    let options = response.headers().get_all(header::CONNECTION);
    let says = |option: &str| {
        let mut said = options.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        said.any(|one| one.trim().eq_ignore_ascii_case(option))
    };
    says("close") || response.version() == Version::HTTP_10 && !says("keep-alive")
}
