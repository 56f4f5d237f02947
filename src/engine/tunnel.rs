//! A TCP connection made inside the engine: `nc` in a container, its streams carried by the Engine API.
//!
//! So whatever a container can reach can be asked, wherever the engine is: in a virtual machine, on another
//! machine, in another network namespace.

use super::{Engine, EngineError};
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bytes::{Buf, Bytes};
use futures_util::Stream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The connection. What `nc` complains of is dropped: its end is told by the end of the stream.
pub(crate) struct Tunnel {
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>,
    input: Pin<Box<dyn AsyncWrite + Send>>,
    /// What came and was not read yet.
    rest: Bytes,
}

impl Engine {
    /// Connects from inside a running container that has BusyBox's `nc`. That the port is closed shows when it is
    /// first read from: the stream ends.
    ///
    /// # Errors
    /// Where the container runs no `nc`.
    pub(crate) async fn tunnel(&self, container: &str, address: &str, port: u16) -> Result<Tunnel, EngineError> {
        let doing = "connect from inside a container";
        let config = ExecConfig {
            cmd: Some(vec!["nc".into(), address.into(), port.to_string()]),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let exec = self.docker().create_exec(container, config).await.map_err(self.wrong(doing))?;
        let options = StartExecOptions { output_capacity: Some(64 * 1024), ..StartExecOptions::default() };
        match self.docker().start_exec(&exec.id, Some(options)).await.map_err(self.wrong(doing))? {
            StartExecResults::Attached { output, input } => Ok(Tunnel { output, input, rest: Bytes::new() }),
            StartExecResults::Detached => Err(self.unintelligible(doing, "no stream came")),
        }
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(self.output.as_mut().poll_next(cx)) {
                Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) => self.rest = message,
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = buf.remaining().min(self.rest.len());
        buf.put_slice(&self.rest[..count]);
        self.rest.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.input.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().poll_shutdown(cx)
    }
}
