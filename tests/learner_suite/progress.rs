//! What comes next, counts, questions that come back.

use crate::course::Bench;
use dlearn::course::{Course, Item};
use dlearn::learner::State;
use dlearn::learner::progress::{Counts, Next, Standing, counts, exercise_at, next_item, retrieval, standing};
use std::path::Path;

fn lesson(id: &str, section: usize) -> Next {
    Next::Lesson { id: id.into(), section }
}

fn read(state: &mut State, id: &str) {
    state.section_read(id, 3, 4);
}

#[test]
fn the_next_item_resumes_follows_the_course_and_comes_back_to_what_was_skipped() {
    let course = Bench::new().course();
    let mut state = State::new("test", "0");
    assert_eq!(next_item(&course, &state), lesson("L01", 0));
    state.section_read("L01", 0, 4);
    assert_eq!(next_item(&course, &state), lesson("L01", 1));
    state.go_to("L06");
    assert_eq!(next_item(&course, &state), lesson("L06", 0));
    read(&mut state, "L06");
    assert_eq!(next_item(&course, &state), lesson("L07", 0));
    read(&mut state, "L07");
    assert_eq!(next_item(&course, &state), Next::Exercise { id: "E01".into(), round: 1 });
    let now = jiff::Timestamp::UNIX_EPOCH;
    state.round_passed("E01", 1, 1, 10, now);
    state.round_passed("E02", 1, 2, 30, now);
    assert_eq!(next_item(&course, &state), Next::Exercise { id: "E02".into(), round: 2 });
    state.round_passed("E02", 2, 2, 30, now);
    assert_eq!(next_item(&course, &state), lesson("L01", 1), "what was skipped comes last");
    for id in ["L01", "L02", "L03", "L04", "L05"] {
        read(&mut state, id);
    }
    assert_eq!(next_item(&course, &state), Next::Finished);
}

#[test]
fn a_course_that_became_shorter_leads_nowhere_wrong() {
    let course = Bench::new().course();
    let mut state = State::new("test", "0");
    state.go_to("L99");
    state.lessons.entry("L01".into()).or_default().section = 40;
    state.exercise("E02").round = 9;
    assert_eq!(next_item(&course, &state), lesson("L01", 3));
    state.go_to("E02");
    assert_eq!(next_item(&course, &state), Next::Exercise { id: "E02".into(), round: 2 });
}

#[test]
fn counts_are_of_the_course_as_it_is_now() {
    let course = Bench::new().course();
    let mut state = State::new("test", "0");
    read(&mut state, "L01");
    state.round_passed("E01", 1, 1, 999, jiff::Timestamp::UNIX_EPOCH);
    state.round_passed("X99", 1, 1, 50, jiff::Timestamp::UNIX_EPOCH);
    state.exercise("E02").started_at = Some(jiff::Timestamp::UNIX_EPOCH);
    state.answered("L01.a", false);
    let expected = Counts {
        lessons_done: 1,
        lessons: 7,
        exercises_passed: 1,
        exercises_started: 1,
        exercises: 2,
        points: 10,
        points_possible: 40,
        minutes_left: 6 * 5 + 20,
        missed: 1,
    };
    assert_eq!(counts(&course, &state), expected);
    state.exercise("E01").points_left = 2;
    assert_eq!(counts(&course, &state), Counts { points: 8, ..expected }, "what is optional earns its points apart");
    assert_eq!(standing(&state, &Item::Lesson("L02".into())), Standing::New);
    assert_eq!(standing(&state, &Item::Exercise("E02".into())), Standing::Started);
}

fn asked(course: &Course, state: &State, id: &str) -> Vec<String> {
    retrieval(course, state, id).iter().map(|question| question.id.clone()).collect()
}

#[test]
fn old_questions_come_from_two_and_five_lessons_back_and_are_stable() {
    let course = Bench::new().course();
    let mut state = State::new("test", "seed");
    for id in ["L01", "L02", "L03", "L04", "L05", "L06"] {
        read(&mut state, id);
    }
    assert!(asked(&course, &state, "L01").is_empty() && asked(&course, &state, "L02").is_empty());
    let third = asked(&course, &state, "L03");
    assert!(third.len() == 2 && third.iter().all(|id| id.starts_with("L01.")) && third[0] != third[1], "{third:?}");
    let seventh = asked(&course, &state, "L07");
    assert!(seventh.len() == 2 && seventh[0].starts_with("L05.") && seventh[1].starts_with("L02."), "{seventh:?}");
    assert_eq!(asked(&course, &state, "L07"), seventh);
    let others = (0..20).map(|seed| State { seed: seed.to_string(), ..state.clone() });
    assert!(others.into_iter().any(|other| asked(&course, &other, "L07") != seventh), "learners differ");
    state.lessons.remove("L05");
    let without = asked(&course, &state, "L07");
    assert!(
        without.len() == 2 && without.iter().all(|id| id.starts_with("L02.")),
        "only of what was read: {without:?}"
    );
}

#[test]
fn questions_that_a_lesson_names_are_asked_and_only_of_what_was_read() {
    let bench = Bench::new();
    let file = bench.root().join("course/lessons/L03.md");
    let text = std::fs::read_to_string(&file).unwrap();
    bench.author("lessons/L03.md", &text.replacen("\nText.", "\n```recall\n[L02.c, L01.b]\n```\n\nText.", 1));
    let course = bench.course();
    let mut state = State::new("test", "seed");
    state.begin_session();
    read(&mut state, "L01");
    assert_eq!(asked(&course, &state, "L03"), ["L01.b"]);
    read(&mut state, "L02");
    assert_eq!(asked(&course, &state, "L03"), ["L02.c", "L01.b"]);
    for question in ["L01.b", "L01.a"] {
        state.answered(question, false);
    }
    state.begin_session();
    assert_eq!(asked(&course, &state, "L03"), ["L01.a", "L01.b", "L02.c"], "none twice");
    assert!(asked(&course, &state, "L04").len() > 2, "a lesson that names none draws some");
}

#[test]
fn a_missed_question_comes_back_in_the_next_session_first_and_until_it_is_right() {
    let course = Bench::new().course();
    let mut state = State::new("test", "seed");
    state.begin_session();
    read(&mut state, "L01");
    state.answered("L01.b", false);
    assert!(asked(&course, &state, "L02").is_empty(), "not in the same session");
    state.begin_session();
    assert_eq!(asked(&course, &state, "L02"), ["L01.b"]);
    assert!(asked(&course, &state, "L01").is_empty(), "the lesson asks its own");
    let third = asked(&course, &state, "L03");
    assert!(third.len() == 3 && third[0] == "L01.b" && !third[1..].contains(&third[0]), "{third:?}");
    state.answered("L01.b", true);
    assert!(asked(&course, &state, "L02").is_empty());
}

#[test]
fn the_current_directory_tells_the_exercise_and_the_round() {
    let course = Bench::new().course();
    let at = |path: &str| {
        exercise_at(&course, Path::new("/home/ada/dlearn"), Path::new(path))
            .map(|(entry, round)| (entry.exercise.id.as_str(), round))
    };
    assert_eq!(at("/home/ada/dlearn/E01-first"), Some(("E01", None)));
    assert_eq!(at("/home/ada/dlearn/E01-first/src/deep"), Some(("E01", None)));
    assert_eq!(at("/home/ada/dlearn/E02-rounds/round-2/x"), Some(("E02", Some(2))));
    assert_eq!(at("/home/ada/dlearn/E02-rounds/round-9"), Some(("E02", None)));
    for elsewhere in ["/home/ada/dlearn", "/home/ada", "/home/ada/dlearn/E01", "/home/ada/dlearn-2/E01-first", "/"] {
        assert_eq!(at(elsewhere), None, "{elsewhere}");
    }
}
