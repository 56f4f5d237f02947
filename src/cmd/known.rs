//! What `selfcheck` and `grade` know from earlier runs: where it lies, and what of the engine it rests on.

use crate::engine::{Engine, EngineError};
use crate::failure::Failure;
use crate::journal::{self, Journal};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// A journal by name and bytes at most; none where there is no place for it, unless it is to be resumed.
///
/// # Errors
/// Where it cannot be read or written and is to be resumed.
pub(super) fn opened<T: Serialize + DeserializeOwned>(
    (name, largest): (&str, u64),
    resume: bool,
) -> Result<Option<Journal<T>>, Failure> {
    let opened = match journal::place(name) {
        Some(place) => Journal::open(&place, largest).map_err(|error| format!("{}: {error}", place.display())),
        None => Err("this user has no cache folder".to_owned()),
    };
    match opened {
        Ok(journal) => Ok(Some(journal)),
        Err(why) if resume => {
            let what = format!("what earlier runs have found cannot be read: {why}");
            Err(Failure::usage(what, "leave --resume out, or name another folder with XDG_CACHE_HOME"))
        }
        Err(_) => Ok(None),
    }
}

/// The ids of those images that the engine has.
pub(super) async fn ids(engine: &Engine, names: BTreeSet<&str>) -> Result<BTreeMap<String, String>, EngineError> {
    let mut ids = BTreeMap::new();
    for name in names {
        if let Some(facts) = engine.image(name).await? {
            ids.insert(name.to_owned(), facts.id);
        }
    }
    Ok(ids)
}
