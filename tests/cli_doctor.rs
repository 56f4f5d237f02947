//! `dlearn doctor` and causes that are really there: a container that holds a port, contexts, a docker command that the
//! engine refuses, images for another processor. Everything is the test's own.

mod cli_support;

use cli_support::docker::BUSYBOX;
use cli_support::*;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A course whose only task publishes this port instead of 8080.
fn publishing(port: u16) -> Scene {
    let scene = Scene::before();
    let file = exercise(&scene);
    let text = fs::read_to_string(&file).unwrap();
    let edited = text.replace("-p 8080:8080", &format!("-p {port}:8080"));
    assert_ne!(edited, text);
    fs::write(&file, edited).unwrap();
    scene
}

fn exercise(scene: &Scene) -> PathBuf {
    scene.course().join(format!("exercises/{}-first-dockerfile/exercise.yaml", scene.id))
}

/// A port that is free now. Systems give such a one again last of all.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The finding about something.
#[track_caller]
fn finding(told: &Told, what: &str) -> Value {
    let report = told.json();
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("no {what}: {told:?}")).clone()
}

#[track_caller]
fn is(finding: &Value, state: &str, found: &str, repair: &str) {
    assert_eq!(finding["state"], state, "{finding:#}");
    let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    assert!(text("found").contains(found), "{found:?}: {finding:#}");
    assert!(text("repair").contains(repair), "{repair:?}: {finding:#}");
}

fn doctor(scene: &Scene, variables: &[(&str, &str)]) -> Told {
    let mut command = scene.learner.command(&["doctor", "--json"]);
    command.envs(variables.iter().copied());
    Running::start(command).end()
}

/// Docker's configuration with a context for the engine in use.
fn with_context(folder: &Path, name: &str) {
    let host = match std::env::var("DOCKER_HOST") {
        Ok(host) if !host.is_empty() => host,
        _ => "unix:///var/run/docker.sock".to_owned(),
    };
    fs::create_dir_all(folder).unwrap();
    let create = ["context", "create", name, "--docker", &format!("host={host}")];
    let docker = |args: &[&str]| {
        let output = Command::new("docker").env("DOCKER_CONFIG", folder).env_remove("DOCKER_HOST").args(args).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    docker(&create);
    docker(&["context", "use", name]);
}

#[test]
fn all_is_well_fits_on_one_screen() {
    let scene = Scene::new();
    let told = scene.learner.dlearn(&["doctor"]).exits(0).keeps_silent_about("\u{1b}");
    assert!(told.stdout.lines().count() <= 23, "{told:?}");
    assert!(told.stdout.lines().all(|line| line.chars().count() <= 80), "{told:?}");
    for what in ["engine", "context", "clock", "disk", "base images", "ports", "docker command", "your course"] {
        assert!(told.stdout.contains(what), "{what}: {told:?}");
    }
    let report = scene.learner.dlearn(&["doctor", "--json"]).exits(0);
    assert_eq!(report.json()["schema"], "dlearn/doctor/1");
    is(&finding(&report, "clock"), "ok", "agree", "");
}

#[test]
fn whoever_holds_a_port_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let scene = publishing(port);
    let told = doctor(&scene, &[]).exits(0);
    is(&finding(&told, "ports"), "advice", &format!("{port} ({}) is another program's", scene.id), "end that program");
    drop(listener);

    let port = free_port();
    let scene = publishing(port);
    is(&finding(&doctor(&scene, &[]), "ports"), "ok", &format!("free: {port}"), "");
    let (label, name) = (scene.label.as_str(), format!("{}-shop", scene.repository));
    let publish = format!("127.0.0.1:{port}:8080");
    docker(&["run", "--detach", "--label", label, "--name", &name, "--publish", &publish, BUSYBOX, "sleep", "600"]);
    let told = doctor(&scene, &[]).exits(0);
    is(&finding(&told, "ports"), "advice", &format!("is the container {name}'s"), &format!("docker stop {name}"));
    docker(&["rm", "--force", &name]);

    // The learner's own answer is where it should be.
    docker(&["tag", BUSYBOX, &scene.image]);
    docker(&[
        "run",
        "--detach",
        "--label",
        label,
        "--name",
        &name,
        "--publish",
        &publish,
        &scene.image,
        "sleep",
        "600",
    ]);
    is(&finding(&doctor(&scene, &[]), "ports"), "ok", &format!("in use by your own answers: {port}"), "");
    docker(&["rm", "--force", &name]);
}

#[test]
fn the_context_in_use_is_told_and_what_keeps_it_out_of_use() {
    let scene = Scene::before();
    let config = scene.learner.root().join("docker-config");
    with_context(&config, "lab");
    let config = config.to_str().unwrap();
    let asked = |variables: &[(&str, &str)]| {
        let mut command = scene.learner.command(&["doctor", "--json"]);
        command.env_remove("DOCKER_HOST").env("DOCKER_CONFIG", config).envs(variables.iter().copied());
        Running::start(command).end()
    };
    is(&finding(&asked(&[]), "context"), "ok", "lab, chosen by currentContext in config.json", "");
    is(&finding(&asked(&[("DOCKER_CONTEXT", "lab")]), "context"), "ok", "lab, chosen by DOCKER_CONTEXT", "");

    // DOCKER_HOST goes before the context; and where nothing answers there, an engine that does is named.
    let socket = Proxy::start(At::Request("NOTHING", "", ""), Then::Tell);
    let told = asked(&[("DOCKER_HOST", &socket.host())]);
    let context = finding(&told, "context");
    is(&context, "advice", "so currentContext in config.json, which says lab, is not asked", "unset DOCKER_HOST");
    let told = asked(&[("DOCKER_HOST", "unix:///nowhere/docker.sock")]).exits(3);
    is(&finding(&told, "engine"), "cannot_tell", "there is no socket at /nowhere/docker.sock", "start Docker");
    is(&finding(&told, "context"), "advice", "answers, at", "unset DOCKER_HOST; docker context use ");
    asked(&[("DOCKER_CONTEXT", "gone")]).exits(3).says("which does not exist");
}

#[test]
fn a_docker_command_that_the_engine_refuses_is_told() {
    let scene = Scene::before();
    let refused = doctor(&scene, &[("DOCKER_API_VERSION", "1.99")]).exits(1);
    is(&finding(&refused, "docker command"), "repair", "does not talk with this engine", "DOCKER_API_VERSION");
    let absent = doctor(&scene, &[("PATH", "/nowhere")]).exits(1);
    is(&finding(&absent, "docker command"), "repair", "not on your PATH", "install the Docker CLI");
    let stranger = scene.learner.root().join("bin");
    fs::create_dir(&stranger).unwrap();
    let program = stranger.join("docker");
    fs::write(&program, "#!/bin/sh\nprintf '\\033[2Jall is well\\n'\n").unwrap();
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let told = doctor(&scene, &[("PATH", stranger.to_str().unwrap())]).keeps_silent_about("\u{1b}");
    is(&finding(&told, "docker command"), "advice", "does not say its version", "docker version");
}

/// What `docker save` writes of an image with one empty layer.
fn for_another_processor(name: &str) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let layer = vec![0; 1024];
    let id: String = Sha256::digest(&layer).iter().map(|byte| format!("{byte:02x}")).collect();
    let config = serde_json::json!({
        "architecture": "s390x", "os": "linux", "config": { "Cmd": ["/none"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{id}")] }, "history": [{ "created_by": "a test" }],
    });
    let manifest = serde_json::json!([{ "Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"] }]);
    let mut archive = tar::Builder::new(Vec::new());
    let files = [
        ("layer.tar", layer),
        ("config.json", config.to_string().into()),
        ("manifest.json", manifest.to_string().into()),
    ];
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn images_that_are_missing_or_for_another_processor_are_told() {
    let scene = Scene::before();
    let base = format!("{}/base:v1", scene.repository);
    let text = fs::read_to_string(exercise(&scene)).unwrap();
    fs::write(exercise(&scene), text.replacen("\"busybox:1.36\"", &format!("\"{base}\""), 1)).unwrap();
    let told = doctor(&scene, &[]).exits(1);
    is(&finding(&told, "base images"), "repair", &format!("missing: {base}"), "dlearn images pull");

    // For a processor that no engine here has.
    let archive = scene.learner.root().join("base.tar");
    fs::write(&archive, for_another_processor(&base)).unwrap();
    docker(&["load", "--input", archive.to_str().unwrap()]);
    let told = doctor(&scene, &[]).exits(1);
    is(&finding(&told, "emulation"), "repair", &base, "docker pull --platform linux/");
    docker(&["rmi", &base]);

    let told = doctor(&scene, &[("DOCKER_DEFAULT_PLATFORM", "linux/s390x")]).exits(1);
    is(&finding(&told, "platform"), "repair", "DOCKER_DEFAULT_PLATFORM is linux/s390x", "unset");
}
