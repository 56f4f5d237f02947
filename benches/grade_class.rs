//! A class that is graded, beside the same builds and probes in the same kind of throw-away engine and nothing else: what
//! taking in, remembering, comparing and reporting cost, how much memory it takes, and a second run without changes.
//!
//! `cargo bench --bench grade_class`, with these variables: `DLEARN_BENCH_SUBMISSIONS` (200), `DLEARN_BENCH_EXERCISE`
//! (F01), `DLEARN_BENCH_JOBS` (2). It works on the engine in reach, and removes what it made.

#[path = "../tests/class/mod.rs"]
mod class;
#[path = "../tests/cli_support/mod.rs"]
mod cli_support;

use class::Room;
use dlearn::engine::{ConnectOptions, Engine, GATE_IMAGE, Ledger, REGISTRY_IMAGES, SandboxBases, SandboxLimits};
use dlearn::grade::judge::{self, Came, Work};
use dlearn::grade::plan;
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Seconds for one round, as `dlearn grade` has them by default.
const SECONDS: u64 = 300;

struct Size {
    submissions: usize,
    exercise: String,
    jobs: usize,
}

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn main() {
    // What a harness says to one of its own.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let number =
        |name: &str, default: &str| variable(name, default).parse().unwrap_or_else(|_| panic!("{name}: a number"));
    let size = Size {
        submissions: number("DLEARN_BENCH_SUBMISSIONS", "200"),
        exercise: variable("DLEARN_BENCH_EXERCISE", "F01"),
        jobs: number("DLEARN_BENCH_JOBS", "2"),
    };
    let room = Room::new();
    let names: Vec<String> = (0..size.submissions).map(|number| format!("learner-{number:04}")).collect();
    names.iter().for_each(|name| drop(room.solved(name, &size.exercise, name)));
    room.roster(names.iter().map(String::as_str));
    println!("{} submissions of {}, {} at a time", size.submissions, size.exercise, size.jobs);

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let bare = runtime.block_on(bare(&room, &names, &size));
    println!("builds and probes alone: {:.1} s", bare.as_secs_f64());
    let (first, memory) = grade(&room, &size, false);
    println!(
        "dlearn grade:            {:.1} s, {:.2} of that; {memory} kB of memory at most",
        first.as_secs_f64(),
        first.as_secs_f64() / bare.as_secs_f64()
    );
    let (second, memory) = grade(&room, &size, true);
    println!(
        "the same again:          {:.1} s, {:.0} times as fast; {memory} kB",
        second.as_secs_f64(),
        first.as_secs_f64() / second.as_secs_f64()
    );
}

/// A throw-away engine for each, and in it what grading does there.
async fn bare(room: &Room, names: &[String], size: &Size) -> Duration {
    let engine = Engine::connect(&ConnectOptions::default()).await.expect("an engine");
    let ledger = Ledger::open(&engine, "bench", "").expect("a ledger");
    let entry = &room.course.exercises[&size.exercise];
    let allowed = plan::allowed(entry, &[]);
    let images: BTreeSet<&str> = plan::needed(entry).into_iter().chain(allowed.names()).collect();
    let mut here = Vec::new();
    for image in images.into_iter().chain([GATE_IMAGE]).chain(REGISTRY_IMAGES) {
        if engine.has_image(image).await.expect("the engine answers") {
            here.push(image);
        }
    }
    let begun = Instant::now();
    let bases = SandboxBases::new(&engine, &ledger, &here);
    let one = |name: &String| one(room, size, &bases, name.clone());
    futures_util::stream::iter(names.iter().map(one)).buffer_unordered(size.jobs).collect::<Vec<()>>().await;
    let took = begun.elapsed();
    ledger.cleanup().await.expect("everything is removed");
    took
}

async fn one(room: &Room, size: &Size, bases: &SandboxBases, name: String) {
    let entry = &room.course.exercises[&size.exercise];
    let (token, allowed) = (room.token(&name, &size.exercise), plan::allowed(entry, &[]));
    let folder = room.class().join(&name).join(&entry.folder);
    let course = &room.course;
    let work =
        Work { course, entry, folder: &folder, token: &token, registry: None, allowed: &allowed, seconds: SECONDS };
    let sandbox = bases.sandbox(&SandboxLimits::default()).await.expect("a throw-away engine");
    for (_, came) in judge::judge_in(&sandbox.engine, &work, judge::plan(&work).expect("it fits")).await {
        assert!(matches!(came, Came::Judged { stopped: None, .. }), "{name}: {came:?}");
    }
    sandbox.remove().await.expect("it goes");
}

/// How long `dlearn grade` takes, and the most memory that it had at one time, in kB.
fn grade(room: &Room, size: &Size, resume: bool) -> (Duration, u64) {
    let jobs = size.jobs.to_string();
    let mut arguments = vec!["grade", "class", "--exercise", &size.exercise, "--roster", "roster.csv"];
    arguments.extend(["--secret-file", "secret", "--jobs", &jobs, "--csv", "marks.csv", "--html", "marks.html"]);
    if resume {
        arguments.push("--resume");
    }
    let mut command = room.grader.command(&arguments);
    command.env("XDG_CACHE_HOME", room.grader.root().join("cache")).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().expect("dlearn");
    let mut most = 0;
    let status = loop {
        // The highest so far (proc(5), VmHWM).
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(status.success(), "not everybody passed: {status}");
    (begun.elapsed(), most)
}
