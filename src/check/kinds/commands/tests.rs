//! Judged from a file's text, as a learner may have written it.

use super::*;
use crate::check::Subject;
use crate::evidence::{Answer, Evidence, Fact, ImageFacts, Need, TextFacts};

const REGISTRY: &str = "localhost:5001";

fn judged(text: &str) -> Verdict {
    let name = |rest: &str| format!("{REGISTRY}/{rest}");
    let run = vec![
        Step::Login { host: REGISTRY.into(), user: Some("ada".into()) },
        Step::Tag { from: Some("app".into()), to: name("ada/shop:v1.0") },
        Step::Push { name: name("ada/shop:v1.0") },
    ];
    let subject = Subject { images: [("app".into(), "s02/shop:v1.0".into())].into(), ..Subject::default() };
    let mut evidence = Evidence::new();
    let text = TextFacts { text: text.replace("HOST", REGISTRY), truncated: false };
    evidence.insert(Need::WorkspaceFile { path: "commands.txt".into() }, Answer::Found(Fact::Text(text)));
    for (image, layer) in [("s02/shop:v1.0", "a"), ("0c1d2e3f4a5b", "a"), ("busybox:1.36", "b")] {
        let facts = ImageFacts { layers: vec![layer.into()], ..ImageFacts::default() };
        evidence.insert(Need::Image { name: image.into() }, Answer::Found(Fact::Image(facts)));
    }
    evidence.insert(Need::Image { name: "shop".into() }, Answer::Absent);
    let kind = Commands { file: file(), run };
    kind.judge(&Inquiry::new(&evidence, &subject)).expect("every fact is there")
}

/// Found and advice, or `pass` and its notes.
fn found(text: &str) -> String {
    match judged(text) {
        Verdict::Pass { notes } => format!("pass {}", notes.concat()),
        Verdict::NotYet(it) => format!("{}; {}", it.found, it.advice),
        other => panic!("{other:?}"),
    }
}

const LOGIN: &str = "docker login -u ada HOST\n";
const TAG: &str = "docker tag s02/shop:v1.0 HOST/ada/shop:v1.0\n";
const PUSH: &str = "docker push HOST/ada/shop:v1.0\n";

#[test]
fn commands_that_work_pass() {
    let other_tags = "docker image push --all-tags HOST/ada/shop";
    for right in [
        [LOGIN, TAG, PUSH].concat(),
        [TAG, LOGIN, PUSH].concat(),
        ["docker push HOST/acme/shop:v1.0\n", LOGIN, PUSH, TAG, "docker images\n", PUSH].concat(),
        [LOGIN, "docker build -t HOST/ada/shop:v1.0 .\n", PUSH].concat(),
        [LOGIN, "docker buildx build --push -t HOST/ada/shop:v1.0 ."].concat(),
        [LOGIN, "docker tag 0c1d2e3f4a5b HOST/ada/shop:v1.0\n", PUSH].concat(),
        [LOGIN, TAG, other_tags].concat(),
        [LOGIN, TAG, PUSH].concat().replace("HOST", "127.0.0.1:5001"),
        ["docker login HOST\n", TAG, PUSH].concat(),
    ] {
        assert_eq!(found(&right), "pass ", "{right}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for (wrong, says) in [
        (String::new(), "holds no docker command yet"),
        (TAG.to_owned() + PUSH, "no docker login"),
        (["docker login -u ada\n", TAG, PUSH].concat(), "a login to docker.io; put the registry at the end"),
        (["docker login -u bob HOST\n", TAG, PUSH].concat(), "a login as `bob`; log in as ada"),
        (
            [LOGIN, "docker push HOST/acme/shop:v1.0"].concat(),
            "line 2: the name is still in acme; a login says who you are",
        ),
        ([LOGIN, PUSH].concat(), "no docker tag"),
        ([LOGIN, "docker tag HOST/ada/shop:v1.0 s02/shop:v1.0\n", PUSH].concat(), "the two names change places"),
        (
            [LOGIN, "docker tag busybox:1.36 HOST/ada/shop:v1.0\n", PUSH].concat(),
            "`busybox:1.36`, which is another image",
        ),
        ([LOGIN, "docker tag s02/shop:v1.0 HOST/library/shop:v1.0\n"].concat(), "which is Docker's"),
        ([LOGIN, TAG, "docker push ada/shop:v1.0"].concat(), "means docker.io/ada/shop:v1.0"),
        ([LOGIN, TAG].concat(), "no docker push"),
        ([LOGIN, TAG, "docker push"].concat(), "no docker push; and line 3 cannot be read: docker push takes one name"),
        ([LOGIN, PUSH, TAG].concat(), "it stands on line 2, and the docker tag on line 3"),
        (
            [LOGIN.replace("HOST", "127.0.0.1:5001"), TAG.into(), PUSH.into()].concat(),
            "line 1 says 127.0.0.1:5001, and line 3 says localhost:5001",
        ),
    ] {
        assert!(found(&wrong).contains(says), "{wrong}\n{}", found(&wrong));
    }
}

#[test]
fn a_password_in_the_file_is_advised_against_and_not_repeated() {
    for login in ["docker login -u ada -p hunter2 HOST\n", "echo hunter2 | docker login -u ada --password-stdin HOST\n"]
    {
        let note = found(&[login, TAG, PUSH].concat());
        assert!(note.starts_with("pass ") && note.contains("--password-stdin"), "{note}");
        let all = format!("{note}{:?}", judged(&[login.replace("HOST", "r.example").as_str(), TAG].concat()));
        assert!(!all.contains("hunter2"), "{all}");
    }
    assert_eq!(found(&["docker login -u ada --password-stdin HOST < pw\n", TAG, PUSH].concat()), "pass ");
}

#[test]
fn what_is_in_force_at_the_push_counts() {
    let elsewhere = |line: &str| line.replace("HOST", "127.0.0.1:5001");
    let bob = "docker login -u bob HOST\n";
    let busybox = "docker tag busybox:1.36 HOST/ada/shop:v1.0\n";
    let away = "docker rmi HOST/ada/shop:v1.0\n";
    for right in [
        // The first login is to another spelling of the registry, or somebody else's, and a later one counts.
        [elsewhere(LOGIN).as_str(), LOGIN, TAG, PUSH].concat(),
        [LOGIN, elsewhere(LOGIN).as_str(), TAG, PUSH].concat(),
        [bob, LOGIN, TAG, PUSH].concat(),
        [LOGIN, elsewhere(bob).as_str(), TAG, PUSH].concat(),
        [LOGIN, "docker logout HOST\n", LOGIN, TAG, PUSH].concat(),
        [LOGIN, "docker logout\n", TAG, PUSH].concat(),
        [LOGIN, TAG, PUSH, "docker logout HOST\n", PUSH].concat(),
        [LOGIN, TAG, elsewhere(PUSH).as_str(), PUSH].concat(),
        [LOGIN, busybox, TAG, PUSH].concat(),
        [LOGIN, elsewhere(TAG).as_str(), TAG, PUSH].concat(),
        [LOGIN, TAG, away, TAG, PUSH, away].concat(),
        [LOGIN, TAG, away, "docker pull HOST/ada/shop:v1.0\n", PUSH].concat(),
        // A name in between, which the engine no longer knows.
        [LOGIN, "docker tag s02/shop:v1.0 shop\ndocker tag shop HOST/ada/shop:v1.0\ndocker rmi shop\n", PUSH].concat(),
    ] {
        assert_eq!(found(&right), "pass ", "{right}");
    }
    for (wrong, says) in [
        ([LOGIN, bob, TAG, PUSH].concat(), "line 2, the last before it: this is a login as `bob`; log in as ada"),
        ([LOGIN, TAG, "docker logout HOST\n", PUSH].concat(), "line 3 logs out of localhost:5001 before it"),
        (
            [LOGIN, elsewhere(TAG).as_str(), elsewhere(PUSH).as_str()].concat(),
            "line 1 says localhost:5001, and line 3 says 127.0.0.1:5001",
        ),
        ([LOGIN, elsewhere(TAG).as_str(), PUSH].concat(), "line 2 says 127.0.0.1:5001, and line 3 says localhost:5001"),
        ([LOGIN, TAG, busybox, PUSH].concat(), "line 3, the last before it: it gives the name to `busybox:1.36`"),
        ([LOGIN, TAG, away, PUSH].concat(), "line 3 takes the name away again"),
        ([TAG, PUSH, LOGIN].concat(), "it stands on line 2, and the docker login on line 3"),
    ] {
        assert!(found(&wrong).contains(says), "{wrong}\n{}", found(&wrong));
    }
}

#[test]
fn a_pull_needs_the_login_of_its_own_registry() {
    let run = "[{ login: { host: r.example } }, { push: { name: r.example/a } }, { pull: { name: busybox } }]";
    let kind: Commands = serde_yaml::from_str(&format!("run: {run}")).unwrap();
    let judged = |text: &str| {
        let mut evidence = Evidence::new();
        let text = TextFacts { text: text.to_owned(), truncated: false };
        evidence.insert(Need::WorkspaceFile { path: file() }, Answer::Found(Fact::Text(text)));
        kind.judge(&Inquiry::new(&evidence, &Subject::default())).expect("every fact is there")
    };
    let first = "docker login r.example\ndocker push r.example/a\n";
    assert_eq!(
        judged(&[first, "docker logout r.example\ndocker pull busybox"].concat()),
        Verdict::Pass { notes: vec![] }
    );
    assert!(matches!(judged(&[first, "docker pull r.example/a"].concat()), Verdict::NotYet(_)));
}
