//! Usage: what is wrong is said with its place and what was probably meant, exit code 2; every report is
//! a JSON document with its schema; what is piped holds no escape codes.

mod cli_support;

use cli_support::*;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// An engine that is not there: none of this needs one.
const NOWHERE: &str = "unix:///nowhere/docker.sock";

fn learner() -> Learner {
    let mut learner = Learner::new();
    learner.set("DOCKER_HOST", NOWHERE);
    learner
}

#[test]
fn an_unknown_id_offers_the_nearest() {
    let learner = learner();
    let cases: [(&[&str], &str); 9] = [
        (&["next", "E011"], "did you mean E01?"),
        (&["next", "L6"], "did you mean L06?"),
        (&["check", "E1"], "did you mean E01?"),
        (&["check", "SO1"], "did you mean S01?"),
        (&["hint", "e001"], "did you mean E01?"),
        (&["solution", "E0l", "--yes"], "did you mean E01?"),
        (&["reset", "S1", "--yes"], "did you mean S01?"),
        (&["read", "L0O"], "did you mean L00?"),
        (&["explain", "build_from"], "built_from"),
    ];
    for (args, near) in cases {
        let told = learner.dlearn(args).exits(2).says(near);
        assert!(told.stdout.is_empty() && told.stderr.lines().count() <= 10, "{told:?}");
    }
    learner.dlearn(&["next", "zebra"]).exits(2).says("dlearn list");
    learner.dlearn(&["check", "L06"]).exits(2).says("L06 is a lesson").says("E01");
    learner
        .dlearn(&["read", "E01"])
        .exits(2)
        .says("E01 is an exercise")
        .says("dlearn next E01")
        .says("dlearn read L06");
}

#[test]
fn ids_are_understood_in_any_case_of_letters() {
    let learner = learner();
    learner.dlearn(&["read", "l00"]).exits(0);
    learner.dlearn(&["next", "e01"]).exits(1).says("Your first Dockerfile");
    learner.dlearn(&["hint", "e01"]).exits(0).says("Hint 1 of 3");
}

#[test]
fn an_unknown_option_or_command_is_usage() {
    let learner = learner();
    learner.dlearn(&["check", "--jsn"]).exits(2).says("--json");
    learner.dlearn(&["chek"]).exits(2).says("check");
    learner.dlearn(&["read"]).exits(2).says("<ID>");
    learner.dlearn(&["images", "drop"]).exits(2).says("drop");
    learner.dlearn(&["selfcheck", "--builder", "kaniko"]).exits(2).says("buildkit");
    learner.dlearn(&["check", "E01", "--record", "a", "--replay", "b"]).exits(2).says("cannot be used with");
}

#[test]
fn without_a_course_folder_nothing_is_created_and_the_way_is_told() {
    let learner = learner();
    let nowhere = |args: &[&str]| {
        let mut command = learner.command(args);
        command.env_remove("DLEARN_HOME");
        Running::start(command).end()
    };
    nowhere(&["next"]).exits(0).says("Meet your engine");
    nowhere(&["status"]).exits(0).says("dlearn next");
    nowhere(&["list"]).exits(0);
    for args in [&["check", "E01"][..], &["hint", "E01"], &["next", "E01"], &["reset", "E01", "--yes"]] {
        nowhere(args).exits(2).says("there is no course folder yet").says("DLEARN_HOME");
    }
    assert_eq!(fs::read_dir(learner.root()).unwrap().count(), 0, "nothing was created");
    // --dir goes before DLEARN_HOME, and a folder that was named is created.
    let here = learner.root().join("here");
    learner.dlearn(&["next", "E01", "--dir", here.to_str().unwrap()]).exits(1);
    assert!(here.join("E01-first-dockerfile/token").is_file());
    assert!(!learner.home().exists());
}

#[test]
fn the_exercise_is_the_one_whose_folder_one_is_in() {
    let learner = learner();
    learner.dlearn(&["next", "E01"]).exits(1);
    learner.dlearn(&["check", "--json"]).exits(2).says("say which");
    let mut command = learner.command(&["check", "--json"]);
    command.env_remove("DLEARN_HOME").current_dir(learner.home().join("E01-first-dockerfile"));
    let told = Running::start(command).end().exits(1);
    assert_eq!(told.json()["exercise"], "E01");
    let mut command = learner.command(&["solution", "--yes", "--json"]);
    command.env_remove("DLEARN_HOME").current_dir(learner.home().join("E01-first-dockerfile"));
    assert_eq!(Running::start(command).end().exits(0).json()["exercise"], "E01");
    for command in ["hint", "solution", "open", "reset"] {
        learner.dlearn(&[command]).exits(2).says("no exercise is meant").says("dlearn list");
    }
}

#[test]
fn what_asks_in_a_terminal_does_nothing_elsewhere_unless_it_is_told_to() {
    let learner = learner();
    learner.dlearn(&["next", "E01"]).exits(1);
    let folder = learner.home().join("E01-first-dockerfile");
    fs::write(folder.join("Dockerfile"), "FROM busybox:1.36\n").unwrap();
    learner.dlearn(&["reset", "E01"]).exits(2).says("nobody can be asked here").says("dlearn reset E01 --yes");
    assert!(folder.join("Dockerfile").is_file());
    learner.dlearn(&["solution", "E01"]).exits(2).says("dlearn solution E01 --yes");
    learner.dlearn(&["reset", "E01", "--yes"]).exits(0).says("what was there is kept in");
    assert!(!folder.join("Dockerfile").exists());
}

/// One wrong word in a course, and what is said of it.
#[track_caller]
fn broken(file: &str, from: &str, to: &str, says: &[&str]) {
    let scene = Scene::before();
    let file = file.replace("E01", &scene.id);
    let path = scene.course().join(&file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from:?}");
    let at = text.find(from).unwrap();
    let line = text[..at].lines().count() + usize::from(text[..at].ends_with('\n') || at == 0);
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    for args in [&["list"][..], &["check", &scene.id], &["next"], &["status", "--json"]] {
        let told = scene.learner.dlearn(args).exits(2).says(&file).says(&format!("line {line}, column"));
        let told = told.keeps_silent_about("panicked");
        assert!(told.stdout.is_empty(), "{told:?}");
        says.iter().fold(told, |told, text| told.says(text));
    }
}

#[test]
fn an_error_in_an_exercise_names_file_line_column_and_the_nearest_word() {
    let file = "exercises/E01-first-dockerfile/exercise.yaml";
    broken(file, "title: Your first", "titel: Your first", &["titel", "did you mean `title`?"]);
    broken(file, "image_exists:", "image_exist:", &["image_exist", "image_exists"]);
    broken(file, "  weight: 2", "  wieght: 2", &["weight"]);
    broken(file, "points: 10", "points: [10", &[]);
    broken(file, "minutes: 15", "minutes: soon", &["soon"]);
}

#[test]
fn an_error_in_a_recipe_the_outline_or_a_lesson_names_its_place_too() {
    broken("checks/serves-http.yaml", "title:", "titel:", &["title"]);
    broken("lessons/course.yaml", "modules:", "module:", &["modules"]);
    broken("lessons/L00-meet-your-engine.md", "title:", "titel:", &["title"]);
}

#[test]
fn a_course_that_is_not_there_or_names_what_is_not_there_is_told() {
    let learner = learner();
    learner.dlearn(&["list", "--course", "/nowhere"]).exits(2).says("/nowhere");
    let scene = Scene::before();
    let outline = scene.course().join("lessons/course.yaml");
    let text = fs::read_to_string(&outline).unwrap();
    fs::write(&outline, text.replace("L07", "L77")).unwrap();
    let line = format!("line {}", text.lines().position(|line| line.contains("L07")).unwrap() + 1);
    let told = scene.learner.dlearn(&["list"]).exits(2).says("lessons/course.yaml").says(&line);
    told.says("there is no lesson or exercise `L77`").says("did you mean L07?");
}

/// Commands with what they exit with, for a learner without an engine and with E01 set up.
const PRINTING: [(&[&str], i32); 14] = [
    (&["next"], 0),
    (&["next", "E01"], 1),
    (&["check", "E01"], 1),
    (&["read", "L06"], 0),
    (&["read", "L11"], 0),
    (&["list"], 0),
    (&["quiz", "L06"], 0),
    (&["open", "E01"], 0),
    (&["status"], 0),
    (&["hint", "E01"], 0),
    (&["solution", "E01", "--yes"], 0),
    (&["doctor"], 3),
    (&["explain", "http"], 0),
    (&["--help"], 0),
];

#[test]
fn what_is_piped_holds_no_escape_codes_and_no_carriage_returns() {
    let learner = learner();
    learner.dlearn(&["next", "E01"]).exits(1);
    for (args, code) in PRINTING {
        learner.dlearn(args).exits(code).keeps_silent_about("\u{1b}").keeps_silent_about("\r");
    }
}

#[test]
fn colour_can_be_forced_and_no_color_goes_before_that() {
    let mut learner = learner();
    learner.set("CLICOLOR_FORCE", "1");
    let told = learner.dlearn(&["read", "L06"]).exits(0);
    assert!(told.stdout.contains("\u{1b}["), "{told:?}");
    let document = learner.dlearn(&["list", "--json"]).exits(0).keeps_silent_about("\u{1b}");
    assert_eq!(document.json()["schema"], "dlearn/list/1");
    learner.set("NO_COLOR", "1");
    learner.dlearn(&["read", "L06"]).exits(0).keeps_silent_about("\u{1b}");
}

#[test]
fn a_terminal_with_no_color_gets_no_colour() {
    let learner = learner();
    let seen = |no_color: Option<&str>| {
        let pty = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
        let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_dlearn"));
        command.args(["list"]);
        command.env("TERM", "xterm-256color");
        command.env("DLEARN_HOME", learner.home());
        command.env("HOME", learner.root());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let mut child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let mut text = Vec::new();
        let _ = reader.read_to_end(&mut text);
        assert!(child.wait().unwrap().success());
        String::from_utf8_lossy(&text).into_owned()
    };
    let plain = seen(Some("1"));
    assert!(plain.contains("E01") && !plain.contains('\u{1b}'), "{plain:?}");
    assert!(seen(None).contains("E01"));
}

#[test]
fn each_json_document_says_its_schema_and_is_all_there_is_on_standard_output() {
    let learner = learner();
    learner.dlearn(&["next", "E01"]).exits(1);
    let cases: [(&[&str], i32, &str); 13] = [
        (&["ref", "shop:v1"], 0, "dlearn/ref/1"),
        (&["ref", "Shop:v1"], 2, "dlearn/ref/1"),
        (&["check", "E01"], 1, "dlearn/check/1"),
        (&["next", "E01"], 1, "dlearn/check/1"),
        (&["hint", "E01"], 0, "dlearn/hint/1"),
        (&["solution", "E01", "--yes"], 0, "dlearn/solution/1"),
        (&["list"], 0, "dlearn/list/1"),
        (&["quiz"], 0, "dlearn/quiz/1"),
        (&["quiz", "L06"], 0, "dlearn/quiz/1"),
        (&["open", "E01"], 0, "dlearn/open/1"),
        (&["status"], 0, "dlearn/status/1"),
        (&["doctor"], 3, "dlearn/doctor/1"),
        (&["context", "."], 0, "dlearn/context/1"),
    ];
    for (args, code, schema) in cases {
        let told = learner.dlearn(&[args, &["--json"]].concat()).exits(code);
        assert_eq!(told.json()["schema"], schema, "{told:?}");
    }
}

#[test]
fn questions_are_asked_without_their_answers_and_nothing_is_due_at_the_beginning() {
    let learner = learner();
    learner.dlearn(&["quiz"]).exits(0).says("dlearn next");
    let printed = learner.dlearn(&["quiz", "l02"]).exits(0).says("Question").keeps_silent_about("Right.");
    let report = learner.dlearn(&["quiz", "L02", "--json"]).exits(0).json();
    let first = &report["questions"][0];
    assert!(first["lesson"] == "L02" && first["options"].as_array().unwrap().len() > 1 && first["missed"] == false);
    assert!(first.get("right").is_none() && !printed.stdout.contains("because"), "{first}");
    learner.dlearn(&["quiz", "L2"]).exits(2).says("did you mean L02?");
    learner.dlearn(&["quiz", "R01"]).exits(2).says("R01 asks nothing");
}

#[test]
fn a_folder_is_printed_where_no_editor_can_be_opened() {
    let learner = learner();
    let folder = learner.dlearn(&["open", "E01"]).exits(0).stdout;
    assert!(Path::new(folder.trim_end()).join("README.md").is_file(), "{folder}");
    learner.dlearn(&["open", "L06"]).exits(2).says("L06 is a lesson");
    learner.dlearn(&["list"]).exits(0).says("◦ E01").says("◦ begun").says("What is left takes about");
}

#[test]
fn a_name_is_taken_apart_or_its_mistake_is_told() {
    let learner = learner();
    let told = learner.dlearn(&["ref", "localhost:5000/team/shop"]).exits(0);
    let parts = ["registry    localhost:5000", "namespace   team", "repository  shop", "tag         latest"];
    parts.iter().fold(told, |told, part| told.says(part)).says("localhost:5000/team/shop:latest");
    learner.dlearn(&["ref", "shop:v1+0"]).exits(2).says("invalid reference format").says("`v1+0`").says("v1-0");
    learner.dlearn(&["ref", "\u{1b}[31m"]).exits(2).keeps_silent_about("\u{1b}");
}

#[test]
fn shells_and_man_know_the_commands() {
    let learner = learner();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        learner.dlearn(&["completions", shell]).exits(0).says("selfcheck");
    }
    learner.dlearn(&["completions", "cmd"]).exits(2).says("bash");
    learner.dlearn(&["man"]).exits(0).says(".TH dlearn 1").says("dlearn\\-next");
    let pages = learner.root().join("pages");
    learner.dlearn(&["man", "--out", pages.to_str().unwrap()]).exits(0);
    assert!(fs::read_to_string(pages.join("dlearn-grade.1")).unwrap().contains("roster"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let learner = learner();
    let mut child = learner.command(&["read", "L06"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    assert_eq!(said, "");
}

#[test]
fn recorded_facts_give_the_same_verdicts_without_an_engine_and_without_the_files() {
    let scene = Scene::solved(Client::BuildKit);
    let replayed = |file: &Path| {
        let mut command = scene.learner.command(&["check", &scene.id, "--json", "--replay"]);
        command.arg(file).env("DOCKER_HOST", NOWHERE);
        Running::start(command).end()
    };
    let recorded =
        |file: &Path| scene.learner.dlearn(&["check", &scene.id, "--json", "--record", file.to_str().unwrap()]);
    let (right, wrong) = (scene.learner.root().join("right.json"), scene.learner.root().join("wrong.json"));
    let passed = recorded(&right).exits(0);
    scene.write("index.html", "<p>changed</p>\n");
    let failed = recorded(&wrong).exits(1);
    fs::remove_file(scene.folder().join("Dockerfile")).unwrap();
    assert_eq!(replayed(&right).exits(0).json(), passed.json());
    assert_eq!(replayed(&wrong).exits(1).json(), failed.json());
    assert_eq!(failed.check("built")["verdict"], "not_yet");

    fs::write(&wrong, "no facts").unwrap();
    replayed(&wrong).exits(2).says("wrong.json").says("--record");
    replayed(Path::new("/nowhere.json")).exits(2).says("/nowhere.json");
}

#[test]
fn what_an_image_says_cannot_steer_the_terminal() {
    let scene = Scene::new();
    let steering = "printf '\\033]0;owned\\007\\033[2J\\rall is well' && exit 3";
    scene.write(
        "Dockerfile",
        &scene
            .dockerfile()
            .replace("CMD [", &format!("CMD [\"sh\", \"-c\", \"{}\"]\n# [", steering.replace('\\', "\\\\"))),
    );
    scene.build(Client::BuildKit, &[]);
    let told = scene.learner.dlearn(&["check", &scene.id]).exits(1).says("all is well");
    told.keeps_silent_about("\u{1b}").keeps_silent_about("\u{7}").keeps_silent_about("\r");
}

#[test]
fn the_version_and_the_help_name_every_command() {
    let learner = learner();
    let help = learner.dlearn(&["--help"]).exits(0);
    for command in [
        "next",
        "check",
        "watch",
        "hint",
        "solution",
        "read",
        "status",
        "list",
        "reset",
        "clean",
        "doctor",
        "images",
        "selfcheck",
    ] {
        assert!(help.stdout.contains(&format!("  {command}")), "{command}: {help:?}");
        assert!(
            !Command::new(env!("CARGO_BIN_EXE_dlearn")).args([command, "--help"]).output().unwrap().stdout.is_empty()
        );
    }
    learner.dlearn(&["--version"]).exits(0).says("dlearn");
}
