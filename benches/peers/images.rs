//! The images that are looked at. They are called `dlearn-bench/…`, and go when the bench ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// How many files of each kind the shop has.
pub const FILES: usize = 40;

/// The docker command. Gives its standard output; ends the bench where it fails.
pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("a docker command");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether the engine has an image.
pub fn has(image: &str) -> bool {
    Command::new("docker").args(["image", "inspect", image]).output().is_ok_and(|output| output.status.success())
}

/// An image that goes with the bench.
pub struct Image(pub String);

impl Image {
    pub fn build(name: &str, context: &Path) -> Self {
        let name = format!("dlearn-bench/{name}:{}", std::process::id());
        docker(&["build", "-q", "--force-rm", "-t", &name, &context.to_string_lossy()]);
        Self(name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // A failure of the bench itself matters more than a name that stays.
        let _ = Command::new("docker").args(["image", "rm", &self.0]).output();
    }
}

fn write(folder: &Path, path: &str, mode: u32, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
}

/// A small service, as people build them: settings, programs, data, a user.
pub fn shop(base: &str, name: &str) -> Image {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..FILES {
        write(
            folder.path(),
            &format!("shop/conf/{number}.conf"),
            0o644,
            &format!("port = 80{number}\nname = s{number}\n"),
        );
        write(folder.path(), &format!("shop/bin/tool{number}"), 0o755, &format!("#!/bin/sh\necho tool {number}\n"));
        write(folder.path(), &format!("shop/data/{number}.csv"), 0o640, "name,price\ntea,2\n");
    }
    let dockerfile = format!(
        "FROM {base}\nLABEL com.example.vendor=\"Shop & Sons\" build-date=2026-01-02\n\
         ENV SHOP_PORT=8080 SHOP_MODE=production\nWORKDIR /shop\nCOPY shop /shop\n\
         RUN chown -R 1000:1000 /shop/data\nUSER 1000:1000\nEXPOSE 8080\nCMD [\"/shop/bin/tool0\", \"--serve\"]\n"
    );
    write(folder.path(), "Dockerfile", 0o644, &dockerfile);
    Image::build(name, folder.path())
}

/// The same with one thing changed.
pub fn changed(image: &Image, name: &str, instruction: &str) -> Image {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "Dockerfile", 0o644, &format!("FROM {}\nUSER 0\n{instruction}\nUSER 1000:1000\n", image.0));
    Image::build(name, folder.path())
}

/// An application with as many small files as a project in Node has modules, of which a later layer changes some.
pub fn modules(base: &str, name: &str) -> Image {
    let folder = tempfile::tempdir().expect("a folder");
    let dockerfile = format!(
        "FROM {base}\nRUN for p in $(seq 1 500); do mkdir -p /app/node_modules/package-$p/lib && cd \
         /app/node_modules/package-$p/lib && for f in $(seq 1 60); do echo \"export const value = $f;\" > \
         module-$f.js; done; done\nRUN chown -R 1000:1000 /app/node_modules\n"
    );
    write(folder.path(), "Dockerfile", 0o644, &dockerfile);
    Image::build(name, folder.path())
}

/// An image with waste: files that are replaced and deleted, and, where `folders`, whole folders that are.
pub fn wasteful(base: &str, name: &str, folders: bool) -> Image {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "notes.txt", 0o644, &"a line of notes\n".repeat(4000));
    let more = if folders { "RUN rm -r /srv/cache\nRUN rm -r /srv/many\n" } else { "" };
    let dockerfile = format!(
        "FROM {base}\nRUN mkdir -p /srv/cache && head -c 20000000 /dev/urandom > /srv/cache/download\n\
         RUN mkdir /srv/many && for i in $(seq 1 3000); do echo $i > /srv/many/$i; done\n\
         COPY notes.txt /srv/notes.txt\nRUN echo more >> /srv/notes.txt\n\
         RUN head -c 5000000 /dev/urandom > /srv/build.log\nRUN rm /srv/build.log\n{more}"
    );
    write(folder.path(), "Dockerfile", 0o644, &dockerfile);
    Image::build(name, folder.path())
}
