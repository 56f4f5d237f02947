//! A session at its exercises, in a real pseudo-terminal on a real engine: an edit and a build change the
//! screen, a wrong step is told, a pass goes on, and nothing stays in the engine however it ends.

mod session_support;

use session_support::course::{ROUNDS, copy};
use session_support::engine::{Gate, Tidy, build, docker, mark};
use session_support::{CTRL_C, Person, Pty, left_by};
use std::fs;
use std::time::{Duration, Instant};

const RIGHT: &str = "FROM busybox:1.36\nWORKDIR /site\nCOPY index.html style.css token ./\nEXPOSE 8080\n\
                     CMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/site\"]\n";

/// Begins the exercise like E01; its list of checks is on the screen.
fn begin_the_first(person: &Person) -> Pty {
    let mut pty = person.begins(&[&person.course.first]);
    pty.shows("Enter more");
    pty.press("q");
    pty.shows("✗ This folder has a Dockerfile with a base image");
    pty
}

/// Writes the Dockerfile, with a label by which the images are found that are built from it.
fn write(person: &Person, text: &str) {
    let text = text.replacen("FROM busybox:1.36\n", &format!("FROM busybox:1.36\nLABEL {}\n", mark(person)), 1);
    fs::write(person.first().join("Dockerfile"), text).expect("the exercise's folder can be written to");
}

/// Waits until the screen is as wanted, with a check that is over.
fn over(pty: &Pty, text: &str) -> String {
    pty.until(text, |screen| {
        let shown = screen.contents();
        shown.contains(text) && !shown.contains("checking")
    })
}

#[test]
fn an_exercise_follows_the_learner_from_the_first_edit_to_the_pass() {
    let person = Person::new();
    let tidy = Tidy(&person);
    let mut pty = begin_the_first(&person);
    let shown = pty.shows("watching your files and the engine");
    assert!(shown.contains(&format!("your folder: ~/dlearn/{}-first-dockerfile", person.course.first)), "{shown}");

    // An edit is seen, without a key.
    write(&person, &RIGHT.replace("WORKDIR /site\n", "").replace("./\n", "/site/\n"));
    pty.shows("✗ The image t");
    // A build is seen, and the wrong step is told.
    build(&person.first(), &person.course.image);
    let told = over(&pty, "✗ Containers start in /site");
    assert!(told.contains("expected: WORKDIR /site") && told.contains("found:    WORKDIR is /"), "{told}");

    // Beside the session, other commands work, and say the same.
    let said = person.dlearn_in(&person.first(), &["check", "--json"]);
    assert_eq!((said.code, said.json()["outcome"].as_str()), (1, Some("not_yet")), "{said:?}");
    let said = person.dlearn_in(&person.first(), &["hint"]);
    assert!(said.code == 0 && said.out.contains("Hint 1 of 3."), "{said:?}");
    pty.press("h");
    let hints = pty.shows("Hint 1 of 3.");
    assert!(!hints.contains("Hint 2"), "the hint that the other terminal showed is the newest: {hints}");
    pty.press("q");

    // Saved and not yet built: that is told too.
    write(&person, RIGHT);
    let told = over(&pty, "✗ It is what your Dockerfile and this folder build");
    assert!(told.contains("WORKDIR is / in the image, and /site in your Dockerfile"), "{told}");

    // The task lies over the list while the last check goes on; the pass is shown all the same.
    pty.press("t");
    pty.shows("Enter more");
    build(&person.first(), &person.course.image);
    let passed = pty.shows("All 10 checks pass.");
    assert!(!passed.contains('✗') && passed.contains("Enter why it works, and on"), "{passed}");
    pty.press("\r");
    let why = pty.shows("done, 10 points.");
    assert!(why.contains("FROM named the base"), "{why}");
    pty.press("G");
    pty.shows("Next: L91 Between them, a lesson of 3 minutes.");
    pty.press("\r");
    pty.shows("What stands between the exercises.");
    pty.press("q");
    let (code, screen, _) = pty.ended();
    assert_eq!(code, 0);
    assert!(screen.contains("Your first Dockerfile: passed, 10 points"), "{screen}");
    assert!(screen.contains("L91 Between them, section 1 of 1."), "{screen}");
    tidy.leaves_nothing();
    assert_eq!(docker(&["images", "--quiet", &person.course.image]).lines().count(), 1, "the learner's image stays");
    // What is done is not begun again.
    let pty = person.at_terminal(&["next"]);
    pty.shows("What stands between the exercises.");
    pty.kill();
}

#[test]
fn a_check_that_a_new_save_made_pointless_is_not_waited_for() {
    let person = Person::new();
    let tidy = Tidy(&person);
    let mut pty = begin_the_first(&person);
    let quick = RIGHT.replace("EXPOSE 8080\n", "");
    write(&person, &quick);
    build(&person.first(), &person.course.image);
    over(&pty, "✗ Its configuration names port 8080");
    // The check builds this, and would not be over before the test's patience is.
    let slow = format!("echo {} && sleep 300", person.course.unique);
    write(&person, &format!("{quick}RUN {slow}\n"));
    until(&slow, || docker(&["ps", "--no-trunc", "--format", "{{.Command}}"]).contains(&slow));
    write(&person, &quick.replace("WORKDIR /site", "WORKDIR /elsewhere"));
    let told = over(&pty, "✗ It is what your Dockerfile and this folder build");
    assert!(told.contains("/elsewhere in your Dockerfile"), "{told}");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    tidy.leaves_nothing();
    until("the build has ended", || !docker(&["ps", "--no-trunc", "--format", "{{.Command}}"]).contains(&slow));
}

/// Of two steps that run at the same time the classic builder's cache knows one: not always the learner's.
#[test]
fn a_build_at_the_same_time_as_a_check_is_what_the_folder_builds() {
    let person = Person::new();
    let tidy = Tidy(&person);
    let mut pty = begin_the_first(&person);
    write(&person, &RIGHT.replace("EXPOSE 8080\n", ""));
    build(&person.first(), &person.course.image);
    over(&pty, "✗ Its configuration names port 8080");
    // Each run of it writes something else, and takes long enough for the other to begin.
    let step = format!("echo {} && sleep 4 && cat /proc/sys/kernel/random/uuid > /drawn", person.course.unique);
    write(&person, &format!("{RIGHT}RUN {step}\n"));
    until(&step, || docker(&["ps", "--no-trunc", "--format", "{{.Command}}"]).contains(&step));
    build(&person.first(), &person.course.image);
    over(&pty, "All 10 checks pass.");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    tidy.leaves_nothing();
}

/// Asks again and again, at most half a minute long.
fn until(what: &str, mut wanted: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !wanted() {
        assert!(Instant::now() < until, "not in time: {what}");
    }
}

#[test]
fn whoever_leaves_in_the_middle_of_a_check_leaves_nothing_behind() {
    let person = Person::new();
    let tidy = Tidy(&person);
    let mut pty = begin_the_first(&person);
    // The server is on another port: the check waits for an answer for some seconds.
    write(&person, &RIGHT.replace("\"8080\"", "\"9000\""));
    build(&person.first(), &person.course.image);
    for key in ["q", CTRL_C] {
        waits_for_the_container(&tidy);
        pty.press(key);
        assert_eq!(pty.ended().0, left_by(key));
        tidy.leaves_nothing();
        pty = person.at_terminal(&["next"]);
    }
    // SIGKILL leaves what `dlearn clean` finds, and the session goes on as if nothing had been.
    waits_for_the_container(&tidy);
    pty.kill();
    let mut left = tidy.left_by_dlearn();
    let said = person.dlearn_in(&person.first(), &["clean", "--dry-run"]);
    // What the engine was just removing is gone by now.
    left.retain(|left| tidy.left_by_dlearn().contains(left));
    assert!(said.code == 0 && left.iter().any(|left| left.starts_with("dlearn-run/")), "{left:?}: {said:?}");
    for left in left {
        let name = left.trim_start_matches("container ");
        let found = said.out.lines().any(|line| line.starts_with("would remove") && line.contains(name));
        assert!(found, "{left}: {said:?}");
    }
    let mut pty = person.at_terminal(&["next"]);
    let told = over(&pty, "✗ A container answers on port 8080");
    assert!(told.contains("9000"), "{told}");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
}

/// Waits until a check has created a container.
fn waits_for_the_container(tidy: &Tidy<'_>) {
    until("a container of a check", || tidy.left_by_dlearn().iter().any(|line| line.starts_with("container")));
}

#[test]
fn an_engine_that_goes_and_comes_back_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut gate = Gate::new(folder.path());
    gate.open();
    let person = Person::new().with_engine_at(gate.path());
    let mut pty = begin_the_first(&person);
    write(&person, "FROM busybox:1.36\n");
    over(&pty, "✗ The image t");
    gate.close();
    let told = pty.shows("This is not counted as wrong.");
    assert!(told.contains("? The image t") && told.contains("there is no socket"), "{told}");
    pty.shows("waiting for the engine to answer");
    gate.open();
    over(&pty, "✗ The image t");
    pty.shows("watching your files and the engine");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    gate.close();
}

/// What the learner writes down and builds for a round: the solution of the round's variant.
fn solve(person: &Person, number: usize) {
    let workspace = person.round(number);
    let answer = person.root().join(format!("solution-{number}"));
    let said = person
        .dlearn_in(&workspace, &["solution", &person.course.broken, "--yes", "--out", &answer.display().to_string()]);
    assert_eq!(said.code, 0, "{said:?}");
    fs::copy(answer.join("diagnosis.yaml"), workspace.join("diagnosis.yaml")).expect("a diagnosis");
}

#[test]
fn a_broken_build_is_diagnosed_repaired_and_followed_by_the_next() {
    let person = Person::new();
    let tidy = Tidy(&person);
    let mut pty = person.begins(&[&person.course.broken]);
    for number in 1..=ROUNDS {
        let workspace = person.round(number);
        let image = format!("{}:round-{number}", person.course.repository);
        let task = pty.shows("Enter more");
        assert!(task.contains(&format!("round {number} of {ROUNDS}")), "{task}");
        assert!(task.contains(&format!("-broken-build/round-{number}")), "{task}");
        pty.press("q");
        let told = over(&pty, "✗ diagnosis.yaml names the cause");
        assert!(told.contains("diagnosis.yaml is not filled in yet"), "{told}");
        let variant = person.course.variant(&workspace);
        if number == 1 {
            // Repaired before it is understood: the diagnosis is still asked for first.
            fs::write(workspace.join("diagnosis.yaml"), "cause: nonsense\nerror: nothing\n").expect("a diagnosis");
            let told = pty.until("nonsense is told", |screen| screen.contents().contains("nonsense"));
            assert!(told.contains("✗ diagnosis.yaml names the cause"), "{told}");
        }
        solve(&person, number);
        over(&pty, "✗ u");
        if number == 1 {
            // A wrong repair is told precisely: what the service imports was only taken out.
            copy(&variant.join("wrong/removed"), &workspace);
            build(&workspace, &image);
            let told = over(&pty, "✗ Python in it can import");
            assert!(told.contains("No module named"), "{told}");
            // Back to the beginning, beside the session, which sees that too.
            let said = person.dlearn_in(&workspace, &["reset", "--yes"]);
            assert!(said.code == 0 && said.out.contains("is as it was at the beginning"), "{said:?}");
            over(&pty, "diagnosis.yaml is not filled in yet");
        }
        copy(&person.root().join(format!("solution-{number}")), &workspace);
        build(&workspace, &image);
        pty.shows("checks pass.");
        pty.press("\r");
        let why = pty.shows("Why it works");
        if number < ROUNDS {
            assert!(why.contains(&format!("Round {number} of {ROUNDS} is done.")), "{why}");
        }
        pty.press("G");
        pty.until("the end of the page", |screen| screen.contents().contains("Enter go on"));
        pty.press("\r");
    }
    // The rest of the course: its lessons, then its other exercise.
    pty.shows("The first section of all.");
    pty.press("q");
    let (code, screen, _) = pty.ended();
    assert_eq!(code, 0);
    assert!(screen.contains("The build is broken: passed, 10 points"), "{screen}");
    assert_eq!(person.state()["exercises"][&person.course.broken]["rounds_passed"], serde_json::json!([1, 2]));
    tidy.leaves_nothing();
}
