//! Zip archives (APPNOTE.TXT 6.3): stored or deflated, not encrypted, not zip64.

use super::store::Store;
use crate::submission::entry::PACK_AGAIN;
use crate::submission::walk::{LINK, SPECIAL};
use crate::submission::{Limits, Refused};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Bits of a Unix mode that tell the kind of a file, and the kinds that are taken (sys/stat.h).
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const SYMBOLIC_LINK: u32 = 0o120_000;

pub(super) fn take(store: &mut Store, mut file: impl Read, limits: &Limits) -> Result<(), Refused> {
    let mut bytes = Vec::new();
    let unreadable =
        |error: &dyn std::fmt::Display| Refused::whole(format!("the archive cannot be read: {error}"), PACK_AGAIN);
    file.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    let listed = listed(&bytes)?;
    let size = bytes.len() as u64;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    if archive.len() != listed {
        // The reader keeps one of several entries with the same name.
        return Err(Refused::whole(
            "its list of entries does not hold together: a name may be there twice",
            PACK_AGAIN,
        ));
    }
    let mut produced = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| unreadable(&error))?;
        let raw = entry.name_raw().to_vec();
        let bad = |what: &str| Err(Refused::of(&raw, what, PACK_AGAIN));
        let mode = entry.unix_mode();
        match mode.map_or(0, |mode| mode & KIND) {
            SYMBOLIC_LINK => return bad(LINK),
            0 | REGULAR | FOLDER => {}
            _ => return bad(SPECIAL),
        }
        if entry.is_dir() {
            store.folder(&raw)?;
            continue;
        }
        let executable = mode.is_some_and(|mode| mode & 0o111 != 0);
        // Counted here as a whole: entries may share their bytes in the archive.
        let most = Limits::SLACK.max(size.saturating_mul(limits.ratio)).saturating_sub(produced);
        let mut content = Within { inner: entry, left: most };
        store.file(&raw, executable, &mut content)?;
        produced += most - content.left;
        if content.left == 0 {
            return Err(Refused::whole(
                format!("one byte of it becomes more than {}", limits.ratio),
                crate::submission::entry::LESS,
            ));
        }
    }
    Ok(())
}

/// A reader that counts what may still come, and ends there.
struct Within<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Within<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// How many entries the archive says that it has (4.3.16, end of central directory record).
///
/// A zip64 archive may claim any number, and the reader would believe it.
fn listed(bytes: &[u8]) -> Result<usize, Refused> {
    let find = |sign: &[u8]| bytes.windows(sign.len()).rposition(|window| window == sign);
    if find(b"PK\x06\x07").is_some() {
        return Err(Refused::whole(
            "it is a zip64 archive, or holds one",
            "hand in a .tar.gz, as dlearn submit writes it",
        ));
    }
    let count = find(b"PK\x05\x06").and_then(|at| bytes.get(at + 10..at + 12));
    match count {
        Some(&[low, high]) => Ok(usize::from(u16::from_le_bytes([low, high]))),
        _ => Err(Refused::whole("the archive cannot be read: its list of entries is missing", PACK_AGAIN)),
    }
}
