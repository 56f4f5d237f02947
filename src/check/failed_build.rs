//! What a build that failed says of itself.

use super::matching::{shown, telling_line};
use super::{Stop, Verdict};
use crate::evidence::{BuildFacts, Builder, Unavailable};

/// Lines of a log's end in which the reason is looked for.
const END: usize = 40;

/// What a builder says when something outside the folder is missing: that is nobody's mistake.
const OUTSIDE: &[&str] = &[
    "temporary failure in name resolution",
    "could not resolve host",
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
    let error = build.error.as_deref().unwrap_or_default();
    let end = &build.log[build.log.len().saturating_sub(END)..];
    // What the classic builder says itself begins and ends what the command printed.
    let begun = end.iter().rposition(|line| line.starts_with(" ---> Running in ")).map_or(0, |place| place + 1);
    let printed = end[begun..].iter().filter(|line| !line.starts_with("Removing intermediate container "));
    let printed = printed.cloned().collect::<Vec<_>>().join("\n");
    telling_line(if ran(build) && !printed.trim().is_empty() { &printed } else { error }).to_owned()
}

/// The verdict over a build of `file` that failed. `how` is what was special about it (` with empty cache mounts`).
///
/// # Errors
/// Cannot tell, where something outside the folder was missing.
pub fn verdict(build: &BuildFacts, file: &str, builder: Builder, how: &str, advice: &str) -> Result<Verdict, Stop> {
    let expected = format!("your {file} to build without an error");
    if build.timed_out {
        let found = format!("its build{how} does not come to an end");
        return Ok(Verdict::not_yet(expected, found, "see which RUN line never ends"));
    }
    if let Some(line) = out_of_reach(build) {
        return Err(Stop::CannotTell(Unavailable::new(
            format!("building {file} again{how} needs something that is out of reach now: {}", shown(line)),
            "see that the network and the disk are there, then check again",
        )));
    }
    let said = shown(&telling(build));
    Ok(Verdict::not_yet(expected, format!("its build{how} with {builder} fails: {said}"), advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_words_tell_and_the_builders_where_it_said_nothing() {
        let telling = |log: &[&str]| {
            let log = log.iter().map(ToString::to_string).collect();
            let error = Some("The command '/bin/sh -c exit 3' returned a non-zero code: 3".to_owned());
            telling(&BuildFacts { log, error, ..BuildFacts::default() })
        };
        let begun = ["Step 2/2 : RUN make", "no error so far", " ---> Running in 8193fd8520d0"];
        let with = |said: &[&str]| telling(&[&begun, said, &["Removing intermediate container 8193fd8520d0"]].concat());
        assert_eq!(with(&["make: error: no target", "bye"]), "make: error: no target");
        assert_eq!(with(&["bye"]), "bye");
        assert_eq!(with(&[]), "The command '/bin/sh -c exit 3' returned a non-zero code: 3");
        assert_eq!(telling(&["#7 0.1 error: it breaks"]), "#7 0.1 error: it breaks");
    }
}
