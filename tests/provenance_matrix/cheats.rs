//! Ways to an image that looks right and was not built from the folder as it is. None of them may pass.

use crate::cli_support::docker::BUSYBOX;
use crate::cli_support::{Client, Edit, Saved, docker, forget};
use crate::honest::{OPTIONS, archive_of_token, build_prod, prod, staged};
use crate::world::*;
use std::fs;
use std::path::Path;

const BY_HAND: Expect = not_built("was made from a container, not from a Dockerfile (docker commit)");
const DIFFERS: Expect = not_built("differs from what this folder builds");

/// The exercise without any options.
pub fn ways() -> Vec<Way> {
    let mut all = without_a_build();
    all.extend(edited());
    all.extend(built_from_something_else());
    all
}

fn without_a_build() -> Vec<Way> {
    vec![
        way("nothing was built", not_built("no image of that name"), |_| ()),
        way("the base under another name", not_built("is only another name for busybox:1.36"), |w| {
            docker(&["tag", BUSYBOX, w.image()]);
        }),
        way("a commit", BY_HAND, |w| commit(w, &["httpd", "-f"], &[])),
        way("a commit of a shell", not_built("cp -r /a /site"), |w| {
            commit(w, &["/bin/sh", "-c", "cp -r /a /site"], &[])
        }),
        way("a commit whose command looks like a step", not_built("the image was made with `COPY … /site`"), |w| {
            commit(w, &["/bin/sh", "-c", "#(nop) COPY file:0a1b in /site "], &[]);
        }),
        way("a commit that signs as BuildKit", not_built("the image was made with"), |w| {
            commit(w, &["httpd"], &["--message", "buildkit.dockerfile.v0"]);
        }),
        way("a commit on top of the right image", BY_HAND, |w| {
            w.build(&[]);
            let name = w.container(w.image(), &["httpd", "-f"]);
            docker(&["commit", &name, w.image()]);
        }),
        way("an import", not_built("was imported from an archive of files (docker import)"), |w| {
            archive_of_token(w);
            import(w, w.scene.folder().join("site.tar").to_str().expect("a path of text"), &[]);
            fs::remove_file(w.scene.folder().join("site.tar")).expect("it goes");
        }),
        way("the right image in one layer", not_built("is a flattened copy"), |w| {
            w.build(&[]);
            import(w, &w.flattened(), &[]);
        }),
        way("the same, signed as BuildKit", not_built("is not on the base that your Dockerfile names now"), |w| {
            w.build(&[]);
            import(w, &w.flattened(), &["--message", "buildkit.dockerfile.v0"]);
        }),
        way("an import for an empty base", not_built("docker import"), |w| {
            archive_of_token(w);
            import(w, w.scene.folder().join("site.tar").to_str().expect("a path of text"), &[]);
            w.whole_dockerfile("FROM scratch\nCOPY token /site/token\n");
        }),
    ]
}

fn edited() -> Vec<Way> {
    vec![
        way("a copied file was edited", DIFFERS, |w| {
            edit(w, SITE, |path, _| (path == "site/index.html").then(|| Edit::Content("by hand\n".into())));
        }),
        way("a copied file was made executable", DIFFERS, |w| {
            edit(w, SITE, |path, _| (path == "site/index.html").then_some(Edit::Mode(0o755)));
        }),
        way("a copied file got another owner", DIFFERS, |w| {
            edit(w, SITE, |path, _| (path == "site/index.html").then_some(Edit::Owner(1000)));
        }),
        way("a copied file was taken out", DIFFERS, |w| {
            edit(w, SITE, |path, _| (path == "site/style.css").then_some(Edit::Gone));
        }),
        // Where RUN may leave what it likes, COPY may not.
        way("a copied file in a place of logs was edited", DIFFERS, |w| {
            edit(w, &format!("{SITE}COPY index.html /var/log/page\n"), |path, _| {
                (path == "var/log/page").then(|| Edit::Content("by hand\n".into()))
            });
        }),
        way("a file was slipped in", DIFFERS, |w| {
            w.build(&[]);
            let mut saved = Saved::image(w.image(), w.scene.learner.root());
            saved.add("site/answer", "42\n");
            saved.load(w.image());
        }),
        way("what RUN made was edited", DIFFERS, |w| {
            edit(w, &format!("RUN echo wrong > /result\n{SITE}"), |path, _| {
                (path == "result").then(|| Edit::Content("right\n".into()))
            });
        }),
        way("what RUN made was edited, and the cache is gone", DIFFERS, |w| {
            w.build_with(&format!("RUN echo wrong {} > /result\n{SITE}", w.scene.repository));
            forget(&w.scene, w.client);
            edit_built(w, |path, _| (path == "result").then(|| Edit::Content("right\n".into())));
        }),
        way("beside a step that is different each time", DIFFERS, |w| {
            edit(
                w,
                &format!("RUN echo wrong > /result; cat /proc/sys/kernel/random/uuid > /random\n{SITE}"),
                |path, _| (path == "result").then(|| Edit::Content("right\n".into())),
            );
        }),
        // Nothing shows whether the random file is another run's: that is no pass.
        way("what a random step made was edited", Expect::CannotTell("differently each time"), |w| {
            edit(w, &format!("RUN cat /proc/sys/kernel/random/uuid > /random\n{SITE}"), |path, _| {
                (path == "random").then(|| Edit::Content("chosen\n".into()))
            });
        }),
        way("what another stage made was edited", DIFFERS, |w| {
            edit(w, &staged(w, "cp /src/token /out && echo wrong > /out/result"), |path, _| {
                (path == "site/result").then(|| Edit::Content("right\n".into()))
            });
        }),
        way("the configuration was edited", not_built("CMD is"), |w| {
            w.build(&[]);
            let mut saved = Saved::image(w.image(), w.scene.learner.root());
            saved.config["config"]["Cmd"] = serde_json::json!(["sleep", "1d"]);
            saved.load(w.image());
        }),
        way("the environment was edited", not_built("ENV is `ANSWER=42` in the image"), |w| {
            w.build(&[]);
            let mut saved = Saved::image(w.image(), w.scene.learner.root());
            saved.config["config"]["Env"].as_array_mut().expect("an environment").push("ANSWER=42".into());
            saved.load(w.image());
        }),
        way("the history was edited", not_built("the image was made with"), |w| {
            w.build_with(&format!("RUN echo secret > /dev/null; touch /x\n{SITE}"));
            edit_history(w, |rows| {
                for row in rows {
                    let edited = row["created_by"].as_str().unwrap_or_default().replace("echo secret", "true");
                    row["created_by"] = edited.into();
                }
            });
        }),
        differs(
            "the history has a row more",
            not_built("was not written by the builder"),
            not_built("a step that your Dockerfile lacks"),
            |w| {
                w.build(&[]);
                edit_history(w, |rows| {
                    let row = serde_json::json!({ "created": "2024-01-01T00:00:00Z", "created_by": "USER app", "comment":
                    "buildkit.dockerfile.v0", "empty_layer": true });
                    rows.push(row);
                });
            },
        ),
        way("the history's last row is gone", not_built("a step that the image lacks"), |w| {
            w.build(&[]);
            edit_history(w, |rows| {
                rows.pop();
            });
        }),
        way("the history is gone", not_built("no history at all"), |w| {
            w.build(&[]);
            edit_history(w, Vec::clear);
        }),
    ]
}

fn built_from_something_else() -> Vec<Way> {
    vec![
        way("a label of the command line", not_built("LABEL is `forged=yes` in the image, and nothing"), |w| {
            w.build(&["--label", "forged=yes"]);
        }),
        way("another base", not_built("is not on the base that your Dockerfile names now"), |w| {
            w.whole_dockerfile(&format!("FROM alpine:3.20\nLABEL {}\n{SITE}", w.scene.label));
            w.build(&[]);
            w.dockerfile(SITE);
        }),
        way("a base that was made beforehand", not_built("the image has a step that your Dockerfile lacks"), |w| {
            w.build(&[]);
            w.whole_dockerfile(&format!("FROM {}\nRUN touch /more\n", w.image()));
            w.build(&[]);
            w.dockerfile(SITE);
        }),
        way("a colleague's folder", DIFFERS, |w| {
            let folder = w.scene.learner.root().join("theirs");
            colleague(w, &folder);
            w.client.build(&folder, &["-t", w.image()]);
        }),
        way("a colleague's token", Expect::NotYet("token", "this folder's own file `token`"), |w| {
            w.write("token", "dlearn-0000000000000000\n");
            w.build(&[]);
        }),
        way("a file was edited after the build", DIFFERS, |w| {
            w.build(&[]);
            w.write("index.html", "later\n");
        }),
        way("what another stage copies was edited after the build", DIFFERS, |w| {
            w.build_with(&staged(w, "cp /src/token /out && wc -c /src/token > /out/result"));
            w.write("token", &format!("{}more\n", w.scene.read("token")));
        }),
        way("a program that was made beforehand", not_built("where your Dockerfile says"), |w| {
            w.write("result", "right\n");
            w.build_and_put_right(
                &format!("COPY result /result\n{SITE}"),
                &format!("RUN echo wrong > /result\n{SITE}"),
            );
            fs::remove_file(w.scene.folder().join("result")).expect("it goes");
        }),
        // BuildKit's history does not say that COPY took it from a stage.
        way("the same, in the words of a stage's copy", DIFFERS, |w| {
            w.write("out/token", &w.scene.read("token"));
            w.write("out/result", "right\n");
            let copy = format!("LABEL {}\nCOPY out /site\n", w.scene.label);
            w.whole_dockerfile(&format!("FROM busybox:1.36\n{copy}"));
            w.build(&[]);
            fs::remove_dir_all(w.scene.folder().join("out")).expect("it goes");
            w.whole_dockerfile(&format!(
                "FROM busybox:1.36 AS build\nWORKDIR /\nCOPY token /out/token\nRUN echo wrong > /out/result\n\
                 FROM busybox:1.36\n{}",
                copy.replace("COPY out", "COPY --from=build out")
            ));
        }),
        way("an archive instead of the files", not_built("where your Dockerfile says"), |w| {
            archive_of_token(w);
            w.build_and_put_right("ADD site.tar /site/\n", "COPY token /site/\n");
            fs::remove_file(w.scene.folder().join("site.tar")).expect("it goes");
        }),
        way("another command of RUN", not_built("where your Dockerfile says"), |w| {
            let run = |command: &str| format!("RUN {command} > /result\n{SITE}");
            w.build_and_put_right(&run("echo right"), &run("echo wrong"));
        }),
        way("another value of an argument", not_built("where your Dockerfile says"), |w| {
            w.dockerfile(&format!("ARG V=1\nRUN echo $V > /result\n{SITE}"));
            w.build(&["--build-arg", "V=2"]);
        }),
        way("a step more", not_built("made with"), |w| w.build_and_put_right(&format!("RUN touch /x\n{SITE}"), SITE)),
        way("a step less", not_built("your Dockerfile"), |w| {
            w.build_and_put_right(SITE, &format!("{SITE}RUN touch /x\n"))
        }),
        way("a Dockerfile that no longer builds", not_built("its build with"), |w| {
            w.build_and_put_right(SITE, &format!("{SITE}RUN false\n"));
        }),
        way("a stage of the Dockerfile", not_built("your Dockerfile"), |w| {
            let label = &w.scene.label;
            w.whole_dockerfile(&format!(
                "FROM busybox:1.36 AS first\nLABEL {label}\n{SITE}FROM first\nRUN touch /second\n"
            ));
            w.build(&["--target", "first"]);
        }),
        way("another Dockerfile of the folder", not_built("in your Dockerfile"), |w| {
            let other =
                format!("FROM busybox:1.36\nLABEL {}\nCOPY token /site/\nRUN echo right > /result\n", w.scene.label);
            w.write("Other.Dockerfile", &other);
            w.build(&["-f", "Other.Dockerfile"]);
        }),
        only(Client::BuildKit, "a cache mount that carries the answer", not_built("with empty cache mounts"), |w| {
            let mount = "RUN --mount=type=cache,target=/c";
            carry(w, &format!("{mount} cp /c/answer /answer # {}\n{SITE}", w.scene.repository));
        }),
        only(Client::BuildKit, "a cache mount whose lack is not seen", DIFFERS, |w| {
            let mount = "RUN --mount=type=cache,target=/c";
            carry(w, &format!("{mount} cat /c/answer > /answer || true # {}\n{SITE}", w.scene.repository));
        }),
    ]
}

/// The exercise with options.
pub fn ways_with_options() -> Vec<Way> {
    vec![
        way("without the arguments", not_built("where your Dockerfile says"), |w| {
            prod(w);
            build_prod(w, &[&OPTIONS[..4], &["--build-arg", "TAG=1.36"]].concat());
        }),
        way("another target", not_built("a step that your Dockerfile lacks"), |w| {
            prod(w);
            build_prod(w, &[&["--target", "debug"], &OPTIONS[..2], &OPTIONS[4..]].concat());
        }),
        way("another base by its argument", not_built("is not on the base"), |w| {
            prod(w);
            let file = w.scene.read("app/docker/Prod.Dockerfile");
            w.write("app/docker/Prod.Dockerfile", &file.replace("busybox:$TAG", "alpine:$TAG"));
            build_prod(w, &[&OPTIONS[..4], &["--build-arg", "TAG=3.20", "--build-arg", "V=2"]].concat());
            w.write("app/docker/Prod.Dockerfile", &file);
        }),
        way(
            "nothing was built: the command has the options",
            not_built("--target run --build-arg TAG=1.36 --build-arg V=2 app"),
            |w| {
                prod(w);
                docker(&["tag", BUSYBOX, w.image()]);
            },
        ),
    ]
}

fn commit(w: &World, command: &[&str], args: &[&str]) {
    let name = w.container(BUSYBOX, command);
    w.fill(&name);
    docker(&[&["commit"], &CHANGES[..], args, &[name.as_str(), w.image()]].concat());
}

fn import(w: &World, archive: &str, args: &[&str]) {
    docker(&["rmi", "--force", w.image()]);
    docker(&[&["import"], &CHANGES[..], args, &[archive, w.image()]].concat());
}

/// Builds from these lines, and edits what was built.
fn edit(w: &World, lines: &str, edit: impl Fn(&str, &str) -> Option<Edit>) {
    w.build_with(lines);
    edit_built(w, edit);
}

fn edit_built(w: &World, edit: impl Fn(&str, &str) -> Option<Edit>) {
    let mut saved = Saved::image(w.image(), w.scene.learner.root());
    saved.edit(edit);
    saved.load(w.image());
}

fn edit_history(w: &World, edit: impl Fn(&mut Vec<serde_json::Value>)) {
    let mut saved = Saved::image(w.image(), w.scene.learner.root());
    edit(saved.config["history"].as_array_mut().expect("a history"));
    saved.load(w.image());
}

/// The same folder, with a token of somebody else's.
fn colleague(w: &World, folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    for file in ["index.html", "style.css", "Dockerfile"] {
        fs::write(folder.join(file), w.scene.read(file)).expect("a file");
    }
    fs::write(folder.join("token"), "dlearn-0000000000000000\n").expect("a token");
}

/// Fills a cache mount with the answer, and builds from these lines.
fn carry(w: &World, lines: &str) {
    w.dockerfile("RUN --mount=type=cache,target=/c echo 42 > /c/answer\n");
    w.build(&["--no-cache"]);
    w.build_with(lines);
}
