//! A learner with a practice registry, in a course with names of its own.

use super::docker::{Client, docker_fails};
use super::process::Learner;
use super::scene::copy;
use super::unique;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A learner at E04, in a course in which it has an id and image names of its own.
pub struct Desk {
    pub learner: Learner,
    pub id: String,
    pub repository: String,
    /// The docker command's own configuration: nobody else's logins.
    config: tempfile::TempDir,
}

impl Desk {
    /// Before the first `dlearn next`.
    pub fn before() -> Self {
        let unique = unique();
        let (id, repository) = (format!("T{unique}"), format!("t{unique}"));
        let learner = Learner::new();
        let course = learner.root().join("the-course");
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["checks", "lessons", "exercises/E04-registry-workflow"] {
            let to = match part.strip_prefix("exercises/E04") {
                Some(rest) => course.join(format!("exercises/{id}{rest}")),
                None => course.join(part),
            };
            copy(&project.join(part), &to);
        }
        let edit = |file: PathBuf, edit: &dyn Fn(&str) -> String| {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, edit(&text)).unwrap();
        };
        edit(course.join("lessons/course.yaml"), &|text| {
            let lessons = |line: &str| {
                let Some((head, items)) = line.split_once("items: [") else { return format!("{line}\n") };
                let kept = items.trim_end_matches(']').split(", ").filter(|id| id.starts_with('L'));
                format!("{head}items: [{}]\n", kept.collect::<Vec<_>>().join(", "))
            };
            text.lines().map(lessons).collect()
        });
        edit(course.join(format!("exercises/{id}-registry-workflow/exercise.yaml")), &|text| {
            text.replacen("id: E04", &format!("id: {id}"), 1).replace("e04", &repository)
        });
        let config = tempfile::tempdir().unwrap();
        Self { learner: learner.with_course(&course), id, repository, config }
    }

    pub fn new() -> Self {
        let desk = Self::before();
        desk.learner.dlearn(&["next", &desk.id]).exits(1);
        desk
    }

    pub fn folder(&self) -> PathBuf {
        self.learner.home().join(format!("{}-registry-workflow", self.id))
    }

    pub fn app(&self) -> String {
        format!("{}/news:v1", self.repository)
    }

    pub fn practice(&self) -> Value {
        let text = fs::read_to_string(self.learner.home().join(".dlearn/state.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["practice"].clone()
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.practice()["port"])
    }

    pub fn pushed(&self) -> String {
        format!("{}/learner/{}-news:v1", self.address(), self.repository)
    }

    /// Names of the containers, the gate first.
    pub fn containers(&self) -> [String; 2] {
        let practice = self.practice();
        let id = practice["id"].as_str().unwrap();
        [format!("dlearn-registry-gate-{id}"), format!("dlearn-registry-{id}")]
    }

    pub fn exist(&self) -> [bool; 2] {
        self.containers().map(|name| !docker_fails(&["container", "inspect", &name]))
    }

    /// A docker command with this learner's logins: whether it succeeded, and what it said.
    pub fn docker(&self, client: Client, args: &[&str]) -> (bool, String) {
        let output = client.command().args(args).env("DOCKER_CONFIG", self.config.path()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.success(), said)
    }

    #[track_caller]
    pub fn fine(&self, client: Client, args: &[&str]) {
        let (fine, said) = self.docker(client, args);
        assert!(fine, "docker {args:?}: {said}");
    }

    #[track_caller]
    pub fn log_in(&self, client: Client) {
        let practice = self.practice();
        let password = practice["password"].as_str().unwrap();
        self.fine(client, &["login", "--username", "learner", "--password", password, &self.address()]);
    }

    /// Builds, logs in, tags and pushes.
    #[track_caller]
    pub fn push(&self, client: Client) {
        client.build(&self.folder(), &["-t", &self.app()]);
        self.log_in(client);
        self.fine(client, &["tag", &self.app(), &self.pushed()]);
        self.fine(client, &["push", &self.pushed()]);
    }

    /// The check of this id is the first that fails, and its finding says this.
    #[track_caller]
    pub fn fails(&self, check: &str, says: &str) {
        let told = self.learner.dlearn(&["check", &self.id, "--json"]).exits(1);
        let finding = told.check(check);
        assert_eq!(finding["verdict"], "not_yet", "{told:?}");
        let said = format!("{} {} {}", finding["expected"], finding["found"], finding["advice"]);
        assert!(said.contains(says), "{check} does not say {says:?}: {finding:#}");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let quiet = |args: &[&str]| Command::new("docker").args(args).output();
        for image in [self.app(), format!("{}/corp/x:v1", self.address()), self.pushed()] {
            let _ = quiet(&["rmi", "--force", &image]);
        }
        // An image that another one took the tag from is still known by the digest that it was pushed with.
        let pushed = format!("reference={}", self.pushed().trim_end_matches(":v1"));
        let digests = ["images", "--digests", "--filter", &pushed, "--format", "{{.Repository}}@{{.Digest}}"];
        let listed = quiet(&digests).map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        for image in listed.unwrap_or_default().lines() {
            let _ = quiet(&["rmi", "--force", image]);
        }
        for name in self.containers().iter().rev() {
            let _ = quiet(&["rm", "--force", "--volumes", name]);
        }
    }
}
