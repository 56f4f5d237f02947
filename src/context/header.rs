//! Archive headers, byte for byte as Go's `archive/tar` writes them for docker's client: POSIX
//! ustar where a name fits, else a PAX extended header before it (IEEE Std 1003.1, "pax").
//!
//! A crate's header would do for extraction, but the classic builder hashes names, modes, owners
//! and types as they stand in the archive.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// Size of a header and of a unit of content, in bytes.
pub(super) const BLOCK: usize = 512;

/// What the archive says of one entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    /// Name as bytes: names need not be UTF-8. A folder's ends with `/`.
    pub(super) name: Vec<u8>,
    pub(super) mode: u32,
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    pub(super) kind: u8,
    pub(super) link: Vec<u8>,
    pub(super) user: Vec<u8>,
    pub(super) group: Vec<u8>,
}

/// A regular file.
pub(super) const FILE: u8 = b'0';
/// Another name of a file that is already in the archive.
pub(super) const HARD_LINK: u8 = b'1';
/// A symbolic link.
pub(super) const LINK: u8 = b'2';
/// A folder.
pub(super) const FOLDER: u8 = b'5';
/// A named pipe.
pub(super) const FIFO: u8 = b'6';

impl Header {
    /// Writes the header, with an extended one before it where it is needed.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut records: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        let split = split(&self.name);
        if !fits(&self.name, 100) && split.is_none() {
            records.insert("path", self.name.clone());
        }
        if !fits(&self.link, 100) {
            records.insert("linkpath", self.link.clone());
        }
        if !fits(&self.user, 32) {
            records.insert("uname", self.user.clone());
        }
        if !fits(&self.group, 32) {
            records.insert("gname", self.group.clone());
        }
        if octal(self.size, 12).is_none() {
            records.insert("size", self.size.to_string().into_bytes());
        }
        if u64::try_from(self.mtime).ok().and_then(|time| octal(time, 12)).is_none() {
            records.insert("mtime", self.mtime.to_string().into_bytes());
        }
        if records.is_empty() {
            let (prefix, name) = split.unwrap_or((b"", &self.name));
            return out.write_all(&self.block(prefix, name));
        }
        let mut data = Vec::new();
        for (key, value) in &records {
            data.extend(record(key, value));
        }
        let extended =
            Header { name: extended_name(&self.name), size: data.len() as u64, kind: b'x', ..Header::default() };
        out.write_all(&extended.bare_block())?;
        out.write_all(&data)?;
        out.write_all(padding(data.len() as u64))?;
        out.write_all(&self.block(b"", &self.name))
    }

    fn block(&self, prefix: &[u8], name: &[u8]) -> [u8; BLOCK] {
        let mut block = self.fields(name);
        text(&mut block[265..297], &ascii(&self.user));
        text(&mut block[297..329], &ascii(&self.group));
        number(&mut block[329..337], 0);
        number(&mut block[337..345], 0);
        block[345..345 + prefix.len()].copy_from_slice(prefix);
        sum(block)
    }

    /// Extended headers have no owner names and no device numbers.
    fn bare_block(&self) -> [u8; BLOCK] {
        sum(self.fields(&self.name))
    }

    fn fields(&self, name: &[u8]) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        text(&mut block[0..100], &ascii(name));
        number(&mut block[100..108], u64::from(self.mode));
        number(&mut block[108..116], 0);
        number(&mut block[116..124], 0);
        number(&mut block[124..136], self.size);
        number(&mut block[136..148], u64::try_from(self.mtime).unwrap_or(0));
        block[156] = self.kind;
        text(&mut block[157..257], &ascii(&self.link));
        block[257..265].copy_from_slice(b"ustar\x0000");
        block
    }
}

/// Zero bytes that fill the last block of `size` bytes of content.
pub(super) fn padding(size: u64) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let over = (size % BLOCK as u64) as usize;
    if over == 0 { &[] } else { &ZEROS[over..] }
}

/// Fills in the checksum: the sum of all bytes, with the field itself taken as blanks.
fn sum(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    number(&mut block[148..155], sum);
    block
}

fn fits(value: &[u8], size: usize) -> bool {
    value.len() <= size && is_ascii(value)
}

fn is_ascii(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte != 0 && byte.is_ascii())
}

fn ascii(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|byte| *byte != 0 && byte.is_ascii()).collect()
}

/// A number in octal digits with a NUL, where it fits into a field of `width` bytes.
fn octal(value: u64, width: usize) -> Option<String> {
    let digits = format!("{value:0digits$o}", digits = width - 1);
    (digits.len() < width).then_some(digits)
}

fn number(field: &mut [u8], value: u64) {
    // What does not fit stands in the extended header; the plain one then says 0.
    let digits = octal(value, field.len()).or_else(|| octal(0, field.len())).unwrap_or_default();
    field[..digits.len()].copy_from_slice(digits.as_bytes());
    field[digits.len()..].fill(0);
}

fn text(field: &mut [u8], value: &[u8]) {
    let length = value.len().min(field.len());
    field[..length].copy_from_slice(&value[..length]);
    // A name cut just behind a slash would read as a folder.
    if value.len() > field.len() {
        let end = field.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
        if let Some(cut) = field.get_mut(end) {
            *cut = 0;
        }
    }
}

/// A long name as ustar's prefix and name, cut at the last slash that allows it.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 || !is_ascii(name) {
        return None;
    }
    let length = if name.len() > 156 {
        156
    } else if name.ends_with(b"/") {
        name.len() - 1
    } else {
        name.len()
    };
    let at = name[..length].iter().rposition(|byte| *byte == b'/').filter(|at| *at > 0)?;
    let rest = name.len() - at - 1;
    (rest <= 100 && rest > 0 && at <= 155).then(|| (&name[..at], &name[at + 1..]))
}

/// `LENGTH KEY=VALUE\n`, where the length counts itself.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut size = rest + rest.to_string().len();
    if rest + size.to_string().len() != size {
        size = rest + size.to_string().len();
    }
    let mut record = format!("{size} {key}=").into_bytes();
    record.extend_from_slice(value);
    record.push(b'\n');
    record
}

/// The name that Go gives to an extended header: `DIR/PaxHeaders.0/FILE`, cut to 100 bytes.
fn extended_name(name: &[u8]) -> Vec<u8> {
    let file = name.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let mut full = name[..file].to_vec();
    full.extend_from_slice(b"PaxHeaders.0");
    if file < name.len() {
        full.push(b'/');
        full.extend_from_slice(&name[file..]);
    }
    let mut full = ascii(&full);
    full.truncate(100);
    while full.last() == Some(&b'/') {
        full.pop();
    }
    full
}
