//! `dlearn grade example`: ready files for places that grade in parallel, and for pull requests.

use super::app::App;
use crate::failure::{Failure, exit};
use crate::report::{self, json};
use serde::Serialize;

/// A ready file.
#[derive(Debug, Serialize)]
struct Example {
    name: &'static str,
    what: &'static str,
    #[serde(skip)]
    text: &'static str,
}

const EXAMPLES: [Example; 6] = [
    Example {
        name: "github-class",
        what: "GitHub Actions: a class in a matrix of parallel jobs, and a job that joins their parts",
        text: include_str!("../../scripts/examples/github-class.yml"),
    },
    Example {
        name: "github-pull-request",
        what: "GitHub Actions: a pull request is graded, by a job that has no secrets and can write nothing",
        text: include_str!("../../scripts/examples/github-pull-request.yml"),
    },
    Example {
        name: "github-comment",
        what: "GitHub Actions: what that found is posted as a comment, by a job that runs nothing of theirs",
        text: include_str!("../../scripts/examples/github-comment.yml"),
    },
    Example {
        name: "kubernetes",
        what: "Kubernetes: a class as an Indexed Job, each pod with an engine of its own",
        text: include_str!("../../scripts/examples/kubernetes.yml"),
    },
    Example {
        name: "swarm",
        what: "Docker Swarm: a class as a replicated job, as a script for a manager",
        text: include_str!("../../scripts/examples/swarm.sh"),
    },
    Example {
        name: "image",
        what: "a Dockerfile for an image with dlearn in it, which the last two need",
        text: include_str!("../../scripts/examples/image.Dockerfile"),
    },
];

#[derive(Debug, Serialize)]
struct ExamplesReport {
    /// `dlearn/examples/1`
    schema: &'static str,
    examples: &'static [Example],
}

pub(super) fn run(app: &App, name: Option<&str>) -> Result<i32, Failure> {
    match name {
        Some(name) => {
            let known = || EXAMPLES.iter().map(|example| example.name);
            let example = EXAMPLES.iter().find(|example| example.name == name);
            let example =
                example.ok_or_else(|| Failure::unknown("example", name, known(), "dlearn grade example lists them"))?;
            report::raw(example.text.trim_end())?;
        }
        None if app.common.json => json::print(&ExamplesReport { schema: "dlearn/examples/1", examples: &EXAMPLES })?,
        None => {
            let list = EXAMPLES.iter().map(|example| format!("- `{}`: {}", example.name, example.what));
            let list = list.collect::<Vec<_>>().join("\n");
            app.say(&format!(
                "# Ready files\n\n{list}\n\n`dlearn grade example NAME` prints one; its first lines say how to use it."
            ))?;
        }
    }
    Ok(exit::DONE)
}

#[cfg(test)]
mod tests;
