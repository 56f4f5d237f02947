//! How containers stop, and what their health checks notice, on a real engine.

mod common;

use common::*;
use dlearn::engine::Answers;
use dlearn::evidence::*;
use std::time::Duration;

const SERVER: &str = "trap 'echo bye; exit 0' TERM; touch /tmp/up; echo open; while :; do sleep 1 & wait $!; done";

/// Builds an image of these lines above busybox, asks one thing about it, and looks whether anything remains.
async fn asked(lines: &str, need: impl Fn(String) -> Need) -> Answer {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let dockerfile = format!("FROM busybox:1.36\n{lines}\n");
    let build = fact!(ask(&mut collector, Need::Build(inline(&dockerfile, Builder::Classic))).await, Build);
    assert_eq!(build.error, None, "{build:?}");
    let answer = ask(&mut collector, need(build.tag)).await;
    let run = collector.ledger().unwrap().run().to_owned();
    collector.finish().await.unwrap();
    assert_eq!(remains(&run).await, Vec::<String>::new());
    answer
}

async fn stopped(lines: &str, ready: Ready) -> StopFacts {
    let plan = |image| Need::Stop(StopPlan { image, ready: ready.clone(), seconds: 20, grace: 3 });
    fact!(asked(lines, plan).await, Stop)
}

fn open() -> Ready {
    Ready::Log("open".into())
}

#[tokio::test]
async fn a_program_that_hears_the_signal_ends_by_itself() {
    for ready in [open(), Ready::File("/tmp/up".into())] {
        let facts = stopped(&format!("CMD [\"sh\", \"-c\", \"{SERVER}\"]"), ready).await;
        assert_eq!((facts.ready, facts.exit), (true, Some(0)), "{facts:?}");
        assert_eq!((facts.before.as_str(), facts.after.as_str()), ("open\n", "bye\n"), "{facts:?}");
        assert!(facts.took.is_some(), "{facts:?}");
    }
}

#[tokio::test]
async fn a_program_below_a_shell_is_killed_after_the_grace_period() {
    let lines = format!("RUN echo \"{SERVER}\" > /server.sh\nCMD sh /server.sh; echo closed");
    let facts = stopped(&lines, open()).await;
    assert_eq!((facts.exit, facts.after.as_str()), (Some(137), ""), "{facts:?}");
    assert!(facts.took.is_some_and(|took| took >= 3000), "{facts:?}");
}

#[tokio::test]
async fn the_images_own_stop_signal_is_sent() {
    let facts = stopped(&format!("STOPSIGNAL SIGKILL\nCMD [\"sh\", \"-c\", \"{SERVER}\"]"), open()).await;
    assert_eq!((facts.exit, facts.after.as_str()), (Some(137), ""), "{facts:?}");
}

#[tokio::test]
async fn what_ends_or_never_starts_is_not_stopped() {
    let facts = stopped("CMD echo no config; exit 4", open()).await;
    assert_eq!((facts.ready, facts.exit, facts.took), (false, Some(4), None), "{facts:?}");
    assert_eq!(facts.before, "no config\n");
    let facts = stopped("CMD [\"no-such-server\"]", open()).await;
    assert!(!facts.ready && facts.start_error.is_some(), "{facts:?}");
    let plan = |image| Need::Stop(StopPlan { image, ready: open(), seconds: 1, grace: 3 });
    let facts = fact!(asked("CMD [\"sleep\", \"60\"]", plan).await, Stop);
    assert_eq!((facts.ready, facts.exit), (false, None), "{facts:?}");
    let none = Need::Stop(StopPlan { image: "t01/no-such-image:v1".into(), ready: open(), seconds: 1, grace: 1 });
    assert_eq!(asked("CMD true", |_| none.clone()).await, Answer::Absent);
}

#[tokio::test]
async fn a_flood_of_output_is_bounded() {
    let lines = "CMD [\"sh\", \"-c\", \"trap 'yes flood | head -c 3000000; echo last; exit 0' TERM; \
                 yes before | head -c 3000000; echo open; while :; do sleep 1 & wait $!; done\"]";
    let facts = stopped(lines, open()).await;
    let most = KEPT + 1024;
    assert!(facts.before.len() < most && facts.after.len() < most, "{} {}", facts.before.len(), facts.after.len());
    assert!(facts.cut, "more was written than is kept");
    assert!(facts.after.ends_with("last\n"), "{:?}", facts.exit);
}

const BROKEN: [&str; 2] = ["touch", "/broken"];

async fn health(lines: &str) -> HealthFacts {
    let break_with: Vec<String> = BROKEN.iter().map(ToString::to_string).collect();
    let plan = |image| {
        Need::Health(HealthPlan { image, break_with: break_with.clone(), break_as: Some("0".into()), seconds: 20 })
    };
    fact!(asked(&format!("{lines}\nCMD [\"sleep\", \"600\"]"), plan).await, Health)
}

#[tokio::test]
async fn a_patient_health_check_is_seen_to_notice_within_seconds() {
    // An hour between probes, and a start period: both are shortened. The command that breaks it is run by root.
    let lines = "USER 1000\nHEALTHCHECK --interval=1h --retries=30 --start-period=1h CMD test ! -e /broken || { echo sick; exit 1; }";
    let facts = health(lines).await;
    assert!(facts.steady && facts.exit.is_none(), "{facts:?}");
    assert_eq!(facts.breaking, Some(ProbeFacts::default()));
    let broken = facts.broken.unwrap();
    assert_eq!(broken.status, "unhealthy", "{broken:?}");
    assert_eq!(broken.last, Some(ProbeFacts { exit: 1, output: "sick\n".into() }));
}

#[tokio::test]
async fn a_health_check_that_cannot_fail_is_given_up_on() {
    let facts = health("HEALTHCHECK CMD [\"true\"]").await;
    let broken = facts.broken.unwrap();
    assert_eq!((broken.status.as_str(), broken.failed), ("healthy", 0), "{broken:?}");
    assert!(broken.in_a_row >= 3, "{broken:?}");
}

#[tokio::test]
async fn a_probe_that_succeeds_once_is_not_steady() {
    let facts = health("HEALTHCHECK CMD mkdir /tmp/page").await;
    assert!(!facts.steady && facts.broken.is_none() && facts.whole.succeeded == 1, "{facts:?}");
    assert!(facts.whole.last.is_some_and(|last| last.exit == 1 && last.output.contains("File exists")));
}

#[tokio::test]
async fn a_probe_has_no_network_no_missing_tool_and_no_time_without_end() {
    let facts =
        health("HEALTHCHECK CMD ip route show | grep default || { tail -n +3 /proc/net/dev | wc -l; exit 1; }").await;
    assert_eq!(facts.whole.last.unwrap().output, "1\n");
    let facts = health("HEALTHCHECK CMD curl -f http://127.0.0.1/").await;
    assert_eq!(facts.whole.last.unwrap().exit, 127);
    let last = health("HEALTHCHECK CMD [\"curl\", \"-f\", \"http://127.0.0.1/\"]").await.whole.last.unwrap();
    assert!(last.exit != 0 && last.output.contains("executable file not found"), "{last:?}");
    let last = health("HEALTHCHECK CMD sleep 60").await.whole.last.unwrap();
    assert!(last.exit == -1 && last.output.contains("exceeded timeout"), "{last:?}");
}

#[tokio::test]
async fn a_container_that_ends_has_no_health() {
    let plan = |image| Need::Health(HealthPlan { image, break_with: vec!["true".into()], break_as: None, seconds: 20 });
    let facts = fact!(asked("HEALTHCHECK CMD true\nCMD echo no config; exit 4", plan).await, Health);
    assert_eq!((facts.exit, facts.logs.as_str()), (Some(4), "no config\n"), "{facts:?}");
    let plan = |image| {
        let break_with = ["sh", "-c", "kill -TERM 1"].map(str::to_owned).to_vec();
        Need::Health(HealthPlan { image, break_with, break_as: None, seconds: 20 })
    };
    let lines = format!("HEALTHCHECK CMD true\nCMD [\"sh\", \"-c\", \"{SERVER}\"]");
    let facts = fact!(asked(&lines, plan).await, Health);
    assert_eq!((facts.steady, facts.exit), (true, Some(0)), "{facts:?}");
}

#[tokio::test]
async fn one_that_is_cut_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut collector = collector(dir.path()).await;
    let ledger = collector.ledger().unwrap();
    let dockerfile = "FROM busybox:1.36\nHEALTHCHECK CMD false\nCMD [\"sleep\", \"600\"]\n";
    let build = fact!(ask(&mut collector, Need::Build(inline(dockerfile, Builder::Classic))).await, Build);
    let plan = HealthPlan { image: build.tag, break_with: vec!["true".into()], break_as: None, seconds: 60 };
    let asking = tokio::time::timeout(Duration::from_secs(3), ask(&mut collector, Need::Health(plan)));
    assert!(asking.await.is_err());
    assert!(!remains(ledger.run()).await.is_empty());
    ledger.cleanup().await.unwrap();
    assert_eq!(remains(ledger.run()).await, Vec::<String>::new());
}
