//! `file`

use crate::check::matching::{TextMatch, shown};
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::{FileFacts, FileType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file of the image: there or not there, its content, mode and owner.
///
/// **Why it matters**: what a container can read and change is decided by what was copied, by whom
/// it is owned and with which bits. The file is read without running anything from the image.
///
/// ```yaml
/// check: { file: { image: app, path: /app/config.yml, is: file, mode: "0644", owner: "1000:1000" } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// Absolute path in the image.
    pub path: String,
    /// What it must be.
    #[serde(default)]
    pub is: Is,
    /// Its content (files of at most 64 KiB).
    #[serde(default)]
    pub content: TextMatch,
    /// Permission bits in octal, as a string (`"0755"`).
    #[serde(default)]
    pub mode: Option<String>,
    /// `UID:GID` in numbers.
    #[serde(default)]
    pub owner: Option<String>,
    /// Somebody may execute it.
    #[serde(default)]
    pub executable: Option<bool>,
}

/// What a path must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    /// A regular file.
    #[default]
    File,
    /// A directory.
    Directory,
    /// Nothing.
    Absent,
}

impl File {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        if inquiry.image(&name)?.is_none() {
            return super::no_image(inquiry, &name);
        }
        let path = &self.path;
        let file = inquiry.file(&name, path)?;
        Ok(match (self.is, file) {
            (Is::Absent, None) => Verdict::pass(),
            (Is::Absent, Some(_)) => Verdict::not_yet(
                format!("nothing at {path} in {name}"),
                format!("{path} is there"),
                "keep it out: narrow COPY, use .dockerignore, or leave it in an earlier stage, and build again",
            ),
            (is, None) => Verdict::not_yet(
                format!("{} at {path} in {name}", words(is)),
                "nothing at that path",
                "copy it there with COPY, or correct the path, and build again",
            ),
            (is, Some(file)) => self.look(is, file),
        })
    }

    fn look(&self, is: Is, file: &FileFacts) -> Verdict {
        let path = &self.path;
        let right = match is {
            Is::File => file.kind == FileType::File,
            Is::Directory => file.kind == FileType::Directory,
            Is::Absent => false,
        };
        if !right {
            let found = match file.kind {
                FileType::File => "a regular file",
                FileType::Directory => "a directory",
                FileType::Link => "a link that leads nowhere",
                FileType::Special => "a device or a pipe",
            };
            return Verdict::not_yet(
                format!("{} at {path}", words(is)),
                format!("{path} is {found}"),
                "mind the slash at the end of COPY's destination: with it, the destination is a folder",
            );
        }
        if !self.content.is_empty() {
            let Some(text) = &file.text else {
                return Verdict::not_yet(
                    format!("a text file at {path}"),
                    format!("{path} has {} bytes", file.size),
                    "copy the file that the task names",
                );
            };
            if let Some(expected) = self.content.misses(text) {
                let found = format!("{path} holds {}", shown(text));
                return Verdict::not_yet(format!("{expected} in {path}"), found, "correct the file and build again");
            }
        }
        self.bits(file).unwrap_or_else(Verdict::pass)
    }

    fn bits(&self, file: &FileFacts) -> Option<Verdict> {
        let path = &self.path;
        let wrong = |expected: String, found: String, advice: &str| Some(Verdict::not_yet(expected, found, advice));
        let executable = file.mode & 0o111 != 0;
        if let Some(wants) = self.executable.filter(|wants| *wants != executable) {
            let word = if wants { "executable" } else { "not executable" };
            let advice = "set the bit with chmod before the build, or with COPY --chmod (BuildKit)";
            return wrong(format!("{path} to be {word}"), format!("its mode is {:04o}", file.mode), advice);
        }
        if let Some(mode) = self.mode.as_ref().filter(|mode| u32::from_str_radix(mode, 8) != Ok(file.mode)) {
            let advice = "set it with chmod before the build, or with COPY --chmod (BuildKit)";
            return wrong(format!("mode {mode} on {path}"), format!("its mode is {:04o}", file.mode), advice);
        }
        let owner = format!("{}:{}", file.uid, file.gid);
        if let Some(wants) = self.owner.as_ref().filter(|wants| **wants != owner) {
            let advice = "give it away with COPY --chown, not with a later RUN chown, which stores it twice";
            return wrong(format!("owner {wants} on {path}"), format!("its owner is {owner}"), advice);
        }
        None
    }
}

fn words(is: Is) -> &'static str {
    match is {
        Is::File => "a file",
        Is::Directory => "a directory",
        Is::Absent => "nothing",
    }
}
