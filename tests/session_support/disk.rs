//! A small disk of a test's own, which can be full or read-only.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of 256 KiB in memory.
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Mounts it at `path`; says so and gives none where that may not be done (it takes root).
    pub fn new(path: &Path) -> Option<Self> {
        fs::create_dir_all(path).expect("a folder");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs"]).arg(path);
        match command.output() {
            Ok(output) if output.status.success() => Some(Self { path: path.to_owned() }),
            other => {
                eprintln!("left out: a file system cannot be mounted here ({other:?})");
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Nothing can be written from now on.
    pub fn read_only(&mut self) {
        let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.path).status();
        assert!(remounted.expect("mount runs").success(), "{} is made read-only", self.path.display());
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut file = fs::File::create(self.filling()).expect("a file");
        let error = loop {
            if let Err(error) = file.write_all(&[1; 512]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    }

    /// Gives the room back that [`Self::fill`] took.
    pub fn empty(&self) {
        fs::remove_file(self.filling()).expect("it was filled");
    }

    fn filling(&self) -> PathBuf {
        self.path.join("filling")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("--lazy").arg(&self.path).status();
    }
}
