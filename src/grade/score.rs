//! From findings to points. Pure.
//!
//! Points are counted in hundredths, and every sum is exact: an exercise's points are shared out among its rounds,
//! alike, and in a round among its checks, by weight; what does not divide evenly goes to the earlier ones by one
//! hundredth each, so that the shares add up to the points and never to more.
//!
//! What could not be told, and what was not judged at all, is neither earned nor lost: it is *open*, and counted apart.

use crate::check::{Check, Finding, Verdict};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Points in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points(pub u64);

impl Points {
    /// Whole points.
    pub fn whole(points: u32) -> Self {
        Self(u64::from(points) * 100)
    }

    /// Shares in these proportions, which add up to all of it.
    pub fn shared(self, weights: &[u32]) -> Vec<Self> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 {
            // Nobody weighs anything: alike.
            return if weights.is_empty() { Vec::new() } else { self.shared(&vec![1; weights.len()]) };
        }
        let all = u128::from(self.0);
        let (mut sum, mut given) = (0, 0);
        let share = |weight: &u32| {
            sum += u128::from(*weight);
            // Rounded up, so that the earlier ones get the hundredths that are left over.
            let upto = (all * sum).div_ceil(total);
            let share = upto - given;
            given = upto;
            Self(u64::try_from(share).unwrap_or(u64::MAX))
        };
        weights.iter().map(share).collect()
    }
}

impl Add for Points {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// `7`, `7.5`, `3.33`
impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.0 / 100, self.0 % 100) {
            (whole, 0) => whole.to_string(),
            (whole, rest) if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
            (whole, rest) => format!("{whole}.{rest:02}"),
        };
        f.pad(&text)
    }
}

/// A number with at most two decimals.
impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 100 {
            0 => serializer.serialize_u64(self.0 / 100),
            _ => serializer.serialize_f64(self.0 as f64 / 100.0),
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let points = f64::deserialize(deserializer)?;
        let sensible = (0.0..1e12).contains(&points);
        sensible.then(|| Self((points * 100.0).round() as u64)).ok_or_else(|| serde::de::Error::custom("no points"))
    }
}

/// What was earned, what is open, and what there was to earn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Earned.
    pub points: Points,
    /// Neither earned nor lost: not judged.
    pub not_judged: Points,
    /// To be earned.
    pub of: Points,
}

impl Score {
    /// Nothing earned of so much.
    pub fn lost(of: Points) -> Self {
        Self { of, ..Self::default() }
    }

    /// Nothing judged of so much.
    pub fn open(of: Points) -> Self {
        Self { of, not_judged: of, ..Self::default() }
    }

    /// Whether everything was judged.
    pub fn is_judged(&self) -> bool {
        self.not_judged == Points::default()
    }
}

impl Add for Score {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            points: self.points + other.points,
            not_judged: self.not_judged + other.not_judged,
            of: self.of + other.of,
        }
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// What a finding earns of its share.
pub fn of_finding(verdict: &Verdict, share: Points) -> Score {
    match verdict {
        Verdict::Pass { .. } => Score { points: share, of: share, ..Score::default() },
        // What waits for something that failed was not earned either.
        Verdict::NotYet(_) | Verdict::Waits { .. } => Score::lost(share),
        Verdict::CannotTell { .. } => Score::open(share),
    }
}

/// A finding for each check, and its share of the round's points; a check without a finding cannot be told.
pub fn shares(checks: &[Check], findings: &[Finding], round: Points) -> Vec<(Finding, Score)> {
    let weights: Vec<u32> = checks.iter().map(|check| check.weight).collect();
    let scored = checks.iter().zip(round.shared(&weights)).map(|(check, share)| {
        let found = findings.iter().find(|finding| finding.id == check.id).cloned();
        let finding = found.unwrap_or_else(|| {
            let unknown = Verdict::CannotTell { reason: "it was not judged".into(), help: "grade again".into() };
            Finding::of(check, unknown)
        });
        let score = of_finding(&finding.verdict, share);
        (finding, score)
    });
    scored.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_add_up_and_the_earlier_get_what_is_left() {
        assert_eq!(Points::whole(10).shared(&[1, 1, 1]), [Points(334), Points(333), Points(333)]);
        assert_eq!(Points::whole(10).shared(&[3, 1]), [Points(750), Points(250)]);
        assert_eq!(Points::whole(1).shared(&[0, 0]), [Points(50), Points(50)]);
        assert_eq!(Points::whole(1).shared(&[1, 0]), [Points(100), Points(0)]);
        assert!(Points::whole(1).shared(&[]).is_empty());
    }

    #[test]
    fn points_are_written_without_superfluous_zeros() {
        let texts: Vec<String> = [0, 5, 50, 100, 333, 1250].map(|points| Points(points).to_string()).into();
        assert_eq!(texts, ["0", "0.05", "0.5", "1", "3.33", "12.5"]);
        assert_eq!(serde_json::to_string(&[Points(333), Points(200)]).unwrap(), "[3.33,2]");
        assert_eq!(format!("{:>6}|", Points(250)), "   2.5|");
    }

    #[test]
    fn what_cannot_be_told_costs_nothing_and_what_waits_earns_nothing() {
        let share = Points(250);
        assert_eq!(of_finding(&Verdict::pass(), share).points, share);
        let waits = of_finding(&Verdict::Waits { on: "built".into() }, share);
        assert!(waits.points == Points(0) && waits.is_judged());
        let open = of_finding(&Verdict::CannotTell { reason: String::new(), help: String::new() }, share);
        assert!(open.points == Points(0) && open.not_judged == share && !open.is_judged());
    }

    proptest! {
        #[test]
        fn shares_are_exact_fair_and_stable(points in 0u32..100_000, weights in proptest::collection::vec(0u32..1000, 1..30)) {
            let all = Points::whole(points);
            let shares = all.shared(&weights);
            prop_assert_eq!(shares.iter().copied().sum::<Points>(), all);
            prop_assert_eq!(&shares, &all.shared(&weights));
            let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
            if total > 0 {
                for (share, weight) in shares.iter().zip(&weights) {
                    let exact = all.0 as f64 * f64::from(*weight) / total as f64;
                    prop_assert!((share.0 as f64 - exact).abs() < 1.0, "{share} for {exact}");
                }
            }
        }
    }
}
