//! `dlearn dockerfile`: what it prints, its exit codes, and its JSON. Needs no engine.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn dlearn(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dlearn"))
        .arg("dockerfile")
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", "80")
        .env("LC_ALL", "C.UTF-8")
        .env("DOCKER_HOST", "unix:///nonexistent")
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const FINE: &str = "FROM busybox:1.36 AS build\nWORKDIR /src\nRUN <<DONE\necho one > /one\nDONE\nFROM scratch\nCOPY --from=build \\\n  /one /\nCMD [\"/one\"]\n";

#[test]
fn a_clean_file_is_shown_stage_by_stage() {
    let folder = folder(&[("Dockerfile", FINE)]);
    let output = dlearn(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        printed(&output),
        "  Stage 0, build, on busybox:1.36
        1  base           FROM busybox:1.36 AS build
        2  layer, if new  WORKDIR /src
      3-5  layer          RUN <<DONE …
                         document DONE: 1 line, variables are replaced

  Stage 1, on scratch: the image; takes files from build
        6  base           FROM scratch
      7-8  layer          COPY --from=build …
        9  metadata       CMD [\"/one\"]

✓ Docker accepts it, and its build checks find nothing.
"
    );
}

#[test]
fn a_finding_is_shown_with_its_line_and_what_to_write_instead() {
    let folder =
        folder(&[("my.Dockerfile", "FROM scratch\nENV A=1 \\\n\n    B=2\nLABEL key value\n"), ("Dockerfile", FINE)]);
    let output = dlearn(folder.path(), &["my.Dockerfile"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = printed(&output);
    for expected in [
        "! NoEmptyContinuation, line 4 (fault)\n  3 │ \n    │ ^\n",
        "! LegacyKeyValueFormat, line 5 (style)\n  5 │ LABEL key value\n    │       ^^^^^^^^^\n  LABEL key has a blank where = belongs.\n",
        "  Instead: write NAME=value, and a value with blanks in quotes.\n",
        "\nhttps://docs.docker.com/reference/build-checks/legacy-key-value-format/\n",
        "\nDocker accepts it; its build checks find 2 things.\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains('\u{1b}'), "piped: no colours");
}

#[test]
fn a_file_that_docker_refuses_says_where_and_what_next() {
    let folder = folder(&[("Dockerfile", "FROM scratch\nENV PLACE=Map Room\n")]);
    let output = dlearn(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let text = printed(&output);
    assert!(
        text.contains("✗ Docker refuses Dockerfile, line 2\n  2 │ ENV PLACE=Map Room\n    │               ^^^^\n"),
        "{text}"
    );
    assert!(text.contains("Room has no =: write NAME=VALUE, and a value with blanks in quotes."), "{text}");
    assert!(text.ends_with("Docker refuses it.\n"), "{text}");
}

#[test]
fn what_dockerignore_excludes_is_known() {
    let rules = "*.md\n!README.md\n";
    let folder = folder(&[("Dockerfile", "FROM scratch\nCOPY notes.md README.md /\n"), (".dockerignore", rules)]);
    let text = printed(&dlearn(folder.path(), &[]));
    assert!(text.contains("CopyIgnoredFile, line 2") && text.contains("COPY notes.md names what"), "{text}");
    assert!(text.contains("find one thing"), "{text}");
    fs::write(folder.path().join(".dockerignore"), "a[\n").unwrap();
    let output = dlearn(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(".dockerignore: line 1"), "{error}");
}

#[test]
fn a_target_limits_what_is_checked() {
    let text = "FROM scratch AS one\nCMD a\nFROM scratch AS two\nCMD b\n";
    let folder = folder(&[("Dockerfile", text)]);
    let text = printed(&dlearn(folder.path(), &["--target", "one"]));
    assert!(text.contains("JSONArgsRecommended, line 2") && text.contains("find one thing"), "{text}");
    let output = dlearn(folder.path(), &["--target", "three"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("one, two"), "{output:?}");
}

#[test]
fn what_the_file_switches_off_is_counted() {
    let folder = folder(&[("Dockerfile", "# check=skip=all\nFROM scratch as a\nCMD b\n")]);
    let output = dlearn(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = printed(&output).replace('\n', " ");
    assert!(text.contains("find nothing; 2 more that the file switches off (line 1)."), "{text}");
}

#[test]
fn json_holds_stages_instructions_and_checks() {
    let folder = folder(&[(
        "Dockerfile",
        "# check=skip=FromAsCasing\nARG T=1.36\nFROM busybox:$T as a\nARG T\nCMD b\nFROM a\nCOPY --from=a <<E /\nx\nE\n",
    )]);
    let output = dlearn(folder.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "dlearn/dockerfile/1");
    assert_eq!(report["accepted"], true);
    assert_eq!(report["directives"][0]["value"], "skip=FromAsCasing");
    assert_eq!(report["global_args"][0]["keyword"], "ARG");
    let stages = &report["stages"];
    assert_eq!((&stages[0]["name"], &stages[0]["image"]), (&"a".into(), &"busybox:1.36".into()));
    assert_eq!((&stages[1]["base"], &stages[1]["image"]), (&"a".into(), &"busybox:1.36".into()));
    assert_eq!(stages[1]["takes_from"], serde_json::json!([0]));
    assert_eq!(stages[0]["instructions"][1]["writes"], "build");
    let copy = &stages[1]["instructions"][1];
    assert_eq!((&copy["writes"], &copy["lines"]["last"]), (&"layer".into(), &9.into()));
    assert_eq!(copy["heredocs"][0]["lines"], serde_json::json!({ "first": 8, "last": 8 }));
    let checks: Vec<(&str, bool)> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["rule"].as_str().unwrap(), check["skipped"].as_bool().unwrap()))
        .collect();
    assert_eq!(checks, [("FromAsCasing", true), ("JSONArgsRecommended", false)]);
    assert_eq!(report["checks"][1]["severity"], "risk");
}

#[test]
fn what_is_no_dockerfile_is_an_error_of_usage() {
    let folder = folder(&[("large", &"#".repeat(1_100_000))]);
    fs::write(folder.path().join("binary"), [0xff, 0xfe, 0x00]).unwrap();
    for (file, says) in
        [("missing", "cannot read missing"), (".", "is a folder"), ("large", "1 MiB"), ("binary", "UTF-8")]
    {
        let output = dlearn(folder.path(), &[file]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(says), "{output:?}");
    }
}

#[test]
fn control_characters_and_plain_terminals_are_respected() {
    let folder = folder(&[("Dockerfile", "FROM scratch\nLABEL a \u{1b}[31mred\u{1b}[0m\u{7}\tb\n")]);
    let output = Command::new(env!("CARGO_BIN_EXE_dlearn"))
        .arg("dockerfile")
        .current_dir(folder.path())
        .env("COLUMNS", "40")
        .env("LC_ALL", "C")
        .env_remove("LANG")
        .output()
        .unwrap();
    let text = printed(&output);
    assert!(!text.contains(['\u{1b}', '\u{7}']) && text.contains("| LABEL a"), "{text}");
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 72), "{text}");
}
