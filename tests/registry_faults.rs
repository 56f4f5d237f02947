//! A registry that is slow, breaks off, is out of order, or says what is not so, is never a wrong answer. In front of
//! a real one stands what spoils its answers, each kind of it in a container of its own.

mod common;

use common::*;
use dlearn::evidence::*;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const SPOILER: &str = include_str!("registry_faults/unreliable.py");

/// Containers and images of this test, removed at its end.
#[derive(Default)]
struct Made {
    containers: Vec<String>,
    images: Vec<String>,
}

impl Made {
    /// Starts a container that listens on port 5000; gives its name and where that is published.
    fn listening(&mut self, what: &str, image_and_command: &[&str]) -> (String, String) {
        let name = format!("dlearn-test-{what}-{}", std::process::id());
        let mut arguments = vec!["run", "--detach", "--name", &name, "--publish", "127.0.0.1::5000"];
        arguments.extend(image_and_command);
        self.containers.push(name.clone());
        docker(&arguments);
        let address = docker(&["port", &name, "5000"]);
        (name, address)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let gone = |arguments: &[&str], of: &[String]| {
            let _ = Command::new("docker").args(arguments).args(of).output();
        };
        gone(&["rm", "--force", "--volumes"], &self.containers);
        gone(&["rmi"], &self.images);
    }
}

/// What dlearn finds under a name. Nothing that it made for that stays behind.
async fn has(name: &str) -> Answer {
    let mut collector = collector(Path::new(".")).await;
    let run = collector.ledger().unwrap().run().to_owned();
    let answer = ask(&mut collector, Need::Registry { name: name.to_owned() }).await;
    dlearn::engine::Answers::finish(&mut collector).await.unwrap();
    let ours = ["ps", "--all", "--quiet", "--filter", &format!("label=dlearn.run={run}")];
    assert_eq!(docker(&ours), "", "{name}: containers of {run}");
    answer
}

/// Waits for what a container says once it listens.
async fn listens(container: &str) {
    let mut looked = 0;
    while !docker(&["logs", container]).contains("listening") {
        looked += 1;
        assert!(looked < 300, "{container} does not listen");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How answers are spoilt, and a part of the reason that is given then.
const SPOILT: [(&str, &str); 15] = [
    ("broken", "out of order, status 500"),
    ("overloaded", "out of order, status 503"),
    ("silent", "did not answer within"),
    ("dripping", "did not answer within"),
    ("cut", "breaks off"),
    ("endless", "with more than"),
    ("page", "was not understood"),
    ("nowhere_page", "status 404"),
    ("nowhere_text", "status 404"),
    ("hang_up_on_blob", "it answered, and then it breaks off"),
    ("circle", "status 307"),
    ("gibberish", "speaks no HTTP"),
    ("other_digest", "has another digest"),
    ("other_manifest", "has another digest"),
    ("other_config", "the configuration has another digest"),
];

#[tokio::test]
async fn a_registry_that_cannot_be_relied_on_is_no_wrong_answer() {
    let mut made = Made::default();
    let (registry, address) = made.listening("registry", &["registry:2"]);
    let pushed = format!("{address}/faults/news:v1");
    docker(&["tag", BUSYBOX, &pushed]);
    made.images.push(pushed.clone());
    let mut pushing = 0;
    while !Command::new("docker").args(["push", &pushed]).output().unwrap().status.success() {
        pushing += 1;
        assert!(pushing < 50, "{pushed} cannot be pushed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let honest = fact!(has(&pushed).await, Registry);
    let real = format!(
        "{}:5000",
        docker(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", &registry])
    );

    let mut started = Vec::new();
    for kind in ["honest", "closing", "closing_silently", "hang_up"].into_iter().chain(SPOILT.map(|(kind, _)| kind)) {
        let script = ["python:3.11-slim", "python3", "-c", SPOILER, &real, kind];
        started.push(made.listening(&kind.replace('_', "-"), &script));
    }
    let mut addresses = Vec::new();
    for (container, address) in started {
        listens(&container).await;
        addresses.push(address);
    }
    let name = |address: &str| format!("{address}/faults/news:v1");
    // It may end its connection after each answer, and need not say so.
    for address in &addresses[..3] {
        assert_eq!(fact!(has(&name(address)).await, Registry), honest, "{address}");
        let other = fact!(has(&format!("{address}/faults/news:v2")).await, Registry);
        assert_eq!((other.image, other.tags), (None, vec!["v1".to_owned()]), "{address}");
    }
    // Whatever listens and never answers anything is no registry.
    assert_eq!(has(&name(&addresses[3])).await, Answer::Absent);
    let asking = SPOILT.iter().zip(&addresses[4..]).map(|(spoilt, address)| {
        let name = name(address);
        async move { (spoilt, has(&name).await) }
    });
    for ((kind, reason), answer) in futures_util::future::join_all(asking).await {
        println!("{kind}: {answer:?}");
        match &answer {
            Answer::Unavailable(why) => assert!(why.reason.contains(reason) && !why.help.is_empty(), "{kind}: {why:?}"),
            other => panic!("{kind}: {other:?}"),
        }
    }
}
