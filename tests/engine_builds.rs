//! Builds with both builders against a real engine.

mod common;

use common::*;
use dlearn::engine::Answers;
use dlearn::evidence::*;
use std::fs;

#[tokio::test]
async fn a_build_gives_image_log_and_cached_steps() {
    for builder in BUILDERS {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Dockerfile"), "FROM busybox:1.36\nCOPY a /a\nRUN echo building; cat /a\nENV X=1\n")
            .unwrap();
        let unique = format!("{:?}", std::time::SystemTime::now());
        fs::write(dir.path().join("a"), unique.as_bytes()).unwrap();
        let mut collector = collector(dir.path()).await;
        let plan = BuildPlan::workspace(builder);
        let first = fact!(ask(&mut collector, Need::Build(plan.clone())).await, Build);
        assert_eq!(first.error, None, "{builder}: {first:?}");
        assert!(first.log.iter().any(|line| line == "building"), "{builder}: {:#?}", first.log);
        let image = first.image.unwrap();
        assert_eq!(image.config.env.get("X").map(String::as_str), Some("1"));
        assert!(image.tags.is_empty(), "our own tag is not shown: {:?}", image.tags);
        let cached = if builder == Builder::BuildKit { "CACHED [2/3] COPY a /a" } else { " ---> Using cache" };
        let mut logs = Vec::new();
        // Tests beside this one take records out of the builder's cache, and it may clear others with them.
        for _ in 0..3 {
            let again = fact!(ask(&mut collector, Need::Build(plan.clone())).await, Build);
            assert_eq!(again.image.unwrap().layers, image.layers, "{builder}");
            logs.push(again.log);
            if logs.last().is_some_and(|log| log.iter().any(|line| line == cached)) {
                break;
            }
        }
        assert!(logs.last().unwrap().iter().any(|line| line == cached), "{builder}: {logs:#?}");
        let named = fact!(ask(&mut collector, Need::Image { name: first.tag.clone() }).await, Image);
        assert_eq!(named.layers, image.layers);
        let run = collector.ledger().unwrap().run().to_owned();
        assert!(!remains(&run).await.is_empty());
        collector.finish().await.unwrap();
        assert_eq!(remains(&run).await, Vec::<String>::new(), "{builder}");
    }
}

#[tokio::test]
async fn a_failing_build_gives_the_builders_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    // Dockerfile, what the classic builder says, what BuildKit says (all versions).
    let cases = [
        ("FROM busybox:1.36\nRUN echo before; exit 3\n", "returned a non-zero code: 3", "exit code: 3"),
        ("FROM busybox:1.36\nCOPY missing /\n", "COPY failed: file not found in build context", "\"/missing\""),
        ("FRM busybox:1.36\n", "unknown instruction: FRM", "unknown instruction: FRM"),
        ("", "cannot be empty", "cannot be empty"),
    ];
    for builder in BUILDERS {
        for (dockerfile, classic, buildkit) in cases {
            let facts = fact!(ask(&mut collector, Need::Build(inline(dockerfile, builder))).await, Build);
            let said = if builder == Builder::Classic { classic } else { buildkit };
            assert!(facts.error.as_deref().is_some_and(|error| error.contains(said)), "{builder}: {facts:#?}");
            assert!(facts.image.is_none() && !facts.timed_out);
            if dockerfile.contains("before") {
                assert!(facts.log.iter().any(|line| line == "before"), "{builder}: {:#?}", facts.log);
            }
        }
    }
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_context_that_does_not_exist_fails_the_build() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    for context in ["app", "../..", "/etc"] {
        let plan = BuildPlan { context: context.into(), ..BuildPlan::workspace(Builder::BuildKit) };
        let facts = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
        assert!(facts.error.is_some_and(|error| error.starts_with("unable to prepare context")));
    }
    let plan = BuildPlan { dockerfile: "gone.Dockerfile".into(), ..BuildPlan::workspace(Builder::BuildKit) };
    let facts = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
    assert!(facts.error.as_deref().is_some_and(|error| error.contains("gone.Dockerfile")), "{facts:?}");
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_rebuild_of_what_the_learner_built_gives_the_same_layers() {
    // Every client on the PATH: each sends the context in its own style.
    for copy in ["COPY . /app", "COPY a sub /app/"] {
        for (client, builder) in clients() {
            if *builder == Builder::BuildKit && copy == "COPY . /app" {
                // BuildKit keys the root of a context by how it came: never a hit over the API.
                continue;
            }
            let dir = tempfile::tempdir().unwrap();
            let unique = format!("{:?}", std::time::SystemTime::now());
            fs::write(dir.path().join("Dockerfile"), format!("FROM busybox:1.36\n{copy}\nRUN echo {unique}\n"))
                .unwrap();
            fs::write(dir.path().join("a"), unique.as_bytes()).unwrap();
            fs::create_dir(dir.path().join("sub")).unwrap();
            fs::write(dir.path().join("sub/run.sh"), "#!/bin/sh\n").unwrap();
            let id = built_with(client, dir.path(), *builder, None).unwrap();
            let mut collector = collector(dir.path()).await;
            let rebuilt = fact!(ask(&mut collector, Need::Build(BuildPlan::workspace(*builder))).await, Build);
            let learners = fact!(ask(&mut collector, Need::Image { name: id.clone() }).await, Image);
            let layers = rebuilt.image.map(|image| image.layers);
            assert_eq!(
                layers.as_ref(),
                Some(&learners.layers),
                "{} {builder} {copy}: {:#?}",
                client.display(),
                rebuilt.log
            );
            collector.finish().await.unwrap();
            remove_built(&id);
        }
    }
}
