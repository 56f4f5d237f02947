//! What a build that failed says of itself.

use super::matching::telling_line;
use crate::evidence::BuildFacts;

/// Lines of a log's end in which the reason is looked for.
const END: usize = 40;

/// What a builder says when something outside the folder is missing: that is nobody's mistake.
const OUTSIDE: &[&str] = &[
    "temporary failure in name resolution",
    "could not resolve",
    "name or service not known",
    "network is unreachable",
    "failed to establish a new connection",
    "connection timed out",
    "i/o timeout",
    "tls handshake timeout",
    "no space left on device",
    "toomanyrequests",
];

/// The line of a failed build that names something outside the folder, if one does.
pub fn out_of_reach(build: &BuildFacts) -> Option<&str> {
    let error = build.error.as_deref().unwrap_or_default();
    let mut last = build.log.iter().rev().take(END).map(String::as_str).chain(error.lines());
    last.rfind(|line| OUTSIDE.iter().any(|sign| line.to_lowercase().contains(sign)))
}

/// Whether a command of a RUN step failed, and not the build itself.
pub fn ran(build: &BuildFacts) -> bool {
    let error = build.error.as_deref().unwrap_or_default();
    error.contains("exit code") || error.contains("non-zero code")
}

/// The line that tells most about the failure: the command's own words where one failed, else the builder's.
pub fn telling(build: &BuildFacts) -> String {
    let end = build.log.iter().skip(build.log.len().saturating_sub(END)).cloned().collect::<Vec<_>>().join("\n");
    let error = build.error.as_deref().unwrap_or_default();
    telling_line(if ran(build) { &end } else { error }).to_owned()
}
