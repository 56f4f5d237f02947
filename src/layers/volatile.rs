//! What builds write differently each time, path by path and with the reason.
//!
//! Invariant: every place is one that package managers, the engine or an interpreter write on
//! their own. Nothing is listed where an application's own files go, but for byte code, which has
//! to be there on both sides.

use crate::evidence::EntryKind;

/// A place whose content says nothing about which Dockerfile made a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volatile {
    /// Which paths.
    pub place: Place,
    /// One of the two layers may lack the path altogether; otherwise only the content may differ.
    pub may_lack: bool,
    /// Why two honest builds differ there.
    pub reason: &'static str,
}

/// Which paths a row of [`VOLATILE`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A directory and everything below it.
    Below(&'static str),
    /// A directory of this name, and everything below it, in `root` or in a folder of `home`.
    InHomes(&'static str),
    /// One file.
    Is(&'static str),
    /// A directory itself, as one, without what is below it.
    Directory(&'static str),
    /// Files below a directory whose names end with `-`, `-old` or `.old`.
    BackupsBelow(&'static str),
    /// Python's byte code (`__pycache__/NAME.pyc`) below a directory; everywhere if it is empty.
    BytecodeBelow(&'static str),
    /// A file of this name in a Python distribution's `.dist-info` directory.
    InDistInfo(&'static str),
}

use Place::{BackupsBelow, Below, BytecodeBelow, Directory, InDistInfo, InHomes, Is};

const fn row(place: Place, may_lack: bool, reason: &'static str) -> Volatile {
    Volatile { place, may_lack, reason }
}

/// The whole list.
pub const VOLATILE: &[Volatile] = &[
    row(Below("var/log"), true, "logs carry the time of the build"),
    row(Below("var/cache"), true, "caches carry times and the order in which they were filled"),
    row(Below("tmp"), true, "temporary files have random names"),
    row(Below("var/tmp"), true, "temporary files have random names"),
    row(Below("run"), true, "locks and process numbers of what ran during the build"),
    row(InHomes(".cache"), true, "caches carry times (pip, Go's build cache)"),
    row(InHomes(".npm"), true, "npm's cache carries times, and its logs are named after them"),
    row(Below("var/lib/apt/lists"), true, "the package lists of the day"),
    row(BackupsBelow("var/lib/dpkg"), true, "copies that dpkg makes of its state before each change"),
    row(BackupsBelow("etc"), true, "copies that user and group tools make before each change (etc/passwd-)"),
    row(Is("etc/shadow"), false, "holds the day on which each password was set, the day of the build"),
    row(Is("etc/ld.so.cache"), true, "written by ldconfig in the order in which it reads directories"),
    row(Is("etc/hostname"), true, "the engine mounts its own file there during a build"),
    row(Is("etc/hosts"), true, "the engine mounts its own file there during a build"),
    row(Is("etc/resolv.conf"), true, "the engine mounts its own file there during a build"),
    row(
        Directory("etc"),
        true,
        "BuildKit lists it for every RUN, because it mounts files there; the classic builder does not",
    ),
    row(
        Directory("dev"),
        true,
        "BuildKit makes it for RUN in an image without it; the classic builder does not keep it",
    ),
    row(
        Directory("proc"),
        true,
        "BuildKit makes it for RUN in an image without it; the classic builder does not keep it",
    ),
    row(
        Directory("sys"),
        true,
        "BuildKit makes it for RUN in an image without it; the classic builder does not keep it",
    ),
    row(Is("etc/machine-id"), false, "a random number by design"),
    row(Is("var/lib/dbus/machine-id"), false, "a random number by design"),
    row(BytecodeBelow("usr"), true, "byte code holds its source's time, and Python writes it when it first needs it"),
    row(BytecodeBelow(""), false, "byte code holds its source's time"),
    row(InDistInfo("RECORD"), false, "lists files that are compiled or generated during the installation"),
    row(InDistInfo("direct_url.json"), false, "holds the place that the package was installed from"),
    row(InDistInfo("INSTALLER"), false, "names the tool that installed the package"),
];

impl Place {
    /// Whether `path`, which is a `change` of the layer, is one of these.
    pub fn holds(self, path: &str, change: EntryKind) -> bool {
        match self {
            Directory(directory) => path == directory && change == EntryKind::Directory,
            Below(directory) => path == directory || below(path, directory).is_some(),
            InHomes(name) => {
                let inside = below(path, "root").or_else(|| below(path, "home")?.split_once('/').map(|(_, rest)| rest));
                inside.is_some_and(|inside| inside == name || below(inside, name).is_some())
            }
            Is(file) => path == file,
            BackupsBelow(directory) => {
                below(path, directory).is_some()
                    && (path.ends_with('-') || path.ends_with("-old") || path.ends_with(".old"))
            }
            BytecodeBelow(directory) => {
                let inside = if directory.is_empty() { Some(path) } else { below(path, directory) };
                let (folder, name) = inside.and_then(|inside| inside.rsplit_once('/')).unwrap_or_default();
                name.ends_with(".pyc") && (folder == "__pycache__" || folder.ends_with("/__pycache__"))
            }
            InDistInfo(file) => {
                let Some((folder, name)) = path.rsplit_once('/') else { return false };
                let mut folders = folder.rsplit('/');
                name == file
                    && folders.next().is_some_and(|folder| folder.ends_with(".dist-info"))
                    && folders.next().is_some_and(|folder| matches!(folder, "site-packages" | "dist-packages"))
            }
        }
    }
}

/// The part of `path` below `directory`.
fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    path.strip_prefix(directory)?.strip_prefix('/')
}

/// Whether two builds may have other content at `path`.
pub(super) fn content_may_differ(path: &str, change: EntryKind) -> bool {
    rows(path, change).next().is_some()
}

/// Whether one of two builds may lack `path`.
pub(super) fn may_be_lacking(path: &str, change: EntryKind) -> bool {
    rows(path, change).any(|row| row.may_lack)
}

/// The rows that hold a path. A path with `..` is not where it seems to be.
fn rows(path: &str, change: EntryKind) -> impl Iterator<Item = &'static Volatile> {
    let honest = path.split('/').all(|part| part != "..");
    VOLATILE.iter().filter(move |row| honest && row.place.holds(path, change))
}
