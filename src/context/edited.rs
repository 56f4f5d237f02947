//! A tree with changes that exist in memory only: what lies under it is never written.

use super::ContextError;
use super::ignore::LARGEST_FILE;
use super::tree::{Kind, Node, Tree};
use crate::course::mode_of;
use crate::evidence::Edit;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::time::SystemTime;

/// `under` with some files as they would be after edits.
pub(super) struct Edited<'a> {
    under: &'a dyn Tree,
    /// By path relative to the root.
    files: BTreeMap<String, Vec<u8>>,
    removed: BTreeSet<String>,
    /// Seconds since 1970: an edited file is newer than what was made from it, byte code say.
    now: i64,
}

impl<'a> Edited<'a> {
    /// Carries the edits out.
    ///
    /// # Errors
    /// [`ContextError::Edit`] where a file is not there, or not what the edit takes it for.
    pub(super) fn new(under: &'a dyn Tree, edits: &BTreeMap<String, Edit>) -> Result<Self, ContextError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or_default();
        let mut edited = Self { under, files: BTreeMap::new(), removed: BTreeSet::new(), now };
        for (given, edit) in edits {
            let path = super::pattern::clean(given);
            if path == "." || path.starts_with('/') || path.starts_with("..") {
                return Err(ContextError::Edit { path, what: "is no path inside the build context".into() });
            }
            edited.carry_out(path, edit)?;
        }
        Ok(edited)
    }

    fn carry_out(&mut self, path: String, edit: &Edit) -> Result<(), ContextError> {
        let content = match edit {
            Edit::Write(text) => text.clone().into_bytes(),
            Edit::Remove => {
                if !self.is_there(&path)? {
                    return Err(ContextError::Edit { path, what: "is not there".into() });
                }
                self.removed.insert(path);
                return Ok(());
            }
            Edit::Append(text) => {
                let mut content = self.content(&path)?;
                if !content.is_empty() && !content.ends_with(b"\n") {
                    content.push(b'\n');
                }
                content.extend_from_slice(text.as_bytes());
                if !text.ends_with('\n') {
                    content.push(b'\n');
                }
                content
            }
            Edit::Replace { find, with } => {
                let content = self.content(&path)?;
                let mut places = content.windows(find.len().max(1));
                let Some(at) = places.position(|part| part == find.as_bytes()) else {
                    return Err(ContextError::Edit { path, what: format!("does not hold `{find}`") });
                };
                [&content[..at], with.as_bytes(), &content[at + find.len()..]].concat()
            }
        };
        self.files.insert(path, content);
        Ok(())
    }

    fn content(&self, path: &str) -> Result<Vec<u8>, ContextError> {
        let missing = || ContextError::Edit { path: path.to_owned(), what: "is not there".into() };
        self.read(path, LARGEST_FILE)?.ok_or_else(missing)
    }

    fn is_there(&self, path: &str) -> Result<bool, ContextError> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !folder.is_empty() && !self.is_there(folder)? {
            return Ok(false);
        }
        Ok(self.children(folder.as_bytes())?.iter().any(|node| node.path == path.as_bytes()))
    }

    fn is_removed(&self, path: &str) -> bool {
        self.removed.contains(path) || path.rsplit_once('/').is_some_and(|(folder, _)| self.is_removed(folder))
    }

    fn file(&self, path: &[u8]) -> Option<&Vec<u8>> {
        self.files.get(std::str::from_utf8(path).ok()?)
    }

    /// The name of what lies right below `folder` on the way to `path`, and whether that is `path` itself.
    fn below<'p>(folder: &str, path: &'p str) -> Option<(&'p str, bool)> {
        let rest = if folder.is_empty() { path } else { path.strip_prefix(folder)?.strip_prefix('/')? };
        let name = rest.split('/').next()?;
        Some((&path[..path.len() - rest.len() + name.len()], name.len() == rest.len()))
    }
}

impl Tree for Edited<'_> {
    fn children(&self, folder: &[u8]) -> Result<Vec<Node>, ContextError> {
        let shown = String::from_utf8_lossy(folder).into_owned();
        let ours: Vec<(&str, bool)> = self.files.keys().filter_map(|path| Self::below(&shown, path)).collect();
        let mut nodes = match self.under.children(folder) {
            // A folder that exists for the sake of a new file.
            Err(ContextError::Unreadable { source, .. })
                if source.kind() == io::ErrorKind::NotFound && !ours.is_empty() =>
            {
                Vec::new()
            }
            other => other?,
        };
        nodes.retain(|node| !self.is_removed(&node.shown()));
        for (path, whole) in ours {
            let known = nodes.iter().position(|node| node.path == path.as_bytes());
            let before = known.map(|at| nodes.swap_remove(at));
            let new = |kind, mode| Node {
                path: path.as_bytes().to_vec(),
                kind,
                mode,
                size: 0,
                mtime: self.now,
                uid: 0,
                gid: 0,
                inode: None,
                names: 1,
            };
            let node = match (before, whole) {
                (Some(node), false) if node.kind == Kind::Folder => node,
                (_, false) => new(Kind::Folder, 0o755),
                (before, true) => {
                    let content = self.files.get(path).map(Vec::as_slice).unwrap_or_default();
                    let plain = before.filter(|node| node.kind == Kind::File);
                    let node = plain.unwrap_or_else(|| new(Kind::File, mode_of(content)));
                    Node { size: content.len() as u64, mtime: self.now, inode: None, names: 1, ..node }
                }
            };
            nodes.push(node);
        }
        nodes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(nodes)
    }

    fn open(&self, node: &Node) -> Result<Box<dyn Read + '_>, ContextError> {
        match self.file(&node.path) {
            Some(content) => Ok(Box::new(content.as_slice())),
            None => self.under.open(node),
        }
    }

    fn target(&self, node: &Node) -> Result<Vec<u8>, ContextError> {
        self.under.target(node)
    }

    fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ContextError> {
        let path = super::pattern::clean(path);
        match self.files.get(&path) {
            Some(content) => Ok(Some(content.clone())),
            None if self.is_removed(&path) => Ok(None),
            None => self.under.read(&path, limit),
        }
    }

    fn dockerfile(&self, given: &str) -> Result<String, ContextError> {
        let path = super::pattern::clean(given);
        if self.files.contains_key(&path) {
            return Ok(path);
        }
        let found = self.under.dockerfile(given)?;
        if self.is_removed(&found) { Err(ContextError::NoDockerfile { path: found }) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Packed, TarStyle, pack_edited};
    use super::*;
    use std::fs;
    use std::path::Path;

    fn edits(list: &[(&str, Edit)]) -> BTreeMap<String, Edit> {
        list.iter().map(|(path, edit)| ((*path).to_owned(), edit.clone())).collect()
    }

    fn packed(root: &Path, list: &[(&str, Edit)]) -> Result<Packed, ContextError> {
        pack_edited(root, "Dockerfile", TarStyle::Plain, &Limits::default(), &edits(list))
    }

    /// Path → content, folders with a `/` at the end.
    fn contents(packed: &Packed) -> BTreeMap<String, String> {
        let mut archive = tar::Archive::new(packed.bytes.as_slice());
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), text)
        });
        entries.collect()
    }

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in
            [("Dockerfile", "FROM busybox\n"), ("app.py", "print(1)"), ("docs/a.md", "a"), ("docs/b", "")]
        {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), text).unwrap();
        }
        dir
    }

    #[test]
    fn edits_show_in_the_archive_and_not_in_the_folder() {
        let dir = folder();
        let replace = |find: &str, with: &str| Edit::Replace { find: find.into(), with: with.into() };
        let list = [
            ("app.py", Edit::Append("# later".into())),
            ("Dockerfile", replace("busybox", "scratch")),
            ("docs/a.md", Edit::Remove),
            ("new/deep/x", Edit::Write("x".into())),
        ];
        let files = contents(&packed(dir.path(), &list).unwrap());
        assert_eq!(files["app.py"], "print(1)\n# later\n");
        assert_eq!(files["Dockerfile"], "FROM scratch\n");
        assert_eq!(files["new/deep/x"], "x");
        assert!(files.contains_key("new/deep/") && files.contains_key("docs/b") && !files.contains_key("docs/a.md"));
        assert_eq!(fs::read_to_string(dir.path().join("app.py")).unwrap(), "print(1)");
        assert!(dir.path().join("docs/a.md").exists() && !dir.path().join("new").exists());
    }

    #[test]
    fn what_is_not_edited_is_packed_as_before() {
        let dir = folder();
        let plain = super::super::pack(dir.path(), "Dockerfile", TarStyle::Plain, &Limits::default()).unwrap();
        assert_eq!(packed(dir.path(), &[]).unwrap().bytes, plain.bytes);
    }

    #[test]
    fn an_ignored_file_is_ignored_when_it_is_edited_too() {
        let dir = folder();
        fs::write(dir.path().join(".dockerignore"), "docs\n*.log\n").unwrap();
        let list = [("docs/a.md", Edit::Append("more".into())), ("x.log", Edit::Write("x".into()))];
        let files = contents(&packed(dir.path(), &list).unwrap());
        assert!(!files.keys().any(|path| path.starts_with("docs") || path.ends_with(".log")), "{files:?}");
        let without = [(".dockerignore", Edit::Remove)];
        assert!(contents(&packed(dir.path(), &without).unwrap()).contains_key("docs/a.md"));
    }

    #[test]
    fn an_edit_that_cannot_be_says_so() {
        let dir = folder();
        for (path, edit) in [
            ("gone", Edit::Append("x".into())),
            ("gone/x", Edit::Remove),
            ("app.py", Edit::Replace { find: "nothing of it".into(), with: String::new() }),
            ("../outside", Edit::Write("x".into())),
        ] {
            let error = packed(dir.path(), &[(path, edit)]).unwrap_err();
            assert!(matches!(error, ContextError::Edit { .. }), "{path}: {error}");
        }
    }
}
