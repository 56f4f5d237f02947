//! Reading and writing `.dlearn/state.json`.
//!
//! Invariants: the file is replaced as a whole, so it is always the old or the new state; what cannot
//! be read is kept aside before anything is written; a file of a newer version is never touched.

use super::disk::{self, Lies};
use super::home::OWN;
use super::state::{ExerciseState, State, VERSION, is_token};
use super::{LearnerError, migrate};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The largest state that is read, in bytes; a learner's real one has some tens of kilobytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The state file of the course folder `home`.
pub(super) fn path(home: &Path) -> PathBuf {
    home.join(OWN).join("state.json")
}

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) enum Loaded {
    Missing,
    Fine(State),
    /// Written by an older version, and brought to the present shape.
    Migrated {
        state: State,
        from: u64,
    },
    Damaged {
        /// What could be read.
        rest: Option<State>,
        /// What is wrong.
        why: String,
    },
}

/// Reads the state of the course folder `home`. Only looks.
pub(super) fn load(home: &Path) -> Result<Loaded, LearnerError> {
    let path = path(home);
    match disk::read(&path, LARGEST)? {
        None => Ok(Loaded::Missing),
        Some(content) => parse(&path, &content),
    }
}

pub(super) fn parse(path: &Path, content: &[u8]) -> Result<Loaded, LearnerError> {
    let damaged = |why: String| Ok(Loaded::Damaged { rest: None, why });
    let fields: Map<String, Value> = match serde_json::from_slice(content) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return damaged("it holds something other than a state".into()),
        Err(_) if content.is_empty() => return damaged("it is empty".into()),
        Err(error) => return damaged(error.to_string()),
    };
    let from = match fields.get("version") {
        None => 0,
        Some(version) => match version.as_u64() {
            Some(version) if version > VERSION => {
                return Err(LearnerError::Newer { path: path.to_owned(), found: version, known: VERSION });
            }
            Some(version) => version,
            None => return damaged("its version is not a number".into()),
        },
    };
    let mut lost = Vec::new();
    let state = lenient(migrate::to_present(fields, from), &mut lost);
    Ok(match (lost.is_empty(), from == VERSION) {
        (false, _) => {
            Loaded::Damaged { rest: Some(state), why: format!("these entries are faulty: {}", lost.join(", ")) }
        }
        (true, true) => Loaded::Fine(state),
        (true, false) => Loaded::Migrated { state, from },
    })
}

/// Reads each entry for itself: one faulty entry costs that entry and no other. Of a faulty exercise
/// the token is kept where it is one.
fn lenient(mut fields: Map<String, Value>, lost: &mut Vec<String>) -> State {
    let mut state = State::new("", "");
    fields.remove("version");
    take(&mut fields, "course", &mut state.course, lost);
    take(&mut fields, "seed", &mut state.seed, lost);
    take(&mut fields, "sessions", &mut state.sessions, lost);
    take(&mut fields, "current", &mut state.current, lost);
    entries(&mut fields, "lessons", &mut state.lessons, lost, |_| None);
    entries(&mut fields, "questions", &mut state.questions, lost, |_| None);
    entries(&mut fields, "exercises", &mut state.exercises, lost, |entry| {
        let token = entry.get("token")?.as_str().filter(|token| is_token(token))?;
        Some(ExerciseState { token: Some(token.to_owned()), ..ExerciseState::default() })
    });
    take(&mut fields, "key", &mut state.key, lost);
    if state.key.as_ref().is_some_and(|key| super::LearnerKey::parse(key.reveal()).is_none()) {
        state.key = None;
        lost.push("key".to_owned());
    }
    take(&mut fields, "practice", &mut state.practice, lost);
    if state.practice.as_ref().is_some_and(|practice| !practice.is_sound()) {
        state.practice = None;
        lost.push("practice".to_owned());
    }
    for (id, exercise) in &mut state.exercises {
        if exercise.token.as_deref().is_some_and(|token| !is_token(token)) {
            exercise.token = None;
            lost.push(format!("the token of {}", shown(id)));
        }
        exercise.round = exercise.round.max(1);
    }
    state.extra = fields;
    state
}

fn take<T: DeserializeOwned>(fields: &mut Map<String, Value>, name: &str, into: &mut T, lost: &mut Vec<String>) {
    match fields.remove(name).map(serde_json::from_value) {
        Some(Ok(value)) => *into = value,
        Some(Err(_)) => lost.push(name.to_owned()),
        None => {}
    }
}

fn entries<T: DeserializeOwned>(
    fields: &mut Map<String, Value>,
    name: &str,
    into: &mut BTreeMap<String, T>,
    lost: &mut Vec<String>,
    rescue: impl Fn(&Value) -> Option<T>,
) {
    let all = match fields.remove(name) {
        Some(Value::Object(all)) => all,
        Some(_) => return lost.push(name.to_owned()),
        None => return,
    };
    for (id, value) in all {
        let rescued = rescue(&value);
        match serde_json::from_value(value) {
            Ok(entry) => drop(into.insert(id, entry)),
            Err(_) => {
                lost.push(format!("{} in {name}", shown(&id)));
                if let Some(entry) = rescued {
                    into.insert(id, entry);
                }
            }
        }
    }
}

/// An id from a damaged file, fit for a message.
fn shown(id: &str) -> String {
    id.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

/// Writes the state as a whole, readable by the learner only.
pub(super) fn save(home: &Path, state: &State) -> Result<(), LearnerError> {
    let path = path(home);
    let encode = |error: serde_json::Error| LearnerError::Encode { path: path.clone(), what: error.to_string() };
    let mut text = serde_json::to_vec_pretty(state).map_err(encode)?;
    text.push(b'\n');
    match disk::look(&path)? {
        Lies::Nothing | Lies::File(_) => disk::write(&home.join(OWN), &path, &text, 0o600),
        Lies::Link => Err(LearnerError::Link { path }),
        Lies::Folder | Lies::Other => Err(LearnerError::NotAFile { path }),
    }
}

/// Copies the state file to a name of its own (`state.json.damaged-…`), which is returned.
pub(super) fn keep_aside(home: &Path, suffix: &str) -> Result<PathBuf, LearnerError> {
    let content = disk::read(&path(home), LARGEST)?.unwrap_or_default();
    let kept = free(&home.join(OWN), &format!("state.json.{suffix}"))?;
    disk::write(&home.join(OWN), &kept, &content, 0o600)?;
    Ok(kept)
}

/// A name in `folder` that is not taken: `name`, `name-2`, …
pub(super) fn free(folder: &Path, name: &str) -> Result<PathBuf, LearnerError> {
    let mut path = folder.join(name);
    let mut number = 2;
    while disk::look(&path)? != Lies::Nothing {
        path = folder.join(format!("{name}-{number}"));
        number += 1;
    }
    Ok(path)
}

/// The present time as part of a file's name, in UTC.
pub(super) fn stamp() -> String {
    jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Loaded {
        parse(Path::new("state.json"), text.as_bytes()).unwrap()
    }

    #[test]
    fn a_faulty_entry_costs_no_other() {
        let loaded = parsed(
            r#"{"version":1,"course":"c","sessions":"many",
                "lessons":{"L01":{"section":-1},"L02":{"section":3}},
                "questions":7,
                "exercises":{"E01":{"token":"0123456789abcdef","attempts":"x"},"E02":{"token":"../x"}}}"#,
        );
        let Loaded::Damaged { rest: Some(state), why } = loaded else { panic!("{loaded:?}") };
        assert_eq!(state.lessons["L02"].section, 3);
        assert!(!state.lessons.contains_key("L01"));
        assert_eq!(state.exercises["E01"].token.as_deref(), Some("0123456789abcdef"));
        assert_eq!(state.exercises["E02"].token, None);
        assert_eq!(
            why,
            "these entries are faulty: sessions, L01 in lessons, questions, E01 in exercises, the token of E02"
        );
    }

    #[test]
    fn whatever_is_in_the_file_it_is_damaged_and_never_a_crash() {
        for text in ["", "{", "[1]", "null", "\"x\"", "{\"version\":\"one\"}", "{\"version\":-1}", "\u{0}\u{0}"] {
            assert!(matches!(parsed(text), Loaded::Damaged { .. }), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(parsed(&deep), Loaded::Damaged { .. }));
        assert!(matches!(parse(Path::new("x"), b"{\"version\":1,\xff"), Ok(Loaded::Damaged { .. })));
    }

    #[test]
    fn a_newer_version_is_an_error_that_names_both() {
        let error = parse(Path::new("state.json"), br#"{"version":7}"#).unwrap_err();
        assert!(error.to_string().contains("version 7 of the format; this one knows 1"), "{error}");
    }
}
