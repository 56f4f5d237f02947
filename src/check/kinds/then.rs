//! What a kind of check asks about an image that it had built: other kinds of check, with that image by a name.

use super::Kind;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::Unavailable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A question about the new image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// A kind of check with its fields.
    pub check: Kind,
    /// What to do, instead of the kind's own advice.
    #[serde(default)]
    pub advice: Option<String>,
}

/// An image that was built for a check.
pub(super) struct Made<'a> {
    /// What stands for it in braces (`rebuilt`).
    pub name: &'static str,
    /// Its throw-away tag.
    pub tag: &'a str,
    /// What stood for `{{nonce}}`.
    pub nonce: &'a str,
    /// What it is called in messages, instead of the tag (`the rebuilt shop:v1`).
    pub called: String,
    /// What was done, as a sentence without its full stop (`I built a copy of this folder`).
    pub story: String,
}

/// All questions, in their order; the first that does not pass counts.
///
/// # Errors
/// [`Stop`] where a fact is missing or cannot be had.
pub(super) fn ask(questions: &[Then], inquiry: &Inquiry<'_>, made: &Made<'_>) -> Result<Verdict, Stop> {
    let mut verdict = Verdict::pass();
    for question in questions {
        verdict = verdict.and(question.judge(inquiry, made)?);
    }
    Ok(verdict)
}

impl Then {
    fn judge(&self, inquiry: &Inquiry<'_>, made: &Made<'_>) -> Result<Verdict, Stop> {
        let Made { name, tag, nonce, called, story } = made;
        let values =
            BTreeMap::from([("nonce".to_owned(), (*nonce).to_owned()), ((*name).to_owned(), (*tag).to_owned())]);
        let kind = crate::course::fill_kind(&self.check, &values).map_err(|what| {
            Stop::CannotTell(Unavailable::new(
                format!("the check's own question does not hold together: {what}"),
                "this is a fault of the check: tell its author",
            ))
        })?;
        let mut verdict = kind.judge(inquiry)?;
        if let Verdict::NotYet(not_yet) = &mut verdict {
            for text in [&mut not_yet.expected, &mut not_yet.found, &mut not_yet.advice] {
                *text = text.replace(tag, called);
            }
            not_yet.found = format!("{story}, and found {}", not_yet.found);
            if let Some(advice) = &self.advice {
                not_yet.advice = advice.clone();
            }
        }
        Ok(verdict)
    }
}
