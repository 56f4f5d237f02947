//! A case's facts, kept and judged again without an engine.
//!
//! A recording holds what an engine said while a case was proven, and under which names: so that judging can be
//! changed and tried on what real engines said, of every version that somebody once had.

use super::case::judge;
use super::{CaseKind, CaseResult, PlannedCase, plan};
use crate::attempt::without;
use crate::course::{Course, service::registry_values};
use crate::engine::{Recorded, name_in_run};
use crate::evidence::{Builder, Evidence};
use crate::examine::examine;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The version of the format.
const SCHEMA: &str = "dlearn/recording/1";

/// What one case showed on one engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// `dlearn/recording/1`
    pub schema: String,
    /// The engine, for people: `Docker Engine 28.5.2, overlayfs`.
    pub engine: String,
    /// Id of the exercise.
    pub exercise: String,
    /// Index of its variant.
    pub variant: usize,
    /// What the case was to show.
    pub kind: CaseKind,
    /// The case's name.
    pub name: String,
    /// The builder of its builds.
    pub builder: Builder,
    /// The token of its round.
    pub token: String,
    /// The run under whose names its images were.
    pub run: String,
    /// Address, user and password of the practice registry, where it needed one. They are gone with the run.
    pub registry: Option<[String; 3]>,
    /// What the engine said.
    pub evidence: Evidence,
}

impl Recording {
    pub(super) fn new(planned: &PlannedCase<'_>, token: &str, run: &str) -> Self {
        Self {
            schema: SCHEMA.into(),
            engine: String::new(),
            exercise: planned.entry.exercise.id.clone(),
            variant: planned.variant,
            kind: planned.kind,
            name: planned.name.clone(),
            builder: planned.builder,
            token: token.to_owned(),
            run: run.to_owned(),
            registry: None,
            evidence: Evidence::new(),
        }
    }

    /// Writes it into a folder, under the case's name.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn write(&self, folder: &Path, path: &str) -> io::Result<()> {
        let name = path.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        let builder = match self.builder {
            Builder::Classic => "classic",
            Builder::BuildKit => "buildkit",
        };
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        std::fs::write(folder.join(format!("{name}-{builder}.json")), text)
    }

    /// Judges it again.
    ///
    /// # Errors
    /// Where the course has no such case (any more).
    pub async fn replay(&self, course: &Course) -> Result<CaseResult, String> {
        if self.schema != SCHEMA {
            return Err(format!("it is {}, and this program reads {SCHEMA}: record it anew", self.schema));
        }
        let cases = plan(course, std::slice::from_ref(&self.exercise), &[self.builder])?;
        let is_it = |case: &&PlannedCase<'_>| {
            (case.variant, case.kind, case.name.as_str()) == (self.variant, self.kind, self.name.as_str())
        };
        let planned = cases.iter().find(is_it).ok_or_else(|| format!("there is no case {}", self.name))?;
        let mut entry = planned.entry.clone();
        if let Some([address, user, password]) = &self.registry {
            entry = entry.with(registry_values(address, user, password));
        }
        let rename = |name: &str| name_in_run(&self.run, name);
        let mut rounds =
            entry.every_variant(&course.recipes, &self.token, &rename).map_err(|error| error.to_string())?;
        if self.variant >= rounds.len() {
            return Err(format!("{} has no such variant", self.exercise));
        }
        let mut round = rounds.swap_remove(self.variant);
        let prefix = rename("");
        let planned = planned.with_the_values_of(&round, &prefix);
        planned.keep_what_decides(&mut round);
        let examined = examine(&round, &mut Recorded::new(self.evidence.clone()), Evidence::new()).await;
        let findings: Vec<_> = examined.findings.iter().map(|finding| without(finding, &prefix)).collect();
        Ok(judge(&planned, &findings))
    }
}
