//! Parts of a class: `dlearn grade --part`, and `dlearn grade merge`.

use super::app::App;
use super::{grade, grade_class, grade_files};
use crate::cli::{GradeOptions, MergeOptions};
use crate::course::{Course, Entry};
use crate::failure::{Failure, exit};
use crate::grade::class::Rules;
use crate::grade::gradebook::{Column, Graded};
use crate::grade::intake::Source;
use crate::grade::part::{self, Grounds, Part};
use crate::grade::roster::Roster;
use crate::journal::Key;
use crate::report;
use crate::share::Share;
use std::collections::BTreeMap;

/// What the results of a run rest on.
pub(super) fn grounds(
    options: &GradeOptions,
    course: &Course,
    entries: &[&Entry],
    rules: &Rules,
    class: Vec<String>,
) -> Result<Grounds, Failure> {
    let content = Key::default().with(format!("{:?}", course.recipes));
    let content = entries.iter().fold(content, |key, entry| key.with_files(&entry.files));
    // A token that nobody has tells of the secret as little as the learners' own.
    let secret = rules.secret.as_ref().map(|secret| Key::default().with(secret.token("", &course.outline.course, "")));
    // Which engine it was differs from machine to machine.
    let place = match &options.engine {
        Some(_) => "an engine that was named".to_owned(),
        None => format!("{} B memory, {} B disk, {} processors", options.memory, options.disk, options.cpus),
    };
    let mut allowed = rules.allow.clone();
    allowed.sort_unstable();
    Ok(Grounds {
        course: course.outline.course.clone(),
        content: content.hex(),
        known: course.exercises.keys().cloned().collect(),
        program: Key::of_this_program()?.hex(),
        roster: rules.roster.as_ref().map(roster_digest),
        secret: secret.map(Key::hex),
        rules: format!("{place}, {} s, {}", rules.seconds, allowed.join(" ")),
        class,
    })
}

/// Digest of who is in a class; without due dates, which are counted where parts are joined.
fn roster_digest(roster: &Roster) -> String {
    let members = roster.members.iter();
    let digest = members
        .fold(Key::default(), |key, member| key.with(&member.learner).with(member.name.as_deref().unwrap_or_default()));
    digest.hex()
}

/// What became of submissions.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Each, in the order of the sources.
    pub(super) graded: Vec<Graded>,
    /// Images that were named and not allowed.
    pub(super) not_allowed: Vec<String>,
    /// The ids of images that answers were built from, by name, where a part is written.
    pub(super) images: BTreeMap<String, String>,
}

/// Writes the part, where that was asked for.
pub(super) fn write(
    options: &GradeOptions,
    (share, grounds): (Share, Grounds),
    columns: &[Column],
    sources: &[(usize, Source)],
    judged: &Judged,
) -> Result<(), Failure> {
    let Some(path) = &options.part else { return Ok(()) };
    let entries = sources.iter().zip(&judged.graded);
    let plain = |column: &Column| Column { bonus: false, ..column.clone() };
    let part = Part {
        schema: part::SCHEMA.into(),
        dlearn: env!("CARGO_PKG_VERSION").into(),
        part: share.part(),
        of: share.of(),
        grounds,
        exercises: columns.iter().map(plain).collect(),
        submissions: entries.map(|((at, _), graded)| part::Entry::new(*at, graded)).collect(),
        not_allowed: judged.not_allowed.clone(),
        images: judged.images.clone(),
    };
    let wrong = |why: String| Failure::usage(format!("--part {}: {why}", path.display()), "name another file");
    let bytes = part.bytes().map_err(wrong)?;
    report::file(path, &bytes).map_err(|error| wrong(error.to_string()))
}

/// `dlearn grade merge`
pub(super) fn merge(app: &App, options: &MergeOptions) -> Result<i32, Failure> {
    let closing = grade_class::closing(&options.class)?;
    grade_files::writable(&options.files, None)?;
    let mut parts = Vec::new();
    for path in &options.parts {
        let bytes = grade_class::read_bytes(path, part::LARGEST, "the part")?;
        let wrong = |why| {
            Failure::usage(format!("the part {}: {why}", path.display()), "name files that dlearn grade --part wrote")
        };
        parts.push((path.display().to_string(), Part::read(&bytes).map_err(wrong)?));
    }
    let joined = part::join(parts, options.incomplete)?;
    if let (Some(graded_with), Some(roster)) = (&joined.grounds.roster, &closing.roster)
        && *graded_with != roster_digest(roster)
    {
        let help = "give the roster that the parts were graded with, or grade them anew";
        return Err(Failure::usage("the parts were graded with another roster", help));
    }
    closing.times_are_of(&joined.grounds.known).map_err(grade_class::not_of_the_course)?;
    if joined.grounds.roster.is_some() && closing.roster.is_none() {
        let help = "say who is in the class: --roster FILE";
        return Err(Failure::usage(
            "the parts were graded with a roster, and without it nobody knows who is missing",
            help,
        ));
    }
    if let (Some(_), Some(roster)) = (&joined.grounds.roster, &closing.roster) {
        joined.is_by(roster)?;
    }
    for note in &joined.notes {
        eprintln!("dlearn: {}: results may differ for that", crate::term::sanitize_line(note));
    }
    for part in &joined.missing {
        eprintln!("dlearn: part {part} is not there: its submissions are shown as not judged");
    }
    let columns = grade_class::columns(&closing, joined.columns)?;
    let mut book = closing.book(&joined.grounds.course, columns, joined.submissions);
    book.not_allowed = joined.not_allowed;
    grade_files::fits(&options.files, book.submissions.len())?;
    grade::tell(app, &options.files, &book)?;
    Ok(if book.judged { exit::DONE } else { exit::CANNOT_TELL })
}
