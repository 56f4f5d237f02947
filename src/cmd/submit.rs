//! `dlearn submit`: packs the learner's work.

use super::app::{App, shell_word};
use crate::course::service::needs_registry;
use crate::course::{Course, Entry, Item};
use crate::failure::{Failure, exit};
use crate::grade::refusals::Refusal;
use crate::grade::{judge, plan};
use crate::learner::Learner;
use crate::report::{self, gradebook::slug, json};
use crate::submission::manifest::SCHEMA;
use crate::submission::pack::{Gathered, pack};
use crate::submission::{Claim, Limits, MANIFEST, Manifest, Refused, Registry, Tally};
use crate::submission::{evidence, session};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Debug, Serialize)]
struct SubmitReport<'a> {
    /// `dlearn/submit/1`
    schema: &'static str,
    file: String,
    /// In bytes.
    size: usize,
    replaced: bool,
    exercises: &'a [Claim],
    files: Vec<&'a String>,
    left_out: &'a [String],
    /// What a grader would not build.
    refusals: &'a [Refusal],
}

/// Where the work goes.
pub(super) enum To {
    /// Into an archive: this one, or the usual one.
    Archive(Option<PathBuf>),
    /// Into a folder, as plain files.
    Session(PathBuf),
}

pub(super) fn run(app: &App, ids: &[String], to: To, name: Option<String>) -> Result<i32, Failure> {
    let course = app.course()?;
    let mut learner = app.learner(&course)?;
    let entries = entries(&course, &learner, ids)?;
    let name = name.map(|name| crate::term::sanitize_line(name.trim()).into_owned()).filter(|name| !name.is_empty());
    let (file, replaced) = match &to {
        To::Archive(output) => {
            let file = output.clone().unwrap_or_else(|| usual(&learner, name.as_deref()));
            let replaced = may_be_written(&file)?;
            (file, replaced)
        }
        To::Session(folder) => (folder.clone(), session_may_be_written(&learner, folder)?),
    };

    let limits = Limits::default();
    let (mut gathered, mut tally, mut claims) = (Gathered::default(), Tally::new(limits), Vec::new());
    let mut refusals = BTreeSet::new();
    for entry in &entries {
        let told = gathered.add(&learner.folder(entry), &entry.folder, &mut tally, &limits);
        told.map_err(|refused| Failure::usage(format!("{}: {}", entry.folder, refused.what), refused.help))?;
        claims.push(claim(&mut learner, entry)?);
        refusals.extend(refused(&course, &mut learner, entry)?);
    }
    let solution =
        gathered.add_file(&learner.home().join(evidence::FILE), evidence::FILE, evidence::LARGEST, &mut tally);
    solution.map_err(|refused| Failure::usage(refused.what, refused.help))?;
    let manifest = Manifest {
        schema: SCHEMA.into(),
        dlearn: env!("CARGO_PKG_VERSION").into(),
        course: course.outline.course.clone(),
        learner: name,
        registry: registry(app, &learner, &entries),
        exercises: claims,
    };
    let size = match &to {
        To::Archive(_) => archived(&file, &pack(&manifest, &gathered.files)?, &limits)?,
        To::Session(folder) => {
            let help = "name a folder that can be written: --session DIR";
            let wrong = |error| Failure::usage(format!("{}: {error}", folder.display()), help);
            session::write(folder, &manifest, &gathered.files).map_err(wrong)?;
            gathered.files.values().map(|packed| packed.content.len()).sum()
        }
    };
    let refusals: Vec<Refusal> = refusals.into_iter().collect();
    if app.common.json {
        let (file, left_out) = (file.display().to_string(), &gathered.left_out);
        let files = gathered.files.keys().collect();
        let schema = "dlearn/submit/1";
        let exercises = &manifest.exercises;
        json::print(&SubmitReport { schema, file, size, replaced, exercises, files, left_out, refusals: &refusals })?;
        return Ok(exit::DONE);
    }
    let then = match &to {
        To::Archive(_) => "Hand this file in as your instructor asked; your work stays where it is.",
        To::Session(_) => "Commit this folder and open a pull request; your work stays where it is.",
    };
    tell(app, (&file, size, replaced), &manifest, &gathered, &refusals, then)
}

/// Writes the archive; its bytes.
fn archived(file: &Path, bytes: &[u8], limits: &Limits) -> Result<usize, Failure> {
    if bytes.len() as u64 > limits.archive {
        let what = format!("it would have more than {}", crate::submission::entry::mebibytes(limits.archive));
        return Err(Failure::usage(what, crate::submission::entry::LESS));
    }
    let written = report::file(file, bytes);
    written.map_err(|error| Failure::usage(error.to_string(), "name a file that can be written: --output FILE"))?;
    Ok(bytes.len())
}

/// Whether an earlier session is replaced. The work itself is none, and neither is a folder around it or in it.
fn session_may_be_written(learner: &Learner, folder: &Path) -> Result<bool, Failure> {
    let wrong = |why: String| {
        Failure::usage(format!("{} {why}", folder.display()), "name another folder: --session submissions/YOUR-NAME")
    };
    let home = learner.home().canonicalize().unwrap_or_else(|_| learner.home().to_owned());
    // What is not there yet will lie in the nearest folder that is.
    let absolute = std::path::absolute(folder)?;
    let there = absolute.ancestors().find_map(|above| above.canonicalize().ok()).unwrap_or_default();
    let itself = absolute.canonicalize().ok();
    if there.starts_with(&home) || itself.is_some_and(|folder| home.starts_with(folder)) {
        return Err(wrong(format!("is a part of your course in {}, or around it", learner.home().display())));
    }
    session::may_be_written(folder).map_err(wrong)
}

/// The exercises that are meant, in the order of the course: each has a folder.
fn entries<'a>(course: &'a Course, learner: &Learner, ids: &[String]) -> Result<Vec<&'a Entry>, Failure> {
    let mut wanted = Vec::new();
    for id in ids {
        match course.item(id) {
            Some(Item::Exercise(id)) => wanted.push(id),
            Some(Item::Lesson(id)) => return Err(Failure::usage(format!("{id} is a lesson"), "name an exercise")),
            None => return Err(Failure::unknown_id("exercise", id, course.exercises.keys().map(String::as_str))),
        }
    }
    let begun = |entry: &&Entry| is_folder(&learner.folder(entry));
    if let Some(entry) = wanted.iter().filter_map(|id| course.exercises.get(id)).find(|entry| !begun(entry)) {
        let id = &entry.exercise.id;
        return Err(Failure::usage(
            format!("{id} has no folder {} in {}", entry.folder, learner.home().display()),
            format!("begin it with dlearn next {id}"),
        ));
    }
    let items = course.items();
    let all = items.iter().filter(|item| ids.is_empty() || wanted.iter().any(|id| id == item.id()));
    let entries: Vec<&Entry> = all.filter_map(|item| course.exercises.get(item.id())).filter(begun).collect();
    match entries.is_empty() {
        true => {
            Err(Failure::usage("there is nothing to hand in: no exercise has been begun", "begin with dlearn next"))
        }
        false => Ok(entries),
    }
}

/// A real folder, and no link to one.
fn is_folder(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}

/// What the learner's own record says of an exercise.
fn claim(learner: &mut Learner, entry: &Entry) -> Result<Claim, Failure> {
    let id = entry.exercise.id.clone();
    let token = Some(learner.token_of(&id)?);
    let state = learner.state().exercises.get(&id).cloned().unwrap_or_default();
    Ok(Claim {
        folder: entry.folder.clone(),
        token,
        rounds: crate::learner::progress::rounds_of(entry),
        rounds_passed: state.rounds_passed,
        passed: state.passed_at.is_some(),
        attempts: state.attempts,
        id,
    })
}

/// What a grader would not build, told now and not when it is too late.
fn refused(course: &Course, learner: &mut Learner, entry: &Entry) -> Result<Vec<Refusal>, Failure> {
    let token = learner.token_of(&entry.exercise.id)?;
    let (folder, allowed) = (learner.folder(entry), plan::allowed(entry, &[]));
    let work =
        judge::Work { course, entry, folder: &folder, token: &token, registry: None, allowed: &allowed, seconds: 0 };
    let refusals = judge::plan(&work)?.into_iter().filter_map(|planned| match planned.came {
        Some(judge::Came::Refused(refusals)) => Some(refusals),
        _ => None,
    });
    let named = |refusal: Refusal| Refusal { file: format!("{}/{}", entry.folder, refusal.file), ..refusal };
    Ok(refusals.flatten().map(named).collect())
}

/// The registry that the learner's names hold, where an exercise of these needs one.
fn registry(app: &App, learner: &Learner, entries: &[&Entry]) -> Option<Registry> {
    if !entries.iter().any(|entry| needs_registry(&entry.exercise.needs.services)) {
        return None;
    }
    match &app.common.registry {
        Some(elsewhere) => Some(Registry { address: elsewhere.host.clone(), user: elsewhere.namespace.clone() }),
        None => learner.known_practice().map(|practice| Registry { address: practice.address(), user: practice.user }),
    }
}

/// `dlearn-submission-NAME.tar.gz` here; not in an exercise's folder, where a build would take it along.
fn usual(learner: &Learner, name: Option<&str>) -> PathBuf {
    let file = match name {
        Some(name) => format!("dlearn-submission-{}.tar.gz", slug(name)),
        None => "dlearn-submission.tar.gz".to_owned(),
    };
    let inside =
        std::env::current_dir().and_then(|here| here.canonicalize()).is_ok_and(|here| here.starts_with(learner.home()));
    if inside { learner.home().join(file) } else { PathBuf::from(file) }
}

/// Whether something lies there already. Only a submission is replaced.
fn may_be_written(file: &Path) -> Result<bool, Failure> {
    let other =
        |what: &str| Err(Failure::usage(format!("{} {what}", file.display()), "name another file: --output FILE"));
    match std::fs::symlink_metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => other(&error.to_string()),
        Ok(meta) if !meta.is_file() => other("is there already, and is no file"),
        Ok(_) if is_submission(file) => Ok(true),
        Ok(_) => other("is there already, and is no submission of dlearn's"),
    }
}

/// Whether an archive begins as `dlearn submit` writes it.
fn is_submission(file: &Path) -> bool {
    let mut header = Vec::new();
    let Ok(file) = File::open(file) else { return false };
    let read = flate2::read::GzDecoder::new(file).take(512).read_to_end(&mut header);
    read.is_ok() && header.starts_with(MANIFEST.as_bytes())
}

fn tell(
    app: &App,
    (file, size, replaced): (&Path, usize, bool),
    manifest: &Manifest,
    gathered: &Gathered,
    refusals: &[Refusal],
    then: &str,
) -> Result<i32, Failure> {
    for claim in &manifest.exercises {
        let prefix = format!("{}/", claim.folder);
        let files = gathered.files.keys().filter(|path| path.starts_with(&prefix)).count();
        let standing = match (claim.passed, claim.attempts) {
            (true, _) => "passed here".to_owned(),
            (false, 0) => "never checked".to_owned(),
            (false, _) if claim.rounds > 1 => {
                format!("{} of {} rounds passed here", claim.rounds_passed.len(), claim.rounds)
            }
            (false, _) => "has not passed here".to_owned(),
        };
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        report::line(&format!("{:5} {}: {files}, {standing}", claim.id, claim.folder))?;
    }
    let sign = app.terminal.sign("·", "-");
    for left_out in &gathered.left_out {
        report::line(&format!("{sign} left out: {left_out}"))?;
    }
    for refusal in refusals {
        report::line(&format!(
            "{sign} a grader will not build {}, line {}: {}",
            refusal.file, refusal.line, refusal.what
        ))?;
        report::line(&format!("    do: {}", refusal.help))?;
    }
    let again = if replaced { ", in place of the earlier one" } else { "" };
    let place = shell_word(&app.place(file));
    report::line(&format!("\n{place} is written ({} KiB{again}).", size.div_ceil(1024)))?;
    let who = match &manifest.learner {
        Some(name) => format!("It says that it is {name}'s."),
        None => "It does not say whose it is: --name NAME does.".to_owned(),
    };
    app.say(&format!("{who} {then}"))?;
    Ok(exit::DONE)
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Failure::usage(refused.what, refused.help)
    }
}
