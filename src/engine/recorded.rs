//! Answers from evidence that was recorded once, without any engine.

use super::{Answers, EngineError};
use crate::evidence::{Answer, Evidence, Need, Unavailable};
use std::collections::BTreeSet;

/// Answers needs from saved evidence. What is not in it is *unavailable*, never absent: nobody
/// looked.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    evidence: Evidence,
}

impl Recorded {
    /// From evidence.
    pub fn new(evidence: Evidence) -> Self {
        Self { evidence }
    }

    /// From the JSON that `dlearn check --record` wrote.
    ///
    /// # Errors
    /// Where it is no such JSON.
    pub fn from_json(json: &str) -> Result<Self, EngineError> {
        serde_json::from_str(json).map(Self::new).map_err(|error| EngineError::Misconfigured {
            what: format!("the recorded evidence cannot be read: {error}"),
            help: "record it anew with dlearn check --record".into(),
        })
    }
}

impl Answers for Recorded {
    async fn answer(&mut self, needs: BTreeSet<Need>) -> Vec<(Need, Answer)> {
        let unknown = |need: &Need| {
            Answer::Unavailable(Unavailable::new(
                format!("the recorded evidence does not tell: {need}"),
                "record it anew with dlearn check --record",
            ))
        };
        needs
            .into_iter()
            .map(|need| {
                let answer = self.evidence.get(&need).cloned().unwrap_or_else(|| unknown(&need));
                (need, answer)
            })
            .collect()
    }

    async fn finish(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_not_recorded_is_unavailable() {
        let image = |name: &str| Need::Image { name: name.into() };
        let mut evidence = Evidence::new();
        evidence.insert(image("a"), Answer::Absent);
        let json = serde_json::to_string(&evidence).unwrap();
        let mut recorded = Recorded::from_json(&json).unwrap();
        let answers = recorded.answer(BTreeSet::from([image("a"), image("b")])).await;
        assert_eq!(answers[0], (image("a"), Answer::Absent));
        assert!(matches!(&answers[1].1, Answer::Unavailable(why) if why.reason.contains("image b")));
    }
}
