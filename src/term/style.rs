//! What the terminal can do: decided once, then handed to everything that draws.
//!
//! Invariant: whoever draws takes a [`Terminal`] and never looks at the environment itself, so
//! that every picture can be tested without a terminal.

use std::io::{self, IsTerminal, Write};

/// Columns where nobody says how wide the terminal is.
const DEFAULT_WIDTH: usize = 80;
/// Rows where nobody says how high the terminal is.
const DEFAULT_HEIGHT: usize = 24;
/// Columns within which every layout works.
const WIDTHS: std::ops::RangeInclusive<usize> = 28..=200;
/// Columns of running text at most: longer lines are hard to follow back to their start.
const TEXT_WIDTH: usize = 100;

/// What standard output and standard error are, and what may be sent to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Standard input is a terminal.
    pub stdin: bool,
    /// Standard output is a terminal.
    pub stdout: bool,
    /// Standard error is a terminal.
    pub stderr: bool,
    /// Colours and other attributes may be used on standard output.
    pub color: bool,
    /// Colours and other attributes may be used on standard error.
    pub color_stderr: bool,
    /// Text may be shown reversed on standard output, without colours too: a place that was looked for, a cursor.
    pub marks: bool,
    /// Columns, 28 to 200.
    pub width: usize,
    /// Rows, at least 6.
    pub height: usize,
    /// Characters beyond ASCII are drawn (`✓`, `│`); else stand-ins are used.
    pub unicode: bool,
    /// The cursor can be moved: everything but TERM=dumb.
    pub moves: bool,
    /// Links are drawn as OSC 8 hyperlinks; else their address follows in brackets.
    pub links: bool,
}

impl Terminal {
    /// Looks at the standard streams and the environment.
    pub fn detect() -> Self {
        let streams = (io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal());
        let size = (streams.1 || streams.2).then(crossterm::terminal::size).and_then(Result::ok);
        Self::from_environment(streams, size, |name| std::env::var(name).ok())
    }

    /// Without colours, links or a terminal: what goes into a file or a pipe.
    pub fn plain(width: usize) -> Self {
        Self {
            stdin: false,
            stdout: false,
            stderr: false,
            color: false,
            color_stderr: false,
            marks: false,
            width: width.clamp(*WIDTHS.start(), *WIDTHS.end()),
            height: DEFAULT_HEIGHT,
            unicode: true,
            moves: false,
            links: false,
        }
    }

    /// A terminal of this size that can do everything.
    pub fn full(width: usize, height: usize) -> Self {
        Self {
            stdin: true,
            stdout: true,
            stderr: true,
            color: true,
            color_stderr: true,
            marks: true,
            moves: true,
            links: true,
            height: height.max(6),
            ..Self::plain(width)
        }
    }

    /// Decides from `streams` (whether input, output and error are terminals), the `size` that the
    /// terminal reported (columns, rows) and environment variables.
    ///
    /// NO_COLOR (no-color.org: set and not empty) comes before CLICOLOR_FORCE (set and not `0`),
    /// which comes before CLICOLOR=0 and TERM=dumb.
    pub fn from_environment(
        (stdin, stdout, stderr): (bool, bool, bool),
        size: Option<(u16, u16)>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let never = set("NO_COLOR").is_some();
        let always = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let able = term != "dumb" && set("CLICOLOR").is_none_or(|value| value != "0");
        let color = |terminal: bool| !never && (always || (terminal && able));
        let number = |name: &str| set(name)?.trim().parse::<usize>().ok().filter(|number| *number > 0);
        let reported = |part: u16| Some(usize::from(part)).filter(|number| *number > 0);
        let width = size.and_then(|size| reported(size.0)).or_else(|| number("COLUMNS")).unwrap_or(DEFAULT_WIDTH);
        let height = size.and_then(|size| reported(size.1)).or_else(|| number("LINES")).unwrap_or(DEFAULT_HEIGHT);
        Self {
            stdin,
            stdout,
            stderr,
            color: color(stdout),
            color_stderr: color(stderr),
            marks: stdout && term != "dumb",
            width: width.clamp(*WIDTHS.start(), *WIDTHS.end()),
            height: height.max(6),
            unicode: unicode(&term, &set),
            moves: term != "dumb",
            links: stdout && color(stdout) && links(&term, &set),
        }
    }

    /// The same at the size that the terminal has now (after a resize).
    pub fn resized(&self, columns: u16, rows: u16) -> Self {
        let mut terminal = self.clone();
        if columns > 0 && rows > 0 {
            terminal.width = usize::from(columns).clamp(*WIDTHS.start(), *WIDTHS.end());
            terminal.height = usize::from(rows).max(6);
        }
        terminal
    }

    /// The same for what is written to standard error.
    pub fn for_stderr(&self) -> Self {
        Self { color: self.color_stderr, links: self.links && self.stderr, ..self.clone() }
    }

    /// Columns for running text: the width, at most 100.
    pub fn text_width(&self) -> usize {
        self.width.min(TEXT_WIDTH)
    }

    /// Whether a person can be asked: all three streams are a terminal on which prompts can be drawn.
    pub fn interactive(&self) -> bool {
        self.stdin && self.stdout && self.stderr && self.moves
    }

    /// Writes to standard output and flushes it.
    ///
    /// # Errors
    /// What the system says, except that a reader who has gone (`dlearn … | head`) is no error.
    pub fn print(&self, text: &str) -> io::Result<()> {
        write_to(&mut io::stdout().lock(), text)
    }

    /// Writes to standard error: progress and errors, never results.
    ///
    /// # Errors
    /// As [`Self::print`].
    pub fn print_error(&self, text: &str) -> io::Result<()> {
        write_to(&mut io::stderr().lock(), text)
    }
}

fn write_to(stream: &mut impl Write, text: &str) -> io::Result<()> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// POSIX: the first of these that is set decides. The Linux console's font lacks most signs.
fn unicode(term: &str, set: &impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_lowercase();
    term != "linux" && (locale.contains("utf-8") || locale.contains("utf8"))
}

/// Terminals known to draw OSC 8 hyperlinks. Elsewhere the address would be lost, so it is written out.
fn links(term: &str, set: &impl Fn(&str) -> Option<String>) -> bool {
    let program = set("TERM_PROGRAM").unwrap_or_default();
    let number = |name: &str| set(name).and_then(|value| value.parse::<u32>().ok()).unwrap_or(0);
    match set("FORCE_HYPERLINK").as_deref() {
        Some("0") => false,
        Some(_) => true,
        // Multiplexers pass links on only in recent versions, and inherit the outer variables.
        None if term.starts_with("screen") || term.starts_with("tmux") => false,
        None => {
            matches!(program.as_str(), "iTerm.app" | "WezTerm" | "vscode" | "ghostty" | "Hyper")
                || matches!(term, "xterm-kitty" | "xterm-ghostty" | "alacritty" | "foot" | "foot-extra")
                || number("VTE_VERSION") >= 5000
                || number("KONSOLE_VERSION") >= 201_200
                || set("WT_SESSION").is_some()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: (bool, bool, bool) = (true, true, true);

    fn terminal(streams: (bool, bool, bool), size: Option<(u16, u16)>, set: &[(&str, &str)]) -> Terminal {
        Terminal::from_environment(streams, size, |name| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colour_follows_the_conventions_in_their_order() {
        let color = |streams, set: &[(&str, &str)]| terminal(streams, None, set).color;
        assert!(color(ALL, &[("TERM", "xterm")]));
        assert!(color(ALL, &[("NO_COLOR", "")]));
        assert!(!color(ALL, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(!color(ALL, &[("TERM", "dumb")]));
        assert!(!color(ALL, &[("CLICOLOR", "0")]));
        assert!(!color((true, false, true), &[]));
        assert!(color((true, false, true), &[("CLICOLOR_FORCE", "1")]));
        let marks = |streams, set: &[(&str, &str)]| terminal(streams, None, set).marks;
        assert!(marks(ALL, &[("NO_COLOR", "1")]), "NO_COLOR is about colours");
        assert!(!marks(ALL, &[("TERM", "dumb")]) && !marks((true, false, true), &[("CLICOLOR_FORCE", "1")]));
        assert!(!color((true, false, true), &[("CLICOLOR_FORCE", "0")]));
        let piped = terminal((true, false, true), None, &[]);
        assert!(piped.for_stderr().color && !piped.interactive());
        assert!(terminal(ALL, None, &[]).interactive() && !terminal(ALL, None, &[("TERM", "dumb")]).interactive());
    }

    #[test]
    fn the_size_comes_from_the_terminal_then_the_environment() {
        assert_eq!(terminal(ALL, Some((120, 40)), &[("COLUMNS", "60")]).width, 120);
        assert_eq!(terminal(ALL, Some((0, 0)), &[("COLUMNS", "60"), ("LINES", "30")]).height, 30);
        assert_eq!(terminal(ALL, None, &[("COLUMNS", "wide")]).width, 80);
        assert_eq!(terminal(ALL, Some((10, 2)), &[]).width, 28);
        let wide = terminal(ALL, Some((400, 2)), &[]);
        assert_eq!((wide.width, wide.text_width(), wide.height), (200, 100, 6));
    }

    #[test]
    fn signs_beyond_ascii_need_a_locale_that_has_them() {
        let unicode = |set: &[(&str, &str)]| terminal(ALL, None, set).unicode;
        assert!(unicode(&[("LANG", "de_DE.UTF-8")]));
        assert!(!unicode(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]));
        assert!(!unicode(&[("LANG", "de_DE.UTF-8"), ("TERM", "linux")]));
        assert!(!unicode(&[]));
    }

    #[test]
    fn links_only_where_a_terminal_is_known_to_draw_them() {
        assert!(terminal(ALL, None, &[("TERM", "xterm-kitty")]).links);
        assert!(!terminal(ALL, None, &[("TERM", "xterm-256color")]).links);
        assert!(!terminal(ALL, None, &[("TERM", "tmux-256color"), ("VTE_VERSION", "7000")]).links);
        assert!(!terminal(ALL, None, &[("TERM", "xterm-kitty"), ("NO_COLOR", "1")]).links);
        assert!(!terminal((true, false, true), None, &[("TERM", "foot"), ("CLICOLOR_FORCE", "1")]).links);
    }
}
