//! Who is in the class, and which token is whose. Pure.
//!
//! With a course secret, tokens are derived and not drawn ([`LearnerKey`]), so that the grader can tell whose token a
//! submission has.

use super::late::{self, Times};
use crate::Secret;
use crate::learner::LearnerKey;
use std::collections::BTreeMap;

/// Bytes of a roster that are read.
pub const LARGEST: u64 = 8 << 20;
/// Bytes that a secret has at least.
const SHORTEST_SECRET: usize = 16;

/// Somebody in the class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What submissions are called by: a user name, a number.
    pub learner: String,
    /// Their name, where the roster has it.
    pub name: Option<String>,
    /// When their work is due, where that is another time than everybody's.
    pub due: Times,
    /// When it came.
    pub submitted: Times,
}

/// The class, in the order of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Everybody, each once.
    pub members: Vec<Member>,
}

impl Roster {
    /// Reads `learner,name` lines; the first line names the columns. `due` and `submitted` hold times, for one exercise
    /// where its id stands behind the word (`due E01`); others are ignored.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
        let headers = reader.headers().map_err(|error| error.to_string())?.clone();
        let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        let learner = column("learner").ok_or("its first line names no column `learner` (write: learner,name)")?;
        let name = column("name");
        let (due, submitted) = (times(&headers, "due"), times(&headers, "submitted"));
        let mut members: Vec<Member> = Vec::new();
        let mut lines = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = record.position().map_or(0, csv::Position::line);
            let id = record.get(learner).unwrap_or_default();
            if id.is_empty() && record.iter().all(str::is_empty) {
                continue;
            }
            if id.is_empty() || id.contains(char::is_control) || crate::term::sanitize_line(id) != id {
                return Err(format!("line {line}: the learner has no name, or one with invisible characters"));
            }
            if let Some(other) = lines.insert(id.to_lowercase(), line) {
                return Err(format!("line {line}: `{id}` stands in line {other} already"));
            }
            let name = name.and_then(|name| record.get(name)).filter(|name| !name.is_empty());
            let name = name.map(|name| crate::term::sanitize_line(name).into_owned());
            let times = |columns: &[(usize, Option<String>)]| -> Result<Times, String> {
                let mut times = Times::default();
                for (at, exercise) in columns {
                    if let Some(text) = record.get(*at).filter(|text| !text.is_empty()) {
                        let added = late::time(text).and_then(|time| times.add(exercise.as_deref(), time));
                        added.map_err(|why| format!("line {line}: {why}"))?;
                    }
                }
                Ok(times)
            };
            members.push(Member { learner: id.to_owned(), name, due: times(&due)?, submitted: times(&submitted)? });
        }
        Ok(Self { members })
    }

    /// The member that is called so, in any case of letters.
    pub fn member(&self, learner: &str) -> Option<&Member> {
        let wanted = learner.to_lowercase();
        self.members.iter().find(|member| member.learner.to_lowercase() == wanted)
    }

    /// Whose token this is, where it is anybody's of the class.
    pub fn owner_of(&self, token: &str, secret: &CourseSecret, course: &str, exercise: &str) -> Option<&Member> {
        self.members.iter().find(|member| secret.token(&member.learner, course, exercise) == token)
    }
}

/// The columns of this word, each with the exercise that stands behind it.
fn times(headers: &csv::StringRecord, word: &str) -> Vec<(usize, Option<String>)> {
    let of = |header: &str| {
        let (first, rest) = header.split_once(char::is_whitespace).unwrap_or((header, ""));
        first.eq_ignore_ascii_case(word).then(|| Some(rest.trim().to_owned()).filter(|id| !id.is_empty()))
    };
    headers.iter().enumerate().filter_map(|(at, header)| Some((at, of(header)?))).collect()
}

/// The secret that tokens follow from.
#[derive(Clone, Debug)]
pub struct CourseSecret(Secret);

impl CourseSecret {
    /// The content of a secret file, line end taken away.
    ///
    /// # Errors
    /// Where it is too short to be one.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches(['\r', '\n']);
        match text.len() >= SHORTEST_SECRET {
            true => Ok(Self(text.to_owned().into())),
            false => Err(format!(
                "it has {} bytes, and a secret has at least {SHORTEST_SECRET} (head -c 32 /dev/urandom | base64)",
                text.len()
            )),
        }
    }

    /// The learner's key, from which their tokens follow.
    pub fn key(&self, learner: &str) -> LearnerKey {
        LearnerKey::derive(&self.0, learner)
    }

    /// The learner's token for an exercise.
    pub fn token(&self, learner: &str, course: &str, exercise: &str) -> String {
        self.key(learner).token(course, exercise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef\n";

    #[test]
    fn a_roster_has_names_in_any_columns_and_each_learner_once() {
        let roster = Roster::read("\u{feff}Name, Learner ,group\n\"Lovelace, Ada\",ada,1\nBob,bob\n\n").unwrap();
        assert_eq!(roster.members.len(), 2);
        assert_eq!(roster.member("ADA").unwrap().name.as_deref(), Some("Lovelace, Ada"));
        assert!(roster.member("eve").is_none());
        for (text, why) in [
            ("id,name\nada,Ada\n", "`learner`"),
            ("learner\nada\nADA\n", "line 3"),
            ("learner,name\n,Ada\n", "line 2"),
            ("learner\n\"a\x1b[2Jb\"\n", "invisible"),
        ] {
            let error = Roster::read(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(Roster::read("learner,name\nada,\x1b[31mAda\n").unwrap().members[0].name.as_deref(), Some("Ada"));
    }

    #[test]
    fn a_learner_may_have_due_dates_of_their_own() {
        let text = "learner,due,due E01,submitted\nada,,2026-01-02T00:00:00Z,2026-01-03T00:00:00+01:00\nbob\n";
        let roster = Roster::read(text).unwrap();
        let ada = roster.member("ada").unwrap();
        assert_eq!((ada.due.of("e01"), ada.due.of("E02")), (Some(late::time("2026-01-02T00:00:00Z").unwrap()), None));
        assert_eq!(ada.submitted.of("E02"), Some(late::time("2026-01-02T23:00:00Z").unwrap()));
        assert!(roster.member("bob").unwrap().due.is_empty());
        let error = Roster::read("learner,due\nada,tomorrow\n").unwrap_err();
        assert!(error.starts_with("line 2: write a time"), "{error}");
    }

    #[test]
    fn a_secret_is_long_enough_to_be_one() {
        assert!(CourseSecret::read("short\n").unwrap_err().contains("5 bytes"));
        let (one, other) = (CourseSecret::read(SECRET).unwrap(), CourseSecret::read(SECRET.trim()).unwrap());
        assert_eq!(one.token("ada", "c", "E01"), other.token("ada", "c", "E01"), "a line end is no part of it");
    }

    #[test]
    fn a_foreign_token_is_known_as_somebodys() {
        let secret = CourseSecret::read(SECRET).unwrap();
        let roster = Roster::read("learner\nada\nbob\n").unwrap();
        let token = secret.token("bob", "docker", "S01");
        assert_eq!(roster.owner_of(&token, &secret, "docker", "S01").unwrap().learner, "bob");
        assert!(roster.owner_of(&token, &secret, "docker", "E01").is_none());
    }
}
