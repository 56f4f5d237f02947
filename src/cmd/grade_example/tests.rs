use super::EXAMPLES;
use clap::CommandFactory;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

fn text(name: &str) -> &'static str {
    EXAMPLES.iter().find(|example| example.name == name).unwrap().text
}

fn yaml(name: &str) -> Value {
    serde_yaml::from_str(text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every value below a key of this name.
fn below<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            if key == name {
                found.push(value);
            }
            below(value, name, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| below(item, name, found)),
        _ => {}
    }
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    below(value, name, &mut found);
    found.into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The shell takes it for a script.
fn is_script(shell: &str, script: &str) {
    let mut child = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{shell}: {script}");
}

const WORKFLOWS: [&str; 3] = ["github-class", "github-pull-request", "github-comment"];

#[test]
fn scripts_of_workflows_are_scripts_and_take_nobodys_text_as_code() {
    for name in WORKFLOWS {
        let workflow = yaml(name);
        let scripts = texts(&workflow, "run");
        assert!(!scripts.is_empty(), "{name}");
        for script in &scripts {
            is_script("bash", script);
            // GitHub puts the value into the script's text, whoever chose it.
            assert!(!script.contains("${{"), "{name}: {script}");
        }
        assert!(!text(name).contains("secrets."), "{name}");
        // Whatever runs is of one commit: a tag, or a branch, is something else tomorrow.
        for action in texts(&workflow, "uses") {
            let commit = action.split_once('@').unwrap().1;
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {action}");
        }
        let built: Vec<&String> = scripts.iter().filter(|script| script.contains("cargo install")).collect();
        assert!(built.len() == 1 && built[0].contains("--rev \"$REVISION\""), "{name}: once, and pinned: {built:?}");
    }
}

#[test]
fn what_builds_a_strangers_work_can_read_and_what_can_write_runs_nothing_of_it() {
    let (grade, comment) = (yaml("github-pull-request"), yaml("github-comment"));
    assert!(grade["on"]["pull_request"].is_object() && grade["on"].as_object().unwrap().len() == 1, "{grade:#}");
    assert_eq!(grade["permissions"], serde_json::json!({"contents": "read"}));
    let mut permissions = Vec::new();
    below(&grade, "permissions", &mut permissions);
    assert_eq!(permissions.len(), 1, "no job asks for more");
    let mut kept = Vec::new();
    below(&grade, "persist-credentials", &mut kept);
    assert_eq!(kept, [&Value::Bool(false)]);

    assert_eq!(comment["on"]["workflow_run"]["workflows"], serde_json::json!([grade["name"]]));
    assert_eq!(comment["permissions"], serde_json::json!({}));
    let job = &comment["jobs"]["comment"];
    assert_eq!(job["permissions"], serde_json::json!({"actions": "read", "pull-requests": "write"}));
    assert!(texts(&comment, "uses").iter().all(|action| !action.contains("checkout")), "{comment:#}");
    for script in texts(&comment, "run") {
        assert!(!script.contains("dlearn grade") || script.contains("dlearn grade merge"), "{script}");
    }
}

#[test]
fn parts_are_as_many_as_somebody_grades() {
    let class = yaml("github-class");
    let parts = class["env"]["PARTS"].as_u64().unwrap();
    let shards: Vec<u64> = class["jobs"]["part"]["strategy"]["matrix"]["shard"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    assert_eq!(shards, (1..=parts).collect::<Vec<_>>());
    let job = yaml("kubernetes");
    assert_eq!((&job["kind"], &job["spec"]["completionMode"]), (&"Job".into(), &"Indexed".into()));
    let pod = &job["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let parts = container["env"].as_array().unwrap().iter().find(|it| it["name"] == "PARTS").unwrap();
    assert_eq!(parts["value"], job["spec"]["completions"].to_string());
    assert_eq!(pod["automountServiceAccountToken"], false);
    is_script("sh", container["command"][2].as_str().unwrap());
    is_script("sh", text("swarm"));
}

#[test]
fn every_option_that_an_example_gives_to_dlearn_is_there() {
    let cli = crate::cli::Cli::command();
    let grade = cli.find_subcommand("grade").unwrap();
    let options = |of: &clap::Command| -> BTreeSet<String> {
        of.get_arguments().filter_map(|argument| argument.get_long().map(|long| format!("--{long}"))).collect()
    };
    let known: BTreeSet<String> =
        options(grade).union(&options(grade.find_subcommand("merge").unwrap())).cloned().collect();
    let mut seen = 0;
    for example in &EXAMPLES {
        let joined = example.text.replace("\\\n", " ");
        let commands = joined.split("dlearn grade ").skip(1).map(|rest| rest.split("||").next().unwrap_or_default());
        for command in commands.filter(|command| command.contains("--")) {
            let one = command.split("\n\n").next().unwrap_or_default().lines().take(3).collect::<Vec<_>>().join(" ");
            let words = one.split([' ', '\n']).filter(|word| word.starts_with("--"));
            for option in words.filter(|word| !word.contains('=')) {
                assert!(known.contains(option) || option == "--help", "{}: {option}", example.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
}
