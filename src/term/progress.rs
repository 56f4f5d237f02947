//! What is going on, on standard error, while a person waits: pulls, builds, probes.
//!
//! Invariant: where standard error is no terminal nothing is written at all, and results never go
//! this way.

use super::{Terminal, sanitize_line};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A line that says what is going on, until it is dropped. It may be cloned and sent to other
/// threads.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
}

/// Ten pictures a second: smooth enough, and no load on a slow connection.
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    /// Begins with a spinner and what is being done (`pulling busybox:1.36`).
    pub fn start(doing: &str, terminal: &Terminal) -> Self {
        let target = match terminal.stderr && terminal.moves {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target).with_style(style(terminal, false));
        bar.set_message(sanitize_line(doing).into_owned());
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    /// Says what is being done now.
    pub fn say(&self, doing: &str) {
        self.bar.set_message(sanitize_line(doing).into_owned());
    }

    /// Shows a bar: `done` of `total` bytes. A total of zero is unknown, and shows the spinner.
    pub fn bytes(&self, done: u64, total: u64, terminal: &Terminal) {
        if total == 0 {
            return;
        }
        if self.bar.length() != Some(total) {
            self.bar.set_style(style(terminal, true));
            self.bar.set_length(total);
        }
        self.bar.set_position(done.min(total));
    }

    /// Writes a line above, where it stays.
    pub fn line(&self, text: &str) {
        self.bar.println(sanitize_line(text));
    }

    /// Hides the line while `work` writes to the terminal.
    pub fn hidden<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Ends it; nothing stays on the screen.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn style(terminal: &Terminal, bar: bool) -> ProgressStyle {
    let (spin, open) = match terminal.color_stderr {
        true => ("{spinner:.cyan}", "{wide_msg}"),
        false => ("{spinner}", "{wide_msg}"),
    };
    let template = match bar {
        true => format!("{spin} [{{bar:20}}] {{decimal_bytes}}/{{decimal_total_bytes}} {open}"),
        false => format!("{spin} {open}"),
    };
    let ticks = if terminal.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ " } else { "-\\|/ " };
    let blocks = if terminal.unicode { "━━─" } else { "=> " };
    // The templates are ours and their keys are indicatif's own; were one wrong, its default serves.
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars(ticks)
        .progress_chars(blocks)
}
