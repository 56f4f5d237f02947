//! Pulling an image from its registry, with progress.

use super::{Engine, EngineError, call::query, error::one_line, name};
use http::Method;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// Seconds without any news after which a pull is given up.
const STALLED_SECONDS: u64 = 180;

/// What a pull says about one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// Short digest of the layer; empty for a line about the whole image.
    pub layer: String,
    /// `Downloading`, `Extracting`, `Pull complete` and the like.
    pub status: String,
    /// Bytes done, where that is told.
    pub current: u64,
    /// Bytes in all, where that is told.
    pub total: u64,
}

impl fmt::Display for PullProgress {
    /// `Downloading 12 of 48 MB (3f4ca61aafcd)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MB: u64 = 1_000_000;
        f.write_str(&self.status)?;
        if self.total >= MB {
            write!(f, " {} of {} MB", self.current / MB, self.total / MB)?;
        }
        if !self.layer.is_empty() {
            write!(f, " ({})", self.layer)?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(rename = "progressDetail", default)]
    detail: Option<Detail>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default)]
    current: Option<i64>,
    #[serde(default)]
    total: Option<i64>,
}

impl Engine {
    /// Pulls an image without credentials. `progress` is called for each piece of news.
    ///
    /// # Errors
    /// Where the registry refuses or cannot be reached, nothing is heard for three minutes, or the
    /// engine stops answering.
    pub async fn pull(&self, image: &str, mut progress: impl FnMut(PullProgress)) -> Result<(), EngineError> {
        let doing = format!("pull {image}");
        if !name::is_image_name(image) {
            let message = format!("`{}` is not an image name", one_line(image));
            return Err(EngineError::Refused { doing, status: 400, message });
        }
        // Without a tag, the engine would pull every tag of the repository.
        let whole;
        let pairs: &[(&str, &str)] = if image.contains('@') {
            &[("fromImage", image)]
        } else {
            let (repository, tag) = name::repository_and_tag(image);
            whole = [("fromImage", repository), ("tag", tag)];
            &whole
        };
        let target = format!("/images/create{}", query(pairs));
        let stalled = || EngineError::TimedOut { doing: doing.clone(), seconds: STALLED_SECONDS };
        let limit = Duration::from_secs(STALLED_SECONDS);
        self.alive(async {
            let asked = timeout(limit, self.call(&doing, Method::POST, &target, None)).await;
            let mut lines = self.json_lines(&doing, asked.map_err(|_| stalled())??);
            while let Some(line) = timeout(limit, lines.next::<Line>()).await.map_err(|_| stalled())?? {
                if let Some(error) = line.error {
                    return Err(EngineError::Refused { doing: doing.clone(), status: 200, message: one_line(&error) });
                }
                let detail = line.detail.unwrap_or_default();
                let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
                progress(PullProgress {
                    layer: one_line(&line.id.unwrap_or_default()),
                    status: one_line(&line.status.unwrap_or_default()),
                    current: bytes(detail.current),
                    total: bytes(detail.total),
                });
            }
            Ok(())
        })
        .await
    }
}
