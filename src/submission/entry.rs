//! Which paths a submission may have, and how much of them. Pure.
//!
//! Sizes are counted while bytes go by; what a header says of them is never believed.

use std::fmt;

/// What a submission may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive itself.
    pub archive: u64,
    /// Bytes of all files together.
    pub total: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Files and folders.
    pub entries: u64,
    /// Folders inside one another.
    pub depth: usize,
    /// Bytes that one byte of a compressed archive may become, once [`Limits::SLACK`] is exceeded.
    pub ratio: u64,
}

impl Limits {
    /// Bytes that may come out of an archive before its ratio counts: small texts compress well.
    pub const SLACK: u64 = 8 << 20;
    /// Bytes of one path.
    const PATH: usize = 1024;
    /// Bytes of one name (NAME_MAX of Linux, limits.h).
    const NAME: usize = 255;
}

impl Default for Limits {
    /// 64 MiB for the archive, 256 MiB in all, 64 MiB a file, 20 000 entries, 32 folders deep, 1 to 200.
    fn default() -> Self {
        Self { archive: 64 << 20, total: 256 << 20, file: 64 << 20, entries: 20_000, depth: 32, ratio: 200 }
    }
}

/// Why a submission is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Refused {
    /// What is wrong, with the entry's name.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl Refused {
    /// A refusal for a reason that concerns one entry.
    pub fn of(raw: &[u8], why: impl fmt::Display, help: &str) -> Self {
        Self { what: format!("`{}` {why}", shown(raw)), help: help.to_owned() }
    }

    /// A refusal of the whole.
    pub fn whole(what: impl Into<String>, help: &str) -> Self {
        Self { what: what.into(), help: help.to_owned() }
    }
}

/// What to do about anything that `dlearn submit` would not have packed.
pub const PACK_AGAIN: &str = "dlearn submit packs only what can be taken: let the learner hand in again with it";

/// Where an entry belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The submission's own folder (`./`).
    Top,
    /// A path below it, `/` between its parts.
    At(String),
    /// It steers other programs or was made by one, and is left out with all below it.
    LeftOut,
}

/// Names that are left out, with everything below: other programs' own.
const LEFT_OUT: [&str; 4] = [".git", ".dlearn", "__MACOSX", ".DS_Store"];

/// Where an entry of this name belongs.
///
/// # Errors
/// For a path that leads elsewhere, or that people would read differently from programs.
pub fn place(raw: &[u8], limits: &Limits) -> Result<Place, Refused> {
    let bad = |why: &str| Err(Refused::of(raw, why, PACK_AGAIN));
    let Ok(text) = std::str::from_utf8(raw) else { return bad("is no name in UTF-8") };
    if text.starts_with('/') {
        return bad("is an absolute path");
    }
    if text.contains(char::is_control) || crate::term::sanitize_line(text) != text {
        return bad("has invisible characters in its name");
    }
    if text.contains('\\') {
        return bad("has a backslash in its name");
    }
    if text.len() > Limits::PATH {
        return bad("is too long a path");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return bad("leads out of the submission (`..`)");
    }
    if parts.iter().any(|part| part.len() > Limits::NAME) {
        return bad("has too long a name");
    }
    if parts.iter().any(|part| LEFT_OUT.contains(part)) {
        return Ok(Place::LeftOut);
    }
    if parts.len() > limits.depth {
        return bad(&format!("lies more than {} folders deep", limits.depth));
    }
    Ok(if parts.is_empty() { Place::Top } else { Place::At(parts.join("/")) })
}

/// A name for people: control and invisible characters as escapes, at most 120 characters.
pub fn shown(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut shown = String::new();
    for char in text.chars().take(120) {
        let mut alone = [0; 4];
        let alone: &str = char.encode_utf8(&mut alone);
        match char.is_control() || crate::term::sanitize_line(alone) != alone {
            true => shown.extend(char.escape_unicode()),
            false => shown.push(char),
        }
    }
    if text.chars().nth(120).is_some() {
        shown.push('…');
    }
    shown
}

/// What was taken so far.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    limits: Limits,
    entries: u64,
    bytes: u64,
}

impl Tally {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, entries: 0, bytes: 0 }
    }

    /// One entry more.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn entry(&mut self) -> Result<(), Refused> {
        self.entries += 1;
        match self.entries > self.limits.entries {
            true => Err(Refused::whole(format!("it has more than {} files and folders", self.limits.entries), LESS)),
            false => Ok(()),
        }
    }

    /// More bytes of a file that had `before`.
    ///
    /// # Errors
    /// Where the file or the whole becomes too large.
    pub fn bytes(&mut self, raw: &[u8], before: u64, more: u64) -> Result<(), Refused> {
        self.bytes = self.bytes.saturating_add(more);
        if before.saturating_add(more) > self.limits.file {
            return Err(Refused::of(raw, format!("has more than {}", mebibytes(self.limits.file)), LESS));
        }
        if self.bytes > self.limits.total {
            return Err(Refused::whole(format!("its files have more than {}", mebibytes(self.limits.total)), LESS));
        }
        Ok(())
    }
}

/// What to do about too much.
pub const LESS: &str = "leave out what a build makes or installs (node_modules, virtual environments, images)";

/// Bytes in MiB, for a limit.
pub fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(raw: &str) -> Place {
        place(raw.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn ordinary_paths_are_kept_and_put_in_one_form() {
        assert_eq!(at("./E01-x//src/./app.py"), Place::At("E01-x/src/app.py".into()));
        assert_eq!(at("E01-x/"), Place::At("E01-x".into()));
        assert_eq!(at("..data/ü b"), Place::At("..data/ü b".into()));
        assert_eq!(at("./"), Place::Top);
        assert_eq!(at(""), Place::Top);
    }

    #[test]
    fn what_belongs_to_other_programs_is_left_out_with_all_below() {
        for path in [".git", "E01/.git/hooks/pre-commit", ".dlearn/state.json", "__MACOSX/._x", "a/.DS_Store"] {
            assert_eq!(at(path), Place::LeftOut, "{path}");
        }
        assert_eq!(at(".gitignore"), Place::At(".gitignore".into()));
    }

    #[test]
    fn paths_that_lead_elsewhere_or_mislead_are_refused_by_name() {
        let deep = "a/".repeat(33);
        let long = "n".repeat(256);
        for (raw, why) in [
            (&b"/etc/passwd"[..], "absolute"),
            (b"a/../../x", "`..`"),
            (b".git/../x", "`..`"),
            (b"a\\..\\x", "backslash"),
            (b"a\nb", "invisible"),
            (b"a\x1b[31mb", "invisible"),
            ("a\u{202e}txt".as_bytes(), "invisible"),
            (b"\xff\xfe", "UTF-8"),
            (deep.as_bytes(), "32 folders"),
            (long.as_bytes(), "too long a name"),
        ] {
            let refused = place(raw, &Limits::default()).unwrap_err();
            assert!(refused.what.contains(why), "{raw:?}: {refused}");
            assert!(refused.what.chars().all(|char| !char.is_control()), "{refused:?}");
        }
    }

    #[test]
    fn too_much_is_noticed_while_it_comes() {
        let limits = Limits { entries: 2, file: 10, total: 15, ..Limits::default() };
        let mut tally = Tally::new(limits);
        tally.entry().and_then(|()| tally.entry()).unwrap();
        assert!(tally.entry().unwrap_err().what.contains("more than 2 files"));
        tally.bytes(b"a", 0, 10).unwrap();
        assert!(tally.bytes(b"b", 0, 6).is_err());
        assert!(Tally::new(limits).bytes(b"a", 5, 6).unwrap_err().what.contains("`a`"));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_stays_below_its_folder(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(Place::At(path)) = place(&raw, &Limits::default()) {
                let ordinary = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
                prop_assert!(path.split('/').all(ordinary), "{path:?}");
                prop_assert_eq!(place(path.as_bytes(), &Limits::default()), Ok(Place::At(path.clone())));
            }
            prop_assert!(shown(&raw).chars().all(|char| !char.is_control()));
        }
    }
}
