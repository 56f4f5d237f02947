//! The parser against the real builders: random Dockerfiles are built, and what the engine made of
//! them, or that it refused, must be what `parse` and `expanded` say. Needs an engine on a Unix
//! socket; seen with Engine 20.10.24 and 28.5.2, both builders.
//!
//! Only what all engines know is drawn: no heredocs, no modifiers but `:-` and `:+`.

use dlearn::context::{Limits, TarStyle, pack_files};
use dlearn::course::FileSet;
use dlearn::dockerfile::{Body, Form, Healthcheck, Variables, parse};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

const NO_ENGINE: &str = "no engine answers: run ./scripts/engine start";

fn request(method: &str, path: &str, body: &[u8]) -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let mut stream =
        UnixStream::connect(host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock")).expect(NO_ENGINE);
    write!(
        stream,
        "{method} /v1.41{path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .expect(NO_ENGINE);
    stream.write_all(body).expect(NO_ENGINE);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect(NO_ENGINE);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

/// `Config` of the image that a Dockerfile makes, or the builder's error.
fn build(text: &str, version: u8) -> Result<Value, String> {
    let files: FileSet = [("Dockerfile".to_owned(), text.as_bytes().to_vec())].into();
    let archive = pack_files(&files, "Dockerfile", TarStyle::Plain, &Limits::default()).expect("a context");
    let tag = format!("dlearn-run/parser-{}", std::process::id());
    // Without the cache, in which another test's image may be found just when it is removed.
    let said = request("POST", &format!("/build?version={version}&t={tag}&rm=1&nocache=1"), &archive.bytes);
    let inspected: Value =
        serde_json::from_str(&request("GET", &format!("/images/{tag}/json"), &[])).unwrap_or_default();
    request("DELETE", &format!("/images/{tag}"), &[]);
    match inspected.get("Config") {
        Some(config) => Ok(config.clone()),
        None => Err(said.lines().last().unwrap_or_default().to_owned()),
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn map(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// What of the configuration follows from the instructions that are drawn.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    labels: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    cmd: Vec<String>,
    user: String,
    volumes: Vec<String>,
    healthcheck: Vec<String>,
    onbuild: usize,
}

fn theirs(config: &Value) -> Outcome {
    let env = strings(&config["Env"]);
    let env = env.iter().filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name != "PATH");
    Outcome {
        labels: map(&config["Labels"]),
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        cmd: strings(&config["Cmd"]),
        user: config["User"].as_str().unwrap_or_default().to_owned(),
        volumes: config["Volumes"].as_object().into_iter().flatten().map(|(path, _)| path.clone()).collect(),
        healthcheck: strings(&config["Healthcheck"]["Test"]),
        onbuild: strings(&config["OnBuild"]).len(),
    }
}

fn command(form: &Form) -> Vec<String> {
    match form {
        Form::Exec(words) => words.clone(),
        Form::Shell(text) => ["/bin/sh", "-c", text].map(str::to_owned).to_vec(),
    }
}

fn ours(text: &str) -> Result<Outcome, String> {
    let parsed = parse(text);
    if let Some(problem) = parsed.problems.first() {
        return Err(problem.message.clone());
    }
    let Some(stage) = parsed.final_stage() else { return Err("no stage".into()) };
    let variables = Variables { base_env: [("PATH".to_owned(), String::new())].into(), ..Variables::default() };
    let expanded = parsed.expanded(stage, &variables);
    if let Some(problem) = expanded.problems.first() {
        return Err(problem.message.clone());
    }
    let mut outcome = Outcome { env: expanded.env.clone(), ..Outcome::default() };
    outcome.env.remove("PATH");
    for instruction in &expanded.instructions {
        match &instruction.body {
            Body::Label(pairs) => {
                outcome.labels.extend(pairs.iter().map(|pair| (pair.key.clone(), pair.value.clone())));
            }
            Body::Cmd(form) => outcome.cmd = command(form),
            Body::User(user) => outcome.user.clone_from(user),
            Body::Volume(paths) => outcome.volumes.extend(paths.iter().cloned()),
            Body::Healthcheck(Healthcheck::None) => outcome.healthcheck = vec!["NONE".into()],
            Body::Healthcheck(Healthcheck::Check { form, .. }) => {
                outcome.healthcheck = match form {
                    Form::Exec(words) => std::iter::once("CMD".to_owned()).chain(words.iter().cloned()).collect(),
                    Form::Shell(text) => vec!["CMD-SHELL".into(), text.clone()],
                }
            }
            Body::Onbuild(_) => outcome.onbuild += 1,
            _ => {}
        }
    }
    outcome.volumes.sort();
    outcome.volumes.dedup();
    Ok(outcome)
}

/// 20.10 replaces variables and quotes in the names of ARG, later engines do not; and there, a default does not see
/// the names before it on its line.
fn odd_argument(text: &str) -> bool {
    let names = |body: &Body| match body {
        Body::Arg(names) => {
            let several = names.iter().skip(1).filter_map(|name| name.default.as_deref());
            names.iter().any(|name| name.name.contains(['$', '"', '\'', '\\', '`']))
                || several.into_iter().any(|default| default.contains('$'))
        }
        _ => false,
    };
    parse(text).instructions().any(|instruction| names(&instruction.body))
}

fn compare(text: &str, version: u8) -> Result<(), TestCaseError> {
    if odd_argument(text) {
        return Ok(());
    }
    match (build(text, version), ours(text)) {
        (Ok(config), Ok(ours)) => prop_assert_eq!(theirs(&config), ours, "{:?}", text),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(ours)) => prop_assert!(false, "only we refuse {text:?}: {ours}"),
        (Err(said), Ok(_)) => prop_assert!(false, "only the builder refuses {text:?}: {said}"),
    }
    Ok(())
}

// Not among them: `["a"] b` is the exec form for 20.10, whose reader stops behind the array, and the
// shell form for current BuildKit, which we follow.
#[test]
fn the_command_forms_are_those_of_the_builder() {
    for command in [
        "[\"a\", \"b c\"]",
        "['a']",
        "[\"a\",]",
        "[\"a\" \"b\"]",
        "[a]",
        "[ -f x ] || y",
        "[\"a\"",
        "a   b",
        "[1]",
        "[\"a\", null]",
        "[\"\\u00e9\\n\"]",
        " [ \"a\" ] ",
        "-- x",
        "--x",
        "\"a b\"",
        "$a ${b}",
        "\\\n# c\n x",
        "{\"a\": 1}",
    ] {
        // The builders share their parser; each of them sees one of the keywords.
        for (keyword, version) in [("CMD", 2), ("HEALTHCHECK CMD", 1)] {
            compare(&format!("FROM scratch\n{keyword} {command}\n"), version).expect("the same");
        }
    }
}

#[test]
fn random_dockerfiles_are_read_as_the_builder_reads_them() {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "=",
        "=",
        " ",
        " ",
        "\"",
        "\"",
        "'",
        "'",
        "\\",
        "$a",
        "${a}",
        "${b:-x}",
        "${a:+y}",
        "\\\n",
        "\\  \n",
        "#",
        "\t",
        "\\$",
        "x y",
        "ü",
        "$",
        "`",
        "\u{a0}",
        "[\"x\"]\n",
        "--",
        "/",
    ]);
    let words = prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat());
    let keyword = prop::sample::select(vec![
        "LABEL a=",
        "LABEL ",
        "ENV a=",
        "ENV b=",
        "ENV ",
        "ARG a=",
        "ARG a b=",
        "CMD ",
        "USER ",
        "VOLUME /",
        "HEALTHCHECK CMD ",
        "label l=$a",
        "\\\n LABEL c=",
        "# comment ",
        "ONBUILD USER ",
        "HEALTHCHECK --retries=2 ",
        "  ENV\ta=",
    ]);
    let line = (keyword, words).prop_map(|(keyword, words)| format!("{keyword}{words}\n"));
    let start = prop::sample::select(vec![
        "FROM scratch\n",
        "ARG a=g\nFROM scratch\n",
        "# escape=`\nFROM scratch\n",
        "\n# escape=`\nfrom  scratch as B\n",
        "FROM scratch AS x\nENV b=i\nARG a=n\nFROM x\n",
    ]);
    let text =
        (start, prop::collection::vec(line, 1..5)).prop_map(|(start, lines)| format!("{start}{}", lines.concat()));
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(25);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    if let Err(error) = runner.run(&text, |text| compare(&text, 2)) {
        panic!("{error}");
    }
}
