//! `tests/dockerfile_corpus.txt`: what dlearn says of each file, what the corpus says that BuildKit says, and BuildKit.
//!
//! The first test needs nothing. The other asks the engine: with buildx (`scripts/engine exec sid -- …`) its build
//! checks, rule by rule and line by line; without it, whether its BuildKit refuses what is marked as refused.

use dlearn::context::{Ignore, Limits, TarStyle, pack_files};
use dlearn::course::FileSet;
use dlearn::dockerfile::checks::{Surroundings, check};
use dlearn::dockerfile::parse;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

const NO_ENGINE: &str = "no engine answers: run ./scripts/engine start";

/// What is said about a file: rules and lines, in any order, or that it is refused, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Found(Vec<String>),
    Refused(usize),
}

struct Case {
    name: String,
    text: String,
    ignore: Option<String>,
    said: Said,
    /// BuildKit of Engine 20.10 accepts it.
    newer: bool,
    /// BuildKit names the line above the mistake.
    line_above: bool,
}

fn corpus() -> Vec<Case> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dockerfile_corpus.txt")).unwrap();
    let cases: Vec<Case> = text.split("\n==== ").skip(1).map(case).collect();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    cases
}

fn case(text: &str) -> Case {
    let (head, text) = text.split_once("\n----").unwrap_or_else(|| panic!("no ---- in {text}"));
    let lines = |start: &str| head.lines().filter_map(|line| line.strip_prefix(start)).collect::<Vec<_>>();
    let said = match lines("expect: ").first().copied().unwrap_or_else(|| panic!("no expect in {head}")) {
        "nothing" => Said::Found(Vec::new()),
        rest => match rest.strip_prefix("refused ") {
            Some(line) => Said::Refused(line.parse().unwrap()),
            None => Said::Found(sorted(rest.split(' ').map(str::to_owned).collect())),
        },
    };
    let text = text.strip_prefix('\n').unwrap_or_default().replace("\\r\n", "\r\n");
    let text = if text.is_empty() || text.ends_with('\n') { text } else { format!("{text}\n") };
    let ignore = lines("ignore: ");
    Case {
        name: head.lines().next().unwrap_or_default().to_owned(),
        text,
        ignore: (!ignore.is_empty()).then(|| ignore.join("\n") + "\n"),
        said,
        newer: head.lines().any(|line| line == "since 27"),
        line_above: head.lines().any(|line| line == "the line above"),
    }
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

fn ours(case: &Case) -> Said {
    let ignore = case.ignore.as_deref().map(|text| Ignore::parse(text).unwrap());
    let stays_out = |source: &str| ignore.as_ref().is_some_and(|ignore| ignore.shuts_out(source));
    // The environment of the base image that the corpus uses.
    let bases = BTreeMap::from([("busybox:1.36".to_owned(), BTreeMap::new())]);
    let around = Surroundings { bases, stays_out: Some(&stays_out), ..Surroundings::default() };
    let checked = check(&case.text, &parse(&case.text), &around);
    assert!(!checked.partly);
    match checked.refused.first() {
        Some(problem) => Said::Refused(problem.span.start_line),
        None => Said::Found(sorted(
            checked.reported().map(|finding| format!("{}:{}", finding.rule.name, finding.span.start_line)).collect(),
        )),
    }
}

/// Whether dlearn says the same: BuildKit does not always name a line.
fn same(case: &Case) -> bool {
    match (ours(case), &case.said) {
        (Said::Refused(_), Said::Refused(0)) => true,
        (Said::Refused(ours), Said::Refused(theirs)) => ours == theirs + usize::from(case.line_above),
        (ours, theirs) => ours == *theirs,
    }
}

#[test]
fn dlearn_says_what_buildkit_is_known_to_say() {
    let wrong: Vec<String> = corpus()
        .iter()
        .filter(|case| !same(case))
        .map(|case| format!("{}: ours {:?}, BuildKit's {:?}", case.name, ours(case), case.said))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn buildkit_says_what_the_corpus_says() {
    let buildx = Command::new("docker").args(["buildx", "version"]).output();
    let buildx = buildx.expect("no docker client on the PATH: run ./scripts/engine start").status.success();
    let cases = corpus().into_iter().filter(|case| buildx || matches!(case.said, Said::Refused(_)) && !case.newer);
    let cases: Vec<Case> = cases.collect();
    assert!(cases.len() >= 20, "only {} to ask about", cases.len());
    let ask = |case: &Case| {
        if !buildx {
            let accepted = accepted_by_the_engine(case)?;
            return Some(format!("{}: the engine's BuildKit accepts it: {accepted}", case.name));
        }
        let theirs = with_buildx(case);
        let differs = theirs != case.said;
        differs.then(|| format!("{}: the corpus says {:?}, BuildKit {theirs:?}", case.name, case.said))
    };
    // A process for each, which mostly waits.
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(4));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(|| part.iter().filter_map(ask).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn with_buildx(case: &Case) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Dockerfile");
    fs::write(&file, &case.text).unwrap();
    let mut command = Command::new("docker");
    command.args(["buildx", "build", "--call=check,format=json", "--progress=quiet"]);
    if let Some(ignore) = &case.ignore {
        fs::write(folder.path().join(".dockerignore"), ignore).unwrap();
        command.args(["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=experimental=CopyIgnoredFile"]);
    }
    let output = command.arg(folder.path()).output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let Ok(answer) = serde_json::from_str::<Value>(&out) else {
        // Refused before any check could answer.
        assert!(!output.status.success() && error.contains("ERROR"), "{}: {out}{error}", case.name);
        assert!(!error.contains("Cannot connect") && !error.contains("no such host"), "{error}");
        return Said::Refused(0);
    };
    let line = |location: &Value| {
        let ranges = location["ranges"].as_array().cloned().unwrap_or_default();
        ranges.iter().filter_map(|range| range["start"]["line"].as_u64()).min().unwrap_or_default() as usize
    };
    let problem = &answer["buildError"];
    if !problem.is_null() {
        return Said::Refused(line(&problem["location"]));
    }
    let found = answer["warnings"].as_array().cloned().unwrap_or_default();
    let found = found
        .iter()
        .map(|warning| format!("{}:{}", warning["ruleName"].as_str().unwrap_or_default(), line(&warning["location"])));
    Said::Found(sorted(found.collect()))
}

/// The last line of a build that went well; none where the engine refused.
fn accepted_by_the_engine(case: &Case) -> Option<String> {
    let files: FileSet =
        [("Dockerfile".to_owned(), case.text.as_bytes().to_vec()), ("a".to_owned(), b"a".to_vec())].into();
    let archive = pack_files(&files, "Dockerfile", TarStyle::Plain, &Limits::default()).expect("a context");
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let socket = host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let mut stream = UnixStream::connect(socket).expect(NO_ENGINE);
    write!(
        stream,
        "POST /v1.41/build?version=2&rm=1 HTTP/1.0\r\nHost: docker\r\nContent-Type: application/x-tar\r\nContent-Length: {}\r\n\r\n",
        archive.bytes.len()
    )
    .expect(NO_ENGINE);
    stream.write_all(&archive.bytes).expect(NO_ENGINE);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect(NO_ENGINE);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let refused = answer.contains("\"error\"") || answer.starts_with("HTTP/1.0 4") || answer.starts_with("HTTP/1.0 5");
    (!refused).then(|| answer.lines().last().unwrap_or_default().to_owned())
}
