//! The archive for `POST /build`, the way docker's own client writes it.
//!
//! The classic builder's cache keys hash the archive's headers (all but the modification time), so
//! a rebuild finds the learner's layers only if mode, owner, type and link fields are the same.

use super::edited::Edited;
use super::header::{self, Header};
use super::ignore::Ignore;
use super::tree::{Folder, Kind, Memory, Node, Tree};
use super::walk::{Rules, Visit, rules_for, walk};
use super::{ContextError, pattern};
use crate::course::FileSet;
use crate::evidence::Edit;
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::path::Path;

/// Whose archive is imitated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TarStyle {
    /// docker's client 20.10 with the classic builder: file-type bits in the mode field (0100644
    /// for a file), and the names of the owner and group.
    WithTypeBits,
    /// Newer clients with the classic builder: permission bits only, no names.
    #[default]
    Plain,
    /// Headers as in `Plain`, but the files that BuildKit would be sent: its own rules for
    /// exceptions below excluded folders, and `DOCKERFILE.dockerignore` before `.dockerignore`.
    /// The Dockerfile is always in the archive, because BuildKit reads it from there when it is
    /// given one: see [`Sent::dockerfile_only_for_builder`].
    BuildKit,
}

impl TarStyle {
    fn rules(self) -> Rules {
        match self {
            Self::WithTypeBits | Self::Plain => Rules::Classic,
            Self::BuildKit => Rules::BuildKit,
        }
    }
}

/// How much a context may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files, folders and links.
    pub files: usize,
    /// Bytes of content.
    pub bytes: u64,
}

impl Default for Limits {
    /// 50 000 files, 1 GiB.
    fn default() -> Self {
        Self { files: 50_000, bytes: 1024 * 1024 * 1024 }
    }
}

/// What went into an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Files, folders and links.
    pub files: usize,
    /// Bytes of content, without headers.
    pub size: u64,
    /// The Dockerfile's path in the archive, for the parameter `dockerfile` of `POST /build`: a
    /// link is resolved, and `dockerfile` stands in for a missing `Dockerfile`.
    pub dockerfile: String,
    /// The Dockerfile is excluded and only in the archive because the builder reads it there. The
    /// classic builder hides it from COPY itself; BuildKit, given an archive, does not.
    pub dockerfile_only_for_builder: bool,
}

/// An archive in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The archive, not compressed.
    pub bytes: Vec<u8>,
    /// Files, folders and links in it.
    pub files: usize,
    /// Bytes of content in it.
    pub size: u64,
    /// See [`Sent::dockerfile`].
    pub dockerfile: String,
    /// See [`Sent::dockerfile_only_for_builder`].
    pub dockerfile_only_for_builder: bool,
}

/// The context of a folder as an archive in memory. `dockerfile` is relative to the folder.
///
/// # Errors
/// No such folder or Dockerfile, a bad `.dockerignore`, an unreadable file, a limit exceeded.
pub fn pack(root: &Path, dockerfile: &str, style: TarStyle, limits: &Limits) -> Result<Packed, ContextError> {
    in_memory(&Folder::new(root)?, dockerfile, style, limits)
}

/// The same after edits, by path relative to the folder, of which the folder itself never sees anything.
///
/// # Errors
/// As [`pack`], and where an edit cannot be carried out.
pub fn pack_edited(
    root: &Path,
    dockerfile: &str,
    style: TarStyle,
    limits: &Limits,
    edits: &BTreeMap<String, Edit>,
) -> Result<Packed, ContextError> {
    in_memory(&Edited::new(&Folder::new(root)?, edits)?, dockerfile, style, limits)
}

/// As [`pack`], written to `out` as it is made: memory grows with the number of paths only.
///
/// # Errors
/// As [`pack`], and when `out` cannot be written. What was written until then is no archive.
pub fn pack_to(
    root: &Path,
    dockerfile: &str,
    style: TarStyle,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Sent, ContextError> {
    write(&Folder::new(root)?, dockerfile, style, limits, out)
}

/// The context of files in memory, as if they lay in a folder (scripts executable, folders 0755).
///
/// # Errors
/// As [`pack`].
pub fn pack_files(files: &FileSet, dockerfile: &str, style: TarStyle, limits: &Limits) -> Result<Packed, ContextError> {
    in_memory(&Memory::new(files), dockerfile, style, limits)
}

fn in_memory(tree: &dyn Tree, dockerfile: &str, style: TarStyle, limits: &Limits) -> Result<Packed, ContextError> {
    let mut bytes = Vec::new();
    let sent = write(tree, dockerfile, style, limits, &mut bytes)?;
    Ok(Packed {
        bytes,
        files: sent.files,
        size: sent.size,
        dockerfile: sent.dockerfile,
        dockerfile_only_for_builder: sent.dockerfile_only_for_builder,
    })
}

fn write(
    tree: &dyn Tree,
    dockerfile: &str,
    style: TarStyle,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Sent, ContextError> {
    let dockerfile = tree.dockerfile(dockerfile)?;
    let (mut ignore, _) = rules_for(tree, &dockerfile, style.rules())?;
    let dockerfile_only_for_builder = except_build_files(&mut ignore, &dockerfile, style.rules());
    let mut writer = Writer {
        tree,
        style,
        limits,
        out,
        first_names: HashMap::new(),
        users: Names::of(style, "/etc/passwd"),
        groups: Names::of(style, "/etc/group"),
        files: 0,
        size: 0,
    };
    walk(tree, &ignore, style.rules(), limits, &mut |visit| match visit {
        Visit::In(node, _) => writer.entry(node),
        Visit::Out { .. } => Ok(()),
    })?;
    let (files, size) = (writer.files, writer.size);
    out.write_all(&[0; 2 * header::BLOCK]).and_then(|()| out.flush()).map_err(ContextError::Write)?;
    Ok(Sent { files, size, dockerfile, dockerfile_only_for_builder })
}

/// Excepts what the builder must read itself. True where the Dockerfile needed that.
pub(super) fn except_build_files(ignore: &mut Ignore, dockerfile: &str, rules: Rules) -> bool {
    if rules == Rules::Classic && ignore.decide(".dockerignore").excluded {
        ignore.except(".dockerignore");
    }
    let needed = ignore.decide(dockerfile).excluded;
    if needed {
        ignore.except(&pattern::quote(dockerfile));
    }
    needed
}

struct Writer<'a> {
    tree: &'a dyn Tree,
    style: TarStyle,
    limits: &'a Limits,
    out: &'a mut dyn Write,
    /// By inode: the first name of a file that has several.
    first_names: HashMap<(u64, u64), Vec<u8>>,
    users: Names,
    groups: Names,
    files: usize,
    size: u64,
}

impl Writer<'_> {
    fn entry(&mut self, node: &Node) -> Result<(), ContextError> {
        self.files += 1;
        if self.files > self.limits.files {
            return Err(ContextError::TooManyFiles { limit: self.limits.files });
        }
        let (kind, type_bits) = match node.kind {
            Kind::File => (header::FILE, 0o100_000),
            Kind::Folder => (header::FOLDER, 0o040_000),
            Kind::Link => (header::LINK, 0o120_000),
            Kind::Fifo => (header::FIFO, 0o010_000),
            // BuildKit makes an empty file of it; the classic client does not send it.
            Kind::Socket => (header::FILE, 0o100_000),
            Kind::Device => return Err(ContextError::Device { path: node.shown() }),
        };
        let bits = if self.style == TarStyle::WithTypeBits { type_bits } else { 0 };
        let mut header = Header {
            name: node.path.clone(),
            mode: node.mode | bits,
            size: node.size,
            mtime: node.mtime,
            kind,
            link: Vec::new(),
            user: self.users.name(node.uid),
            group: self.groups.name(node.gid),
        };
        match node.kind {
            Kind::Folder => header.name.push(b'/'),
            Kind::Link => header.link = self.tree.target(node)?,
            _ => {}
        }
        if let Some(inode) = node.inode.filter(|_| node.kind != Kind::Folder && node.names > 1) {
            if let Some(first) = self.first_names.get(&inode) {
                (header.kind, header.link, header.size) = (header::HARD_LINK, first.clone(), 0);
            } else {
                self.first_names.insert(inode, node.path.clone());
            }
        }
        self.size = self.size.saturating_add(header.size);
        if self.size > self.limits.bytes {
            return Err(ContextError::TooLarge { limit: self.limits.bytes, path: node.shown() });
        }
        // Opened first: docker refuses a file that it may not read, however small.
        let content = match (header.kind, node.kind) {
            (header::FILE, Kind::File) => Some(self.tree.open(node)?),
            _ => None,
        };
        header.write(self.out).map_err(ContextError::Write)?;
        match content {
            Some(content) => self.content(node, content),
            None => Ok(()),
        }
    }

    fn content(&mut self, node: &Node, mut content: Box<dyn Read + '_>) -> Result<(), ContextError> {
        let mut buffer = vec![0; 64 * 1024];
        let mut left = node.size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = content
                .read(&mut buffer[..most])
                .map_err(|source| ContextError::Unreadable { path: node.shown(), source })?;
            if read == 0 {
                return Err(ContextError::Changed { path: node.shown() });
            }
            self.out.write_all(&buffer[..read]).map_err(ContextError::Write)?;
            left -= read as u64;
        }
        self.out.write_all(header::padding(node.size)).map_err(ContextError::Write)
    }
}

/// Names of users or groups by number, as far as they are listed locally.
struct Names(BTreeMap<u32, Vec<u8>>);

impl Names {
    /// Only the 20.10 client writes names; then `file` is `/etc/passwd` or `/etc/group`.
    fn of(style: TarStyle, file: &str) -> Self {
        let text = if style == TarStyle::WithTypeBits {
            std::fs::read_to_string(file).unwrap_or_default()
        } else {
            String::new()
        };
        let mut names = BTreeMap::new();
        for line in text.lines() {
            let mut fields = line.split(':');
            if let (Some(name), _, Some(Ok(id))) = (fields.next(), fields.next(), fields.next().map(str::parse)) {
                names.entry(id).or_insert_with(|| name.as_bytes().to_vec());
            }
        }
        Self(names)
    }

    fn name(&self, id: u32) -> Vec<u8> {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}
