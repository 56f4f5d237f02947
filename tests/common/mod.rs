//! What the engine tests share: the real engine, the docker command as a learner uses it, and facts.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use dlearn::check::{Inquiry, Kind, Stop, Subject, Verdict};
use dlearn::course::FileSet;
use dlearn::engine::{Answers, Collector, CollectorOptions, ConnectOptions, Engine, Ledger};
use dlearn::evidence::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use undisturbed::undisturbed;

#[path = "../undisturbed/mod.rs"]
mod undisturbed;

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

/// The verdict of a kind of check over a workspace on the real engine; sees that nothing of it is left.
pub async fn judged(kind: &Kind, subject: &Subject, workspace: &Path, builder: Builder) -> Verdict {
    let mut collector = collector(workspace).await;
    let run = collector.ledger().unwrap().run().to_owned();
    let mut evidence = Evidence::new();
    let verdict = loop {
        let open = {
            let inquiry = Inquiry::new(&evidence, subject);
            match kind.judge(&inquiry) {
                Ok(verdict) => break verdict,
                Err(Stop::CannotTell(why)) => panic!("{builder}: {why:?}"),
                Err(Stop::Open) => inquiry.open(),
            }
        };
        for (need, answer) in collector.answer(open).await {
            evidence.insert(need, answer);
        }
    };
    collector.finish().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new(), "{builder}");
    verdict
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
    let output = undisturbed(Command::new("docker").args(args));
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The container of a run that has one, a throw-away engine's for example.
pub fn container_of(ledger: &Ledger) -> String {
    docker(&["ps", "--quiet", "--no-trunc", "--filter", &format!("label=dlearn.run={}", ledger.run())])
}

/// Every docker command of the PATH with each builder that it can build with.
pub fn clients() -> &'static [(PathBuf, Builder)] {
    static CLIENTS: LazyLock<Vec<(PathBuf, Builder)>> = LazyLock::new(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::env::split_paths(&path).map(|dir| dir.join("docker")).filter(|client| client.is_file());
        all.flat_map(|client| BUILDERS.map(|builder| (client.clone(), builder)))
            .filter(|(client, builder)| offers(client, *builder))
            .collect()
    });
    &CLIENTS
}

/// Whether a client has a builder: without its buildx plugin it cannot build with BuildKit.
fn offers(client: &Path, builder: Builder) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // An image of its own, so that it can be removed by its id.
    let text =
        format!("FROM busybox:1.36\nLABEL tried=\"{:?} {}\"\n", std::time::SystemTime::now(), std::process::id());
    std::fs::write(folder.path().join("Dockerfile"), text).expect("it can be written");
    let built = built_with(client, folder.path(), builder, None);
    if let Ok(id) = &built {
        remove_built(id);
    }
    built.is_ok()
}

/// Removes an image of a test's own and what it alone was built on: the containerd store leaves the classic builder's
/// steps behind.
pub fn remove_built(image: &str) {
    let look = |image: &str, format: &str| {
        let output = Command::new("docker").args(["image", "inspect", "--format", format, image]).output();
        let output = output.expect("the docker command runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let mut below = look(image, "{{.Parent}}").unwrap_or_default();
    docker(&["rmi", "--force", image]);
    while look(&below, "{{.RepoTags}}").is_some_and(|tags| tags == "[]") {
        let next = look(&below, "{{.Parent}}").unwrap_or_default();
        if !Command::new("docker").args(["rmi", &below]).output().expect("the docker command runs").status.success() {
            break;
        }
        below = next;
    }
}

/// `docker build` of a folder, as a learner does it. Gives the image's id.
pub fn built_with(client: &Path, folder: &Path, builder: Builder, tag: Option<&str>) -> Result<String, String> {
    let ids = tempfile::tempdir().expect("a temporary folder");
    let iid = ids.path().join("iid");
    let mut command = Command::new(client);
    command.env("DOCKER_BUILDKIT", if builder == Builder::BuildKit { "1" } else { "0" });
    command.arg("build").arg("--iidfile").arg(&iid);
    if let Some(tag) = tag {
        command.args(["-t", tag]);
    }
    let output = undisturbed(command.arg(folder));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(std::fs::read_to_string(&iid).expect("docker writes the id").trim().to_owned())
}

/// The same with the first client that can.
pub fn learner_builds(folder: &Path, builder: Builder, tag: Option<&str>) -> String {
    let client = clients().iter().find(|(_, offered)| *offered == builder);
    let (client, _) = client.unwrap_or_else(|| panic!("no docker command of the PATH builds with {builder}"));
    built_with(client, folder, builder, tag).expect("the learner's build succeeds")
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
        seconds,
        ..RunPlan::default()
    }
}

/// A build of one Dockerfile without context.
pub fn inline(dockerfile: &str, builder: Builder) -> BuildPlan {
    BuildPlan { source: Source::Inline(dockerfile.into()), ..BuildPlan::workspace(builder) }
}

/// Both builders.
pub const BUILDERS: [Builder; 2] = [Builder::Classic, Builder::BuildKit];
