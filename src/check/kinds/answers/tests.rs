//! Every way to answer, judged over facts as a real engine gives them.

use super::*;
use crate::check::Subject;
use crate::evidence::{Answer, Evidence, Fact, LayerFacts, LayersFacts, Need, TextFacts, Unavailable};

const DOCKERFILE: &str = "FROM busybox:1.36\nLABEL a=b\nCOPY a b ./\nRUN make \\\n  all\nRUN touch x\n";

fn row(instruction: &str, size: u64) -> HistoryRow {
    HistoryRow { instruction: instruction.into(), created_by: instruction.into(), size, ..HistoryRow::default() }
}

fn image(layers: &[&str], history: Vec<HistoryRow>) -> Answer {
    let layers = layers.iter().map(ToString::to_string).collect();
    Answer::Found(Fact::Image(ImageFacts { layers, history, ..ImageFacts::default() }))
}

/// The base has one layer and two rows; the image adds three layers (the last is empty) and four rows.
fn world() -> Evidence {
    let base = vec![row("ADD … /", 900), row("CMD [\"sh\"]", 0)];
    let own = vec![row("LABEL a=b", 0), row("COPY … ./", 10), row("RUN make all", 500), row("RUN touch x", 0)];
    let mut evidence = Evidence::new();
    let mut insert = |need, answer| evidence.insert(need, answer);
    insert(Need::Image { name: "busybox:1.36".into() }, image(&["base"], base.clone()));
    insert(Need::Image { name: "app".into() }, image(&["base", "1", "2", "3"], [base, own.clone()].concat()));
    let text = TextFacts { text: DOCKERFILE.into(), truncated: false };
    insert(Need::WorkspaceFile { path: "Dockerfile".into() }, Answer::Found(Fact::Text(text)));
    insert(Need::Engine, Answer::Found(Fact::Engine(crate::evidence::EngineFacts::default())));
    let made_by = [None, Some("COPY … ./"), Some("RUN make all"), Some("RUN touch x")];
    let layer = |by: &Option<&str>| LayerFacts { created_by: by.map(str::to_owned), ..LayerFacts::default() };
    let layers = LayersFacts { layers: made_by.iter().map(layer).collect(), truncated: false };
    insert(Need::Layers { image: "app".into(), skip: 1 }, Answer::Found(Fact::Layers(layers)));
    evidence
}

fn judged_in(mut evidence: Evidence, answers: &str) -> Verdict {
    let check = "image: app\nquestions:\n  guess: prediction\n  layers: layers_added\n  rows: rows_added\n  \
                 largest: largest_row\n  why: { choice: { right: record, options: { record: it is so, damaged: it is \
                 whole } } }";
    let check: Answers = crate::course::read_yaml(check).expect("a valid check");
    let text = TextFacts { text: answers.into(), truncated: false };
    evidence.insert(Need::WorkspaceFile { path: "answers.yaml".into() }, Answer::Found(Fact::Text(text)));
    check.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
}

const RIGHT: [(&str, &str); 5] =
    [("guess", "9"), ("layers", "3"), ("rows", "4"), ("largest", "RUN make all"), ("why", "record")];

/// The right answers, with one of them replaced.
fn with(field: &str, answer: &str) -> String {
    let line = |(name, right): &(&str, &str)| format!("{name}: {}\n", if *name == field { answer } else { right });
    RIGHT.iter().map(line).collect()
}

fn found(answers: &str) -> NotYet {
    match judged_in(world(), answers) {
        Verdict::NotYet(it) => it,
        other => panic!("{answers}: {other:?}"),
    }
}

#[test]
fn right_answers_pass_and_the_prediction_is_compared() {
    let verdict = judged_in(world(), &with("", ""));
    assert_eq!(verdict, Verdict::pass_with("You predicted 9 layers: it is 3."));
    for largest in ["run make", "'make all'", "RUN   make all # buildkit", "\"/bin/sh -c make a…\""] {
        assert!(judged_in(world(), &with("largest", largest)).passed(), "{largest}");
    }
}

#[test]
fn counted_instructions_are_told_with_the_rows_that_changed_no_files() {
    for counted in ["4", "5", "6"] {
        let it = found(&with("layers", counted));
        assert!(
            it.found.contains("you counted instructions") && it.found.contains("1 changed no files: `LABEL a=b`"),
            "{it:?}"
        );
        assert!(it.advice.contains("len .RootFS.Layers"), "{it:?}");
        assert_eq!(it.place.map(|place| (place.line, place.text)), Some((2, format!("layers: {counted}"))));
    }
}

#[test]
fn where_the_archive_cannot_be_had_the_rows_without_size_are_listed() {
    let mut evidence = world();
    let need = Need::Layers { image: "app".into(), skip: 1 };
    evidence.insert(need, Answer::Unavailable(Unavailable::new("no export", "try again")));
    let Verdict::NotYet(it) = judged_in(evidence, &with("layers", "5")) else { panic!() };
    assert!(it.found.contains("2 changed no files: `LABEL a=b`, `RUN touch x`"), "{it:?}");
}

#[test]
fn every_way_to_be_wrong_is_told_apart() {
    for (field, answer, part) in [
        ("layers", "", "layers is still open"),
        ("layers", "three", "layers is `three`"),
        ("layers", "-3", "layers is `-3`"),
        ("layers", "2", "layers is 2"),
        ("rows", "6", "which counts the rows of busybox:1.36 too"),
        ("rows", "5", "FROM writes no row"),
        ("rows", "3", "is the number of layers"),
        ("rows", "99", "rows is 99"),
        ("largest", "RUN", "how 2 of your rows begin"),
        ("largest", "COPY a b", "another row of yours is larger"),
        ("largest", "COPY", "another row of yours is larger"),
        ("largest", "3", "the number `3`"),
        ("largest", "ADD", "no row of yours begins"),
        ("guess", "many", "guess is `many`"),
        ("why", "damaged", "why is `damaged`"),
        ("why", "recrd", "why is `recrd`"),
    ] {
        let it = found(&with(field, answer));
        assert!(it.found.contains(part), "{field}: {answer}: {it:?}");
    }
    assert_eq!(found(&with("why", "damaged")).advice, "it is whole");
    assert!(found(&with("why", "recrd")).advice.contains("did you mean record?"));
    let empty = found("guess:\nlayers:\nrows: ~\nlargest: ''\nwhy:\n");
    assert!(empty.found.contains("not filled in yet: guess, largest, layers, rows, why"), "{empty:?}");
    let misspelt = with("", "").replace("layers:", "layer:");
    assert!(found(&misspelt).found.contains("has `layer`, and no layers"), "{:?}", found(&misspelt));
}

#[test]
fn without_the_image_the_answers_have_nothing_to_be_compared_with() {
    let mut evidence = world();
    evidence.insert(Need::Image { name: "app".into() }, Answer::Absent);
    let Verdict::NotYet(it) = judged_in(evidence, &with("", "")) else { panic!() };
    assert_eq!(it.found, "answers.yaml is filled in, and app does not exist on this engine");
    let mut evidence = world();
    evidence.insert(Need::Image { name: "app".into() }, image(&["other", "1"], vec![]));
    let Verdict::NotYet(it) = judged_in(evidence, &with("", "")) else { panic!() };
    assert!(it.found.contains("does not begin with the layers of busybox:1.36"), "{it:?}");
}

#[test]
fn a_prediction_needs_no_image_and_a_choice_no_engine() {
    let judge = |check: &str, answers: &str| {
        let check: Answers = crate::course::read_yaml(check).expect("a valid check");
        let mut evidence = Evidence::new();
        let text = TextFacts { text: answers.into(), truncated: false };
        evidence.insert(Need::WorkspaceFile { path: "answers.yaml".into() }, Answer::Found(Fact::Text(text)));
        check.judge(&Inquiry::new(&evidence, &Subject::default())).expect("everything is known")
    };
    assert_eq!(judge("image: app\nquestions: { a: prediction }", "a: 7"), Verdict::pass());
    let Verdict::NotYet(it) = judge("questions: { a: prediction }", "a:\nb:") else { panic!() };
    assert_eq!(it.expected, "answers.yaml with an answer for a");
    assert!(judge("questions: { a: { choice: { right: x, options: { x: '' } } } }", "a: x\nb: y").passed());
}
