//! Tests of the scan, on archives that are made here in both layouts.

mod compare;
mod hostile;
mod pack;
mod scan;
mod sightings;
mod stack;

use crate::hex::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;
use tar::{Builder, EntryType, Header};

/// `sha256:…` of some bytes.
fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// A tar archive that is written member by member, with names that the `tar` crate would refuse too.
struct Archive(Builder<Vec<u8>>);

impl Archive {
    fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn done(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    fn member(mut self, kind: EntryType, path: &str, link: &str, mode: u32, owner: u64, content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    fn file(self, path: &str, content: &[u8]) -> Self {
        self.member(EntryType::Regular, path, "", 0o644, 0, content)
    }

    fn directory(self, path: &str) -> Self {
        self.member(EntryType::Directory, path, "", 0o755, 0, b"")
    }

    fn symlink(self, path: &str, target: &str) -> Self {
        self.member(EntryType::Symlink, path, target, 0o777, 0, b"")
    }

    fn hard_link(self, path: &str, target: &str) -> Self {
        self.member(EntryType::Link, path, target, 0o644, 0, b"")
    }
}

/// A configuration for layers, with one history row for each and one that made none.
fn config(diff_ids: &[String]) -> Value {
    let mut history: Vec<Value> = (0..diff_ids.len()).map(|at| json!({"created_by": format!("step {at}")})).collect();
    history.insert(history.len().min(1), json!({"created_by": "ENV A=b", "empty_layer": true}));
    json!({
        "architecture": "amd64", "os": "linux", "created": "2024-01-02T03:04:05Z",
        "config": {"Env": ["PATH=/bin", "A=b=c"], "Cmd": ["sh"], "Entrypoint": null, "User": "app",
                   "ExposedPorts": {"80/tcp": {}}, "Labels": {"k": "v"}, "WorkingDir": "/app"},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    })
}

/// What `docker save` writes up to Engine 24: a layer that equals an earlier one is a link to it.
fn old_layout(layers: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    old_layout_with(layers, &config(&ids), |manifest| manifest)
}

fn old_layout_with(layers: &[Vec<u8>], config: &Value, change: impl FnOnce(Value) -> Value) -> Vec<u8> {
    let mut archive = Archive::new();
    let mut paths = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let folder = format!("{at:064x}");
        archive = archive
            .directory(&format!("{folder}/"))
            .file(&format!("{folder}/VERSION"), b"1.0")
            .file(&format!("{folder}/json"), br#"{"id":"x","config":{"Env":null}}"#);
        let path = format!("{folder}/layer.tar");
        archive = match layers[..at].iter().position(|earlier| earlier == layer) {
            Some(earlier) => archive.symlink(&path, &format!("../{earlier:064x}/layer.tar")),
            None => archive.file(&path, layer),
        };
        paths.push(path);
    }
    let config = config.to_string();
    let name = format!("{}.json", &digest(config.as_bytes())[7..]);
    let manifest = change(json!([{"Config": name, "RepoTags": ["e01/web:v1"], "Layers": paths}]));
    archive
        .file(&name, config.as_bytes())
        .file("manifest.json", manifest.to_string().as_bytes())
        .file("repositories", br#"{"e01/web":{"v1":"0"}}"#)
        .done()
}

/// What `docker save` writes from Engine 25 on; `compress` is what the image store keeps.
fn oci_layout(layers: &[Vec<u8>], compress: fn(&[u8]) -> Vec<u8>, with_manifest: bool) -> Vec<u8> {
    let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    let config = config(&ids).to_string().into_bytes();
    let mut blobs: Vec<Vec<u8>> = layers.iter().map(|layer| compress(layer)).collect();
    let paths: Vec<String> = blobs.iter().map(|blob| blob_path(blob)).collect();
    let descriptors: Vec<Value> =
        blobs.iter().map(|blob| json!({"digest": digest(blob), "size": blob.len()})).collect();
    let oci_manifest =
        json!({"schemaVersion": 2, "config": {"digest": digest(&config)}, "layers": descriptors}).to_string();
    let inner = json!({"manifests": [
        {"digest": digest(oci_manifest.as_bytes()), "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": digest(b"elsewhere"), "platform": {"os": "linux", "architecture": "arm64"}},
        {"digest": digest(b"proof"), "platform": {"os": "unknown"}, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    ]})
    .to_string();
    let index = json!({"schemaVersion": 2, "manifests": [
        {"digest": digest(inner.as_bytes()), "annotations": {"io.containerd.image.name": "docker.io/e01/web:v1"}},
    ]});
    let manifest = json!([{"Config": blob_path(&config), "RepoTags": ["e01/web:v1"], "Layers": paths}]);
    blobs.extend([config, oci_manifest.into_bytes(), inner.into_bytes()]);
    blobs.sort_by_key(|blob| digest(blob));
    blobs.dedup();
    let mut archive = Archive::new().directory("blobs/").directory("blobs/sha256/");
    for blob in &blobs {
        archive = archive.file(&blob_path(blob), blob);
    }
    archive = archive.file("index.json", index.to_string().as_bytes());
    if with_manifest {
        archive = archive.file("manifest.json", manifest.to_string().as_bytes());
    }
    archive.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#).done()
}

fn blob_path(blob: &[u8]) -> String {
    format!("blobs/sha256/{}", &digest(blob)[7..])
}

/// Two layers with something of everything.
fn sample_layers() -> Vec<Vec<u8>> {
    vec![
        Archive::new()
            .directory("./")
            .directory("./etc/")
            .file("./etc/passwd", b"root:x:0:0\n")
            .symlink("./bin", "usr/bin")
            .hard_link("./etc/passwd.link", "./etc/passwd")
            .done(),
        Archive::new()
            .member(EntryType::Directory, "app/", "", 0o2775, 1000, b"")
            .member(EntryType::Regular, "app/main.py", "", 0o100_644, 1000, b"print(1)\n")
            .file("etc/.wh.passwd.link", b"")
            .file("opt/.wh..wh..opq", b"")
            .member(EntryType::Fifo, "app/pipe", "", 0o600, 0, b"")
            .done(),
    ]
}
