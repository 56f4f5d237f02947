//! Proves a lesson: what it shows is typed and saved, in order and from an empty home folder, in a throw-away engine's
//! own container, and what it shows as printed must be printed.

mod compare;
mod screen;
mod script;

pub use compare::Untrue;

use super::CaseResult;
use crate::course::code::{Act, Demo};
use crate::course::{Course, Lesson};
use crate::engine::{EngineError, REGISTRY_IMAGES, Sandbox};
use crate::evidence::Builder;
use script::Script;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Images that every lesson may use.
const IMAGES: [&str; 2] = ["busybox:1.36", "python:3.11-slim"];
/// Seconds that a lesson's commands may take, all together.
const SECONDS: u64 = 900;
/// Seconds that a program may take to tell its version.
const ASK_SECONDS: u64 = 30;
/// The home folder, which is not there before.
const HOME: &str = "/home/learner";
/// The name under which lessons call this program.
const DLEARN: &str = "dlearn";

/// A lesson to prove with one builder.
#[derive(Clone, Debug)]
pub struct PlannedLesson<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// What it shows.
    pub demo: Demo,
    /// The builder of its builds.
    pub builder: Builder,
}

/// What a lesson showed.
#[derive(Clone, Debug)]
pub struct ProvedLesson {
    /// Whether it is true; of what is not, each with its line.
    pub result: CaseResult,
    /// What was not looked at, and why.
    pub notes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl PlannedLesson<'_> {
    /// The images that it needs.
    pub fn images(&self) -> BTreeSet<&str> {
        IMAGES.into_iter().chain(self.lesson.front.images.iter().map(String::as_str)).collect()
    }

    /// What is not done, and why.
    pub fn left_out(&self) -> Vec<String> {
        self.demo.skipped.iter().map(|it| format!("line {} is not run: {}", it.line, it.reason)).collect()
    }

    /// Whether it calls this program itself.
    pub fn uses_dlearn(&self) -> bool {
        self.demo.uses(DLEARN)
    }
}

/// The lessons and references with these ids that show something which can be done (all of them for none), with each builder.
///
/// # Errors
/// What is wrong with a block: file, line, what, and what to do.
pub fn plan_lessons<'a>(
    course: &'a Course,
    ids: &[String],
    builders: &[Builder],
) -> Result<Vec<PlannedLesson<'a>>, (String, String)> {
    let wanted = |lesson: &&Lesson| ids.is_empty() || ids.iter().any(|id| id.eq_ignore_ascii_case(&lesson.front.id));
    let mut planned = Vec::new();
    for lesson in course.pages().filter(wanted) {
        let (demo, mistakes) = Demo::read(&lesson.fences);
        if let Some(mistake) = mistakes.into_iter().next() {
            let what = format!("{}:{}: {}", lesson.file, mistake.line, mistake.what);
            return Err((what, mistake.advice));
        }
        let with = |builder: &Builder| PlannedLesson { lesson, demo: demo.clone(), builder: *builder };
        planned.extend(builders.iter().map(with));
    }
    Ok(planned)
}

/// Proves a lesson in a throw-away engine that was made for this, and has the images that it needs.
pub async fn prove_lesson(sandbox: &Sandbox, planned: &PlannedLesson<'_>, dlearn: Option<&[u8]>) -> ProvedLesson {
    let begun = Instant::now();
    let mut notes: Vec<String> = Vec::new();
    let result = match try_prove(sandbox, planned, dlearn, &mut notes).await {
        Ok(untrue) if untrue.is_empty() => CaseResult::AsExpected(String::new()),
        Ok(untrue) => {
            let file = &planned.lesson.file;
            let tell = |it: &Untrue| {
                format!("{file}:{}: {}\nexpected: {}\nfound: {}", it.line, it.command, it.expected, it.found)
            };
            let told: Vec<String> = untrue.iter().map(tell).collect();
            CaseResult::Otherwise { expected: "what it shows is what happens".into(), found: told.join("\n\n") }
        }
        Err(error) => CaseResult::CannotTell(format!("{error}\n{}", error.help())),
    };
    ProvedLesson { result, notes, took: begun.elapsed() }
}

async fn try_prove(
    sandbox: &Sandbox,
    planned: &PlannedLesson<'_>,
    dlearn: Option<&[u8]>,
    notes: &mut Vec<String>,
) -> Result<Vec<Untrue>, EngineError> {
    let mut facts = sandbox.engine.facts().await?;
    notes.extend(planned.left_out());
    for image in &planned.lesson.front.images {
        if !sandbox.engine.has_image(image).await?
            && let Some(other) =
                REGISTRY_IMAGES.into_iter().find(|other| REGISTRY_IMAGES.contains(&image.as_str()) && other != image)
        {
            sandbox.name_too(other, image).await?;
            notes.push(format!("{other} stands in for {image}"));
        }
    }
    if let Some(program) = dlearn.filter(|_| planned.uses_dlearn()) {
        sandbox.put_program(DLEARN, program).await?;
        let said = sandbox.on_terminal(&["sh", "-c", "dlearn --version"], &[], ASK_SECONDS, |_| None).await?;
        if !String::from_utf8_lossy(&said).contains(env!("CARGO_PKG_VERSION")) {
            return Err(EngineError::Misfortune {
                what: "the lesson uses dlearn, and this dlearn does not run in a throw-away engine's container".into(),
                help: "use one that is built for Linux without a C library of its own (target *-linux-musl)".into(),
            });
        }
    }
    let script = Script::new(&planned.demo, planned.builder);
    let buildkit = if planned.builder == Builder::BuildKit { 1 } else { 0 };
    let env =
        [format!("HOME={HOME}"), format!("DOCKER_BUILDKIT={buildkit}"), "TERM=xterm".into(), "LANG=C.UTF-8".into()];
    let mut typed = 0;
    let typing = |written: &[u8]| {
        let (ended, rest) = script::ended(written);
        let step = ended.len();
        let Some((_, Act::Enter { input: Some(input), .. })) = script.steps.get(step) else { return None };
        // It is typed when the program has said something: that it is ready.
        let begun = rest.iter().any(|byte| !byte.is_ascii_whitespace());
        (begun && typed <= step).then(|| {
            typed = step + 1;
            format!("{input}\r")
        })
    };
    let written = sandbox.on_terminal(&["sh", "-c", &script.text], &env, SECONDS, typing).await?;
    let (ended, rest) = script::ended(&written);
    let version = std::mem::take(&mut facts.version);
    let compared = compare::compare(&planned.demo, &script, &ended, rest, planned.builder, version_of(&version));
    notes.extend(compared.of_newer.iter().map(|(line, (major, minor))| {
        format!("line {line} is not compared: it is about engines from {major}.{minor} on, and this one is {version}")
    }));
    let (commands, outputs) = (compared.commands, compared.outputs);
    notes.insert(0, format!("{commands} commands, {outputs} outputs compared"));
    Ok(compared.untrue)
}

/// Major and minor version of an engine; the oldest there is where they cannot be read.
fn version_of(text: &str) -> (u32, u32) {
    let mut numbers = text.split(['.', '-', '+']).map_while(|number| number.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_engines_tell_them() {
        assert_eq!(version_of("20.10.24+dfsg1"), (20, 10));
        assert_eq!(version_of("28.5.2"), (28, 5));
        assert_eq!(version_of("dev"), (0, 0));
    }
}
