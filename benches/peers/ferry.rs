//! Exercise E02's questions that need no build, for an image that answers them: as a file of checks, and as the bash
//! script that somebody writes who has the docker command.

use crate::images::Image;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const TOKEN: &str = "3f9c2ab04d1e";

/// The ferry's program, its token, nothing of a toolchain.
pub fn image() -> Image {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    write("token", TOKEN);
    write(
        "ferry",
        "#!/bin/sh\n[ $# -eq 0 ] && echo 'Welcome aboard, Ada!' || echo \"The next ferry to $1 leaves at 12:34.\"\n",
    );
    write(
        "Dockerfile",
        "FROM busybox:1.36\nCOPY --chown=0:0 ferry /ferry\nCOPY token /token\nENTRYPOINT [\"/ferry\"]\n",
    );
    fs::set_permissions(folder.path().join("ferry"), fs::Permissions::from_mode(0o755)).expect("its mode");
    Image::build("ferry", folder.path())
}

/// The exercise's checks `built` (that it exists), `token`, `starts`, `works`, `words`, `toolchain` and `size`.
pub fn checks(image: &str) -> String {
    format!(
        "title: A program without its compiler
images: {{ app: \"{image}\" }}
bases: [\"busybox:1.36\"]
checks:
  - id: built
    title: The image exists
    check: {{ image_exists: {{ image: app }} }}
  - id: token
    title: The token lies in it
    after: [built]
    check: {{ file: {{ image: app, path: /token, content: {{ equals: {TOKEN} }} }} }}
  - id: starts
    title: A container of it starts, and ends without an error
    after: [built]
    check: {{ command: {{ image: app }} }}
  - id: works
    title: A container greets Ada
    after: [starts]
    check: {{ command: {{ image: app, stdout: {{ contains: [\"Welcome aboard, Ada!\"] }} }} }}
  - id: words
    title: It hands the program the words behind the image's name
    after: [works]
    check: {{ command: {{ image: app, args: [Ithaca], stdout: {{ contains: [\"The next ferry to Ithaca leaves at 12:34.\"] }} }} }}
  - id: toolchain
    title: The Go toolchain is not in it
    after: [works]
    recipe: {{ name: no-build-tools, with: {{ image: app, tool: /usr/local/go/bin/go }} }}
  - id: size
    title: It has at most 120 % of the size of its base
    after: [toolchain]
    check: {{ size: {{ image: app, at_most: 1.2, of: {{ image: \"busybox:1.36\" }} }} }}
"
    )
}

/// The same in bash, as somebody would write it who does not want to wait: what two checks look at is started once, and
/// files are read from a container that is created and never started.
pub fn script(image: &str) -> String {
    format!(
        "#!/bin/bash
image={image} failed=0
check() {{ if \"$@\" >/dev/null 2>&1; then echo \"ok: $*\"; else echo \"failed: $*\"; failed=1; fi; }}
files=$(mktemp -d)
box=$(docker create \"$image\")
trap 'docker rm \"$box\" >/dev/null; rm -rf \"$files\"' EXIT
said=$(docker run --rm --network none \"$image\") && started=yes || started=no
token() {{ docker cp \"$box:/token\" \"$files/token\" && [ \"$(<\"$files/token\")\" = {TOKEN} ]; }}
starts() {{ [ $started = yes ]; }}
greets() {{ grep -q 'Welcome aboard, Ada!' <<<\"$said\"; }}
words() {{ docker run --rm --network none \"$image\" Ithaca | grep -q 'The next ferry to Ithaca leaves at 12:34.'; }}
toolchain() {{ ! docker cp \"$box:/usr/local/go/bin/go\" \"$files/go\"; }}
bytes() {{ docker image inspect -f '{{{{.Size}}}}' \"$1\"; }}
size() {{ [ $(($(bytes \"$image\") * 100)) -le $(($(bytes busybox:1.36) * 120)) ]; }}
check docker image inspect \"$image\"
check token
check starts
check greets
check words
check toolchain
check size
exit $failed
"
    )
}

/// Writes both into a folder.
pub fn write(folder: &Path, image: &str) {
    fs::write(folder.join("checks.yaml"), checks(image)).expect("a file");
    fs::write(folder.join("check.sh"), script(image)).expect("a file");
}
