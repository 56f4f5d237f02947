//! The course inside the program. Which lessons and exercises there are follows from the names of their files; what is
//! in them is read when it is asked for. The project's tests have read it all (`tests/course_embedded.rs`).

use super::load::{self, is_page, is_reference};
use super::shelf::Shelf;
use super::source::{embedded, embedded_files};
use super::{Course, CourseError, FileSet, Lesson, Source};

impl Course {
    /// The course inside the program.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub(super) fn embedded() -> Result<Self, CourseError> {
        let mut errors = Vec::new();
        let recipes = load::recipes(&Source::Embedded.files("checks")?, &mut errors);
        let (mut lessons, mut references, mut outline) = (Shelf::new(), Shelf::new(), FileSet::new());
        for (path, content) in embedded_files(embedded("lessons")) {
            if path == "course.yaml" {
                outline.insert(path, content.to_vec());
                continue;
            }
            let file = format!("lessons/{path}");
            let shelf = if is_reference(&file) { &mut references } else { &mut lessons };
            if is_page(&path) {
                let id = id_in(path.rsplit('/').next().unwrap_or_default().trim_end_matches(".md"));
                shelf.insert_unread(id, move || {
                    fine(load::text(&file, content).and_then(|text| Lesson::parse(&file, text)))
                });
            }
        }
        let outline = load::outline(&outline, &mut errors);
        let (mut exercises, mut folders) = (Shelf::new(), std::collections::BTreeMap::new());
        for folder in embedded("exercises").dirs() {
            let name = folder.path().to_string_lossy().into_owned();
            folders.insert(id_in(&name), name.clone());
            exercises.insert_unread(id_in(&name), move || {
                let files = embedded_files(folder).into_iter();
                let inside =
                    |(path, content): (String, &[u8])| Some((path.split_once('/')?.1.to_owned(), content.to_vec()));
                fine(load::exercise(name.clone(), files.filter_map(inside).collect()))
            });
        }
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(Self { outline, lessons, references, exercises, recipes, folders }),
        }
    }
}

/// The id in the name of a file or folder: `E01` of `E01-first-dockerfile`.
fn id_in(name: &str) -> String {
    name.split('-').next().unwrap_or(name).to_owned()
}

/// What was read: nothing else can be in a program whose tests have passed.
fn fine<T>(read: Result<T, CourseError>) -> T {
    read.unwrap_or_else(|error| panic!("the course in this program cannot be read: {error}"))
}
