//! A password. Invariant: it never gets into a text by accident; whoever wants it has to ask for it by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A password. It is not displayed, and its `Debug` says nothing of it; it serialises as the text that it is, for
/// the learner's own files and for a registry.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_show_in_what_holds_it() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!(format!("{:?} {secret:#?}", Some(&secret)).matches("hunter2").count(), 0);
        assert_eq!(serde_json::to_value(&secret).unwrap(), "hunter2");
    }
}
