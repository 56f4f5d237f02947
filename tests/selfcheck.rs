//! Every exercise of the course is proven on the real engine, with every builder that it offers.

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

#[test]
fn every_answer_that_an_exercise_knows_gets_its_verdict_with_each_builder() {
    let (_, doctor) = dlearn(&["doctor", "--json"]);
    let mut builders = doctor["engine"]["builders"].as_array().cloned().unwrap_or_default();
    assert!(!builders.is_empty(), "no engine answers: run ./scripts/engine start");

    let mut selfcheck = vec!["selfcheck", "--json", "--jobs", "3"];
    // For a second engine, of which only the builder that its client uses is of concern.
    let only = std::env::var("DLEARN_TEST_BUILDER").unwrap_or_default();
    if !only.is_empty() {
        assert!(builders.iter().any(|builder| *builder == only.as_str()), "no builder {only}: {builders:?}");
        builders = vec![only.as_str().into()];
        // On itself: the engine in a container is the same on all of them.
        selfcheck.extend(["--builder", &only, "--engine", "own"]);
    }
    let (code, report) = dlearn(&selfcheck);
    let cases = report["cases"].as_array().unwrap();
    let strange: Vec<&Value> = cases.iter().filter(|case| case["result"] != "as_expected").collect();
    assert!(strange.is_empty(), "{}", serde_json::to_string_pretty(&strange).unwrap());
    assert_eq!(code, Some(0));

    // What ran is what there is: each exercise, each builder, right and wrong answers.
    let (_, list) = dlearn(&["list", "--json"]);
    let modules = list["modules"].as_array().unwrap();
    let items = modules.iter().flat_map(|module| module["items"].as_array().unwrap());
    for exercise in items.filter(|item| item["kind"] == "exercise") {
        let id = exercise["id"].as_str().unwrap();
        for builder in &builders {
            let ran = |part: &str| {
                cases.iter().any(|case| {
                    let path = case["case"].as_str().unwrap();
                    path.starts_with(id) && path.contains(part) && case["builder"] == *builder
                })
            };
            for part in [" starter", " solution", " right/", " wrong/"] {
                assert!(ran(part), "{id}:{part} did not run with {builder}");
            }
        }
    }
}
