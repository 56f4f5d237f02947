//! An engine that holds thousands of other images and containers: questions are answered as on an empty one, and
//! nothing of others is touched. They are real: loaded and created in a throw-away engine, 5000 of each; `DLEARN_CROWD`
//! says another number.

mod common;

use common::*;
use dlearn::engine::{Answers, Collector, CollectorOptions, Engine, Ledger, Sandbox, SandboxLimits, leftovers};
use dlearn::evidence::*;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const LIMITS: SandboxLimits =
    SandboxLimits { memory: 2 << 30, disk: None, cpus: None, processes: 2048, network: false };
/// What one image of the crowd carries, and the container of it.
const LABEL: &str = "crowd=7";
/// How many create containers at the same time.
const HANDS: usize = 4;

fn crowd() -> usize {
    let count = std::env::var("DLEARN_CROWD").map_or(5000, |text| text.parse().expect("DLEARN_CROWD is a number"));
    assert!(count > 7, "DLEARN_CROWD: the one with {LABEL} is asked for");
    count
}

/// A connection to the engine inside, for questions one after another (Engine API).
struct Inside {
    child: std::process::Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Inside {
    fn new(container: &str) -> Self {
        let line = ["exec", "-i", container, "docker", "-H", "unix:///run/docker.sock", "system", "dial-stdio"];
        let mut child = Command::new("docker");
        let mut child = child.args(line).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, to, from: BufReader::new(from) }
    }

    fn ask(&mut self, method: &str, target: &str, body: &str) -> serde_json::Value {
        let length = body.len();
        write!(
            self.to,
            "{method} {target} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        self.to.flush().unwrap();
        let (mut length, mut status) = (None, String::new());
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).unwrap();
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if status.is_empty() {
                status = line.to_owned();
            }
            if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                length = Some(number.trim().parse().unwrap());
            }
        }
        let answer = match length {
            Some(length) => {
                let mut bytes = vec![0; length];
                self.from.read_exact(&mut bytes).unwrap();
                bytes
            }
            None => self.chunks(),
        };
        assert!(status.contains(" 20"), "{target}: {status}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    /// A body in chunks (RFC 9112, 7.1).
    fn chunks(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let mut bytes = vec![0; size + 2];
            self.from.read_exact(&mut bytes).unwrap();
            if size == 0 {
                return all;
            }
            all.extend(&bytes[..size]);
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Images with one layer in common, as `docker save` writes them (Docker Image Specification 1.2).
fn load(container: &str, count: usize) {
    let mut layer = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(6);
    header.set_mode(0o644);
    layer.append_data(&mut header, "etc/crowd", &b"crowd\n"[..]).unwrap();
    let layer = layer.into_inner().unwrap();
    let digest = sha256(&layer);
    let mut child = Command::new("docker");
    let line = ["exec", "-i", container, "docker", "-H", "unix:///run/docker.sock", "load", "--quiet"];
    let mut child = child.args(line).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut archive = tar::Builder::new(child.stdin.take().unwrap());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, bytes).unwrap();
    };
    add("layer.tar", &layer);
    let mut manifest = Vec::new();
    for number in 0..count {
        let config = serde_json::json!({
            "architecture": "amd64", "os": "linux",
            "config": { "Labels": { "crowd": number.to_string() }, "Cmd": ["true"] },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
            "history": [{ "created_by": "crowd" }],
        });
        let name = format!("{number}.json");
        add(&name, config.to_string().as_bytes());
        manifest.push(serde_json::json!({
            "Config": name, "RepoTags": [format!("crowd/image-{number}:v1")], "Layers": ["layer.tar"],
        }));
    }
    add("manifest.json", serde_json::Value::from(manifest).to_string().as_bytes());
    drop(archive.into_inner().unwrap());
    assert!(child.wait().unwrap().success());
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn create(container: &str, count: usize) {
    std::thread::scope(|scope| {
        for hand in 0..HANDS {
            scope.spawn(move || {
                let mut inside = Inside::new(container);
                for number in (hand..count).step_by(HANDS) {
                    let body = format!("{{\"Image\":\"crowd/image-{number}:v1\",\"Cmd\":[\"true\"]}}");
                    inside.ask("POST", &format!("/v1.41/containers/create?name=crowd-{number}"), &body);
                }
            });
        }
    });
}

fn counted(container: &str) -> [usize; 2] {
    let mut inside = Inside::new(container);
    ["/v1.41/images/json", "/v1.41/containers/json?all=1"]
        .map(|list| inside.ask("GET", list, "").as_array().unwrap().len())
}

/// What was asked: how long each question took, and what is the same whenever it is asked.
#[derive(Default)]
struct Asked {
    times: Vec<(String, Duration)>,
    answers: Vec<(String, String)>,
    /// The images and the containers that carry a label of the crowd's; for each builder.
    labelled: Vec<[usize; 2]>,
}

/// What does not change from one build of the same to the next. Ids, digests and logs do, for the time that is in them.
fn lasting(fact: &Fact) -> String {
    match fact {
        Fact::Build(build) => {
            let steps: Vec<&str> = build.steps.iter().map(|step| step.text.as_str()).collect();
            format!("{:?}", (&build.error, build.timed_out, steps))
        }
        Fact::Image(image) => {
            let rows: Vec<_> = image.history.iter().map(|row| (row.author, &row.instruction)).collect();
            format!("{:?}", (&image.config, &image.arch, image.layers.len(), rows))
        }
        Fact::Layers(found) => {
            let layers: Vec<_> = found.layers.iter().map(|layer| (&layer.created_by, &layer.entries)).collect();
            format!("{:?}", (found.truncated, layers))
        }
        other => format!("{other:?}"),
    }
}

/// What a check asks, with both builders.
async fn asked(engine: &Engine, workspace: &Path) -> Asked {
    let Asked { mut times, mut answers, mut labelled } = Asked::default();
    for builder in BUILDERS {
        let options = CollectorOptions {
            workspace: workspace.to_owned(),
            exercise: "T01".into(),
            purpose: "test".into(),
            build_seconds: 60,
            ..CollectorOptions::default()
        };
        let mut collector = Collector::new(Ok(engine.clone()), options);
        let plan = BuildPlan::workspace(builder);
        let begun = Instant::now();
        let build = fact!(ask(&mut collector, Need::Build(plan)).await, Build);
        times.push((format!("{builder}: build"), begun.elapsed()));
        assert_eq!(build.error, None, "{builder}");
        let image = build.tag.clone();
        answers.push((format!("{builder}: build"), lasting(&Fact::Build(build))));
        for need in [
            Need::Image { name: image.clone() },
            Need::File { image: image.clone(), path: "/greeting".into() },
            Need::Layers { image: image.clone(), skip: 0 },
            Need::Run(RunPlan { image: image.clone(), ..shell("cat /greeting", 20) }),
        ] {
            let begun = Instant::now();
            let what = format!("{builder}: {}", need.to_string().replace(&image, "it"));
            let answer = ask(&mut collector, need).await;
            times.push((what.clone(), begun.elapsed()));
            let Answer::Found(fact) = answer else { panic!("{what}: {answer:?}") };
            answers.push((what, lasting(&fact)));
        }
        let begun = Instant::now();
        let objects = fact!(ask(&mut collector, Need::Objects { label: LABEL.into() }).await, Objects);
        times.push((format!("{builder}: objects with {LABEL}"), begun.elapsed()));
        labelled.push([objects.images.len(), objects.containers.len()]);
        let begun = Instant::now();
        collector.finish().await.unwrap();
        times.push((format!("{builder}: clean up"), begun.elapsed()));
    }
    let begun = Instant::now();
    let left = leftovers(engine).await.unwrap();
    times.push(("list what is left".into(), begun.elapsed()));
    assert!(left.is_empty(), "{left:?}");
    Asked { times, answers, labelled }
}

#[tokio::test(flavor = "multi_thread")]
async fn among_thousands_of_other_images_and_containers_answers_are_the_same() {
    let outer = engine().await;
    let ledger = Ledger::open(&outer, "test", "T01").unwrap();
    let sandbox: Sandbox = outer.sandbox(&ledger, &LIMITS).await.unwrap();
    sandbox.bring(&[BUSYBOX]).await.unwrap();
    let container = container_of(&ledger);
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("Dockerfile"), format!("FROM {BUSYBOX}\nRUN echo hello > /greeting\n")).unwrap();

    let alone = asked(&sandbox.engine, dir.path()).await;
    let count = crowd();
    let begun = Instant::now();
    load(&container, count);
    create(&container, count);
    println!("{count} images and {count} containers in {:.1?}", begun.elapsed());
    let before = counted(&container);
    assert!(before[0] > count && before[1] == count, "{before:?}");
    let among = asked(&sandbox.engine, dir.path()).await;
    for ((what, alone), (_, among)) in alone.times.iter().zip(&among.times) {
        println!("{what:<60} {alone:>10.1?} alone, {among:>10.1?} among them");
    }
    assert_eq!(among.answers, alone.answers);
    assert!(alone.labelled.iter().all(|found| *found == [0, 0]), "{:?}", alone.labelled);
    assert!(among.labelled.iter().all(|found| *found == [1, 1]), "{:?}", among.labelled);
    assert_eq!(counted(&container), before, "nothing of others came or went");
    sandbox.remove().await.unwrap();
    ledger.cleanup().await.unwrap();
}
