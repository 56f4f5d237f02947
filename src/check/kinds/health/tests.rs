//! Judged from facts.

use super::*;
use crate::check::{NotYet, Subject};
use crate::evidence::{Answer, ConfigFacts, Evidence, Fact, ImageFacts, Need};

const SPEC: &str = "image: x/app:v1\nfault: { run: [rm, -f, /a b], so: nobody answers }\n";

fn judged(test: &[&str], facts: HealthFacts) -> Verdict {
    let health: Health = crate::course::read_yaml(SPEC).expect("a valid check");
    let config = ConfigFacts { healthcheck: test.iter().map(ToString::to_string).collect(), ..ConfigFacts::default() };
    let plan = HealthPlan {
        image: "x/app:v1".into(),
        break_with: health.fault.run.clone(),
        break_as: None,
        seconds: health.seconds,
    };
    let mut evidence = Evidence::new();
    let image = ImageFacts { config, ..ImageFacts::default() };
    evidence.insert(Need::Image { name: "x/app:v1".into() }, Answer::Found(Fact::Image(image)));
    evidence.insert(Need::Health(plan), Answer::Found(Fact::Health(facts)));
    health.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
}

fn not_yet(verdict: Verdict) -> NotYet {
    match verdict {
        Verdict::NotYet(not_yet) => not_yet,
        other => panic!("{other:?}"),
    }
}

fn phase(status: &str, probes: &[(i64, &str)]) -> HealthPhase {
    let mut phase = HealthPhase { status: status.into(), ..HealthPhase::default() };
    for (exit, output) in probes {
        phase.count(ProbeFacts { exit: *exit, output: (*output).into() });
    }
    phase
}

/// Was healthy, and then this.
fn then(broken: HealthPhase) -> HealthFacts {
    HealthFacts {
        whole: phase("healthy", &[(0, ""), (0, "")]),
        steady: true,
        breaking: Some(ProbeFacts::default()),
        broken: Some(broken),
        ..HealthFacts::default()
    }
}

/// Was never steadily healthy.
fn never(probes: &[(i64, &str)]) -> HealthFacts {
    HealthFacts { whole: phase("unhealthy", probes), ..HealthFacts::default() }
}

const PROBE: [&str; 2] = ["CMD-SHELL", "wget -q -O - http://127.0.0.1/ || exit 1"];

#[test]
fn a_probe_that_notices_passes() {
    assert_eq!(judged(&PROBE, then(phase("unhealthy", &[(1, ""), (1, "")]))), Verdict::pass());
}

#[test]
fn a_probe_that_notices_nothing_is_told_what_it_said() {
    let found = not_yet(judged(&["CMD", "true"], then(phase("healthy", &[(0, ""), (0, "fine\n"), (0, "fine\n")]))));
    assert!(found.expected.contains("unhealthy when nobody answers"), "{found:?}");
    assert!(found.found.contains("still healthy: the probe ended with exit code 0 and printed `fine`"), "{found:?}");
    assert!(found.found.contains(r#"["true"]"#), "{found:?}");
}

#[test]
fn without_a_healthcheck_no_container_is_started() {
    let health: Health = crate::course::read_yaml(SPEC).unwrap();
    let mut evidence = Evidence::new();
    let image = Answer::Found(Fact::Image(ImageFacts::default()));
    evidence.insert(Need::Image { name: "x/app:v1".into() }, image);
    let subject = Subject::default();
    let inquiry = Inquiry::new(&evidence, &subject);
    let found = not_yet(health.judge(&inquiry).expect("nothing else is asked"));
    assert!(found.found.contains("it has none") && inquiry.open().is_empty(), "{found:?}");
}

#[test]
fn why_a_probe_fails_is_read_off_what_it_says() {
    for (exit, output, advice) in [
        (127, "/bin/sh: curl: not found\n", "not in the image"),
        (1, "/bin/sh: 1: curl: not found\n", "not in the image"),
        (
            -1,
            "OCI runtime exec failed: exec: \"curl\": executable file not found in $PATH: unknown",
            "not in the image",
        ),
        (-1, "Health check exceeded timeout (5s)", "give up"),
        (1, "wget: bad address 'example.com'\n", "outside of its container"),
        (1, "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", "outside of its"),
        (1, "wget: can't connect to remote host (127.0.0.1): Connection refused\n", "nothing listens where it asks"),
        (126, "/probe.sh: Permission denied\n", "executed by"),
        (1, "wget: server returned error: HTTP/1.1 404 Not Found\n", "by hand"),
    ] {
        let found = not_yet(judged(&PROBE, never(&[(exit, output), (exit, output)])));
        assert!(found.advice.contains(advice), "{output}: {found:?}");
    }
}

#[test]
fn a_probe_that_works_once_is_told_so() {
    let once = never(&[(0, ""), (1, "wget: can't open 'index.html': File exists\n")]);
    let found = not_yet(judged(&PROBE, once));
    assert!(found.found.contains("File exists") && found.advice.contains("twice"), "{found:?}");
}

#[test]
fn a_container_that_ends_is_no_question_of_health() {
    let ended = HealthFacts { exit: Some(1), logs: "no such table\n".into(), ..HealthFacts::default() };
    assert!(not_yet(judged(&PROBE, ended)).found.contains("no such table"));
    let with_the_break = HealthFacts { exit: Some(0), ..then(phase("unhealthy", &[])) };
    assert!(not_yet(judged(&PROBE, with_the_break)).found.contains("rm -f '/a b'"));
    let not_broken = HealthFacts {
        breaking: Some(ProbeFacts { exit: 127, output: "rm: not found\n".into() }),
        ..then(phase("healthy", &[(0, "")]))
    };
    assert!(not_yet(judged(&PROBE, not_broken)).expected.contains("to work in a container"));
}
