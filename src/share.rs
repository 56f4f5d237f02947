//! A part of a whole, as options write it: `2/3`. Pure.

use std::fmt;
use std::str::FromStr;

/// The `part`-th of `of` parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    part: usize,
    of: usize,
}

/// Parts of one whole at most.
const MOST: usize = 10_000;

impl Share {
    /// All of it.
    pub const ALL: Self = Self { part: 1, of: 1 };

    /// One of so many parts, from 1; none where there is no such part.
    pub fn new(part: usize, of: usize) -> Option<Self> {
        (1..=of.min(MOST)).contains(&part).then_some(Self { part, of }).filter(|share| share.of <= MOST)
    }

    /// Which part, from 1.
    pub fn part(self) -> usize {
        self.part
    }

    /// How many parts there are.
    pub fn of(self) -> usize {
        self.of
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<usize>().ok();
        let (part, of) = text.split_once('/').and_then(|(part, of)| number(part).zip(number(of))).unwrap_or((0, 0));
        Self::new(part, of).ok_or_else(|| "a share is written 1/3: the first of three".into())
    }
}

/// `2/3`
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_as_a_fraction_of_at_most_one() {
        assert_eq!("2/3".parse::<Share>().unwrap().to_string(), "2/3");
        for wrong in ["", "0/3", "4/3", "1", "1/0", "-1/3", "1/99999999999"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
