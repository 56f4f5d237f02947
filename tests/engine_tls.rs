//! An engine that is reached over TCP with TLS, on real engines: each runs in a container of the engine of these tests,
//! with certificates of the test's own, and is thrown away. Its address is a loopback one, and its ports are not ours.

mod certificates;
mod common;

use certificates::{Authority, Pair, write_material};
use common::*;
use dlearn::course::FileSet;
use dlearn::engine::{Answers, Collector, CollectorOptions, ConnectOptions, Engine, EngineError};
use dlearn::evidence::*;
use std::fs;
use std::io::Read;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The engine in the container is that of this image.
const DIND: &str = "docker:dind";
/// As dlearn starts such an engine for itself.
const START: &str = include_str!("../src/engine/sandbox/start.sh");
/// The same engine, with TLS on a port.
const SHIM: &str = "#!/bin/sh
for real in /usr/local/bin/dockerd /usr/bin/dockerd /usr/sbin/dockerd; do [ ! -x $real ] || break; done
exec $real \"$@\" --host tcp://0.0.0.0:2376 --tlsverify --tlscacert /tls/ca.pem --tlscert /tls/cert.pem --tlskey /tls/key.pem
";
/// Within which it answers.
const READY: Duration = Duration::from_secs(90);

/// An engine in a container, with TLS on a published port.
struct Remote {
    container: String,
    port: u16,
}

impl Remote {
    fn start(authority: &Authority, server: &Pair) -> Self {
        let files = tempfile::tempdir().unwrap();
        write_material(files.path(), authority, Some(server));
        // What starts it in dlearn's own throw-away engines adds no address.
        let shim = files.path().join("dockerd");
        fs::write(&shim, SHIM).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
        let mut create =
            vec!["create", "--label", "dlearn.test=tls", "--publish", "127.0.0.1::2376", "--cgroupns=private"];
        for capability in ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "MKNOD", "DAC_READ_SEARCH"] {
            create.extend(["--cap-add", capability]);
        }
        for option in ["seccomp=unconfined", "apparmor=unconfined", "label=disable", "systempaths=unconfined"] {
            create.extend(["--security-opt", option]);
        }
        for variable in ["PROCESSES=1000", "MEMORY=1000000000", "CPU_QUOTA=", "SECONDS_TO_LIVE=900"] {
            create.extend(["--env", variable]);
        }
        create.extend([
            "--tmpfs",
            "/run:size=64m,exec,suid",
            "--env",
            "PATH=/tls:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]);
        create.extend(["--entrypoint", "sh", DIND, "-c", START]);
        let container = docker(&create);
        // From here on it is removed, whatever happens.
        let mut started = Self { container, port: 0 };
        docker(&["cp", &format!("{}/.", files.path().display()), &format!("{}:/tls", started.container)]);
        docker(&["start", &started.container]);
        let published = docker(&["port", &started.container, "2376"]);
        started.port = published.lines().next().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let begun = Instant::now();
        // Past TLS: it answers when this does.
        while !answers(&started.container) {
            assert!(begun.elapsed() < READY, "{}", docker(&["logs", "--tail", "20", &started.container]));
            std::thread::sleep(Duration::from_millis(100));
        }
        started
    }

    fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// A command of its own client, inside.
    fn inside(&self, args: &[&str]) -> String {
        docker(&[&["exec", &self.container, "docker"], args].concat())
    }

    /// Brings an image of the outer engine.
    fn bring(&self, image: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("image.tar");
        docker(&["save", "--output", file.to_str().unwrap(), image]);
        docker(&["cp", file.to_str().unwrap(), &format!("{}:/image.tar", self.container)]);
        self.inside(&["load", "--input", "/image.tar"]);
    }
}

fn answers(container: &str) -> bool {
    let asked = Command::new("docker").args(["exec", container, "docker", "version"]).output();
    asked.is_ok_and(|asked| asked.status.success())
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", "--volumes", &self.container]).output();
    }
}

/// Somebody with a configuration of Docker's of their own, and these variables.
fn with(config: &Path, env: &[(&str, &str)]) -> ConnectOptions {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ConnectOptions { host: None, env, config_dir: config.to_owned() }
}

async fn refused(options: &ConnectOptions) -> EngineError {
    match Engine::connect(options).await {
        Ok(engine) => panic!("it was let in: {engine:?}"),
        Err(error) => error,
    }
}

fn says(error: &EngineError, what: &str, help: &str) {
    assert!(error.to_string().contains(what) && error.help().contains(help), "{error}\n{}", error.help());
}

#[tokio::test]
async fn whoever_has_the_certificates_is_let_in_and_everybody_else_is_told_why_not() {
    let authority = Authority::new("lab");
    let remote = Remote::start(&authority, &authority.server(&["127.0.0.1"]));
    let (address, folder) = (remote.address(), tempfile::tempdir().unwrap());
    let at = |name: &str| folder.path().join(name);
    let verified = |name: &str, address: &str| {
        let path = at(name).display().to_string();
        with(folder.path(), &[("DOCKER_HOST", address), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", &path)])
    };

    write_material(&at("right"), &authority, Some(&authority.client()));
    let engine = Engine::connect(&verified("right", &address)).await.unwrap();
    assert_eq!(engine.endpoint().to_string(), address);
    engine.facts().await.unwrap();

    // Whom we trust.
    let stranger = Authority::new("stranger");
    write_material(&at("other-authority"), &stranger, Some(&authority.client()));
    let error = refused(&verified("other-authority", &address)).await;
    says(&error, "is not from the authority in", "ca.pem");
    fs::create_dir(at("no-authority")).unwrap();
    let error = refused(&verified("no-authority", &address)).await;
    says(&error, "no authority that this machine trusts", "DOCKER_CERT_PATH");
    let error = refused(&verified("right", &address.replace("127.0.0.1", "localhost"))).await;
    says(&error, "is not for localhost, but for", "by a name that its certificate is for");

    // Whom it trusts.
    write_material(&at("nobody"), &authority, None);
    let error = refused(&verified("nobody", &address)).await;
    says(&error, "wants a client certificate, and you have none", "cert.pem and key.pem");
    write_material(&at("foreign"), &authority, Some(&stranger.client()));
    let error = refused(&verified("foreign", &address)).await;
    says(&error, "does not accept the client certificate", "openssl x509");

    // Files that are no use.
    write_material(&at("half"), &authority, Some(&authority.client()));
    fs::remove_file(at("half").join("key.pem")).unwrap();
    says(&refused(&verified("half", &address)).await, "no key.pem beside it", "key.pem");
    let other = Pair { key: authority.client().key, ..authority.client() };
    write_material(&at("mixed"), &authority, Some(&other));
    says(&refused(&verified("mixed", &address)).await, "is not the key of cert.pem", "one pair");
    write_material(&at("torn"), &authority, Some(&authority.client()));
    fs::write(at("torn").join("ca.pem"), "torn").unwrap();
    says(&refused(&verified("torn", &address)).await, "ca.pem is no file of the kind", "PEM");

    // Both ways to mistake the port.
    says(&refused(&with(folder.path(), &[("DOCKER_HOST", &address)])).await, "without TLS", "DOCKER_TLS_VERIFY=1");
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tcp://{}", plain.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::Write;
        for stream in plain.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    says(&refused(&verified("right", &silent)).await, "does not speak TLS", "2376");

    // Contexts, as the docker command makes them.
    let config = at("config");
    let context = |name: &str, docker_endpoint: &str| {
        let output = Command::new("docker")
            .args(["context", "create", name, "--docker", docker_endpoint])
            .env("DOCKER_CONFIG", &config)
            .env_remove("DOCKER_HOST")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let material = |name: &str| {
        let path = |file: &str| at(name).join(file).display().to_string();
        format!("ca={},cert={},key={}", path("ca.pem"), path("cert.pem"), path("key.pem"))
    };
    context("lab", &format!("host={address},{}", material("right")));
    context("wrong", &format!("host={address},{}", material("other-authority")));
    context("trusting", &format!("host={address},skip-tls-verify=true,{}", material("other-authority")));
    let by = |name: &str| with(&config, &[("DOCKER_CONTEXT", name)]);
    Engine::connect(&by("lab")).await.unwrap();
    says(&refused(&by("wrong")).await, "is not from the authority in", "ca.pem");
    Engine::connect(&by("trusting")).await.unwrap();
    fs::write(config.join("config.json"), r#"{"currentContext":"lab"}"#).unwrap();
    let engine = Engine::connect(&with(&config, &[])).await.unwrap();
    assert_eq!(engine.because(), "the Docker context \"lab\"");
}

#[tokio::test]
async fn an_engine_whose_certificate_has_expired_is_told() {
    let authority = Authority::new("lab");
    let remote = Remote::start(&authority, &authority.expired_server(&["127.0.0.1"]));
    let folder = tempfile::tempdir().unwrap();
    write_material(folder.path(), &authority, Some(&authority.client()));
    let at = folder.path().display().to_string();
    let address = remote.address();
    let env = [("DOCKER_HOST", address.as_str()), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", &at)];
    says(&refused(&with(folder.path(), &env)).await, "has expired", "clock");
    // Docker does not look at it then, and neither do we.
    let env = [("DOCKER_HOST", address.as_str()), ("DOCKER_TLS", "1"), ("DOCKER_CERT_PATH", &at)];
    Engine::connect(&with(folder.path(), &env)).await.unwrap();
}

/// A port that leads to another one. A connection over which so many bytes have been sent is reset.
fn breaking(to: u16, after: u64) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (mut near, mut far) = (near.unwrap(), TcpStream::connect(("127.0.0.1", to)).unwrap());
            let (mut back, mut from) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut back).map(drop));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut (&mut near).take(after), &mut far);
                // The other direction ends with this. What nobody has read makes it a reset (RFC 1122, 4.2.2.13).
                let _ = far.shutdown(Shutdown::Both);
            });
        }
    });
    port
}

#[tokio::test]
async fn an_engine_that_is_lost_while_it_gets_a_context_is_not_said_to_refuse_the_certificate() {
    let authority = Authority::new("lab");
    let remote = Remote::start(&authority, &authority.server(&["127.0.0.1"]));
    let folder = tempfile::tempdir().unwrap();
    write_material(folder.path(), &authority, Some(&authority.client()));
    let (at, port) = (folder.path().display().to_string(), breaking(remote.port, 1 << 20));
    let address = format!("tcp://127.0.0.1:{port}");
    let env = [("DOCKER_HOST", address.as_str()), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", &at)];
    let engine = Engine::connect(&with(folder.path(), &env)).await.unwrap();

    let workspace = tempfile::tempdir().unwrap();
    fs::write(workspace.path().join("Dockerfile"), "FROM scratch\nCOPY large /\n").unwrap();
    fs::write(workspace.path().join("large"), vec![7; 32 << 20]).unwrap();
    let options = CollectorOptions { workspace: workspace.path().to_owned(), ..CollectorOptions::default() };
    let mut collector = Collector::new(Ok(engine), options);
    let answer = ask(&mut collector, Need::Build(BuildPlan::workspace(Builder::Classic))).await;
    let Answer::Unavailable(why) = answer else { panic!("{answer:?}") };
    assert!(!format!("{why:?}").contains("certificate"), "{why:?}");
    collector.finish().await.unwrap();
}

/// The same port of this machine may be somebody else's: what a service says must come from the service.
#[tokio::test]
async fn what_runs_on_an_engine_elsewhere_is_asked_there() {
    let authority = Authority::new("lab");
    let remote = Remote::start(&authority, &authority.server(&["127.0.0.1"]));
    remote.bring(BUSYBOX);
    remote.bring("registry:2");
    let folder = tempfile::tempdir().unwrap();
    write_material(folder.path(), &authority, Some(&authority.client()));
    let (at, address) = (folder.path().display().to_string(), remote.address());
    let env = [("DOCKER_HOST", address.as_str()), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", &at)];
    let engine = Engine::connect(&with(folder.path(), &env)).await.unwrap();
    assert!(engine.endpoint().is_local(), "its address says nothing else");

    let workspace = tempfile::tempdir().unwrap();
    let options = CollectorOptions {
        workspace: workspace.path().to_owned(),
        starter: FileSet::new(),
        exercise: "T01".into(),
        purpose: "test".into(),
        build_seconds: 60,
    };
    let mut collector = Collector::new(Ok(engine.clone()), options);
    let run = fact!(ask(&mut collector, Need::Run(shell("echo out; exit 3", 20))).await, Run);
    assert_eq!((run.exit, run.stdout.trim()), (Some(3), "out"));
    let dockerfile = format!(
        "FROM {BUSYBOX}\nRUN mkdir /www && echo from there >/www/index.html\n\
         CMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n"
    );
    let built = fact!(ask(&mut collector, Need::Build(inline(&dockerfile, Builder::Classic))).await, Build);
    let plan = ServePlan { image: built.tag, port: 8080, paths: vec!["/".into(), "/none".into()], seconds: 20 };
    let served = fact!(ask(&mut collector, Need::Serve(plan)).await, Serve);
    let answers: Vec<(u16, &str)> =
        served.responses.iter().flatten().map(|one| (one.status, one.body.trim())).collect();
    assert_eq!(answers[0], (200, "from there"), "{served:?}");
    assert_eq!(answers[1].0, 404, "{served:?}");

    // A registry that is published there, and one beside the engine; here, somebody else has the port.
    let here = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = here.local_addr().unwrap().port();
    let start = |name: &str, args: &[&str]| {
        remote.inside(&[&["run", "--detach", "--name", name], args, &["registry:2"]].concat());
        let image = format!("127.0.0.1:{port}/lab/{name}:v1");
        remote.inside(&["tag", BUSYBOX, &image]);
        let begun = Instant::now();
        while !pushed(&remote, &image) {
            assert!(begun.elapsed() < READY, "{}", remote.inside(&["logs", name]));
            std::thread::sleep(Duration::from_millis(100));
        }
        image
    };
    let layers = engine.image(BUSYBOX).await.unwrap().unwrap().layers;
    let listen = format!("REGISTRY_HTTP_ADDR=127.0.0.1:{port}");
    let publish = format!("127.0.0.1:{port}:5000");
    for (name, args) in [("published", ["--publish", &publish]), ("beside", ["--env", &listen])] {
        let network: &[&str] = if name == "beside" { &["--network", "host"] } else { &[] };
        let image = start(name, &[network, &args].concat());
        let found = fact!(ask(&mut collector, Need::Registry { name: image.clone() }).await, Registry);
        assert_eq!(found.image.unwrap().layers, layers, "{name}");
        let other = image.replace(":v1", ":v2");
        let found = fact!(ask(&mut collector, Need::Registry { name: other }).await, Registry);
        assert_eq!((found.image, found.tags), (None, vec!["v1".to_owned()]), "{name}");
        remote.inside(&["rm", "--force", "--volumes", name]);
    }
    let nobody = Need::Registry { name: format!("127.0.0.1:{port}/lab/x:v1") };
    assert_eq!(ask(&mut collector, nobody).await, Answer::Absent);
    here.set_nonblocking(true).unwrap();
    assert!(here.accept().is_err(), "nobody here was asked");
    collector.finish().await.unwrap();
}

fn pushed(remote: &Remote, image: &str) -> bool {
    let pushed = Command::new("docker").args(["exec", &remote.container, "docker", "push", image]).output();
    pushed.is_ok_and(|pushed| pushed.status.success())
}
