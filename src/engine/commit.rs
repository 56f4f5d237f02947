//! A container's files as an image of this run.

use super::{Engine, EngineError, Ledger, call::query, images, name};
use http::Method;

/// Seconds that it may take: the engine copies what the container has written.
const COMMIT_SECONDS: u64 = 300;

impl Engine {
    /// Makes an image of a container, under a name of this run. `changes` are instructions of a Dockerfile, one on each
    /// line, for its configuration. The container's labels get into the image: it must have none of ours.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub(crate) async fn commit(
        &self,
        ledger: &Ledger,
        container: &str,
        tag: &str,
        changes: &str,
    ) -> Result<(), EngineError> {
        let doing = "commit a container";
        let (repository, version) = name::repository_and_tag(tag);
        let pairs = [("container", container), ("repo", repository), ("tag", version), ("changes", changes)];
        let before = ledger.expect_image(tag).await?;
        let target = format!("/commit{}", query(&pairs));
        self.long(doing, COMMIT_SECONDS, self.call(doing, Method::POST, &target, None)).await?;
        let chain = images::chain(self, tag).await?;
        ledger.image_exists(tag, &before, &chain).await
    }
}
