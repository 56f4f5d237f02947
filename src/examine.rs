//! One examination: judge, find out what is open, judge again, until nothing is open.
//!
//! `args → course → round → needs → evidence → findings`, and no way back.

use crate::check::{Finding, Verdict, judge};
use crate::course::Round;
use crate::engine::Answers;
use crate::evidence::Evidence;

/// More rounds of questions than any check has a reason for.
const MOST_ROUNDS: usize = 32;

/// The verdicts over a round and all that they rest on.
#[derive(Clone, Debug)]
pub struct Examined {
    /// A finding for each check, in their order.
    pub findings: Vec<Finding>,
    /// Every answer that was found out.
    pub evidence: Evidence,
}

/// Examines a round. `known` are answers that still hold (the starter's builds, say).
pub async fn examine(round: &Round, answers: &mut impl Answers, known: Evidence) -> Examined {
    let mut evidence = known;
    for _ in 0..MOST_ROUNDS {
        let judged = judge(&round.checks, &round.subject, &evidence);
        if judged.open.is_empty() {
            return Examined { findings: judged.findings, evidence };
        }
        let mut asked = judged.open;
        if round.eager {
            asked.extend(judged.early);
        }
        for (need, answer) in answers.answer(asked).await {
            evidence.insert(need, answer);
        }
    }
    let findings = judge(&round.checks, &round.subject, &evidence).findings;
    let missing = round.checks.iter().filter(|check| !findings.iter().any(|finding| finding.id == check.id));
    let asked_too_often = missing.map(|check| {
        let reason = "this check goes on asking without coming to an end".into();
        let help = "this is a fault of the check: tell its author".into();
        Finding::of(check, Verdict::CannotTell { reason, help })
    });
    Examined { findings: findings.iter().cloned().chain(asked_too_often).collect(), evidence }
}
