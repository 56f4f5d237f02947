//! From starting the program until its first screen is drawn (see also `benches/first_screen.rs`).

use crate::DLEARN;
use crate::measure::middle;
use crate::pty::{CommandBuilder, Pty};
use crate::table::{Row, seconds};
use std::time::{Duration, Instant};

const RUNS: usize = 30;

pub fn measure(rows: &mut Vec<Row>) {
    let user = tempfile::tempdir().expect("a folder");
    let once = || {
        let mut command = CommandBuilder::new(DLEARN);
        command.args(["read", "L06", "--dir"]);
        command.arg(user.path().join("dlearn"));
        command.env("HOME", user.path());
        command.cwd(user.path());
        let begun = Instant::now();
        let mut pty = Pty::spawn(command, 80, 24, &[]);
        pty.shows("q leave");
        let took = begun.elapsed();
        pty.press("q");
        assert!(pty.end().0, "it ends well");
        took
    };
    let took = middle((0..RUNS).map(|_| once()));
    let row = Row {
        what: "from the start to the first screen".into(),
        with: "nothing".into(),
        ours: seconds(took),
        theirs: String::new(),
        result: seconds(took),
        goal: "30 ms",
        reached: took <= Duration::from_millis(30),
    };
    row.print();
    rows.push(row);
}
