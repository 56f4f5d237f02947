//! Judges all checks of a round over the facts so far.

use super::{Check, Finding, Inquiry, Stop, Subject, Verdict};
use crate::evidence::{Evidence, Need};
use std::collections::BTreeSet;

/// What one pass over the checks gives.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Judged {
    /// A finding for each check that could be concluded.
    pub findings: Vec<Finding>,
    /// What must be found out before the others can be. Empty: everything is concluded.
    pub open: BTreeSet<Need>,
    /// What checks that wait for those would ask next, as far as it only looks or runs a command: it may be found out in
    /// the same round, and no verdict rests on it unless they come to their turn.
    pub early: BTreeSet<Need>,
}

/// Judges `checks` in their order. A check whose `after` has not passed waits, and asks nothing.
pub fn judge(checks: &[Check], subject: &Subject, evidence: &Evidence) -> Judged {
    let mut judged = Judged::default();
    for check in checks {
        match before(check, &judged.findings) {
            Before::Open => {
                let inquiry = Inquiry::new(evidence, subject);
                let _ = ask_all(check, &inquiry);
                judged.early.extend(inquiry.open().into_iter().filter(is_cheap));
            }
            Before::Stops(verdict) => judged.findings.push(finding(check, verdict, Vec::new())),
            Before::Clear => {
                let inquiry = Inquiry::new(evidence, subject);
                let verdict = ask_all(check, &inquiry);
                judged.open.extend(inquiry.open());
                if let Some(verdict) = verdict {
                    let evidence = inquiry.used().iter().map(ToString::to_string).collect();
                    judged.findings.push(finding(check, verdict, evidence));
                }
            }
        }
    }
    judged
}

/// Whether answering it costs little and disturbs nothing.
fn is_cheap(need: &Need) -> bool {
    match need {
        Need::Image { .. } | Need::File { .. } => true,
        Need::Run(plan) => plan.setup.is_empty(),
        _ => false,
    }
}

enum Before {
    Clear,
    Open,
    Stops(Verdict),
}

fn before(check: &Check, findings: &[Finding]) -> Before {
    for id in &check.after {
        match findings.iter().find(|finding| finding.id == *id).map(|finding| &finding.verdict) {
            Some(Verdict::Pass { .. }) => {}
            Some(Verdict::NotYet(_)) => return Before::Stops(Verdict::Waits { on: id.clone() }),
            Some(other) => return Before::Stops(other.clone()),
            None => return Before::Open,
        }
    }
    Before::Clear
}

fn ask_all(check: &Check, inquiry: &Inquiry<'_>) -> Option<Verdict> {
    let mut verdict = Verdict::pass();
    for kind in &check.asks {
        let next = match kind.judge(inquiry) {
            Ok(verdict) => verdict,
            Err(Stop::Open) => return None,
            Err(Stop::CannotTell(why)) => Verdict::CannotTell { reason: why.reason, help: why.help },
        };
        verdict = verdict.and(next);
        if !verdict.passed() {
            break;
        }
    }
    if let (Verdict::NotYet(not_yet), Some(advice)) = (&mut verdict, &check.advice) {
        not_yet.advice = advice.clone();
    }
    Some(verdict)
}

fn finding(check: &Check, verdict: Verdict, evidence: Vec<String>) -> Finding {
    Finding { evidence, ..Finding::of(check, verdict) }
}
