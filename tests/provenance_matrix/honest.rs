//! Ways to build what the folder says. None of them may fail, whatever the builder's cache still knows.

use crate::cli_support::{Client, bring_back, docker, eventually, forget};
use crate::world::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// The exercise without any options.
pub fn ways() -> Vec<Way> {
    vec![
        way("named files", CACHE, |w| w.build(&[])),
        way("named files, without the cache", CACHE, |w| w.build(&["--no-cache"])),
        // BuildKit keys the root of a context by how it came, so what a client sent is never found again.
        differs("the whole folder", CACHE, CONTENTS, |w| {
            w.write(".dockerignore", "Dockerfile\n.dockerignore\n");
            w.build_with("WORKDIR /site\nCOPY . .\n");
        }),
        differs("the whole folder, and a RUN above it", CACHE, CONTENTS, |w| {
            w.build_with(
                "WORKDIR /site\nCOPY . .\nRUN mkdir -p /var/log && cat /proc/sys/kernel/random/uuid > /var/log/build.log && sort token > /made\n",
            );
        }),
        // BuildKit leaves out of a layer what lies below it, if the modification time is the same too: that depends
        // on who sent the files of the step that came from the cache.
        // A rebuild in which it happens to be the same has the same layers all the same: either proof will do.
        way("the whole folder upon one of its files", Expect::Pass("proven by"), file_by_file),
        way("the same, after a check has rebuilt it", Expect::Pass("proven by"), |w| {
            file_by_file(w);
            w.scene.check();
            w.write("index.html", "later\n");
            w.build(&[]);
        }),
        // Only the client itself finds what it sent.
        way("the whole folder, and a step that is different each time", CACHE, |w| {
            w.build_with("WORKDIR /site\nCOPY . .\nRUN cat /proc/sys/kernel/random/uuid > /random\n");
        }),
        way("built under another name, then tagged", CACHE, |w| {
            let other = w.name("other");
            w.client.build(&w.scene.folder(), &["-t", &other]);
            docker(&["tag", &other, w.image()]);
            docker(&["rmi", &other]);
        }),
        differs("saved, removed and loaded", CONTENTS, CACHE, |w| {
            w.build(&[]);
            bring_back(&w.scene);
        }),
        differs("pushed, removed and pulled", CONTENTS, CACHE, |w| {
            w.build(&[]);
            push_and_pull(w);
        }),
        way("the cache was pruned", CONTENTS, |w| {
            w.build_with(&format!("RUN echo {} > /made\n{SITE}", w.scene.repository));
            forget(&w.scene, w.client);
        }),
        way("a step that is different each time, and the cache is there", CACHE, |w| {
            w.build_with(&format!("RUN cat /proc/sys/kernel/random/uuid > /random\n{SITE}"));
        }),
        way("such a step, and the cache is gone", Expect::CannotTell("differently each time"), random_and_forgotten),
        way("such a step, the cache gone, and built again", CACHE, |w| {
            random_and_forgotten(w);
            w.build(&[]);
        }),
        way("random names, and the cache is gone", Expect::CannotTell("differently each time"), |w| {
            w.build_with(&format!(
                "RUN mkdir /d && touch /d/{}-$(cat /proc/sys/kernel/random/uuid)\n{SITE}",
                w.scene.repository
            ));
            forget(&w.scene, w.client);
        }),
        way("two stages", CACHE, |w| w.build_with(&staged(w, "cp /src/token /out/token"))),
        way("two stages of the whole folder", CACHE, |w| {
            w.whole_dockerfile(&format!(
                "FROM busybox:1.36 AS build\nLABEL {label}\nWORKDIR /src\nCOPY . .\nRUN mkdir /out && cp token index.html /out\n\
                 FROM busybox:1.36\nLABEL {label}\nCOPY --from=build /out /site\n",
                label = w.scene.label
            ));
            w.build(&[]);
        }),
        way("every other instruction", CACHE, |w| {
            w.build_with(
                "ARG PLACE=/site\nSHELL [\"/bin/sh\", \"-e\", \"-c\"]\nENV A=1 B=\"two words\"\nVOLUME /data\nEXPOSE 53/udp 8080\n\
                 WORKDIR /site\nCOPY index.html style.css token $PLACE/\nRUN [\"touch\", \"/made\"]\nRUN echo $PLACE $A > /place\n\
                 USER 1000:1000\nSTOPSIGNAL SIGINT\nHEALTHCHECK --interval=5s CMD [\"true\"]\nONBUILD RUN true\nENTRYPOINT [\"httpd\"]\n\
                 CMD [\"-f\"]\n",
            );
        }),
        differs("the same, and the cache is gone", CONTENTS, CONTENTS, |w| {
            w.build_with(&format!(
                "ARG WHO=me\nENV A=1\nVOLUME /data\nWORKDIR /site\nCOPY index.html style.css token /site/\n\
                 RUN [\"touch\", \"/made\"]\nRUN echo $WHO {} > /who && ln /who /hard && ln -s /who /soft && chmod 600 /who\n\
                 RUN rm /soft\nUSER 1000:1000\n",
                w.scene.repository
            ));
            forget(&w.scene, w.client);
        }),
        way("an empty base", CACHE, |w| {
            let label = &w.scene.label;
            w.whole_dockerfile(&format!("FROM scratch\nLABEL {label}\nCOPY token /site/token\nCMD [\"/none\"]\n"));
            w.build(&[]);
        }),
        way("owners and modes", CACHE, |w| {
            let file = w.scene.folder().join("style.css");
            fs::set_permissions(file, fs::Permissions::from_mode(0o664)).expect("a mode");
            w.build_with("COPY --chown=1000:1000 index.html style.css /site/\nCOPY token /site/\n");
        }),
        way("a link in the folder", CACHE, |w| {
            symlink("index.html", w.scene.folder().join("home.html")).expect("a link");
            w.build_with(&format!("COPY home.html /x/\n{SITE}"));
        }),
        way("a Dockerfile that is a link", CACHE, |w| {
            fs::rename(w.scene.folder().join("Dockerfile"), w.scene.folder().join("Dockerfile.web")).expect("a name");
            symlink("Dockerfile.web", w.scene.folder().join("Dockerfile")).expect("a link");
            w.build(&[]);
        }),
        way("lines that end as on Windows", CACHE, |w| w.build_with(&SITE.replace('\n', "\r\n"))),
        way("an archive that ADD unpacks", CACHE, |w| {
            archive_of_token(w);
            w.build_with("ADD site.tar /site/\n");
        }),
        way("from another folder, by its path", CACHE, |w| {
            let folder = w.scene.folder();
            w.client.build_of(w.scene.learner.root(), &["-t", w.image(), folder.to_str().expect("a path of text")]);
        }),
        way("edited, and built again", CACHE, |w| {
            w.build(&[]);
            w.write("index.html", "later\n");
            w.build(&[]);
        }),
        way("with the variables of a proxy", CACHE, |w| w.build(&["--build-arg", "NO_PROXY=localhost"])),
        only(Client::BuildKit, "labels that Docker Compose adds", CACHE, |w| {
            w.build(&["--label", "com.docker.compose.project=site", "--label", "com.docker.compose.service=web"]);
        }),
        only(Client::BuildKit, "a cache mount that only saves time", CONTENTS, |w| {
            w.build_with(&format!(
                "RUN --mount=type=cache,target=/c echo {} | tee -a /c/seen > /made\n{SITE}",
                w.scene.repository
            ));
            w.build(&["--no-cache"]);
        }),
        only(
            Client::BuildKit,
            "a cache mount, and a step that is different each time",
            Expect::Pass("proven by the builder's cache and by its contents"),
            |w| {
                w.build_with(&format!(
                    "RUN --mount=type=cache,target=/c cat /proc/sys/kernel/random/uuid > /random\n{SITE}"
                ))
            },
        ),
        only(Client::BuildKit, "a secret, and the cache is there", CACHE, |w| {
            secret(w, "COPY index.html /");
        }),
        only(Client::BuildKit, "the whole folder, a secret, and the cache is there", CACHE, |w| {
            secret(w, "COPY . /all");
        }),
        only(Client::BuildKit, "a secret, and the cache is gone", Expect::CannotTell("secret"), |w| {
            secret(w, "COPY index.html /");
            forget(&w.scene, w.client);
        }),
    ]
}

/// The exercise with a context, a Dockerfile, a target and arguments of its own: see `OPTIONS`.
pub fn ways_with_options() -> Vec<Way> {
    vec![
        way("all options as the exercise says", CACHE, |w| {
            prod(w);
            build_prod(w, OPTIONS);
        }),
        differs("all options, the cache is gone", CONTENTS, CONTENTS, |w| {
            prod(w);
            build_prod(w, OPTIONS);
            forget(&w.scene, w.client);
        }),
    ]
}

/// The fields of `built_from` for [`ways_with_options`].
pub const FIELDS: &str =
    ", context: app, dockerfile: docker/Prod.Dockerfile, target: run, args: { TAG: \"1.36\", V: \"2\" }";

/// The options of a build as [`FIELDS`] has them.
pub const OPTIONS: &[&str] =
    &["-f", "app/docker/Prod.Dockerfile", "--target", "run", "--build-arg", "TAG=1.36", "--build-arg", "V=2"];

/// Files for [`FIELDS`].
pub fn prod(w: &World) {
    fs::remove_file(w.scene.folder().join("Dockerfile")).expect("it goes");
    w.write("app/token", &w.scene.read("token"));
    let (label, repository) = (&w.scene.label, &w.scene.repository);
    w.write(
        "app/docker/Prod.Dockerfile",
        &format!(
            "ARG TAG\nFROM busybox:$TAG AS base\nLABEL {label}\nFROM base AS run\nARG V\nRUN echo {repository} $V > /version\n\
             COPY token /site/\nFROM run AS debug\nRUN touch /debug\n"
        ),
    );
}

/// `docker build OPTIONS app`
pub fn build_prod(w: &World, options: &[&str]) {
    w.client.build_of(&w.scene.folder(), &[&["-t", w.image()], options, &["app"]].concat());
}

/// Two stages of which the first runs this.
pub fn staged(w: &World, command: &str) -> String {
    format!(
        "WORKDIR /site\nCOPY index.html style.css ./\nFROM busybox:1.36 AS build\nCOPY token /src/token\n\
         RUN mkdir /out && {command}\nFROM busybox:1.36\nLABEL {}\nCOPY --from=build /out /site\n",
        w.scene.label
    )
}

/// An archive `site.tar` in the folder, with the token.
pub fn archive_of_token(w: &World) {
    let path = w.scene.folder().join("site.tar");
    let mut archive = tar::Builder::new(fs::File::create(path).expect("an archive"));
    archive.append_path_with_name(w.scene.folder().join("token"), "token").expect("the token");
    archive.finish().expect("an archive");
}

fn file_by_file(w: &World) {
    let made = &w.scene.repository;
    w.build_with(&format!("RUN echo {made} > /own\nWORKDIR /site\nCOPY token .\nRUN sort token > /sorted\nCOPY . .\n"));
}

fn random_and_forgotten(w: &World) {
    w.build_with(&format!("RUN cat /proc/sys/kernel/random/uuid > /random # {}\n{SITE}", w.scene.repository));
    forget(&w.scene, w.client);
}

/// Builds with a secret that a step below these lines needs.
fn secret(w: &World, lines: &str) {
    w.dockerfile(&format!(
        "{lines}\nRUN --mount=type=secret,id=key cp /run/secrets/key /{}\n{SITE}",
        w.scene.repository
    ));
    let key = w.scene.learner.root().join("key");
    fs::write(&key, "secret").expect("a secret");
    w.build(&["--secret", &format!("id=key,src={}", key.display())]);
}

fn push_and_pull(w: &World) {
    let name = format!("{}-registry", w.scene.repository);
    docker(&[
        "run",
        "--detach",
        "--name",
        &name,
        "--label",
        &w.scene.label,
        "--publish",
        "127.0.0.1::5000",
        "registry:2",
    ]);
    let port = docker(&["port", &name, "5000/tcp"]);
    let away = format!("{}/web:v1", port.lines().next().expect("a port"));
    docker(&["tag", w.image(), &away]);
    let quiet = |args: &[&str]| std::process::Command::new("docker").args(args).output().expect("docker runs");
    eventually("the registry takes the image", 30, || quiet(&["push", &away]).status.success().then_some(()));
    docker(&["rmi", &away, w.image()]);
    docker(&["pull", &away]);
    docker(&["tag", &away, w.image()]);
    docker(&["rmi", &away]);
    docker(&["rm", "--force", "--volumes", &name]);
}
