//! A streamed answer handed to code that reads in the ordinary, blocking way.

use super::{Engine, EngineError};
use bytes::{Buf, Bytes};
use hyper::body::Incoming;
use std::io::{self, Read};
use tokio::sync::mpsc;

/// Chunks that may wait for the reader: bounds the memory.
const WAITING: usize = 16;

/// The reading end. A stream that breaks off is an error to its reader, never an early end.
pub(crate) struct Pipe {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
    ended: bool,
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if self.ended {
                return Ok(0);
            }
            match self.chunks.blocking_recv() {
                // An empty chunk marks the end.
                Some(chunk) => {
                    self.ended = chunk.is_empty();
                    self.current = chunk;
                }
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = buf.len().min(self.current.len());
        self.current.copy_to_slice(&mut buf[..count]);
        Ok(count)
    }
}

impl Engine {
    /// Runs `work` over a streamed answer, on a thread of its own. `work` may stop reading early.
    ///
    /// # Errors
    /// Where the stream breaks off before `work` has ended.
    pub(crate) async fn piped<T: Send + 'static>(
        &self,
        doing: &str,
        mut body: Incoming,
        work: impl FnOnce(Pipe) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let (sender, chunks) = mpsc::channel(WAITING);
        let worker = tokio::task::spawn_blocking(move || work(Pipe { chunks, current: Bytes::new(), ended: false }));
        let sent = async {
            loop {
                let chunk = match self.chunk(&mut body).await? {
                    Some(chunk) if chunk.is_empty() => continue,
                    chunk => chunk,
                };
                let last = chunk.is_none();
                let stopped = sender.send(chunk.unwrap_or_default()).await.is_err();
                if last || stopped {
                    return Ok(());
                }
            }
        };
        let sent: Result<(), EngineError> = sent.await;
        drop(sender);
        let done = worker.await.map_err(|error| self.unintelligible(doing, &error.to_string()))?;
        sent.map(|()| done)
    }
}
