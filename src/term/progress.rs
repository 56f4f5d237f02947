//! What is going on, on standard error, while a person waits: pulls, builds, probes.
//!
//! Invariant: where standard error is no terminal nothing is written at all, and results never go
//! this way.

use super::{Terminal, sanitize_line};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
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
        let bar = ProgressBar::with_draw_target(None, target(terminal)).with_style(style(terminal, false));
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

/// Two lines: what is being done now, and how far all of it is. For several things one after another.
#[derive(Debug)]
pub struct Batch {
    both: MultiProgress,
    now: Progress,
    all: ProgressBar,
}

impl Batch {
    /// Begins with the line for all of it.
    pub fn start(all: &str, terminal: &Terminal) -> Self {
        let both = MultiProgress::with_draw_target(target(terminal));
        let now = Progress { bar: both.add(ProgressBar::no_length().with_style(style(terminal, false))) };
        let summary = both.add(ProgressBar::no_length());
        // The template is ours; were it wrong, the default serves.
        let plain = ProgressStyle::with_template("  {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let batch = Self { both, now, all: summary.with_style(plain) };
        batch.all.set_message(sanitize_line(all).into_owned());
        batch.now.bar.enable_steady_tick(TICK);
        batch
    }

    /// The next thing begins: its line, without a bar yet.
    pub fn next(&self, doing: &str, terminal: &Terminal) {
        self.now.bar.set_style(style(terminal, false));
        self.now.bar.unset_length();
        self.now.say(doing);
    }

    /// The line of what is being done now.
    pub fn now(&self) -> &Progress {
        &self.now
    }

    /// Says how far all of it is.
    pub fn all(&self, text: &str) {
        self.all.set_message(sanitize_line(text).into_owned());
    }

    /// Hides both lines while `work` writes to the terminal.
    pub fn hidden<T>(&self, work: impl FnOnce() -> T) -> T {
        self.both.suspend(work)
    }

    /// Ends it; nothing stays on the screen.
    pub fn finish(self) {
        self.now.finish();
        self.all.finish_and_clear();
    }
}

fn target(terminal: &Terminal) -> ProgressDrawTarget {
    match terminal.stderr && terminal.moves {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    }
}
