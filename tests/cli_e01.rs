//! E01 as a learner does it, under its real names: set up by `dlearn next`, built with the real docker
//! command, judged by `dlearn check`.

mod cli_support;

use cli_support::*;
use std::path::PathBuf;

const IMAGE: &str = "e01/web:v1";
const SOLUTION: &str = include_str!("../exercises/E01-first-dockerfile/solution/Dockerfile");
const WHOLE_FOLDER: &str = include_str!("../exercises/E01-first-dockerfile/right/whole-folder/Dockerfile");
const IGNORE: &str = include_str!("../exercises/E01-first-dockerfile/right/whole-folder/.dockerignore");

/// A learner with E01 set up, and its folder.
fn begun() -> (Learner, PathBuf) {
    let learner = Learner::new();
    learner
        .dlearn(&["next", "E01"])
        .exits(1)
        .says("Your first Dockerfile")
        .says("expected: a file Dockerfile in this folder");
    let folder = learner.home().join("E01-first-dockerfile");
    (learner, folder)
}

/// Every check is there with what an instructor's program reads, and every one passed.
#[track_caller]
fn passes(learner: &Learner) {
    let told = learner.dlearn(&["check", "E01", "--json"]).exits(0);
    let report = told.json();
    assert_eq!(report["schema"], "dlearn/check/1");
    assert_eq!((&report["exercise"], &report["round"], &report["rounds"]), (&"E01".into(), &1.into(), &1.into()));
    assert_eq!(report["outcome"], "pass");
    let checks = report["checks"].as_array().expect("checks is a list");
    assert!(checks.len() >= 10, "{told:?}");
    for check in checks {
        let text = |field: &str| check[field].as_str().is_some_and(|text| !text.is_empty());
        assert!(text("id") && text("title"), "{check:#}");
        assert_eq!(check["verdict"], "pass", "{check:#}");
        assert!(check["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty()), "{check:#}");
    }
}

#[test]
fn next_sets_the_folder_up_and_the_checks_wait_for_the_first_file() {
    let (learner, folder) = begun();
    for file in ["README.md", "index.html", "style.css", "token"] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    assert!(!folder.join("Dockerfile").exists(), "the starter has none");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains(IMAGE), "{readme}");
    let told = learner.dlearn(&["check", "E01", "--json"]).exits(1);
    assert_eq!(told.check("dockerfile")["verdict"], "not_yet");
    assert_eq!(told.check("exists")["verdict"], "waits");
    assert_eq!(told.check("exists")["on"], "dockerfile");
}

#[test]
fn a_right_image_passes_with_either_builder_whether_it_copies_files_by_name_or_the_whole_folder() {
    let mut claim = Claim::take("e01", &[IMAGE]);
    let (learner, folder) = begun();
    for client in BUILDERS {
        std::fs::write(folder.join("Dockerfile"), SOLUTION).unwrap();
        claim.build(client, &folder, IMAGE, &[]);
        passes(&learner);
    }
    for client in BUILDERS {
        std::fs::write(folder.join("Dockerfile"), WHOLE_FOLDER).unwrap();
        std::fs::write(folder.join(".dockerignore"), IGNORE).unwrap();
        claim.build(client, &folder, IMAGE, &[]);
        passes(&learner);
    }
}

#[test]
fn a_pass_is_told_with_its_reasons_and_points_and_the_course_goes_on() {
    let mut claim = Claim::take("e01", &[IMAGE]);
    let (learner, folder) = begun();
    std::fs::write(folder.join("Dockerfile"), SOLUTION).unwrap();
    claim.build(Client::Classic, &folder, IMAGE, &[]);
    let told = learner.dlearn(&["check", "E01"]).exits(0);
    let told = told.says("Your Dockerfile is now the recipe").says("E01 is done: 10 points.").says("dlearn next");
    assert!(!told.stdout.contains('✗'), "{told:?}");
    let status = learner.dlearn(&["status", "--json"]).exits(0).json();
    assert_eq!(status["points"]["done"], 10, "{status:#}");
    assert_eq!(status["exercises"]["done"], 1, "{status:#}");
    let list = learner.dlearn(&["list", "--json"]).exits(0).json();
    let items = list["modules"].as_array().unwrap().iter().flat_map(|module| module["items"].as_array().unwrap());
    let done: Vec<&str> = items.filter(|item| item["done"] == true).map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(done, ["E01"]);
    learner.dlearn(&["read", "L28"]).exits(0).says("✓ E01").says("○ F01");
}
