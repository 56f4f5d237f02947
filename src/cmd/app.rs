//! What every command has at hand.

use crate::cli::Common;
use crate::course::{Course, Entry, Item, Round, Source};
use crate::engine::{ConnectOptions, Engine, EngineError};
use crate::failure::Failure;
use crate::learner::{Clues, Home, Learner, LearnerError, Place};
use crate::term::{Terminal, markdown, prompt};

/// Options and terminal.
pub(super) struct App {
    /// Options that every command takes.
    pub common: Common,
    /// What the terminal can do.
    pub terminal: Terminal,
}

/// How a check stands, as a sign with a stand-in for terminals without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    Bad,
    Unknown,
}

/// An exercise as a learner has it: the rounds that the token draws, and which one is current.
pub(super) struct Mine<'a> {
    /// The exercise.
    pub entry: &'a Entry,
    /// All rounds.
    pub rounds: Vec<Round>,
    /// Index of the current one.
    pub current: usize,
}

impl Mine<'_> {
    /// The current round.
    pub fn round(&self) -> &Round {
        &self.rounds[self.current]
    }
}

impl App {
    /// The course of the binary, or the one that `--course` names.
    pub fn course(&self) -> Result<Course, Failure> {
        let source = self.common.course.clone().map_or(Source::Embedded, Source::Folder);
        Ok(Course::load(&source)?)
    }

    /// The engine, or the reason why it cannot be told anything.
    pub async fn engine(&self) -> Result<Engine, Failure> {
        self.try_engine().await.map_err(|error| Failure::Engine(error.unavailable()))
    }

    /// The engine, where the reason is shown elsewhere.
    pub async fn try_engine(&self) -> Result<Engine, EngineError> {
        Engine::connect(&ConnectOptions::default()).await
    }

    pub fn mark(&self, mark: Mark) -> &'static str {
        match mark {
            Mark::Good => self.terminal.sign("✓", "[ok]"),
            Mark::Bad => self.terminal.sign("✗", "[--]"),
            Mark::Unknown => self.terminal.sign("?", "[??]"),
        }
    }

    /// Prints Markdown on standard output.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        Ok(self.terminal.print(&markdown::render(text, &self.terminal))?)
    }

    /// Asks yes or no; Ctrl-C is no.
    pub fn ask(&self, message: &str, default: bool) -> Result<bool, Failure> {
        match prompt::confirm(message, default, &self.terminal) {
            Ok(prompt::Reply::Given(yes)) => Ok(yes),
            Ok(prompt::Reply::Left) => Ok(false),
            Err(error) => Err(Failure::usage(error.to_string(), error.help())),
        }
    }

    fn clues(&self) -> Result<Clues, Failure> {
        Ok(Clues::gather(self.common.dir.clone(), self.terminal.interactive())?)
    }

    /// The learner's folder, where there is one.
    pub fn home(&self) -> Result<Option<Home>, Failure> {
        match Home::find(&self.clues()?)? {
            Place::At(home) => Ok(Some(home)),
            Place::Ask { .. } | Place::Nowhere { .. } => Ok(None),
        }
    }

    /// The learner's folder; asks once where there is none yet. `None` where the learner left.
    pub fn home_or_ask(&self) -> Result<Option<Home>, Failure> {
        let clues = self.clues()?;
        match Home::find(&clues)? {
            Place::At(home) => Ok(Some(home)),
            Place::Ask { default, gone } => {
                if let Some(gone) = gone {
                    eprintln!("Your course was kept in {}, and that folder is gone.", gone.display());
                }
                let question = "Where shall your course be kept?";
                let help = "dlearn makes the folder, writes your exercises into it, and remembers it";
                match prompt::text(question, Some(&default.display().to_string()), Some(help), &self.terminal) {
                    Ok(prompt::Reply::Given(answer)) => Ok(Some(Home::answer(&clues, &answer)?)),
                    Ok(prompt::Reply::Left) => Ok(None),
                    Err(error) => Err(Failure::usage(error.to_string(), error.help())),
                }
            }
            Place::Nowhere { .. } => Err(no_home()),
        }
    }

    /// Progress, to record one thing in.
    pub fn learner(&self, course: &Course) -> Result<Learner, Failure> {
        let home = self.home()?.ok_or_else(no_home)?;
        let learner = Learner::open_beside(&home, course)?;
        self.tell(&learner);
        Ok(learner)
    }

    /// Progress, to look at only; an empty one where the course has not begun.
    pub fn looking(&self, course: &Course) -> Result<Option<Learner>, Failure> {
        Ok(match self.home()? {
            Some(home) => Some(Learner::open_read_only(&home, course)?),
            None => None,
        })
    }

    /// Tells what was found out while opening the folder.
    pub fn tell(&self, learner: &Learner) {
        for note in learner.notes() {
            eprintln!("dlearn: {note}");
        }
    }

    /// The exercise that is meant: by id, by the current folder, or the current one.
    pub fn exercise<'a>(&self, course: &'a Course, learner: &Learner, id: Option<&str>) -> Result<&'a Entry, Failure> {
        if let Some(id) = id {
            return match course.item(id) {
                Some(Item::Exercise(id)) => Ok(&course.exercises[&id]),
                Some(Item::Lesson(id)) => {
                    let mut here = course.exercises.values().filter(|entry| entry.exercise.lesson == id);
                    let help = here.next().map_or("dlearn list shows the exercises".to_owned(), |entry| {
                        format!("its exercise is {}", entry.exercise.id)
                    });
                    Err(Failure::usage(format!("{id} is a lesson"), help))
                }
                None => Err(Failure::unknown_id("exercise", id, course.exercises.keys().map(String::as_str))),
            };
        }
        let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
        let enclosing =
            here.and_then(|here| course.exercises.values().find(|entry| here.starts_with(learner.folder(entry))));
        let current = || learner.state().current.as_ref().and_then(|id| course.exercises.get(id));
        enclosing.or_else(current).ok_or_else(|| {
            Failure::usage(
                "no exercise is meant: you are in none's folder, and none is current",
                "say which: dlearn check E01",
            )
        })
    }

    /// The learner's rounds of an exercise.
    pub fn mine<'a>(&self, course: &Course, learner: &mut Learner, entry: &'a Entry) -> Result<Mine<'a>, Failure> {
        let id = &entry.exercise.id;
        let token = learner.token_of(id)?;
        let rounds = entry.rounds(&course.recipes, &token, &str::to_owned)?;
        let number = learner.state().exercises.get(id).map_or(1, |state| state.round);
        let current = number.clamp(1, rounds.len()) - 1;
        Ok(Mine { entry, rounds, current })
    }
}

fn no_home() -> Failure {
    Failure::usage(
        "there is no course folder yet",
        "begin with dlearn next in a terminal, or say where: --dir DIR, or the variable DLEARN_HOME",
    )
}

impl From<LearnerError> for Failure {
    fn from(error: LearnerError) -> Self {
        Failure::Usage { what: error.to_string(), help: error.help() }
    }
}
