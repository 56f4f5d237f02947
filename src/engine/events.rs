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
use futures_util::stream::{self, Stream};
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
    /// The events from now on. The stream subscribes when it is first asked, waits as long as nothing
    /// happens, and ends with the connection: then subscribe anew, and look at everything once.
    pub fn events(&self) -> impl Stream<Item = Result<Event, EngineError>> + Send + use<> {
        let engine = self.clone();
        stream::try_unfold(None, move |lines: Option<JsonLines>| {
            let engine = engine.clone();
            async move {
                let mut lines = match lines {
                    Some(lines) => lines,
                    None => engine.subscribe().await?,
                };
                Ok(lines.next::<Message>().await?.map(|message| (event(message), Some(lines))))
            }
        })
    }

    async fn subscribe(&self) -> Result<JsonLines, EngineError> {
        let doing = "watch its events";
        let filters = serde_json::json!({ "type": ["image", "container"] }).to_string();
        let target = format!("/events{}", query(&[("filters", &filters)]));
        let response = self.read(doing, self.call(doing, Method::GET, &target, None)).await?;
        Ok(self.json_lines(doing, response))
    }
}

/// An event, from the engine's line.
#[cfg(any(test, fuzzing))]
pub(super) fn read(line: &[u8]) -> Option<Event> {
    serde_json::from_slice(line).ok().map(event)
}

fn event(message: Message) -> Event {
    let actor = message.actor.unwrap_or_default();
    let attributes = actor.attributes.unwrap_or_default();
    let name = attributes.get("name").cloned().or(actor.id).unwrap_or_default();
    let name = name::normalise(&one_line(&name));
    let image = attributes.get("image").map(String::as_str).unwrap_or_default();
    let ours = attributes.contains_key(super::ledger::LABEL_RUN)
        || name::run_of(&name).is_some()
        || name::run_of(image).is_some();
    let kind = one_line(&message.kind.unwrap_or_default());
    Event { kind, action: one_line(&message.action.unwrap_or_default()), name, ours }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_engine_29_are_understood() {
        let lines = described!("events.ndjson").lines();
        let events: Vec<Event> = lines.map(|line| event(serde_json::from_str(line).unwrap())).collect();
        let of = |kind: &str, action: &str, name: &str, ours| Event {
            kind: kind.into(),
            action: action.into(),
            name: name.into(),
            ours,
        };
        assert_eq!(events, [of("image", "tag", "t01/web:v1", false), of("container", "start", "web", true)]);
    }
}
