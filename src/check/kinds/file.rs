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
///
/// Links are followed, inside the image.
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
    /// Its content (files of at most 1 MiB).
    #[serde(default)]
    pub content: TextMatch,
    /// Permission bits in octal, as a string (`"0755"`), or as `ls` writes them (`-rwxr-xr-x`).
    #[serde(default)]
    pub mode: Option<String>,
    /// `UID:GID` in numbers; `UID` or `:GID` for one of them.
    #[serde(default)]
    pub owner: Option<String>,
    /// Somebody may execute it.
    #[serde(default)]
    pub executable: Option<bool>,
    /// Who may execute it.
    #[serde(default)]
    pub executable_by: Option<Who>,
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
    /// Anything.
    There,
    /// Nothing.
    Absent,
}

/// Whose bits of the mode are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Its owner.
    Owner,
    /// Its group.
    Group,
    /// Everybody else.
    Other,
    /// Somebody.
    Any,
}

impl Who {
    /// The bit that lets them execute a file, and their name.
    fn executes(self) -> (u32, &'static str) {
        match self {
            Self::Owner => (0o100, "its owner"),
            Self::Group => (0o010, "its group"),
            Self::Other => (0o001, "everybody"),
            Self::Any => (0o111, "somebody"),
        }
    }
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
            Is::There => true,
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
                    "let it be text, of at most 1 MiB: that much of a file is read",
                );
            };
            if let Some(expected) = self.content.misses(text, false) {
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
        if let Some((bit, who)) = self.executable_by.map(Who::executes).filter(|(bit, _)| file.mode & bit == 0) {
            let advice =
                format!("set the bit (0{bit:03o}) with chmod before the build, or with COPY --chmod (BuildKit)");
            return wrong(
                format!("{path} to be executable by {who}"),
                format!("its mode is {:04o}", file.mode),
                &advice,
            );
        }
        if let Some(mode) = self.mode.as_ref().filter(|mode| bits(mode) != Some(file.mode)) {
            let advice = "set it with chmod before the build, or with COPY --chmod (BuildKit)";
            return wrong(format!("mode {mode} on {path}"), format!("its mode is {:04o}", file.mode), advice);
        }
        if let Some(wants) = self.owner.as_ref().filter(|wants| !is_owner(wants, file)) {
            let owner = format!("{}:{}", file.uid, file.gid);
            let advice = "give it away with COPY --chown, not with a later RUN chown, which stores it twice";
            return wrong(format!("owner {wants} on {path}"), format!("its owner is {owner}"), advice);
        }
        None
    }
}

/// Whether a file belongs to `UID:GID`, `UID` or `:GID`.
fn is_owner(wants: &str, file: &FileFacts) -> bool {
    let (user, group) = wants.split_once(':').unwrap_or((wants, ""));
    let is = |wants: &str, found: u64| wants.is_empty() || wants.parse() == Ok(found);
    !(user.is_empty() && group.is_empty()) && is(user, file.uid) && is(group, file.gid)
}

/// The bits of a mode: octal digits, or nine letters as `ls` writes them, with anything before them that tells the kind
/// of file. Go's way, by which the special bits stand in front (`urwxr-xr-x`, `dtrwxrwxrwx`), is understood too.
fn bits(mode: &str) -> Option<u32> {
    if mode.bytes().all(|byte| byte.is_ascii_digit()) {
        return u32::from_str_radix(mode, 8).ok();
    }
    let at = mode.len().checked_sub(9).filter(|at| mode.is_ascii() && *at <= 4)?;
    let (kind, letters) = mode.split_at(at);
    let before = kind.chars().try_fold(0, |bits, letter| {
        Some(
            bits | match letter {
                'u' => 0o4000,
                'g' => 0o2000,
                't' => 0o1000,
                '-' | 'd' | 'l' | 'L' | 'p' | 'D' | 'c' | 'b' => 0,
                _ => return None,
            },
        )
    })?;
    letters.chars().enumerate().try_fold(before, |bits, (place, letter)| {
        let own = 0o400 >> place;
        // The last of each three may carry the special bit of owner, group or directory.
        let special = 0o4000 >> (place / 3);
        Some(
            bits | match (letter, place % 3) {
                ('-', _) => 0,
                ('r', 0) | ('w', 1) | ('x', 2) => own,
                ('s', 2) if place < 8 => own | special,
                ('S', 2) if place < 8 => special,
                ('t', 2) if place == 8 => own | special,
                ('T', 2) if place == 8 => special,
                _ => return None,
            },
        )
    })
}

fn words(is: Is) -> &'static str {
    match is {
        Is::There => "something",
        Is::File => "a file",
        Is::Directory => "a directory",
        Is::Absent => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::NotYet;

    /// What is said of a file with this mode, of user 1000 and group 50.
    fn told(mode: u32, wants: &str) -> Option<NotYet> {
        let kind: File = crate::course::read_yaml(&format!("{{ image: app, path: /a, is: there, {wants} }}"))
            .unwrap_or_else(|(at, what)| panic!("{at:?}: {what}"));
        let (text, sha256) = (Some("one\ntwo\n".to_owned()), None);
        let facts = FileFacts { kind: FileType::File, mode, uid: 1000, gid: 50, size: 8, sha256, text, link: None };
        match kind.look(kind.is, &facts) {
            Verdict::NotYet(it) => Some(it),
            Verdict::Pass { .. } => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mode_may_be_written_in_octal_or_in_letters() {
        for (mode, right) in [
            (0o644, ["0644", "644", "-rw-r--r--", "rw-r--r--"]),
            (0o755, ["0755", "755", "drwxr-xr-x", "-rwxr-xr-x"]),
            (0o4755, ["4755", "04755", "-rwsr-xr-x", "urwxr-xr-x"]),
            (0o1777, ["1777", "01777", "drwxrwxrwt", "dtrwxrwxrwx"]),
            (0o2640, ["2640", "02640", "-rw-r-S---", "grw-r-----"]),
        ] {
            for text in right {
                assert_eq!(bits(text), Some(mode), "{text}");
                assert_eq!(told(mode, &format!("mode: \"{text}\"")), None, "{text}");
            }
            assert!(told(mode, "mode: \"0600\"").is_some());
        }
        for none in ["", "rwx", "rwxrwxrwz", "xwrxwrxwr", "rwxrwxrwx!", "999", "-rwxrwxrws", "ééééé"] {
            assert_eq!(bits(none), None, "{none}");
        }
    }

    #[test]
    fn an_owner_may_be_a_user_a_group_or_both() {
        for right in ["1000:50", "1000", ":50", "1000:"] {
            assert_eq!(told(0o644, &format!("owner: \"{right}\"")), None, "{right}");
        }
        for wrong in ["1000:51", "0:50", "0", ":0", ":", "", "root"] {
            assert!(told(0o644, &format!("owner: \"{wrong}\"")).is_some(), "{wrong}");
        }
    }

    #[test]
    fn who_may_execute_it_can_be_said() {
        for (mode, who, may) in [
            (0o744, "owner", true),
            (0o744, "group", false),
            (0o710, "group", true),
            (0o754, "other", false),
            (0o641, "other", true),
            (0o641, "any", true),
            (0o644, "any", false),
        ] {
            assert_eq!(told(mode, &format!("executable_by: {who}")).is_none(), may, "{mode:o} {who}");
        }
        assert!(told(0o644, "executable_by: group").is_some_and(|it| it.advice.contains("0010")));
    }

    #[test]
    fn contents_match_all_of_some_expressions_and_none_of_others() {
        assert_eq!(told(0o644, "content: { matches_all: [\"(?m)^one$\", \"t.o\"], matches_none: [three] }"), None);
        let missing = told(0o644, "content: { matches_all: [one, three] }").map(|it| it.expected);
        assert_eq!(missing.as_deref(), Some("text that matches `three` in /a"));
        let unwanted = told(0o644, "content: { matches_none: [four, \"tw.\"] }").map(|it| it.expected);
        assert_eq!(unwanted.as_deref(), Some("text that does not match `tw.` in /a"));
    }
}
