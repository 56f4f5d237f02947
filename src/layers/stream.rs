//! Bytes on their way: counted against the limit, decompressed, hashed.
//!
//! Invariants: one buffer for each stage and, for zstd, one window of at most 128 MiB; what went
//! wrong at the bottom is kept in [`Watch`], because decompressors turn it into an error of theirs.

use super::tar::{self, BLOCK};
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, BufReader, Cursor, Read};

const BUFFER: usize = 64 * 1024;

/// What the bottom of the stream met.
#[derive(Debug)]
pub(super) enum Fault {
    /// More bytes than allowed.
    Limit,
    /// The reader itself failed.
    Source(io::Error),
}

/// Counts all bytes of a scan, decompressed ones too, and stops it at the limit.
#[derive(Debug)]
pub(super) struct Watch {
    limit: u64,
    left: Cell<u64>,
    fault: RefCell<Option<Fault>>,
}

impl Watch {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, left: Cell::new(limit), fault: RefCell::new(None) }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn has_fault(&self) -> bool {
        self.fault.borrow().is_some()
    }

    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.fault.borrow_mut().take()
    }

    fn spend(&self, count: usize) -> io::Result<usize> {
        match self.left.get().checked_sub(count as u64) {
            Some(left) => {
                self.left.set(left);
                Ok(count)
            }
            None => {
                *self.fault.borrow_mut() = Some(Fault::Limit);
                Err(io::Error::other("too many bytes"))
            }
        }
    }
}

/// A reader whose bytes count.
struct Counted<'w, R> {
    inner: R,
    watch: &'w Watch,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.watch.spend(self.inner.read(buf)?)
    }
}

/// The reader that the caller gave: its errors are kept for the report.
struct Source<'w, R> {
    inner: R,
    watch: &'w Watch,
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buf) {
            // A reader that claims more than it was lent would make the buffers above panic.
            Ok(count) if count <= buf.len() => self.watch.spend(count),
            Ok(_) => Err(io::Error::other("the reader reports more bytes than it was asked for")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let placeholder = io::Error::other("the source failed");
                *self.watch.fault.borrow_mut() = Some(Fault::Source(error));
                Err(placeholder)
            }
        }
    }
}

/// How a blob is compressed, by its first bytes (RFC 1952 and RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        // A tar archive may begin with a file whose name looks like any magic number.
        if tar::is_header(head) {
            return Self::None;
        }
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A skippable frame: some writers put one before the data.
            [first, 0x2a, 0x4d, 0x18, ..] if first & 0xf0 == 0x50 => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Whether a file that begins with `head` (up to one block of it) can be a layer.
pub(super) fn is_layer(head: &[u8]) -> bool {
    Compression::of(head) != Compression::None
        || tar::is_header(head)
        || (head.len() == BLOCK && head.iter().all(|byte| *byte == 0))
        // A layer without any content: Go's tar reader, so the engine's, takes that for an empty archive.
        || head.is_empty()
}

/// The caller's reader, decompressed when the whole archive is compressed (`docker save | gzip`).
pub(super) fn source<'w>(reader: impl Read + 'w, watch: &'w Watch) -> io::Result<Box<dyn BufRead + 'w>> {
    let mut reader = BufReader::with_capacity(BUFFER, Source { inner: reader, watch });
    let mut head = [0; BLOCK];
    let count = tar::read_up_to(&mut reader, &mut head)?;
    Ok(decompressed(&head[..count], reader, watch))
}

/// A layer's uncompressed bytes. `head` is what was already read of it.
pub(super) fn decompressed<'r>(head: &[u8], rest: impl Read + 'r, watch: &'r Watch) -> Box<dyn BufRead + 'r> {
    let compression = Compression::of(head);
    let whole = Cursor::new(head.to_vec()).chain(rest);
    match compression {
        Compression::None => Box::new(BufReader::with_capacity(BUFFER, whole)),
        Compression::Gzip => {
            let inner = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole));
            Box::new(BufReader::with_capacity(BUFFER, Counted { inner, watch }))
        }
        Compression::Zstd => {
            let inner = ZstdFrames::new(BufReader::with_capacity(BUFFER, whole));
            Box::new(BufReader::with_capacity(BUFFER, Counted { inner, watch }))
        }
    }
}

/// All zstd frames of a stream, one after another; skippable frames are skipped (RFC 8878, 3.1).
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), within: false }
    }

    /// Begins the next frame; false at the end of the stream.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(&mut self.source) {
                Ok(()) => {
                    self.within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut (&mut self.source).take(u64::from(length)), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            match self.decoder.read(buf)? {
                0 => self.within = false,
                count => return Ok(count),
            }
        }
    }
}

/// A reader that hashes what passes, where that is wanted.
pub(super) struct Hashed<R> {
    inner: R,
    hash: Option<Sha256>,
}

impl<R: BufRead> Hashed<R> {
    pub(super) fn new(inner: R, wanted: bool) -> Self {
        Self { inner, hash: wanted.then(Sha256::new) }
    }

    /// `sha256:…` of everything, after reading the rest; empty where it was not wanted.
    pub(super) fn finish(mut self) -> io::Result<String> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hash.map(|hash| format!("sha256:{}", crate::hex::hex(&hash.finalize()))).unwrap_or_default())
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // `consume` only ever follows `fill_buf`, which left these bytes in the buffer.
        if let Some(hash) = &mut self.hash
            && count > 0
            && let Ok(buffer) = self.inner.fill_buf()
        {
            hash.update(&buffer[..count.min(buffer.len())]);
        }
        self.inner.consume(count);
    }
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buf[..count]);
        }
        Ok(count)
    }
}
