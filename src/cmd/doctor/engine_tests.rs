//! What a recorded engine is said to be, with what cannot be made wrong on a machine that others use.

use super::super::State;
use super::*;
use jiff::ToSpan;

/// `GET /info` of Docker Engine 20.10.24, as it was answered, but for the names of its machine.
const INFO: &str = include_str!("info-20.10.json");

fn recorded() -> Condition {
    serde_json::from_str(INFO).unwrap()
}

fn judged(seconds: i64) -> Symptom {
    let condition = recorded();
    let theirs: Timestamp = condition.system_time.parse().unwrap();
    let ours = theirs - seconds.seconds();
    clock(&condition.system_time, (ours, ours + 1.second()))
}

fn facts(arch: &str) -> EngineFacts {
    EngineFacts { os: "linux".into(), arch: arch.into(), ..EngineFacts::default() }
}

#[test]
fn a_clock_that_is_more_than_a_minute_off_is_to_be_set() {
    for seconds in [0, 1, 60, -60, 61] {
        assert_eq!(judged(seconds).state, State::Ok, "{seconds}");
    }
    for (seconds, says) in [
        (62, "61 s ahead of"),
        (-61, "61 s behind"),
        (7 * 3600, "6 hours ahead of"),
        (-3 * 86_400, "3 days behind"),
        (-600, "10 minutes behind"),
    ] {
        let found = judged(seconds);
        assert_eq!(found.state, State::Repair, "{seconds}");
        assert!(found.found.contains(says), "{found:?}");
    }
    let now = Timestamp::now();
    assert_eq!(clock("", (now, now)).state, State::Ok);
    assert_eq!(clock("yesterday", (now, now)).state, State::Ok);
}

#[test]
fn a_processor_that_is_not_the_engines_is_told() {
    assert_eq!(platform(&facts("amd64"), Some("x86_64"), ""), ok("platform", "linux/amd64"));
    assert_eq!(platform(&facts("arm64"), Some("aarch64"), "linux/arm64").state, State::Ok);
    assert_eq!(platform(&facts("amd64"), None, "").state, State::Ok, "another machine's processor is its own");
    let emulated = platform(&facts("amd64"), Some("aarch64"), "");
    assert_eq!(emulated.state, State::Advice);
    assert!(emulated.found.contains("this machine is arm64"), "{emulated:?}");
    let wanted = platform(&facts("arm64"), Some("aarch64"), "linux/amd64");
    assert_eq!((wanted.state, wanted.repair.as_str()), (State::Repair, "unset DOCKER_DEFAULT_PLATFORM"));
}

#[test]
fn a_proxy_that_cannot_work_is_told_and_its_password_is_not() {
    let none = |_: &str| None;
    let with = |address: &str, same: bool| {
        let condition = Condition { https_proxy: address.into(), ..recorded() };
        proxy(&condition, same, true, &none)
    };
    assert_eq!(proxy(&recorded(), true, true, &none), None);
    let fine = with("http://ada:secret@proxy.example:3128", true).unwrap();
    assert_eq!(fine, ok("proxy", "the engine pulls through http://proxy.example:3128"));
    assert_eq!(with("proxy.example:3128", false).unwrap().state, State::Ok);
    for wrong in ["http//proxy.example", "proxy example", "ftp://proxy.example", "http://"] {
        assert_eq!(with(wrong, true).unwrap().state, State::Repair, "{wrong}");
    }
    for address in ["http://127.0.0.1:3128", "http://localhost:3128", "http://[::1]:3128"] {
        assert_eq!(with(address, true).unwrap().state, State::Ok, "{address}");
        let far = with(address, false).unwrap();
        assert_eq!((far.state, far.repair.contains("host.docker.internal")), (State::Advice, true), "{far:?}");
    }
}

#[test]
fn a_proxy_that_only_the_shell_has_is_told_where_something_is_to_be_pulled() {
    let shell = |name: &str| (name == "https_proxy").then(|| "http://ada:secret@proxy.example:3128".to_owned());
    let found = proxy(&recorded(), true, true, &shell).unwrap();
    assert_eq!(found.state, State::Advice);
    assert!(found.found.contains("http://proxy.example:3128") && !found.found.contains("secret"), "{found:?}");
    assert_eq!(proxy(&recorded(), true, false, &shell), None);
}
