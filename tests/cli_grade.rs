//! Handing in and grading, as a learner and an instructor do it: `dlearn submit` packs, `dlearn grade` builds and
//! judges on the real engine, and tells of each submission what it is worth and what could not be judged.

mod cli_support;

use cli_support::*;
use dlearn::course::{Course, Source};
use dlearn::grade::roster::CourseSecret;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const NOWHERE: &str = "unix:///nowhere/docker.sock";
const SECRET: &str = "a secret of more than sixteen bytes";
const ADA: &str = "00000000000000aa";
const BOB: &str = "00000000000000bb";

/// The engine of the tests, as an engine that may be used up.
fn engine() -> String {
    std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".into())
}

fn course() -> Course {
    Course::load(&Source::Embedded).unwrap()
}

/// Writes an exercise as a learner with this token has it: the starter, or the reference solution.
fn answer(submission: &Path, id: &str, token: &str, solved: bool) -> PathBuf {
    answer_of(&course(), submission, id, token, solved)
}

fn answer_of(course: &Course, submission: &Path, id: &str, token: &str, solved: bool) -> PathBuf {
    let entry = &course.exercises[id];
    let folder = submission.join(&entry.folder);
    for round in entry.rounds(&course.recipes, token, &str::to_owned).unwrap() {
        let mut files = round.start.clone();
        if solved {
            files.extend(round.solution.clone());
        }
        for (path, content) in files {
            let file = folder.join(&round.folder).join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }
    folder
}

fn dockerfile(folder: &Path, change: impl Fn(&str) -> String) {
    let path = folder.join("Dockerfile");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, change(&text)).unwrap();
}

/// The submission of this learner in a gradebook.
#[track_caller]
fn of<'a>(book: &'a Value, learner: &str) -> &'a Value {
    let all = book["submissions"].as_array().unwrap();
    all.iter().find(|graded| graded["learner"] == learner).unwrap_or_else(|| panic!("no {learner}: {book:#}"))
}

#[track_caller]
fn check<'a>(round: &'a Value, id: &str) -> &'a Value {
    round["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("{round:#}"))
}

/// A learner at E01, without any engine.
fn begun() -> (Learner, PathBuf) {
    let mut learner = Learner::new();
    learner.set("DOCKER_HOST", NOWHERE);
    let _ = learner.dlearn(&["next", "E01"]);
    let folder = learner.home().join("E01-first-dockerfile");
    assert!(folder.join("token").is_file());
    (learner, folder)
}

#[test]
fn a_session_is_written_for_a_commit_and_graded_as_a_folder_of_a_checkout() {
    let (learner, folder) = begun();
    fs::write(learner.home().join("SOLUTION.md"), "# How I did it\n").unwrap();
    fs::write(folder.join("Dockerfile"), "# syntax=docker/dockerfile:1\nFROM busybox:1.36\n").unwrap();
    let session = ["submit", "--session", "checkout/submissions/ada", "--name", "ada"];
    learner.dlearn(&session).exits(0).says("Commit this folder and open a pull request");
    let written = learner.root().join("checkout/submissions/ada");
    for file in
        ["dlearn-submission.json", "SOLUTION.md", "E01-first-dockerfile/Dockerfile", "E01-first-dockerfile/token"]
    {
        assert!(written.join(file).is_file(), "{file}");
    }
    fs::remove_file(folder.join("index.html")).ok();
    let report = learner.dlearn(&[&session[..], &["--json"]].concat()).exits(0).json();
    assert_eq!((&report["schema"], &report["replaced"]), (&"dlearn/submit/1".into(), &true.into()));
    let home = learner.home().join("session");
    learner.dlearn(&["submit", "--session", home.to_str().unwrap()]).exits(2).says("a part of your course");
    learner.dlearn(&["submit", "--session", "."]).exits(2).says("around it");
    learner.dlearn(&["submit", "--session", "checkout"]).exits(2).says("no session of dlearn's");
    // It is refused by its Dockerfile: that much is seen without an engine, and whose it is.
    let shards: Vec<String> = (1..=2).map(|part| format!("{part}/2")).collect();
    let read =
        |shard: &str| learner.dlearn(&["grade", "checkout/submissions", "--shard", shard, "--part", "p", "--json"]);
    let told: Vec<Told> = shards.iter().map(|shard| read(shard)).collect();
    // One part has it, and asks for an engine; the other has nothing to do.
    let empty = told.iter().find(|told| told.code() == 0).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(empty.json()["submissions"], serde_json::json!([]));
    assert!(told.iter().any(|told| told.code() == 3), "{told:?}");
}

#[test]
fn a_submission_is_packed_twice_alike_and_says_what_it_leaves_out() {
    let (learner, folder) = begun();
    fs::write(folder.join("Dockerfile"), "# syntax=docker/dockerfile:1\nFROM busybox:1.36\n").unwrap();
    fs::create_dir(folder.join(".git")).unwrap();
    fs::write(folder.join(".git/config"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).unwrap();
    let told = learner.dlearn(&["submit", "--name", "Ada L."]).exits(0);
    let told = told.says("E01-first-dockerfile: 5 files, has not passed here").says("`link` is a link").says("`.git`");
    let told = told.says("a grader will not build E01-first-dockerfile/Dockerfile, line 1").says("it is Ada L.'s");
    let file = learner.root().join("dlearn-submission-ada-l.tar.gz");
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{error}: {told:?}"));
    learner.dlearn(&["submit", "E01", "--name", "Ada L."]).exits(0).says("in place of the earlier one");
    assert_eq!(fs::read(&file).unwrap(), bytes);

    let report = learner.dlearn(&["submit", "--output", "other.tar.gz", "--json"]).exits(0).json();
    assert_eq!(report["schema"], "dlearn/submit/1");
    assert_eq!((&report["exercises"][0]["id"], &report["exercises"][0]["passed"]), (&"E01".into(), &false.into()));
    let names: Vec<&str> = report["files"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(
        names.contains(&"E01-first-dockerfile/token") && !names.iter().any(|name| name.contains(".git/")),
        "{names:?}"
    );
}

#[test]
fn nothing_is_overwritten_that_is_no_submission() {
    let (learner, _) = begun();
    fs::write(learner.root().join("mine.tar.gz"), "precious").unwrap();
    learner.dlearn(&["submit", "--output", "mine.tar.gz"]).exits(2).says("no submission of dlearn's");
    assert_eq!(fs::read_to_string(learner.root().join("mine.tar.gz")).unwrap(), "precious");
    learner.dlearn(&["submit", "--output", "no/where.tar.gz"]).exits(2).says("--output FILE");
    learner.dlearn(&["submit", "S01"]).exits(2).says("dlearn next S01");
    learner.dlearn(&["submit", "L06"]).exits(2).says("L06 is a lesson");
}

#[test]
fn whoever_joins_a_class_has_the_tokens_that_its_grader_expects() {
    let mut learner = Learner::new();
    learner.set("DOCKER_HOST", NOWHERE);
    fs::write(learner.root().join("roster.csv"), "learner,name\nada,Ada\nbob,=Bob\n").unwrap();
    fs::write(learner.root().join("secret"), SECRET).unwrap();
    let keys = learner.dlearn(&["keys", "roster.csv", "--secret-file", "secret"]).exits(0);
    let lines: Vec<&str> = keys.stdout.lines().collect();
    assert!(lines[0] == "learner,name,key" && lines[2].starts_with("bob,'=Bob,"), "{keys:?}");
    let key = lines[1].rsplit(',').next().unwrap();
    learner.dlearn(&["join", &key[1..]]).exits(2).says("32 of the characters");
    learner.dlearn(&["join", key]).exits(0).says("dlearn next");
    let _ = learner.dlearn(&["next", "E01"]);
    let expected = CourseSecret::read(SECRET).unwrap().token("ada", &course().outline.course, "E01");
    let token = fs::read_to_string(learner.home().join("E01-first-dockerfile/token")).unwrap();
    assert_eq!(token.trim(), expected);
    learner.dlearn(&["join", key]).exits(0);
    let other = lines[2].rsplit(',').next().unwrap();
    learner.dlearn(&["join", other]).exits(2).says("E01 was begun before");
}

#[test]
fn a_wrong_command_line_is_told_before_anything_is_graded() {
    let mut learner = Learner::new();
    learner.set("DOCKER_HOST", NOWHERE);
    let class = learner.root().join("class");
    fs::create_dir(&class).unwrap();
    let path = class.to_str().unwrap();
    learner.dlearn(&["grade", path]).exits(2).says("there is no submission");
    answer(&class.join("ada"), "E01", ADA, true);
    learner.dlearn(&["grade"]).exits(2).says("<PATH>");
    learner.dlearn(&["grade", "/nowhere/at-all"]).exits(2).says("exists");
    learner.dlearn(&["grade", path, "--exercise", "E0l"]).exits(2).says("did you mean E01?");
    learner.dlearn(&["grade", path, "--secret-file", "x"]).exits(2).says("--roster");
    for option in ["--csv", "--html", "--junit", "--markdown"] {
        learner.dlearn(&["grade", path, option, "no/where.file"]).exits(2).says(option).says("folder");
        learner.dlearn(&["grade", path, option, "class"]).exits(2).says("or it is one");
    }
    learner.dlearn(&["grade", path, "--gradescope", "no/results.json"]).exits(2).says("folder");
    let roster = learner.root().join("roster.csv");
    fs::write(&roster, "id,name\nada,Ada\n").unwrap();
    learner.dlearn(&["grade", path, "--roster", roster.to_str().unwrap()]).exits(2).says("no column `learner`");
    // Nobody's work is worth nothing because an engine is down.
    learner.dlearn(&["grade", path, "--engine", NOWHERE]).exits(3).says("/nowhere/docker.sock");
}

#[test]
fn a_class_is_graded_each_for_themselves() {
    let learner = Learner::new();
    let root = learner.root();
    let class = root.join("class");
    let secret = CourseSecret::read(SECRET).unwrap();
    let course = course().outline.course;
    let token = |learner: &str| secret.token(learner, &course, "E01");

    answer(&class.join("ada"), "E01", &token("ada"), true);
    // Right but for the port that it serves on.
    let bob = answer(&class.join("bob"), "E01", &token("bob"), true);
    dockerfile(&bob, |text| text.replace("\"8080\"", "\"8081\""));
    // Cleo hands in ada's folder.
    answer(&class.join("cleo"), "E01", &token("ada"), true);
    let dan = answer(&class.join("dan"), "E01", &token("dan"), true);
    dockerfile(&dan, |text| format!("{text}ADD https://example.com/x /x\n"));
    // A build that fails and says what a terminal would obey.
    let eve = answer(&class.join("eve"), "E01", &token("eve"), true);
    dockerfile(&eve, |text| format!("{text}RUN printf '\\033]0;pwned\\007\\033[2Jgone\\n' && exit 7\n"));
    fs::create_dir_all(class.join("frank")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", class.join("frank/token")).unwrap();
    answer(&class.join("zoe"), "E01", ADA, true);

    fs::write(
        root.join("roster.csv"),
        "learner,name\nada,Ada\nbob,Bob\ncleo,Cleo\ndan,\neve,\nfrank,\ngrace,\"=Grace\"\n",
    )
    .unwrap();
    fs::write(root.join("secret"), SECRET).unwrap();
    let args = ["grade", "class", "--roster", "roster.csv", "--secret-file", "secret", "--csv", "marks.csv"];
    let more = ["--feedback", "feedback", "--json", "--jobs", "2"];
    let told = learner.dlearn(&[&args[..], &more].concat()).exits(3);
    let book = told.json();
    assert_eq!((&book["schema"], &book["judged"]), (&"dlearn/grade/1".into(), &false.into()));
    assert!(!told.stderr.contains('\x1b') && told.stderr.contains("grading E01"), "{told:?}");

    let ada = of(&book, "ada");
    assert_eq!((&ada["state"], &ada["points"], &ada["of"]), (&"passed".into(), &10.into(), &10.into()), "{ada:#}");
    assert_eq!(ada["exercises"][0]["notes"][0], "the same token as in the submission of cleo");

    let bob = of(&book, "bob");
    let round = &bob["exercises"][0]["rounds"][0];
    assert_eq!(bob["state"], "not_yet", "{bob:#}");
    assert_eq!(
        (&check(round, "answers")["verdict"], &check(round, "answers")["points"]),
        (&"not_yet".into(), &0.into())
    );
    assert_eq!(check(round, "page")["verdict"], "waits");
    assert_eq!(bob["points"], 7.5, "nine parts of twelve: {bob:#}");

    let cleo = of(&book, "cleo");
    assert_eq!(cleo["exercises"][0]["notes"][0], "the token is that of ada", "{cleo:#}");
    assert_eq!(check(&cleo["exercises"][0]["rounds"][0], "token")["verdict"], "not_yet");

    let dan = of(&book, "dan");
    assert_eq!((&dan["state"], &dan["points"], &dan["not_judged"]), (&"not_judged".into(), &0.into(), &10.into()));
    assert_eq!(dan["exercises"][0]["rounds"][0]["refusals"][0]["line"], 6, "{dan:#}");

    let eve = of(&book, "eve");
    let round = &eve["exercises"][0]["rounds"][0];
    assert_eq!(eve["state"], "not_yet", "a build that fails is no fault of the grader's: {eve:#}");
    assert!(round["reason"].as_str().unwrap().contains("the build of e01/web:v1 failed"), "{eve:#}");
    assert_eq!(check(round, "dockerfile")["verdict"], "pass", "what can be judged without the image is");

    let frank = of(&book, "frank");
    assert_eq!(frank["state"], "not_judged");
    assert!(frank["refused"].as_str().unwrap().contains("`token` is a link"), "{frank:#}");
    assert_eq!(of(&book, "zoe")["in_roster"], false);
    assert_eq!((&book["missing"][0]["learner"], book["missing"].as_array().unwrap().len()), (&"grace".into(), 1));

    let marks = fs::read_to_string(root.join("marks.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(marks.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 8, "{marks}");
    assert_eq!((&rows[7][0], &rows[7][1], &rows[7][3]), ("grace", "'=Grace", "missing"));

    let feedback = |name: &str| fs::read_to_string(root.join("feedback").join(name)).unwrap();
    assert!(feedback("ada.txt").starts_with("Ada (ada): 10 of 10 points"), "{}", feedback("ada.txt"));
    assert!(feedback("bob.txt").contains("[--] A container answers on port 8080"), "{}", feedback("bob.txt"));
    assert!(
        feedback("dan.txt").contains("Dockerfile, line 6: ADD fetches https://example.com/x"),
        "{}",
        feedback("dan.txt")
    );
    for text in [feedback("eve.txt"), told.stdout.clone(), marks] {
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
    }
}

/// Lines of somebody's own, which no answer of the course has.
const OWN: &str = "\
RUN adduser -D -u 1042 keeper && mkdir -p /srv/cache/pages && chown keeper /srv/cache/pages
RUN printf 'harbour=%s boats=%s' north seven > /srv/cache/pages/settings.conf
LABEL org.example.harbour=north org.example.boats=seven
";

#[test]
fn two_that_are_alike_are_flagged_in_every_file_that_is_written() {
    let learner = Learner::new();
    let class = learner.root().join("class");
    let ada = answer(&class.join("ada"), "E01", ADA, true);
    dockerfile(&ada, |text| format!("{text}{OWN}"));
    // Disguised, with ada's token in the image; and a name that wants to be markup.
    let bob = answer(&class.join("<img src=x> & `bob`"), "E01", BOB, true);
    let copy = OWN.replace("1042", "1077").replace("&& mkdir", " &&   mkdir").replace("RUN", "run");
    dockerfile(&bob, |text| format!("{text}# all mine\n{copy}RUN echo {ADA} > /site/token\n"));
    let args = ["grade", "class", "--engine", &engine(), "--json", "--csv", "marks.csv", "--feedback", "feedback"];
    let more = ["--html", "report.html", "--junit", "junit.xml", "--gradescope", "results", "--markdown", "report.md"];
    learner.dlearn(&["grade", "class", "--gradescope", "results.json"]).exits(2).says("there are 2 submissions");
    let told = learner.dlearn(&[&args[..], &more].concat()).exits(0);
    let book = told.json();
    let pairs = book["similar"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "{book:#}");
    assert_eq!((&pairs[0]["same_token"], &pairs[0]["same_token_in_images"]), (&false.into(), &true.into()), "{book:#}");
    assert!(pairs[0]["ratio"].as_f64().unwrap() >= 0.8, "{book:#}");
    let rows = pairs[0]["files"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["same"] == true).count(), 2, "{book:#}");
    assert_eq!(of(&book, "ada")["state"], "passed", "a flag costs nothing: {book:#}");
    let file =
        |name: &str| fs::read_to_string(learner.root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let page = file("report.html");
    assert!(page.contains("Content-Security-Policy") && page.contains("&lt;img src=x&gt; &amp; `bob`"), "{page}");
    assert!(!page.contains("dlearn-run/"), "names of the run are nobody's: {page}");
    assert!(!page.contains("<img") && page.contains("the same token in their images"), "{page}");
    let junit = file("junit.xml");
    assert!(junit.contains("<testsuite name=\"ada\"") && !junit.contains("<img"), "{junit}");
    assert!(file("report.md").contains("(flagged, not judged)"));
    let results: Value = serde_json::from_str(&file("results/ada.json")).unwrap();
    assert_eq!((&results["score"], results["tests"].as_array().unwrap().len()), (&10.into(), 10), "{results:#}");
    assert!(file("results/img-src-x-bob.json").contains("\"failed\"") && file("feedback/ada.txt").contains("10 of 10"));
    assert_eq!(file("marks.csv").lines().count(), 3);

    let one = ["grade", "class/ada", "--engine", &engine(), "--gradescope", "results.json"];
    learner.dlearn(&one).exits(0).says("10 of 10").keeps_silent_about("alike");
    assert!(file("results.json").contains("\"score\": 10"));
}

#[test]
fn what_the_grader_finds_counts_and_not_what_the_learner_says() {
    let (learner, folder) = begun();
    let mut learner = learner;
    let state = learner.home().join(".dlearn/state.json");
    fs::write(folder.join("Dockerfile"), "FROM busybox:1.36\nWORKDIR /site\nCOPY index.html ./\n").unwrap();
    // As if it had passed before the last edit.
    let mut said: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    said["exercises"]["E01"]["passed_at"] = "2026-01-02T03:04:05Z".into();
    fs::write(&state, said.to_string()).unwrap();
    learner.dlearn(&["submit", "--output", "ada.tar.gz"]).exits(0).says("passed here");
    learner.set("DOCKER_HOST", &engine());
    let told = learner.dlearn(&["grade", "ada.tar.gz", "--engine", &engine(), "--json"]).exits(0);
    let book = told.json();
    let ada = of(&book, "ada");
    assert_eq!(ada["state"], "not_yet", "{ada:#}");
    assert!(ada["exercises"][0]["notes"][0].as_str().unwrap().contains("what was found here counts"), "{ada:#}");
    let table = learner.dlearn(&["grade", "ada.tar.gz", "--engine", &engine()]).exits(0);
    table.says("ada").says("of 10").says("everything of them judged").keeps_silent_about("\x1b");
}

#[test]
fn rounds_follow_from_the_token_and_count_alike() {
    let learner = Learner::new();
    let class = learner.root().join("class");
    let bob = answer(&class.join("bob"), "S01", BOB, true);
    fs::remove_dir_all(bob.join("round-2")).unwrap();
    // The diagnosis is right, and the build still fails: what can be judged without an image counts.
    let round = bob.join("round-3");
    dockerfile(&round, |text| format!("{text}RUN exit 7\n"));
    let told = learner.dlearn(&["grade", "class", "--exercise", "S01", "--json"]).exits(0);
    let book = told.json();
    let bob = of(&book, "bob");
    let rounds = &bob["exercises"][0]["rounds"];
    assert_eq!(
        (&bob["state"], &rounds[0]["state"], &rounds[0]["points"]),
        (&"not_yet".into(), &"passed".into(), &3.34.into()),
        "{bob:#}"
    );
    assert_eq!(rounds[1]["reason"], "the folder round-2 was not handed in");
    assert_eq!(
        (&rounds[2]["state"], &check(&rounds[2], "diagnosis")["verdict"]),
        (&"not_yet".into(), &"pass".into()),
        "{bob:#}"
    );
}

#[test]
fn work_with_a_registry_is_judged_under_the_names_that_the_learner_wrote() {
    let learner = Learner::new();
    let class = learner.root().join("class");
    let mut course = course();
    let values = dlearn::course::service::registry_values("127.0.0.1:5777", "learner", "PASSWORD");
    // E04 takes names away and pulls them back; S02 reads them in a file.
    for id in ["E04", "S02"] {
        let entry = course.exercises[id].with(values.clone());
        course.exercises.insert(id.into(), entry);
        answer_of(&course, &class.join("ada"), id, ADA, true);
    }
    let manifest = serde_json::json!({
        "schema": "dlearn/submission/1",
        "registry": { "address": "127.0.0.1:5777", "user": "learner" },
        "exercises": [{ "id": "S02", "folder": "S02-push-rejected", "token": ADA, "passed": true }],
    });
    fs::write(class.join("ada/dlearn-submission.json"), manifest.to_string()).unwrap();
    // Nobody says where bob practised.
    answer_of(&course, &class.join("bob"), "S02", BOB, true);
    let book = learner.dlearn(&["grade", "class", "--json"]).exits(3).json();
    let ada = of(&book, "ada");
    assert_eq!((&ada["state"], &ada["points"]), (&"passed".into(), &ada["of"]), "{ada:#}");
    let bob = of(&book, "bob");
    assert_eq!((&bob["exercises"][0]["state"], &bob["not_judged"]), (&"missing".into(), &10.into()), "{bob:#}");
    assert!(bob["exercises"][1]["rounds"][0]["reason"].as_str().unwrap().contains("dlearn submit"), "{bob:#}");
}

#[test]
fn work_that_takes_for_ever_is_not_yet() {
    let learner = Learner::new();
    let ada = answer(&learner.root().join("ada"), "E01", ADA, true);
    dockerfile(&ada, |text| format!("{text}RUN sleep 600\n"));
    let args = ["grade", "ada", "--engine", &engine(), "--seconds", "40", "--json"];
    let book = learner.dlearn(&args).exits(0).json();
    let ada = of(&book, "ada");
    assert_eq!((&ada["state"], &ada["points"]), (&"not_yet".into(), &0.into()), "{ada:#}");
    assert!(ada["exercises"][0]["rounds"][0]["reason"].as_str().unwrap().contains("longer than 40 s"), "{ada:#}");
}

#[test]
fn evidence_goes_along_and_what_it_says_is_compared_with_what_is_found() {
    let mut learner = Learner::new();
    let _ = learner.dlearn(&["next", "E01"]);
    let home = learner.home();
    fs::write(home.join("SOLUTION.md"), "# What I did\n").unwrap();
    learner.dlearn(&["evidence", "E01", "--write"]).exits(1).says("written into");
    learner.dlearn(&["evidence", "E01", "--write"]).exits(1);
    let text = fs::read_to_string(home.join("SOLUTION.md")).unwrap();
    assert!(text.starts_with("# What I did\n\n<!-- dlearn evidence E01 1: begin -->"), "{text}");
    assert_eq!(text.matches("begin -->").count(), 1, "{text}");
    let block = learner.dlearn(&["evidence", "E01", "--json"]).exits(1).json();
    assert_eq!((&block["schema"], &block["outcome"]), (&"dlearn/evidence/1".into(), &"not_yet".into()));
    assert!(block["engine"]["version"].is_string() && block["hash"].as_str().unwrap().len() == 64, "{block:#}");
    learner.dlearn(&["evidence", "E02"]).exits(2).says("dlearn next E02");

    // Somebody helps it along by hand.
    let first = block["checks"].as_object().unwrap().iter().find(|(_, verdict)| *verdict == "not_yet").unwrap().0;
    let forged = text.replacen(&format!("\"{first}\": \"not_yet\""), &format!("\"{first}\": \"pass\""), 1);
    assert_ne!(forged, text);
    fs::write(home.join("SOLUTION.md"), forged).unwrap();
    learner.set("COLUMNS", "80");
    let report = learner.dlearn(&["submit", "--output", "ada.tar.gz", "--json"]).exits(0).json();
    assert!(report["files"].as_array().unwrap().contains(&"SOLUTION.md".into()), "{report:#}");
    let archive = learner.root().join("ada.tar.gz");
    let book = learner.dlearn(&["grade", archive.to_str().unwrap(), "--json"]).exits(0).json();
    let notes = of(&book, "ada")["exercises"][0]["notes"].to_string();
    assert!(notes.contains("was changed after dlearn wrote it"), "{notes}");
    assert!(notes.contains(&format!("its evidence says that `{first}` passed there")), "{notes}");
}
