//! The engine's events about images and containers, for watching.
//!
//! Events start a look, they prove nothing: the engine keeps the last 256 only, BuildKit emits only a
//! `tag` at the end of a build, and an untagged build nothing at all.

use super::{
    Engine, EngineError,
    call::{JsonLines, query},
    error::one_line,
    name,
};
use http::Method;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Something that happened in the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `image` or `container`.
    pub kind: String,
    /// `tag`, `push`, `die`, `start` and the like.
    pub action: String,
    /// Name of the image or of the container, normalised.
    pub name: String,
    /// Whether one of dlearn's own runs caused it.
    pub ours: bool,
}

/// The events as they come.
#[derive(Debug)]
pub struct Events {
    lines: JsonLines,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "Type", default)]
    kind: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    actor: Option<Actor>,
}

#[derive(Default, Deserialize)]
struct Actor {
    #[serde(rename = "ID", default)]
    id: Option<String>,
    #[serde(rename = "Attributes", default)]
    attributes: Option<BTreeMap<String, String>>,
}

impl Engine {
    /// Subscribes to events from now on.
    ///
    /// # Errors
    /// Where the engine cannot be asked, within 10 s.
    pub async fn events(&self) -> Result<Events, EngineError> {
        let doing = "watch its events";
        let filters = serde_json::json!({ "type": ["image", "container"] }).to_string();
        let target = format!("/events{}", query(&[("filters", &filters)]));
        let response = self.read(doing, self.call(doing, Method::GET, &target, None)).await?;
        Ok(Events { lines: self.json_lines(doing, response) })
    }
}

impl Events {
    /// The next event; none when the engine ends the stream. Waits as long as nothing happens, and may
    /// be dropped at any time.
    ///
    /// # Errors
    /// Where the connection breaks. Subscribe anew, and look at everything once.
    pub async fn next(&mut self) -> Result<Option<Event>, EngineError> {
        let Some(message) = self.lines.next::<Message>().await? else { return Ok(None) };
        let actor = message.actor.unwrap_or_default();
        let attributes = actor.attributes.unwrap_or_default();
        let name = attributes.get("name").cloned().or(actor.id).unwrap_or_default();
        let name = name::normalise(&one_line(&name));
        let image = attributes.get("image").map(String::as_str).unwrap_or_default();
        let ours = attributes.contains_key(super::ledger::LABEL_RUN)
            || name::run_of(&name).is_some()
            || name::run_of(image).is_some();
        Ok(Some(Event {
            kind: message.kind.unwrap_or_default(),
            action: one_line(&message.action.unwrap_or_default()),
            name,
            ours,
        }))
    }
}
