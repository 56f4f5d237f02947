//! `dlearn layers`: archives without any engine, images of an engine, mistakes and what is said of them.

mod cli_support;

use cli_support::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// An engine that is not there.
const NOWHERE: &str = "unix:///nowhere/docker.sock";

fn learner() -> Learner {
    let mut learner = Learner::new();
    learner.set("DOCKER_HOST", NOWHERE);
    learner
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A tar archive of these files; a name that ends with a slash is a directory.
fn tar_of(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content, mode) in files {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(if path.ends_with('/') { tar::EntryType::Directory } else { tar::EntryType::Regular });
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        archive.append_data(&mut header, path, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// What `docker save` writes up to Engine 24, of layers and the rows that made them.
fn saved(tag: &str, layers: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let history: Vec<Value> = layers.iter().map(|(row, _)| json!({ "created_by": row })).collect();
    let ids: Vec<String> = layers.iter().map(|(_, layer)| digest(layer)).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": ids }, "history": history,
    });
    let names: Vec<String> = (0..layers.len()).map(|at| format!("{at}/layer.tar")).collect();
    let manifest = json!([{ "Config": "config.json", "RepoTags": [tag], "Layers": names }]).to_string();
    let config = config.to_string();
    let mut files: Vec<(&str, &[u8], u32)> =
        names.iter().zip(layers).map(|(name, (_, layer))| (name.as_str(), layer.as_slice(), 0o644)).collect();
    files.extend([("config.json", config.as_bytes(), 0o644), ("manifest.json", manifest.as_bytes(), 0o644)]);
    tar_of(&files)
}

/// The kitchen of lesson L02.
fn kitchen(more: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let base = [("bin/", &b""[..], 0o755), ("bin/busybox", &[7; 40_000], 0o755), ("bin/su", b"su", 0o4755)];
    let mut layers = vec![
        ("/bin/sh -c #(nop) ADD file:ab in / ", tar_of(&base)),
        (
            "COPY menu.txt /kitchen/ # buildkit",
            tar_of(&[("kitchen/", b"", 0o755), ("kitchen/menu.txt", b"bread\n", 0o644)]),
        ),
        ("RUN /bin/sh -c echo soup # buildkit", tar_of(&[("kitchen/menu.txt", b"bread\nsoup\n", 0o644)])),
        ("RUN /bin/sh -c rm menu # buildkit", tar_of(&[("kitchen/.wh.menu.txt", b"", 0o644)])),
    ];
    layers.extend(more.iter().cloned());
    saved("try/kitchen:v1", &layers)
}

fn file(learner: &Learner, name: &str, bytes: &[u8]) -> PathBuf {
    let path = learner.root().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn an_archive_is_shown_layer_by_layer_without_any_engine() {
    let learner = learner();
    file(&learner, "kitchen.tar", &kitchen(&[]));
    let told = learner.dlearn(&["layers", "kitchen.tar"]).exits(0);
    let shown = |text: &str| assert!(told.stdout.contains(text), "{text}\n{}", told.stdout);
    shown("kitchen.tar: 4 layers, 40.0 kB, linux/amd64");
    shown(" ADD … /");
    shown("+2");
    shown("COPY menu.txt /kitchen/");
    shown("RUN rm menu");
    shown("Wasted: 17 B (less than 1 %)");
    shown("11 B  /kitchen/menu.txt   in layer 3, deleted by layer 4");
    shown("6 B  /kitchen/menu.txt   in layer 2, replaced by layer 3");
    shown("40.0 kB  /bin/busybox   layer 1");
    shown("/bin/su   4755, layer 1");
    assert!(!told.stdout.contains('\x1b') && told.stderr.is_empty(), "{told:?}");
    let widest = told.stdout.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{}", told.stdout);
}

#[test]
fn one_layer_is_listed_path_by_path() {
    let learner = learner();
    file(&learner, "kitchen.tar", &kitchen(&[]));
    let listed = |number: &str| learner.dlearn(&["layers", "kitchen.tar", "--layer", number]).exits(0).stdout;
    assert!(listed("2").contains("+ /kitchen/\n") && listed("2").contains("6 B  + /kitchen/menu.txt"));
    assert!(listed("3").contains("11 B  ~ /kitchen/menu.txt"));
    assert!(listed("4").contains("- /kitchen/menu.txt"));
    learner.dlearn(&["layers", "kitchen.tar", "--layer", "5"]).exits(2).says("has no layer 5: it has 4");
    learner.dlearn(&["layers", "kitchen.tar", "--layer", "0"]).exits(2);
}

#[test]
fn two_images_are_compared_from_the_bottom() {
    let learner = learner();
    file(&learner, "one.tar", &kitchen(&[]));
    let tea = tar_of(&[("kitchen/menu.txt", b"tea\n", 0o644)]);
    file(&learner, "two.tar", &kitchen(&[("RUN /bin/sh -c echo tea # buildkit", tea)]));
    let told = learner.dlearn(&["layers", "one.tar", "--compare", "two.tar"]).exits(0).stdout;
    for text in [
        "Shared from the bottom: 4 layers",
        "Only in one.tar: no layer",
        "Only in two.tar: 1 layer",
        "RUN echo tea",
        "+ /kitchen/menu.txt   only in two.tar",
    ] {
        assert!(told.contains(text), "{text}\n{told}");
    }
    let report: Value =
        serde_json::from_str(&learner.dlearn(&["layers", "two.tar", "--compare", "one.tar", "--json"]).exits(0).stdout)
            .unwrap();
    assert_eq!(report["compare"]["shared_layers"], 4);
    assert_eq!(report["compare"]["paths"], json!([{ "path": "kitchen/menu.txt", "what": "only_first" }]));
}

#[test]
fn the_report_for_programs_has_every_number() {
    let learner = learner();
    file(&learner, "kitchen.tar", &kitchen(&[]));
    let report: Value =
        serde_json::from_str(&learner.dlearn(&["layers", "kitchen.tar", "--json"]).exits(0).stdout).unwrap();
    assert_eq!(report["schema"], "dlearn/layers/1");
    let image = &report["image"];
    assert_eq!((&image["source"], &image["tags"]), (&json!("archive"), &json!(["try/kitchen:v1"])));
    assert_eq!((&image["recoverable_bytes"], &image["repeated_bytes"]), (&json!(17), &json!(17)));
    assert_eq!((&image["dive"]["wasted_bytes"], &image["layers"][1]["paths"]), (&json!(17), &json!(2)));
    assert_eq!(image["layers"][1]["added"], 2);
    assert_eq!(image["layers"][3]["deleted"], 1);
    assert_eq!(image["hidden"][0]["hidden_by"], 4);
    assert_eq!(image["set_id"][0]["mode"], "4755");
    assert_eq!(image["truncated"], false);
}

/// An image with everything in it about which tools that look for waste disagree.
fn wasteful() -> Vec<u8> {
    let bytes = |count: usize| vec![b'x'; count];
    let layer = |files: &[(&str, usize, u32)]| {
        let files: Vec<_> = files.iter().map(|(path, size, mode)| (*path, bytes(*size), *mode)).collect();
        tar_of(&files.iter().map(|(path, content, mode)| (*path, &content[..], *mode)).collect::<Vec<_>>())
    };
    let base = layer(&[
        ("bin/", 0, 0o755),
        ("bin/tool", 5_000, 0o644),
        ("data/", 0, 0o755),
        ("data/x", 300, 0o644),
        ("empty/", 0, 0o755),
        ("etc/", 0, 0o755),
        ("etc/one", 1_000, 0o644),
        ("etc/two", 2_000, 0o644),
        ("srv/", 0, 0o755),
        ("srv/site/", 0, 0o755),
        ("srv/site/a", 10_000, 0o644),
        ("srv/site/b", 20_000, 0o644),
    ]);
    let changed =
        layer(&[("bin/", 0, 0o755), ("bin/tool", 5_000, 0o755), ("etc/", 0, 0o755), ("etc/one", 1_500, 0o644)]);
    // A file is deleted, and a directory as a whole.
    let deleted =
        layer(&[("etc/", 0, 0o755), ("etc/.wh.two", 0, 0o644), ("srv/", 0, 0o755), ("srv/.wh.site", 0, 0o644)]);
    // A directory that hides what was in it.
    let opaque = layer(&[("data/", 0, 0o755), ("data/.wh..wh..opq", 0, 0o644), ("data/y", 70, 0o644)]);
    // A file comes back, a directory is there again, and one is only implied.
    let again = layer(&[
        ("empty/", 0, 0o755),
        ("new/deep/file", 40, 0o644),
        ("srv/", 0, 0o755),
        ("srv/site/", 0, 0o755),
        ("srv/site/a", 10_000, 0o644),
    ]);
    let rows = ["ADD file:ab in / ", "RUN change", "RUN delete", "RUN empty", "RUN again"];
    saved(WASTEFUL, &rows.into_iter().zip([base, changed, deleted, opaque, again]).collect::<Vec<_>>())
}

const WASTEFUL: &str = "dlearn-test/wasteful:v1";

/// What dive 0.13.1 wrote about that archive with `--json`: efficiency, wasted bytes, all bytes, bytes and paths of each
/// layer, and the paths that it calls inefficient, with their counts and bytes.
fn by_dive() -> Value {
    json!({
        "efficiency": 0.782_122_247_085_149_f64, "wasted": 34_500, "bytes": 54_910,
        "layers": [[38_300, 12], [6_500, 4], [0, 4], [70, 2], [10_040, 7]],
        "repeated": [
            { "path": "srv/site/a", "count": 2, "bytes": 20_000 }, { "path": "bin/tool", "count": 2, "bytes": 10_000 },
            { "path": "etc/one", "count": 2, "bytes": 2_500 }, { "path": "etc/two", "count": 2, "bytes": 2_000 },
            { "path": "empty", "count": 2, "bytes": 0 },
        ],
    })
}

/// The same out of a report of `dlearn layers --json`.
fn by_ours(report: &Value) -> Value {
    let (image, dive) = (&report["image"], &report["image"]["dive"]);
    let layers: Vec<_> =
        image["layers"].as_array().unwrap().iter().map(|it| json!([it["bytes"], it["paths"]])).collect();
    json!({
        "efficiency": dive["efficiency"], "wasted": dive["wasted_bytes"], "bytes": image["stored_bytes"],
        "layers": layers, "repeated": dive["repeated"],
    })
}

#[test]
fn dives_accounting_is_there_beside_the_right_one() {
    let learner = learner();
    file(&learner, "wasteful.tar", &wasteful());
    let report: Value =
        serde_json::from_str(&learner.dlearn(&["layers", "wasteful.tar", "--json"]).exits(0).stdout).unwrap();
    assert_eq!(by_ours(&report), by_dive());
    let dive = &report["image"]["dive"];
    assert_eq!((&dive["user_bytes"], &dive["repeated_paths"]), (&json!(16_610), &json!(5)));
    // dive counts the copies that are needed, and misses what went with a folder: srv/site/b, and data/x below an
    // opaque one.
    let gone = 1_000 + 5_000 + 2_000 + (10_000 + 20_000) + 300;
    assert_eq!(report["image"]["recoverable_bytes"], gone);
}

#[test]
fn an_engines_image_has_dives_numbers_too() {
    let learner = Learner::new();
    // A name of its own: the layers are what counts.
    let name = format!("dlearn-test/wasteful-{}:v1", unique());
    let archive = file(&learner, "wasteful.tar", &wasteful());
    docker(&["load", "--input", archive.to_str().unwrap()]);
    docker(&["tag", WASTEFUL, &name]);
    let _image = Tagged(name.clone());
    docker(&["rmi", WASTEFUL]);
    let report: Value = serde_json::from_str(&learner.dlearn(&["layers", &name, "--json"]).exits(0).stdout).unwrap();
    let (mut ours, mut dives) = (by_ours(&report), by_dive());
    // An engine unpacks layers and packs them again: folders that were implied may be listed, and the other way round.
    for numbers in [&mut ours, &mut dives] {
        for layer in numbers["layers"].as_array_mut().unwrap() {
            layer.as_array_mut().unwrap().truncate(1);
        }
    }
    assert_eq!(ours, dives);
}

#[test]
fn an_archive_may_come_through_a_pipe_and_be_compressed() {
    let learner = learner();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&kitchen(&[])).unwrap();
    let mut child = learner.command(&["layers", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&encoder.finish().unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("standard input: 4 layers"));
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_do() {
    let learner = learner();
    let whole = kitchen(&[]);
    file(&learner, "cut.tar", &whole[..whole.len() / 2]);
    file(&learner, "export.tar", &tar_of(&[("etc/passwd", b"root", 0o644)]));
    file(&learner, "text.tar", "no archive at all\n".repeat(100).as_bytes());
    fs::create_dir(learner.root().join("folder")).unwrap();
    let wrong = |args: &[&str], what: &str, help: &str| {
        let told = learner.dlearn(args).exits(2).says(what).says(help);
        assert!(told.stdout.is_empty() && told.stderr.lines().count() <= 6, "{told:?}");
    };
    wrong(&["layers", "missing.tar"], "there is no file missing.tar", "docker save IMAGE -o missing.tar");
    wrong(&["layers", "cut.tar"], "cut.tar: the image archive is cut off", "Save the image again");
    wrong(&["layers", "export.tar"], "this is not an image archive", "docker export");
    wrong(&["layers", "text.tar"], "this is not an image archive", "docker save");
    wrong(&["layers", "./folder"], "is a folder", "tar -C ./folder");
    wrong(&["layers", "-", "--compare", "-"], "not both", "docker save");
    learner.dlearn(&["layers", "no/such"]).exits(3).says("cannot be reached");
}

#[test]
fn an_image_of_the_engine_and_its_archive_say_the_same() {
    let learner = Learner::new();
    let name = format!("dlearn-test/layers-{}:v1", unique());
    let folder = learner.root().join("context");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("Dockerfile"), "FROM busybox:1.36\nCOPY big /srv/\nRUN rm /srv/big\n").unwrap();
    fs::write(folder.join("big"), vec![b'x'; 3_000_000]).unwrap();
    let _image = Tagged::build(&name, &folder);
    let archive = learner.root().join("image.tar");
    docker(&["save", "-o", archive.to_str().unwrap(), &name]);
    let report = |subject: &str| -> Value {
        serde_json::from_str(&learner.dlearn(&["layers", subject, "--json"]).exits(0).stdout).unwrap()
    };
    let (mut engine, mut file) = (report(&name), report(archive.to_str().unwrap()));
    assert_eq!((&engine["image"]["source"], &file["image"]["source"]), (&json!("engine"), &json!("archive")));
    for report in [&mut engine, &mut file] {
        assert_eq!(report["image"]["recoverable_bytes"], 3_000_000);
        for key in ["name", "source"] {
            report["image"].as_object_mut().unwrap().remove(key);
        }
    }
    assert_eq!(engine, file);
    let missing = format!("{name}-missing");
    learner.dlearn(&["layers", &missing]).exits(2).says("there is no image called").says("docker pull");
}

/// An image that goes with the test.
struct Tagged(String);

impl Tagged {
    fn build(name: &str, context: &Path) -> Self {
        docker(&["build", "-q", "-t", name, "--label", "dlearn=test", context.to_str().unwrap()]);
        Self(name.to_owned())
    }
}

impl Drop for Tagged {
    fn drop(&mut self) {
        // The test's own failure, if there is one, matters more than a tag that stays.
        let _ = std::process::Command::new("docker").args(["rmi", &self.0]).output();
    }
}
