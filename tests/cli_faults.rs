//! An engine that is absent, silent, frozen or gone in the middle is never a wrong answer: "cannot tell",
//! exit code 3, within 15 seconds, whatever the command. What needs no engine works without one.

mod cli_support;

use cli_support::*;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// Runs commands side by side, each with its own environment: waiting is most of what they do.
fn side_by_side<T: Send>(commands: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    thread::scope(|scope| {
        let started: Vec<_> = commands.into_iter().map(|command| scope.spawn(command)).collect();
        started.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// `dlearn ARGS` with this engine, started now.
fn with_engine(scene: &Scene, host: &str, args: &[&str]) -> Told {
    let mut command = scene.learner.command(args);
    command.env("DOCKER_HOST", host);
    Running::start(command).end()
}

/// It could not be told, in time, and nobody was blamed.
#[track_caller]
fn cannot_tell(told: Told) -> Told {
    let told = blames_nobody(told);
    assert!(told.took.as_secs() < CANNOT_TELL_SECONDS, "{told:?}");
    told
}

#[track_caller]
fn blames_nobody(told: Told) -> Told {
    told.exits(3).keeps_silent_about("not_yet").keeps_silent_about("expected:").keeps_silent_about("panicked")
}

/// What a command said of an engine that failed in the middle.
struct Failed {
    at: At,
    then: Then,
    told: Told,
    /// From the failure to the command's end.
    after: Duration,
}

impl Failed {
    fn run(scene: &Scene, args: &[&str], at: At, then: Then) -> Self {
        let proxy = Proxy::start(at, then);
        let told = with_engine(scene, &proxy.host(), args);
        let when = proxy.happened().unwrap_or_else(|| panic!("{at:?} never came: {told:?}"));
        let after = told.ended.duration_since(when);
        println!("{args:?}, {then:?} at {at:?}: {after:.1?}");
        Self { at, then, told, after }
    }

    #[track_caller]
    fn in_time(self) -> Told {
        let Self { at, then, told, after } = self;
        assert!(after.as_secs() < CANNOT_TELL_SECONDS, "{then:?} at {at:?}: {after:.1?}, {told:?}");
        told
    }
}

/// Every command that asks the engine, for an exercise that is set up and has a Dockerfile.
fn every_question(id: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["check", id],
        vec!["check", id, "--json"],
        vec!["next", id],
        vec!["next", id, "--json"],
        vec!["doctor"],
        vec!["doctor", "--json"],
        vec!["images", "list"],
        vec!["images", "pull"],
        vec!["clean", "--dry-run"],
        vec!["clean"],
        vec!["selfcheck", id, "--case", "solution", "--engine", "own"],
    ]
}

/// An exercise that was set up without any engine.
fn set_up_without_engine() -> Scene {
    let scene = Scene::before();
    with_engine(&scene, "unix:///nowhere/docker.sock", &["next", &scene.id]).exits(1);
    scene.write("Dockerfile", &scene.dockerfile());
    scene
}

/// All commands say the same of an engine that cannot be reached.
#[track_caller]
fn all_cannot_tell(host: &str, says: &str) {
    let scene = set_up_without_engine();
    let ask = |args: Vec<&str>| with_engine(&scene, host, &args);
    let told = side_by_side(every_question(&scene.id).into_iter().map(|args| move || ask(args)).collect());
    for told in told {
        cannot_tell(told).says(says);
    }
}

#[test]
fn an_absent_engine_is_told_by_every_command() {
    all_cannot_tell("unix:///nowhere/docker.sock", "there is no socket at /nowhere/docker.sock");
}

#[test]
fn a_refused_port_is_told_by_every_command() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    all_cannot_tell(&format!("tcp://127.0.0.1:{port}"), "the connection was refused");
}

#[test]
fn an_engine_that_accepts_and_never_answers_is_told_by_every_command() {
    let silent = Proxy::start(At::Once, Then::Freeze);
    all_cannot_tell(&silent.host(), "it accepts connections, but does not answer");
}

#[test]
fn a_port_on_which_no_engine_listens_is_told_by_every_command() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
        }
    });
    all_cannot_tell(&format!("tcp://127.0.0.1:{port}"), "does not say which Docker API version it speaks");
}

#[test]
fn a_check_without_engine_says_what_it_could_find_out_and_what_it_could_not() {
    let scene = set_up_without_engine();
    let told = cannot_tell(with_engine(&scene, "unix:///nowhere/docker.sock", &["check", &scene.id, "--json"]));
    assert_eq!(told.json()["outcome"], "cannot_tell");
    assert_eq!(told.check("dockerfile")["verdict"], "pass", "a file needs no engine");
    let exists = told.check("exists");
    assert_eq!(exists["verdict"], "cannot_tell");
    assert!(exists["help"].as_str().unwrap().contains("start Docker"), "{exists:#}");
    for check in told.json()["checks"].as_array().unwrap() {
        assert!(["pass", "cannot_tell", "waits"].contains(&check["verdict"].as_str().unwrap()), "{check:#}");
    }
}

#[test]
fn what_needs_no_engine_works_without_one() {
    let scene = set_up_without_engine();
    let id = scene.id.as_str();
    let aside = scene.learner.root().join("solution");
    let commands: Vec<Vec<&str>> = vec![
        vec!["read", "L00"],
        vec!["list"],
        vec!["list", "--json"],
        vec!["status"],
        vec!["status", "--json"],
        vec!["next", "L06"],
        vec!["hint", id],
        vec!["hint", id, "--json"],
        vec!["solution", id, "--yes"],
        vec!["explain"],
        vec!["explain", "built_from"],
        vec!["reset", id, "--yes"],
        vec!["--version"],
        vec!["--help"],
    ];
    for args in commands {
        let told = with_engine(&scene, "unix:///nowhere/docker.sock", &args).exits(0);
        assert!(!told.stdout.is_empty(), "{told:?}");
        assert!(told.took.as_secs() < 5, "{told:?}");
    }
    let args = ["solution", id, "--yes", "--out", aside.to_str().unwrap()];
    with_engine(&scene, "unix:///nowhere/docker.sock", &args).exits(0);
    assert!(aside.join("Dockerfile").is_file());
}

/// Moments of a check at which an engine may fail, in their order.
const MOMENTS: [At; 8] = [
    At::Bytes(100),
    At::Bytes(3000),
    At::Request("GET", "/images/", "/json"),
    At::Request("POST", "/build", ""),
    At::Request("POST", "/containers/create", ""),
    At::Request("GET", "/containers/", "/archive"),
    At::Request("POST", "/containers/", "/start"),
    At::Request("GET", "/containers/", "/json"),
];

fn an_engine_that_fails_in_a_check(client: Client, then: Then) {
    let scene = Scene::solved(client);
    let args = ["check", &scene.id, "--json"];
    let examine = |at: At| Failed::run(&scene, &args, at, then);
    for failed in side_by_side(MOMENTS.into_iter().map(|at| move || examine(at)).collect()) {
        let told = blames_nobody(failed.in_time());
        assert_eq!(told.json()["outcome"], "cannot_tell", "{told:?}");
    }
    // The engine is back, and so is the verdict.
    scene.check().exits(0);
}

#[test]
fn an_engine_that_freezes_in_the_middle_of_a_check_is_told() {
    an_engine_that_fails_in_a_check(Client::BuildKit, Then::Freeze);
}

#[test]
fn an_engine_that_is_killed_in_the_middle_of_a_check_is_told() {
    an_engine_that_fails_in_a_check(Client::Classic, Then::Close);
}

/// What was under way is gone, and may be asked again: right, or cannot tell, and nothing left either way.
#[test]
fn an_engine_that_is_restarted_in_the_middle_of_a_check_is_no_wrong_answer() {
    let scene = Scene::solved(Client::BuildKit);
    let args = ["check", &scene.id, "--json"];
    let examine = |at: At| Failed::run(&scene, &args, at, Then::Restart);
    for failed in side_by_side(MOMENTS.into_iter().map(|at| move || examine(at)).collect()) {
        let told = failed.in_time();
        let told = told.keeps_silent_about("not_yet").keeps_silent_about("panicked").keeps_silent_about("dlearn clean");
        let outcome = told.json()["outcome"].as_str().unwrap().to_owned();
        assert!(matches!((outcome.as_str(), told.code()), ("pass", 0) | ("cannot_tell", 3)), "{told:?}");
    }
    scene.check().exits(0);
}

#[test]
fn an_engine_that_fails_while_dlearn_cleans_up_does_not_hold_the_verdict_up() {
    let scene = Scene::solved(Client::BuildKit);
    let args = ["check", &scene.id, "--json"];
    let examine = |then: Then| Failed::run(&scene, &args, At::Request("DELETE", "/images/", ""), then);
    for failed in side_by_side([Then::Freeze, Then::Close].map(|then| move || examine(then)).into()) {
        // Everything was found out before; what stays is said, and how it goes.
        let told = failed.in_time().exits(0).says("dlearn clean");
        assert_eq!(told.json()["outcome"], "pass");
    }
}

#[test]
fn an_engine_that_fails_in_the_middle_of_other_commands_is_told() {
    let scene = Scene::new();
    let selfcheck: &[&str] = &["selfcheck", &scene.id, "--case", "solution", "--engine", "own"];
    let sandboxed: &[&str] = &["selfcheck", &scene.id, "--case", "solution"];
    let cases: [(&[&str], At); 10] = [
        (&["doctor"], At::Request("GET", "/info", "")),
        (&["doctor"], At::Request("GET", "/images/", "/json")),
        (&["images", "list"], At::Request("GET", "/images/", "/json")),
        (&["clean", "--dry-run"], At::Request("GET", "/containers/json", "")),
        (&["clean", "--dry-run"], At::Request("GET", "/images/json", "")),
        (selfcheck, At::Request("GET", "/info", "")),
        (selfcheck, At::Request("GET", "/images/", "/json")),
        (selfcheck, At::Request("POST", "/build", "")),
        (selfcheck, At::Request("POST", "/containers/", "/start")),
        (sandboxed, At::Request("POST", "/containers/", "/exec")),
    ];
    let both = [Then::Freeze, Then::Close].into_iter().flat_map(|then| cases.map(|(args, at)| (args, at, then)));
    let ask = |(args, at, then)| Failed::run(&scene, args, at, then);
    for failed in side_by_side(both.map(|case| move || ask(case)).collect()) {
        blames_nobody(failed.in_time());
    }
}
