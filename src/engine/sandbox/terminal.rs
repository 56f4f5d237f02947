//! A program on a terminal in a throw-away engine's own container, which has a docker command.
//!
//! So what a lesson says is done where nothing of anybody's can be reached, and with that engine's names, ports and
//! addresses. The container's least rights are the bounds, as for the engine itself.

use super::{SANDBOX_SOCKET, Sandbox};
use crate::engine::{EngineError, call::query, error::one_line, images};
use bytes::Bytes;
use http::Method;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Most bytes that a session may write.
const MOST_WRITTEN: usize = 8 << 20;
/// Seconds that copying a program in may take.
const COPY_SECONDS: u64 = 300;
/// Where programs lie that are copied in.
const PROGRAMS: &str = "/usr/local/bin";

impl Sandbox {
    /// Runs a command on a terminal until it ends, or `seconds` are over. `typed` is asked, whenever something was
    /// written, with all that was written so far, what to type next. Gives what was written.
    ///
    /// # Errors
    /// Where the outer engine does not do it.
    pub async fn on_terminal(
        &self,
        command: &[&str],
        env: &[String],
        seconds: u64,
        mut typed: impl FnMut(&[u8]) -> Option<String>,
    ) -> Result<Vec<u8>, EngineError> {
        let doing = "run a lesson's commands";
        let outer = self.ledger.engine();
        let socket = format!("DOCKER_HOST={SANDBOX_SOCKET}");
        let env: Vec<String> = env.iter().cloned().chain([socket]).collect();
        let mut written = Vec::new();
        let wrong = |error: io::Error| EngineError::Refused {
            doing: doing.into(),
            status: 500,
            message: one_line(&error.to_string()),
        };
        let session = async {
            let mut terminal = outer.terminal_in(&self.container, command, env).await?;
            let mut chunk = [0; 16 * 1024];
            loop {
                let count = terminal.read(&mut chunk).await?;
                if count == 0 || written.len() + count > MOST_WRITTEN {
                    return Ok(());
                }
                written.extend_from_slice(&chunk[..count]);
                if let Some(text) = typed(&written) {
                    terminal.write_all(text.as_bytes()).await?;
                    terminal.flush().await?;
                }
            }
        };
        // One that takes too long has written what it has written.
        let limited = bounded(seconds, session);
        outer.alive(async { limited.await.map_err(wrong) }).await?;
        Ok(written)
    }

    /// Gives an image that is inside another name, too.
    ///
    /// # Errors
    /// Where it is not there.
    pub async fn name_too(&self, image: &str, name: &str) -> Result<(), EngineError> {
        images::give_tag(&self.engine, image, name).await
    }

    /// Puts a program into the container, under a name that its shell finds.
    ///
    /// # Errors
    /// Where the outer engine does not do it.
    pub async fn put_program(&self, name: &str, program: &[u8]) -> Result<(), EngineError> {
        let doing = "copy a program into the throw-away engine";
        let local = |error: io::Error| EngineError::Local {
            doing: doing.into(),
            reason: error.to_string(),
            help: "see how much memory is free".into(),
        };
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(program.len() as u64);
        archive.append_data(&mut header, name, program).map_err(local)?;
        let body = Bytes::from(archive.into_inner().map_err(local)?);
        let target = format!("/containers/{}/archive{}", self.container, query(&[("path", PROGRAMS)]));
        let outer = self.ledger.engine();
        let put = outer.call(doing, Method::PUT, &target, Some((body, "application/x-tar")));
        outer.long(doing, COPY_SECONDS, put).await.map(drop)
    }
}

/// The work's result; nothing where it takes longer.
async fn bounded(seconds: u64, work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(Duration::from_secs(seconds), work).await.unwrap_or(Ok(()))
}
