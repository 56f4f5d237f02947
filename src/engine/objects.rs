//! [`crate::evidence::Need::Objects`]: which images and containers carry a label.
//!
//! Invariant: the engine filters by the label, so nothing without it is ever seen here.

use super::{Engine, EngineError, call::query, images, name};
use crate::evidence::{LabelledContainer, LabelledImage, ObjectsFacts};
use serde::Deserialize;

/// Most objects of one kind that are told.
const MOST: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContainerRow {
    id: String,
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    image: Option<String>,
    #[serde(rename = "ImageID", default)]
    image_id: Option<String>,
    #[serde(default)]
    state: Option<String>,
}

impl Engine {
    /// What carries a label (`KEY=VALUE`).
    ///
    /// # Errors
    /// Where the engine cannot be asked.
    pub async fn objects(&self, label: &str) -> Result<ObjectsFacts, EngineError> {
        let doing = "list what carries a label";
        let filters = serde_json::json!({ "label": [label] }).to_string();
        let images = images::labelled(self, label).await?;
        let target = format!("/containers/json{}", query(&[("all", "1"), ("filters", &filters)]));
        let containers: Vec<ContainerRow> = self.read(doing, self.get_json(doing, &target)).await?;
        Ok(ObjectsFacts {
            images: images.into_iter().take(MOST).map(image).collect(),
            containers: containers.into_iter().take(MOST).map(container).collect(),
        })
    }
}

fn image(row: images::Listed) -> LabelledImage {
    // With such a name only, an image is somebody's that lost its own while dlearn looked.
    let mut names: Vec<String> = row.names().filter(|tag| !name::is_throw_away(tag)).collect();
    names.sort();
    LabelledImage { id: row.id, names }
}

fn container(row: ContainerRow) -> LabelledContainer {
    let name = row.names.iter().flatten().next().map(|name| name.trim_start_matches('/').to_owned());
    LabelledContainer {
        name: name.unwrap_or(row.id),
        image: name::normalise(&row.image.unwrap_or_default()),
        image_id: row.image_id.unwrap_or_default(),
        running: row.state.as_deref() == Some("running"),
    }
}
