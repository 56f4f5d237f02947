//! The practice registry as a learner meets it: what the docker command prints, what a check finds, and what is
//! left of it, found again and removed. On the real engine, with Distribution and nginx.

mod cli_support;

use cli_support::*;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A learner at E04, in a course in which it has an id and image names of its own.
struct Desk {
    learner: Learner,
    id: String,
    repository: String,
    /// The docker command's own configuration: nobody else's logins.
    config: tempfile::TempDir,
}

impl Desk {
    /// Before the first `dlearn next`.
    fn before() -> Self {
        let unique = unique();
        let (id, repository) = (format!("T{unique}"), format!("t{unique}"));
        let learner = Learner::new();
        let course = learner.root().join("the-course");
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["checks", "lessons", "exercises/E04-registry-workflow"] {
            let to = match part.strip_prefix("exercises/E04") {
                Some(rest) => course.join(format!("exercises/{id}{rest}")),
                None => course.join(part),
            };
            copy(&project.join(part), &to);
        }
        let edit = |file: PathBuf, edit: &dyn Fn(&str) -> String| {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, edit(&text)).unwrap();
        };
        edit(course.join("lessons/course.yaml"), &|text| {
            let lessons = |line: &str| {
                let Some((head, items)) = line.split_once("items: [") else { return format!("{line}\n") };
                let kept = items.trim_end_matches(']').split(", ").filter(|id| id.starts_with('L'));
                format!("{head}items: [{}]\n", kept.collect::<Vec<_>>().join(", "))
            };
            text.lines().map(lessons).collect()
        });
        edit(course.join(format!("exercises/{id}-registry-workflow/exercise.yaml")), &|text| {
            text.replacen("id: E04", &format!("id: {id}"), 1).replace("e04", &repository)
        });
        let config = tempfile::tempdir().unwrap();
        Self { learner: learner.with_course(&course), id, repository, config }
    }

    fn new() -> Self {
        let desk = Self::before();
        desk.learner.dlearn(&["next", &desk.id]).exits(1);
        desk
    }

    fn folder(&self) -> PathBuf {
        self.learner.home().join(format!("{}-registry-workflow", self.id))
    }

    fn app(&self) -> String {
        format!("{}/news:v1", self.repository)
    }

    fn practice(&self) -> Value {
        let text = fs::read_to_string(self.learner.home().join(".dlearn/state.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["practice"].clone()
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.practice()["port"])
    }

    fn pushed(&self) -> String {
        format!("{}/learner/{}-news:v1", self.address(), self.repository)
    }

    /// Names of the containers, the gate first.
    fn containers(&self) -> [String; 2] {
        let practice = self.practice();
        let id = practice["id"].as_str().unwrap();
        [format!("dlearn-registry-gate-{id}"), format!("dlearn-registry-{id}")]
    }

    fn exist(&self) -> [bool; 2] {
        self.containers().map(|name| !docker_fails(&["container", "inspect", &name]))
    }

    /// A docker command with this learner's logins: whether it succeeded, and what it said.
    fn docker(&self, client: Client, args: &[&str]) -> (bool, String) {
        let output = client.command().args(args).env("DOCKER_CONFIG", self.config.path()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.success(), said)
    }

    #[track_caller]
    fn fine(&self, client: Client, args: &[&str]) {
        let (fine, said) = self.docker(client, args);
        assert!(fine, "docker {args:?}: {said}");
    }

    #[track_caller]
    fn log_in(&self, client: Client) {
        let practice = self.practice();
        let password = practice["password"].as_str().unwrap();
        self.fine(client, &["login", "--username", "learner", "--password", password, &self.address()]);
    }

    /// Builds, logs in, tags and pushes.
    #[track_caller]
    fn push(&self, client: Client) {
        client.build(&self.folder(), &["-t", &self.app()]);
        self.log_in(client);
        self.fine(client, &["tag", &self.app(), &self.pushed()]);
        self.fine(client, &["push", &self.pushed()]);
    }

    /// The check of this id is the first that fails, and its finding says this.
    #[track_caller]
    fn fails(&self, check: &str, says: &str) {
        let told = self.learner.dlearn(&["check", &self.id, "--json"]).exits(1);
        let finding = told.check(check);
        assert_eq!(finding["verdict"], "not_yet", "{told:?}");
        let said = format!("{} {} {}", finding["expected"], finding["found"], finding["advice"]);
        assert!(said.contains(says), "{check} does not say {says:?}: {finding:#}");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let quiet = |args: &[&str]| Command::new("docker").args(args).output();
        for image in [self.app(), format!("{}/corp/x:v1", self.address()), self.pushed()] {
            let _ = quiet(&["rmi", "--force", &image]);
        }
        for name in self.containers().iter().rev() {
            let _ = quiet(&["rm", "--force", "--volumes", name]);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_image_goes_there_and_back_and_the_client_is_refused_as_by_docker_hub() {
    for client in BUILDERS {
        let desk = Desk::new();
        let (app, pushed, address) = (desk.app(), desk.pushed(), desk.address());
        let task = fs::read_to_string(desk.folder().join("README.md")).unwrap();
        let password = desk.practice()["password"].as_str().unwrap().to_owned();
        assert!(task.contains(&format!("docker login {address}")) && task.contains(&password), "{task}");

        client.build(&desk.folder(), &["-t", &app]);
        desk.fails("pushed", &format!("means docker.io/{app}"));
        desk.fine(client, &["tag", &app, &pushed]);
        desk.fails("pushed", "the name exists on this engine; the registry has no such tag");

        // Engine 20.10 to 28, and the same with containerd's store.
        let refused = |args: &[&str], wordings: &[&str]| {
            let (fine, said) = desk.docker(client, args);
            assert!(!fine && wordings.iter().any(|words| said.contains(words)), "docker {args:?}: {said}");
        };
        refused(&["push", &pushed], &["no basic auth credentials"]);
        refused(
            &["login", "--username", "learner", "--password", "mistyped", &address],
            &[&format!("login attempt to http://{address}/v2/ failed with status: 401 Unauthorized")],
        );
        desk.log_in(client);
        let foreign = format!("{address}/corp/x:v1");
        desk.fine(client, &["tag", &app, &foreign]);
        refused(
            &["push", &foreign],
            &[
                "denied: requested access to the resource is denied",
                "error from registry: requested access to the resource is denied",
            ],
        );
        desk.fine(client, &["rmi", &foreign]);
        desk.fails("pushed", "the registry has no such tag");

        desk.fine(client, &["push", &pushed]);
        desk.fails("removed", &format!("docker rmi {app} {pushed}"));
        desk.fine(client, &["rmi", &app, &pushed]);
        desk.fails("back", &format!("docker pull {pushed}"));
        desk.fine(client, &["pull", &pushed]);
        let told = desk.learner.dlearn(&["check", &desk.id, "--json"]).exits(0);
        assert_eq!(told.json()["outcome"], "pass");
        let status = desk.learner.dlearn(&["status"]).exits(0);
        status.says(&address).says(&password);
        let told = desk.learner.dlearn(&["status", "--json"]).exits(0);
        assert_eq!(told.json()["practice_registry"]["address"], address.as_str());
        told.keeps_silent_about(&password);
        // Nor does it stand where everybody who may look at the engine sees it.
        let [gate, registry] = desk.containers();
        assert!(!docker(&["inspect", &gate, &registry]).contains(&password));
    }
}

#[test]
fn what_was_pushed_outlives_stops_and_restarts_of_either_part() {
    let desk = Desk::new();
    desk.push(Client::Classic);
    let [gate, registry] = desk.containers();
    for harm in [
        vec!["restart", "--time", "1", &gate],
        vec!["stop", "--time", "1", &gate, &registry],
        vec!["stop", "--time", "1", &registry],
        vec!["kill", &gate],
    ] {
        docker(&harm);
        desk.fails("removed", "is still on this engine");
        // Through the gate too, and not only behind it.
        desk.fine(Client::Classic, &["pull", &desk.pushed()]);
    }
}

#[test]
fn a_killed_dlearn_leaves_what_the_next_completes_and_its_own_clean_removes() {
    let moments = [
        At::Request("POST", "/containers/create", ""),
        At::Request("PUT", "/containers/", "/archive"),
        At::Request("POST", "/containers/", "/start"),
    ];
    for at in moments {
        let desk = Desk::before();
        desk.learner.killed(&["next", &desk.id], at).exits(-9);
        // What was asked for right before the kill may come about while the next one begins.
        let before = desk.practice();
        desk.learner.dlearn(&["next", &desk.id]).exits(1);
        assert_eq!(desk.practice()["id"], before["id"]);
        assert_eq!(desk.exist(), [true, true], "{at:?}");
        desk.log_in(Client::Classic);

        let [gate, registry] = desk.containers();
        // Another course folder's clean keeps it and says whose it is.
        let other = Learner::new();
        let told = other.dlearn(&["clean", "--dry-run"]).exits(0);
        told.says(&format!("kept container {gate}: the practice registry of another course folder"));
        let told = desk.learner.dlearn(&["clean", "--dry-run"]).exits(0);
        told.says(&format!("would remove container {registry} (your practice registry, with what was pushed to it)"));
        assert_eq!(desk.exist(), [true, true]);
    }
}

#[test]
fn clean_and_reset_remove_the_practice_registry_and_nothing_of_the_learners() {
    let _alone = alone("leftovers");
    let desk = Desk::new();
    let mine = format!("{}-mine", desk.repository);
    docker(&["run", "--detach", "--name", &mine, "--publish", "127.0.0.1::5000", "registry:2"]);
    let gone = || desk.exist() == [false, false];
    let volumes = |filter: &str| docker(&["volume", "ls", "--quiet", "--filter", filter]).lines().count();
    let of_practice = docker(&["inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", &desk.containers()[1]]);
    assert_eq!(volumes(&format!("name={of_practice}")), 1);

    desk.learner.dlearn(&["clean", "--yes"]).exits(0);
    assert!(gone());
    assert_eq!(volumes(&format!("name={of_practice}")), 0, "its data go with it");
    let before = desk.practice();
    desk.learner.dlearn(&["check", &desk.id]).exits(1);
    assert_eq!(desk.practice(), before, "it comes again on its port");
    assert_eq!(desk.exist(), [true, true]);

    let old = desk.containers();
    fs::write(desk.folder().join("headlines.txt"), "mine\n").unwrap();
    let told = desk.learner.dlearn(&["reset", "--new-registry", "--yes"]).exits(0);
    told.says("your next practice registry is empty, on another port");
    assert_eq!(fs::read_to_string(desk.folder().join("headlines.txt")).unwrap(), "mine\n");
    desk.learner.dlearn(&["next", &desk.id]).exits(1);
    assert!(old.iter().all(|name| docker_fails(&["container", "inspect", name])));
    assert_ne!(desk.practice()["id"], before["id"]);
    let task = fs::read_to_string(desk.folder().join("README.md")).unwrap();
    assert!(task.contains(&desk.address()), "{task}");

    assert!(docker(&["ps", "--format", "{{.Names}}"]).lines().any(|name| name == mine), "the learner's own stays");
    docker(&["rm", "--force", "--volumes", &mine]);
}

#[test]
fn resetting_an_exercise_takes_its_images_from_the_registry_and_leaves_those_of_others() {
    let desk = Desk::new();
    let client = Client::Classic;
    desk.push(client);
    let (pushed, practice) = (desk.pushed(), desk.practice());
    let others = format!("{}/learner/{}x-other:v1", desk.address(), desk.repository);
    let second = pushed.replace(":v1", ":second");
    for name in [&others, &second] {
        desk.fine(client, &["tag", &pushed, name]);
        desk.fine(client, &["push", name]);
    }
    let [gate, registry] = desk.containers();
    for harm in [vec![], vec!["stop", "--time", "1", &gate, &registry]] {
        if !harm.is_empty() {
            docker(&harm);
        }
        let told = desk.learner.dlearn(&["reset", &desk.id, "--yes"]).exits(0);
        let repository = pushed.trim_end_matches(":v1");
        told.says(&format!("{repository} is removed from your practice registry")).keeps_silent_about("other");
        assert_eq!((desk.practice(), desk.exist()), (practice.clone(), [true, true]));
        for gone in [&pushed, &second] {
            let (fine, said) = desk.docker(client, &["pull", gone]);
            assert!(!fine && said.contains("not found") | said.contains("manifest unknown"), "{said}");
        }
        desk.fine(client, &["pull", &others]);
        desk.fails("pushed", "the registry has no such tag");
        // The login is still good, and the same image can be pushed once more.
        desk.fine(client, &["push", &pushed]);
        desk.fine(client, &["pull", &pushed]);
    }
    // Where no registry is there, there is nothing to remove, and none is made.
    docker(&["rm", "--force", "--volumes", &gate, &registry]);
    desk.learner.dlearn(&["reset", &desk.id, "--yes"]).exits(0).keeps_silent_about("removed");
    assert_eq!(desk.exist(), [false, false]);
    docker(&["rmi", &others, &second]);
}

#[test]
fn a_container_that_only_looks_like_a_practice_registrys_is_the_learners() {
    let _alone = alone("leftovers");
    let desk = Desk::new();
    let [gate, registry] = desk.containers();
    let by_name = format!("dlearn-registry-{}0000", unique());
    docker(&["run", "--detach", "--name", &by_name, "busybox:1.36", "sleep", "1000"]);
    // An image of a container has its labels, and so has what is made of the image.
    let (image, inherited) = (format!("{}/mine:v1", desk.repository), format!("dlearn-registry-gate-{}0000", unique()));
    docker(&["commit", &gate, &image]);
    docker(&["run", "--detach", "--name", &inherited, &image]);
    assert!(docker(&["inspect", "--format", "{{json .Config.Labels}}", &inherited]).contains("dlearn.home"));
    for args in [["clean", "--dry-run"], ["clean", "--yes"]] {
        desk.learner.dlearn(&args).exits(0).says(&gate).keeps_silent_about(&by_name).keeps_silent_about(&inherited);
    }
    assert_eq!(desk.exist(), [false, false]);
    let running = docker_lines(&["ps", "--format", "{{.Names}}"]);
    assert!(running.contains(&by_name) && running.contains(&inherited), "{running:?}");
    docker(&["rm", "--force", "--volumes", &by_name, &inherited]);

    // Even one with the very names stays, and is in the way.
    let id = docker(&["run", "--detach", "--name", &gate, "busybox:1.36", "sleep", "1000"]);
    docker(&["create", "--name", &registry, "busybox:1.36"]);
    for args in [vec!["check", &desk.id], vec!["reset", &desk.id, "--yes"]] {
        desk.learner.dlearn(&args).exits(3).says("is not dlearn's").says(&format!("docker rename {gate} NAME"));
    }
    desk.learner.dlearn(&["clean", "--yes"]).exits(0).keeps_silent_about(&gate);
    desk.learner.dlearn(&["reset", "--new-registry", "--yes"]).exits(0);
    assert_eq!(docker(&["inspect", "--format", "{{.Id}} {{.State.Running}}", &gate]), format!("{id} true"));
    docker(&["rm", "--force", "--volumes", &gate, &registry]);
    docker(&["rmi", &image]);
    desk.learner.dlearn(&["next", &desk.id]).exits(1);
}

#[test]
fn a_taken_port_is_avoided_at_first_and_explained_later() {
    let desk = Desk::new();
    let practice = desk.practice();
    let port = practice["port"].as_u64().unwrap();
    docker(&["rm", "--force", "--volumes", &desk.containers()[0], &desk.containers()[1]]);
    // The engine of these tests is on this machine: what listens here is in its way.
    let taken = TcpListener::bind(("127.0.0.1", u16::try_from(port).unwrap())).unwrap();
    let told = desk.learner.dlearn(&["check", &desk.id]).exits(3);
    told.says(&format!("port {port}, which your practice registry has, is in use by something else"))
        .says("dlearn reset --new-registry");
    assert_eq!(desk.practice(), practice, "the port is kept: names of images hold it");

    // One that never ran is simply put elsewhere.
    let state = desk.learner.home().join(".dlearn/state.json");
    let mut value: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    value["practice"]["settled"] = Value::Bool(false);
    fs::write(&state, value.to_string()).unwrap();
    desk.learner.dlearn(&["next", &desk.id]).exits(1);
    assert_ne!(desk.practice()["port"].as_u64(), Some(port));
    assert_eq!(desk.exist(), [true, true]);
    let task = fs::read_to_string(desk.folder().join("README.md")).unwrap();
    assert!(task.contains(&desk.address()), "the task has the new port: {task}");
    drop(taken);
}

#[test]
fn a_push_sets_off_the_next_check() {
    let desk = Desk::new();
    let client = Client::Classic;
    desk.push(client);
    desk.fine(client, &["rmi", &desk.app()]);
    // Everything is right but for what is pushed last: an older image lies in the registry.
    let headlines = desk.folder().join("headlines.txt");
    fs::write(&headlines, "Sun opened again\n").unwrap();
    client.build(&desk.folder(), &["-t", &desk.pushed()]);
    let watching = desk.learner.start(&["watch", &desk.id]);
    eventually("the first check is recorded", 60, || {
        let text = fs::read_to_string(desk.learner.home().join(".dlearn/state.json")).ok()?;
        let state: Value = serde_json::from_str(&text).ok()?;
        (state["exercises"][&desk.id]["attempts"].as_u64()? >= 2).then_some(())
    });
    desk.fine(client, &["push", &desk.pushed()]);
    watching.end().exits(0).says("what was built or tagged after a push is not in the registry");
}

#[tokio::test]
async fn what_the_engine_is_told_by_a_registry_is_the_same_image() {
    use dlearn::engine::{ConnectOptions, Engine};
    let desk = Desk::new();
    desk.push(Client::Classic);
    // Only a registry without a login shows anything to nobody: the learner's own, as in N13.
    let mine = format!("{}-mine", desk.repository);
    docker(&["run", "--detach", "--name", &mine, "--publish", "127.0.0.1::5000", "registry:2"]);
    let address = docker(&["port", &mine, "5000"]);
    let name = format!("{address}/{}/news:v1", desk.repository);
    docker(&["tag", &desk.app(), &name]);
    eventually("it can be pushed to", 20, || (!docker_fails(&["push", &name])).then_some(()));

    let engine = Engine::connect(&ConnectOptions::from_env()).await.unwrap();
    let local = engine.image(&name).await.unwrap().unwrap();
    let told = engine.told_by_registry(&name).await;
    let missing = engine.told_by_registry(&format!("{address}/{}/news:v2", desk.repository)).await;
    let private = engine.told_by_registry(&desk.pushed()).await;
    docker(&["rmi", &name]);
    docker(&["rm", "--force", "--volumes", &mine]);
    assert_eq!(told.unwrap().image.unwrap().layers, local.layers);
    assert_eq!(missing.unwrap().image, None);
    let private = private.unwrap_err();
    assert!(private.help().contains("dlearn does not read your credentials"), "{private}");
}
