//! What a build is told apart from: each other way to an image that looks right has its own message. And a
//! right image stays right when the builder's cache is gone.

mod cli_support;

use cli_support::docker::{BUSYBOX, docker_fails};
use cli_support::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What the right image's configuration says, for those who type it in by hand.
const CHANGES: [&str; 6] = [
    "--change",
    "WORKDIR /site",
    "--change",
    "EXPOSE 8080",
    "--change",
    "CMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/site\"]",
];

#[test]
fn a_rebuild_without_cache_and_one_whose_cache_is_gone_still_pass() {
    for client in BUILDERS {
        let scene = Scene::new();
        // A step that no other build has, so that its cache can be removed alone.
        scene.write("Dockerfile", &scene.with_instructions(&format!("RUN echo {} > /made\n", scene.repository)));
        scene.build(client, &[]);
        scene.check().exits(0);
        scene.build(client, &["--no-cache"]);
        scene.check().exits(0);
        forget(&scene, client);
        let told = scene.check().exits(0);
        assert_eq!(told.check("built")["verdict"], "pass");
        let evidence = told.check("built")["evidence"].to_string();
        assert!(evidence.contains("contents of the layers"), "contents were compared: {evidence}");
    }
}

/// Takes the builder's cache of the scene's image away; the image stays.
fn forget(scene: &Scene, client: Client) {
    if client == Client::Classic {
        // An image that was loaded has no parents, and these are the classic builder's cache.
        let archive = scene.learner.root().join("web.tar");
        let archive = archive.to_str().unwrap();
        docker(&["save", "--output", archive, &scene.image]);
        docker(&["rmi", &scene.image]);
        docker(&["load", "--input", archive]);
        return;
    }
    let mut listed = false;
    // The engine refuses a second listing or pruning while one goes on, and spares what a build still holds.
    eventually("the builder's records of the step go", 60, || {
        let ours = records_of(&scene.repository)?;
        listed |= !ours.is_empty();
        // The image holds on to its layers, not to the builder's records of them. Children go first.
        for id in ours.iter().rev() {
            docker_fails(&["builder", "prune", "--force", "--all", "--filter", &format!("id={id}")]);
        }
        (listed && ours.is_empty()).then_some(())
    });
}

/// The builder's records of the step with this word, and of what lies upon it; parents first. None while the
/// engine does not say.
fn records_of(word: &str) -> Option<Vec<String>> {
    let listing = ["system", "df", "--verbose", "--format", "{{json .BuildCache}}"];
    let output = std::process::Command::new("docker").args(listing).output().ok()?;
    let records: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_slice(&output.stdout).ok()?;
    let text = |record: &BTreeMap<String, serde_json::Value>, field: &str| {
        record.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    // The step is known by its words; what lies upon it by its parent. Newer engines give a list.
    let mut found: Vec<String> = Vec::new();
    while let Some(record) = records.iter().find(|record| {
        let ours = text(record, "Description").contains(word);
        let parents = format!("{:?} {:?}", record.get("Parent"), record.get("Parents"));
        !found.contains(&text(record, "ID")) && (ours || found.iter().any(|id| parents.contains(id.as_str())))
    }) {
        found.push(text(record, "ID"));
    }
    Some(found)
}

#[test]
fn another_name_for_the_base_is_told() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    docker(&["tag", BUSYBOX, &scene.image]);
    scene.fails("built", &format!("{} is only another name for {BUSYBOX}", scene.image));
}

#[test]
fn another_name_for_a_right_image_made_elsewhere_is_judged_by_what_it_is() {
    // A tag is no fraud by itself: the image that it names was built from this very folder.
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    let other = format!("{}/other:v1", scene.repository);
    Client::Classic.build(&scene.folder(), &["-t", &other]);
    docker(&["tag", &other, &scene.image]);
    scene.check().exits(0);
}

#[test]
fn a_commit_is_told() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    let name = format!("{}-by-hand", scene.repository);
    docker(&["create", "--name", &name, "--label", &scene.label, BUSYBOX, "httpd", "-f", "-p", "8080", "-h", "/site"]);
    docker(&["cp", &format!("{}/.", scene.folder().display()), &format!("{name}:/site")]);
    docker(&[&["commit"], &CHANGES[..], &[name.as_str(), &scene.image]].concat());
    scene.fails("built", "was made from a container, not from a Dockerfile (docker commit)");
}

#[test]
fn a_commit_of_a_container_of_the_right_image_is_told() {
    for client in BUILDERS {
        let scene = Scene::solved(client);
        let name = format!("{}-again", scene.repository);
        docker(&["create", "--name", &name, &scene.image]);
        docker(&["commit", &name, &scene.image]);
        scene.fails("built", "was made from a container, not from a Dockerfile (docker commit)");
    }
}

#[test]
fn an_archive_of_files_that_was_imported_is_told() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    let path = scene.learner.root().join("site.tar");
    let mut archive = tar::Builder::new(File::create(&path).unwrap());
    for file in ["index.html", "style.css", "token"] {
        archive.append_path_with_name(scene.folder().join(file), format!("site/{file}")).unwrap();
    }
    archive.finish().unwrap();
    docker(&[&["import"], &CHANGES[..], &[path.to_str().unwrap(), &scene.image]].concat());
    scene.fails("built", "was imported from an archive of files (docker import)");
}

#[test]
fn a_flattened_copy_of_the_right_image_is_told() {
    for client in BUILDERS {
        let scene = Scene::solved(client);
        let name = format!("{}-flat", scene.repository);
        let path = scene.learner.root().join("flat.tar");
        let path = path.to_str().unwrap();
        docker(&["create", "--name", &name, &scene.image]);
        docker(&["export", "--output", path, &name]);
        docker(&[&["import"], &CHANGES[..], &[path, &scene.image]].concat());
        scene.fails("built", "is a flattened copy");
    }
}

#[test]
fn an_image_that_was_pushed_or_saved_removed_and_brought_back_passes() {
    let scene = Scene::solved(Client::Classic);
    forget(&scene, Client::Classic);
    scene.check().exits(0);
}

#[test]
fn a_saved_image_with_an_edited_file_is_told() {
    for client in BUILDERS {
        let scene = Scene::solved(client);
        assert!(scene.read("index.html").contains("</body>"), "the edit finds its place");
        edit_saved(&scene, |path, content| {
            (path == "site/index.html").then(|| content.replace("</body>", "<p>Edited by hand</p></body>"))
        });
        scene.fails("built", "differs from what this folder builds");
    }
}

/// Saves the scene's image, edits files in its layers as a forger would (with all digests made anew), and
/// loads it under the same name.
fn edit_saved(scene: &Scene, edit: impl Fn(&str, &str) -> Option<String>) {
    let path = scene.learner.root().join("saved.tar");
    docker(&["save", "--output", path.to_str().unwrap(), &scene.image]);
    let saved = read_archive(&path);
    let manifest: serde_json::Value = serde_json::from_slice(&saved["manifest.json"]).unwrap();
    let mut config: serde_json::Value =
        serde_json::from_slice(&saved[manifest[0]["Config"].as_str().unwrap()]).unwrap();
    let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut names = Vec::new();
    for (index, layer) in manifest[0]["Layers"].as_array().unwrap().iter().enumerate() {
        let layer = edited(&saved[layer.as_str().unwrap()], &edit);
        config["rootfs"]["diff_ids"][index] = format!("sha256:{}", hex(&Sha256::digest(&layer))).into();
        names.push(format!("layer{index}.tar"));
        out.insert(format!("layer{index}.tar"), layer);
    }
    let config = serde_json::to_vec(&config).unwrap();
    let config_name = format!("{}.json", hex(&Sha256::digest(&config)));
    let manifest = serde_json::json!([{ "Config": config_name, "RepoTags": [scene.image], "Layers": names }]);
    out.insert(config_name, config);
    out.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
    let mut archive = tar::Builder::new(File::create(&path).unwrap());
    for (name, content) in &out {
        append(&mut archive, tar::Header::new_gnu(), name, content);
    }
    archive.finish().unwrap();
    docker(&["rmi", &scene.image]);
    docker(&["load", "--input", path.to_str().unwrap()]);
}

fn edited(layer: &[u8], edit: impl Fn(&str, &str) -> Option<String>) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(layer).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let header = entry.header().clone();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let new = std::str::from_utf8(&content).ok().and_then(|text| edit(&path, text));
        match new {
            Some(new) => append(&mut out, header, &path, new.as_bytes()),
            None => out.append(&header, content.as_slice()).unwrap(),
        }
    }
    out.into_inner().unwrap()
}

fn append(archive: &mut tar::Builder<impl std::io::Write>, mut header: tar::Header, name: &str, content: &[u8]) {
    header.set_size(content.len() as u64);
    if header.mode().unwrap_or(0) == 0 {
        header.set_mode(0o644);
    }
    archive.append_data(&mut header, name, content).unwrap();
}

/// Every file of an archive; links to files too, since Engine 20.10 saves equal layers once.
fn read_archive(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(File::open(path).unwrap()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        assert!(!entry.header().entry_type().is_symlink(), "{name}: a layer that is a link");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(name, content);
    }
    files
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_colleagues_image_and_a_colleagues_folder_are_told() {
    let (scene, colleague) = (Scene::new(), Scene::new());
    assert_ne!(scene.read("token"), colleague.read("token"), "each learner has a token of their own");
    for one in [&scene, &colleague] {
        one.write("Dockerfile", &scene.dockerfile());
    }
    Client::BuildKit.build(&colleague.folder(), &["-t", &scene.image]);
    scene.fails("built", "differs from what this folder builds");
    // With the colleague's token in the folder too, the image is what the folder builds, and not theirs.
    scene.write("token", &colleague.read("token"));
    scene.fails("token", "another token");
}

#[test]
fn an_image_from_before_the_last_edit_is_told_with_what_was_edited() {
    let scene = Scene::solved(Client::BuildKit);
    let page = scene.read("index.html");
    scene.write("index.html", &page.replace("</body>", "<p>Later</p></body>"));
    scene.fails("built", "site/index.html");
    scene.write("index.html", &page);
    let dockerfile = scene.dockerfile();
    scene.write("Dockerfile", &dockerfile.replace("\"-v\", ", ""));
    scene.fails("built", "CMD is");
    scene.write("Dockerfile", &dockerfile.replace("WORKDIR /site\n", "WORKDIR /site\nRUN true\n"));
    scene.fails("built", "your Dockerfile says");
    scene.write("Dockerfile", &dockerfile.replace("busybox:1.36", "busybox:1.36 AS"));
    scene.fails("built", "FROM requires");
    scene.write("Dockerfile", &dockerfile);
    scene.check().exits(0);
}

#[test]
fn a_folder_that_was_never_built_is_told_with_the_command() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    scene.fails("exists", &format!("docker build -t {} .", scene.image));
}
