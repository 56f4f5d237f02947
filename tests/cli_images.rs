//! `dlearn images`: packs that are saved and loaded, mirrors, images that cannot be had; on the real engine, with images
//! and a course of the test's own.

mod cli_support;

use cli_support::docker::BUSYBOX;
use cli_support::*;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A course with one exercise, which needs images that only this test knows.
struct Room {
    scene: Scene,
    /// What the exercise is built on.
    base: String,
}

impl Room {
    fn new() -> Self {
        Self::with(&[])
    }

    /// The exercise needs these images too.
    fn with(more: &[&str]) -> Self {
        let scene = Scene::before();
        let base = format!("{}/base:v1", scene.repository);
        let file = scene.course().join(format!("exercises/{}-first-dockerfile/exercise.yaml", scene.id));
        let text = fs::read_to_string(&file).unwrap();
        let bases = serde_json::to_string(&[&[base.as_str()], more].concat()).unwrap();
        let edited = text.replacen(r#"bases: ["busybox:1.36"]"#, &format!("bases: {bases}"), 1);
        assert_ne!(edited, text);
        fs::write(&file, edited).unwrap();
        Self { scene, base }
    }

    fn images(&self, args: &[&str]) -> Told {
        self.scene.learner.dlearn(&[&["images"], args].concat())
    }

    /// Makes an image that holds this, and gives its id.
    fn make(&self, name: &str, content: &str) -> String {
        let folder = self.scene.learner.root().join("making");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("content"), content).unwrap();
        let label = &self.scene.label;
        fs::write(folder.join("Dockerfile"), format!("FROM {BUSYBOX}\nLABEL {label}\nCOPY content /\n")).unwrap();
        Client::Classic.build(&folder, &["--quiet", "-t", name]);
        id(name).unwrap()
    }

    fn file(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scene.learner.root().join(name)
    }

    /// What is in the folder of packs, hidden files too.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.scene.learner.root()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("."))
            .collect()
    }
}

fn id(name: &str) -> Option<String> {
    docker_lines(&["images", "--quiet", "--no-trunc", name]).pop()
}

#[test]
fn a_pack_brings_what_it_was_made_of() {
    let room = Room::new();
    room.images(&["list"]).exits(1).says("0 of 1 images are here").says("dlearn images load FILE");
    room.images(&["save", &room.file("none.tar")]).exits(2).says("nothing to save");
    let made = room.make(&room.base, "first");
    let listed = room.images(&["list", "--json"]).exits(0).json();
    assert_eq!(listed["schema"], "dlearn/images/1");
    assert_eq!((&listed["images"][0]["name"], &listed["images"][0]["here"]), (&room.base.clone().into(), &true.into()));
    assert_eq!(listed["totals"]["size_bytes"], listed["images"][0]["size_bytes"]);

    let pack = room.file("pack.tar");
    let saved = room.images(&["save", &pack, "--only", &room.scene.id.to_lowercase(), "--json"]).exits(0).json();
    assert_eq!(saved["images"], serde_json::json!([room.base]));
    assert_eq!(saved["size_bytes"], fs::metadata(&pack).unwrap().len());
    room.images(&["save", &pack]).exits(2).says("there is a file").says("choose another name");
    assert_eq!(room.files(), ["pack.tar"]);

    room.images(&["load", &pack]).exits(0).says("was here already");
    docker(&["rmi", &room.base]);
    room.images(&["load", &pack]).exits(0).says(&room.base).says(" loaded");
    assert_eq!(id(&room.base), Some(made));
    let again = room.images(&["load", &pack, "--json"]).exits(0).json();
    assert_eq!(
        (&again["schema"], &again["images"][0]["outcome"]),
        (&"dlearn/images-load/1".into(), &"was_here".into())
    );
    // docker itself takes it, and a compressed one is as good.
    docker(&["load", "--input", &pack]);
    assert!(Command::new("gzip").arg(&pack).status().unwrap().success());
    docker(&["rmi", &room.base]);
    room.images(&["load", &format!("{pack}.gz")]).exits(0).says(" loaded");
}

#[test]
fn images_of_nobodys_course_are_taken_only_with_all() {
    let room = Room::new();
    let other = format!("{}/other:v1", room.scene.repository);
    room.make(&room.base, "base");
    room.make(&other, "other");
    let both = room.file("both.tar");
    docker(&["save", "--output", &both, &room.base, &other]);
    docker(&["rmi", &room.base, &other]);
    room.images(&["load", &both]).exits(2).says("this course does not need").says(&other).says("nothing was loaded");
    assert_eq!((id(&room.base), id(&other)), (None, None));
    // One without a name would come, too.
    let base = room.make(&room.base, "base");
    let unnamed = room.file("unnamed.tar");
    docker(&["save", "--output", &unnamed, &base]);
    room.images(&["load", &unnamed]).exits(2).says("without a name").says("--all");
    docker(&["rmi", &room.base]);
    room.images(&["load", &both, "--all"]).exits(0).says(&other);
    assert!(id(&room.base).is_some() && id(&other).is_some());
}

#[test]
fn a_name_that_another_image_has_is_kept_unless_it_may_be_replaced() {
    let room = Room::new();
    let packed = room.make(&room.base, "packed");
    let pack = room.file("pack.tar");
    room.images(&["save", &pack]).exits(0);
    let mine = room.make(&room.base, "mine");
    room.images(&["load", &pack])
        .exits(2)
        .says("other images have these names here")
        .says(&room.base)
        .says("--replace");
    assert_eq!(id(&room.base), Some(mine));
    room.images(&["load", &pack, "--replace"]).exits(0).says("another image lost this name");
    assert_eq!(id(&room.base), Some(packed));
}

#[test]
fn what_is_no_whole_pack_is_refused_before_the_engine_gets_it() {
    let room = Room::new();
    let made = room.make(&room.base, &"content ".repeat(100_000));
    let pack = room.file("pack.tar");
    room.images(&["save", &pack]).exits(0);
    let whole = fs::read(&pack).unwrap();
    fs::write(room.path("cut.tar"), &whole[..whole.len() / 2]).unwrap();
    let at = whole.windows(8).rposition(|bytes| bytes == b"content ").unwrap();
    let mut changed = whole.clone();
    changed[at] = b'C';
    fs::write(room.path("changed.tar"), changed).unwrap();
    fs::write(room.path("note.txt"), "busybox\n").unwrap();
    fs::write(room.path("long.txt"), "FROM busybox\n".repeat(1000)).unwrap();
    let container = docker(&["create", "--label", &room.scene.label, &room.base]);
    docker(&["export", "--output", &room.file("export.tar"), &container]);
    docker(&["rm", &container]);
    docker(&["rmi", &room.base]);
    for (file, says) in [
        ("cut.tar", "cut off"),
        ("changed.tar", "is not the layer that the configuration names"),
        ("note.txt", "it has only 8 bytes"),
        ("long.txt", "not an image archive"),
        ("export.tar", "docker save"),
        ("nowhere.tar", "No such file"),
        (".", "it is no file"),
    ] {
        let told = room.images(&["load", &room.file(file)]).exits(2).says(says);
        assert!(told.stdout.is_empty(), "{told:?}");
        assert_eq!(id(&room.base), None, "{file}");
    }
    room.images(&["save", &room.file("no/such/folder.tar")]).exits(2).says("choose a folder that exists");
    room.images(&["save", &room.file("x.tar"), "--only", "Q77"]).exits(2).says("no exercise in this course called Q77");
    room.images(&["load", &pack]).exits(0);
    assert_eq!(id(&room.base), Some(made));
}

#[test]
fn a_pack_that_an_engine_breaks_off_is_no_file() {
    let room = Room::new();
    room.make(&room.base, &"x".repeat(3_000_000));
    let proxy = Proxy::start(At::Bytes(1_000_000), Then::Close);
    let mut command = room.scene.learner.command(&["images", "save", &room.file("pack.tar")]);
    command.env("DOCKER_HOST", proxy.host());
    Running::start(command).end().exits(3).says("cannot be reached");
    assert_eq!(room.files(), Vec::<String>::new());
}

/// A registry on this engine, as a classroom has one.
struct Registry {
    container: String,
    host: String,
}

impl Registry {
    fn start(room: &Room) -> Self {
        let label = room.scene.label.as_str();
        let name = format!("{}-registry", room.scene.repository);
        let run = ["run", "--detach", "--label", label, "--name", &name, "--publish", "127.0.0.1::5000", "registry:2"];
        let container = docker(&run);
        let host = docker(&["port", &container, "5000/tcp"]);
        eventually("the registry answers", 30, || {
            (!docker_fails(&["exec", &container, "wget", "-q", "-O", "-", "http://127.0.0.1:5000/v2/"])).then_some(())
        });
        Self { container, host: host.lines().next().unwrap().to_owned() }
    }

    /// Puts an image of the engine there, under this path.
    fn hold(&self, image: &str, path: &str) {
        let there = format!("{}/{path}", self.host);
        docker(&["tag", image, &there]);
        eventually("the registry takes the image", 30, || (!docker_fails(&["push", "--quiet", &there])).then_some(()));
        docker(&["rmi", &there]);
    }

    /// Names on the engine that begin with its address.
    fn names(&self) -> Vec<String> {
        let names = docker_lines(&["images", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}}"]);
        names.into_iter().filter(|name| name.starts_with(&self.host)).collect()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]);
    }
}

#[test]
fn a_mirror_gives_images_under_their_real_names_and_leaves_nothing_else() {
    let room = Room::new();
    let registry = Registry::start(&room);
    let made = room.make(&room.base, "from the mirror");
    let there = format!("hub/{}", room.base);
    registry.hold(&room.base, &there);
    docker(&["rmi", &room.base]);

    let mirror = format!("{}/hub", registry.host);
    let told = room.images(&["pull", "--mirror", &mirror]).exits(0).says(&format!("pulled now from {mirror}"));
    told.keeps_silent_about("\u{1b}").says("1 of 1 images are here");
    assert_eq!(id(&room.base), Some(made.clone()));
    assert_eq!(registry.names(), Vec::<String>::new());

    // A name of the mirror's that was there before is somebody's, and stays.
    let own = format!("{}/{there}", registry.host);
    docker(&["tag", &room.base, &own]);
    docker(&["rmi", &room.base]);
    room.images(&["pull", "--mirror", &mirror]).exits(0);
    assert_eq!((id(&room.base), id(&own)), (Some(made.clone()), Some(made)));
    docker(&["rmi", &own, &room.base]);

    room.images(&["pull", "--mirror", &format!("{}/elsewhere", registry.host)])
        .exits(3)
        .says("not brought")
        .says("see how the name is spelt");
    for wrong in ["lab", "https://lab.example", "lab.example/Hub"] {
        room.images(&["pull", "--mirror", wrong]).exits(2).says("--mirror");
    }
}

#[test]
fn one_image_that_cannot_be_had_does_not_keep_the_others() {
    // Nothing listens there, and it comes first.
    let room = Room::with(&["127.0.0.1:1/none:v1"]);
    let registry = Registry::start(&room);
    let here = format!("{}/served:v1", registry.host);
    let file = room.scene.course().join(format!("exercises/{}-first-dockerfile/exercise.yaml", room.scene.id));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen(&format!("\"{}\"", room.base), &format!("\"{here}\""), 1)).unwrap();
    let made = room.make(&room.base, "served");
    registry.hold(&room.base, "served:v1");

    let told = room.images(&["pull", "--json"]).exits(3).says("[1 of 2] 127.0.0.1:1/none:v1 could not be pulled");
    let report = told.json();
    assert_eq!(id(&here), Some(made));
    assert_eq!(report["failed"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["failed"][0]["name"], "127.0.0.1:1/none:v1");
    assert!(report["failed"][0]["help"].as_str().unwrap().contains("dlearn images load"), "{report:#}");
    assert_eq!(report["totals"]["here"], 1);
    room.images(&["list"]).exits(1).says("1 of 2 images are here");
    docker(&["rmi", &here]);
}
