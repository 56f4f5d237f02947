//! Image archives, made here: as `docker save` writes them up to Engine 24, with whatever layers.

use crate::hex::hex;
use serde_json::json;
use sha2::{Digest, Sha256};

/// A tar archive with these files (path, content); a path that ends with a slash is a folder's.
pub(super) fn tar<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        let folder = path.ends_with('/');
        header.set_entry_type(if folder { tar::EntryType::Directory } else { tar::EntryType::Regular });
        header.set_mode(if folder { 0o755 } else { 0o644 });
        header.set_size(content.len() as u64);
        // Names that the crate would refuse are wanted, too.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, content).expect("memory can be written");
    }
    archive.into_inner().expect("memory can be written")
}

/// An image of these layers, whose configuration and manifest name them rightly.
pub(super) fn image(layers: &[&[u8]]) -> Vec<u8> {
    let digests: Vec<String> = layers.iter().map(|layer| hex(&Sha256::digest(layer))).collect();
    let ids: Vec<String> = digests.iter().map(|digest| format!("sha256:{digest}")).collect();
    let history: Vec<_> = ids.iter().map(|id| json!({ "created_by": format!("COPY {id} /") })).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": { "Env": ["A=b"], "Cmd": ["sh"], "User": "app" },
        "rootfs": { "type": "layers", "diff_ids": ids }, "history": history,
    });
    let config = config.to_string();
    let name = format!("{}.json", hex(&Sha256::digest(config.as_bytes())));
    let paths: Vec<String> = (0..layers.len()).map(|at| format!("{at}/layer.tar")).collect();
    let manifest = json!([{ "Config": name, "RepoTags": ["e01/web:v1"], "Layers": paths }]).to_string();
    let files = paths.iter().map(String::as_str).zip(layers.iter().copied());
    let documents = [(name.as_str(), config.as_bytes()), ("manifest.json", manifest.as_bytes())];
    tar(files.chain(documents))
}
