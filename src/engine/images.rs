//! Taking dlearn's own tags off images without taking images away from anybody.
//!
//! An engine deletes an image with its last tag, and with it every untagged parent that nothing else
//! uses. A cached rebuild gives our tag to an image that was there before: the learner's own one
//! from a build without `-t`, or an intermediate image of the classic builder. Those must survive.

use super::{Engine, EngineError, call::query, name};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How long a container of a build that was cut off may still use an image.
const IN_USE: Duration = Duration::from_secs(10);

/// Seconds that a listing may take: the containerd store measures every image for it (seen with 28.5 under load:
/// 9 s for 220 images).
const LISTING_SECONDS: u64 = 120;

/// Images without any name, by their ids, each with its parent (empty where the engine tells none).
pub(crate) type Unnamed = BTreeMap<String, String>;

/// One row of `GET /images/json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Listed {
    pub(crate) id: String,
    #[serde(default)]
    parent_id: Option<String>,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
}

impl Listed {
    /// Its names, normalised.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let tags = self.repo_tags.iter().flatten();
        tags.filter(|tag| !tag.contains("<none>")).map(|tag| name::normalise(tag))
    }
}

#[derive(Deserialize)]
struct HistoryId {
    #[serde(rename = "Id", default)]
    id: String,
}

/// Lists all images. The containerd store measures each of them for it: not for every command.
pub(crate) async fn list(engine: &Engine, intermediate: bool) -> Result<Vec<Listed>, EngineError> {
    listed(engine, if intermediate { "/images/json?all=1" } else { "/images/json" }).await
}

/// The images without any name that there are now, intermediate ones too.
pub(crate) async fn unnamed(engine: &Engine) -> Result<Unnamed, EngineError> {
    let found = match engine.has_containerd_store().await? {
        true => {
            let filters = query(&[("all", "1"), ("filters", r#"{"dangling":["true"]}"#)]);
            listed(engine, &format!("/images/json{filters}")).await?
        }
        // The classic store calls only those dangling that have no children, and is quick with all of them.
        false => list(engine, true).await?,
    };
    let without = found.into_iter().filter(|image| image.names().next().is_none());
    Ok(without.map(|image| (image.id, whole_id(image.parent_id.unwrap_or_default()))).collect())
}

/// Podman writes `sha256:` before an image's own id, and not before its parent's.
fn whole_id(id: String) -> String {
    let bare = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if bare { format!("sha256:{id}") } else { id }
}

/// The images that carry a label (`KEY=VALUE`): the engine filters, so nothing without it is seen.
pub(crate) async fn labelled(engine: &Engine, label: &str) -> Result<Vec<Listed>, EngineError> {
    let filters = serde_json::json!({ "label": [label] }).to_string();
    listed(engine, &format!("/images/json{}", query(&[("filters", &filters)]))).await
}

/// The images that have a name of some run of dlearn's, and perhaps others.
pub(crate) async fn of_runs(engine: &Engine) -> Result<Vec<Listed>, EngineError> {
    // What a filter leaves out is not measured. The classic store measures nothing.
    if !engine.has_containerd_store().await? {
        return list(engine, false).await;
    }
    let filters = serde_json::json!({ "reference": name::patterns_of_runs() }).to_string();
    match listed(engine, &format!("/images/json{}", query(&[("filters", &filters)]))).await {
        // That of Docker 24 takes names only, no patterns (moby#45450).
        Err(EngineError::Refused { .. }) => list(engine, false).await,
        other => other,
    }
}

async fn listed(engine: &Engine, target: &str) -> Result<Vec<Listed>, EngineError> {
    let doing = "list images";
    let work = async {
        loop {
            match engine.get_json(doing, target).await {
                // The containerd store stumbles over an image that somebody removes meanwhile.
                Err(error) if error.is_absent() => tokio::time::sleep(Duration::from_millis(50)).await,
                other => return other,
            }
        }
    };
    engine.long(doing, LISTING_SECONDS, work).await
}

/// Ids of an image and of its parents, the image first, as far as they are images on this engine.
pub(crate) async fn chain(engine: &Engine, image: &str) -> Result<Vec<String>, EngineError> {
    let Some(id) = engine.image_id(image).await? else { return Ok(Vec::new()) };
    let doing = format!("read the history of {image}");
    let rows: Option<Vec<HistoryId>> =
        engine.read(&doing, engine.get_json(&doing, &format!("/images/{image}/history"))).await?;
    let parents = rows.into_iter().flatten().map(|row| row.id).filter(|row| *row != id && !row.contains("missing"));
    Ok(std::iter::once(id.clone()).chain(parents).collect())
}

/// Takes `tag` away, and nothing below its image. Images in `kept` survive. Gives whether the tag existed.
pub(crate) async fn remove_tag(engine: &Engine, tag: &str, kept: &BTreeSet<String>) -> Result<bool, EngineError> {
    let ours = engine.endpoint().is_thrown_away() || name::run_of(tag).is_some();
    debug_assert!(ours, "only dlearn's own tags are removed");
    let Some((id, tags)) = engine.id_and_tags(tag).await? else { return Ok(false) };
    let has_other_names = tags.iter().any(|other| name::normalise(other) != tag);
    if !has_other_names && kept.contains(&id) {
        move_to_placeholder(engine, tag).await?;
    }
    delete(engine, tag).await?;
    Ok(true)
}

/// Removes the images without a name for which `superfluous` holds and that no other image without a name needs,
/// children first. For that they get `tag` for a moment: what somebody names meanwhile stays.
///
/// The engine is not asked to prune: the containerd store takes parents that other images need, and none at all
/// where one of them is missing (seen with 28.5).
pub(crate) async fn remove_superfluous(
    engine: &Engine,
    tag: &str,
    superfluous: impl Fn(&str) -> bool,
) -> Result<(), EngineError> {
    let mut unnamed = unnamed(engine).await?;
    loop {
        let needed: BTreeSet<&String> = unnamed.values().collect();
        let is_leaf = |id: &&String| superfluous(id) && !needed.contains(id);
        let Some(leaf) = unnamed.keys().find(is_leaf).cloned() else { return Ok(()) };
        match give_tag(engine, &leaf, tag).await {
            Ok(()) => delete(engine, tag).await?,
            // Somebody else has removed it.
            Err(error) if error.is_absent() => {}
            Err(error) => return Err(error),
        }
        unnamed.remove(&leaf);
    }
}

/// `POST /images/{image}/tag`
pub(crate) async fn give_tag(engine: &Engine, image: &str, tag: &str) -> Result<(), EngineError> {
    let doing = format!("tag {image} as {tag}");
    let (repository, version) = name::repository_and_tag(tag);
    let target = format!("/images/{image}/tag{}", query(&[("repo", repository), ("tag", version)]));
    engine.read(&doing, engine.call(&doing, Method::POST, &target, None)).await.map(drop)
}

async fn delete(engine: &Engine, tag: &str) -> Result<(), EngineError> {
    let doing = format!("remove the tag {tag}");
    let target = format!("/images/{tag}?noprune=1");
    let deadline = Instant::now() + IN_USE;
    loop {
        match engine.long(&doing, 30, engine.call(&doing, Method::DELETE, &target, None)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_absent() => return Ok(()),
            // A container uses the image: one of a build that was cut off goes by itself, within moments.
            Err(EngineError::Refused { status: 409, .. }) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            // Somebody else removed the image between two steps of the engine: it says so better when asked again.
            Err(EngineError::Refused { message, .. })
                if message.contains("unrecognized image ID") && Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            // Somebody else's: the image is theirs too then, and only our tag goes.
            Err(EngineError::Refused { status: 409, .. }) => break,
            Err(error) => return Err(error),
        }
    }
    move_to_placeholder(engine, tag).await?;
    engine.long(&doing, 30, engine.call(&doing, Method::DELETE, &target, None)).await.map(drop)
}

/// Moves a tag onto an image without any content, so that what it was on stays, untagged as before.
async fn move_to_placeholder(engine: &Engine, tag: &str) -> Result<(), EngineError> {
    let (repository, version) = name::repository_and_tag(tag);
    let doing = format!("move the tag {tag} away");
    let target = format!("/images/create{}", query(&[("fromSrc", "-"), ("repo", repository), ("tag", version)]));
    // Two blocks of zeros: an archive without entries.
    let empty = Bytes::from_static(&[0; 1024]);
    let work = async {
        let response = engine.call(&doing, Method::POST, &target, Some((empty, "application/x-tar"))).await?;
        engine.finished(&doing, response).await
    };
    engine.read(&doing, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_engine_29_tells_no_parents_and_may_name_nothing() {
        let rows: Vec<Listed> = serde_json::from_str(described!("images.json")).unwrap();
        assert!(rows.iter().all(|row| row.parent_id.is_none()));
        assert_eq!(rows[0].names().collect::<Vec<_>>(), ["busybox:1.36"]);
        assert_eq!(rows[1].names().next(), None);
        let history: Vec<HistoryId> = serde_json::from_str(described!("history.json")).unwrap();
        assert_eq!(history.iter().filter(|row| row.id.contains("missing")).count(), 3);
    }

    #[test]
    fn podmans_parents_are_called_as_the_images_are() {
        let bare = "ab".repeat(32);
        assert_eq!(whole_id(bare.clone()), format!("sha256:{bare}"));
        assert_eq!(whole_id(format!("sha256:{bare}")), format!("sha256:{bare}"));
        assert_eq!(whole_id(String::new()), "");
    }
}
