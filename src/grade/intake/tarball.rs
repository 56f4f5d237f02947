//! Tar archives, compressed with gzip or not (POSIX.1-2001 pax and ustar, GNU long names; RFC 1952).

use super::store::Store;
use crate::layers::tar::{MemberKind, TarError, TarReader};
use crate::submission::entry::{LESS, PACK_AGAIN, mebibytes};
use crate::submission::walk::{LINK, SPECIAL};
use crate::submission::{Limits, Refused};
use flate2::read::MultiGzDecoder;
use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Read};
use std::rc::Rc;

pub(super) fn compressed(store: &mut Store, file: impl Read, limits: &Limits) -> Result<(), Refused> {
    let read = Rc::new(Cell::new(0));
    let counted = Counted { inner: file, read: Rc::clone(&read) };
    members(store, MultiGzDecoder::new(counted), Some(read), limits)
}

pub(super) fn plain(store: &mut Store, file: impl Read, limits: &Limits) -> Result<(), Refused> {
    members(store, file, None, limits)
}

/// Counts the bytes that are taken from the file.
struct Counted<R> {
    inner: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Ends a stream that becomes too much, headers and what is left out included.
struct Bounded<R> {
    inner: R,
    produced: u64,
    consumed: Option<Rc<Cell<u64>>>,
    limits: Limits,
    why: Rc<RefCell<Option<Refused>>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.produced += count as u64;
        // Each entry has a header and padding beside its content.
        let most = self.limits.total.saturating_add(self.limits.entries.saturating_mul(2048));
        let over = match &self.consumed {
            _ if self.produced > most => Some(format!("it holds more than {}", mebibytes(self.limits.total))),
            Some(consumed) if self.produced > Limits::SLACK => {
                let most = consumed.get().saturating_mul(self.limits.ratio);
                (self.produced > most).then(|| format!("one byte of it becomes more than {}", self.limits.ratio))
            }
            _ => None,
        };
        match over {
            Some(what) => {
                *self.why.borrow_mut() = Some(Refused::whole(what, LESS));
                Err(io::Error::other("too much"))
            }
            None => Ok(count),
        }
    }
}

fn members(
    store: &mut Store,
    stream: impl Read,
    consumed: Option<Rc<Cell<u64>>>,
    limits: &Limits,
) -> Result<(), Refused> {
    let why = Rc::new(RefCell::new(None));
    let bounded = Bounded { inner: stream, produced: 0, consumed, limits: *limits, why: Rc::clone(&why) };
    let mut tar = TarReader::new(BufReader::new(bounded));
    let broken = |error: &TarError| {
        let what = format!("the archive cannot be read: {}", error.clause());
        why.borrow_mut().take().unwrap_or_else(|| Refused::whole(what, PACK_AGAIN))
    };
    while let Some(member) = tar.next_member().map_err(|error| broken(&error))? {
        let bad = |what: &str| Err(Refused::of(&member.path, what, PACK_AGAIN));
        match member.kind {
            MemberKind::Directory => store.folder(&member.path)?,
            MemberKind::File if member.sparse => return bad("is stored with holes"),
            MemberKind::File => {
                let stored = store.file(&member.path, member.mode & 0o111 != 0, &mut tar);
                // An error inside the stream has a better reason than the file's.
                if let Some(fault) = tar.fault().filter(|_| stored.is_err()) {
                    return Err(broken(fault));
                }
                stored?;
            }
            MemberKind::SymbolicLink | MemberKind::HardLink => return bad(LINK),
            MemberKind::CharacterDevice | MemberKind::BlockDevice | MemberKind::Fifo | MemberKind::Other(_) => {
                return bad(SPECIAL);
            }
        }
    }
    Ok(())
}
