//! `dlearn new`: begins what an author then edits.

use super::app::{App, shell_word};
use crate::cli::New;
use crate::course::skeleton::{self, Made};
use crate::course::{Course, CourseError, Item, Source, enclosing};
use crate::failure::{Failure, exit};
use crate::report::json;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Serialize)]
struct NewReport<'a> {
    schema: &'static str,
    /// The course's folder.
    course: &'a Path,
    /// New files, relative to it.
    wrote: &'a [String],
    /// Files with a line more.
    changed: &'a [String],
    /// What to do next, in this order.
    next: &'a [String],
}

pub(super) fn run(app: &App, what: &New) -> Result<i32, Failure> {
    match what {
        New::Exercise { id, title, lesson } => {
            let (root, course) = mine(app)?;
            skeleton::check_id(&course, id).map_err(usage)?;
            let lesson = lesson_for(&course, lesson.as_deref())?;
            let of_lesson = |item: &Item| match item {
                Item::Lesson(id) => *id == lesson,
                Item::Exercise(id) => course.exercises[id].exercise.lesson == lesson,
            };
            let after = course.items().into_iter().rfind(of_lesson);
            let files = skeleton::exercise(id, title, &lesson);
            let made = skeleton::add(&root, &files, id, after.as_ref().map(Item::id)).map_err(usage)?;
            let folder = made.wrote[0].rsplit_once("/exercise.yaml").map_or("", |(folder, _)| folder).to_owned();
            let next = vec![
                format!("edit {folder}: the task first, then the solution, the checks, the wrong answers"),
                command(app, &root, "lint"),
                command(app, &root, &format!("selfcheck {id}")),
            ];
            tell(app, &root, made, next)
        }
        New::Lesson { id, title } => {
            let (root, course) = mine(app)?;
            skeleton::check_id(&course, id).map_err(usage)?;
            let made = skeleton::add(&root, &skeleton::lesson(id, title), id, None).map_err(usage)?;
            let next = vec![
                format!("edit {}", made.wrote[0]),
                command(app, &root, "lint"),
                command(app, &root, &format!("read {id}")),
            ];
            tell(app, &root, made, next)
        }
        New::Check { name } => {
            let (root, course) = mine(app)?;
            skeleton::check_name(&course, name).map_err(usage)?;
            let wrote = skeleton::write(&root, &skeleton::recipe(name)).map_err(usage)?;
            let next = vec![
                format!("edit {}: dlearn explain lists the kinds of check", wrote[0]),
                format!("use it in an exercise: recipe: {{ name: {name}, with: {{ image: app }} }}"),
                command(app, &root, "lint"),
            ];
            tell(app, &root, Made { wrote, ..Made::default() }, next)
        }
        New::Course { folder } => {
            let root = empty(folder)?;
            let name = root.file_name().map_or("course".into(), |name| name.to_string_lossy().to_lowercase());
            let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            let name = if name.is_empty() { "course".to_owned() } else { format!("course-{name}") };
            let wrote = skeleton::write(&root, &skeleton::course(&name)).map_err(usage)?;
            let next = vec![
                format!("edit lessons/course.yaml: {name} is its name for good, so choose one now"),
                command(app, &root, "lint"),
                command(app, &root, "selfcheck E01"),
                command(app, &root, "next"),
            ];
            tell(app, &root, Made { wrote, ..Made::default() }, next)
        }
    }
}

fn usage(error: CourseError) -> Failure {
    Failure::usage(format!("{}: {}", error.file, error.what), error.help)
}

/// The course to write into: the one that is named, else the one around the current folder. It must load.
fn mine(app: &App) -> Result<(PathBuf, Course), Failure> {
    let root = super::lint::around(app).ok_or_else(|| {
        let help = "name its folder with --course DIR; dlearn new course FOLDER begins one";
        Failure::usage("you are in no course: there is no folder with lessons/ and exercises/ around this one", help)
    })?;
    let course = Course::load(&Source::Folder(root.clone()))?;
    Ok((root, course))
}

/// The lesson that is meant, else the last one in the order.
fn lesson_for(course: &Course, named: Option<&str>) -> Result<String, Failure> {
    if let Some(named) = named {
        return match course.item(named) {
            Some(Item::Lesson(id)) => Ok(id),
            _ => Err(Failure::unknown_id("lesson", named, course.lessons.keys().map(String::as_str))),
        };
    }
    let mut lessons = course.items().into_iter().rev().filter_map(|item| match item {
        Item::Lesson(id) => Some(id),
        Item::Exercise(_) => None,
    });
    lessons.next().ok_or_else(|| {
        Failure::usage(
            "the course has no lesson, and every exercise belongs to one",
            "first: dlearn new lesson L01 TITLE",
        )
    })
}

/// A folder for a new course: created, or there and empty.
fn empty(folder: &Path) -> Result<PathBuf, Failure> {
    let io = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()), "name another folder");
    std::fs::create_dir_all(folder).map_err(io)?;
    if std::fs::read_dir(folder).map_err(io)?.next().is_some() {
        let what = format!("{} is not empty", folder.display());
        return Err(Failure::usage(what, "name a folder that does not exist yet; nothing was written"));
    }
    folder.canonicalize().map_err(io)
}

/// A command for this course, as it can be typed here.
fn command(app: &App, root: &Path, what: &str) -> String {
    let here = std::env::current_dir().ok();
    let own = root.canonicalize().ok();
    // Of these commands, `lint` alone looks for the course around the current folder.
    if what == "lint" && own.is_some() && here.as_deref().and_then(enclosing) == own {
        return "dlearn lint".to_owned();
    }
    let place = if here.is_some() && here == own { ".".to_owned() } else { shell_word(&app.place(root)) };
    format!("dlearn --course {place} {what}")
}

fn tell(app: &App, root: &Path, made: Made, next: Vec<String>) -> Result<i32, Failure> {
    let next: Vec<String> = made.enter.into_iter().chain(next).collect();
    let (wrote, changed) = (&made.wrote, &made.changed);
    if app.common.json {
        json::print(&NewReport { schema: "dlearn/new/1", course: root, wrote, changed, next: &next })?;
        return Ok(exit::DONE);
    }
    let list = |paths: &[String]| paths.iter().map(|path| format!("- `{path}`\n")).collect::<String>();
    let mut text = format!("Written in `{}`:\n\n{}", app.place(root), list(wrote));
    if !changed.is_empty() {
        text.push_str(&format!("\nEntered in:\n\n{}", list(changed)));
    }
    text.push_str("\nNext:\n\n");
    for (index, step) in next.iter().enumerate() {
        let step = if step.starts_with("dlearn ") { format!("`{step}`") } else { step.clone() };
        text.push_str(&format!("{}. {step}\n", index + 1));
    }
    app.say(&text)?;
    Ok(exit::DONE)
}
