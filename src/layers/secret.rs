//! A value in streams of bytes, whichever way it is spelt.
//!
//! Invariants: memory does not grow with the stream (what is kept of it is shorter than the longest spelling), and the
//! number of finds is bounded. White space is passed over, so that lines that were wrapped hide nothing.

use crate::evidence::{SecretPlace, Sighting, Spelling};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

/// The shortest value that is looked for, in bytes: shorter ones occur by chance.
const SHORTEST: usize = 8;
/// The longest, in bytes.
const LONGEST: usize = 1024;
/// The longest document that is taken apart, in bytes; configurations have a few thousand.
const LONGEST_TREE: usize = 1 << 20;
/// Most finds that are kept, of one layer and of a document.
pub(super) const MOST: usize = 20;

/// The spellings of a value, ready to be looked for.
#[derive(Clone, Debug)]
pub struct Needles {
    spelt: Vec<(Spelling, Vec<u8>)>,
    any: Regex,
    longest: usize,
}

impl Needles {
    /// The value as it is, as Base64 in each of its three alignments and both alphabets (RFC 4648), in hexadecimal digits of
    /// either case, and backwards. None for a value of fewer than 8 or more than 1024 bytes, or with white space in it.
    pub fn of(value: &str) -> Option<Self> {
        if !(SHORTEST..=LONGEST).contains(&value.len()) || value.contains(char::is_whitespace) {
            return None;
        }
        let lower = crate::hex::hex(value.as_bytes());
        let mut spelt = vec![
            (Spelling::Plain, value.as_bytes().to_vec()),
            (Spelling::Backwards, value.chars().rev().collect::<String>().into_bytes()),
            (Spelling::Hexadecimal, lower.to_uppercase().into_bytes()),
            (Spelling::Hexadecimal, lower.into_bytes()),
        ];
        for before in 0..3 {
            for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let bytes = [vec![0; before], value.as_bytes().to_vec()].concat();
                let text = alphabet.encode(&bytes);
                // Only the characters whose six bits are all the value's own.
                let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
                spelt.push((Spelling::Base64, text.as_bytes()[first..last].to_vec()));
            }
        }
        let longest = spelt.iter().map(|(_, bytes)| bytes.len()).max().unwrap_or_default();
        let words = spelt.iter().filter_map(|(_, bytes)| Some(regex::escape(std::str::from_utf8(bytes).ok()?)));
        let any = RegexBuilder::new(&words.collect::<Vec<_>>().join("|")).unicode(false).build().ok()?;
        Some(Self { spelt, any, longest })
    }

    /// How the value is spelt where it first occurs, if it does.
    pub fn found_in(&self, bytes: &[u8]) -> Option<Spelling> {
        let mut search = Search::new(self);
        search.feed(bytes);
        search.found
    }

    fn spelling(&self, bytes: &[u8]) -> Option<Spelling> {
        let found = self.any.find(bytes)?;
        self.spelt.iter().find(|(_, spelt)| spelt == found.as_bytes()).map(|(spelling, _)| *spelling)
    }

    /// Where a JSON document holds it: the names of the fields on the way, joined by dots, indices among them. Of a very long
    /// one, only that it does.
    pub(super) fn in_document(&self, document: &[u8]) -> Vec<Sighting> {
        let mut found = Vec::new();
        // A tree of values takes many times the document's bytes.
        let tree = (document.len() <= LONGEST_TREE).then(|| serde_json::from_slice(document));
        match tree {
            Some(Ok(tree)) => self.walk(&tree, "", &mut found),
            _ => self.note(document, "its text", &mut found),
        }
        found
    }

    /// The depth is bounded by what `serde_json` reads (128).
    fn walk(&self, value: &Value, at: &str, found: &mut Vec<Sighting>) {
        let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        match value {
            Value::String(text) => self.note(text.as_bytes(), at, found),
            Value::Array(list) => {
                for (index, element) in list.iter().enumerate() {
                    self.walk(element, &below(&index.to_string()), found);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.note(name.as_bytes(), at, found);
                    self.walk(value, &below(name), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn note(&self, text: &[u8], at: &str, found: &mut Vec<Sighting>) {
        if let Some(spelling) = self.found_in(text)
            && found.len() < MOST
        {
            let at = at.chars().take(LONGEST).collect();
            found.push(Sighting { place: SecretPlace::Configuration { at }, spelling });
        }
    }
}

/// A search in one stream.
#[derive(Debug)]
pub(super) struct Search<'n> {
    needles: &'n Needles,
    /// The end of what was fed, without white space.
    tail: Vec<u8>,
    found: Option<Spelling>,
}

impl<'n> Search<'n> {
    pub(super) fn new(needles: &'n Needles) -> Self {
        Self { needles, tail: Vec::new(), found: None }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) {
        if self.found.is_some() {
            return;
        }
        self.tail.extend(chunk.iter().filter(|byte| !byte.is_ascii_whitespace()));
        self.found = self.needles.spelling(&self.tail);
        let keep = self.needles.longest.saturating_sub(1);
        self.tail.drain(..self.tail.len().saturating_sub(keep));
    }

    pub(super) fn found(&self) -> Option<Spelling> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "key-7f3a9c1d5e";

    fn needles() -> Needles {
        Needles::of(VALUE).expect("long enough")
    }

    #[test]
    fn a_value_is_found_in_every_spelling_and_alignment() {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{VALUE}: {before}");
            let encoded = base64::engine::general_purpose::STANDARD.encode(&text);
            assert_eq!(needles().found_in(encoded.as_bytes()), Some(Spelling::Base64), "{text}");
            let safe = base64::engine::general_purpose::URL_SAFE.encode(&text);
            assert_eq!(needles().found_in(safe.as_bytes()), Some(Spelling::Base64), "{text}");
        }
        let hex = crate::hex::hex(VALUE.as_bytes());
        assert_eq!(needles().found_in(hex.as_bytes()), Some(Spelling::Hexadecimal));
        assert_eq!(needles().found_in(hex.to_uppercase().as_bytes()), Some(Spelling::Hexadecimal));
        let backwards: String = VALUE.chars().rev().collect();
        assert_eq!(needles().found_in(format!("x{backwards}x").as_bytes()), Some(Spelling::Backwards));
        assert_eq!(needles().found_in(format!("KEY={VALUE}\n").as_bytes()), Some(Spelling::Plain));
    }

    #[test]
    fn wrapped_lines_and_the_borders_of_chunks_hide_nothing() {
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("the {VALUE} of the house"));
        let wrapped: Vec<String> = encoded.as_bytes().chunks(5).map(|it| String::from_utf8_lossy(it).into()).collect();
        assert_eq!(needles().found_in(wrapped.join("\r\n").as_bytes()), Some(Spelling::Base64));
        let needles = needles();
        let mut search = Search::new(&needles);
        for byte in format!("{}{VALUE}{}", "-".repeat(5000), "-".repeat(50)).bytes() {
            search.feed(&[byte]);
            assert!(search.tail.len() < needles.longest);
        }
        assert_eq!(search.found(), Some(Spelling::Plain));
    }

    #[test]
    fn what_is_only_like_it_is_not_found() {
        assert_eq!(needles().found_in(b"key-7f3a9c1d5f key-7f3a9c1d5"), None);
        assert!(Needles::of("short").is_none() && Needles::of("two words of it").is_none());
        assert!(Needles::of(&"x".repeat(2000)).is_none());
    }

    #[test]
    fn a_document_says_where() {
        let document = serde_json::json!({
            "config": { "Env": ["A=1", format!("KEY={VALUE}")], "Labels": { (VALUE): "x" } },
            "history": [{ "created_by": "COPY" }, { "created_by": format!("RUN |1 KEY={VALUE} make") }],
        });
        let places: Vec<String> = needles()
            .in_document(document.to_string().as_bytes())
            .into_iter()
            .map(|it| match it.place {
                SecretPlace::Configuration { at } => at,
                SecretPlace::Layer { .. } => panic!("no layer"),
            })
            .collect();
        assert_eq!(places, ["config.Env.1", "config.Labels", "history.1.created_by"]);
    }
}
