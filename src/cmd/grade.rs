//! `dlearn grade`: judges the submissions of a class.

use super::app::App;
use super::grade_files;
use crate::cli::GradeOptions;
use crate::course::{Course, Entry, Item};
use crate::engine::{EngineError, Ledger, SANDBOX_IMAGE, SandboxLimits};
use crate::failure::{Failure, exit};
use crate::grade::class::{Class, Rules};
use crate::grade::gradebook::{Absent, Gradebook, Graded, State};
use crate::grade::intake::{self, Source};
use crate::grade::memory::Memory;
use crate::grade::place::Where;
use crate::grade::refusals::Allowed;
use crate::grade::roster::{self, CourseSecret, Roster};
use crate::grade::{layout, plan};
use crate::report::{self, gradebook, json};
use crate::submission::Limits;
use crate::term::Progress;
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// Bytes of a secret file that are read.
const LARGEST_SECRET: u64 = 4096;

pub(super) async fn run(app: &App, options: GradeOptions) -> Result<i32, Failure> {
    let course = app.course()?;
    let named = named(&course, &options.exercise)?;
    let rules = rules(&options)?;
    grade_files::writable(&options)?;
    let known: Vec<&Entry> = if named.is_empty() { course.exercises.values().collect() } else { named.clone() };
    let single = named.len() == 1;
    let is_submission = |names: &[String]| match single {
        true => layout::is_submission(names, &named) || layout::is_submission(names, &all(&course)),
        false => layout::is_submission(names, &known),
    };
    let (sources, strange) = intake::find(&options.paths, &is_submission).map_err(Failure::from)?;
    for name in &strange {
        eprintln!("dlearn: {name} is neither a folder nor an archive, and is no submission");
    }
    if sources.is_empty() {
        return Err(Failure::usage(
            "there is no submission",
            "name a submission, or a folder with a folder or archive for each learner",
        ));
    }
    grade_files::fits(&options, sources.len())?;
    let entries = if named.is_empty() { held(app, &course, &sources).await? } else { named };
    let (place, ledger) = place(app, &options, &entries).await?;
    let roster = rules.roster.clone();
    let memory = memory(app, &options, &course, &entries).await?;
    let class = Class::new(&course, entries, place, rules).remembering(memory);
    let graded = all_of(app, &class, &sources, usize::from(options.jobs)).await;
    if let Some(ledger) = ledger {
        // What stays is told by the process's end.
        let _ = ledger.cleanup().await;
    }
    let missing = absent(roster.as_ref(), &graded);
    let mut book = Gradebook::new(&course, class.columns(), graded, missing);
    book.not_allowed = class.not_allowed();
    tell(app, &options, &book)?;
    Ok(if book.judged { exit::DONE } else { exit::CANNOT_TELL })
}

fn all(course: &Course) -> Vec<&Entry> {
    course.exercises.values().collect()
}

/// The exercises that were named, in the order of the course.
fn named<'a>(course: &'a Course, ids: &[String]) -> Result<Vec<&'a Entry>, Failure> {
    let mut wanted = BTreeSet::new();
    for id in ids {
        match course.item(id) {
            Some(Item::Exercise(id)) => wanted.insert(id),
            Some(Item::Lesson(id)) => return Err(Failure::usage(format!("{id} is a lesson"), "name an exercise")),
            None => {
                return Err(Failure::unknown_id("exercise", id, course.exercises.keys().map(String::as_str)));
            }
        };
    }
    Ok(in_order(course, &wanted))
}

fn in_order<'a>(course: &'a Course, wanted: &BTreeSet<String>) -> Vec<&'a Entry> {
    let items = course.items();
    let ordered = items.iter().map(Item::id).filter(|id| wanted.contains(*id));
    // An exercise may be in the course and not in its outline.
    let rest = wanted.iter().map(String::as_str).filter(|id| !items.iter().any(|item| item.id() == *id));
    ordered.chain(rest).filter_map(|id| course.exercises.get(id)).collect()
}

fn read(path: &Path, largest: u64, what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(largest + 1).read_to_string(&mut text));
    let read = read.map_err(|error| {
        Failure::usage(format!("{what} {}: {error}", path.display()), "name a file that can be read")
    })?;
    if read as u64 > largest {
        let what = format!("{what} {}: it has more than {largest} bytes", path.display());
        return Err(Failure::usage(what, "name the right file"));
    }
    Ok(text)
}

fn rules(options: &GradeOptions) -> Result<Rules, Failure> {
    let roster = match &options.roster {
        Some(path) => Some(read_roster(path)?),
        None => None,
    };
    let secret = match &options.secret_file {
        Some(path) => Some(read_secret(path)?),
        None => None,
    };
    for image in &options.allow_image {
        crate::reference::Reference::parse(image)
            .map_err(|error| Failure::usage(format!("--allow-image {image}: {error}"), error.help()))?;
    }
    Ok(Rules {
        roster,
        secret,
        allow: options.allow_image.clone(),
        limits: Limits::default(),
        seconds: options.seconds,
    })
}

/// The secret of a class.
pub(super) fn read_secret(path: &Path) -> Result<CourseSecret, Failure> {
    let text = read(path, LARGEST_SECRET, "the secret")?;
    let wrong = |why| Failure::usage(format!("the secret {}: {why}", path.display()), "name a file that holds one");
    CourseSecret::read(&text).map_err(wrong)
}

/// Who is in a class.
pub(super) fn read_roster(path: &Path) -> Result<Roster, Failure> {
    let text = read(path, roster::LARGEST, "the roster")?;
    let wrong = |why| Failure::usage(format!("the roster {}: {why}", path.display()), "its lines are learner,name");
    Roster::read(&text).map_err(wrong)
}

/// The exercises that any of the submissions holds.
async fn held<'a>(app: &App, course: &'a Course, sources: &[Source]) -> Result<Vec<&'a Entry>, Failure> {
    let progress = Progress::start("looking what the submissions hold", &app.terminal);
    let mut found = BTreeSet::new();
    for source in sources {
        progress.say(&format!("looking what {} holds", source.label));
        let owned = source.clone();
        let taken = tokio::task::spawn_blocking(move || intake::take(&owned, Limits::default())).await;
        // What cannot be taken is told when it is graded.
        let Ok(Ok(taken)) = taken else { continue };
        found.extend(layout::find(&taken.files, &all(course)).into_keys());
    }
    progress.finish();
    if found.is_empty() {
        return Err(Failure::usage(
            "none of the submissions holds the folder of an exercise, or none could be taken",
            "say which exercise they are of: --exercise E01",
        ));
    }
    let entries = in_order(course, &found);
    let ids: Vec<&str> = entries.iter().map(|entry| entry.exercise.id.as_str()).collect();
    eprintln!("grading {}: what the submissions hold (--exercise names others)", ids.join(", "));
    Ok(entries)
}

/// Where everything is built, with the images that answers need, and what was made for it.
async fn place(app: &App, options: &GradeOptions, entries: &[&Entry]) -> Result<(Where, Option<Ledger>), Failure> {
    let needed = entries.iter().flat_map(|entry| plan::needed(entry));
    if let Some(host) = &options.engine {
        let engine = app.engine_named(Some(host)).await?;
        super::images::bring(app, &engine, needed).await?;
        return Ok((Where::Engine(engine), None));
    }
    let allowed: Vec<Allowed> = entries.iter().map(|entry| plan::allowed(entry, &options.allow_image)).collect();
    let wished = allowed.iter().flat_map(Allowed::names).collect();
    let (bases, ledger) = app.sandbox_bases("grade", needed.collect(), wished).await?;
    let limits = SandboxLimits {
        memory: options.memory,
        disk: Some(options.disk),
        cpus: Some(options.cpus),
        ..SandboxLimits::default()
    };
    Ok((Where::Sandbox { bases, limits }, Some(ledger)))
}

/// The journal in the user's cache folder, and its bytes at most: some ten thousand exercises.
const JOURNAL: (&str, u64) = ("grade.jsonl", 128 << 20);

/// What earlier runs came to, and what this one comes to.
async fn memory(
    app: &App,
    options: &GradeOptions,
    course: &Course,
    entries: &[&Entry],
) -> Result<Option<Memory>, Failure> {
    let Some(journal) = super::known::opened(JOURNAL, options.resume)? else { return Ok(None) };
    let failed = |error: EngineError| Failure::Engine(error.unavailable());
    let engine = app.engine_named(options.engine.as_deref()).await?;
    let allowed: Vec<Allowed> = entries.iter().map(|entry| plan::allowed(entry, &options.allow_image)).collect();
    let needed = entries.iter().flat_map(|entry| plan::needed(entry));
    let names = needed.chain(allowed.iter().flat_map(Allowed::names)).chain([SANDBOX_IMAGE]).collect();
    let mut ids = super::known::ids(&engine, names).await.map_err(failed)?;
    let sandbox = ids.remove(SANDBOX_IMAGE);
    let facts = engine.facts().await.map_err(failed)?;
    let place = match &options.engine {
        Some(host) => host.clone(),
        None => format!("{sandbox:?} {} {} {}", options.memory, options.disk, options.cpus),
    };
    let rules = format!("{place} {} {:?}", options.seconds, options.allow_image);
    Ok(Some(Memory::new(journal, options.resume, course, &facts, ids, &rules)?))
}

async fn all_of(app: &App, class: &Class<'_>, sources: &[Source], jobs: usize) -> Vec<Graded> {
    let progress = Progress::start("grading", &app.terminal);
    let of = sources.len();
    let one = |(index, source): (usize, &Source)| {
        let (progress, label, source) = (progress.clone(), source.label.clone(), source.clone());
        async move {
            let say = |doing: &str| progress.say(&format!("{} of {of}, {label}: {doing}", index + 1));
            let graded = class.grade(&source, &say).await;
            if !app.terminal.stderr {
                let mut judged = graded.exercises.iter().filter(|exercise| !exercise.rounds.is_empty()).peekable();
                let before = if judged.peek().is_some() && judged.all(|exercise| exercise.before) {
                    " (known from an earlier run)"
                } else {
                    ""
                };
                let line = format!("{} of {of}: {}, {}{before}", index + 1, graded.learner, graded.state.words());
                eprintln!("{}", crate::term::sanitize_line(&line));
            }
            graded
        }
    };
    // In the order of the submissions, whoever is done first.
    let jobs = class.at_once(jobs);
    let graded = futures_util::stream::iter(sources.iter().enumerate().map(one)).buffered(jobs).collect().await;
    progress.finish();
    graded
}

/// Who of the roster has handed nothing in.
fn absent(roster: Option<&Roster>, graded: &[Graded]) -> Vec<Absent> {
    let Some(roster) = roster else { return Vec::new() };
    let here = |learner: &str| graded.iter().any(|graded| graded.in_roster == Some(true) && graded.learner == learner);
    let members = roster.members.iter().filter(|member| !here(&member.learner)).cloned();
    members.map(|member| Absent { learner: member.learner, name: member.name }).collect()
}

fn tell(app: &App, options: &GradeOptions, book: &Gradebook) -> Result<(), Failure> {
    // Files first: whoever reads the output may be gone. A full disk does not cost what was found out.
    let written = grade_files::write(options, book);
    match app.common.json {
        true => json::print(book)?,
        false => report::line(gradebook::table(book, &app.terminal).trim_end())?,
    }
    let open = book.submissions.iter().filter(|graded| graded.state == State::NotJudged).count();
    if open > 0 && app.common.json {
        eprintln!("dlearn: {open} of {} not judged in full", book.submissions.len());
    }
    written
}
