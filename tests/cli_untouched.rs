//! Whatever the learner has in the engine and in their folder is as it was, after every command: under
//! the exercise's names, under names like dlearn's own, with dlearn's labels.

mod cli_support;

use cli_support::docker::BUSYBOX;
use cli_support::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A learner's work around an exercise: images, containers, networks, volumes, files.
fn at_work(client: Client) -> Scene {
    let scene = Scene::solved(client);
    let (label, own) = (scene.label.as_str(), scene.repository.as_str());
    let unique = &own[1..];

    // Images: other tags of the exercise's image, one without a name, and names like dlearn's.
    docker(&["tag", &scene.image, &format!("{own}/web:mine")]);
    docker(&["tag", &scene.image, &format!("{own}/web-old:v1")]);
    docker(&["tag", &scene.image, &format!("dlearn-run-mine/{unique}:1")]);
    docker(&["tag", &scene.image, &format!("dlearn-run/{unique}/app:v1")]);
    let other = scene.learner.root().join("other");
    fs::create_dir(&other).unwrap();
    let dockerfile = |tail: &str| format!("FROM {BUSYBOX}\nLABEL {label}\nRUN echo {own} > /made\n{tail}");
    fs::write(other.join("Dockerfile"), dockerfile("RUN echo untagged > /untagged\n")).unwrap();
    client.build(&other, &[]);
    let labels = format!("LABEL dlearn=check dlearn.run=0123456789ab dlearn.exercise={}\n", scene.id);
    fs::write(other.join("Dockerfile"), dockerfile(&labels)).unwrap();
    let labelled = format!("{own}/labelled:v1");
    client.build(&other, &["-t", &labelled]);

    // Containers: running, stopped and created, of these images, with names like dlearn's.
    let run = |name: &str, image: &str, command: &[&str]| {
        docker(&[&["run", "--detach", "--label", label, "--name", name, image], command].concat())
    };
    run(&format!("{own}-site"), &scene.image, &[]);
    run(&format!("dlearn-{unique}-1"), &scene.image, &[]);
    run(&format!("{own}-labelled"), &labelled, &["sleep", "1000"]);
    docker(&["wait", &run(&format!("{own}-ended"), &scene.image, &["true"])]);
    docker(&["create", "--label", label, "--name", &format!("dlearn-{own}"), &labelled, "true"]);

    for kind in ["network", "volume"] {
        docker(&[kind, "create", "--label", label, &format!("{own}-mine")]);
        docker(&[kind, "create", "--label", label, "--label", "dlearn=mine", &format!("dlearn-{unique}")]);
    }

    scene.write("notes.txt", "mine\n");
    fs::create_dir(scene.folder().join("drafts")).unwrap();
    scene.write("drafts/Dockerfile", "FROM nowhere\n");
    scene
}

/// Content, mode and modification time (in seconds) of each file below a folder.
fn files(root: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), (fs::read(&path).unwrap(), meta.mode(), meta.mtime()));
        }
    }
    found
}

fn nothing_changes(client: Client) {
    let scene = at_work(client);
    let id = scene.id.as_str();
    let engine = scene.listing();
    assert!(engine.len() >= 15, "{engine:#?}");
    let theirs = files(&scene.folder());
    let commands: [(&[&str], i32); 9] = [
        (&["check", id], 0),
        (&["next", id], 0),
        (&["doctor"], 0),
        (&["images", "list"], 0),
        (&["selfcheck", id, "--case", "solution", "--engine", "own"], 0),
        (&["selfcheck", id, "--case", "wrong/flattened", "--engine", "own"], 0),
        (&["selfcheck", id, "--case", "wrong/renamed"], 0),
        (&["clean", "--dry-run"], 0),
        (&["clean"], 0),
    ];
    let _alone = alone("leftovers");
    for (args, code) in commands {
        let told = scene.learner.dlearn(args).exits(code);
        assert_eq!(scene.listing(), engine, "{told:?}");
        assert_eq!(files(&scene.folder()), theirs, "{told:?}");
    }
    // Also where the check fails: an edit, and a build that cannot succeed.
    for text in [scene.with_instructions("RUN echo later > /later\n"), scene.with_instructions("RUN false\n")] {
        scene.write("Dockerfile", &text);
        let told = scene.learner.dlearn(&["check", id]).exits(1);
        assert_eq!(scene.listing(), engine, "{told:?}");
    }
}

#[test]
fn the_learners_things_stay_as_they_are_with_buildkit() {
    nothing_changes(Client::BuildKit);
}

#[test]
fn the_learners_things_stay_as_they_are_with_the_classic_builder() {
    nothing_changes(Client::Classic);
}

#[test]
fn the_other_stages_of_a_rebuild_go_with_it() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    scene.build(Client::Classic, &[]);
    // The image is from before these edits; dlearn's build is the first of the stages, well ended or not.
    let stages = |last: &str| {
        let (label, unique) = (&scene.label, &scene.repository);
        let first = format!("FROM busybox:1.36 AS first\nLABEL {label}\nRUN echo {unique} > /made\nRUN {last}\n\n");
        format!("{first}{}COPY --from=first /made /made\n", scene.dockerfile())
    };
    for last in ["true", "exit 3"] {
        scene.write("Dockerfile", &stages(last));
        let before = scene.listing();
        scene.check().exits(1);
        assert_eq!(scene.listing(), before, "RUN {last}");
    }
}
