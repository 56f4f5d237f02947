//! Cleaning up leaves nothing of dlearn's, and everything of the learner's.

mod common;

use common::*;
use dlearn::engine::Answers;
use dlearn::evidence::*;
use std::fs;
use std::path::Path;

/// A workspace whose build nobody has made before.
fn fresh(dir: &Path, tail: &str) -> String {
    let unique = format!("{:?}", std::time::SystemTime::now());
    let dockerfile = format!("FROM busybox:1.36\nRUN echo '{unique}' > /unique\nRUN echo more >> /unique\n{tail}");
    fs::write(dir.join("Dockerfile"), &dockerfile).unwrap();
    dockerfile
}

fn exists(image: &str) -> bool {
    let output = std::process::Command::new("docker").args(["image", "inspect", image]).output().unwrap();
    output.status.success()
}

fn untagged() -> Vec<String> {
    docker(&["images", "--quiet", "--no-trunc", "--filter", "dangling=true"]).lines().map(str::to_owned).collect()
}

/// Every image without a name, those with children too.
fn unnamed() -> Vec<String> {
    let rows = docker(&["images", "--all", "--no-trunc", "--format", "{{.ID}} {{.Repository}}"]);
    rows.lines().filter_map(|row| row.strip_suffix(" <none>")).map(str::to_owned).collect()
}

async fn rebuilt(dir: &Path, builder: Builder) -> BuildFacts {
    let mut collector = collector(dir).await;
    let build = fact!(ask(&mut collector, Need::Build(BuildPlan::workspace(builder))).await, Build);
    assert_eq!(build.error, None, "{build:?}");
    let run = collector.ledger().unwrap().run().to_owned();
    collector.finish().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
    build
}

#[tokio::test]
async fn the_learners_untagged_image_survives_a_cached_rebuild() {
    for builder in BUILDERS {
        let dir = tempfile::tempdir().unwrap();
        fresh(dir.path(), "");
        let id = learner_builds(dir.path(), builder, None);
        let build = rebuilt(dir.path(), builder).await;
        // In the containerd store an image's id is its index's, with an attestation that differs each time.
        let layers = docker(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", &id]);
        let rebuilt = build.image.unwrap().layers;
        assert_eq!(layers, serde_json::to_string(&rebuilt).unwrap(), "{builder}: the rebuild is cached");
        assert!(exists(&id), "{builder}");
        assert!(untagged().contains(&id), "{builder}: it has no name, as before");
        remove_built(&id);
    }
}

#[tokio::test]
async fn the_learners_tagged_image_survives_and_keeps_its_name_only() {
    for builder in BUILDERS {
        let dir = tempfile::tempdir().unwrap();
        fresh(dir.path(), "CMD [\"true\"]\n");
        let tag = format!("t01/kept:{}", if builder == Builder::Classic { "classic" } else { "buildkit" });
        let id = learner_builds(dir.path(), builder, Some(&tag));
        rebuilt(dir.path(), builder).await;
        let names = docker(&["image", "inspect", "--format", "{{json .RepoTags}}", &id]);
        assert_eq!(names, format!("[\"{tag}\"]"), "{builder}");
        remove_built(&tag);
    }
}

#[tokio::test]
async fn the_learners_untagged_parent_survives_and_ours_above_it_go() {
    // The learner's build without a name is the parent of what dlearn builds.
    let dir = tempfile::tempdir().unwrap();
    let dockerfile = fresh(dir.path(), "");
    let id = learner_builds(dir.path(), Builder::Classic, None);
    fs::write(dir.path().join("Dockerfile"), format!("{dockerfile}RUN echo a > /a\nRUN echo b > /b\n")).unwrap();
    let before = untagged();
    let build = rebuilt(dir.path(), Builder::Classic).await;
    assert!(exists(&id) && untagged().contains(&id));
    assert!(!exists(&build.image.unwrap().id));
    let new: Vec<String> = untagged().into_iter().filter(|image| !before.contains(image)).collect();
    let ours = |image: &String| docker(&["history", "--no-trunc", image]).contains("echo a > /a");
    assert!(!new.iter().any(ours), "{new:?}");
    remove_built(&id);
}

#[tokio::test]
async fn images_that_share_a_parent_of_ours_all_go() {
    let dir = tempfile::tempdir().unwrap();
    let dockerfile = fresh(dir.path(), "");
    let id = learner_builds(dir.path(), Builder::Classic, None);
    let mut collector = collector(dir.path()).await;
    let mut made = Vec::new();
    for tail in ["RUN echo a > /a\n", "RUN echo b > /b\n", ""] {
        let plan = inline(&format!("{dockerfile}RUN echo shared > /shared\n{tail}"), Builder::Classic);
        let build = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
        made.push(build.image.unwrap().id);
    }
    collector.finish().await.unwrap();
    assert!(exists(&id) && untagged().contains(&id));
    for image in made {
        assert!(!exists(&image), "{image}");
    }
    remove_built(&id);
}

#[tokio::test]
async fn images_that_a_run_was_about_to_remove_are_found_without_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let dockerfile = fresh(dir.path(), "RUN echo whole > /whole\n");
    let unique = dockerfile.split('\'').nth(1).unwrap();
    let mut collector = collector(dir.path()).await;
    let plan = BuildPlan::workspace(Builder::Classic);
    let build = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
    let run = collector.ledger().unwrap().run().to_owned();
    docker(&["rmi", "--no-prune", &build.tag]);
    // As the end of the process would: it was killed after the tag went, and before the rest did.
    drop(collector);
    dlearn::engine::forget_everything();
    let engine = engine().await;
    let left = dlearn::engine::leftovers(&engine).await.unwrap();
    let ours: Vec<_> = left.into_iter().filter(|thing| thing.run == run).collect();
    assert!(!ours.is_empty() && ours.iter().all(dlearn::engine::Leftover::removable), "{ours:?}");
    let stays = dlearn::engine::remove(&engine, &ours).await;
    assert!(stays.is_empty(), "{stays:?}");
    // Other tests make and remove images meanwhile: one that has gone is none of ours.
    let history = |image: &String| {
        let asked = std::process::Command::new("docker").args(["history", "--no-trunc", image]).output().unwrap();
        String::from_utf8_lossy(&asked.stdout).into_owned()
    };
    let mine = |image: &String| history(image).contains(unique);
    let stays: Vec<String> = unnamed().into_iter().filter(mine).collect();
    assert_eq!(stays, Vec::<String>::new());
    assert_eq!(remains(&run).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_image_that_a_container_of_the_learners_uses_loses_our_tag_only() {
    let dir = tempfile::tempdir().unwrap();
    fresh(dir.path(), "");
    let mut collector = collector(dir.path()).await;
    let plan = BuildPlan::workspace(Builder::BuildKit);
    let build = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
    let container = docker(&["create", &build.tag]);
    let run = collector.ledger().unwrap().run().to_owned();
    collector.finish().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
    docker(&["container", "inspect", &container]);
    docker(&["rm", &container]);
    docker(&["rmi", &build.image.unwrap().id]);
}

#[tokio::test]
async fn a_rebuild_of_an_inner_part_leaves_the_learners_whole_image() {
    // What dlearn builds is an intermediate image of the learner's tagged one.
    let dir = tempfile::tempdir().unwrap();
    let dockerfile = fresh(dir.path(), "");
    fs::write(dir.path().join("Dockerfile"), format!("{dockerfile}RUN echo whole > /whole\n")).unwrap();
    let id = learner_builds(dir.path(), Builder::Classic, Some("t01/whole:v1"));
    fs::write(dir.path().join("Dockerfile"), &dockerfile).unwrap();
    let build = rebuilt(dir.path(), Builder::Classic).await;
    assert!(exists("t01/whole:v1") && exists(&id));
    let rows = docker(&["history", "--no-trunc", "--quiet", "t01/whole:v1"]);
    assert!(rows.contains(&build.image.unwrap().id), "the cache of the learner's image is whole: {rows}");
    remove_built("t01/whole:v1");
}

#[tokio::test]
async fn a_failing_classic_build_leaves_no_image_behind() {
    let dir = tempfile::tempdir().unwrap();
    let dockerfile = fresh(dir.path(), "RUN false\n");
    let unique = dockerfile.lines().nth(1).unwrap().trim_start_matches("RUN ").to_owned();
    let mut collector = collector(dir.path()).await;
    let plan = BuildPlan::workspace(Builder::Classic);
    let build = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
    assert!(build.error.is_some());
    let of_ours = || {
        let all = docker(&["images", "--all", "--quiet", "--no-trunc"]);
        let made = |image: &&str| {
            let output = std::process::Command::new("docker").args(["history", "--no-trunc", image]).output().unwrap();
            String::from_utf8_lossy(&output.stdout).contains(&unique)
        };
        all.lines().filter(made).count()
    };
    assert!(of_ours() > 0);
    collector.finish().await.unwrap();
    assert_eq!(of_ours(), 0);
}

#[tokio::test]
async fn a_collector_that_is_cut_off_can_be_cleaned_up_from_outside() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let ledger = collector.ledger().unwrap();
    let run = Need::Run(shell("sleep 60", 60));
    let asking = tokio::time::timeout(std::time::Duration::from_secs(2), ask(&mut collector, run));
    assert!(asking.await.is_err());
    assert!(!remains(ledger.run()).await.is_empty());
    ledger.cleanup().await.unwrap();
    assert_eq!(remains(ledger.run()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_a_fact_and_ends() {
    let dir = tempfile::tempdir().unwrap();
    let unique = format!("sleep 31.{}", std::process::id());
    for builder in BUILDERS {
        let options = dlearn::engine::CollectorOptions {
            workspace: dir.path().into(),
            purpose: "test".into(),
            build_seconds: 3,
            ..Default::default()
        };
        let mut collector = dlearn::engine::Collector::new(Ok(engine().await), options);
        let plan = inline(&format!("FROM busybox:1.36\nRUN echo begun; {unique}\n"), builder);
        let build = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
        assert!(build.timed_out && build.image.is_none() && build.error.is_none(), "{builder}: {build:?}");
        assert!(build.log.iter().any(|line| line == "begun"), "{builder}: {build:?}");
        collector.finish().await.unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let running = || docker(&["ps", "--all", "--no-trunc", "--format", "{{.Command}}"]).contains(&unique);
        while running() {
            assert!(std::time::Instant::now() < deadline, "{builder}: the build goes on");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
}
