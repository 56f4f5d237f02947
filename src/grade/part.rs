//! A part of a class that was graded for itself, as a file, and parts joined.
//!
//! Which part a submission is in follows from its name alone: not from where it is graded, and not from who else is
//! there. A file holds what a gradebook shows, and what is needed to find what shows only beside others: tokens and
//! prints. Who is missing, what is late and what is a bonus is decided where parts are joined ([`super::closing`]).
//!
//! Invariants: a file is somebody else's and perhaps a forger's. It is bounded, every text of it is made harmless again,
//! numbers that do not fit together are refused; parts are joined only where they rest on the same grounds.

use super::alike::Print;
use super::gradebook::{Column, Graded, GradedExercise, tidy};
use super::roster::Roster;
use crate::journal::Key;
use crate::share::Share;
use crate::submission::Refused;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What `schema` says.
pub const SCHEMA: &str = "dlearn/grade-part/1";
/// Bytes of a file that are read.
pub const LARGEST: u64 = 256 << 20;
/// Values of a file: so many that a class of a thousand with thirty exercises each has fewer, and so few that they take
/// little memory however short they are.
const MOST_VALUES: usize = 5_000_000;
/// Submissions of a class, and exercises, that are joined at most.
const MOST: usize = 20_000;
/// Images that are told of, where they were not the same in all parts.
const MOST_IMAGES: usize = 20;

/// Whether a submission of this name is in a part of the class.
pub fn holds(share: Share, label: &str) -> bool {
    part_of(share.of(), label) == share.part()
}

/// The part, from 1, of `of` parts that a submission of this name is in: its digest decides.
fn part_of(of: usize, label: &str) -> usize {
    let digest = Key::default().with(label).hex();
    let number = u64::from_str_radix(&digest[..16], 16).unwrap_or_default();
    (number % of as u64) as usize + 1
}

/// What results rest on: the same for all parts of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// The course's name.
    pub course: String,
    /// Digest of its exercises and recipes.
    pub content: String,
    /// The ids of all exercises that the course has, graded or not.
    pub known: Vec<String>,
    /// Digest of the program that graded.
    pub program: String,
    /// Digest of who is in the class; none where nobody said.
    pub roster: Option<String>,
    /// Digest of tokens that follow from the secret; none where there is none.
    pub secret: Option<String>,
    /// The limits, and images that were allowed.
    pub rules: String,
    /// What every submission of the class is called, in the order in which they were found.
    pub class: Vec<String>,
}

/// A part.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    /// `dlearn/grade-part/1`
    pub schema: String,
    /// Version of the program that wrote it.
    pub dlearn: String,
    /// Which part it is, from 1.
    pub part: usize,
    /// How many there are.
    pub of: usize,
    /// What it rests on.
    pub grounds: Grounds,
    /// What was graded.
    pub exercises: Vec<Column>,
    /// The submissions that are in it.
    pub submissions: Vec<Entry>,
    /// Images that were named and not allowed.
    pub not_allowed: Vec<String>,
    /// The ids of the images that answers were built from, by name. They may differ: the same name is another image
    /// tomorrow, and one image has two ids in engines that store it in two ways. So that is told, and refused nowhere.
    pub images: BTreeMap<String, String>,
}

/// One submission.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stands in the class, from 0.
    pub at: usize,
    #[serde(flatten)]
    graded: Graded,
    /// For each exercise what a gradebook does not show.
    hidden: Vec<Hidden>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Hidden {
    token: Option<String>,
    in_images: BTreeSet<String>,
    print: Print,
}

impl Entry {
    /// A submission as it was judged, and where it stands in the class.
    pub fn new(at: usize, graded: &Graded) -> Self {
        let hidden = |exercise: &GradedExercise| Hidden {
            token: exercise.token.clone(),
            in_images: exercise.in_images.clone(),
            print: exercise.print.clone(),
        };
        Self { at, graded: graded.clone(), hidden: graded.exercises.iter().map(hidden).collect() }
    }

    /// Whether it can be that of the submission which is called so. Only a roster calls anybody otherwise.
    fn is_called(&self, label: &str, roster: bool) -> bool {
        let Graded { learner, in_roster, .. } = &self.graded;
        in_roster.is_some() == roster && (*in_roster == Some(true) || *learner == tidy(label))
    }

    fn into_graded(self) -> (usize, Graded) {
        let Self { at, mut graded, hidden } = self;
        let is_token = |token: &String| crate::learner::is_token(token);
        for (exercise, hidden) in graded.exercises.iter_mut().zip(hidden) {
            exercise.token = hidden.token.filter(is_token);
            exercise.in_images = hidden.in_images.into_iter().filter(is_token).collect();
            exercise.print = hidden.print;
        }
        (at, graded.tidied())
    }
}

impl Part {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            schema: String,
        }
        let not_understood = |error: serde_json::Error| tidy(&format!("it is not understood: {error}"));
        if values(bytes) > MOST_VALUES {
            return Err(TOO_MANY.to_owned());
        }
        let head: Head = serde_json::from_slice(bytes).map_err(not_understood)?;
        if head.schema != SCHEMA {
            return Err(format!("it is no part of a class: its schema is not {SCHEMA}"));
        }
        let part: Self = serde_json::from_slice(bytes).map_err(not_understood)?;
        let wrong = |what: &str| Err(format!("its content does not fit together: {what}"));
        let (columns, class) = (&part.exercises, &part.grounds.class);
        if Share::new(part.part, part.of).is_none() {
            return wrong("which part it is");
        }
        let images = part.images.len();
        if class.len() > MOST || columns.len() > MOST || images > MOST || part.submissions.len() > class.len() {
            return wrong("how many there are");
        }
        for entry in &part.submissions {
            let label = class.get(entry.at).filter(|label| part_of(part.of, label) == part.part);
            let Some(label) = label else { return wrong("a submission is not of this part") };
            if !entry.is_called(label, part.grounds.roster.is_some()) {
                return wrong("whose a submission is");
            }
            if entry.hidden.len() != columns.len() || !entry.graded.is_sound(columns) {
                return wrong("the points of a submission");
            }
            if !entry.hidden.iter().all(|hidden| hidden.print.is_sound()) {
                return wrong("the lines of a submission");
            }
        }
        Ok(part)
    }

    /// As a file's bytes.
    ///
    /// # Errors
    /// Where it would be larger than what is read.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        bytes.push(b'\n');
        match bytes.len() as u64 > LARGEST {
            true => Err(format!("it would have more than {} MiB: grade in more parts", LARGEST >> 20)),
            false if values(&bytes) > MOST_VALUES => Err(TOO_MANY.to_owned()),
            false => Ok(bytes),
        }
    }

    fn share(&self) -> String {
        format!("{}/{}", self.part, self.of)
    }
}

/// What is said of a file with more than [`MOST_VALUES`].
const TOO_MANY: &str = "it holds more than five million values: grade in more parts";

/// How many values JSON holds at most: what is in an array or an object is parted by commas.
fn values(json: &[u8]) -> usize {
    let (mut count, mut within, mut escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = within,
            b'"' => within = !within,
            b',' | b'[' | b'{' if !within => count += 1,
            _ => {}
        }
    }
    count
}

/// A class, joined.
#[derive(Debug)]
pub struct Joined {
    /// What all parts rest on.
    pub grounds: Grounds,
    /// What was graded.
    pub columns: Vec<Column>,
    /// Everybody's, in the order of the class.
    pub submissions: Vec<Graded>,
    /// Images that were named and not allowed.
    pub not_allowed: Vec<String>,
    /// Parts that are not there.
    pub missing: Vec<usize>,
    /// What should be known of them: images that were not the same in all.
    pub notes: Vec<String>,
}

impl Joined {
    /// Whether everybody is whom this roster, with which they were graded, says.
    ///
    /// # Errors
    /// A submission of which it does not.
    pub fn is_by(&self, roster: &Roster) -> Result<(), Refused> {
        for (label, graded) in self.grounds.class.iter().zip(&self.submissions).filter(|(_, it)| !it.part_missing) {
            let by_label = roster.member(&tidy(label));
            let member = by_label.or_else(|| roster.member(&graded.learner).filter(|_| graded.in_roster == Some(true)));
            let is_so = match member {
                Some(member) => {
                    let name = member.name.as_deref().map(tidy);
                    (graded.in_roster, &graded.learner, &graded.name) == (Some(true), &tidy(&member.learner), &name)
                }
                None => graded.in_roster == Some(false),
            };
            if !is_so {
                let what = format!("{} is not whom the roster says that it is", tidy(label));
                return Err(Refused::whole(what, "grade the part that it is in anew"));
            }
        }
        Ok(())
    }
}

/// Joins parts, each with what its file is called. Where parts are missing that is an error, unless `incomplete`: then
/// their submissions are there and not judged.
///
/// # Errors
/// Parts that do not belong together, one that is there twice, one that is missing.
pub fn join(parts: Vec<(String, Part)>, incomplete: bool) -> Result<Joined, Refused> {
    let mut parts = parts.into_iter();
    let Some((first_file, first)) = parts.next() else {
        return Err(Refused::whole("there is no part", "name the files that dlearn grade --part wrote"));
    };
    let (of, grounds, columns) = (first.of, first.grounds.clone(), first.exercises.clone());
    let first_named = format!("part {} ({first_file})", first.share());
    let mut files = BTreeMap::from([(first.part, first_file)]);
    let mut all = vec![first];
    for (file, part) in parts {
        let named = format!("part {} ({file})", part.share());
        if let Some(why) = difference(&all[0], &part) {
            let help = "grade all parts of the class anew, in the same way";
            return Err(Refused::whole(format!("{named} does not go with {first_named}: {why}"), help));
        }
        if let Some(other) = files.insert(part.part, file) {
            let what = format!("{named} is there twice: also as {other}");
            return Err(Refused::whole(what, "name each part once"));
        }
        all.push(part);
    }
    let missing: Vec<usize> = (1..=of).filter(|part| !files.contains_key(part)).collect();
    if !(missing.is_empty() || incomplete) {
        let named: Vec<String> = missing.iter().map(|part| format!("{part}/{of}")).collect();
        let help = "name its file too, or go on without it: --incomplete";
        return Err(Refused::whole(format!("part {} is missing", named.join(", ")), help));
    }
    let notes = other_images(&all);
    let not_allowed: BTreeSet<String> =
        all.iter().flat_map(|part| &part.not_allowed).map(|image| tidy(image)).take(MOST).collect();
    let mut found: BTreeMap<usize, Graded> = BTreeMap::new();
    for entry in all.into_iter().flat_map(|part| part.submissions) {
        let (at, graded) = entry.into_graded();
        if found.insert(at, graded).is_some() {
            return Err(Refused::whole("a submission is there twice", "grade all parts of the class anew"));
        }
    }
    let mut submissions = Vec::new();
    for (at, label) in grounds.class.iter().enumerate() {
        let part = part_of(of, label);
        submissions.push(match found.remove(&at) {
            Some(graded) => graded,
            None if missing.contains(&part) => absent_part(&columns, label, &format!("{part}/{of}")),
            None => {
                let what = format!("part {part}/{of} was not graded to its end: {} is not in it", tidy(label));
                return Err(Refused::whole(what, "grade that part again"));
            }
        });
    }
    let grounds = Grounds { course: tidy(&grounds.course), ..grounds };
    let tidied = |column: Column| Column { id: tidy(&column.id), title: tidy(&column.title), ..column };
    let columns = columns.into_iter().map(tidied).collect();
    Ok(Joined { grounds, columns, submissions, not_allowed: not_allowed.into_iter().collect(), missing, notes })
}

/// A submission whose part is not there.
fn absent_part(columns: &[Column], label: &str, part: &str) -> Graded {
    let why = format!("part {part} of the class, which it is in, was not there");
    let exercises = columns.iter().map(|column| GradedExercise::not_judged(column, &why)).collect();
    Graded { learner: tidy(label), part_missing: true, ..Graded::of(exercises) }
}

/// Which images were not the same in all parts, one text for each.
fn other_images(parts: &[Part]) -> Vec<String> {
    let mut first: BTreeMap<&str, (&Part, &str)> = BTreeMap::new();
    let mut told = BTreeMap::new();
    for part in parts {
        for (name, id) in &part.images {
            let (one, known) = *first.entry(name).or_insert((part, id));
            if known != id {
                let what =
                    format!("{name}: part {} was graded with {known}, part {} with {id}", one.share(), part.share());
                told.entry(name).or_insert_with(|| tidy(&what));
            }
        }
    }
    told.into_values().take(MOST_IMAGES).collect()
}

/// In what two parts differ that should be the same.
fn difference(one: &Part, other: &Part) -> Option<&'static str> {
    let (a, b) = (&one.grounds, &other.grounds);
    let differences = [
        (one.of != other.of, "it is one of another number of parts"),
        (a.course != b.course, "it is of another course"),
        (a.program != b.program, "another dlearn has graded it"),
        (a.content != b.content, "its course has other exercises or other checks"),
        (one.exercises != other.exercises, "other exercises were graded"),
        (a.class != b.class, "the class had other submissions"),
        (a.roster != b.roster, "it was graded with another roster, or without one"),
        (a.secret != b.secret, "it was graded with another secret, or without one"),
        (a.rules != b.rules, "it was graded with other limits, or other images were allowed"),
    ];
    differences.into_iter().find_map(|(differs, why)| differs.then_some(why))
}

#[cfg(test)]
mod tests;
