//! Laws over the whole registry of kinds of check and of recipes: a new one is held to them without a word.

use dlearn::check::{Check, Inquiry, Kind, Stop, Subject, Verdict, judge};
use dlearn::course::{Course, Source, fill_kind, read_yaml};
use dlearn::evidence::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

fn embedded() -> &'static Course {
    static COURSE: LazyLock<Course> =
        LazyLock::new(|| Course::load(&Source::Embedded).unwrap_or_else(|error| panic!("{error}")));
    &COURSE
}

#[derive(Deserialize)]
struct Example {
    check: Kind,
}

/// The examples on a kind's manual page.
fn examples(name: &str) -> Vec<Kind> {
    let page = Kind::manual(name).unwrap_or_else(|| panic!("{name} has no page"));
    let blocks = page.split("\n```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next().map(str::to_owned));
    let read = |text: String| match read_yaml::<Example>(&text) {
        Ok(example) => example.check,
        Err((at, what)) => panic!("{name}: {at:?}: {what}\n{text}"),
    };
    blocks.map(read).collect()
}

fn every_example() -> Vec<(&'static str, Kind)> {
    Kind::NAMES.iter().flat_map(|name| examples(name).into_iter().map(|kind| (*name, kind))).collect()
}

#[test]
fn every_kind_has_a_page_that_says_what_it_asks_why_and_with_which_fields() {
    for name in Kind::NAMES {
        let page = Kind::manual(name).unwrap();
        assert!(page.starts_with(&format!("# `{name}`\n\n")), "{page}");
        let about = page.lines().nth(2).unwrap_or_default();
        assert!(about.len() > 20, "{name} does not say what it asks: {about:?}");
        assert!(page.contains("**Why it matters**"), "{name} does not say why it matters");
        let fields = page.split("**Fields**").nth(1).unwrap_or_else(|| panic!("{name} has no fields"));
        let silent = fields.lines().find(|line| line.starts_with("- `") && line.trim_end().ends_with("):"));
        assert!(fields.contains("- `") && silent.is_none(), "{name}: {silent:?} has no description");
    }
}

#[test]
fn every_kinds_example_parses_and_is_of_that_kind() {
    for name in Kind::NAMES {
        let examples = examples(name);
        assert!(!examples.is_empty(), "{name} has no example");
        assert!(examples.iter().all(|kind| kind.name() == *name), "{name}: {examples:?}");
    }
}

/// What is answered to each need.
type Answers<'a> = &'a dyn Fn(&Need) -> Answer;

/// Judges to the end, answering each open need.
fn concluded(kind: &Kind, subject: &Subject, answer: Answers<'_>) -> (Verdict, Evidence) {
    let mut evidence = Evidence::new();
    for _ in 0..100 {
        let inquiry = Inquiry::new(&evidence, subject);
        let open = match kind.judge(&inquiry) {
            Ok(verdict) => return (verdict, only(&evidence, &inquiry.used())),
            Err(Stop::CannotTell(why)) => {
                let verdict = Verdict::CannotTell { reason: why.reason, help: why.help };
                return (verdict, only(&evidence, &inquiry.used()));
            }
            Err(Stop::Open) => inquiry.open(),
        };
        assert!(!open.is_empty(), "{} waits for nothing", kind.name());
        for need in open {
            let found = answer(&need);
            evidence.insert(need, found);
        }
    }
    panic!("{} asks without end", kind.name());
}

fn only(evidence: &Evidence, used: &BTreeSet<Need>) -> Evidence {
    let mut part = Evidence::new();
    for (need, answer) in evidence.iter().filter(|(need, _)| used.contains(need)) {
        part.insert(need.clone(), answer.clone());
    }
    part
}

fn unavailable(_: &Need) -> Answer {
    Answer::Unavailable(Unavailable::new("nobody answered", "start the engine"))
}

#[test]
fn where_nobody_answers_no_kind_says_not_yet() {
    for (name, kind) in every_example() {
        let (verdict, used) = concluded(&kind, &Subject::default(), &unavailable);
        assert!(matches!(verdict, Verdict::CannotTell { .. }), "{name}: {verdict:?}");
        assert!(used.iter().count() > 0, "{name} asks nothing, so it could not fail");
    }
}

#[test]
fn a_verdict_rests_on_the_facts_that_were_asked_for_and_on_no_others() {
    let world = World::good();
    let answers: [(&str, Answers<'_>); 3] =
        [("absent", &|_| Answer::Absent), ("unavailable", &unavailable), ("a good image", &|need| world.answer(need))];
    for (name, kind) in every_example() {
        for (what, answer) in answers {
            let (verdict, used) = concluded(&kind, &Subject::default(), answer);
            let (again, _) = concluded(&kind, &Subject::default(), &|need| {
                used.get(need).cloned().unwrap_or_else(|| panic!("{name} with {what}: asks {need} and did not say so"))
            });
            assert_eq!(verdict, again, "{name} with {what}");
        }
    }
}

#[test]
fn every_kind_is_used_by_the_course() {
    let course = embedded();
    let mut used: BTreeSet<&str> = course.recipes.values().flat_map(|recipe| &recipe.checks).map(Kind::name).collect();
    for entry in course.exercises.values() {
        let variants = entry.exercise.rounds.iter().flat_map(|rounds| rounds.variants.values());
        let checks = entry.exercise.checks.iter().chain(variants.flat_map(|variant| &variant.checks));
        for kind in checks.filter_map(|check| check.check.as_ref()) {
            used.insert(kind.name());
            let then = match kind {
                Kind::Experiment(experiment) => experiment.then.as_slice(),
                Kind::Child(child) => child.then.as_slice(),
                _ => &[],
            };
            used.extend(then.iter().map(|then| then.check.name()));
        }
    }
    assert_eq!(used, Kind::NAMES.iter().copied().collect());
}

/// What an engine, a registry and a folder would answer about one image.
#[derive(Clone)]
struct World {
    dockerfile: &'static str,
    config: ConfigFacts,
    /// Layers of the image; the base's first.
    layers: Vec<&'static str>,
    /// Layers after something was changed.
    rebuilt: Vec<&'static str>,
    /// The text of whatever file of the image is asked about, where it is there.
    file: Option<&'static str>,
    run: RunFacts,
    serve: ServeFacts,
    /// Where the secret stands.
    sightings: Vec<Sighting>,
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl World {
    /// Everything is as it should be.
    fn good() -> Self {
        let page =
            HttpFacts { status: 200, headers: BTreeMap::new(), body: "ok, it works".into(), ..HttpFacts::default() };
        Self {
            dockerfile: "FROM busybox:1.36\nCOPY app /app\nRUN make\nCMD [\"/app\"]\n",
            config: ConfigFacts {
                cmd: words(&["/app"]),
                ports: words(&["8080/tcp"]),
                user: "app".into(),
                ..ConfigFacts::default()
            },
            layers: vec!["base", "copied", "made"],
            rebuilt: vec!["base", "copied again", "made"],
            file: None,
            run: RunFacts { exit: Some(0), ..RunFacts::default() },
            serve: ServeFacts { responses: vec![Some(page)], ..ServeFacts::default() },
            sightings: Vec::new(),
        }
    }

    fn image(&self, layers: &[&str]) -> ImageFacts {
        let row = |layer: &&str| HistoryRow {
            created_by: format!("made {layer}"),
            author: RowAuthor::Builder(Builder::BuildKit),
            instruction: format!("made {layer}"),
            ..HistoryRow::default()
        };
        let history = layers.iter().map(row).collect();
        ImageFacts { layers: words(layers), history, config: self.config.clone(), ..ImageFacts::default() }
    }

    fn answer(&self, need: &Need) -> Answer {
        let own = ["base", "copied", "made"];
        let built = |tag: &str, layers: &[&str]| BuildFacts {
            tag: tag.into(),
            image: Some(self.image(layers)),
            ..BuildFacts::default()
        };
        // The layer `made again` brings the file `/made`, with other contents than `made`.
        let scan = |layers: &[&str]| {
            let layer = |name: &&str| LayerFacts {
                diff_id: (*name).to_owned(),
                created_by: Some(format!("made {name}")),
                size: 1,
                entries: [(
                    name.split(' ').next().unwrap_or_default().to_owned(),
                    EntryFacts {
                        change: EntryKind::File,
                        mode: 0o644,
                        uid: 0,
                        gid: 0,
                        size: 1,
                        content: (*name).into(),
                    },
                )]
                .into(),
            };
            LayersFacts { layers: layers.iter().map(layer).collect(), truncated: false }
        };
        Answer::Found(match need {
            Need::Engine => Fact::Engine(EngineFacts { builders: vec![Builder::BuildKit], ..EngineFacts::default() }),
            Need::Image { name } if name == "busybox:1.36" => Fact::Image(self.image(&["base"])),
            Need::Image { .. } => Fact::Image(self.image(&self.layers)),
            Need::WorkspaceFile { .. } => Fact::Text(TextFacts { text: self.dockerfile.into(), truncated: false }),
            Need::Build(_) => Fact::Build(built("", &own)),
            Need::Experiment(_) => Fact::Experiment(ExperimentFacts {
                before: built("before", &own),
                after: built("after", &self.rebuilt),
                nonce: "5eed".into(),
            }),
            Need::Layers { image, .. } if image == "after" => Fact::Layers(scan(&self.rebuilt)),
            Need::Layers { .. } => Fact::Layers(scan(&self.layers)),
            Need::Secret { .. } => Fact::Secret(SecretFacts { sightings: self.sightings.clone() }),
            Need::File { .. } => match self.file {
                Some(text) => Fact::File(FileFacts {
                    kind: FileType::File,
                    mode: 0o644,
                    uid: 0,
                    gid: 0,
                    size: 1,
                    sha256: None,
                    text: Some(text.into()),
                    link: None,
                }),
                None => return Answer::Absent,
            },
            Need::Run(_) => Fact::Run(self.run.clone()),
            Need::Serve(_) => Fact::Serve(self.serve.clone()),
            _ => return Answer::Absent,
        })
    }

    /// Whether this image passes a recipe with `app` for its image.
    fn passes(&self, name: &str, with: &[(&str, &str)]) -> bool {
        let course = embedded();
        let given = with.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let asks = course.recipes[name].expand(&given).unwrap_or_else(|error| panic!("{error}"));
        let check = Check {
            id: name.into(),
            title: name.into(),
            asks,
            weight: 1,
            after: vec![],
            hidden: false,
            optional: false,
            advice: None,
        };
        let mut evidence = Evidence::new();
        loop {
            let judged = judge(std::slice::from_ref(&check), &Subject::default(), &evidence);
            if judged.open.is_empty() {
                let verdict = &judged.findings[0].verdict;
                assert!(!matches!(verdict, Verdict::CannotTell { .. }), "{name}: {verdict:?}");
                return verdict.passed();
            }
            for need in judged.open {
                evidence.insert(need.clone(), self.answer(&need));
            }
        }
    }
}

/// A recipe, its parameters, and what spoils it.
type Fixture = (&'static str, &'static [(&'static str, &'static str)], fn(&mut World));

const APP: &[(&str, &str)] = &[("image", "app")];
const ON_BUSYBOX: &[(&str, &str)] = &[("image", "app"), ("base", "busybox:1.36"), ("folder", ".")];

const EDITED: &[(&str, &str)] = &[("image", "app"), ("file", "app"), ("path", "/app"), ("files", "^/made$")];

const CLOSED: &[(&str, &str)] = &[("image", "app"), ("files", "/app")];

const CLEAN: &[(&str, &str)] = &[("image", "app"), ("paths", "^/left")];
const SECRET: &[(&str, &str)] = &[("image", "app"), ("value", "sesame-4711-open")];

const FIXTURES: &[Fixture] = &[
    ("built-here", APP, |world| world.layers = vec!["base"]),
    ("built-here", APP, |world| world.layers = vec!["other", "copied", "made"]),
    ("built-on", ON_BUSYBOX, |world| world.layers = vec!["base"]),
    ("built-on", ON_BUSYBOX, |world| world.layers = vec!["other", "copied", "made"]),
    ("cache-order", EDITED, |world| world.rebuilt = vec!["base", "copied again", "made again"]),
    ("cache-order", EDITED, |world| world.file = Some("the old one")),
    ("clean-layers", CLEAN, |world| world.layers = vec!["base", "copied", "left", "made"]),
    ("closed-files", CLOSED, |world| world.run.stdout = "/app belongs to user 10001, who may change it".into()),
    ("closed-files", CLOSED, |world| world.run.start_error = Some("exec: sh: not found".into())),
    ("exec-form", APP, |world| world.config.cmd = words(&["/bin/sh", "-c", "/app"])),
    ("exec-form", APP, |world| world.config.cmd.clear()),
    ("no-build-tools", &[("image", "app"), ("tool", "/usr/bin/gcc")], |world| world.file = Some("ELF")),
    ("no-hidden-failure", &[], |world| world.dockerfile = "FROM busybox:1.36\nRUN make || true\n"),
    ("no-hidden-failure", &[], |world| world.dockerfile = "FROM busybox:1.36\nRUN set +e; make\n"),
    ("non-root-user", APP, |world| world.config.user.clear()),
    ("non-root-user", APP, |world| world.config.user = "0:0".into()),
    ("no-secret", SECRET, |world| {
        world.sightings =
            vec![Sighting { place: SecretPlace::Configuration { at: "Env.0".into() }, spelling: Spelling::Plain }];
    }),
    ("pinned-tag", &[], |world| world.dockerfile = "FROM busybox\nRUN make\n"),
    ("pinned-tag", &[], |world| world.dockerfile = "FROM docker.io/library/golang AS build\nFROM busybox:1.36\n"),
    ("pinned-tag", &[], |world| world.dockerfile = "FROM --platform=linux/amd64 example.com/shop:latest\nRUN make\n"),
    ("python-imports", &[("image", "app"), ("module", "flask")], |world| world.run.exit = Some(1)),
    ("serves-http", APP, |world| world.serve.responses = vec![None]),
    ("serves-http", APP, |world| world.config.ports.clear()),
    ("serves-http", &[("image", "app"), ("text", "works")], |world| {
        world.serve.responses.iter_mut().flatten().for_each(|page| page.body = "Index of /".into());
    }),
];

#[test]
fn every_recipe_passes_what_is_right_and_rejects_what_is_not() {
    for (name, with, spoil) in FIXTURES {
        let mut world = World::good();
        // What one recipe wants to be absent, another wants to be there.
        world.file = Some("# 5eed").filter(|_| *name == "cache-order");
        assert!(world.passes(name, with), "{name} rejects what is right");
        spoil(&mut world);
        assert!(!world.passes(name, with), "{name} accepts what is wrong");
    }
    let tried: BTreeSet<String> = FIXTURES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(tried, embedded().recipes.keys().cloned().collect(), "each recipe has its fixtures");
}

#[test]
fn a_recipe_has_a_title_a_reason_and_a_word_on_each_parameter() {
    for (name, recipe) in &embedded().recipes {
        assert!(recipe.title.len() > 10 && recipe.why.len() > 60, "{name}");
        assert!(!recipe.title.ends_with('.'), "{name}: a title is a statement without its full stop");
        assert!(recipe.params.values().all(|param| param.about.len() > 5), "{name}");
    }
}

#[test]
fn a_user_that_is_root_by_any_name_is_found_out() {
    let kind: Kind = read_yaml("config: { image: app, user: { root: false } }").unwrap();
    let kind = fill_kind(&kind, &BTreeMap::new()).unwrap();
    let passes = |user: &str| {
        let mut world = World::good();
        world.config.user = user.to_owned();
        concluded(&kind, &Subject::default(), &|need| world.answer(need)).0.passed()
    };
    assert!(passes("10001:10001") && passes("app"));
    for root in ["", "root", "0", "0:0", "root:app"] {
        assert!(!passes(root), "{root}");
    }
}
