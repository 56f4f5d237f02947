//! The scan and the comparison against archives that a real engine saves.

use dlearn::evidence::{EntryKind, LayerFacts};
use dlearn::layers::{DifferenceKind, Scan, ScanOptions, Tolerance, compare_layers, scan};
use std::path::Path;
use std::process::{Command, Stdio};

/// A base image that every machine with the stand-ins has.
const BUSYBOX: &str = "busybox:1.36";

/// The docker command's standard output; fails loudly and says what the test needs.
fn docker(args: &[&str]) -> String {
    let output =
        Command::new("docker").args(args).output().expect("these tests need docker: run ./scripts/engine start");
    assert!(
        output.status.success(),
        "docker {args:?} failed; these tests need an engine (./scripts/engine start) and {BUSYBOX} (./scripts/images): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Scans an image as it streams out of the engine.
fn saved(image: &str) -> Scan {
    docker(&["image", "inspect", "--format", "{{.Id}}", image]);
    let mut child = Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn().unwrap();
    let scan = scan(child.stdout.take().unwrap(), &ScanOptions::default());
    assert!(child.wait().unwrap().success(), "docker save found a closed pipe");
    scan.unwrap_or_else(|error| panic!("{image}: {error}"))
}

fn inspected_layers(image: &str) -> Vec<String> {
    let layers = docker(&["image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", image]);
    layers.split_whitespace().map(str::to_owned).collect()
}

fn diff_ids(scan: &Scan) -> Vec<String> {
    scan.facts.layers.iter().map(|layer| layer.diff_id.clone()).collect()
}

/// Images of one test, removed by their tags at its end.
struct Images(String, Vec<String>);

impl Images {
    fn new(test: &str) -> Self {
        Self(format!("dlearn-run/layers-{test}-{}", std::process::id()), Vec::new())
    }

    /// `docker build --no-cache`, with the classic builder or with what the client prefers.
    fn build(&mut self, tag: &str, context: &Path, classic: bool) -> String {
        let name = format!("{}:{tag}", self.0);
        let mut command = Command::new("docker");
        if classic {
            command.env("DOCKER_BUILDKIT", "0");
        }
        let output =
            command.args(["build", "--no-cache", "-q", "--label", "dlearn=test", "-t", &name]).arg(context).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.1.push(name.clone());
        name
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        for name in &self.1 {
            // The test's own failure, if there is one, matters more than a tag that stays.
            let _ = Command::new("docker").args(["rmi", name]).output();
        }
    }
}

#[test]
fn a_saved_image_has_the_layers_that_the_engine_names() {
    let scan = saved(BUSYBOX);
    assert_eq!(diff_ids(&scan), inspected_layers(BUSYBOX));
    assert_eq!(scan.repo_tags, [BUSYBOX]);
    assert!(!scan.facts.truncated);
    let created_by = scan.facts.layers[0].created_by.as_deref();
    assert!(created_by.is_some_and(|step| step.contains("COPY") || step.contains("ADD")), "{created_by:?}");
    let shell = &scan.facts.layers[0].entries["bin/busybox"];
    assert!(matches!(shell.change, EntryKind::File | EntryKind::HardLink), "{shell:?}");
    assert!(scan.config.container.env.contains_key("PATH"));
}

const DOCKERFILE: &str = "\
FROM busybox:1.36
WORKDIR /app/deep
COPY . .
RUN date > /var-log && mkdir -p /var/log && date > /var/log/build.log && mktemp && rm /var-log
RUN ln main.sh hard && ln -s main.sh soft && chmod 4755 main.sh && chown 12:34 tree/leaf
RUN rm -r tree other && mkdir tree && touch tree/new
";

fn context(main: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("Dockerfile", DOCKERFILE);
    write("main.sh", main);
    write("tree/leaf", "leaf");
    write("other", "");
    folder
}

fn tolerance(layer: &LayerFacts) -> Tolerance {
    let step = layer.created_by.as_deref().unwrap_or_default();
    if ["COPY", "ADD", "WORKDIR"].iter().any(|word| step.contains(word)) { Tolerance::Copied } else { Tolerance::Ran }
}

#[test]
fn a_rebuild_from_the_same_files_has_equal_contents_with_every_builder() {
    let mut images = Images::new("same");
    let main = format!("echo {}", std::process::id());
    let (one, other) = (context(&main), context(&main));
    let built = saved(&images.build("built", one.path(), true));
    for (tag, classic) in [("classic", true), ("preferred", false)] {
        let name = images.build(tag, other.path(), classic);
        let rebuilt = saved(&name);
        assert_eq!(diff_ids(&rebuilt), inspected_layers(&name), "{tag}");
        assert_eq!(built.facts.layers.len(), rebuilt.facts.layers.len(), "{tag}");
        let equal =
            built.facts.layers.iter().zip(&rebuilt.facts.layers).filter(|(a, b)| a.diff_id == b.diff_id).count();
        assert!(equal < built.facts.layers.len(), "{tag}: the comparison was not needed");
        for (built, rebuilt) in built.facts.layers.iter().zip(&rebuilt.facts.layers) {
            let differences = compare_layers(built, rebuilt, tolerance(built));
            assert!(differences.is_empty(), "{tag}: {:?}: {differences:#?}", built.created_by);
        }
    }
    let removed = built.facts.layers.last().unwrap();
    assert_eq!(removed.entries["app/deep/other"].change, EntryKind::Whiteout);
    assert_eq!(removed.entries["app/deep/tree/new"].change, EntryKind::File);
    let linked = &built.facts.layers[built.facts.layers.len() - 2];
    let hard = ["app/deep/hard", "app/deep/main.sh"].map(|path| linked.entries[path].change);
    assert!(hard.contains(&EntryKind::HardLink) && hard.contains(&EntryKind::File), "{hard:?}");
    assert_eq!(
        (linked.entries["app/deep/soft"].change, &*linked.entries["app/deep/soft"].content),
        (EntryKind::Link, "main.sh")
    );
    assert_eq!(linked.entries["app/deep/main.sh"].mode, 0o4755);
    assert_eq!((linked.entries["app/deep/tree/leaf"].uid, linked.entries["app/deep/tree/leaf"].gid), (12, 34));
}

#[test]
fn a_rebuild_from_other_files_differs_in_them() {
    let mut images = Images::new("other");
    let built = saved(&images.build("built", context("echo mine").path(), false));
    let rebuilt = saved(&images.build("rebuilt", context("echo theirs").path(), false));
    let differences: Vec<(String, DifferenceKind)> = built
        .facts
        .layers
        .iter()
        .zip(&rebuilt.facts.layers)
        .flat_map(|(built, rebuilt)| compare_layers(built, rebuilt, tolerance(built)))
        .map(|difference| (difference.path, difference.what))
        .collect();
    let main = ("app/deep/main.sh".to_owned(), DifferenceKind::Content);
    // Once where it is copied, and once, with its hard link, where its mode is changed.
    assert_eq!(differences, [main.clone(), ("app/deep/hard".to_owned(), DifferenceKind::Content), main]);
}
