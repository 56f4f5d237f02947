//! What `dlearn new` writes: small, complete, and working, so that an author changes what is there instead of finding
//! out what is missing. The texts are files in `skeleton/`; `@NAME@` in them is replaced.
//!
//! Invariant: no file that exists is written over. Only `lessons/course.yaml` is changed, by one id, and only where the
//! result can be read and says what it should.

use super::place::{At, Node};
use super::source::{mode_of, read_yaml};
use super::{Course, CourseError, FileSet, Outline};
use include_dir::{Dir, include_dir};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

static EXERCISE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/course/skeleton/exercise");
const LESSON: &str = include_str!("skeleton/lesson.md");
const RECIPE: &str = include_str!("skeleton/recipe.yaml");
const OUTLINE: &str = include_str!("skeleton/course.yaml");

/// Where the order of a course stands.
const ORDER: &str = "lessons/course.yaml";

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// New files, relative to the course's folder.
    pub wrote: Vec<String>,
    /// The order, where the id could be entered.
    pub changed: Vec<String>,
    /// What is to be entered by hand, where it could not.
    pub enter: Option<String>,
}

/// Files of an exercise, relative to the course's folder.
pub fn exercise(id: &str, title: &str, lesson: &str) -> FileSet {
    let repository = id.to_lowercase();
    let values = [("ID", id), ("TITLE", title), ("LESSON", lesson), ("REPOSITORY", repository.as_str())];
    let mut files = FileSet::new();
    let mut folders = vec![&EXERCISE];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let text = filled(file.contents_utf8().unwrap_or_default(), &values);
            files.insert(format!("exercises/{}/{}", stem(id, title), file.path().display()), text.into_bytes());
        }
    }
    files
}

/// The file of a lesson.
pub fn lesson(id: &str, title: &str) -> FileSet {
    let text = filled(LESSON, &[("ID", id), ("TITLE", title)]);
    FileSet::from([(format!("lessons/{}.md", stem(id, title)), text.into_bytes())])
}

/// The file of a recipe.
pub fn recipe(name: &str) -> FileSet {
    FileSet::from([(format!("checks/{name}.yaml"), filled(RECIPE, &[("NAME", name)]).into_bytes())])
}

/// The order of an empty course.
fn outline(name: &str) -> FileSet {
    FileSet::from([(ORDER.to_owned(), filled(OUTLINE, &[("NAME", name), ("TITLE", "A course")]).into_bytes())])
}

/// All files of a course with one lesson and one exercise.
pub fn course(name: &str) -> FileSet {
    let mut files = outline(name);
    files.extend(lesson("L01", "The first lesson"));
    files.extend(exercise("E01", "The first exercise", "L01"));
    let order = files.get_mut(ORDER).expect("it was put there");
    let text = String::from_utf8_lossy(order).replace("items: []", "items: [L01, E01]");
    *order = text.into_bytes();
    files
}

fn filled(text: &str, values: &[(&str, &str)]) -> String {
    // In the texts, a title stands between double quotes.
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), &quoted(value)))
}

/// `X01-a-greeting`
fn stem(id: &str, title: &str) -> String {
    let words = title.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(id).chain(words).collect::<Vec<_>>().join("-")
}

/// Whether something can be an id of a lesson or an exercise: a letter, and letters and digits. The images of an exercise
/// are called by it.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn check_id(course: &Course, id: &str) -> Result<(), CourseError> {
    let fits = id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.chars().all(|c| c.is_ascii_alphanumeric());
    if !fits || id.len() > 20 || id.to_lowercase().starts_with("dlearn") {
        let what = format!("`{id}` cannot be an id");
        return Err(CourseError::new(ORDER, what, "take a letter and a number, as in X01"));
    }
    match course.item(id) {
        Some(other) => {
            let what = format!("there is a lesson or exercise `{}` already", other.id());
            Err(CourseError::new(ORDER, what, "ids are unique: take another one"))
        }
        None => Ok(()),
    }
}

/// Whether something can be a recipe's name: words of small letters and digits, joined by dashes.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn check_name(course: &Course, name: &str) -> Result<(), CourseError> {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !name.split('-').all(word) {
        let what = format!("`{name}` cannot be the name of a recipe");
        return Err(CourseError::new("checks", what, "write small letters, digits and dashes, as in own-folder"));
    }
    if course.recipes.contains_key(name) || crate::check::Kind::NAMES.contains(&name) {
        let what = format!("there is a recipe or a kind of check called `{name}` already");
        return Err(CourseError::new("checks", what, "take another name; dlearn explain lists them"));
    }
    Ok(())
}

/// Writes new files into a course's folder; nothing is written where one of them exists.
///
/// # Errors
/// The file that exists, or cannot be written.
pub fn write(root: &Path, files: &FileSet) -> Result<Vec<String>, CourseError> {
    if let Some(path) = files.keys().find(|path| root.join(path).symlink_metadata().is_ok()) {
        return Err(CourseError::new(path.as_str(), "the file exists", "nothing was written: take another name"));
    }
    for (path, content) in files {
        let io =
            |error: std::io::Error| CourseError::new(path.as_str(), error.to_string(), "look at the folder's rights");
        let place = root.join(path);
        if let Some(folder) = place.parent() {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode_of(content)).open(&place).map_err(io)?;
        file.write_all(content).map_err(io)?;
    }
    Ok(files.keys().cloned().collect())
}

/// Writes the files of a new lesson or exercise, and enters it into the order, behind `after`.
///
/// # Errors
/// As [`write`].
pub fn add(root: &Path, files: &FileSet, id: &str, after: Option<&str>) -> Result<Made, CourseError> {
    let wrote = write(root, files)?;
    let place = root.join(ORDER);
    let text = std::fs::read_to_string(&place).unwrap_or_default();
    let entered = entered(&text, id, after).filter(|text| std::fs::write(&place, text).is_ok());
    Ok(match entered {
        Some(_) => Made { wrote, changed: vec![ORDER.to_owned()], enter: None },
        None => Made { wrote, changed: Vec::new(), enter: Some(format!("enter {id} under items: in {ORDER}")) },
    })
}

/// The order with one id more, behind `after` or behind the last item; none where that cannot be done by adding a word.
fn entered(text: &str, id: &str, after: Option<&str>) -> Option<String> {
    let tree = Node::read(text);
    let lists: Vec<&Node> = tree.get("modules")?.items().iter().filter_map(|module| module.get("items")).collect();
    let items = || lists.iter().flat_map(|list| list.texts());
    let before = items().rfind(|(_, item)| after.is_none_or(|after| item.eq_ignore_ascii_case(after)));
    let changed = match before {
        Some((at, item)) => behind(text, at, item, id)?,
        // The only list is an empty one.
        None => text.replacen("items: []", &format!("items: [{id}]"), 1),
    };
    let outline: Outline = read_yaml(&changed).ok()?;
    let added = outline.modules.iter().flat_map(|module| &module.items).filter(|item| *item == id).count() == 1;
    added.then_some(changed)
}

/// `[L06, L07]` with an id behind the item at a place, or a list of lines with a line behind it.
fn behind(text: &str, at: At, item: &str, id: &str) -> Option<String> {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let line = lines.get(at.line - 1)?.clone();
    let start: usize = line.chars().take(at.column - 1).map(char::len_utf8).sum();
    if line[..start].trim() == "-" {
        lines.insert(at.line, format!("{}{id}", &line[..start]));
    } else {
        let end = start + line[start..].find([',', ']'])?.max(item.len());
        lines[at.line - 1] = format!("{}, {id}{}", line[..end].trim_end(), &line[end..]);
    }
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(items: &str) -> String {
        format!("course: x # stable\ntitle: X\nmodules:\n  - id: M1\n    title: One\n    items: {items}\n")
    }

    #[test]
    fn an_id_is_entered_behind_its_lesson_and_nothing_else_changes() {
        assert_eq!(entered(&order("[L01, L02]"), "X01", Some("L01")).unwrap(), order("[L01, X01, L02]"));
        assert_eq!(entered(&order("[L01, L02] # all"), "X01", None).unwrap(), order("[L01, L02, X01] # all"));
        assert_eq!(entered(&order("[]"), "L01", None).unwrap(), order("[L01]"));
        let lines = order("\n      - L01 # first\n      - L02");
        assert_eq!(
            entered(&lines, "X01", Some("l01")).unwrap(),
            order("\n      - L01 # first\n      - X01\n      - L02")
        );
    }

    #[test]
    fn what_cannot_be_entered_safely_is_left_to_the_author() {
        assert_eq!(entered(&order("[L01"), "X01", None), None);
        assert_eq!(entered("", "X01", None), None);
        assert_eq!(entered(&order("[L01]"), "L01", None), None);
    }

    #[test]
    fn a_title_is_safe_in_yaml_and_in_a_files_name() {
        assert_eq!(stem("X01", "Say \"hello\": ../.. you"), "X01-say-hello-you");
        let files = exercise("X01", "Say \"hello\": \\ {{x}}", "L01");
        let yaml = &files["exercises/X01-say-hello-x/exercise.yaml"];
        let read: super::super::Exercise = read_yaml(std::str::from_utf8(yaml).unwrap()).unwrap();
        assert_eq!(read.title, "Say \"hello\": \\ {{x}}");
    }

    #[test]
    fn what_exists_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let files = recipe("own-folder");
        assert_eq!(write(folder.path(), &files).unwrap(), ["checks/own-folder.yaml"]);
        std::fs::write(folder.path().join("checks/own-folder.yaml"), "mine").unwrap();
        assert!(write(folder.path(), &files).unwrap_err().to_string().contains("exists"));
        assert_eq!(std::fs::read_to_string(folder.path().join("checks/own-folder.yaml")).unwrap(), "mine");
    }
}
