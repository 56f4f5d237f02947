//! A lesson's commands as one script for one shell, so that folder and variables carry over, and what came of it.
//!
//! The script says after each step on the terminal what its exit status was, between signs that nothing else prints.

use crate::course::code::{Act, Demo};
use crate::evidence::Builder;

/// Columns of the terminal: wide enough that no program cuts or folds its lines.
pub(super) const COLUMNS: u16 = 240;
/// Its rows. Progress bars look how much of the screen is theirs.
const ROWS: u16 = 200;
/// ASCII's record separator.
const SIGN: char = '\u{1e}';
/// What the classic builder has no use for. Lessons tell the learner to leave it out then.
const ONLY_BUILDKIT: &str = " --progress=plain";

/// What is done with one builder.
#[derive(Debug)]
pub(super) struct Script<'a> {
    /// For `sh -c`.
    pub(super) text: String,
    /// What each step of it is, and to which part of the lesson it belongs.
    pub(super) steps: Vec<(usize, &'a Act)>,
}

/// A step that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) status: i32,
    /// What it wrote to the terminal.
    pub(super) wrote: Vec<u8>,
}

impl<'a> Script<'a> {
    pub(super) fn new(demo: &'a Demo, builder: Builder) -> Self {
        let parts = demo.parts.iter().enumerate();
        let parts = parts.filter(|(_, part)| part.builder.is_none_or(|only| only == builder));
        let steps: Vec<(usize, &Act)> =
            parts.flat_map(|(index, part)| part.acts.iter().map(move |act| (index, act))).collect();
        // The status is handed on: the next command may ask for it.
        let mut text = format!(
            "stty rows {ROWS} cols {COLUMNS}\nmkdir -p \"$HOME\" && cd \"$HOME\" || exit\n\
             dlearn_ended() {{ printf '\\n\\036%s\\036\\n' \"$1\"; return \"$1\"; }}\ndlearn_ended 0\n"
        );
        for (_, act) in &steps {
            text.push_str(&match act {
                Act::Enter { command, .. } if builder == Builder::Classic => command.replace(ONLY_BUILDKIT, ""),
                Act::Enter { command, .. } => command.clone(),
                Act::Save { path, text, .. } => save(path, text),
            });
            text.push_str("\ndlearn_ended $?\n");
        }
        Self { text, steps }
    }
}

/// The path holds no character that means something to a shell but `~/` at its beginning.
fn save(path: &str, text: &str) -> String {
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let mut end = "END_OF_FILE".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    format!("mkdir -p {folder} && cat > {path} <<'{end}'\n{text}{line_end}{end}")
}

/// The steps that have ended, and what was written since.
pub(super) fn ended(session: &[u8]) -> (Vec<Ended>, &[u8]) {
    let (mut found, mut from, mut at) = (Vec::new(), 0, 0);
    let sign = SIGN as u8;
    while let Some(open) = session[at..].iter().position(|byte| *byte == sign).map(|place| at + place) {
        let Some(length) = session[open + 1..].iter().position(|byte| *byte == sign) else { break };
        let between = &session[open + 1..open + 1 + length];
        match std::str::from_utf8(between).ok().and_then(|status| status.parse().ok()) {
            Some(status) => {
                found.push(Ended { status, wrote: session[from..open].to_vec() });
                at = open + length + 2;
                from = at;
            }
            None => at = open + 1,
        }
    }
    // The first says that the shell has begun.
    if !found.is_empty() {
        found.remove(0);
    }
    (found, &session[from..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::code::Part;
    use std::process::{Command, Stdio};

    fn enter(command: &str) -> Act {
        Act::Enter { line: 1, command: command.into(), fails: false, input: None }
    }

    fn part(builder: Option<Builder>, acts: Vec<Act>) -> Part {
        Part { line: 1, builder, acts, shown: Vec::new() }
    }

    /// What a real shell makes of it.
    fn played(demo: &Demo, builder: Builder) -> Vec<(i32, String)> {
        let home = tempfile::tempdir().unwrap();
        let script = Script::new(demo, builder);
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &script.text]).env("HOME", home.path().join("new")).stdin(Stdio::null());
        let output = shell.output().unwrap();
        let (ended, _) = ended(&output.stdout);
        ended.into_iter().map(|it| (it.status, String::from_utf8(it.wrote).unwrap().trim().to_owned())).collect()
    }

    #[test]
    fn one_shell_does_everything_from_an_empty_home() {
        let text = "FROM a\nRUN echo \"$HOME\" 'b' \\\n  && true\nEND_OF_FILE\n";
        let acts = vec![
            enter("ls -A ~ | wc -l"),
            enter("mkdir -p try/a; cd try/a; A=1"),
            Act::Save { line: 1, path: "Dockerfile".into(), text: text.into() },
            Act::Save { line: 1, path: "~/deep/er/x".into(), text: "no end".into() },
            enter("cat Dockerfile"),
            enter("cat ~/deep/er/x; echo $A"),
            enter("(exit 3)"),
            enter("echo \"status $?\""),
            enter("cat <<E\n$A\nE"),
        ];
        let demo = Demo { parts: vec![part(None, acts)], skipped: Vec::new() };
        let ended = played(&demo, Builder::BuildKit);
        let said: Vec<&str> = ended.iter().map(|(_, said)| said.as_str()).collect();
        assert_eq!(said, ["0", "", "", "", text.trim(), "no end\n1", "", "status 3", "1"]);
        assert!(ended.iter().enumerate().all(|(index, (status, _))| *status == if index == 6 { 3 } else { 0 }));
    }

    #[test]
    fn what_is_for_one_builder_is_done_with_it_alone() {
        let parts = vec![
            part(None, vec![enter("echo build --progress=plain .")]),
            part(Some(Builder::Classic), vec![enter("echo classic")]),
        ];
        let demo = Demo { parts, skipped: Vec::new() };
        assert_eq!(played(&demo, Builder::BuildKit), [(0, "build --progress=plain .".to_owned())]);
        assert_eq!(played(&demo, Builder::Classic), [(0, "build .".to_owned()), (0, "classic".to_owned())]);
    }

    #[test]
    fn a_shell_that_stops_leaves_what_it_did_and_its_last_words() {
        let (steps, rest) = ended(b"x\n\x1e0\x1e\na\x1eb\x1ec\n\x1e1\x1e\nlast words");
        assert_eq!(steps, [Ended { status: 1, wrote: b"\na\x1eb\x1ec\n".to_vec() }]);
        assert_eq!(rest, b"\nlast words");
        assert_eq!(ended(b"sh: not found").0, []);
    }
}
