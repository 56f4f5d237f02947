//! The docker command, as a learner types it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;
use undisturbed::undisturbed;

#[path = "../undisturbed/mod.rs"]
mod undisturbed;

/// A base image that every machine with the stand-ins has.
pub const BUSYBOX: &str = "busybox:1.36";

/// A builder, as the docker command uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The classic builder.
    Classic,
    /// BuildKit, with the client's own session.
    BuildKit,
}

/// Both builders.
pub const BUILDERS: [Client; 2] = [Client::Classic, Client::BuildKit];

impl Client {
    /// `docker` with this builder.
    pub fn command(self) -> Command {
        let mut command = match self {
            Client::Classic => Command::new("docker"),
            Client::BuildKit => Command::new(with_buildkit()),
        };
        command.env("DOCKER_BUILDKIT", if self == Client::BuildKit { "1" } else { "0" });
        command
    }

    /// `docker build ARGS` in `folder`.
    #[track_caller]
    pub fn build(self, folder: &Path, args: &[&str]) {
        self.build_of(folder, &[args, &["."]].concat());
    }

    /// `docker build ARGS`, the context among them, in `folder`.
    #[track_caller]
    pub fn build_of(self, folder: &Path, args: &[&str]) {
        let output = undisturbed(self.command().arg("build").args(args).current_dir(folder));
        fine(&format!("docker build {args:?} ({self:?})"), &output);
    }
}

/// A client that sends builds to BuildKit: one with the buildx plug-in, or one up to version 22, which has
/// BuildKit in itself (Debian 12's `/usr/bin/docker`).
fn with_buildkit() -> &'static str {
    static FOUND: OnceLock<Option<&'static str>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        ["docker", "/usr/bin/docker", "/usr/local/bin/docker"].into_iter().find(|program| {
            let buildx = Command::new(program).args(["buildx", "version"]).output();
            if buildx.is_ok_and(|output| output.status.success()) {
                return true;
            }
            let version = Command::new(program).args(["version", "--format", "{{.Client.Version}}"]).output();
            let version =
                version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            version
                .split('.')
                .next()
                .and_then(|major| major.parse::<u32>().ok())
                .is_some_and(|major| (19..23).contains(&major))
        })
    });
    found.unwrap_or_else(|| {
        panic!(
            "these tests need a docker command that can use BuildKit: install the buildx plug-in \
             (apt-get install docker-buildx, or docker-buildx-plugin), or Debian 12's docker.io"
        )
    })
}

/// The docker command. Gives its standard output; fails loudly.
#[track_caller]
pub fn docker(args: &[&str]) -> String {
    fine(&format!("docker {args:?}"), &undisturbed(Command::new("docker").args(args)))
}

/// Whether the docker command refuses this.
pub fn docker_fails(args: &[&str]) -> bool {
    !Command::new("docker").args(args).output().expect("the docker command runs").status.success()
}

/// The lines of the docker command's output.
#[track_caller]
pub fn docker_lines(args: &[&str]) -> Vec<String> {
    docker(args).lines().map(str::to_owned).collect()
}

#[track_caller]
fn fine(what: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
