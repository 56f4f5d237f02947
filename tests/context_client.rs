//! The archive against what docker's own clients send, byte for byte. No engine is needed: a
//! listener takes its place. Clients: every `docker` on the PATH (seen with 20.10.24 and 28.2.2).

mod context_support;

use context_support::{Client, clients, listing, record};
use dlearn::context::{Limits, TarStyle, pack};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

fn docker_clients() -> Vec<Client> {
    let found = clients();
    assert!(!found.is_empty(), "no docker client on the PATH: run ./scripts/engine start");
    found
}

fn style(client: &Client) -> TarStyle {
    if client.major() < 23 { TarStyle::WithTypeBits } else { TarStyle::Plain }
}

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, content).expect("a file");
}

fn same(root: &Path, dockerfile: &str) {
    for client in docker_clients() {
        let sent = record(&client, root, &["-f", &root.join(dockerfile).display().to_string()]);
        let theirs = sent.body.unwrap_or_else(|| panic!("{client:?} sent nothing: {}", sent.stderr));
        let ours = pack(root, dockerfile, style(&client), &Limits::default()).expect("a context");
        assert_eq!(listing(&ours.bytes), listing(&theirs), "{client:?}");
        let differs = ours.bytes.iter().zip(&theirs).position(|(a, b)| a != b);
        assert!(
            ours.bytes == theirs,
            "{client:?}: lengths {} {}, first difference {differs:?}",
            ours.bytes.len(),
            theirs.len()
        );
    }
}

#[test]
fn a_folder_with_every_kind_of_file_is_archived_as_docker_does() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    write(root, "Dockerfile", "FROM scratch\nCOPY . /\n");
    write(root, "a/b", "x");
    write(root, "a.txt", "sorted behind the folder a");
    write(root, "a-b", "sorted before the folder a");
    write(root, "empty", "");
    write(root, "exact", &"5".repeat(512));
    write(root, "run.sh", "#!/bin/sh\n");
    fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o755)).expect("mode");
    write(root, "setuid", "x");
    fs::set_permissions(root.join("setuid"), fs::Permissions::from_mode(0o6750)).expect("mode");
    fs::create_dir(root.join("sticky")).expect("a folder");
    fs::set_permissions(root.join("sticky"), fs::Permissions::from_mode(0o1777)).expect("mode");
    symlink("a/b", root.join("link")).expect("a link");
    symlink("/nowhere/at/all", root.join("dangling")).expect("a link");
    symlink("l".repeat(150), root.join("long-target")).expect("a link");
    fs::hard_link(root.join("a/b"), root.join("hard")).expect("a hard link");
    write(root, "zwei/größe ünd.txt", "names beyond ASCII");
    write(root, ".hidden/.file", "x");
    write(root, ".wh.notawhiteout", "x");
    assert!(Command::new("mkfifo").arg(root.join("pipe")).status().expect("mkfifo").success());
    same(root, "Dockerfile");
}

#[test]
fn long_names_are_split_or_extended_as_go_does() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    write(root, "Dockerfile", "FROM scratch\n");
    let part = |length: usize| "n".repeat(length);
    for length in [99, 100, 101, 120, 254] {
        write(root, &part(length), "flat");
    }
    write(root, &format!("{}/{}", part(60), part(60)), "fits when split");
    write(root, &format!("{}/{}", part(155), part(100)), "fits just so");
    write(root, &format!("{}/{}", part(156), part(100)), "prefix too long");
    write(root, &format!("{}/{}", part(40), part(101)), "name too long");
    write(root, &format!("{0}/{0}/{0}/{0}/é", part(90)), "extended");
    write(root, &format!("{}é/{}", part(98), part(20)), "cut behind a slash");
    write(root, &format!("d/{}é/x", part(97)), "cut at a slash");
    for length in [97, 98, 99, 100, 101] {
        fs::create_dir(root.join(format!("d/{}", part(length)))).expect("a folder");
    }
    same(root, "Dockerfile");
}

#[test]
fn owners_are_named_by_the_20_10_client_only_and_times_before_1970_are_kept() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    write(root, "Dockerfile", "FROM scratch\n");
    write(root, "mine", "x");
    write(root, "theirs", "x");
    write(root, "nobody-knows", "x");
    // Without the right to change owners the files stay the tester's, which is a case as well.
    let _ = chown(root.join("theirs"), Some(1), Some(2));
    let _ = chown(root.join("nobody-knows"), Some(45_678), Some(45_679));
    assert!(Command::new("touch").args(["-d", "1965-01-01"]).arg(root.join("mine")).status().expect("touch").success());
    same(root, "Dockerfile");
}

#[test]
fn the_ignore_file_is_applied_as_the_classic_client_does() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    for path in [
        "node_modules/a/b.js",
        "src/main.py",
        "src/main.pyc",
        "src/deep/x.pyc",
        "doc/a.md",
        "doc/keep/b.md",
        "doc/keep/c.txt",
        "README.md",
        "build/Dockerfile",
        ".git/config",
        "x.dockerignore",
    ] {
        write(root, path, path);
    }
    write(root, "Dockerfile", "FROM scratch\n");
    write(root, "Dockerfile.dockerignore", "src\n");
    write(root, ".dockerignore", "# comment\nnode_modules\n**/*.pyc\ndoc\n!doc/keep/*.md\n.git/\n");
    same(root, "Dockerfile");
    write(root, ".dockerignore", "*\n!src\n!build/x\n");
    same(root, "Dockerfile");
    same(root, "build/Dockerfile");
    write(root, ".dockerignore", "Dockerfile\n.dockerignore\nbuild\n");
    same(root, "Dockerfile");
    same(root, "build/Dockerfile");
    write(root, ".dockerignore", "**\n!**/*.md\n");
    same(root, "Dockerfile");
}

#[test]
fn a_socket_is_left_out_as_docker_does() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    write(root, "Dockerfile", "FROM scratch\n");
    let _listener = UnixListener::bind(root.join("server.sock")).expect("a socket");
    same(root, "Dockerfile");
}
