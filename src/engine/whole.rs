//! Many files of an image out of one export of its container.
//!
//! To read one path, an engine up to 24 mounts the container's file system, starts itself once more inside it, and
//! unmounts it again: 20 to 80 ms, whatever the size. An export is that once, and all bytes of the image. So a small image
//! is read as a whole at once, and a larger one where the first paths have shown that the others would take longer. What
//! lies behind a link is asked for by its own path all the same: the engine follows links, an archive does not.

use super::file::{FILE_SECONDS, absolute, facts_of};
use super::{Engine, EngineError};
use crate::evidence::{FileFacts, FileType};
use http::Method;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::{self, Read};
use std::time::Duration;

/// Fewer paths are asked for one by one.
const FEWEST: usize = 4;
/// An image of that many bytes is read in about the time that asking for a path or two takes.
const SMALL: u64 = 8 * 1024 * 1024;
/// Bytes of an image that are read in a second.
const BYTES_A_SECOND: u64 = 200_000_000;
/// What an export may have beyond the image's size: headers, rounding, files with holes.
const BYTES_BESIDES: u64 = 64 * 1024 * 1024;

impl Engine {
    /// The size of an image in bytes, where so many paths are wanted that it may be faster to read all of it.
    pub(super) async fn size_if_many(&self, image: &str, paths: usize) -> Result<Option<u64>, EngineError> {
        match paths < FEWEST {
            true => Ok(None),
            false => Ok(self.image(image).await?.map(|facts| facts.size)),
        }
    }

    /// Those of `paths` about which an export of the container settles everything. Its image has `size` bytes.
    pub(super) async fn out_of_the_whole(
        &self,
        container: &str,
        (image, size): (&str, u64),
        paths: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Option<FileFacts>>, EngineError> {
        let doing = format!("read the files of image {image}");
        let target = format!("/containers/{container}/export");
        let wanted = paths.clone();
        let exported = self.long(&doing, FILE_SECONDS, async {
            let response = self.call(&doing, Method::GET, &target, None).await?;
            let most = size.saturating_mul(2).saturating_add(BYTES_BESIDES);
            self.piped(&doing, response.into_body(), move |reader| settled(reader.take(most), &wanted)).await
        });
        match exported.await {
            Ok(Ok(found)) => Ok(found),
            // What an engine does not give as a whole, it may give in parts.
            Ok(Err(_)) | Err(EngineError::Refused { .. }) => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }
}

/// Whether to read all `size` bytes of an image: so many paths are left to ask for, and one of them took so long.
pub(super) fn is_faster(size: u64, left: usize, one: Option<Duration>) -> bool {
    let each = one.unwrap_or_default().as_secs_f64();
    left >= FEWEST && (size <= SMALL || size as f64 / BYTES_A_SECOND as f64 + each < each * left as f64)
}

/// What the archive of a file system tells about each path for certain: that it is no link, or that nothing is there.
fn settled(reader: impl Read, paths: &BTreeSet<String>) -> io::Result<BTreeMap<String, Option<FileFacts>>> {
    let wanted: HashSet<String> = paths.iter().map(|path| absolute("/", path)).collect();
    let above: HashSet<&str> = wanted.iter().flat_map(|path| folders(path)).collect();
    let mut found: HashMap<String, FileFacts> = HashMap::new();
    // Folders on the way that are none, but links perhaps.
    let mut blocked = HashSet::new();
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = absolute("/", &String::from_utf8_lossy(&entry.path_bytes()));
        if wanted.contains(&path) {
            let hard_link = entry.header().entry_type() == tar::EntryType::Link;
            let mut facts = facts_of(&mut entry)?;
            // Its content stands with the file's other name.
            facts.kind = if hard_link { FileType::Link } else { facts.kind };
            found.insert(path.clone(), facts);
        }
        if above.contains(path.as_str()) && !entry.header().entry_type().is_dir() {
            blocked.insert(path);
        }
    }
    let settle = |path: &String| {
        let place = absolute("/", path);
        if place == "/" || folders(&place).any(|folder| blocked.contains(folder)) {
            return None;
        }
        match found.get(&place) {
            Some(facts) if facts.kind == FileType::Link => None,
            other => Some((path.clone(), other.cloned())),
        }
    };
    Ok(paths.iter().filter_map(settle).collect())
}

/// The folders on the way to an absolute path, without the root.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').skip(1).map(|(at, _)| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, EntryType, Header};

    fn archive(members: &[(&str, EntryType, &str, &str)]) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        for (path, kind, link, content) in members {
            let mut header = Header::new_ustar();
            header.set_entry_type(*kind);
            header.set_mode(0o640);
            header.set_uid(7);
            header.set_gid(8);
            header.set_size(content.len() as u64);
            if !link.is_empty() {
                header.set_link_name(link).unwrap();
            }
            archive.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn an_archive_settles_what_no_link_leads_to() {
        let bytes = archive(&[
            ("bin", EntryType::Symlink, "usr/bin", ""),
            ("etc/", EntryType::Directory, "", ""),
            ("etc/hosts", EntryType::Regular, "", "127.0.0.1 localhost\n"),
            ("etc/same", EntryType::Link, "etc/hosts", ""),
            ("etc/release", EntryType::Symlink, "../usr/lib/release", ""),
            ("usr/bin/sh", EntryType::Regular, "", "sh"),
        ]);
        let asked =
            ["/etc/hosts", "etc//hosts", "/etc", "/etc/gone", "/gone/a", "/bin/sh", "/etc/same", "/etc/release"];
        let asked = asked.into_iter().chain(["/", "/bin", "/etc/hosts/a", "/usr/bin/../bin/sh"]);
        let paths: BTreeSet<String> = asked.map(str::to_owned).collect();
        let found = settled(&bytes[..], &paths).unwrap();
        let told: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(told, ["/etc", "/etc/gone", "/etc/hosts", "/gone/a", "/usr/bin/../bin/sh", "etc//hosts"]);
        let hosts = found["/etc/hosts"].as_ref().unwrap();
        assert_eq!((hosts.kind, hosts.mode, hosts.uid, hosts.gid, hosts.size), (FileType::File, 0o640, 7, 8, 20));
        assert_eq!(hosts.text.as_deref(), Some("127.0.0.1 localhost\n"));
        assert_eq!(found["/etc"].as_ref().unwrap().kind, FileType::Directory);
        assert_eq!((found["/etc/gone"].as_ref(), found["/gone/a"].as_ref()), (None, None));
    }

    #[test]
    fn a_large_image_is_read_where_many_paths_take_long() {
        let took = |milliseconds| Some(Duration::from_millis(milliseconds));
        assert!(is_faster(2_000_000, 20, None), "it is small");
        assert!(!is_faster(2_000_000, 3, took(100)), "so few paths");
        assert!(!is_faster(150_000_000, 20, None), "nothing is known yet");
        assert!(is_faster(150_000_000, 20, took(80)));
        assert!(!is_faster(150_000_000, 20, took(5)));
        assert!(!is_faster(1_500_000_000, 20, took(80)));
        assert!(is_faster(1_500_000_000, 120, took(80)));
    }

    #[test]
    fn an_archive_that_is_cut_off_settles_nothing() {
        let bytes = archive(&[("a", EntryType::Regular, "", "text")]);
        let paths = BTreeSet::from(["/a".to_owned()]);
        assert!(settled(&bytes[..514], &paths).is_err());
        assert!(settled(&b"no archive at all, but some text"[..], &paths).is_err());
    }
}
