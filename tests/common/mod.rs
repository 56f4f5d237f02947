//! What the engine tests share: the real engine, the docker command as a learner uses it, and facts.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use dlearn::course::FileSet;
use dlearn::engine::{Answers, Collector, CollectorOptions, ConnectOptions, Engine};
use dlearn::evidence::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A base image that every machine with the stand-ins has.
pub const BUSYBOX: &str = "busybox:1.36";

/// The engine, or a loud failure that says how to get one.
pub async fn engine() -> Engine {
    let engine = match Engine::connect(&ConnectOptions::from_env()).await {
        Ok(engine) => engine,
        Err(error) => panic!("these tests need an engine: run ./scripts/engine start\n{error}"),
    };
    match engine.has_image(BUSYBOX).await {
        Ok(true) => engine,
        Ok(false) => panic!("these tests need {BUSYBOX}: run ./scripts/images"),
        Err(error) => panic!("these tests need an engine: run ./scripts/engine start\n{error}"),
    }
}

/// A collector over a workspace.
pub async fn collector(workspace: &Path) -> Collector {
    let options = CollectorOptions {
        workspace: workspace.to_owned(),
        starter: FileSet::new(),
        exercise: "T01".into(),
        purpose: "test".into(),
        build_seconds: 60,
    };
    Collector::new(Ok(engine().await), options)
}

/// Asks one thing.
pub async fn ask(collector: &mut impl Answers, need: Need) -> Answer {
    let mut answers = collector.answer(BTreeSet::from([need.clone()])).await;
    assert_eq!(answers.len(), 1);
    let (asked, answer) = answers.remove(0);
    assert_eq!(asked, need);
    answer
}

/// The fact in an answer, of the wanted kind.
#[macro_export]
macro_rules! fact {
    ($answer:expr, $kind:ident) => {
        match $answer {
            dlearn::evidence::Answer::Found(dlearn::evidence::Fact::$kind(facts)) => facts,
            other => panic!("expected a fact: {other:?}"),
        }
    };
}

/// The docker command. Gives its standard output; fails loudly unless `may_fail`.
pub fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().expect("the docker command runs");
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `docker build` of a Dockerfile in an otherwise empty folder, as a learner does it. Gives the image's id.
pub fn learner_builds(folder: &Path, builder: Builder, tag: Option<&str>) -> String {
    let iid = folder.join(".iid");
    let mut command = Command::new("docker");
    command.env("DOCKER_BUILDKIT", if builder == Builder::BuildKit { "1" } else { "0" });
    command.arg("build").arg("--iidfile").arg(&iid);
    if let Some(tag) = tag {
        command.args(["-t", tag]);
    }
    let output = command.arg(folder).output().expect("the docker command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let id = std::fs::read_to_string(&iid).expect("docker writes the id");
    std::fs::remove_file(&iid).expect("it is there");
    id.trim().to_owned()
}

/// Everything of a run that is still there, by our label, name or tag.
pub async fn remains(run: &str) -> Vec<String> {
    let engine = engine().await;
    let found = dlearn::engine::leftovers(&engine).await.expect("the engine lists");
    found.into_iter().filter(|leftover| leftover.run == run).map(|leftover| leftover.name).collect()
}

/// A command in a container of busybox.
pub fn shell(script: &str, seconds: u32) -> RunPlan {
    RunPlan {
        image: BUSYBOX.into(),
        args: Some(vec!["sh".into(), "-c".into(), script.into()]),
        entrypoint: None,
        user: None,
        env: BTreeMap::new(),
        seconds,
    }
}

/// A build of one Dockerfile without context.
pub fn inline(dockerfile: &str, builder: Builder) -> BuildPlan {
    BuildPlan { source: Source::Inline(dockerfile.into()), ..BuildPlan::workspace(builder) }
}

/// Both builders.
pub const BUILDERS: [Builder; 2] = [Builder::Classic, Builder::BuildKit];
