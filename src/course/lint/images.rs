//! Names of base images.

use super::Finding;
use super::site::{Site, at, yaml_of};
use crate::course::place::At;
use crate::dockerfile::{self, Dockerfile, Stage};
use crate::reference::Reference;

const ADVICE: &str = "write the version that you proved the exercise with, as in busybox:1.36";

/// What is wrong with an image's name: whoever pulls it later may get another image.
fn moving(name: &str) -> Option<String> {
    let reference = match Reference::parse(name) {
        Ok(reference) => reference,
        Err(error) => return Some(format!("`{name}` names no image: {error}")),
    };
    match (reference.digest(), reference.tag()) {
        (Some(_), _) => None,
        (None, None) => Some(format!("`{name}` has no tag, and so means a version that changes")),
        (None, Some("latest")) => Some(format!("`{name}` means a version that changes")),
        (None, Some(_)) => None,
    }
}

/// The external image of a stage, where it is one and can be known without building.
fn external(dockerfile: &Dockerfile, stage: &Stage) -> Option<String> {
    let earlier = dockerfile.stages.iter().take_while(|other| other.index < stage.index);
    let is_stage = earlier.into_iter().any(|other| other.name.as_deref() == Some(stage.base.to_lowercase().as_str()));
    let base = dockerfile.base_of(stage).filter(|_| !is_stage)?;
    Some(base).filter(|base| base != "scratch" && !base.contains("{{"))
}

/// `bases:`, and FROM lines of what is shown or accepted as right, name a version.
pub(super) fn pinned(site: &Site<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for entry in site.course.exercises.values() {
        let file = yaml_of(entry);
        for base in site.tree(&file).get("bases").map(|bases| bases.items()).unwrap_or_default() {
            if let Some(what) = moving(base.text().unwrap_or_default()) {
                found.push(at(&file, base.at, what, ADVICE));
            }
        }
        let folder = format!("exercises/{}", entry.folder);
        for (path, text) in site.texts_below(&folder) {
            let part = |part: &str| path.split('/').any(|name| name == part);
            let is_dockerfile = path.rsplit('/').next().is_some_and(|name| name.contains("Dockerfile"));
            if !is_dockerfile || part("wrong") || !(part("solution") || part("right")) {
                continue;
            }
            let dockerfile = dockerfile::parse(text);
            for stage in &dockerfile.stages {
                if let Some(what) = external(&dockerfile, stage).and_then(|base| moving(&base)) {
                    let place = At { line: stage.span.start_line, column: 1 };
                    found.push(at(&format!("{folder}/{path}"), place, what, ADVICE));
                }
            }
        }
    }
    found
}
