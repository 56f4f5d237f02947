//! What a run that was killed left in the engine: `dlearn clean` finds it, rehearses, removes it, and keeps
//! what belongs to a run that goes on or to somebody else.
//!
//! These tests remove every leftover of this machine's user, so they run one after another.

mod cli_support;

use cli_support::*;
use std::collections::BTreeSet;

/// Kills a check at this moment.
fn killed(scene: &Scene, at: At) {
    scene.learner.killed(&["check", &scene.id], at).exits(-9);
}

/// Names in a list of `dlearn clean --json`.
fn names(told: &Told, list: &str) -> BTreeSet<String> {
    let report = told.json();
    let items = report[list].as_array().unwrap_or_else(|| panic!("no {list}: {told:?}")).iter();
    items.map(|item| format!("{} {}", item["kind"].as_str().unwrap(), item["name"].as_str().unwrap())).collect()
}

#[test]
fn what_a_killed_check_left_is_listed_rehearsed_and_removed() {
    let _alone = alone("leftovers");
    for client in BUILDERS {
        let scene = Scene::solved(client);
        let before = scene.listing();
        // The service of the check runs, and the rebuilt image has its tag.
        killed(&scene, At::Request("GET", "/containers/", "/json"));
        let left = scene.of_dlearn();
        assert!(left.iter().any(|thing| thing.starts_with("container ")), "{left:?}");
        assert!(left.iter().any(|thing| thing.starts_with("image ")), "{left:?}");

        let rehearsed = scene.learner.dlearn(&["clean", "--dry-run", "--json"]).exits(0);
        assert_eq!(rehearsed.json()["dry_run"], true);
        assert!(names(&rehearsed, "removed").is_superset(&left), "{rehearsed:?}");
        let shown = scene.learner.dlearn(&["clean", "--dry-run"]).exits(0);
        for thing in &left {
            assert!(shown.stdout.contains(&format!("would remove {thing}")), "{thing}: {shown:?}");
        }
        assert_eq!(scene.of_dlearn(), left, "a rehearsal removes nothing");

        let done = scene.learner.dlearn(&["clean", "--json"]).exits(0);
        assert!(names(&done, "removed").is_superset(&left), "{done:?}");
        assert_eq!(scene.of_dlearn(), BTreeSet::new());
        // A kill gives no time to name what the classic builder was just making: that may stay, untagged.
        let after = scene.listing();
        let more: Vec<&String> = after.difference(&before).collect();
        assert!(after.is_superset(&before) && more.iter().all(|row| row.ends_with("<none>:<none>")), "{more:?}");
        assert!(client == Client::Classic || more.is_empty(), "{more:?}");
        scene.check().exits(0);
    }
}

#[test]
fn what_a_check_left_goes_whenever_it_was_killed() {
    let _alone = alone("leftovers");
    let scene = Scene::solved(Client::BuildKit);
    let before = scene.listing();
    let moments = [
        At::Request("POST", "/build", ""),
        At::Request("POST", "/containers/create", ""),
        At::Request("POST", "/containers/", "/start"),
        At::Request("DELETE", "/containers/", ""),
        At::Request("DELETE", "/images/", ""),
    ];
    for at in moments {
        killed(&scene, at);
        // What was asked for right before the kill may still come about.
        eventually(&format!("everything goes after {at:?}"), 20, || {
            scene.learner.dlearn(&["clean"]).exits(0);
            (scene.of_dlearn().is_empty() && scene.listing() == before).then_some(())
        });
    }
}

#[test]
fn what_belongs_to_a_run_that_goes_on_is_kept() {
    let _alone = alone("leftovers");
    let scene = Scene::new();
    // Nothing ever listens: the check waits for it, and has a container and an image meanwhile.
    scene.write("Dockerfile", &scene.dockerfile().replace("CMD [", "CMD [\"sleep\", \"1000\"]\n# ["));
    scene.build(Client::BuildKit, &[]);
    let running = scene.learner.start(&["check", &scene.id]);
    // What only reads a file never runs.
    let service = eventually("the service runs", 30, || {
        let listing = scene.listing();
        let row = listing.iter().find(|row| row.contains(" dlearn-") && row.ends_with(" running"))?;
        row.split(' ').find(|word| word.starts_with("dlearn-")).map(str::to_owned)
    });
    let mine = scene.of_dlearn();
    let told = scene.learner.dlearn(&["clean", "--json"]).exits(0);
    assert!(names(&told, "removed").is_disjoint(&mine), "{told:?}");
    assert!(names(&told, "kept").contains(&format!("container {service}")), "{service}: {told:?}");
    // The run was not disturbed: it comes to its verdict, and cleans up itself.
    running.end().exits(1).says("the container is still running");
    assert_eq!(scene.of_dlearn(), BTreeSet::new());
}

#[test]
fn what_the_learner_made_from_a_leftover_is_theirs() {
    let _alone = alone("leftovers");
    let scene = Scene::solved(Client::BuildKit);
    killed(&scene, At::Request("GET", "/containers/", "/json"));
    let left = scene.of_dlearn();
    let container = left.iter().find_map(|thing| thing.strip_prefix("container ")).expect("the service");
    let image = left.iter().find_map(|thing| thing.strip_prefix("image ")).expect("the rebuilt image");
    // Labels are inherited: by the image of a commit, and by every container of it.
    let (mine, again) = (format!("{}/mine:v1", scene.repository), format!("{}/again:v1", scene.repository));
    docker(&["commit", container, &mine]);
    docker(&["tag", image, &again]);
    let name = format!("{}-mine", scene.repository);
    docker(&["run", "--detach", "--name", &name, &mine]);
    // A program that the killed check was just starting may have its lock for a moment.
    eventually("what is left goes", 20, || {
        scene.learner.dlearn(&["clean", "--json"]).exits(0);
        scene.of_dlearn().is_empty().then_some(())
    });
    assert!(scene.listing().iter().any(|row| row.contains(&name) && row.ends_with("running")), "{left:?}");
    for image in [mine, again] {
        docker(&["image", "inspect", &image]);
    }
}
