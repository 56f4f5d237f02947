//! Images that are here or not, what Docker Hub still grants, and the practice registry.

use super::{Symptom, advice, ok, repair, unknown};
use crate::cmd::images::{Stocked, needed, stock_of};
use crate::cmd::service;
use crate::course::Course;
use crate::engine::{Engine, EngineError, Practice, PracticeStanding};
use crate::reference::Reference;
use crate::registry::{Headroom, headroom};
use std::time::Duration;

/// How long Docker Hub is asked.
const HUB: Duration = Duration::from_millis(1200);

pub(super) async fn look<'a>(course: &'a Course, engine: &Engine) -> Result<Vec<Stocked<'a>>, EngineError> {
    stock_of(engine, needed(course, None)).await
}

/// How many images are wanting that Docker Hub has.
pub(super) fn missing_on_hub(stock: &Vec<Stocked<'_>>) -> u64 {
    let on_hub = |image: &&Stocked| Reference::parse(image.name).is_ok_and(|reference| reference.is_docker_hub());
    stock.iter().filter(|image| image.is_wanting()).filter(on_hub).count() as u64
}

/// `arch`: the engine's.
pub(super) fn bases(stock: &Result<Vec<Stocked<'_>>, EngineError>, arch: Option<&str>) -> Vec<Symptom> {
    const WHAT: &str = "base images";
    let stock = match stock {
        Ok(stock) => stock,
        Err(error) => return vec![unknown(WHAT, &error.unavailable())],
    };
    let named = |images: &[&Stocked]| images.iter().map(|image| image.name_here()).collect::<Vec<_>>().join(", ");
    let missing: Vec<&Stocked> = stock.iter().filter(|image| image.is_wanting()).collect();
    let mut found = Vec::new();
    if missing.is_empty() {
        let later = stock.iter().filter(|image| image.later && !image.here).count();
        let more = match later {
            0 => String::new(),
            later => format!("; {later} more come when their exercises begin"),
        };
        let here = match stock.len() - later {
            0 => "none is needed".to_owned(),
            1 => "the only one is here".to_owned(),
            all => format!("all {all} are here"),
        };
        found.push(ok(WHAT, here + &more));
    } else {
        let help = "bring them with dlearn images pull, or without a network with dlearn images load FILE";
        found.push(repair(WHAT, format!("missing: {}", named(&missing)), help));
    }
    let foreign = |image: &&Stocked| {
        let has = image.architecture.as_deref().unwrap_or_default();
        arch.is_some_and(|arch| !has.is_empty() && has != arch)
    };
    let foreign: Vec<&Stocked> = stock.iter().filter(foreign).collect();
    if let (Some(first), Some(arch)) = (foreign.first(), arch) {
        let text = format!("for another processor than the engine's {arch}: {}", named(&foreign));
        let help = format!("docker pull --platform linux/{arch} {}", first.name_here());
        found.push(repair("emulation", text, help));
    }
    found
}

/// How many pulls Docker Hub still grants, where something is to be pulled from there and it tells.
pub(super) async fn pulls(missing: u64) -> Option<Symptom> {
    if missing == 0 {
        return None;
    }
    let told = tokio::task::spawn_blocking(|| headroom(HUB)).await.ok().flatten()?;
    Some(left(told, missing))
}

fn left(told: Headroom, missing: u64) -> Symptom {
    const WHAT: &str = "pull limit";
    let within = match told.window / 3600 {
        0 => String::new(),
        hours => format!(" in {hours} hours"),
    };
    let found = format!("{} of {} pulls{within} are left at Docker Hub", told.remaining, told.limit);
    match told.remaining < missing {
        true => advice(
            WHAT,
            format!("{found}, and {missing} images are missing"),
            "docker login raises it; or dlearn images pull --mirror HOST, or dlearn images load FILE",
        ),
        false => ok(WHAT, found),
    }
}

/// How the practice registry stands, where an exercise of the course needs one.
pub(super) async fn practice(course: &Course, engine: &Engine, practice: Option<&Practice>) -> Option<Symptom> {
    const WHAT: &str = "practice registry";
    if !service::is_needed(course) {
        return None;
    }
    let Some(practice) = practice else { return Some(ok(WHAT, "not needed yet")) };
    let address = practice.address();
    Some(match engine.practice_standing(practice).await {
        Ok(PracticeStanding::Runs) => ok(WHAT, format!("runs at {address}")),
        Ok(PracticeStanding::Stopped) => ok(WHAT, format!("stopped; the exercises that need it start it at {address}")),
        Ok(PracticeStanding::Absent) => ok(WHAT, format!("not there; the exercises that need it make it at {address}")),
        Err(error) => unknown(WHAT, &error.unavailable()),
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn pulls_that_do_not_suffice_are_advice() {
        let told = |remaining| Headroom { limit: 100, remaining, window: 21_600 };
        assert_eq!(left(told(9), 9), ok("pull limit", "9 of 100 pulls in 6 hours are left at Docker Hub"));
        let few = left(told(2), 9);
        assert_eq!(few.state, State::Advice);
        assert!(few.found.ends_with("and 9 images are missing") && few.repair.contains("--mirror"), "{few:?}");
    }
}
