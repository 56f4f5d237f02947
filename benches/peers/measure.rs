//! One process, measured: how long it took, its processor time, the most memory that it had. And many, alternately.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// GNU time: what a process and its children took, as the kernel says (getrusage(2)).
const TIME: &str = "/usr/bin/time";

/// One run of a process.
#[derive(Clone, Debug)]
pub struct Run {
    pub wall: Duration,
    /// User and system time of the process, not of the engine that works for it.
    pub cpu: Duration,
    /// Most memory at a time, in kB.
    pub memory: u64,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Ends the bench where the process did not end as it should.
    pub fn ended(self, what: &str, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{what}: {}\n{}", self.stdout, self.stderr);
        self
    }
}

/// Whether processes can be measured here.
pub fn can_measure() -> bool {
    Command::new(TIME).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs a program, without a terminal, in a folder of its own.
pub fn run(program: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let told = folder.path().join("time");
    let mut command = Command::new(TIME);
    command.args(["-q", "-f", "%U %S %M", "-o"]).arg(&told).arg(program).args(arguments);
    // dive takes CI for a wish.
    command.env_remove("CI").env("NO_COLOR", "1").stdin(Stdio::null());
    let begun = Instant::now();
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let wall = begun.elapsed();
    let told = fs::read_to_string(told).expect("GNU time writes what it has measured");
    let numbers: Vec<f64> = told.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [user, system, memory] = numbers[..] else { panic!("GNU time said {told:?}") };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Run {
        wall,
        cpu: Duration::from_secs_f64(user + system),
        memory: memory as u64,
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// The middle one of several measurements each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Median {
    pub wall: Duration,
    pub cpu: Duration,
    pub memory: u64,
}

impl Median {
    pub fn of(runs: &[Run]) -> Self {
        Self {
            wall: middle(runs.iter().map(|run| run.wall)),
            cpu: middle(runs.iter().map(|run| run.cpu)),
            memory: middle(runs.iter().map(|run| run.memory)),
        }
    }

    /// How many times as long another one takes.
    pub fn slower(&self, other: &Self) -> f64 {
        other.wall.as_secs_f64() / self.wall.as_secs_f64()
    }
}

/// The middle one; the upper one of two.
pub fn middle<T: Ord>(all: impl Iterator<Item = T>) -> T {
    let mut all: Vec<T> = all.collect();
    all.sort();
    let at = all.len() / 2;
    all.into_iter().nth(at).expect("something was measured")
}

/// Runs two contenders in turn, A B A B …. Each has run before, for its result.
pub fn alternately(rounds: usize, mut one: impl FnMut() -> Run, mut other: impl FnMut() -> Run) -> (Median, Median) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(one());
        others.push(other());
    }
    (Median::of(&ones), Median::of(&others))
}
