//! What is well-formed, from the project's own files and made here: for fuzzers to begin with.

use super::course::{COURSE, files_of_the_course};
use super::image::{image, tar};
use crate::check::{Finding, Verdict};
use crate::course::{FileSet, Round};
use crate::engine::fuzzing::{trace_line, trace_of};
use crate::evidence::Evidence;
use crate::grade::alike::{Given, Print};
use crate::grade::gradebook::{Column, Graded, GradedExercise};
use crate::grade::judge::Came;
use crate::grade::part::{self, Grounds, Part};
use crate::submission::evidence::Block;
use flate2::{Compression, write::GzEncoder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use zip::write::SimpleFileOptions;

/// Larger recordings are left out: fuzzers change small inputs faster.
const LARGEST_RECORDING: usize = 12_000;

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn joined(texts: &[&str], with: &str) -> Vec<u8> {
    texts.join(with).into_bytes()
}

/// Files of the course, each once.
fn distinct(top: &str, ending: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = files_of_the_course(top, ending).into_values().collect();
    files.sort();
    files.dedup();
    files
}

pub(super) fn references() -> Vec<Vec<u8>> {
    let digest = format!("r.example:5000/team/shop@sha256:{}", "0123456789abcdef".repeat(4));
    let names =
        ["busybox", "team/shop:v1", "[::1]:80/a/b_c.d--e:x", "localhost/A", "http://a/b", "a:1@sha256:0", &digest];
    bytes(&names)
}

pub(super) fn ignores() -> Vec<Vec<u8>> {
    let mut seeds = distinct("exercises", ".dockerignore");
    for seed in &mut seeds {
        seed.extend_from_slice(b"\nnode_modules/a/b.js");
    }
    let more =
        ["**/*.log\n!keep\nkeep/a.log", "# no\n[a-z]?/**\n!/x\\*\na/b/c", "*\n!**/[^x]*.md\na/b.md", "a/../b\n./c/\nb"];
    seeds.extend(bytes(&more));
    seeds
}

pub(super) fn dockerfiles() -> Vec<Vec<u8>> {
    let mut seeds = distinct("exercises", "Dockerfile");
    let more = [
        "# syntax=docker/dockerfile:1\n# escape=`\n# check=skip=JSONArgsRecommended;error=true\nARG V=3 W\nFROM --platform=$TARGETPLATFORM a:${V:-1}${W:+x} AS b\n",
        "FROM a\nRUN --mount=type=cache,target=/x,from=b --network=none <<EOF cat <<-'E'\n\tone\nEOF\n\ttwo\n\tE\nCOPY --chmod=755 --from=0 [\"a b\", \"c\"] <<X /d\nx\nX\n",
        "FROM a\nHEALTHCHECK --interval=5s --retries=3 CMD [\"curl\", \"-f\"]\nONBUILD RUN x\nEXPOSE 80/tcp 8080-8090:1/udp\nVOLUME [\"/a\"]\nLABEL a=\"b c\" d\\ e=f\nENV A b c\nENV B=$A ${B#x}\nSTOPSIGNAL 9\nSHELL [\"sh\", \"-c\"]\nUSER a:b\nMAINTAINER x\nADD --checksum=sha256:0 http://x/y /\n",
    ];
    seeds.extend(bytes(&more));
    seeds
}

pub(super) fn shells() -> Vec<Vec<u8>> {
    let mut seeds = distinct("exercises", ".sh");
    seeds.extend(bytes(&[
        "docker build -t e01/web:v1 . && docker tag e01/web:v1 r.example/e01/web:v1\ndocker push r.example/e01/web:v1\n",
        "# notes\ncat <<EOF | docker login -u ada --password-stdin\nhunter2\nEOF\ndocker run -d -p 127.0.0.1:8080:80/tcp --name=web e01/web:v1 sh -c 'echo \"$A\"'\n",
        "for a in 1 2; do\n  docker pull \"b:$a\" \\\n    -q\ndone\nif true; then docker image rm $(docker images -q); fi\n",
    ]));
    seeds
}

pub(super) fn lessons() -> Vec<Vec<u8>> {
    let mut seeds = distinct("lessons", ".md");
    seeds.extend(bytes(&[
        include_str!("../course/skeleton/lesson.md"),
        include_str!("../../tests/term_sample.md"),
        "---\nid: L1\ntitle: T\nminutes: 5\nobjective: See.\n---\n\n## A\n\n```sh fails=\"1\" input='x'\ndocker ps\n```\n<!-- shown\na\n-->\n",
    ]));
    seeds.retain(|seed| seed.len() < 12_000);
    seeds
}

pub(super) fn yaml() -> Vec<Vec<u8>> {
    let kinds = [("e", "exercises", "exercise.yaml"), ("r", "checks", ".yaml"), ("o", "lessons", ".yaml")];
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for (kind, top, ending) in kinds {
        seeds.extend(distinct(top, ending).into_iter().map(|file| [kind.as_bytes(), &file].concat()));
    }
    seeds.extend(bytes(&[
        concat!("e", include_str!("../course/skeleton/exercise/exercise.yaml")),
        "cimages: { app: shop/web:1 }\nbases: [\"busybox:1.36\"]\nchecks:\n  - { id: a, title: T, check: { image_exists: { image: app } } }\n",
        "pa: &x [1, \"{{b}}\", ~]\nb: *x\nc: |\n  text\nd: !!str 3\n",
    ]));
    seeds
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).expect("memory can be written");
    gzip.finish().expect("memory can be written")
}

/// A lower layer and one that hides some of it.
fn two_layers() -> [Vec<u8>; 2] {
    [
        tar([("etc/", &b""[..]), ("etc/passwd", b"root:x:0:0\n"), ("a/b/c", b"hunter2-hunter2")]),
        tar([("etc/.wh.passwd", &b""[..]), ("a/.wh..wh..opq", b""), ("app/main.py", b"print(1)\n")]),
    ]
}

pub(super) fn images() -> Vec<Vec<u8>> {
    let [first, second] = two_layers();
    let whole = image(&[&first, &second]);
    vec![gzip(&whole), image(&[&gzip(&first)]), image(&[]), whole]
}

pub(super) fn layers() -> Vec<Vec<u8>> {
    let [first, second] = two_layers();
    let with = |first: &[u8], second: &[u8]| {
        let length = u16::try_from(first.len()).expect("a small layer").to_be_bytes();
        [&length[..], first, second].concat()
    };
    vec![with(&first, &second), with(&second, &first), with(&gzip(&first), &second)]
}

pub(super) fn submissions() -> Vec<Vec<u8>> {
    let files =
        [("E01-x/", &b""[..]), ("E01-x/Dockerfile", b"FROM a\n"), ("E01-x/.git/config", b"x"), ("E01-x/token", b"0")];
    let plain = tar(files);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, content) in files.iter().filter(|(path, _)| !path.ends_with('/')) {
        let options = SimpleFileOptions::default().unix_permissions(0o755);
        zip.start_file(*path, options).and_then(|()| Ok(zip.write_all(content)?)).expect("memory can be written");
    }
    let zip = zip.finish().expect("memory can be written").into_inner();
    vec![gzip(&plain), plain, zip]
}

fn first_round(id: &str) -> Round {
    let rounds = COURSE.exercises[id].rounds(&COURSE.recipes, "0123456789abcdef", &str::to_owned);
    rounds.unwrap_or_else(|error| panic!("{error}")).swap_remove(0)
}

pub(super) fn claims() -> Vec<Vec<u8>> {
    let block = Block::new(&first_round("E01"), None, &[], &Evidence::new());
    let text = format!("# Mine\n\n{}", block.markdown());
    let manifest = r#"{"schema":"dlearn/submission/1","dlearn":"0.1.0","course":"docker","learner":"ada","registry":{"address":"127.0.0.1:5123","user":"ada"},"exercises":[{"id":"E01","folder":"E01-x","token":"0123456789abcdef","rounds":2,"rounds_passed":[1],"passed":true,"attempts":3}]}"#;
    vec![text.into_bytes(), manifest.as_bytes().to_vec()]
}

pub(super) fn states() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"version":1,"course":"c","seed":7,"sessions":3,"current":"E01","lessons":{"L01":{"section":2,"done":true}},"questions":{"q":{"right":1}},"exercises":{"E01":{"token":"0123456789abcdef","attempts":2,"round":1,"passed":"2026-01-02T03:04:05Z"}}}"#,
        r#"{"version":1,"practice":{"id":"0123456789ab","port":5123,"user":"ada","password":"0123456789abcdef"},"key":"0123","more":[{}]}"#,
        r#"{"version":1,"sessions":"many","lessons":{"L01":{"section":-1}},"questions":7,"exercises":{"E01":{"token":"x"}}}"#,
    ])
}

pub(super) fn rosters() -> Vec<Vec<u8>> {
    bytes(&[
        "learner,name,due,due E01,submitted\nada,\"Lovelace, Ada\",2026-01-02T03:04:05Z,2026-01-02 03:04[Europe/Berlin],\nbob,,,,2026-01-02T03:04:05+01:00\n",
        "learner,submitted\nada,2026-01-02\n",
        "ada,2026-01-02T03:04Z\nada,2026-01-02T03:04Z,E01\n",
    ])
}

pub(super) fn parts() -> Vec<Vec<u8>> {
    let columns = vec![Column::of(&COURSE.exercises["E01"])];
    let graded = |learner: &str, verdict: Verdict| {
        let round = first_round("E01");
        let findings = round.checks.iter().map(|check| Finding::of(check, verdict.clone())).collect();
        let came = Came::Judged { findings, stopped: None, tokens: BTreeSet::from(["0123456789abcdef".to_owned()]) };
        let files = FileSet::from([("Dockerfile".to_owned(), b"FROM a\nRUN something of one's own\n".to_vec())]);
        let exercise = GradedExercise::judged(&columns[0], &[(round, came)], Some("0123456789abcdef".to_owned()));
        let exercise = GradedExercise { print: Print::of(&files, &Given::default()), ..exercise };
        Graded { learner: learner.to_owned(), source: learner.to_owned(), ..Graded::of(vec![exercise]) }
    };
    let all = [graded("ada", Verdict::pass()), graded("bob", Verdict::not_yet("a", "b", "c"))];
    let text = String::from;
    let part = |graded: &[Graded]| Part {
        schema: part::SCHEMA.to_owned(),
        dlearn: text("0"),
        part: 1,
        of: 1,
        grounds: Grounds {
            course: text("docker"),
            content: text("c"),
            known: vec![text("E01")],
            program: text("p"),
            roster: None,
            secret: None,
            rules: text("r"),
            class: graded.iter().map(|graded| graded.learner.clone()).collect(),
        },
        exercises: columns.clone(),
        submissions: graded.iter().enumerate().map(|(at, graded)| part::Entry::new(at, graded)).collect(),
        not_allowed: vec![text("alpine:3")],
        images: BTreeMap::from([(text("busybox:1.36"), text("sha256:1"))]),
    };
    [&all[..], &all[..1], &[]].iter().map(|graded| part(graded).bytes().expect("a small part")).collect()
}

pub(super) fn evidence() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let files = entries(&root).into_iter().flat_map(|folder| entries(&folder));
    let mut seeds: Vec<Vec<u8>> = files.filter_map(|file| fs::read(file).ok()).collect();
    seeds.retain(|seed| seed.len() < LARGEST_RECORDING);
    seeds.sort();
    seeds
}

pub(super) fn builds() -> Vec<Vec<u8>> {
    let trace = trace_of("[builder 2/3] RUN make", "made\n");
    vec![
        joined(
            &[
                r#"{"stream":"Step 1/3 : FROM busybox\n"}"#,
                r#"{"status":"Pulling from library/busybox","id":"1.36"}"#,
                r#"{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"0123456789ab"}"#,
                r#"{"stream":" ---> 0123456789ab\nStep 2/3 : COPY . /a\n ---> Using cache\n ---> 1123456789ab\n"}"#,
                r##"{"stream":"# Executing 2 build triggers\n\u001b[31mred"}"##,
                r#"{"aux":{"ID":"sha256:0"}}"#,
                r#"{"errorDetail":{"code":1,"message":"The command '/bin/sh' returned a non-zero code: 1"},"error":"x"}"#,
            ],
            "\n",
        ),
        trace_line(&trace),
    ]
}

pub(super) fn traces() -> Vec<Vec<u8>> {
    let message = |name: &str, output: &str| {
        let trace = trace_of(name, output);
        let length = u16::try_from(trace.len()).expect("a small message").to_be_bytes();
        [&length[..], &trace].concat()
    };
    vec![
        [message("[2/3] RUN make", "hel"), message("[2/3] RUN make", "lo\nwor")].concat(),
        message("[linux/amd64 builder 2/3] COPY . /a", "\u{1b}[2J\r\n"),
        message("[internal] load remote build context", ""),
    ]
}

pub(super) fn engines() -> Vec<Vec<u8>> {
    let inspect = r#"{"Id":"sha256:0","RepoTags":["a:1",null],"Architecture":"amd64","Config":{"Cmd":["sh"],"Entrypoint":null,"User":"app","WorkingDir":"/a","Env":["A=b"],"ExposedPorts":{"80/tcp":{}},"Labels":{"a":"b"},"Volumes":null,"OnBuild":[],"StopSignal":"9","Healthcheck":{"Test":["CMD","x"]}},"RootFS":{"Layers":["sha256:1"]}}"#;
    let history = r#"[{"CreatedBy":"/bin/sh -c #(nop) COPY file:0123456789 in /a ","Size":2},{"CreatedBy":"RUN |1 A=b /bin/sh -c make # buildkit","Comment":"buildkit.dockerfile.v0","Size":40}]"#;
    let version =
        r#"{"Version":"28.5.2","ApiVersion":"1.51","Arch":"amd64","Os":"linux","Components":[{"Name":"Engine"}]}"#;
    let info = r#"{"Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]}"#;
    let events = [
        r#"{"Type":"image","Action":"tag","Actor":{"ID":"sha256:0","Attributes":{"name":"e01/web:v1"}},"time":1}"#,
        r#"{"Type":"container","Action":"die","Actor":{"ID":"0","Attributes":{"image":"dlearn-run/0123456789ab/a:1","name":"x"}}}"#,
    ];
    let inspect = inspect.replace("[\"a:1\",null]", "[\"a:1\"]");
    vec![joined(&[&inspect, history], "\n"), joined(&[version, info], "\n"), joined(&events, "\n")]
}

pub(super) fn files() -> Vec<Vec<u8>> {
    vec![tar([("passwd", &b"root:x:0:0\n"[..])]), tar([("etc/", &b""[..]), ("etc/a", b"x")])]
}

pub(super) fn answers() -> Vec<Vec<u8>> {
    bytes(&[
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\x1b[\r\n0\r\n\r\n",
        "HTTP/1.0 200\r\n\r\nabc",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ])
}

pub(super) fn registries() -> Vec<Vec<u8>> {
    let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}}"#;
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"@","size":9},"layers":[]}"#;
    let index = r#"{"manifests":[{"digest":"@","size":9,"platform":{"os":"linux","architecture":"amd64"}},{"digest":"sha256:0","platform":{"os":"unknown","architecture":"unknown"}}]}"#;
    let tags = r#"{"name":"a/b","tags":["v1","v2",null]}"#;
    let hub = r#"{"images":[{"architecture":"amd64","os":"linux","size":2219949},{"os":null}]}"#;
    vec![
        joined(&[config, manifest], "\0"),
        joined(&[config, manifest, index], "\0"),
        joined(&[config, manifest, index, &tags.replace(",null", "")], "\0"),
        hub.as_bytes().to_vec(),
        b"100;w=21600\n76;w=21600".to_vec(),
    ]
}
