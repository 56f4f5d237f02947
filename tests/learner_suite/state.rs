//! `.dlearn/state.json`: locked, versioned, recovered.

use crate::course::{Bench, named, rounds};
use dlearn::learner::{Learner, LearnerError, Note, is_token};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn what_was_done_is_there_the_next_time_and_private() {
    let bench = Bench::new();
    let token = {
        let mut learner = bench.open();
        assert!(learner.notes().is_empty());
        learner.update(|state| state.section_read("L01", 0, 4)).unwrap();
        learner.token_of("E01").unwrap()
    };
    let mut learner = bench.open();
    assert_eq!(learner.state().lessons["L01"].section, 1);
    assert_eq!(learner.token_of("E01").unwrap(), token);
    assert!(is_token(&token) && is_token(&learner.state().seed));
    assert_ne!(learner.token_of("E02").unwrap(), token);
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(bench.state_file()), 0o600);
    assert_eq!(mode(bench.home().join(".dlearn")), 0o700);
}

#[test]
fn a_damaged_state_is_kept_aside_and_the_tokens_come_back_from_the_folders() {
    let bench = Bench::new();
    let tokens = {
        let course = bench.course();
        let mut learner = bench.open();
        for id in ["E01", "E02"] {
            let (entry, rounds) = rounds(&course, &mut learner, id);
            learner.set_up(entry, &rounds[0]).unwrap();
        }
        ["E01", "E02"].map(|id| learner.token_of(id).unwrap())
    };
    fs::write(bench.state_file(), "{\"version\": 1, \"lessons\": {").unwrap();
    let reading = Learner::open_read_only(&named(&bench.home()), &bench.course()).unwrap();
    assert!(matches!(reading.notes(), [Note::Damaged { kept: None, .. }]));
    assert!(bench.own("state.json.damaged-").is_empty(), "looking repairs nothing");

    let mut learner = bench.open();
    let [Note::Damaged { kept: Some(kept), tokens: ids, .. }] = learner.notes() else {
        panic!("{:?}", learner.notes())
    };
    assert_eq!(fs::read_to_string(kept).unwrap(), "{\"version\": 1, \"lessons\": {");
    assert_eq!(ids, &["E01", "E02"]);
    let note = learner.notes()[0].to_string();
    assert!(note.contains("The tokens of E01, E02 were read back"), "{note}");
    assert_eq!(["E01", "E02"].map(|id| learner.token_of(id).unwrap()), tokens);
    drop(learner);
    assert!(bench.open().notes().is_empty(), "it is told once");
}

#[test]
fn a_missing_state_takes_valid_token_files_only() {
    let bench = Bench::new();
    for (folder, content) in [("E01-first", "0123456789abcdef\n"), ("E02-rounds", "../../etc/passwd\n")] {
        fs::create_dir_all(bench.home().join(folder)).unwrap();
        fs::write(bench.home().join(folder).join("token"), content).unwrap();
    }
    let mut learner = bench.open();
    assert_eq!(learner.notes(), [Note::Recovered { tokens: vec!["E01".into()] }]);
    assert_eq!(learner.token_of("E01").unwrap(), "0123456789abcdef");
    assert!(is_token(&learner.token_of("E02").unwrap()));
}

#[test]
fn a_faulty_entry_costs_only_itself() {
    let bench = Bench::new();
    bench.open().update(|state| state.section_read("L01", 1, 4)).unwrap();
    let text = fs::read_to_string(bench.state_file()).unwrap();
    fs::write(bench.state_file(), text.replace("\"questions\": {}", "\"questions\": []")).unwrap();
    let learner = bench.open();
    assert_eq!(learner.state().lessons["L01"].section, 2);
    assert!(matches!(learner.notes(), [Note::Damaged { why, .. }] if why.contains("questions")));
}

#[test]
fn a_newer_version_is_refused_and_nothing_is_touched() {
    let bench = Bench::new();
    drop(bench.open());
    let newer = "{\"version\": 2, \"lessons\": \"in another shape\"}";
    fs::write(bench.state_file(), newer).unwrap();
    fs::remove_file(bench.home().join(".dlearn/lock")).unwrap();
    let (home, course) = (named(&bench.home()), bench.course());
    let opened =
        [Learner::open(&home, &course), Learner::open_beside(&home, &course), Learner::open_read_only(&home, &course)];
    for result in opened {
        let error = result.unwrap_err();
        assert!(matches!(error, LearnerError::Newer { found: 2, known: 1, .. }), "{error}");
        assert!(error.help().contains("update dlearn"), "{}", error.help());
    }
    assert_eq!(fs::read_to_string(bench.state_file()).unwrap(), newer);
    assert!(!bench.home().join(".dlearn/lock").exists());
}

#[test]
fn an_older_version_is_brought_up_to_date_and_kept() {
    let bench = Bench::new();
    drop(bench.open());
    let old = r#"{"course":"test","lessons":["L01"],"exercises":{"E01":"0123456789abcdef"}}"#;
    fs::write(bench.state_file(), old).unwrap();
    let learner = bench.open();
    assert!(learner.state().lessons["L01"].done);
    assert_eq!(learner.known_token("E01").as_deref(), Some("0123456789abcdef"));
    let [Note::Migrated { from: 0, kept: Some(kept) }] = learner.notes() else { panic!("{:?}", learner.notes()) };
    assert_eq!(fs::read_to_string(kept).unwrap(), old);
    assert!(fs::read_to_string(bench.state_file()).unwrap().contains("\"version\": 1"));
}

#[test]
fn a_second_session_is_kept_out_and_told_who_is_there() {
    let bench = Bench::new();
    let first = bench.open();
    let error = Learner::open(&named(&bench.home()), &bench.course()).unwrap_err();
    let LearnerError::Busy { pid, .. } = &error else { panic!("{error}") };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    let reading = Learner::open_read_only(&named(&bench.home()), &bench.course()).unwrap();
    assert_eq!(reading.state().course, "test");
    drop(first);
    drop(bench.open());
}

#[test]
fn a_second_terminal_records_a_hint_beside_a_session_and_neither_loses_anything() {
    let bench = Bench::new();
    let mut session = bench.open();
    let mut beside = Learner::open_beside(&named(&bench.home()), &bench.course()).unwrap();
    session.update(|state| state.attempted("E01")).unwrap();
    assert_eq!(beside.update(|state| state.hint("E01", 1, 3)).unwrap(), 1);
    session.update(|state| state.attempted("E01")).unwrap();
    beside.refresh().unwrap();
    for learner in [&session, &beside] {
        let exercise = &learner.state().exercises["E01"];
        assert_eq!((exercise.attempts, exercise.hints_shown[&1]), (2, 1));
    }
}

#[test]
fn reading_changes_and_creates_nothing() {
    let bench = Bench::new();
    let (home, course) = (named(&bench.home()), bench.course());
    let mut learner = Learner::open_read_only(&home, &course).unwrap();
    assert!(!bench.home().exists());
    assert!(matches!(learner.update(|_| ()), Err(LearnerError::ReadOnly { .. })));
    assert!(matches!(learner.token_of("E01"), Err(LearnerError::ReadOnly { .. })));
    assert_eq!(learner.known_token("E01"), None);
    assert!(!bench.home().exists());
}

#[test]
fn a_folder_of_another_course_is_refused() {
    let bench = Bench::new();
    drop(bench.open());
    let mut other = bench.course();
    other.outline.course = "other".into();
    let error = Learner::open(&named(&bench.home()), &other).unwrap_err();
    assert!(matches!(error, LearnerError::OtherCourse { .. }), "{error}");
    assert_eq!(bench.open().state().course, "test");
}

#[test]
fn a_state_that_is_broken_while_dlearn_runs_is_kept_and_written_again() {
    let bench = Bench::new();
    let mut learner = bench.open();
    learner.update(|state| state.attempted("E01")).unwrap();
    fs::write(bench.state_file(), "oops").unwrap();
    learner.update(|state| state.attempted("E01")).unwrap();
    assert_eq!(learner.state().exercises["E01"].attempts, 2);
    assert_eq!(bench.own("state.json.damaged-").len(), 1);
    fs::remove_file(bench.state_file()).unwrap();
    learner.update(|state| state.attempted("E01")).unwrap();
    drop(learner);
    assert_eq!(bench.open().state().exercises["E01"].attempts, 3);
}

#[test]
fn links_and_folders_in_place_of_dlearns_own_files_are_refused() {
    let bench = Bench::new();
    drop(bench.open());
    let precious = bench.root().join("precious");
    for name in ["state.json", "lock", "update.lock"] {
        fs::write(&precious, "{}").unwrap();
        let path = bench.home().join(".dlearn").join(name);
        let saved = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&precious, &path).unwrap();
        let error = Learner::open(&named(&bench.home()), &bench.course()).unwrap_err();
        assert!(matches!(error, LearnerError::Link { .. }), "{name}: {error}");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "{}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = Learner::open(&named(&bench.home()), &bench.course()).unwrap_err();
        assert!(matches!(error, LearnerError::NotAFile { .. }), "{name}: {error}");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, saved).unwrap();
    }
    drop(bench.open());
}

#[test]
fn a_path_below_a_file_is_explained() {
    let bench = Bench::new();
    let file = bench.root().join("file");
    fs::write(&file, "").unwrap();
    let error = Learner::open(&named(&file.join("home")), &bench.course()).unwrap_err();
    assert!(error.to_string().ends_with("part of the path is a file, not a folder"), "{error}");
    assert!(error.help().contains("--dir"), "{}", error.help());
    let error = Learner::open(&named(&file), &bench.course()).unwrap_err();
    assert!(matches!(error, LearnerError::NotAFolder { .. }), "{error}");
}
