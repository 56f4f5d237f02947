//! Where a course's files come from, and how its YAML is read.

use super::CourseError;
use include_dir::{Dir, File, include_dir};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

static LESSONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/lessons");
static EXERCISES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/exercises");
static RECIPES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/checks");

/// The largest course file that is read, in bytes.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Files by path (relative, `/` between parts).
pub type FileSet = BTreeMap<String, Vec<u8>>;

/// The course inside the binary, or a folder that replaces it as a whole.
#[derive(Clone, Debug)]
pub enum Source {
    /// What this binary was built with.
    Embedded,
    /// A folder with `lessons/`, `exercises/` and `checks/`.
    Folder(PathBuf),
}

impl Source {
    /// All files below `top` (`lessons`, `exercises` or `checks`), paths relative to it.
    ///
    /// # Errors
    /// Where a folder cannot be read, or holds a link or a file of more than 8 MiB.
    pub fn files(&self, top: &str) -> Result<FileSet, CourseError> {
        let mut files = FileSet::new();
        match self {
            Source::Embedded => {
                let all = embedded_files(embedded(top)).into_iter();
                files.extend(all.map(|(path, content)| (path, content.to_vec())));
            }
            // A course may do without recipes.
            Source::Folder(path) if top == "checks" && !path.join(top).exists() => {}
            Source::Folder(path) => walk(&path.join(top), "", &mut files)?,
        }
        Ok(files)
    }
}

/// The course folder that a path lies in: the nearest above it, or itself, with `lessons/` and `exercises/`.
pub fn enclosing(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let is_course = |folder: &&Path| folder.join("lessons").is_dir() && folder.join("exercises").is_dir();
    path.ancestors().find(is_course).map(Path::to_owned)
}

/// A top folder inside the program.
pub(super) fn embedded(top: &str) -> &'static Dir<'static> {
    match top {
        "lessons" => &LESSONS,
        "exercises" => &EXERCISES,
        _ => &RECIPES,
    }
}

/// All files below a folder inside the program.
pub(super) fn embedded_files(dir: &'static Dir<'static>) -> Vec<(String, &'static [u8])> {
    let path = |file: &File<'_>| file.path().to_string_lossy().replace('\\', "/");
    let here = dir.files().map(|file| (path(file), file.contents()));
    here.chain(dir.dirs().flat_map(embedded_files)).collect()
}

fn walk(root: &Path, below: &str, files: &mut FileSet) -> Result<(), CourseError> {
    let io = |path: &Path, error: std::io::Error| {
        CourseError::new(
            path.display().to_string(),
            error.to_string(),
            "a course folder holds lessons/, exercises/ and checks/",
        )
    };
    let dir = root.join(below);
    for entry in std::fs::read_dir(&dir).map_err(|error| io(&dir, error))? {
        let entry = entry.map_err(|error| io(&dir, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let meta = entry.metadata().map_err(|error| io(&entry.path(), error))?;
        if meta.is_symlink() || meta.len() > LARGEST && meta.is_file() {
            return Err(CourseError::new(
                path,
                "a course holds no links and no file above 8 MiB",
                "put a small regular file here",
            ));
        }
        if meta.is_dir() {
            walk(root, &path, files)?;
        } else if meta.is_file() {
            let content = std::fs::read(entry.path()).map_err(|error| io(&entry.path(), error))?;
            files.insert(path, content);
        }
    }
    Ok(())
}

/// The mode with which a course file is written into a folder: scripts are executable.
pub fn mode_of(content: &[u8]) -> u32 {
    if content.starts_with(b"#!") { 0o755 } else { 0o644 }
}

/// Reads YAML that an author wrote. `lines_before` is the number of lines above it in the file.
///
/// # Errors
/// Names line and column, shows the line, and offers the nearest valid word.
pub fn yaml_at<T: DeserializeOwned>(file: &str, text: &str, lines_before: usize) -> Result<T, CourseError> {
    read_yaml(text).map_err(|(at, raw)| {
        let (what, cure) = in_plain_words(&raw);
        let help = nearest_word(&raw).map(|word| format!("did you mean `{word}`?"));
        let help = help.unwrap_or_else(|| cure.to_owned());
        let Some((line, column)) = at else {
            return CourseError::new(file, what, help);
        };
        let (shown, caret) = around(text.lines().nth(line - 1).unwrap_or_default(), column);
        let number = line + lines_before;
        let what = format!("{what}\n  {number:>4} | {shown}\n       | {:>caret$}", "^");
        CourseError::new(file, what, help).at(number, Some(column))
    })
}

/// Characters of a line that are shown before and behind a place in it.
const AROUND: usize = 100;

/// What is shown of a line for a place in it (a column from 1), and in which column of that the place is.
fn around(line: &str, column: usize) -> (String, usize) {
    let from = column.saturating_sub(AROUND);
    let mut shown: String = line.chars().skip(from).take(2 * AROUND).collect();
    if line.chars().nth(from + 2 * AROUND).is_some() {
        shown.push('…');
    }
    match from {
        0 => (shown, column),
        from => (format!("…{shown}"), column - from + 1),
    }
}

/// A reader's message in the words of somebody who writes YAML, and what to do about it.
fn in_plain_words(message: &str) -> (String, &'static str) {
    const QUOTE: &str =
        "put a text that begins with { or [ or contains `: ` in double quotes, and mind the indentation";
    const WORDS: &[(&str, &str, &str)] = &[
        ("invalid u", "a whole number is needed here", ""),
        ("invalid i64", "a whole number is needed here", ""),
        (
            "expected mapping start",
            "fields are needed here, not a single value",
            "write { name: value }; a text matcher is { equals: TEXT }",
        ),
        ("expected sequence start", "a list is needed here", "write [ one, two ], also for a single one"),
        ("expected string scalar", "a text is needed here", QUOTE),
        ("mapping values are not allowed", "there is a `: ` too many here", QUOTE),
        ("DuplicateKeyPolicy", "this key stands here twice", "keep one of the two"),
        (
            "after enum variant",
            "only one kind (or step) can stand here",
            "begin a new entry of the list for the second one",
        ),
        ("tuple variant", "this needs exactly two values", "a range is [first, last]"),
        ("found a tab", "a tab stands near here", "YAML is indented with spaces only"),
        ("missing field", "", "mind the indentation: the field may stand under another one"),
    ];
    for (sign, plain, cure) in WORDS {
        if message.contains(sign) {
            let what = if plain.is_empty() { message.to_owned() } else { (*plain).to_owned() };
            return (what, cure);
        }
    }
    (message.replace("unknown variant", "there is no").replace("unknown field", "there is no field"), "")
}

/// Reads YAML that anybody may have written: bounded in nodes, depth and size.
///
/// # Errors
/// Line and column (from 1) where they are known, and what is wrong.
pub fn read_yaml<T: DeserializeOwned>(text: &str) -> Result<T, (Option<(usize, usize)>, String)> {
    let mut options = serde_yaml::Options::default();
    options.strict_booleans = true;
    options.with_snippet = false;
    if let Some(budget) = options.budget.as_mut() {
        budget.max_nodes = 10_000;
        budget.max_depth = 64;
        budget.max_total_scalar_bytes = 1024 * 1024;
    }
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map(|at| (at.line() as usize, at.column() as usize)).filter(|at| at.0 > 0);
        let message = error.without_snippet().to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).trim().to_owned();
        (at, message)
    })
}

/// For "unknown field `titel`, expected one of title, lesson": the nearest of the expected words.
fn nearest_word(message: &str) -> Option<String> {
    let (unknown, expected) = message.split_once("expected")?;
    if !unknown.contains("unknown") {
        return None;
    }
    let wrong = unknown.split('`').nth(1)?;
    let words = expected.trim_start().trim_start_matches("one of").split([',', ' ']);
    let words = words.map(|word| word.trim_matches(['`', '"'])).filter(|word| !word.is_empty() && *word != "or");
    crate::nearest(wrong, words)
}

/// Says in which line of `text` the error's own word stands, where that can be told: the quoted word
/// that stands there least often, and of several such words the last.
pub fn located(error: CourseError, text: &str) -> CourseError {
    if error.line.is_some() {
        return error;
    }
    let lines_with = |word: &str| {
        let holds =
            |line: &&str| line.split(|c: char| !(c.is_alphanumeric() || "-_./".contains(c))).any(|part| part == word);
        text.lines().enumerate().filter(|(_, line)| holds(line)).map(|(number, _)| number + 1).collect::<Vec<_>>()
    };
    let words = error.what.split('`').skip(1).step_by(2).map(lines_with).filter(|lines| !lines.is_empty());
    match words.max_by_key(|lines| std::cmp::Reverse(lines.len())) {
        Some(lines) => error.at(lines[0], None),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Sheet {
        title: String,
        minutes: u32,
    }

    fn error(text: &str) -> String {
        yaml_at::<Sheet>("x.yaml", text, 0).unwrap_err().to_string()
    }

    #[test]
    fn a_slip_is_named_with_its_place_and_the_nearest_word() {
        let said = error("titel: a\nminutes: 3\n");
        assert!(said.contains("x.yaml: line 1, column 1") && said.contains("did you mean `title`?"), "{said}");
    }

    #[test]
    fn of_a_long_line_the_place_is_shown() {
        // A column beyond 65 535 made the program panic: no text is padded as wide as that.
        let said = error(&format!("{{ title: \"{}\", minutes: ten, more: \"{0}\" }}", "ä".repeat(70_000)));
        let lines: Vec<&str> = said.lines().collect();
        let caret = lines[2].chars().position(|char| char == '^').unwrap();
        let under: String = lines[1].chars().skip(caret).take(3).collect();
        assert_eq!(under, "ten", "{said}");
        assert!(said.len() < 1000 && lines[1].contains("…ä") && lines[1].ends_with("ä…"), "{said}");
    }

    #[test]
    fn messages_speak_of_yaml_and_not_of_the_program() {
        let said = error("title: a\nminutes: ten\n");
        assert!(said.contains("line 2") && said.contains("a whole number is needed"), "{said}");
        let said = error("title: a: b\nminutes: 3\n");
        assert!(said.contains("double quotes"), "{said}");
    }

    #[test]
    fn an_error_about_a_word_is_given_the_words_line() {
        let error = CourseError::new("x", "check `a`: there is no recipe `wrong-one`", "");
        let text = "- id: a\n- id: a2\n  recipe: { name: wrong-one }\n- after: [a]\n";
        assert!(located(error, text).to_string().starts_with("x: line 3: check"));
    }
}
