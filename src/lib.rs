//! dlearn: an interactive Docker course in the terminal. A library, and a thin binary over it.
//!
//! ```text
//! main.rs      parse, run, exit
//! cli          the command line, types only
//! cmd/         one file for each command; app, exercise and live are what they share
//! course/      lessons, exercises, recipes: Source → Course → Entry → Round (one learner's); their JSON schemas,
//!              lint, what `new` writes, and what a lesson's code is (typed, saved, printed)
//! evidence/    Need (a question), Fact (an answer): plain data
//! check/       kinds of check, one file each; judge, verdict; pure
//! examine      judge → open needs → answers → judge again, until nothing is open
//! engine/      the Docker Engine API: needs → facts; everything created is in a ledger; throw-away engines
//! registry/    the distribution API: what a registry says about an image
//! layers/      an image archive, streamed: what each layer holds, what they give together
//! dockerfile/  a tolerant parser with spans, and Docker's build checks; pure
//! cmdline/     where the commands of a shell text end, and what they ask docker to do; pure, nothing is run
//! reference    the names of images: registry, namespace, repository, tag, digest; pure
//! context/     .dockerignore, and the archive that a build sends
//! learner/     the learner's folder: state, files of the exercises, what comes next
//! submission/  what a learner hands in: which paths and sizes, the manifest, the archive
//! grade/       submissions → private copies → refusals, judge, score → gradebook, with what is alike in it
//! attempt      what proofs and grading share: an answer's files, steps and findings
//! selfcheck/   proves exercises by their right and wrong answers, and lessons by doing what they show
//! watching     file saves and engine changes → check again
//! term/        Markdown, prompts, reader, live screen
//! hex          bytes as digits
//! share        a part of a whole: 2/3
//! scratch      folders for a while, and those that killed processes left
//! journal      results under the digest of what they rest on: for going on after a kill
//! report/      what commands print for programs: JSON; a class's table, cells, feedback, page and JUnit; others' formats
//! nearest      the known name that an unknown one may have meant
//! process      a command in a group of its own, which does not outlive its owner
//! secret       a password that shows in no text by accident
//! fuzzing/     any bytes for every reader of what others made; in fuzzers and tests only
//! failure      why a command could not do its work, and the exit codes
//! ```
//!
//! # The way data goes
//!
//! `args → Source → Course → Round → Needs → Evidence → Findings → report → exit code`, and no way
//! back. A check judges as if every fact were there and stops where one is missing
//! ([`check::Inquiry`]); [`examine`] finds out what is missing and lets it judge again. So needs come
//! in rounds by themselves, each distinct need is answered once, and a verdict can be replayed from
//! recorded evidence.
//!
//! # Invariants
//!
//! - Judging never does I/O: `check/`, `evidence/`, `dockerfile/` and `cmdline/` know nothing of the engine's
//!   client, of tokio, of the file system or of the clock (`tests/architecture.rs` holds them to it).
//! - An answer is found, absent, or unavailable. Absent is judged; unavailable is *cannot tell*.
//! - The differences between engines end in `engine/`; nobody else names bollard.
//! - Only `engine/` creates things in an engine, labelled or under `dlearn-run/`, and all of it (but for the practice
//!   registry, which stays while somebody practises) is removed on every way out; images by that tag only. A mirror's
//!   name is taken off what was just pulled under it. In a throw-away engine names are free, and everything goes with it.
//! - Grading takes a submission as a private copy without links, refuses before it builds, and counts what it could not
//!   judge apart from what was lost.
//! - Only `learner/` writes the learner's folder (`submit` may put its archive there); only `term/`, `report/` and `cmd/`
//!   print, and what
//!   an engine, an image or a course said goes through [`term::sanitize`] first.
//!
//! # Where things go
//!
//! - A new kind of check: a file in `check/kinds/` and its line in `kinds!`.
//! - A new question to an engine: a variant of [`evidence::Need`] and of [`evidence::Fact`], a method of
//!   [`check::Inquiry`], and its answer in `engine/collect.rs`.
//! - A quirk of an engine: the file in `engine/` that asks it; nothing outside may learn of it.
//! - A new rule of `dlearn lint`: a function in `course/lint/`, its line in `RULES`, a mistake in its `tests.rs`.
//! - A new output format: a file in `report/`.
//! - New advice, a new exercise, a new lesson: data in `checks/`, `exercises/`, `lessons/`.

mod attempt;
pub mod check;
pub mod cli;
pub mod cmd;
pub mod cmdline;
pub mod context;
pub mod course;
pub mod dockerfile;
pub mod engine;
pub mod evidence;
pub mod examine;
pub mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod grade;
mod hex;
mod journal;
pub mod layers;
pub mod learner;
mod nearest;
mod process;
pub mod reference;
pub mod registry;
pub mod report;
mod scratch;
mod secret;
pub mod selfcheck;
pub mod share;
pub mod submission;
pub mod term;
pub mod watching;

pub use nearest::nearest;
pub use secret::Secret;
