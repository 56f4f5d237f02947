//! What holds for any text: reading commands and names ends without a panic, within bounds, and keeps no
//! password.

use dlearn::cmdline::{self, Action};
use dlearn::reference::Reference;
use proptest::prelude::*;

fn check(text: &str) -> Result<(), TestCaseError> {
    let file = cmdline::parse(text);
    let lines = text.lines().count();
    prop_assert!(file.commands.len() <= cmdline::MOST_COMMANDS && file.problems.len() <= cmdline::MOST_COMMANDS);
    let numbers = file.commands.iter().map(|command| command.line);
    prop_assert!(numbers.clone().is_sorted(), "{file:?}");
    prop_assert!(
        numbers.chain(file.problems.iter().map(|problem| problem.line)).all(|line| (1..=lines).contains(&line))
    );
    for command in &file.commands {
        if let Action::Push { name, .. } | Action::Pull { name } | Action::Tag { to: name, .. } = &command.action {
            check_name(name)?;
        }
    }
    Ok(())
}

/// What is read is written so that it is read as the same again.
fn check_name(text: &str) -> Result<(), TestCaseError> {
    match Reference::parse(text) {
        Ok(reference) => {
            for written in [reference.to_string(), reference.complete()] {
                let again = Reference::parse(&written);
                prop_assert!(again.as_ref().is_ok_and(|again| again.means(&reference)), "{text} {written}: {again:?}");
            }
            prop_assert!(text.contains(reference.repository()));
        }
        Err(error) => prop_assert!(!error.to_string().is_empty() && !error.help().is_empty()),
    }
    Ok(())
}

/// Text that looks like notes of a session, more or less.
fn sessionish() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "docker ",
        "sudo ",
        "podman ",
        "image ",
        "login ",
        "tag ",
        "push ",
        "build ",
        "rmi ",
        "--context ",
        "-t",
        "-p ",
        "-u=",
        "--password-stdin ",
        "--tag=",
        "-",
        "--",
        "a",
        "b:1 ",
        "localhost:5000/",
        "é",
        "\u{2028}",
        "\u{feff}",
        "$",
        "$(",
        ")",
        "`",
        "\"",
        "'",
        "\\",
        "\\\n",
        "\\\\\n",
        "\n",
        "\n",
        "\r\n",
        " ",
        "\t",
        "#",
        "# ",
        "|",
        "|&",
        "||",
        "&&",
        ";",
        "<",
        "<<<",
        "2>&1",
        ">",
        "(",
        "X=1 ",
        "$ ",
        "> ",
        "\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_within_bounds(text in "(?s).{0,200}") {
        check(&text)?;
    }

    #[test]
    fn anything_like_a_session_is_read_within_bounds(text in sessionish()) {
        check(&text)?;
    }

    #[test]
    fn any_name_is_read_or_refused(text in "[a-zA-Z0-9é:/@._+ \\[\\]-]{0,40}") {
        check_name(&text)?;
    }

    #[test]
    fn a_valid_name_is_read(host in "([a-z]{1,5}\\.[a-z]{2}(:[0-9]{1,4})?/)?", path in "[a-z0-9]{1,5}([_-][a-z0-9]{1,5}){0,2}(/[a-z]{1,4}([._-][a-z]{1,3})?){0,3}", tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9})?") {
        let text = format!("{host}{path}{tag}");
        prop_assert!(Reference::parse(&text).is_ok(), "{text}");
        check_name(&text)?;
    }

    /// Wherever a password stands in a login, nothing that is kept of the file holds it.
    #[test]
    fn no_password_is_kept(secret in "[A-Za-z0-9]{8,20}", line in prop::sample::select(vec![
        "docker login -u ada -p @ r.example", "docker login -p@ -u ada", "docker login --password=@ r.example",
        "docker login --password @", "echo @ | docker login -u ada --password-stdin", "printf %s '@' | sudo docker login r.example --password-stdin",
        "docker login --password-stdin <<< @", "docker login -u ada -p \"@", "docker login -u ada r.example @ x",
        "docker --config @ login", "PASSWORD=@ docker login", "docker login --token @ r.example",
    ])) {
        let kept = format!("{:?}", cmdline::parse(&line.replace('@', &secret)));
        prop_assert!(!kept.contains(&secret), "{kept}");
    }
}

#[test]
fn large_texts_take_little_time() {
    for text in [
        "docker push a \\\n".repeat(100_000),
        "docker login 'a\n".repeat(50_000),
        "docker tag a\n".repeat(100_000),
        "docker push $(".repeat(100_000),
        "a | ".repeat(2_000),
        "dockre\n".repeat(100_000),
        "\\\n".repeat(200_000),
        format!("docker push {}\n", "a/".repeat(4_000)),
    ] {
        let start = std::time::Instant::now();
        cmdline::parse(&text);
        assert!(start.elapsed().as_secs() < 5, "{:?} for {:?}…", start.elapsed(), &text[..12]);
    }
}
