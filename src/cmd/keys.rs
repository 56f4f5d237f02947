//! `dlearn keys`: a key for each learner of a class.

use super::app::App;
use super::grade_class::{read_roster, read_secret};
use crate::failure::{Failure, exit};
use crate::report::{self, gradebook::harmless, json};
use serde::Serialize;
use std::path::Path;

#[derive(Debug, Serialize)]
struct KeysReport {
    /// `dlearn/keys/1`
    schema: &'static str,
    keys: Vec<Key>,
}

#[derive(Debug, Serialize)]
struct Key {
    learner: String,
    name: Option<String>,
    key: String,
}

pub(super) fn run(app: &App, roster: &Path, secret: &Path) -> Result<i32, Failure> {
    let (roster, secret) = (read_roster(roster)?, read_secret(secret)?);
    let key = |member: &crate::grade::roster::Member| Key {
        learner: member.learner.clone(),
        name: member.name.clone(),
        key: secret.key(&member.learner).reveal().to_owned(),
    };
    let keys: Vec<Key> = roster.members.iter().map(key).collect();
    if app.common.json {
        json::print(&KeysReport { schema: "dlearn/keys/1", keys })?;
        return Ok(exit::DONE);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = std::iter::once(["learner".to_owned(), "name".to_owned(), "key".to_owned()])
        .chain(keys.into_iter().map(|key| [harmless(&key.learner), harmless(&key.name.unwrap_or_default()), key.key]))
        .try_for_each(|row| writer.write_record(row));
    written.map_err(std::io::Error::other)?;
    let bytes = writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    report::line(String::from_utf8_lossy(&bytes).trim_end())?;
    Ok(exit::DONE)
}
