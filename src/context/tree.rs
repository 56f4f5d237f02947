//! Where a context's files come from: a folder, or files in memory.

use super::ContextError;
use crate::course::{FileSet, mode_of};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    Fifo,
    Socket,
    Device,
}

/// One path, as it is without following links.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Path relative to the root, `/` between parts.
    pub(super) path: Vec<u8>,
    pub(super) kind: Kind,
    /// Permission bits with set-uid, set-gid and sticky.
    pub(super) mode: u32,
    /// Bytes of content; 0 for all but files.
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Device and inode; none for files in memory.
    pub(super) inode: Option<(u64, u64)>,
    /// How many names the file has.
    pub(super) names: u64,
}

impl Node {
    /// The path for people and for patterns.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }
}

/// A source of files.
pub(super) trait Tree {
    /// What lies in `folder` (empty for the root), in the order of the names' bytes, as Go's
    /// `filepath.Walk` gives it.
    fn children(&self, folder: &[u8]) -> Result<Vec<Node>, ContextError>;
    /// A file's content.
    fn open(&self, node: &Node) -> Result<Box<dyn Read + '_>, ContextError>;
    /// A link's target.
    fn target(&self, node: &Node) -> Result<Vec<u8>, ContextError>;
    /// A small file for our own use, none where there is none. A link counts as what it leads to,
    /// as long as that lies inside the context.
    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ContextError>;
    /// The path of the Dockerfile that a build would take.
    fn dockerfile(&self, given: &str) -> Result<String, ContextError>;
}

/// A folder on disk.
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The root itself may be a link, as for docker's client; nothing below it is followed.
    pub(super) fn new(root: &Path) -> Result<Self, ContextError> {
        let wrong = |source| ContextError::Root { path: root.display().to_string(), source };
        let real = root.canonicalize().map_err(wrong)?;
        if !real.is_dir() {
            return Err(wrong(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        Ok(Self { root: real })
    }

    fn full(&self, path: &[u8]) -> PathBuf {
        self.root.join(OsStr::from_bytes(path))
    }
}

fn unreadable(path: &[u8], source: io::Error) -> ContextError {
    let path = if path.is_empty() { ".".into() } else { String::from_utf8_lossy(path).into_owned() };
    ContextError::Unreadable { path, source }
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

fn kind_of(file_type: fs::FileType) -> Kind {
    if file_type.is_file() {
        Kind::File
    } else if file_type.is_dir() {
        Kind::Folder
    } else if file_type.is_symlink() {
        Kind::Link
    } else if file_type.is_fifo() {
        Kind::Fifo
    } else if file_type.is_socket() {
        Kind::Socket
    } else {
        Kind::Device
    }
}

impl Tree for Folder {
    fn children(&self, folder: &[u8]) -> Result<Vec<Node>, ContextError> {
        let mut nodes = Vec::new();
        let entries = fs::read_dir(self.full(folder)).map_err(|error| unreadable(folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(folder, error))?;
            let path = join(folder, &entry.file_name().into_vec());
            let meta = match entry.metadata() {
                Ok(meta) => meta,
                // An editor's temporary file that is gone again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(&path, error)),
            };
            let kind = kind_of(meta.file_type());
            nodes.push(Node {
                path,
                kind,
                mode: meta.mode() & 0o7777,
                size: if kind == Kind::File { meta.len() } else { 0 },
                mtime: meta.mtime(),
                uid: meta.uid(),
                gid: meta.gid(),
                inode: Some((meta.dev(), meta.ino())),
                names: meta.nlink(),
            });
        }
        nodes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(nodes)
    }

    fn open(&self, node: &Node) -> Result<Box<dyn Read + '_>, ContextError> {
        let file = File::open(self.full(&node.path)).map_err(|error| unreadable(&node.path, error))?;
        let meta = file.metadata().map_err(|error| unreadable(&node.path, error))?;
        // A link put in the file's place since it was listed would lead elsewhere.
        if !meta.is_file() || Some((meta.dev(), meta.ino())) != node.inode {
            return Err(ContextError::Changed { path: node.shown() });
        }
        Ok(Box::new(file))
    }

    fn target(&self, node: &Node) -> Result<Vec<u8>, ContextError> {
        let target = fs::read_link(self.full(&node.path)).map_err(|error| unreadable(&node.path, error))?;
        Ok(target.into_os_string().into_vec())
    }

    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ContextError> {
        let wrong = |error: io::Error| unreadable(path.as_bytes(), error);
        let real = match self.full(path.as_bytes()).canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        if !real.starts_with(&self.root) {
            // What it leads to would show up in messages about its lines.
            return Err(wrong(io::Error::other("it is a link that leads out of the build context")));
        }
        if !real.metadata().map_err(wrong)?.is_file() {
            return Err(wrong(io::Error::other("it is no regular file")));
        }
        let mut content = Vec::new();
        File::open(real).and_then(|file| file.take(limit + 1).read_to_end(&mut content)).map_err(wrong)?;
        if content.len() as u64 > limit {
            return Err(wrong(io::Error::other(format!("it has more than {limit} bytes"))));
        }
        Ok(Some(content))
    }

    fn dockerfile(&self, given: &str) -> Result<String, ContextError> {
        let missing = || ContextError::NoDockerfile { path: given.to_owned() };
        let full = self.root.join(given);
        let found = match full.canonicalize() {
            Ok(found) => found,
            // Both builders' clients then look for the name in small letters.
            Err(_) if full.file_name() == Some(OsStr::new("Dockerfile")) => {
                full.with_file_name("dockerfile").canonicalize().map_err(|_| missing())?
            }
            Err(_) => return Err(missing()),
        };
        let inside =
            found.strip_prefix(&self.root).map_err(|_| ContextError::DockerfileOutside { path: given.to_owned() })?;
        if !found.is_file() {
            return Err(missing());
        }
        Ok(inside.to_string_lossy().into_owned())
    }
}

/// Files in memory, with the modes that a course file gets on disk.
pub(super) struct Memory<'a> {
    files: &'a FileSet,
}

impl<'a> Memory<'a> {
    pub(super) fn new(files: &'a FileSet) -> Self {
        Self { files }
    }
}

impl Tree for Memory<'_> {
    fn children(&self, folder: &[u8]) -> Result<Vec<Node>, ContextError> {
        let mut nodes: BTreeMap<Vec<u8>, Node> = BTreeMap::new();
        for (path, content) in self.files {
            let below = match path.as_bytes().strip_prefix(folder) {
                Some(below) if folder.is_empty() => below,
                Some([b'/', below @ ..]) => below,
                _ => continue,
            };
            let deeper = below.iter().position(|byte| *byte == b'/');
            let path = join(folder, &below[..deeper.unwrap_or(below.len())]);
            let (kind, mode, size) = match deeper {
                Some(_) => (Kind::Folder, 0o755, 0),
                None => (Kind::File, mode_of(content), content.len() as u64),
            };
            let node = Node { path, kind, mode, size, mtime: 0, uid: 0, gid: 0, inode: None, names: 1 };
            nodes.insert(node.path.clone(), node);
        }
        Ok(nodes.into_values().collect())
    }

    fn open(&self, node: &Node) -> Result<Box<dyn Read + '_>, ContextError> {
        let content = self.files.get(&node.shown()).map(Vec::as_slice).unwrap_or_default();
        Ok(Box::new(content))
    }

    fn target(&self, _: &Node) -> Result<Vec<u8>, ContextError> {
        Ok(Vec::new())
    }

    fn read(&self, path: &str, _: u64) -> Result<Option<Vec<u8>>, ContextError> {
        Ok(self.files.get(path).cloned())
    }

    fn dockerfile(&self, given: &str) -> Result<String, ContextError> {
        let path = super::pattern::clean(given);
        if self.files.contains_key(&path) {
            return Ok(path);
        }
        let folder = path.strip_suffix("Dockerfile").filter(|folder| folder.is_empty() || folder.ends_with('/'));
        if let Some(small) = folder.map(|folder| format!("{folder}dockerfile"))
            && self.files.contains_key(&small)
        {
            return Ok(small);
        }
        Err(ContextError::NoDockerfile { path })
    }
}
