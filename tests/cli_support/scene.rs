//! An exercise under names of its own, so that tests run side by side and nobody's images are met.
//!
//! The course is the project's own one, E01 with another id and another repository. Everything that a
//! test makes on the engine carries the scene's label, and goes with the scene.

use super::docker::{Client, docker_lines};
use super::process::{Learner, Told};
use super::unique;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One learner at work on one exercise.
pub struct Scene {
    pub learner: Learner,
    /// Id of the exercise.
    pub id: String,
    /// Its repository.
    pub repository: String,
    /// Name of its image.
    pub image: String,
    /// Label of everything that belongs to this scene.
    pub label: String,
}

impl Scene {
    /// The exercise as a learner gets it, set up by `dlearn next` on the engine in reach.
    pub fn new() -> Self {
        let scene = Self::before();
        scene.learner.dlearn(&["next", &scene.id]).exits(1);
        scene
    }

    /// Before the first `dlearn next`.
    pub fn before() -> Self {
        let unique = unique();
        let (id, repository) = (format!("T{unique}"), format!("t{unique}"));
        let learner = Learner::new();
        let course = learner.root().join("the-course");
        let image = format!("{repository}/web:v1");
        let label = format!("dlearn-tests={unique}");
        copy_course(&course, &id, &repository, &label);
        Self { learner: learner.with_course(&course), id, repository, image, label }
    }

    /// A scene whose image is built and right, so that every check of it passes.
    pub fn solved(client: Client) -> Self {
        let scene = Self::new();
        scene.write("Dockerfile", &scene.dockerfile());
        scene.build(client, &[]);
        scene
    }

    /// The folder of the course itself.
    pub fn course(&self) -> PathBuf {
        self.learner.root().join("the-course")
    }

    /// The exercise's folder.
    pub fn folder(&self) -> PathBuf {
        self.learner.home().join(format!("{}-first-dockerfile", self.id))
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.folder().join(file), text).expect("the exercise's folder can be written to");
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder().join(file)).expect("the file is there")
    }

    /// A right Dockerfile, which gives every image and container made with it the scene's label.
    pub fn dockerfile(&self) -> String {
        self.with_instructions("")
    }

    /// The same, with more instructions above what it copies.
    pub fn with_instructions(&self, more: &str) -> String {
        let label = &self.label;
        format!(
            "FROM busybox:1.36\nLABEL {label}\n{more}WORKDIR /site\nCOPY index.html style.css token ./\n\
             EXPOSE 8080\nCMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/site\"]\n"
        )
    }

    /// `docker build -t IMAGE ARGS .` in the exercise's folder.
    #[track_caller]
    pub fn build(&self, client: Client, args: &[&str]) {
        client.build(&self.folder(), &[&["-t", self.image.as_str()], args].concat());
    }

    pub fn check(&self) -> Told {
        self.learner.dlearn(&["check", &self.id, "--json"])
    }

    /// The check of this id is the first that fails, and its finding says this.
    #[track_caller]
    pub fn fails(&self, check: &str, says: &str) {
        let told = self.check().exits(1);
        let finding = told.check(check);
        assert_eq!(finding["verdict"], "not_yet", "{told:?}");
        let said = format!("{} {} {}", finding["expected"], finding["found"], finding["advice"]);
        assert!(said.contains(says), "{check} does not say {says:?}: {finding:#}");
        assert_eq!(told.json()["outcome"], "not_yet");
    }

    /// What this scene's runs have on the engine now: containers by label, images by name or label.
    pub fn of_dlearn(&self) -> BTreeSet<String> {
        let exercise = format!("label=dlearn.exercise={}", self.id);
        let label = format!("label={}", self.label);
        let mut found = BTreeSet::new();
        for filter in [&exercise, &label] {
            let rows = docker_lines(&["ps", "--all", "--filter", filter, "--format", "container {{.Names}}"]);
            found.extend(rows.into_iter().filter(|row| row.starts_with("container dlearn-")));
        }
        let images = docker_lines(&["images", "--filter", &label, "--format", "image {{.Repository}}:{{.Tag}}"]);
        found.extend(images.into_iter().filter(|row| row.starts_with("image dlearn-run/")));
        found
    }

    /// Everything with this scene's label, whosever it is: one line each with id, name and state.
    pub fn listing(&self) -> BTreeSet<String> {
        let filter = format!("label={}", self.label);
        let list = |args: &[&str], format: &str| {
            docker_lines(&[args, &["--filter", filter.as_str(), "--no-trunc", "--format", format]].concat())
        };
        let mut all: BTreeSet<String> =
            list(&["ps", "--all"], "container {{.ID}} {{.Names}} {{.Image}} {{.State}}").into_iter().collect();
        all.extend(list(&["images", "--all"], "image {{.ID}} {{.Repository}}:{{.Tag}}"));
        all.extend(list(&["network", "ls"], "network {{.ID}} {{.Name}}"));
        let volumes = ["volume", "ls", "--filter", filter.as_str(), "--format", "volume {{.Name}}"];
        all.extend(docker_lines(&volumes));
        all
    }

    fn remove_everything(&self) {
        let filter = format!("label={}", self.label);
        let run = format!("label=dlearn.exercise={}", self.id);
        for filter in [&filter, &run] {
            each(&["ps", "--all", "--quiet", "--filter", filter], &["rm", "--force", "--volumes"]);
        }
        each(&["network", "ls", "--quiet", "--filter", &filter], &["network", "rm"]);
        each(&["volume", "ls", "--quiet", "--filter", &filter], &["volume", "rm", "--force"]);
        let format = "{{if eq .Tag \"<none>\"}}{{.ID}}{{else}}{{.Repository}}:{{.Tag}}{{end}}";
        let of_ours = format!("{}/*", self.repository);
        for by in [filter, format!("reference={of_ours}")] {
            // A parent goes with its last child, so what is listed may be gone when its turn comes.
            while each(&["images", "--all", "--filter", &by, "--format", format], &["rmi"]) {}
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.remove_everything();
    }
}

/// Does this with each line of a listing. Gives whether any of it succeeded.
fn each(list: &[&str], act: &[&str]) -> bool {
    let quiet = |args: &[&str]| std::process::Command::new("docker").args(args).output();
    let Ok(listed) = quiet(list) else { return false };
    let mut any = false;
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        any |= quiet(&[act, &[name]].concat()).is_ok_and(|output| output.status.success());
    }
    any
}

/// The project's course, with E01 under another id and other image names, and with a label in every Dockerfile.
fn copy_course(to: &Path, id: &str, repository: &str, label: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&from.join("checks"), &to.join("checks"));
    copy(&from.join("lessons"), &to.join("lessons"));
    let folder = to.join(format!("exercises/{id}-first-dockerfile"));
    copy(&from.join("exercises/E01-first-dockerfile"), &folder);
    let edit = |file: PathBuf, edit: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        fs::write(&file, edit(text)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    };
    edit(to.join("lessons/course.yaml"), &|text| only(&text, "E01").replace("E01", id));
    edit(folder.join("exercise.yaml"), &|text| {
        let text = text.replacen("id: E01", &format!("id: {id}"), 1);
        let text = text.replacen("repository: e01", &format!("repository: {repository}"), 1);
        text.replace("e01/", &format!("{repository}/"))
    });
    for dockerfile in files(&folder).iter().filter(|file| file.ends_with("Dockerfile")) {
        edit(dockerfile.clone(), &|text| {
            let labelled = |line: &str| {
                if line.starts_with("FROM") { format!("{line}\nLABEL {label}\n") } else { format!("{line}\n") }
            };
            text.lines().map(labelled).collect()
        });
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder of the course is read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a folder of the project is read");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        }
    }
}

/// An outline without the exercises, but for one.
fn only(outline: &str, exercise: &str) -> String {
    let lines = outline.lines().map(|line| {
        let Some((head, items)) = line.split_once("items: [") else { return line.to_owned() };
        let kept = items.trim_end_matches(']').split(", ").filter(|id| id.starts_with('L') || *id == exercise);
        format!("{head}items: [{}]", kept.collect::<Vec<_>>().join(", "))
    });
    lines.map(|line| line + "\n").collect()
}
