//! `dlearn grade`: judges the submissions of a class.

use super::app::App;
use super::grade_parts::Judged;
use super::{grade_class, grade_example, grade_files, grade_parts};
use crate::cli::{GradeAction, GradeFiles, GradeOptions};
use crate::course::{Course, Entry, Item};
use crate::engine::{EngineError, Ledger, SANDBOX_IMAGE, SandboxLimits};
use crate::failure::{Failure, exit};
use crate::grade::class::{Class, Rules};
use crate::grade::gradebook::{Column, Gradebook, Graded, State};
use crate::grade::intake::{self, Source};
use crate::grade::memory::Memory;
use crate::grade::place::Where;
use crate::grade::refusals::Allowed;
use crate::grade::roster::Roster;
use crate::grade::{layout, part, plan};
use crate::report::{self, gradebook, json};
use crate::share::Share;
use crate::submission::Limits;
use crate::term::Progress;
use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) async fn run(app: &App, options: GradeOptions) -> Result<i32, Failure> {
    match &options.action {
        Some(GradeAction::Merge(merge)) => return grade_parts::merge(app, merge),
        Some(GradeAction::Example { name }) => return grade_example::run(app, name.as_deref()),
        None => {}
    }
    // Where an option stands before it, the word is taken for a submission.
    let word = options.paths.first().and_then(|path| path.to_str()).filter(|word| ["merge", "example"].contains(word));
    if let Some(word) = word.filter(|word| !Path::new(word).exists()) {
        let help = format!("write dlearn grade {word}, and options behind it");
        return Err(Failure::usage(format!("options stand before `{word}`"), help));
    }
    let course = app.course()?;
    let named = named(&course, &options.exercise)?;
    let closing = grade_class::closing(&options.class)?;
    let rules = rules(&options, closing.roster.clone())?;
    grade_files::writable(&options.files, options.part.as_deref())?;
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
    let entries = if named.is_empty() { held(app, &course, &sources).await? } else { named };
    // Of the whole class, so that all parts have the same exercises.
    let class_names: Vec<String> = sources.iter().map(|source| source.label.clone()).collect();
    let share = options.shard.unwrap_or(Share::ALL);
    let own: Vec<(usize, Source)> =
        sources.into_iter().enumerate().filter(|(_, source)| part::holds(share, &source.label)).collect();
    if options.shard.is_some() {
        eprintln!("part {share} of the class: {} of {} submissions", own.len(), class_names.len());
    }
    grade_files::fits(&options.files, own.len())?;
    let grounds = grade_parts::grounds(&options, &course, &entries, &rules, class_names)?;
    closing.times_are_of(&grounds.known).map_err(grade_class::not_of_the_course)?;
    let columns = entries.iter().map(|entry| Column::of(entry)).collect();
    let closing_columns = grade_class::columns(&closing, columns)?;
    let judged = match own.is_empty() {
        true => Judged::default(),
        false => judged(app, &options, &course, (entries, rules), &own).await?,
    };
    let saved = grade_parts::write(&options, (share, grounds), &closing_columns, &own, &judged);
    let mut book = closing.book(&course.outline.course, closing_columns, judged.graded);
    book.not_allowed = judged.not_allowed;
    if options.shard.is_some() {
        // Who is in another part is not missing.
        book.missing.clear();
    }
    tell(app, &options.files, &book)?;
    saved?;
    Ok(if book.judged { exit::DONE } else { exit::CANNOT_TELL })
}

/// What became of submissions.
async fn judged(
    app: &App,
    options: &GradeOptions,
    course: &Course,
    (entries, rules): (Vec<&Entry>, Rules),
    sources: &[(usize, Source)],
) -> Result<Judged, Failure> {
    let (place, ledger) = place(app, options, &entries).await?;
    let images = match &options.part {
        Some(_) => image_ids(app, options, &entries).await?,
        None => BTreeMap::new(),
    };
    let memory = memory(app, options, course, &entries).await?;
    let class = Class::new(course, entries, place, rules).remembering(memory);
    let graded = all_of(app, &class, sources, usize::from(options.jobs)).await;
    if let Some(ledger) = ledger {
        // What stays is told by the process's end.
        let _ = ledger.cleanup().await;
    }
    Ok(Judged { graded, not_allowed: class.not_allowed(), images })
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

fn rules(options: &GradeOptions, roster: Option<Roster>) -> Result<Rules, Failure> {
    let secret = match &options.secret_file {
        Some(path) => Some(grade_class::read_secret(path)?),
        None => None,
    };
    for image in &options.allow_image {
        crate::reference::Reference::parse(image)
            .map_err(|error| Failure::usage(format!("--allow-image {image}: {error}"), error.help()))?;
    }
    let allow = options.allow_image.clone();
    Ok(Rules { roster, secret, allow, limits: Limits::default(), seconds: options.seconds })
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
    // Where everything may be known already, they may not be needed.
    if !options.resume {
        app.lay(&bases).await?;
    }
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
    let mut ids = image_ids(app, options, entries).await?;
    let sandbox = ids.remove(SANDBOX_IMAGE);
    let facts = engine.facts().await.map_err(failed)?;
    let place = match &options.engine {
        Some(host) => host.clone(),
        None => format!("{sandbox:?} {} {} {}", options.memory, options.disk, options.cpus),
    };
    let rules = format!("{place} {} {:?}", options.seconds, options.allow_image);
    Ok(Some(Memory::new(journal, options.resume, course, &facts, ids, &rules)?))
}

/// The ids of the images that these exercises may rest on, as far as the engine has them.
async fn image_ids(app: &App, options: &GradeOptions, entries: &[&Entry]) -> Result<BTreeMap<String, String>, Failure> {
    let engine = app.engine_named(options.engine.as_deref()).await?;
    let allowed: Vec<Allowed> = entries.iter().map(|entry| plan::allowed(entry, &options.allow_image)).collect();
    let needed = entries.iter().flat_map(|entry| plan::needed(entry));
    let names = needed.chain(allowed.iter().flat_map(Allowed::names)).chain([SANDBOX_IMAGE]).collect();
    super::known::ids(&engine, names).await.map_err(|error| Failure::Engine(error.unavailable()))
}

async fn all_of(app: &App, class: &Class<'_>, sources: &[(usize, Source)], jobs: usize) -> Vec<Graded> {
    let progress = Progress::start("grading", &app.terminal);
    let of = sources.len();
    let one = |(index, (_, source)): (usize, &(usize, Source))| {
        let (progress, label, source) = (progress.clone(), source.label.clone(), source.clone());
        async move {
            let say = |doing: &str| progress.say(&format!("{} of {of}, {label}: {doing}", index + 1));
            let graded = class.grade(&source, &say).await;
            if !app.terminal.stderr {
                let mut looked_at = graded.exercises.iter().filter(|exercise| !exercise.rounds.is_empty()).peekable();
                let before = looked_at.peek().is_some() && looked_at.all(|exercise| exercise.before);
                let before = if before { " (known from an earlier run)" } else { "" };
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

/// Writes and prints a gradebook.
pub(super) fn tell(app: &App, files: &GradeFiles, book: &Gradebook) -> Result<(), Failure> {
    // Files first: whoever reads the output may be gone. A full disk does not cost what was found out.
    let written = grade_files::write(files, book);
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
