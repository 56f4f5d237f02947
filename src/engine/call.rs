//! Calls that go past bollard: where engines differ in what is null or absent, where a stream does
//! not decode, or where a header is wanted.

use super::{Endpoint, Engine, EngineError, error, transport};
use crate::reference::DEFAULT_HOST;
use crate::registry::{HUB_LOGIN, Login};
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::{Deserialize, de::DeserializeOwned};

/// Most bytes of one JSON answer.
const LARGEST_JSON: usize = 64 * 1024 * 1024;
/// Most bytes of one line of a stream of JSON objects.
const LARGEST_LINE: usize = 16 * 1024 * 1024;

/// Why a login stays here.
pub(crate) const UNSENT: &str = "no login is sent to an engine that is reached without TLS, where others could read it";

/// Whether nobody on the way to an engine reads what it is sent, so that a learner's login may go along.
pub(crate) fn keeps_secrets(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Unix(_) | Endpoint::Tls { .. } | Endpoint::Ssh(_) => true,
        Endpoint::Tcp { .. } => endpoint.is_local(),
        // How the engine around it is reached is not known here.
        Endpoint::Sandbox { .. } => false,
    }
}

/// By what a registry knows somebody (`AuthConfig` of the Engine API).
#[derive(Clone, Debug, Default, serde::Serialize)]
pub(crate) struct RegistryAuth {
    pub(crate) username: String,
    pub(crate) password: crate::Secret,
    pub(crate) serveraddress: String,
    /// What a token server gave instead of a password.
    #[serde(rename = "identitytoken", skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<crate::Secret>,
}

impl RegistryAuth {
    /// A login as the engine wants it.
    pub(crate) fn of(login: &Login, host: &str) -> Self {
        let (username, password) =
            login.password().map(|(user, word)| (user.to_owned(), word.clone())).unwrap_or_default();
        // Engines with containerd's store compare this.
        let serveraddress = if host == DEFAULT_HOST { HUB_LOGIN } else { host }.to_owned();
        Self { username, password, serveraddress, identity: login.identity().cloned() }
    }

    /// The value of the header `X-Registry-Auth`.
    fn header(&self) -> String {
        // Plain data always serialises.
        base64::engine::general_purpose::URL_SAFE.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    /// Podman refuses a push like this, with a status of its own.
    #[serde(flatten)]
    trouble: Trouble,
}

/// What the body of a refusal says, as far as it is understood; else all of it.
fn refusal(body: &[u8]) -> String {
    let told = serde_json::from_slice::<Refusal>(body).ok();
    let message = told.and_then(|told| told.message.or_else(|| told.trouble.message()));
    message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}

impl Engine {
    /// Sends one request. `target` is path and query without the version.
    ///
    /// # Errors
    /// Where no answer comes, or one with a status from 400 on.
    pub(crate) async fn call(
        &self,
        doing: &str,
        method: Method,
        target: &str,
        body: Option<(Bytes, &'static str)>,
    ) -> Result<Response<Incoming>, EngineError> {
        let (body, kind) = body.unwrap_or((Bytes::new(), "application/json"));
        self.send(doing, method, target, (bollard::body_full(body), kind)).await
    }

    /// As [`Engine::call`], with a body that may be a stream.
    pub(crate) async fn send(
        &self,
        doing: &str,
        method: Method,
        target: &str,
        body: (transport::Body, &'static str),
    ) -> Result<Response<Incoming>, EngineError> {
        self.send_as(doing, method, target, body, None).await
    }

    /// As [`Engine::send`], for somebody who is known to a registry: `auth` is what they are known by.
    pub(crate) async fn send_as(
        &self,
        doing: &str,
        method: Method,
        target: &str,
        (body, kind): (transport::Body, &'static str),
        auth: Option<&RegistryAuth>,
    ) -> Result<Response<Incoming>, EngineError> {
        let invalid = |error: http::Error| self.unintelligible(doing, &format!("the question is malformed: {error}"));
        let uri = target.parse().map_err(|error: http::uri::InvalidUri| invalid(error.into()))?;
        let uri = transport::with_version(&uri, self.api_version()).map_err(invalid)?;
        let mut request = Request::builder().method(method).uri(uri).header(http::header::CONTENT_TYPE, kind);
        if let Some(auth) = auth {
            request = request.header("X-Registry-Auth", auth.header());
        }
        let request = request.body(body).map_err(invalid)?;
        let endpoint = self.endpoint().to_string();
        let broken = |error| error::unreachable_because(&endpoint, &error);
        let response = self.http().request(request).await.map_err(broken)?;
        let status = response.status();
        if status.as_u16() < 400 {
            return Ok(response);
        }
        let text = self.body(doing, response, 64 * 1024).await?;
        let message = refusal(&text);
        Err(EngineError::Refused {
            doing: doing.into(),
            status: status.as_u16(),
            message: super::text::clean(&message),
        })
    }

    /// A GET whose answer is one JSON value.
    pub(crate) async fn get_json<T: DeserializeOwned>(&self, doing: &str, target: &str) -> Result<T, EngineError> {
        let response = self.call(doing, Method::GET, target, None).await?;
        let bytes = self.body(doing, response, LARGEST_JSON).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.unintelligible(doing, &error.to_string()))
    }

    async fn body(&self, doing: &str, response: Response<Incoming>, most: usize) -> Result<Bytes, EngineError> {
        let mut body = response.into_body();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.chunk(&mut body).await? {
            if bytes.len() + chunk.len() > most {
                return Err(self.unintelligible(doing, "it is too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// The next bytes of a streamed answer, or none at its end.
    pub(crate) async fn chunk(&self, body: &mut Incoming) -> Result<Option<Bytes>, EngineError> {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| error::unreachable_because(&self.endpoint().to_string(), &error))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// A streamed answer of JSON objects, one a line.
    pub(crate) fn json_lines(&self, doing: &str, response: Response<Incoming>) -> JsonLines {
        let (engine, doing) = (self.clone(), doing.to_owned());
        JsonLines { engine, doing, body: response.into_body(), buffer: BytesMut::new(), ended: false }
    }

    /// The end of a streamed answer that tells only whether something worked ([`Trouble`] in one of its lines).
    ///
    /// # Errors
    /// What it tells.
    pub(crate) async fn finished(&self, doing: &str, response: Response<Incoming>) -> Result<(), EngineError> {
        let mut lines = self.json_lines(doing, response);
        while let Some(line) = lines.next::<Trouble>().await? {
            if let Some(message) = line.message() {
                let message = error::one_line(&message);
                return Err(EngineError::Refused { doing: doing.into(), status: 200, message });
            }
        }
        Ok(())
    }

    pub(crate) fn unintelligible(&self, doing: &str, what: &str) -> EngineError {
        EngineError::Unintelligible { doing: doing.into(), what: error::one_line(what) }
    }
}

/// What a line of a streamed answer tells of a failure. `error` repeats the detail's message; it is deprecated, and no longer
/// in the descriptions of API 1.52 and later (`BuildInfo`, `CreateImageInfo`, `PushImageInfo`).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Trouble {
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    detail: Option<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    message: Option<String>,
}

impl Trouble {
    /// The engine's words, where it is one.
    pub(crate) fn message(self) -> Option<String> {
        self.detail.and_then(|detail| detail.message).or(self.error)
    }
}

/// See [`Engine::json_lines`].
#[derive(Debug)]
pub(crate) struct JsonLines {
    engine: Engine,
    doing: String,
    body: Incoming,
    buffer: BytesMut,
    ended: bool,
}

impl JsonLines {
    /// The next object, or none at the stream's end.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, EngineError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(end + 1);
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return self.decode(&line).map(Some);
            }
            if self.ended {
                let rest = self.buffer.split();
                return if rest.trim_ascii().is_empty() { Ok(None) } else { self.decode(&rest).map(Some) };
            }
            if self.buffer.len() > LARGEST_LINE {
                return Err(self.engine.unintelligible(&self.doing, "one line of it is too long"));
            }
            match self.engine.chunk(&mut self.body).await? {
                Some(chunk) => self.buffer.extend_from_slice(&chunk),
                None => self.ended = true,
            }
        }
    }

    fn decode<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, EngineError> {
        serde_json::from_slice(line).map_err(|error| self.engine.unintelligible(&self.doing, &error.to_string()))
    }
}

/// `?a=1&b=2`, percent-encoded (RFC 3986, unreserved characters stay).
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                    out.push(char::from(byte));
                }
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::address::parse;
    use super::{keeps_secrets, query, refusal};

    #[test]
    fn a_login_goes_to_no_engine_by_plain_tcp() {
        let keeps = |host: &str, tls| keeps_secrets(&parse(host, tls).unwrap());
        for plain in ["tcp://lab", "tcp://lab:2376", "tcp://10.0.0.1:2375", "http://lab", "tcp://[fe80::1]:2375"] {
            assert!(!keeps(plain, None), "{plain}");
        }
        for own in ["unix://", "tcp://127.0.0.1:2375", "tcp://localhost", "tcp://[::1]:2375", "ssh://me@lab"] {
            assert!(keeps(own, None), "{own}");
        }
        assert!(keeps("tcp://lab", Some((true, "/certs".into()))));
    }

    #[test]
    fn a_refusal_is_told_without_its_json() {
        assert_eq!(refusal(br#"{"message":"no such image"}"#), "no such image");
        let podman = br#"{"cause":"image not known","message":"failed to find image a","response":404}"#;
        assert_eq!(refusal(podman), "failed to find image a");
        let push = br#"{"errorDetail":{"message":"denied"},"error":"denied"}"#;
        assert_eq!(refusal(push), "denied");
        assert_eq!(refusal(b"page not found"), "page not found");
    }

    #[test]
    fn a_query_escapes_what_has_a_meaning_in_urls() {
        assert_eq!(query(&[("t", "a/b:1"), ("x", "& =é")]), "?t=a/b:1&x=%26%20%3D%C3%A9");
    }
}
