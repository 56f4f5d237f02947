//! Judged from facts.

use super::*;
use crate::check::{NotYet, Subject};
use crate::evidence::{Answer, Evidence, Fact, ImageFacts, Need};

const SPEC: &str = "image: x/app:v1\nready: { log: open }\nsays: { contains: [saved] }\n";

/// A container of an image with this CMD and STOPSIGNAL, and how it ended.
fn judged(spec: &str, cmd: &[&str], signal: &str, stopped: StopFacts) -> Verdict {
    let stops: Stops = crate::course::read_yaml(spec).expect("a valid check");
    let config = ConfigFacts {
        cmd: cmd.iter().map(ToString::to_string).collect(),
        stop_signal: signal.into(),
        ..ConfigFacts::default()
    };
    let plan =
        StopPlan { image: "x/app:v1".into(), ready: stops.ready.clone(), seconds: stops.seconds, grace: stops.grace };
    let mut evidence = Evidence::new();
    let image = ImageFacts { config, ..ImageFacts::default() };
    evidence.insert(Need::Image { name: "x/app:v1".into() }, Answer::Found(Fact::Image(image)));
    evidence.insert(Need::Stop(plan), Answer::Found(Fact::Stop(stopped)));
    stops.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
}

fn not_yet(verdict: Verdict) -> NotYet {
    match verdict {
        Verdict::NotYet(not_yet) => not_yet,
        other => panic!("{other:?}"),
    }
}

fn ended(exit: i64, took: u64, after: &str) -> StopFacts {
    let before = "open\n".to_owned();
    StopFacts { ready: true, exit: Some(exit), took: Some(took), before, after: after.into(), ..StopFacts::default() }
}

const LINE: [&str; 3] = ["/bin/sh", "-c", "./app"];
const TRAILING: [&str; 3] = ["/bin/sh", "-c", "./app; echo bye"];
const EXEC: [&str; 3] = ["/bin/sh", "-c", "exec ./app"];

#[test]
fn a_program_that_finishes_passes() {
    assert_eq!(judged(SPEC, &["./app"], "", ended(0, 80, "3 saved\n")), Verdict::pass());
}

#[test]
fn a_line_that_works_depends_on_the_shell() {
    let any = judged(SPEC, &LINE, "", ended(0, 80, "3 saved\n"));
    assert!(matches!(&any, Verdict::Pass { notes } if notes[0].contains("depends on the shell")), "{any:?}");
    let exec = format!("{SPEC}form: exec\n");
    let found = not_yet(judged(&exec, &LINE, "", ended(0, 80, "3 saved\n"))).found;
    assert!(found.contains("depends on the shell") && found.contains("./app"), "{found}");
    let handed_over = judged(&exec, &EXEC, "", ended(0, 80, "3 saved\n"));
    assert!(matches!(&handed_over, Verdict::Pass { notes } if notes[0].contains("exec")), "{handed_over:?}");
}

#[test]
fn whoever_was_killed_is_told_by_what() {
    let shell = not_yet(judged(SPEC, &TRAILING, "", ended(137, 5040, "")));
    assert!(shell.found.contains("killed after 5 s") && shell.found.contains("process 1 is a shell"), "{shell:?}");
    let signal = not_yet(judged(SPEC, &["./app"], "SIGKILL", ended(137, 40, "")));
    assert!(signal.found.contains("STOPSIGNAL is SIGKILL") && signal.found.contains("at once"), "{signal:?}");
    let number = not_yet(judged(SPEC, &TRAILING, "9", ended(137, 40, "")));
    assert!(number.found.contains("sends SIGKILL"), "{number:?}");
    let other = not_yet(judged(SPEC, &["./app"], "SIGINT", ended(137, 5040, "")));
    assert!(other.found.contains("STOPSIGNAL is SIGINT"), "{other:?}");
    let script = not_yet(judged(SPEC, &["./start.sh"], "", ended(137, 5040, "")));
    assert!(script.found.contains(r#"CMD is ["./start.sh"]"#) && script.advice.contains("exec"), "{script:?}");
    let early = not_yet(judged(SPEC, &["./app"], "", ended(137, 900, "")));
    assert!(early.found.contains("before its time"), "{early:?}");
}

#[test]
fn what_was_said_before_the_signal_does_not_count() {
    let mut stopped = ended(0, 80, "");
    stopped.before = "open\n3 saved\n".into();
    let found = not_yet(judged(SPEC, &["./app"], "", stopped));
    assert!(found.expected.contains("after the signal") && found.found.contains("wrote nothing"), "{found:?}");
}

#[test]
fn another_exit_code_is_named() {
    let found = not_yet(judged(SPEC, &["./app"], "", ended(143, 80, "Terminated\n")));
    assert!(found.found.contains("exit code 143") && found.found.contains("Terminated"), "{found:?}");
    let signal = not_yet(judged(SPEC, &["./app"], "SIGINT", ended(130, 80, "")));
    assert!(signal.found.contains("exit code 130: STOPSIGNAL is SIGINT"), "{signal:?}");
    assert!(judged("image: x/app:v1\nready: { log: open }\nexit: 143\n", &["./app"], "", ended(143, 80, "")).passed());
}

#[test]
fn what_never_came_up_is_not_judged_by_how_it_stopped() {
    let gone = StopFacts { exit: Some(127), before: "sh: [./app]: not found\n".into(), ..StopFacts::default() };
    let list = not_yet(judged(SPEC, &["/bin/sh", "-c", "['./app']"], "", gone.clone()));
    assert!(list.found.contains("exit code 127") && list.advice.contains("double quotes"), "{list:?}");
    let other = not_yet(judged(SPEC, &["./app"], "", gone));
    assert!(other.found.contains("not found") && !other.advice.contains("double quotes"), "{other:?}");
    let silent = not_yet(judged(SPEC, &["./app"], "", StopFacts::default()));
    assert!(silent.found.contains("still running"), "{silent:?}");
    let refused = StopFacts { start_error: Some("executable file not found".into()), ..StopFacts::default() };
    assert!(not_yet(judged(SPEC, &["./app"], "", refused)).found.contains("could not start"));
}
