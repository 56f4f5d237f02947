//! What is remembered of the learner's practice registry: drawn once, and kept.

use super::store::{self, Loaded};
use super::{Learner, LearnerError, PracticeState, random};
use crate::engine::{Practice, port_for};
use serde_json::Map;
use std::path::Path;

/// The user of a practice registry, and the namespace that is theirs.
pub const USER: &str = "learner";

impl Learner {
    /// The learner's practice registry. Drawn at the first call, and the same from then on.
    ///
    /// # Errors
    /// Where it cannot be saved or no random number can be had.
    pub fn practice(&mut self) -> Result<Practice, LearnerError> {
        let known = self.state.practice.clone();
        let state = match known {
            Some(state) => state,
            None => {
                let drawn = draw(None)?;
                // A second terminal may have drawn one in between: the first one counts.
                self.update(|state| state.practice.get_or_insert(drawn).clone())?
            }
        };
        Ok(self.practice_of(&state))
    }

    /// The practice registry where one was drawn.
    pub fn known_practice(&self) -> Option<Practice> {
        self.state.practice.as_ref().map(|state| self.practice_of(state))
    }

    fn practice_of(&self, state: &PracticeState) -> Practice {
        Practice {
            id: state.id.clone(),
            port: state.port,
            user: USER.to_owned(),
            password: state.password.clone(),
            home: self.home.display().to_string(),
            labels: Default::default(),
        }
    }

    /// It runs: its port is kept from now on.
    ///
    /// # Errors
    /// Where that cannot be saved.
    pub fn practice_settled(&mut self) -> Result<(), LearnerError> {
        if self.state.practice.as_ref().is_some_and(|practice| practice.settled) {
            return Ok(());
        }
        self.update(|state| state.practice.iter_mut().for_each(|practice| practice.settled = true))
    }

    /// Draws another port, where the registry never ran on its present one. Gives whether it was so.
    ///
    /// # Errors
    /// As [`Learner::practice`].
    pub fn practice_elsewhere(&mut self) -> Result<bool, LearnerError> {
        let Some(known) = self.state.practice.clone().filter(|practice| !practice.settled) else { return Ok(false) };
        let drawn = draw(Some(known.port))?;
        self.update(|state| state.practice.iter_mut().for_each(|practice| practice.port = drawn.port))?;
        Ok(true)
    }

    /// Forgets it: the next one is another.
    ///
    /// # Errors
    /// Where that cannot be saved.
    pub fn forget_practice(&mut self) -> Result<(), LearnerError> {
        self.update(|state| state.practice = None)
    }
}

/// Whether the course folder `home` has the practice registry `id`. One whose record cannot be read may have it.
pub fn belongs_to(home: &Path, id: &str) -> bool {
    match store::load(home) {
        Ok(Loaded::Missing) => false,
        Ok(Loaded::Fine(state) | Loaded::Migrated { state, .. } | Loaded::Damaged { rest: Some(state), .. }) => {
            state.practice.is_some_and(|practice| practice.id == id)
        }
        Ok(Loaded::Damaged { rest: None, .. }) | Err(_) => true,
    }
}

fn draw(not: Option<u16>) -> Result<PracticeState, LearnerError> {
    let id = random()?;
    let number = u64::from_str_radix(&random()?, 16).unwrap_or_default();
    let port = port_for(number, not);
    Ok(PracticeState { id: id[..12].to_owned(), port, password: random()?.into(), settled: false, extra: Map::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::PORTS;

    #[test]
    fn a_drawn_registry_is_sound_and_never_on_the_unwanted_port() {
        for _ in 0..2000 {
            let drawn = draw(Some(5200)).unwrap();
            assert!(drawn.is_sound() && PORTS.contains(&drawn.port) && drawn.port != 5200, "{drawn:?}");
        }
    }
}
