//! The exec form: a JSON array of strings.

/// What stands behind CMD and the like.
pub(super) enum Array {
    /// An array of strings.
    Strings(Vec<String>),
    /// JSON, and an array, but not of strings only: Docker refuses it.
    Mixed,
    /// Anything else; Docker takes it for the shell form.
    No,
}

/// Reads an array.
pub(super) fn array(text: &str) -> Array {
    let text = text.trim_start();
    if !text.starts_with('[') {
        return Array::No;
    }
    match serde_json::from_str::<Vec<serde_json::Value>>(text) {
        Ok(values) => {
            let strings: Option<Vec<String>> = values
                .into_iter()
                .map(|value| match value {
                    serde_json::Value::String(text) => Some(text),
                    _ => None,
                })
                .collect();
            strings.map_or(Array::Mixed, Array::Strings)
        }
        Err(_) => Array::No,
    }
}
