//! What may befall a session's terminal and its disk: Ctrl-C and another size at every place, a folder that cannot be
//! written, a full disk, a record of another version. Without any engine.

mod session_support;

use session_support::{CTRL_C, CommandBuilder, Person, Pty, disk::Disk, stages::STAGES};
use std::fs;
use std::path::Path;

#[test]
fn ctrl_c_ends_with_130_at_every_place_and_the_terminal_is_as_before() {
    for (place, reach) in STAGES {
        let person = Person::without_engine();
        let mut pty = person.at_terminal(&["next"]);
        reach(&mut pty);
        pty.press(CTRL_C);
        let (code, screen, _) = pty.ended();
        assert_eq!(code, 130, "{place}");
        let told = match place {
            "the first question" => "Nothing was made.",
            "the end of a lesson" => "Next comes the exercise",
            _ => "Your place is kept",
        };
        assert!(screen.contains(told), "{place}: {screen}");
    }
}

#[test]
fn every_place_follows_the_size_of_the_terminal() {
    for (place, reach) in STAGES {
        let person = Person::without_engine();
        let mut pty = person.at_terminal(&["next"]);
        reach(&mut pty);
        // The question for the folder is a line that is not drawn again.
        let is_line = place == "the first question";
        let sizes = if is_line { &[][..] } else { &[(40, 10), (120, 40), (200, 60), (80, 24)][..] };
        for (columns, rows) in sizes {
            pty.resize(*columns, *rows);
            // Both ends of the screen: what is above, and the keys (or what is typed) in the last row.
            pty.until(&format!("{place} at {columns}x{rows}"), |screen| {
                let rows_of: Vec<String> = screen.rows(0, *columns).collect();
                let filled = |row: Option<&String>| row.is_some_and(|row| !row.trim().is_empty());
                filled(rows_of.first()) && filled(rows_of.last())
            });
        }
        if is_line {
            pty.resize(40, 10);
        }
        pty.press(CTRL_C);
        assert_eq!(pty.ended().0, 130, "{place}");
    }
}

/// `dlearn ARGS` in a terminal, with the course's folder at `home`.
fn at_terminal(person: &Person, home: &Path, args: &[&str]) -> Pty {
    person.at_terminal(&[args, &["--dir", &home.display().to_string()]].concat())
}

/// Text without the line breaks of a terminal.
fn unwrapped(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_course_that_cannot_be_written_is_read_and_every_refusal_says_why() {
    let person = Person::without_engine();
    let Some(mut disk) = Disk::new(&person.root().join("disk")) else { return };
    let home = disk.path().join("course");
    let mut pty = at_terminal(&person, &home, &["next"]);
    pty.shows("The first section of all.");
    pty.press("\r");
    pty.shows("Read this too.");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    let before = fs::read(home.join(".dlearn/state.json")).expect("a state");

    disk.read_only();
    let (code, screen, _) = at_terminal(&person, &home, &["next"]).ended();
    let said = unwrapped(&screen);
    assert_eq!(code, 2, "{screen}");
    assert!(said.contains("the file system is read-only") && said.contains("--dir PATH or DLEARN_HOME"), "{screen}");
    // Looking and reading need no writing.
    let mut pty = at_terminal(&person, &home, &["read", "L90"]);
    pty.shows("The first section of all.");
    pty.press("q");
    let (code, screen, _) = pty.ended();
    assert!(code == 0 && screen.contains("Reading is not counted."), "{screen}");
    let place = home.display().to_string();
    for args in [&["status", "--dir", &place][..], &["list", "--dir", &place], &["next", "--dir", &place]] {
        let said = person.dlearn(args);
        assert_eq!(said.code, 0, "{args:?}: {said:?}");
    }
    let said = person.dlearn(&["status", "--dir", &place]);
    assert!(said.out.contains("you are at L90 Before it"), "{said:?}");
    assert_eq!(fs::read(home.join(".dlearn/state.json")).expect("a state"), before);

    // A place that cannot be had is no place for a new course either.
    let (code, screen, _) = at_terminal(&person, &disk.path().join("another"), &["next"]).ended();
    assert!(code == 2 && unwrapped(&screen).contains("the file system is read-only"), "{screen}");
}

#[test]
fn a_disk_that_fills_while_a_lesson_is_read_costs_nothing_that_was_saved() {
    let person = Person::without_engine();
    let Some(disk) = Disk::new(&person.root().join("disk")) else { return };
    let home = disk.path().join("course");
    let state = || -> serde_json::Value {
        serde_json::from_slice(&fs::read(home.join(".dlearn/state.json")).expect("a state")).expect("it is whole")
    };
    let mut pty = at_terminal(&person, &home, &["next"]);
    pty.shows("The first section of all.");
    disk.fill();
    // Reading goes on; at its end it is said what could not be kept.
    pty.press("\r");
    pty.shows("Read this too.");
    pty.press("q");
    let (code, screen, _) = pty.ended();
    let said = unwrapped(&screen);
    assert_eq!(code, 2, "{screen}");
    assert!(said.contains("the disk is full") && said.contains("docker system df"), "{screen}");
    assert!(said.contains("what was saved before is unchanged"), "{screen}");
    assert_eq!(state()["lessons"]["L90"]["section"], 0);
    let (code, screen, _) = at_terminal(&person, &home, &["next"]).ended();
    assert!(code == 2 && unwrapped(&screen).contains("the disk is full"), "{screen}");
    assert_eq!(state()["lessons"]["L90"]["section"], 0);

    // Where there is room again before the reader leaves, all of it is kept.
    disk.empty();
    let mut pty = at_terminal(&person, &home, &["next"]);
    pty.shows("The first section of all.");
    disk.fill();
    pty.press("\r");
    pty.shows("Read this too.");
    disk.empty();
    pty.press("q");
    let (code, screen, _) = pty.ended();
    assert!(code == 0 && screen.contains("L90 Before it, section 2 of 2."), "{screen}");
    assert_eq!(state()["lessons"]["L90"]["section"], 1);
}

/// Writes a record of progress as an older or a broken program would have left it.
fn left(person: &Person, state: &str) {
    fs::create_dir_all(person.home().join(".dlearn")).expect("a folder");
    fs::write(person.home().join(".dlearn/state.json"), state).expect("a state");
}

/// The files beside the state whose names begin so.
fn beside(person: &Person, begins: &str) -> Vec<String> {
    let names = fs::read_dir(person.home().join(".dlearn")).expect("a folder").flatten();
    let kept = names.filter(|entry| entry.file_name().to_string_lossy().starts_with(begins));
    kept.map(|entry| fs::read_to_string(entry.path()).expect("what was kept")).collect()
}

#[test]
fn a_record_of_an_older_version_is_taken_over_and_kept() {
    let person = Person::without_engine();
    let first = person.course.first.clone();
    let old = format!(
        r#"{{"course":"session-tests","theme":"dark","lessons":["L90"],"exercises":{{"{first}":"0123456789abcdef"}}}}"#
    );
    left(&person, &old);
    let mut pty = at_terminal(&person, &person.home(), &["next"]);
    let told = unwrapped(&pty.shows("go on"));
    assert!(told.contains("brought up to date from version 0") && told.contains("The old one is kept as"), "{told}");
    pty.press("\r");
    let task = pty.shows("Enter more");
    assert!(task.contains("Your first Dockerfile"), "L90 was read: {task}");
    pty.press("q");
    pty.shows("your folder: ~/dlearn/");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    assert_eq!(beside(&person, "state.json.version-0"), [old]);
    let state = person.state();
    assert_eq!((&state["version"], &state["theme"]), (&1.into(), &"dark".into()), "what is not known stays");
    assert_eq!(fs::read_to_string(person.first().join("token")).expect("a token").trim(), "0123456789abcdef");
    // It is said once.
    let mut pty = person.at_terminal(&["next", "--dir", &person.home().display().to_string()]);
    let shown = pty.shows("your folder: ~/dlearn/");
    assert!(!shown.contains("brought up to date"), "{shown}");
    pty.press(CTRL_C);
    assert_eq!(pty.ended().0, 130);
}

#[test]
fn a_damaged_record_is_kept_aside_and_said_before_anything_else() {
    let person = Person::without_engine();
    fs::create_dir_all(person.first()).expect("a folder");
    fs::write(person.first().join("token"), "0123456789abcdef\n").expect("a token");
    left(&person, "{\"version\": 1, \"lessons\": {\"L9");
    let mut pty = at_terminal(&person, &person.home(), &["next"]);
    let told = unwrapped(&pty.shows("go on"));
    for words in ["was damaged", "It is kept as", "were read back from their folders", "Your files are untouched."] {
        assert!(told.contains(words), "{words}: {told}");
    }
    pty.press("\r");
    pty.shows("The first section of all.");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    assert_eq!(beside(&person, "state.json.damaged-"), ["{\"version\": 1, \"lessons\": {\"L9"]);
    assert_eq!(person.state()["exercises"][&person.course.first]["token"], "0123456789abcdef");
}

#[test]
fn a_record_of_a_newer_version_is_refused_and_left_alone() {
    let person = Person::without_engine();
    let newer = "{\"version\": 99, \"lessons\": 7}";
    left(&person, newer);
    let (code, screen, _) = at_terminal(&person, &person.home(), &["next"]).ended();
    assert!(code == 2 && unwrapped(&screen).contains("update dlearn; nothing was changed"), "{screen}");
    assert_eq!(person_state_text(&person), newer);
}

fn person_state_text(person: &Person) -> String {
    fs::read_to_string(person.home().join(".dlearn/state.json")).expect("a state")
}

/// What `read` does in a terminal where somebody does not want to page, as git and man do it.
#[test]
fn a_lesson_is_printed_in_a_terminal_where_no_pager_is_wanted() {
    let person = Person::without_engine();
    let (code, screen, written) = person.at_terminal(&["read", "--no-pager", "L90"]).ended();
    assert!(code == 0 && screen.contains("The first section of all.") && screen.contains("Read this too."), "{screen}");
    assert!(!written.contains("\x1b[?1049h"), "{written:?}");
    for (pager, printed) in [("cat", true), ("", true), ("less", false)] {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_dlearn"));
        command.args(["--course", &person.course.folder().display().to_string(), "read", "L90"]);
        command.env("HOME", person.root());
        command.cwd(person.root());
        let mut pty = Pty::spawn(command, 80, 24, &[("PAGER", pager)]);
        if !printed {
            pty.shows("q leave");
            pty.press("q");
        }
        let (code, screen, _) = pty.ended();
        assert_eq!((code, screen.contains("Read this too.")), (0, printed), "PAGER={pager:?}: {screen}");
    }
}
