//! Taking the builders' caches away, of one image only.

use super::docker::{Client, docker, docker_fails};
use super::eventually;
use super::proxy::Stream;
use super::scene::Scene;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// Takes the builder's cache of the scene's image away; the image stays. With BuildKit, one of its RUN steps
/// must have the scene's repository in its words.
pub fn forget(scene: &Scene, client: Client) {
    if client == Client::Classic {
        return bring_back(scene);
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

/// What the engine says of its use of the disk by build caches. The command would have it measure all images too, which
/// the containerd store takes seconds for, and only for one asker at a time.
#[derive(serde::Deserialize)]
struct DiskUse {
    #[serde(rename = "BuildCache")]
    records: Vec<BTreeMap<String, serde_json::Value>>,
}

fn disk_use() -> io::Result<DiskUse> {
    let mut stream = Stream::to_engine()?;
    stream.write_all(b"GET /system/df?type=build-cache HTTP/1.0\r\nHost: docker\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    Ok(serde_json::from_slice(&answer[end..])?)
}

/// The builder's records of the step with this word, and of what lies upon it; parents first. None while the
/// engine does not say.
fn records_of(word: &str) -> Option<Vec<String>> {
    let records = disk_use().ok()?.records;
    let text = |record: &BTreeMap<String, serde_json::Value>, field: &str| {
        record.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    // The step is known by its words; what lies upon it by its parent.
    let mut found: Vec<String> = Vec::new();
    while let Some(record) = records.iter().find(|record| {
        let ours = text(record, "Description").contains(word);
        // 20.10 says `Parent`, and 28.5 ` Parents`, with a blank in front.
        let parents = format!("{:?}", record.iter().find(|(name, _)| name.trim().starts_with("Parent")));
        !found.contains(&text(record, "ID")) && (ours || found.iter().any(|id| parents.contains(id.as_str())))
    }) {
        found.push(text(record, "ID"));
    }
    Some(found)
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
