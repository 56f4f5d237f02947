//! What `.dockerignore` decides, path by path. The rules are held against docker's own client in
//! `context_ignore_client.rs`; here stands what a reader of the documentation expects.

use dlearn::context::{Ignore, Rule};
use proptest::prelude::*;

fn out(text: &str, path: &str) -> bool {
    Ignore::parse(text).expect("a good file").decide(path).excluded
}

#[test]
fn patterns_are_anchored_at_the_root() {
    for (pattern, excluded, kept) in [
        ("temp", "temp", "a/temp"),
        ("/temp", "temp", "a/temp"),
        ("*/temp*", "a/temporary.txt", "a/b/temp"),
        ("*/*/temp*", "a/b/temp", "a/temp"),
        ("temp?", "tempa", "temp"),
        ("temp?", "temp1", "temp10"),
        ("*.md", "README.md", "doc/README.md"),
        ("**/*.md", "doc/a/README.md", "README.mdx"),
        ("**/*.md", "README.md", "md"),
        ("a/**/b", "a/b", "a/c"),
        ("a/**/b", "a/x/y/b", "b"),
        ("a/**", "a/x/y", "a"),
        ("[ab].txt", "b.txt", "c.txt"),
        ("[^ab].txt", "c.txt", "a.txt"),
        ("[a-c]x", "bx", "dx"),
        ("a\\*", "a*", "ab"),
        ("a\\[b", "a[b", "ab"),
        ("a+b", "a+b", "aab"),
        ("a.b", "a.b", "axb"),
        ("(a|b)", "(a|b)", "a"),
        ("größe?", "größe1", "größe"),
        ("?.txt", "ß.txt", "ab.txt"),
        ("a/../b", "b", "a"),
        ("./a/", "a", "b"),
        ("**", "anything/at/all", ""),
    ] {
        assert!(out(pattern, excluded), "{pattern} excludes {excluded}");
        assert!(!out(pattern, kept), "{pattern} keeps {kept}");
    }
}

#[test]
fn a_rule_for_a_folder_holds_for_what_lies_below() {
    assert!(out("node_modules", "node_modules/a/b.js"));
    assert!(out("*/cache/", "src/cache/x"));
    assert!(!out("node_modules", "node_modules2/a"));
}

#[test]
fn the_last_rule_that_matches_wins() {
    assert!(!out("*.md\n!README.md", "README.md"));
    assert!(out("*.md\n!README*.md\nREADME-secret.md", "README-secret.md"));
    assert!(!out("*.md\nREADME-secret.md\n!README*.md", "README-secret.md"));
    assert!(out("!README.md\n*.md", "README.md"));
    assert!(!out("*\n!src", "src/main.rs"));
    assert!(!out("src\n!src/keep", "src/keep/a"));
}

#[test]
fn an_exception_for_a_folder_does_not_reach_a_file_that_only_its_own_name_excludes() {
    // As client 28 and current BuildKit do; Engine 20.10 sent the file.
    assert!(out("**/*.txt\n!sub", "sub/a.txt"));
    assert!(!out("**/*.txt\n!sub/**", "sub/a.txt"));
}

#[test]
fn comments_blanks_and_marks_are_read_as_docker_does() {
    assert!(!out("# temp", "# temp"));
    // A comment sign behind a blank is a pattern.
    assert!(out(" #temp", "#temp"));
    assert!(out("  temp  \r\n", "temp"));
    assert!(out("\u{feff}temp", "temp"));
    assert!(!out("x\n\u{feff}temp", "temp"));
    assert!(!out("temp\n! temp", "temp"));
    assert!(!out("", "temp"));
    assert!(!out(".", "temp"));
    assert!(!out("/", "temp"));
    assert!(!out("../temp", "temp"));
}

#[test]
fn the_deciding_rule_is_named_with_its_line() {
    let ignore = Ignore::parse("# what builds do not need\n\n*.md\n!README.md  \n").expect("a good file");
    let readme = ignore.decide("README.md");
    assert_eq!((readme.excluded, readme.rule), (false, Some(Rule { line: 4, pattern: "!README.md".into() })));
    let other = ignore.decide("./other.md");
    assert_eq!((other.excluded, other.rule), (true, Some(Rule { line: 3, pattern: "*.md".into() })));
    assert_eq!(ignore.decide("main.py").rule, None);
    assert_eq!(Ignore::parse("a").expect("good").decide("a/b/c").rule.map(|rule| rule.line), Some(1));
}

#[test]
fn a_line_that_docker_refuses_is_named() {
    for (text, line) in [("a\n!", 2), ("[", 1), ("a\n\n[a-", 3), ("[]a]", 1), ("x\\", 1), ("! ", 1)] {
        let error = Ignore::parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.help().contains(&line.to_string()));
    }
    assert!(Ignore::parse(&"x".repeat(70_000)).is_err());
    assert!(Ignore::parse(&"x\n".repeat(2000)).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_any_path_is_decided(text in "(?s).{0,60}", path in ".{0,30}") {
        if let Ok(ignore) = Ignore::parse(&text) {
            let decision = ignore.decide(&path);
            prop_assert!(!decision.excluded || decision.rule.is_some());
        }
    }
}

#[test]
fn of_a_path_that_no_file_has_nothing_is_said() {
    // Each part is held against every rule: this took minutes, and a Dockerfile may name thousands of such paths.
    let rules: String = (0..999).map(|number| format!("**/a*b*c{number}\n")).collect();
    let ignore = Ignore::parse(&format!("{rules}deep\n")).expect("good");
    assert!(ignore.decide(&format!("deep{}", "/a".repeat(99))).excluded);
    for path in [format!("deep{}", "/a".repeat(100)), format!("deep/{}", "a".repeat(4096)), "deep/".repeat(20_000)] {
        assert!(!ignore.decide(&path).excluded && !ignore.shuts_out(&path));
    }
}
