//! The throw-away engine holds what nobody trusts, and goes with it.

mod common;

use common::*;
use dlearn::course::FileSet;
use dlearn::engine::{
    Answers, Collector, CollectorOptions, Endpoint, Engine, Ledger, Sandbox, SandboxBases, SandboxLimits,
};
use dlearn::evidence::*;
use std::fs;
use std::path::Path;
use std::time::Instant;

const LIMITS: SandboxLimits =
    SandboxLimits { memory: 512 << 20, disk: Some(256 << 20), cpus: Some(1.0), processes: 256, network: false };

async fn sandbox(outer: &Engine) -> (Sandbox, Ledger) {
    let ledger = Ledger::open(outer, "test", "T01").unwrap();
    let begun = Instant::now();
    let sandbox = outer.sandbox(&ledger, &LIMITS).await.unwrap_or_else(|error| panic!("{error}\n{}", error.help()));
    let started = begun.elapsed();
    sandbox.bring(&[BUSYBOX]).await.unwrap();
    println!("started in {started:.1?}, with {BUSYBOX} in {:.1?}", begun.elapsed());
    (sandbox, ledger)
}

/// Builds a Dockerfile inside.
async fn built(engine: &Engine, builder: Builder, dockerfile: &str) -> BuildFacts {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Dockerfile"), dockerfile).unwrap();
    let mut collector = inside(engine, dir.path());
    let build = fact!(ask(&mut collector, Need::Build(BuildPlan::workspace(builder))).await, Build);
    collector.finish().await.unwrap();
    build
}

fn inside(engine: &Engine, workspace: &Path) -> Collector {
    let options = CollectorOptions {
        workspace: workspace.to_owned(),
        starter: FileSet::new(),
        exercise: "T01".into(),
        purpose: "test".into(),
        build_seconds: 60,
    };
    Collector::new(Ok(engine.clone()), options)
}

#[tokio::test]
async fn builds_are_bounded_and_the_engine_outlives_them() {
    let outer = engine().await;
    let (sandbox, ledger) = sandbox(&outer).await;
    for builder in BUILDERS {
        let build = |lines: &str| {
            let (engine, dockerfile) = (&sandbox.engine, format!("FROM {BUSYBOX}\n{lines}\n"));
            async move { built(engine, builder, &dockerfile).await }
        };
        let good = build("RUN echo 1 > /one").await;
        assert_eq!(good.error, None, "{good:?}");
        for (what, lines) in [
            ("a fork bomb", "RUN b() { b | b & }; b; sleep 20; false"),
            ("all memory", "RUN tail /dev/zero"),
            ("all disk", "RUN dd if=/dev/zero of=/big bs=1M"),
            ("all processors", "RUN for i in 1 2 3 4 5 6 7 8; do while :; do :; done & done; sleep 15; false"),
            ("the network", "RUN wget -T 3 -q -O /dev/null http://192.0.2.1/"),
        ] {
            let bad = build(lines).await;
            println!("{builder}: {what}: {:?}", bad.error);
            assert!(bad.error.is_some() || bad.timed_out, "{builder}: {what}: {bad:?}");
            sandbox.engine.ping().await.unwrap();
        }
        let good = build("RUN echo 2 > /two").await;
        assert_eq!(good.error, None, "{builder}: {good:?}");
    }
    let run = ledger.run().to_owned();
    sandbox.remove().await.unwrap();
    ledger.cleanup().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_full_disk_is_the_builds_own_affair() {
    let outer = engine().await;
    for builder in BUILDERS {
        let (sandbox, _ledger) = sandbox(&outer).await;
        let lines = format!("FROM {BUSYBOX}\nRUN dd if=/dev/zero of=/big bs=1M; true\nCOPY Dockerfile /more/\n");
        // An answer, and not one that could not be had.
        let full = built(&sandbox.engine, builder, &lines).await;
        assert!(full.error.as_ref().is_some_and(|error| error.contains("no space left")), "{builder}: {full:?}");
        sandbox.engine.ping().await.unwrap();
        sandbox.remove().await.unwrap();
    }
}

#[tokio::test]
async fn a_service_inside_answers_as_on_ones_own_engine() {
    let outer = engine().await;
    let (sandbox, _ledger) = sandbox(&outer).await;
    let dir = tempfile::tempdir().unwrap();
    let serves = |address: &str| {
        format!(
            "FROM {BUSYBOX}\nRUN mkdir /www && echo hello > /www/index.html\nCMD [\"httpd\", \"-f\", \"-p\", \"{address}\", \"-h\", \"/www\"]\n"
        )
    };
    for (address, answers) in [("8080", true), ("127.0.0.1:8080", false)] {
        fs::write(dir.path().join("Dockerfile"), serves(address)).unwrap();
        let mut collector = inside(&sandbox.engine, dir.path());
        let build = fact!(ask(&mut collector, Need::Build(BuildPlan::workspace(Builder::BuildKit))).await, Build);
        let plan =
            ServePlan { image: build.tag.clone(), port: 8080, paths: vec!["/".into(), "/no".into()], seconds: 20 };
        let begun = Instant::now();
        let served = fact!(ask(&mut collector, Need::Serve(plan)).await, Serve);
        println!("{address}: asked in {:.1?}", begun.elapsed());
        let told: Vec<_> = served.responses.iter().map(|response| response.as_ref().map(|told| told.status)).collect();
        assert_eq!(told, if answers { vec![Some(200), Some(404)] } else { vec![None, None] }, "{served:?}");
        let listening = served.listening.unwrap_or_default();
        assert!(answers || listening == ["127.0.0.1:8080"], "{listening:?}");
        collector.finish().await.unwrap();
    }
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn nothing_is_started_for_a_connection_where_its_socket_can_be_had() {
    let outer = engine().await;
    let (sandbox, ledger) = sandbox(&outer).await;
    let container = container_of(&ledger);
    let about = docker(&["inspect", "--format", "/proc/{{.State.Pid}}/root/run{{.Name}}.sock", &container]);
    let near = matches!(outer.endpoint(), Endpoint::Unix(_)) && Path::new(&about).exists();
    let now = || format!("{:.6}", std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64());

    let since = now();
    // More at the same time than connections are kept.
    for there in futures_util::future::join_all((0..16).map(|_| sandbox.engine.has_image(BUSYBOX))).await {
        assert!(there.unwrap());
    }
    let started = ["events", "--since", &since, "--until", &now(), "--filter", "event=exec_create", "--filter"];
    let started = docker(&[&started[..], &[&format!("container={container}")]].concat());
    assert_eq!(started.is_empty(), near, "{about}: {started}");
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn one_that_is_frozen_is_noticed() {
    let outer = engine().await;
    let (sandbox, ledger) = sandbox(&outer).await;
    let container = container_of(&ledger);
    docker(&["pause", &container]);
    assert!(sandbox.is_brought_down().await.unwrap());
    docker(&["unpause", &container]);
    assert!(!sandbox.is_brought_down().await.unwrap());
    sandbox.remove().await.unwrap();
}

#[tokio::test]
async fn many_share_their_base_images_and_nothing_else() {
    let outer = engine().await;
    let ledger = Ledger::open(&outer, "test", "T01").unwrap();
    let bases = SandboxBases::new(&outer, &ledger, &[BUSYBOX, "python:3.11-slim"]);
    for builder in BUILDERS {
        let begun = Instant::now();
        let sandbox = bases.sandbox(&LIMITS).await.unwrap();
        println!("started with its base images in {:.1?}", begun.elapsed());
        for (base, command) in [(BUSYBOX, "cat /bin/busybox > /copy"), ("python:3.11-slim", "python3 -c 'print(1)'")] {
            let lines = format!("FROM {base}\nRUN test ! -e /mark && touch /mark && rm -rf /home && {command}\n");
            let good = built(&sandbox.engine, builder, &lines).await;
            assert_eq!(good.error, None, "{builder}: {good:?}");
        }
        // Its own name for a base image, and it without one, are its own affair.
        for name in [BUSYBOX, "python:3.11-slim"] {
            assert!(sandbox.engine.has_image(name).await.unwrap());
        }
        sandbox.remove().await.unwrap();
    }
    let run = ledger.run().to_owned();
    ledger.cleanup().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
}
