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
    assert_eq!(verdicts(&report), ["user pass", "port pass", "server pass", "page pass", "built pass"]);
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
    assert_eq!(verdicts(&other), ["user not_yet", "port not_yet", "server pass", "page waits", "built not_yet"]);
    site.write("index.html", "<h1>changed</h1>\n");
    let stale = elsewhere.dlearn(&["check", "--file", file, "--image", &format!("app={}", site.image)]).exits(1);
    stale.says("index.html");

    // Facts that were written down are judged again without an engine.
    elsewhere.dlearn(&["check", "--file", file, "--record", "facts.json"]).exits(1);
    let mut offline = elsewhere.command(&["check", "--file", file, "--replay", "facts.json", "--json"]);
    offline.env("DOCKER_HOST", "unix:///nowhere.sock");
    let replayed = Running::start(offline).end().exits(1).json();
    assert_eq!(verdicts(&replayed), ["user pass", "port pass", "server pass", "page pass", "built not_yet"]);
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
