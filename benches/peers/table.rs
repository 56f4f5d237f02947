//! What came of it, as a table.

use crate::measure::Median;
use std::time::Duration;

/// One comparison.
pub struct Row {
    pub what: String,
    /// Who is compared with dlearn.
    pub with: String,
    pub ours: String,
    pub theirs: String,
    /// What came of it, as the goal words it.
    pub result: String,
    pub goal: &'static str,
    pub reached: bool,
}

impl Row {
    /// How many times faster dlearn is: `least` times at least.
    pub fn faster(what: &str, with: &str, (ours, theirs): (Median, Median), least: f64, goal: &'static str) -> Self {
        let times = ours.slower(&theirs);
        Self {
            what: what.to_owned(),
            with: with.to_owned(),
            ours: shown(&ours),
            theirs: shown(&theirs),
            result: format!("{times:.1} times"),
            goal,
            reached: times >= least,
        }
    }

    pub fn print(&self) {
        let reached = if self.reached { "yes" } else { "**no**" };
        let Self { what, with, ours, theirs, result, goal, .. } = self;
        println!("| {what} | {with} | {ours} | {theirs} | {result} | {goal} | {reached} |");
    }
}

pub fn head() {
    println!("| What | Beside | dlearn | the other | Result | Goal | Reached |\n|---|---|---|---|---|---|---|");
}

/// `0.21 s, 0.05 s processor, 14 MB`
pub fn shown(median: &Median) -> String {
    let Median { wall, cpu, memory } = median;
    format!("{} ({:.2} s processor, {} MB)", seconds(*wall), cpu.as_secs_f64(), memory.div_ceil(1000))
}

pub fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.1 => format!("{:.1} ms", seconds * 1000.0),
        seconds if seconds < 10.0 => format!("{seconds:.2} s"),
        seconds => format!("{seconds:.1} s"),
    }
}
