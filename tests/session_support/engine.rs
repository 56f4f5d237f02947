//! The docker command as a learner types it, what dlearn left in the engine, and a socket in front of the
//! engine that can be taken away.

use super::Person;
use dlearn::engine::{ConnectOptions, Endpoint, resolve};
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use undisturbed::undisturbed;

#[path = "../undisturbed/mod.rs"]
mod undisturbed;

/// `docker ARGS`, which must succeed. Gives its standard output.
#[track_caller]
pub fn docker(args: &[&str]) -> String {
    let output = undisturbed(Command::new("docker").args(args));
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `docker build -t IMAGE FOLDER`, with the classic builder: every client has it. It must succeed.
#[track_caller]
pub fn build(folder: &Path, image: &str) {
    let mut command = Command::new("docker");
    command.env("DOCKER_BUILDKIT", "0").args(["build", "-t", image]).arg(folder);
    let output = undisturbed(&mut command);
    let said = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "docker build: {}\n{}", said(&output.stdout), said(&output.stderr));
}

/// What the images of a learner's Dockerfiles are to carry: `session=…`.
pub fn mark(person: &Person) -> String {
    format!("session={}", person.course.unique)
}

/// Removes a learner's images and what is left of their runs, whatever becomes of the test.
pub struct Tidy<'a>(pub &'a Person);

impl Tidy<'_> {
    /// What dlearn has in the engine for this learner's exercises now: containers by label, images by name, or by the
    /// [`mark`] of the Dockerfile that they come from.
    pub fn left_by_dlearn(&self) -> Vec<String> {
        let mut found = Vec::new();
        for exercise in [&self.0.course.first, &self.0.course.broken] {
            let label = format!("label=dlearn.exercise={exercise}");
            let containers = docker(&["ps", "--all", "--filter", &label, "--format", "container {{.Names}}"]);
            found.extend(containers.lines().map(str::to_owned));
        }
        let images = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        let ours = |line: &&str| line.starts_with("dlearn-run/") && line.contains(&self.0.course.unique);
        found.extend(images.lines().filter(ours).map(str::to_owned));
        let marked = format!("label={}", mark(self.0));
        let images = docker(&["images", "--filter", &marked, "--format", "{{.Repository}}:{{.Tag}}"]);
        found.extend(images.lines().filter(|line| line.starts_with("dlearn-run/")).map(str::to_owned));
        found
    }

    /// Waits until nothing of it is left.
    pub fn leaves_nothing(&self) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let left = self.left_by_dlearn();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "left in the engine: {left:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Tidy<'_> {
    fn drop(&mut self) {
        let course = &self.0.course;
        let quiet = |args: &[&str]| Command::new("docker").args(args).output();
        let lines = |args: &[&str]| {
            let output = quiet(args).map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
            output.unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        for exercise in [&course.first, &course.broken] {
            let label = format!("label=dlearn.exercise={exercise}");
            for container in lines(&["ps", "--all", "--quiet", "--filter", &label]) {
                let _gone = quiet(&["rm", "--force", "--volumes", &container]);
            }
        }
        for image in lines(&["images", "--format", "{{.Repository}}:{{.Tag}}"]) {
            if image.contains(&course.unique) {
                let _gone = quiet(&["rmi", "--force", &image]);
            }
        }
        // What a session that was killed has left.
        for image in lines(&["images", "--quiet", "--filter", &format!("label={}", mark(self.0))]) {
            let _gone = quiet(&["rmi", "--force", &image]);
        }
    }
}

/// A socket in front of the engine.
pub struct Gate {
    path: PathBuf,
    engine: PathBuf,
    open: Option<Arc<Mutex<Passing>>>,
}

/// The connections that go through; none where the gate was closed.
type Passing = Option<Vec<UnixStream>>;

impl Gate {
    /// A gate in `folder`, closed.
    pub fn new(folder: &Path) -> Self {
        let resolved = resolve(&ConnectOptions::from_env()).expect("an engine is configured");
        let Endpoint::Unix(engine) = resolved.endpoint else { panic!("this test needs an engine at a socket") };
        Self { path: folder.join("gate.sock"), engine, open: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The engine can be reached from now on.
    pub fn open(&mut self) {
        let listener = UnixListener::bind(&self.path).expect("a socket");
        let passing = Arc::new(Mutex::new(Some(Vec::new())));
        self.open = Some(Arc::clone(&passing));
        let engine = self.engine.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Some(passing) = &mut *passing.lock().expect("nobody panics with it") else { return };
                let engine = UnixStream::connect(&engine).expect("an engine");
                for (from, to) in [(&client, &engine), (&engine, &client)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    std::thread::spawn(move || pump(from, to));
                }
                passing.extend([client, engine]);
            }
        });
    }

    /// The engine is gone: connections end, and new ones find no socket.
    pub fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        std::fs::remove_file(&self.path).expect("the socket is removed");
        let passing = open.lock().expect("nobody panics with it").take();
        for stream in passing.into_iter().flatten() {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pump(mut from: UnixStream, mut to: UnixStream) {
    let _ended = io::copy(&mut from, &mut to);
    let _closed = to.shutdown(Shutdown::Write);
}
