//! What goes into a context, and what is refused: hostile folders, limits, files in memory, and
//! BuildKit's rules, as buildx 0.29 with Engine 28.5.2 was seen to follow them.

mod context_support;

use context_support::listing;
use dlearn::context::{ContextError, Limits, TarStyle, Verdict, pack, pack_files, pack_to, survey};
use dlearn::course::FileSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, content).expect("a file");
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (path, content) in files {
        write(root.path(), path, content);
    }
    root
}

fn names(archive: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().expect("an archive");
    entries.map(|entry| String::from_utf8_lossy(&entry.expect("an entry").path_bytes()).into_owned()).collect()
}

fn packed(root: &Path, style: TarStyle) -> Vec<String> {
    names(&pack(root, "Dockerfile", style, &Limits::default()).expect("a context").bytes)
}

fn refused(root: &Path, dockerfile: &str) -> ContextError {
    let error = pack(root, dockerfile, TarStyle::Plain, &Limits::default()).expect_err("it is refused");
    assert!(!error.help().is_empty());
    error
}

#[test]
fn buildkit_gets_the_folders_of_its_exceptions_and_reads_its_own_ignore_file() {
    let root = folder(&[
        ("Dockerfile", "FROM scratch\n"),
        ("sub/deep/keep.md", "x"),
        ("sub/deep/other.txt", "x"),
        ("sub/empty/x.txt", "x"),
        ("top.txt", "x"),
        (".dockerignore", "**\n!**/*.md\n"),
    ]);
    let root = root.path();
    assert_eq!(packed(root, TarStyle::BuildKit), ["Dockerfile", "sub/", "sub/deep/", "sub/deep/keep.md"]);
    assert_eq!(packed(root, TarStyle::Plain), [".dockerignore", "Dockerfile"]);

    write(root, ".dockerignore", "sub\n!sub/deep/keep.md\n");
    let theirs = packed(root, TarStyle::BuildKit);
    assert_eq!(theirs, [".dockerignore", "Dockerfile", "sub/", "sub/deep/", "sub/deep/keep.md", "top.txt"]);
    assert_eq!(packed(root, TarStyle::Plain), [".dockerignore", "Dockerfile", "sub/deep/keep.md", "top.txt"]);

    write(root, "Dockerfile.dockerignore", "sub\n*.dockerignore\n");
    assert_eq!(packed(root, TarStyle::BuildKit), ["Dockerfile", "top.txt"]);
    // An empty file of that name counts, too.
    write(root, "Dockerfile.dockerignore", "");
    assert!(packed(root, TarStyle::BuildKit).contains(&"sub/empty/x.txt".to_owned()));
}

#[test]
fn a_socket_is_an_empty_file_for_buildkit() {
    let root = folder(&[("Dockerfile", "FROM scratch\n")]);
    let _listener = std::os::unix::net::UnixListener::bind(root.path().join("server.sock")).expect("a socket");
    let packed = pack(root.path(), "Dockerfile", TarStyle::BuildKit, &Limits::default()).expect("a context");
    assert!(listing(&packed.bytes)[1].contains("Regular size 0"), "{:?}", listing(&packed.bytes));
}

#[test]
fn the_dockerfile_is_found_as_docker_finds_it() {
    let root = folder(&[("dockerfile", "FROM scratch\n"), ("docker/prod.Dockerfile", "FROM scratch\n")]);
    let root = root.path();
    let found = |given: &str| pack(root, given, TarStyle::Plain, &Limits::default()).map(|packed| packed.dockerfile);
    assert_eq!(found("Dockerfile").expect("small letters"), "dockerfile");
    assert_eq!(found("docker/prod.Dockerfile").expect("a name"), "docker/prod.Dockerfile");
    symlink("docker/prod.Dockerfile", root.join("link")).expect("a link");
    assert_eq!(found("link").expect("a link inside"), "docker/prod.Dockerfile");
    assert!(matches!(refused(root, "none"), ContextError::NoDockerfile { .. }));
    assert!(matches!(refused(root, "docker"), ContextError::NoDockerfile { .. }));
    assert!(matches!(refused(root, "../Dockerfile"), ContextError::NoDockerfile { .. }));
    let outside = folder(&[("Dockerfile", "FROM scratch\n")]);
    symlink(outside.path().join("Dockerfile"), root.join("out")).expect("a link");
    assert!(matches!(refused(root, "out"), ContextError::DockerfileOutside { .. }));
}

#[test]
fn links_are_carried_and_never_followed() {
    let secret = folder(&[("secret", "hunter2")]);
    let root = folder(&[("Dockerfile", "FROM scratch\n")]);
    let root = root.path();
    symlink(secret.path(), root.join("folder")).expect("a link");
    symlink(secret.path().join("secret"), root.join("file")).expect("a link");
    symlink(".", root.join("loop")).expect("a link");
    let packed = pack(root, "Dockerfile", TarStyle::Plain, &Limits::default()).expect("a context");
    assert_eq!(names(&packed.bytes), ["Dockerfile", "file", "folder", "loop"]);
    assert!(!packed.bytes.windows(7).any(|window| window == b"hunter2"));
    // An ignore file that is a link outwards would show its target's lines in our messages.
    symlink(secret.path().join("secret"), root.join(".dockerignore")).expect("a link");
    let error = refused(root, "Dockerfile");
    assert!(matches!(&error, ContextError::Unreadable { path, .. } if path == ".dockerignore"), "{error}");
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn limits_are_held_before_anything_large_is_read() {
    let root = folder(&[("Dockerfile", "FROM scratch\n"), ("a/1", "x"), ("a/2", "x"), ("a/3", "x")]);
    let root = root.path();
    let with = |files, bytes| pack(root, "Dockerfile", TarStyle::Plain, &Limits { files, bytes });
    assert!(matches!(with(4, 1000), Err(ContextError::TooManyFiles { limit: 4 })));
    assert!(with(5, 1000).is_ok());
    assert!(matches!(with(5, 15), Err(ContextError::TooLarge { limit: 15, path }) if path == "a/3"));
    assert!(with(5, 16).is_ok());
    // A sparse file of 1 TiB costs nothing to make.
    fs::File::create(root.join("huge")).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    assert!(matches!(refused(root, "Dockerfile"), ContextError::TooLarge { .. }));
    write(root, ".dockerignore", "huge\n");
    assert!(pack(root, "Dockerfile", TarStyle::Plain, &Limits::default()).is_ok());
    let mut deep = root.to_path_buf();
    for _ in 0..300 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).expect("folders");
    assert!(matches!(refused(root, "Dockerfile"), ContextError::TooDeep { .. }));
}

#[test]
fn excluded_files_count_towards_a_limit_of_their_own() {
    let root = folder(&[("Dockerfile", "FROM scratch\n"), (".dockerignore", "**\n!**/*.md\n")]);
    for number in 0..50 {
        write(root.path(), &format!("many/{number}"), "");
    }
    let limits = Limits { files: 10, bytes: 1000 };
    let refused = pack(root.path(), "Dockerfile", TarStyle::BuildKit, &limits);
    assert!(matches!(refused, Err(ContextError::TooManyFiles { limit: 10 })));
}

#[test]
fn a_bad_ignore_file_and_a_missing_folder_are_named() {
    let root = folder(&[("Dockerfile", "FROM scratch\n"), (".dockerignore", "ok\n[\n")]);
    let text = refused(root.path(), "Dockerfile").to_string();
    assert!(text.contains(".dockerignore") && text.contains("line 2"), "{text}");
    assert!(matches!(refused(&root.path().join("none"), "Dockerfile"), ContextError::Root { .. }));
    assert!(matches!(refused(&root.path().join("Dockerfile"), "Dockerfile"), ContextError::Root { .. }));
}

#[test]
fn files_in_memory_are_archived_like_the_folder_they_would_make() {
    let files: FileSet = [
        ("Dockerfile", "FROM scratch\n"),
        ("a.txt", "x"),
        ("a/run.sh", "#!/bin/sh\n"),
        ("a/b/c", "x"),
        ("out/x", "x"),
        (".dockerignore", "out\n"),
    ]
    .into_iter()
    .map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()))
    .collect();
    let memory = pack_files(&files, "Dockerfile", TarStyle::Plain, &Limits::default()).expect("a context");
    let without_time = |archive: &[u8]| -> Vec<String> {
        listing(archive).iter().filter_map(|line| line.split(" time ").next().map(str::to_owned)).collect()
    };
    let lines = without_time(&memory.bytes);
    assert!(lines.iter().any(|line| line.starts_with("a/run.sh 755")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("a/b/ 755 Directory")), "{lines:?}");
    assert_eq!(names(&memory.bytes), [".dockerignore", "Dockerfile", "a/", "a/b/", "a/b/c", "a/run.sh", "a.txt"]);
    assert!(pack_files(&FileSet::new(), "Dockerfile", TarStyle::Plain, &Limits::default()).is_err());
}

#[test]
fn a_writer_that_fails_is_reported() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let root = folder(&[("Dockerfile", "FROM scratch\n")]);
    let sent = pack_to(root.path(), "Dockerfile", TarStyle::Plain, &Limits::default(), &mut Full);
    assert!(matches!(sent, Err(ContextError::Write(_))));
}

#[test]
fn a_survey_says_of_each_path_why() {
    let root = folder(&[
        ("Dockerfile", "FROM scratch\n"),
        ("src/main.py", "12345"),
        ("src/main.pyc", "123"),
        ("node_modules/a/b.js", "1234567"),
        ("node_modules/c.js", "1"),
        (".dockerignore", "node_modules\n**/*.pyc\nDockerfile\n"),
    ]);
    let found = survey(root.path(), "Dockerfile").expect("a survey");
    let lines: Vec<_> = found
        .entries
        .iter()
        .map(|entry| {
            (entry.path.as_str(), entry.verdict, entry.rule.as_ref().map(|rule| rule.line), entry.bytes, entry.files)
        })
        .collect();
    assert_eq!(
        lines,
        [
            (".dockerignore", Verdict::In, None, 33, 1),
            ("Dockerfile", Verdict::OnlyForBuilder, Some(3), 13, 1),
            ("node_modules/", Verdict::Out, Some(1), 8, 2),
            ("src/", Verdict::In, None, 0, 0),
            ("src/main.py", Verdict::In, None, 5, 1),
            ("src/main.pyc", Verdict::Out, Some(2), 3, 1),
        ]
    );
    assert_eq!((found.files_in, found.bytes_in, found.files_out, found.bytes_out), (2, 38, 4, 24));
    assert_eq!(found.ignore_file.as_deref(), Some(".dockerignore"));
    assert!(!found.truncated);
    assert!(survey(&root.path().join("none"), "Dockerfile").is_err());
    fs::remove_file(root.path().join("Dockerfile")).expect("removed");
    assert!(survey(root.path(), "Dockerfile").is_ok());
}
