//! The archive against a real engine: a rebuild from it must find every layer that docker's own
//! client left in the cache. Needs an engine on a Unix socket and a docker client; seen with Engine
//! 20.10.24 and the clients 20.10.24 and 28.2.2.

mod context_support;

use context_support::{Client, clients};
use dlearn::context::{Limits, TarStyle, pack};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const NO_ENGINE: &str = "no engine answers: run ./scripts/engine start";

fn socket() -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock").to_owned()
}

/// `POST /build`, and everything that the builder said.
fn post_build(query: &str, archive: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket()).expect(NO_ENGINE);
    write!(
        stream,
        "POST /v1.41/build?{query} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\
         Content-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
        archive.len()
    )
    .expect(NO_ENGINE);
    stream.write_all(archive).expect(NO_ENGINE);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect(NO_ENGINE);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A tag of this test alone; the images go with it.
struct Tag(String);

impl Tag {
    fn new(name: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos();
        Self(format!("dlearn-run/{}-{now}/{name}", std::process::id()))
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", &self.0]).output();
    }
}

fn docker(client: &Client, buildkit: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new(&client.program)
        .env("DOCKER_BUILDKIT", buildkit)
        .env("DOCKER_HOST", format!("unix://{}", socket()))
        .args(args)
        .output()
        .expect("docker runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn layers(client: &Client, tag: &Tag) -> String {
    docker(client, "0", &["image", "inspect", "--format", "{{json .RootFS.Layers}}", &tag.0]).expect("the image")
}

/// A folder that no cache knows yet, with what classic cache keys depend on.
fn folder(root: &Path, dockerfile: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos();
    fs::create_dir_all(root.join("src/deep")).expect("folders");
    fs::create_dir(root.join("node_modules")).expect("a folder");
    fs::write(root.join("Dockerfile"), dockerfile).expect("a file");
    fs::write(root.join("app.py"), format!("print({now})\n")).expect("a file");
    fs::write(root.join("src/deep/größe.txt"), now.to_string()).expect("a file");
    fs::write(root.join(format!("src/{}", "n".repeat(120))), now.to_string()).expect("a file");
    fs::write(root.join("node_modules/x.js"), now.to_string()).expect("a file");
    fs::write(root.join(".dockerignore"), "node_modules\n.dockerignore\nDockerfile\n").expect("a file");
    fs::hard_link(root.join("app.py"), root.join("src/again.py")).expect("a hard link");
    symlink("../app.py", root.join("src/link.py")).expect("a link");
}

#[test]
fn the_classic_builder_takes_every_step_from_the_cache_that_the_client_filled() {
    let clients = clients();
    assert!(!clients.is_empty(), "no docker client on the PATH: run ./scripts/engine start");
    for client in clients {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path();
        folder(root, "FROM scratch\nCOPY app.py /named/\nCOPY src /src/\nENV A=1\nCOPY . /all/\n");
        let (theirs, ours) = (Tag::new("theirs"), Tag::new("ours"));
        let built = docker(&client, "0", &["build", "-t", &theirs.0, &root.display().to_string()]);
        let built = built.unwrap_or_else(|error| panic!("{error}\n{NO_ENGINE}"));
        assert!(!built.contains("Using cache"), "the test wants a folder that is new: {built}");

        let style = if client.major() < 23 { TarStyle::WithTypeBits } else { TarStyle::Plain };
        let packed = pack(root, "Dockerfile", style, &Limits::default()).expect("a context");
        assert!(packed.dockerfile_only_for_builder);
        let said = post_build(&format!("version=1&t={}", ours.0), &packed.bytes);
        assert!(said.contains("Successfully built"), "{said}");
        assert_eq!(said.matches("Using cache").count(), 4, "{client:?}: {said}");
        assert_eq!(layers(&client, &theirs), layers(&client, &ours));
    }
}

#[test]
fn buildkit_makes_equal_layers_of_named_files() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    folder(root, "FROM scratch\nCOPY app.py /named/\nCOPY src /src/\n");
    let ours = Tag::new("ours");
    let packed = pack(root, "Dockerfile", TarStyle::BuildKit, &Limits::default()).expect("a context");
    let clients = clients();
    assert!(!clients.is_empty(), "no docker client on the PATH: run ./scripts/engine start");
    for client in clients {
        let theirs = Tag::new("theirs");
        match docker(&client, "1", &["build", "-t", &theirs.0, &root.display().to_string()]) {
            Ok(_) => {
                let said = post_build(&format!("version=2&t={}", ours.0), &packed.bytes);
                assert!(said.contains("moby.image.id"), "{said}");
                assert_eq!(layers(&client, &theirs), layers(&client, &ours), "{client:?}");
            }
            // A client without buildx cannot ask for BuildKit.
            Err(error) => assert!(error.contains("buildx"), "{error}\n{NO_ENGINE}"),
        }
    }
}
