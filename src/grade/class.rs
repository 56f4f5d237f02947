//! Grades the submissions of a class, one by one.
//!
//! `Source → Taken → whose, where, which token → plan → judge → Graded`
//!
//! Invariants: what one submission is or does changes nothing for another; before anybody's work on an exercise is
//! judged, the reference solution is judged in the same place, and where that does not pass, the place is to blame
//! and not the learner.

use super::alike::{self, Given, Print};
use super::claims::{differences, read_evidence};
use super::gradebook::{Column, Graded, GradedExercise, tidy};
use super::intake::{self, Source, Taken};
use super::judge::{self, Came, Planned, Work};
use super::memory::Memory;
use super::place::{Where, blamed};
use super::roster::{CourseSecret, Member, Roster};
use super::whose::{Whose, whose};
use super::{layout, plan};
use crate::attempt;
use crate::check::{Finding, Verdict};
use crate::course::service::{needs_registry, registry_values};
use crate::course::{Course, Entry, FileSet};
use crate::engine::PORTS;
use crate::evidence::Unavailable;
use crate::learner::practice::USER as PRACTICE_USER;
use crate::scratch::Scratch;
use crate::submission::manifest::{self, Manifest};
use crate::submission::{Limits, Refused, Registry};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use tokio::sync::OnceCell;

/// A class to grade.
#[derive(Debug)]
pub struct Class<'a> {
    course: &'a Course,
    entries: Vec<&'a Entry>,
    place: Where,
    rules: Rules,
    memory: Option<Memory>,
    /// By exercise: why its reference solution does not pass in this place; nothing where it does.
    controls: BTreeMap<String, OnceCell<Option<Unavailable>>>,
    not_allowed: Mutex<BTreeSet<String>>,
}

/// What holds for every submission.
#[derive(Debug, Default)]
pub struct Rules {
    /// Who is in the class.
    pub roster: Option<Roster>,
    /// What their tokens follow from.
    pub secret: Option<CourseSecret>,
    /// Images that may be used beside those of the exercises.
    pub allow: Vec<String>,
    /// What a submission may take.
    pub limits: Limits,
    /// Seconds for one round of an exercise.
    pub seconds: u64,
}

impl<'a> Class<'a> {
    /// A class that has handed in these exercises.
    pub fn new(course: &'a Course, entries: Vec<&'a Entry>, place: Where, rules: Rules) -> Self {
        let controls = entries.iter().map(|entry| (entry.exercise.id.clone(), OnceCell::new())).collect();
        Self { course, entries, place, rules, memory: None, controls, not_allowed: Mutex::default() }
    }

    /// The same, that keeps what exercises come to, and perhaps knows it from earlier runs.
    #[must_use]
    pub fn remembering(self, memory: Option<Memory>) -> Self {
        Self { memory, ..self }
    }

    /// What is graded.
    pub fn columns(&self) -> Vec<Column> {
        self.entries.iter().map(|entry| Column::of(entry)).collect()
    }

    /// How many submissions can be graded at the same time, of as many as are wanted.
    pub fn at_once(&self, wanted: usize) -> usize {
        self.place.at_once(wanted)
    }

    /// Images that were named so far and not allowed.
    pub fn not_allowed(&self) -> Vec<String> {
        self.not_allowed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Grades one submission. `say` is told what is done.
    pub async fn grade(&self, source: &Source, say: &(dyn Fn(&str) + Sync)) -> Graded {
        say("taking it in");
        let (owned, limits) = (source.clone(), self.rules.limits);
        let taken = tokio::task::spawn_blocking(move || intake::take(&owned, limits)).await;
        let taken = taken.unwrap_or_else(|error| Err(Refused::whole(error.to_string(), "tell the authors of dlearn")));
        let manifest = taken.as_ref().ok().and_then(read_manifest);
        let (mut notes, manifest) = match manifest {
            Some(Ok(manifest)) => (Vec::new(), Some(manifest)),
            Some(Err(why)) => (vec![format!("{} was not used: {why}", manifest::MANIFEST)], None),
            None => (Vec::new(), None),
        };
        let theirs = manifest.as_ref().map(|manifest| manifest.course.as_str()).unwrap_or_default();
        if !theirs.is_empty() && theirs != self.course.outline.course {
            notes.push(format!("it was made in another course: {}", tidy(theirs)));
        }
        let who = self.whose(source, manifest.as_ref());
        let graded = match taken {
            Err(refused) => Graded::refused(&self.columns(), &refused),
            Ok(taken) => {
                let places = layout::find(&taken.files, &self.entries);
                let blocks = read_evidence(&taken, &mut notes);
                let mut exercises = Vec::new();
                for (entry, column) in self.entries.iter().zip(self.columns()) {
                    exercises.push(match places.get(&entry.exercise.id) {
                        Some(Err([one, other])) => {
                            let why = format!("it is there twice, as `{one}` and as `{other}`; leave one of the two");
                            GradedExercise::not_judged(&column, &why)
                        }
                        Some(Ok(place)) => {
                            say(&format!("{}: building and checking", column.id));
                            let mut graded = self
                                .exercise(entry, &column, (&taken, place), manifest.as_ref(), who.member, say)
                                .await;
                            let theirs = blocks.iter().filter(|block| block.exercise == column.id);
                            graded.notes.extend(theirs.flat_map(|block| differences(block, &graded.rounds)));
                            graded
                        }
                        None => GradedExercise::missing(&column),
                    });
                }
                Graded::of(exercises)
            }
        };
        notes.extend(who.note);
        let source = tidy(&source.path.display().to_string());
        Graded { learner: who.learner, name: who.name, source, in_roster: who.in_roster, notes, ..graded }.bounded()
    }

    async fn exercise(
        &self,
        entry: &Entry,
        column: &Column,
        (taken, place): (&Taken, &str),
        manifest: Option<&Manifest>,
        member: Option<&Member>,
        say: &(dyn Fn(&str) + Sync),
    ) -> GradedExercise {
        let folder = &taken.root().join(place);
        let claim = manifest.and_then(|manifest| manifest.claim(&column.id));
        let brought = claim.as_ref().and_then(|claim| claim.token.clone()).or_else(|| token_file(folder));
        let (token, note) = match self.token(entry, brought.as_deref(), member) {
            Ok(told) => told,
            Err(why) => return GradedExercise::not_judged(column, &why),
        };
        let allowed = plan::allowed(entry, &self.rules.allow);
        let work = Work {
            course: self.course,
            entry,
            folder,
            token: &token,
            registry: manifest.and_then(|manifest| manifest.registry.as_ref()),
            allowed: &allowed,
            seconds: self.rules.seconds,
        };
        let planned = match judge::plan(&work) {
            Ok(planned) => planned,
            Err(error) => return GradedExercise::not_judged(column, &error.to_string()),
        };
        self.remember_not_allowed(&planned);
        let given = Given::of(entry, planned.iter().map(|planned| &planned.round));
        let print = Print::of(&alike::read(taken.root(), &taken.files, place), &given);
        let key = self.memory.as_ref().and_then(|memory| memory.key(&work, &self.rules.limits));
        let known = self.memory.as_ref().zip(key.as_ref()).and_then(|(memory, key)| memory.get(key));
        let mut graded = match known {
            Some(known) => GradedExercise { token: brought, before: true, ..known },
            None => {
                let rounds = match planned.iter().any(|planned| planned.came.is_none()) {
                    true => match self.control(entry).await {
                        Some(why) => blamed(planned, why),
                        None => self.place.judge(&work, planned, say).await,
                    },
                    false => self.place.judge(&work, planned, say).await,
                };
                let graded = GradedExercise::judged(column, &rounds, brought);
                if let Some((memory, key)) = self.memory.as_ref().zip(key) {
                    memory.keep(key, &graded);
                }
                graded
            }
        };
        graded.print = print;
        graded.notes.extend(note);
        graded.notes.extend(self.foreign(entry, &token, &graded.in_images));
        let passed = graded.state == super::gradebook::State::Passed;
        if claim.is_some_and(|claim| claim.passed) && !passed {
            graded.notes.push("it passed on the learner's own engine, they say; what was found here counts".into());
        }
        graded
    }

    /// The token that counts, and what is to be said of the one that was brought.
    fn token(
        &self,
        entry: &Entry,
        brought: Option<&str>,
        member: Option<&Member>,
    ) -> Result<(String, Option<String>), String> {
        let (id, course) = (&entry.exercise.id, &self.course.outline.course);
        if let (Some(secret), Some(member), Some(roster)) = (&self.rules.secret, member, &self.rules.roster) {
            let own = secret.token(&member.learner, course, id);
            let note = match brought {
                Some(brought) if brought != own => Some(match roster.owner_of(brought, secret, course, id) {
                    Some(owner) => format!("the token is that of {}", owner.learner),
                    None => "the token was not made with the course's secret for this learner".to_owned(),
                }),
                _ => None,
            };
            return Ok((own, note));
        }
        match brought {
            Some(token) => Ok((token.to_owned(), None)),
            None if plan::needs_token(entry) => Err(format!(
                "nobody knows its token: there is neither {} nor a file `token` in the exercise's folder",
                manifest::MANIFEST
            )),
            None => Ok(("0".repeat(16), None)),
        }
    }

    /// What is to be said of tokens in somebody's images: whose they are, where they are somebody else's.
    fn foreign(&self, entry: &Entry, own: &str, held: &BTreeSet<String>) -> Vec<String> {
        let (Some(secret), Some(roster)) = (&self.rules.secret, &self.rules.roster) else { return Vec::new() };
        let owner = |token: &String| roster.owner_of(token, secret, &self.course.outline.course, &entry.exercise.id);
        let owners = held.iter().filter(|token| *token != own).filter_map(owner);
        owners.map(|owner| format!("an image holds the token of {}", owner.learner)).collect()
    }

    fn remember_not_allowed(&self, planned: &[Planned]) {
        let refusals = planned.iter().filter_map(|planned| match &planned.came {
            Some(Came::Refused(refusals)) => Some(refusals),
            _ => None,
        });
        let names = refusals.flatten().filter_map(|refusal| refusal.image.as_deref());
        self.not_allowed.lock().unwrap_or_else(PoisonError::into_inner).extend(names.map(tidy));
    }

    fn whose(&self, source: &Source, manifest: Option<&Manifest>) -> Whose<'_> {
        let label = tidy(&source.label);
        let says = manifest.and_then(|manifest| manifest.learner.as_deref());
        let says = says.map(|says| tidy(&crate::term::sanitize_line(says))).filter(|says| !says.is_empty());
        whose(self.rules.roster.as_ref(), label, says, |member| self.has_token_of(member, manifest))
    }

    /// Whether a submission brings a token that only this member has; where there is no secret, nobody can know.
    fn has_token_of(&self, member: &Member, manifest: Option<&Manifest>) -> bool {
        let Some(secret) = &self.rules.secret else { return true };
        let is_theirs = |entry: &&Entry| {
            let id = &entry.exercise.id;
            let brought = manifest.and_then(|manifest| manifest.claim(id)).and_then(|claim| claim.token);
            brought.is_some_and(|token| token == secret.token(&member.learner, &self.course.outline.course, id))
        };
        self.entries.iter().any(is_theirs)
    }

    /// Why the reference solution does not pass in this place; nothing where it does. Found out once.
    async fn control(&self, entry: &Entry) -> Option<Unavailable> {
        let control = self.controls.get(&entry.exercise.id)?;
        control.get_or_init(|| async { self.try_control(entry).await.err() }).await.clone()
    }

    async fn try_control(&self, entry: &Entry) -> Result<(), Unavailable> {
        let wrong = |what: String| {
            let what = format!("the reference solution of {} does not pass here either: {what}", entry.exercise.id);
            Unavailable::new(what, "see `dlearn selfcheck`, and what the exercise needs (network, base images)")
        };
        let token = crate::learner::new_token().map_err(|error| wrong(error.to_string()))?;
        let folder = Scratch::new();
        let folder = folder.map_err(|error| wrong(error.to_string()))?;
        // Some registry that a learner might have practised with.
        let registry = Registry { address: format!("127.0.0.1:{}", PORTS.start()), user: PRACTICE_USER.to_owned() };
        let entry = &match needs_registry(&entry.exercise.needs.services) {
            true => entry.with(registry_values(&registry.address, &registry.user, "PASSWORD")),
            false => entry.clone(),
        };
        let rounds = entry.rounds(&self.course.recipes, &token, &str::to_owned);
        for round in rounds.map_err(|error| wrong(error.to_string()))? {
            let mut files: FileSet = round.start.clone();
            files.extend(round.solution.clone());
            let written = attempt::write(&folder.path().join(&round.folder), &files);
            written.map_err(|error| wrong(error.to_string()))?;
        }
        let allowed = plan::allowed(entry, &self.rules.allow);
        let seconds = self.rules.seconds;
        let work = Work {
            course: self.course,
            entry,
            folder: folder.path(),
            token: &token,
            registry: Some(&registry),
            allowed: &allowed,
            seconds,
        };
        let planned = judge::plan(&work).map_err(|error| wrong(error.to_string()))?;
        for (_, came) in self.place.judge(&work, planned, &|_| ()).await {
            fault(&came).map_or(Ok(()), |what| Err(wrong(what)))?;
        }
        Ok(())
    }
}

/// Why a round did not pass; nothing where it did.
fn fault(came: &Came) -> Option<String> {
    let of_finding = |finding: &Finding| match &finding.verdict {
        Verdict::Pass { .. } => None,
        Verdict::NotYet(not_yet) => Some(format!("{}: {}", finding.title, not_yet.found)),
        Verdict::CannotTell { reason, .. } => Some(format!("{}: {reason}", finding.title)),
        Verdict::Waits { on } => Some(format!("{} waits for {on}", finding.title)),
    };
    match came {
        Came::Judged { stopped: Some(why), .. } => Some(why.lines().next().unwrap_or_default().to_owned()),
        Came::Judged { findings, .. } => findings.iter().find_map(of_finding),
        Came::Missing => Some("it has no files".into()),
        Came::Refused(refusals) => {
            refusals.first().map(|refusal| format!("{} is refused: {}", refusal.file, refusal.what))
        }
        Came::TooLong(seconds) => Some(format!("it takes longer than {seconds} s")),
        Came::BroughtDown => Some("it brings the engine down".into()),
        Came::CannotTell(why) => Some(why.reason.clone()),
    }
}

fn read_manifest(taken: &Taken) -> Option<Result<Manifest, String>> {
    let bytes = taken.beginning_of(layout::manifest(&taken.files)?, manifest::LARGEST)?;
    Some(Manifest::read(&bytes))
}

/// The token in the exercise's folder, or in that of its first round.
fn token_file(folder: &Path) -> Option<String> {
    ["token", "round-1/token"].iter().find_map(|name| {
        let mut text = String::new();
        File::open(folder.join(name)).ok()?.take(64).read_to_string(&mut text).ok()?;
        Some(text.trim_end().to_owned()).filter(|token| crate::learner::is_token(token))
    })
}
