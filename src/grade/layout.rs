//! Where the exercises lie in a submission. Pure.
//!
//! A submission holds `<exercise folder>/…` as the learner's own folder does, at its top or at most [`DEEPEST`]
//! folders below (an archive of a repository has a folder around everything). Where one exercise is graded, a
//! submission may be that folder itself.

use crate::course::Entry;
use crate::submission::MANIFEST;
use std::collections::{BTreeMap, BTreeSet};

/// How far below the top the exercises' folders may lie.
const DEEPEST: usize = 3;

/// Where an exercise lies, from the submission's top; `""` is the submission itself. Or both places, where nobody knows
/// which is meant.
pub type Place = Result<String, [String; 2]>;

/// The folders of exercises in a submission with these files, by the exercises' ids.
pub fn find(files: &[String], wanted: &[&Entry]) -> BTreeMap<String, Place> {
    let folders: BTreeSet<&str> = files.iter().flat_map(|file| above(file)).collect();
    let mut found = BTreeMap::new();
    for entry in wanted {
        let named = |folder: &&&str| is_named(folder.rsplit('/').next().unwrap_or_default(), entry);
        let mut places = folders.iter().filter(named);
        let place = match (places.next(), places.next()) {
            (Some(place), None) => Ok((*place).to_owned()),
            (Some(one), Some(other)) => Err([(*one).to_owned(), (*other).to_owned()]),
            (None, _) => continue,
        };
        found.insert(entry.exercise.id.clone(), place);
    }
    if let ([entry], true) = (wanted, found.is_empty())
        && let Some(place) = itself(files, entry)
    {
        found.insert(entry.exercise.id.clone(), Ok(place));
    }
    found
}

/// Whether a folder with these names in it is a submission, and not a class of them.
pub fn is_submission(names: &[String], wanted: &[&Entry]) -> bool {
    let has = |what: &dyn Fn(&str) -> bool| names.iter().any(|name| what(name));
    let folder = has(&|name| name == MANIFEST || wanted.iter().any(|entry| is_named(name, entry)));
    folder || matches!(wanted, [entry] if has(&|name| marks(name, entry)))
}

/// The file of the manifest, where there is one: beside the exercises, or at the top.
pub fn manifest(files: &[String]) -> Option<&String> {
    beside(files, MANIFEST)
}

/// The file of this name that lies highest, not too deep.
pub fn beside<'a>(files: &'a [String], name: &str) -> Option<&'a String> {
    let here = |file: &&String| file.rsplit('/').next() == Some(name) && file.matches('/').count() < DEEPEST;
    files.iter().filter(here).min_by_key(|file| file.matches('/').count())
}

/// A folder is an exercise's by its name, or by the id alone, in any case of letters.
fn is_named(folder: &str, entry: &Entry) -> bool {
    folder == entry.folder || folder.eq_ignore_ascii_case(&entry.exercise.id)
}

/// The folders above a file that are not too deep.
fn above(file: &str) -> impl Iterator<Item = &str> {
    file.match_indices('/').take(DEEPEST).map(|(at, _)| &file[..at])
}

/// The folder in which the exercise's own files lie, without its name: the top, or the one folder that holds all.
fn itself(files: &[String], entry: &Entry) -> Option<String> {
    let top = |prefix: &str| {
        let inside = files.iter().filter_map(|file| file.strip_prefix(prefix));
        inside.filter_map(|rest| rest.split('/').next()).any(|name| marks(name, entry))
    };
    if top("") {
        return Some(String::new());
    }
    let only: BTreeSet<&str> = files.iter().map(|file| file.split('/').next().unwrap_or_default()).collect();
    let only = only.first().filter(|_| only.len() == 1)?;
    top(&format!("{only}/")).then(|| (*only).to_owned())
}

/// Whether a name at the top of a folder says that the exercise was worked on in it.
fn marks(name: &str, entry: &Entry) -> bool {
    let first_round = entry.exercise.rounds.is_some() && name == "round-1";
    let starter = |path: &String| path.strip_prefix("start/").is_some_and(|rest| rest == name);
    name == "Dockerfile" || name == "token" || first_round || entry.files.keys().any(starter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Course, Source};

    fn course() -> Course {
        Course::load(&Source::Embedded).unwrap()
    }

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn place(course: &Course, names: &[&str], ids: &[&str]) -> Vec<(String, String)> {
        let wanted: Vec<&Entry> = ids.iter().map(|id| &course.exercises[*id]).collect();
        find(&files(names), &wanted).into_iter().map(|(id, place)| (id, place.unwrap())).collect()
    }

    #[test]
    fn exercises_are_found_at_the_top_and_in_a_folder_around_them() {
        let course = course();
        let at = |place: &str| vec![("E01".to_owned(), place.to_owned())];
        let folder = "E01-first-dockerfile";
        assert_eq!(place(&course, &["E01-first-dockerfile/Dockerfile"], &["E01", "S01"]), at(folder));
        assert_eq!(place(&course, &["e01/Dockerfile"], &["E01", "S01"]), at("e01"));
        let inside = format!("ada-main/session/{folder}");
        assert_eq!(place(&course, &[&format!("{inside}/Dockerfile")], &["E01", "S01"]), at(&inside));
        assert!(place(&course, &["a/b/c/E01/Dockerfile"], &["E01", "S01"]).is_empty());
        assert!(place(&course, &["Dockerfile"], &["E01", "S01"]).is_empty());
    }

    #[test]
    fn where_one_exercise_is_graded_its_folder_may_be_the_submission() {
        let course = course();
        assert_eq!(place(&course, &["Dockerfile", "x"], &["E01"]), [("E01".into(), String::new())]);
        assert_eq!(place(&course, &["ada/index.html"], &["E01"]), [("E01".into(), "ada".into())]);
        assert_eq!(place(&course, &["round-1/app.py"], &["S01"]), [("S01".into(), String::new())]);
        assert!(place(&course, &["a/Dockerfile", "b/Dockerfile"], &["E01"]).is_empty());
    }

    #[test]
    fn an_exercise_that_is_there_twice_has_both_places_and_the_others_have_theirs() {
        let course = course();
        let both = files(&["E01/Dockerfile", "old/E01-first-dockerfile/Dockerfile", "S01/round-1/app.py"]);
        let found = find(&both, &[&course.exercises["E01"], &course.exercises["S01"]]);
        assert_eq!(found["E01"], Err(["E01".to_owned(), "old/E01-first-dockerfile".to_owned()]));
        assert_eq!(found["S01"], Ok("S01".to_owned()));
    }

    #[test]
    fn a_submission_is_told_from_a_class() {
        let course = course();
        let all: Vec<&Entry> = course.exercises.values().collect();
        let one = [&course.exercises["E01"]];
        assert!(is_submission(&files(&["S01-broken-build", "notes"]), &all));
        assert!(is_submission(&files(&[MANIFEST]), &all));
        assert!(!is_submission(&files(&["ada", "bob.zip"]), &all));
        assert!(!is_submission(&files(&["Dockerfile"]), &all), "of which exercise?");
        assert!(is_submission(&files(&["Dockerfile"]), &one));
        assert_eq!(manifest(&files(&["ada/dlearn-submission.json", "z"])).unwrap(), "ada/dlearn-submission.json");
    }
}
