//! Each need against a real engine.

mod common;

use common::*;
use dlearn::engine::Answers;
use dlearn::evidence::*;

#[tokio::test]
async fn the_engine_describes_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let facts = fact!(ask(&mut collector, Need::Engine).await, Engine);
    assert!(!facts.version.is_empty() && !facts.driver.is_empty(), "{facts:?}");
    assert!(facts.builders.contains(&Builder::Classic));
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn an_image_is_found_under_any_spelling_and_another_is_absent() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    for name in [BUSYBOX, "docker.io/library/busybox:1.36"] {
        let facts = fact!(ask(&mut collector, Need::Image { name: name.into() }).await, Image);
        assert!(facts.tags.iter().any(|tag| tag == BUSYBOX), "{facts:?}");
        assert!(facts.size > 100_000 && !facts.layers.is_empty() && !facts.history.is_empty(), "{facts:?}");
    }
    for name in ["t01/no-such-image:v1", "Not An Image", "../containers", "UPPER:case"] {
        assert_eq!(ask(&mut collector, Need::Image { name: name.into() }).await, Answer::Absent, "{name}");
    }
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_run_gives_its_exit_code_and_both_streams() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let mut plan = shell("echo out; echo \"$GREETING\"; printf '\\033[31merr\\033[0m\\n' >&2; exit 7", 20);
    plan.env.insert("GREETING".into(), "hello".into());
    let facts = fact!(ask(&mut collector, Need::Run(plan)).await, Run);
    assert_eq!(facts.exit, Some(7));
    assert_eq!((facts.stdout.as_str(), facts.stderr.as_str()), ("out\nhello\n", "err\n"));
    assert!(!facts.timed_out && facts.start_error.is_none());

    let mut plan = shell("", 20);
    plan.args = Some(vec!["no-such-program".into()]);
    let facts = fact!(ask(&mut collector, Need::Run(plan)).await, Run);
    assert!(facts.start_error.as_deref().is_some_and(|why| why.contains("executable file not found")), "{facts:?}");

    let mut plan = shell("id -u", 20);
    plan.user = Some("nobody-knows-me".into());
    let facts = fact!(ask(&mut collector, Need::Run(plan)).await, Run);
    assert!(facts.start_error.is_some(), "{facts:?}");

    let mut plan = shell("", 20);
    plan.image = "t01/no-such-image:v1".into();
    assert_eq!(ask(&mut collector, Need::Run(plan)).await, Answer::Absent);
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_killed_and_that_is_a_fact() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let facts = fact!(ask(&mut collector, Need::Run(shell("echo begun; sleep 60", 2))).await, Run);
    assert!(facts.timed_out && facts.exit.is_none(), "{facts:?}");
    assert_eq!(facts.stdout, "begun\n");
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_flood_of_output_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let facts = fact!(ask(&mut collector, Need::Run(shell("yes flood | head -c 6000000; echo last", 60))).await, Run);
    assert_eq!(facts.exit, Some(0), "{facts:?}");
    assert!(facts.stdout.len() < 80 * 1024 && facts.stdout.ends_with("last\n"));
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_run_has_no_network() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let facts = fact!(ask(&mut collector, Need::Run(shell("tail -n +3 /proc/net/dev", 20))).await, Run);
    let interfaces: Vec<&str> = facts.stdout.lines().filter_map(|line| line.trim().split(':').next()).collect();
    assert!(!interfaces.contains(&"eth0"), "{facts:?}");
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn files_are_read_without_running_anything_and_links_stay_inside() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let dockerfile = "FROM busybox:1.36\n\
        RUN mkdir -p /data/in && printf 'hello' > /data/in/file && chown 12:34 /data/in/file && chmod 4750 /data/in/file\n\
        RUN ln -s in/file /data/short && ln -s ../data/short /data/long && ln -s /nowhere /data/dangling\n\
        RUN ln -s loop2 /data/loop1 && ln -s loop1 /data/loop2 && ln -s ../../../../../../etc/hostname /data/out\n\
        RUN dd if=/dev/zero of=/data/large bs=1024 count=100 2>/dev/null && ln -s in /data/folder\n";
    let build = fact!(ask(&mut collector, Need::Build(inline(dockerfile, Builder::Classic))).await, Build);
    assert_eq!(build.error, None, "{build:?}");
    let image = build.tag.clone();
    let paths = ["in/file", "short", "long", "folder/file", "dangling", "loop1", "large", "gone", "in", "in/file/x"];
    let needs = paths.map(|path| Need::File { image: image.clone(), path: format!("/data/{path}") });
    let answers: std::collections::BTreeMap<Need, Answer> =
        collector.answer(needs.iter().cloned().collect()).await.into_iter().collect();
    let file = |path: &str| answers[&Need::File { image: image.clone(), path: format!("/data/{path}") }].clone();
    for path in ["in/file", "short", "long", "folder/file"] {
        let facts = fact!(file(path), File);
        assert_eq!(facts.kind, FileType::File, "{path}");
        assert_eq!((facts.mode, facts.uid, facts.gid, facts.size), (0o4750, 12, 34, 5), "{path}");
        assert_eq!(facts.text.as_deref(), Some("hello"));
        let sha = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(facts.sha256.as_deref(), Some(sha));
    }
    let dangling = fact!(file("dangling"), File);
    assert_eq!((dangling.kind, dangling.link.as_deref()), (FileType::Link, Some("/nowhere")));
    assert_eq!(fact!(file("loop1"), File).kind, FileType::Link);
    let large = fact!(file("large"), File);
    assert_eq!((large.size, large.text), (102_400, None));
    assert!(large.sha256.is_some());
    assert_eq!(fact!(file("in"), File).kind, FileType::Directory);
    assert_eq!(file("gone"), Answer::Absent);
    assert_eq!(file("in/file/x"), Answer::Absent);
    let missing = Need::File { image: "t01/no-such-image:v1".into(), path: "/x".into() };
    assert_eq!(ask(&mut collector, missing).await, Answer::Absent);
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_file_of_the_workspace_needs_no_engine() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    let nobody = dlearn::engine::Engine::connect(&dlearn::engine::ConnectOptions::to("unix:///nowhere.sock")).await;
    let options = dlearn::engine::CollectorOptions { workspace: dir.path().into(), ..Default::default() };
    let mut collector = dlearn::engine::Collector::new(nobody, options);
    let facts = fact!(ask(&mut collector, Need::WorkspaceFile { path: "Dockerfile".into() }).await, Text);
    assert_eq!(facts.text, "FROM scratch\n");
    let Answer::Unavailable(why) = ask(&mut collector, Need::Engine).await else { panic!("there is no engine") };
    assert!(why.reason.contains("there is no socket at /nowhere.sock"), "{why:?}");
    collector.finish().await.unwrap();
}
