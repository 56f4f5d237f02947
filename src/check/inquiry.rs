//! How a check asks: it judges as if every fact were there, and stops where one is missing.
//!
//! A judgement runs again from its beginning each time new facts came in, until it asks nothing
//! that is unanswered. So needs come in rounds by themselves (the port follows from the
//! configuration, the base from the Dockerfile), and one pure function holds the whole check.

use crate::evidence::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Whom a judgement is about: the names and the token of one learner's exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The exercise's own names for images (`app`) and what they are called on this engine.
    pub images: BTreeMap<String, String>,
    /// The learner's token for this exercise; empty outside a course.
    pub token: String,
}

/// Why a judgement stopped before a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It asked something that has no answer yet.
    Open,
    /// It asked something that nobody could answer.
    CannotTell(Unavailable),
}

/// What is only wanted for the words of a message.
pub trait ForTheMessage<T> {
    /// The same; none where it cannot be told.
    ///
    /// # Errors
    /// Where it was not asked yet.
    fn for_the_message(self) -> Result<Option<T>, Stop>;
}

impl<T> ForTheMessage<T> for Result<T, Stop> {
    fn for_the_message(self) -> Result<Option<T>, Stop> {
        match self {
            Err(Stop::CannotTell(_)) => Ok(None),
            other => other.map(Some),
        }
    }
}

/// The facts so far, and a record of what was asked.
#[derive(Debug)]
pub struct Inquiry<'a> {
    evidence: &'a Evidence,
    subject: &'a Subject,
    open: RefCell<BTreeSet<Need>>,
    used: RefCell<BTreeSet<Need>>,
}

/// What a question gives: the fact, `None` where the thing is absent, or a stop.
pub type Asked<'a, T> = Result<Option<&'a T>, Stop>;

macro_rules! ask {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $fact:ident($out:ty), $need:expr) => {
        $(#[$doc])*
        pub fn $name(&self, $($arg: $ty),*) -> Asked<'a, $out> {
            match self.ask($need)? {
                Some(Fact::$fact(fact)) => Ok(Some(fact)),
                Some(_) => Err(Stop::CannotTell(Unavailable::new(
                    "the recorded evidence holds an answer of another kind for this question",
                    "record it anew with dlearn check --record",
                ))),
                None => Ok(None),
            }
        }
    };
}

impl<'a> Inquiry<'a> {
    /// An inquiry over what is known so far.
    pub fn new(evidence: &'a Evidence, subject: &'a Subject) -> Self {
        Self { evidence, subject, open: RefCell::default(), used: RefCell::default() }
    }

    /// Whether a learner's work on an exercise is judged, and not any image by a file of checks.
    pub fn is_exercise(&self) -> bool {
        !self.subject.token.is_empty()
    }

    /// The learner's token for this exercise.
    pub fn token(&self) -> &'a str {
        &self.subject.token
    }

    /// The name on this engine of an image of the exercise; other names stand for themselves.
    pub fn name(&self, alias: &str) -> String {
        self.subject.images.get(alias).cloned().unwrap_or_else(|| alias.to_owned())
    }

    /// Whether an image of the exercise has this name on this engine: one that the learner makes.
    pub fn is_of_the_exercise(&self, name: &str) -> bool {
        self.subject.images.values().any(|own| own == name)
    }

    /// Asks; the fact itself is what the typed methods below give.
    pub fn ask(&self, need: Need) -> Asked<'a, Fact> {
        self.used.borrow_mut().insert(need.clone());
        match self.evidence.get(&need) {
            Some(Answer::Found(fact)) => Ok(Some(fact)),
            Some(Answer::Absent) => Ok(None),
            Some(Answer::Unavailable(why)) => Err(Stop::CannotTell(why.clone())),
            None => {
                self.open.borrow_mut().insert(need);
                Err(Stop::Open)
            }
        }
    }

    /// Says beforehand what will be asked, so that it is found out in the same round.
    pub fn expect(&self, needs: impl IntoIterator<Item = Need>) {
        for need in needs {
            if self.evidence.get(&need).is_none() {
                self.open.borrow_mut().insert(need);
            }
        }
    }

    ask!(
        /// The engine.
        engine() -> Engine(EngineFacts), Need::Engine
    );
    ask!(
        /// A local image, by its name on the engine.
        image(name: &str) -> Image(ImageFacts), Need::Image { name: name.into() }
    );
    ask!(
        /// A file of an image.
        file(image: &str, path: &str) -> File(FileFacts), Need::File { image: image.into(), path: path.into() }
    );
    ask!(
        /// The contents of the layers above the first `skip`.
        layers(image: &str, skip: usize) -> Layers(LayersFacts), Need::Layers { image: image.into(), skip }
    );
    ask!(
        /// Where an image holds a value.
        secret(image: &str, value: &str) -> Secret(SecretFacts),
        Need::Secret { image: image.into(), value: value.into() }
    );
    ask!(
        /// A build.
        build(plan: BuildPlan) -> Build(BuildFacts), Need::Build(plan)
    );
    ask!(
        /// Two builds.
        experiment(plan: ExperimentPlan) -> Experiment(ExperimentFacts), Need::Experiment(plan)
    );
    ask!(
        /// A run.
        run(plan: RunPlan) -> Run(RunFacts), Need::Run(plan)
    );
    ask!(
        /// A service.
        serve(plan: ServePlan) -> Serve(ServeFacts), Need::Serve(plan)
    );
    ask!(
        /// How a container stops.
        stop(plan: StopPlan) -> Stop(StopFacts), Need::Stop(plan)
    );
    ask!(
        /// What a container's health check notices.
        health(plan: HealthPlan) -> Health(HealthFacts), Need::Health(plan)
    );
    ask!(
        /// A text file of the workspace.
        workspace_file(path: &str) -> Text(TextFacts), Need::WorkspaceFile { path: path.into() }
    );

    ask!(
        /// An image archive in the workspace; `image` is the one that is meant where it holds several.
        archive(path: &str, image: &str) -> Archive(ArchiveFacts),
        Need::Archive { path: path.into(), image: image.into() }
    );
    ask!(
        /// What carries a label.
        objects(label: &str) -> Objects(ObjectsFacts), Need::Objects { label: label.into() }
    );

    ask!(
        /// A name in a registry. None where no registry answers at its address.
        registry(name: &str) -> Registry(RegistryFacts), Need::Registry { name: name.into() }
    );

    /// What was asked and has no answer yet.
    pub fn open(&self) -> BTreeSet<Need> {
        self.open.borrow().clone()
    }

    /// Everything that was asked.
    pub fn used(&self) -> BTreeSet<Need> {
        self.used.borrow().clone()
    }
}
