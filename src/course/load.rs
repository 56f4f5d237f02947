//! Reads a whole course and looks things up in it.

use super::exercise::Draw;
use super::shelf::Shelf;
use super::{CourseError, Exercise, FileSet, Item, Lesson, Outline, Question, Source, recipe::Recipe, service, source};
use std::collections::BTreeMap;

/// A course: outline, lessons, references, exercises, recipes.
#[derive(Clone, Debug)]
pub struct Course {
    /// Title and order.
    pub outline: Outline,
    /// Lessons by id.
    pub lessons: Shelf<Lesson>,
    /// Pages to look things up in (`lessons/reference/*.md`), by id: written like lessons, and no step of the course.
    pub references: Shelf<Lesson>,
    /// Exercises by id.
    pub exercises: Shelf<Entry>,
    /// Recipes by name.
    pub recipes: BTreeMap<String, Recipe>,
    /// The exercises' folders by id: what [`Entry::folder`] says, without reading them.
    pub folders: BTreeMap<String, String>,
}

/// An exercise with its files.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name of its folder (`E01-first-dockerfile`); the learner's folder has the same.
    pub folder: String,
    /// What the author wrote.
    pub exercise: Exercise,
    /// Every file of the folder, paths relative to it.
    pub files: FileSet,
    /// What `{{name}}` stands for that neither the exercise nor the token tells: the learner's registry. Examples
    /// as long as nobody says better.
    pub given: BTreeMap<String, String>,
}

impl Entry {
    /// The same with these values for `{{name}}`.
    #[must_use]
    pub fn with(&self, given: BTreeMap<String, String>) -> Self {
        Self { given, ..self.clone() }
    }
}

impl Course {
    /// Reads a course.
    ///
    /// Of the course inside the binary, lessons and exercises are read when they are asked for, and how they fit
    /// together is not looked at: they are the same every time, the project's tests ask [`Self::read`], and a learner
    /// waits for the first screen meanwhile.
    ///
    /// # Errors
    /// The first file that is not what it should be, with line and advice.
    pub fn load(source: &Source) -> Result<Self, CourseError> {
        if matches!(source, Source::Embedded) {
            return Self::embedded();
        }
        let (course, errors) = Self::read(source);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(course),
        }
    }

    /// Reads the recipes only.
    ///
    /// # Errors
    /// The first file that is not what it should be.
    pub fn recipes_of(source: &Source) -> Result<BTreeMap<String, Recipe>, CourseError> {
        let mut errors = Vec::new();
        let recipes = recipes(&source.files("checks")?, &mut errors);
        errors.into_iter().next().map_or(Ok(recipes), Err)
    }

    /// Reads a course: what could be read of it, and everything that is wrong. How the files fit together is looked at
    /// only when each of them can be read.
    pub fn read(source: &Source) -> (Self, Vec<CourseError>) {
        let (course, mut errors, outline_text) = Self::parse(source);
        if errors.is_empty() {
            let of_outline = course.check_outline().map_err(|error| source::located(error, &outline_text));
            errors.extend(of_outline.err());
            errors.extend(course.check_questions().err());
            errors.extend(course.exercises.values().filter_map(|entry| {
                let yaml = entry.files.get("exercise.yaml").map(|yaml| String::from_utf8_lossy(yaml));
                let error = course.check_exercise(entry).err()?;
                Some(source::located(error, &yaml.unwrap_or_default()))
            }));
        }
        (course, errors)
    }

    /// Reads each file for itself: the course, what is wrong with them, and the text of the outline.
    fn parse(source: &Source) -> (Self, Vec<CourseError>, String) {
        let mut errors = Vec::new();
        let mut files = |top: &str| {
            source.files(top).unwrap_or_else(|error| {
                errors.push(error);
                FileSet::new()
            })
        };
        let (recipe_files, lesson_files, exercise_files) = (files("checks"), files("lessons"), files("exercises"));
        // Exercises take as long as everything else together.
        let (recipes, outline, (references, lessons), exercises) = std::thread::scope(|scope| {
            let exercises = scope.spawn(|| {
                let mut errors = Vec::new();
                (exercises(exercise_files, &mut errors), errors)
            });
            let recipes = recipes(&recipe_files, &mut errors);
            let outline = outline(&lesson_files, &mut errors);
            let pages = pages(&lesson_files, &mut errors).into_iter();
            let (references, lessons): (Vec<_>, Vec<_>) = pages.partition(|(_, page)| is_reference(&page.file));
            (recipes, outline, (references, lessons), exercises.join())
        });
        let (exercises, of_exercises) = exercises.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        errors.extend(of_exercises);
        let outline_text = lesson_files.get("course.yaml").map(|text| String::from_utf8_lossy(text).into_owned());
        let folders = exercises.iter().map(|(id, entry)| (id.clone(), entry.folder.clone())).collect();
        let (lessons, references) = (lessons.into_iter().collect(), references.into_iter().collect());
        let exercises = exercises.into_iter().collect();
        let course = Self { outline, lessons, references, exercises, recipes, folders };
        (course, errors, outline_text.unwrap_or_default())
    }

    /// The steps of the course in order.
    pub fn items(&self) -> Vec<Item> {
        let ids = self.outline.modules.iter().flat_map(|module| &module.items);
        ids.filter_map(|id| self.item(id)).collect()
    }

    /// The lesson or exercise with this id, in any case of letters.
    pub fn item(&self, id: &str) -> Option<Item> {
        let find =
            |mut keys: Box<dyn Iterator<Item = &String> + '_>| keys.find(|key| key.eq_ignore_ascii_case(id)).cloned();
        find(Box::new(self.lessons.keys()))
            .map(Item::Lesson)
            .or_else(|| find(Box::new(self.exercises.keys())).map(Item::Exercise))
    }

    /// The lesson or reference with this id, in any case of letters.
    pub fn page(&self, id: &str) -> Option<&Lesson> {
        let on = |shelf: &Shelf<Lesson>| shelf.keys().find(|key| key.eq_ignore_ascii_case(id)).cloned();
        match on(&self.lessons) {
            Some(id) => self.lessons.get(&id),
            None => self.references.get(&on(&self.references)?),
        }
    }

    /// All lessons, and then all references.
    pub fn pages(&self) -> impl Iterator<Item = &Lesson> {
        self.lessons.values().chain(self.references.values())
    }

    /// All ids of steps, for "did you mean".
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.lessons.keys().chain(self.exercises.keys()).map(String::as_str)
    }

    /// All ids of steps and references, for "did you mean".
    pub fn all_ids(&self) -> impl Iterator<Item = &str> {
        self.ids().chain(self.references.keys().map(String::as_str))
    }

    /// The question with this id, and the lesson that it belongs to.
    pub fn question<'a>(&'a self, id: &str) -> Option<(&'a Lesson, &'a Question)> {
        let within = |lesson: &'a Lesson| Some((lesson, lesson.questions().find(|question| question.id == id)?));
        // Its id begins with the lesson's: one page is read for it.
        let named = id.split_once('.').and_then(|(lesson, _)| self.page(lesson));
        named.and_then(within).or_else(|| self.pages().find_map(within))
    }

    /// The questions of earlier lessons that a lesson asks first.
    pub fn recalled(&self, lesson: &Lesson) -> Vec<&Question> {
        lesson.recall.iter().filter_map(|id| Some(self.question(id)?.1)).collect()
    }

    fn check_outline(&self) -> Result<(), CourseError> {
        for id in self.outline.modules.iter().flat_map(|module| &module.items) {
            if self.item(id).is_none() {
                let is_reference = self.references.contains_key(id);
                let near = crate::nearest(id, self.ids()).filter(|_| !is_reference);
                let help = near.map(|near| format!("did you mean {near}?")).unwrap_or_else(|| match is_reference {
                    true => "take it out: a reference stands in no module".into(),
                    false => "remove it, or add its file".into(),
                });
                return Err(CourseError::new(
                    "lessons/course.yaml",
                    format!("there is no lesson or exercise `{id}`"),
                    help,
                ));
            }
        }
        Ok(())
    }

    fn check_questions(&self) -> Result<(), CourseError> {
        let mut seen = BTreeMap::new();
        for lesson in self.pages() {
            let id = &lesson.front.id;
            for question in lesson.questions() {
                if let Some(other) = seen.insert(&question.id, id) {
                    let what = format!("two questions have the id {} (in {other} and {id})", question.id);
                    return Err(CourseError::new("lessons", what, "ids are unique: what was missed is kept by them"));
                }
            }
        }
        Ok(())
    }

    /// An exercise must make a round: names, recipes and templates are tried out once.
    fn check_exercise(&self, entry: &Entry) -> Result<(), CourseError> {
        let exercise = &entry.exercise;
        let file = format!("exercises/{}/exercise.yaml", entry.folder);
        if !self.lessons.contains_key(&exercise.lesson) {
            let near = crate::nearest(&exercise.lesson, self.lessons.keys().map(String::as_str));
            let help =
                near.map_or("name a lesson that exists in lessons/".into(), |near| format!("did you mean {near}?"));
            return Err(CourseError::new(file, format!("there is no lesson `{}`", exercise.lesson), help));
        }
        for (alias, image) in &exercise.images {
            if !service::is_own_name(image, &exercise.repository) {
                let own = &exercise.repository;
                return Err(CourseError::new(
                    file,
                    format!("image `{alias}` is called `{image}`"),
                    format!(
                        "write {own}/NAME:TAG, or in a registry HOST/{own}/NAME:TAG or HOST/NAMESPACE/{own}-NAME:TAG: \
                         an exercise claims names of its own only"
                    ),
                ));
            }
        }
        if let Some(rounds) = &exercise.rounds
            && !(1..=rounds.variants.len()).contains(&rounds.count)
        {
            let what =
                format!("the `count` of rounds is {}, and there are {} variants", rounds.count, rounds.variants.len());
            return Err(CourseError::new(file, what, "a learner meets at least one variant, and each at most once"));
        }
        if exercise.repository.starts_with("dlearn") {
            let what = format!("the `repository` is `{}`", exercise.repository);
            return Err(CourseError::new(file, what, "take another name: dlearn's own images are called so"));
        }
        entry.rounds_of_every_variant(&self.recipes).and_then(|()| check_draws(entry, &file))
    }
}

/// Values can be drawn, and templates name files.
fn check_draws(entry: &Entry, file: &str) -> Result<(), CourseError> {
    for (name, draw) in &entry.exercise.vars {
        let empty = match draw {
            Draw::Range(first, last) => first > last,
            Draw::Pick(words) => words.is_empty(),
            // It goes along with one that is not empty.
            Draw::Along(_) => false,
        };
        if empty {
            let what = format!("nothing can be drawn for `{name}`");
            return Err(CourseError::new(file, what, "a range is [first, last], and a pick has at least one word"));
        }
    }
    let named = |template: &str| {
        let mut files = entry.files.keys();
        files.any(|path| path.ends_with(&format!("/{template}")))
    };
    match entry.exercise.templates.iter().find(|template| !named(template)) {
        Some(template) => {
            let what = format!("templates names `{template}`, and no file of the exercise is called so");
            Err(CourseError::new(file, what, "write its path as below start/ or solution/"))
        }
        None => Ok(()),
    }
}

/// Recipes by name.
pub(super) fn recipes(files: &FileSet, errors: &mut Vec<CourseError>) -> BTreeMap<String, Recipe> {
    let one = |path: &str, content: &[u8]| {
        let file = format!("checks/{path}");
        let recipe: Recipe = source::yaml_at(&file, text(&file, content)?, 0)?;
        same(&file, "name", &recipe.name, path.trim_end_matches(".yaml"))?;
        Ok((recipe.name.clone(), recipe))
    };
    let yaml = files.iter().filter(|(path, _)| path.ends_with(".yaml"));
    let located = |error, content: &[u8]| source::located(error, &String::from_utf8_lossy(content));
    yaml.filter_map(|(path, content)| one(path, content).map_err(|error| errors.push(located(error, content))).ok())
        .collect()
}

/// The order of the course; an empty one where it cannot be read.
pub(super) fn outline(files: &FileSet, errors: &mut Vec<CourseError>) -> Outline {
    const FILE: &str = "lessons/course.yaml";
    let read = || {
        let help = "it gives the order of the course: see lessons/README.md";
        let content = files.get("course.yaml").ok_or_else(|| CourseError::new(FILE, "the file is missing", help))?;
        source::yaml_at(FILE, text(FILE, content)?, 0)
    };
    read().unwrap_or_else(|error| {
        errors.push(error);
        Outline { course: String::new(), title: String::new(), modules: Vec::new() }
    })
}

/// Whether a file below `lessons/` is a lesson or a reference.
pub(super) fn is_page(path: &str) -> bool {
    path.ends_with(".md") && !path.ends_with("README.md")
}

/// Whether a page's file is a reference's.
pub(super) fn is_reference(file: &str) -> bool {
    file.starts_with("lessons/reference/")
}

/// Lessons and references by id.
fn pages(files: &FileSet, errors: &mut Vec<CourseError>) -> BTreeMap<String, Lesson> {
    let mut pages = BTreeMap::new();
    for (path, content) in files.iter().filter(|(path, _)| is_page(path)) {
        let file = format!("lessons/{path}");
        match text(&file, content).and_then(|text| Lesson::parse(&file, text)) {
            Ok(lesson) => {
                if let Some(other) = pages.insert(lesson.front.id.clone(), lesson) {
                    let what = format!("another lesson has the id `{}`", other.front.id);
                    let error = CourseError::new(file, what, "ids are unique");
                    errors.push(source::located(error, &String::from_utf8_lossy(content)));
                }
            }
            Err(error) => errors.push(error),
        }
    }
    pages
}

/// Exercises by id. Each is read for itself, on as many threads as are worth it.
fn exercises(files: FileSet, errors: &mut Vec<CourseError>) -> BTreeMap<String, Entry> {
    const THREADS: usize = 4;
    let mut folders: BTreeMap<String, FileSet> = BTreeMap::new();
    for (path, content) in files {
        if let Some((folder, rest)) = path.split_once('/') {
            folders.entry(folder.to_owned()).or_default().insert(rest.to_owned(), content);
        }
    }
    let mut left: Vec<(String, FileSet)> = folders.into_iter().collect();
    let share = left.len().div_ceil(THREADS).max(1);
    let mut shares = Vec::new();
    while !left.is_empty() {
        shares.push(left.drain(..share.min(left.len())).collect::<Vec<_>>());
    }
    let one = |(folder, files): (String, FileSet)| {
        let yaml = files.get("exercise.yaml").cloned().unwrap_or_default();
        (yaml, exercise(folder, files))
    };
    let read: Vec<(Vec<u8>, Result<Entry, CourseError>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(one).collect::<Vec<_>>()))
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.flat_map(|read| read.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut exercises: BTreeMap<String, Entry> = BTreeMap::new();
    for (yaml, read) in read {
        let read = read.and_then(|entry| match exercises.get(&entry.exercise.id) {
            Some(other) => {
                let what = format!("{} has the id `{}` too", other.folder, entry.exercise.id);
                let file = format!("exercises/{}/exercise.yaml", entry.folder);
                Err(CourseError::new(file, what, "ids are unique: progress is kept by them"))
            }
            None => Ok(entry),
        });
        match read {
            Ok(entry) => drop(exercises.insert(entry.exercise.id.clone(), entry)),
            Err(error) => errors.push(source::located(error, &String::from_utf8_lossy(&yaml))),
        }
    }
    exercises
}

/// The exercise in a folder of this name, of its files.
pub(super) fn exercise(folder: String, files: FileSet) -> Result<Entry, CourseError> {
    let file = format!("exercises/{folder}/exercise.yaml");
    let yaml = files.get("exercise.yaml").ok_or_else(|| {
        let help = "every folder below exercises/ is an exercise: see exercises/README.md";
        CourseError::new(&file, "the file is missing", help)
    })?;
    let exercise: Exercise = source::yaml_at(&file, text(&file, yaml)?, 0)?;
    let id = &exercise.id;
    if folder != *id && !folder.starts_with(&format!("{id}-")) {
        return Err(CourseError::new(file, format!("the id is `{id}`"), format!("call the folder {id}-NAME")));
    }
    let hidden = |path: &&String| path.split('/').any(|part| matches!(part, ".dlearn" | ".git"));
    if let Some(path) = files.keys().find(hidden) {
        let what = format!("the exercise brings {path}");
        let help = "a course brings no .dlearn and no .git: they steer other programs";
        return Err(CourseError::new(file, what, help));
    }
    let given = service::examples(&exercise.needs.services).map_err(|error| error.within(&file))?;
    Ok(Entry { folder, exercise, files, given })
}

/// A file's text.
pub(super) fn text<'a>(file: &str, content: &'a [u8]) -> Result<&'a str, CourseError> {
    // Some editors on Windows put a byte order mark first.
    std::str::from_utf8(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content))
        .map_err(|error| CourseError::new(file, error.to_string(), "write the file in UTF-8"))
}

fn same(file: &str, field: &str, value: &str, stem: &str) -> Result<(), CourseError> {
    if value == stem {
        return Ok(());
    }
    Err(CourseError::new(file, format!("{field} is `{value}`"), format!("write {field}: {stem}, or rename the file")))
}
