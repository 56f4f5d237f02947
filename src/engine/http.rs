//! One HTTP question to a service, over whatever connection.

use super::text::clean;
use crate::evidence::{HttpFacts, KEPT};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// What a question gave.
#[derive(Default)]
pub(crate) struct Got {
    /// Something accepted the connection.
    pub(crate) connected: bool,
    /// What it answered, if that was HTTP.
    pub(crate) response: Option<HttpFacts>,
}

/// `GET path` from 127.0.0.1, without following redirections. Whatever is no answer within `limit`,
/// is none.
pub(crate) async fn get(port: u16, path: &str, limit: Duration) -> Got {
    let mut got = Got::default();
    let asking = async {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.ok()?;
        got.connected = true;
        exchange(stream, path).await
    };
    got.response = tokio::time::timeout(limit, asking).await.unwrap_or(None);
    got
}

/// `GET path` over a connection that stands. None where that is answered by no HTTP.
pub(crate) async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> Option<HttpFacts> {
    let request = http::Request::get(path)
        // Frameworks that check the host allow this one while they are being developed with.
        .header("Host", "localhost")
        .header("User-Agent", "dlearn")
        .header("Accept", "*/*")
        .header("Connection", "close")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut connection = std::pin::pin!(connection);
    let asking = async {
        let response = sender.send_request(request).await.ok()?;
        let (head, mut body) = response.into_parts();
        let (mut bytes, mut cut) = (Vec::new(), false);
        while let Some(frame) = body.frame().await {
            // A body that breaks off is shown as far as it came.
            let Ok(frame) = frame else {
                cut = true;
                break;
            };
            if let Some(data) = frame.data_ref() {
                bytes.extend_from_slice(data);
            }
            if bytes.len() > KEPT {
                bytes.truncate(KEPT);
                cut = true;
                break;
            }
        }
        Some((head, bytes, cut))
    };
    let mut asking = std::pin::pin!(asking);
    let (head, bytes, cut) = tokio::select! {
        biased;
        answer = &mut asking => answer?,
        _ = &mut connection => asking.await?,
    };
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &head.headers {
        let value = clean(&String::from_utf8_lossy(value.as_bytes()));
        let known = headers.entry(name.as_str().to_owned()).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(&value);
    }
    Some(HttpFacts { status: head.status.as_u16(), headers, body: clean(&String::from_utf8_lossy(&bytes)), cut })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn answering(answer: &'static [u8]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 1024];
            let _ = stream.read(&mut question).await;
            let _ = stream.write_all(answer).await;
        });
        port
    }

    #[tokio::test]
    async fn an_answer_is_read_and_cleaned() {
        let port = answering(b"HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 8\r\n\r\n\x1b[31mred").await;
        let got = get(port, "/", Duration::from_secs(5)).await.response.unwrap();
        assert_eq!((got.status, got.body.as_str()), (418, "red"));
        assert_eq!(got.headers["x-a"], "1, 2");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_a_whole_one() {
        let port = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\nall that came").await;
        let got = get(port, "/", Duration::from_secs(5)).await.response.unwrap();
        assert_eq!((got.body.as_str(), got.cut), ("all that came", true));
        let port = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall").await;
        let got = get(port, "/", Duration::from_secs(5)).await.response.unwrap();
        assert_eq!((got.body.as_str(), got.cut), ("all", false));
    }

    #[tokio::test]
    async fn what_is_no_http_is_no_answer() {
        let port = answering(b"220 mail.example\r\n").await;
        let got = get(port, "/", Duration::from_secs(5)).await;
        assert!(got.connected && got.response.is_none());
        let got = get(port, "not a path", Duration::from_secs(1)).await;
        assert!(got.response.is_none());
    }
}
