//! `.dockerignore` against docker's own client: whatever the file says, the same paths are sent, or
//! both refuse. Needs a docker client of version 23 or later on the PATH (seen with 28.2.2): the
//! older one matched parents differently in corners.

mod context_support;

use context_support::{clients, listing, record};
use dlearn::context::{ContextError, Limits, TarStyle, pack};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs;

#[test]
fn the_same_paths_are_sent_whatever_the_ignore_file_says() {
    let newer = clients().into_iter().find(|client| client.major() >= 23);
    let client = newer.expect("no docker client of version 23 or later on the PATH: run ./scripts/engine start");
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    for top in ["a", "b", "ab", "a.b"] {
        for middle in ["a", "b", "a^b"] {
            for file in ["a", "ab", "b.a", "a b", "[a]", "+a", "d1"] {
                let folder = root.join(top).join(middle);
                fs::create_dir_all(&folder).expect("folders");
                fs::write(folder.join(file), "").expect("a file");
            }
        }
        fs::write(root.join(format!("{top}.c")), "").expect("a file");
    }
    fs::write(root.join("Dockerfile"), "FROM scratch\n").expect("a file");
    let piece = prop_oneof![
        4 => Just("a"), 3 => Just("b"), 6 => Just("/"), 4 => Just("*"), 3 => Just("**"), 2 => Just("?"),
        2 => Just("."), 1 => Just(".."), 1 => Just("[ab]"), 1 => Just("[^a]"), 1 => Just("["), 1 => Just("]"),
        1 => Just("\\"), 1 => Just(" "), 1 => Just("^"), 1 => Just("+"), 1 => Just("$"), 1 => Just("-"),
        1 => Just("**/"), 1 => Just("/**"), 1 => Just("\\d"), 1 => Just("[a-b]"), 1 => Just("[a*]"), 1 => Just("#"),
        1 => Just("!"), 1 => Just("Dockerfile"), 1 => Just("\\["), 1 => Just("\u{feff}"), 1 => Just("\t"),
    ];
    let line = (prop::bool::weighted(0.35), prop::collection::vec(piece, 0..7))
        .prop_map(|(exception, pieces)| format!("{}{}", if exception { "!" } else { "" }, pieces.concat()));
    let text = prop::collection::vec(line, 1..6).prop_map(|lines| lines.join("\n"));
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&text, |text| {
        fs::write(root.join(".dockerignore"), &text)?;
        let theirs = record(&client, root, &[]);
        let ours = pack(root, "Dockerfile", TarStyle::Plain, &Limits::default());
        match (&theirs.body, ours) {
            (Some(theirs), Ok(ours)) => {
                prop_assert_eq!(listing(&ours.bytes), listing(theirs));
                prop_assert!(ours.bytes == *theirs);
            }
            (None, Err(ContextError::Ignore { .. })) => {}
            (None, ours) => {
                prop_assert!(false, "they refuse: {} ours: {:?}", theirs.stderr, ours.map(|ours| ours.files))
            }
            // Docker compiles an expression when it first needs it: one behind other rules may stay
            // unread. We read all lines.
            (Some(_), Err(ContextError::Ignore { error, .. })) if error.line > 1 || text.starts_with('!') => {}
            (Some(_), Err(error)) => prop_assert!(false, "only we refuse: {error}"),
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
