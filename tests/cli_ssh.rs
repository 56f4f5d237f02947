//! An engine over SSH, as a learner has it: dlearn as a process, this machine's own ssh, and a real sshd of the test's on
//! a port of the loopback address, with keys of its own. The engine behind it is that of these tests.

mod cli_support;

use cli_support::*;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// How many ports are tried.
const PORTS: usize = 5;

/// An sshd that runs in the foreground, for one user: whoever runs the tests.
struct Sshd {
    child: Child,
    port: u16,
}

impl Sshd {
    /// With these lines in its configuration, and a host key of its own.
    fn start(folder: &Path, name: &str, lines: &str) -> Self {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().find(|path| Path::new(path).exists());
        let program = program.expect("these tests need sshd: apt-get install openssh-server, or run ./scripts/test");
        let at = |file: &str| folder.join(format!("{name}-{file}"));
        key(&at("host"));
        // Where it was never started by the system, this folder is missing; only root's sshd wants it.
        let _ = fs::create_dir("/run/sshd");
        for _ in 0..PORTS {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let config = format!(
                "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}\n\
                 PasswordAuthentication no\nKbdInteractiveAuthentication no\nStrictModes no\nUsePAM no\n\
                 PermitRootLogin yes\nLogLevel ERROR\n{lines}\n",
                at("host").display(),
                folder.join("authorized").display(),
            );
            fs::write(at("config"), config).unwrap();
            let mut command = Command::new(program);
            command.args(["-D", "-e", "-f"]).arg(at("config")).stdin(Stdio::null()).stdout(Stdio::null());
            let child = command.stderr(fs::File::create(at("log")).unwrap()).spawn().unwrap();
            let mut started = Self { child, port };
            // Somebody else may have taken the port in between: then it has ended.
            let listens = eventually("sshd listens", 20, || match started.child.try_wait().unwrap() {
                Some(_) => Some(false),
                None => std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| true),
            });
            if listens {
                return started;
            }
        }
        panic!("sshd has ended: {}", fs::read_to_string(at("log")).unwrap_or_default());
    }

    fn url(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}", user(), self.port)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a pair of keys.
fn key(file: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A program that does this.
fn script(file: &Path, lines: &str) {
    fs::write(file, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A learner whose ssh has a configuration of its own: the real one, told by a script where that is. (It would be read
/// from the home folder that the user database names, which is not a test's.)
struct OverSsh {
    scene: Scene,
    known: PathBuf,
    folder: tempfile::TempDir,
}

impl OverSsh {
    fn new(mut scene: Scene) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |file: &str| folder.path().join(file);
        key(&at("id"));
        fs::copy(at("id.pub"), at("authorized")).unwrap();
        let known = at("known_hosts");
        let config = format!(
            "UserKnownHostsFile {}\nIdentityFile {}\nIdentitiesOnly yes\n",
            known.display(),
            at("id").display()
        );
        fs::write(at("config"), config).unwrap();
        let real = which("ssh").expect("these tests need ssh: apt-get install openssh-client");
        fs::create_dir(at("bin")).unwrap();
        script(&at("bin/ssh"), &format!("exec {} -F {} \"$@\"", real.display(), at("config").display()));
        let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").unwrap());
        scene.learner.set("PATH", &path);
        Self { scene, known, folder }
    }

    /// Notes the host key, as whoever compared it by hand.
    fn trusts(&self, sshd: &Sshd, key: &Path) {
        let key = fs::read_to_string(key).unwrap();
        fs::write(&self.known, format!("[127.0.0.1]:{} {key}", sshd.port)).unwrap();
    }

    fn sshd(&self, name: &str, lines: &str) -> Sshd {
        let sshd = Sshd::start(self.folder.path(), name, lines);
        self.trusts(&sshd, &self.folder.path().join(format!("{name}-host.pub")));
        sshd
    }

    /// `dlearn ARGS` with this engine.
    fn dlearn(&self, host: &str, args: &[&str]) -> Told {
        let mut command = self.scene.learner.command(args);
        command.env("DOCKER_HOST", host);
        Running::start(command).end()
    }

    #[track_caller]
    fn cannot_tell(&self, host: &str, says: &[&str]) {
        let mut told = self.dlearn(host, &["images", "list"]).exits(3).keeps_silent_about("panicked");
        for text in says {
            told = told.says(text);
        }
    }
}

/// Processes whose command line names this path.
fn naming(path: &Path) -> Vec<String> {
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = all.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&path.display().to_string())).collect()
}

/// Those of ssh among them.
fn processes_of(folder: &Path) -> Vec<String> {
    let of_ssh = |line: &String| line.starts_with("ssh ") || line.contains("/ssh ");
    naming(folder).into_iter().filter(of_ssh).collect()
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// What a session over there gets: the docker command, and the engine of these tests.
fn environment() -> String {
    let docker = which("docker").expect("these tests need a docker command");
    let host = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
    let engine = host.map(|host| format!(" DOCKER_HOST={host}")).unwrap_or_default();
    format!("SetEnv PATH={}:/usr/bin:/bin{engine}", docker.parent().unwrap().display())
}

#[test]
fn an_engine_over_ssh_is_an_engine_like_any_other() {
    let desk = OverSsh::new(Scene::solved(Client::Classic));
    let sshd = desk.sshd("good", &environment());
    let id = &desk.scene.id.clone();
    let told = desk.dlearn(&sshd.url(), &["check", id, "--json"]).exits(0);
    assert_eq!(told.json()["outcome"], "pass", "{told:?}");
    desk.scene.write("Dockerfile", "FROM busybox:1.36\n");
    desk.dlearn(&sshd.url(), &["check", id]).exits(1);
    assert_eq!(desk.scene.of_dlearn().into_iter().collect::<Vec<_>>(), Vec::<String>::new());
    eventually("no ssh stays behind", 20, || processes_of(desk.folder.path()).is_empty().then_some(()));

    // By a context too, and by the socket's path on the other side.
    let config = desk.folder.path().join("docker");
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let made = Command::new("docker")
        .args(["context", "create", "far", "--docker", &format!("host={}", sshd.url())])
        .env("DOCKER_CONFIG", &config)
        .env_remove("DOCKER_HOST")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut command = desk.scene.learner.command(&["doctor"]);
    command.env("DOCKER_CONFIG", &config).env("DOCKER_CONTEXT", "far").env_remove("DOCKER_HOST");
    let told = Running::start(command).end();
    told.says(&format!("{} answers", sshd.url())).says("far");
    desk.dlearn(&format!("{}{socket}", sshd.url()), &["check", id]).exits(1);
}

#[test]
fn whoever_ssh_does_not_let_in_is_told_why() {
    let desk = OverSsh::new(Scene::before());
    let sshd = desk.sshd("good", &environment());
    let by_hand = format!("ssh -p {} {}@127.0.0.1", sshd.port, user());

    fs::write(&desk.known, "").unwrap();
    desk.cannot_tell(&sshd.url(), &["its host key is not known on this machine", &by_hand]);
    key(&desk.folder.path().join("other"));
    desk.trusts(&sshd, &desk.folder.path().join("other.pub"));
    desk.cannot_tell(&sshd.url(), &["another host key", "ssh-keygen -R"]);
    desk.trusts(&sshd, &desk.folder.path().join("good-host.pub"));

    let authorized = fs::read(desk.folder.path().join("authorized")).unwrap();
    fs::write(desk.folder.path().join("authorized"), "").unwrap();
    desk.cannot_tell(&sshd.url(), &["without a password", "ssh-add"]);
    fs::write(desk.folder.path().join("authorized"), authorized).unwrap();

    desk.cannot_tell(&format!("{}/nowhere/docker.sock", sshd.url()), &["does not reach an engine", "docker version"]);
    let gone = sshd.url();
    drop(sshd);
    desk.cannot_tell(&gone, &["Connection refused"]);
    desk.cannot_tell("ssh://no-such-host.invalid", &["does not know where that is"]);

    let bare = desk.sshd("bare", "SetEnv PATH=/nowhere");
    desk.cannot_tell(&bare.url(), &["no docker command", "PATH"]);
    let closed = desk.sshd("closed", &format!("{}\nForceCommand exit 0", environment()));
    desk.cannot_tell(&closed.url(), &["ssh logs in, but nothing answers"]);
    desk.cannot_tell("ssh://me:secret@lab", &["leave the password out"]);
}

#[test]
fn ctrl_c_leaves_neither_containers_nor_an_ssh() {
    let desk = OverSsh::new(Scene::solved(Client::Classic));
    let sshd = desk.sshd("good", &environment());
    let mut command = desk.scene.learner.command(&["check", &desk.scene.id]);
    command.env("DOCKER_HOST", sshd.url());
    let running = Running::start(command);
    eventually("something is on the engine", 60, || (!desk.scene.of_dlearn().is_empty()).then_some(()));
    running.signal("INT");
    running.end().exits(130);
    assert_eq!(desk.scene.of_dlearn().into_iter().collect::<Vec<_>>(), Vec::<String>::new());
    eventually("no ssh stays behind", 20, || processes_of(desk.folder.path()).is_empty().then_some(()));
}

#[test]
fn ctrl_c_takes_along_what_an_ssh_has_started() {
    let desk = OverSsh::new(Scene::before());
    let proxy = desk.folder.path().join("proxy");
    // It listens to nobody, and does not see that its ssh has gone.
    script(&proxy, "sleep 1000\n:");
    let config = desk.folder.path().join("config");
    let lines = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{lines}ProxyCommand {}\n", proxy.display())).unwrap();
    let mut command = desk.scene.learner.command(&["images", "list"]);
    command.env("DOCKER_HOST", "ssh://lab");
    let running = Running::start(command);
    eventually("it tries to log in", 20, || (naming(&proxy).len() == 1).then_some(()));
    running.signal("INT");
    running.end().exits(130);
    // By itself, ssh would give up after 8 s.
    eventually("neither stays behind", 3, || naming(desk.folder.path()).is_empty().then_some(()));
}

/// Where too many log in at the same time, sshd hangs up on some.
#[test]
fn whoever_is_turned_away_comes_once_more() {
    let desk = OverSsh::new(Scene::before());
    let sshd = desk.sshd("good", &environment());
    let at = |file: &str| desk.folder.path().join(file);
    fs::rename(at("bin/ssh"), at("bin/real")).unwrap();
    let away = format!(
        "{{ echo >>{}; echo 'kex_exchange_identification: Connection closed by remote host' >&2; exit 255; }}",
        at("count").display()
    );
    let count = || fs::read(at("count")).unwrap().len();
    let (once, real) = (at("once"), at("bin/real"));
    let lines = format!("mkdir {} 2>/dev/null && {away}\nexec {} \"$@\"", once.display(), real.display());
    script(&at("bin/ssh"), &lines);
    desk.dlearn(&sshd.url(), &["doctor"]).says(&format!("{} answers", sshd.url()));
    assert_eq!(count(), 1);
    script(&at("bin/ssh"), &away);
    desk.cannot_tell(&sshd.url(), &["ssh does not get through: kex_exchange_identification"]);
    assert_eq!(count(), 3, "twice more, and then it is told");
}
