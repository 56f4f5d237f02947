//! A registry that is slow, breaks off, is out of order, or says what is not so, is never a wrong answer. In front of
//! a real one stands what spoils its answers, each kind of it in a container of its own.

mod common;

use common::*;
use dlearn::evidence::*;
use std::path::Path;
use std::process::Command;

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

async fn has(name: &str) -> Answer {
    let mut collector = collector(Path::new(".")).await;
    let answer = ask(&mut collector, Need::Registry { name: name.to_owned() }).await;
    dlearn::engine::Answers::finish(&mut collector).await.unwrap();
    answer
}

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
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let honest = fact!(has(&pushed).await, Registry);
    let real = format!(
        "{}:5000",
        docker(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", &registry])
    );

    let kinds = [
        "honest",
        "closing",
        "broken",
        "overloaded",
        "silent",
        "dripping",
        "cut",
        "endless",
        "page",
        "circle",
        "gibberish",
        "other_digest",
        "other_manifest",
        "other_config",
    ];
    let spoilt = kinds.map(|kind| {
        let script = ["python:3.11-slim", "python3", "-c", SPOILER, &real, kind];
        (kind, made.listening(&kind.replace('_', "-"), &script).1)
    });
    // Python needs a moment before it listens; its own question tells when.
    let (_, first) = &spoilt[0];
    let name = |address: &str| format!("{address}/faults/news:v1");
    let mut asked = 0;
    while !matches!(has(&name(first)).await, Answer::Found(Fact::Registry(told)) if told == honest) {
        asked += 1;
        assert!(asked < 50, "the honest one says something else: {:?}", has(&name(first)).await);
    }
    // It may end its connection after each answer.
    let (_, closing) = &spoilt[1];
    assert_eq!(fact!(has(&name(closing)).await, Registry), honest);
    let asking = spoilt[2..].iter().map(|(kind, address)| async move { (kind, has(&name(address)).await) });
    for (kind, answer) in futures_util::future::join_all(asking).await {
        println!("{kind}: {answer:?}");
        assert!(matches!(&answer, Answer::Unavailable(why) if !why.help.is_empty()), "{kind}: {answer:?}");
    }
}
