//! Text from builds, containers and engines, made safe to show and bounded.
//!
//! Invariant: what leaves here holds no control character but newline and tab, no escape sequence
//! and no character that reverses the direction of text: it can be printed to any terminal.

use std::collections::VecDeque;

/// Removes escape sequences and control characters; `\r\n` and a lone `\r` become newlines.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\u{1b}' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut chars),
            c if c.is_control() || is_bidi(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Characters that change the direction of the text around them.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// ECMA-48: what follows ESC.
fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

/// Parameter and intermediate bytes, then one final byte.
fn skip_csi(chars: &mut Chars<'_>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

/// A control string, up to its terminator (BEL or ST). It never goes past the end of its line, so that
/// one unfinished sequence cannot swallow everything that follows.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if(|c| *c == '\\');
                return;
            }
            _ => {}
        }
    }
}

/// Lines, of which the first and the last are kept when there are too many.
#[derive(Debug)]
pub struct BoundedLog {
    head: Vec<String>,
    tail: VecDeque<String>,
    head_bytes: usize,
    tail_bytes: usize,
    left_out: usize,
    half_lines: usize,
    half_bytes: usize,
}

impl BoundedLog {
    /// At most `lines` lines and about `bytes` bytes, half of them from each end.
    pub fn new(lines: usize, bytes: usize) -> Self {
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            head_bytes: 0,
            tail_bytes: 0,
            left_out: 0,
            half_lines: lines / 2,
            half_bytes: bytes / 2,
        }
    }

    /// Adds text of one or several lines, cleaned.
    pub fn push(&mut self, text: &str) {
        let clean = clean(text);
        for line in clean.strip_suffix('\n').unwrap_or(&clean).split('\n') {
            self.push_line(line.trim_end());
        }
    }

    fn push_line(&mut self, line: &str) {
        let line = truncated(line, self.half_bytes);
        let size = line.len() + 1;
        let fits = self.head.len() < self.half_lines && self.head_bytes + size <= self.half_bytes;
        if self.tail.is_empty() && fits {
            self.head_bytes += size;
            self.head.push(line.to_owned());
            return;
        }
        self.tail_bytes += size;
        self.tail.push_back(line.to_owned());
        while self.tail.len() > self.half_lines || self.tail_bytes > self.half_bytes {
            let Some(gone) = self.tail.pop_front() else { break };
            self.tail_bytes -= gone.len() + 1;
            self.left_out += 1;
        }
    }

    /// The lines, with a note where some were left out.
    pub fn into_lines(self) -> Vec<String> {
        let mut lines = self.head;
        if self.left_out > 0 {
            lines.push(format!("[… {} lines left out …]", self.left_out));
        }
        lines.extend(self.tail);
        lines
    }
}

/// The longest prefix of at most `bytes` bytes.
fn truncated(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Bytes of one stream, of which the beginning and the end are kept when there are too many.
#[derive(Debug)]
pub struct BoundedBytes {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    left_out: usize,
}

impl BoundedBytes {
    /// At most `bytes` bytes, half of them from each end.
    pub fn new(bytes: usize) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), half: bytes / 2, left_out: 0 }
    }

    /// Adds bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        let room = self.half - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        bytes = rest;
        if bytes.len() > self.half {
            self.left_out += bytes.len() - self.half;
            bytes = &bytes[bytes.len() - self.half..];
        }
        let over = (self.tail.len() + bytes.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.left_out += over;
        self.tail.extend(bytes);
    }

    /// Whether bytes were left out.
    pub fn is_cut(&self) -> bool {
        self.left_out > 0
    }

    /// As cleaned text (lossy UTF-8), with a note where bytes were left out.
    pub fn into_text(mut self) -> String {
        if self.left_out == 0 {
            self.head.extend(&self.tail);
            return clean(&String::from_utf8_lossy(&self.head));
        }
        let tail: Vec<u8> = self.tail.into();
        format!(
            "{}\n[… {} bytes left out …]\n{}",
            clean(&String::from_utf8_lossy(&self.head)),
            self.left_out,
            clean(&String::from_utf8_lossy(&tail))
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_every_kind_vanish() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m"), "red");
        assert_eq!(clean("\u{1b}]0;title\u{7}x"), "x");
        assert_eq!(clean("\u{1b}]8;;http://e\u{1b}\\link"), "link");
        assert_eq!(clean("\u{9b}2Jx\u{1b}(By\u{1b}cz"), "xyz");
        assert_eq!(clean("a\u{8}b\u{0}c\u{202e}d"), "abcd");
    }

    #[test]
    fn an_unfinished_sequence_ends_with_its_line() {
        assert_eq!(clean("\u{1b}]0;never\nnext"), "\nnext");
        assert_eq!(clean("\u{1b}"), "");
        assert_eq!(clean("\u{1b}[\nnext"), "\nnext");
    }

    #[test]
    fn carriage_returns_become_newlines() {
        assert_eq!(clean("a\r\nb\rc"), "a\nb\nc");
    }

    #[test]
    fn a_log_keeps_both_ends() {
        let mut log = BoundedLog::new(4, 1000);
        for n in 1..=10 {
            log.push(&format!("{n}\n"));
        }
        assert_eq!(log.into_lines(), ["1", "2", "[… 6 lines left out …]", "9", "10"]);
    }

    #[test]
    fn bytes_keep_both_ends() {
        let mut bytes = BoundedBytes::new(8);
        bytes.push(b"abcdef");
        bytes.push(b"ghijklmnop");
        assert_eq!(bytes.into_text(), "abcd\n[… 8 bytes left out …]\nmnop");
        let mut short = BoundedBytes::new(8);
        short.push(b"abc");
        short.push(b"def");
        assert_eq!(short.into_text(), "abcdef");
    }
}
