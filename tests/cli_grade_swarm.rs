//! The ready script for a swarm, run as it is: a replicated job on several engines of one machine. The engines are thrown
//! away, and the machine's own never becomes part of a swarm.

#[path = "class/mod.rs"]
mod class;
mod cli_support;

use cli_support::*;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const NODES: usize = 2;
const PARTS: usize = 3;
/// What an engine in a container needs, as dlearn's own throw-away engines do.
const CAPABILITIES: [&str; 6] = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "MKNOD", "DAC_READ_SEARCH"];
const START: &str = include_str!("../src/engine/sandbox/start.sh");
const LEARNERS: [(&str, &str, bool); 4] = [
    ("ada", "00000000000000aa", true),
    ("bob", "00000000000000bb", false),
    ("cleo", "00000000000000cc", true),
    ("dan", "00000000000000dd", true),
];

/// Engines in containers that reach one another and nothing else, and a folder that all of them have.
struct Swarm {
    name: String,
}

impl Swarm {
    fn new(shared: &Path) -> Self {
        let swarm = Self { name: format!("dlearn-test-swarm-{}", unique()) };
        docker(&["network", "create", "--internal", &swarm.name]);
        let mount = format!("type=bind,src={},dst=/grading", shared.display());
        for node in 1..=NODES {
            let name = swarm.node(node);
            let mut run =
                vec!["run", "--detach", "--rm", "--name", &name, "--network", &swarm.name, "--cgroupns", "private"];
            CAPABILITIES.iter().for_each(|capability| run.extend(["--cap-add", capability]));
            for option in ["seccomp=unconfined", "apparmor=unconfined", "label=disable", "systempaths=unconfined"] {
                run.extend(["--security-opt", option]);
            }
            run.extend(["--tmpfs", "/var/lib/docker:size=4g,exec,suid,dev", "--tmpfs", "/run:size=64m,exec,suid"]);
            for variable in ["PROCESSES=4096", "MEMORY=12884901888", "CPU_QUOTA=", "SECONDS_TO_LIVE=3600"] {
                run.extend(["--env", variable]);
            }
            run.extend(["--mount", &mount, "--entrypoint", "sh", "docker:dind", "-c", START]);
            docker(&run);
        }
        for node in 1..=NODES {
            eventually("an engine answers", 120, || swarm.at(node, &["version"]).status.success().then_some(()));
        }
        swarm
    }

    fn node(&self, node: usize) -> String {
        format!("{}-{node}", self.name)
    }

    /// The docker command of a node, on its own engine.
    fn at(&self, node: usize, args: &[&str]) -> Output {
        let name = self.node(node);
        let exec = ["exec", &name, "docker", "--host", "unix:///run/docker.sock"];
        Command::new("docker").args(exec).args(args).output().unwrap()
    }

    #[track_caller]
    fn fine(&self, node: usize, args: &[&str]) -> String {
        let output = self.at(node, args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Joins all of them to a swarm whose manager is the first.
    fn join(&self) {
        self.fine(1, &["swarm", "init", "--advertise-addr", "eth0"]);
        let token = self.fine(1, &["swarm", "join-token", "--quiet", "worker"]);
        let manager = format!("{}:2377", self.node(1));
        for node in 2..=NODES {
            self.fine(node, &["swarm", "join", "--token", &token, &manager]);
        }
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        for node in 1..=NODES {
            let _ = Command::new("docker").args(["rm", "--force", "--volumes", &self.node(node)]).output();
        }
        let _ = Command::new("docker").args(["network", "rm", &self.name]).output();
    }
}

#[test]
fn a_replicated_job_on_several_engines_grades_a_class_in_parts() {
    let instructor = Learner::new();
    let shared = instructor.root().join("shared");
    fs::create_dir_all(shared.join("parts")).unwrap();
    class::at_e01(&shared.join("class"), &LEARNERS);
    fs::write(shared.join("roster.csv"), "learner\nada\nbob\ncleo\ndan\neve\n").unwrap();
    fs::copy(env!("CARGO_BIN_EXE_dlearn"), shared.join("dlearn")).unwrap();
    fs::write(shared.join("swarm.sh"), instructor.dlearn(&["grade", "example", "swarm"]).exits(0).stdout).unwrap();
    let images = shared.join("images.tar");
    docker(&["save", "--output", images.to_str().unwrap(), "busybox:1.36", "python:3.11-slim", "docker:dind"]);
    // The image of the tasks: a system that has what this binary is linked with, and the binary.
    let build = "FROM python:3.11-slim\nCOPY dlearn /usr/local/bin/dlearn\n";
    fs::create_dir(shared.join("image")).unwrap();
    fs::write(shared.join("image/Dockerfile"), build).unwrap();
    fs::rename(shared.join("dlearn"), shared.join("image/dlearn")).unwrap();

    let swarm = Swarm::new(&shared);
    swarm.join();
    for node in 1..=NODES {
        swarm.fine(node, &["load", "--input", "/grading/images.tar"]);
        swarm.fine(node, &["build", "--quiet", "--tag", "dlearn", "/grading/image"]);
    }
    let node = swarm.node(1);
    let (parts, socket) = (format!("PARTS={PARTS}"), "SOCKET=/run/docker.sock");
    let mut script = Command::new("docker");
    script.args(["exec", "--env", "DOCKER_HOST=unix:///run/docker.sock", "--env", &parts, "--env", "SHARED=/grading"]);
    script.args(["--env", socket, "--env", "MINUTES=20", &node, "sh", "/grading/swarm.sh"]);
    script.args(["--exercise", "E01", "--roster", "/grading/roster.csv"]);
    let told = Running::start(script).end_within(1500);
    assert_eq!(told.code(), 0, "{told:?}");
    assert_eq!(swarm.fine(1, &["service", "ls", "--quiet"]), "", "the job is gone");

    let files: Vec<String> = (1..=PARTS).map(|part| format!("shared/parts/part-{part}.json")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let merge = [&["grade", "merge", "--roster", "shared/roster.csv", "--json"], &files[..]].concat();
    let book = instructor.dlearn(&merge).exits(0).json();
    let submissions = book["submissions"].as_array().unwrap();
    assert_eq!(submissions.len(), LEARNERS.len(), "{book:#}");
    for (graded, (learner, _, solved)) in submissions.iter().zip(LEARNERS) {
        assert_eq!(graded["learner"], learner);
        assert_eq!(graded["state"], if solved { "passed" } else { "not_yet" }, "{graded:#}");
    }
    assert_eq!(book["missing"][0]["learner"], "eve");
    println!("graded in {:.0?}", told.took);
}
