//! Takes images out of a registry of dlearn's own. What was uploaded for them stays on its disk.

use super::{Conversation, Platform, Reference, RegistryError, read::Reader};
use http::{Method, StatusCode};

/// Removes every image of a repository that has a tag there. Gives whether there was any. The caller bounds the time.
///
/// By digest, which every registry knows that deletes at all; the tags go with it (OCI distribution specification
/// 1.1, "Deleting manifests").
///
/// # Errors
/// Where the registry does not answer or does not delete.
pub async fn remove_repository(
    conversation: &mut Conversation,
    host: &str,
    repository: &str,
) -> Result<bool, RegistryError> {
    let platform = Platform { os: String::new(), arch: String::new() };
    let any_tag = Reference { host: host.to_owned(), repository: repository.to_owned(), tag: String::new() };
    let reader = Reader { reference: &any_tag, platform: &platform };
    let mut any = false;
    loop {
        let mut removed = false;
        // Some of them at a time, and several may have gone with one image.
        for tag in reader.tags(conversation).await? {
            let reference = Reference::parse(&format!("{host}/{repository}:{tag}"));
            let reference = reference.ok_or_else(|| reader.wrong("it lists a tag that is none"))?;
            let reader = Reader { reference: &reference, platform: &platform };
            let Some(found) = reader.manifest(conversation, &tag, None).await? else { continue };
            let path = format!("/v2/{repository}/manifests/{}", found.digest);
            let got = conversation.ask(Method::DELETE, &path, "*/*", super::read::LARGEST_MANIFEST).await?;
            if !got.status.is_success() && got.status != StatusCode::NOT_FOUND {
                return Err(reader.wrong(&format!("it does not delete {repository}:{tag}, status {}", got.status)));
            }
            removed = true;
        }
        // A tag whose image is gone shows nothing any more.
        if !removed {
            return Ok(any);
        }
        any = true;
    }
}
