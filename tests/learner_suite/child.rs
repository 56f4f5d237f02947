//! What only a process of its own can show: being killed, a full disk, missing rights, a second session.
//!
//! The child is this test program again, told by a variable what to play; run without it, the parts
//! do nothing but prove that they are there to be played.

use crate::course::{Bench, named};
use dlearn::course::{Course, Source};
use dlearn::learner::Learner;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PART: &str = "DLEARN_TEST_PART";
const ROOT: &str = "DLEARN_TEST_ROOT";

/// The child's side. One test function, because libtest is what starts it.
#[test]
fn the_part_that_a_child_plays() {
    let (Ok(part), Ok(root)) = (std::env::var(PART), std::env::var(ROOT)) else { return };
    let root = Path::new(&root);
    let home = named(&root.join("home"));
    let course = Course::load(&Source::Folder(root.join("course"))).unwrap();
    let opened = Learner::open(&home, &course);
    match part.as_str() {
        "write in a loop" => {
            let mut learner = opened.unwrap();
            let before = learner.state().sessions;
            loop {
                if learner.state().sessions == before + 1 {
                    println!("READY");
                }
                // Alternately long and short: a torn write would leave a mixture.
                learner
                    .update(|state| {
                        let long = state.sessions.is_multiple_of(2);
                        state.sessions += 1;
                        state.extra.insert("bulk".into(), "x".repeat(if long { 200_000 } else { 10 }).into());
                        state.extra.insert("bulk_of".into(), state.sessions.into());
                    })
                    .unwrap();
            }
        }
        "hold" => {
            let _learner = opened.unwrap();
            println!("READY");
            // Until the parent closes the pipe.
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
        }
        "write much" => {
            let mut learner = opened.unwrap();
            let bulk = "x".repeat(1 << 20);
            let error = learner.update(|state| state.extra.insert("bulk".into(), bulk.into())).unwrap_err();
            println!("SAID {error} | {}", error.help());
        }
        "open" => match opened {
            Ok(_) => println!("OPENED"),
            Err(error) => println!("SAID {error} | {}", error.help()),
        },
        other => panic!("there is no part {other:?}"),
    }
}

/// This program, playing `part` on `bench`; `shell` may prepare the process.
fn play(bench: &Bench, part: &str, program: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\""), program.to_str().unwrap()])
        .args(["--exact", "child::the_part_that_a_child_plays", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(ROOT, bench.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

fn this_program() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

/// Reads the child's output up to the line that holds `word`, and gives what follows it.
fn hear(child: &mut Child, word: &str) -> String {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    for line in lines {
        let line = line.unwrap();
        if let Some(at) = line.find(word) {
            return line[at + word.len()..].trim().to_owned();
        }
    }
    panic!("the child ended without saying {word}");
}

#[test]
fn a_killed_process_leaves_the_old_or_the_new_state() {
    let bench = Bench::new();
    drop(bench.open());
    let program = this_program();
    let mut last = 0;
    for round in 0..25_u64 {
        let mut child = play(&bench, "write in a loop", &program, "").spawn().unwrap();
        hear(&mut child, "READY");
        // Killed at a different moment of a write each time.
        let deadline = Instant::now() + Duration::from_micros(3_000 + round * 1_370);
        while Instant::now() < deadline {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let text = fs::read(bench.state_file()).unwrap();
        let state: serde_json::Value = serde_json::from_slice(&text).expect("always a whole state");
        let sessions = state["sessions"].as_u64().unwrap();
        assert!(sessions >= last, "never older than before");
        if sessions > 0 {
            assert_eq!(state["bulk_of"], sessions, "one write's fields belong together");
        }
        last = sessions;
    }
    assert!(last >= 25, "every child wrote at least once: {last}");
    let learner = bench.open();
    assert!(learner.notes().is_empty(), "{:?}", learner.notes());
    assert!(bench.own(".tmp-").is_empty(), "leftovers are swept");
}

#[test]
fn a_second_process_is_told_the_first_ones_number() {
    let bench = Bench::new();
    let mut holder = play(&bench, "hold", &this_program(), "").spawn().unwrap();
    hear(&mut holder, "READY");
    let mut second = play(&bench, "open", &this_program(), "").spawn().unwrap();
    let said = hear(&mut second, "SAID");
    assert!(said.contains(&format!("(process {})", holder.id())), "{said}");
    second.wait().unwrap();
    // Killed, not ended: the operating system lets go of its lock.
    holder.kill().unwrap();
    holder.wait().unwrap();
    let mut third = play(&bench, "open", &this_program(), "").spawn().unwrap();
    hear(&mut third, "OPENED");
    third.wait().unwrap();
}

#[test]
fn a_state_that_cannot_be_written_whole_is_not_written_at_all() {
    let bench = Bench::new();
    bench.open().update(|state| state.attempted("E01")).unwrap();
    let before = fs::read(bench.state_file()).unwrap();
    // A limit on the size of files stands for a full disk: the write stops half way.
    let mut child = play(&bench, "write much", &this_program(), "trap '' XFSZ; ulimit -f 64;").spawn().unwrap();
    let said = hear(&mut child, "SAID");
    assert!(child.wait().unwrap().success());
    assert!(said.contains("files may not grow to this size here"), "{said}");
    assert!(said.contains("what was there before is unchanged"), "{said}");
    assert_eq!(fs::read(bench.state_file()).unwrap(), before);
    assert!(bench.own(".tmp-").is_empty());
}

#[test]
fn a_folder_without_rights_is_explained() {
    let bench = Bench::new();
    let open_to_all = |path: &Path| {
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    open_to_all(bench.root());
    let place = bench.home();
    fs::create_dir(&place).unwrap();
    let mut program = this_program();
    let mut nobody = None;
    if fs::metadata(bench.root()).unwrap().uid() == 0 {
        // Rights do not bind root: the child becomes somebody else, who can read the program.
        let copy = bench.root().join("program");
        // Not by this process: whatever another test starts meanwhile would hold the copy open for
        // writing, and then it cannot be run.
        assert!(Command::new("cp").args([&program, &copy]).status().unwrap().success());
        open_to_all(&copy);
        program = copy;
        nobody = Some(65_534);
        open_to_all(&place);
    } else {
        fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    }
    let mut command = play(&bench, "open", &program, "");
    if let Some(id) = nobody {
        command.uid(id).gid(id).current_dir("/");
    }
    let mut child = command.spawn().unwrap();
    let said = hear(&mut child, "SAID");
    child.wait().unwrap();
    assert!(said.contains(".dlearn: permission denied"), "{said}");
    assert!(said.contains("ls -ld"), "{said}");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
}
