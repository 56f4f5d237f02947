//! Laws of stacked layers, against a tree that unpacks them in the plainest way.

use crate::evidence::{EntryFacts, EntryKind, LayerFacts, LayersFacts};
use crate::layers::{Stack, TreeDifference, tree_differences};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn entry(change: EntryKind, content: &str, size: u64) -> EntryFacts {
    EntryFacts::plain(change, size, content)
}

fn layer(entries: &[(&str, EntryFacts)]) -> LayerFacts {
    let entries = entries.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect();
    LayerFacts { entries, ..LayerFacts::default() }
}

fn file(content: &str) -> EntryFacts {
    entry(EntryKind::File, content, content.len() as u64)
}

fn gone() -> EntryFacts {
    entry(EntryKind::Whiteout, "", 0)
}

fn directory() -> EntryFacts {
    entry(EntryKind::Directory, "", 0)
}

fn facts(layers: Vec<LayerFacts>) -> LayersFacts {
    LayersFacts { layers, truncated: false }
}

fn seen<'a>(stack: &Stack<'a>) -> Vec<&'a str> {
    stack.tree.keys().copied().collect()
}

#[test]
fn a_layer_adds_changes_and_deletes() {
    let facts = facts(vec![
        layer(&[("etc", directory()), ("etc/a", file("one")), ("etc/b", file("four"))]),
        layer(&[("etc", directory()), ("etc/a", file("three")), ("etc/c", file("x"))]),
        layer(&[("etc/b", gone())]),
    ]);
    let stack = Stack::of(&facts);
    let counts: Vec<_> = stack.steps.iter().map(|step| (step.added, step.changed, step.deleted)).collect();
    assert_eq!(counts, [(3, 0, 0), (1, 1, 0), (0, 0, 1)], "an unchanged directory is no change");
    assert_eq!(seen(&stack), ["etc", "etc/a", "etc/c"]);
    assert_eq!((stack.stored_bytes, stack.recoverable_bytes, stack.repeated_bytes), (13, 7, 12));
    assert_eq!(stack.steps[0].recoverable_bytes, 7);
    let hidden: Vec<_> = stack.hidden.iter().map(|hidden| (hidden.path, hidden.by, hidden.deleted)).collect();
    assert_eq!(hidden, [("etc/a", 1, false), ("etc/b", 2, true)]);
}

#[test]
fn a_whiteout_takes_a_whole_directory_and_nothing_of_its_own_layer() {
    let facts = facts(vec![
        layer(&[
            ("a", directory()),
            ("a/x", file("12")),
            ("a/y/z", file("345")),
            ("a0", file("6")),
            ("a-b", file("7")),
        ]),
        layer(&[("a", gone())]),
        layer(&[("a0", entry(EntryKind::Opaque, "", 0)), ("a0/new", file("8"))]),
    ]);
    let stack = Stack::of(&facts);
    assert_eq!(stack.steps[1].deleted, 3, "names that only begin alike stay");
    assert_eq!(seen(&stack), ["a-b", "a0", "a0/new"]);
    assert_eq!(stack.recoverable_bytes, 2 + 3 + 1, "a file that became a directory is replaced");
}

#[test]
fn an_opaque_root_hides_all_that_is_below() {
    let facts = facts(vec![
        layer(&[(".", directory()), ("a", file("1")), ("b/c", file("2"))]),
        layer(&[(".", entry(EntryKind::Opaque, "", 0)), ("a", file("3"))]),
    ]);
    let stack = Stack::of(&facts);
    assert_eq!(seen(&stack), ["a"]);
    assert_eq!((stack.steps[1].added, stack.steps[1].changed, stack.steps[1].deleted), (0, 1, 1));
}

#[test]
fn bytes_that_a_hard_link_still_leads_to_are_needed() {
    let link = |target: &str| entry(EntryKind::HardLink, target, 0);
    let facts = facts(vec![
        layer(&[("bin/ls", link("bin/busybox")), ("bin/busybox", file("program"))]),
        layer(&[("bin/busybox", gone()), ("bin/cat", link("bin/ls"))]),
    ]);
    let stack = Stack::of(&facts);
    assert_eq!((stack.recoverable_bytes, stack.repeated_bytes), (0, 7), "dive does not look where links lead");
    assert!(stack.hidden[0].needed);
    let circle = facts_of_a_circle();
    assert_eq!(Stack::of(&circle).recoverable_bytes, 0);
}

fn facts_of_a_circle() -> LayersFacts {
    let link = |target: &str| entry(EntryKind::HardLink, target, 0);
    facts(vec![layer(&[("a", link("b")), ("b", link("a")), ("c", link("c")), ("d", link("nowhere"))])])
}

#[test]
fn set_id_bits_are_reported_of_files_that_are_still_there() {
    let with = |mode| EntryFacts { mode, ..file("x") };
    let facts = facts(vec![
        layer(&[
            ("bin/su", with(0o4755)),
            ("bin/wall", with(0o2755)),
            ("bin/old", with(0o4755)),
            ("bin/sticky", with(0o1755)),
            ("var/mail", EntryFacts { mode: 0o2775, ..directory() }),
        ]),
        layer(&[("bin/old", gone())]),
    ]);
    let found: Vec<_> = Stack::of(&facts).set_id().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(found, ["bin/su", "bin/wall"]);
}

#[test]
fn final_trees_are_compared_by_what_a_container_sees() {
    let link = |target: &str| entry(EntryKind::HardLink, target, 0);
    let one = facts(vec![
        layer(&[("a", file("1")), ("b", link("a")), ("same", file("s")), ("mode", file("m")), ("kind", file("k"))]),
        layer(&[("late", file("l"))]),
    ]);
    let other = facts(vec![layer(&[
        ("b", file("1")),
        ("a", link("b")),
        ("same", file("S")),
        ("mode", EntryFacts { mode: 0o755, ..file("m") }),
        ("kind", directory()),
        ("more", file("x")),
    ])]);
    let differences = tree_differences((&Stack::of(&one), &one), (&Stack::of(&other), &other));
    let expected = [
        ("kind", TreeDifference::Kind),
        ("late", TreeDifference::OnlyFirst),
        ("mode", TreeDifference::Rights),
        ("more", TreeDifference::OnlySecond),
        ("same", TreeDifference::Content),
    ];
    assert_eq!(differences, expected);
}

/// What unpacking gives: each name with what it is; files by number, so that hard links share one.
#[derive(Clone, Debug, PartialEq)]
enum Unpacked {
    Directory,
    File(usize),
    Other,
}

/// Unpacks layers one over another, path by path.
fn unpack(facts: &LayersFacts) -> (BTreeMap<String, Unpacked>, Vec<u64>) {
    let mut tree: BTreeMap<String, Unpacked> = BTreeMap::new();
    let mut sizes = Vec::new();
    let inside =
        |path: &str, folder: &str| folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    for layer in &facts.layers {
        let lower = tree.clone();
        for (path, entry) in &layer.entries {
            match entry.change {
                EntryKind::Whiteout => tree.retain(|other, _| other != path && !inside(other, path)),
                EntryKind::Directory => {}
                _ => tree.retain(|other, _| !inside(other, path)),
            }
        }
        let real = layer.entries.iter().filter(|(path, entry)| entry.change != EntryKind::Whiteout && *path != ".");
        let (links, rest): (Vec<_>, Vec<_>) = real.partition(|(_, entry)| entry.change == EntryKind::HardLink);
        for (path, entry) in rest {
            let what = match entry.change {
                EntryKind::File => {
                    sizes.push(entry.size);
                    Unpacked::File(sizes.len() - 1)
                }
                EntryKind::Directory | EntryKind::Opaque => Unpacked::Directory,
                _ => Unpacked::Other,
            };
            tree.insert(path.clone(), what);
        }
        for (path, entry) in links {
            let target = match layer.entries.get(&entry.content) {
                Some(own) => tree.get(&entry.content).filter(|_| own.change == EntryKind::File),
                None => lower.get(&entry.content),
            };
            let what = target.filter(|what| matches!(what, Unpacked::File(_))).cloned().unwrap_or(Unpacked::Other);
            tree.insert(path.clone(), what);
        }
    }
    (tree, sizes)
}

/// Few names, so that layers meet; hard links lead to the file `f` of their own layer or of one below.
fn any_layers() -> impl Strategy<Value = LayersFacts> {
    let name = prop::sample::select(vec!["a", "b", "a/b", "a/c", "a/b/c", "a-", "a0", "b/a", "f", "."]);
    let kinds = prop::sample::select(vec![
        EntryKind::File,
        EntryKind::File,
        EntryKind::Directory,
        EntryKind::Link,
        EntryKind::HardLink,
        EntryKind::Whiteout,
        EntryKind::Opaque,
    ]);
    let one = (name, kinds, 0u64..9).prop_map(|(path, change, size)| {
        let change = match (path, change) {
            (".", EntryKind::Opaque) => EntryKind::Opaque,
            (".", _) => EntryKind::Directory,
            ("f", EntryKind::HardLink) => EntryKind::File,
            (_, change) => change,
        };
        let (size, content) = match change {
            EntryKind::File => (size, size.to_string()),
            EntryKind::HardLink => (0, "f".to_owned()),
            _ => (0, String::new()),
        };
        (path.to_owned(), EntryFacts { change, mode: 0o755, uid: 0, gid: 0, size, content })
    });
    let layer = prop::collection::btree_map(Just(()).prop_flat_map(|()| "[a-z]"), one, 0..7)
        .prop_map(|entries| LayerFacts { entries: entries.into_values().collect(), ..LayerFacts::default() });
    prop::collection::vec(layer, 0..6).prop_map(facts)
}

/// The final tree as one layer.
fn squashed(facts: &LayersFacts) -> LayersFacts {
    let stack = Stack::of(facts);
    let mut entries: BTreeMap<String, EntryFacts> = BTreeMap::new();
    for (path, seen) in &stack.tree {
        let mut entry = seen.entry.clone();
        if entry.change == EntryKind::Opaque {
            entry.change = EntryKind::Directory;
        }
        entries.insert((*path).to_owned(), entry);
    }
    super::stack::facts(vec![LayerFacts { entries, ..LayerFacts::default() }])
}

proptest! {
    #[test]
    fn the_tree_is_what_unpacking_gives_and_every_byte_is_counted_once(facts in any_layers()) {
        let stack = Stack::of(&facts);
        let (tree, sizes) = unpack(&facts);
        let shapes: BTreeMap<String, bool> = stack
            .tree
            .iter()
            .map(|(path, seen)| ((*path).to_owned(), matches!(seen.entry.change, EntryKind::Directory | EntryKind::Opaque)))
            .collect();
        let expected: BTreeMap<String, bool> =
            tree.iter().map(|(path, what)| (path.clone(), *what == Unpacked::Directory)).collect();
        prop_assert_eq!(shapes, expected);

        let needed: BTreeSet<usize> =
            tree.values().filter_map(|what| if let Unpacked::File(number) = what { Some(*number) } else { None }).collect();
        let kept: u64 = needed.iter().map(|number| sizes[*number]).sum();
        prop_assert_eq!(stack.stored_bytes, sizes.iter().sum::<u64>());
        prop_assert_eq!(stack.recoverable_bytes + kept, stack.stored_bytes);
        prop_assert_eq!(stack.steps.iter().map(|step| step.recoverable_bytes).sum::<u64>(), stack.recoverable_bytes);
        prop_assert!(stack.recoverable_bytes <= stack.repeated_bytes && stack.repeated_bytes <= stack.stored_bytes);
    }

    #[test]
    fn what_was_added_and_not_deleted_is_what_is_there(facts in any_layers()) {
        let stack = Stack::of(&facts);
        let (added, deleted) = stack.steps.iter().fold((0, 0), |sum, step| (sum.0 + step.added, sum.1 + step.deleted));
        prop_assert_eq!(added - deleted, stack.tree.len());
        let hidden_once: BTreeSet<_> = stack.hidden.iter().map(|hidden| (hidden.layer, hidden.path)).collect();
        prop_assert_eq!(hidden_once.len(), stack.hidden.len(), "a file of a layer is hidden once");
    }

    #[test]
    fn an_empty_layer_changes_nothing_and_one_layer_hides_nothing(mut facts in any_layers()) {
        let before: Vec<String> = Stack::of(&facts).tree.keys().map(ToString::to_string).collect();
        let one = squashed(&facts);
        let stack = Stack::of(&one);
        prop_assert_eq!(stack.tree.keys().map(ToString::to_string).collect::<Vec<_>>(), before.clone());
        prop_assert_eq!((stack.recoverable_bytes, stack.repeated_bytes), (0, 0));
        facts.layers.push(LayerFacts::default());
        prop_assert_eq!(Stack::of(&facts).tree.keys().map(ToString::to_string).collect::<Vec<_>>(), before);
        prop_assert_eq!(Stack::of(&facts).steps.last().copied(), Some(Default::default()));
    }

    #[test]
    fn an_image_differs_from_itself_in_nothing(facts in any_layers(), other in any_layers()) {
        let (one, two) = (Stack::of(&facts), Stack::of(&other));
        prop_assert!(tree_differences((&one, &facts), (&one, &facts)).is_empty());
        let forth: Vec<_> = tree_differences((&one, &facts), (&two, &other)).iter().map(|(path, _)| path.to_string()).collect();
        let back: Vec<_> = tree_differences((&two, &other), (&one, &facts)).iter().map(|(path, _)| path.to_string()).collect();
        prop_assert_eq!(forth, back);
    }
}
