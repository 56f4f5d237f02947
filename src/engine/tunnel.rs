//! A TCP connection made inside the engine: `nc` in a container of ours beside the service, its streams carried
//! by the Engine API.
//!
//! So whatever a container can reach can be asked, wherever the engine is: in a virtual machine, on another
//! machine, in another network namespace. Nothing is run inside anybody else's container.

use super::{
    Engine, EngineError, Ledger,
    container::{Attempt, ContainerSpec},
    sandbox::SANDBOX_SOCKET,
};
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bytes::{Buf, Bytes};
use futures_util::Stream;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Images with BusyBox's `nc`, `wget` and `sh`; the first that is there is used.
const HELPERS: [&str; 3] = [PASSAGE_IMAGE, "nginx:alpine", "alpine:3.20"];
/// The image with which services are asked from inside an engine.
pub const PASSAGE_IMAGE: &str = "busybox:1.36";
/// Seconds after which a passage that nobody removed ends by itself.
const PASSAGE_SECONDS: &str = "3600";

/// The streams of a command in a container. What it complains of is dropped: its end is told by the end of the
/// stream.
pub(crate) struct Tunnel {
    output: Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>,
    input: Pin<Box<dyn AsyncWrite + Send>>,
    /// What came and was not read yet.
    rest: Bytes,
}

/// A container of ours in the network of another one, through which connections are made.
pub(crate) struct Passage<'a> {
    engine: &'a Engine,
    /// To be removed.
    pub(crate) helper: String,
}

impl Engine {
    /// A command for a container of ours in the network of another container, with an image that has BusyBox.
    ///
    /// # Errors
    /// Where no such image is there.
    pub(crate) async fn beside(&self, container: &str, command: &[&str]) -> Result<ContainerSpec, EngineError> {
        self.in_network(&format!("container:{container}"), command).await
    }

    async fn in_network(&self, network: &str, command: &[&str]) -> Result<ContainerSpec, EngineError> {
        for image in HELPERS {
            if self.has_image(image).await? {
                return Ok(ContainerSpec {
                    image: image.into(),
                    entrypoint: Some(command.iter().map(|&word| word.to_owned()).collect()),
                    args: Some(Vec::new()),
                    network: Some(network.to_owned()),
                    ..ContainerSpec::default()
                });
            }
        }
        Err(EngineError::Misfortune {
            what: "no image is there with which a service could be asked from inside the engine".into(),
            help: format!("bring one with docker pull {}", PASSAGE_IMAGE),
        })
    }

    /// A way into the network of a running container.
    ///
    /// # Errors
    /// Where no container can be started there.
    pub(crate) async fn passage(&self, ledger: &Ledger, container: &str) -> Result<Passage<'_>, EngineError> {
        self.passage_in(ledger, &format!("container:{container}")).await
    }

    /// A way into the network in which the engine itself is.
    ///
    /// # Errors
    /// Where no container can be started there.
    pub(crate) async fn passage_of_engine(&self, ledger: &Ledger) -> Result<Passage<'_>, EngineError> {
        self.passage_in(ledger, "host").await
    }

    async fn passage_in(&self, ledger: &Ledger, network: &str) -> Result<Passage<'_>, EngineError> {
        let spec = self.in_network(network, &["sleep", PASSAGE_SECONDS]).await?;
        let doing = "connect from inside the engine".to_owned();
        match self.start(ledger, &spec).await? {
            Attempt::Done(helper) => Ok(Passage { engine: self, helper }),
            Attempt::NoImage => {
                Err(EngineError::Refused { doing, status: 404, message: format!("{} is gone", spec.image) })
            }
            Attempt::Refused(message) => Err(EngineError::Refused { doing, status: 500, message }),
        }
    }

    /// A connection to the engine that runs in a container of ours, by the docker command in there
    /// (`docker system dial-stdio`: what the client itself uses over SSH).
    ///
    /// # Errors
    /// Where the container has ended, or nothing answers.
    pub(crate) async fn dial_engine_in(&self, container: &str) -> io::Result<Tunnel> {
        self.command_in(container, &["docker", "-H", SANDBOX_SOCKET, "system", "dial-stdio"]).await
    }

    /// Starts a command in a container of ours (`docker exec -i`).
    async fn command_in(&self, container: &str, command: &[&str]) -> io::Result<Tunnel> {
        self.exec_in(container, command, ExecConfig::default()).await
    }

    /// Starts a command on a terminal in a container of ours (`docker exec -it`), with these variables.
    ///
    /// # Errors
    /// Where the container has ended, or has no such command.
    pub(crate) async fn terminal_in(&self, container: &str, command: &[&str], env: Vec<String>) -> io::Result<Tunnel> {
        let config = ExecConfig { tty: Some(true), env: Some(env), ..ExecConfig::default() };
        self.exec_in(container, command, config).await
    }

    async fn exec_in(&self, container: &str, command: &[&str], config: ExecConfig) -> io::Result<Tunnel> {
        let tty = config.tty.unwrap_or_default();
        let config = ExecConfig {
            cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..config
        };
        let exec = self.docker().create_exec(container, config).await.map_err(io::Error::other)?;
        let options = StartExecOptions { tty, ..StartExecOptions::default() };
        let started = self.docker().start_exec(&exec.id, Some(options)).await.map_err(io::Error::other)?;
        match started {
            StartExecResults::Attached { output, input } => Ok(Tunnel { output, input, rest: Bytes::new() }),
            StartExecResults::Detached => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Passage<'_> {
    /// Connects to an address. That the port is closed shows when the stream is first read: it ends.
    ///
    /// # Errors
    /// Where the engine starts nothing in the passage.
    pub(crate) async fn connect(&self, to: IpAddr, port: u16) -> Result<Tunnel, EngineError> {
        let doing = "connect from inside the engine";
        let command = ["nc", &to.to_string(), &port.to_string()];
        let connecting = async {
            let connected = self.engine.command_in(&self.helper, &command).await;
            connected.map_err(|error| {
                let message = super::error::one_line(&error.to_string());
                EngineError::Refused { doing: doing.into(), status: 500, message }
            })
        };
        self.engine.read(doing, connecting).await
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
