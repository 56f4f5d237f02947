//! dlearn as a process, in a home of its own.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// More seconds than any command of a test has a reason to take.
const LONGEST: u64 = 240;

/// Somebody with a course folder of their own.
pub struct Learner {
    dir: tempfile::TempDir,
    course: Option<PathBuf>,
    env: Vec<(String, String)>,
}

impl Learner {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("dlearn-cli-").tempdir().expect("a temporary folder");
        Self { dir, course: None, env: Vec::new() }
    }

    /// The same home with another course than the binary's own.
    pub fn with_course(mut self, course: &Path) -> Self {
        self.course = Some(course.to_owned());
        self
    }

    /// Sets a variable for every command.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.into(), value.into()));
    }

    /// A folder that goes with the learner.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Their course folder.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("course")
    }

    /// `dlearn ARGS` without a terminal, as nobody's configuration but this learner's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dlearn"));
        if std::env::var_os("DOCKER_CONFIG").is_none()
            && let Some(home) = std::env::var_os("HOME")
        {
            // HOME moves away below; which engine is asked must not.
            command.env("DOCKER_CONFIG", Path::new(&home).join(".docker"));
        }
        command.current_dir(self.root()).env("HOME", self.root()).env("DLEARN_HOME", self.home());
        for name in ["XDG_CONFIG_HOME", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(course) = &self.course {
            command.arg("--course").arg(course);
        }
        command.args(args).stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn dlearn(&self, args: &[&str]) -> Told {
        Running::start(self.command(args)).end()
    }

    /// Starts it.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(self.command(args))
    }
}

/// A process that goes on. It is killed when the test gives up.
pub struct Running {
    child: Child,
    what: String,
    begun: Instant,
    pipes: Option<[JoinHandle<String>; 2]>,
}

impl Running {
    /// Starts a command whose output is gathered.
    pub fn start(mut command: Command) -> Self {
        let what = format!("{command:?}");
        let begun = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let out = child.stdout.take().map(gather).expect("it is piped");
        let err = child.stderr.take().map(gather).expect("it is piped");
        Self { child, what, begun, pipes: Some([out, err]) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `INT`, `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        // The shell's own kill: procps is not everywhere.
        let script = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &script]).status().expect("sh runs");
        assert!(status.success(), "{}: signal {name}", self.what);
    }

    /// Waits for its end.
    pub fn end(self) -> Told {
        self.end_within(LONGEST)
    }

    /// Waits for the end of one that may take this many seconds.
    pub fn end_within(mut self, seconds: u64) -> Told {
        let deadline = self.begun + Duration::from_secs(seconds);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            assert!(Instant::now() < deadline, "{} goes on after {seconds} s", self.what);
            std::thread::sleep(Duration::from_millis(5));
        };
        let ended = Instant::now();
        let took = ended - self.begun;
        let [out, err] = self.pipes.take().expect("it ends once");
        let text = |pipe: JoinHandle<String>| pipe.join().expect("a pipe is read");
        Told { what: self.what.clone(), status, stdout: text(out), stderr: text(err), took, ended }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Over already, or to be ended: a test that fails leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a process that ended has said.
pub struct Told {
    pub what: String,
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
    pub ended: Instant,
}

impl Told {
    /// Its exit code, or minus the signal that ended it.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| -self.status.signal().unwrap_or_default())
    }

    /// It ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self:?}");
        self
    }

    /// It says this, on either of its streams, wherever the lines break.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = words(&format!("{} {}", self.stdout, self.stderr));
        assert!(said.contains(&words(text)), "it does not say {text:?}: {self:?}");
        self
    }

    /// It does not say this on either stream.
    #[track_caller]
    pub fn keeps_silent_about(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "it says {text:?}: {self:?}");
        self
    }

    /// Its JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// A check's finding in `dlearn check --json`.
    #[track_caller]
    pub fn check(&self, id: &str) -> serde_json::Value {
        let report = self.json();
        let checks = report["checks"].as_array().unwrap_or_else(|| panic!("no checks: {self:?}"));
        let found = checks.iter().find(|check| check["id"] == id);
        found.unwrap_or_else(|| panic!("no check {id}: {self:?}")).clone()
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (code, took) = (self.code(), self.took);
        write!(f, "{} → {code} in {took:.1?}\n--- stdout\n{}\n--- stderr\n{}", self.what, self.stdout, self.stderr)
    }
}
