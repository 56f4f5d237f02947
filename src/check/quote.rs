//! Compares a line that a person copied with what an engine printed.

use regex::Regex;
use std::sync::LazyLock;

/// What differs from print to print, or from client to client, and says nothing: step prefixes
/// (`#7 0.512`, `Step 3/4 :`, ` => ERROR [2/3]`, ` > [2/3] RUN …:`), timings, digests, short ids.
static NOISE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\x1b\[[0-9;]*[A-Za-z]", ""),
        (r"^\s*(=>|>|\|)+\s*", ""),
        (r"^(ERROR|CACHED|WARN):?\s+\[", "["),
        (r"^#\d+\s+", ""),
        (r"^\d+\.\d+\s+", ""),
        (r"^-+>\s*", ""),
        (r"^(?i:error( response from daemon)?|failed to solve|docker):\s*", ""),
        (r"^(?i:error( response from daemon)?|failed to solve|docker):\s*", ""),
        (r"^(?i:rpc error: code = \w+ desc = )", ""),
        (r"\b\d+(\.\d+)?s\b", ""),
        (r"sha256:[0-9a-f]{12,64}", "DIGEST"),
        (r"\b[0-9a-f]{12}\b|\b[0-9a-f]{64}\b", "ID"),
        (r"\b[a-z0-9]{25}::[a-z0-9]{25}\b", "REF"),
        (r"/var/lib/docker/tmp/docker-builder\d+/", ""),
    ]
    .into_iter()
    .map(|(pattern, with)| (Regex::new(pattern).expect("a constant pattern"), with))
    .collect()
});

/// A line without noise, white space folded.
pub fn plain(line: &str) -> String {
    let mut text = line.trim().trim_matches(['"', '\'']).to_owned();
    for (pattern, with) in NOISE.iter() {
        text = pattern.replace_all(text.trim_start(), *with).into_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// More characters than a client puts before what the engine said.
const LONGEST_PREFIX: usize = 60;

/// Whether a quote is what was printed: the line itself, or at least half of it without a gap.
pub fn same(printed: &str, quote: &str) -> bool {
    let (printed, quote) = (printed.to_lowercase(), quote.to_lowercase());
    printed == quote || printed.contains(&quote) && quote.len() * 2 >= printed.len().min(160) || {
        // A person may copy a longer line of the client's that ends in what the engine said.
        printed.len() >= 24 && quote.ends_with(&printed) && quote.len() <= printed.len() + LONGEST_PREFIX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_timings_and_digests_do_not_matter() {
        let printed = plain("ERROR: Could not find a version that satisfies the requirement flask==99");
        for copied in [
            "#8 2.911 ERROR: Could not find a version that satisfies the requirement flask==99",
            "2.911 ERROR: Could not find a version that satisfies the requirement flask==99",
            " > ERROR: Could not find a version   that satisfies the requirement flask==99",
            "'Could not find a version that satisfies the requirement flask==99'",
        ] {
            assert!(same(&printed, &plain(copied)), "{copied}: {printed} / {}", plain(copied));
        }
    }

    #[test]
    fn an_invented_line_and_a_snippet_are_not_what_was_printed() {
        let printed = plain("COPY failed: file not found in build context: stat requirements.txt: file does not exist");
        assert!(!same(&printed, &plain("requirements.txt")));
        assert!(!same(&printed, &plain("COPY failed: no space left on device")));
        assert!(same(&printed, &plain("COPY failed: file not found in build context: stat requirements.txt")));
    }

    /// Copied from terminals: docker 20.10 and 28 with BuildKit, the classic builder, python, pip.
    #[test]
    fn what_a_client_shows_is_what_the_engine_said() {
        let pip = "ERROR: No matching distribution found for requests==22.32.5";
        for (engine, client) in [
            (
                "failed to compute cache key: \"/requirements.txt\" not found: not found",
                "#7 ERROR: \"/requirements.txt\" not found: not found",
            ),
            (
                "failed to compute cache key: failed to calculate checksum of ref gdv16c32ij3o20z2948sjz909::h8l6xcph8frsalxporb6j4ivi: \"/requirements.txt\": not found",
                "ERROR: failed to build: failed to solve: failed to compute cache key: failed to calculate checksum of ref abv16c32ij3o20z2948sjz909::k8l6xcph8frsalxporb6j4ivi: \"/requirements.txt\": not found",
            ),
            (
                "failed to compute cache key: failed to calculate checksum of ref gdv16c32ij3o20z2948sjz909::h8l6xcph8frsalxporb6j4ivi: \"/requirements.txt\": not found",
                "#6 ERROR: failed to calculate checksum of ref abv16c32ij3o20z2948sjz909::k8l6xcph8frsalxporb6j4ivi: \"/requirements.txt\": not found",
            ),
            (pip, "5.821 ERROR: No matching distribution found for requests==22.32.5"),
            (pip, "\u{1b}[91mERROR: No matching distribution found for requests==22.32.5"),
            (
                "      error: command 'gcc' failed: No such file or directory",
                "#10 0.857       error: command 'gcc' failed: No such file or directory",
            ),
        ] {
            assert!(same(&plain(engine), &plain(client)), "{} / {}", plain(engine), plain(client));
        }
    }
}
