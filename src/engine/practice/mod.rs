//! The practice registry: Distribution behind an nginx gate, in two containers on the learner's engine.
//!
//! ```text
//! docker ─→ 127.0.0.1:PORT ─→ gate (nginx, :8080) ─→ 127.0.0.1:5000 registry, in the gate's network
//! ```
//!
//! Invariants:
//! - It outlives the command that started it: it is found again by its names, and stays until
//!   `dlearn clean` or `dlearn reset --new-registry` removes it, with what was pushed to it (an anonymous volume).
//! - Nothing is mounted: the configuration goes into the containers as an archive, so it does not matter
//!   where the engine runs.
//! - Whatever moment it was cut off at, [`Engine::raise`] makes it whole: it looks what is there and does
//!   what is missing.
//! - It is dlearn's own only by its names *and* its labels; labels alone are inherited by what a learner
//!   makes of a container.

mod raise;

use super::{
    Engine, EngineError, Ledger,
    ledger::{LABEL, LABEL_HOST, LABEL_RUN},
    runlock::Owner,
};
use crate::Secret;
use std::collections::BTreeMap;
use thiserror::Error;

pub(super) use raise::is_port_taken;
pub use raise::{Raised, Standing};

/// Value of the label `dlearn`.
pub const PURPOSE: &str = "practice registry";
/// Label whose value is the course folder that the registry belongs to.
pub const LABEL_HOME: &str = "dlearn.home";

/// The image of the gate.
pub const GATE_IMAGE: &str = "nginx:alpine";
/// Images of the registry; whichever is there, else the first is brought.
pub const REGISTRY_IMAGES: [&str; 2] = ["registry:2", "registry:3"];

/// Ports inside the two containers' network.
const GATE_PORT: u16 = 8080;
pub(super) const REGISTRY_PORT: u16 = 5000;

/// Ports that are drawn for practice registries: none of a well-known service, and below those that systems give
/// to outgoing connections.
pub const PORTS: std::ops::RangeInclusive<u16> = 5100..=5899;

/// How many ports are tried before somebody must look.
pub const MOST_PORTS: u64 = 10;

/// One practice registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Twelve lower-case hexadecimal digits: part of the containers' names.
    pub id: String,
    /// The port on 127.0.0.1 of the engine's machine.
    pub port: u16,
    /// Who may push, and below which name.
    pub user: String,
    /// Their password: letters and digits.
    pub password: Secret,
    /// The course folder that it belongs to; empty for none.
    pub home: String,
    /// More labels for its containers.
    pub labels: BTreeMap<String, String>,
}

/// Why there is no practice registry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PracticeError {
    /// Something else has the port.
    #[error("port {port}, which your practice registry has, is in use by something else: {reason}")]
    PortTaken {
        /// The port.
        port: u16,
        /// The engine's words.
        reason: String,
    },
    /// An image is missing that it is made of.
    #[error("the practice registry needs the image {image}, which is not on your engine")]
    NoImage {
        /// The image.
        image: &'static str,
    },
    /// The engine could not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl PracticeError {
    /// What to do next, as a sentence.
    pub fn help(&self) -> String {
        match self {
            PracticeError::PortTaken { port, .. } => format!(
                "stop what uses port {port} (docker ps shows containers with their ports), or have \
                 another registry, empty and on another port: dlearn reset --new-registry"
            ),
            PracticeError::NoImage { image } => format!("bring it with dlearn images pull, or docker pull {image}"),
            PracticeError::Engine(error) => error.help(),
        }
    }
}

impl From<PracticeError> for EngineError {
    fn from(error: PracticeError) -> Self {
        match error {
            PracticeError::Engine(error) => error,
            other => EngineError::Misfortune { help: other.help(), what: other.to_string() },
        }
    }
}

impl Practice {
    /// What stands before the names of images in it: `127.0.0.1:5123`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Names of its containers, the gate first.
    pub fn containers(&self) -> [String; 2] {
        containers_of(&self.id)
    }

    fn labels(&self) -> Result<BTreeMap<String, String>, EngineError> {
        let mut labels = self.labels.clone();
        let own = [(LABEL, PURPOSE), (LABEL_RUN, &self.id), (LABEL_HOME, &self.home)];
        labels.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        labels.insert(LABEL_HOST.to_owned(), Owner::here()?.host);
        Ok(labels)
    }
}

/// Names of the containers of the practice registry with this id, the gate first.
fn containers_of(id: &str) -> [String; 2] {
    [format!("dlearn-registry-gate-{id}"), format!("dlearn-registry-{id}")]
}

/// The practice registry that a container of this name and with these labels belongs to: a learner may call theirs
/// what they like, and what they make of a container of dlearn's has its labels.
pub(crate) fn practice_of<'a>(name: &'a str, labels: &BTreeMap<String, String>) -> Option<&'a str> {
    let id = name.strip_prefix("dlearn-registry-")?;
    let id = id.strip_prefix("gate-").unwrap_or(id);
    let has = |label: &str, value: &str| labels.get(label).is_some_and(|has| has == value);
    let labelled = has(LABEL, PURPOSE) && has(LABEL_RUN, id) && labels.contains_key(LABEL_HOME);
    (super::name::is_run_id(id) && labelled).then_some(id)
}

/// A port out of [`PORTS`] for a drawn number; never the unwanted one.
pub fn port_for(number: u64, unwanted: Option<u16>) -> u16 {
    // One fewer than there are, and one further from the unwanted on.
    let count = u64::from(*PORTS.end() - *PORTS.start());
    let port = PORTS.start() + (number % count) as u16;
    if unwanted.is_some_and(|unwanted| port >= unwanted) { port + 1 } else { port }
}

impl Engine {
    /// A practice registry that belongs to a run and goes with it, on some free port.
    ///
    /// # Errors
    /// As [`Engine::raise`].
    pub async fn raise_for_run(&self, ledger: &Ledger) -> Result<Practice, PracticeError> {
        let run = ledger.run();
        let number = u64::from_str_radix(run, 16).unwrap_or_default();
        let labels = ledger.labels().into_iter().collect();
        let mut practice = Practice {
            id: run.to_owned(),
            port: port_for(number, None),
            user: "learner".into(),
            // A run's id is drawn, and nobody else has a use for the password.
            password: run.to_owned().into(),
            home: String::new(),
            labels,
        };
        for name in practice.containers() {
            ledger.expect_named(&name);
        }
        for step in 1.. {
            match self.raise(ledger, &practice).await {
                Err(PracticeError::PortTaken { .. }) if step <= MOST_PORTS => {
                    practice.port = port_for(number.wrapping_mul(step + 1), Some(practice.port));
                }
                other => return other.map(|_| practice),
            }
        }
        Ok(practice)
    }

    /// Removes the practice registry with this id, and what was pushed to it. Gives whether anything was there. What
    /// only has the name of one of its containers stays.
    ///
    /// # Errors
    /// Where the engine does not do it.
    pub async fn remove_practice(&self, id: &str) -> Result<bool, EngineError> {
        let mut any = false;
        // The registry first: it lives in the gate's network.
        for name in containers_of(id).iter().rev() {
            if let Some(part) = self.look(name).await?.filter(|part| part.is_of_practice(name)) {
                any |= super::container::remove_container(self, &part.id).await?;
            }
        }
        Ok(any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_name_and_labels() {
        let labels = |id: &str| {
            let all = [(LABEL, PURPOSE), (LABEL_RUN, id), (LABEL_HOME, "")];
            BTreeMap::from(all.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        let own = labels("0123456789ab");
        for name in containers_of("0123456789ab") {
            assert_eq!(practice_of(&name, &own), Some("0123456789ab"));
            assert_eq!(practice_of(&name, &labels("0123456789ac")), None);
            assert_eq!(practice_of(&name, &BTreeMap::new()), None);
            for label in own.keys() {
                let mut fewer = own.clone();
                fewer.remove(label);
                assert_eq!(practice_of(&name, &fewer), None, "{label}");
            }
        }
        for other in ["dlearn-registry-gate-x", "dlearn-0123456789ab-1", "my-dlearn-registry-0123456789ab"] {
            assert_eq!(practice_of(other, &own), None);
        }
    }
}
