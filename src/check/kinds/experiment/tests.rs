//! Judged from facts: what the builder says of a step goes before its layer, whichever way it deceives.

use super::*;
use crate::check::Subject;
use crate::evidence::{
    Answer, BuildFacts, EntryFacts, EntryKind, Evidence, Fact, HistoryRow, LayerFacts, LayersFacts, Need, RowAuthor,
    StepFacts, TextFacts,
};

const SPEC: &str = r##"
image: app
change: { edit: { app.py: { append: "# {{nonce}}" } } }
keeps: [{ files: "^/deps/", what: the install step }]
"##;
const DOCKERFILE: &str = "FROM scratch\nCOPY . .\nRUN sh install.sh\n";

/// A world with one experiment in it: layers are `(diff id, row, path)` above an empty base.
struct World {
    dockerfile: &'static str,
    before: Vec<(&'static str, &'static str, &'static str)>,
    after: Vec<(&'static str, &'static str, &'static str)>,
    steps: Vec<StepFacts>,
    /// What the builder says where the experiment is made once more, if that differs.
    steps_again: Option<Vec<StepFacts>>,
    error: Option<&'static str>,
}

impl World {
    fn new(
        before: &[(&'static str, &'static str, &'static str)],
        after: &[(&'static str, &'static str, &'static str)],
    ) -> Self {
        Self {
            dockerfile: DOCKERFILE,
            before: before.into(),
            after: after.into(),
            steps: Vec::new(),
            steps_again: None,
            error: None,
        }
    }

    fn step(mut self, number: usize, text: &str, cached: bool) -> Self {
        self.steps.push(StepFacts { stage: None, number, text: text.into(), cached });
        self
    }

    fn image(layers: &[(&str, &str, &str)]) -> ImageFacts {
        let author = RowAuthor::Builder(Builder::BuildKit);
        let row = |by: &str| HistoryRow { instruction: by.into(), author, size: 1, ..HistoryRow::default() };
        ImageFacts {
            layers: layers.iter().map(|(id, ..)| (*id).to_owned()).collect(),
            history: layers.iter().map(|(_, by, _)| row(by)).collect(),
            ..ImageFacts::default()
        }
    }

    fn scan(layers: &[(&str, &str, &str)]) -> LayersFacts {
        let entry = |path: &str, id: &str| {
            (path.to_owned(), EntryFacts::plain(EntryKind::File, 1, id.split('-').next().unwrap()))
        };
        let layer = |(id, by, path): &(&str, &str, &str)| LayerFacts {
            diff_id: (*id).to_owned(),
            created_by: Some((*by).to_owned()),
            size: 1,
            entries: [entry(path, id)].into(),
        };
        LayersFacts { layers: layers.iter().map(layer).collect(), truncated: false }
    }

    fn answer(&self, need: &Need) -> Answer {
        let built = |tag: &str, layers: &[(&str, &str, &str)]| BuildFacts {
            tag: tag.into(),
            image: Some(Self::image(layers)),
            ..BuildFacts::default()
        };
        Answer::Found(match need {
            Need::Image { .. } => Fact::Image(Self::image(&self.before)),
            Need::WorkspaceFile { path } if path == "Dockerfile" => {
                Fact::Text(TextFacts { text: self.dockerfile.into(), truncated: false })
            }
            Need::WorkspaceFile { path } if path == "app.py" => {
                Fact::Text(TextFacts { text: "print(1)\n".into(), truncated: false })
            }
            Need::Experiment(plan) => {
                let mut after = built("after", &self.after);
                let again = self.steps_again.as_ref().filter(|_| plan.repetition > 0);
                after.steps = again.unwrap_or(&self.steps).clone();
                if let Some(error) = self.error {
                    after = BuildFacts { error: Some(error.into()), ..BuildFacts::default() };
                }
                let before = built("before", &self.before);
                Fact::Experiment(ExperimentFacts { before, after, nonce: "5eed".into() })
            }
            Need::Layers { image, .. } if image == "before" => Fact::Layers(Self::scan(&self.before)),
            Need::Layers { .. } => Fact::Layers(Self::scan(&self.after)),
            _ => return Answer::Absent,
        })
    }

    fn judge(&self, spec: &str) -> Verdict {
        let check: Experiment = crate::course::read_yaml(spec).expect("a valid check");
        let mut evidence = Evidence::new();
        let subject = Subject { images: [("app".to_owned(), "n02/app:v1".to_owned())].into(), token: String::new() };
        for _ in 0..20 {
            let inquiry = Inquiry::new(&evidence, &subject);
            match check.judge(&inquiry) {
                Ok(verdict) => return verdict,
                Err(Stop::CannotTell(why)) => return Verdict::CannotTell { reason: why.reason, help: why.help },
                Err(Stop::Open) => {}
            }
            for need in inquiry.open() {
                let answer = self.answer(&need);
                evidence.insert(need, answer);
            }
        }
        panic!("it goes on asking");
    }

    fn found(&self, spec: &str) -> String {
        match self.judge(spec) {
            Verdict::NotYet(not_yet) => format!("{} | {} | {}", not_yet.expected, not_yet.found, not_yet.advice),
            Verdict::Pass { .. } => "pass".into(),
            other => format!("{other:?}"),
        }
    }
}

const COPY: (&str, &str, &str) = ("copy1", "COPY . . # buildkit", "app.py");
const COPY2: (&str, &str, &str) = ("copy2", "COPY . . # buildkit", "app.py");
const RUN: (&str, &str, &str) = ("run1", "RUN sh install.sh", "deps/flour");
const RUN2: (&str, &str, &str) = ("run2", "RUN sh install.sh", "deps/flour");

#[test]
fn a_step_behind_the_copy_ran_again() {
    let world = World::new(&[COPY, RUN], &[COPY2, RUN2]).step(2, "COPY . .", false).step(3, "RUN sh install.sh", false);
    let found = world.found(SPEC);
    assert!(found.contains("I added a line to app.py in a copy of this folder and built it again"), "{found}");
    assert!(found.contains("`RUN sh install.sh` ran again (layer 2 of 2, which brings /deps/flour)"), "{found}");
    assert!(found.contains("it stands after `COPY . .`"), "{found}");
    let Verdict::NotYet(not_yet) = world.judge(SPEC) else { panic!("{found}") };
    assert_eq!(not_yet.place.map(|place| (place.line, place.text)), Some((3, "RUN sh install.sh".into())));
}

#[test]
fn a_step_that_runs_again_only_once_was_forgotten_by_the_builder() {
    let world = World::new(&[RUN, COPY], &[RUN2, COPY2]).step(2, "RUN sh install.sh", false).step(3, "COPY . .", false);
    assert!(world.found(SPEC).contains("ran again"));
    let steps = vec![
        StepFacts { stage: None, number: 2, text: "RUN sh install.sh".into(), cached: true },
        StepFacts { stage: None, number: 3, text: "COPY . .".into(), cached: false },
    ];
    assert_eq!(World { steps_again: Some(steps), ..world }.found(SPEC), "pass");
}

#[test]
fn a_step_before_the_copy_came_from_the_cache() {
    let world = World::new(&[RUN, COPY], &[RUN, COPY2]).step(2, "RUN sh install.sh", true).step(3, "COPY . .", false);
    assert_eq!(world.found(SPEC), "pass");
}

#[test]
fn a_rerun_that_makes_the_same_layer_is_a_rerun() {
    let world = World::new(&[COPY, RUN], &[COPY2, RUN]).step(2, "COPY . .", false).step(3, "RUN sh install.sh", false);
    assert!(world.found(SPEC).contains("ran again"));
}

#[test]
fn another_result_of_the_same_cached_step_is_no_rerun() {
    let world = World::new(&[RUN, COPY], &[RUN2, COPY2]).step(2, "RUN sh install.sh", true).step(3, "COPY . .", false);
    assert_eq!(world.found(SPEC), "pass");
}

#[test]
fn without_the_builders_word_the_layer_tells() {
    assert!(World::new(&[COPY, RUN], &[COPY2, RUN2]).found(SPEC).contains("ran again"));
    assert_eq!(World::new(&[RUN, COPY], &[RUN, COPY2]).found(SPEC), "pass");
    // Two steps with the same words: which of them is meant cannot be told.
    let both =
        World::new(&[COPY, RUN], &[COPY2, RUN2]).step(2, "RUN sh install.sh", true).step(3, "RUN sh install.sh", true);
    assert!(both.found(SPEC).contains("ran again"));
}

#[test]
fn what_is_copied_once_more_and_is_the_same_did_not_run() {
    let copied = |id| (id, "COPY /deps /deps # buildkit", "deps/flour");
    // The diff ids differ (times do); what stands before the hyphen is the content.
    assert_eq!(World::new(&[copied("same-1")], &[copied("same-2")]).found(SPEC), "pass");
    assert!(World::new(&[copied("old-1")], &[copied("new-2")]).found(SPEC).contains("ran again"));
}

#[test]
fn a_later_layer_that_stores_the_files_again_is_not_the_install() {
    let chown = |id| (id, "RUN chown -R app /deps", "deps/flour");
    let world = World::new(&[RUN, COPY, chown("c1")], &[RUN, COPY2, chown("c2")]);
    assert_eq!(world.found(SPEC), "pass");
}

#[test]
fn an_image_that_holds_nothing_of_it_is_told() {
    assert!(World::new(&[COPY], &[COPY2]).found(SPEC).contains("no layer of yours brings a file of that kind"));
}

#[test]
fn a_file_that_came_in_is_named() {
    let spec = "image: app\nchange: { edit: { 'x.log': { write: x } } }\nsame: true\n";
    let came = ("copy2", "COPY . /app # buildkit", "app/x.log");
    let found = World::new(&[COPY], &[came]).found(spec);
    assert!(found.contains("I put a file x.log") && found.contains("now holds /app/x.log"), "{found}");
    assert_eq!(World::new(&[COPY], &[COPY]).found(spec), "pass");
    let changed = World::new(&[COPY], &[COPY2]).found(spec);
    assert!(changed.contains("layer 1 (COPY . . # buildkit) is not the same any more: `/app.py`"), "{changed}");
}

#[test]
fn a_step_that_should_have_run_again_is_told() {
    let spec = "image: app\nchange: { no_cache: true }\nrenews: [{ files: ^/deps/, what: the packages }]\n";
    let found = World::new(&[RUN], &[RUN]).step(2, "RUN sh install.sh", true).found(spec);
    assert!(found.contains("I left the cache out") && found.contains("did not run again"), "{found}");
    assert_eq!(World::new(&[RUN], &[RUN2]).found(spec), "pass");
}

#[test]
fn questions_about_the_new_image_know_the_nonce() {
    let spec = r##"
image: app
change: { edit: { app.py: { append: "# {{nonce}}" } } }
then: [{ check: { file: { image: "{{rebuilt}}", path: "/{{nonce}}" } }, advice: copy it }]
"##;
    let found = World::new(&[COPY], &[COPY2]).found(spec);
    assert!(found.starts_with("a file at /5eed in the rebuilt n02/app:v1 | I added a line"), "{found}");
    assert!(found.ends_with("| copy it"), "{found}");
}

#[test]
fn the_other_builder_is_named() {
    let spec = "image: app\nchange: { other_builder: true }\nthen: [{ check: { file: { image: '{{rebuilt}}', path: /x } } }]\n";
    let found = World::new(&[COPY], &[COPY]).found(spec);
    let story = "I took a copy of this folder and built it with the classic builder, and found nothing at that path";
    assert!(found.contains(story), "{found}");
    let broken = World { error: Some("it broke"), ..World::new(&[COPY], &[COPY]) }.found(spec);
    assert!(broken.contains("its build with the classic builder fails: `it broke`"), "{broken}");
}

#[test]
fn a_file_that_is_not_there_to_be_changed_is_told_before_anything_is_built() {
    let spec = SPEC.replace("app.py", "main.py");
    assert!(World::new(&[COPY], &[COPY2]).found(&spec).contains("no such file"));
}

#[test]
fn a_copy_that_does_not_build_is_not_yet() {
    let mut world = World::new(&[COPY], &[COPY2]);
    world.error = Some("process \"/bin/sh -c sh install.sh\" did not complete successfully: exit code: 1");
    let found = world.found(SPEC);
    assert!(found.contains("I added a line to app.py") && found.contains("fails"), "{found}");
}

#[test]
fn an_engine_that_does_not_answer_is_no_verdict() {
    let evidence = [(Need::Image { name: "app".into() }, Answer::Unavailable(Unavailable::new("away", "wait")))];
    let evidence = Evidence::from(Vec::from(evidence));
    let check: Experiment = crate::course::read_yaml(SPEC).expect("a valid check");
    let subject = Subject::default();
    assert!(matches!(check.judge(&Inquiry::new(&evidence, &subject)), Err(Stop::CannotTell(_))));
}

#[test]
fn from_names_another_base_wherever_it_named_the_first() {
    let text = "ARG B=corp/base\nFROM ${B} AS a\nFROM busybox\nFROM a\nFROM docker.io/corp/base:latest AS c\n";
    let named = trace::with_base(text, "corp/base:latest", "x:1");
    assert_eq!(named, "ARG B=corp/base\nFROM x:1 AS a\nFROM busybox\nFROM a\nFROM x:1 AS c\n");
    let pinned = "FROM corp/base@sha256:00\n";
    assert_eq!(trace::with_base(pinned, "corp/base:latest", "x:1"), pinned);
}

#[test]
fn a_dockerfile_can_end_with_a_stage_that_has_no_name() {
    let text = "FROM busybox\nRUN make\n\nFROM scratch\nCOPY --from=0 /a /a\n";
    assert_eq!(trace::ending_with(text, "0").as_deref(), Some("FROM busybox\nRUN make\n"));
    assert_eq!(trace::ending_with(text, "1"), None);
}
