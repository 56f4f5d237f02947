//! What BuildKit refuses before it builds anything, beyond what its parser does: words that make no sense once
//! variables are replaced, and stages that cannot be reached.

use super::model::{Body, Copy, Dockerfile, Instruction, Problem, Stage};
use super::platform::Platform;
use super::walk::{Base, Seen, Walk};
use super::{expand, ports};
use crate::reference::Reference;

/// All of them, in no order; of stages that are not reached only what FROM says.
pub(super) fn refusals(dockerfile: &Dockerfile, walked: &Walk<'_>, reached: &[bool]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for seen in &walked.stages {
        from(dockerfile, seen, walked, &mut problems);
        if reached.get(seen.stage.index) == Some(&false) {
            continue;
        }
        problems.extend(seen.expanded.problems.iter().cloned());
        for instruction in seen.expanded.instructions.iter().skip(1) {
            if let Err(message) = instruction_in(dockerfile, seen.stage, instruction) {
                problems.push(Problem { message, span: instruction.span });
            }
        }
    }
    problems
}

fn from(dockerfile: &Dockerfile, seen: &Seen<'_>, walked: &Walk<'_>, problems: &mut Vec<Problem>) {
    let Some(instruction) = seen.stage.instructions.first() else { return };
    let mut refuse = |message: String| problems.push(Problem { message, span: instruction.span });
    match &seen.base {
        // An empty name in the text is the parser's to refuse.
        Base::Empty if seen.stage.base.contains('$') => {
            refuse(format!("FROM {} names no image: its variables have no value", seen.stage.base));
        }
        Base::Image(name) => {
            if let Err(error) = Reference::parse(name) {
                refuse(format!("{name} names no image: {error}"));
            }
        }
        _ => {}
    }
    if let Some(written) = seen.stage.platform.as_deref().filter(|platform| !platform.is_empty()) {
        let platform = expand(written, dockerfile.escape, &|name| walked.globals.get(name).cloned());
        if let Err(message) = platform.and_then(|platform| Platform::parse(&platform)) {
            refuse(format!("--platform={written} names no platform: {message}"));
        }
    }
}

fn instruction_in(dockerfile: &Dockerfile, stage: &Stage, instruction: &Instruction) -> Result<(), String> {
    match &instruction.body {
        Body::Expose(all) => {
            for port in all {
                ports::read(port).map_err(|why| format!("EXPOSE {port} names no port: {why}"))?;
            }
        }
        Body::Stopsignal(signal) if !is_signal(signal) => return Err(format!("{signal} is no signal: SIGTERM, or 15")),
        Body::Copy(copy) => {
            copied(dockerfile, stage, instruction, copy)?;
            if let Some(address) = copy.sources.iter().find(|source| is_remote(source)) {
                return Err(format!("COPY takes files only; {address} is for ADD"));
            }
        }
        Body::Add(copy) => {
            copied(dockerfile, stage, instruction, copy)?;
            let sum = instruction.flag("checksum").filter(|sum| !sum.is_empty());
            if sum.is_some() && !matches!(copy.sources.as_slice(), [one] if is_remote(one)) {
                return Err("--checksum is for one address".into());
            }
        }
        Body::Run { .. } => {
            for mount in instruction.mounts() {
                if let Some(name) = mount.field(&["from"]) {
                    earlier(dockerfile, stage, name, false)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn copied(dockerfile: &Dockerfile, stage: &Stage, instruction: &Instruction, copy: &Copy) -> Result<(), String> {
    if let Some(name) = copy.from.as_deref().filter(|name| !name.is_empty()) {
        earlier(dockerfile, stage, name, true)?;
    }
    match instruction.flag("chmod").filter(|mode| !mode.is_empty()) {
        Some(mode) if !is_mode(mode) => Err(format!("--chmod={mode} is no mode: 0755, or u+x")),
        _ => Ok(()),
    }
}

/// A stage can be taken from only below it; what no stage is called is an image. `numbers`: stages have numbers, too.
fn earlier(dockerfile: &Dockerfile, stage: &Stage, name: &str, numbers: bool) -> Result<(), String> {
    let index = name.parse::<usize>().ok().filter(|_| numbers);
    // Of two stages with one name the last is meant, also where it stands below.
    let named = name.to_lowercase();
    let found = match index {
        Some(index) => dockerfile.stages.get(index),
        None => dockerfile.stages.iter().rev().find(|stage| stage.name.as_deref() == Some(named.as_str())),
    };
    match found {
        Some(found) if found.index < stage.index => Ok(()),
        Some(found) if found.index == stage.index => Err(format!("a stage cannot take files from itself ({name})")),
        Some(_) => Err(format!("the stage {name} stands below this one: it has to come first")),
        None if index.is_some() => Err(format!("there is no stage {name}: the first is 0")),
        None => Reference::parse(name).map(|_| ()).map_err(|error| format!("no stage is called {name}, and {error}")),
    }
}

/// An address, which only ADD takes.
pub(super) fn is_remote(source: &str) -> bool {
    ["http://", "https://", "git://", "ssh://", "git@"].iter().any(|start| source.starts_with(start))
}

/// Names of signals, as `kill -l` has them, without SIG (github.com/moby/sys/signal, Linux).
const SIGNALS: [&str; 35] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
    "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN",
];

fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<i64>() {
        return number != 0;
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |start: &str, most: u8| {
        let number = name.strip_prefix(start).and_then(|number| number.parse::<u8>().ok());
        number.is_some_and(|number| (1..=most).contains(&number))
    };
    SIGNALS.contains(&name) || name == "RTMAX" || real_time("RTMIN+", 15) || real_time("RTMAX-", 14)
}

/// An octal number up to 7777, or what chmod understands besides.
fn is_mode(text: &str) -> bool {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o7777);
    }
    text.split(',').all(|clause| {
        let rest = clause.trim_start_matches(['u', 'g', 'o', 'a']);
        rest.starts_with(['+', '-', '=']) && rest.chars().all(|c| "+-=rwxXstugo".contains(c))
    })
}
