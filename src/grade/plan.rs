//! What can be known of an exercise before anything is built: which images it may use, which Dockerfiles are built, and
//! what the course allows. Pure.

use super::refusals::{self, Allowed};
use crate::course::service::needs_registry;
use crate::course::{Entry, Round, exercise::Step};
use crate::engine::{GATE_IMAGE, REGISTRY_IMAGES};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A Dockerfile that is built, and with which arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipe {
    /// Its path in the round's folder.
    pub file: String,
    /// `--build-arg`
    pub args: BTreeMap<String, String>,
}

/// The images that answers to an exercise may use: its bases, those of its reference solution and of its other right
/// answers, and `more`. Images of the exercise's own may be built on where its starter or a right answer does so.
pub fn allowed(entry: &Entry, more: &[String]) -> Allowed {
    let part = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        let parts = if parts.first() == Some(&"rounds") { &parts[2.min(parts.len())..] } else { &parts[..] };
        parts.first().copied().unwrap_or_default().to_owned()
    };
    let dockerfile = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile")
    };
    let images = &entry.exercise.images;
    let names = images.iter().map(|(alias, name)| (format!("image.{alias}"), name.clone())).collect();
    let named = |content: &[u8]| {
        refusals::images(&crate::course::fill(&String::from_utf8_lossy(content), &names), &BTreeMap::new())
    };
    let (mut used, mut own) = (BTreeSet::new(), BTreeSet::new());
    for (path, content) in entry.files.iter().filter(|(path, _)| dockerfile(path)) {
        let part = part(path);
        let answer = matches!(part.as_str(), "solution" | "right");
        for name in named(content).into_iter().filter(|_| answer || part == "start") {
            if images.values().any(|image| *image == name) {
                own.insert(name);
            } else if answer {
                used.insert(name);
            }
        }
    }
    let all = entry.exercise.all_bases().chain(&used).chain(more);
    Allowed::new(all.map(String::as_str)).and_own(own.iter().map(String::as_str))
}

/// Images that must be on the engine whatever is submitted.
pub fn needed(entry: &Entry) -> Vec<&str> {
    let mut images: Vec<&str> = entry.exercise.bases.iter().map(String::as_str).collect();
    if needs_registry(&entry.exercise.needs.services) {
        images.extend([GATE_IMAGE, REGISTRY_IMAGES[0]]);
    }
    images
}

/// Every Dockerfile that a step or a check of the round builds.
pub fn recipes(round: &Round, steps: &[Step]) -> BTreeSet<Recipe> {
    let mut recipes = BTreeSet::new();
    for step in steps {
        if let Step::Build { file, context, args, .. } = step {
            recipes.insert(Recipe { file: joined(context, file), args: args.clone() });
        }
    }
    for ask in round.checks.iter().flat_map(|check| &check.asks) {
        // Whatever kinds there are: a field `dockerfile` is one, relative to the `context` that goes with it.
        let spec = serde_json::to_value(ask).unwrap_or_default();
        in_check(&spec, ".", &BTreeMap::new(), &mut recipes);
    }
    recipes
}

fn in_check(value: &Value, context: &str, args: &BTreeMap<String, String>, recipes: &mut BTreeSet<Recipe>) {
    match value {
        Value::Object(fields) => {
            let context = fields.get("context").and_then(Value::as_str).unwrap_or(context);
            let mut args = args.clone();
            let own = fields.get("args").and_then(Value::as_object).into_iter().flatten();
            args.extend(own.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))));
            if let Some(file) = fields.get("dockerfile").and_then(Value::as_str) {
                recipes.insert(Recipe { file: joined(context, file), args: args.clone() });
            }
            fields.values().for_each(|field| in_check(field, context, &args, recipes));
        }
        Value::Array(items) => items.iter().for_each(|item| in_check(item, context, args, recipes)),
        _ => {}
    }
}

/// A path of ordinary parts.
fn joined(context: &str, file: &str) -> String {
    let parts = context.split('/').chain(file.split('/')).filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

/// Whether an answer depends on whose it is.
pub fn needs_token(entry: &Entry) -> bool {
    let exercise = &entry.exercise;
    exercise.token.is_some() || exercise.rounds.is_some() || !exercise.vars.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Course, Source};

    fn round(id: &str) -> (Entry, Round) {
        let course = Course::load(&Source::Embedded).unwrap();
        let entry = course.exercises[id].clone();
        let rounds = entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap();
        (entry, rounds[0].clone())
    }

    #[test]
    fn bases_of_right_answers_are_allowed_and_others_are_not() {
        let (entry, _) = round("E01");
        let allowed = allowed(&entry, &["nginx:alpine".to_owned()]);
        for name in ["busybox:1.36", "docker.io/library/python:3.11-slim", "nginx:alpine"] {
            assert!(allowed.get(name).is_some(), "{name}");
        }
        for name in ["busybox", "nginx", "e01/web:v1", "alpine:3.20"] {
            assert!(allowed.get(name).is_none(), "{name}");
        }
    }

    #[test]
    fn images_of_the_exercise_are_built_on_where_it_does_so_and_brought_by_nobody() {
        let (entry, _) = round("N10");
        let allowed = allowed(&entry, &[]);
        for name in ["n10/kit:v1", "docker.io/n10/museum:v1", "busybox:1.36"] {
            assert!(allowed.permits(name), "{name}");
        }
        assert!(!allowed.permits("n10/show:v1") && !allowed.permits("n10/kit"));
        assert_eq!(allowed.names().collect::<Vec<_>>(), ["busybox:1.36"]);
    }

    #[test]
    fn every_dockerfile_that_is_built_is_known() {
        let (_, round) = round("E01");
        let steps = [Step::Build {
            image: "app".into(),
            file: "docker/Dockerfile.prod".into(),
            context: "./app".into(),
            target: None,
            args: BTreeMap::from([("V".into(), "1".into())]),
            no_cache: false,
            may_fail: false,
        }];
        let files: Vec<String> = recipes(&round, &steps).into_iter().map(|recipe| recipe.file).collect();
        assert_eq!(files, ["Dockerfile", "app/docker/Dockerfile.prod"]);
        assert_eq!(joined("..", "../Dockerfile"), "Dockerfile");
    }

    #[test]
    fn a_registry_needs_its_images_and_a_token_decides_where_values_are_drawn() {
        let (entry, _) = round("E04");
        assert!(needed(&entry).contains(&GATE_IMAGE));
        assert!(["E01", "S01"].iter().all(|id| needs_token(&round(id).0)));
    }
}
