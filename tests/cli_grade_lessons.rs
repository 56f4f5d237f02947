//! Lessons that `dlearn selfcheck` proves in throw-away engines: what is true, and what is not. (The name puts it among
//! the tests that start engines in containers.)

mod cli_support;

use cli_support::Learner;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A course whose lesson L01 has this text below its front matter, which ends with line 6.
fn course(author: &Learner, text: &str) -> PathBuf {
    let folder = author.root().join("mine");
    author.dlearn(&["new", "course", folder.to_str().unwrap()]).exits(0);
    let front = "---\nid: L01\ntitle: A\nminutes: 1\nobjective: B\n---\n";
    fs::write(folder.join("lessons/L01-the-first-lesson.md"), format!("{front}{text}")).unwrap();
    folder
}

fn proven(author: &Learner, course: &Path, code: i32) -> Vec<Value> {
    let args = ["--course", course.to_str().unwrap(), "selfcheck", "l01", "--json", "--jobs", "2"];
    let report = author.dlearn(&args).exits(code).json();
    let rows = report["cases"].as_array().unwrap().clone();
    let builders: Vec<&str> = rows.iter().map(|row| row["builder"].as_str().unwrap()).collect();
    assert_eq!(builders, ["classic", "buildkit"]);
    rows
}

const TRUE: &str = r#"
```sh
mkdir -p ~/try/a && cd ~/try/a
WORD=soup
```

```dockerfile
FROM busybox:1.36
RUN echo hello from a step
CMD ["cat", "/etc/passwd"]
```

```sh
docker build --no-cache --progress=plain -t try/a .
docker run --rm try/a echo "$WORD"
```

```text columns
BuildKit                     classic builder
#… [2/2] RUN echo hello …    Step 2/3 : RUN echo hello from a step
hello from a step            hello from a step
soup                         Successfully tagged try/a:latest
```

```sh fails=1 input="echo $((40 + 2)); exit"
docker run --rm try/nowhere
docker run --rm -it --name try-box busybox:1.36 sh
```

```text
42
```

<!--sh
docker run -d --name try-web -p 127.0.0.1:8080:80 busybox:1.36 httpd -f -h /etc
until docker run --rm --network host busybox:1.36 wget -qO- http://localhost:8080/group; do sleep 1; done
ls ~
-->

<!--text
root:…
…
try
-->

```sh skip="needs an account"
docker login
```

```sh
dlearn context .
```

```text
✓ Dockerfile …
```
"#;

#[test]
fn what_a_lesson_shows_is_done_with_each_builder_and_compared() {
    let author = Learner::new();
    let course = course(&author, TRUE);
    for row in proven(&author, &course, 0) {
        assert_eq!(row["result"], "as_expected", "{row:#}");
        let notes = row["notes"].as_array().unwrap();
        assert_eq!(notes[0], "10 commands, 4 outputs compared", "{row:#}");
        assert_eq!(notes[1], "line 52 is not run: needs an account", "{row:#}");
    }
}

const UNTRUE: &str = r#"
```sh
docker run --rm busybox:1.36 echo one
```

```text
one
two
```

```sh
cat ~/nothing
exit 3
echo never
```
"#;

#[test]
fn what_is_not_true_is_told_with_its_line() {
    let author = Learner::new();
    let course = course(&author, UNTRUE);
    for row in proven(&author, &course, 1) {
        assert_eq!(row["result"], "otherwise", "{row:#}");
        let told = row["detail"].as_str().unwrap();
        let places: Vec<usize> = ["L01-the-first-lesson.md:14: docker run", ".md:18: cat", ".md:19: exit 3"]
            .iter()
            .map(|place| told.find(place).unwrap_or_else(|| panic!("{place}: {told}")))
            .collect();
        assert!(places.is_sorted(), "{told}");
        assert!(told.contains("expected: a line `two`") && told.contains("found: one"), "{told}");
        assert!(told.contains("expected: it succeeds") && told.contains("exit status 1"), "{told}");
        assert!(!told.contains(".md:20"), "{told}");
    }
}

#[test]
fn a_lesson_is_not_proven_on_somebodys_engine() {
    let author = Learner::new();
    let course = course(&author, TRUE);
    let course = course.to_str().unwrap();
    author.dlearn(&["--course", course, "selfcheck", "L01", "--engine", "own"]).exits(2).says("throw-away");
    author.dlearn(&["--course", course, "selfcheck", "L07"]).exits(2).says("L07");
    let wrong = TRUE.replacen("```sh\n", "```sh fials\n", 1);
    let file = Path::new(course).join("lessons/L01-the-first-lesson.md");
    fs::write(&file, format!("---\nid: L01\ntitle: A\nminutes: 1\nobjective: B\n---\n{wrong}")).unwrap();
    author
        .dlearn(&["--course", course, "selfcheck", "L01"])
        .exits(2)
        .says("L01-the-first-lesson.md:8: ")
        .says("did you mean fails?");
}
