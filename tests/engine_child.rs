//! The kind `child` against a real engine, with both builders.

mod common;

use common::*;
use dlearn::check::{Kind, Subject, Verdict};
use dlearn::evidence::*;
use std::fs;
use std::process::Command;

/// An image that was built as a learner does it, and is gone afterwards.
struct Parent {
    folder: tempfile::TempDir,
    builder: Builder,
    name: String,
}

impl Parent {
    fn new(builder: Builder, what: &str, dockerfile: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
        let name = format!("child-{}-{}/{what}:v1", std::process::id(), builder as u8);
        learner_builds(folder.path(), builder, Some(&name));
        Self { folder, builder, name }
    }

    /// Judges a check about the image `kit`, and sees that nothing of it is left.
    async fn verdict(&self, check: &str) -> Verdict {
        let kind: Kind = dlearn::course::read_yaml(&format!("child: {check}")).expect("a valid check");
        let subject = Subject { images: [("kit".to_owned(), self.name.clone())].into(), token: String::new() };
        let verdict = judged(&kind, &subject, self.folder.path(), self.builder).await;
        docker(&["image", "inspect", &self.name]);
        verdict
    }

    async fn passes(&self, check: &str) {
        let verdict = self.verdict(check).await;
        assert!(verdict.passed(), "{} {check}: {verdict:?}", self.builder);
    }

    async fn fails(&self, check: &str, part: &str) {
        let verdict = self.verdict(check).await;
        let Verdict::NotYet(not_yet) = &verdict else { panic!("{} {check}: {verdict:?}", self.builder) };
        assert!(not_yet.found.contains(part), "{} {check}: {not_yet:?}", self.builder);
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        remove_built(&self.name);
    }
}

const PAGE: &str = r##"{ image: kit, files: { "pages/{{nonce}}.txt": "fresh {{nonce}}" }, then: [{ check: { file: { image: "{{child}}", path: /all, content: { contains: ["fresh {{nonce}}"] } } } }] }"##;

#[tokio::test]
async fn triggers_meet_files_that_were_never_there_before_again_and_again() {
    for builder in BUILDERS {
        let kit = "FROM busybox:1.36\nONBUILD COPY pages /pages\nONBUILD RUN cat /pages/* > /all\n";
        let kit = Parent::new(builder, "kit", kit);
        // A second time nothing of the first one may come from the cache.
        kit.passes(PAGE).await;
        kit.passes(PAGE).await;
        let none = r##"{ image: kit, files: { pages/a: a }, then: [{ check: { config: { image: "{{child}}", onbuild: { most: 0 } } } }] }"##;
        kit.passes(none).await;
    }
}

#[tokio::test]
async fn an_image_that_has_the_result_already_does_not_pass_for_one_that_makes_it() {
    for builder in BUILDERS {
        let baked = Parent::new(builder, "baked", "FROM busybox:1.36\nRUN echo fresh > /all\n");
        baked.fails(PAGE, "/all holds `fresh`").await;
    }
}

#[tokio::test]
async fn a_trigger_that_fails_is_told_in_the_builders_words() {
    for builder in BUILDERS {
        let kit = Parent::new(builder, "fails", "FROM busybox:1.36\nONBUILD RUN echo no pages, error; exit 3\n");
        kit.fails(PAGE, "no pages, error").await;
        let kit = Parent::new(builder, "names", "FROM busybox:1.36\nONBUILD COPY museum/pages /pages\n");
        kit.fails(PAGE, "museum").await;
    }
}

/// The classic builder names the last image only of those that triggers make: none, where one of them fails.
#[tokio::test]
async fn what_triggers_made_before_one_of_them_failed_does_not_stay() {
    for builder in BUILDERS {
        let kit = format!(
            "FROM busybox:1.36\nLABEL unique={:?}\nONBUILD COPY pages /pages\nONBUILD RUN cat /pages/*\nONBUILD RUN echo broken, error; exit 3\n",
            format!("{:?}", std::time::SystemTime::now())
        );
        let kit = Parent::new(builder, "stays", &kit);
        kit.fails(PAGE, "broken, error").await;
        let id = docker(&["image", "inspect", "--format", "{{.Id}}", &kit.name]);
        let unnamed = docker(&["images", "--all", "--quiet", "--no-trunc", "--filter", "dangling=true"]);
        let upon = |image: &&str| {
            let parent = Command::new("docker").args(["image", "inspect", "--format", "{{.Parent}}", image]).output();
            String::from_utf8_lossy(&parent.unwrap().stdout).trim() == id
        };
        assert_eq!(unnamed.lines().find(upon), None, "{builder}");
    }
}

#[tokio::test]
async fn the_child_has_a_dockerfile_of_the_checks_own() {
    for builder in BUILDERS {
        let base = Parent::new(builder, "base", "FROM busybox:1.36\nENV SAYS=hello\nUSER 1000\n");
        let check = r##"{ image: kit, builds: "FROM {{parent}}\nCMD echo $SAYS, $(id -u)\n", then: [{ check: { command: { image: "{{child}}", stdout: { equals: "hello, 1000" } } } }] }"##;
        base.passes(check).await;
        base.fails(&check.replace("hello, 1000", "bye"), "it printed `hello, 1000`").await;
    }
}
