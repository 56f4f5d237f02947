//! Every image of an archive, looked at before an engine is given any of them.

use super::archive;
use super::config::{self, ConfigSummary};
use super::error::ScanError;
use super::{ScanOptions, layers, manifest};
use std::collections::BTreeSet;
use std::io::Read;

/// One image of an archive that may hold several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packed {
    /// Its names, as the archive writes them.
    pub names: Vec<String>,
    /// What an engine may call it by: the digests (`sha256:…`) of its configuration, of its manifest and of the indexes
    /// above, as far as the archive has them.
    pub ids: BTreeSet<String>,
    /// Its configuration, whose layers are those of the archive.
    pub config: ConfigSummary,
}

/// Reads an archive to its end: all images that some engine would take out of it.
///
/// Every layer is hashed and compared with the configuration that names it, so what is cut off or damaged is told
/// here. As slow as the reader.
///
/// # Errors
/// As [`super::scan`], and where the archive gives a name to an image that it does not hold.
pub fn packed(reader: impl Read) -> Result<Vec<Packed>, ScanError> {
    // No paths are wanted, so none are remembered.
    let options = ScanOptions { max_entries: 0, ..ScanOptions::default() };
    let mut contents = archive::read(reader, &options)?;
    let mut images = Vec::new();
    for parts in manifest::all(&contents)? {
        let config = config::read(&contents, &parts.config)?;
        layers(&mut contents, &parts, &config, &options)?;
        let ids = parts.digests.into_iter().chain([config.digest.clone()]).collect();
        images.push(Packed { names: parts.repo_tags, ids, config });
    }
    if images.is_empty() {
        return Err(ScanError::NotAnImage { what: "its manifest names no image".to_owned() });
    }
    Ok(images)
}
