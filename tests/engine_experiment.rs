//! The kind `experiment` against a real engine, with both builders.

mod common;

use common::*;
use dlearn::check::{Kind, Subject, Verdict};
use dlearn::evidence::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Writes files, builds them as a learner does, and judges a check about the image `app`.
struct Bench {
    dir: tempfile::TempDir,
    builder: Builder,
    id: String,
}

const INSTALL: &str = "#!/bin/sh\nmkdir -p /deps && cat list >/deps/list && cat /proc/sys/kernel/random/uuid >/last\n";

impl Bench {
    fn new(builder: Builder, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let all = [("app.sh", "echo hello\n"), ("list", "one\n"), ("install.sh", INSTALL)];
        for (path, text) in all.iter().chain(files) {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), text).unwrap();
        }
        // No build of another test has the same files.
        fs::write(dir.path().join("unique"), format!("{:?} {builder}", std::time::SystemTime::now())).unwrap();
        let id = learner_builds(dir.path(), builder, None);
        Self { dir, builder, id }
    }

    async fn verdict(&self, check: &str) -> Verdict {
        let files = contents(self.dir.path());
        let kind: Kind = dlearn::course::read_yaml(&format!("experiment: {check}")).expect("a valid check");
        let subject = Subject { images: [("app".to_owned(), self.id.clone())].into(), token: String::new() };
        let verdict = judged(&kind, &subject, self.dir.path(), self.builder).await;
        assert_eq!(contents(self.dir.path()), files, "the learner's files are as they were");
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

impl Drop for Bench {
    fn drop(&mut self) {
        remove_built(&self.id);
    }
}

/// Path → content and time of its last change.
fn contents(root: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let time = fs::metadata(&path).unwrap().modified().unwrap();
                found.insert(path.display().to_string(), (fs::read(&path).unwrap(), time));
            }
        }
    }
    found
}

const GOOD: &str = "FROM busybox:1.36\nCOPY unique list install.sh ./\nRUN sh install.sh\nCOPY . /app\n";
const BAD: &str = "FROM busybox:1.36\nCOPY . ./\nRUN sh install.sh\n";
const KEPT: &str = r##"{ image: app, change: { edit: { app.sh: { append: "# {{nonce}}" } } }, keeps: [{ files: "^/deps/", what: it }] }"##;

#[tokio::test]
async fn the_cache_order_shows_again_and_again() {
    for builder in BUILDERS {
        let good = Bench::new(builder, &[("Dockerfile", GOOD)]);
        let bad = Bench::new(builder, &[("Dockerfile", BAD)]);
        // A second time nothing of the first one may come from the cache.
        for _ in 0..2 {
            good.passes(KEPT).await;
            bad.fails(KEPT, "ran again (layer").await;
        }
    }
}

#[tokio::test]
async fn the_learners_image_may_be_gone_from_the_cache() {
    for builder in BUILDERS {
        let bench = Bench::new(builder, &[("Dockerfile", GOOD)]);
        // As if the cache had been cleared: no build of these files was ever seen.
        fs::write(bench.dir.path().join("unique"), format!("{:?} again", std::time::SystemTime::now())).unwrap();
        bench.passes(KEPT).await;
    }
}

#[tokio::test]
async fn stages_with_and_without_a_name_are_looked_into() {
    for builder in BUILDERS {
        for (name, from) in [(" AS deps", "deps"), ("", "0")] {
            let staged = |copy: &str| {
                format!(
                    "FROM busybox:1.36{name}\nCOPY {copy} ./\nRUN sh install.sh\n\n\
                     FROM busybox:1.36\nCOPY . /app\nCOPY --from={from} /deps /deps\n"
                )
            };
            // The result of the install is the same each time: only the stage tells that it ran.
            Bench::new(builder, &[("Dockerfile", &staged("."))]).fails(KEPT, "in stage").await;
            Bench::new(builder, &[("Dockerfile", &staged("unique list install.sh"))]).passes(KEPT).await;
        }
    }
}

#[tokio::test]
async fn an_ignored_canary_leaves_the_image_the_same() {
    let same = r##"{ image: app, same: true, change: { edit: { "logs/{{nonce}}.log": { write: x }, .env: { write: "S={{nonce}}" } } } }"##;
    for builder in BUILDERS {
        let plain = ("Dockerfile", "FROM busybox:1.36\nCOPY . /app\n");
        let ignored = Bench::new(builder, &[plain, (".dockerignore", "**/*.log\nlogs\n.env\n"), (".env", "S=1\n")]);
        ignored.passes(same).await;
        Bench::new(builder, &[plain]).fails(same, "now holds /app/.env").await;
    }
}

#[tokio::test]
async fn a_file_that_was_only_saved_again_changes_nothing() {
    for builder in BUILDERS {
        let bench = Bench::new(builder, &[("Dockerfile", BAD)]);
        let app = bench.dir.path().join("app.sh");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
        fs::File::options().append(true).open(app).unwrap().set_modified(later).unwrap();
        let check =
            r##"{ image: app, same: true, change: { edit: { app.sh: { replace: { find: hello, with: hello } } } } }"##;
        bench.passes(check).await;
    }
}

#[tokio::test]
async fn arguments_targets_and_dockerfiles_can_be_other_ones() {
    for builder in BUILDERS {
        let text = "FROM busybox:1.36 AS first\nCOPY unique /\nARG V=dev\nLABEL v=$V\nRUN echo $V >/v\n\nFROM first\nENV LAST=1\n";
        let other = "FROM busybox:1.36\nCOPY list /other\n";
        let bench = Bench::new(builder, &[("Dockerfile", text), ("other/Dockerfile", other)]);
        let then = |change: &str, check: &str| {
            format!(r##"{{ image: app, change: {{ {change} }}, then: [{{ check: {{ {check} }} }}] }}"##)
        };
        let label = r##"file: { image: "{{rebuilt}}", path: /v, content: { equals: "1.2" } }"##;
        bench.passes(&then(r##"args: { V: "1.2" }"##, label)).await;
        bench.fails(&then("no_cache: true", label), "/v holds `dev`").await;
        let last = r##"config: { image: "{{rebuilt}}", env: { LAST: { equals: "1" } } }"##;
        bench.passes(&then("no_cache: true", last)).await;
        bench.fails(&then("target: first", last), "I chose the stage first").await;
        let file = r##"file: { image: "{{rebuilt}}", path: /other }"##;
        bench.passes(&then("dockerfile: other/Dockerfile", file)).await;
        bench.fails(&then("edit: { list: remove }, dockerfile: other/Dockerfile", file), "list").await;
        let renews = r##"{ image: app, change: { no_cache: true }, renews: [{ files: ^/v$, what: it }] }"##;
        bench.passes(renews).await;
    }
}

#[tokio::test]
async fn a_base_moves_without_a_tag_being_moved() {
    for builder in BUILDERS {
        let base = format!("exp-{}-{}/base:1", std::process::id(), builder as u8);
        let base = base.as_str();
        docker(&["tag", BUSYBOX, base]);
        let id = docker(&["inspect", "--format", "{{.Id}}", base]);
        let moved = format!(
            r##"{{ image: app, change: {{ base: {{ name: "{base}", becomes: "FROM busybox:1.36\nRUN echo moved >/moved\n" }} }},
                 then: [{{ check: {{ file: {{ image: "{{{{rebuilt}}}}", path: /moved }} }} }}] }}"##
        );
        let child = format!("FROM {base}\nCOPY unique /\n");
        let on_it = Bench::new(builder, &[("Dockerfile", &child)]);
        on_it.passes(&moved).await;
        let beside_it = Bench::new(builder, &[("Dockerfile", "FROM busybox:1.36\nCOPY unique /\n")]);
        beside_it.fails(&moved, "nothing at that path").await;
        beside_it
            .passes(
                &moved
                    .replace("then:", "same: true, keeps: [], renews: [], then:")
                    .replace("path: /moved", "path: /unique"),
            )
            .await;
        assert_eq!(docker(&["inspect", "--format", "{{.Id}}", base]), id, "the learner's tag stays");
        drop(on_it);
        docker(&["rmi", base]);
    }
}

#[tokio::test]
async fn what_the_other_builder_makes_of_the_same_folder_shows() {
    let check = r##"{ image: app, change: { other_builder: true }, then: [{ check: { file: { image: "{{rebuilt}}", path: /data/page } } }] }"##;
    for builder in BUILDERS {
        let above = "FROM busybox:1.36\nCOPY unique /\nRUN mkdir /data && echo 1 > /data/page\nVOLUME /data\n";
        Bench::new(builder, &[("Dockerfile", above)]).passes(check).await;
        let below = "FROM busybox:1.36\nCOPY unique /\nVOLUME /data\nRUN mkdir -p /data && echo 1 > /data/page\n";
        let bench = Bench::new(builder, &[("Dockerfile", below)]);
        match builder {
            Builder::Classic => bench.passes(check).await,
            Builder::BuildKit => bench.fails(check, "built it with the classic builder, and found nothing").await,
        }
    }
}
