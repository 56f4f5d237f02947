//! A reader for tar archives that nobody vouches for.
//!
//! Formats: ustar and PAX (POSIX.1-2001, pax interchange format) and the GNU long names and
//! base-256 numbers, read as Go's `archive/tar` does, because the engine reads layers with it.
//!
//! Invariants, which are why this does not use the `tar` crate's iterator: a name extension is
//! bounded (the crate reads one of any size into memory); a file that ends early is an error (the
//! crate reports a short read as the end of that file); nothing ever touches the file system.

use crate::hex::hex;
use std::io::{self, BufRead, Read};

/// Size of a header and the unit that contents are padded to.
pub(super) const BLOCK: usize = 512;

/// Longest extension (long name, PAX records) in bytes; Go's reader has the same limit.
const MAX_EXTENSION: u64 = 1 << 20;

/// Why a tar archive could not be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TarError {
    /// The stream ends within a header or a file.
    Cut,
    /// The stream could not be read or decompressed.
    Io(String),
    /// These bytes are not a tar archive.
    Malformed(String),
}

impl TarError {
    /// What is wrong, as a clause.
    pub(crate) fn clause(&self) -> String {
        match self {
            Self::Cut => "it ends too early".to_owned(),
            Self::Io(what) => format!("it cannot be decompressed: {what}"),
            Self::Malformed(what) => what.clone(),
        }
    }
}

impl From<io::Error> for TarError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Cut } else { Self::Io(error.to_string()) }
    }
}

fn malformed<T>(what: impl Into<String>) -> Result<T, TarError> {
    Err(TarError::Malformed(what.into()))
}

/// What a member of the archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    File,
    Directory,
    SymbolicLink,
    HardLink,
    CharacterDevice,
    BlockDevice,
    Fifo,
    /// A type that layers do not have.
    Other(u8),
}

/// The header of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// As it stands in the archive.
    pub path: Vec<u8>,
    pub kind: MemberKind,
    /// Target of a symbolic or hard link.
    pub link: Vec<u8>,
    /// Bytes of content in the archive.
    pub size: u64,
    /// Permission bits with set-uid, set-gid and sticky.
    pub mode: u32,
    pub uid: u64,
    pub gid: u64,
    /// Device numbers, major and minor.
    pub device: (u64, u64),
    /// The content is stored in GNU's format for files with holes.
    pub sparse: bool,
}

/// Reads members one after another; between two calls of [`TarReader::next_member`] it is a reader
/// of the current member's content.
pub(crate) struct TarReader<R> {
    inner: R,
    /// Bytes of the current member's content that were not read yet.
    remaining: u64,
    padding: u64,
    ended: bool,
    fault: Option<TarError>,
}

/// Extensions that belong to the next header.
#[derive(Default)]
struct Extensions {
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pax: Pax,
    any: bool,
}

/// The PAX records that matter here.
#[derive(Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    sparse: bool,
}

impl<R: BufRead> TarReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, remaining: 0, padding: 0, ended: false, fault: None }
    }

    /// The error that a reader of the content ran into, if any: an error that passed through a
    /// decompressor has lost its origin.
    pub(crate) fn fault(&self) -> Option<&TarError> {
        self.fault.as_ref()
    }

    /// What follows the archive in the stream.
    pub(super) fn into_inner(self) -> R {
        self.inner
    }

    /// The next member, after the rest of the current one; none at the end of the archive.
    pub(crate) fn next_member(&mut self) -> Result<Option<Member>, TarError> {
        self.each_chunk(|_| ())?;
        self.skip_padding()?;
        let mut extensions = Extensions::default();
        while !self.ended {
            let Some(header) = self.block()? else { break };
            if header.iter().all(|byte| *byte == 0) {
                if self.block()?.is_some_and(|next| next.iter().any(|byte| *byte != 0)) {
                    return malformed("a block of zeros stands in the middle");
                }
                break;
            }
            if !is_header(&header) {
                return malformed("the checksum of a header is wrong, so this is not a tar archive");
            }
            let size = number("size", &header[124..136])?;
            match header[156] {
                b'x' => {
                    extensions.pax = pax(&self.extension(size)?)?;
                    extensions.any = true;
                }
                b'L' => {
                    extensions.long_path = Some(until_nul(&self.extension(size)?).to_vec());
                    extensions.any = true;
                }
                b'K' => {
                    extensions.long_link = Some(until_nul(&self.extension(size)?).to_vec());
                    extensions.any = true;
                }
                // Records for all following members. The engine ignores them in layers.
                b'g' => {
                    self.begin(size)?;
                    self.each_chunk(|_| ())?;
                    self.skip_padding()?;
                }
                _ => {
                    let member = member(&header, size, extensions)?;
                    self.begin(member.size)?;
                    return Ok(Some(member));
                }
            }
        }
        self.ended = true;
        if extensions.any { Err(TarError::Cut) } else { Ok(None) }
    }

    /// Gives the rest of the current member's content to `sink`, piece by piece.
    pub(super) fn each_chunk(&mut self, mut sink: impl FnMut(&[u8])) -> Result<(), TarError> {
        while self.remaining > 0 {
            let chunk = fill(&mut self.inner)?;
            if chunk.is_empty() {
                return Err(TarError::Cut);
            }
            let count = chunk.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
            sink(&chunk[..count]);
            self.inner.consume(count);
            self.remaining -= count as u64;
        }
        Ok(())
    }

    fn begin(&mut self, size: u64) -> Result<(), TarError> {
        if size > i64::MAX as u64 {
            return malformed("a file claims an impossible size");
        }
        self.remaining = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        Ok(())
    }

    fn skip_padding(&mut self) -> Result<(), TarError> {
        self.remaining = std::mem::take(&mut self.padding);
        self.each_chunk(|_| ())
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, TarError> {
        if size > MAX_EXTENSION {
            return malformed(format!("a name extension claims {size} bytes"));
        }
        self.begin(size)?;
        let mut bytes = Vec::new();
        self.each_chunk(|chunk| bytes.extend_from_slice(chunk))?;
        self.skip_padding()?;
        Ok(bytes)
    }

    /// One block; none at the end of the stream.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let mut block = [0; BLOCK];
        match read_up_to(&mut self.inner, &mut block)? {
            0 => Ok(None),
            BLOCK => Ok(Some(block)),
            _ => Err(TarError::Cut),
        }
    }
}

impl<R: BufRead> Read for TarReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.remaining == 0 || buf.is_empty() {
            return Ok(0);
        }
        let most = buf.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let count = match self.inner.read(&mut buf[..most]) {
            Ok(0) => {
                self.fault = Some(TarError::Cut);
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(count) => count,
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.fault = Some(TarError::Io(error.to_string()));
                }
                return Err(error);
            }
        };
        self.remaining -= count as u64;
        Ok(count)
    }
}

fn fill(reader: &mut impl BufRead) -> Result<&[u8], TarError> {
    // The borrow checker does not let a loop return what `fill_buf` lends, hence the second call,
    // which costs nothing: the buffer is full by then.
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(reader.fill_buf()?)
}

/// Fills `buf` as far as the stream goes.
pub(super) fn read_up_to(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match reader.read(&mut buf[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether a block has the checksum of a tar header. Some old writers added signed bytes.
pub(super) fn is_header(block: &[u8]) -> bool {
    if block.len() != BLOCK {
        return false;
    }
    let Ok(stated) = number("checksum", &block[148..156]) else { return false };
    let counted = |at: usize| if (148..156).contains(&at) { b' ' } else { block[at] };
    let unsigned: u64 = (0..BLOCK).map(|at| u64::from(counted(at))).sum();
    let signed: i64 = (0..BLOCK).map(|at| i64::from(counted(at) as i8)).sum();
    stated == unsigned || i64::try_from(stated) == Ok(signed)
}

fn member(header: &[u8; BLOCK], size: u64, extensions: Extensions) -> Result<Member, TarError> {
    let Extensions { long_path, long_link, pax, .. } = extensions;
    let path = match long_path.or(pax.path) {
        Some(path) => path,
        None => header_path(header),
    };
    let link = long_link.or(pax.link).unwrap_or_else(|| until_nul(&header[157..257]).to_vec());
    let kind = match header[156] {
        // Before ustar, a directory was a file whose name ends with a slash.
        b'0' | 0 | b'7' if path.ends_with(b"/") => MemberKind::Directory,
        b'0' | 0 | b'7' | b'S' => MemberKind::File,
        b'1' => MemberKind::HardLink,
        b'2' => MemberKind::SymbolicLink,
        b'3' => MemberKind::CharacterDevice,
        b'4' => MemberKind::BlockDevice,
        b'5' => MemberKind::Directory,
        b'6' => MemberKind::Fifo,
        other => MemberKind::Other(other),
    };
    let has_content = matches!(kind, MemberKind::File | MemberKind::Other(_));
    let device = match kind {
        MemberKind::CharacterDevice | MemberKind::BlockDevice => {
            (number("device", &header[329..337])?, number("device", &header[337..345])?)
        }
        _ => (0, 0),
    };
    let old_sparse = header[156] == b'S';
    if old_sparse && header[482] != 0 {
        return malformed("a file with many holes in GNU's old format, which image layers do not have");
    }
    Ok(Member {
        path,
        kind,
        link,
        size: if has_content { pax.size.unwrap_or(size) } else { 0 },
        mode: (number("mode", &header[100..108])? & 0o7777) as u32,
        uid: pax.uid.map_or_else(|| number("user", &header[108..116]), Ok)?,
        gid: pax.gid.map_or_else(|| number("group", &header[116..124]), Ok)?,
        device,
        sparse: old_sparse || pax.sparse,
    })
}

/// Name and, in the ustar format, the prefix before it. GNU's format keeps times in that place.
fn header_path(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&header[0..100]);
    let prefix: &[u8] = if &header[257..263] == b"ustar\0" {
        let end = if &header[508..512] == b"tar\0" { 476 } else { 500 };
        until_nul(&header[345..end])
    } else {
        &[]
    };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A numeric field, called `what`: octal digits, or base-256 where the first bit is set.
fn number(what: &str, field: &[u8]) -> Result<u64, TarError> {
    let wrong = || malformed(format!("the {what} in a header is no number that can be: {}", hex(field)));
    if field.first().is_some_and(|first| first & 0x80 != 0) {
        let mut value = 0u64;
        for (at, byte) in field.iter().enumerate() {
            let byte = if at == 0 { byte & 0x7f } else { *byte };
            if value >> 56 != 0 {
                return wrong();
            }
            value = value << 8 | u64::from(byte);
        }
        return Ok(value);
    }
    let digits = until_nul(field.trim_ascii()).trim_ascii();
    let mut value = 0u64;
    for digit in digits {
        if !(b'0'..=b'7').contains(digit) || value >> 61 != 0 {
            return wrong();
        }
        value = value << 3 | u64::from(digit - b'0');
    }
    Ok(value)
}

/// PAX records: `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record.
fn pax(mut bytes: &[u8]) -> Result<Pax, TarError> {
    let mut pax = Pax::default();
    while !bytes.is_empty() {
        let record = pax_record(bytes).ok_or_else(|| TarError::Malformed("a PAX record is broken".to_owned()))?;
        let (length, key, value) = record;
        bytes = &bytes[length..];
        // An empty value takes an earlier one back (POSIX).
        let text = (!value.is_empty()).then(|| value.to_vec());
        match key {
            b"path" => pax.path = text,
            b"linkpath" => pax.link = text,
            b"GNU.sparse.name" => (pax.path, pax.sparse) = (text, true),
            b"size" => pax.size = decimal(value)?,
            b"uid" => pax.uid = decimal(value)?,
            b"gid" => pax.gid = decimal(value)?,
            key if key.starts_with(b"GNU.sparse.") => pax.sparse = true,
            _ => {}
        }
    }
    Ok(pax)
}

fn pax_record(bytes: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let space = bytes.iter().take(21).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((length, &record[..equals], &record[equals + 1..]))
}

fn decimal(value: &[u8]) -> Result<Option<u64>, TarError> {
    if value.is_empty() {
        return Ok(None);
    }
    match std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => malformed("a PAX record has something else where a number belongs"),
    }
}
