//! Whose fault a failed build is: the subject's, or the engine's and the network's.

use crate::engine::{EngineError, error::one_line};
use crate::evidence::Builder;

/// Whether a build's error is none of the subject's doing.
///
/// # Errors
/// Where it is the engine's or the network's, with what to do.
pub(super) fn engines_fault(message: &str) -> Result<(), EngineError> {
    let lower = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // What a RUN step prints or returns is the subject's, whatever words it uses.
    let words = ["did not complete successfully", "executor failed running", "returned a non-zero code"];
    // The last one is Podman's.
    if has(&words) || has(&["while running runtime: exit status"]) {
        return Ok(());
    }
    let refused = |help: &str| Err(EngineError::Misfortune { what: one_line(message), help: help.to_owned() });
    if has(&["no space left on device"]) {
        return refused("free some disk space (`docker system df` shows what Docker uses), then try again");
    }
    if met_a_removed_image(message) {
        return refused("somebody was removing images, which the classic builder cannot bear; try again");
    }
    if has(&["context canceled", "code = canceled", "code = unavailable", "transport is closing"]) {
        return refused("the engine stopped in mid-build; start it again, then try again");
    }
    let network = [
        "dial tcp",
        "i/o timeout",
        "tls handshake timeout",
        "no such host",
        "connection refused",
        "network is unreachable",
        "failed to do request",
        "toomanyrequests",
        "temporary failure in name resolution",
        "request canceled while waiting for connection",
        "client.timeout exceeded",
    ];
    if has(&network) {
        return refused(
            "something that the Dockerfile fetches could not be fetched: see whether its name is right and \
             whether `docker pull` gets it",
        );
    }
    Ok(())
}

/// Whether a build has failed for [`met_a_removed_image`]. Only the classic builder does.
pub(super) fn lost_an_image(builder: Builder, message: &str) -> bool {
    builder == Builder::Classic && met_a_removed_image(message)
}

/// Whether the classic builder, looking through its cache, has met an image that was removed meanwhile. On the
/// containerd store (seen with 28.5) it also finds images that were removed some moments ago.
fn met_a_removed_image(message: &str) -> bool {
    const WORDS: [&str; 5] = [
        "failed to export image: failed to create image: failed to get layer",
        "failed to export image: failed to set parent",
        "failed to export image: no such image",
        "no such image: sha256:",
        "unable to find image \"sha256:",
    ];
    let lower = message.to_lowercase();
    WORDS.iter().any(|words| lower.starts_with(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_that_cannot_be_fetched_is_nobodys_wrong_answer() {
        let message = "failed to solve: python:3.99: failed to do request: Head \"https://registry-1.docker.io\": \
                       dial tcp: lookup registry-1.docker.io: no such host";
        assert!(engines_fault(message).is_err());
        assert!(engines_fault("pull access denied for nothing, repository does not exist").is_ok());
    }

    #[test]
    fn what_a_run_step_does_is_the_subjects() {
        let message = "process \"/bin/sh -c echo dial tcp; false\" did not complete successfully: exit code: 1";
        assert!(engines_fault(message).is_ok());
        assert!(engines_fault("The command '/bin/sh -c curl # i/o timeout' returned a non-zero code: 1").is_ok());
    }

    #[test]
    fn an_image_that_was_removed_in_mid_build_is_told_by_the_builders_words() {
        let message =
            "unable to find image \"sha256:e2b2f0fcad6fd5808f646b6297bda7bf35e5506ccd939ba5d022d9254b0130a6\"";
        assert!(lost_an_image(Builder::Classic, message) && !lost_an_image(Builder::BuildKit, message));
        assert!(engines_fault(message).is_err());
        let message = "failed to export image: failed to set parent sha256:dbca: unknown parent image ID sha256:dbca";
        assert!(lost_an_image(Builder::Classic, message));
        for other in ["The command '/bin/sh -c x' returned a non-zero code: 1", "COPY failed: no such file"] {
            assert!(!lost_an_image(Builder::Classic, other), "{other}");
        }
    }
}
