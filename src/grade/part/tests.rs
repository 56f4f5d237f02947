use super::*;
use crate::check::{Finding, Verdict};
use crate::course::{Course, Source};
use crate::grade::closing::Closing;
use crate::grade::gradebook::State;
use crate::grade::judge::Came;
use crate::grade::late::{self, Deadlines, Policy};
use crate::grade::roster::Roster;
use crate::grade::score::Points;
use crate::report;
use crate::report::hostile::{HOSTILE, NEVER};

const LEARNERS: [&str; 6] = ["ada", "bob", "cleo", "dan", "eve", "fay"];

/// E01 and E03 of everybody; bob, dan and fay fail in a check each, and ada and eve share a token.
fn class() -> (Vec<Column>, Vec<Graded>) {
    let course = Course::load(&Source::Embedded).unwrap();
    let entries = [&course.exercises["E01"], &course.exercises["E03"]];
    let columns: Vec<Column> = entries.iter().map(|entry| Column::of(entry)).collect();
    let graded = |(at, learner): (usize, &&str)| {
        let exercises = entries.iter().zip(&columns).map(|(entry, column)| {
            let rounds = entry.rounds(&course.recipes, "0123456789abcdef", &str::to_owned).unwrap();
            let finding = |(nth, check): (usize, &crate::check::Check)| match at % 2 == 1 && nth == at {
                true => Finding::of(check, Verdict::not_yet("a\u{1b}[2J", learner.to_string(), "c")),
                false => Finding::of(check, Verdict::pass()),
            };
            let came = |round: &crate::course::Round| Came::Judged {
                findings: round.checks.iter().enumerate().map(finding).collect(),
                stopped: None,
                tokens: BTreeSet::from(["ab".repeat(8)]),
            };
            let token = format!("{:016x}", if at == 4 { 0 } else { at });
            let rounds: Vec<_> = rounds.iter().map(|round| (round.clone(), came(round))).collect();
            GradedExercise::judged(column, &rounds, Some(token))
        });
        Graded { learner: learner.to_string(), source: learner.to_string(), ..Graded::of(exercises.collect()) }
    };
    let graded = LEARNERS.iter().enumerate().map(graded).collect();
    (columns, graded)
}

fn grounds() -> Grounds {
    Grounds {
        course: "docker".into(),
        content: "c".into(),
        known: vec!["E01".into(), "E03".into()],
        program: "p".into(),
        roster: None,
        secret: None,
        rules: "r".into(),
        class: LEARNERS.map(str::to_owned).into(),
    }
}

fn parts(of: usize) -> Vec<(String, Part)> {
    let (columns, graded) = class();
    let part = |number: usize| {
        let share = Share::new(number, of).unwrap();
        let own = graded.iter().enumerate().filter(|(_, graded)| holds(share, &graded.learner));
        let submissions = own.map(|(at, graded)| Entry::new(at, graded)).collect();
        let (schema, dlearn) = (SCHEMA.to_owned(), "0".to_owned());
        let exercises = columns.clone();
        let (not_allowed, images) = (vec![], BTreeMap::from([("busybox:1.36".to_owned(), "sha256:1".to_owned())]));
        Part { schema, dlearn, part: number, of, grounds: grounds(), exercises, submissions, not_allowed, images }
    };
    (1..=of).map(|number| (format!("{number}.json"), part(number))).collect()
}

/// As they come out of files.
fn read(parts: Vec<(String, Part)>) -> Vec<(String, Part)> {
    parts.into_iter().map(|(file, part)| (file, Part::read(&part.bytes().unwrap()).unwrap())).collect()
}

fn closing() -> Closing {
    let roster = Roster::read("learner,name,submitted\nada,Ada,2026-01-03T00:00:00Z\nBob,Bob,\ngus,Gus,\n").unwrap();
    let mut deadlines = Deadlines { policy: Policy { percent_per_day: 10, ..Policy::default() }, ..Default::default() };
    deadlines.due.add(None, late::time("2026-01-01T12:00:00Z").unwrap()).unwrap();
    Closing { roster: Some(roster), deadlines, bonus: vec!["e03".into()], bonus_fills: false }
}

/// Everything that is written of a class.
fn outputs(columns: Vec<Column>, graded: Vec<Graded>) -> Vec<String> {
    let closing = closing();
    let columns = closing.columns(columns).unwrap();
    let book = closing.book("docker", columns, graded);
    let mut all = vec![
        serde_json::to_string_pretty(&book).unwrap(),
        report::gradebook::table(&book, &crate::term::Terminal::plain(80)),
        report::gradebook::cells(&book).unwrap(),
        report::html::page(&book).unwrap(),
        report::marks_junit::report(&book).unwrap(),
        report::markdown::report(&book),
    ];
    for graded in &book.submissions {
        all.push(report::gradebook::feedback(graded, &book));
        all.push(report::gradescope::results(graded, &book).unwrap());
    }
    all
}

#[test]
fn parts_in_any_order_come_to_what_one_run_comes_to() {
    let (columns, graded) = class();
    let whole = outputs(columns, graded);
    assert!(whole[0].contains("\"same_token\": true"), "similarity is found: {}", whole[0]);
    for of in [1, 2, 3, 7] {
        let mut parts = read(parts(of));
        parts.reverse();
        let joined = join(parts, false).unwrap();
        assert_eq!(outputs(joined.columns, joined.submissions), whole, "{of} parts");
    }
}

#[test]
fn a_name_is_in_one_part_whoever_else_is_there() {
    for of in 1..20 {
        for label in LEARNERS {
            let parts = (1..=of).filter(|part| holds(Share::new(*part, of).unwrap(), label));
            assert_eq!(parts.count(), 1, "{label} of {of}");
        }
    }
    // What another version, or another machine, must come to as well.
    assert_eq!(["ada", "bob", "ädä", ""].map(|label| part_of(1000, label)), [282, 778, 999, 851]);
}

#[test]
fn parts_that_do_not_belong_together_are_told_apart() {
    type Change = fn(&mut Part);
    let cases: [(Change, &str); 9] = [
        (|part| part.grounds.course = "other".into(), "another course"),
        (|part| part.grounds.content = "other".into(), "other exercises or other checks"),
        (|part| part.grounds.program = "other".into(), "another dlearn"),
        (|part| part.grounds.roster = Some("other".into()), "another roster"),
        (|part| part.grounds.secret = Some("other".into()), "another secret"),
        (|part| part.grounds.rules = "other".into(), "other limits"),
        (|part| part.grounds.class.push("gus".into()), "other submissions"),
        (|part| part.of = 4, "another number of parts"),
        (|part| part.exercises[0].title = "other".into(), "other exercises were graded"),
    ];
    for (change, why) in cases {
        let mut parts = parts(3);
        change(&mut parts[2].1);
        let error = join(parts, false).unwrap_err();
        assert!(error.what.contains(why) && error.what.contains("3.json"), "{error}");
    }
    let mut twice = parts(3);
    twice.push(parts(3).remove(1));
    assert_eq!(join(twice, false).unwrap_err().what, "part 2/3 (2.json) is there twice: also as 2.json");
}

#[test]
fn a_part_that_is_missing_is_told_and_nobody_in_it_loses_anything() {
    let mut some = parts(3);
    let gone = some.remove(1).1;
    assert!(!gone.submissions.is_empty());
    let error = join(read(some), false).unwrap_err();
    assert!(error.what.contains("part 2/3 is missing") && error.help.contains("--incomplete"), "{error:?}");
    let mut some = parts(3);
    some.remove(1);
    let joined = join(read(some), true).unwrap();
    assert_eq!((joined.missing.as_slice(), joined.submissions.len()), (&[2][..], LEARNERS.len()));
    for entry in &gone.submissions {
        let graded = &joined.submissions[entry.at];
        assert_eq!((graded.learner.as_str(), graded.score.not_judged), (LEARNERS[entry.at], Points::whole(20)));
    }
    let mut cut = parts(3);
    cut[1].1.submissions.clear();
    assert!(join(cut, true).unwrap_err().what.contains("not graded to its end"));
}

/// A part is missing, and its submissions are called otherwise than the roster calls anybody.
#[test]
fn nobody_is_missing_who_may_be_in_a_part_that_is_not_there() {
    let mut some = parts(3);
    let gone = some.remove(1).1;
    let joined = join(read(some), true).unwrap();
    let there: Vec<&str> =
        joined.submissions.iter().filter(|it| !it.part_missing).map(|it| it.learner.as_str()).collect();
    assert!(!gone.submissions.is_empty() && !there.is_empty(), "{there:?}");
    // Those that are there are called as the roster calls them; of the others it knows other names, and of one none.
    let members = there.iter().copied().chain(["m1", "m2"]).map(|learner| format!("{learner},2026-01-01T00:00:00Z"));
    let roster = format!("learner,due\n{}\n", members.collect::<Vec<_>>().join("\n"));
    let closing = Closing { roster: Some(Roster::read(&roster).unwrap()), ..Closing::default() };
    let book = closing.book("docker", joined.columns.clone(), joined.submissions.clone());
    assert!(book.missing.is_empty() && !book.judged, "{:?}", book.missing);
    assert_eq!(book.submissions.len(), LEARNERS.len() + 2);
    for graded in &book.submissions {
        let is_there = there.contains(&graded.learner.as_str());
        let open = if is_there { Points(0) } else { Points::whole(20) };
        assert_eq!((graded.score.not_judged, graded.part_missing), (open, !is_there), "{graded:?}");
        assert!(
            is_there || graded.notes.is_empty(),
            "nobody knows of them when they came, or who they are: {graded:?}"
        );
    }
    // Where everybody of that part is known by name, whoever is left has handed nothing in.
    let known = format!("learner\n{}\ngus\n", LEARNERS.join("\n"));
    let closing = Closing { roster: Some(Roster::read(&known).unwrap()), ..Closing::default() };
    let book = closing.book("docker", joined.columns, joined.submissions);
    assert_eq!(book.missing.iter().map(|absent| absent.learner.as_str()).collect::<Vec<_>>(), ["gus"]);
}

#[test]
fn a_roster_that_comes_late_knows_people_as_one_that_came_early() {
    let (columns, graded) = class();
    let called = |label: &str, says: &str| Graded {
        learner: label.into(),
        name: Some(says.into()).filter(|says: &String| !says.is_empty()),
        ..graded[0].clone()
    };
    let all =
        vec![called("ADA", "bob"), called("17", "BOB"), called("cleo", "Queen"), called("18", "Eve"), called("19", "")];
    let roster = Roster::read("learner,name\nada,Ada\nbob,Bob\ncleo,\nfay,\n").unwrap();
    let closing = Closing { roster: Some(roster), ..Closing::default() };
    let book = closing.book("docker", columns, all);
    let told: Vec<_> =
        book.submissions.iter().map(|it| (it.learner.as_str(), it.name.as_deref(), it.in_roster)).collect();
    let (yes, no) = (Some(true), Some(false));
    let expected = [
        ("ada", Some("Ada"), yes),
        ("bob", Some("Bob"), yes),
        ("cleo", None, yes),
        ("18", Some("Eve"), no),
        ("19", None, no),
    ];
    assert_eq!(told, expected);
    let notes = |at: usize| book.submissions[at].notes.join("; ");
    assert!(notes(0).contains("it says of itself that it is bob's"), "{}", notes(0));
    assert!(notes(1).contains("known by what it says of itself; it is called 17"), "{}", notes(1));
    assert!(notes(2).is_empty() && notes(3).contains("18 is not in the roster"), "{} {}", notes(2), notes(3));
    assert_eq!(book.missing.iter().map(|absent| absent.learner.as_str()).collect::<Vec<_>>(), ["fay"]);
}

#[test]
fn images_that_were_not_the_same_are_told() {
    let mut some = parts(3);
    some[2].1.images.insert("busybox:1.36".into(), "sha256:2".into());
    some[1].1.images.insert("only:here".into(), "sha256:3".into());
    let told = join(read(some), false).unwrap().notes;
    assert_eq!(told, ["busybox:1.36: part 1/3 was graded with sha256:1, part 3/3 with sha256:2"]);
    assert!(join(read(parts(3)), false).unwrap().notes.is_empty());
}

/// Somebody else's name, a state that the verdicts do not have: every one of them is a file that dlearn never writes.
#[test]
fn results_that_contradict_themselves_are_refused() {
    type Change = fn(&mut Part);
    let cases: [(Change, &str); 9] = [
        (|part| part.submissions[0].graded.learner = "bob".into(), "whose"),
        (|part| part.submissions[0].graded.in_roster = Some(true), "whose"),
        (|part| part.grounds.roster = Some("r".into()), "whose"),
        (|part| part.submissions[1].graded.state = State::Passed, "points"),
        (|part| part.submissions[1].graded.exercises[0].state = State::Passed, "points"),
        (|part| part.submissions[1].graded.exercises[0].rounds[0].state = State::Passed, "points"),
        (|part| part.submissions[0].graded.exercises[0].rounds[0].checks[0].finding.verdict = not_yet(), "points"),
        (|part| part.submissions[0].graded.exercises[0].rounds.clear(), "points"),
        (|part| part.submissions[0].graded.refused = Some("x".into()), "points"),
    ];
    for (at, (change, why)) in cases.into_iter().enumerate() {
        let mut part = parts(1).remove(0).1;
        change(&mut part);
        let error = Part::read(&part.bytes().unwrap()).unwrap_err();
        assert!(error.contains(why), "{at}: {error}");
    }
    // With a roster, a name that is not the file's must be one that the roster can have said.
    let roster = Roster::read("learner,name\nada,Ada\nbob,Bob\n").unwrap();
    for (name, learner, is_so) in [(Some("Ada"), "ada", true), (None, "ada", false), (Some("Bob"), "bob", false)] {
        let mut part = parts(1).remove(0).1;
        part.grounds.roster = Some("r".into());
        for entry in &mut part.submissions {
            let is_bob = entry.graded.learner == "bob";
            entry.graded.in_roster = Some(is_bob);
            entry.graded.name = is_bob.then(|| "Bob".to_owned());
        }
        let first = &mut part.submissions[0].graded;
        (first.in_roster, first.name, first.learner) = (Some(true), name.map(str::to_owned), learner.into());
        let joined = join(read(vec![("1.json".into(), part)]), false).unwrap();
        assert_eq!(joined.is_by(&roster).is_ok(), is_so, "{learner}");
    }
}

fn not_yet() -> Verdict {
    Verdict::not_yet("a", "b", "c")
}

#[test]
fn a_file_of_many_small_values_is_refused_before_it_takes_memory() {
    assert_eq!(values(br#"{"a,[{":["\",[", 1, {"b": "\\"}, 2]}"#), 7);
    let known = format!("\"known\":[{}\"\"]", "\"\",".repeat(MOST_VALUES));
    let own = String::from_utf8(parts(1).remove(0).1.bytes().unwrap()).unwrap();
    let forged = own.replacen("\"known\":[\"E01\",\"E03\"]", &known, 1);
    assert!(forged.len() > MOST_VALUES * 3 && (forged.len() as u64) < LARGEST);
    assert_eq!(Part::read(forged.as_bytes()).unwrap_err(), TOO_MANY);
}

#[test]
fn what_a_forger_writes_is_refused_or_harmless() {
    let text = |part: &Part| String::from_utf8(part.bytes().unwrap()).unwrap();
    let own = text(&parts(1).remove(0).1);
    for (from, to, why) in [
        (SCHEMA, "dlearn/grade-part/2", "schema"),
        ("\"points\":10,\"not_judged\":0,\"of\":10", "\"points\":1000,\"not_judged\":0,\"of\":10", "points"),
        ("\"points\":10,\"not_judged\":0,\"of\":10", "\"points\":-1,\"not_judged\":0,\"of\":10", "not understood"),
        ("\"at\":0", "\"at\":99", "not of this part"),
        ("\"part\":1", "\"part\":2", "which part"),
        ("{\"schema\"", "{\"a\":1,\"schema\":1,\"schema\"", "not understood"),
    ] {
        let forged = own.replacen(from, to, 1);
        assert_ne!(forged, own, "{from}");
        let error = Part::read(forged.as_bytes()).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    for nothing in ["", "[]", "null", "{}", &"[".repeat(100_000)] {
        Part::read(nothing.as_bytes()).unwrap_err();
    }
    let mut hostile = parts(1);
    let graded = &mut hostile[0].1.submissions[0].graded;
    graded.learner = tidy(HOSTILE);
    graded.name = Some(HOSTILE.into());
    graded.notes.push(HOSTILE.into());
    graded.exercises[0].rounds[0].title = HOSTILE.into();
    graded.exercises[0].rounds[0].reason = Some(HOSTILE.into());
    graded.exercises[0].rounds[0].checks[0].finding.id = HOSTILE.into();
    hostile[0].1.submissions[0].hidden[0].token = Some(HOSTILE.into());
    hostile[0].1.not_allowed.push(HOSTILE.into());
    hostile[0].1.grounds.class[0] = HOSTILE.into();
    let joined = join(read(hostile), false).unwrap();
    assert!(joined.not_allowed.iter().all(|name| !name.contains(NEVER)));
    for output in outputs(joined.columns, joined.submissions) {
        assert!(!output.contains(NEVER), "{output}");
    }
}
