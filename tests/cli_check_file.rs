//! `dlearn check --file`: checks for any image, outside a course, on a real engine.

mod cli_support;

use cli_support::*;
use serde_json::Value;
use std::fs;

/// An image of the test's own, with a file of checks about it.
struct Site {
    person: Learner,
    image: String,
}

impl Site {
    fn new() -> Self {
        let site = Self { person: Learner::new(), image: format!("t{}/web:1", unique()) };
        site.write("Dockerfile", "FROM busybox:1.36\nWORKDIR /site\nCOPY index.html ./\nUSER 1000\nEXPOSE 8080\nCMD [\"httpd\", \"-f\", \"-p\", \"8080\"]\n");
        site.write("index.html", "<h1>hello</h1>\n");
        site.write("web.yaml", &example(&site.image));
        BUILDERS[0].build(site.person.root(), &["-t", &site.image]);
        site
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.person.root().join(name), text).unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let image = self.image.clone();
        docker_fails(&["rmi", "--force", &image]);
    }
}

/// The example of the README, about the test's image.
fn example(image: &str) -> String {
    let blocks = include_str!("../README.md").split("\n```yaml\n").filter_map(|rest| rest.split("\n```\n").next());
    let example = blocks.into_iter().find(|block| block.starts_with("title:")).expect("the README has an example");
    example.replace("shop/web:1", image)
}

fn verdicts(report: &Value) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.map(|check| format!("{} {}", check["id"].as_str().unwrap(), check["verdict"].as_str().unwrap())).collect()
}

#[test]
fn an_image_is_judged_by_the_checks_of_a_file() {
    let site = Site::new();
    let told = site.person.dlearn(&["check", "--file", "web.yaml", "--json", "--junit", "report.xml"]).exits(0);
    let report = told.json();
    assert_eq!(report["schema"], "dlearn/check-file/1");
    assert_eq!(report["images"]["app"], *site.image);
    assert_eq!(verdicts(&report), ["user pass", "port pass", "packages pass", "page pass", "built pass"]);
    let junit = fs::read_to_string(site.person.root().join("report.xml")).unwrap();
    assert!(junit.contains("tests=\"5\"") && junit.contains("failures=\"0\""), "{junit}");
    // Nobody becomes a learner by it.
    assert!(!site.person.home().exists());

    // From another folder, and in words.
    let file = site.person.root().join("web.yaml");
    let elsewhere = Learner::new();
    let file = file.to_str().unwrap();
    elsewhere.dlearn(&["check", "--file", file]).exits(0).says("The web image").says("It is what this folder builds");

    // Another image: what it lacks is told, and what depends on it waits.
    let other = elsewhere.dlearn(&["check", "--file", file, "--image", "busybox:1.36", "--json"]).exits(1).json();
    assert_eq!(verdicts(&other), ["user not_yet", "port not_yet", "packages pass", "page waits", "built not_yet"]);
    site.write("index.html", "<h1>changed</h1>\n");
    let stale = elsewhere.dlearn(&["check", "--file", file, "--image", &format!("app={}", site.image)]).exits(1);
    stale.says("index.html");

    // Several files in one run: one report, and the alias goes to whoever has it.
    fs::write(elsewhere.root().join("tools.yaml"), "images: { tools: busybox:1.36 }\nchecks:\n  - id: shell\n    title: It has a shell\n    check: { file: { image: tools, path: /bin/sh, is: there } }\n").unwrap();
    let both = [
        "check",
        "--file",
        "tools.yaml",
        "--file",
        file,
        "--image",
        "app=busybox:1.36",
        "--json",
        "--junit",
        "both.xml",
    ];
    let told = elsewhere.dlearn(&both).exits(1).json();
    assert_eq!(
        (told[0]["file"].as_str(), told[1]["images"]["app"].as_str()),
        (Some("tools.yaml"), Some("busybox:1.36"))
    );
    assert_eq!((verdicts(&told[0]).concat(), told[1]["outcome"].as_str()), ("shell pass".into(), Some("not_yet")));
    let junit = fs::read_to_string(elsewhere.root().join("both.xml")).unwrap();
    assert!(junit.matches("<testsuite ").count() == 2 && junit.contains("tests=\"6\""), "{junit}");
    elsewhere
        .dlearn(&["check", "--file", "tools.yaml", "--file", file])
        .exits(1)
        .says("It has a shell")
        .says("The web image");
    elsewhere
        .dlearn(&["check", "--file", file, "--file", file, "--image", "web=busybox:1.36"])
        .exits(2)
        .says("the aliases are app");
    elsewhere.dlearn(&["check", "--file", file, "--file", file, "--record", "x"]).exits(2).says("one file of checks");
    elsewhere
        .dlearn(&["check", "--file", file, "--junit", "nowhere/report.xml"])
        .exits(2)
        .says("--junit nowhere/report.xml");

    // Facts that were written down are judged again without an engine.
    elsewhere.dlearn(&["check", "--file", file, "--record", "facts.json"]).exits(1);
    let mut offline = elsewhere.command(&["check", "--file", file, "--replay", "facts.json", "--json"]);
    offline.env("DOCKER_HOST", "unix:///nowhere.sock");
    let replayed = Running::start(offline).end().exits(1).json();
    assert_eq!(verdicts(&replayed), ["user pass", "port pass", "packages pass", "page pass", "built not_yet"]);
}

#[test]
fn what_cannot_be_told_is_neither_right_nor_wrong() {
    let site = Site::new();
    let mut command = site.person.command(&["check", "--file", "web.yaml", "--junit", "report.xml"]);
    command.env("DOCKER_HOST", "unix:///nowhere.sock");
    Running::start(command).end().exits(3).says("DOCKER_HOST");
    let junit = fs::read_to_string(site.person.root().join("report.xml")).unwrap();
    assert!(junit.contains("errors=\"5\""), "{junit}");
}

#[test]
fn a_file_that_is_no_file_of_checks_is_told() {
    let person = Learner::new();
    person.dlearn(&["check", "--file", "web.yaml"]).exits(2).says("web.yaml cannot be read").says("README.md");
    let wrong = |text: &str, says: &str| {
        fs::write(person.root().join("web.yaml"), text).unwrap();
        person.dlearn(&["check", "--file", "web.yaml"]).exits(2).says(says);
    };
    wrong("images: { app: busybox:1.36 }\nchecks:\n  - id: a\n    titel: x\n", "did you mean `title`?");
    wrong("images: { app: busybox:1.36 }\nchecks: []\n", "it has no checks");
    wrong("- 1\n", "line 1");
    wrong(&format!("images: {}\n", "[".repeat(100_000)), "web.yaml");
    wrong(&" ".repeat(2 << 20), "more than 1 MiB");
    person.dlearn(&["check", "E01", "--file", "web.yaml"]).exits(2).says("cannot be used with");
    person.dlearn(&["check", "--image", "busybox:1.36"]).exits(2).says("--file");
    fs::write(person.root().join("no-utf-8.yaml"), b"\xff\xfe").unwrap();
    person.dlearn(&["check", "--file", "no-utf-8.yaml"]).exits(2).says("UTF-8");
}

/// What a file of container-structure-test (schema 2.0.0) can ask, asked here.
const MOVED: &str = r#"
images: { app: IMAGE }
checks:
  - id: command
    title: A command with what is set up before it
    check:
      command:
        image: app
        setup: [[mkdir, /tmp/menu], [sh, -c, "echo $DISH > /tmp/menu/today"]]
        entrypoint: [cat]
        args: [/tmp/menu/today]
        env: { DISH: soup }
        exit: 0
        stdout: { matches_all: ["(?m)^soup$"], matches_none: [stew] }
        stderr: { matches_none: ["."] }
  - id: fails
    title: A command that must fail
    check: { command: { image: app, entrypoint: [ls], args: [/nowhere], exit: 1, stderr: { matches_all: [nowhere] } } }
  - id: there
    title: Something is there
    check: { file: { image: app, path: /site, is: there } }
  - id: rights
    title: Permissions, owner, who may execute
    check: { file: { image: app, path: /site/run, mode: "-rwxr-x---", owner: "12:34", executable_by: group } }
  - id: group
    title: The group alone
    check: { file: { image: app, path: /site/run, mode: "0750", owner: ":34", executable_by: owner } }
  - id: absent
    title: Something is not there
    check: { file: { image: app, path: /site/secret, is: absent } }
  - id: content
    title: Contents
    check: { file: { image: app, path: /site/index.html, content: { matches_all: ["^<h1>", "h1>\\s*$"], matches_none: ["[0-9]{2}"] } } }
  - id: metadata
    title: Configuration
    check:
      config:
        image: app
        env: { MODE: { matches: ^prod } }
        env_lacks: [PASSWORD]
        labels: { com.example.vendor: { equals: ACME Incorporated }, build-date: { matches: '^\d{4}-' } }
        entrypoint: { equals: [httpd] }
        cmd: { equals: [-f] }
        ports: [8080, 53/udp]
        ports_lack: [22, 8080/udp]
        volumes: [/data]
        volumes_lack: [/site]
        workdir: { equals: /site }
        user: { equals: "1000" }
  - id: licence
    title: No licence that is not allowed
    check: { file: { image: app, path: /site/COPYING, content: { matches_none: ["(?i)agpl", "(?i)wtfpl"] } } }
  - id: licences
    title: Nor in any file of a kind
    check: { command: { image: app, entrypoint: [grep], args: [-rliE, "agpl|wtfpl", /site], user: "0", exit: 1 } }
"#;

#[test]
fn what_container_structure_test_can_ask_can_be_asked_here() {
    let site = Site::new();
    let moved = format!("t{}/moved:1", unique());
    let _image = Named(moved.clone());
    let dockerfile = "FROM busybox:1.36\nLABEL com.example.vendor=\"ACME Incorporated\" build-date=2026-01-02\nENV MODE=production\n\
        WORKDIR /site\nCOPY index.html ./\nRUN echo run > run && chmod 750 run && chown 12:34 run && echo MIT > COPYING\n\
        VOLUME /data\nEXPOSE 8080 53/udp\nUSER 1000\nENTRYPOINT [\"httpd\"]\nCMD [\"-f\"]\n";
    site.write("Dockerfile", dockerfile);
    site.write("moved.yaml", &MOVED.replace("IMAGE", &moved));
    BUILDERS[0].build(site.person.root(), &["-t", &moved]);
    let ids = ["command", "fails", "there", "rights", "group", "absent", "content", "metadata", "licence", "licences"];
    let report = site.person.dlearn(&["check", "--file", "moved.yaml", "--json"]).exits(0).json();
    assert_eq!(verdicts(&report), ids.map(|id| format!("{id} pass")));

    // An image in which all of that is otherwise.
    let broken = format!("t{}/broken:1", unique());
    let _image = Named(broken.clone());
    let otherwise = format!(
        "FROM {moved}\nLABEL build-date=yesterday\nUSER 0\nRUN chmod 705 run && chown 34:12 run && echo AGPL > COPYING && touch secret \
         && echo 2026 >> index.html && rm /bin/cat /bin/ls\n"
    );
    site.write("Dockerfile", &otherwise);
    BUILDERS[0].build(site.person.root(), &["-t", &broken]);
    let report = site.person.dlearn(&["check", "--file", "moved.yaml", "--image", &broken, "--json"]).exits(1).json();
    let told = ids.map(|id| format!("{id} {}", if id == "there" { "pass" } else { "not_yet" }));
    assert_eq!(verdicts(&report), told, "{report:#}");
}

/// An image that goes with the test.
struct Named(String);

impl Drop for Named {
    fn drop(&mut self) {
        docker_fails(&["rmi", "--force", &self.0]);
    }
}
