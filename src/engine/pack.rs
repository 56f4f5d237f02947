//! Images in one file: `GET /images/get` and `POST /images/load`, both as streams.

use super::{Engine, EngineError, call::query};
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Seconds that a pack may take either way while the engine answers its heartbeat: gigabytes, a slow disk, a stick.
const PACK_SECONDS: u64 = 2 * 60 * 60;
/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;
/// Chunks that may wait for the engine: bounds the memory.
const WAITING: usize = 8;

/// Bytes that have passed so far; whoever waits may look at any time.
#[derive(Clone, Debug, Default)]
pub struct Passed(Arc<AtomicU64>);

impl Passed {
    /// So many until now.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }
}

impl Engine {
    /// Writes an archive with these images, each under its name, and gives its size in bytes.
    ///
    /// # Errors
    /// Where the engine does not do it, an image is not there, or the file cannot be written.
    pub async fn save_images(&self, names: &[&str], file: File, passed: &Passed) -> Result<u64, EngineError> {
        let doing = "save images";
        let pairs: Vec<(&str, &str)> = names.iter().map(|name| ("names", *name)).collect();
        let target = format!("/images/get{}", query(&pairs));
        let passed = passed.clone();
        let saving = async {
            let response = self.call(doing, Method::GET, &target, None).await?;
            self.piped(doing, response.into_body(), move |reader| write_all(reader, file, &passed)).await
        };
        self.long(doing, PACK_SECONDS, saving).await?.map_err(|error| EngineError::Local {
            doing: "the file could not be written".into(),
            reason: error.to_string(),
            help: "see whether its disk has room (df -h), or choose another folder".into(),
        })
    }

    /// Gives an archive to the engine, which takes every image out of it.
    ///
    /// # Errors
    /// Where the engine does not take it, or the file cannot be read.
    pub async fn load_images(&self, file: File, passed: &Passed) -> Result<(), EngineError> {
        let doing = "load images";
        let (sender, mut chunks) = mpsc::channel(WAITING);
        let passed = passed.clone();
        // It ends with the file, or when nobody takes its chunks any more.
        tokio::task::spawn_blocking(move || read_all(file, &sender, &passed));
        let body = bollard::body_try_stream(stream::poll_fn(move |context| chunks.poll_recv(context)));
        let loading = async {
            let response = self.send(doing, Method::POST, "/images/load?quiet=1", (body, "application/x-tar")).await?;
            self.finished(doing, response).await
        };
        self.long(doing, PACK_SECONDS, loading).await
    }
}

fn write_all(mut reader: impl Read, mut file: File, passed: &Passed) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            count => {
                file.write_all(&buffer[..count])?;
                passed.add(count);
            }
        }
    }
    // What a full disk or a stick refuses shows here at the latest.
    file.sync_all()?;
    Ok(passed.bytes())
}

fn read_all(mut file: File, to: &mpsc::Sender<io::Result<Bytes>>, passed: &Passed) {
    loop {
        let mut buffer = vec![0; CHUNK];
        let read = file.read(&mut buffer).map(|count| {
            buffer.truncate(count);
            Bytes::from(buffer)
        });
        let (count, last) = match &read {
            Ok(chunk) => (chunk.len(), chunk.is_empty()),
            Err(_) => (0, true),
        };
        let ended = last && read.is_ok();
        if ended || to.blocking_send(read).is_err() || last {
            return;
        }
        passed.add(count);
    }
}
