//! `token`

use crate::check::matching::shown;
use crate::check::{Inquiry, Stop, Verdict};
use crate::evidence::FileType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The learner's own token file lies in the image.
///
/// **Why it matters**: it tells an image that was made from this learner's folder from one that was
/// pulled, or copied from somebody else. It is read without running anything from the image.
///
/// ```yaml
/// check: { token: { image: app, path: /site/token } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The exercise's name for the image, or any local name.
    pub image: String,
    /// Absolute path in the image.
    pub path: String,
}

impl Token {
    pub(super) fn judge(&self, inquiry: &Inquiry<'_>) -> Result<Verdict, Stop> {
        let name = inquiry.name(&self.image);
        let path = &self.path;
        let expected = format!("the file `token` of this folder at {path} in {name}");
        if inquiry.image(&name)?.is_none() {
            return super::no_image(inquiry, &name);
        }
        let Some(file) = inquiry.file(&name, path)? else {
            return Ok(Verdict::not_yet(
                expected,
                format!("no file at {path}"),
                "copy it with COPY, see that no .dockerignore line excludes it, and build again",
            ));
        };
        let text = file.text.as_deref().unwrap_or_default().trim();
        let found = match file.kind {
            FileType::File if text == inquiry.token() => return Ok(Verdict::pass()),
            FileType::File if is_token(text) => {
                format!("{path} holds another token, {text}: this image was not made from this folder's files")
            }
            FileType::File if file.text.is_none() => format!("{path} holds {} bytes", file.size),
            FileType::File if text.is_empty() => format!("{path} is empty"),
            FileType::File => format!("{path} holds {}", shown(text)),
            _ => format!("{path} is not a regular file"),
        };
        Ok(Verdict::not_yet(expected, found, "copy this folder's own file `token`, unchanged, and build again"))
    }
}

/// Whether it could be anybody's token.
fn is_token(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
