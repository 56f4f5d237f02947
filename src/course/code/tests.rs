//! Blocks and what is made of them.

use super::*;
use crate::course::Lesson;

/// A lesson with this text below its front matter, which ends with line 6.
fn read(text: &str) -> (Demo, Vec<Mistake>) {
    let front = "---\nid: L01\ntitle: One\nminutes: 5\nobjective: See.\n---\n";
    Demo::read(&Lesson::parse("lessons/L01.md", &format!("{front}{text}")).unwrap().fences)
}

fn demo(text: &str) -> Demo {
    let (demo, mistakes) = read(text);
    assert_eq!(mistakes, []);
    demo
}

#[test]
fn commands_files_and_outputs_come_in_order_with_their_lines() {
    let demo = demo(
        "Do:\n\n```sh\nmkdir -p ~/try/a\ncd ~/try/a\n```\n\n```dockerfile\nFROM a\n```\n\n```text file=.dockerignore\n*.md\n```\n\n```sh fails\ndocker build \\\n  .\n```\n\n```text\n\nStep 1 : …   ◀ the first\n```\n\nOr:\n\n```text output builder=buildkit\n#1\n```\n",
    );
    let lines: Vec<usize> = demo.parts.iter().map(|part| part.line).collect();
    assert_eq!(lines, [9, 14, 18, 22]);
    let Act::Enter { line, command, fails: true, .. } = &demo.parts[3].acts[0] else { panic!("{demo:?}") };
    assert_eq!((*line, command.as_str()), (23, "docker build \\\n  ."));
    assert_eq!(demo.parts[1].acts, [Act::Save { line: 14, path: "Dockerfile".into(), text: "FROM a\n".into() }]);
    let shown = &demo.parts[3].shown;
    assert_eq!(shown[0].lines, [(29, "Step 1 : …".to_owned())]);
    assert_eq!((shown[1].builder, shown[1].lines.len()), (Some(Builder::BuildKit), 1));
}

#[test]
fn a_picture_is_no_output() {
    let demo = demo(
        "```text\nA drawing.\n```\n\n```sh\ntrue\n```\n\n```text drawing\nA --> B\n```\n\nWords.\n\n```text\nMore.\n```\n",
    );
    assert!(demo.parts.len() == 1 && demo.parts[0].shown.is_empty(), "{demo:?}");
}

#[test]
fn columns_are_told_apart_by_their_titles() {
    let demo = demo(
        "```sh\ndocker build .\n```\n\n```text columns\nBuildKit        classic builder\n => [1/1] FROM…  Step 1/1 : FROM…\n                 ---> abc\n```\n",
    );
    let [left, right] = demo.parts[0].shown.as_slice() else { panic!("{demo:?}") };
    assert_eq!(
        (left.builder, left.lines.as_slice()),
        (Some(Builder::BuildKit), &[(13, "=> [1/1] FROM…".to_owned())][..])
    );
    let expected = [(13, "Step 1/1 : FROM…".to_owned()), (14, "---> abc".to_owned())];
    assert_eq!((right.builder, right.lines.as_slice()), (Some(Builder::Classic), &expected[..]));
}

#[test]
fn what_words_ask_for_stands_in_comments() {
    let text = "Make a folder, and go there.\n\n<!--sh\nmkdir a\ncd a\n-->\n\n<!-- sh is a shell\nof course -->\n\n```sh fails=\"1 3\" input=exit\na\nb\nc\n```\n\n<!--text\nx > y\n\nz\n-->\n\nEnd.\n";
    let demo = demo(text);
    let commands: Vec<(usize, &str, bool, bool)> = demo
        .parts
        .iter()
        .flat_map(|part| &part.acts)
        .map(|act| match act {
            Act::Enter { line, command, fails, input } => (*line, command.as_str(), *fails, input.is_some()),
            Act::Save { .. } => panic!("{act:?}"),
        })
        .collect();
    let expected = [
        (10, "mkdir a", false, false),
        (11, "cd a", false, false),
        (18, "a", true, false),
        (19, "b", false, false),
        (20, "c", true, true),
    ];
    assert_eq!(commands, expected);
    assert_eq!(demo.parts[1].shown[0].lines, [(24, "x > y".to_owned()), (26, "z".to_owned())]);
    let front = "---\nid: L01\ntitle: One\nminutes: 5\nobjective: See.\n---\n";
    let lesson = Lesson::parse("lessons/L01.md", &format!("{front}{text}")).unwrap();
    let shown = format!("{:?}", lesson.sections);
    assert!(!shown.contains("mkdir") && !shown.contains("x > y") && shown.contains("End."), "{shown}");
}

#[test]
fn a_comment_that_ends_too_early_is_told() {
    let front = "---\nid: L01\ntitle: One\nminutes: 5\nobjective: See.\n---\nText.\n\n";
    for comment in ["<!--text\n ---> Using cache\n-->\n", "<!--sh true-->\n"] {
        let error = Lesson::parse("lessons/L01.md", &format!("{front}{comment}")).unwrap_err();
        assert!(error.line == Some(9) && error.what.contains("ends before"), "{comment}: {error}");
    }
}

#[test]
fn what_is_not_done_says_why_and_its_output_is_not_looked_for() {
    let demo = demo(
        "```sh skip=\"needs Docker Hub\"\ndocker search a\n```\n\n```text\nNAME\n```\n\n```yaml skip='part of a file'\na: b\n```\n",
    );
    assert_eq!(demo.parts, []);
    let reasons: Vec<(usize, &str)> = demo.skipped.iter().map(|it| (it.line, it.reason.as_str())).collect();
    assert_eq!(reasons, [(7, "needs Docker Hub"), (15, "part of a file")]);
}

#[test]
fn each_mistake_is_told_with_its_line() {
    let sh = "```sh\ntrue\n```\n\n";
    for (text, line, word) in [
        ("```\nx\n```\n", 7, "no language"),
        ("```console\n$ x\n```\n", 7, "`console`"),
        ("```sh fials\nx\n```\n", 7, "`fials`"),
        ("```sh skip\nx\n```\n", 7, "no reason"),
        ("```sh fails=2\nx\n```\n", 7, "it has 1"),
        ("```sh builder=podman\nx\n```\n", 7, "`podman`"),
        ("```sh skip=\"x\nx\n```\n", 7, "closing quote"),
        ("```sh\n# only a comment\n```\n", 7, "no command"),
        ("```python\nx\n```\n", 7, "`python` block"),
        ("```yaml file=../x\nx\n```\n", 7, "`../x`"),
        ("```yaml file=/etc/x\nx\n```\n", 7, "`/etc/x`"),
        ("```text output\nx\n```\n", 7, "no commands above"),
        ("```text since=23\nx\n```\n", 7, "`since`"),
        ("```dockerfile\nFROM a\n```\n", 7, "builds this `Dockerfile`"),
        (&format!("{sh}```text since=new\nx\n```\n"), 11, "`new`"),
        (&format!("{sh}```text columns\nx\n```\n"), 12, "no titles"),
        (&format!("{sh}```text columns\nclassic BuildKit\n```\n"), 12, "other way round"),
    ] {
        let (_, mistakes) = read(text);
        let [mistake] = mistakes.as_slice() else { panic!("{text}: {mistakes:?}") };
        assert!(
            mistake.line == line && mistake.what.contains(word) && !mistake.advice.is_empty(),
            "{text}: {mistake:?}"
        );
    }
}

#[test]
fn programs_are_found_in_commands() {
    let demo = demo("```sh\nA=1; dlearn context .\n```\n");
    assert!(demo.uses("dlearn") && !demo.uses("context"));
}
