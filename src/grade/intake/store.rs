//! The private copy of a submission, as it grows.

use crate::scratch::Scratch;
use crate::submission::{Limits, Place, Refused, Tally, entry::PACK_AGAIN, place};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// A submission that was taken in. Its copy goes when it is dropped.
#[derive(Debug)]
pub struct Taken {
    dir: Scratch,
    /// Paths of its files, `/` between their parts, in order.
    pub files: Vec<String>,
}

impl Taken {
    /// The folder that holds the copy.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// The first bytes of one of its files, at most `most`; none where it cannot be read.
    pub fn beginning_of(&self, file: &str, most: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.root().join(file)).ok()?.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

/// The copy, as it grows.
#[derive(Debug)]
pub(super) struct Store {
    dir: Scratch,
    limits: Limits,
    tally: Tally,
    seen: BTreeMap<String, Kind>,
}

impl Store {
    pub(super) fn new(limits: Limits) -> Result<Self, Refused> {
        Ok(Self { dir: Scratch::new().map_err(here)?, limits, tally: Tally::new(limits), seen: BTreeMap::new() })
    }

    /// A folder of the submission. It may come more than once.
    pub(super) fn folder(&mut self, raw: &[u8]) -> Result<(), Refused> {
        self.tally.entry()?;
        match place(raw, &self.limits)? {
            Place::At(path) => self.folders(raw, &path),
            Place::Top | Place::LeftOut => Ok(()),
        }
    }

    /// A regular file. It may come once.
    pub(super) fn file(&mut self, raw: &[u8], executable: bool, content: &mut dyn Read) -> Result<(), Refused> {
        self.tally.entry()?;
        let path = match place(raw, &self.limits)? {
            Place::At(path) => path,
            Place::LeftOut => return Ok(()),
            Place::Top => return Err(Refused::of(raw, "is a file without a name", PACK_AGAIN)),
        };
        if let Some((above, _)) = path.rsplit_once('/') {
            self.folders(raw, above)?;
        }
        if self.seen.insert(path.clone(), Kind::File).is_some() {
            return Err(Refused::of(raw, "is there twice", PACK_AGAIN));
        }
        let mode = if executable { 0o755 } else { 0o644 };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(mode);
        let mut file = options.open(self.dir.path().join(&path)).map_err(here)?;
        let (mut buffer, mut size) = (vec![0; 64 * 1024], 0);
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Refused::of(raw, format!("cannot be read: {error}"), PACK_AGAIN)),
            };
            self.tally.bytes(raw, size, count as u64)?;
            size += count as u64;
            file.write_all(&buffer[..count]).map_err(here)?;
        }
        // Exactly this mode, whatever the umask: a build copies it into the image.
        file.set_permissions(Permissions::from_mode(mode)).map_err(here)
    }

    fn folders(&mut self, raw: &[u8], path: &str) -> Result<(), Refused> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain(std::iter::once(path.len()));
        for end in ends {
            let part = &path[..end];
            match self.seen.insert(part.to_owned(), Kind::Folder) {
                Some(Kind::Folder) => {}
                Some(Kind::File) => {
                    return Err(Refused::of(raw, "lies in something that is a file, too", PACK_AGAIN));
                }
                None => {
                    // Folders above the entry count, too: one entry can name many.
                    self.tally.entry()?;
                    let folder = self.dir.path().join(part);
                    fs::create_dir(&folder).map_err(here)?;
                    fs::set_permissions(&folder, Permissions::from_mode(0o755)).map_err(here)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Taken {
        let files = self.seen.into_iter().filter(|(_, kind)| *kind == Kind::File).map(|(path, _)| path);
        Taken { files: files.collect(), dir: self.dir }
    }
}

/// This machine's fault, not the submission's.
fn here(error: std::io::Error) -> Refused {
    Refused::whole(
        format!("the copy of it could not be written: {error}"),
        "see whether the disk of the folder for temporary files (TMPDIR) is full",
    )
}
