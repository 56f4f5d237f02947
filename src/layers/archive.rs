//! One pass over an image archive: every layer is scanned as it comes by, every JSON document is
//! kept until the manifest, which may be the last file, says which of them count.
//!
//! Invariants: a file is told by its content, never by its name (the layouts name layers
//! differently); what no document refers to cannot fail a scan; documents are the only contents
//! that are kept, and they are bounded.

use super::error::{ScanError, shown};
use super::layer::{Room, ScannedLayer, normal, scan_layer};
use super::stream::{Fault, Watch, is_layer, source};
use super::tar::{BLOCK, Member, MemberKind, TarError, TarReader, read_up_to};
use super::{MAX_DOCUMENT, ScanOptions};
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

/// Most files in an image archive. An image has at most 127 layers, so honest archives of many
/// images stay far below.
const MAX_FILES: usize = 20_000;

/// Longest name of a file in an image archive; honest ones have about 80 bytes.
const MAX_NAME: usize = 1024;

/// Most bytes of JSON that are kept at a time, over all documents.
const MAX_DOCUMENTS: usize = 8 * MAX_DOCUMENT;

/// Most links to follow from one name; `docker save` makes one.
const MAX_LINKS: usize = 16;

/// What was in the archive, by normalised path.
#[derive(Default)]
pub(super) struct Contents {
    /// Layers, and what is wrong with those that could not be read.
    pub layers: BTreeMap<String, Result<ScannedLayer, String>>,
    documents: BTreeMap<String, Option<Vec<u8>>>,
    links: BTreeMap<String, String>,
    document_bytes: usize,
    /// It holds the file that the engine puts into every container.
    of_container: bool,
}

/// The file at the root of every container, which no image archive has.
const CONTAINER_MARK: &str = ".dockerenv";

impl Contents {
    /// What is said where nothing in it describes an image.
    pub(super) fn is_no_image(&self, what: String) -> ScanError {
        if self.of_container { ScanError::ContainerFiles } else { ScanError::NotAnImage { what } }
    }

    /// A JSON document, none if there is no such file.
    pub(super) fn document(&self, path: &str) -> Result<Option<&[u8]>, ScanError> {
        match self.resolve(path).and_then(|path| self.documents.get(&path)) {
            None => Ok(None),
            Some(Some(bytes)) => Ok(Some(bytes)),
            Some(None) => Err(ScanError::Damaged {
                path: shown(path),
                what: format!(
                    "the JSON documents are too large (the limit is {} MiB for one and {} MiB for all)",
                    MAX_DOCUMENT >> 20,
                    MAX_DOCUMENTS >> 20
                ),
            }),
        }
    }

    /// The file that a path leads to: up to Engine 24, equal layers are links to one of them.
    /// None where links go in circles or out of the archive.
    pub(super) fn resolve(&self, path: &str) -> Option<String> {
        let mut path = normal(path.as_bytes());
        for _ in 0..=MAX_LINKS {
            match self.links.get(&path) {
                None => return Some(path),
                Some(target) => path.clone_from(target),
            }
        }
        None
    }

    fn forget(&mut self, path: &str) {
        self.layers.remove(path);
        self.links.remove(path);
        if let Some(Some(bytes)) = self.documents.remove(path) {
            self.document_bytes -= bytes.len();
        }
    }
}

/// Reads the archive to its end.
pub(super) fn read(reader: impl Read, options: &ScanOptions) -> Result<Contents, ScanError> {
    let watch = Watch::new(options.max_bytes);
    let mut room = Room::new(options.max_entries);
    let mut contents = Contents::default();
    let stream = source(reader, &watch).map_err(|error| stopped(&watch, &error.into(), "its beginning"))?;
    let mut members = TarReader::new(stream);
    let mut files = 0;
    let mut within = "its beginning".to_owned();
    loop {
        let member = match members.next_member() {
            Ok(Some(member)) => member,
            Ok(None) => break,
            Err(TarError::Malformed(what)) if files == 0 => return Err(ScanError::NotAnImage { what }),
            Err(TarError::Malformed(what)) => {
                return Err(ScanError::Damaged { path: format!("after {within}"), what });
            }
            Err(error) => return Err(stopped(&watch, &error, &within)),
        };
        files += 1;
        if files > MAX_FILES {
            return Err(contents.is_no_image(format!("it holds more than {MAX_FILES} files")));
        }
        let path = normal(&member.path);
        if path.len() > MAX_NAME || member.link.len() > MAX_NAME {
            return Err(ScanError::NotAnImage { what: format!("it holds a file named {}", shown(&path)) });
        }
        within = shown(&path);
        contents.of_container |= path == CONTAINER_MARK;
        // Of two files with one name the later one counts, as when the archive is unpacked.
        contents.forget(&path);
        match member.kind {
            MemberKind::SymbolicLink | MemberKind::HardLink => {
                if let Some(target) = link_target(&path, &member) {
                    contents.links.insert(path, target);
                }
            }
            MemberKind::File => file(&mut contents, path, &member, &mut members, &mut room, (&watch, options))
                .map_err(|error| stopped(&watch, &error, &within))?,
            _ => {}
        }
    }
    finish(members.into_inner()).map_err(|error| stopped(&watch, &error.into(), "its end"))?;
    if files == 0 {
        return Err(ScanError::NotAnImage { what: "it is empty".to_owned() });
    }
    Ok(contents)
}

/// Looks at one file. Fails only when the archive around it cannot be read on.
fn file(
    contents: &mut Contents,
    path: String,
    member: &Member,
    members: &mut TarReader<Box<dyn BufRead + '_>>,
    room: &mut Room,
    (watch, options): (&Watch, &ScanOptions),
) -> Result<(), TarError> {
    let mut block = [0; BLOCK];
    let count = read_up_to(members, &mut block)?;
    let head = &block[..count];
    if is_layer(head) {
        let layer = scan_layer(head, &mut *members, room, watch, options);
        if let Err(error) = &layer
            && (members.fault().is_some() || watch.has_fault())
        {
            return Err(members.fault().unwrap_or(error).clone());
        }
        contents.layers.insert(path, layer.map_err(|error| error.clause()));
    } else if head.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'[')) {
        let size = usize::try_from(member.size).unwrap_or(usize::MAX);
        if size > MAX_DOCUMENT || contents.document_bytes.saturating_add(size) > MAX_DOCUMENTS {
            contents.documents.insert(path, None);
            return Ok(());
        }
        let mut bytes = head.to_vec();
        members.each_chunk(|chunk| bytes.extend_from_slice(chunk))?;
        contents.document_bytes += bytes.len();
        contents.documents.insert(path, Some(bytes));
    }
    Ok(())
}

/// Where a link of the archive leads: symbolic ones from their own folder, hard ones from the root.
fn link_target(path: &str, member: &Member) -> Option<String> {
    if member.kind == MemberKind::SymbolicLink && member.link.starts_with(b"/") {
        return None;
    }
    let target = normal(&member.link);
    let folder = match member.kind {
        MemberKind::SymbolicLink => path.rsplit_once('/').map_or("", |(folder, _)| folder),
        _ => "",
    };
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Reads on to the end of a stream, so that a compressed one is checked and a program that writes
/// it does not find its pipe closed; gives up where more follows than padding.
fn finish(stream: impl Read) -> io::Result<()> {
    io::copy(&mut stream.take(1 << 20), &mut io::sink()).map(drop)
}

fn stopped(watch: &Watch, error: &TarError, within: &str) -> ScanError {
    match (watch.take_fault(), error) {
        (Some(Fault::Limit), _) => ScanError::TooLarge { limit: watch.limit() },
        (Some(Fault::Source(source)), _) => ScanError::Read(source),
        (None, TarError::Cut) => ScanError::Truncated { within: within.to_owned() },
        (None, error) => ScanError::Damaged { path: within.to_owned(), what: error.clause() },
    }
}
