//! Progress survives a kill at any moment: what was recorded is there, and the next command goes on.

mod cli_support;

use cli_support::*;
use std::time::{Duration, Instant};

/// The state file is whole, and `dlearn status` reads it without a word about damage.
#[track_caller]
fn whole(scene: &Scene) -> serde_json::Value {
    let state = std::fs::read(scene.learner.home().join(".dlearn/state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&state).expect("the state is whole");
    let told = scene.learner.dlearn(&["status", "--json"]).exits(0);
    assert_eq!(told.stderr, "", "{told:?}");
    assert_eq!(state["exercises"][&scene.id]["hints_shown"]["1"], 1, "what was recorded before stays: {state:#}");
    let names = std::fs::read_dir(scene.learner.home().join(".dlearn")).unwrap();
    let damaged = names.flatten().any(|entry| entry.file_name().to_string_lossy().contains("damaged"));
    assert!(!damaged, "nothing was kept aside");
    state
}

#[test]
fn a_check_that_is_killed_at_any_moment_loses_no_progress() {
    let scene = Scene::solved(Client::BuildKit);
    scene.learner.dlearn(&["hint", &scene.id]).exits(0);
    whole(&scene);
    let moments = [
        At::Request("GET", "/_ping", ""),
        At::Request("POST", "/build", ""),
        At::Request("POST", "/containers/", "/start"),
        At::Request("DELETE", "/containers/", ""),
        At::Request("DELETE", "/images/", ""),
    ];
    for at in moments {
        scene.learner.killed(&["check", &scene.id], at);
        whole(&scene);
    }
    // The lock of the process that was killed holds nobody up.
    let passed = scene.check().exits(0);
    assert!(passed.took < Duration::from_secs(30), "{passed:?}");
    whole(&scene);
    let status = scene.learner.dlearn(&["status", "--json"]).exits(0).json();
    assert_eq!(status["points"]["done"], 10, "{status:#}");
    scene.learner.dlearn(&["hint", &scene.id]).exits(0).says("Hint 2 of 3");
}

#[test]
fn a_command_that_only_writes_progress_is_killed_at_every_millisecond() {
    let scene = Scene::new();
    scene.learner.dlearn(&["hint", &scene.id]).exits(0);
    // `check` without an engine and without a Dockerfile is over in some milliseconds, most of them spent on
    // the state file.
    let whole_run = scene.learner.dlearn(&["check", &scene.id]).exits(1).took;
    let mut attempts = whole(&scene)["exercises"][&scene.id]["attempts"].as_u64().unwrap();
    const KILLS: u32 = 40;
    for kill in 0..KILLS {
        let running = scene.learner.start(&["check", &scene.id]);
        let moment = Instant::now() + whole_run * kill / KILLS;
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        running.signal("KILL");
        running.end();
        let now = whole(&scene)["exercises"][&scene.id]["attempts"].as_u64().unwrap();
        assert!(now == attempts || now == attempts + 1, "from {attempts} to {now}");
        attempts = now;
    }
}
