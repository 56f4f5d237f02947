//! Text from an engine, an image or a submission, made safe to show.
//!
//! Whoever controls what a terminal receives can move its cursor, rewrite lines that were already
//! judged, set its title or hide text. So all such text passes here before it is drawn.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;

/// Removes everything that could steer a terminal, and keeps `\n` and `\t`.
///
/// Escape sequences (ECMA-48: CSI, OSC, DCS and the rest, in their 7-bit and 8-bit forms) go as a
/// whole, so that no `[31m` stays behind; C0 and C1 controls go; so do the characters that reorder
/// or hide text (bidirectional controls of UAX #9, zero-width marks that no script needs, tags).
/// A carriage return becomes a line break: what it would have overwritten stays to be seen.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    if text.chars().all(|char| !steers(char)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\x1b' => skip_escape(&mut chars),
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_control_string(&mut chars),
            '\r' => {
                if chars.peek() != Some(&'\n') && !clean.is_empty() && !clean.ends_with('\n') {
                    clean.push('\n');
                }
            }
            _ if steers(char) => {}
            _ => clean.push(char),
        }
    }
    Cow::Owned(clean)
}

/// As [`sanitize`], on one line: line breaks and tabs become spaces.
pub fn sanitize_line(text: &str) -> Cow<'_, str> {
    let clean = sanitize(text);
    if clean.contains(['\n', '\t']) {
        Cow::Owned(clean.split(['\n', '\t']).map(str::trim_end).collect::<Vec<_>>().join(" "))
    } else {
        clean
    }
}

fn steers(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        // Bidirectional controls, and the marks that imply a direction.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        // Line and paragraph separators, zero-width space, word joiner and invisible operators,
        // deprecated format characters, byte order mark, interlinear annotation, tags. The zero
        // width joiner and non-joiner stay: emoji and several scripts need them.
        '\u{2028}' | '\u{2029}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => char.is_control(),
    }
}

/// After ESC: what follows decides how long the sequence is.
fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_control_sequence(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_control_string(chars);
        }
        // Intermediate bytes, then one final byte: `ESC ( B`.
        Some(' '..='/') => {
            while chars.next_if(|char| matches!(char, ' '..='/')).is_some() {}
            chars.next_if(|char| matches!(char, '0'..='~'));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

/// Parameter bytes, intermediate bytes, one final byte. Anything else ends it and is kept.
fn skip_control_sequence(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|char| matches!(char, '0'..='?')).is_some() {}
    while chars.next_if(|char| matches!(char, ' '..='/')).is_some() {}
    chars.next_if(|char| matches!(char, '@'..='~'));
}

/// Up to BEL or ST. One that is never closed ends with its line, lest it swallow all that follows.
fn skip_control_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(char) = chars.next_if(|char| *char != '\n') {
        match char {
            '\x07' | '\u{9c}' => return,
            '\x1b' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_go_as_a_whole() {
        assert_eq!(sanitize("a\x1b[31;1mred\x1b[0m b"), "ared b");
        assert_eq!(sanitize("\x1b]0;title\x07text"), "text");
        assert_eq!(sanitize("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\"), "link");
        assert_eq!(sanitize("\x1bP1$r0m\x1b\\x\u{9b}2Jy\u{9d}0;t\u{9c}z"), "xyz");
        assert_eq!(sanitize("\x1b(Bok\x1bc!\x1b"), "ok!");
    }

    #[test]
    fn an_unclosed_control_string_ends_with_its_line() {
        assert_eq!(sanitize("\x1b]0;never closed\nnext line"), "\nnext line");
    }

    #[test]
    fn a_carriage_return_hides_nothing() {
        assert_eq!(sanitize("FAILED\rpassed\r\nnext"), "FAILED\npassed\nnext");
        assert_eq!(sanitize("\rx\r\ry\r"), "x\ny\n");
    }

    #[test]
    fn text_is_not_reordered_or_hidden() {
        assert_eq!(sanitize("user\u{202e}txt.exe\u{2066}\u{200b}\u{feff}"), "usertxt.exe");
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(sanitize("naïve 日本語 👩‍🚀\n\ttab"), Cow::Borrowed(_)));
        assert_eq!(sanitize_line("a\n\tb\rc"), "a  b c");
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left(text in "(\\PC|[\\x00-\\x1f\\x7f-\\u{9f}]|\\x1b\\[|\\u{202e})*") {
            let clean = sanitize(&text);
            prop_assert!(clean.chars().all(|char| !steers(char)), "{clean:?}");
            prop_assert_eq!(sanitize(&clean).into_owned(), clean.clone().into_owned());
        }
    }
}
