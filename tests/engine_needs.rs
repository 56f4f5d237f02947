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
async fn what_is_set_up_before_a_command_is_there_for_it_and_gone_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let run = collector.ledger().unwrap().run().to_owned();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut plan = shell("cat /menu/of-today; id -u; echo $DAY", 20);
    plan.user = Some("0".into());
    plan.env.insert("DAY".into(), "Monday".into());
    let cooks = ["sh", "-c", "echo soup on $DAY > /menu/of-today"].map(str::to_owned).to_vec();
    plan.setup = vec![words("mkdir /menu"), Vec::new(), cooks];
    let facts = fact!(ask(&mut collector, Need::Run(plan.clone())).await, Run);
    assert_eq!((facts.exit, facts.failed_setup), (Some(0), None), "{facts:?}");
    assert_eq!(facts.stdout, "soup on Monday\n0\nMonday\n");

    // The image's own command is still its own.
    let mut own = plan.clone();
    own.args = None;
    let facts = fact!(ask(&mut collector, Need::Run(own)).await, Run);
    assert_eq!((facts.exit, facts.stdout.as_str()), (Some(0), ""), "the shell of busybox ends at once: {facts:?}");

    let mut fails = plan.clone();
    fails.setup.push(words("ls /nowhere"));
    let facts = fact!(ask(&mut collector, Need::Run(fails)).await, Run);
    assert_eq!((facts.failed_setup, facts.exit), (Some(3), Some(1)), "{facts:?}");
    assert!(facts.stderr.contains("/nowhere"), "{facts:?}");

    let mut none = plan.clone();
    none.setup[0] = words("no-such-program");
    let facts = fact!(ask(&mut collector, Need::Run(none)).await, Run);
    assert!(facts.failed_setup == Some(0) && facts.start_error.is_some(), "{facts:?}");

    plan.image = "t01/no-such-image:v1".into();
    assert_eq!(ask(&mut collector, Need::Run(plan)).await, Answer::Absent);
    collector.finish().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
    let ours = docker(&["image", "ls", "--format", "{{.Repository}}"]);
    assert!(!ours.contains(&run), "{ours}");
}

#[tokio::test]
async fn commands_run_beside_each_other_and_one_that_is_late_runs_again_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let mut needs: std::collections::BTreeSet<Need> =
        (0..6).map(|number| Need::Run(shell(&format!("echo {number}"), 20))).collect();
    needs.insert(Need::Run(shell("sleep 60", 1)));
    needs.insert(Need::Image { name: BUSYBOX.into() });
    let answers = collector.answer(needs.clone()).await;
    assert_eq!(answers.iter().map(|(need, _)| need.clone()).collect::<std::collections::BTreeSet<_>>(), needs);
    for (need, answer) in answers {
        let Need::Run(plan) = need else { continue };
        let facts = fact!(answer, Run);
        match plan.seconds {
            1 => assert!(facts.timed_out, "{facts:?}"),
            _ => assert_eq!(format!("echo {}", facts.stdout.trim()), plan.args.unwrap()[2]),
        }
    }
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
    assert_eq!(facts.exit, Some(0));
    assert!(facts.stdout.len() < KEPT + 1024 && facts.stdout.ends_with("last\n"));
    // The engine itself has thrown away more than it kept: what is there does not show it.
    assert!(facts.cut && !facts.stdout.contains("left out"));
    let facts = fact!(ask(&mut collector, Need::Run(shell("head -c 3000000 /dev/zero | tr '\\0' x", 60))).await, Run);
    assert!(facts.cut && facts.stdout.contains("left out"), "{} bytes", facts.stdout.len());
    let facts = fact!(ask(&mut collector, Need::Run(shell("head -c 900000 /dev/zero | tr '\\0' x", 60))).await, Run);
    assert!(!facts.cut && facts.stdout.len() == 900_000, "{} bytes", facts.stdout.len());
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_run_that_needs_more_memory_than_it_gets_is_told_from_one_that_fails() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let hungry = "exec awk 'BEGIN { text = \"x\"; for (n = 0; n < 26; n++) text = text text; print length(text) }'";
    let ask_for = |memory: u64| Need::Run(RunPlan { memory: Some(memory << 20), ..shell(hungry, 60) });
    let facts = fact!(ask(&mut collector, ask_for(24)).await, Run);
    assert!(facts.out_of_memory && facts.exit == Some(137), "{facts:?}");
    let facts = fact!(ask(&mut collector, ask_for(1024)).await, Run);
    assert_eq!((facts.exit, facts.out_of_memory, facts.stdout.as_str()), (Some(0), false, "67108864\n"), "{facts:?}");
    let killed = fact!(ask(&mut collector, Need::Run(shell("kill -9 $$", 60))).await, Run);
    assert!(!killed.out_of_memory, "{killed:?}");
    collector.finish().await.unwrap();
}

#[tokio::test]
async fn a_run_has_no_network_but_where_it_is_to_have_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let facts = fact!(ask(&mut collector, Need::Run(shell("tail -n +3 /proc/net/dev", 20))).await, Run);
    let interfaces: Vec<&str> = facts.stdout.lines().filter_map(|line| line.trim().split(':').next()).collect();
    assert!(!interfaces.contains(&"eth0"), "{facts:?}");
    let plan = RunPlan { network: true, ..shell("tail -n +3 /proc/net/dev", 20) };
    let facts = fact!(ask(&mut collector, Need::Run(plan)).await, Run);
    assert!(facts.stdout.contains("eth0:"), "{facts:?}");
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
        RUN dd if=/dev/zero of=/data/large bs=1024 count=1025 2>/dev/null && ln -s in /data/folder\n";
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
    assert_eq!((large.size, large.text), (1_049_600, None));
    // Each by itself: out of an archive of that path, and not out of one of everything.
    for need in needs {
        let alone = ask(&mut collector, need.clone()).await;
        assert_eq!(alone, answers[&need], "{need:?}");
    }
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

fn httpd(dockerfile_tail: &str) -> String {
    format!(
        "FROM busybox:1.36\nRUN mkdir /www && echo hello > /www/index.html && echo '{{}}' > /www/a.json\n{dockerfile_tail}"
    )
}

async fn served(tail: &str, port: u16, paths: &[&str], seconds: u32) -> ServeFacts {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let build = fact!(ask(&mut collector, Need::Build(inline(&httpd(tail), Builder::Classic))).await, Build);
    assert_eq!(build.error, None, "{build:?}");
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let plan = ServePlan { image: build.tag, port, paths, seconds };
    let facts = fact!(ask(&mut collector, Need::Serve(plan)).await, Serve);
    let run = collector.ledger().unwrap().run().to_owned();
    collector.finish().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
    facts
}

#[tokio::test]
async fn a_service_is_asked_over_http() {
    let facts =
        served("CMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/www\"]\n", 8080, &["/", "/gone"], 20)
            .await;
    let [Some(index), Some(gone)] = facts.responses.as_slice() else { panic!("{facts:?}") };
    assert_eq!((index.status, index.body.as_str()), (200, "hello\n"), "{facts:?}");
    assert_eq!(gone.status, 404);
    assert!(index.headers.contains_key("content-length"));
    assert!(facts.listening.as_ref().unwrap().iter().any(|address| address.ends_with(":8080")), "{facts:?}");
    assert_eq!(facts.exit, None);
    assert!(facts.logs.contains("response:200"), "{facts:?}");
}

#[tokio::test]
async fn a_service_on_its_own_loopback_address_does_not_answer_and_that_shows() {
    let tail = "CMD [\"httpd\", \"-f\", \"-p\", \"127.0.0.1:8080\", \"-h\", \"/www\"]\n";
    let facts = served(tail, 8080, &["/"], 2).await;
    assert_eq!(facts.responses, [None]);
    assert_eq!(facts.listening, Some(vec!["127.0.0.1:8080".to_owned()]));
}

#[tokio::test]
async fn a_service_that_ends_or_cannot_start_says_why() {
    let facts = served("CMD [\"sh\", \"-c\", \"echo no config; exit 4\"]\n", 8080, &["/", "/b"], 20).await;
    assert_eq!((facts.exit, facts.responses.len()), (Some(4), 2), "{facts:?}");
    assert_eq!(facts.logs, "no config\n");
    let facts = served("CMD [\"no-such-server\"]\n", 8080, &["/"], 20).await;
    assert!(facts.start_error.is_some(), "{facts:?}");
}

#[tokio::test]
async fn open_ports_are_seen_in_an_image_without_any_tools() {
    // One static program and nothing else: no cat.
    let tail = "FROM scratch\nCOPY --from=0 /bin/busybox /httpd\nCOPY --from=0 /www /www\n\
                CMD [\"/httpd\", \"httpd\", \"-f\", \"-p\", \"9000\", \"-h\", \"/www\"]\n";
    let facts = served(tail, 9000, &["/"], 20).await;
    assert!(facts.responses[0].is_some(), "{facts:?}");
    assert!(facts.listening.as_ref().is_some_and(|all| all.iter().any(|one| one.ends_with(":9000"))), "{facts:?}");
}
