//! `{{name}}` in tasks, checks and template files. Unknown names stay as they are: `docker inspect`
//! formats look alike and mean something else.

use crate::check::Kind;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Replaces every `{{name}}` whose name is known.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, after) = rest.split_at(start);
        filled.push_str(before);
        let known = after[2..].find("}}").and_then(|end| Some((end, values.get(after[2..2 + end].trim())?)));
        match known {
            Some((end, value)) => {
                filled.push_str(value);
                rest = &after[end + 4..];
            }
            None => {
                filled.push_str("{{");
                rest = &after[2..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// A check's question with every string in it filled in.
///
/// # Errors
/// Where a filled value no longer fits its field (a name where a number belongs).
pub fn fill_kind(kind: &Kind, values: &BTreeMap<String, String>) -> Result<Kind, String> {
    let mut value = serde_json::to_value(kind).map_err(|error| error.to_string())?;
    fill_value(&mut value, values);
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// Every string inside a JSON value, filled in; names of fields too, for paths stand there.
pub fn fill_value(value: &mut serde_json::Value, values: &BTreeMap<String, String>) {
    match value {
        serde_json::Value::String(text) => *text = fill(text, values),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| fill_value(item, values)),
        serde_json::Value::Object(fields) => {
            let filled = std::mem::take(fields).into_iter().map(|(name, mut field)| {
                fill_value(&mut field, values);
                (fill(&name, values), field)
            });
            *fields = filled.collect();
        }
        _ => {}
    }
}

/// A number that follows from the token and a name, the same on every machine.
pub fn draw(token: &str, name: &str) -> u64 {
    let hash = Sha256::digest(format!("{token}\0{name}").as_bytes());
    u64::from_be_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_and_others_stay() {
        let values = BTreeMap::from([("port".to_owned(), "8123".to_owned())]);
        let text = "-p {{port}} {{ port }} {{.Size}} {{unknown}} {{";
        assert_eq!(fill(text, &values), "-p 8123 8123 {{.Size}} {{unknown}} {{");
    }

    #[test]
    fn names_of_fields_are_filled_too() {
        let values = BTreeMap::from([("file".to_owned(), "app.py".to_owned())]);
        let mut value = serde_json::json!({ "edit": { "{{file}}": { "append": "# {{nonce}}, {{file}}" } } });
        fill_value(&mut value, &values);
        assert_eq!(value, serde_json::json!({ "edit": { "app.py": { "append": "# {{nonce}}, app.py" } } }));
    }
}
