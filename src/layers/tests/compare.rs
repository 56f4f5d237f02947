//! In what layers differ, and what does not count.

use crate::evidence::{EntryFacts, EntryKind, LayerFacts};
use crate::layers::{Difference, DifferenceKind, Place, Tolerance, VOLATILE, compare_layers};

fn entry(change: EntryKind, content: &str) -> EntryFacts {
    let mode = if change == EntryKind::Directory { 0o755 } else { 0o644 };
    EntryFacts { change, mode, uid: 0, gid: 0, size: content.len() as u64, content: content.to_owned() }
}

fn file(content: &str) -> EntryFacts {
    entry(EntryKind::File, content)
}

fn directory() -> EntryFacts {
    entry(EntryKind::Directory, "")
}

fn layer<const N: usize>(entries: [(&str, EntryFacts); N]) -> LayerFacts {
    let entries = entries.into_iter().map(|(path, entry)| (path.to_owned(), entry)).collect();
    LayerFacts { entries, ..LayerFacts::default() }
}

fn copied(built: &LayerFacts, rebuilt: &LayerFacts) -> Vec<(String, DifferenceKind)> {
    kinds(compare_layers(built, rebuilt, Tolerance::Copied))
}

fn ran(built: &LayerFacts, rebuilt: &LayerFacts) -> Vec<(String, DifferenceKind)> {
    kinds(compare_layers(built, rebuilt, Tolerance::Ran))
}

fn kinds(differences: Vec<Difference>) -> Vec<(String, DifferenceKind)> {
    differences.into_iter().map(|difference| (difference.path, difference.what)).collect()
}

/// Both ways round, because no rule may depend on which side is the learner's.
fn ran_equal(one: &LayerFacts, other: &LayerFacts) -> bool {
    let (there, back) = (ran(one, other), ran(other, one));
    assert_eq!(there.is_empty(), back.is_empty());
    there.is_empty()
}

#[test]
fn each_difference_is_found_and_said_in_a_sentence() {
    let built = layer([
        ("app/a", file("one")),
        ("app/b", EntryFacts { mode: 0o755, ..file("b") }),
        ("app/c", EntryFacts { uid: 1000, ..file("c") }),
        ("app/d", directory()),
        ("app/e", entry(EntryKind::Link, "a")),
        ("app/mine", file("m")),
        ("app/gone", entry(EntryKind::Whiteout, "")),
    ]);
    let rebuilt = layer([
        ("app/a", file("other")),
        ("app/b", file("b")),
        ("app/c", file("c")),
        ("app/d", file("d")),
        ("app/e", entry(EntryKind::Link, "b")),
        ("app/theirs", file("t")),
    ]);
    let found = compare_layers(&built, &rebuilt, Tolerance::Ran);
    let sentences: Vec<&str> = found.iter().map(|difference| difference.detail.as_str()).collect();
    assert_eq!(
        sentences,
        [
            "app/a has other content in the image (3 bytes) than in the rebuild (5 bytes).",
            "app/b has mode 0755 in the image and 0644 in the rebuild.",
            "app/c belongs to 1000:0 in the image and to 0:0 in the rebuild.",
            "app/d is a directory in the image and a file in the rebuild.",
            "app/e is a symbolic link to a in the image and to b in the rebuild.",
            "app/gone is deleted in the image and not in the rebuild.",
            "app/mine (a file) is in the image and not in the rebuild.",
            "app/theirs (a file) is in the rebuild and not in the image.",
        ]
    );
    use DifferenceKind::*;
    let what: Vec<DifferenceKind> = found.iter().map(|difference| difference.what).collect();
    assert_eq!(what, [Content, Mode, Owner, Kind, Content, OnlyBuilt, OnlyBuilt, OnlyRebuilt]);
}

#[test]
fn equal_diff_ids_end_the_comparison() {
    let one = LayerFacts { diff_id: "sha256:1".into(), ..layer([("a", file("a"))]) };
    let other = LayerFacts { diff_id: "sha256:1".into(), ..LayerFacts::default() };
    assert!(copied(&one, &other).is_empty());
    assert_eq!(copied(&layer([("a", file("a"))]), &LayerFacts::default()).len(), 1, "no diff id is no proof");
}

#[test]
fn only_the_group_write_bit_is_free() {
    let with = |mode| layer([("a", EntryFacts { mode, ..file("a") })]);
    assert!(copied(&with(0o664), &with(0o644)).is_empty());
    assert!(copied(&with(0o755), &with(0o775)).is_empty());
    for mode in [0o666, 0o645, 0o4644, 0o600] {
        assert_eq!(copied(&with(0o644), &with(mode)).len(), 1, "{mode:o}");
    }
    let link = |mode| layer([("a", EntryFacts { mode, ..entry(EntryKind::Link, "b") })]);
    assert!(copied(&link(0o777), &link(0o755)).is_empty(), "the mode of a link means nothing");
}

#[test]
fn a_parent_directory_may_be_listed_by_one_side_only() {
    let bare = layer([("app/x/file", file("f"))]);
    let listed = layer([("app", directory()), ("app/x", directory()), ("app/x/file", file("f"))]);
    assert!(copied(&bare, &listed).is_empty() && copied(&listed, &bare).is_empty());
    // A name that only begins alike is not below.
    let alike = layer([("app", directory()), ("app-2", file("f"))]);
    assert_eq!(copied(&layer([("app-2", file("f"))]), &alike), [("app".to_owned(), DifferenceKind::OnlyRebuilt)]);
    let empty = layer([("app", directory()), ("app/x", directory())]);
    assert_eq!(copied(&empty, &layer([])), [("app/x".to_owned(), DifferenceKind::OnlyBuilt)]);
    let emptied = layer([("app", entry(EntryKind::Opaque, "")), ("app/x/file", file("f"))]);
    assert_eq!(copied(&emptied, &bare).len(), 1, "an emptied directory hides files");
    let root = layer([(".", directory()), ("a", file("a"))]);
    assert!(copied(&root, &layer([("a", file("a"))])).is_empty());
}

#[test]
fn which_name_of_a_file_is_the_link_does_not_matter() {
    let one = layer([("a", file("f")), ("b", entry(EntryKind::HardLink, "a"))]);
    let other = layer([("a", entry(EntryKind::HardLink, "b")), ("b", file("f"))]);
    assert!(copied(&one, &other).is_empty());
    let changed = layer([("a", file("g")), ("b", entry(EntryKind::HardLink, "a"))]);
    assert_eq!(copied(&one, &changed).len(), 2);
    let circle = layer([("a", entry(EntryKind::HardLink, "b")), ("b", entry(EntryKind::HardLink, "a"))]);
    assert_eq!(copied(&one, &circle).len(), 2);
}

#[test]
fn what_builds_write_differently_is_free_for_run_steps_only() {
    for path in [
        "var/log/apt/term.log",
        "var/cache/debconf/config.dat",
        "root/.cache/pip/selfcheck.json",
        "home/app/.cache/pip/x",
        "root/.npm/_logs/2024-01-01.log",
        "tmp/a8sdf",
        "var/tmp/x",
        "run/lock",
        "var/lib/apt/lists/deb.debian.org_InRelease",
        "var/lib/dpkg/status-old",
        "etc/passwd-",
        "etc/ld.so.cache",
        "etc/hostname",
        "etc/hosts",
        "etc/resolv.conf",
        "usr/lib/python3.11/__pycache__/os.cpython-311.pyc",
    ] {
        let (one, other) = (layer([(path, file("1"))]), layer([(path, file("2"))]));
        assert!(ran_equal(&one, &other), "{path}: other content");
        assert!(ran_equal(&one, &layer([])), "{path}: lacking");
        assert_eq!(copied(&one, &other).len(), 1, "{path}: copied");
        assert_eq!(copied(&one, &layer([])).len(), 1, "{path}: copied, lacking");
    }
}

#[test]
fn some_files_may_differ_but_not_be_lacking() {
    for path in [
        "etc/shadow",
        "etc/machine-id",
        "app/__pycache__/main.cpython-311.pyc",
        "opt/venv/lib/python3.11/site-packages/flask/__pycache__/app.cpython-311.pyc",
        "opt/venv/lib/python3.11/site-packages/flask-3.0.dist-info/RECORD",
        "usr/lib/python3/dist-packages/six-1.dist-info/INSTALLER",
        "usr/local/lib/python3.11/site-packages/a-1.dist-info/direct_url.json",
    ] {
        let (one, other) = (layer([(path, file("1"))]), layer([(path, file("2"))]));
        assert!(ran_equal(&one, &other), "{path}");
        assert!(!ran_equal(&one, &layer([])), "{path}");
    }
}

#[test]
fn the_list_is_strict() {
    for path in [
        "app/main.py",
        "app/var/log/x",
        "app/tmp/x",
        "app/.cache/x",
        "srv/run/x",
        "home/app/main.py",
        "home/.cache",
        "home/app/x/.cache/y",
        "var/logs/x",
        "var/www/x.old",
        "tmpfile",
        "opt/config.old",
        "etc/passwd",
        "etc/shadow2",
        "etc/app/hosts",
        "var/lib/dpkg/status",
        "usr/lib/python3.11/os.pyc",
        "app/__pycache__/main.py",
        "app/x__pycache__/main.pyc",
        "app/evil.dist-info/RECORD",
        "usr/lib/python3.11/site-packages/flask-3.0.dist-info/METADATA",
        "usr/local/bin/flask",
        "var/log/../../app/main.py",
    ] {
        assert!(!ran_equal(&layer([(path, file("1"))]), &layer([(path, file("2"))])), "{path}");
    }
}

#[test]
fn mode_owner_and_kind_count_in_volatile_places_too() {
    let log = |change: EntryFacts| layer([("var/log/x", change)]);
    assert!(!ran_equal(&log(file("1")), &log(EntryFacts { mode: 0o4755, ..file("2") })));
    assert!(!ran_equal(&log(file("1")), &log(EntryFacts { uid: 7, ..file("1") })));
    assert!(!ran_equal(&log(file("1")), &log(entry(EntryKind::Link, "1"))));
}

#[test]
fn what_the_builders_mount_into_leaves_a_directory_at_most() {
    for path in ["etc", "dev", "proc", "sys"] {
        assert!(ran_equal(&layer([(path, directory())]), &layer([])), "{path}");
        assert!(!ran_equal(&layer([(path, entry(EntryKind::Whiteout, ""))]), &layer([])), "{path} is gone");
        assert!(!ran_equal(&layer([(path, directory())]), &layer([(path, entry(EntryKind::Opaque, ""))])), "{path}");
    }
    assert!(!ran_equal(&layer([("etc/conf.d", directory())]), &layer([])));
    assert!(!copied(&layer([("etc", directory())]), &layer([])).is_empty());
}

#[test]
fn every_row_of_the_list_has_a_reason_and_a_path_without_slash() {
    for row in VOLATILE {
        assert!(row.reason.len() > 10, "{row:?}");
        let (Place::Below(path)
        | Place::InHomes(path)
        | Place::Is(path)
        | Place::Directory(path)
        | Place::BackupsBelow(path)
        | Place::BytecodeBelow(path)
        | Place::InDistInfo(path)) = row.place;
        assert!(!path.starts_with('/') && !path.ends_with('/'), "{row:?}");
    }
}
