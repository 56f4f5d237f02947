//! For each reader of what others made, a function that gives it any bytes and asserts what always holds. Whatever the
//! bytes, it ends: without a panic, in time, in bounded memory.
//!
//! In no ordinary build: only where a fuzzer is built (`--cfg fuzzing`, by `scripts/fuzz`), and in tests, which read the
//! kept inputs of `fuzz/corpus/` and the seeds again without a fuzzer.
//!
//! A new reader: a function in the file where its like are, what it begins with in `seeds`, a line in [`TARGETS`] and
//! a file in `fuzz/fuzz_targets/` (a test tells of one that is missing).

mod archives;
mod begin;
mod course;
mod files;
mod image;
mod seeds;
mod streams;
#[cfg(test)]
mod tests;
mod texts;

pub use begin::begin;

use std::borrow::Cow;

/// Inputs to begin with.
type Seeds = fn() -> Vec<Vec<u8>>;

/// A reader.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of its program and of its folder in `fuzz/corpus/`.
    pub name: &'static str,
    /// Reads any bytes.
    pub read: fn(&[u8]),
    /// What is well-formed, for the fuzzer to change.
    pub seeds: Seeds,
}

macro_rules! targets {
    ($($(#[$about:meta])* $name:ident: $read:path, $seeds:path;)*) => {
        $(
            $(#[$about])*
            #[expect(non_upper_case_globals, reason = "it is called as its program is")]
            pub const $name: Target = Target { name: stringify!($name), read: $read, seeds: $seeds };
        )*
        /// All of them.
        pub const TARGETS: &[Target] = &[$($name),*];
    };
}

targets! {
    /// Names of images.
    reference: texts::reference, seeds::references;
    /// `.dockerignore`, with a path on the last line.
    ignore: texts::ignore, seeds::ignores;
    /// Dockerfiles: reading, Docker's build checks, what grading refuses.
    dockerfile: texts::dockerfile, seeds::dockerfiles;
    /// Shell text: files of commands and sessions.
    shell: texts::shell, seeds::shells;
    /// Markdown, drawn.
    markdown: texts::markdown, seeds::lessons;
    /// Lessons: front matter, quizzes, code.
    lesson: course::lesson, seeds::lessons;
    /// The YAML of a course: exercises, recipes, the outline, files of checks.
    yaml: course::yaml, seeds::yaml;
    /// Image archives, as `docker save` writes them.
    image: archives::image, seeds::images;
    /// Two layers in an archive that names them rightly: what they hold, give together and differ in.
    layers: archives::layers, seeds::layers;
    /// Archives of submissions.
    submission: archives::submission, seeds::submissions;
    /// What a learner says of a submission: the manifest and the blocks of evidence.
    claims: files::claims, seeds::claims;
    /// The state of a learner's folder.
    state: files::state, seeds::states;
    /// Who is in a class, and when things came.
    roster: files::roster, seeds::rosters;
    /// A part of a graded class.
    part: files::part, seeds::parts;
    /// Recorded evidence, judged.
    evidence: files::evidence, seeds::evidence;
    /// The messages of a build, line by line.
    stream: streams::build, seeds::builds;
    /// BuildKit's trace, before base64.
    trace: streams::trace, seeds::traces;
    /// What an engine says of images, of itself and of what happens.
    engine: streams::engine, seeds::engines;
    /// The archive in which an engine gives a file of a container.
    file: streams::file, seeds::files;
    /// An answer over HTTP.
    answer: streams::answer, seeds::answers;
    /// A registry's answers, and those of Docker Hub.
    registry: streams::registry, seeds::registries;
}

/// Bytes as the readers of text get them.
fn text(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// Nothing in it steers a terminal.
#[track_caller]
fn assert_harmless(text: &str) {
    assert!(crate::term::sanitize(text) == text, "{text:?} steers a terminal");
}

/// What nobody has to wait for.
#[track_caller]
fn at_once<T>(work: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(work).expect("it waits for nothing")
}
