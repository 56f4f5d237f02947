//! The exercise's files: brought once, never over the learner's.

use crate::course::{Bench, rounds};
use dlearn::learner::{Kept, LearnerError, SetUp, Why, is_token};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn set_up(bench: &Bench, id: &str, round: usize) -> SetUp {
    let course = bench.course();
    let mut learner = bench.open();
    let (entry, rounds) = rounds(&course, &mut learner, id);
    learner.set_up(entry, &rounds[round - 1]).unwrap()
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn kept(file: &str, why: Why) -> Kept {
    Kept { file: file.into(), why }
}

#[test]
fn a_new_exercise_has_its_starter_its_token_and_its_task() {
    let bench = Bench::new();
    let done = set_up(&bench, "E01", 1);
    let folder = bench.home().join("E01-first");
    assert_eq!(done.folder, folder);
    assert_eq!(done.written, ["Dockerfile", "README.md", "src/run.sh", "token"]);
    assert!(done.kept.is_empty() && done.beside.is_empty() && !done.restored);
    assert_eq!(text(folder.join("Dockerfile")), "FROM scratch\n");
    assert!(is_token(text(folder.join("token")).trim_end()));
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("Dockerfile"), mode("src/run.sh"), mode("src")), (0o644, 0o755, 0o755));
    let readme = text(folder.join("README.md"));
    for part in ["# E01: A first image", "Build it as e01.", "- The image exists", "- and 1 more", "$ dlearn check"] {
        assert!(readme.contains(part), "{part} in {readme}");
    }
    assert!(!readme.contains("A hidden one"), "{readme}");
    assert_eq!(set_up(&bench, "E01", 1), SetUp { folder, ..SetUp::default() }, "a second time brings nothing");
}

#[test]
fn each_round_has_its_own_folder_and_the_exercise_one_token() {
    let bench = Bench::new();
    let first = set_up(&bench, "E02", 1);
    assert_eq!(first.written, ["round-1/Dockerfile", "round-1/README.md", "token"]);
    let second = set_up(&bench, "E02", 2);
    assert_eq!(second.folder, bench.home().join("E02-rounds/round-2"));
    assert_eq!(second.written, ["round-2/Dockerfile", "round-2/README.md"]);
    assert!(text(second.folder.join("README.md")).contains("**Round 2 of 2: The "));
}

#[test]
fn an_edited_file_stays_and_the_new_starter_comes_beside_it_once() {
    let bench = Bench::new();
    let folder = set_up(&bench, "E01", 1).folder;
    fs::write(folder.join("Dockerfile"), "FROM mine\n").unwrap();
    assert_eq!(set_up(&bench, "E01", 1).kept, [kept("Dockerfile", Why::Edited)]);
    assert!(!folder.join("Dockerfile.new").exists(), "the course has not changed");

    bench.author("exercises/E01-first/start/Dockerfile", "FROM newer\n");
    bench.author("exercises/E01-first/start/src/run.sh", "#!/bin/sh\necho again\n");
    let done = set_up(&bench, "E01", 1);
    assert_eq!(done.beside, [("Dockerfile".into(), "Dockerfile.new".into())]);
    assert_eq!(done.updated, ["src/run.sh"]);
    assert_eq!(text(folder.join("Dockerfile")), "FROM mine\n");
    assert_eq!(text(folder.join("Dockerfile.new")), "FROM newer\n");
    assert_eq!(text(folder.join("src/run.sh")), "#!/bin/sh\necho again\n");
    assert!(set_up(&bench, "E01", 1).beside.is_empty(), "it is brought once");

    // A `.new` that the learner left alone makes room for a newer one; an edited one does not.
    bench.author("exercises/E01-first/start/Dockerfile", "FROM newest\n");
    assert_eq!(set_up(&bench, "E01", 1).beside[0].1, "Dockerfile.new");
    assert_eq!(text(folder.join("Dockerfile.new")), "FROM newest\n");
    fs::write(folder.join("Dockerfile.new"), "FROM both\n").unwrap();
    bench.author("exercises/E01-first/start/Dockerfile", "FROM last\n");
    assert_eq!(set_up(&bench, "E01", 1).beside[0].1, "Dockerfile.new2");
    assert_eq!(text(folder.join("Dockerfile.new")), "FROM both\n");
    assert_eq!(text(folder.join("Dockerfile")), "FROM mine\n");
}

#[test]
fn a_removed_file_stays_removed_and_a_removed_folder_comes_back() {
    let bench = Bench::new();
    let folder = set_up(&bench, "E01", 1).folder;
    fs::remove_file(folder.join("Dockerfile")).unwrap();
    let done = set_up(&bench, "E01", 1);
    assert_eq!(done.kept, [kept("Dockerfile", Why::Removed)]);
    assert!(!folder.join("Dockerfile").exists());
    let token = text(folder.join("token"));
    fs::remove_dir_all(&folder).unwrap();
    let done = set_up(&bench, "E01", 1);
    assert!(done.restored);
    assert_eq!(done.written.len(), 4);
    assert_eq!(text(folder.join("token")), token);
}

#[test]
fn reset_keeps_the_learners_files_aside_and_the_token() {
    let bench = Bench::new();
    let folder = set_up(&bench, "E01", 1).folder;
    let token = text(folder.join("token"));
    fs::write(folder.join("Dockerfile"), "FROM mine\n").unwrap();
    fs::write(folder.join("notes"), "my notes\n").unwrap();
    fs::remove_file(folder.join("src/run.sh")).unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&folder).unwrap());

    let course = bench.course();
    let mut learner = bench.open();
    learner.update(|state| state.attempted("E01")).unwrap();
    let (entry, rounds) = rounds(&course, &mut learner, "E01");
    let reset = learner.reset(entry, &rounds[0]).unwrap();
    let aside = reset.kept.unwrap();
    assert!(aside.starts_with(bench.home().join(".dlearn/kept")), "{}", aside.display());
    assert_eq!(text(aside.join("Dockerfile")), "FROM mine\n");
    assert_eq!(text(aside.join("notes")), "my notes\n");
    assert_eq!(text(folder.join("Dockerfile")), "FROM scratch\n");
    assert_eq!(text(folder.join("src/run.sh")), "#!/bin/sh\necho hello\n");
    assert!(!folder.join("notes").exists());
    assert_eq!(text(folder.join("token")), token);
    assert_eq!(learner.state().exercises["E01"].attempts, 1, "progress stays");
    let now = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&folder).unwrap());
    assert_eq!(now, inode, "the shell that stands in the folder still does");

    // Twice within a second: the second has a name of its own.
    let again = learner.reset(entry, &rounds[0]).unwrap().kept.unwrap();
    assert_ne!(again, aside);
    assert_eq!(text(aside.join("notes")), "my notes\n");
}

#[test]
fn resetting_one_round_leaves_the_others() {
    let bench = Bench::new();
    let one = set_up(&bench, "E02", 1).folder;
    let two = set_up(&bench, "E02", 2).folder;
    fs::write(one.join("Dockerfile"), "FROM one\n").unwrap();
    fs::write(two.join("Dockerfile"), "FROM two\n").unwrap();
    let course = bench.course();
    let mut learner = bench.open();
    let (entry, rounds) = rounds(&course, &mut learner, "E02");
    let kept = learner.reset(entry, &rounds[1]).unwrap().kept.unwrap();
    assert_eq!(text(kept.join("round-2/Dockerfile")), "FROM two\n");
    assert_eq!(text(two.join("Dockerfile")), "FROM scratch\n");
    assert_eq!(text(one.join("Dockerfile")), "FROM one\n");
}

#[test]
fn a_linked_file_or_folder_is_left_alone_and_not_followed() {
    let bench = Bench::new();
    let outside = bench.root().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("precious"), "precious\n").unwrap();
    let folder = bench.home().join("E01-first");
    fs::create_dir_all(&folder).unwrap();
    symlink(outside.join("precious"), folder.join("Dockerfile")).unwrap();
    symlink(&outside, folder.join("src")).unwrap();
    symlink("/dev/null", folder.join("token")).unwrap();
    let done = set_up(&bench, "E01", 1);
    assert_eq!(done.written, ["README.md"]);
    let expected = ["Dockerfile", "src/run.sh", "token"].map(|file| kept(file, Why::Link));
    assert_eq!(done.kept, expected);
    assert_eq!(text(outside.join("precious")), "precious\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);

    // Reset moves the links themselves.
    let course = bench.course();
    let mut learner = bench.open();
    let (entry, rounds) = rounds(&course, &mut learner, "E01");
    let kept = learner.reset(entry, &rounds[0]).unwrap().kept.unwrap();
    assert!(fs::symlink_metadata(kept.join("src")).unwrap().is_symlink());
    assert_eq!(text(folder.join("src/run.sh")), "#!/bin/sh\necho hello\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn an_exercise_folder_that_is_a_link_is_refused() {
    let bench = Bench::new();
    let outside = bench.root().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(bench.home()).unwrap();
    symlink(&outside, bench.home().join("E01-first")).unwrap();
    let course = bench.course();
    let mut learner = bench.open();
    let (entry, rounds) = rounds(&course, &mut learner, "E01");
    for error in [learner.set_up(entry, &rounds[0]).unwrap_err(), learner.reset(entry, &rounds[0]).unwrap_err()] {
        assert!(matches!(error, LearnerError::Link { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn the_shelf_for_kept_files_may_not_be_a_link() {
    let bench = Bench::new();
    let folder = set_up(&bench, "E01", 1).folder;
    symlink(bench.root(), bench.home().join(".dlearn/kept")).unwrap();
    let course = bench.course();
    let mut learner = bench.open();
    let (entry, rounds) = rounds(&course, &mut learner, "E01");
    assert!(matches!(learner.reset(entry, &rounds[0]), Err(LearnerError::Link { .. })));
    assert_eq!(text(folder.join("Dockerfile")), "FROM scratch\n");
}

#[test]
fn paths_of_a_course_cannot_leave_the_exercises_folder() {
    let bench = Bench::new();
    let course = bench.course();
    let mut learner = bench.open();
    let (entry, mut rounds) = rounds(&course, &mut learner, "E01");
    for bad in ["../escape", "/tmp/escape", "a/../../escape", "a//b", ""] {
        let mut round = rounds[0].clone();
        round.start.insert(bad.into(), b"x".to_vec());
        assert!(matches!(learner.set_up(entry, &round), Err(LearnerError::BadPath { .. })), "{bad}");
    }
    let mut entry = entry.clone();
    for bad in ["..", ".dlearn", "a/b", "/tmp"] {
        entry.folder = bad.into();
        assert!(matches!(learner.set_up(&entry, &rounds[0]), Err(LearnerError::BadPath { .. })), "{bad}");
    }
    entry.folder = "E01-first".into();
    rounds[0].folder = "../x".into();
    assert!(matches!(learner.reset(&entry, &rounds[0]), Err(LearnerError::BadPath { .. })));
    assert!(!bench.home().join("E01-first").exists(), "nothing was written");
}

#[test]
fn things_that_are_no_files_and_files_that_are_huge_are_left_alone() {
    let bench = Bench::new();
    let folder = bench.home().join("E01-first");
    fs::create_dir_all(folder.join("Dockerfile")).unwrap();
    fs::write(folder.join("src"), "a file where a folder belongs").unwrap();
    let huge = fs::File::create(folder.join("README.md")).unwrap();
    huge.set_len(1 << 40).unwrap();
    let done = set_up(&bench, "E01", 1);
    let expected =
        [kept("Dockerfile", Why::NotAFile), kept("README.md", Why::Edited), kept("src/run.sh", Why::NotAFile)];
    assert_eq!(done.kept, expected);
    assert_eq!(done.written, ["token"]);
}

#[test]
fn a_starter_may_bring_its_own_readme() {
    let bench = Bench::new();
    bench.author("exercises/E01-first/start/README.md", "The application's own.\n");
    let done = set_up(&bench, "E01", 1);
    assert_eq!(text(done.folder.join("README.md")), "The application's own.\n");
    assert!(text(done.folder.join("TASK.md")).contains("Build it as e01."));
}

#[test]
fn files_that_were_written_before_a_kill_are_taken_as_brought() {
    let bench = Bench::new();
    let folder = set_up(&bench, "E01", 1).folder;
    // As if the process had been killed between the files and the state.
    fs::remove_file(bench.state_file()).unwrap();
    let done = set_up(&bench, "E01", 1);
    assert_eq!(done, SetUp { folder: folder.clone(), ..SetUp::default() });
    bench.author("exercises/E01-first/start/Dockerfile", "FROM newer\n");
    assert_eq!(set_up(&bench, "E01", 1).updated, ["Dockerfile"]);
    assert_eq!(text(folder.join("Dockerfile")), "FROM newer\n");
}
