//! Taking the builders' caches away, of one image only.

use super::docker::{Client, docker};
use super::eventually;
use super::scene::Scene;
use std::collections::BTreeMap;
use std::process::Command;

/// Takes the builder's cache of the scene's image away; the image stays. With BuildKit, one of its RUN steps
/// must have the scene's repository in its words.
pub fn forget(scene: &Scene, client: Client) {
    if client == Client::Classic {
        return bring_back(scene);
    }
    // Engine 28 stumbles over whatever another test removes meanwhile.
    let records: Vec<BTreeMap<String, serde_json::Value>> = eventually("the engine lists its build cache", 30, || {
        let listing = ["system", "df", "--verbose", "--format", "{{json .BuildCache}}"];
        let output = Command::new("docker").args(listing).output().expect("the docker command runs");
        serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success())
    });
    let text = |record: &BTreeMap<String, serde_json::Value>, field: &str| {
        record.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    // The step is known by its words; what lies upon it by its parent. Newer engines give a list.
    let mut gone: Vec<String> = Vec::new();
    loop {
        let found = records.iter().find(|record| {
            let ours = text(record, "Description").contains(&scene.repository);
            let parents = format!("{:?} {:?}", record.get("Parent"), record.get("Parents"));
            !gone.contains(&text(record, "ID")) && (ours || gone.iter().any(|id| parents.contains(id.as_str())))
        });
        let Some(found) = found else { break };
        gone.push(text(found, "ID"));
    }
    assert!(!gone.is_empty(), "the engine lists no cache of the build: {records:?}");
    // The image holds on to its layers, not to the builder's records of them. Children go first.
    for id in gone.iter().rev() {
        docker(&["builder", "prune", "--force", "--all", "--filter", &format!("id={id}")]);
    }
}

/// Saves the scene's image, removes it and loads it. An image that was loaded has no parents, and these are the
/// classic builder's cache.
pub fn bring_back(scene: &Scene) {
    let archive = scene.learner.root().join("web.tar");
    let archive = archive.to_str().expect("a path of text");
    docker(&["save", "--output", archive, &scene.image]);
    docker(&["rmi", &scene.image]);
    docker(&["load", "--input", archive]);
}
