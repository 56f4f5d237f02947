//! Every exercise and every lesson of the course is proven on a real engine, with every builder that it offers.

use dlearn::course::{Course, Source};
use serde_json::Value;
use std::process::Command;

fn dlearn(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_dlearn")).args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{arguments:?} gave no JSON ({error}): {text}{}", String::from_utf8_lossy(&output.stderr))
    });
    (output.status.code(), report)
}

/// Days since 1970.
fn today() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / (24 * 3600)
}

#[test]
fn every_answer_that_an_exercise_knows_gets_its_verdict_with_each_builder() {
    let (_, doctor) = dlearn(&["doctor", "--json"]);
    let mut builders = doctor["engine"]["builders"].as_array().cloned().unwrap_or_default();
    assert!(!builders.is_empty(), "no engine answers: run ./scripts/engine start");

    let mut selfcheck = vec!["selfcheck", "--json", "--jobs", "4"];
    // By turns, as answers are nearly all of the time; `both` for both of them.
    let builder = std::env::var("DLEARN_TEST_BUILDER").unwrap_or_else(|_| "by-turns".into());
    if ["classic", "buildkit"].contains(&builder.as_str()) {
        assert!(builders.iter().any(|one| *one == builder.as_str()), "no builder {builder}: {builders:?}");
        builders = vec![builder.as_str().into()];
    }
    if builder != "both" {
        selfcheck.extend(["--builder", &builder]);
    }
    // A second engine is tried itself: that in a container is the same on all of them.
    let engine = std::env::var("DLEARN_TEST_ENGINE").unwrap_or_default();
    if !engine.is_empty() {
        selfcheck.extend(["--engine", &engine]);
    }
    // Of which a part of the answers may do.
    let part = std::env::var("DLEARN_TEST_CASE").unwrap_or_default();
    let mut parts = vec!["starter", "solution", "right/", "wrong/"];
    if !part.is_empty() {
        selfcheck.extend(["--case", &part]);
        parts.retain(|one| one.contains(&part));
        assert!(!parts.is_empty(), "{part}: none of the kinds of answer");
    }
    // Each day a third of the right and wrong answers; `all` for all of them. With the turns of the builders, six days
    // try everything.
    let share = std::env::var("DLEARN_TEST_SHARE").unwrap_or_else(|_| format!("{}/3", today() % 3 + 1));
    if share != "all" {
        selfcheck.extend(["--share", &share]);
        parts.retain(|one| !one.ends_with('/'));
    }
    let (code, report) = dlearn(&selfcheck);
    let cases = report["cases"].as_array().unwrap();
    // What is built on images that only a registry has may be left out, if the exercise says that there are such.
    let course = Course::load(&Source::Embedded).unwrap();
    let may_be_left_out = |case: &Value| {
        let path = case["case"].as_str().unwrap();
        let exercise = course.exercises.values().find(|entry| path.starts_with(&entry.exercise.id));
        case["result"] == "left_out" && exercise.is_some_and(|entry| !entry.exercise.needs.elsewhere.is_empty())
    };
    let is_strange = |case: &&Value| case["result"] != "as_expected" && !may_be_left_out(case);
    let strange: Vec<&Value> = cases.iter().filter(is_strange).collect();
    assert!(strange.is_empty(), "{}", serde_json::to_string_pretty(&strange).unwrap());
    assert_eq!(code, Some(0));
    let any = |part: &str| cases.iter().any(|case| case["case"].as_str().unwrap().contains(part));
    assert!(!part.is_empty() || any(" right/") && any(" wrong/"), "no answer was tried");

    // What ran is what there is: each exercise, each builder, right and wrong answers.
    let (_, list) = dlearn(&["list", "--json"]);
    let modules = list["modules"].as_array().unwrap();
    let items: Vec<&Value> = modules.iter().flat_map(|module| module["items"].as_array().unwrap()).collect();
    // What lessons show happens in throw-away engines only.
    for lesson in items.iter().filter(|item| item["kind"] == "lesson" && engine.is_empty()) {
        let ran = cases.iter().filter(|case| case["case"] == lesson["id"]).count();
        assert_eq!(ran, builders.len(), "{lesson}");
    }
    for exercise in items.into_iter().filter(|item| item["kind"] == "exercise") {
        let id = exercise["id"].as_str().unwrap();
        for builder in &builders {
            let ran = |part: &str| {
                cases.iter().any(|case| {
                    let path = case["case"].as_str().unwrap();
                    path.starts_with(id) && path.contains(part) && case["builder"] == *builder
                })
            };
            for part in &parts {
                assert!(ran(&format!(" {part}")), "{id} {part} did not run with {builder}");
            }
        }
    }
}
