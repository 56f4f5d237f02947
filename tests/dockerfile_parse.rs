//! What a Dockerfile says. Cases marked "seen" were built with Engine 20.10.24 (both builders) or with
//! buildx on Engine 28.5.2; where builders differ, the comment says so and current BuildKit is followed.

use dlearn::dockerfile::{Body, Dockerfile, Form, Healthcheck, Instruction, parse};
use std::time::Duration;

fn clean(text: &str) -> Dockerfile {
    let parsed = parse(text);
    assert!(parsed.problems.is_empty(), "{text:?}: {:?}", parsed.problems);
    parsed
}

/// The only instruction behind `FROM x`.
fn one(line: &str) -> Instruction {
    let mut parsed = clean(&format!("FROM x\n{line}\n"));
    assert_eq!(parsed.stages[0].instructions.len(), 2, "{line}");
    parsed.stages[0].instructions.remove(1)
}

/// The message of the only problem, and the text that it points at.
fn wrong(text: &str) -> (String, String) {
    let parsed = parse(text);
    assert_eq!(parsed.problems.len(), 1, "{text:?}: {:?}", parsed.problems);
    let problem = &parsed.problems[0];
    (problem.message.clone(), text[problem.span.start..problem.span.end].to_owned())
}

fn wrong_line(line: &str) -> String {
    wrong(&format!("FROM x\n{line}\n")).0
}

fn shell(text: &str) -> Form {
    Form::Shell(text.into())
}

fn exec(words: &[&str]) -> Form {
    Form::Exec(words.iter().map(|word| (*word).to_owned()).collect())
}

fn pairs(line: &str) -> Vec<(String, String)> {
    match one(line).body {
        Body::Env(pairs) | Body::Label(pairs) => pairs.into_iter().map(|pair| (pair.key, pair.value)).collect(),
        other => panic!("{line}: {other:?}"),
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.into(), value.into())
}

#[test]
fn stages_have_names_bases_platforms_and_spans() {
    let text = "ARG V=1\nFROM --platform=$BUILDPLATFORM golang:1.22 AS Build\nRUN go build\n\nfrom scratch\nCOPY --from=build /a /a\n";
    let parsed = clean(text);
    assert_eq!(parsed.global_args.len(), 1);
    let [build, last] = &parsed.stages[..] else { panic!("{parsed:?}") };
    assert_eq!((build.name.as_deref(), build.base.as_str()), (Some("build"), "golang:1.22"));
    assert_eq!(build.platform.as_deref(), Some("$BUILDPLATFORM"));
    assert_eq!((build.span.start_line, build.span.end_line), (2, 3));
    assert_eq!((last.index, last.name.as_deref(), last.base.as_str()), (1, None, "scratch"));
    assert_eq!(parsed.final_stage().map(|stage| stage.index), Some(1));
    assert_eq!(parsed.stage("BUILD").map(|stage| stage.index), Some(0));
    assert_eq!(parsed.stage("1").map(|stage| stage.index), Some(1));
    assert!(parsed.stage("2").is_none() && parsed.stage("none").is_none());
    assert_eq!(
        parsed.instructions().map(|one| one.keyword.as_str()).collect::<Vec<_>>(),
        ["ARG", "FROM", "RUN", "FROM", "COPY"]
    );
    assert_eq!(last.instructions[1].original, "COPY --from=build /a /a");
    let Body::From { base_span, name_span: Some(name), .. } = &build.instructions[0].body else { panic!() };
    assert_eq!((&text[base_span.start..base_span.end], &text[name.start..name.end]), ("golang:1.22", "Build"));
}

#[test]
fn continuation_lines_are_joined_and_comments_and_empty_lines_inside_are_left_out() {
    // Seen.
    assert_eq!(pairs("LABEL a=1 \\\n   # hello\n\n \t\n b=2"), [pair("a", "1"), pair("b", "2")]);
    assert_eq!(pairs("LABEL a=1 \\   \n b=2"), [pair("a", "1"), pair("b", "2")]);
    assert_eq!(pairs("LABEL a=1 \\"), [pair("a", "1")]);
    assert_eq!(pairs("\\\nLABEL a=1"), [pair("a", "1")]);
    assert_eq!(pairs("LABEL a=1 \\\r\n b=2\r"), [pair("a", "1"), pair("b", "2")]);
    // An escaped escape character continues nothing.
    let parsed = clean("FROM x\nLABEL a=b\\\\\nLABEL c=d\n");
    assert_eq!(parsed.stages[0].instructions.len(), 3);
    // A # in the middle of a line is no comment.
    assert_eq!(
        one("RUN echo a # b \\\n # c\n  && d").body,
        Body::Run { form: shell("echo a # b   && d"), heredocs: vec![] }
    );
    let run = one("RUN a \\\n\n  b");
    assert_eq!((run.span.start_line, run.span.end_line, run.original.as_str()), (2, 4, "RUN a \\\n\n  b"));
}

#[test]
fn directives_stand_first_and_change_the_escape_character() {
    let parsed =
        clean("# syntax=docker/dockerfile:1\n#ESCAPE = ` \n# check=skip=all\nFROM x\nLABEL a=1 `\n\n# c\n b=`$x\n");
    let names: Vec<_> = parsed.directives.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
    assert_eq!(names, [("syntax", "docker/dockerfile:1"), ("escape", "`"), ("check", "skip=all")]);
    assert_eq!(parsed.escape, '`');
    assert_eq!(parsed.stages[0].instructions.len(), 2);
    for before in ["# a comment\n", "\n", "# other=1\n", "FROM y\n"] {
        let parsed = parse(&format!("{before}# escape=`\nFROM x\n"));
        assert_eq!((parsed.escape, parsed.directives.len()), ('\\', 0), "{before}");
    }
    // Seen: both are refused.
    assert!(wrong("# escape=`\n# escape=`\nFROM x\n").0.contains("twice"));
    assert!(wrong("# escape=x\nFROM x\n").0.contains("escape"));
    assert_eq!(clean("\u{feff}# escape=`\nFROM x").escape, '`');
}

#[test]
fn heredocs_belong_to_run_copy_and_add() {
    let Body::Run { form, heredocs } = one("RUN <<EOF\nset -e\necho $HOME\nEOF").body else { panic!() };
    assert_eq!(form, shell("<<EOF"));
    assert_eq!((heredocs[0].content.as_str(), heredocs[0].expand), ("set -e\necho $HOME\n", true));

    let text = "FROM x\nRUN cat <<'A' <<-\"B\" 3<<C\n1\nA\n\t\t2\n\tB\nC\nUSER u\n";
    let parsed = clean(text);
    let Body::Run { heredocs, .. } = &parsed.stages[0].instructions[1].body else { panic!() };
    let seen: Vec<_> = heredocs.iter().map(|one| (one.name.as_str(), one.text(), one.expand, one.descriptor)).collect();
    assert_eq!(
        seen,
        [("A", "1\n".into(), false, None), ("B", "2\n".into(), false, None), ("C", String::new(), true, Some(3))]
    );
    assert_eq!(heredocs[1].content, "\t\t2\n");
    assert_eq!(&text[heredocs[0].span.start..heredocs[0].span.end], "1\n");
    assert_eq!(parsed.stages[0].instructions[2].span.start_line, 8);

    let Body::Copy(copy) = one("COPY a <<one.txt <<two.txt /d/\n1\none.txt\n2\ntwo.txt").body else { panic!() };
    assert_eq!((copy.sources.as_slice(), copy.dest.as_str()), (&["a".to_owned()][..], "/d/"));
    assert_eq!(copy.heredocs.iter().map(|one| one.content.as_str()).collect::<Vec<_>>(), ["1\n", "2\n"]);

    let Body::Onbuild(trigger) = one("ONBUILD RUN <<EOF\nx\nEOF").body else { panic!() };
    assert!(matches!(&trigger.body, Body::Run { heredocs, .. } if heredocs[0].content == "x\n"));
    assert_eq!(trigger.original, "RUN <<EOF\nx\n");
}

#[test]
fn what_only_looks_like_a_heredoc_is_none() {
    for line in [
        "RUN [\"sh\", \"-c\", \"cat <<EOF\"]",
        "CMD cat <<EOF",
        "RUN echo $((1 << 2))",
        "RUN cat <<<word",
        "RUN echo 'it <<EOF'",
        "RUN echo \"<<EOF",
        "LABEL a=<<EOF",
        "RUN echo << EOF",
    ] {
        one(line);
    }
}

#[test]
fn a_heredoc_without_an_end_is_one_problem() {
    let (message, at) = wrong("FROM x\nRUN <<EOF\nCOPY a\nFOO\n");
    assert!(message.contains("EOF"), "{message}");
    assert_eq!(at, "RUN <<EOF");
    assert!(wrong_line("RUN <<-EOF\n  EOF").contains("EOF"));
    assert!(wrong_line("COPY a <<EOF\nx\nEOF").contains("destination"));
}

#[test]
fn the_exec_form_is_an_array_of_strings_and_anything_else_is_for_the_shell() {
    assert_eq!(one("CMD [\"a\", \"b c\" , \"\\u00e9\\n\"]").body, Body::Cmd(exec(&["a", "b c", "é\n"])));
    assert_eq!(one("ENTRYPOINT [ ]").body, Body::Entrypoint(exec(&[])));
    // Seen: each of these runs under a shell (20.10 takes `["a"] b` for the exec form).
    for line in ["['a']", "[\"a\",]", "[\"a\"] b", "[\"a\" \"b\"]", "[a]", "[ -f x ] || y", "[\"a\"", "a b"] {
        assert_eq!(one(&format!("CMD {line}")).body, Body::Cmd(shell(line)), "{line}");
    }
    // Seen: CMD alone is an empty command, and an array of other things is refused.
    assert_eq!(one("CMD").body, Body::Cmd(shell("")));
    assert!(wrong_line("CMD [1]").contains("strings only"));
    assert!(wrong_line("RUN [\"a\", []]").contains("strings only"));
    assert!(wrong_line("ONBUILD CMD [1]").contains("strings only"));
    assert_eq!(one("SHELL [\"a\"]").body, Body::Shell(vec!["a".into()]));
    assert!(wrong_line("SHELL /bin/sh -c").contains("JSON"));
    assert!(wrong_line("SHELL []").contains("JSON"));
}

#[test]
fn copy_and_add_have_sources_and_a_destination() {
    let copy = one("COPY --chown=a:b --chmod=644 --link --from=0 --exclude=*.md --exclude=x a  b\t/c/");
    assert!(
        matches!(&copy.body, Body::Copy(body) if body.sources == ["a", "b"] && body.dest == "/c/" && body.from.as_deref() == Some("0"))
    );
    assert_eq!((copy.flag("chown"), copy.flag("link"), copy.flag("none")), (Some("a:b"), Some(""), None));
    let copy = one("COPY [\"a b\", \"/c d/\"]");
    assert!(matches!(&copy.body, Body::Copy(body) if body.sources == ["a b"] && body.dest == "/c d/"));
    let add = one("ADD --checksum=sha256:0 --keep-git-dir=true https://example.com/a.tar /a");
    assert!(matches!(&add.body, Body::Add(body) if body.from.is_none() && body.sources.len() == 1));
    // Seen.
    assert!(wrong_line("COPY a").contains("destination"));
    assert!(wrong_line("COPY").contains("destination"));
    assert!(wrong_line("COPY [\"a\"]").contains("destination"));
    assert!(wrong_line("COPY --from=$s a b").contains("variable"));
}

#[test]
fn flags_are_checked_for_their_instruction() {
    // Seen.
    assert_eq!(wrong_line("COPY --frm=x a b"), "COPY has no flag --frm; did you mean --from?");
    assert!(wrong_line("CMD --help").contains("no flag --help"));
    assert_eq!(one("CMD -- x y").body, Body::Cmd(shell("x y")));
    assert!(wrong_line("COPY --from=a --from=b a b").contains("twice"));
    assert!(wrong_line("COPY --link=maybe a b").contains("true or false"));
    assert!(wrong_line("COPY --chown a b c").contains("needs a value"));
    assert!(wrong_line("RUN --network=other x").contains("network"));
    assert!(wrong_line("RUN --mount=type=disk x").contains("disk"));
    assert!(wrong_line("ADD --from=a b c").contains("--from"));
    let (_, at) = wrong("FROM x\nCOPY --link \\\n  --frm=x a b\n");
    assert_eq!(at, "--frm=x");
    let run = one(
        "RUN --mount=type=cache,target=/root/.cache --mount=from=build,source=/a,dst=/b --mount='type=secret,id=\"a,b\"' x",
    );
    let mounts: Vec<_> =
        run.mounts().into_iter().map(|mount| (mount.kind.clone(), mount.target().map(str::to_owned))).collect();
    assert_eq!(
        mounts,
        [("cache".into(), Some("/root/.cache".into())), ("bind".into(), Some("/b".into())), ("secret".into(), None)]
    );
    assert_eq!(run.mounts()[2].field(&["id"]), Some("a,b"));
    assert_eq!(run.body, Body::Run { form: shell("x"), heredocs: vec![] });
}

#[test]
fn env_and_label_have_two_syntaxes() {
    assert_eq!(
        pairs("ENV a=1 b=\"x y\" c='q' d=e\\ f g="),
        [pair("a", "1"), pair("b", "\"x y\""), pair("c", "'q'"), pair("d", "e\\ f"), pair("g", ""),]
    );
    assert_eq!(pairs("ENV a=b=c"), [pair("a", "b=c")]);
    assert_eq!(pairs("LABEL \"a b\"=\"c d\""), [pair("\"a b\"", "\"c d\"")]);
    // Seen.
    assert_eq!(pairs("ENV a  b  c=d"), [pair("a", "b  c=d")]);
    assert_eq!(pairs("LABEL a b c"), [pair("a", "b c")]);
    assert!(wrong_line("ENV a=1 b").contains("b has no ="));
    assert!(wrong_line("ENV a").contains("needs a value"));
    assert!(wrong_line("ENV").contains("needs a name"));
    assert!(wrong_line("ENV =x").contains("name before"));
    let (_, at) = wrong("FROM x\nENV a=1 \\\n  b\n");
    assert_eq!(at, "b");
}

#[test]
fn arguments_may_have_defaults() {
    let Body::Arg(names) = one("ARG a b=1 c=\"x y\" d=").body else { panic!() };
    let names: Vec<_> = names.iter().map(|one| (one.name.as_str(), one.default.as_deref())).collect();
    assert_eq!(names, [("a", None), ("b", Some("1")), ("c", Some("\"x y\"")), ("d", Some(""))]);
    // Seen.
    assert!(wrong_line("ARG =x").contains("name before"));
    assert!(wrong_line("ARG").contains("needs a name"));
}

#[test]
fn the_small_instructions_take_one_text_or_several() {
    // Seen: WORKDIR takes the rest of the line.
    assert_eq!(one("WORKDIR a b").body, Body::Workdir("a b".into()));
    assert_eq!(one("USER 1000:1000").body, Body::User("1000:1000".into()));
    assert_eq!(one("STOPSIGNAL SIGINT").body, Body::Stopsignal("SIGINT".into()));
    assert_eq!(one("MAINTAINER a <b@c>").body, Body::Maintainer("a <b@c>".into()));
    assert_eq!(one("EXPOSE 80 443/udp $P").body, Body::Expose(vec!["80".into(), "443/udp".into(), "$P".into()]));
    assert_eq!(one("VOLUME /a /b").body, Body::Volume(vec!["/a".into(), "/b".into()]));
    assert_eq!(one("VOLUME [\"/a b\"]").body, Body::Volume(vec!["/a b".into()]));
    for keyword in
        ["WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER", "EXPOSE", "VOLUME", "HEALTHCHECK", "ONBUILD", "SHELL"]
    {
        assert!(wrong_line(keyword).starts_with(&format!("{keyword} needs")), "{keyword}");
    }
    assert!(wrong_line("VOLUME [\"\"]").contains("empty"));
    assert!(wrong_line("VOLUME []").contains("needs a path"));
}

#[test]
fn healthchecks_have_times_and_a_command() {
    let body = one("HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 --start-period=0s CMD [\"a\"]").body;
    let Body::Healthcheck(Healthcheck::Check { form, interval, timeout, start_period, start_interval, retries }) = body
    else {
        panic!()
    };
    assert_eq!(form, exec(&["a"]));
    assert_eq!((interval, timeout), (Some(Duration::from_secs(90)), Some(Duration::from_millis(500))));
    assert_eq!((start_period, start_interval, retries), (None, None, Some(3)));
    assert!(
        matches!(one("HEALTHCHECK cmd a b").body, Body::Healthcheck(Healthcheck::Check { form: Form::Shell(text), .. }) if text == "a b")
    );
    // Seen: NONE does not look at flags.
    assert_eq!(one("HEALTHCHECK --interval=5s NONE").body, Body::Healthcheck(Healthcheck::None));
    assert!(wrong_line("HEALTHCHECK NONE x").contains("nothing more"));
    assert!(wrong_line("HEALTHCHECK CMD").contains("command"));
    assert!(wrong_line("HEALTHCHECK CMD []").contains("command"));
    assert!(wrong_line("HEALTHCHECK curl x").contains("CMD"));
    assert!(wrong_line("HEALTHCHECK --interval=5us CMD x").contains("less than 1ms"));
    for time in ["5", "s", "5x", "1m 30s", "-5s", "1..5s", "99999999999999h"] {
        parse(&format!("FROM x\nHEALTHCHECK --interval={time} CMD x")).problems.first().expect(time);
    }
    assert!(wrong_line("HEALTHCHECK --retries=-1 CMD x").contains("retries"));
    assert!(wrong_line("HEALTHCHECK --retries=many CMD x").contains("retries"));
}

#[test]
fn onbuild_keeps_an_instruction_and_does_not_look_into_it() {
    let Body::Onbuild(trigger) = one("ONBUILD copy --from=a  b c").body else { panic!() };
    assert_eq!((trigger.keyword.as_str(), trigger.original.as_str()), ("COPY", "copy --from=a  b c"));
    // Seen: the next build will refuse these, this one does not.
    one("ONBUILD COPY a");
    one("ONBUILD FOO a");
    one("ONBUILD COPY --frm=x a b");
    for line in ["ONBUILD FROM x", "ONBUILD ONBUILD RUN x", "ONBUILD MAINTAINER x"] {
        assert!(wrong_line(line).contains("behind ONBUILD"), "{line}");
    }
}

#[test]
fn from_takes_an_image_and_a_name() {
    assert!(wrong("FROM").0.contains("needs an image"));
    assert!(wrong("FROM a b").0.contains("AS"));
    assert!(wrong("FROM a AS").0.contains("AS"));
    assert!(wrong("FROM a AS b c").0.contains("AS"));
    assert!(wrong("FROM a of b").0.contains("AS"));
    // Seen.
    assert_eq!(wrong("FROM scratch AS 1a").1, "1a");
    assert_eq!(wrong("FROM a AS b/c").1, "b/c");
    clean("FROM a As B-c_d.e1");
}

#[test]
fn a_file_needs_a_stage() {
    // Seen.
    assert!(wrong("").0.contains("no instructions"));
    assert!(wrong("# only\n\n").0.contains("no instructions"));
    assert!(wrong("ARG a\n").0.contains("no FROM"));
    let parsed = parse("LABEL a=1\nARG b\nFROM x\n");
    assert_eq!((parsed.stray.len(), parsed.global_args.len(), parsed.stages.len()), (1, 1, 1));
    assert!(parsed.problems[0].message.contains("before the first FROM"));
}

#[test]
fn reading_goes_on_after_what_is_wrong() {
    let text = "FROM x AS 1\nFRMO y\nCOPY a\nENV a\nrunn x\nUSER u\n";
    let parsed = parse(text);
    let seen: Vec<_> = parsed.problems.iter().map(|one| (one.span.start_line, one.message.as_str())).collect();
    assert_eq!(seen.iter().map(|one| one.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5], "{seen:?}");
    assert_eq!(seen[1].1, "there is no instruction FRMO; did you mean FROM?");
    assert_eq!(seen[4].1, "there is no instruction RUNN; did you mean RUN?");
    assert_eq!(parsed.stages[0].instructions.len(), 6);
    assert!(wrong("FROM x\n\\\n").0.contains("nothing follows"));
    assert!(wrong(&format!("FROM x\nRUN {}\n", "x".repeat(70_000))).0.contains("bytes"));
}
