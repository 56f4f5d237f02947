//! Brings a state of an older version to the present shape, one version at a time.
//!
//! A step works on plain JSON, so that it stays true when the present types change. Adding a version
//! is one function and one line in [`STEPS`].

use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// The step at index `n` brings version `n` to version `n + 1`.
const STEPS: &[fn(Fields) -> Fields] = &[lists_become_entries];

/// The state in the present version's shape.
pub(super) fn to_present(mut fields: Fields, from: u64) -> Fields {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(STEPS.len());
    for step in &STEPS[from..] {
        fields = step(fields);
    }
    fields.insert("version".into(), json!(STEPS.len()));
    fields
}

/// Version 0 had no `version`; `lessons` was a list of the ids that were done, `exercises` gave the
/// token by id, and `passed` the time by id.
fn lists_become_entries(mut fields: Fields) -> Fields {
    if let Some(Value::Array(done)) = fields.get("lessons") {
        let ids = done.iter().filter_map(Value::as_str);
        let lessons: Fields = ids.map(|id| (id.to_owned(), json!({ "done": true }))).collect();
        fields.insert("lessons".into(), lessons.into());
    }
    let passed = match fields.remove("passed") {
        Some(Value::Object(times)) => times,
        Some(other) => {
            fields.insert("passed".into(), other);
            Map::new()
        }
        None => Map::new(),
    };
    let Some(Value::Object(exercises)) = fields.get_mut("exercises") else { return fields };
    for (id, entry) in exercises.iter_mut() {
        if entry.is_string() {
            *entry = match passed.get(id) {
                Some(time) => json!({ "token": entry.take(), "rounds_passed": [1], "passed_at": time }),
                None => json!({ "token": entry.take() }),
            };
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::state::VERSION;

    #[test]
    fn every_older_version_has_a_step() {
        assert_eq!(STEPS.len() as u64, VERSION);
    }

    #[test]
    fn version_0_becomes_version_1() {
        let old = json!({
            "course": "c", "theme": "dark", "lessons": ["L01"], "passed": {"E01": "2026-01-02T03:04:05Z"},
            "exercises": {"E01": "0123456789abcdef", "E02": "fedcba9876543210"},
        });
        let Value::Object(old) = old else { unreachable!() };
        let new = Value::Object(to_present(old, 0));
        assert_eq!(new["version"], 1);
        assert_eq!(new["lessons"]["L01"]["done"], true);
        assert_eq!(new["exercises"]["E01"]["token"], "0123456789abcdef");
        assert_eq!(new["exercises"]["E01"]["rounds_passed"], json!([1]));
        assert_eq!(new["exercises"]["E01"]["passed_at"], "2026-01-02T03:04:05Z");
        assert_eq!(new["exercises"]["E02"], json!({ "token": "fedcba9876543210" }));
        assert_eq!(new.get("passed"), None);
        assert_eq!(new["theme"], "dark");
    }
}
