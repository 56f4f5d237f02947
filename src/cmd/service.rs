//! Services that an exercise needs beside its images: the practice registry.

use super::app::App;
use crate::course::service::needs_registry;
use crate::course::{Course, Entry};
use crate::engine::{Engine, GATE_IMAGE, Ledger, MOST_PORTS, PracticeError, REGISTRY_IMAGES};
use crate::failure::Failure;
use crate::learner::Learner;
use crate::term::progress::Progress;

/// Images that must be there for an exercise: its bases, and those of its services.
pub(super) fn images_of(entry: &Entry) -> Vec<&str> {
    let mut images: Vec<&str> = entry.exercise.bases.iter().map(String::as_str).collect();
    if needs_registry(&entry.exercise.needs.services) {
        images.extend([GATE_IMAGE, REGISTRY_IMAGES[0]]);
    }
    images
}

/// Whether any exercise of the course needs the practice registry.
pub(super) fn is_needed(course: &Course) -> bool {
    course.exercises.values().any(|entry| needs_registry(&entry.exercise.needs.services))
}

/// Brings an exercise's images and starts its services. To be called before its rounds are made: the registry's
/// port may change while it has never run.
///
/// # Errors
/// Where an image or the registry cannot be had. The exercise's checks then say what they miss.
pub(super) async fn start(app: &App, engine: &Engine, learner: &mut Learner, entry: &Entry) -> Result<(), Failure> {
    if !needs_registry(&entry.exercise.needs.services) || app.common.registry.is_some() {
        return super::images::bring(app, engine, entry.exercise.all_bases().map(String::as_str)).await;
    }
    let images = images_of(entry).into_iter().chain(entry.exercise.needs.elsewhere.iter().map(String::as_str));
    super::images::bring(app, engine, images).await?;
    let ledger = Ledger::open(engine, "start the practice registry", "")
        .map_err(|error| Failure::Engine(error.unavailable()))?;
    let mut tried = 0;
    loop {
        let practice = learner.practice()?;
        let waiting = Progress::start("starting the practice registry", &app.terminal);
        let raised = engine.raise(&ledger, &practice).await;
        waiting.finish();
        tried += 1;
        match raised {
            Ok(_) => {
                // What is left of it is found by its label: dlearn clean.
                let _ = ledger.cleanup().await;
                return Ok(learner.practice_settled()?);
            }
            Err(PracticeError::PortTaken { .. }) if tried < MOST_PORTS && learner.practice_elsewhere()? => {}
            Err(error) => {
                return Err(Failure::Engine(crate::evidence::Unavailable::new(error.to_string(), error.help())));
            }
        }
    }
}
