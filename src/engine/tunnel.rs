//! A TCP connection made inside the engine: `nc` in a container of ours beside the service, its streams carried
//! by the Engine API.
//!
//! So whatever a container can reach can be asked, wherever the engine is: in a virtual machine, on another
//! machine, in another network namespace. Nothing is run inside anybody else's container.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
};
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::AttachContainerOptionsBuilder;
use bytes::{Buf, Bytes};
use futures_util::Stream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Images with BusyBox's `nc`, `wget` and `sh`; the first that is there is used.
const HELPERS: [&str; 3] = ["busybox:1.36", "nginx:alpine", "alpine:3.20"];

/// The connection. What `nc` complains of is dropped: its end is told by the end of the stream.
pub(crate) struct Tunnel {
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>,
    input: Pin<Box<dyn AsyncWrite + Send>>,
    /// What came and was not read yet.
    rest: Bytes,
}

impl Engine {
    /// A command for a container of ours in the network of another container, with an image that has BusyBox.
    ///
    /// # Errors
    /// Where no such image is there.
    pub(crate) async fn beside(&self, container: &str, command: &[&str]) -> Result<ContainerSpec, EngineError> {
        for image in HELPERS {
            if self.has_image(image).await? {
                return Ok(ContainerSpec {
                    image: image.into(),
                    entrypoint: Some(command.iter().map(|&word| word.to_owned()).collect()),
                    args: Some(Vec::new()),
                    network: Some(format!("container:{container}")),
                    ..ContainerSpec::default()
                });
            }
        }
        Err(EngineError::Misfortune {
            what: "no image is there with which a registry could be asked from inside the engine".into(),
            help: format!("bring one with docker pull {}", HELPERS[0]),
        })
    }

    /// Connects to a port in the network of a running container. That the port is closed shows when the stream is
    /// first read: it ends. Gives also the name of the container that holds the connection, to be removed.
    ///
    /// # Errors
    /// Where no container can be started there.
    pub(crate) async fn tunnel(
        &self,
        ledger: &Ledger,
        container: &str,
        port: u16,
    ) -> Result<(Tunnel, String), EngineError> {
        let doing = "connect from inside the engine";
        let command = self.beside(container, &["nc", "127.0.0.1", &port.to_string()]).await?;
        let spec = ContainerSpec { stdin: true, ..command };
        let refused = |why: String| EngineError::Refused { doing: doing.into(), status: 500, message: why };
        let name = match self.create(ledger, &spec).await? {
            Attempt::Done(name) => name,
            Attempt::NoImage => return Err(refused(format!("{} is gone", spec.image))),
            Attempt::Refused(why) => return Err(refused(why)),
        };
        let options = AttachContainerOptionsBuilder::default().stream(true).stdin(true).stdout(true).stderr(true);
        // Attached before the start, so that nothing is missed.
        let attached = self.docker().attach_container(&name, Some(options.build()));
        let attached = self.read(doing, async { attached.await.map_err(self.wrong(doing)) }).await?;
        match self.start_created(&name).await? {
            Attempt::Done(_) => {}
            Attempt::NoImage => return Err(refused("its image is gone".into())),
            Attempt::Refused(why) => return Err(refused(why)),
        }
        Ok((Tunnel { output: attached.output, input: attached.input, rest: Bytes::new() }, name))
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
