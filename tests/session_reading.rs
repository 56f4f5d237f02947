//! A session up to the first exercise, in a real pseudo-terminal and without any engine: where the course is
//! kept, lessons, questions, leaving and being killed.

mod session_support;

use session_support::{
    CTRL_C, CommandBuilder, ESC, Person, Pty, left_by,
    stages::{STAGES, answer, read_the_first_lesson},
};
use std::fs;

#[test]
fn the_first_run_asks_where_to_keep_the_course_and_no_other_does() {
    let person = Person::without_engine();
    let mut pty = person.at_terminal(&["next"]);
    let welcome = pty.shows("Esc leaves]");
    assert!(
        welcome.contains("Welcome to dlearn") && welcome.contains("Where shall your course be kept? (~/dlearn)"),
        "{welcome}"
    );
    pty.press("\r");
    pty.shows("The first section of all.");
    pty.press("q");
    let (code, screen, _) = pty.ended();
    assert_eq!(code, 0);
    assert!(screen.contains("Your place is kept: L90 Before it, section 1 of 2. dlearn next goes on."), "{screen}");
    assert!(person.home().join(".dlearn/state.json").is_file());

    let mut pty = person.at_terminal(&["next"]);
    let shown = pty.shows("The first section of all.");
    assert!(!shown.contains("Where shall"), "{shown}");
    pty.press(CTRL_C);
    assert_eq!(pty.ended().0, 130);
}

#[test]
fn a_place_that_cannot_be_had_is_asked_for_again() {
    let person = Person::without_engine();
    let mut pty = person.at_terminal(&["next"]);
    pty.shows("Where shall your course be kept?");
    pty.press("/proc/here\r");
    let again = pty.until("the question comes again", |screen| screen.contents().matches("Where shall").count() == 2);
    assert!(again.contains("cannot create /proc/here"), "{again}");
    let elsewhere = person.root().join("else where");
    pty.press(&format!("{}\r", elsewhere.display()));
    pty.shows("The first section of all.");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    assert!(elsewhere.join(".dlearn/state.json").is_file() && !person.home().exists());
}

#[test]
fn leaving_the_first_question_makes_nothing() {
    for key in [CTRL_C, ESC] {
        let person = Person::without_engine();
        let mut pty = person.at_terminal(&["next"]);
        pty.shows("Where shall your course be kept?");
        pty.press(key);
        let (code, screen, _) = pty.ended();
        assert_eq!(code, left_by(key));
        assert!(screen.contains("Nothing was made."), "{screen}");
        assert_eq!(fs::read_dir(person.user()).expect("a home directory").count(), 0);
    }
}

#[test]
fn without_a_terminal_nothing_is_asked_and_no_folder_is_made() {
    let person = Person::without_engine();
    fs::create_dir_all(person.user()).expect("a home directory");
    let said = person.dlearn(&["next"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("The first section of all.") && !said.out.contains('\x1b'), "{said:?}");
    let said = person.dlearn(&["next", &person.course.first]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("there is no course folder yet") && said.err.contains("--dir"), "{said:?}");
    assert_eq!(fs::read_dir(person.user()).expect("a home directory").count(), 0);
}

#[test]
fn a_lesson_leads_over_its_question_to_the_exercise() {
    let person = Person::without_engine();
    let mut pty = person.begins(&[]);
    pty.shows("The first section of all.");
    pty.press("\r");
    pty.shows("Read this too.");
    pty.press("\r");
    answer(&mut pty, false);
    let told = pty.shows("Not this time");
    assert!(told.contains("It changes the configuration only.") && told.contains("It changes files."), "{told}");
    // Back over the answered question to the text, and on again: it is not asked a second time.
    pty.press("b");
    pty.shows("Read this too.");
    pty.press("\r");
    pty.shows("Not this time");
    pty.press("\r");
    let station = pty.shows("✓ L90 Before it");
    assert!(station.contains("You answered 0 of 1 questions right."), "{station}");
    assert!(station.contains("Your first Dockerfile, an exercise of 15 minutes and 10 points."), "{station}");
    assert!(station.contains("So far: 1 of 2 lessons, 0 of 2 exercises, 0 of 20 points."), "{station}");
    pty.press("\r");
    let task = pty.shows("Enter more");
    assert!(task.contains(&format!("cd ~/dlearn/{}-first-dockerfile", person.course.first)), "{task}");
    pty.press(CTRL_C);
    let (code, screen, _) = pty.ended();
    assert_eq!(code, 130);
    assert!(screen.contains("• L90 Before it: read"), "{screen}");
    assert!(screen.contains(&format!("    cd ~/dlearn/{}-first-dockerfile", person.course.first)), "{screen}");
    assert_eq!(person.state()["questions"]["L90.layer"]["missed"], true);

    // What was missed comes back before the next lesson.
    let mut pty = person.at_terminal(&["next", "L91"]);
    pty.shows("Before you begin");
    pty.press("\r");
    answer(&mut pty, true);
    pty.shows("Right.");
    // Whoever leaves before the lesson's own first section begins there again.
    pty.press("q");
    let (_, screen, _) = pty.ended();
    assert!(screen.contains("L91 Between them, section 1 of 1."), "{screen}");
    assert_eq!(person.state()["questions"]["L90.layer"]["missed"], false);
}

#[test]
fn questions_that_a_lesson_names_come_before_its_first_section() {
    let person = Person::without_engine();
    let file = person.course.folder().join("lessons/L91-between.md");
    let text = fs::read_to_string(&file).expect("a lesson");
    let begins = "What stands between";
    fs::write(&file, text.replace(begins, &format!("```recall\n[L90.layer]\n```\n\n{begins}"))).expect("a lesson");

    // Of a lesson that was not read nothing is asked.
    let mut pty = person.begins(&["L91"]);
    pty.shows("What stands between the exercises.");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    let mut pty = person.at_terminal(&["next", "L90"]);
    read_the_first_lesson(&mut pty);
    pty.press("q");
    assert_eq!(pty.ended().0, 0);

    let mut pty = person.at_terminal(&["next", "L91"]);
    pty.shows("Before you begin");
    pty.press("\r");
    answer(&mut pty, false);
    let told = pty.shows("Not this time");
    assert!(told.contains("It changes the configuration only.") && told.contains("It changes files."), "{told}");
    pty.press("\r");
    let section = pty.shows("What stands between the exercises.");
    assert!(!section.contains("recall") && !section.contains("L90.layer"), "{section}");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
    assert_eq!(person.state()["questions"]["L90.layer"]["missed"], true);

    // Whoever only reads sees them, too, and no answers.
    let said = person.dlearn(&["read", "L91"]);
    assert!(
        said.code == 0 && said.out.contains("Before you begin") && said.out.contains("The one named RUN"),
        "{said:?}"
    );
    assert!(!said.out.contains("It changes files.") && said.out.contains("What stands between"), "{said:?}");
}

#[test]
fn leaving_is_possible_at_each_stage_and_keeps_the_place() {
    for key in ["q", CTRL_C, ESC] {
        let person = Person::without_engine();
        let mut pty = person.begins(&[]);
        pty.shows("The first section of all.");
        pty.press("\r");
        pty.shows("Read this too.");
        pty.press(key);
        let (code, screen, _) = pty.ended();
        assert_eq!(code, left_by(key));
        assert!(screen.contains("L90 Before it, section 2 of 2."), "{screen}");

        let mut pty = person.at_terminal(&["next"]);
        pty.shows("Read this too.");
        pty.press("\r");
        pty.shows("or 1-2 choose");
        pty.press(key);
        let (code, screen, _) = pty.ended();
        assert_eq!(code, left_by(key));
        assert!(screen.contains("L90 Before it, section 2 of 2."), "{screen}");

        let mut pty = person.at_terminal(&["next"]);
        pty.shows("Read this too.");
        pty.press("\r");
        answer(&mut pty, true);
        pty.shows("Right.");
        pty.press("\r");
        pty.shows("✓ L90 Before it");
        pty.press(key);
        let (code, screen, _) = pty.ended();
        assert_eq!(code, left_by(key));
        assert!(screen.contains("• L90 Before it: read"), "{screen}");
        assert!(screen.contains("Next comes the exercise"), "{screen}");
        assert!(!person.first().exists(), "an exercise that was not begun has no folder");
    }
}

#[test]
fn a_killed_session_goes_on_where_it_was() {
    let person = Person::without_engine();
    let pty = person.begins(&[]);
    pty.shows("The first section of all.");
    pty.kill();
    let mut pty = person.at_terminal(&["next"]);
    pty.shows("The first section of all.");
    pty.press("\r");
    pty.shows("Read this too.");
    pty.press("\r");
    pty.shows("or 1-2 choose");
    pty.kill();
    let mut pty = person.at_terminal(&["next"]);
    pty.shows("Read this too.");
    pty.press("\r");
    answer(&mut pty, false);
    pty.shows("Not this time");
    pty.kill();
    assert_eq!(person.state()["questions"]["L90.layer"]["wrong"], 1);
    let mut pty = person.at_terminal(&["next"]);
    pty.shows("Read this too.");
    pty.press("\r");
    answer(&mut pty, true);
    pty.shows("Right.");
    pty.press("\r");
    pty.shows("✓ L90 Before it");
    pty.kill();
    let pty = person.at_terminal(&["next"]);
    pty.shows("Your first Dockerfile");
    pty.kill();
}

#[test]
fn a_killed_exercise_keeps_its_token_its_files_and_its_hints() {
    let person = Person::without_engine();
    let first = person.course.first.clone();
    let mut pty = person.begins(&[&first]);
    pty.shows("Enter more");
    pty.press("q");
    // Without an engine, what the files say is told all the same.
    pty.shows("✗ This folder has a Dockerfile with a base image");
    pty.shows("your folder: ~/dlearn/");
    pty.press("h");
    pty.shows("Hint 1 of 3.");
    pty.press("h");
    pty.shows("Hint 2 of 3.");
    let token = fs::read_to_string(person.first().join("token")).expect("a token");
    fs::write(person.first().join("Dockerfile"), "FROM busybox:1.36\n").expect("a Dockerfile");
    pty.kill();

    let mut pty = person.at_terminal(&["next"]);
    let shown = pty.shows("This is not counted as wrong.");
    assert!(shown.contains("✓ This folder has a Dockerfile") && shown.contains("? The image"), "{shown}");
    pty.shows("waiting for the engine to answer");
    assert_eq!(fs::read_to_string(person.first().join("token")).expect("a token"), token);
    // The hints that were shown are there again, and no more of them.
    pty.press("h");
    let hints = pty.shows("Hint 2 of 3.");
    assert!(!hints.contains("Hint 3"), "{hints}");
    pty.press("\r");
    pty.shows("h hint");
    pty.press("q");
    let (code, screen, _) = pty.ended();
    assert_eq!(code, 0);
    assert!(screen.contains("dlearn check checks once"), "{screen}");
    let state = &person.state()["exercises"][&first];
    assert_eq!((&state["hints_shown"]["1"], state["token"].as_str()), (&2.into(), Some(token.trim())));
}

#[test]
fn a_second_session_is_refused_and_looking_is_not() {
    let person = Person::without_engine();
    let mut pty = person.begins(&[]);
    pty.shows("The first section of all.");
    let second = person.at_terminal(&["next"]);
    let (code, screen, _) = second.ended();
    assert_eq!(code, 2);
    assert!(screen.contains("another dlearn") && screen.contains(&pty.pid().to_string()), "{screen}");
    let said = person.dlearn(&["status"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("you are at L90 Before it"), "{said:?}");
    let said = person.dlearn(&["list"]);
    assert!(said.code == 0 && said.out.contains("Your first Dockerfile"), "{said:?}");
    pty.press("q");
    assert_eq!(pty.ended().0, 0);
}

#[test]
fn a_signal_puts_the_terminal_back_wherever_it_comes() {
    for (signal, wanted) in [("TERM", 143), ("HUP", 129)] {
        for (_, reach) in STAGES {
            let person = Person::without_engine();
            let mut pty = person.at_terminal(&["next"]);
            reach(&mut pty);
            let sent = std::process::Command::new("kill").args(["-s", signal, &pty.pid().to_string()]).status();
            assert!(sent.expect("kill runs").success());
            assert_eq!(pty.ended().0, wanted, "{signal}");
        }
    }
}

#[test]
fn without_colour_no_screen_has_any() {
    let person = Person::without_engine();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_dlearn"));
    command.args(["--course", &person.course.folder().display().to_string(), "next"]);
    command.args(["--dir", &person.home().display().to_string()]);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    command.cwd(person.root());
    let mut pty = Pty::spawn(command, 40, 15, &[("NO_COLOR", "1")]);
    read_the_first_lesson(&mut pty);
    pty.press("\r");
    pty.shows("Enter more");
    pty.press("q");
    pty.shows("✗ This folder has a Dockerfile");
    pty.resize(120, 40);
    pty.shows("your folder: ");
    pty.resize(20, 5);
    pty.until("a very small screen", |screen| screen.contents().lines().count() <= 5);
    pty.resize(80, 24);
    pty.shows("your folder: ");
    pty.press("q");
    let (code, _, written) = pty.ended();
    assert_eq!(code, 0);
    let coloured = written.split("\x1b[").skip(1).filter_map(|rest| rest.split_once('m'));
    let mut coloured = coloured.filter(|(set, _)| set.chars().all(|char| char.is_ascii_digit() || char == ';'));
    assert_eq!(coloured.find(|(set, _)| !matches!(*set, "" | "0")), None);
}
