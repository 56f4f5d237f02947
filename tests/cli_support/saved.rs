//! An image as an archive, as a forger edits it: saved, changed with all digests made anew, loaded again.

use super::docker::docker;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// A saved image.
pub struct Saved {
    place: PathBuf,
    /// Its configuration (OCI image specification, "Image Configuration").
    pub config: serde_json::Value,
    /// Its layers, bottom first, not compressed.
    pub layers: Vec<Vec<u8>>,
}

impl Saved {
    /// `docker save IMAGE` into a folder of the test's own.
    #[track_caller]
    pub fn image(image: &str, folder: &Path) -> Self {
        let place = folder.join("saved.tar");
        docker(&["save", "--output", place.to_str().expect("a path of text"), image]);
        let saved = read_archive(&place);
        let manifest: serde_json::Value = serde_json::from_slice(&saved["manifest.json"]).expect("a manifest");
        let file = |name: &serde_json::Value| saved[name.as_str().expect("a name")].clone();
        let config = serde_json::from_slice(&file(&manifest[0]["Config"])).expect("a configuration");
        let layers = manifest[0]["Layers"].as_array().expect("layers");
        Self { place, config, layers: layers.iter().map(|layer| plain(file(layer))).collect() }
    }

    /// Rewrites each entry of each layer for which `edit` gives something.
    pub fn edit(&mut self, edit: impl Fn(&str, &str) -> Option<Edit>) {
        let mut edited = 0;
        for layer in &mut self.layers {
            *layer = edit_layer(layer, &edit, &mut edited);
        }
        assert!(edited > 0, "the edit finds no place in the image");
    }

    /// Adds a file to the topmost layer.
    pub fn add(&mut self, path: &str, content: &str) {
        let last = self.layers.last_mut().expect("a layer");
        let mut out = tar::Builder::new(Vec::new());
        for entry in tar::Archive::new(last.as_slice()).entries().expect("a layer") {
            let mut entry = entry.expect("an entry");
            let header = entry.header().clone();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("its content");
            out.append(&header, content.as_slice()).expect("it is written");
        }
        append(&mut out, tar::Header::new_gnu(), path, content.as_bytes());
        *last = out.into_inner().expect("a layer");
    }

    /// Removes what has the name now, and loads this under it.
    #[track_caller]
    pub fn load(mut self, image: &str) {
        let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut names = Vec::new();
        for (index, layer) in self.layers.into_iter().enumerate() {
            self.config["rootfs"]["diff_ids"][index] = format!("sha256:{}", hex(&Sha256::digest(&layer))).into();
            names.push(format!("layer{index}.tar"));
            out.insert(format!("layer{index}.tar"), layer);
        }
        let config = serde_json::to_vec(&self.config).expect("a configuration");
        let config_name = format!("{}.json", hex(&Sha256::digest(&config)));
        let manifest = serde_json::json!([{ "Config": config_name, "RepoTags": [image], "Layers": names }]);
        out.insert(config_name, config);
        out.insert("manifest.json".into(), serde_json::to_vec(&manifest).expect("a manifest"));
        let mut archive = tar::Builder::new(File::create(&self.place).expect("the archive"));
        for (name, content) in &out {
            append(&mut archive, tar::Header::new_gnu(), name, content);
        }
        archive.finish().expect("the archive is written");
        docker(&["rmi", "--force", image]);
        docker(&["load", "--input", self.place.to_str().expect("a path of text")]);
    }
}

/// What becomes of an entry.
pub enum Edit {
    /// It gets this content.
    Content(String),
    /// It gets these permission bits.
    Mode(u32),
    /// It gets this owner.
    Owner(u64),
    /// It goes.
    Gone,
}

fn edit_layer(layer: &[u8], edit: impl Fn(&str, &str) -> Option<Edit>, edited: &mut usize) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(layer).entries().expect("a layer") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        let mut header = entry.header().clone();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("its content");
        let wanted = std::str::from_utf8(&content).ok().and_then(|text| edit(&path, text));
        *edited += usize::from(wanted.is_some());
        match wanted {
            Some(Edit::Content(new)) => append(&mut out, header, &path, new.as_bytes()),
            Some(Edit::Gone) => {}
            Some(Edit::Mode(mode)) => {
                header.set_mode(mode);
                append(&mut out, header, &path, &content);
            }
            Some(Edit::Owner(owner)) => {
                header.set_uid(owner);
                append(&mut out, header, &path, &content);
            }
            None => out.append(&header, content.as_slice()).expect("it is written"),
        }
    }
    out.into_inner().expect("a layer")
}

fn append(archive: &mut tar::Builder<impl Write>, mut header: tar::Header, name: &str, content: &[u8]) {
    header.set_size(content.len() as u64);
    if header.mode().unwrap_or(0) == 0 {
        header.set_mode(0o644);
    }
    archive.append_data(&mut header, name, content).expect("it is written");
}

/// A layer as it was before compression; containerd's store saves BuildKit's compressed.
fn plain(layer: Vec<u8>) -> Vec<u8> {
    if !layer.starts_with(&[0x1f, 0x8b]) {
        return layer;
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(layer.as_slice()).read_to_end(&mut plain).expect("a layer by gzip");
    plain
}

/// Every file of an archive; links to files too, since Engine 20.10 saves equal layers once.
fn read_archive(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(File::open(path).expect("the archive")).entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").to_string_lossy().into_owned();
        assert!(!entry.header().entry_type().is_symlink(), "{name}: a layer that is a link");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("its content");
        files.insert(name, content);
    }
    files
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
