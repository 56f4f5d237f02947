//! `dlearn-submission.json`: what a learner says of what they hand in.
//!
//! Invariant: no verdict rests on it. It tells which token the files were made with; everything else is compared with
//! what the grader finds, and shown.

use serde::{Deserialize, Serialize};

/// Its name, at the top of a submission.
pub const MANIFEST: &str = "dlearn-submission.json";
/// What `schema` says.
pub const SCHEMA: &str = "dlearn/submission/1";
/// Bytes that are read of one.
pub const LARGEST: u64 = 256 << 10;

/// What lies in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `dlearn/submission/1`
    pub schema: String,
    /// Version of the program that wrote it.
    #[serde(default)]
    pub dlearn: String,
    /// The course (`course` in `lessons/course.yaml`).
    #[serde(default)]
    pub course: String,
    /// Who hands it in, as they say.
    #[serde(default)]
    pub learner: Option<String>,
    /// The registry that they practised with, where an exercise needs one: names in their files hold it.
    #[serde(default)]
    pub registry: Option<Registry>,
    /// What they hand in.
    #[serde(default)]
    pub exercises: Vec<Claim>,
}

/// A registry, as names of images have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// `127.0.0.1:5123`
    pub address: String,
    /// The namespace in which the learner may write.
    pub user: String,
}

/// One exercise, as the learner has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id.
    pub id: String,
    /// Its folder in the submission.
    pub folder: String,
    /// The token that its values are drawn from: sixteen lower-case hex digits.
    #[serde(default)]
    pub token: Option<String>,
    /// How many rounds it has. Which variants they are follows from the token; their names would give answers away.
    #[serde(default)]
    pub rounds: usize,
    /// Rounds whose check passed on the learner's engine, from 1.
    #[serde(default)]
    pub rounds_passed: Vec<usize>,
    /// The exercise passed on the learner's engine.
    #[serde(default)]
    pub passed: bool,
    /// How often it was checked.
    #[serde(default)]
    pub attempts: u32,
}

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| format!("it is not understood: {error}"))?;
        match manifest.schema == SCHEMA {
            true => Ok(manifest),
            false => Err(format!("its schema is not {SCHEMA}")),
        }
    }

    /// What it says of an exercise; a token that is none is left out.
    pub fn claim(&self, id: &str) -> Option<Claim> {
        let mut claim = self.exercises.iter().find(|claim| claim.id.eq_ignore_ascii_case(id)).cloned()?;
        claim.token = claim.token.filter(|token| crate::learner::is_token(token));
        Some(claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_version_with_more_fields_is_read_and_another_schema_is_not() {
        let text = r#"{"schema":"dlearn/submission/1","mood":"good","exercises":[{"id":"e01","folder":"E01-x","token":"../../etc"}]}"#;
        let manifest = Manifest::read(text.as_bytes()).unwrap();
        assert_eq!(manifest.claim("E01").unwrap().token, None, "no token of that form");
        assert!(manifest.claim("E02").is_none());
        assert!(Manifest::read(br#"{"schema":"dlearn/submission/2"}"#).unwrap_err().contains("schema"));
        assert!(Manifest::read(b"[]").is_err());
        let deep = "[".repeat(100_000);
        assert!(Manifest::read(deep.as_bytes()).is_err());
    }
}
