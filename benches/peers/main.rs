//! dlearn beside what people use for the same: container-structure-test, dive, bash with the docker command, and the
//! bare API calls. Contenders take turns (A B A B …), in one run, on one machine and engine; what counts is the median
//! of several rounds, and the ratio.
//!
//! `scripts/bench` installs what is needed and calls this. By itself: `cargo bench --bench peers`, with these variables:
//! `DLEARN_BENCH_PEERS`, a folder with the others' programs (else they are looked for in PATH), `DLEARN_BENCH_ROUNDS`
//! (5), and `DLEARN_BENCH_ONLY`, some of `structure,layers,bash,bare,paint`. It works on the engine in reach and removes
//! what it made there. Both of two contenders must come to the same result, or the comparison ends with an error.

mod bare;
mod bash;
mod ferry;
mod images;
mod layers;
mod measure;
mod paint;
#[path = "../../tests/common/pty.rs"]
mod pty;
mod questions;
mod record;
mod structure;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program that is measured.
const DLEARN: &str = env!("CARGO_BIN_EXE_dlearn");

/// What is compared, in this order.
const PARTS: [&str; 5] = ["paint", "bare", "bash", "layers", "structure"];

/// What is wanted of this run.
pub struct Setting {
    peers: Option<PathBuf>,
    rounds: usize,
    only: Vec<String>,
}

impl Setting {
    fn from_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let only = variable("DLEARN_BENCH_ONLY").unwrap_or_else(|| PARTS.join(","));
        Self {
            peers: variable("DLEARN_BENCH_PEERS").map(PathBuf::from),
            rounds: variable("DLEARN_BENCH_ROUNDS").map_or(5, |text| text.parse().expect("a number of rounds")),
            only: only.split(',').map(|part| part.trim().to_owned()).collect(),
        }
    }

    /// Where a program is that dlearn is compared with. Says so where there is none.
    fn peer(&self, name: &str) -> Option<String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.peers.iter().cloned().chain(std::env::split_paths(&path));
        let found = folders.map(|folder| folder.join(name)).find(|program| Path::is_file(program));
        if found.is_none() {
            println!("| (left out: there is no {name} here, see scripts/bench) | | | | | | |");
        }
        found.map(|program| program.to_string_lossy().into_owned())
    }
}

fn main() -> ExitCode {
    // What a harness says to one of its own.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let setting = Setting::from_environment();
    if let Some(unknown) = setting.only.iter().find(|part| !PARTS.contains(&part.as_str())) {
        eprintln!("error: DLEARN_BENCH_ONLY names {unknown}; there are {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    if !measure::can_measure() {
        eprintln!("error: there is no GNU time here\n  next: apt-get install time");
        return ExitCode::from(3);
    }
    let mut rows = Vec::new();
    table::head();
    for part in PARTS.into_iter().filter(|part| setting.only.iter().any(|only| only == part)) {
        match part {
            "paint" => paint::measure(&mut rows),
            "bare" => bare::compare(&setting, &mut rows),
            "bash" => bash::compare(&setting, &mut rows),
            "layers" => layers::compare(&setting, &mut rows),
            _ => structure::compare(&setting, &mut rows),
        }
    }
    let missed = rows.iter().filter(|row| !row.reached).count();
    println!(
        "\n{} goals, {missed} missed; medians of {} rounds (half as many for 100 checks, three times as many beside API calls, \
         30 starts)",
        rows.len(),
        setting.rounds
    );
    ExitCode::from(u8::from(missed > 0))
}
