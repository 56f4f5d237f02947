//! One HTTP connection to a registry, over any stream.

use super::{Known, Login, RegistryError};
use crate::Secret;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

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
        Ok(Self { host: host.to_owned(), sender, driver, authorization: None })
    }

    /// As somebody with a password, who is told to the registry with each question.
    #[must_use]
    pub fn known_as(mut self, login: &Login) -> Self {
        self.authorization = login.basic();
        self
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

    fn known(&self) -> Known {
        if self.authorization.is_some() { Known::LoggedIn } else { Known::Nobody }
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
            .header(http::header::HOST, &self.host)
            .header(http::header::USER_AGENT, "dlearn")
            .header(http::header::ACCEPT, accept);
        if let Some(authorization) = &self.authorization {
            request = request.header(http::header::AUTHORIZATION, authorization.reveal());
        }
        let request = request.body(Empty::new()).map_err(|error| RegistryError::broken(&self.host, &error))?;
        self.sender.ready().await.map_err(|error| RegistryError::broken(&self.host, &error))?;
        let response =
            self.sender.send_request(request).await.map_err(|error| RegistryError::broken(&self.host, &error))?;
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| RegistryError::broken(&self.host, &error))?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > most {
                    return Err(RegistryError::TooLarge { host: self.host.clone(), what: path.to_owned(), most });
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(Got { status: head.status, headers: head.headers, body: bytes.into() })
    }
}
