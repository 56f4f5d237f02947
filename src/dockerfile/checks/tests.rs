use super::*;
use crate::dockerfile::parse;

/// Rule and line of all that Docker would report.
fn found(text: &str) -> Vec<(&'static str, usize)> {
    found_with(text, &Surroundings::default())
}

fn found_with(text: &str, around: &Surroundings<'_>) -> Vec<(&'static str, usize)> {
    let checked = check(text, &parse(text), around);
    assert_eq!(checked.refused, Vec::new(), "{text}");
    checked.reported().map(|finding| (finding.rule.name, finding.span.start_line)).collect()
}

fn refused(text: &str) -> Vec<String> {
    check(text, &parse(text), &Surroundings::default()).refused.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_clean_file_has_no_findings() {
    let text = "ARG TAG=1.36\nFROM busybox:$TAG AS build\nWORKDIR /src\nENV A=1\nRUN echo $x\nFROM scratch\nCOPY --from=build /src /\nEXPOSE 80/udp\nCMD [\"/a\"]\n";
    assert_eq!(found(text), []);
}

#[test]
fn every_rule_can_be_found() {
    let text = "# check=experimental=all\nARG NAME\n# nothing\nFROM --platform=linux/arm64 $NAME as Build\nrun true \\\n\n && true\n\
        MAINTAINER me\nENV a b\nARG password\nWORKDIR x\nCMD a\nCMD [\"b\"]\nEXPOSE 80/TCP\nEXPOSE 80:80\nCOPY junk $nope\n\
        FROM --platform=$TARGETPLATFORM scratch AS build\nFROM scratch AS context\nFROM busybox:$TYPO\n";
    let around = Surroundings { stays_out: Some(&|source| source == "junk"), ..Surroundings::default() };
    let checked = check(text, &parse(text), &around);
    for rule in RULES {
        assert!(checked.findings.iter().any(|finding| finding.rule == *rule), "{}: {:#?}", rule.name, checked.findings);
    }
}

#[test]
fn the_table_says_everything_about_each_rule() {
    for rule in RULES {
        assert!(rule.what.len() > 10 && rule.instead.len() > 10, "{rule:?}");
        assert!(rule.why.ends_with('.') && !rule.instead.ends_with('.') && !rule.what.ends_with('.'), "{rule:?}");
        let slug: String = rule.link().rsplit('/').nth(1).unwrap_or_default().replace('-', "");
        assert_eq!(slug, rule.name.to_lowercase());
    }
}

#[test]
fn names_and_keywords_are_compared_as_they_are_written() {
    assert_eq!(found("FROM scratch AS Build\n"), [("StageNameCasing", 1)]);
    assert_eq!(
        found("FROM scratch as b\nfrom scratch as c\n"),
        [("FromAsCasing", 1), ("ConsistentInstructionCasing", 2)]
    );
    assert_eq!(found("From scratch as b\nFROM scratch AS c\n"), [("ConsistentInstructionCasing", 1)]);
    assert_eq!(found("FROM scratch\nenv a=b\nenv c=d\n"), [("ConsistentInstructionCasing", 1)]);
    assert_eq!(found("arg x=1\nFROM scratch\n"), [], "a global ARG does not count");
    assert_eq!(found("FROM scratch AS a\nFROM scratch AS a\n"), [("DuplicateStageName", 2)]);
    assert_eq!(found("FROM scratch AS scratch\n"), [("ReservedStageName", 1)]);
}

#[test]
fn an_empty_line_in_an_instruction_is_reported_at_its_last_line() {
    assert_eq!(found("FROM scratch\nLABEL a=b \\\n\n c=d \\\n e=f\n"), [("NoEmptyContinuation", 5)]);
    assert_eq!(found("FROM scratch\nLABEL a=b \\\n# comment\n c=d\n"), []);
    assert_eq!(found("FROM busybox\nRUN <<E\n\ntrue\nE\n"), [], "a document may have empty lines");
}

#[test]
fn descriptions_are_looked_at_on_request() {
    let on = "# check=experimental=InvalidDefinitionDescription\n";
    assert_eq!(found("# other\nARG a=1\nFROM scratch\n"), []);
    assert_eq!(found(&format!("{on}# other\nARG a=1\nFROM scratch\n")), [("InvalidDefinitionDescription", 3)]);
    assert_eq!(found(&format!("{on}# a is this\nARG a=1\n# other\n#\nARG b\nFROM scratch\n")), []);
    assert_eq!(found(&format!("{on}# other\nFROM scratch\n")), [], "a stage without a name");
}

#[test]
fn arguments_of_from_must_be_declared_and_have_a_default() {
    assert_eq!(found("ARG T=1\nFROM busybox:$T\n"), []);
    assert_eq!(found("FROM scratch$T\n"), [("UndefinedArgInFrom", 1)]);
    assert_eq!(found("ARG T\nFROM scratch$T\n"), []);
    let given = Surroundings {
        variables: Variables { build_args: [("T".to_owned(), "1".to_owned())].into(), ..Variables::default() },
        ..Surroundings::default()
    };
    assert_eq!(found_with("ARG T\nFROM busybox:$T\n", &given), [("InvalidDefaultArgInFrom", 2)]);
    assert_eq!(found_with("ARG T=2\nFROM busybox:$T\n", &given), []);
}

#[test]
fn platforms_are_neither_fixed_nor_said_twice() {
    assert_eq!(found("FROM --platform=$TARGETPLATFORM scratch\n"), [("RedundantTargetPlatform", 1)]);
    assert_eq!(found("FROM --platform=$BUILDPLATFORM scratch\n"), []);
    assert_eq!(found("FROM --platform=linux/amd64 scratch\n"), [("FromPlatformFlagConstDisallowed", 1)]);
    assert_eq!(found("FROM --platform=linux/x86_64 scratch AS my_amd64\n"), []);
}

#[test]
fn commands_are_arrays_unless_the_file_names_a_shell() {
    assert_eq!(found("FROM scratch\nCMD a\nENTRYPOINT b\n"), [("JSONArgsRecommended", 2), ("JSONArgsRecommended", 3)]);
    assert_eq!(found("FROM scratch\nHEALTHCHECK CMD a\n"), []);
    assert_eq!(found("FROM scratch AS a\nSHELL [\"/b\"]\nFROM a\nCMD c\n"), []);
}

#[test]
fn of_several_commands_the_ones_that_do_nothing_are_reported() {
    let text = "FROM scratch AS a\nCMD [\"a\"]\nCMD [\"b\"]\nHEALTHCHECK NONE\nCMD [\"c\"]\nHEALTHCHECK NONE\nFROM a\nCMD [\"d\"]\n";
    let rule = "MultipleInstructionsDisallowed";
    assert_eq!(found(text), [(rule, 2), (rule, 3), (rule, 4)]);
}

#[test]
fn a_blank_instead_of_an_equals_sign_is_the_old_way() {
    assert_eq!(
        found("FROM scratch\nENV a b\nLABEL c=d\nLABEL e f\n"),
        [("LegacyKeyValueFormat", 2), ("LegacyKeyValueFormat", 4)]
    );
}

#[test]
fn names_of_secrets_are_known_by_their_words() {
    let rule = "SecretsUsedInArgOrEnv";
    let text = "FROM scratch\nARG SECRET_PASSPHRASE\nENV password=a secret=b\nENV git_key=\nENV PUBLIC_KEY=\nARG token_file\nENV monkey=1 keyboard=2\n";
    assert_eq!(found(text), [(rule, 2), (rule, 3), (rule, 3), (rule, 4)]);
}

#[test]
fn the_first_workdir_is_absolute() {
    assert_eq!(found("FROM scratch\nWORKDIR app\nWORKDIR b\n"), [("WorkdirRelativePath", 2)]);
    assert_eq!(found("FROM scratch AS a\nWORKDIR /app\nFROM a\nWORKDIR b\n"), []);
    assert_eq!(found("FROM scratch\nARG d=/a\nWORKDIR $d/b\n"), []);
}

#[test]
fn variables_are_defined_where_docker_replaces_them() {
    let rule = "UndefinedVar";
    assert_eq!(found("FROM scratch\nCOPY $foo .\nARG foo=bar\nCOPY $foo .\n"), [(rule, 2)]);
    assert_eq!(found("FROM scratch\nARG foo\nCOPY a$foo .\nENV P=$PATH:/x\nRUN echo $no\nEXPOSE 80$no\n"), []);
    assert_eq!(found("FROM scratch AS a\nARG foo\nFROM a\nCOPY a$foo .\n"), [], "declared below");
    assert_eq!(
        found("ARG foo=1\nFROM scratch\nLABEL a=$foo\n"),
        [(rule, 3)],
        "a global argument is named again in its stage"
    );
    assert_eq!(found("FROM scratch\nLABEL a=$x b=$x$x\n"), [(rule, 2), (rule, 2)]);
    assert_eq!(found("FROM scratch\nARG a=1 b=$a\nCOPY <<E /\n$a $z\nE\n"), [(rule, 3)]);
}

#[test]
fn what_a_base_image_may_set_is_said_with_it() {
    let text = "FROM python:3.11-slim AS a\nFROM a\nLABEL v=$PYTHON_VERSION\n";
    let checked = check(text, &parse(text), &Surroundings::default());
    assert_eq!(checked.findings.len(), 1);
    assert_eq!(checked.findings[0].unless_base.as_deref(), Some("python:3.11-slim"));
    let env = BTreeMap::from([("PYTHON_VERSION".to_owned(), "3.11.2".to_owned())]);
    let around = Surroundings { bases: [("python:3.11-slim".to_owned(), env)].into(), ..Surroundings::default() };
    assert_eq!(found_with(text, &around), []);
}

#[test]
fn triggers_run_at_the_from_of_the_stage_above() {
    assert_eq!(found("FROM scratch AS a\nONBUILD CMD b\nFROM a\nLABEL x=y\n"), [("JSONArgsRecommended", 3)]);
}

#[test]
fn ports_are_the_containers_own() {
    assert_eq!(found("FROM scratch\nEXPOSE 80/TcP 81 82/udp\n"), [("ExposeProtoCasing", 2)]);
    let rule = "ExposeInvalidFormat";
    assert_eq!(
        found("FROM scratch\nEXPOSE 127.0.0.1:80:80 [::1]:8080:8080 5000:5000 8000\n"),
        [(rule, 2), (rule, 2), (rule, 2)]
    );
}

#[test]
fn ignored_files_are_found_in_copy_and_add_from_the_context_only() {
    let around = Surroundings { stays_out: Some(&|source| source == "a"), ..Surroundings::default() };
    let text =
        "FROM scratch AS x\nCOPY a b /\nADD a /c\nFROM scratch\nCOPY --from=x a /\nCOPY /a /\nADD https://e.com/a /\n";
    assert_eq!(found_with(text, &around), [("CopyIgnoredFile", 2), ("CopyIgnoredFile", 3)]);
}

#[test]
fn a_file_can_switch_checks_off_and_still_has_them() {
    let rest = "FROM scratch as a\ncmd b\n";
    assert_eq!(found(&format!("# check=skip=all\n{rest}")), []);
    let some = format!("# syntax=x\n# check=skip=FromAsCasing, JSONArgsRecommended;error=true\n{rest}");
    // Docker reads the value up to the first blank.
    assert_eq!(found(&some), [("ConsistentInstructionCasing", 4), ("JSONArgsRecommended", 4)]);
    let checked = check(&some, &parse(&some), &Surroundings::default());
    assert_eq!((checked.findings.len(), checked.options.error), (3, false));
    let error = format!("#check=error=true;skip=FromAsCasing\n{rest}");
    assert!(check(&error, &parse(&error), &Surroundings::default()).options.error);
    let variables = Variables {
        build_args: [("BUILDKIT_DOCKERFILE_CHECK".to_owned(), "skip=all".to_owned())].into(),
        ..Variables::default()
    };
    assert_eq!(found_with(rest, &Surroundings { variables, ..Surroundings::default() }), []);
}

#[test]
fn with_a_target_only_what_it_needs_is_built() {
    let text = "FROM scratch AS a\nENV a b\nFROM scratch AS b\nENV a b\nFROM scratch AS c\nCOPY --from=a / /\nFROM scratch as d\n";
    let around = Surroundings { target: Some("c"), ..Surroundings::default() };
    assert_eq!(found_with(text, &around), [("LegacyKeyValueFormat", 2), ("FromAsCasing", 7)]);
}

#[test]
fn what_cannot_be_built_is_refused_with_its_reason() {
    for text in [
        "FROM $X\n",
        "FROM Scratch:UP/x\n",
        "FROM scratch AS build\nFROM Build\n",
        "FROM --platform=a/b/c/d scratch\n",
        "# check=nope\nFROM scratch\n",
        "# check=error=perhaps\nFROM scratch\n",
        "FROM scratch\nEXPOSE http\n",
        "FROM scratch\nEXPOSE 80/icmp\n",
        "FROM scratch\nEXPOSE 90-80\n",
        "FROM scratch\nSTOPSIGNAL HELLO\n",
        "FROM scratch\nCOPY --from=1 / /\n",
        "FROM scratch\nCOPY --from=0 / /\n",
        "FROM scratch\nCOPY --from=later / /\nFROM scratch AS later\n",
        "FROM scratch\nCOPY https://example.com/a /\n",
        "FROM scratch\nCOPY --chmod=99999 a /\n",
        "FROM scratch\nADD --checksum=sha256:00 a /\n",
    ] {
        assert_eq!(refused(text).len(), 1, "{text}: {:?}", refused(text));
    }
    for text in [
        "FROM scratch\nEXPOSE 80 81/udp 8000-8010\n",
        "FROM scratch\nSTOPSIGNAL sigterm\nSTOPSIGNAL 9\nSTOPSIGNAL RTMIN+3\n",
        "FROM scratch AS a\nFROM scratch\nCOPY --from=A --chmod=u+x,go-w / /\nCOPY --from=0 --chmod=0755 / /\nCOPY --from=busybox:1.36 / /\n",
    ] {
        assert_eq!(refused(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_large_text_is_looked_at_in_part_and_in_time() {
    let bases: String = (0..3000).map(|n| format!("ENV V{n}=1\n")).collect();
    let stages: String = (0..3000).map(|n| format!("FROM s{n} AS s{}\nENV A{n}=$A\n", n + 1)).collect();
    let text = format!("FROM scratch AS s0\n{bases}{stages}");
    let checked = check(&text, &parse(&text), &Surroundings::default());
    assert!(checked.partly);
}
