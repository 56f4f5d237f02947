//! One layer: its digest, and what it does with each path (OCI image specification, "Image Layer
//! Filesystem Changeset").
//!
//! Invariant: paths and link targets are data. `..`, absolute targets and devices are recorded and
//! never acted upon.

use super::ScanOptions;
use super::secret::{MOST, Search};
use super::stream::{Hashed, Watch, decompressed};
use super::tar::{Member, MemberKind, TarError, TarReader};
use crate::evidence::{EntryFacts, EntryKind, Spelling};
use crate::hex::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;

/// What a scan found in one layer.
#[derive(Clone, Debug, Default)]
pub(super) struct ScannedLayer {
    pub diff_id: String,
    pub size: u64,
    pub entries: BTreeMap<String, EntryFacts>,
    /// Paths were left out for want of room.
    pub truncated: bool,
    /// Where a value was found that is looked for: the member's path, and how it is spelt.
    pub sightings: Vec<(String, Spelling)>,
}

impl ScannedLayer {
    fn note(&mut self, member: &Member, found: Option<Spelling>) {
        if let Some(spelling) = found
            && self.sightings.len() < MOST
        {
            let path = normal(&member.path).chars().take(LONGEST_SHOWN).collect();
            self.sightings.push((path, spelling));
        }
    }
}

/// Characters of a path that a sighting keeps.
const LONGEST_SHOWN: usize = 1024;

/// How much the scan may still remember, over all layers.
#[derive(Debug)]
pub(super) struct Room {
    entries: usize,
    name_bytes: usize,
}

impl Room {
    /// Room for `entries` paths. Names may be a megabyte long, so their bytes are bounded too, at
    /// 256 for each path, which no honest image comes near.
    pub(super) fn new(entries: usize) -> Self {
        Self { entries, name_bytes: entries.saturating_mul(256) }
    }

    fn take(&mut self, name_bytes: usize) -> bool {
        match (self.entries.checked_sub(1), self.name_bytes.checked_sub(name_bytes)) {
            (Some(entries), Some(name_bytes)) => {
                *self = Self { entries, name_bytes };
                true
            }
            _ => false,
        }
    }
}

/// Reads a layer to its end. `head` is what was already read of it. What is looked for is looked for in names, link
/// targets and contents, also of what is no part of the image's file system.
pub(super) fn scan_layer(
    head: &[u8],
    rest: impl Read,
    room: &mut Room,
    watch: &Watch,
    options: &ScanOptions,
) -> Result<ScannedLayer, TarError> {
    let needles = options.needles.as_ref();
    let mut layer = ScannedLayer::default();
    let mut members = TarReader::new(Hashed::new(decompressed(head, rest, watch), options.hashes));
    while let Some(member) = members.next_member()? {
        let mut search = needles.map(Search::new);
        if let Some(needles) = needles {
            let in_name = needles.found_in(&member.path).or_else(|| needles.found_in(&member.link));
            layer.note(&member, in_name);
        }
        if let Some((path, change)) = classify(&member) {
            if change == EntryKind::File {
                layer.size = layer.size.saturating_add(member.size);
            }
            let content = match change {
                EntryKind::Link => text(&member.link),
                EntryKind::HardLink => normal(&member.link),
                EntryKind::Special => special(&member),
                EntryKind::File | EntryKind::Directory | EntryKind::Whiteout | EntryKind::Opaque => String::new(),
            };
            if room.take(path.len() + content.len()) {
                let content = match change {
                    EntryKind::File if options.hashes => content_hash(&mut members, member.sparse, search.as_mut())?,
                    _ => content,
                };
                let entry = EntryFacts {
                    change,
                    mode: member.mode,
                    uid: member.uid,
                    gid: member.gid,
                    size: if change == EntryKind::File { member.size } else { 0 },
                    content,
                };
                insert(&mut layer.entries, path, entry);
            } else {
                layer.truncated = true;
            }
        }
        // Whatever of the member nobody has read yet: only the content of a kept file was.
        if let Some(search) = &mut search {
            members.each_chunk(|chunk| search.feed(chunk))?;
            layer.note(&member, search.found());
        }
    }
    layer.diff_id = members.into_inner().finish()?;
    Ok(layer)
}

/// The path that a member is about and what it does with it; none for what is no part of the image.
fn classify(member: &Member) -> Option<(String, EntryKind)> {
    let path = normal(&member.path);
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path.as_str()));
    if name == ".wh..wh..opq" {
        return Some((if parent.is_empty() { ".".to_owned() } else { parent.to_owned() }, EntryKind::Opaque));
    }
    if let Some(gone) = name.strip_prefix(".wh.") {
        // `.wh..wh.` begins the names in which AUFS kept its own records; the engine skips them.
        if gone.is_empty() || gone.starts_with(".wh.") {
            return None;
        }
        let path = if parent.is_empty() { gone.to_owned() } else { format!("{parent}/{gone}") };
        return Some((path, EntryKind::Whiteout));
    }
    let change = match member.kind {
        MemberKind::File => EntryKind::File,
        MemberKind::Directory => EntryKind::Directory,
        MemberKind::SymbolicLink => EntryKind::Link,
        MemberKind::HardLink => EntryKind::HardLink,
        MemberKind::CharacterDevice | MemberKind::BlockDevice | MemberKind::Fifo | MemberKind::Other(_) => {
            EntryKind::Special
        }
    };
    Some((path, change))
}

/// Adds an entry. Two members can be about one path:
/// - a directory and the mark that it hides what lay below: one opaque entry with the directory's mode;
/// - a whiteout and a new file: the specification lets whiteouts act on lower layers only, so the
///   file stays, and a directory hides what lay below;
/// - otherwise the later one replaces the earlier one, as when it is unpacked.
fn insert(entries: &mut BTreeMap<String, EntryFacts>, path: String, new: EntryFacts) {
    use EntryKind::{Directory, Opaque, Whiteout};
    let Some(old) = entries.get_mut(&path) else {
        entries.insert(path, new);
        return;
    };
    match (old.change, new.change) {
        (Directory | Opaque, Opaque | Whiteout) => old.change = Opaque,
        (Opaque | Whiteout, Directory) => *old = EntryFacts { change: Opaque, ..new },
        (Whiteout, Opaque) => *old = new,
        (_, Whiteout) => {}
        _ => *old = new,
    }
}

/// SHA-256 of the current member's content. What is stored of a file with holes is not its
/// content: the prefix keeps the two from being taken for each other.
fn content_hash<R: std::io::BufRead>(
    members: &mut TarReader<R>,
    sparse: bool,
    mut search: Option<&mut Search<'_>>,
) -> Result<String, TarError> {
    let mut hash = Sha256::new();
    members.each_chunk(|chunk| {
        hash.update(chunk);
        if let Some(search) = &mut search {
            search.feed(chunk);
        }
    })?;
    Ok(format!("{}{}", if sparse { "sparse:" } else { "" }, hex(&hash.finalize())))
}

fn special(member: &Member) -> String {
    let (major, minor) = member.device;
    match member.kind {
        MemberKind::CharacterDevice => format!("character device {major}:{minor}"),
        MemberKind::BlockDevice => format!("block device {major}:{minor}"),
        MemberKind::Fifo => "fifo".to_owned(),
        MemberKind::Other(flag) => format!("type {}", char::from(flag).escape_debug()),
        MemberKind::File | MemberKind::Directory | MemberKind::SymbolicLink | MemberKind::HardLink => String::new(),
    }
}

/// A path with single slashes between its parts and none around them, `.` for the root. `..` stays.
pub(super) fn normal(path: &[u8]) -> String {
    let path = text(path);
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    let mut normal = parts.next().unwrap_or(".").to_owned();
    for part in parts {
        normal.push('/');
        normal.push_str(part);
    }
    normal
}

/// Bytes as text; those that are not UTF-8 as `\xNN`, so that two names do not become one.
fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str("\\x");
            text.push_str(&hex(&[*byte]));
        }
    }
    text
}
