//! What a build from nothing leaves besides its image: the cache mounts that it filled.

use super::{Engine, EngineError, call::query};
use http::Method;
use serde::Deserialize;

/// Seconds that listing the build cache may take: up to API 1.41 the engine measures its whole disk for it.
const LISTING_SECONDS: u64 = 60;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Usage {
    #[serde(default)]
    build_cache: Option<Vec<Record>>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(rename = "Description", default)]
    description: String,
}

impl Engine {
    /// Removes the cache mounts of a name space (`BUILDKIT_CACHE_MOUNT_NS`).
    ///
    /// Newer engines tell it in the record (`… with id "SPACE//c"`; seen with 28.5). 20.10 does not: there
    /// they stay until BuildKit's own clean-up takes them, like those of any other build.
    ///
    /// # Errors
    /// Where the engine cannot be asked, or removes something else meanwhile and stumbles over it.
    pub(crate) async fn remove_cache_mounts(&self, space: &str) -> Result<(), EngineError> {
        let doing = "list the build cache";
        let usage: Usage =
            self.long(doing, LISTING_SECONDS, self.get_json(doing, "/system/df?type=build-cache")).await?;
        let ours = format!("with id \"{space}/");
        for record in usage.build_cache.iter().flatten().filter(|record| is_ours(record, &ours)) {
            let doing = "remove a cache mount of a finished build";
            // A list of strings always serialises.
            let filters = serde_json::json!({ "id": [record.id] }).to_string();
            let target = format!("/build/prune{}", query(&[("all", "1"), ("filters", &filters)]));
            self.long(doing, LISTING_SECONDS, self.call(doing, Method::POST, &target, None)).await?;
        }
        Ok(())
    }
}

/// A record without an id would stand for all of them.
fn is_ours(record: &Record, words: &str) -> bool {
    !record.id.is_empty() && record.description.contains(words)
}
