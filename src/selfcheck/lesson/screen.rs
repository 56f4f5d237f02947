//! What a terminal shows after a program has written to it: progress bars have come to rest.

use super::script::COLUMNS;
use std::num::NonZeroU16;

/// Most lines that are looked at; of more, the last.
const MOST_LINES: u16 = 2000;

/// The lines that stand on the terminal, without spaces at their ends and empty lines.
pub(super) fn lines(wrote: &[u8]) -> Vec<String> {
    let line_ends = wrote.iter().filter(|byte| **byte == b'\n').count();
    let rows = u16::try_from(line_ends + 2).unwrap_or(MOST_LINES).min(MOST_LINES);
    let size = |number: u16| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
    let mut terminal = vt100::Parser::new(size(rows), size(COLUMNS), 0);
    terminal.process(wrote);
    let rows = terminal.screen().rows(0, COLUMNS);
    rows.map(|row| row.trim_end().to_owned()).filter(|row| !row.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_over_is_gone() {
        assert_eq!(
            lines(b"\r\n[+] 0.1s\r\n => a\r\n\x1b[2A\x1b[0G[+] 0.2s\x1b[K\r\n => a\x1b[K\r\n => b  \r\n"),
            ["[+] 0.2s", " => a", " => b"]
        );
        assert_eq!(lines(b"1 of 2\r2 of 2\r\n\x1b[31mred\x1b[0m"), ["2 of 2", "red"]);
        assert_eq!(lines(b""), Vec::<String>::new());
    }

    #[test]
    fn of_too_many_lines_the_last_are_kept() {
        let many: String = (0..5000).map(|number| format!("{number}\r\n")).collect();
        let lines = lines(many.as_bytes());
        assert!(lines.len() <= usize::from(MOST_LINES) && lines.last().is_some_and(|line| line == "4999"));
    }
}
