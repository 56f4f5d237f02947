//! A learner with an exercise that asks nothing but where the image came from, and a table of ways to get one.

use crate::cli_support::{Client, Scene, docker, docker_lines};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// A right Dockerfile's lines below FROM and LABEL.
pub const SITE: &str = "WORKDIR /site\nCOPY index.html style.css token ./\nEXPOSE 8080\nCMD [\"httpd\", \"-f\"]\n";

/// What `SITE` makes of the configuration, for those who type it in by hand.
pub const CHANGES: [&str; 6] =
    ["--change", "WORKDIR /site", "--change", "EXPOSE 8080", "--change", "CMD [\"httpd\", \"-f\"]"];

/// What must come out of a way.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// A pass, and its notes say this.
    Pass(&'static str),
    /// The first check that fails is this one, and says this.
    NotYet(&'static str, &'static str),
    /// Nothing failed, and the reason says this.
    CannotTell(&'static str),
}

/// The proof by the builder's cache.
pub const CACHE: Expect = Expect::Pass("proven by the builder's cache: a rebuild has the same layers");
/// The proof by the contents.
pub const CONTENTS: Expect = Expect::Pass("proven by its contents");

/// `built` fails and says this.
pub const fn not_built(says: &'static str) -> Expect {
    Expect::NotYet("built", says)
}

/// One way to an image.
pub struct Way {
    pub name: &'static str,
    /// With the classic builder, and with BuildKit; none where that builder cannot go this way.
    pub expect: [Option<Expect>; 2],
    /// Goes it.
    pub go: fn(&World),
}

/// A way with one outcome.
pub fn way(name: &'static str, expect: Expect, go: fn(&World)) -> Way {
    Way { name, expect: [Some(expect); 2], go }
}

/// A way on which the builders differ.
pub fn differs(name: &'static str, classic: Expect, buildkit: Expect, go: fn(&World)) -> Way {
    Way { name, expect: [Some(classic), Some(buildkit)], go }
}

/// A way that only one builder can go.
pub fn only(client: Client, name: &'static str, expect: Expect, go: fn(&World)) -> Way {
    let of = |builder| (client == builder).then_some(expect);
    Way { name, expect: [of(Client::Classic), of(Client::BuildKit)], go }
}

/// A learner at work.
pub struct World {
    pub scene: Scene,
    pub client: Client,
    token: String,
}

impl World {
    /// The exercise, whose check `built` is this: the fields of `built_from` besides `image`.
    pub fn new(client: Client, fields: &str) -> Self {
        let scene = Scene::before();
        let (id, repository) = (&scene.id, &scene.repository);
        let exercise = format!(
            "id: {id}\ntitle: Where from\nlesson: L06\nminutes: 1\npoints: 1\nrepository: {repository}\n\
             images: {{ app: \"{}\" }}\nbases: [\"busybox:1.36\"]\ntoken: /site/token\ntask: Build it.\nwhy: Built.\n\
             hints: [One., Two., Three.]\nchecks:\n\
             \x20 - {{ id: built, title: It was built here, check: {{ built_from: {{ image: app{fields} }} }} }}\n\
             \x20 - {{ id: token, title: It is yours, after: [built], check: {{ token: {{ image: app, path: /site/token }} }} }}\n\
             cases: {{ starter: {{ about: Nothing., fails: built, says: no image }} }}\n",
            scene.image
        );
        let folder = scene.course().join(format!("exercises/{id}-first-dockerfile"));
        for answers in ["right", "wrong"] {
            fs::remove_dir_all(folder.join(answers)).expect("answers of the exercise that was copied");
        }
        fs::write(folder.join("exercise.yaml"), exercise).expect("an exercise");
        scene.learner.dlearn(&["next", id]).exits(1);
        let token = scene.read("token");
        Self { scene, client, token }
    }

    /// Goes every way of a table, each from a clean folder, and fails with all that was not as expected.
    pub fn go(&self, table: &[Way]) {
        let (mut wrong, mut gone) = (Vec::new(), 0);
        // For work on a single way: a part of its name.
        let part = std::env::var("DLEARN_TEST_WAY").unwrap_or_default();
        for way in table.iter().filter(|way| way.name.contains(&part)) {
            let Some(expect) = way.expect[usize::from(self.client == Client::BuildKit)] else { continue };
            let begun = Instant::now();
            self.begin_anew();
            (way.go)(self);
            let made = begun.elapsed();
            let told = self.scene.check();
            let verdict = match self.mismatch(expect, &told.json()) {
                None => "as expected".to_owned(),
                Some(why) => {
                    wrong.push(format!("{}: {why}", way.name));
                    format!("WRONG: {why}")
                }
            };
            gone += 1;
            println!("{:?} {:<48} made {made:>5.1?}, checked {:>5.1?}: {verdict}", self.client, way.name, told.took);
        }
        assert!(wrong.is_empty(), "{} of {gone} ways with {:?}:\n{}", wrong.len(), self.client, wrong.join("\n"));
    }

    fn by_hand(&self) -> String {
        format!("{}-by-hand", self.scene.repository)
    }

    fn begin_anew(&self) {
        let image = &self.scene.image;
        for container in docker_lines(&["ps", "--all", "--quiet", "--filter", &format!("name={}", self.by_hand())]) {
            docker(&["rm", "--force", &container]);
        }
        if !docker_lines(&["images", "--quiet", image]).is_empty() {
            docker(&["rmi", "--force", image]);
        }
        let folder = self.scene.folder();
        for entry in fs::read_dir(&folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it goes");
        }
        self.write("token", &self.token);
        self.write("index.html", &format!("<p>{}</p>\n", self.scene.repository));
        self.write("style.css", "p { color: teal }\n");
        self.dockerfile(SITE);
    }

    /// Why a report is not what was expected, if so.
    fn mismatch(&self, expect: Expect, report: &serde_json::Value) -> Option<String> {
        let empty = Vec::new();
        let checks = report["checks"].as_array().unwrap_or(&empty);
        let with = |verdict: &str| checks.iter().find(|check| check["verdict"] == verdict);
        let words = |check: &serde_json::Value, fields: &[&str]| {
            let texts = fields.iter().map(|field| match &check[*field] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            texts.collect::<Vec<_>>().join(" | ")
        };
        let failed = with("not_yet").map(|check| (check, words(check, &["found", "expected", "advice"])));
        let unsure = with("cannot_tell").map(|check| words(check, &["reason", "help"]));
        let notes = with("pass").map(|check| words(check, &["notes"])).unwrap_or_default();
        let right = match expect {
            Expect::Pass(says) => report["outcome"] == "pass" && notes.contains(says),
            Expect::NotYet(id, says) => {
                failed.as_ref().is_some_and(|(check, found)| check["id"] == id && found.contains(says))
            }
            Expect::CannotTell(says) => failed.is_none() && unsure.as_ref().is_some_and(|reason| reason.contains(says)),
        };
        if right {
            return None;
        }
        let failed = failed.map(|(check, found)| format!("{} not yet: {found}", check["id"]));
        let said = failed.or(unsure.map(|reason| format!("cannot tell: {reason}"))).unwrap_or(format!("pass: {notes}"));
        Some(format!("expected {expect:?}, got {said}"))
    }

    pub fn image(&self) -> &str {
        &self.scene.image
    }

    /// A name of the same repository.
    pub fn name(&self, name: &str) -> String {
        format!("{}/{name}:v1", self.scene.repository)
    }

    pub fn write(&self, path: &str, text: &str) {
        write_in(&self.scene.folder(), path, text);
    }

    /// Lines below FROM, with the label of the scene.
    pub fn dockerfile(&self, lines: &str) {
        self.whole_dockerfile(&format!("FROM busybox:1.36\nLABEL {}\n{lines}", self.scene.label));
    }

    pub fn whole_dockerfile(&self, text: &str) {
        self.write("Dockerfile", text);
    }

    /// `docker build -t IMAGE ARGS .` in the exercise's folder.
    #[track_caller]
    pub fn build(&self, args: &[&str]) {
        self.scene.build(self.client, args);
    }

    /// The same with the Dockerfile of these lines.
    #[track_caller]
    pub fn build_with(&self, lines: &str) {
        self.dockerfile(lines);
        self.build(&[]);
    }

    /// Builds from a Dockerfile of these lines, and has the right one in the folder afterwards.
    #[track_caller]
    pub fn build_and_put_right(&self, lines: &str, right: &str) {
        self.build_with(lines);
        self.dockerfile(right);
    }

    /// A container of an image, not started. Gives its name.
    pub fn container(&self, image: &str, command: &[&str]) -> String {
        let name = self.by_hand();
        docker(&[&["create", "--name", &name, "--label", &self.scene.label, image], command].concat());
        name
    }

    /// Copies what belongs to the site into a container.
    pub fn fill(&self, container: &str) {
        let folder = self.scene.learner.root().join("by-hand");
        for file in ["index.html", "style.css", "token"] {
            write_in(&folder, file, &self.scene.read(file));
        }
        docker(&["cp", &format!("{}/.", folder.display()), &format!("{container}:/site")]);
    }

    /// The image's files, with its base's, as an archive.
    pub fn flattened(&self) -> String {
        let name = self.container(self.image(), &["true"]);
        let path = self.scene.learner.root().join("flat.tar");
        let path = path.to_str().expect("a path of text").to_owned();
        docker(&["export", "--output", &path, &name]);
        path
    }
}

fn write_in(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("the folder can be written to");
}
