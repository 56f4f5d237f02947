//! Whether a lesson's commands did what it shows.

use super::screen;
use super::script::{Ended, Script};
use crate::course::code::{Act, Demo, Shown};
use crate::evidence::Builder;

/// Most lines of an output that are shown with what is missing in it.
const MOST_FOUND: usize = 12;
/// Stands for anything within a line.
const ANYTHING: &str = "…";

/// Something that is not as the lesson shows it: where, which command, what was to happen, what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untrue {
    /// Line in the lesson's file.
    pub line: usize,
    /// The command.
    pub command: String,
    /// What was to happen.
    pub expected: String,
    /// What happened.
    pub found: String,
}

/// What was looked at, and what is not true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// Commands that were entered.
    pub(super) commands: usize,
    /// Shown outputs that were compared.
    pub(super) outputs: usize,
    /// Lines of blocks that were not compared, and the version that they are about.
    pub(super) of_newer: Vec<(usize, (u32, u32))>,
    pub(super) untrue: Vec<Untrue>,
}

/// Compares what a lesson shows with what its steps did on an engine of a version. `rest` is what the shell wrote after
/// the last of them.
pub(super) fn compare(
    demo: &Demo,
    script: &Script<'_>,
    ended: &[Ended],
    rest: &[u8],
    builder: Builder,
    version: (u32, u32),
) -> Compared {
    let mut compared = Compared::default();
    let mut printed: Vec<Vec<String>> = demo.parts.iter().map(|_| Vec::new()).collect();
    for ((part, act), it) in script.steps.iter().zip(ended) {
        let lines = screen::lines(&it.wrote);
        let failed = it.status != 0;
        let (line, command, fails) = match act {
            Act::Enter { line, command, fails, .. } => {
                compared.commands += 1;
                (*line, command.clone(), *fails)
            }
            Act::Save { line, path, .. } => (*line, format!("save {path}"), false),
        };
        if failed != fails {
            let expected = if fails { "it fails" } else { "it succeeds" };
            let found = format!("exit status {}\n{}", it.status, some_of(&lines));
            compared.untrue.push(Untrue { line, command, expected: expected.into(), found });
        }
        printed[*part].extend(lines);
    }
    if let Some((_, act)) = script.steps.get(ended.len()) {
        let (line, command) = match act {
            Act::Enter { line, command, .. } => (*line, command.clone()),
            Act::Save { line, path, .. } => (*line, format!("save {path}")),
        };
        let found = format!("the shell ended, or was cut off, before that\n{}", some_of(&screen::lines(rest)));
        compared.untrue.push(Untrue { line, command, expected: "it comes to an end".into(), found });
    }
    // What an output lacks says nothing where its commands were not even entered.
    let reached = |part: usize| {
        let mut steps = script.steps.iter().enumerate();
        let last = steps.rfind(|(_, (of, _))| *of == part).map(|(index, _)| index);
        last.is_some_and(|index| index < ended.len())
    };
    for (index, part) in demo.parts.iter().enumerate().filter(|(index, _)| reached(*index)) {
        for shown in part.shown.iter().filter(|shown| shown.builder.is_none_or(|only| only == builder)) {
            if let Some(since) = shown.since.filter(|since| version < *since) {
                compared.of_newer.extend(shown.lines.first().map(|(line, _)| (*line, since)));
                continue;
            }
            compared.outputs += 1;
            if let Some((line, missing)) = missing(shown, &printed[index]) {
                let commands = part.acts.iter().filter_map(|act| match act {
                    Act::Enter { command, .. } => Some(command.as_str()),
                    Act::Save { .. } => None,
                });
                compared.untrue.push(Untrue {
                    line,
                    command: commands.collect::<Vec<_>>().join("; "),
                    expected: format!("a line `{missing}`, in this order"),
                    found: some_of(&printed[index]),
                });
            }
        }
    }
    compared.untrue.sort_by_key(|untrue| untrue.line);
    compared
}

/// The first shown line that does not occur where it should.
fn missing(shown: &Shown, printed: &[String]) -> Option<(usize, String)> {
    let mut printed = printed.iter().map(|line| plain(line));
    let lines = shown.lines.iter().filter(|(_, line)| line.trim() != ANYTHING);
    lines.into_iter().find(|(_, line)| !printed.any(|it| matches(&plain(line), &it))).cloned()
}

/// A line without what differs each time: how wide its gaps are, how long it took, how often BuildKit has said it.
fn plain(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut words = words.as_slice();
    let is_time = |word: &str| {
        let digits = word.strip_suffix('s').unwrap_or(word);
        digits.split_once('.').is_some_and(|(seconds, rest)| {
            let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
            number(seconds) && number(rest)
        })
    };
    // ` => [1/3] FROM …   0.1s`
    if let [first, inner @ .., last] = words
        && (*first == "=>" || *first == "[+]")
        && last.ends_with('s')
        && is_time(last)
        && !inner.is_empty()
    {
        words = &words[..words.len() - 1];
    }
    // `#8 0.168 what a step printed`
    if let [number, rest @ ..] = words
        && number.strip_prefix('#').is_some_and(|digits| digits == ANYTHING || digits.parse::<u32>().is_ok())
    {
        words = rest;
    }
    if let [time, rest @ ..] = words
        && !rest.is_empty()
        && !time.ends_with('s')
        && is_time(time)
    {
        words = rest;
    }
    words.join(" ")
}

/// Whether a shown line is this one; `…` stands for anything.
fn matches(shown: &str, line: &str) -> bool {
    let parts: Vec<&str> = shown.split(ANYTHING).map(str::trim).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    if parts.len() == 1 {
        return *first == line;
    }
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    for part in &parts[1..parts.len() - 1] {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The end of an output.
fn some_of(lines: &[String]) -> String {
    match lines.len().checked_sub(MOST_FOUND) {
        _ if lines.is_empty() => "nothing was printed".into(),
        None | Some(0) => lines.join("\n"),
        Some(left_out) => format!("(after {left_out} lines)\n{}", lines[left_out..].join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::code::Part;

    fn act(line: usize, command: &str, fails: bool) -> Act {
        Act::Enter { line, command: command.into(), fails, input: None }
    }

    fn shown(line: usize, text: &str) -> Shown {
        let lines = text.lines().enumerate().map(|(index, text)| (line + index, text.to_owned()));
        Shown { builder: None, since: None, lines: lines.collect() }
    }

    fn ended(status: i32, wrote: &str) -> Ended {
        Ended { status, wrote: wrote.replace('\n', "\r\n").into_bytes() }
    }

    fn of(parts: Vec<Part>, ended: &[Ended], rest: &str) -> Compared {
        let demo = Demo { parts, skipped: Vec::new() };
        let script = Script::new(&demo, Builder::BuildKit);
        compare(&demo, &script, ended, rest.as_bytes(), Builder::BuildKit, (20, 10))
    }

    fn part(acts: Vec<Act>, shown: Vec<Shown>) -> Part {
        Part { line: 1, builder: None, acts, shown }
    }

    #[test]
    fn a_line_is_the_whole_line_but_for_what_is_left_out() {
        for (shown, line, same) in [
            ("old.txt  today.txt", "old.txt today.txt", true),
            ("/notes", "/notes/more", false),
            ("notes", "/notes", false),
            ("=> [1/3] FROM docker.io/library/py…", "=> [1/3] FROM docker.io/library/python:3.11-slim", true),
            ("… FRIEND=Ada …", "FRIEND=Ada", true),
            ("a … b … c", "a x b y b c", true),
            ("a … b", "a b x", false),
            ("…b", "a", false),
        ] {
            assert_eq!(matches(&plain(shown), &plain(line)), same, "{shown} against {line}");
        }
    }

    #[test]
    fn times_and_numbers_of_steps_are_no_difference() {
        assert_eq!(plain(" => CACHED [2/4] WORKDIR /kit      0.0s"), "=> CACHED [2/4] WORKDIR /kit");
        assert_eq!(plain("#8 0.168 reading prices.csv"), plain("0.169 reading prices.csv"));
        assert_eq!(plain("#… [2/2] RUN make"), plain("#5 [2/2] RUN make"));
        assert_eq!(plain("[+] Building 1.2s (8/8) FINISHED"), "[+] Building 1.2s (8/8) FINISHED");
        assert_eq!(plain("1.36"), "1.36");
        assert_eq!(plain("=> 0.1s"), "=> 0.1s");
    }

    #[test]
    fn shown_lines_must_occur_in_their_order() {
        let say = |text| {
            of(vec![part(vec![act(3, "say", false)], vec![shown(7, text)])], &[ended(0, "one\ntwo\nthree\n")], "")
        };
        for text in ["one\nthree", "…\ntwo", "t…\nthree"] {
            assert_eq!(say(text).untrue, [], "{text}");
        }
        let untrue = say("two\none").untrue;
        let [it] = untrue.as_slice() else { panic!("{untrue:?}") };
        assert_eq!((it.line, it.command.as_str()), (8, "say"));
        assert!(it.expected.contains("`one`") && it.found == "one\ntwo\nthree", "{it:?}");
        assert_eq!(say("one").outputs, 1);
    }

    #[test]
    fn commands_end_as_the_lesson_says() {
        let acts = || vec![act(3, "a", false), act(4, "b", true)];
        assert_eq!(of(vec![part(acts(), vec![])], &[ended(0, ""), ended(1, "no\n")], "").untrue, []);
        let untrue = of(vec![part(acts(), vec![])], &[ended(127, "a: not found\n"), ended(0, "")], "").untrue;
        let lines: Vec<usize> = untrue.iter().map(|it| it.line).collect();
        assert_eq!(lines, [3, 4]);
        assert!(untrue[0].expected == "it succeeds" && untrue[0].found.contains("127\na: not found"), "{untrue:?}");
        assert!(untrue[1].expected == "it fails", "{untrue:?}");
    }

    #[test]
    fn a_shell_that_did_not_come_so_far_is_told_once() {
        let parts = vec![
            part(vec![act(3, "a", false)], vec![]),
            part(vec![act(5, "sleep 1000", false), act(6, "b", false)], vec![shown(9, "x")]),
        ];
        let untrue = of(parts, &[ended(0, "")], "waiting\r\n").untrue;
        let [it] = untrue.as_slice() else { panic!("{untrue:?}") };
        assert!(it.line == 5 && it.command == "sleep 1000" && it.found.ends_with("waiting"), "{it:?}");
    }

    #[test]
    fn words_of_another_builder_or_a_newer_engine_are_not_looked_for() {
        let classic = Shown { builder: Some(Builder::Classic), ..shown(7, "Step 1") };
        let newer = Shown { since: Some((23, 0)), ..shown(9, "new") };
        let compared = of(vec![part(vec![act(3, "a", false)], vec![classic, newer])], &[ended(0, "old\n")], "");
        assert_eq!((compared.untrue, compared.outputs, compared.of_newer), (vec![], 0, vec![(9, (23, 0))]));
    }
}
