//! What there is only once on a machine: the exercises' real image names, and the leftovers of runs.
//!
//! nextest keeps such tests apart by a group (`.config/nextest.toml`); the lock files here hold under
//! `cargo test` too, and between two test runs.

use super::docker::{Client, docker, docker_lines};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Waits until no other test holds the lock of this name.
pub fn alone(name: &str) -> File {
    let path = std::env::temp_dir().join(format!("dlearn-tests-{name}.lock"));
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let file = opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.lock().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file
}

/// The real image names of an exercise, for this test alone.
///
/// Images that somebody has under these names are never overwritten: the test fails and says so. The lock
/// file tells by id which images a test made that was killed before it could remove them.
pub struct Claim {
    journal: File,
    images: Vec<&'static str>,
}

impl Claim {
    pub fn take(name: &str, images: &[&'static str]) -> Self {
        let mut journal = alone(name);
        let mut made = String::new();
        journal
            .seek(SeekFrom::Start(0))
            .and_then(|_| journal.read_to_string(&mut made))
            .expect("the lock file is read");
        for image in images {
            for id in ids(image) {
                assert!(
                    made.lines().any(|line| line == id),
                    "this engine has an image {image} that these tests did not make, and they would overwrite it: \
                     keep it under another name (docker tag {image} mine/kept && docker rmi {image}), or remove it"
                );
                docker(&["rmi", image]);
            }
        }
        journal.set_len(0).expect("the lock file is emptied");
        Self { journal, images: images.to_vec() }
    }

    /// `docker build -t IMAGE ARGS .` in `folder`.
    pub fn build(&mut self, client: Client, folder: &Path, image: &str, args: &[&str]) {
        client.build(folder, &[&["-t", image], args].concat());
        self.note();
    }

    /// Notes what lies under the names now, as this test's.
    pub fn note(&mut self) {
        for image in &self.images {
            for id in ids(image) {
                writeln!(self.journal, "{id}").expect("the lock file is written");
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        for image in &self.images {
            if !ids(image).is_empty() {
                docker(&["rmi", "--force", image]);
            }
        }
        let _ = self.journal.set_len(0);
    }
}

/// The id of the image of this name, where there is one.
fn ids(image: &str) -> Vec<String> {
    docker_lines(&["images", "--quiet", "--no-trunc", image])
}
