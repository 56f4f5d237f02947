//! For fuzzers: the stream of a build.

use super::said::Said;
use crate::evidence::{Builder, StepFacts};

/// Instructions and log of a build that is told of in these lines, up to the first that is none.
pub(crate) fn build<'a>(lines: impl Iterator<Item = &'a [u8]>, builder: Builder) -> (Vec<StepFacts>, Vec<String>) {
    let mut said = Said::new();
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        let Ok(line) = serde_json::from_slice(line) else { break };
        said.line(line);
    }
    said.finish();
    if let Some(error) = &said.error {
        let _ = super::fault::engines_fault(error);
    }
    said.into_steps_and_log(builder)
}
