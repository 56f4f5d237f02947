//! An exercise made ready for one learner: one round of it, with names, token and values filled in.

use super::{
    CourseError, FileSet,
    exercise::{Along, Case, Cases, Draw, Under},
    recipe::Recipe,
    template,
};
use crate::check::{Check, CheckSpec, Subject};
use std::collections::BTreeMap;

/// What a learner works on and what is checked at one time. An exercise without `rounds` has one.
#[derive(Clone, Debug)]
pub struct Round {
    /// Id of the exercise.
    pub exercise: String,
    /// From 1.
    pub number: usize,
    /// How many rounds the exercise has.
    pub of: usize,
    /// The variant that was drawn, where the exercise has variants. Never shown to a learner.
    pub variant: Option<String>,
    /// Title of the exercise, or of the round where it has one.
    pub title: String,
    /// The task, in Markdown.
    pub task: String,
    /// Why it worked, in Markdown.
    pub why: String,
    /// Folder of the workspace inside the exercise's folder: empty, or `round-2`.
    pub folder: String,
    /// Files that the learner starts from, the token file among them.
    pub start: FileSet,
    /// Files of the reference solution (over `start`).
    pub solution: FileSet,
    /// Names and token.
    pub subject: Subject,
    /// Base images that must be there.
    pub bases: Vec<String>,
    /// What is verified.
    pub checks: Vec<Check>,
    /// Checks that wait for others may ask before their turn: somebody waits for all of them, and not for the next one.
    pub eager: bool,
    /// Three hints.
    pub hints: Vec<String>,
    /// Answers that prove it.
    pub cases: Cases,
    values: BTreeMap<String, String>,
    templates: Vec<String>,
}

impl super::load::Entry {
    /// The learner's rounds, which follow from the token.
    ///
    /// `rename` gives an image its name on the engine: the exercise's own for a learner, a
    /// throw-away one for a proof that must not touch the learner's.
    ///
    /// # Errors
    /// Where the exercise's files and `exercise.yaml` do not fit together.
    pub fn rounds(
        &self,
        recipes: &BTreeMap<String, Recipe>,
        token: &str,
        rename: &dyn Fn(&str) -> String,
    ) -> Result<Vec<Round>, CourseError> {
        let Some(rounds) = &self.exercise.rounds else {
            return Ok(vec![self.round(recipes, token, rename, 1, 1, None)?]);
        };
        let mut names: Vec<&String> = rounds.variants.keys().collect();
        names.sort_by_key(|name| template::draw(token, name));
        let count = rounds.count.min(names.len());
        (1..=count).map(|number| self.round(recipes, token, rename, number, count, Some(names[number - 1]))).collect()
    }

    /// One round for each variant, whatever the token would have drawn: for proofs and for reading.
    ///
    /// # Errors
    /// As [`Self::rounds`].
    pub fn every_variant(
        &self,
        recipes: &BTreeMap<String, Recipe>,
        token: &str,
        rename: &dyn Fn(&str) -> String,
    ) -> Result<Vec<Round>, CourseError> {
        let Some(rounds) = &self.exercise.rounds else {
            return self.rounds(recipes, token, rename);
        };
        let of = rounds.variants.len();
        let numbered = rounds.variants.keys().enumerate();
        numbered.map(|(index, name)| self.round(recipes, token, rename, index + 1, of, Some(name))).collect()
    }

    pub(super) fn rounds_of_every_variant(&self, recipes: &BTreeMap<String, Recipe>) -> Result<(), CourseError> {
        for round in self.every_variant(recipes, "0000000000000000", &|name| name.to_owned())? {
            round.check_cases(self)?;
        }
        Ok(())
    }

    fn round(
        &self,
        recipes: &BTreeMap<String, Recipe>,
        token: &str,
        rename: &dyn Fn(&str) -> String,
        number: usize,
        of: usize,
        variant: Option<&String>,
    ) -> Result<Round, CourseError> {
        let exercise = &self.exercise;
        let file = format!("exercises/{}/exercise.yaml", self.folder);
        let rounds = exercise.rounds.as_ref();
        let chosen = variant.and_then(|name| rounds?.variants.get(name));
        if let Some((name, of)) = self.astray() {
            let what = format!("`{name}` goes along with `{of}`, which is no pick of as many texts");
            return Err(CourseError::new(file, what, "give each text of the one its text of the other"));
        }
        let mut values = self.values(token, number);
        values.extend(chosen.iter().flat_map(|variant| variant.vars.clone()));
        let images: BTreeMap<String, String> = exercise
            .images
            .iter()
            .map(|(alias, name)| (alias.clone(), rename(&template::fill(name, &values))))
            .collect();
        values.extend(images.iter().map(|(alias, name)| (format!("image.{alias}"), name.clone())));

        let specs = exercise.checks.iter().chain(chosen.iter().flat_map(|variant| &variant.checks));
        let bases: Vec<String> = exercise.all_bases().cloned().collect();
        let checks = resolved(specs, recipes, &values, &images, &bases, &file)?;
        let hints = chosen.map_or(&exercise.hints, |variant| &variant.hints);
        if hints.len() != 3 || hints.iter().any(|hint| hint.trim().is_empty()) {
            let what = format!("there are {} `hints`", hints.len());
            return Err(CourseError::new(file, what, "write three: a nudge, a pointer, nearly the solution"));
        }
        let task = match chosen {
            Some(variant) if !variant.task.is_empty() => format!("{}\n\n{}", exercise.task, variant.task),
            _ => exercise.task.clone(),
        };
        let mut round = Round {
            exercise: exercise.id.clone(),
            number,
            of,
            variant: variant.cloned(),
            title: template::fill(chosen.map_or(&exercise.title, |variant| &variant.title), &values),
            task: template::fill(&task, &values),
            why: template::fill(chosen.map_or(&exercise.why, |variant| &variant.why), &values),
            folder: if rounds.is_some() { format!("round-{number}") } else { String::new() },
            start: FileSet::new(),
            solution: FileSet::new(),
            subject: Subject { images, token: token.to_owned() },
            bases,
            checks,
            eager: false,
            hints: hints.iter().map(|hint| template::fill(hint, &values)).collect(),
            cases: filled(chosen.map_or(&exercise.cases, |variant| &variant.cases), &values)
                .map_err(|what| CourseError::new(&file, what, ""))?,
            values,
            templates: exercise.templates.clone(),
        };
        round.start = round.layers_of(self, "start");
        if exercise.token.is_some() {
            round.start.insert("token".into(), format!("{token}\n").into_bytes());
        }
        round.solution = round.layers_of(self, "solution");
        Ok(round)
    }

    /// A value that goes along with one that is not picked from as many texts.
    fn astray(&self) -> Option<(&str, &str)> {
        let vars = &self.exercise.vars;
        let alike = |along: &Along| matches!(vars.get(&along.of), Some(Draw::Pick(of)) if of.len() == along.pick.len());
        vars.iter().find_map(|(name, draw)| match draw {
            Draw::Along(along) if !alike(along) => Some((name.as_str(), along.of.as_str())),
            _ => None,
        })
    }

    /// What `{{name}}` stands for.
    fn values(&self, token: &str, number: usize) -> BTreeMap<String, String> {
        let mut values = BTreeMap::from([
            ("token".to_owned(), token.to_owned()),
            ("repository".to_owned(), self.exercise.repository.clone()),
            ("round".to_owned(), number.to_string()),
        ]);
        values.extend(self.given.clone());
        for (name, draw) in &self.exercise.vars {
            let drawn = template::draw(token, name);
            let value = match draw {
                Draw::Range(first, last) => {
                    let count = u64::from(last.saturating_sub(*first)) + 1;
                    (u64::from(*first) + drawn % count).to_string()
                }
                Draw::Pick(words) => picked(words, drawn),
                Draw::Along(along) => picked(&along.pick, template::draw(token, &along.of)),
            };
            values.insert(name.clone(), value);
        }
        values
    }
}

/// Checks with everything filled in that stands for something, in an order in which each can be judged.
///
/// # Errors
/// Where one names a recipe, a value, an image or a check that there is none of.
pub(super) fn resolved<'a>(
    specs: impl IntoIterator<Item = &'a CheckSpec>,
    recipes: &BTreeMap<String, Recipe>,
    values: &BTreeMap<String, String>,
    images: &BTreeMap<String, String>,
    bases: &[String],
    file: &str,
) -> Result<Vec<Check>, CourseError> {
    let mut checks = Vec::new();
    for spec in specs {
        let check = spec.resolve(recipes, values).map_err(|what| what.within(file))?;
        if checks.iter().any(|other: &Check| other.id == check.id) {
            let what = format!("two checks have the id `{}`", check.id);
            return Err(CourseError::new(file, what, "each has an id of its own"));
        }
        if let Some(name) = check.unfilled() {
            let what = format!("check `{}` uses `{name}`, which stands for nothing", check.id);
            let near = crate::nearest(&name, values.keys().map(String::as_str));
            let help = near
                .map_or("write the value itself, or declare it under vars: where there is one".into(), |near| {
                    format!("did you mean {near}?")
                });
            return Err(CourseError::new(file, what, help));
        }
        if let Some(image) = check.foreign_image(images, bases) {
            let what = format!("check `{}` asks about the image {image}", check.id);
            let help = "name one of images:, or one of bases:; no other image is asked about";
            return Err(CourseError::new(file, what, help));
        }
        if let Some(unknown) = check.after.iter().find(|id| !checks.iter().any(|other| other.id == **id)) {
            let what = format!("check `{}` comes after `{unknown}`, which is not a check above it", check.id);
            let near = crate::nearest(unknown, checks.iter().map(|other| other.id.as_str()));
            let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
            return Err(CourseError::new(file, what, help));
        }
        let above = |id: &String| checks.iter().find(|other| other.id == *id);
        if let Some(before) = check.after.iter().filter_map(above).find(|before| before.optional && !check.optional) {
            let what = format!("check `{}` must pass, and comes after {}, which is optional", check.id, before.id);
            return Err(CourseError::new(file, what, "make both optional, or neither"));
        }
        checks.push(check);
    }
    Ok(checks)
}

fn picked(words: &[String], drawn: u64) -> String {
    match words.len() as u64 {
        0 => String::new(),
        count => words[(drawn % count) as usize].clone(),
    }
}

/// The cases with `{{name}}` filled in, in their steps and in what they expect.
fn filled(cases: &Cases, values: &BTreeMap<String, String>) -> Result<Cases, String> {
    let mut cases = cases.clone();
    let all = cases.right.values_mut().chain(cases.wrong.values_mut());
    for case in all.chain([&mut cases.starter, &mut cases.solution]) {
        for text in [&mut case.says, &mut case.notes].into_iter().flatten() {
            *text = template::fill(text, values);
        }
        for step in case.steps.iter_mut().flatten() {
            let mut value = serde_json::to_value(&*step).map_err(|error| error.to_string())?;
            template::fill_value(&mut value, values);
            *step = serde_json::from_value(value).map_err(|error| error.to_string())?;
        }
    }
    Ok(cases)
}

impl Round {
    /// Checks outside a course: there is no task, and nothing is drawn.
    pub(super) fn of_checks(
        file: &str,
        title: String,
        subject: Subject,
        bases: Vec<String>,
        checks: Vec<Check>,
    ) -> Self {
        Self {
            exercise: file.to_owned(),
            number: 1,
            of: 1,
            variant: None,
            title,
            task: String::new(),
            why: String::new(),
            folder: String::new(),
            start: FileSet::new(),
            solution: FileSet::new(),
            subject,
            bases,
            checks,
            eager: true,
            hints: Vec::new(),
            cases: Cases::default(),
            values: BTreeMap::new(),
            templates: Vec::new(),
        }
    }

    /// What `{{name}}` stands for: values drawn for this learner, the token among them, and the exercise's names.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.values().map(String::as_str)
    }

    /// Files of `start`, `solution`, `right/NAME` or `wrong/NAME`: those of the exercise with those of
    /// the variant over them, templates filled in.
    pub fn layers_of(&self, entry: &super::load::Entry, part: &str) -> FileSet {
        let mut files = FileSet::new();
        let variant = self.variant.as_ref().map(|name| format!("rounds/{name}/{part}/"));
        for prefix in std::iter::once(format!("{part}/")).chain(variant) {
            let below = entry.files.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
            for (path, content) in below {
                let name = path[prefix.len()..].to_owned();
                let content = match std::str::from_utf8(content) {
                    Ok(text) if self.templates.contains(&name) => template::fill(text, &self.values).into_bytes(),
                    _ => content.clone(),
                };
                files.insert(name, content);
            }
        }
        files
    }

    /// Every folder of a case is mentioned, every wrong answer says how it fails, and by a check that exists.
    fn check_cases(&self, entry: &super::load::Entry) -> Result<(), CourseError> {
        let file = format!("exercises/{}/exercise.yaml", entry.folder);
        for (part, cases) in [("right", &self.cases.right), ("wrong", &self.cases.wrong)] {
            for name in self.case_folders(entry, part) {
                if !cases.contains_key(&name) {
                    let what = format!("the folder {part}/{name} belongs to no case under `cases`");
                    let near = crate::nearest(&name, cases.keys().map(String::as_str));
                    let help = near.map_or(format!("add it under cases: {part}:, or remove it"), |near| {
                        format!("is it `{near}`?")
                    });
                    return Err(CourseError::new(file, what, help));
                }
            }
        }
        for (part, cases) in [("right", &self.cases.right), ("wrong", &self.cases.wrong)] {
            let folders = self.case_folders(entry, part);
            let same = |(name, case): &(&String, &Case)| {
                !folders.contains(name)
                    && case.steps.is_none()
                    && case.delete.is_empty()
                    && case.over == Under::Solution
            };
            if let Some((name, _)) = cases.iter().find(same) {
                let what =
                    format!("{part} case `{name}` has no folder and no steps: it would only repeat the solution");
                return Err(CourseError::new(file, what, format!("add the folder {part}/{name}, or steps:")));
            }
        }
        if let Some((name, _)) = self.cases.right.iter().find(|(_, case)| case.fails.is_some()) {
            let what = format!("the right answer `{name}` says that it fails");
            return Err(CourseError::new(file, what, "move it to wrong:, or take fails: out"));
        }
        for (name, case) in self.cases.wrong.iter().chain(std::iter::once((&"starter".to_owned(), &self.cases.starter)))
        {
            let Some(fails) = &case.fails else {
                if name == "starter" {
                    continue;
                }
                let what = format!("the wrong answer `{name}` does not say which check it fails");
                return Err(CourseError::new(file, what, "add fails: CHECK and says: part of the message"));
            };
            if name != "starter" && case.says.as_ref().is_none_or(|says| says.trim().is_empty()) {
                let what = format!("the wrong answer `{name}` does not say what its message contains");
                return Err(CourseError::new(file, what, "add says: part of the message"));
            }
            if !self.checks.iter().any(|check| check.id == *fails) {
                let what = format!("the case `{name}` is to fail in `{fails}`, which is no check");
                let near = crate::nearest(fails, self.checks.iter().map(|check| check.id.as_str()));
                let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                return Err(CourseError::new(file, what, help));
            }
        }
        Ok(())
    }

    fn case_folders(&self, entry: &super::load::Entry, part: &str) -> Vec<String> {
        let mut prefixes = vec![format!("{part}/")];
        prefixes.extend(self.variant.as_ref().map(|name| format!("rounds/{name}/{part}/")));
        let mut names: Vec<String> = entry
            .files
            .keys()
            .filter_map(|path| prefixes.iter().find_map(|prefix| path.strip_prefix(prefix.as_str())))
            .filter_map(|rest| rest.split_once('/').map(|(name, _)| name.to_owned()))
            .collect();
        names.dedup();
        names
    }
}
