//! What holds for any text: reading ends without a panic, and every span is a piece of the text.

use dlearn::dockerfile::checks;
use dlearn::dockerfile::{Body, Dockerfile, Instruction, Span, Variables, expand, parse};
use proptest::prelude::*;

fn check(text: &str, span: Span) -> Result<(), TestCaseError> {
    prop_assert!(span.start <= span.end && span.end <= text.len(), "{span:?} in {text:?}");
    prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?} in {text:?}");
    prop_assert!(span.start_line >= 1 && span.start_line <= span.end_line, "{span:?} in {text:?}");
    let line_of = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    prop_assert_eq!(line_of(span.start), span.start_line, "{:?} in {:?}", span, text);
    Ok(())
}

fn check_instruction(text: &str, instruction: &Instruction) -> Result<(), TestCaseError> {
    check(text, instruction.span)?;
    check(text, instruction.keyword_span)?;
    prop_assert_eq!(&text[instruction.span.start..instruction.span.end], instruction.original.as_str());
    let keyword = &text[instruction.keyword_span.start..instruction.keyword_span.end];
    // A keyword may go on over a continued line.
    prop_assert!(keyword.to_uppercase() == instruction.keyword || keyword.contains('\n'), "{keyword:?}");
    for flag in &instruction.flags {
        check(text, flag.span)?;
        prop_assert!(text[flag.span.start..flag.span.end].starts_with("-"));
    }
    match &instruction.body {
        Body::Env(pairs) | Body::Label(pairs) => pairs.iter().try_for_each(|pair| check(text, pair.span)),
        Body::Arg(names) => names.iter().try_for_each(|name| check(text, name.span)),
        Body::Run { heredocs, .. } => heredocs.iter().try_for_each(|heredoc| check(text, heredoc.span)),
        Body::From { base_span, name_span, .. } => {
            check(text, *base_span)?;
            name_span.map_or(Ok(()), |span| check(text, span))
        }
        Body::Onbuild(trigger) => check_instruction(text, trigger),
        _ => Ok(()),
    }
}

fn check_all(text: &str) -> Result<(), TestCaseError> {
    let parsed: Dockerfile = parse(text);
    for instruction in parsed.instructions() {
        check_instruction(text, instruction)?;
    }
    for problem in &parsed.problems {
        check(text, problem.span)?;
        prop_assert!(!problem.message.is_empty());
    }
    for directive in &parsed.directives {
        check(text, directive.span)?;
    }
    let checked = checks::check(text, &parsed, &checks::Surroundings::default());
    prop_assert!(parsed.problems.iter().all(|problem| checked.refused.contains(problem)));
    for finding in &checked.findings {
        check(text, finding.span)?;
        check(text, finding.point)?;
    }
    for stage in &parsed.stages {
        check(text, stage.span)?;
        parsed.expanded(stage, &Variables::default());
        parsed.base_of(stage);
    }
    Ok(())
}

/// Text that looks like a Dockerfile, more or less.
fn dockerish() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "FROM ",
        "AS ",
        "RUN ",
        "COPY ",
        "ADD ",
        "ENV ",
        "LABEL ",
        "ARG ",
        "CMD ",
        "ONBUILD ",
        "HEALTHCHECK ",
        "VOLUME ",
        "SHELL ",
        "EXPOSE ",
        "a",
        "b=",
        "ü",
        "=",
        "\"",
        "'",
        "\\",
        "\\\n",
        "\\ \r\n",
        "\n",
        "\n",
        "\n",
        " ",
        "\t",
        "#",
        "# escape=`\n",
        "`",
        "`\n",
        "[\"x\", ",
        "\"y\"]",
        "[",
        "--from=",
        "--mount=type=",
        "--",
        "--link ",
        "<<EOF",
        "<<-'E'",
        "EOF\n",
        "E\n",
        "$a",
        "${a:-",
        "}",
        "\u{a0}",
        "\u{feff}",
        "\x0b",
        "\r",
        "NONE",
        "3<<",
        "\u{2028}",
        "--x='",
        "\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_and_spans_lie_inside(text in "(?s).{0,200}") {
        check_all(&text)?;
    }

    #[test]
    fn anything_like_a_dockerfile_is_read_and_spans_lie_inside(text in dockerish()) {
        check_all(&text)?;
    }

    #[test]
    fn any_word_is_replaced_or_refused(text in "[$\\{}:a-c'\"\\\\#%/?+*-]{0,30}") {
        let _ = expand(&text, '\\', &|name| (name == "a").then(|| "value".to_owned()));
    }
}

#[test]
fn large_texts_take_little_time() {
    for text in [
        "RUN a \\\n".repeat(100_000),
        "FROM a AS a\n".repeat(50_000),
        "ONBUILD ".repeat(100_000),
        format!("FROM a\nRUN {}\n", "<<a ".repeat(10_000)),
        format!("FROM a\nENV {}\n", "a='b' ".repeat(10_000)),
        format!("FROM a\nCMD {}\n", "[".repeat(60_000)),
        "JUNK\n".repeat(200_000),
        format!("FROM a\nLABEL a={}\n", "${a:-".repeat(10_000)),
    ] {
        let start = std::time::Instant::now();
        let parsed = parse(&text);
        parsed.final_stage().map(|stage| parsed.expanded(stage, &Variables::default()));
        assert!(parsed.problems.len() <= 1000);
        println!("{:?} for {:?}", start.elapsed(), &text[..20]);
        assert!(start.elapsed().as_secs() < 20, "{:?} for {:?}…", start.elapsed(), &text[..20]);
    }
}

#[test]
fn what_is_wrong_twice_in_one_place_is_told_once() {
    let text = "FROM a\nRUN <<E <<E\n";
    check_all(text).unwrap();
    let checked = checks::check(text, &parse(text), &checks::Surroundings::default());
    assert_eq!(checked.refused.len(), 1, "{:?}", checked.refused);
}
