//! What stands behind the language of a fenced block.

use super::{Fence, Mistake, mistake};
use crate::evidence::Builder;

/// The attributes of a block in their order: name, and value or nothing.
#[derive(Debug)]
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// Language and attributes: `NAME`, `NAME=VALUE`, `NAME="a value"`, `NAME='a value'`.
    pub(super) fn read(fence: &Fence) -> Result<(String, Self), Mistake> {
        let info = fence.info.trim();
        let (language, mut rest) = info.split_once(char::is_whitespace).unwrap_or((info, ""));
        let mut found = Vec::new();
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return Ok((language.to_owned(), Self(found)));
            }
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let (value, after) = match after.strip_prefix('=') {
                None => ("", after),
                Some(value) => match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
                    Some(quote) => value[1..].split_once(quote).ok_or_else(|| {
                        mistake(fence.line, format!("the value of `{name}` has no closing quote"), "close it")
                    })?,
                    None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
                },
            };
            found.push((name.to_owned(), value.to_owned()));
            rest = after;
        }
    }

    /// The value of an attribute; an empty one where it has none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// There are none but these.
    pub(super) fn only(&self, fence: &Fence, known: &[&'static str]) -> Result<(), Mistake> {
        let Some((name, _)) = self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) else { return Ok(()) };
        let advice = match crate::nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known here: {}", known.join(", ")),
        };
        Err(mistake(fence.line, format!("the block has an unknown attribute `{name}`"), advice))
    }

    /// The builder that a block is about.
    pub(super) fn builder(&self, fence: &Fence) -> Result<Option<Builder>, Mistake> {
        match self.get("builder") {
            None => Ok(None),
            Some("classic") => Ok(Some(Builder::Classic)),
            Some("buildkit") => Ok(Some(Builder::BuildKit)),
            Some(other) => {
                let what = format!("there is no builder `{other}`");
                Err(mistake(fence.line, what, "write builder=classic or builder=buildkit"))
            }
        }
    }

    /// The version of the engine from which on a block is true.
    pub(super) fn since(&self, fence: &Fence) -> Result<Option<(u32, u32)>, Mistake> {
        let Some(value) = self.get("since") else { return Ok(None) };
        let (major, minor) = value.split_once('.').unwrap_or((value, "0"));
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => Ok(Some((major, minor))),
            _ => Err(mistake(
                fence.line,
                format!("`{value}` is no version of an engine"),
                "write for example since=23.0",
            )),
        }
    }
}
