//! What a case rests on: only as long as none of it has changed need an earlier run's result not be found again.

use super::{PlannedCase, PlannedLesson};
use crate::course::Course;
use crate::evidence::{Builder, EngineFacts};
use crate::journal::Key;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// One case that was as expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Its path, for people who look into the file.
    pub case: String,
    /// The builder of its builds.
    pub builder: Builder,
    /// The decisive message, or nothing for a pass.
    pub detail: String,
    /// What was looked at besides, and what was not.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Seconds that it took then.
    pub seconds: f64,
}

/// What the cases of one run rest on: this program, the engine, the base images, the recipes; and each on its exercise's
/// files, or its lesson.
#[derive(Debug)]
pub struct Grounds {
    common: Key,
    /// Ids of images by name.
    images: BTreeMap<String, String>,
}

impl Grounds {
    /// Those of a run of this program on an engine that has these images (ids by name).
    ///
    /// # Errors
    /// Where this program cannot be read.
    pub fn new(course: &Course, facts: &EngineFacts, images: BTreeMap<String, String>) -> io::Result<Self> {
        // As this program has read them: what it would not notice makes no difference.
        let read = format!("{facts:?}{:?}", course.recipes);
        Ok(Self { common: Key::of_this_program()?.with(read), images })
    }

    /// The key of a case, with the images that it may use.
    pub fn of_case(&self, case: &PlannedCase<'_>, images: &BTreeSet<&str>) -> String {
        let key = self.common.clone().with_images(images.iter().copied(), &self.images);
        key.with_files(&case.entry.files).with(case.path()).with(format!("{:?}", case.builder)).hex()
    }

    /// The key of a lesson.
    pub fn of_lesson(&self, planned: &PlannedLesson<'_>) -> String {
        let key = self.common.clone().with_images(planned.images(), &self.images);
        key.with(format!("{:?}{:?}", planned.lesson, planned.builder)).hex()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Source;
    use crate::selfcheck::plan;

    #[test]
    fn a_key_follows_from_each_thing_that_a_case_rests_on() {
        let course = Course::load(&Source::Embedded).unwrap();
        let cases = plan(&course, &["E01".into()], &[Builder::Classic, Builder::BuildKit]).unwrap();
        let images: BTreeSet<&str> = ["busybox:1.36"].into();
        let id = |id: &str| BTreeMap::from([("busybox:1.36".to_owned(), id.to_owned())]);
        let facts = EngineFacts { version: "20.10.24".into(), ..EngineFacts::default() };
        let grounds =
            |course: &Course, facts: &EngineFacts, image: &str| Grounds::new(course, facts, id(image)).unwrap();
        let same = grounds(&course, &facts, "sha256:1");
        let key = same.of_case(&cases[1], &images);
        assert_eq!(key, grounds(&course, &facts, "sha256:1").of_case(&cases[1], &images));

        let mut others: BTreeSet<String> = cases.iter().map(|case| same.of_case(case, &images)).collect();
        assert_eq!(others.len(), cases.len(), "each case, and each builder");
        others.insert(grounds(&course, &facts, "sha256:2").of_case(&cases[1], &images));
        others.insert(same.of_case(&cases[1], &BTreeSet::new()));
        let newer = EngineFacts { version: "28.5.2".into(), ..facts.clone() };
        others.insert(grounds(&course, &newer, "sha256:1").of_case(&cases[1], &images));
        let mut changed = course.clone();
        changed.recipes.values_mut().next().unwrap().help.push('.');
        others.insert(grounds(&changed, &facts, "sha256:1").of_case(&cases[1], &images));
        let mut entry = cases[1].entry.clone();
        entry.files.insert("solution/Dockerfile".into(), b"FROM busybox:1.36\n".to_vec());
        others.insert(same.of_case(&PlannedCase { entry: &entry, ..cases[1].clone() }, &images));
        assert_eq!(others.len(), cases.len() + 5);
    }
}
