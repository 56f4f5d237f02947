//! Ctrl-C and SIGTERM at any moment: exit codes 130 and 143, and nothing of dlearn's stays in the engine.

mod cli_support;

use cli_support::*;
use std::os::unix::fs::PermissionsExt;

/// Moments at which a run has something in the engine, is about to, or is removing it.
const MOMENTS: [At; 8] = [
    At::Request("GET", "/info", ""),
    At::Request("POST", "/build", ""),
    At::Request("GET", "/images/", "/history"),
    At::Request("POST", "/containers/create", ""),
    At::Request("GET", "/containers/", "/archive"),
    At::Request("POST", "/containers/", "/start"),
    At::Request("GET", "/containers/", "/json"),
    At::Request("DELETE", "/images/", ""),
];

fn nothing_stays(scene: &Scene, args: &[&str], moments: &[At], signal: &str, code: i32) {
    let before = scene.listing();
    for at in moments {
        // The answer waits for the signal: at the last question, the run would be over before it comes.
        let told = scene.learner.signalled(args, *at, Then::Hold, signal).exits(code);
        assert!(!told.stderr.contains("is left in the engine"), "after {signal} at {at:?}: {told:?}");
        assert_eq!(scene.of_dlearn(), Default::default(), "after {signal} at {at:?}: {told:?}");
        assert_eq!(scene.listing(), before, "after {signal} at {at:?}: {told:?}");
    }
}

#[test]
fn a_check_that_is_interrupted_leaves_nothing_with_buildkit() {
    let scene = Scene::solved(Client::BuildKit);
    nothing_stays(&scene, &["check", &scene.id], &MOMENTS, "INT", 130);
}

#[test]
fn a_check_that_is_interrupted_leaves_nothing_with_the_classic_builder() {
    let scene = Scene::solved(Client::Classic);
    nothing_stays(&scene, &["check", &scene.id], &MOMENTS, "INT", 130);
}

#[test]
fn a_check_that_is_terminated_leaves_nothing() {
    let scene = Scene::solved(Client::BuildKit);
    nothing_stays(&scene, &["check", &scene.id], &MOMENTS[1..6], "TERM", 143);
}

#[test]
fn a_selfcheck_that_is_interrupted_or_terminated_leaves_nothing() {
    let scene = Scene::new();
    let args = ["selfcheck", &scene.id, "--case", "solution", "--engine", "own"];
    nothing_stays(&scene, &args, &[MOMENTS[1], MOMENTS[5]], "INT", 130);
    nothing_stays(&scene, &args, &[MOMENTS[3], MOMENTS[7]], "TERM", 143);
}

#[test]
fn a_selfcheck_in_a_throw_away_engine_that_is_interrupted_or_terminated_leaves_nothing() {
    let scene = Scene::new();
    let args = ["selfcheck", &scene.id, "--case", "solution"];
    let moments = [
        At::Request("POST", "/containers/create", ""),
        At::Request("POST", "/containers/", "/start"),
        At::Request("POST", "/containers/", "/exec"),
        At::Request("GET", "/images/get", ""),
        At::Request("DELETE", "/containers/", ""),
    ];
    nothing_stays(&scene, &args, &moments, "INT", 130);
    nothing_stays(&scene, &args, &moments[2..4], "TERM", 143);
}

#[test]
fn a_check_in_the_middle_of_a_long_build_is_interrupted_at_once() {
    for client in BUILDERS {
        let scene = Scene::new();
        scene.write("Dockerfile", &scene.dockerfile());
        scene.build(client, &[]);
        // The image is from before this edit; dlearn's build of the folder would take a minute.
        let step = format!("echo {} && sleep 61", scene.repository);
        scene.write("Dockerfile", &scene.with_instructions(&format!("RUN echo new > /new\nRUN {step}\n")));
        let before = scene.listing();
        let running = scene.learner.start(&["check", &scene.id]);
        let sleeps = || docker(&["ps", "--no-trunc", "--format", "{{.Command}}"]).contains(&step);
        match client {
            Client::Classic => eventually("the build's step", 30, || sleeps().then_some(())),
            // BuildKit's steps are no containers; the request is all that can be seen.
            Client::BuildKit => eventually("the run's lock", 30, || holds_a_lock(running.id()).then_some(())),
        }
        running.signal("INT");
        let told = running.end().exits(130);
        assert!(told.took.as_secs() < 40, "{told:?}");
        assert_eq!(scene.of_dlearn(), Default::default(), "{client:?}");
        if client == Client::Classic {
            eventually("the build's container goes", 20, || (!sleeps()).then_some(()));
        }
        eventually("the build's images go", 20, || (scene.listing() == before).then_some(()));
    }
}

#[test]
fn a_docker_command_that_is_cut_off_takes_what_it_started_with_it() {
    let scene = Scene::new();
    // Only the docker command itself finds this build in the cache again, so dlearn asks one.
    let step = "COPY . .\nRUN cat /proc/sys/kernel/random/uuid > /random";
    scene.write("Dockerfile", &scene.dockerfile().replace("COPY index.html style.css token ./", step));
    scene.build(Client::BuildKit, &[]);
    // A docker command that has another one do the work, as many a system's wrapper does.
    let real = Client::BuildKit.command().get_program().to_string_lossy().into_owned();
    let wrapper = scene.learner.root().join("bin/docker");
    let path = format!("{}:{}", wrapper.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let real = std::env::split_paths(&path).map(|folder| folder.join(&real)).find(|file| file.is_file()).unwrap();
    std::fs::create_dir(wrapper.parent().unwrap()).unwrap();
    std::fs::write(&wrapper, format!("#!/bin/sh\n{} \"$@\"\nexit $?\n", real.display())).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();

    let before = scene.listing();
    // What BuildKit's client asks for, and dlearn never does; it waits for the answer.
    let mut command = scene.learner.command(&["check", &scene.id]);
    command.env("PATH", path);
    let (proxy, running) = reach(command, At::Request("POST", "/session", ""), Then::Hold);
    let root = scene.learner.root().to_string_lossy().into_owned();
    let builds = || processes(|words| words.contains(&root) && words.contains("--tag=dlearn-run/"));
    // And buildx, where that is a program of its own.
    assert!(builds().len() >= 2, "the wrapper and the docker command: {:?}", builds());
    running.signal("INT");
    running.end().exits(130);
    eventually("both end", 10, || builds().is_empty().then_some(()));
    proxy.release();
    assert_eq!(scene.of_dlearn(), Default::default());
    eventually("the build's images go", 20, || (scene.listing() == before).then_some(()));
}

/// The command lines of processes for which this holds.
fn processes(is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let words = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let words = words.map(|words| String::from_utf8_lossy(&words).replace('\0', " "));
    words.filter(|words| is_meant(words)).collect()
}

/// Whether the process has the lock file of a run open.
fn holds_a_lock(process: u32) -> bool {
    let Ok(open) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let targets = open.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.into_iter().any(|target| target.to_string_lossy().contains("dlearn-runs-"))
}
