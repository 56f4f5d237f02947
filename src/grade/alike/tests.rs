use super::*;
use crate::course::FileSet;
use proptest::prelude::*;
use std::collections::BTreeSet;

const STARTER: &str = "FROM busybox:1.36\nWORKDIR /site\n# your work\nCMD [\"httpd\", \"-f\"]\n";

/// What somebody with this value wrote.
const OWN: &str = "\
FROM busybox:1.36
# my very own server
WORKDIR /site
RUN adduser -D -u 1042 keeper && mkdir -p /site/cache/pages && chown keeper /site/cache/pages
ENV GREETING=\"hello from the harbour\" COLOUR=teal
RUN printf 'pages=%s colour=%s' \"$GREETING\" teal > /site/cache/pages/settings.conf
CMD [\"httpd\", \"-f\"]
";

fn files(all: &[(&str, &str)]) -> FileSet {
    all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn print_of(text: &str, values: &[&str]) -> Print {
    let given = Given::new(&files(&[("Dockerfile", STARTER)]), values);
    Print::of(&files(&[("Dockerfile", text)]), &given)
}

/// The pairs of a class, each with a print and a token.
fn pairs_of(class: &[(&str, &Print, Option<&str>, &[&str])]) -> Vec<Pair> {
    let held: Vec<BTreeSet<String>> =
        class.iter().map(|(_, _, _, held)| held.iter().map(|token| (*token).to_owned()).collect()).collect();
    let submitted = class.iter().zip(&held).enumerate().map(|(index, ((learner, print, token, _), in_images))| {
        Submitted { index, learner, token: *token, in_images, print }
    });
    pairs("E01", &submitted.collect::<Vec<_>>())
}

#[test]
fn what_was_given_comments_and_white_space_are_nobodys_own() {
    assert!(print_of("\n  from   busybox:1.36 # mine\n# a note\n\tWORKDIR /site\n", &[]).files.is_empty());
    let print = print_of(OWN, &["teal"]);
    let numbers: Vec<usize> = print.lines().map(|line| line.number).collect();
    assert_eq!(numbers, [4, 5, 6]);
    assert_eq!(print.files[0].1[1].normal, "env greeting=\"hello from the harbour\" colour=·");
    assert_eq!(print.files[0].1[1].text, "ENV GREETING=\"hello from the harbour\" COLOUR=teal");
}

#[test]
fn comments_are_those_of_the_kind_of_file() {
    let normal = |path: &str, text: &str| normal::lines(path, text, &[]);
    assert_eq!(normal("a.py", "x = 1  # one\ny = '#fff'\n#z"), ["x = 1", "y = '#fff'", ""]);
    assert_eq!(normal("a.js", "a /* b\nc */ d // e\nf('http://x')"), ["a", "d", "f('http://x')"]);
    assert_eq!(normal("a.html", "<p><!-- a --><b>\n<!--\nx\n--></b>"), ["<p><b>", "", "", "</b>"]);
    assert_eq!(normal("a.json", "{\"#\": \"//\"}"), ["{\"#\": \"//\"}"]);
}

#[test]
fn a_disguised_copy_is_flagged_with_its_lines_side_by_side() {
    let ada = print_of(OWN, &["teal"]);
    let copy = OWN.replace("teal", "amber").replace("# my very own server\n", "").replace("=%s colour", "=%s  colour");
    let bob = print_of(&copy.to_lowercase().replace("1042", "1077"), &["amber"]);
    let cleo = print_of(
        "FROM busybox:1.36\nRUN set -eu; for page in index about contact imprint; do touch \"/srv/$page.html\"; done\n\
         USER 1000:1000\nEXPOSE 9000\nENTRYPOINT [\"/bin/sh\", \"-c\", \"exec httpd -f -p 9000 -h /srv\"]\n",
        &["plum"],
    );
    let found = pairs_of(&[("ada", &ada, Some("1"), &[]), ("bob", &bob, Some("2"), &[]), ("cleo", &cleo, None, &[])]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let pair = &found[0];
    assert_eq!((&pair.learners, pair.submissions), (&["ada".to_owned(), "bob".to_owned()], [0, 1]));
    assert!(!pair.same_token && pair.percent().is_some_and(|percent| (90..100).contains(&percent)), "{pair:#?}");
    let same: Vec<bool> = pair.files[0].rows.iter().map(|row| row.same).collect();
    assert_eq!(same, [false, true, true]);
    assert_eq!(pair.files[0].rows[1].left.as_ref().unwrap().0, 5);
    assert_eq!(pair.files[0].rows[1].right.as_ref().unwrap().0, 4);
    assert_eq!(pair.reasons(), [format!("own lines {} % alike (Dockerfile)", pair.percent().unwrap())]);
}

#[test]
fn the_only_right_answer_and_what_many_wrote_alike_flag_nobody() {
    let short = print_of("FROM busybox:1.36\nWORKDIR /site\nEXPOSE 8080\n", &[]);
    assert!(pairs_of(&[("ada", &short, None, &[]), ("bob", &short, None, &[])]).is_empty(), "too little to tell");
    let own = print_of(OWN, &[]);
    let class: Vec<(&str, &Print, Option<&str>, &[&str])> =
        ["a", "b", "c", "d", "e", "f"].map(|learner| (learner, &own, None, &[][..])).into();
    assert!(pairs_of(&class).is_empty(), "six of six have it from the same page");
    assert_eq!(pairs_of(&class[..5]).len(), 10);
}

#[test]
fn renamed_files_are_compared_with_those_that_hold_their_lines() {
    let given = Given::new(&FileSet::new(), &[]);
    let one = Print::of(&files(&[("Dockerfile", OWN), ("x.py", "print(1)")]), &given);
    let other = Print::of(&files(&[("docker/Dockerfile.prod", OWN), ("y.py", "print(2)")]), &given);
    let found = pairs_of(&[("ada", &one, None, &[]), ("bob", &other, None, &[])]);
    assert_eq!(found[0].files.len(), 1);
    assert_eq!(found[0].files[0].names, ["Dockerfile", "docker/Dockerfile.prod"]);
}

#[test]
fn tokens_tell_of_a_copy_in_files_and_in_images() {
    let none = Print::default();
    let found = pairs_of(&[
        ("ada", &none, Some("aa"), &["aa", "ff"]),
        ("bob", &none, Some("aa"), &["aa", "ff"]),
        ("cleo", &none, Some("cc"), &["aa", "ff"]),
        ("dan", &none, Some("dd"), &["dd", "ff"]),
        ("eve", &none, None, &["ff"]),
        ("fay", &none, None, &["ff"]),
    ]);
    let told: Vec<(usize, usize, bool, bool)> = found
        .iter()
        .map(|pair| (pair.submissions[0], pair.submissions[1], pair.same_token, pair.same_token_in_images))
        .collect();
    // `ff` lies in everybody's images: it came with the exercise.
    assert_eq!(told, [(0, 1, true, false), (0, 2, false, true), (1, 2, false, true)]);
    assert!(found.iter().all(|pair| pair.ratio.is_none() && pair.files.is_empty()));
}

#[test]
fn nothing_of_a_line_steers_and_long_ones_are_cut() {
    let print = print_of(&format!("RUN \x1b[2J\u{202e}\techo {}\n", "x".repeat(5000)), &[]);
    let line = &print.files[0].1[0];
    assert!(line.text.chars().count() <= 201 && line.text.ends_with('…'), "{}", line.text);
    assert!(!line.text.contains(|char: char| char.is_control() || char == '\u{202e}'));
}

#[test]
fn only_texts_of_the_exercises_folder_are_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("E01/app")).unwrap();
    for (path, content) in [
        ("E01/Dockerfile", &b"FROM x"[..]),
        ("E01/token", b"0123456789abcdef"),
        ("E01/README.md", b"# E01"),
        ("E01/app/big", &[b'x'; 70_000]),
        ("E01/app/a.py", b"print()"),
        ("other", b"x"),
    ] {
        std::fs::write(dir.path().join(path), content).unwrap();
    }
    let names = ["E01/Dockerfile", "E01/README.md", "E01/app/a.py", "E01/app/big", "E01/gone", "E01/token", "other"];
    let names: Vec<String> = names.map(str::to_owned).into();
    let read: Vec<String> = read(dir.path(), &names, "E01").into_keys().collect();
    assert_eq!(read, ["Dockerfile", "app/a.py"]);
    let binary = Print::of(&FileSet::from([("a".to_owned(), b"a\0b".to_vec())]), &Given::default());
    assert_eq!(binary, Print::default());
}

/// A class of 200 with five files each, in which two have copied.
#[test]
fn the_two_that_copied_are_found_in_a_large_class() {
    let own = |learner: usize, file: usize| -> String {
        let line = |line: usize| {
            let salt = (learner * 7919 + file * 104_729 + line * 1_299_709) % 9973;
            // A third of the lines are as anybody writes them.
            match line % 3 {
                0 => format!("import module_{line} as helper_{file}\n"),
                _ => format!("value_{salt} = compute_{}(argument_{salt}, {line}) + offset_{}\n", salt % 17, salt % 31),
            }
        };
        (0..15).map(line).collect()
    };
    let print = |learner: usize| {
        let all: FileSet = (0..5).map(|file| (format!("f{file}.py"), own(learner, file).into_bytes())).collect();
        Print::of(&all, &Given::default())
    };
    let prints: Vec<Print> = (0..200).map(|learner| print(if learner == 150 { 20 } else { learner })).collect();
    let names: Vec<String> = (0..200).map(|learner| format!("learner-{learner}")).collect();
    let in_images = BTreeSet::new();
    let all: Vec<Submitted<'_>> = prints
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(index, (print, learner))| Submitted { index, learner, token: None, in_images: &in_images, print })
        .collect();
    let found = pairs("E01", &all);
    let told: Vec<_> = found.iter().map(|pair| (pair.submissions, pair.percent())).collect();
    assert_eq!(told, [([20, 150], Some(100))]);
}

proptest! {
    #[test]
    fn ratios_are_ratios_whoever_is_first_and_nothing_panics(one in "[a-c# /*\n]{0,200}", other in "[a-c# /*\n]{0,200}") {
        let given = Given::default();
        for path in ["a.js", "Dockerfile", "a.html"] {
            let [one, other] = [&one, &other].map(|text| Print::of(&files(&[(path, text)]), &given));
            let ratio = evidence::ratio(&one, &other);
            prop_assert!((0.0..=1.0).contains(&ratio) && ratio <= evidence::at_most(&one, &other) + 1e-9);
            prop_assert!((ratio - evidence::ratio(&other, &one)).abs() < 0.15);
            prop_assert_eq!(evidence::ratio(&one, &one), if one.lines().any(|line| normal::words(&line.normal).next().is_some()) { 1.0 } else { 0.0 });
            for both in evidence::side_by_side(&one, &other) {
                prop_assert!(both.rows.iter().all(|row| row.left.is_some() || row.right.is_some()));
            }
        }
    }
}
